#include "nn/ops/support.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

cc_status cc_op_fail(const cc_op_call *call, cc_error *error, cc_status code, const char *format,
                     ...)
{
    char text[CC_ERROR_MESSAGE_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const cc_node *node = call->node;
    return cc_fail(error, code, "%s '%s': %s", node->op_type, node->name ? node->name : "", text);
}

int cc_op_input_count(const cc_op_call *call)
{
    int fused = call->node->fusion.residual != CC_RESIDUAL_NONE;
    return call->input_count > fused ? call->input_count - fused : 0;
}

const cc_tensor *cc_op_input(const cc_op_call *call, int index)
{
    return index >= 0 && index < cc_op_input_count(call) ? call->inputs[index] : NULL;
}

const cc_tensor *cc_op_residual(const cc_op_call *call)
{
    if (call->node->fusion.residual == CC_RESIDUAL_NONE || call->input_count < 1)
        return NULL;
    return call->inputs[call->input_count - 1];
}

cc_status cc_op_accept(const cc_op_call *call, int index, unsigned types, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, index);
    if (!input)
        return CC_OK;
    if (cc_dtype_size(input->dtype) == 0 || !(types & CC_TYPE(input->dtype)))
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "input %d has element type %s, which clearcut does not compute "
                          "here; export the model in float32",
                          index, cc_dtype_name(input->dtype));
    if (input->shape.rank < 0 || input->shape.rank > CC_MAX_RANK ||
        cc_shape_elements(&input->shape) < 0)
        return cc_op_fail(call, error, CC_MODEL, "input %d has an impossible shape", index);
    return CC_OK;
}

cc_status cc_op_require(const cc_op_call *call, int index, unsigned types, cc_error *error)
{
    if (!cc_op_input(call, index))
        return cc_op_fail(call, error, CC_MODEL, "required input %d is missing", index);
    return cc_op_accept(call, index, types, error);
}

cc_status cc_op_require_constant(const cc_op_call *call, int index, unsigned types,
                                 const char *what, cc_error *error)
{
    cc_status status = cc_op_require(call, index, types, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, index);
    if (!input->data && cc_shape_elements(&input->shape) > 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "%s (input %d) is computed from the picture; it must be a "
                          "constant, so that the memory can be planned before the run",
                          what, index);
    return CC_OK;
}

cc_status cc_op_require_rank(const cc_op_call *call, int index, int rank, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, index);
    if (input && input->shape.rank != rank)
        return cc_op_fail(call, error, CC_MODEL, "input %d has %d dimensions, not %d", index,
                          input->shape.rank, rank);
    return CC_OK;
}

cc_status cc_op_axis(const cc_op_call *call, int64_t axis, int rank, int *result, cc_error *error)
{
    if (axis < -rank || axis >= rank)
        return cc_op_fail(call, error, CC_MODEL,
                          "axis %" PRId64 " does not exist in a tensor of %d dimensions", axis,
                          rank);
    *result = (int)(axis < 0 ? axis + rank : axis);
    return CC_OK;
}

cc_status cc_op_read_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    return cc_op_axis(call, cc_node_int(call->node, "axis", 0), cc_op_input(call, 0)->shape.rank,
                      axis, error);
}

cc_status cc_op_set_output(const cc_op_call *call, int index, cc_dtype dtype, const cc_shape *shape,
                           cc_error *error)
{
    bool wanted = index < call->output_count && call->outputs[index];
    if (!wanted && index == 0)
        return cc_op_fail(call, error, CC_MODEL, "output 0 is left out");
    if (!wanted)
        return CC_OK;
    if (cc_shape_elements(shape) < 0) {
        char text[160];
        return cc_op_fail(call, error, CC_MODEL,
                          "the result would have the shape %s, more than clearcut handles",
                          cc_shape_text(shape, text, sizeof text));
    }
    call->outputs[index]->dtype = dtype;
    call->outputs[index]->shape = *shape;
    return CC_OK;
}

