/* Expand (broadcast to a shape) and Tile (repeat along each axis). */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status read_list(const cc_op_call *call, const char *what, cc_int_list *list,
                           cc_error *error)
{
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPE(CC_INT64), error);
    if (status == CC_OK)
        status = cc_op_list_from_input(call, 1, what, list, error);
    if (status == CC_OK && list->count > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "%s has more than %d numbers", what,
                          CC_MAX_RANK);
    for (int i = 0; status == CC_OK && i < list->count; i++) {
        if (list->values[i] < 0 || list->values[i] > CC_MAX_ELEMENTS)
            return cc_op_fail(call, error, CC_MODEL, "%s holds %" PRId64, what, list->values[i]);
    }
    return status;
}

static cc_status infer_expand(const cc_op_call *call, cc_error *error)
{
    cc_int_list list = {0};
    cc_status status = read_list(call, "the shape", &list, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    cc_shape shape = cc_shape_make(list.count, list.values);
    status = cc_op_broadcast(call, &input->shape, &shape, &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, input->dtype, &shape, error);
}

static cc_status run_expand(const cc_op_call *call, cc_error *error)
{
    (void)error;
    const cc_tensor *input = cc_op_input(call, 0);
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, &input->shape);
    cc_walker_copy(&walker, input->data, call->outputs[0]->data, cc_dtype_size(input->dtype));
    return CC_OK;
}

static cc_status infer_tile(const cc_op_call *call, cc_error *error)
{
    cc_int_list list = {0};
    cc_status status = read_list(call, "repeats", &list, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    if (list.count != shape.rank)
        return cc_op_fail(call, error, CC_MODEL, "%d repeats for %d axes", list.count, shape.rank);
    for (int i = 0; i < shape.rank; i++)
        shape.dims[i] *= list.values[i]; /* both at most 2^31 */
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status run_tile(const cc_op_call *call, cc_error *error)
{
    (void)error;
    const cc_tensor *input = cc_op_input(call, 0);
    size_t size = cc_dtype_size(input->dtype);
    int64_t strides[CC_MAX_RANK];
    char *to = call->outputs[0]->data;
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    cc_shape_strides(&input->shape, strides);
    for (int64_t i = 0; i < count; i++, to += size) {
        int64_t from = 0;
        for (int axis = 0; axis < walker.shape.rank; axis++)
            from += walker.index[axis] % input->shape.dims[axis] * strides[axis];
        memcpy(to, (const char *)input->data + (size_t)from * size, size);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_expand = {"Expand", 2, 2, 8, infer_expand, run_expand, false};
const cc_operator cc_operator_tile = {"Tile", 2, 2, 6, infer_tile, run_tile, false};
