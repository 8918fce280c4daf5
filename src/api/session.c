/* Sessions: photo -> tensor -> network -> mask -> cut-out. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "core/memory.h"
#include "image/pixels.h"
#include "matte/matte.h"
#include "matte/matting.h"
#include "zoo/store.h"

struct clearcut_session {
    cc_runtime runtime;
    cc_network *network;
    cc_recipe recipe;
    float *input;  /* 3 x recipe.height x recipe.width */
    float *output; /* first output, all of it; its first plane is the map */
    int map_width;
    int map_height;
    clearcut_progress_function progress;
    void *progress_context;
    clearcut_note_function note;
    void *note_context;
    char model[CC_PATH_SIZE];
    char recipe_text[256];
};

void clearcut_session_options_init(clearcut_session_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->model = CLEARCUT_DEFAULT_MODEL;
    options->device = "auto";
}

static void tell_stage(const clearcut_session *session, clearcut_stage stage)
{
    if (session->progress != NULL) {
        session->progress(session->progress_context, stage);
    }
}

static void tell_note(const clearcut_session *session, const char *text)
{
    if (session->note != NULL && text[0] != '\0') {
        session->note(session->note_context, text);
    }
}

/* ---- creation ---- */

static cc_status load_network(clearcut_session *session, const cc_model_source *source,
                              const cc_shape *input_shape, cc_error *fault)
{
    cc_network_options options = cc_runtime_network_options(&session->runtime);
    cc_status status;

    options.wanted_outputs = 1; /* the U2-Net family has up to twelve; the first is the mask */
    if (input_shape != NULL) {
        options.input_shape = *input_shape;
    }
    cc_network_free(session->network);
    session->network = NULL;
    if (source->data != NULL) {
        status = cc_network_load_memory(source->data, source->size, true, &options,
                                        &session->network, fault);
        cc_error_context(fault, "the embedded page model");
    } else {
        status = cc_network_load_file(source->path, &options, &session->network, fault);
        if (strstr(fault->message, source->path) == NULL) {
            cc_error_context(fault, "%s", source->path);
        }
    }
    return status;
}

/* The input's width and height: 1 x 3 x height x width floats are what a picture
 * can be fed to. */
static cc_status input_size(const clearcut_session *session, int *width, int *height,
                            cc_error *fault)
{
    const cc_tensor *input = cc_network_input(session->network, 0);
    char text[96];

    if (cc_network_input_count(session->network) != 1 || input->dtype != CC_FLOAT32 ||
        input->shape.rank != 4 || input->shape.dims[0] != 1 || input->shape.dims[1] != 3 ||
        input->shape.dims[2] > 16384 || input->shape.dims[3] > 16384) {
        return cc_fail(fault, CC_MODEL,
                       "%s: takes %d input(s), the first %s %s; a model for pictures takes one "
                       "float32 1x3xHEIGHTxWIDTH",
                       session->model, cc_network_input_count(session->network),
                       cc_dtype_name(input->dtype),
                       cc_shape_text(&input->shape, text, sizeof text));
    }
    *height = (int)input->shape.dims[2];
    *width = (int)input->shape.dims[3];
    return CC_OK;
}

static cc_status output_size(clearcut_session *session, cc_error *fault)
{
    const cc_tensor *output = cc_network_output(session->network, 0);
    const cc_shape *shape = &output->shape;
    char text[96];
    int64_t elements = cc_shape_elements(shape);

    if (output->dtype != CC_FLOAT32 || shape->rank < 2 || shape->rank > 4 || elements < 1 ||
        (shape->rank == 4 && shape->dims[0] != 1) || shape->dims[shape->rank - 1] > 16384 ||
        shape->dims[shape->rank - 2] > 16384) {
        return cc_fail(
            fault, CC_MODEL, "%s: its first output is %s %s; a mask is float32 1xCxHEIGHTxWIDTH",
            session->model, cc_dtype_name(output->dtype), cc_shape_text(shape, text, sizeof text));
    }
    session->map_height = (int)shape->dims[shape->rank - 2];
    session->map_width = (int)shape->dims[shape->rank - 1];
    return CC_OK;
}

