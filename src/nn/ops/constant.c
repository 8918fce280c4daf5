/* Operators whose result does not depend on any pixel: Constant, Shape,
 * ConstantOfShape, Range. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* The attribute that holds the value, seen as a tensor. */
static bool read_value(const cc_node *node, cc_tensor *value)
{
    static const char *const names[] = {"value", "value_float", "value_int", "value_floats",
                                        "value_ints"};
    const cc_attribute *attribute = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !attribute; i++)
        attribute = cc_node_attribute(node, names[i]);
    if (!attribute)
        return false;
    cc_shape list = {1, {(int64_t)attribute->count}};
    switch (attribute->kind) {
    case CC_ATTRIBUTE_TENSOR: *value = attribute->tensor; return true;
    case CC_ATTRIBUTE_FLOAT:
        *value = (cc_tensor){CC_FLOAT32, {0}, (void *)&attribute->f};
        return true;
    case CC_ATTRIBUTE_INT: *value = (cc_tensor){CC_INT64, {0}, (void *)&attribute->i}; return true;
    case CC_ATTRIBUTE_FLOATS:
        *value = (cc_tensor){CC_FLOAT32, list, (void *)attribute->floats};
        return true;
    case CC_ATTRIBUTE_INTS:
        *value = (cc_tensor){CC_INT64, list, (void *)attribute->ints};
        return true;
    default: return false;
    }
}

static cc_status infer_constant(const cc_op_call *call, cc_error *error)
{
    cc_tensor value;
    if (!read_value(call->node, &value))
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "has no numeric value (strings and sparse tensors are not read)");
    if (cc_dtype_size(value.dtype) == 0 || (!value.data && cc_shape_elements(&value.shape) != 0))
        return cc_op_fail(call, error, CC_MODEL, "its value is of an unknown type or missing");
    return cc_op_set_output(call, 0, value.dtype, &value.shape, error);
}

static cc_status run_constant(const cc_op_call *call, cc_error *error)
{
    cc_tensor value;
    if (!read_value(call->node, &value))
        return cc_op_fail(call, error, CC_INTERNAL, "lost its value");
    size_t bytes = (size_t)cc_shape_elements(&value.shape) * cc_dtype_size(value.dtype);
    if (bytes > 0)
        memcpy(call->outputs[0]->data, value.data, bytes);
    return CC_OK;
}

/* start and end of opset 15, clamped. */
static void shape_range(const cc_op_call *call, int *first, int *last)
{
    int64_t rank = cc_op_input(call, 0)->shape.rank;
    int64_t bounds[2] = {cc_node_int(call->node, "start", 0), cc_node_int(call->node, "end", rank)};
    for (int i = 0; i < 2; i++) {
        if (bounds[i] < 0)
            bounds[i] += rank;
        bounds[i] = bounds[i] < 0 ? 0 : bounds[i] > rank ? rank : bounds[i];
    }
    *first = (int)bounds[0];
    *last = (int)(bounds[1] < bounds[0] ? bounds[0] : bounds[1]);
}

static cc_status infer_shape(const cc_op_call *call, cc_error *error)
{
    int first = 0;
    int last = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status != CC_OK)
        return status;
    shape_range(call, &first, &last);
    cc_shape shape = {1, {last - first}};
    return cc_op_set_output(call, 0, CC_INT64, &shape, error);
}

static cc_status run_shape(const cc_op_call *call, cc_error *error)
{
    int first = 0;
    int last = 0;
    (void)error;
    shape_range(call, &first, &last);
    for (int i = first; i < last; i++)
        cc_set_int(call->outputs[0], i - first, cc_op_input(call, 0)->shape.dims[i]);
    return CC_OK;
}

/* The fill value, float 0 by default. */
static cc_tensor fill_value(const cc_node *node)
{
    static float zero = 0.0F;
    const cc_attribute *attribute = cc_node_attribute(node, "value");
    if (attribute && attribute->kind == CC_ATTRIBUTE_TENSOR)
        return attribute->tensor;
    return (cc_tensor){CC_FLOAT32, {0}, &zero};
}

