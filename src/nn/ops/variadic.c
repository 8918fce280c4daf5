/* Min, Max, Sum, Mean of any number of inputs, with broadcasting. */
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status infer(const cc_op_call *call, unsigned types, cc_error *error)
{
    cc_shape shape = {0};
    for (int i = 0; i < cc_op_input_count(call); i++) {
        cc_status status = cc_op_require(call, i, types, error);
        if (status == CC_OK)
            status = cc_op_broadcast(call, &shape, &cc_op_input(call, i)->shape, &shape, error);
        if (status != CC_OK)
            return status;
        if (cc_op_input(call, i)->dtype != cc_op_input(call, 0)->dtype)
            return cc_op_fail(call, error, CC_MODEL, "the inputs differ in type");
    }
    if (cc_op_input_count(call) < 1)
        return cc_op_fail(call, error, CC_MODEL, "has no inputs");
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status infer_limit(const cc_op_call *call, cc_error *error)
{
    return infer(call, call->opset < 12 ? CC_TYPES_FLOAT : CC_TYPES_NUMBER, error);
}

static cc_status infer_total(const cc_op_call *call, cc_error *error)
{
    return infer(call, CC_TYPES_FLOAT, error);
}

/* A NaN wins, as in NumPy. */
static float smaller(float a, float b)
{
    return isnan(a) || a < b ? a : b;
}

static float larger(float a, float b)
{
    return isnan(a) || a > b ? a : b;
}

static float add(float a, float b)
{
    return a + b;
}

static int64_t smaller_int(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger_int(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

typedef float (*float_function)(float, float);
typedef int64_t (*int_function)(int64_t, int64_t);

/* Fold one more input into the output; the first just sets it. */
static void fold_floats(const cc_op_call *call, int index, float_function function)
{
    const float *input = cc_op_input(call, index)->data;
    float *output = call->outputs[0]->data;
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, &cc_op_input(call, index)->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        float value = input[walker.offset[0]];
        output[i] = index == 0 ? value : function(output[i], value);
        cc_walker_next(&walker);
    }
}

static void fold_ints(const cc_op_call *call, int index, int_function function)
{
    const cc_tensor *input = cc_op_input(call, index);
    const cc_tensor *output = call->outputs[0];
    cc_walker walker = cc_walker_make(&output->shape);
    cc_walker_add_broadcast(&walker, &input->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = cc_get_int(input, walker.offset[0]);
        cc_set_int(output, i, index == 0 ? value : function(cc_get_int(output, i), value));
        cc_walker_next(&walker);
    }
}

static cc_status run_limit(const cc_op_call *call, float_function on_floats, int_function on_ints)
{
    for (int i = 0; i < cc_op_input_count(call); i++) {
        if (call->outputs[0]->dtype == CC_FLOAT32)
            fold_floats(call, i, on_floats);
        else
            fold_ints(call, i, on_ints);
    }
    return CC_OK;
}

static cc_status run_min(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return run_limit(call, smaller, smaller_int);
}

static cc_status run_max(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return run_limit(call, larger, larger_int);
}

static cc_status run_sum(const cc_op_call *call, cc_error *error)
{
    (void)error;
    for (int i = 0; i < cc_op_input_count(call); i++)
        fold_floats(call, i, add);
    return CC_OK;
}

static cc_status run_mean(const cc_op_call *call, cc_error *error)
{
    float *output = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&call->outputs[0]->shape);
    cc_status status = run_sum(call, error);
    for (int64_t i = 0; i < count; i++)
        output[i] /= (float)cc_op_input_count(call);
    return status;
}

const cc_operator cc_operator_min = {"Min", 1, CC_MAX_INPUTS, 8, infer_limit, run_min, false};
const cc_operator cc_operator_max = {"Max", 1, CC_MAX_INPUTS, 8, infer_limit, run_max, false};
const cc_operator cc_operator_sum = {"Sum", 1, CC_MAX_INPUTS, 8, infer_total, run_sum, false};
const cc_operator cc_operator_mean = {"Mean", 1, CC_MAX_INPUTS, 8, infer_total, run_mean, false};
