/* Clip: limits as attributes before opset 11, as inputs since. */
#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status check_limit(const cc_op_call *call, int index, cc_error *error)
{
    const cc_tensor *limit = cc_op_input(call, index);
    if (!limit)
        return CC_OK;
    if (limit->dtype != cc_op_input(call, 0)->dtype || cc_shape_elements(&limit->shape) != 1)
        return cc_op_fail(call, error, CC_MODEL, "limit %d must be a scalar of the input's type",
                          index);
    return CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    unsigned types = call->opset < 12 ? CC_TYPES_FLOAT : CC_TYPES_NUMBER | CC_TYPES_BYTE;
    cc_status status = cc_op_infer_like_input(call, types, error);
    if (status == CC_OK && call->opset < 11 && cc_op_input_count(call) > 1)
        return cc_op_fail(call, error, CC_MODEL, "limits are attributes before opset 11");
    for (int i = 1; i < 3 && status == CC_OK; i++)
        status = check_limit(call, i, error);
    return status;
}

static cc_status run_int(const cc_op_call *call)
{
    const cc_tensor *input = cc_op_input(call, 0);
    const cc_tensor *low = cc_op_input(call, 1);
    const cc_tensor *high = cc_op_input(call, 2);
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = cc_get_int(input, i);
        if (low && value < cc_get_int(low, 0))
            value = cc_get_int(low, 0);
        if (high && value > cc_get_int(high, 0))
            value = cc_get_int(high, 0);
        cc_set_int(call->outputs[0], i, value);
    }
    return CC_OK;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, 0);
    cc_fusion fusion;
    if (input->dtype != CC_FLOAT32)
        return run_int(call);
    if (!cc_activation_read(call, &fusion))
        return cc_op_fail(call, error, CC_INTERNAL, "its limits have no value at run time");
    const float *from = input->data;
    float *to = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        to[i] = cc_activate(&fusion, from[i]);
    return CC_OK;
}

const cc_operator cc_operator_clip = {"Clip", 1, 3, 6, infer, run, false};
