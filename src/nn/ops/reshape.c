/* Operators that change the shape and no byte: Reshape, Flatten, Squeeze,
 * Unsqueeze, Identity, Dropout. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer_identity(const cc_op_call *call, cc_error *error)
{
    return cc_op_infer_like_input(call, CC_TYPES_ANY, error);
}

/* Resolve 0 (copy the input's dimension) and -1 (whatever is left). */
static cc_status resolve(const cc_op_call *call, const cc_int_list *list, cc_shape *shape,
                         cc_error *error)
{
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    bool allow_zero = cc_node_int(call->node, "allowzero", 0) != 0;
    int open = -1;
    *shape = (cc_shape){.rank = list->count};
    for (int i = 0; i < list->count; i++) {
        int64_t dim = list->values[i];
        if (dim == 0 && !allow_zero && i >= input->rank)
            return cc_op_fail(call, error, CC_MODEL, "dimension %d has nothing to copy", i);
        if (dim < -1 || (dim == -1 && open >= 0))
            return cc_op_fail(call, error, CC_MODEL, "the new shape is not possible");
        if (dim == -1)
            open = i;
        shape->dims[i] = dim == 0 && !allow_zero ? input->dims[i] : dim == -1 ? 1 : dim;
    }
    int64_t total = cc_shape_elements(input);
    int64_t stated = cc_shape_elements(shape);
    if (open >= 0 && stated > 0)
        shape->dims[open] = total / stated;
    if (cc_shape_elements(shape) != total || (open >= 0 && stated <= 0)) {
        char text[2][160];
        return cc_op_fail(call, error, CC_MODEL, "%s cannot become %s",
                          cc_shape_text(input, text[0], sizeof text[0]),
                          cc_shape_text(shape, text[1], sizeof text[1]));
    }
    return CC_OK;
}

static cc_status infer_reshape(const cc_op_call *call, cc_error *error)
{
    cc_int_list list = {0};
    cc_shape shape;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_list(call, "shape", 1, 5, &list, error);
    if (status != CC_OK)
        return status;
    if (!list.present || list.count > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_MODEL, "the new shape is missing or too long");
    status = resolve(call, &list, &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status infer_flatten(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t stated = cc_node_int(call->node, "axis", 1);
    int axis = input->shape.rank; /* the only axis that may equal the rank */
    if (stated != input->shape.rank)
        status = cc_op_axis(call, stated, input->shape.rank, &axis, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = {2,
                      {cc_shape_product(&input->shape, 0, axis),
                       cc_shape_product(&input->shape, axis, input->shape.rank)}};
    return cc_op_set_output(call, 0, input->dtype, &shape, error);
}

static cc_status infer_squeeze(const cc_op_call *call, cc_error *error)
{
    cc_int_list axes = {0};
    bool chosen[CC_MAX_RANK] = {false};
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_list(call, "axes", 1, 13, &axes, error);
    if (status == CC_OK)
        status = cc_op_list_axes(call, &axes, cc_op_input(call, 0)->shape.rank, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    cc_shape shape = {0};
    for (int i = 0; i < axes.count; i++)
        chosen[axes.values[i]] = true;
    for (int i = 0; i < input->shape.rank; i++) {
        int64_t dim = input->shape.dims[i];
        if (chosen[i] && dim != 1)
            return cc_op_fail(call, error, CC_MODEL,
                              "axis %d has %" PRId64 " elements and cannot be dropped", i, dim);
        if (axes.present ? !chosen[i] : dim != 1)
            shape.dims[shape.rank++] = dim;
    }
    return cc_op_set_output(call, 0, input->dtype, &shape, error);
}

static cc_status infer_unsqueeze(const cc_op_call *call, cc_error *error)
{
    cc_int_list axes = {0};
    bool added[CC_MAX_RANK] = {false};
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_list(call, "axes", 1, 13, &axes, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    cc_shape shape = {.rank = input->shape.rank + axes.count};
    if (!axes.present)
        return cc_op_fail(call, error, CC_MODEL, "axes are missing");
    if (shape.rank > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "the result has more than %d dimensions",
                          CC_MAX_RANK);
    status = cc_op_list_axes(call, &axes, shape.rank, error);
    if (status != CC_OK)
        return status;
    for (int i = 0; i < axes.count; i++)
        added[axes.values[i]] = true;
    for (int i = 0, from = 0; i < shape.rank; i++)
        shape.dims[i] = added[i] ? 1 : input->shape.dims[from++];
    return cc_op_set_output(call, 0, input->dtype, &shape, error);
}

/* In inference nothing is dropped. The mask, if wanted, is all true since opset 12
 * and all zero before, where ONNX leaves it open and ONNX Runtime writes zeros. */
static cc_status infer_dropout(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    const cc_tensor *training = cc_op_input(call, 2);
    if (status == CC_OK && training &&
        (!training->data || training->dtype != CC_BOOL ||
         cc_shape_elements(&training->shape) != 1 || cc_get_int(training, 0) != 0))
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "training mode is not possible; export the model for inference");
    if (status != CC_OK)
        return status;
    cc_dtype mask = call->opset < 10 ? CC_FLOAT32 : CC_BOOL;
    return cc_op_set_output(call, 1, mask, &cc_op_input(call, 0)->shape, error);
}

static cc_status run_dropout(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *mask = call->output_count > 1 ? call->outputs[1] : NULL;
    if (mask && cc_shape_elements(&mask->shape) > 0)
        memset(mask->data, call->opset >= 12,
               (size_t)cc_shape_elements(&mask->shape) * cc_dtype_size(mask->dtype));
    return cc_op_copy(call, error);
}

const cc_operator cc_operator_identity = {"Identity", 1, 1, 1, infer_identity, cc_op_copy, false};
const cc_operator cc_operator_reshape = {"Reshape", 1, 2, 1, infer_reshape, cc_op_copy, false};
const cc_operator cc_operator_flatten = {"Flatten", 1, 1, 1, infer_flatten, cc_op_copy, false};
const cc_operator cc_operator_squeeze = {"Squeeze", 1, 2, 1, infer_squeeze, cc_op_copy, false};
const cc_operator cc_operator_unsqueeze = {"Unsqueeze",     1,          2,    1,
                                           infer_unsqueeze, cc_op_copy, false};
const cc_operator cc_operator_dropout = {"Dropout", 1, 3, 7, infer_dropout, run_dropout, false};
