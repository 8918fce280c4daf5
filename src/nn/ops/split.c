/* Split along one axis: sizes as an attribute before opset 13, as an input since;
 * opset 18 may give the number of parts only. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* The stated sizes, or NULL; an int64 input or attribute. */
static const int64_t *stated_sizes(const cc_op_call *call, size_t *count)
{
    const cc_tensor *input = cc_op_input(call, 1);
    if (call->opset < 13)
        return cc_node_ints(call->node, "split", count);
    *count = input ? (size_t)cc_shape_elements(&input->shape) : 0;
    return input ? input->data : NULL;
}

/* Size of part `index` along the axis of `size` elements. Without stated sizes
 * all are equal; with opset 18 the last may be smaller. */
static int64_t part_size(const cc_op_call *call, int64_t size, int index)
{
    size_t count = 0;
    const int64_t *sizes = stated_sizes(call, &count);
    int64_t part = (size + call->output_count - 1) / call->output_count;
    if (sizes && (size_t)index < count)
        return sizes[index];
    int64_t left = size - part * index;
    return left < part ? left : part;
}

static cc_status check_sizes(const cc_op_call *call, int64_t size, cc_error *error)
{
    size_t count = 0;
    const int64_t *sizes = stated_sizes(call, &count);
    int64_t parts = cc_node_int(call->node, "num_outputs", call->output_count);
    int64_t total = 0;
    if (call->output_count < 1 || (sizes && count != (size_t)call->output_count) ||
        parts != call->output_count)
        return cc_op_fail(call, error, CC_MODEL, "the number of parts differs from the %d outputs",
                          call->output_count);
    if (!sizes && call->opset < 18 && size % call->output_count != 0)
        return cc_op_fail(call, error, CC_MODEL,
                          "%" PRId64 " elements do not divide into %d equal parts", size,
                          call->output_count);
    for (int i = 0; i < call->output_count; i++) {
        int64_t part = part_size(call, size, i);
        if (part < 0 || part > size - total)
            return cc_op_fail(call, error, CC_MODEL, "part %d of %" PRId64 " does not fit", i,
                              part);
        total += part;
    }
    if (total != size)
        return cc_op_fail(call, error, CC_MODEL,
                          "the parts add up to %" PRId64 ", the axis has %" PRId64, total, size);
    return CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_read_axis(call, &axis, error);
    if (status == CC_OK && call->opset >= 13 && cc_op_input(call, 1))
        status = cc_op_require_constant(call, 1, CC_TYPE(CC_INT64), "split", error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    int64_t size = shape.dims[axis];
    status = check_sizes(call, size, error);
    for (int i = 0; i < call->output_count && status == CC_OK; i++) {
        shape.dims[axis] = part_size(call, size, i);
        if (call->outputs[i])
            status = cc_op_set_output(call, i, cc_op_input(call, 0)->dtype, &shape, error);
    }
    return status;
}

static void copy_part(const cc_tensor *input, int axis, int64_t first, const cc_tensor *output)
{
    const cc_shape *shape = &input->shape;
    size_t inner =
        (size_t)cc_shape_product(shape, axis + 1, shape->rank) * cc_dtype_size(input->dtype);
    size_t bytes = (size_t)output->shape.dims[axis] * inner;
    size_t step = (size_t)shape->dims[axis] * inner;
    int64_t outer = cc_shape_product(shape, 0, axis);
    const char *from = (const char *)input->data + (size_t)first * inner;
    char *to = output->data;
    for (int64_t o = 0; o < outer; o++)
        memcpy(to + (size_t)o * bytes, from + (size_t)o * step, bytes);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t first = 0;
    for (int i = 0; i < call->output_count; i++) {
        const cc_tensor *output = call->outputs[i];
        if (output && cc_shape_elements(&output->shape) > 0)
            copy_part(input, axis, first, output);
        first += part_size(call, input->shape.dims[axis], i);
    }
    return CC_OK;
}

const cc_operator cc_operator_split = {"Split", 1, 2, 2, infer, run, false};
