/* Nodes into steps: the walk over the graph, and what all operators share. */
#include "nn/cuda/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nn/ops/activation.h"
#include "nn/ops/support.h"
#include "nn/passes/passes.h"

cc_status cc_cuda_refuse(const cc_node *node, cc_error *error, const char *format, ...)
{
    char reason[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return cc_fail(error, CC_DEVICE, "%s '%s': %s; use --device cpu for this model", node->op_type,
                   node->name, reason);
}

cc_status cc_cuda_no_room(cc_error *error)
{
    return cc_fail(error, CC_OUT_OF_MEMORY, "not enough memory to plan the work of the GPU");
}

/* ---- tensors ---- */

bool cc_cuda_layout(const cc_shape *shape, int32_t nchw[4])
{
    int64_t dims[4] = {1, 1, 1, 1};

    for (int i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dims[i];
        if (dim < 1 || dim > INT32_MAX) {
            return false;
        }
        if (shape->rank == 4) {
            dims[i] = dim;
        } else if (i == shape->rank - 1) {
            dims[1] = dim;
        } else {
            dims[0] *= dim;
        }
        if (dims[0] > INT32_MAX) {
            return false;
        }
    }
    for (int i = 0; i < 4; i++) {
        nchw[i] = (int32_t)dims[i];
    }
    return true;
}

cc_status cc_cuda_dims(const cc_cuda_program *program, const cc_node *node, int index,
                       int32_t nchw[4], cc_error *error)
{
    const cc_tensor *tensor = &program->graph->values[index].tensor;
    char text[96];

    if (tensor->dtype != CC_FLOAT32 || !cc_cuda_layout(&tensor->shape, nchw)) {
        return cc_cuda_refuse(node, error,
                              "the GPU engine works on float32 tensors without empty dimensions, "
                              "and %s is %s %s",
                              program->graph->values[index].name, cc_dtype_name(tensor->dtype),
                              cc_shape_text(&tensor->shape, text, sizeof text));
    }
    return CC_OK;
}

cc_status cc_cuda_need_planes(const cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->inputs[0]].tensor.shape;
    char text[96];

    if (shape->rank != 4) {
        return cc_cuda_refuse(node, error, "there is no GPU kernel for an input of %s",
                              cc_shape_text(shape, text, sizeof text));
    }
    return CC_OK;
}

cc_status cc_cuda_input(cc_cuda_program *program, const cc_node *node, int at, int *value,
                        cc_error *error)
{
    int index = at < node->input_count ? node->inputs[at] : -1;

    *value = index >= 0 ? program->value_of[index] : CC_CUDA_NOBODY;
    if (*value == CC_CUDA_NOBODY) {
        return cc_cuda_refuse(node, error,
                              "input %d is a constant or left out, for which there "
                              "is no GPU kernel",
                              at);
    }
    return CC_OK;
}

cc_status cc_cuda_output(cc_cuda_program *program, const cc_node *node, int *value, cc_error *error)
{
    int32_t nchw[4] = {0};
    cc_status status = cc_cuda_dims(program, node, node->outputs[0], nchw, error);

    if (status != CC_OK) {
        return status;
    }
    for (int i = 1; i < node->output_count; i++) {
        if (node->outputs[i] >= 0) {
            return cc_cuda_refuse(node, error, "there is no GPU kernel with %d outputs",
                                  node->output_count);
        }
    }
    *value = cc_cuda_add_value(program, nchw);
    program->value_of[node->outputs[0]] = *value;
    return *value == CC_CUDA_NOBODY ? cc_cuda_no_room(error) : CC_OK;
}

/* ---- fusion ---- */

cc_cuda_activation cc_cuda_fused_activation(const cc_node *node)
{
    return (cc_cuda_activation){(int32_t)node->fusion.activation, node->fusion.alpha,
                                node->fusion.beta};
}

cc_cuda_activation cc_cuda_first_activation(const cc_node *node)
{
    if (node->fusion.residual == CC_RESIDUAL_BEFORE) {
        return (cc_cuda_activation){0};
    }
    return cc_cuda_fused_activation(node);
}

