/* GlobalAveragePool and GlobalMaxPool: everything after the channel axis becomes
 * one element. The mean is summed in double, in order. */
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_require(call, 0, CC_TYPES_FLOAT, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    if (shape.rank < 3)
        return cc_op_fail(call, error, CC_MODEL, "the input has %d dimensions, fewer than 3",
                          shape.rank);
    for (int i = 2; i < shape.rank; i++) {
        if (shape.dims[i] < 1)
            return cc_op_fail(call, error, CC_MODEL, "the input is empty");
        shape.dims[i] = 1;
    }
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

static float mean(const float *values, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)values[i];
    return (float)(sum / (double)count);
}

static float maximum(const float *values, int64_t count)
{
    float best = values[0];
    for (int64_t i = 1; i < count; i++)
        best = values[i] > best ? values[i] : best;
    return best;
}

static cc_status run(const cc_op_call *call, float (*pool)(const float *, int64_t))
{
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    const float *input = cc_op_input(call, 0)->data;
    float *output = call->outputs[0]->data;
    int64_t planes = cc_shape_product(shape, 0, 2);
    int64_t area = cc_shape_product(shape, 2, shape->rank);
    for (int64_t i = 0; i < planes; i++)
        output[i] = pool(input + i * area, area);
    return CC_OK;
}

static cc_status run_average(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return run(call, mean);
}

static cc_status run_max(const cc_op_call *call, cc_error *error)
{
    (void)error;
    return run(call, maximum);
}

const cc_operator cc_operator_global_average_pool = {"GlobalAveragePool", 1,    1, 1, infer,
                                                     run_average,         false};
const cc_operator cc_operator_global_max_pool = {"GlobalMaxPool", 1, 1, 1, infer, run_max, false};
