/* Transpose: axes in another order, reversed if none is stated. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status read_order(const cc_op_call *call, cc_int_list *order, cc_error *error)
{
    int rank = cc_op_input(call, 0)->shape.rank;
    cc_status status = cc_op_list_from_attribute(call, "perm", order, error);
    if (status != CC_OK)
        return status;
    if (!order->present) {
        order->count = rank;
        for (int i = 0; i < rank; i++)
            order->values[i] = rank - 1 - i;
    }
    if (order->count != rank)
        return cc_op_fail(call, error, CC_MODEL, "perm has %d numbers for %d axes", order->count,
                          rank);
    return cc_op_list_axes(call, order, rank, error);
}

static cc_shape reorder(const cc_shape *shape, const cc_int_list *order)
{
    cc_shape result = {.rank = shape->rank};
    for (int i = 0; i < shape->rank; i++)
        result.dims[i] = shape->dims[order->values[i]];
    return result;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_int_list order = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = read_order(call, &order, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = reorder(&cc_op_input(call, 0)->shape, &order);
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    cc_int_list order = {0};
    cc_status status = read_order(call, &order, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t packed[CC_MAX_RANK];
    int64_t strides[CC_MAX_RANK] = {0};
    cc_shape_strides(&input->shape, packed);
    for (int i = 0; i < input->shape.rank; i++)
        strides[i] = packed[order.values[i]];
    cc_shape shape = reorder(&input->shape, &order);
    cc_walker walker = cc_walker_make(&shape);
    cc_walker_add(&walker, 0, strides);
    cc_walker_copy(&walker, input->data, call->outputs[0]->data, cc_dtype_size(input->dtype));
    return CC_OK;
}

const cc_operator cc_operator_transpose = {"Transpose", 1, 1, 1, infer, run, false};
