/* Sessions: photo -> tensor -> network -> mask -> cut-out. Their life; the way of a
 * picture is in session_mask.c, session_cut.c and session_clothes.c. */
#include <math.h>
#include <string.h>

#include "api/session.h"
#include "core/memory.h"

void clearcut_session_options_init(clearcut_session_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->model = CLEARCUT_DEFAULT_MODEL;
    options->device = "auto";
    options->precision = CLEARCUT_PRECISION_AUTO;
}

void cc_session_tell_stage(const clearcut_session *session, clearcut_stage stage)
{
    if (session->progress != NULL) {
        session->progress(session->progress_context, stage);
    }
}

void cc_session_tell_note(const clearcut_session *session, const char *text)
{
    if (session->note != NULL && text[0] != '\0') {
        session->note(session->note_context, text);
    }
}

static cc_status take_feeding(clearcut_session *session, const clearcut_feeding *feeding,
                              cc_error *fault)
{
    if (feeding == NULL) {
        return CC_OK;
    }
    for (int c = 0; c < 3; c++) {
        if ((feeding->has_mean && !isfinite(feeding->mean[c])) ||
            (feeding->has_deviation &&
             (!isfinite(feeding->deviation[c]) || feeding->deviation[c] == 0))) {
            return cc_fail(fault, CC_INVALID_ARGUMENT,
                           "means and deviations are numbers, and a deviation is not 0");
        }
    }
    if (feeding->width < 0 || feeding->height < 0 || feeding->width > 16384 ||
        feeding->height > 16384 || (feeding->width == 0) != (feeding->height == 0)) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "an input of %d x %d; 1 to 16384 a side",
                       feeding->width, feeding->height);
    }
    session->feeding = *feeding;
    session->has_feeding = true;
    return CC_OK;
}

static cc_status create_session(const clearcut_session_options *theirs, clearcut_session **session,
                                cc_error *fault)
{
    clearcut_session_options wanted;
    cc_runtime_request request;
    cc_status status;

    clearcut_session_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status != CC_OK) {
        return status;
    }
    *session = cc_alloc_zeroed(1, sizeof **session);
    if (*session == NULL) {
        return cc_fail_memory(fault, sizeof **session);
    }
    (*session)->progress = wanted.progress;
    (*session)->progress_context = wanted.progress_context;
    (*session)->note = wanted.note;
    (*session)->note_context = wanted.note_context;
    (*session)->low_memory = wanted.low_memory;
    (*session)->calibration = wanted.calibration;
    (*session)->calibrate = wanted.calibrate;
    (*session)->tune = wanted.tune;
    status = take_feeding(*session, wanted.feeding, fault);
    if (status != CC_OK) {
        clearcut_session_free(session);
        return status;
    }
    request = (cc_runtime_request){wanted.device, wanted.threads, wanted.precision, wanted.cancel};
    status = cc_runtime_open(&request, &(*session)->runtime, fault);
    if (status == CC_OK) {
        status = cc_session_open_model(
            *session, wanted.model != NULL ? wanted.model : CLEARCUT_DEFAULT_MODEL, fault);
    }
    if (status != CC_OK) {
        clearcut_session_free(session);
    }
    return status;
}

clearcut_status clearcut_session_create(const clearcut_session_options *options,
                                        clearcut_session **session, clearcut_error *error)
{
    cc_error fault = {0};

    if (session == NULL) {
        return cc_api_return(cc_api_missing("session", &fault), &fault, error);
    }
    *session = NULL;
    return cc_api_return(create_session(options, session, &fault), &fault, error);
}

void clearcut_session_free(clearcut_session **session)
{
    if (session == NULL || *session == NULL) {
        return;
    }
    cc_network_free((*session)->network);
    cc_session_release_pictures(*session);
    cc_session_release_sam(*session);
    cc_free_aligned((*session)->input);
    cc_free_aligned((*session)->output);
    cc_runtime_close(&(*session)->runtime);
    cc_free(*session);
    *session = NULL;
}

clearcut_status clearcut_session_calibrate(clearcut_session *session, const char *path,
                                           clearcut_error *error)
{
    cc_error fault = {0};

    if (session == NULL || path == NULL) {
        return cc_api_return(cc_api_missing(session == NULL ? "session" : "path", &fault), &fault,
                             error);
    }
    return cc_api_return(cc_network_calibrate(session->network, CC_CALIBRATION_WRITE, path, &fault),
                         &fault, error);
}

/* ---- looking ---- */

void clearcut_session_device(const clearcut_session *session, clearcut_device *device)
{
    cc_runtime_describe(&session->runtime, session->network, device);
}

const char *clearcut_session_model(const clearcut_session *session)
{
    return session->model;
}

const char *clearcut_session_recipe(const clearcut_session *session)
{
    return session->recipe_text;
}