cc_status cc_op_infer_like_input(const cc_op_call *call, unsigned types, cc_error *error)
{
    cc_status status = cc_op_require(call, 0, types, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    return cc_op_set_output(call, 0, input->dtype, &input->shape, error);
}

cc_status cc_op_list_from_attribute(const cc_op_call *call, const char *name, cc_int_list *list,
                                    cc_error *error)
{
    size_t count = 0;
    const int64_t *values = cc_node_ints(call->node, name, &count);
    *list = (cc_int_list){.present = cc_node_attribute(call->node, name) != NULL};
    if (count > 2 * CC_MAX_RANK)
        return cc_op_fail(call, error, CC_MODEL, "attribute %s has %zu numbers", name, count);
    if (list->present && !values &&
        (count > 0 || cc_node_attribute(call->node, name)->kind != CC_ATTRIBUTE_INTS))
        return cc_op_fail(call, error, CC_MODEL, "attribute %s is not a list of integers", name);
    if (values && count > 0)
        memcpy(list->values, values, count * sizeof *values);
    list->count = (int)count;
    return CC_OK;
}

cc_status cc_op_list_from_input(const cc_op_call *call, int index, const char *what,
                                cc_int_list *list, cc_error *error)
{
    *list = (cc_int_list){0};
    const cc_tensor *input = cc_op_input(call, index);
    if (!input)
        return CC_OK;
    cc_status status = cc_op_require_constant(call, index, CC_TYPES_INDEX, what, error);
    if (status != CC_OK)
        return status;
    int64_t count = cc_shape_elements(&input->shape);
    if (input->shape.rank > 1 || count > 2 * CC_MAX_RANK)
        return cc_op_fail(call, error, CC_MODEL, "%s (input %d) has an impossible shape", what,
                          index);
    list->present = true;
    list->count = (int)count;
    for (int i = 0; i < list->count; i++)
        list->values[i] = cc_get_int(input, i);
    return CC_OK;
}

cc_status cc_op_list(const cc_op_call *call, const char *name, int index, int input_opset,
                     cc_int_list *list, cc_error *error)
{
    if (call->opset >= input_opset)
        return cc_op_list_from_input(call, index, name, list, error);
    return cc_op_list_from_attribute(call, name, list, error);
}

cc_status cc_op_list_axes(const cc_op_call *call, cc_int_list *list, int rank, cc_error *error)
{
    bool seen[CC_MAX_RANK] = {false};
    for (int i = 0; i < list->count; i++) {
        int axis = 0;
        cc_status status = cc_op_axis(call, list->values[i], rank, &axis, error);
        if (status != CC_OK)
            return status;
        if (seen[axis])
            return cc_op_fail(call, error, CC_MODEL, "axis %d is named twice", axis);
        seen[axis] = true;
        list->values[i] = axis;
    }
    return CC_OK;
}

cc_status cc_op_broadcast(const cc_op_call *call, const cc_shape *a, const cc_shape *b,
                          cc_shape *result, cc_error *error)
{
    cc_shape shape = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 1; i <= shape.rank; i++) {
        int64_t left = i <= a->rank ? a->dims[a->rank - i] : 1;
        int64_t right = i <= b->rank ? b->dims[b->rank - i] : 1;
        if (left != right && left != 1 && right != 1) {
            char first[160];
            char second[160];
            return cc_op_fail(call, error, CC_MODEL, "shapes %s and %s do not broadcast",
                              cc_shape_text(a, first, sizeof first),
                              cc_shape_text(b, second, sizeof second));
        }
        shape.dims[shape.rank - i] = left == 1 ? right : left;
    }
    *result = shape;
    return CC_OK;
}

int64_t cc_shape_product(const cc_shape *shape, int first, int last)
{
    uint64_t product = 1; /* wraps only where another dimension is 0 */
    for (int i = first; i < last; i++)
        product *= (uint64_t)shape->dims[i];
    return (int64_t)product;
}

int64_t cc_get_int(const cc_tensor *tensor, int64_t index)
{
    switch (tensor->dtype) {
    case CC_INT64: return ((const int64_t *)tensor->data)[index];
    case CC_INT32: return ((const int32_t *)tensor->data)[index];
    case CC_INT8: return ((const int8_t *)tensor->data)[index];
    default: return ((const uint8_t *)tensor->data)[index];
    }
}

void cc_set_int(const cc_tensor *tensor, int64_t index, int64_t value)
{
    switch (tensor->dtype) {
    case CC_INT64: ((int64_t *)tensor->data)[index] = value; break;
    case CC_INT32: ((int32_t *)tensor->data)[index] = (int32_t)value; break;
    case CC_INT8: ((int8_t *)tensor->data)[index] = (int8_t)value; break;
    default: ((uint8_t *)tensor->data)[index] = (uint8_t)value; break;
    }
}

float cc_get_float(const cc_tensor *tensor, int64_t index)
{
    switch (tensor->dtype) {
    case CC_FLOAT32: return ((const float *)tensor->data)[index];
    case CC_FLOAT16: return cc_half_to_float(((const uint16_t *)tensor->data)[index]);
    case CC_FLOAT64: return (float)((const double *)tensor->data)[index];
    default: return (float)cc_get_int(tensor, index);
    }
}

int64_t cc_float_to_int64(double value)
{
    /* 2^63 as a double; a NaN fails both comparisons. */
    if (value >= -9223372036854775808.0 && value < 9223372036854775808.0)
        return (int64_t)value;
    return INT64_MIN;
}

cc_status cc_op_copy(const cc_op_call *call, cc_error *error)
{
    (void)error;
    const cc_tensor *input = cc_op_input(call, 0);
    size_t count = (size_t)cc_shape_elements(&input->shape);
    if (count > 0 && call->outputs[0])
        memmove(call->outputs[0]->data, input->data, count * cc_dtype_size(input->dtype));
    return CC_OK;
}
