/* An activation into the node that computes its input. */
#include <float.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

/* A limit of Clip: attribute before operator set 11, constant input since.
 * False if it is only known at run time. */
static bool clip_limit(cc_rewrite *rewrite, const cc_node *node, int input, const char *name,
                       float fallback, float *limit)
{
    const cc_tensor *constant = cc_rewrite_constant(rewrite, node, input);

    if (cc_rewrite_input(rewrite, node, input) < 0) {
        *limit = cc_node_float(node, name, fallback);
        return true;
    }
    if (constant == NULL || constant->dtype != CC_FLOAT32 ||
        cc_shape_elements(&constant->shape) != 1) {
        return false;
    }
    *limit = (float)cc_tensor_float(constant, 0);
    return true;
}

static bool describe_clip(cc_rewrite *rewrite, const cc_node *node, cc_fusion *fusion)
{
    fusion->activation = CC_ACTIVATION_CLIP;
    return clip_limit(rewrite, node, 1, "min", -FLT_MAX, &fusion->alpha) &&
           clip_limit(rewrite, node, 2, "max", FLT_MAX, &fusion->beta) &&
           fusion->alpha <= fusion->beta;
}

/* The node as an activation with its parameters (ONNX's defaults); false if it
 * is none. */
static bool describe(cc_rewrite *rewrite, const cc_node *node, cc_fusion *fusion)
{
    if (cc_node_is(node, "Relu")) {
        fusion->activation = CC_ACTIVATION_RELU;
    } else if (cc_node_is(node, "LeakyRelu")) {
        fusion->activation = CC_ACTIVATION_LEAKY_RELU;
        fusion->alpha = cc_node_float(node, "alpha", 0.01f);
    } else if (cc_node_is(node, "Clip")) {
        return describe_clip(rewrite, node, fusion);
    } else if (cc_node_is(node, "Sigmoid")) {
        fusion->activation = CC_ACTIVATION_SIGMOID;
    } else if (cc_node_is(node, "HardSigmoid")) {
        fusion->activation = CC_ACTIVATION_HARD_SIGMOID;
        fusion->alpha = cc_node_float(node, "alpha", 0.2f);
        fusion->beta = cc_node_float(node, "beta", 0.5f);
    } else if (cc_node_is(node, "HardSwish")) {
        fusion->activation = CC_ACTIVATION_HARD_SWISH;
    } else if (cc_node_is(node, "Tanh")) {
        fusion->activation = CC_ACTIVATION_TANH;
    } else {
        return false;
    }
    return true;
}

cc_status cc_pass_activation(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];
    cc_fusion fusion = {0};
    cc_node *before;

    (void)error;
    if (!describe(rewrite, node, &fusion)) {
        return CC_OK;
    }
    before = cc_rewrite_sole_producer(rewrite, node, 0);
    if (before == NULL || !before->operator_->can_fuse ||
        before->fusion.activation != CC_ACTIVATION_NONE ||
        rewrite->graph->values[before->outputs[0]].tensor.dtype != CC_FLOAT32) {
        return CC_OK;
    }
    before->fusion = fusion;
    cc_rewrite_absorb(rewrite, before, node);
    return CC_OK;
}