static cc_status infer_filled(const cc_op_call *call, cc_error *error)
{
    cc_int_list list = {0};
    cc_tensor value = fill_value(call->node);
    cc_status status = cc_op_require(call, 0, CC_TYPE(CC_INT64), error);
    if (status == CC_OK)
        status = cc_op_list_from_input(call, 0, "the shape", &list, error);
    if (status != CC_OK)
        return status;
    if (list.count > CC_MAX_RANK)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "more than %d dimensions", CC_MAX_RANK);
    if (cc_dtype_size(value.dtype) == 0 || cc_shape_elements(&value.shape) != 1 || !value.data)
        return cc_op_fail(call, error, CC_MODEL, "its value is not one number");
    cc_shape shape = cc_shape_make(list.count, list.values);
    return cc_op_set_output(call, 0, value.dtype, &shape, error);
}

static cc_status run_filled(const cc_op_call *call, cc_error *error)
{
    cc_tensor value = fill_value(call->node);
    size_t size = cc_dtype_size(value.dtype);
    int64_t count = cc_shape_elements(&call->outputs[0]->shape);
    char *to = call->outputs[0]->data;
    (void)error;
    for (int64_t i = 0; i < count; i++, to += size)
        memcpy(to, value.data, size);
    return CC_OK;
}

/* ceil((limit - start) / delta), 0 if the direction is wrong; -1 if it is beyond
 * what a tensor may hold. Integer differences stay exact in double below 2^53,
 * and a range beyond CC_MAX_ELEMENTS is refused anyway. */
static int64_t range_count(const cc_op_call *call)
{
    double bounds[3];
    for (int i = 0; i < 3; i++) {
        const cc_tensor *input = cc_op_input(call, i);
        bounds[i] = input->dtype == CC_FLOAT32 ? (double)cc_get_float(input, 0)
                                               : (double)cc_get_int(input, 0);
    }
    double count = ceil((bounds[1] - bounds[0]) / bounds[2]);
    if (count <= 0.0)
        return 0;
    return count <= (double)CC_MAX_ELEMENTS ? (int64_t)count : -1;
}

static cc_status infer_range(const cc_op_call *call, cc_error *error)
{
    for (int i = 0; i < 3; i++) {
        cc_status status =
            cc_op_require_constant(call, i, CC_TYPES_NUMBER, "a bound of the range", error);
        if (status != CC_OK)
            return status;
        if (cc_op_input(call, i)->dtype != cc_op_input(call, 0)->dtype ||
            cc_shape_elements(&cc_op_input(call, i)->shape) != 1)
            return cc_op_fail(call, error, CC_MODEL,
                              "start, limit and delta must be scalars of one type");
    }
    const cc_tensor *delta = cc_op_input(call, 2);
    int64_t count = cc_get_float(delta, 0) == 0.0F ? -1 : range_count(call);
    if (count < 0)
        return cc_op_fail(call, error, CC_MODEL, "the range does not end");
    cc_shape shape = {1, {count}};
    return cc_op_set_output(call, 0, delta->dtype, &shape, error);
}

static cc_status run_range(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *start = cc_op_input(call, 0);
    const cc_tensor *delta = cc_op_input(call, 2);
    int64_t count = cc_shape_elements(&call->outputs[0]->shape);
    (void)error;
    for (int64_t i = 0; i < count; i++) {
        if (start->dtype == CC_FLOAT32)
            ((float *)call->outputs[0]->data)[i] =
                cc_get_float(start, 0) + (float)i * cc_get_float(delta, 0);
        else
            cc_set_int(call->outputs[0], i,
                       (int64_t)((uint64_t)cc_get_int(start, 0) +
                                 (uint64_t)i * (uint64_t)cc_get_int(delta, 0)));
    }
    return CC_OK;
}

const cc_operator cc_operator_constant = {"Constant", 0, 0, 1, infer_constant, run_constant, false};
const cc_operator cc_operator_shape = {"Shape", 1, 1, 1, infer_shape, run_shape, false};
const cc_operator cc_operator_constant_of_shape = {"ConstantOfShape", 1,          1,    9,
                                                   infer_filled,      run_filled, false};
const cc_operator cc_operator_range = {"Range", 3, 3, 11, infer_range, run_range, false};
