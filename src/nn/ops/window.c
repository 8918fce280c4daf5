#include "nn/ops/window.h"

#include <inttypes.h>
#include <string.h>

#include "nn/ops/support.h"

/* Far above any real window, far below anything that could overflow int64. */
#define LARGEST_PARAMETER ((int64_t)1 << 20)

typedef enum auto_pad { PAD_NOTSET, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } auto_pad;

static cc_status read_auto_pad(const cc_op_call *call, auto_pad *mode, cc_error *error)
{
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *name = cc_node_string(call->node, "auto_pad", "NOTSET");
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (auto_pad)i;
            return CC_OK;
        }
    }
    return cc_op_fail(call, error, CC_MODEL, "auto_pad '%s' does not exist in ONNX", name);
}

/* One number for each spatial dimension, in [low, LARGEST_PARAMETER]. In one
 * dimension result[0] keeps what the caller put there. */
static cc_status read_pair(const cc_op_call *call, const char *name, int64_t low, int spatial_rank,
                           int64_t result[2], cc_error *error)
{
    cc_int_list list = {0};
    cc_status status = cc_op_list_from_attribute(call, name, &list, error);
    if (status != CC_OK || list.count == 0)
        return status;
    if (list.count != spatial_rank)
        return cc_op_fail(call, error, CC_MODEL, "%s has %d numbers, not %d", name, list.count,
                          spatial_rank);
    for (int i = 0; i < spatial_rank; i++) {
        if (list.values[i] < low || list.values[i] > LARGEST_PARAMETER)
            return cc_op_fail(call, error, CC_MODEL,
                              "%s holds %" PRId64 "; it must be at least %" PRId64
                              " and at most %" PRId64,
                              name, list.values[i], low, LARGEST_PARAMETER);
        result[2 - spatial_rank + i] = list.values[i];
    }
    return CC_OK;
}

static cc_status read_pads(const cc_op_call *call, cc_window *window, cc_error *error)
{
    cc_int_list list = {0};
    cc_status status = cc_op_list_from_attribute(call, "pads", &list, error);
    if (status != CC_OK || list.count == 0)
        return status;
    if (list.count != 2 * window->spatial_rank)
        return cc_op_fail(call, error, CC_MODEL, "pads has %d numbers, not %d", list.count,
                          2 * window->spatial_rank);
    for (int i = 0; i < list.count; i++) {
        if (list.values[i] < 0 || list.values[i] > LARGEST_PARAMETER)
            return cc_op_fail(call, error, CC_UNSUPPORTED,
                              "pads holds %" PRId64 "; clearcut takes 0 to %" PRId64,
                              list.values[i], LARGEST_PARAMETER);
    }
    for (int i = 0; i < window->spatial_rank; i++) {
        window->pad_begin[2 - window->spatial_rank + i] = list.values[i];
        window->pad_end[2 - window->spatial_rank + i] = list.values[window->spatial_rank + i];
    }
    return CC_OK;
}

static cc_status read_input(const cc_op_call *call, const cc_shape *input, cc_window *window,
                            cc_error *error)
{
    if (input->rank != 3 && input->rank != 4)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "the input has %d dimensions; clearcut does 1-D and 2-D windows "
                          "(3 or 4 dimensions)",
                          input->rank);
    *window = (cc_window){
        .spatial_rank = input->rank - 2,
        .batch = input->dims[0],
        .channels = input->dims[1],
        .input = {1, 1},
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
    };
    for (int axis = 4 - input->rank; axis < 2; axis++)
        window->input[axis] = input->dims[input->rank - 2 + axis];
    return CC_OK;
}

static cc_status read_kernel(const cc_op_call *call, const cc_shape *weight, cc_window *window,
                             cc_error *error)
{
    int64_t stated[2] = {0, 0};
    cc_status status = read_pair(call, "kernel_shape", 1, window->spatial_rank, stated, error);
    if (status != CC_OK)
        return status;
    for (int axis = 2 - window->spatial_rank; axis < 2; axis++) {
        int64_t size = weight ? weight->dims[axis + weight->rank - 2] : stated[axis];
        if (stated[axis] != 0 && stated[axis] != size)
            return cc_op_fail(call, error, CC_MODEL,
                              "kernel_shape %" PRId64 " contradicts the weights' %" PRId64,
                              stated[axis], size);
        if (size < 1 || size > LARGEST_PARAMETER)
            return cc_op_fail(call, error, CC_MODEL, "the kernel size %" PRId64 " is not possible",
                              size);
        window->kernel[axis] = size;
    }
    return CC_OK;
}

static cc_status read_parameters(const cc_op_call *call, const cc_shape *input,
                                 const cc_shape *weight, cc_window *window, cc_error *error)
{
    cc_status status = read_input(call, input, window, error);
    if (status == CC_OK && weight && weight->rank != input->rank)
        status = cc_op_fail(call, error, CC_MODEL, "the weights have %d dimensions, the input %d",
                            weight->rank, input->rank);
    if (status == CC_OK)
        status = read_kernel(call, weight, window, error);
    if (status == CC_OK)
        status = read_pair(call, "strides", 1, window->spatial_rank, window->stride, error);
    if (status == CC_OK)
        status = read_pair(call, "dilations", 1, window->spatial_rank, window->dilation, error);
    if (status == CC_OK)
        status = read_pads(call, window, error);
    return status;
}

