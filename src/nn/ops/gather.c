/* Gather: whole slices along one axis, by index; negative indices count from the
 * end. Indices are values, so they are checked in the run. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_INDEX, error);
    if (status == CC_OK)
        status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *data = &cc_op_input(call, 0)->shape;
    const cc_shape *indices = &cc_op_input(call, 1)->shape;
    cc_shape shape = {0};
    if (data->rank - 1 + indices->rank > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "the result has more than %d dimensions",
                          CC_MAX_RANK);
    for (int i = 0; i < axis; i++)
        shape.dims[shape.rank++] = data->dims[i];
    for (int i = 0; i < indices->rank; i++)
        shape.dims[shape.rank++] = indices->dims[i];
    for (int i = axis + 1; i < data->rank; i++)
        shape.dims[shape.rank++] = data->dims[i];
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK || cc_shape_elements(&call->outputs[0]->shape) == 0)
        return status;
    const cc_tensor *data = cc_op_input(call, 0);
    const cc_tensor *indices = cc_op_input(call, 1);
    int64_t outer = cc_shape_product(&data->shape, 0, axis);
    int64_t size = data->shape.dims[axis];
    int64_t count = cc_shape_elements(&indices->shape);
    size_t bytes = (size_t)cc_shape_product(&data->shape, axis + 1, data->shape.rank) *
                   cc_dtype_size(data->dtype);
    char *to = call->outputs[0]->data;
    for (int64_t at = 0; at < outer * count; at++, to += bytes) {
        int64_t index = cc_get_int(indices, at % count);
        if (index < -size || index >= size)
            return cc_op_fail(call, error, CC_MODEL,
                              "index %" PRId64 " is outside an axis of %" PRId64, index, size);
        int64_t slice = at / count * size + (index < 0 ? index + size : index);
        memcpy(to, (const char *)data->data + (size_t)slice * bytes, bytes);
    }
    return CC_OK;
}

const cc_operator cc_operator_gather = {"Gather", 2, 2, 1, infer, run, false};
