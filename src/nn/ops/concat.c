/* Concat along one axis. */
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status read_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    int64_t stated = cc_node_int(call->node, "axis", 1);
    if (call->opset >= 4 && !cc_node_attribute(call->node, "axis"))
        return cc_op_fail(call, error, CC_MODEL, "attribute axis is missing");
    return cc_op_axis(call, stated, cc_op_input(call, 0)->shape.rank, axis, error);
}

/* Add input `index` to the shape of those before it. */
static cc_status append(const cc_op_call *call, int index, int axis, cc_shape *shape,
                        cc_error *error)
{
    cc_status status = cc_op_require(call, index, CC_TYPES_ANY, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, index);
    if (input->dtype != cc_op_input(call, 0)->dtype)
        return cc_op_fail(call, error, CC_MODEL, "input %d has another type than input 0", index);
    cc_shape expected = *shape;
    if (input->shape.rank == shape->rank)
        expected.dims[axis] = input->shape.dims[axis];
    if (!cc_shape_equal(&input->shape, &expected)) {
        char text[2][160];
        return cc_op_fail(call, error, CC_MODEL, "input %d of %s does not fit onto %s", index,
                          cc_shape_text(&input->shape, text[0], sizeof text[0]),
                          cc_shape_text(shape, text[1], sizeof text[1]));
    }
    shape->dims[axis] += input->shape.dims[axis];
    return CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    for (int i = 1; i < cc_op_input_count(call) && status == CC_OK; i++)
        status = append(call, i, axis, &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = read_axis(call, &axis, error);
    if (status != CC_OK || cc_shape_elements(&call->outputs[0]->shape) == 0)
        return status;
    const cc_shape *shape = &call->outputs[0]->shape;
    size_t size = cc_dtype_size(call->outputs[0]->dtype);
    int64_t outer = cc_shape_product(shape, 0, axis);
    char *to = call->outputs[0]->data;
    for (int64_t o = 0; o < outer; o++) {
        for (int i = 0; i < cc_op_input_count(call); i++) {
            const cc_tensor *input = cc_op_input(call, i);
            size_t bytes = (size_t)cc_shape_product(&input->shape, axis, shape->rank) * size;
            if (bytes > 0)
                memcpy(to, (const char *)input->data + (size_t)o * bytes, bytes);
            to += bytes;
        }
    }
    return CC_OK;
}

const cc_operator cc_operator_concat = {"Concat", 1, CC_MAX_INPUTS, 1, infer, run, false};
