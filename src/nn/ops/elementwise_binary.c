/* Add, Sub, Mul, Div, Pow: two inputs with NumPy broadcasting. Integers wrap. */
#include <math.h>

#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status infer_types(const cc_op_call *call, bool same_type, cc_error *error)
{
    cc_shape shape;
    cc_status status = CC_OK;
    for (int i = 0; i < 2 && status == CC_OK; i++)
        status = cc_op_require(call, i, CC_TYPES_NUMBER, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *a = cc_op_input(call, 0);
    const cc_tensor *b = cc_op_input(call, 1);
    if (same_type && a->dtype != b->dtype)
        return cc_op_fail(call, error, CC_MODEL, "the inputs are %s and %s; they must agree",
                          cc_dtype_name(a->dtype), cc_dtype_name(b->dtype));
    if (call->node->fusion.activation != CC_ACTIVATION_NONE && a->dtype != CC_FLOAT32)
        return cc_op_fail(call, error, CC_INTERNAL, "an activation is fused onto integers");
    status = cc_op_broadcast(call, &a->shape, &b->shape, &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, a->dtype, &shape, error);
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    return infer_types(call, true, error);
}

static cc_status infer_pow(const cc_op_call *call, cc_error *error)
{
    return infer_types(call, call->opset < 12, error);
}

typedef float (*float_function)(float, float);
typedef int64_t (*int_function)(int64_t, int64_t);

static cc_walker walk(const cc_op_call *call)
{
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, &cc_op_input(call, 0)->shape);
    cc_walker_add_broadcast(&walker, &cc_op_input(call, 1)->shape);
    return walker;
}

static void run_float(const cc_op_call *call, float_function function)
{
    const float *a = cc_op_input(call, 0)->data;
    const float *b = cc_op_input(call, 1)->data;
    float *output = call->outputs[0]->data;
    cc_walker walker = walk(call);
    cc_epilogue epilogue = cc_epilogue_make(call);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        float value = function(a[walker.offset[0]], b[walker.offset[1]]);
        output[i] = cc_epilogue_apply(&epilogue, i, value);
        cc_walker_next(&walker);
    }
}

static void run_int(const cc_op_call *call, int_function function)
{
    cc_walker walker = walk(call);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t a = cc_get_int(cc_op_input(call, 0), walker.offset[0]);
        int64_t b = cc_get_int(cc_op_input(call, 1), walker.offset[1]);
        cc_set_int(call->outputs[0], i, function(a, b));
        cc_walker_next(&walker);
    }
}

static void run_either(const cc_op_call *call, float_function on_floats, int_function on_ints)
{
    if (call->outputs[0]->dtype == CC_FLOAT32)
        run_float(call, on_floats);
    else
        run_int(call, on_ints);
}

static float add_float(float a, float b)
{
    return a + b;
}

static int64_t add_int(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static float subtract_float(float a, float b)
{
    return a - b;
}

static int64_t subtract_int(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static float multiply_float(float a, float b)
{
    return a * b;
}

static int64_t multiply_int(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static float divide_float(float a, float b)
{
    return a / b;
}

/* Towards zero. b = -1 apart, because the smallest / -1 does not fit. */
static int64_t divide_int(int64_t a, int64_t b)
{
    return b == -1 ? subtract_int(0, a) : a / b;
}

static cc_status run_add(const cc_op_call *call, cc_error *error)
{
    (void)error;
    run_either(call, add_float, add_int);
    return CC_OK;
}

static cc_status run_subtract(const cc_op_call *call, cc_error *error)
{
    (void)error;
    run_either(call, subtract_float, subtract_int);
    return CC_OK;
}

static cc_status run_multiply(const cc_op_call *call, cc_error *error)
{
    (void)error;
    run_either(call, multiply_float, multiply_int);
    return CC_OK;
}

static cc_status check_divisor(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *divisor = cc_op_input(call, 1);
    int64_t count = divisor->dtype == CC_FLOAT32 ? 0 : cc_shape_elements(&divisor->shape);
    for (int64_t i = 0; i < count; i++) {
        if (cc_get_int(divisor, i) == 0)
            return cc_op_fail(call, error, CC_MODEL, "divides an integer by zero");
    }
    return CC_OK;
}

static cc_status run_divide(const cc_op_call *call, cc_error *error)
{
    cc_status status = check_divisor(call, error);
    if (status != CC_OK)
        return status;
    run_either(call, divide_float, divide_int);
    return CC_OK;
}

/* base ^ exponent, 0 for a negative exponent unless base is 1 or -1. */
static int64_t power_int(int64_t base, int64_t exponent)
{
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    int64_t result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result = multiply_int(result, base);
        base = multiply_int(base, base);
    }
    return result;
}

/* The result has the base's type, whatever the exponent's is. */
static cc_status run_power(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *base = cc_op_input(call, 0);
    const cc_tensor *exponent = cc_op_input(call, 1);
    if (base->dtype != CC_FLOAT32 && exponent->dtype != CC_FLOAT32) {
        run_int(call, power_int);
        return CC_OK;
    }
    (void)error;
    cc_walker walker = walk(call);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        float value =
            powf(cc_get_float(base, walker.offset[0]), cc_get_float(exponent, walker.offset[1]));
        if (base->dtype == CC_FLOAT32)
            ((float *)call->outputs[0]->data)[i] = value;
        else
            cc_set_int(call->outputs[0], i, cc_float_to_int64(value));
        cc_walker_next(&walker);
    }
    return CC_OK;
}

/* fmod=1: the sign of the dividend, as C has it; fmod=0, for integers only: of the divisor. */
static cc_status infer_modulo(const cc_op_call *call, cc_error *error)
{
    cc_status status = infer_types(call, true, error);
    if (status == CC_OK && cc_op_input(call, 0)->dtype == CC_FLOAT32 &&
        cc_node_int(call->node, "fmod", 0) == 0)
        return cc_op_fail(call, error, CC_MODEL, "takes floats only with fmod=1");
    return status;
}

static int64_t remainder_int(int64_t a, int64_t b)
{
    return b == -1 ? 0 : a % b;
}

static int64_t modulo_int(int64_t a, int64_t b)
{
    int64_t rest = remainder_int(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static cc_status run_modulo(const cc_op_call *call, cc_error *error)
{
    cc_status status = check_divisor(call, error);
    if (status != CC_OK)
        return status;
    run_either(call, fmodf, cc_node_int(call->node, "fmod", 0) != 0 ? remainder_int : modulo_int);
    return CC_OK;
}

const cc_operator cc_operator_mod = {"Mod", 2, 2, 10, infer_modulo, run_modulo, false};
const cc_operator cc_operator_add = {"Add", 2, 2, 7, infer, run_add, true};
const cc_operator cc_operator_sub = {"Sub", 2, 2, 7, infer, run_subtract, false};
const cc_operator cc_operator_mul = {"Mul", 2, 2, 7, infer, run_multiply, true};
const cc_operator cc_operator_div = {"Div", 2, 2, 7, infer, run_divide, false};
const cc_operator cc_operator_pow = {"Pow", 2, 2, 7, infer_pow, run_power, false};
