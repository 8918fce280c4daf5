/* ArgMax: position of the largest element along one axis. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_NUMBER | CC_TYPES_BYTE, error);
    if (status == CC_OK)
        status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    bool keep = cc_node_int(call->node, "keepdims", 1) != 0;
    cc_shape shape = {0};
    if (input->dims[axis] < 1)
        return cc_op_fail(call, error, CC_MODEL, "axis %d is empty", axis);
    for (int i = 0; i < input->rank; i++) {
        if (i != axis || keep)
            shape.dims[shape.rank++] = i == axis ? 1 : input->dims[i];
    }
    return cc_op_set_output(call, 0, CC_INT64, &shape, error);
}

static bool greater(const cc_tensor *tensor, int64_t a, int64_t b)
{
    if (tensor->dtype == CC_FLOAT32)
        return cc_get_float(tensor, a) > cc_get_float(tensor, b);
    return cc_get_int(tensor, a) > cc_get_int(tensor, b);
}

/* Of equal elements the first, or the last if asked for. */
static int64_t find(const cc_tensor *tensor, int64_t base, int64_t length, int64_t step, bool last)
{
    int64_t best = 0;
    for (int64_t i = 1; i < length; i++) {
        int64_t here = base + i * step;
        int64_t there = base + best * step;
        if (last ? !greater(tensor, there, here) : greater(tensor, here, there))
            best = i;
    }
    return best;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    bool last = call->opset >= 12 && cc_node_int(call->node, "select_last_index", 0) != 0;
    int64_t length = input->shape.dims[axis];
    int64_t inner = cc_shape_product(&input->shape, axis + 1, input->shape.rank);
    int64_t count = cc_shape_elements(&call->outputs[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t base = i / inner * length * inner + i % inner;
        cc_set_int(call->outputs[0], i, find(input, base, length, inner, last));
    }
    return CC_OK;
}

const cc_operator cc_operator_arg_max = {"ArgMax", 1, 1, 1, infer, run, false};
