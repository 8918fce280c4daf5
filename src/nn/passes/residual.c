/* The sum of two values into the node that computes one of them. */
#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

/* Operators that go over their output once at the end anyway. Fusing a sum into
 * another sum would save a pass over memory too, but needs kernels of its own. */
static bool can_take_residual(const cc_node *node, const cc_node *sum)
{
    bool one_activation = node->fusion.activation == CC_ACTIVATION_NONE ||
                          sum->fusion.activation == CC_ACTIVATION_NONE;

    return one_activation &&
           (cc_node_is(node, "Conv") || cc_node_is(node, "ConvTranspose") ||
            cc_node_is(node, "Gemm") || cc_node_is(node, "MatMul")) &&
           node->operator_->can_fuse && node->fusion.residual == CC_RESIDUAL_NONE;
}

static bool same_everywhere(const cc_rewrite *rewrite, const cc_node *sum, int a, int b)
{
    const cc_value *values = rewrite->graph->values;
    const cc_tensor *result = &values[sum->outputs[0]].tensor;

    return result->dtype == CC_FLOAT32 && cc_shape_equal(&values[a].tensor.shape, &result->shape) &&
           cc_shape_equal(&values[b].tensor.shape, &result->shape);
}

/* Of two candidates the later one: the other's result is then there anyway, and
 * the order of the file need not change. */
static cc_node *choose(cc_rewrite *rewrite, const cc_node *sum, int *residual)
{
    cc_node *chosen = NULL;

    for (int side = 0; side < 2; side++) {
        cc_node *candidate = cc_rewrite_sole_producer(rewrite, sum, side);
        int other = cc_rewrite_input(rewrite, sum, 1 - side);
        if (candidate == NULL || !can_take_residual(candidate, sum) ||
            rewrite->graph->values[other].is_constant) {
            continue;
        }
        if (chosen == NULL || candidate > chosen) {
            chosen = candidate;
            *residual = other;
        }
    }
    return chosen;
}

/* The residual comes after the operator's own inputs, optional ones included. */
static cc_status append_residual(cc_rewrite *rewrite, cc_node *node, int residual, cc_error *error)
{
    enum { MOST = 4 }; /* Conv, ConvTranspose, Gemm and MatMul have at most 3 of their own */
    int inputs[MOST];
    int own = node->operator_->maximum_inputs;

    if (own >= MOST) {
        return cc_fail(error, CC_INTERNAL, "node '%s' (%s) has no room for a residual", node->name,
                       node->op_type);
    }
    for (int i = 0; i < own; i++) {
        inputs[i] = cc_rewrite_input(rewrite, node, i);
    }
    inputs[own] = residual;
    return cc_rewrite_set_inputs(rewrite, node, inputs, own + 1, error);
}

cc_status cc_pass_residual(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *sum = &rewrite->graph->nodes[index];
    int a = cc_rewrite_input(rewrite, sum, 0);
    int b = cc_rewrite_input(rewrite, sum, 1);
    int residual = -1;
    cc_node *node;
    cc_status status;

    if (!cc_node_is(sum, "Add") || a == b || !same_everywhere(rewrite, sum, a, b)) {
        return CC_OK;
    }
    node = choose(rewrite, sum, &residual);
    if (node == NULL) {
        return CC_OK;
    }
    status = append_residual(rewrite, node, residual, error);
    if (status == CC_OK) {
        if (node->fusion.activation == CC_ACTIVATION_NONE) {
            node->fusion = sum->fusion; /* the activation of the sum, if it has one */
            node->fusion.residual = CC_RESIDUAL_BEFORE;
        } else {
            node->fusion.residual = CC_RESIDUAL_AFTER;
        }
        cc_rewrite_absorb(rewrite, node, sum);
    }
    return status;
}
