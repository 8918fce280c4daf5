/* Conv: which of the three kernels, weights, residual, split. */
#include "nn/cuda/lower.h"
#include "nn/ops/conv.h"

static bool fits_32(int64_t number)
{
    return number >= 0 && number <= INT32_MAX;
}

static bool window_fits_32(const cc_conv_geometry *geometry)
{
    bool fits = fits_32(geometry->groups);

    for (int axis = 0; axis < 2; axis++) {
        fits = fits && fits_32(geometry->window.kernel[axis]) &&
               fits_32(geometry->window.stride[axis]) && fits_32(geometry->window.dilation[axis]) &&
               fits_32(geometry->window.pad_begin[axis]);
    }
    return fits;
}

static cc_status read_geometry(const cc_cuda_program *program, const cc_node *node,
                               cc_cuda_conv *conv, cc_error *error)
{
    cc_node_call call;
    cc_conv_geometry geometry = {0};
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    status = cc_conv_geometry_read(&call.call, &geometry, error);
    if (status == CC_OK && !window_fits_32(&geometry)) {
        return cc_cuda_refuse(node, error, "its window is larger than any kernel's");
    }
    *conv = (cc_cuda_conv){.kernel_height = (int32_t)geometry.window.kernel[0],
                           .kernel_width = (int32_t)geometry.window.kernel[1],
                           .stride_y = (int32_t)geometry.window.stride[0],
                           .stride_x = (int32_t)geometry.window.stride[1],
                           .dilation_y = (int32_t)geometry.window.dilation[0],
                           .dilation_x = (int32_t)geometry.window.dilation[1],
                           .pad_top = (int32_t)geometry.window.pad_begin[0],
                           .pad_left = (int32_t)geometry.window.pad_begin[1],
                           .groups = (int32_t)geometry.groups,
                           .splits = 1,
                           .activation = cc_cuda_fused_activation(node)};
    return status;
}

/* The bias, or zeros where there is none. */
static cc_status add_bias(cc_cuda_program *program, const cc_node *node, cc_cuda_step *step,
                          cc_error *error)
{
    size_t count = (size_t)program->values[step->output].channels;
    const cc_tensor *bias = NULL;
    const void *data;

    if (node->input_count > 2 && node->inputs[2] >= 0 &&
        !(node->fusion.residual != CC_RESIDUAL_NONE && node->input_count == 3)) {
        const cc_value *value = &program->graph->values[node->inputs[2]];
        if (!value->is_constant) {
            return cc_cuda_refuse(node, error, "its bias is not a constant");
        }
        bias = &value->tensor;
    }
    data = bias != NULL ? bias->data : cc_arena_alloc(&program->arena, count, sizeof(float));
    step->constants[1] =
        data != NULL ? cc_cuda_add_constant(program, data, count * sizeof(float)) : CC_CUDA_NOWHERE;
    return step->constants[1] == CC_CUDA_NOWHERE ? cc_cuda_no_room(error) : CC_OK;
}

/* The operand comes first: bringing it to the output's shape may take a step of its own,
 * which belongs before this one. */
static cc_status find_residual(cc_cuda_program *program, const cc_node *node, int *residual,
                               cc_error *error)
{
    if (node->fusion.residual == CC_RESIDUAL_NONE) {
        return CC_OK;
    }
    return cc_cuda_operand(program, node, node->input_count - 1,
                           &program->graph->values[node->outputs[0]].tensor.shape, residual, error);
}

static bool begins_aligned(const cc_cuda_program *program, int value)
{
    int32_t channel = 0;

    cc_cuda_root(program, value, &channel);
    return channel % 8 == 0;
}

/* Tile and split for the tensor cores, and the room that a split needs. */
static cc_status split(cc_cuda_program *program, cc_cuda_step *step, cc_error *error)
{
    cc_cuda_conv *conv = &step->parameters.conv;
    cc_cuda_conv_choice choice = cc_cuda_conv_choose(conv, program->multiprocessors);
    size_t partial_bytes = 0;
    size_t counter_bytes = 0;

    step->tile = choice.tile;
    conv->splits = choice.splits;
    cc_cuda_conv_workspace(conv, choice.tile, &partial_bytes, &counter_bytes);
    if (counter_bytes > program->counter_bytes) {
        program->counter_bytes = counter_bytes;
    }
    if (partial_bytes > 0) {
        step->partial = cc_cuda_add_buffer(program, partial_bytes);
        return step->partial == CC_CUDA_NOBODY ? cc_cuda_no_room(error) : CC_OK;
    }
    return CC_OK;
}

