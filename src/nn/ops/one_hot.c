/* OneHot: a new dimension in which one place holds the on value and all others the off
 * value. An index out of range has no such place. The depth must be known at load. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status read_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    return cc_op_axis(call, cc_node_int(call->node, "axis", -1),
                      cc_op_input(call, 0)->shape.rank + 1, axis, error);
}

static cc_status read_depth(const cc_op_call *call, int64_t *depth, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, 1);
    cc_status status = cc_op_require_constant(call, 1, CC_TYPES_NUMBER, "depth", error);
    if (status != CC_OK)
        return status;
    if (cc_shape_elements(&input->shape) != 1)
        return cc_op_fail(call, error, CC_MODEL, "depth is not one number");
    *depth = input->dtype == CC_FLOAT32 ? cc_float_to_int64((double)cc_get_float(input, 0))
                                        : cc_get_int(input, 0);
    return *depth < 1 ? cc_op_fail(call, error, CC_MODEL, "depth is %" PRId64, *depth) : CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    int64_t depth = 0;
    cc_shape shape = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_NUMBER, error);
    if (status == CC_OK)
        status = cc_op_require(call, 2, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = read_depth(call, &depth, error);
    if (status == CC_OK)
        status = read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *indices = &cc_op_input(call, 0)->shape;
    if (cc_shape_elements(&cc_op_input(call, 2)->shape) != 2)
        return cc_op_fail(call, error, CC_MODEL, "values are not two");
    if (indices->rank == CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "the result has more than %d dimensions",
                          CC_MAX_RANK);
    for (int i = 0; i <= indices->rank; i++)
        shape.dims[shape.rank++] = i == axis ? depth : indices->dims[i < axis ? i : i - 1];
    return cc_op_set_output(call, 0, cc_op_input(call, 2)->dtype, &shape, error);
}

static int64_t index_at(const cc_tensor *indices, int64_t at)
{
    return indices->dtype == CC_FLOAT32 ? cc_float_to_int64((double)cc_get_float(indices, at))
                                        : cc_get_int(indices, at);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *indices = cc_op_input(call, 0);
    const cc_tensor *values = cc_op_input(call, 2);
    const cc_tensor *output = call->outputs[0];
    size_t size = cc_dtype_size(values->dtype);
    int64_t depth = output->shape.dims[axis];
    int64_t inner = cc_shape_product(&indices->shape, axis, indices->shape.rank);
    int64_t count = cc_shape_elements(&output->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = i / inner % depth;
        int64_t index = index_at(indices, i / (inner * depth) * inner + i % inner);
        bool on = index == place || (index < 0 && index >= -depth && index + depth == place);
        memcpy((char *)output->data + (size_t)i * size,
               (const char *)values->data + (on ? size : 0), size);
    }
    return CC_OK;
}

const cc_operator cc_operator_one_hot = {"OneHot", 3, 3, 9, infer, run, false};