cc_status cc_cuda_add_residual(cc_cuda_program *program, const cc_node *node, int output,
                               cc_error *error)
{
    int residual = CC_CUDA_NOBODY;
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    int step;
    cc_status status;

    if (node->fusion.residual == CC_RESIDUAL_NONE) {
        return CC_OK;
    }
    status = cc_cuda_operand(program, node, node->input_count - 1, shape, &residual, error);
    if (status != CC_OK) {
        return status;
    }
    step = cc_cuda_add_step(program, CC_CUDA_STEP_BINARY, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = output;
    program->steps[step].second = residual;
    program->steps[step].output = output;
    program->steps[step].parameters.binary.operation = CC_CUDA_ADD;
    if (node->fusion.residual == CC_RESIDUAL_BEFORE) {
        program->steps[step].parameters.binary.activation = cc_cuda_fused_activation(node);
    }
    return CC_OK;
}

/* ---- the walk ---- */

static const struct {
    const char *op_type;
    cc_cuda_lowering lower;
} lowerings[] = {
    {"Conv", cc_cuda_lower_conv},
    {"MaxPool", cc_cuda_lower_pool},
    {"AveragePool", cc_cuda_lower_pool},
    {"GlobalAveragePool", cc_cuda_lower_global_pool},
    {"GlobalMaxPool", cc_cuda_lower_global_pool},
    {"Resize", cc_cuda_lower_resize},
    {"Upsample", cc_cuda_lower_resize},
    {"Relu", cc_cuda_lower_activation},
    {"LeakyRelu", cc_cuda_lower_activation},
    {"Clip", cc_cuda_lower_activation},
    {"Sigmoid", cc_cuda_lower_activation},
    {"HardSigmoid", cc_cuda_lower_activation},
    {"HardSwish", cc_cuda_lower_activation},
    {"Tanh", cc_cuda_lower_activation},
    {"Abs", cc_cuda_lower_function},
    {"Neg", cc_cuda_lower_function},
    {"Exp", cc_cuda_lower_function},
    {"Log", cc_cuda_lower_function},
    {"Sqrt", cc_cuda_lower_function},
    {"Reciprocal", cc_cuda_lower_function},
    {"Floor", cc_cuda_lower_function},
    {"Ceil", cc_cuda_lower_function},
    {"Round", cc_cuda_lower_function},
    {"Erf", cc_cuda_lower_function},
    {"Gelu", cc_cuda_lower_function},
    {"Softplus", cc_cuda_lower_function},
    {"Add", cc_cuda_lower_arithmetic},
    {"Sub", cc_cuda_lower_arithmetic},
    {"Mul", cc_cuda_lower_arithmetic},
    {"Div", cc_cuda_lower_arithmetic},
    {"Min", cc_cuda_lower_arithmetic},
    {"Max", cc_cuda_lower_arithmetic},
    {"Pow", cc_cuda_lower_arithmetic},
    {"PRelu", cc_cuda_lower_arithmetic},
    {"Sum", cc_cuda_lower_arithmetic},
    {"Gemm", cc_cuda_lower_product},
    {"MatMul", cc_cuda_lower_matmul},
    {"Softmax", cc_cuda_lower_softmax},
    {"ConvTranspose", cc_cuda_lower_conv_transpose},
    {"BatchNormalization", cc_cuda_lower_batch_norm},
    {"InstanceNormalization", cc_cuda_lower_norm},
    {"LayerNormalization", cc_cuda_lower_norm},
    {"ReduceMean", cc_cuda_lower_reduce},
    {"ReduceSum", cc_cuda_lower_reduce},
    {"ReduceMax", cc_cuda_lower_reduce},
    {"ReduceMin", cc_cuda_lower_reduce},
    {"Transpose", cc_cuda_lower_transpose},
    {"Slice", cc_cuda_lower_slice},
    {"Split", cc_cuda_lower_split},
    {"Gather", cc_cuda_lower_gather},
    {"Expand", cc_cuda_lower_repeat},
    {"Tile", cc_cuda_lower_repeat},
    {"DepthToSpace", cc_cuda_lower_blocks},
    {"SpaceToDepth", cc_cuda_lower_blocks},
    {"Pad", cc_cuda_lower_pad},
    {"Concat", cc_cuda_lower_concat},
    {"Flatten", cc_cuda_lower_view},
    {"Reshape", cc_cuda_lower_view},
    {"Squeeze", cc_cuda_lower_view},
    {"Unsqueeze", cc_cuda_lower_view},
    {"Identity", cc_cuda_lower_view},
    {"Dropout", cc_cuda_lower_view},
};

static cc_status lower_node(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    int first = program->step_count;

    for (size_t i = 0; i < sizeof lowerings / sizeof lowerings[0]; i++) {
        if (strcmp(node->op_type, lowerings[i].op_type) != 0) {
            continue;
        }
        cc_status status = lowerings[i].lower(program, node, error);
        if (status == CC_OK && program->step_count > first) {
            program->steps[first].multiply_adds = cc_node_multiply_adds(program->graph, node);
        }
        return status;
    }
    return cc_cuda_refuse(node, error, "there is no GPU kernel for this operator");
}

static cc_status lower_input(cc_cuda_program *program, int index, cc_error *error)
{
    int value = program->graph->inputs[index];
    const cc_node named = {.op_type = "input", .name = program->graph->values[value].name};
    int32_t nchw[4] = {0};
    cc_status status = cc_cuda_dims(program, &named, value, nchw, error);
    int step;

    if (status != CC_OK) {
        return status;
    }
    program->value_of[value] = cc_cuda_add_value(program, nchw);
    program->input_planes[index] =
        cc_cuda_add_buffer(program, (size_t)nchw[0] * (size_t)nchw[1] * (size_t)nchw[2] *
                                        (size_t)nchw[3] * sizeof(float));
    step = cc_cuda_add_step(program, CC_CUDA_STEP_FROM_PLANES, &named);
    if (program->value_of[value] == CC_CUDA_NOBODY ||
        program->input_planes[index] == CC_CUDA_NOBODY || step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].output = program->value_of[value];
    program->steps[step].planes = program->input_planes[index];
    return CC_OK;
}

static cc_status lower_output(cc_cuda_program *program, int index, cc_error *error)
{
    int value = program->graph->outputs[index];
    const cc_node named = {.op_type = "output", .name = program->graph->values[value].name};
    int from = program->value_of[value];
    int step;

    if (from == CC_CUDA_NOBODY) {
        return cc_cuda_refuse(&named, error, "it does not depend on the input");
    }
    const cc_cuda_value *made = &program->values[from];
    program->output_planes[index] =
        cc_cuda_add_buffer(program, (size_t)made->batch * (size_t)made->channels *
                                        (size_t)made->height * (size_t)made->width * sizeof(float));
    step = cc_cuda_add_step(program, CC_CUDA_STEP_TO_PLANES, &named);
    if (program->output_planes[index] == CC_CUDA_NOBODY || step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = from;
    program->steps[step].planes = program->output_planes[index];
    return CC_OK;
}

static cc_status allocate_maps(cc_cuda_program *program, cc_error *error)
{
    const cc_graph *graph = program->graph;
    size_t values = (size_t)graph->value_count + 1;
    size_t inputs = (size_t)graph->input_count + 1;
    size_t outputs = (size_t)graph->output_count + 1;

    program->value_of = cc_arena_alloc(&program->arena, values, sizeof(int));
    program->input_planes = cc_arena_alloc(&program->arena, inputs, sizeof(int));
    program->output_planes = cc_arena_alloc(&program->arena, outputs, sizeof(int));
    if (program->value_of == NULL || program->input_planes == NULL ||
        program->output_planes == NULL) {
        return cc_cuda_no_room(error);
    }
    for (size_t i = 0; i < values; i++) {
        program->value_of[i] = CC_CUDA_NOBODY;
    }
    return CC_OK;
}

static cc_status lower_graph(cc_cuda_program *program, cc_error *error)
{
    const cc_graph *graph = program->graph;
    cc_status status = allocate_maps(program, error);

    for (int i = 0; i < graph->input_count && status == CC_OK; i++) {
        status = lower_input(program, i, error);
    }
    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        if (!graph->nodes[i].removed) {
            int steps = program->step_count;
            status = lower_node(program, &graph->nodes[i], error);
            program->operators += program->step_count > steps;
        }
    }
    for (int i = 0; i < graph->output_count && status == CC_OK; i++) {
        status = lower_output(program, i, error);
    }
    for (int i = 0; i < program->step_count; i++) {
        program->slow_operators += program->steps[i].slow;
    }
    return status;
}

cc_status cc_cuda_program_build(const cc_graph *graph, cc_cuda_storage storage, int multiprocessors,
                                cc_cuda_program *program, cc_error *error)
{
    cc_status status;

    *program =
        (cc_cuda_program){.graph = graph, .storage = storage, .multiprocessors = multiprocessors};
    status = lower_graph(program, error);
    if (status == CC_OK) {
        status = cc_cuda_program_memory(program, error);
    }
    if (status != CC_OK) {
        cc_cuda_program_release(program);
    }
    return status;
}
