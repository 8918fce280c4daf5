/* Activations, functions, arithmetic and softmax. */
#include <string.h>

#include "nn/cuda/lower.h"
#include "nn/ops/activation.h"

static cc_status add_unary(cc_cuda_program *program, const cc_node *node,
                           cc_cuda_activation activation, cc_error *error)
{
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_UNARY, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = input;
    program->steps[step].output = output;
    program->steps[step].parameters.unary.activation = activation;
    return CC_OK;
}

cc_status cc_cuda_lower_activation(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_node_call call;
    cc_fusion fusion = {0};

    if (!cc_node_call_make(program->graph, node, &call) ||
        !cc_activation_read(&call.call, &fusion)) {
        return cc_cuda_refuse(node, error, "its limits are not constants");
    }
    return add_unary(program, node,
                     (cc_cuda_activation){(int32_t)fusion.activation, fusion.alpha, fusion.beta},
                     error);
}

cc_status cc_cuda_lower_function(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    static const struct {
        const char *op_type;
        int32_t kind;
    } functions[] = {
        {"Abs", CC_CUDA_ABS},     {"Neg", CC_CUDA_NEGATE},       {"Exp", CC_CUDA_EXP},
        {"Log", CC_CUDA_LOG},     {"Sqrt", CC_CUDA_SQRT},        {"Reciprocal", CC_CUDA_RECIPROCAL},
        {"Floor", CC_CUDA_FLOOR}, {"Ceil", CC_CUDA_CEIL},        {"Round", CC_CUDA_ROUND},
        {"Erf", CC_CUDA_ERF},     {"Softplus", CC_CUDA_SOFTPLUS}};

    if (strcmp(node->op_type, "Gelu") == 0) {
        const cc_attribute *form = cc_node_attribute(node, "approximate");
        bool by_tanh = form != NULL && form->string != NULL && strcmp(form->string, "tanh") == 0;
        return add_unary(program, node,
                         (cc_cuda_activation){.kind = by_tanh ? CC_CUDA_GELU_TANH : CC_CUDA_GELU},
                         error);
    }

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(node->op_type, functions[i].op_type) == 0) {
            return add_unary(program, node, (cc_cuda_activation){.kind = functions[i].kind}, error);
        }
    }
    return cc_cuda_refuse(node, error, "there is no GPU kernel for this function");
}

/* ---- two operands and more ---- */

static int32_t operation_of(const cc_node *node)
{
    static const struct {
        const char *op_type;
        int32_t operation;
    } operations[] = {{"Add", CC_CUDA_ADD},    {"Sub", CC_CUDA_SUBTRACT}, {"Mul", CC_CUDA_MULTIPLY},
                      {"Div", CC_CUDA_DIVIDE}, {"Min", CC_CUDA_MINIMUM},  {"Max", CC_CUDA_MAXIMUM},
                      {"Pow", CC_CUDA_POWER},  {"Sum", CC_CUDA_ADD},      {"PRelu", CC_CUDA_SLOPE}};

    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(node->op_type, operations[i].op_type) == 0) {
            return operations[i].operation;
        }
    }
    return CC_CUDA_ADD;
}

static cc_status add_binary(cc_cuda_program *program, const cc_node *node, int a, int b, int output,
                            cc_error *error)
{
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_BINARY, node);

    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = a;
    program->steps[step].second = b;
    program->steps[step].output = output;
    program->steps[step].parameters.binary.operation = operation_of(node);
    return CC_OK;
}

/* One operand is copied (Sum, Min and Max may have just one). */
static cc_status lower_single(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    return add_unary(program, node, (cc_cuda_activation){0}, error);
}

/* a op b, then op c over the result, and so on. */
cc_status cc_cuda_lower_arithmetic(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    int operands = node->input_count - (node->fusion.residual != CC_RESIDUAL_NONE);
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    int left = CC_CUDA_NOBODY;
    int right = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status;

    if (operands == 1) {
        return lower_single(program, node, error);
    }
    status = cc_cuda_operand(program, node, 0, shape, &left, error);
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    for (int i = 1; i < operands && status == CC_OK; i++) {
        status = cc_cuda_operand(program, node, i, shape, &right, error);
        if (status == CC_OK) {
            status = add_binary(program, node, left, right, output, error);
        }
        left = output;
    }
    if (status != CC_OK) {
        return status;
    }
    program->steps[program->step_count - 1].parameters.binary.activation =
        cc_cuda_first_activation(node);
    return cc_cuda_add_residual(program, node, output, error);
}

/* ---- softmax ---- */

/* Over an axis that is not the channels: they are made rows, and moved back. */
static cc_status softmax_of_axis(cc_cuda_program *program, const cc_node *node, int axis,
                                 cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    int order[CC_MAX_RANK];
    int count = 0;
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    int rows = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    for (int i = 0; i < shape->rank; i++) {
        if (i != axis) {
            order[count++] = i;
        }
    }
    order[count] = axis;
    if (status == CC_OK) {
        status = cc_cuda_add_rows(program, node, input, shape, order, 1, &rows, error);
    }
    if (status != CC_OK) {
        return status;
    }
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_SOFTMAX, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = rows;
    program->steps[step].output = rows;
    status = cc_cuda_output(program, node, &output, error);
    return status == CC_OK ? cc_cuda_add_unrows(program, node, rows, shape, order, output, error)
                           : status;
}

cc_status cc_cuda_lower_softmax(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    bool matrix = program->graph->opset < 13;
    int64_t axis = cc_node_int(node, "axis", matrix ? 1 : -1);
    cc_status status;

    axis += axis < 0 ? shape->rank : 0;
    if (axis < 0 || axis >= shape->rank || (matrix && axis != shape->rank - 1)) {
        return cc_cuda_refuse(node, error, "there is only a GPU kernel for softmax over one axis");
    }
    if (axis != (shape->rank == 4 ? 1 : shape->rank - 1)) {
        return softmax_of_axis(program, node, (int)axis, error);
    }
    status = add_unary(program, node, (cc_cuda_activation){0}, error);
    if (status == CC_OK) {
        program->steps[program->step_count - 1].kind = CC_CUDA_STEP_SOFTMAX;
    }
    return status;
}
