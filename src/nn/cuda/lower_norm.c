/* Normalisations, and reductions over axes. */
#include <math.h>
#include <string.h>

#include "nn/cuda/lower.h"
#include "nn/ops/support.h"

/* Input `at`, a constant of `count` floats; NULL, and refused, if it is none. */
static const float *vector_at(const cc_cuda_program *program, const cc_node *node, int at,
                              int64_t count)
{
    int index = at < node->input_count ? node->inputs[at] : -1;
    const cc_value *value = index >= 0 ? &program->graph->values[index] : NULL;

    if (value == NULL || !value->is_constant || value->tensor.dtype != CC_FLOAT32 ||
        cc_shape_elements(&value->tensor.shape) != count) {
        return NULL;
    }
    return value->tensor.data;
}

/* ---- by numbers that are known ---- */

static cc_status add_binary(cc_cuda_program *program, const cc_node *node, int32_t operation,
                            int input, int operand, int output, cc_error *error)
{
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_BINARY, node);

    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = input;
    program->steps[step].second = operand;
    program->steps[step].output = output;
    program->steps[step].parameters.binary.operation = operation;
    return CC_OK;
}

/* Axis 1 as a shape of ones around it. */
static cc_shape channel_shape(const cc_shape *shape)
{
    cc_shape result = {.rank = shape->rank};

    for (int i = 0; i < shape->rank; i++) {
        result.dims[i] = i == 1 ? shape->dims[1] : 1;
    }
    return result;
}

/* x * factor + addend for each channel, where a pass could not fold it into a
 * convolution. */
cc_status cc_cuda_lower_batch_norm(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->inputs[0]].tensor.shape;
    const cc_shape wide = channel_shape(shape);
    int64_t count = shape->rank >= 2 ? shape->dims[1] : 0;
    float epsilon = cc_node_float(node, "epsilon", 1e-5F);
    const float *given[4];
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    int factors = CC_CUDA_NOBODY;
    int addends = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    for (int i = 0; i < 4; i++) {
        given[i] = vector_at(program, node, i + 1, count);
        if (given[i] == NULL || (shape->rank != 4 && shape->rank != 2)) {
            return cc_cuda_refuse(node, error,
                                  "there is only a GPU kernel for constants, one for "
                                  "each channel of 2 or 4 dimensions");
        }
    }
    float *factor = cc_arena_alloc(&program->arena, (size_t)count, sizeof *factor);
    float *addend = cc_arena_alloc(&program->arena, (size_t)count, sizeof *addend);
    if (factor == NULL || addend == NULL) {
        return cc_cuda_no_room(error);
    }
    for (int64_t c = 0; c < count; c++) {
        factor[c] = given[0][c] / sqrtf(given[3][c] + epsilon);
        addend[c] = given[1][c] - given[2][c] * factor[c];
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_constant_value(program, factor, &wide, &factors, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_constant_value(program, addend, &wide, &addends, error);
    }
    if (status == CC_OK) {
        status = add_binary(program, node, CC_CUDA_MULTIPLY, input, factors, output, error);
    }
    return status == CC_OK ? add_binary(program, node, CC_CUDA_ADD, output, addends, output, error)
                           : status;
}

/* ---- by numbers that are measured ---- */

/* Is it a LayerNormalization over the last dimension alone, stored as rows? */
static bool is_row_norm(const cc_node *node, const cc_shape *shape)
{
    int64_t axis = cc_node_int(node, "axis", -1);

    axis += axis < 0 ? shape->rank : 0;
    return axis == shape->rank - 1 && shape->rank != 4;
}

