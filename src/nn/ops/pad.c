/* Pad: constant, edge, reflect; pads as an attribute before opset 11, as an input
 * since, for some axes only since 18. Negative pads cut (constant mode). */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

typedef enum pad_mode { PAD_CONSTANT, PAD_EDGE, PAD_REFLECT } pad_mode;

typedef struct padding {
    pad_mode mode;
    int64_t begin[CC_MAX_RANK];
    cc_shape shape; /* of the result */
} padding;

static cc_status read_mode(const cc_op_call *call, pad_mode *mode, cc_error *error)
{
    static const char *const names[] = {"constant", "edge", "reflect"};
    const char *name = cc_node_string(call->node, "mode", "constant");
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (pad_mode)i;
            return CC_OK;
        }
    }
    return cc_op_fail(call, error, CC_UNSUPPORTED, "mode '%s' is not supported", name);
}

static cc_status pad_axis(const cc_op_call *call, padding *p, int axis, int64_t begin, int64_t end,
                          cc_error *error)
{
    int64_t size = p->shape.dims[axis];
    int64_t largest = p->mode == PAD_REFLECT ? size - 1 : CC_MAX_ELEMENTS;
    int64_t smallest = p->mode == PAD_CONSTANT ? -size : 0;
    if (begin < smallest || end < smallest || begin > largest || end > largest ||
        begin + end + size < 0 || (p->mode == PAD_EDGE && size == 0 && begin + end > 0))
        return cc_op_fail(call, error, CC_MODEL,
                          "an axis of %" PRId64 " cannot be padded by %" PRId64 " and %" PRId64
                          " in this mode",
                          size, begin, end);
    p->begin[axis] = begin;
    p->shape.dims[axis] = size + begin + end;
    return CC_OK;
}

static cc_status read_padding(const cc_op_call *call, padding *p, cc_error *error)
{
    cc_int_list pads = {0};
    cc_int_list axes = {0};
    *p = (padding){.shape = cc_op_input(call, 0)->shape};
    cc_status status = read_mode(call, &p->mode, error);
    if (status == CC_OK)
        status = cc_op_list(call, "pads", 1, 11, &pads, error);
    if (status == CC_OK)
        status = cc_op_list_from_input(call, 3, "axes", &axes, error);
    if (status == CC_OK)
        status = cc_op_list_axes(call, &axes, p->shape.rank, error);
    if (status != CC_OK)
        return status;
    int count = axes.present ? axes.count : p->shape.rank;
    if (pads.count != 2 * count)
        return cc_op_fail(call, error, CC_MODEL, "pads has %d numbers, not %d", pads.count,
                          2 * count);
    for (int i = 0; i < count && status == CC_OK; i++)
        status = pad_axis(call, p, axes.present ? (int)axes.values[i] : i, pads.values[i],
                          pads.values[count + i], error);
    return status;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    padding p = {0};
    unsigned types = call->opset < 11 ? CC_TYPES_FLOAT : CC_TYPES_ANY;
    cc_status status = cc_op_require(call, 0, types, error);
    if (status == CC_OK)
        status = read_padding(call, &p, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *value = cc_op_input(call, 2);
    if (value &&
        (value->dtype != cc_op_input(call, 0)->dtype || cc_shape_elements(&value->shape) != 1))
        return cc_op_fail(call, error, CC_MODEL,
                          "the constant value is not one number of the input's type");
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &p.shape, error);
}

/* Input position for an output position; -1 where the constant goes. */
static int64_t source(const padding *p, int axis, int64_t at, int64_t size)
{
    int64_t position = at - p->begin[axis];
    if (position >= 0 && position < size)
        return position;
    if (p->mode == PAD_CONSTANT)
        return -1;
    if (p->mode == PAD_EDGE)
        return position < 0 ? 0 : size - 1;
    return position < 0 ? -position : 2 * (size - 1) - position;
}

/* Element offset for the walker's position; -1 where the constant goes. */
static int64_t source_offset(const padding *p, const cc_walker *walker, const cc_shape *input,
                             const int64_t *strides)
{
    int64_t offset = 0;
    for (int axis = 0; axis < input->rank; axis++) {
        int64_t position = source(p, axis, walker->index[axis], input->dims[axis]);
        if (position < 0)
            return -1;
        offset += position * strides[axis];
    }
    return offset;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    padding p = {0};
    cc_status status = read_padding(call, &p, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    const cc_tensor *value = call->opset < 11 ? NULL : cc_op_input(call, 2);
    size_t size = cc_dtype_size(input->dtype);
    int64_t strides[CC_MAX_RANK];
    char fill[8] = {0};
    float old_value = cc_node_float(call->node, "value", 0.0F);
    if (value || call->opset < 11)
        memcpy(fill, value ? value->data : &old_value, size);
    cc_shape_strides(&input->shape, strides);
    cc_walker walker = cc_walker_make(&p.shape);
    char *to = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&p.shape);
    for (int64_t i = 0; i < count; i++, to += size) {
        int64_t from = source_offset(&p, &walker, &input->shape, strides);
        memcpy(to, from < 0 ? fill : (const char *)input->data + (size_t)from * size, size);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_pad = {"Pad", 1, 4, 2, infer, run, false};
