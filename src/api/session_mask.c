/* Picture -> tensor -> network -> mask. */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "core/clock.h"
#include "matte/guided.h"
#include "matte/matte.h"
#include "matte/subject.h"

/* ---- by the processor, before and after the network ---- */

static cc_status prepare(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                         cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_status status;

    cc_session_tell_stage(session, CLEARCUT_STAGE_PREPROCESS);
    status =
        cc_recipe_prepare(&session->recipe, image, session->runtime.pool, session->input, fault);
    cc_api_add_time(timing, CC_TIMED_PREPROCESS, begin);
    return status;
}

static cc_status infer(clearcut_session *session, clearcut_timing *timing, cc_error *fault)
{
    const void *inputs[1] = {session->input};
    void *outputs[1] = {session->output};
    double begin = cc_clock_ms();
    cc_status status;

    cc_session_tell_stage(session, CLEARCUT_STAGE_INFER);
    status = cc_network_run(session->network, inputs, outputs, cc_runtime_flag(&session->runtime),
                            fault);
    cc_api_add_time(timing, CC_TIMED_INFER, begin);
    return status;
}

/* The map in 8 bits, or the number of its largest class. */
static cc_status reduce_map(const clearcut_session *session, cc_image *small, bool *flat,
                            cc_error *fault)
{
    size_t plane = (size_t)session->map_width * (size_t)session->map_height;
    const cc_tensor *output = cc_network_output(session->network, 0);

    if (session->recipe.stretch == CC_STRETCH_CLASSES) {
        return cc_recipe_classes(session->output,
                                 (int)((size_t)cc_shape_elements(&output->shape) / plane),
                                 session->map_width, session->map_height, small, fault);
    }
    return cc_recipe_mask(&session->recipe, session->output, session->map_width,
                          session->map_height, small, flat, fault);
}

static cc_status enlarge(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                         cc_image *small, cc_image *large, bool *flat, cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_status status;

    cc_session_tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
    status = reduce_map(session, small, flat, fault);
    if (status == CC_OK) {
        status = cc_matte_resize(small, image->width, image->height, session->runtime.pool, large,
                                 fault);
        if (status != CC_OK) {
            cc_image_free(small);
        }
    }
    cc_api_add_time(timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

static cc_status run_tensor(clearcut_session *session, const cc_image *image,
                            clearcut_timing *timing, cc_image *small, cc_image *large, bool *flat,
                            cc_error *fault)
{
    cc_status status = prepare(session, image, timing, fault);

    if (status == CC_OK) {
        status = infer(session, timing, fault);
    }
    session->has_tally = false;
    return status == CC_OK ? enlarge(session, image, timing, small, large, flat, fault) : status;
}

/* ---- by whichever can ---- */

cc_status cc_session_run(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                         cc_image *small, cc_image *large, bool *flat, cc_error *fault)
{
    cc_status status = cc_runtime_check(&session->runtime, fault);

    *small = (cc_image){0};
    *large = (cc_image){0};
    *flat = false;
    if (status != CC_OK) {
        return status;
    }
    if (cc_session_takes_pictures(session)) {
        status = cc_session_run_picture(session, image, timing, small, large, fault);
        *flat = status == CC_OK && session->recipe.stretch != CC_STRETCH_CLASSES &&
                (session->tally.finite == 0 || (session->recipe.stretch != CC_STRETCH_NONE &&
                                                !(session->tally.highest > session->tally.lowest)));
        if (status != CC_LIMIT) {
            return status;
        }
        *fault = (cc_error){0};
    }
    return run_tensor(session, image, timing, small, large, flat, fault);
}

/* ---- the mask ---- */

static cc_subject_report judge_subject(const clearcut_session *session)
{
    size_t count = (size_t)session->map_width * (size_t)session->map_height;

    if (session->has_tally) {
        const cc_picture_tally *found = &session->tally;
        const cc_subject_tally tally = {(double)found->lowest, (double)found->highest,
                                        found->finite, found->sure, found->likely};
        return cc_subject_judge_tally(&tally, count);
    }
    return cc_subject_judge(session->output, count,
                            session->recipe.stretch == CC_STRETCH_SIGMOID_MINMAX);
}

/* Is the mask to follow the picture's edges? Not where it is to be rembg's, nor where
 * something later works on the plain one and finds the edges itself. */
static bool is_guided(const clearcut_cut_options *wanted, const cc_image *small,
                      const cc_image *image)
{
    bool plain = wanted->only_mask || wanted->compat_rembg || wanted->alpha_matting ||
                 wanted->post_process_mask;

    return (wanted->edges == CLEARCUT_EDGES_GUIDED ||
            (wanted->edges == CLEARCUT_EDGES_AUTO && !plain)) &&
           cc_guided_applies(small, image->width, image->height);
}

/* Bring an enlarged mask to the picture's edges. */
static cc_status guide(clearcut_session *session, const cc_image *image,
                       const clearcut_cut_options *wanted, const cc_image *small, cc_image *mask,
                       cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_status status = CC_OK;

    if (is_guided(wanted, small, image)) {
        cc_session_tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
        status = cc_matte_guide(image, small, session->runtime.pool,
                                cc_runtime_flag(&session->runtime), mask, fault);
    }
    cc_api_add_time(wanted->timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

cc_status cc_session_make_mask(clearcut_session *session, const cc_image *image,
                               const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault)
{
    cc_image small = {0};
    bool flat = false;
    cc_status status;

    if (session->sam != NULL) {
        return cc_session_run_sam(session, image, wanted, mask, fault);
    }
    if (wanted->prompt_count > 0) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "%s takes no prompts; they are for sam (Segment Anything)", session->model);
    }
    status = cc_session_run(session, image, wanted->timing, &small, mask, &flat, fault);

    if (status == CC_OK && flat) {
        cc_session_tell_note(session,
                             "the model saw no subject: its answer is the same everywhere, "
                             "and the mask is empty");
    }
    if (status == CC_OK) {
        status = guide(session, image, wanted, &small, mask, fault);
    }
    if (status != CC_OK) {
        cc_image_free(mask);
    }
    cc_image_free(&small);
    return status;
}

void cc_session_report_subject(const clearcut_session *session, clearcut_subject *subject)
{
    cc_subject_report found;

    if (session->sam != NULL) { /* what the prompt means is the subject */
        subject->status = CLEARCUT_SUBJECT_UNKNOWN;
        return;
    }
    found = judge_subject(session);
    subject->status = found.subject == CC_SUBJECT_FOUND  ? CLEARCUT_SUBJECT_FOUND
                      : found.subject == CC_SUBJECT_NONE ? CLEARCUT_SUBJECT_NONE
                                                         : CLEARCUT_SUBJECT_UNKNOWN;
    subject->confidence = found.largest;
    subject->share = found.share;
    subject->reason[0] = '\0';
    if (found.subject == CC_SUBJECT_NONE) {
        snprintf(subject->reason, sizeof subject->reason,
                 "the model is sure of nothing (%.2f at most, %.2f %% of the picture above 0.9)",
                 found.largest, 100.0 * found.share);
    }
}
