/* PRelu: a slope below zero that is broadcast onto the input. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_shape shape;
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_FLOAT, error);
    if (status != CC_OK)
        return status;
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    status = cc_op_broadcast(call, input, &cc_op_input(call, 1)->shape, &shape, error);
    if (status == CC_OK && !cc_shape_equal(&shape, input))
        return cc_op_fail(call, error, CC_MODEL, "the slope is larger than the input");
    return status;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    (void)error;
    const float *input = cc_op_input(call, 0)->data;
    const float *slope = cc_op_input(call, 1)->data;
    float *output = call->outputs[0]->data;
    cc_walker walker = cc_walker_make(&cc_op_input(call, 0)->shape);
    cc_walker_add_broadcast(&walker, &cc_op_input(call, 1)->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        output[i] = input[i] < 0.0F ? input[i] * slope[walker.offset[0]] : input[i];
        cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_p_relu = {"PRelu", 2, 2, 7, infer, run, false};
