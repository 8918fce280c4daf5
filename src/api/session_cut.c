/* Mask -> cut-out: alpha matting, background, what the caller asked for. */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "core/clock.h"
#include "image/deep.h"
#include "image/pixels.h"
#include "matte/matte.h"
#include "matte/matting.h"

bool clearcut_edges_from_name(const char *name, clearcut_edges *edges)
{
    static const char *const names[] = {"auto", "plain", "guided"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *edges = (clearcut_edges)i;
            return true;
        }
    }
    return false;
}

const char *clearcut_subject_status_name(clearcut_subject_status status)
{
    switch (status) {
    case CLEARCUT_SUBJECT_FOUND: return "found";
    case CLEARCUT_SUBJECT_NONE: return "no-subject";
    case CLEARCUT_SUBJECT_UNKNOWN: break;
    }
    return "unknown";
}

void clearcut_cut_options_init(clearcut_cut_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->matting_foreground_threshold = 240; /* these three: rembg's */
    options->matting_background_threshold = 10;
    options->matting_erode_size = 10;
}

const char *clearcut_matting_status_name(clearcut_matting_status status)
{
    static const char *const names[] = {"off",           "done",      "no-foreground",
                                        "no-background", "too-small", "not-converged"};
    size_t number = (size_t)status;
    return number < sizeof names / sizeof names[0] ? names[number] : "unknown";
}

static clearcut_matting_status matting_status(cc_matting_outcome outcome)
{
    switch (outcome) {
    case CC_MATTING_DONE: return CLEARCUT_MATTING_DONE;
    case CC_MATTING_NO_FOREGROUND: return CLEARCUT_MATTING_NO_FOREGROUND;
    case CC_MATTING_NO_BACKGROUND: return CLEARCUT_MATTING_NO_BACKGROUND;
    case CC_MATTING_TOO_SMALL: return CLEARCUT_MATTING_TOO_SMALL;
    case CC_MATTING_NOT_CONVERGED: return CLEARCUT_MATTING_NOT_CONVERGED;
    }
    return CLEARCUT_MATTING_OFF;
}

/* Tell what came of alpha matting, by note and by the caller's structure. */
static void report_matting(clearcut_session *session, const clearcut_cut_options *wanted,
                           const cc_matting_result *found)
{
    if (!wanted->alpha_matting) {
        return;
    }
    cc_session_tell_note(session, cc_matting_outcome_text(found->outcome));
    if (found->reduction > 1 && !session->told_reduction) {
        char text[160];
        snprintf(
            text, sizeof text,
            "alpha is solved on a copy %d times smaller: %llu pixels are unknown; exact matting "
            "solves for all of them, slowly",
            found->reduction, (unsigned long long)found->counts.unknown);
        cc_session_tell_note(session, text);
        session->told_reduction = true; /* a folder of photos need not say it for each */
    }
    if (wanted->matting != NULL) {
        *wanted->matting = (clearcut_matting){
            matting_status(found->outcome), found->counts.foreground, found->counts.background,
            found->counts.unknown,          found->iterations,        found->reduction};
    }
}

/* The picture's colours as they are, and the mask in place of its own alpha. */
static cc_status put_alpha(clearcut_session *session, const cc_image *image, const cc_image *mask,
                           cc_image *cutout, cc_error *fault)
{
    cc_image opaque = {0};
    cc_status status = cc_image_convert(image, image->channels >= 3 ? 3 : 1, &opaque, fault);

    if (status == CC_OK) {
        status =
            cc_matte_cut(&opaque, mask, CC_MATTE_UNSETTLED, session->runtime.pool, cutout, fault);
    }
    if (status == CC_OK) {
        status = cc_image_copy_metadata(image, cutout, fault);
    }
    cc_image_free(&opaque);
    return status;
}

/* Alpha matting of a large photo takes as much memory as a network's activations, which
 * are not needed meanwhile, and far longer than it takes to have them back. */
static void rest_network(clearcut_session *session, const cc_image *image,
                         const clearcut_cut_options *wanted)
{
    static const int64_t large = 4 * 1000 * 1000;

    if (wanted->alpha_matting && (int64_t)image->width * image->height >= large) {
        cc_network_rest(session->network);
    }
}

