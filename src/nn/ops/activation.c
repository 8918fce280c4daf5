#include "nn/ops/activation.h"

#include <math.h>
#include <string.h>

#include "nn/ops/support.h"

/* max(low, min(high, x)), a NaN staying NaN. */
static float clip(float x, float low, float high)
{
    float limited = x < low ? low : x;
    return limited > high ? high : limited;
}

/* Written with an exponential that cannot overflow on either side. */
static float sigmoid(float x)
{
    if (x >= 0.0F)
        return 1.0F / (1.0F + expf(-x));
    float power = expf(x);
    return power / (1.0F + power);
}

float cc_activate(const cc_fusion *fusion, float x)
{
    switch (fusion->activation) {
    case CC_ACTIVATION_RELU: return x < 0.0F ? 0.0F : x;
    case CC_ACTIVATION_LEAKY_RELU: return x < 0.0F ? fusion->alpha * x : x;
    case CC_ACTIVATION_CLIP: return clip(x, fusion->alpha, fusion->beta);
    case CC_ACTIVATION_SIGMOID: return sigmoid(x);
    case CC_ACTIVATION_HARD_SIGMOID: return clip(fusion->alpha * x + fusion->beta, 0.0F, 1.0F);
    case CC_ACTIVATION_HARD_SWISH: return x * clip(x / 6.0F + 0.5F, 0.0F, 1.0F);
    case CC_ACTIVATION_TANH: return tanhf(x);
    case CC_ACTIVATION_NONE: break;
    }
    return x;
}

/* One limit of Clip: attribute before opset 11, constant scalar input since. */
static bool read_limit(const cc_op_call *call, const char *name, int index, float fallback,
                       float *limit)
{
    *limit = fallback;
    if (call->opset < 11) {
        *limit = cc_node_float(call->node, name, fallback);
        return true;
    }
    const cc_tensor *input = cc_op_input(call, index);
    if (!input)
        return true;
    if (!input->data || cc_shape_elements(&input->shape) != 1)
        return false;
    *limit = cc_get_float(input, 0);
    return true;
}

static bool read_clip(const cc_op_call *call, cc_fusion *fusion)
{
    fusion->activation = CC_ACTIVATION_CLIP;
    return read_limit(call, "min", 1, -INFINITY, &fusion->alpha) &&
           read_limit(call, "max", 2, INFINITY, &fusion->beta);
}

bool cc_activation_read(const cc_op_call *call, cc_fusion *fusion)
{
    static const struct {
        const char *op_type;
        cc_activation activation;
        float alpha; /* ONNX default */
        float beta;
    } known[] = {
        {"Relu", CC_ACTIVATION_RELU, 0.0F, 0.0F},
        {"LeakyRelu", CC_ACTIVATION_LEAKY_RELU, 0.01F, 0.0F},
        {"Sigmoid", CC_ACTIVATION_SIGMOID, 0.0F, 0.0F},
        {"HardSigmoid", CC_ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F},
        {"HardSwish", CC_ACTIVATION_HARD_SWISH, 0.0F, 0.0F},
        {"Tanh", CC_ACTIVATION_TANH, 0.0F, 0.0F},
    };
    const cc_node *node = call->node;
    *fusion = (cc_fusion){0};
    if (strcmp(node->op_type, "Clip") == 0) {
        if (read_clip(call, fusion))
            return true;
        *fusion = (cc_fusion){0};
        return false;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(node->op_type, known[i].op_type) == 0) {
            fusion->activation = known[i].activation;
            fusion->alpha = cc_node_float(node, "alpha", known[i].alpha);
            fusion->beta = cc_node_float(node, "beta", known[i].beta);
            return true;
        }
    }
    return false;
}

cc_epilogue cc_epilogue_make(const cc_op_call *call)
{
    const cc_tensor *residual = cc_op_residual(call);
    return (cc_epilogue){call->node->fusion, residual ? residual->data : NULL};
}

float cc_epilogue_apply(const cc_epilogue *epilogue, int64_t index, float x)
{
    const cc_fusion *fusion = &epilogue->fusion;
    if (!epilogue->residual)
        return cc_activate(fusion, x);
    float residual = epilogue->residual[index];
    if (fusion->residual == CC_RESIDUAL_BEFORE)
        return cc_activate(fusion, x + residual);
    return cc_activate(fusion, x) + residual;
}
