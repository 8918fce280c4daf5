/* MaxPool and AveragePool over one or two dimensions. */
#include <inttypes.h>
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/window.h"

static cc_status read_pool(const cc_op_call *call, cc_window *window, cc_error *error)
{
    if (!cc_node_attribute(call->node, "kernel_shape"))
        return cc_op_fail(call, error, CC_MODEL, "attribute kernel_shape is missing");
    bool ceil_mode = cc_node_int(call->node, "ceil_mode", 0) != 0;
    return cc_window_read(call, &cc_op_input(call, 0)->shape, NULL, ceil_mode, window, error);
}

/* A pad as large as the window would give windows that lie wholly outside. */
static cc_status check_pads(const cc_op_call *call, const cc_window *window, cc_error *error)
{
    for (int axis = 0; axis < 2; axis++) {
        int64_t extent = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
        if (window->pad_begin[axis] >= extent || window->pad_end[axis] >= extent)
            return cc_op_fail(call, error, CC_MODEL,
                              "a pad as large as the window of %" PRId64 " is not allowed", extent);
    }
    return CC_OK;
}

static cc_status infer_pool(const cc_op_call *call, unsigned types, cc_error *error)
{
    cc_window window = {0};
    cc_status status = cc_op_require(call, 0, types, error);
    if (status == CC_OK)
        status = read_pool(call, &window, error);
    if (status == CC_OK)
        status = check_pads(call, &window, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_window_output_shape(&window, window.channels);
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status infer_max(const cc_op_call *call, cc_error *error)
{
    if (call->output_count > 1 && call->outputs[1])
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "the output Indices is not computed; export without it");
    return infer_pool(call, CC_TYPES_FLOAT | CC_TYPES_BYTE, error);
}

static cc_status infer_average(const cc_op_call *call, cc_error *error)
{
    return infer_pool(call, CC_TYPES_FLOAT, error);
}

/* Element offset of window position (i, j) at output (row, column), or -1 if it
 * lies in the padding. */
static int64_t position(const cc_window *w, int64_t row, int64_t column, int64_t i, int64_t j)
{
    int64_t y = row * w->stride[0] - w->pad_begin[0] + i * w->dilation[0];
    int64_t x = column * w->stride[1] - w->pad_begin[1] + j * w->dilation[1];
    bool inside = y >= 0 && y < w->input[0] && x >= 0 && x < w->input[1];
    return inside ? y * w->input[1] + x : -1;
}

/* The largest element, as its offset in the tensor; the first of equals. A
 * window that meets padding only (dilated past the edge) gives -1. */
static int64_t window_maximum(const cc_window *w, const cc_tensor *input, int64_t plane,
                              int64_t row, int64_t column)
{
    int64_t best = -1;
    for (int64_t i = 0; i < w->kernel[0]; i++) {
        for (int64_t j = 0; j < w->kernel[1]; j++) {
            int64_t at = position(w, row, column, i, j);
            if (at < 0)
                continue;
            at += plane;
            if (best < 0 || cc_get_float(input, at) > cc_get_float(input, best))
                best = at;
        }
    }
    return best;
}

static void store_maximum(const cc_tensor *output, int64_t index, const cc_tensor *input,
                          int64_t best)
{
    if (output->dtype == CC_FLOAT32)
        ((float *)output->data)[index] = best < 0 ? -INFINITY : ((const float *)input->data)[best];
    else
        cc_set_int(output, index,
                   best >= 0                  ? cc_get_int(input, best)
                   : output->dtype == CC_INT8 ? -128
                                              : 0);
}

static cc_status run_max(const cc_op_call *call, cc_error *error)
{
    cc_window w = {0};
    cc_status status = read_pool(call, &w, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t at = 0;
    for (int64_t p = 0; p < w.batch * w.channels; p++) {
        int64_t plane = p * w.input[0] * w.input[1];
        for (int64_t y = 0; y < w.output[0]; y++)
            for (int64_t x = 0; x < w.output[1]; x++, at++)
                store_maximum(call->outputs[0], at, input, window_maximum(&w, input, plane, y, x));
    }
    return CC_OK;
}

/* Window positions on one axis that count as padding or input: those beyond the
 * trailing pad, which ceil_mode can reach, do not. */
static int64_t counted(const cc_window *w, int axis, int64_t at)
{
    int64_t start = at * w->stride[axis] - w->pad_begin[axis];
    int64_t end = w->input[axis] + w->pad_end[axis];
    int64_t count = 0;
    for (int64_t i = 0; i < w->kernel[axis]; i++)
        count += start + i * w->dilation[axis] < end;
    return count;
}

static float window_average(const cc_window *w, const float *plane, int64_t row, int64_t column,
                            bool include_pad)
{
    float sum = 0.0F;
    int64_t count = 0;
    for (int64_t i = 0; i < w->kernel[0]; i++) {
        for (int64_t j = 0; j < w->kernel[1]; j++) {
            int64_t at = position(w, row, column, i, j);
            if (at < 0)
                continue;
            sum += plane[at];
            count++;
        }
    }
    if (include_pad)
        count = counted(w, 0, row) * counted(w, 1, column);
    return count > 0 ? sum / (float)count : 0.0F;
}

static cc_status run_average(const cc_op_call *call, cc_error *error)
{
    cc_window w = {0};
    cc_status status = read_pool(call, &w, error);
    if (status != CC_OK)
        return status;
    bool include_pad = cc_node_int(call->node, "count_include_pad", 0) != 0;
    const float *input = cc_op_input(call, 0)->data;
    float *output = call->outputs[0]->data;
    for (int64_t p = 0; p < w.batch * w.channels; p++) {
        const float *plane = input + p * w.input[0] * w.input[1];
        for (int64_t y = 0; y < w.output[0]; y++)
            for (int64_t x = 0; x < w.output[1]; x++)
                *output++ = window_average(&w, plane, y, x, include_pad);
    }
    return CC_OK;
}

const cc_operator cc_operator_max_pool = {"MaxPool", 1, 1, 1, infer_max, run_max, false};
const cc_operator cc_operator_average_pool = {"AveragePool", 1,           1,    1,
                                              infer_average, run_average, false};