static cc_status choose_kernel(cc_cuda_program *program, int index, const float *weights,
                               cc_error *error)
{
    cc_cuda_step *step = &program->steps[index];
    cc_cuda_conv *conv = &step->parameters.conv;
    cc_status status = CC_OK;

    if (cc_cuda_conv_few_fits(conv)) {
        step->kind = CC_CUDA_STEP_CONV_FEW;
        step->constants[0] = cc_cuda_add_packed(
            program, index, weights, cc_cuda_conv_few_pack_bytes(conv), cc_cuda_conv_few_pack);
    } else if (program->storage == CC_CUDA_F16 && cc_cuda_conv_fits(conv) &&
               begins_aligned(program, step->input)) {
        step->kind = CC_CUDA_STEP_CONV;
        program->values[step->input].needs_alignment = true;
        status = split(program, step, error);
        step->constants[0] = cc_cuda_add_packed(program, index, weights,
                                                cc_cuda_conv_pack_bytes(conv), cc_cuda_conv_pack);
    } else {
        step->kind = CC_CUDA_STEP_CONV_PLAIN;
        step->slow = program->storage == CC_CUDA_F16;
        step->constants[0] = cc_cuda_add_packed(
            program, index, weights, cc_cuda_conv_plain_pack_bytes(conv), cc_cuda_conv_plain_pack);
    }
    if (status == CC_OK && step->constants[0] == CC_CUDA_NOWHERE) {
        status = cc_cuda_no_room(error);
    }
    return status;
}

/* The step, without weights, bias and residual; its index, or NOBODY when memory is
 * refused. */
static int begin_step(cc_cuda_program *program, const cc_node *node, const cc_cuda_conv *conv,
                      int input, int output)
{
    int index = cc_cuda_add_step(program, CC_CUDA_STEP_CONV, node);

    if (index != CC_CUDA_NOBODY) {
        cc_cuda_step *step = &program->steps[index];
        step->input = input;
        step->output = output;
        step->parameters.conv = *conv;
        step->parameters.conv.input = cc_cuda_value_tensor(program, input);
        step->parameters.conv.output = cc_cuda_value_tensor(program, output);
    }
    return index;
}

cc_status cc_cuda_add_conv(cc_cuda_program *program, const cc_node *node, const cc_cuda_conv *conv,
                           int input, int output, const float *weights, const float *bias,
                           cc_error *error)
{
    int index = begin_step(program, node, conv, input, output);

    if (index == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[index].constants[1] = cc_cuda_add_constant(
        program, bias, (size_t)program->values[output].channels * sizeof(float));
    if (program->steps[index].constants[1] == CC_CUDA_NOWHERE) {
        return cc_cuda_no_room(error);
    }
    return choose_kernel(program, index, weights, error);
}

cc_status cc_cuda_lower_conv(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_cuda_conv conv = {0};
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    int residual = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_need_planes(program, node, error);

    if (status == CC_OK) {
        status = cc_cuda_input(program, node, 0, &input, error);
    }
    if (status == CC_OK && !program->graph->values[node->inputs[1]].is_constant) {
        return cc_cuda_refuse(node, error, "its weights are not constants");
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status == CC_OK) {
        status = read_geometry(program, node, &conv, error);
    }
    if (status == CC_OK) {
        status = find_residual(program, node, &residual, error);
    }
    if (status != CC_OK) {
        return status;
    }
    conv.residual_order = (int32_t)node->fusion.residual;
    int index = begin_step(program, node, &conv, input, output);
    if (index == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[index].second = residual;
    status = add_bias(program, node, &program->steps[index], error);
    return status == CC_OK
               ? choose_kernel(program, index, program->graph->values[node->inputs[1]].tensor.data,
                               error)
               : status;
}