/* What to feed a network whose file leaves width and height open. */
static void open_size(const cc_model_source *source, int *width, int *height)
{
    enum { COMMON_SIZE = 320 };
    *width = source->model != NULL ? source->model->recipe.width : COMMON_SIZE;
    *height = source->model != NULL ? source->model->recipe.height : COMMON_SIZE;
}

/* Settle the recipe; a network with open dimensions is loaded again for it. */
static cc_status settle_recipe(clearcut_session *session, const cc_model_source *source,
                               cc_error *fault)
{
    const char *how = NULL;
    int width = 0;
    int height = 0;
    cc_status status = input_size(session, &width, &height, fault);

    if (status == CC_OK && width == 1 && height == 1) {
        cc_shape shape;
        open_size(source, &width, &height);
        shape = cc_shape_make(4, (int64_t[]){1, 3, height, width});
        status = load_network(session, source, &shape, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    if (source->model == NULL) {
        session->recipe = cc_model_guess_recipe(source->path, width, height, &how);
    } else {
        session->recipe = source->model->recipe;
        session->recipe.width = width;
        session->recipe.height = height;
    }
    cc_recipe_text(&session->recipe, session->recipe_text, sizeof session->recipe_text);
    if (how != NULL) {
        size_t used = strlen(session->recipe_text);
        snprintf(session->recipe_text + used, sizeof session->recipe_text - used, " (guessed %s)",
                 how);
    }
    return CC_OK;
}

static cc_status allocate_tensors(clearcut_session *session, cc_error *fault)
{
    size_t input = 3 * (size_t)session->recipe.width * (size_t)session->recipe.height;
    const cc_tensor *tensor = cc_network_output(session->network, 0);
    size_t output = (size_t)cc_shape_elements(&tensor->shape);

    session->input = cc_alloc_aligned(input * sizeof(float));
    session->output = cc_alloc_aligned(output * sizeof(float));
    if (session->input == NULL || session->output == NULL) {
        return cc_fail_memory(fault, (input + output) * sizeof(float));
    }
    return CC_OK;
}

static cc_status load_model(clearcut_session *session, const cc_model_source *source,
                            cc_error *fault)
{
    cc_status status = load_network(session, source, NULL, fault);

    if (status == CC_OK) {
        status = settle_recipe(session, source, fault);
    }
    if (status == CC_OK) {
        status = output_size(session, fault);
    }
    if (status == CC_OK) {
        status = allocate_tensors(session, fault);
    }
    return status;
}

static cc_status open_model(clearcut_session *session, const char *wish, cc_error *fault)
{
    cc_model_source *source = cc_alloc(sizeof *source);
    cc_status status;

    if (source == NULL) {
        return cc_fail_memory(fault, sizeof *source);
    }
    status = cc_model_resolve(wish, source, fault);
    if (status == CC_OK) {
        snprintf(session->model, sizeof session->model, "%s", wish);
        tell_stage(session, CLEARCUT_STAGE_LOAD);
        status = cc_model_verify(source, fault);
        tell_note(session, source->note);
    }
    if (status == CC_OK) {
        status = cc_runtime_check(&session->runtime, fault);
    }
    if (status == CC_OK) {
        status = load_model(session, source, fault);
    }
    cc_free(source);
    return status;
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
    request = (cc_runtime_request){wanted.device, wanted.threads, wanted.precision, wanted.cancel};
    status = cc_runtime_open(&request, &(*session)->runtime, fault);
    if (status == CC_OK) {
        status = open_model(*session, wanted.model != NULL ? wanted.model : CLEARCUT_DEFAULT_MODEL,
                            fault);
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
    cc_free_aligned((*session)->input);
    cc_free_aligned((*session)->output);
    cc_runtime_close(&(*session)->runtime);
    cc_free(*session);
    *session = NULL;
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

/* ---- the mask ---- */

static cc_status prepare(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                         cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_status status = cc_runtime_check(&session->runtime, fault);

    if (status == CC_OK) {
        tell_stage(session, CLEARCUT_STAGE_PREPROCESS);
        status = cc_recipe_prepare(&session->recipe, image, session->runtime.pool, session->input,
                                   fault);
    }
    cc_api_add_time(timing, CC_TIMED_PREPROCESS, begin);
    return status;
}

static cc_status infer(clearcut_session *session, clearcut_timing *timing, cc_error *fault)
{
    const void *inputs[1] = {session->input};
    void *outputs[1] = {session->output};
    double begin = cc_clock_ms();
    cc_status status;

    tell_stage(session, CLEARCUT_STAGE_INFER);
    status = cc_network_run(session->network, inputs, outputs, cc_runtime_flag(&session->runtime),
                            fault);
    cc_api_add_time(timing, CC_TIMED_INFER, begin);
    return status;
}

static cc_status finish_mask(clearcut_session *session, const cc_image *image, cc_image *mask,
                             cc_error *fault)
{
    cc_image small = {0};
    bool flat = false;
    cc_status status = cc_recipe_mask(&session->recipe, session->output, session->map_width,
                                      session->map_height, &small, &flat, fault);

    if (status == CC_OK && flat) {
        tell_note(session, "the model saw no subject: its answer is the same everywhere, and the "
                           "mask is empty");
    }
    if (status == CC_OK) {
        status = cc_matte_resize(&small, image->width, image->height, session->runtime.pool, mask,
                                 fault);
    }
    cc_image_free(&small);
    return status;
}

static cc_status make_mask(clearcut_session *session, const cc_image *image,
                           clearcut_timing *timing, cc_image *mask, cc_error *fault)
{
    double begin;
    cc_status status = prepare(session, image, timing, fault);

    if (status == CC_OK) {
        status = infer(session, timing, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    begin = cc_clock_ms();
    tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
    status = finish_mask(session, image, mask, fault);
    cc_api_add_time(timing, CC_TIMED_POSTPROCESS, begin);
    return status;
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

/* ---- the cut-out ---- */

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
    tell_note(session, cc_matting_outcome_text(found->outcome));
    if (wanted->matting != NULL) {
        *wanted->matting =
            (clearcut_matting){matting_status(found->outcome), found->counts.foreground,
                               found->counts.background, found->counts.unknown, found->iterations};
    }
}

static cc_status compose_plain_or_matted(clearcut_session *session, const cc_image *image,
                                         const cc_image *mask, const clearcut_cut_options *wanted,
                                         cc_image *cutout, cc_error *fault)
{
    cc_matte_style style = wanted->compat_rembg ? CC_MATTE_REMBG : CC_MATTE_STRAIGHT;
    cc_matting_options options = {wanted->alpha_matting,
                                  wanted->decontaminate,
                                  {wanted->matting_foreground_threshold,
                                   wanted->matting_background_threshold,
                                   wanted->matting_erode_size}};
    cc_matting_result found;
    cc_status status;

    if (!wanted->alpha_matting && !wanted->decontaminate) {
        return cc_matte_cut(image, mask, style, session->runtime.pool, cutout, fault);
    }
    status = cc_matting_cut(image, mask, &options, style, session->runtime.pool,
                            cc_runtime_flag(&session->runtime), cutout, &found, fault);
    if (status == CC_OK) {
        report_matting(session, wanted, &found);
    }
    return status;
}

static cc_status compose(clearcut_session *session, const cc_image *image, const cc_image *mask,
                         const clearcut_cut_options *wanted, cc_image *cutout, cc_error *fault)
{
    cc_status status = compose_plain_or_matted(session, image, mask, wanted, cutout, fault);

    if (status == CC_OK && wanted->has_background) {
        status = cc_image_composite_over_color(cutout, wanted->background, fault);
    }
    if (status != CC_OK) {
        cc_image_free(cutout);
    }
    return status;
}

/* Replace a mask by its post-processed form. */
static cc_status post_process(clearcut_session *session, clearcut_timing *timing, cc_image *mask,
                              cc_error *fault)
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
        status = make_mask(session, image, wanted.timing, &mask, fault);
    }
    if (status == CC_OK && wanted.post_process_mask) {
        status = post_process(session, wanted.timing, &mask, fault);
    }
    if (status == CC_OK && wanted.only_mask && (wanted.alpha_matting || wanted.decontaminate)) {
        tell_note(session, "alpha matting and decontamination change the cut-out, not the mask: "
                           "with only-mask they do nothing");
    }
    if (status != CC_OK || wanted.only_mask) {
        return status != CC_OK ? status : cc_api_wrap_image(&mask, result, fault);
    }
    begin = cc_clock_ms();
    status = compose(session, image, &mask, &wanted, &cutout, fault);
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
