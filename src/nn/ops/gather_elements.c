/* GatherElements and ScatterElements: one index for each element, along one axis.
 * Negative indices count from the end. Indices are values: checked in the run. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

/* Indices have the rank of the data and, off the axis, no more in any dimension. */
static cc_status check_indices(const cc_op_call *call, cc_error *error)
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
    if (indices->rank != data->rank)
        return cc_op_fail(call, error, CC_MODEL, "indices of %d dimensions for data of %d",
                          indices->rank, data->rank);
    for (int i = 0; i < data->rank; i++) {
        if (i != axis && indices->dims[i] > data->dims[i])
            return cc_op_fail(call, error, CC_MODEL,
                              "dimension %d of the indices is %" PRId64 ", larger than the data's",
                              i, indices->dims[i]);
    }
    return CC_OK;
}

/* Calls back with the element number in the indices and the one in the data. */
typedef void (*visit_function)(const cc_op_call *call, int64_t here, int64_t there);

static cc_status visit_all(const cc_op_call *call, visit_function visit, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *indices = cc_op_input(call, 1);
    const cc_shape *data = &cc_op_input(call, 0)->shape;
    int64_t strides[CC_MAX_RANK];
    cc_walker walker = cc_walker_make(&indices->shape);
    int64_t size = data->dims[axis];
    int64_t count = cc_shape_elements(&indices->shape);
    cc_shape_strides(data, strides);
    int64_t step = strides[axis];
    strides[axis] = 0;
    cc_walker_add(&walker, 0, strides);
    for (int64_t i = 0; i < count; i++, cc_walker_next(&walker)) {
        int64_t index = cc_get_int(indices, i);
        if (index < -size || index >= size)
            return cc_op_fail(call, error, CC_MODEL,
                              "index %" PRId64 " is outside an axis of %" PRId64, index, size);
        visit(call, i, walker.offset[0] + (index < 0 ? index + size : index) * step);
    }
    return CC_OK;
}

static cc_status infer_gather(const cc_op_call *call, cc_error *error)
{
    cc_status status = check_indices(call, error);
    return status != CC_OK ? status
                           : cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype,
                                              &cc_op_input(call, 1)->shape, error);
}

static void take(const cc_op_call *call, int64_t here, int64_t there)
{
    const cc_tensor *data = cc_op_input(call, 0);
    size_t size = cc_dtype_size(data->dtype);
    memcpy((char *)call->outputs[0]->data + (size_t)here * size,
           (const char *)data->data + (size_t)there * size, size);
}

static cc_status run_gather(const cc_op_call *call, cc_error *error)
{
    return visit_all(call, take, error);
}

static cc_status infer_scatter(const cc_op_call *call, cc_error *error)
{
    cc_status status = check_indices(call, error);
    if (status == CC_OK)
        status = cc_op_require(call, 2, CC_TYPE(cc_op_input(call, 0)->dtype), error);
    if (status != CC_OK)
        return status;
    if (!cc_shape_equal(&cc_op_input(call, 2)->shape, &cc_op_input(call, 1)->shape))
        return cc_op_fail(call, error, CC_MODEL, "updates and indices differ in shape");
    if (strcmp(cc_node_string(call->node, "reduction", "none"), "none") != 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "only reduction=none is supported");
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &cc_op_input(call, 0)->shape,
                            error);
}

static void put(const cc_op_call *call, int64_t here, int64_t there)
{
    const cc_tensor *updates = cc_op_input(call, 2);
    size_t size = cc_dtype_size(updates->dtype);
    memcpy((char *)call->outputs[0]->data + (size_t)there * size,
           (const char *)updates->data + (size_t)here * size, size);
}

static cc_status run_scatter(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_copy(call, error);
    return status == CC_OK ? visit_all(call, put, error) : status;
}

const cc_operator cc_operator_gather_elements = {"GatherElements", 2,          2,    11,
                                                 infer_gather,     run_gather, false};
const cc_operator cc_operator_scatter_elements = {"ScatterElements", 3,           3,    11,
                                                  infer_scatter,     run_scatter, false};
