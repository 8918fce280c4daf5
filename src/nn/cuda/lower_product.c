/* Gemm and MatMul by constant weights: the heads of small networks. */
#include <string.h>

#include "nn/cuda/lower.h"

/* Weights as [output][input] and bias, as the kernel wants them. */
typedef struct product {
    const float *b;  /* ONNX's second matrix */
    bool transposed; /* [columns][depth] already */
    size_t depth;
    size_t columns;
    float alpha;
    float beta;
    const cc_tensor *addend; /* NULL = none */
} product;

static cc_status read_product(const cc_cuda_program *program, const cc_node *node, product *read,
                              cc_error *error)
{
    const cc_value *weights = &program->graph->values[node->inputs[1]];
    bool gemm = strcmp(node->op_type, "Gemm") == 0;
    const cc_shape *shape = &weights->tensor.shape;
    int addend = gemm && node->input_count > 2 &&
                         !(node->fusion.residual != CC_RESIDUAL_NONE && node->input_count == 3)
                     ? node->inputs[2]
                     : -1;

    if (!weights->is_constant || shape->rank != 2 ||
        program->graph->values[node->inputs[0]].tensor.shape.rank == 4 ||
        (gemm && cc_node_int(node, "transA", 0) != 0)) {
        return cc_cuda_refuse(node, error,
                              "there is only a GPU kernel for rows times a constant matrix");
    }
    if (addend >= 0 && !program->graph->values[addend].is_constant) {
        return cc_cuda_refuse(node, error, "its addend is not a constant");
    }
    *read = (product){.b = weights->tensor.data,
                      .transposed = gemm && cc_node_int(node, "transB", 0) != 0,
                      .alpha = gemm ? cc_node_float(node, "alpha", 1.0F) : 1.0F,
                      .beta = gemm ? cc_node_float(node, "beta", 1.0F) : 1.0F,
                      .addend = addend >= 0 ? &program->graph->values[addend].tensor : NULL};
    read->columns = (size_t)shape->dims[read->transposed ? 0 : 1];
    read->depth = (size_t)shape->dims[read->transposed ? 1 : 0];
    return CC_OK;
}

static cc_status add_weights(cc_cuda_program *program, const product *read, cc_cuda_step *step,
                             cc_error *error)
{
    float *weights = cc_arena_alloc(&program->arena, read->columns * read->depth, sizeof *weights);

    if (weights == NULL) {
        return cc_cuda_no_room(error);
    }
    for (size_t n = 0; n < read->columns; n++) {
        for (size_t k = 0; k < read->depth; k++) {
            weights[n * read->depth + k] =
                read->alpha *
                read->b[read->transposed ? n * read->depth + k : k * read->columns + n];
        }
    }
    step->constants[0] =
        cc_cuda_add_constant(program, weights, read->columns * read->depth * sizeof *weights);
    return step->constants[0] == CC_CUDA_NOWHERE ? cc_cuda_no_room(error) : CC_OK;
}

/* The addend must be one row, or one number, for all rows. */
static cc_status add_bias(cc_cuda_program *program, const cc_node *node, const product *read,
                          cc_cuda_step *step, cc_error *error)
{
    int64_t count;
    float *bias;

    if (read->addend == NULL) {
        return CC_OK;
    }
    count = cc_shape_elements(&read->addend->shape);
    if (count != 1 && !(count == (int64_t)read->columns &&
                        read->addend->shape.dims[read->addend->shape.rank - 1] == count)) {
        return cc_cuda_refuse(node, error, "its addend differs from row to row");
    }
    bias = cc_arena_alloc(&program->arena, read->columns, sizeof *bias);
    if (bias == NULL) {
        return cc_cuda_no_room(error);
    }
    for (size_t n = 0; n < read->columns; n++) {
        bias[n] = read->beta * ((const float *)read->addend->data)[count == 1 ? 0 : n];
    }
    step->constants[1] = cc_cuda_add_constant(program, bias, read->columns * sizeof *bias);
    return step->constants[1] == CC_CUDA_NOWHERE ? cc_cuda_no_room(error) : CC_OK;
}

cc_status cc_cuda_lower_product(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    product read = {0};
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = read_product(program, node, &read, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    int index = cc_cuda_add_step(program, CC_CUDA_STEP_GEMM, node);
    if (index == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    cc_cuda_step *step = &program->steps[index];
    step->input = input;
    step->output = output;
    step->parameters.gemm.activation = cc_cuda_first_activation(node);
    status = add_weights(program, &read, step, error);
    if (status == CC_OK) {
        status = add_bias(program, node, &read, step, error);
    }
    return status == CC_OK ? cc_cuda_add_residual(program, node, output, error) : status;
}
