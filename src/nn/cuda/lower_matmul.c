/* MatMul: by a constant matrix as any dense layer, of two tensors as in attention. */
#include "nn/cuda/lower.h"
#include "nn/ops/matmul.h"

static const cc_shape *shape_of(const cc_cuda_program *program, int index)
{
    return &program->graph->values[index].tensor.shape;
}

/* A tensor of either side, constants included. */
static cc_status side(cc_cuda_program *program, const cc_node *node, int at, int *value,
                      cc_cuda_axes *axes, cc_error *error)
{
    const cc_shape *shape = shape_of(program, node->inputs[at]);
    cc_status status = cc_cuda_operand(program, node, at, shape, value, error);

    if (status == CC_OK) {
        *axes = cc_cuda_axes_of(program, *value, shape);
    }
    return status;
}

/* Steps of the batch axes: 0 where this side is repeated. */
static void batch_steps(const cc_matmul *matmul, const cc_cuda_axes *axes, int64_t steps[3])
{
    int rank = matmul->batch.rank;
    int own = axes->count - 2;

    for (int i = 0; i < 3; i++) {
        int at = own - 1 - i;
        steps[2 - i] = i < rank && at >= 0 && axes->size[at] != 1 ? axes->step[at] : 0;
    }
}

static cc_status fill(const cc_matmul *read, const cc_cuda_axes *a, const cc_cuda_axes *b,
                      const cc_cuda_axes *out, cc_cuda_matmul *matmul)
{
    *matmul = (cc_cuda_matmul){.a_row = a->step[a->count - 2],
                               .a_depth = a->step[a->count - 1],
                               .b_depth = b->step[b->count - 2],
                               .b_column = b->step[b->count - 1],
                               .output_row = out->step[out->count - 2],
                               .output_column = out->step[out->count - 1],
                               .batch = {1, 1, 1}};
    if (read->rows > INT32_MAX || read->columns > INT32_MAX || read->depth > INT32_MAX) {
        return CC_UNSUPPORTED;
    }
    matmul->rows = (int32_t)read->rows;
    matmul->columns = (int32_t)read->columns;
    matmul->depth = (int32_t)read->depth;
    batch_steps(read, a, matmul->a_batch);
    batch_steps(read, b, matmul->b_batch);
    batch_steps(read, out, matmul->output_batch);
    for (int i = 0; i < read->batch.rank; i++) {
        int64_t size = read->batch.dims[read->batch.rank - 1 - i];
        if (size > INT32_MAX) {
            return CC_UNSUPPORTED;
        }
        matmul->batch[2 - i] = (int32_t)size;
    }
    return CC_OK;
}

static cc_status lower_product_of_two(cc_cuda_program *program, const cc_node *node,
                                      const cc_matmul *read, cc_error *error)
{
    cc_cuda_axes a = {0};
    cc_cuda_axes b = {0};
    cc_cuda_matmul matmul;
    int left = CC_CUDA_NOBODY;
    int right = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = side(program, node, 0, &left, &a, error);

    if (status == CC_OK) {
        status = side(program, node, 1, &right, &b, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes out = cc_cuda_axes_of(program, output, shape_of(program, node->outputs[0]));
    if (fill(read, &a, &b, &out, &matmul) != CC_OK) {
        return cc_cuda_refuse(node, error, "its matrices are larger than any kernel's");
    }
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_MATMUL, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = left;
    program->steps[step].second = right;
    program->steps[step].output = output;
    program->steps[step].slow = program->storage == CC_CUDA_F16;
    program->steps[step].parameters.matmul = matmul;
    return CC_OK;
}

/* What was fused into the node, as a step of its own. */
static cc_status activate_output(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_cuda_activation activation = cc_cuda_first_activation(node);
    int step;

    if (activation.kind == CC_CUDA_NONE) {
        return CC_OK;
    }
    step = cc_cuda_add_step(program, CC_CUDA_STEP_UNARY, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = program->value_of[node->outputs[0]];
    program->steps[step].output = program->value_of[node->outputs[0]];
    program->steps[step].parameters.unary.activation = activation;
    return CC_OK;
}

cc_status cc_cuda_lower_matmul(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *a = shape_of(program, node->inputs[0]);
    const cc_shape *b = shape_of(program, node->inputs[1]);
    cc_node_call call;
    cc_matmul read = {0};
    cc_status status;

    if (b->rank == 2 && a->rank >= 2 && a->rank != 4 &&
        program->graph->values[node->inputs[1]].is_constant) {
        return cc_cuda_lower_product(program, node, error);
    }
    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    status = cc_matmul_read(&call.call, &read, error);
    if (status != CC_OK) {
        return status;
    }
    if (a->rank < 2 || b->rank < 2 || read.batch.rank > 3) {
        return cc_cuda_refuse(node, error,
                              "there is no GPU kernel for vectors or more than 5 dimensions");
    }
    status = lower_product_of_two(program, node, &read, error);
    if (status == CC_OK) {
        status = activate_output(program, node, error);
    }
    return status == CC_OK
               ? cc_cuda_add_residual(program, node, program->value_of[node->outputs[0]], error)
               : status;
}
