/* Element-wise operators of one input. */
#include <math.h>

#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer_float(const cc_op_call *call, cc_error *error)
{
    return cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
}

static cc_status infer_number(const cc_op_call *call, cc_error *error)
{
    return cc_op_infer_like_input(call, CC_TYPES_NUMBER, error);
}

/* Relu, LeakyRelu, Sigmoid, HardSigmoid, HardSwish and Tanh: whatever a fusion
 * can also do. */
static cc_status run_activation(const cc_op_call *call, cc_error *error)
{
    cc_fusion fusion;
    if (!cc_activation_read(call, &fusion))
        return cc_op_fail(call, error, CC_INTERNAL, "is not an activation");
    const cc_tensor *input = cc_op_input(call, 0);
    const float *from = input->data;
    float *to = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        to[i] = cc_activate(&fusion, from[i]);
    return CC_OK;
}

typedef float (*float_function)(float);

static cc_status map_float(const cc_op_call *call, float_function function)
{
    const cc_tensor *input = cc_op_input(call, 0);
    const float *from = input->data;
    float *to = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        to[i] = function(from[i]);
    return CC_OK;
}

static float reciprocal(float x)
{
    return 1.0F / x;
}

static float negate(float x)
{
    return -x;
}

static float sign(float x)
{
    return x > 0.0F ? 1.0F : x < 0.0F ? -1.0F : x; /* 0 and NaN stay */
}

/* log(1 + exp(x)) without overflow for large x. */
static float softplus(float x)
{
    return x > 0.0F ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

/* Map by a float function; `error` is unused because nothing can fail. */
#define FLOAT_RUN(name, function)                                                                  \
    static cc_status run_##name(const cc_op_call *call, cc_error *error)                           \
    {                                                                                              \
        (void)error;                                                                               \
        return map_float(call, function);                                                          \
    }

FLOAT_RUN(sqrt, sqrtf)
FLOAT_RUN(sin, sinf)
FLOAT_RUN(cos, cosf)
FLOAT_RUN(sign, sign)
FLOAT_RUN(exp, expf)
FLOAT_RUN(log, logf)
FLOAT_RUN(erf, erff)
FLOAT_RUN(floor, floorf)
FLOAT_RUN(ceil, ceilf)
FLOAT_RUN(round, rintf) /* ONNX: halves to even, the default rounding mode */
FLOAT_RUN(reciprocal, reciprocal)
FLOAT_RUN(softplus, softplus)

/* Integers wrap: the negative of the smallest is itself. */
static cc_status map_sign(const cc_op_call *call, float_function function, bool absolute)
{
    const cc_tensor *input = cc_op_input(call, 0);
    if (input->dtype == CC_FLOAT32)
        return map_float(call, function);
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = cc_get_int(input, i);
        bool negated = !absolute || value < 0;
        cc_set_int(call->outputs[0], i, negated ? (int64_t)(0 - (uint64_t)value) : value);
    }
    return CC_OK;
}

static cc_status run_negate(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return map_sign(call, negate, false);
}

static cc_status run_absolute(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return map_sign(call, fabsf, true);
}

static float gelu_exact(float x)
{
    return 0.5F * x * (1.0F + erff(x * 0.70710678F)); /* 1/sqrt(2) */
}

/* Hendrycks and Gimpel 2016, as ONNX 20 gives it: sqrt(2/pi) and 0.044715. */
static float gelu_tanh(float x)
{
    return 0.5F * x * (1.0F + tanhf(0.79788456F * (x + 0.044715F * x * x * x)));
}

static bool gelu_is_tanh(const cc_op_call *call)
{
    return cc_node_string(call->node, "approximate", "none")[0] == 't';
}

static cc_status run_gelu(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return map_float(call, gelu_is_tanh(call) ? gelu_tanh : gelu_exact);
}

static cc_status infer_logical(const cc_op_call *call, cc_error *error)
{
    return cc_op_infer_like_input(call, CC_TYPE(CC_BOOL), error);
}

static cc_status run_not(const cc_op_call *call, cc_error *error)
{
    (void)error;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        cc_set_int(call->outputs[0], i, cc_get_int(input, i) == 0);
    return CC_OK;
}

#define UNARY(object, name, opset, infer, run)                                                     \
    const cc_operator cc_operator_##object = {name, 1, 1, opset, infer, run, false};

UNARY(relu, "Relu", 1, infer_float, run_activation)
UNARY(leaky_relu, "LeakyRelu", 1, infer_float, run_activation)
UNARY(sigmoid, "Sigmoid", 1, infer_float, run_activation)
UNARY(hard_sigmoid, "HardSigmoid", 1, infer_float, run_activation)
UNARY(hard_swish, "HardSwish", 14, infer_float, run_activation)
UNARY(tanh, "Tanh", 1, infer_float, run_activation)
UNARY(sqrt, "Sqrt", 1, infer_float, run_sqrt)
UNARY(sin, "Sin", 7, infer_float, run_sin)
UNARY(cos, "Cos", 7, infer_float, run_cos)
UNARY(sign, "Sign", 9, infer_float, run_sign)
UNARY(exp, "Exp", 1, infer_float, run_exp)
UNARY(log, "Log", 1, infer_float, run_log)
UNARY(erf, "Erf", 9, infer_float, run_erf)
UNARY(floor, "Floor", 1, infer_float, run_floor)
UNARY(ceil, "Ceil", 1, infer_float, run_ceil)
UNARY(round, "Round", 11, infer_float, run_round)
UNARY(reciprocal, "Reciprocal", 1, infer_float, run_reciprocal)
UNARY(softplus, "Softplus", 1, infer_float, run_softplus)
UNARY(gelu, "Gelu", 20, infer_float, run_gelu)
UNARY(neg, "Neg", 1, infer_number, run_negate)
UNARY(abs, "Abs", 1, infer_number, run_absolute)
UNARY(not, "Not", 1, infer_logical, run_not)
