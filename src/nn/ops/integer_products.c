/* ConvInteger and MatMulInteger: 8-bit values minus their zero points, multiplied
 * and summed exactly in int32 (wrapping, as ONNX Runtime's does). */
#include <inttypes.h>

#include "nn/ops/conv.h"
#include "nn/ops/matmul.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* A zero point is one number, or `count` of them where that is not 0. */
static cc_status check_zero_point(const cc_op_call *call, int index, int64_t count, cc_error *error)
{
    const cc_tensor *zero = cc_op_input(call, index);
    if (!zero)
        return CC_OK;
    int64_t size = cc_shape_elements(&zero->shape);
    if (zero->dtype != cc_op_input(call, index - 2)->dtype || (size != 1 && size != count))
        return cc_op_fail(call, error, CC_MODEL,
                          "the zero point (input %d) has another type than its tensor, or an "
                          "unsuitable number of values",
                          index);
    return CC_OK;
}

static cc_status require_bytes(const cc_op_call *call, cc_error *error)
{
    cc_status status = CC_OK;
    for (int i = 0; i < 2 && status == CC_OK; i++)
        status = cc_op_require(call, i, CC_TYPES_BYTE, error);
    for (int i = 2; i < 4 && status == CC_OK; i++)
        status = cc_op_accept(call, i, CC_TYPES_BYTE, error);
    return status;
}

/* The zero point for channel `at`; 0 if it is left out. */
static int64_t zero_point(const cc_tensor *zero, int64_t at)
{
    if (!zero)
        return 0;
    return cc_get_int(zero, cc_shape_elements(&zero->shape) == 1 ? 0 : at);
}

static cc_status infer_conv(const cc_op_call *call, cc_error *error)
{
    cc_conv_geometry g = {0};
    cc_status status = require_bytes(call, error);
    if (status == CC_OK)
        status = cc_conv_geometry_read(call, &g, error);
    if (status == CC_OK)
        status = check_zero_point(call, 2, 1, error);
    if (status == CC_OK)
        status = check_zero_point(call, 3, g.output_channels, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_window_output_shape(&g.window, g.output_channels);
    return cc_op_set_output(call, 0, CC_INT32, &shape, error);
}

/* One window of one channel; `plane` and `filter` are element offsets. What lies
 * outside counts as the zero point, so it adds nothing. */
static int64_t convolve_plane(const cc_op_call *call, const cc_window *w, int64_t plane,
                              int64_t filter, int64_t at, const int64_t zero[2])
{
    int64_t top = at / w->output[1] * w->stride[0] - w->pad_begin[0];
    int64_t left = at % w->output[1] * w->stride[1] - w->pad_begin[1];
    int64_t sum = 0;
    for (int64_t k = 0; k < w->kernel[0] * w->kernel[1]; k++) {
        int64_t y = top + k / w->kernel[1] * w->dilation[0];
        int64_t x = left + k % w->kernel[1] * w->dilation[1];
        if (y >= 0 && y < w->input[0] && x >= 0 && x < w->input[1])
            sum += (cc_get_int(cc_op_input(call, 0), plane + y * w->input[1] + x) - zero[0]) *
                   (cc_get_int(cc_op_input(call, 1), filter + k) - zero[1]);
    }
    return sum;
}

/* Output element `at` of the plane of batch n and output channel m. */
static int64_t convolve(const cc_op_call *call, const cc_conv_geometry *g, int64_t n, int64_t m,
                        int64_t at)
{
    const cc_window *w = &g->window;
    int64_t zero[2] = {zero_point(cc_op_input(call, 2), 0), zero_point(cc_op_input(call, 3), m)};
    int64_t first = m / g->output_channels_per_group * g->input_channels_per_group;
    int64_t sum = 0;
    for (int64_t c = 0; c < g->input_channels_per_group; c++) {
        int64_t plane = (n * w->channels + first + c) * w->input[0] * w->input[1];
        int64_t filter = (m * g->input_channels_per_group + c) * w->kernel[0] * w->kernel[1];
        sum += convolve_plane(call, w, plane, filter, at, zero);
    }
    return sum;
}

static cc_status run_conv(const cc_op_call *call, cc_error *error)
{
    cc_conv_geometry g = {0};
    cc_status status = cc_conv_geometry_read(call, &g, error);
    if (status != CC_OK)
        return status;
    int64_t area = g.window.output[0] * g.window.output[1];
    int64_t planes = g.window.batch * g.output_channels;
    for (int64_t p = 0; p < planes; p++)
        for (int64_t at = 0; at < area; at++)
            cc_set_int(call->outputs[0], p * area + at,
                       convolve(call, &g, p / g.output_channels, p % g.output_channels, at));
    return CC_OK;
}

static cc_status infer_matmul(const cc_op_call *call, cc_error *error)
{
    cc_matmul m = {0};
    cc_status status = require_bytes(call, error);
    if (status == CC_OK)
        status = cc_matmul_read(call, &m, error);
    if (status == CC_OK)
        status = check_zero_point(call, 2, m.rows, error);
    if (status == CC_OK)
        status = check_zero_point(call, 3, m.columns, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, CC_INT32, &m.output, error);
}

/* Element (row, column) of one product; a and b count matrices. */
static int64_t multiply(const cc_op_call *call, const cc_matmul *m, int64_t a, int64_t b,
                        int64_t row, int64_t column)
{
    int64_t a_zero = zero_point(cc_op_input(call, 2), row);
    int64_t b_zero = zero_point(cc_op_input(call, 3), column);
    int64_t sum = 0;
    for (int64_t k = 0; k < m->depth; k++) {
        int64_t left = cc_get_int(cc_op_input(call, 0), (a * m->rows + row) * m->depth + k);
        int64_t right = cc_get_int(cc_op_input(call, 1), (b * m->depth + k) * m->columns + column);
        sum += (left - a_zero) * (right - b_zero);
    }
    return sum;
}

static cc_status run_matmul(const cc_op_call *call, cc_error *error)
{
    cc_matmul m = {0};
    cc_status status = cc_matmul_read(call, &m, error);
    if (status != CC_OK)
        return status;
    cc_walker walker = cc_matmul_walk(&m);
    int64_t size = m.rows * m.columns;
    int64_t count = cc_shape_elements(&m.output);
    for (int64_t i = 0; i < count; i++) {
        cc_set_int(call->outputs[0], i,
                   multiply(call, &m, walker.offset[0], walker.offset[1], i % size / m.columns,
                            i % m.columns));
        if (i % size == size - 1)
            cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_conv_integer = {"ConvInteger", 2, 4, 10, infer_conv, run_conv, false};
const cc_operator cc_operator_mat_mul_integer = {"MatMulInteger", 2,          4,    10,
                                                 infer_matmul,    run_matmul, false};
