/* Pools and resizes. */
#include <string.h>

#include "nn/cuda/lower.h"
#include "nn/ops/resize.h"
#include "nn/ops/support.h"
#include "nn/ops/window.h"

/* A step with one input and one output; *step stays as it was on failure. */
static cc_status simple_step(cc_cuda_program *program, const cc_node *node, cc_cuda_step_kind kind,
                             cc_cuda_step **step, cc_error *error)
{
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_need_planes(program, node, error);

    if (status == CC_OK) {
        status = cc_cuda_input(program, node, 0, &input, error);
    }

    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    int index = cc_cuda_add_step(program, kind, node);
    if (index == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    *step = &program->steps[index];
    (*step)->input = input;
    (*step)->output = output;
    return CC_OK;
}

static bool small(const int64_t numbers[2])
{
    return numbers[0] <= INT32_MAX && numbers[1] <= INT32_MAX;
}

static cc_status read_pool(const cc_cuda_program *program, const cc_node *node, cc_cuda_pool *pool,
                           cc_error *error)
{
    cc_node_call call;
    cc_window window = {0};
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    status = cc_window_read(&call.call, &cc_op_input(&call.call, 0)->shape, NULL,
                            cc_node_int(node, "ceil_mode", 0) != 0, &window, error);
    if (status != CC_OK) {
        return status;
    }
    if (!small(window.kernel) || !small(window.stride) || !small(window.dilation) ||
        !small(window.pad_begin) || !small(window.pad_end)) {
        return cc_cuda_refuse(node, error, "its window is larger than any kernel's");
    }
    *pool = (cc_cuda_pool){.kernel_height = (int32_t)window.kernel[0],
                           .kernel_width = (int32_t)window.kernel[1],
                           .stride_y = (int32_t)window.stride[0],
                           .stride_x = (int32_t)window.stride[1],
                           .dilation_y = (int32_t)window.dilation[0],
                           .dilation_x = (int32_t)window.dilation[1],
                           .pad_top = (int32_t)window.pad_begin[0],
                           .pad_left = (int32_t)window.pad_begin[1],
                           .pad_bottom = (int32_t)window.pad_end[0],
                           .pad_right = (int32_t)window.pad_end[1],
                           .average = strcmp(node->op_type, "AveragePool") == 0,
                           .include_pad = cc_node_int(node, "count_include_pad", 0) != 0};
    return CC_OK;
}

cc_status cc_cuda_lower_pool(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_cuda_pool pool = {0};
    cc_cuda_step *step = NULL;
    cc_status status = read_pool(program, node, &pool, error);

    if (status == CC_OK) {
        status = simple_step(program, node, CC_CUDA_STEP_POOL, &step, error);
    }
    if (step != NULL) {
        step->parameters.pool = pool;
    }
    return status;
}

cc_status cc_cuda_lower_global_pool(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_cuda_step *step = NULL;
    cc_status status = simple_step(program, node, CC_CUDA_STEP_GLOBAL_POOL, &step, error);

    if (step != NULL) {
        step->parameters.global_pool.maximum = strcmp(node->op_type, "GlobalMaxPool") == 0;
    }
    return status;
}

/* ---- resize ---- */

/* Positions and weights along one axis, as constants. */
static cc_status add_axis(cc_cuda_program *program, const cc_resize *resize, int axis,
                          size_t *positions_at, size_t *weights_at, int32_t *taps, cc_error *error)
{
    size_t size = (size_t)resize->output.dims[axis];
    size_t count = (size_t)cc_resize_taps_at(resize, axis, 0).count;
    int32_t *positions = cc_arena_alloc(&program->arena, size * count, sizeof *positions);
    float *weights = cc_arena_alloc(&program->arena, size * count, sizeof *weights);

    if (positions == NULL || weights == NULL) {
        return cc_cuda_no_room(error);
    }
    for (size_t i = 0; i < size; i++) {
        cc_resize_taps at = cc_resize_taps_at(resize, axis, (int64_t)i);
        for (size_t t = 0; t < count && t < (size_t)at.count; t++) {
            positions[i * count + t] = (int32_t)at.index[t];
            weights[i * count + t] = at.weight[t];
        }
    }
    *taps = (int32_t)count;
    *positions_at = cc_cuda_add_constant(program, positions, size * count * sizeof *positions);
    *weights_at = cc_cuda_add_constant(program, weights, size * count * sizeof *weights);
    return *positions_at == CC_CUDA_NOWHERE || *weights_at == CC_CUDA_NOWHERE
               ? cc_cuda_no_room(error)
               : CC_OK;
}

static cc_status read_resize(const cc_cuda_program *program, const cc_node *node, cc_resize *resize,
                             cc_error *error)
{
    cc_node_call call;
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    status = cc_resize_read(&call.call, resize, error);
    if (status == CC_OK &&
        (resize->input.rank != 4 || resize->scale[0] != 1.0F || resize->scale[1] != 1.0F ||
         resize->input.dims[0] != resize->output.dims[0] ||
         resize->input.dims[1] != resize->output.dims[1])) {
        return cc_cuda_refuse(node, error, "there is only a GPU kernel for height and width");
    }
    return status;
}

cc_status cc_cuda_lower_resize(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_resize resize = {0};
    cc_cuda_step *step = NULL;
    cc_status status = read_resize(program, node, &resize, error);

    if (status == CC_OK) {
        status = simple_step(program, node, CC_CUDA_STEP_RESIZE, &step, error);
    }
    if (status == CC_OK) {
        status = add_axis(program, &resize, 2, &step->constants[0], &step->constants[1],
                          &step->parameters.resize.taps_y, error);
    }
    if (status == CC_OK) {
        status = add_axis(program, &resize, 3, &step->constants[2], &step->constants[3],
                          &step->parameters.resize.taps_x, error);
    }
    return status;
}

/* ---- pad ---- */

/* Where output position `at` comes from along an axis of `size` elements; -1 = it is
 * outside and 0. */
static int64_t pad_source(const char *mode, int64_t at, int64_t size)
{
    if (at >= 0 && at < size) {
        return at;
    }
    if (strcmp(mode, "edge") == 0) {
        return at < 0 ? 0 : size - 1;
    }
    if (strcmp(mode, "reflect") == 0) {
        return at < 0 ? -at : 2 * (size - 1) - at;
    }
    return -1;
}

/* As add_axis: one position for each row, with weight 1, or 0 outside. */
static cc_status add_padded_axis(cc_cuda_program *program, const char *mode, int64_t size,
                                 int64_t begin, int64_t output, size_t *positions_at,
                                 size_t *weights_at, cc_error *error)
{
    int32_t *positions = cc_arena_alloc(&program->arena, (size_t)output, sizeof *positions);
    float *weights = cc_arena_alloc(&program->arena, (size_t)output, sizeof *weights);

    if (positions == NULL || weights == NULL) {
        return cc_cuda_no_room(error);
    }
    for (int64_t i = 0; i < output; i++) {
        int64_t from = pad_source(mode, i - begin, size);
        positions[i] = from < 0 ? 0 : (int32_t)from;
        weights[i] = from < 0 ? 0.0F : 1.0F;
    }
    *positions_at = cc_cuda_add_constant(program, positions, (size_t)output * sizeof *positions);
    *weights_at = cc_cuda_add_constant(program, weights, (size_t)output * sizeof *weights);
    return *positions_at == CC_CUDA_NOWHERE || *weights_at == CC_CUDA_NOWHERE
               ? cc_cuda_no_room(error)
               : CC_OK;
}

/* What lies before each axis, by the node's pads. */
static cc_status read_pads(const cc_cuda_program *program, const cc_node *node, int64_t begin[4],
                           cc_error *error)
{
    cc_node_call call;
    cc_int_list pads = {0};
    cc_int_list axes = {0};
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    status = cc_op_list(&call.call, "pads", 1, 11, &pads, error);
    if (status == CC_OK) {
        status = cc_op_list_from_input(&call.call, 3, "axes", &axes, error);
    }
    if (status == CC_OK) {
        status = cc_op_list_axes(&call.call, &axes, 4, error);
    }
    for (int i = 0; i < pads.count / 2 && i < 4 && status == CC_OK; i++) {
        begin[axes.present ? axes.values[i] : i] = pads.values[i];
    }
    return status;
}

static bool pads_with_zero(const cc_cuda_program *program, const cc_node *node)
{
    int index = node->input_count > 2 ? node->inputs[2] : -1;

    if (program->graph->opset < 11) {
        return cc_node_float(node, "value", 0.0F) == 0.0F;
    }
    return index < 0 || (program->graph->values[index].is_constant &&
                         cc_get_float(&program->graph->values[index].tensor, 0) == 0.0F);
}

/* Rows and columns by the tables of a resize: one tap each. */
cc_status cc_cuda_lower_pad(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *from = &program->graph->values[node->inputs[0]].tensor.shape;
    const cc_shape *to = &program->graph->values[node->outputs[0]].tensor.shape;
    const cc_attribute *attribute = cc_node_attribute(node, "mode");
    const char *mode =
        attribute != NULL && attribute->string != NULL ? attribute->string : "constant";
    int64_t begin[4] = {0};
    cc_cuda_step *step = NULL;
    cc_status status = cc_cuda_need_planes(program, node, error);

    if (status == CC_OK) {
        status = read_pads(program, node, begin, error);
    }
    if (status == CC_OK &&
        (from->dims[0] != to->dims[0] || from->dims[1] != to->dims[1] || begin[0] != 0 ||
         begin[1] != 0 || (strcmp(mode, "constant") == 0 && !pads_with_zero(program, node)))) {
        return cc_cuda_refuse(node, error,
                              "there is only a GPU kernel for rows and columns, and for zeros");
    }
    if (status == CC_OK) {
        status = simple_step(program, node, CC_CUDA_STEP_RESIZE, &step, error);
    }
    if (status == CC_OK) {
        status = add_padded_axis(program, mode, from->dims[2], begin[2], to->dims[2],
                                 &step->constants[0], &step->constants[1], error);
    }
    if (status == CC_OK) {
        status = add_padded_axis(program, mode, from->dims[3], begin[3], to->dims[3],
                                 &step->constants[2], &step->constants[3], error);
    }
    if (step != NULL) {
        step->parameters.resize.taps_y = 1;
        step->parameters.resize.taps_x = 1;
    }
    return status;
}
