/* Sessions: photo -> tensor -> network -> mask -> cut-out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "core/memory.h"
#include "image/pixels.h"
#include "matte/guided.h"
#include "matte/matte.h"
#include "matte/matting.h"
#include "matte/subject.h"
#include "zoo/store.h"

struct clearcut_session {
    cc_runtime runtime;
    cc_network *network;
    cc_recipe recipe;
    clearcut_feeding feeding; /* of a file of one's own; zero = guessed */
    bool has_feeding;
    float *input;  /* 3 x recipe.height x recipe.width */
    float *output; /* first output, all of it; its first plane is the map */
    int map_width;
    int map_height;
    bool told_reduction;
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
    options->precision = CLEARCUT_PRECISION_AUTO;
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
    if (cc_runtime_retreat(&session->runtime, status, fault)) {
        return load_network(session, source, input_shape, fault);
    }
    return status;
}

/* The input's width and height: 1 x 3 x height x width floats are what a picture
 * can be fed to. */
static cc_status input_size(const clearcut_session *session, int *width, int *height,
                            cc_error *fault)
{
    const cc_tensor *input = cc_network_input(session->network, 0);
    bool last = session->feeding.channels_last;
    char text[96];

    if (cc_network_input_count(session->network) != 1 || input->dtype != CC_FLOAT32 ||
        input->shape.rank != 4 || input->shape.dims[0] != 1 ||
        input->shape.dims[last ? 3 : 1] != 3 || input->shape.dims[last ? 1 : 2] > 16384 ||
        input->shape.dims[last ? 2 : 3] > 16384) {
        return cc_fail(fault, CC_MODEL,
                       "%s: takes %d input(s), the first %s %s; a model for pictures takes one "
                       "float32 %s",
                       session->model, cc_network_input_count(session->network),
                       cc_dtype_name(input->dtype), cc_shape_text(&input->shape, text, sizeof text),
                       last ? "1xHEIGHTxWIDTHx3"
                            : "1x3xHEIGHTxWIDTH (--layout nhwc for one that "
                              "has its channels last)");
    }
    *height = (int)input->shape.dims[last ? 1 : 2];
    *width = (int)input->shape.dims[last ? 2 : 3];
    return CC_OK;
}

static cc_status output_size(clearcut_session *session, cc_error *fault)
{
    const cc_tensor *output = cc_network_output(session->network, 0);
    const cc_shape *shape = &output->shape;
    char text[96];
    int64_t elements = cc_shape_elements(shape);
    /* 1 x height x width x 1: the trailing 1 is no width */
    int rank = session->feeding.channels_last && shape->rank == 4 && shape->dims[3] == 1
                   ? shape->rank - 1
                   : shape->rank;

    if (output->dtype != CC_FLOAT32 || shape->rank < 2 || shape->rank > 4 || elements < 1 ||
        (shape->rank == 4 && shape->dims[0] != 1) || shape->dims[rank - 1] > 16384 ||
        shape->dims[rank - 2] > 16384) {
        return cc_fail(
            fault, CC_MODEL, "%s: its first output is %s %s; a mask is float32 1xCxHEIGHTxWIDTH",
            session->model, cc_dtype_name(output->dtype), cc_shape_text(shape, text, sizeof text));
    }
    session->map_height = (int)shape->dims[rank - 2];
    session->map_width = (int)shape->dims[rank - 1];
    return CC_OK;
}

/* What to feed a network whose file leaves width and height open. */
static void open_size(const clearcut_session *session, const cc_model_source *source, int *width,
                      int *height)
{
    enum { COMMON_SIZE = 320 };
    const clearcut_feeding *feeding = &session->feeding;

    *width = source->model != NULL ? source->model->recipe.width : COMMON_SIZE;
    *height = source->model != NULL ? source->model->recipe.height : COMMON_SIZE;
    if (feeding->width > 0) {
        *width = feeding->width;
        *height = feeding->height;
    }
}

static cc_status refuse_size(const clearcut_session *session, int width, int height,
                             cc_error *fault)
{
    return cc_fail(fault, CC_MODEL, "%s: takes %dx%d and not %dx%d: its file says so",
                   session->model, width, height, session->feeding.width, session->feeding.height);
}

