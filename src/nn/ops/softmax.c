/* Softmax: exp(x - max) / sum, so that nothing overflows. Before opset 13 the
 * tensor is read as a matrix whose columns begin at the axis. The sum is taken
 * in float, in order. */
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status read_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    int rank = cc_op_input(call, 0)->shape.rank;
    int64_t stated = cc_node_int(call->node, "axis", call->opset < 13 ? 1 : -1);
    if (call->opset < 13 && stated == rank) { /* allowed: every column of its own */
        *axis = rank;
        return CC_OK;
    }
    return cc_op_axis(call, stated, rank, axis, error);
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = read_axis(call, &axis, error);
    return status;
}

/* `length` values, `step` elements apart. */
static void softmax(const float *from, float *to, int64_t length, int64_t step)
{
    float maximum = -INFINITY;
    float sum = 0.0F;
    for (int64_t i = 0; i < length; i++)
        maximum = from[i * step] > maximum ? from[i * step] : maximum;
    for (int64_t i = 0; i < length; i++) {
        to[i * step] = expf(from[i * step] - maximum);
        sum += to[i * step];
    }
    for (int64_t i = 0; i < length; i++)
        to[i * step] /= sum;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    bool matrix = call->opset < 13;
    int64_t outer = cc_shape_product(shape, 0, axis);
    int64_t length = matrix ? cc_shape_product(shape, axis, shape->rank) : shape->dims[axis];
    int64_t inner = matrix ? 1 : cc_shape_product(shape, axis + 1, shape->rank);
    const float *from = cc_op_input(call, 0)->data;
    float *to = call->outputs[0]->data;
    if (cc_shape_elements(shape) == 0)
        return CC_OK;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++)
            softmax(from + o * length * inner + i, to + o * length * inner + i, length, inner);
    return CC_OK;
}

const cc_operator cc_operator_softmax = {"Softmax", 1, 1, 1, infer, run, false};
