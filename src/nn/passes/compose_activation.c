/* Activations that exports spell out. */
#include <math.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

/* HardSwish(x) = x * HardSigmoid(x) with slope 1/6 and offset 1/2 (ONNX). */
static bool is_hard_swish_gate(cc_rewrite *rewrite, const cc_node *gate, int x)
{
    return cc_node_is(gate, "HardSigmoid") && cc_rewrite_input(rewrite, gate, 0) == x &&
           fabsf(cc_node_float(gate, "alpha", 0.2f) - 1.0f / 6.0f) < 1e-6f &&
           cc_node_float(gate, "beta", 0.5f) == 0.5f;
}

static cc_status become(cc_rewrite *rewrite, cc_node *node, const char *op_type, int x,
                        cc_error *error)
{
    const cc_operator *found = cc_operator_find(op_type);
    cc_status status;

    if (found == NULL) {
        return CC_OK;
    }
    status = cc_rewrite_set_inputs(rewrite, node, &x, 1, error);
    if (status == CC_OK) {
        node->op_type = op_type; /* static text lives longer than the arena */
        node->operator_ = found;
    }
    return status;
}

static cc_status compose_hard_swish(cc_rewrite *rewrite, cc_node *node, cc_error *error)
{
    for (int side = 0; side < 2; side++) {
        int x = cc_rewrite_input(rewrite, node, side);
        const cc_node *gate = cc_rewrite_sole_producer(rewrite, node, 1 - side);
        if (gate != NULL && is_hard_swish_gate(rewrite, gate, x)) {
            return become(rewrite, node, "HardSwish", x, error);
        }
    }
    return CC_OK;
}

static cc_status compose_leaky_relu(cc_rewrite *rewrite, cc_node *node, cc_error *error)
{
    cc_graph *graph = rewrite->graph;
    const cc_tensor *slope = cc_rewrite_constant(rewrite, node, 1);
    const cc_tensor *result = &graph->values[node->outputs[0]].tensor;
    int x = cc_rewrite_input(rewrite, node, 0);
    cc_attribute *alpha;

    if (slope == NULL || slope->dtype != CC_FLOAT32 || cc_shape_elements(&slope->shape) != 1 ||
        !cc_shape_equal(&result->shape, &graph->values[x].tensor.shape)) {
        return CC_OK;
    }
    alpha = cc_arena_alloc(&graph->arena, 1, sizeof *alpha);
    if (alpha == NULL) {
        return cc_fail_memory(error, sizeof *alpha);
    }
    *alpha = (cc_attribute){
        .name = "alpha", .kind = CC_ATTRIBUTE_FLOAT, .f = (float)cc_tensor_float(slope, 0)};
    node->attributes = alpha;
    node->attribute_count = 1;
    return become(rewrite, node, "LeakyRelu", x, error);
}

cc_status cc_pass_compose_activation(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];

    if (cc_node_is(node, "Mul")) {
        return compose_hard_swish(rewrite, node, error);
    }
    return cc_node_is(node, "PRelu") ? compose_leaky_relu(rewrite, node, error) : CC_OK;
}