/* InstanceNormalization of pictures, LayerNormalization of rows. */
cc_status cc_cuda_lower_norm(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->inputs[0]].tensor.shape;
    bool instance = strcmp(node->op_type, "InstanceNormalization") == 0;
    int64_t count = shape->rank > 1 ? shape->dims[instance ? 1 : shape->rank - 1] : 0;
    const float *scale = vector_at(program, node, 1, count);
    const float *bias = vector_at(program, node, 2, count);
    bool has_bias = node->input_count > 2 && node->inputs[2] >= 0;
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (scale == NULL || (has_bias && bias == NULL) ||
        (instance ? shape->rank != 4 : !is_row_norm(node, shape))) {
        return cc_cuda_refuse(node, error,
                              "there is only a GPU kernel for constant scales, over "
                              "%s",
                              instance ? "pictures"
                                       : "the last of other than "
                                         "4 dimensions");
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    int index = cc_cuda_add_step(
        program, instance ? CC_CUDA_STEP_INSTANCE_NORM : CC_CUDA_STEP_ROW_NORM, node);
    if (index == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    cc_cuda_step *step = &program->steps[index];
    step->input = input;
    step->output = output;
    step->parameters.norm.epsilon = cc_node_float(node, "epsilon", 1e-5F);
    step->constants[0] = cc_cuda_add_constant(program, scale, (size_t)count * sizeof *scale);
    if (bias != NULL) {
        step->constants[1] = cc_cuda_add_constant(program, bias, (size_t)count * sizeof *bias);
    }
    return step->constants[0] == CC_CUDA_NOWHERE ||
                   (bias != NULL && step->constants[1] == CC_CUDA_NOWHERE)
               ? cc_cuda_no_room(error)
               : CC_OK;
}

/* ---- reductions ---- */

typedef struct reduction {
    int32_t operation;
    int order[CC_MAX_RANK]; /* axes that stay, then those that go */
    int going;
    cc_shape kept; /* of those that stay */
} reduction;

static cc_status read_reduction(const cc_cuda_program *program, const cc_node *node,
                                reduction *read, cc_error *error)
{
    static const char *const names[] = {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"};
    const cc_shape *shape = &program->graph->values[node->inputs[0]].tensor.shape;
    cc_node_call call;
    cc_int_list axes = {0};
    bool chosen[CC_MAX_RANK] = {false};
    int count = 0;
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    for (int i = 0; i < 4; i++) {
        read->operation = strcmp(node->op_type, names[i]) == 0 ? i : read->operation;
    }
    status = cc_op_list(&call.call, "axes", 1, read->operation == CC_CUDA_REDUCE_SUM ? 13 : 18,
                        &axes, error);
    if (status == CC_OK) {
        status = cc_op_list_axes(&call.call, &axes, shape->rank, error);
    }
    for (int i = 0; i < shape->rank; i++) {
        chosen[i] = axes.count == 0 && cc_node_int(node, "noop_with_empty_axes", 0) == 0;
    }
    for (int i = 0; i < axes.count && status == CC_OK; i++) {
        chosen[axes.values[i]] = true;
    }
    for (int i = 0; i < shape->rank; i++) {
        if (!chosen[i]) {
            read->kept.dims[read->kept.rank++] = shape->dims[i];
            read->order[count++] = i;
        }
    }
    for (int i = 0; i < shape->rank; i++) {
        if (chosen[i]) {
            read->order[count++] = i;
            read->going++;
        }
    }
    return status;
}

/* From one number for each row to the output, whose axes of 1 do not matter. */
static cc_status spread(cc_cuda_program *program, const cc_node *node, const reduction *read,
                        int numbers, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    bool keeps = cc_node_int(node, "keepdims", 1) != 0;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_output(program, node, &output, error);

    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes all = cc_cuda_axes_of(program, output, shape);
    cc_cuda_axes source = {.count = read->kept.rank};
    cc_cuda_axes target = {.count = read->kept.rank, .base = all.base};
    const cc_shape rows = {.rank = 2, .dims = {program->values[numbers].batch, 1}};
    int64_t step = cc_cuda_axes_of(program, numbers, &rows).step[0];
    for (int i = read->kept.rank - 1; i >= 0; i--) {
        source.size[i] = read->kept.dims[i];
        target.size[i] = read->kept.dims[i];
        source.step[i] = step;
        target.step[i] = all.step[keeps ? read->order[i] : i];
        step *= read->kept.dims[i];
    }
    return cc_cuda_add_move(program, node, numbers, &source, output, &target, error);
}

/* Rows of what falls together, one number for each, and those to their places. */
cc_status cc_cuda_lower_reduce(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->inputs[0]].tensor.shape;
    reduction read = {0};
    int32_t one_each[4] = {1, 1, 1, 1};
    int input = CC_CUDA_NOBODY;
    int rows = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = read_reduction(program, node, &read, error);
    }
    if (status == CC_OK && read.going == 0) {
        return cc_cuda_refuse(node, error, "it reduces no axis");
    }
    if (status == CC_OK) {
        status =
            cc_cuda_add_rows(program, node, input, shape, read.order, read.going, &rows, error);
    }
    if (status != CC_OK) {
        return status;
    }
    one_each[0] = program->values[rows].batch;
    int numbers = cc_cuda_add_value(program, one_each);
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_ROW_REDUCE, node);
    if (numbers == CC_CUDA_NOBODY || step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = rows;
    program->steps[step].output = numbers;
    program->steps[step].parameters.row_reduce.operation = read.operation;
    return spread(program, node, &read, numbers, error);
}