static cc_status cut_out(clearcut_session *session, const cc_image *image, const cc_image *mask,
                         const clearcut_cut_options *wanted, cc_image *cutout, cc_error *fault)
{
    cc_matte_style style = wanted->compat_rembg ? CC_MATTE_REMBG : CC_MATTE_STRAIGHT;
    cc_matting_options options = {wanted->alpha_matting,
                                  wanted->decontaminate,
                                  wanted->exact_matting || wanted->compat_rembg,
                                  {wanted->matting_foreground_threshold,
                                   wanted->matting_background_threshold,
                                   wanted->matting_erode_size}};
    cc_matting_result found;
    cc_status status;

    if (wanted->put_alpha && !wanted->alpha_matting && !wanted->decontaminate) {
        return put_alpha(session, image, mask, cutout, fault);
    }
    rest_network(session, image, wanted);
    status = cc_matting_cut(image, mask, &options, style, session->runtime.pool,
                            cc_runtime_flag(&session->runtime), cutout, &found, fault);
    if (status == CC_OK) {
        report_matting(session, wanted, &found);
    }
    if (status == CC_OK && wanted->put_alpha && !wanted->decontaminate &&
        found.outcome != CC_MATTING_DONE) {
        cc_image_free(cutout);
        status = put_alpha(session, image, mask, cutout, fault);
    }
    return status;
}

cc_status cc_session_compose(clearcut_session *session, const cc_image *image, const cc_image *mask,
                             const clearcut_cut_options *wanted, cc_image *cutout, cc_error *fault)
{
    cc_status status = cut_out(session, image, mask, wanted, cutout, fault);

    if (status == CC_OK && wanted->has_background) {
        status = cc_image_composite_over_color(cutout, wanted->background, fault);
    }
    if (status == CC_OK) {
        status = cc_deep_follow(image, cutout, fault);
    }
    if (status != CC_OK) {
        cc_image_free(cutout);
    }
    return status;
}

/* Replace a mask by its post-processed form. */
cc_status cc_session_post_process(clearcut_session *session, clearcut_timing *timing,
                                  cc_image *mask, cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_image result = {0};
    cc_status status = cc_matte_post_process(mask, session->runtime.pool, &result, fault);

    cc_image_free(mask);
    *mask = result;
    cc_api_add_time(timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

static cc_status cut(clearcut_session *session, const cc_image *image,
                     const clearcut_cut_options *theirs, clearcut_image **result, cc_error *fault)
{
    clearcut_cut_options wanted;
    cc_image mask = {0};
    cc_image cutout = {0};
    double begin;
    cc_status status;

    clearcut_cut_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status == CC_OK) {
        if (wanted.matting != NULL) {
            *wanted.matting = (clearcut_matting){0};
        }
        if (wanted.subject != NULL) {
            *wanted.subject = (clearcut_subject){0};
        }
    }
    if (status == CC_OK && session->recipe.stretch == CC_STRETCH_CLASSES) {
        return cc_session_cut_clothes(session, image, &wanted, result, fault);
    }
    if (status == CC_OK) {
        status = cc_session_make_mask(session, image, &wanted, &mask, fault);
    }
    if (status == CC_OK && wanted.subject != NULL) {
        cc_session_report_subject(session, wanted.subject);
    }
    if (status == CC_OK && wanted.post_process_mask) {
        status = cc_session_post_process(session, wanted.timing, &mask, fault);
    }
    if (status == CC_OK && wanted.only_mask && (wanted.alpha_matting || wanted.decontaminate)) {
        cc_session_tell_note(session,
                             "alpha matting and decontamination change the cut-out, not the mask: "
                             "with only-mask they do nothing");
    }
    if (status != CC_OK || wanted.only_mask) {
        return status != CC_OK ? status : cc_api_wrap_image(&mask, result, fault);
    }
    begin = cc_clock_ms();
    status = cc_session_compose(session, image, &mask, &wanted, &cutout, fault);
    cc_image_free(&mask);
    cc_api_add_time(wanted.timing, CC_TIMED_POSTPROCESS, begin);
    return status != CC_OK ? status : cc_api_wrap_image(&cutout, result, fault);
}

clearcut_status clearcut_session_cut(clearcut_session *session, const clearcut_image *image,
                                     const clearcut_cut_options *options, clearcut_image **result,
                                     clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (result == NULL) {
        return cc_api_return(cc_api_missing("result", &fault), &fault, error);
    }
    *result = NULL;
    if (session == NULL || image == NULL) {
        status = cc_api_missing(session == NULL ? "session" : "image", &fault);
    } else {
        status = cut(session, &image->image, options, result, &fault);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_session_mask(clearcut_session *session, const clearcut_image *image,
                                      clearcut_timing *timing, clearcut_image **mask,
                                      clearcut_error *error)
{
    clearcut_cut_options options;

    clearcut_cut_options_init(&options);
    options.only_mask = true;
    options.timing = timing;
    return clearcut_session_cut(session, image, &options, mask, error);
}