/* What the caller knows better than a guess. */
static void apply_feeding(clearcut_session *session)
{
    const clearcut_feeding *feeding = &session->feeding;

    for (int c = 0; c < 3; c++) {
        session->recipe.mean[c] = feeding->has_mean ? feeding->mean[c] : session->recipe.mean[c];
        session->recipe.deviation[c] =
            feeding->has_deviation ? feeding->deviation[c] : session->recipe.deviation[c];
    }
    session->recipe.channels_last = feeding->channels_last;
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
        open_size(session, source, &width, &height);
        shape = session->feeding.channels_last ? cc_shape_make(4, (int64_t[]){1, height, width, 3})
                                               : cc_shape_make(4, (int64_t[]){1, 3, height, width});
        status = load_network(session, source, &shape, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    if (session->feeding.width > 0 &&
        (session->feeding.width != width || session->feeding.height != height)) {
        return refuse_size(session, width, height, fault);
    }
    if (source->model == NULL) {
        session->recipe = cc_model_guess_recipe(source->path, width, height, &how);
        apply_feeding(session);
        how = session->feeding.has_mean && session->feeding.has_deviation ? NULL : how;
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
    if (status == CC_OK && source->model != NULL && session->has_feeding) {
        status = cc_fail(fault, CC_INVALID_ARGUMENT,
                         "model %s has a recipe of its own; mean, deviation, size and layout are "
                         "for the path of a file",
                         wish);
    }
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
    status = take_feeding(*session, wanted.feeding, fault);
    if (status != CC_OK) {
        clearcut_session_free(session);
        return status;
    }
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

static cc_subject_report judge_subject(const clearcut_session *session)
{
    return cc_subject_judge(session->output, (size_t)session->map_width * session->map_height,
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

static cc_status finish_mask(clearcut_session *session, const cc_image *image,
                             const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault)
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
    if (status == CC_OK && is_guided(wanted, &small, image)) {
        status = cc_matte_guide(image, &small, session->runtime.pool,
                                cc_runtime_flag(&session->runtime), mask, fault);
        if (status != CC_OK) {
            cc_image_free(mask);
        }
    }
    cc_image_free(&small);
    return status;
}

static cc_status make_mask(clearcut_session *session, const cc_image *image,
                           const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault)
{
    double begin;
    cc_status status = prepare(session, image, wanted->timing, fault);

    if (status == CC_OK) {
        status = infer(session, wanted->timing, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    begin = cc_clock_ms();
    tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
    status = finish_mask(session, image, wanted, mask, fault);
    cc_api_add_time(wanted->timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

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

static void report_subject(const clearcut_session *session, clearcut_subject *subject)
{
    cc_subject_report found = judge_subject(session);

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
    if (found->reduction > 1 && !session->told_reduction) {
        char text[160];
        snprintf(
            text, sizeof text,
            "alpha is solved on a copy %d times smaller: %llu pixels are unknown; exact matting "
            "solves for all of them, slowly",
            found->reduction, (unsigned long long)found->counts.unknown);
        tell_note(session, text);
        session->told_reduction = true; /* a folder of photos need not say it for each */
    }
    if (wanted->matting != NULL) {
        *wanted->matting = (clearcut_matting){
            matting_status(found->outcome), found->counts.foreground, found->counts.background,
            found->counts.unknown,          found->iterations,        found->reduction};
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
    cc_status status = cut_out(session, image, mask, wanted, cutout, fault);

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

/* ---- u2net_cloth_seg: one mask for each kind of clothing ---- */

enum { CLOTHES = 3 };

/* Which of the classes 1..3 are wanted: bits 1, 2, 3. */
static cc_status choose_clothes(const char *cloth, unsigned *wanted, cc_error *fault)
{
    static const char *const names[] = {"upper", "lower", "full"}; /* classes 1, 2, 3 */

    *wanted = 0;
    for (unsigned i = 0; i < CLOTHES; i++) {
        if (cloth == NULL || strcmp(cloth, names[i]) == 0) {
            *wanted |= 2u << i;
        }
    }
    return *wanted != 0
               ? CC_OK
               : cc_fail(fault, CC_INVALID_ARGUMENT, "\"%s\" is none of upper, lower, full", cloth);
}

/* The class of every pixel of the picture. rembg enlarges the numbers of the classes by
 * Lanczos like any picture, so that between 1 and 3 there is a seam of 2; so does this. */
static cc_status find_classes(clearcut_session *session, const cc_image *image,
                              clearcut_timing *timing, cc_image *classes, cc_error *fault)
{
    const cc_tensor *output = cc_network_output(session->network, 0);
    size_t plane = (size_t)session->map_width * (size_t)session->map_height;
    cc_image small = {0};
    cc_status status = prepare(session, image, timing, fault);
    double begin;

    if (status == CC_OK) {
        status = infer(session, timing, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    begin = cc_clock_ms();
    tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
    status =
        cc_recipe_classes(session->output, (int)((size_t)cc_shape_elements(&output->shape) / plane),
                          session->map_width, session->map_height, &small, fault);
    if (status == CC_OK) {
        status = cc_matte_resize(&small, image->width, image->height, session->runtime.pool,
                                 classes, fault);
    }
    cc_image_free(&small);
    cc_api_add_time(timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

/* The cut-out or mask of one class. */
static cc_status cut_class(clearcut_session *session, const cc_image *image,
                           const cc_image *classes, uint8_t number,
                           const clearcut_cut_options *wanted, cc_image *result, cc_error *fault)
{
    cc_image mask = {0};
    cc_status status = cc_image_create(classes->width, classes->height, 1, &mask, fault);

    for (size_t i = 0; status == CC_OK && i < mask.stride * (size_t)mask.height; i++) {
        mask.pixels[i] = classes->pixels[i] == number ? 255 : 0;
    }
    if (status == CC_OK && wanted->post_process_mask) {
        status = post_process(session, wanted->timing, &mask, fault);
    }
    if (status == CC_OK && wanted->only_mask) {
        *result = mask;
        return CC_OK;
    }
    if (status == CC_OK) {
        double begin = cc_clock_ms();
        status = compose(session, image, &mask, wanted, result, fault);
        cc_api_add_time(wanted->timing, CC_TIMED_POSTPROCESS, begin);
    }
    cc_image_free(&mask);
    return status;
}

/* Put `part` below what `stack` has; RGBA even for masks, as rembg does. */
static cc_status stack_below(cc_image *stack, cc_image *part, cc_error *fault)
{
    cc_image colored = {0};
    cc_image taller = {0};
    cc_status status = cc_image_convert(part, 4, &colored, fault);

    if (status == CC_OK) {
        status = cc_image_create(colored.width, stack->height + colored.height, 4, &taller, fault);
    }
    if (status == CC_OK) {
        size_t row = (size_t)colored.width * 4;
        if (stack->pixels != NULL) {
            memcpy(taller.pixels, stack->pixels, row * (size_t)stack->height);
        }
        memcpy(cc_image_row(&taller, stack->height), colored.pixels, row * (size_t)colored.height);
        cc_image_free(stack);
        *stack = taller;
    }
    cc_image_free(&colored);
    cc_image_free(part);
    return status;
}

static cc_status cut_clothes(clearcut_session *session, const cc_image *image,
                             const clearcut_cut_options *wanted, clearcut_image **result,
                             cc_error *fault)
{
    unsigned chosen = 0;
    cc_image classes = {0};
    cc_image stack = {0};
    cc_status status = choose_clothes(wanted->cloth, &chosen, fault);

    if (status == CC_OK) {
        status = find_classes(session, image, wanted->timing, &classes, fault);
    }
    for (uint8_t number = 1; number <= CLOTHES && status == CC_OK; number++) {
        cc_image part = {0};
        if ((chosen >> number & 1) == 0) {
            continue;
        }
        status = cut_class(session, image, &classes, number, wanted, &part, fault);
        if (status == CC_OK && wanted->cloth != NULL) {
            stack = part;
        } else if (status == CC_OK) {
            status = stack_below(&stack, &part, fault);
        }
    }
    cc_image_free(&classes);
    if (wanted->subject != NULL) {
        wanted->subject->status = CLEARCUT_SUBJECT_UNKNOWN;
    }
    if (status != CC_OK) {
        cc_image_free(&stack);
        return status;
    }
    return cc_api_wrap_image(&stack, result, fault);
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
        return cut_clothes(session, image, &wanted, result, fault);
    }
    if (status == CC_OK) {
        status = make_mask(session, image, &wanted, &mask, fault);
    }
    if (status == CC_OK && wanted.subject != NULL) {
        report_subject(session, wanted.subject);
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
