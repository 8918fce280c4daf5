/* ConvTranspose, written from the output's side: y[m](p) = bias[m] + sum over the
 * group's channels and the kernel positions k for which some input position q has
 * p = q * stride + k * dilation - pad. Summed in float, from the bias on, in the
 * order channel, row, column. */
#include <inttypes.h>

#include "nn/ops/activation.h"
#include "nn/ops/conv.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

cc_status cc_conv_transpose_geometry_read(const cc_op_call *call, cc_conv_geometry *geometry,
                                          cc_error *error)
{
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    const cc_shape *weight = &cc_op_input(call, 1)->shape;
    cc_status status = cc_window_read_transposed(call, input, weight, &geometry->window, error);
    if (status != CC_OK)
        return status;
    int64_t groups = cc_node_int(call->node, "group", 1);
    if (groups < 1 || groups > CC_MAX_ELEMENTS || weight->dims[0] != input->dims[1] ||
        weight->dims[0] < 1 || weight->dims[0] % groups != 0 || weight->dims[1] < 1)
        return cc_op_fail(call, error, CC_MODEL,
                          "%" PRId64 " input channels in %" PRId64
                          " groups do not match weights for %" PRId64,
                          input->dims[1], groups, weight->dims[0]);
    geometry->groups = groups;
    geometry->input_channels_per_group = weight->dims[0] / groups;
    geometry->output_channels_per_group = weight->dims[1];
    geometry->output_channels = weight->dims[1] * groups;
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
        status = cc_conv_transpose_geometry_read(call, &geometry, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *bias = cc_op_input(call, 2);
    if (bias && cc_shape_elements(&bias->shape) != geometry.output_channels)
        return cc_op_fail(call, error, CC_MODEL, "the bias does not have %" PRId64 " values",
                          geometry.output_channels);
    cc_shape shape = cc_window_output_shape(&geometry.window, geometry.output_channels);
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

/* The input position that kernel position k spreads onto output position at, or
 * -1 if there is none. */
static int64_t source(const cc_window *w, int axis, int64_t at, int64_t k)
{
    int64_t distance = at + w->pad_begin[axis] - k * w->dilation[axis];
    if (distance < 0 || distance % w->stride[axis] != 0)
        return -1;
    int64_t position = distance / w->stride[axis];
    return position < w->input[axis] ? position : -1;
}

/* input and weight point at the group's first channel, weight also at the output
 * channel within the group. */
static float collect(const cc_conv_geometry *g, const float *input, const float *weight,
                     int64_t row, int64_t column, float start)
{
    const cc_window *w = &g->window;
    int64_t area = w->kernel[0] * w->kernel[1];
    float sum = start;
    for (int64_t c = 0; c < g->input_channels_per_group; c++) {
        const float *plane = input + c * w->input[0] * w->input[1];
        const float *filter = weight + c * g->output_channels_per_group * area;
        for (int64_t k = 0; k < area; k++) {
            int64_t y = source(w, 0, row, k / w->kernel[1]);
            int64_t x = source(w, 1, column, k % w->kernel[1]);
            if (y >= 0 && x >= 0)
                sum += plane[y * w->input[1] + x] * filter[k];
        }
    }
    return sum;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    cc_conv_geometry g = {0};
    cc_status status = cc_conv_transpose_geometry_read(call, &g, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *bias = cc_op_input(call, 2);
    cc_epilogue epilogue = cc_epilogue_make(call);
    float *output = call->outputs[0]->data;
    int64_t plane = g.window.input[0] * g.window.input[1];
    int64_t area = g.window.kernel[0] * g.window.kernel[1];
    int64_t at = 0;
    for (int64_t n = 0; n < g.window.batch; n++) {
        for (int64_t m = 0; m < g.output_channels; m++) {
            int64_t first = m / g.output_channels_per_group * g.input_channels_per_group;
            const float *input = cc_op_input(call, 0)->data;
            const float *weight = cc_op_input(call, 1)->data;
            input += (n * g.window.channels + first) * plane;
            weight +=
                (first * g.output_channels_per_group + m % g.output_channels_per_group) * area;
            float start = bias ? ((const float *)bias->data)[m] : 0.0F;
            for (int64_t y = 0; y < g.window.output[0]; y++)
                for (int64_t x = 0; x < g.window.output[1]; x++, at++)
                    output[at] =
                        cc_epilogue_apply(&epilogue, at, collect(&g, input, weight, y, x, start));
        }
    }
    return CC_OK;
}

const cc_operator cc_operator_conv_transpose = {"ConvTranspose", 2, 3, 1, infer, run, true};
