/* Slice: starts, ends, axes and steps as attributes before opset 10 (without
 * steps), as constant inputs since. */
#include <inttypes.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

typedef struct slice {
    int64_t start[CC_MAX_RANK];
    int64_t step[CC_MAX_RANK];
    cc_shape shape; /* of the result */
} slice;

static int64_t limit(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* ONNX's rule: negative positions count from the end, then both are clamped to
 * the range that the direction can reach. */
static void cut_axis(slice *s, int axis, int64_t start, int64_t end, int64_t step)
{
    int64_t size = s->shape.dims[axis];
    bool forward = step > 0;
    start = limit(start < 0 ? start + size : start, 0, forward ? size : size - 1);
    end = limit(end < 0 ? end + size : end, forward ? 0 : -1, size);
    if (size == 0)
        start = end = 0;
    int64_t distance = forward ? end - start : start - end;
    uint64_t stride = forward ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t count = distance <= 0 ? 0 : ((uint64_t)distance + stride - 1) / stride;
    if (stride > (uint64_t)CC_MAX_ELEMENTS) /* beyond any tensor: the first only */
        count = distance > 0;
    s->start[axis] = start;
    s->step[axis] = count > 1 ? step : 0;
    s->shape.dims[axis] = (int64_t)count;
}

static cc_status check_lists(const cc_op_call *call, const cc_int_list lists[4], cc_error *error)
{
    int count = lists[0].count;
    if (!lists[0].present || !lists[1].present)
        return cc_op_fail(call, error, CC_MODEL, "starts or ends are missing");
    if (lists[1].count != count || (lists[2].present && lists[2].count != count) ||
        (lists[3].present && lists[3].count != count) || count > cc_op_input(call, 0)->shape.rank)
        return cc_op_fail(call, error, CC_MODEL,
                          "starts, ends, axes and steps do not have one number for each axis");
    for (int i = 0; i < lists[3].count; i++) {
        if (lists[3].values[i] == 0)
            return cc_op_fail(call, error, CC_MODEL, "a step of 0 never ends");
    }
    return CC_OK;
}

static cc_status read_slice(const cc_op_call *call, slice *s, cc_error *error)
{
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    cc_int_list lists[4];
    cc_status status = CC_OK;
    for (int i = 0; i < 4 && status == CC_OK; i++)
        status = cc_op_list(call, names[i], i + 1, 10, &lists[i], error);
    if (status == CC_OK)
        status = check_lists(call, lists, error);
    *s = (slice){.shape = cc_op_input(call, 0)->shape};
    if (status == CC_OK)
        status = cc_op_list_axes(call, &lists[2], s->shape.rank, error);
    if (status != CC_OK)
        return status;
    for (int i = 0; i < s->shape.rank; i++)
        s->step[i] = 1;
    for (int i = 0; i < lists[0].count; i++)
        cut_axis(s, lists[2].present ? (int)lists[2].values[i] : i, lists[0].values[i],
                 lists[1].values[i], lists[3].present ? lists[3].values[i] : 1);
    return CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    slice s = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = read_slice(call, &s, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &s.shape, error);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    slice s = {0};
    cc_status status = read_slice(call, &s, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t strides[CC_MAX_RANK];
    int64_t base = 0;
    if (cc_shape_elements(&s.shape) == 0)
        return CC_OK;
    cc_shape_strides(&input->shape, strides);
    for (int i = 0; i < s.shape.rank; i++) {
        base += s.start[i] * strides[i];
        strides[i] *= s.step[i];
    }
    cc_walker walker = cc_walker_make(&s.shape);
    cc_walker_add(&walker, base, strides);
    cc_walker_copy(&walker, input->data, call->outputs[0]->data, cc_dtype_size(input->dtype));
    return CC_OK;
}

const cc_operator cc_operator_slice = {"Slice", 1, 5, 1, infer, run, false};
