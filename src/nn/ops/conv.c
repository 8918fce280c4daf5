/* Conv: y[m] = bias[m] + sum over channels of its group, rows, columns of x w.
 * The sum is taken in float, from the bias on, in the order channel, row, column. */
#include "nn/ops/conv.h"

#include <inttypes.h>

#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

cc_status cc_conv_geometry_read(const cc_op_call *call, cc_conv_geometry *geometry, cc_error *error)
{
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    const cc_shape *weight = &cc_op_input(call, 1)->shape;
    cc_status status = cc_window_read(call, input, weight, false, &geometry->window, error);
    if (status != CC_OK)
        return status;
    int64_t groups = cc_node_int(call->node, "group", 1);
    int64_t channels = weight->dims[0];
    if (groups < 1 || channels < 1 || channels % groups != 0 || weight->dims[1] < 1 ||
        input->dims[1] % groups != 0 || input->dims[1] / groups != weight->dims[1])
        return cc_op_fail(call, error, CC_MODEL,
                          "%" PRId64 " input channels in %" PRId64
                          " groups do not match weights for %" PRId64 " to %" PRId64 " channels",
                          input->dims[1], groups, weight->dims[1], channels);
    geometry->groups = groups;
    geometry->output_channels = channels;
    geometry->input_channels_per_group = weight->dims[1];
    geometry->output_channels_per_group = channels / groups;
    return CC_OK;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_conv_geometry geometry = {0};
    cc_status status = CC_OK;
    for (int i = 0; i < 2 && status == CC_OK; i++)
        status = cc_op_require(call, i, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_accept(call, 2, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_conv_geometry_read(call, &geometry, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *bias = cc_op_input(call, 2);
    if (bias && cc_shape_elements(&bias->shape) != geometry.output_channels)
        return cc_op_fail(call, error, CC_MODEL, "the bias does not have %" PRId64 " values",
                          geometry.output_channels);
    cc_shape shape = cc_window_output_shape(&geometry.window, geometry.output_channels);
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

/* One output value: start + the window at (row, column) over the channels of one
 * group. input points at the group's first channel, weight at this output's. */
static float convolve(const cc_conv_geometry *geometry, const float *input, const float *weight,
                      int64_t row, int64_t column, float start)
{
    const cc_window *w = &geometry->window;
    int64_t top = row * w->stride[0] - w->pad_begin[0];
    int64_t left = column * w->stride[1] - w->pad_begin[1];
    float sum = start;
    for (int64_t c = 0; c < geometry->input_channels_per_group; c++) {
        const float *plane = input + c * w->input[0] * w->input[1];
        for (int64_t i = 0; i < w->kernel[0]; i++) {
            int64_t y = top + i * w->dilation[0];
            for (int64_t j = 0; j < w->kernel[1]; j++, weight++) {
                int64_t x = left + j * w->dilation[1];
                if (y >= 0 && y < w->input[0] && x >= 0 && x < w->input[1])
                    sum += plane[y * w->input[1] + x] * *weight;
            }
        }
    }
    return sum;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    cc_conv_geometry g = {0};
    cc_status status = cc_conv_geometry_read(call, &g, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *bias = cc_op_input(call, 2);
    const float *weights = cc_op_input(call, 1)->data;
    cc_epilogue epilogue = cc_epilogue_make(call);
    float *output = call->outputs[0]->data;
    int64_t plane = g.window.input[0] * g.window.input[1];
    int64_t filter = g.input_channels_per_group * g.window.kernel[0] * g.window.kernel[1];
    int64_t at = 0;
    for (int64_t n = 0; n < g.window.batch; n++) {
        for (int64_t m = 0; m < g.output_channels; m++) {
            int64_t first = m / g.output_channels_per_group * g.input_channels_per_group;
            const float *input = cc_op_input(call, 0)->data;
            input += (n * g.window.channels + first) * plane;
            float start = bias ? ((const float *)bias->data)[m] : 0.0F;
            for (int64_t y = 0; y < g.window.output[0]; y++)
                for (int64_t x = 0; x < g.window.output[1]; x++, at++)
                    output[at] = cc_epilogue_apply(
                        &epilogue, at, convolve(&g, input, weights + m * filter, y, x, start));
        }
    }
    return CC_OK;
}

const cc_operator cc_operator_conv = {"Conv", 2, 3, 1, infer, run, true};