static int64_t extent(const cc_window *window, int axis)
{
    return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

/* SAME: as many outputs as strides fit, what is missing padded on both sides and
 * an odd one at the end (UPPER) or the beginning (LOWER). */
static void pad_same(cc_window *window, int axis, bool upper)
{
    int64_t stride = window->stride[axis];
    window->output[axis] = (window->input[axis] + stride - 1) / stride;
    int64_t total =
        (window->output[axis] - 1) * stride + extent(window, axis) - window->input[axis];
    if (total < 0)
        total = 0;
    window->pad_begin[axis] = upper ? total / 2 : total - total / 2;
    window->pad_end[axis] = total - window->pad_begin[axis];
}

/* ONNX Conv and pools; with ceil_mode a last window that would begin beyond the
 * input and its leading pad is dropped, as ONNX Runtime and PyTorch do. */
static void count_windows(cc_window *window, int axis, bool ceil_mode)
{
    int64_t stride = window->stride[axis];
    int64_t room = window->input[axis] + window->pad_begin[axis] + window->pad_end[axis] -
                   extent(window, axis);
    if (room < 0) {
        window->output[axis] = 0;
        return;
    }
    int64_t count = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil_mode && (count - 1) * stride >= window->input[axis] + window->pad_begin[axis])
        count--;
    window->output[axis] = count;
}

cc_status cc_window_read(const cc_op_call *call, const cc_shape *input, const cc_shape *weight,
                         bool ceil_mode, cc_window *window, cc_error *error)
{
    auto_pad mode = PAD_NOTSET;
    cc_status status = read_parameters(call, input, weight, window, error);
    if (status == CC_OK)
        status = read_auto_pad(call, &mode, error);
    if (status != CC_OK)
        return status;
    for (int axis = 0; axis < 2; axis++) {
        if (mode != PAD_NOTSET)
            window->pad_begin[axis] = window->pad_end[axis] = 0;
        if (mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER)
            pad_same(window, axis, mode == PAD_SAME_UPPER);
        else
            count_windows(window, axis, ceil_mode);
        if (window->output[axis] < 1)
            return cc_op_fail(call, error, CC_MODEL,
                              "a window of %" PRId64 " does not fit into an input of %" PRId64
                              " with these pads",
                              extent(window, axis), window->input[axis]);
    }
    return CC_OK;
}

/* Output size and pads of a transposed window on one axis. A wanted size of 0
 * means that it follows from the pads. */
static cc_status transpose_axis(const cc_op_call *call, cc_window *window, int axis,
                                int64_t output_padding, int64_t wanted, auto_pad mode,
                                cc_error *error)
{
    int64_t full =
        window->stride[axis] * (window->input[axis] - 1) + output_padding + extent(window, axis);
    bool same = mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER;
    bool stated = wanted > 0;
    if (mode != PAD_NOTSET)
        window->pad_begin[axis] = window->pad_end[axis] = 0;
    if (!stated && same) /* no larger than what the kernel reaches, as ONNX Runtime has it */
        wanted = window->input[axis] * window->stride[axis];
    if (wanted > 0) {
        int64_t total = full > wanted ? full - wanted : 0;
        bool upper = mode == PAD_SAME_UPPER;
        window->pad_begin[axis] = upper ? total / 2 : total - total / 2;
        window->pad_end[axis] = total - window->pad_begin[axis];
    }
    window->output[axis] = stated ? wanted : full - window->pad_begin[axis] - window->pad_end[axis];
    if (window->output[axis] < 1 || window->output[axis] > CC_MAX_ELEMENTS)
        return cc_op_fail(call, error, CC_MODEL, "the output size %" PRId64 " is not possible",
                          window->output[axis]);
    return CC_OK;
}

cc_status cc_window_read_transposed(const cc_op_call *call, const cc_shape *input,
                                    const cc_shape *weight, cc_window *window, cc_error *error)
{
    auto_pad mode = PAD_NOTSET;
    int64_t output_padding[2] = {0, 0};
    int64_t output_shape[2] = {0, 0};
    cc_status status = read_parameters(call, input, weight, window, error);
    if (status == CC_OK)
        status = read_auto_pad(call, &mode, error);
    if (status == CC_OK)
        status = read_pair(call, "output_padding", 0, window->spatial_rank, output_padding, error);
    if (status == CC_OK)
        status = read_pair(call, "output_shape", 1, window->spatial_rank, output_shape, error);
    for (int axis = 0; axis < 2 && status == CC_OK; axis++)
        status = transpose_axis(call, window, axis, output_padding[axis], output_shape[axis], mode,
                                error);
    return status;
}

cc_shape cc_window_output_shape(const cc_window *window, int64_t channels)
{
    if (window->spatial_rank == 1)
        return (cc_shape){3, {window->batch, channels, window->output[1]}};
    return (cc_shape){4, {window->batch, channels, window->output[0], window->output[1]}};
}
