/* A session's model: found, loaded, and asked what it takes and gives. */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "core/memory.h"

static cc_status load_network(clearcut_session *session, const cc_model_source *source,
                              const cc_shape *input_shape, cc_error *fault)
{
    cc_network_options options = cc_runtime_network_options(&session->runtime);
    cc_status status;

    options.low_memory = session->low_memory;
    if (session->tune) {
        cc_runtime_tune(&options);
    }
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
    if (status == CC_OK) {
        status =
            cc_api_calibration(session->network, session->calibration, session->calibrate, fault);
    }
    session->calibration = NULL;
    return status;
}

cc_status cc_session_open_model(clearcut_session *session, const char *wish, cc_error *fault)
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
        cc_session_tell_stage(session, CLEARCUT_STAGE_LOAD);
        status = cc_model_verify(source, fault);
        cc_session_tell_note(session, source->note);
    }
    if (status == CC_OK) {
        status = cc_runtime_check(&session->runtime, fault);
    }
    if (status == CC_OK) {
        status = source->companion[0] != '\0' ? cc_session_open_sam(session, source, fault)
                                              : load_model(session, source, fault);
    }
    cc_free(source);
    return status;
}
