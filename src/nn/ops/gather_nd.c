/* GatherND and ScatterND: the last dimension of the indices addresses a slice of the
 * data. Negative indices count from the end. Indices are values: checked in the run. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* How indices address the data: `batch` shared leading dimensions, then `depth` that are
 * addressed, then the slice. */
typedef struct addressing {
    int batch;
    int depth;
    int64_t tuples; /* in all */
    int64_t tuples_per_batch;
    int64_t batch_elements; /* of the data, for one batch */
    int64_t slice;          /* elements */
} addressing;

static cc_status read_addressing(const cc_op_call *call, addressing *address, cc_error *error)
{
    const cc_shape *data = &cc_op_input(call, 0)->shape;
    const cc_shape *indices = &cc_op_input(call, 1)->shape;
    int64_t batch = cc_node_int(call->node, "batch_dims", 0);
    if (data->rank < 1 || indices->rank < 1 || batch < 0 || batch >= indices->rank ||
        batch > data->rank)
        return cc_op_fail(call, error, CC_MODEL,
                          "data of %d dimensions, indices of %d, batch_dims %" PRId64
                          " do not belong together",
                          data->rank, indices->rank, batch);
    int64_t depth = indices->dims[indices->rank - 1];
    if (depth < 1 || depth > data->rank - batch)
        return cc_op_fail(call, error, CC_MODEL,
                          "indices address %" PRId64 " dimensions of %d, batch_dims %" PRId64,
                          depth, data->rank, batch);
    for (int i = 0; i < batch; i++) {
        if (data->dims[i] != indices->dims[i])
            return cc_op_fail(call, error, CC_MODEL, "batch dimension %d differs", i);
    }
    address->batch = (int)batch;
    address->depth = (int)depth;
    address->tuples = cc_shape_product(indices, 0, indices->rank - 1);
    address->tuples_per_batch = cc_shape_product(indices, (int)batch, indices->rank - 1);
    address->batch_elements = cc_shape_product(data, (int)batch, data->rank);
    address->slice = cc_shape_product(data, (int)(batch + depth), data->rank);
    return CC_OK;
}

/* First element of the slice that tuple number `tuple` addresses. */
static cc_status find_slice(const cc_op_call *call, const addressing *address, int64_t tuple,
                            int64_t *first, cc_error *error)
{
    const cc_shape *data = &cc_op_input(call, 0)->shape;
    int64_t offset = 0;
    for (int i = 0; i < address->depth; i++) {
        int64_t size = data->dims[address->batch + i];
        int64_t index = cc_get_int(cc_op_input(call, 1), tuple * address->depth + i);
        if (index < -size || index >= size)
            return cc_op_fail(call, error, CC_MODEL,
                              "index %" PRId64 " is outside an axis of %" PRId64, index, size);
        offset = offset * size + (index < 0 ? index + size : index);
    }
    *first = tuple / address->tuples_per_batch * address->batch_elements + offset * address->slice;
    return CC_OK;
}

/* Shape of what the indices address: their own, less the last dimension, and the slice. */
static cc_status addressed_shape(const cc_op_call *call, const addressing *address, cc_shape *shape,
                                 cc_error *error)
{
    const cc_shape *data = &cc_op_input(call, 0)->shape;
    const cc_shape *indices = &cc_op_input(call, 1)->shape;
    int first = address->batch + address->depth;
    *shape = (cc_shape){0};
    if (indices->rank - 1 + data->rank - first > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "the result has more than %d dimensions",
                          CC_MAX_RANK);
    for (int i = 0; i < indices->rank - 1; i++)
        shape->dims[shape->rank++] = indices->dims[i];
    for (int i = first; i < data->rank; i++)
        shape->dims[shape->rank++] = data->dims[i];
    return CC_OK;
}

static cc_status infer_gather(const cc_op_call *call, cc_error *error)
{
    addressing address = {0};
    cc_shape shape;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_INDEX, error);
    if (status == CC_OK)
        status = read_addressing(call, &address, error);
    if (status == CC_OK)
        status = addressed_shape(call, &address, &shape, error);
    return status != CC_OK ? status
                           : cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status run_gather(const cc_op_call *call, cc_error *error)
{
    addressing address = {0};
    cc_status status = read_addressing(call, &address, error);
    if (status != CC_OK || cc_shape_elements(&call->outputs[0]->shape) == 0)
        return status;
    const cc_tensor *data = cc_op_input(call, 0);
    size_t element = cc_dtype_size(data->dtype);
    size_t bytes = (size_t)address.slice * element;
    char *to = call->outputs[0]->data;
    for (int64_t i = 0; i < address.tuples && status == CC_OK; i++, to += bytes) {
        int64_t first = 0;
        status = find_slice(call, &address, i, &first, error);
        if (status == CC_OK)
            memcpy(to, (const char *)data->data + (size_t)first * element, bytes);
    }
    return status;
}

static cc_status infer_scatter(const cc_op_call *call, cc_error *error)
{
    addressing address = {0};
    cc_shape shape;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_INDEX, error);
    if (status == CC_OK)
        status = cc_op_require(call, 2, CC_TYPE(cc_op_input(call, 0)->dtype), error);
    if (status == CC_OK)
        status = read_addressing(call, &address, error);
    if (status == CC_OK)
        status = addressed_shape(call, &address, &shape, error);
    if (status != CC_OK)
        return status;
    if (!cc_shape_equal(&cc_op_input(call, 2)->shape, &shape))
        return cc_op_fail(call, error, CC_MODEL, "updates do not have the shape that is addressed");
    if (strcmp(cc_node_string(call->node, "reduction", "none"), "none") != 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "only reduction=none is supported");
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &cc_op_input(call, 0)->shape,
                            error);
}

static cc_status run_scatter(const cc_op_call *call, cc_error *error)
{
    addressing address = {0};
    cc_status status = read_addressing(call, &address, error);
    if (status == CC_OK)
        status = cc_op_copy(call, error);
    if (status != CC_OK || cc_shape_elements(&cc_op_input(call, 2)->shape) == 0)
        return status;
    const cc_tensor *updates = cc_op_input(call, 2);
    size_t element = cc_dtype_size(updates->dtype);
    size_t bytes = (size_t)address.slice * element;
    const char *from = updates->data;
    for (int64_t i = 0; i < address.tuples && status == CC_OK; i++, from += bytes) {
        int64_t first = 0;
        status = find_slice(call, &address, i, &first, error);
        if (status == CC_OK)
            memcpy((char *)call->outputs[0]->data + (size_t)first * element, from, bytes);
    }
    return status;
}

const cc_operator cc_operator_gather_nd = {"GatherND", 2, 2, 11, infer_gather, run_gather, false};
const cc_operator cc_operator_scatter_nd = {"ScatterND",   3,           3,    11,
                                            infer_scatter, run_scatter, false};
