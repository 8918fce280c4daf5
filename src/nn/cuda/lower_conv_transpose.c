/* ConvTranspose as an ordinary convolution: output y = q * stride + r takes from input
 * row q + t the kernel rows k for which t * stride = r + pad - k * dilation. So each of
 * the stride_y * stride_x remainders ("phases") is a convolution of the input with some of
 * the weights; all phases together are one convolution with that many times the output
 * channels, whose pixels are then put in their places. It runs on tensor cores like any
 * other; taps that a phase does not have are zeros. */
#include <string.h>

#include "nn/cuda/lower.h"
#include "nn/ops/conv.h"

/* One axis. */
typedef struct phases {
    int64_t count; /* the stride */
    int64_t first; /* smallest t, at most 0 */
    int64_t taps;  /* of the convolution */
    int64_t size;  /* of its output: ceil(output / stride) */
} phases;

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static phases find_phases(const cc_window *window, int axis)
{
    int64_t stride = window->stride[axis];
    int64_t reach = (window->kernel[axis] - 1) * window->dilation[axis];
    int64_t first = floor_divide(window->pad_begin[axis] - reach, stride);
    int64_t last = floor_divide(stride - 1 + window->pad_begin[axis], stride);
    phases found = {.count = stride, .size = (window->output[axis] + stride - 1) / stride};

    found.first = first < 0 ? first : 0; /* a convolution cannot begin inside */
    found.taps = (last > found.first ? last : found.first) - found.first + 1;
    return found;
}

/* The kernel row that phase `r` reads at tap `j`, or -1. */
static int64_t kernel_at(const cc_window *window, const phases *axis_phases, int axis, int64_t r,
                         int64_t j)
{
    int64_t distance = r + window->pad_begin[axis] - (axis_phases->first + j) * axis_phases->count;

    if (distance < 0 || distance % window->dilation[axis] != 0) {
        return -1;
    }
    distance /= window->dilation[axis];
    return distance < window->kernel[axis] ? distance : -1;
}

typedef struct transposed {
    cc_conv_geometry geometry;
    phases axes[2];
    int64_t areas; /* phases in all */
} transposed;

/* Output channel of the convolution: group, phase row, phase column, channel of group. */
static void fill_weights(const transposed *t, const float *weights, float *filled)
{
    const cc_conv_geometry *g = &t->geometry;
    int64_t area = g->window.kernel[0] * g->window.kernel[1];
    int64_t taps = t->axes[0].taps * t->axes[1].taps;
    int64_t per_group = t->areas * g->output_channels_per_group;
    int64_t rows = g->groups * per_group;

    for (int64_t m = 0; m < rows; m++) {
        int64_t group = m / per_group;
        int64_t phase = m % per_group / g->output_channels_per_group;
        int64_t channel = m % g->output_channels_per_group;
        for (int64_t i = 0; i < g->input_channels_per_group * taps; i++) {
            int64_t c = group * g->input_channels_per_group + i / taps;
            int64_t y = kernel_at(&g->window, &t->axes[0], 0, phase / t->axes[1].count,
                                  i % taps / t->axes[1].taps);
            int64_t x = kernel_at(&g->window, &t->axes[1], 1, phase % t->axes[1].count,
                                  i % taps % t->axes[1].taps);
            filled[m * g->input_channels_per_group * taps + i] =
                y < 0 || x < 0 ? 0.0F
                               : weights[(c * g->output_channels_per_group + channel) * area +
                                         y * g->window.kernel[1] + x];
        }
    }
}

/* The bias of every phase. */
static void fill_bias(const transposed *t, const float *bias, float *filled)
{
    int64_t per_group = t->areas * t->geometry.output_channels_per_group;
    int64_t own = t->geometry.output_channels_per_group;

    for (int64_t m = 0; m < t->geometry.groups * per_group; m++) {
        filled[m] = bias != NULL ? bias[m / per_group * own + m % own] : 0.0F;
    }
}

static bool small(const transposed *t)
{
    const int64_t numbers[] = {t->axes[0].taps,
                               t->axes[1].taps,
                               -t->axes[0].first,
                               -t->axes[1].first,
                               t->areas,
                               t->geometry.groups,
                               t->areas * t->geometry.output_channels,
                               t->areas * t->geometry.output_channels *
                                   t->geometry.input_channels_per_group};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i] < 0 || numbers[i] > INT32_MAX / 64) {
            return false;
        }
    }
    return true;
}

static cc_status read_transposed(const cc_cuda_program *program, const cc_node *node, transposed *t,
                                 cc_error *error)
{
    cc_node_call call;
    cc_status status;

    if (!cc_node_call_make(program->graph, node, &call)) {
        return cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
    }
    if (!program->graph->values[node->inputs[1]].is_constant) {
        return cc_cuda_refuse(node, error, "its weights are not constants");
    }
    status = cc_conv_transpose_geometry_read(&call.call, &t->geometry, error);
    if (status != CC_OK) {
        return status;
    }
    for (int axis = 0; axis < 2; axis++) {
        t->axes[axis] = find_phases(&t->geometry.window, axis);
    }
    t->areas = t->axes[0].count * t->axes[1].count;
    return small(t) ? CC_OK : cc_cuda_refuse(node, error, "its window is larger than any kernel's");
}

/* The pixels of every phase to their places. Phases that end earlier than others are
 * moved apart from them. */
static cc_status place_phases(cc_cuda_program *program, const cc_node *node, const transposed *t,
                              int from, int output, cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    const cc_shape whole = {
        .rank = 4,
        .dims = {shape->dims[0], t->areas * shape->dims[1], t->axes[0].size, t->axes[1].size}};
    int64_t own = t->geometry.output_channels_per_group;
    cc_cuda_axes f = cc_cuda_axes_of(program, from, &whole);
    cc_cuda_axes o = cc_cuda_axes_of(program, output, shape);
    cc_status status = CC_OK;

    for (int64_t phase = 0; phase < t->areas && status == CC_OK; phase++) {
        int64_t row = phase / t->axes[1].count;
        int64_t column = phase % t->axes[1].count;
        int64_t rows = (shape->dims[2] - row + t->axes[0].count - 1) / t->axes[0].count;
        int64_t columns = (shape->dims[3] - column + t->axes[1].count - 1) / t->axes[1].count;
        cc_cuda_axes source = {.count = 5,
                               .size = {shape->dims[0], t->geometry.groups, own, rows, columns},
                               .step = {f.step[0], t->areas * own, 1, f.step[2], f.step[3]},
                               .base = f.base + phase * own};
        cc_cuda_axes target = {
            .count = 5,
            .size = {shape->dims[0], t->geometry.groups, own, rows, columns},
            .step = {o.step[0], own, 1, t->axes[0].count * o.step[2], t->axes[1].count * o.step[3]},
            .base = o.base + row * o.step[2] + column * o.step[3]};
        if (rows > 0 && columns > 0) { /* a stride may be larger than the output */
            status = cc_cuda_add_move(program, node, from, &source, output, &target, error);
        }
    }
    return status;
}

/* The convolution itself, into a value of its own. */
static cc_status add_convolution(cc_cuda_program *program, const cc_node *node, const transposed *t,
                                 int input, int output, cc_error *error)
{
    const cc_conv_geometry *g = &t->geometry;
    int64_t channels = t->areas * g->output_channels;
    int64_t taps = t->axes[0].taps * t->axes[1].taps;
    bool residual_only = node->input_count == 3 && node->fusion.residual != CC_RESIDUAL_NONE;
    bool has_bias = node->input_count > 2 && node->inputs[2] >= 0 && !residual_only;
    float *weights = cc_arena_alloc(
        &program->arena, (size_t)(channels * g->input_channels_per_group * taps), sizeof *weights);
    float *bias = cc_arena_alloc(&program->arena, (size_t)channels, sizeof *bias);
    cc_cuda_conv conv = {.kernel_height = (int32_t)t->axes[0].taps,
                         .kernel_width = (int32_t)t->axes[1].taps,
                         .stride_y = 1,
                         .stride_x = 1,
                         .dilation_y = 1,
                         .dilation_x = 1,
                         .pad_top = (int32_t)-t->axes[0].first,
                         .pad_left = (int32_t)-t->axes[1].first,
                         .groups = (int32_t)g->groups,
                         .splits = 1,
                         .activation = cc_cuda_first_activation(node)};

    if (has_bias && !program->graph->values[node->inputs[2]].is_constant) {
        return cc_cuda_refuse(node, error, "its bias is not a constant");
    }
    if (weights == NULL || bias == NULL) {
        return cc_cuda_no_room(error);
    }
    fill_weights(t, program->graph->values[node->inputs[1]].tensor.data, weights);
    fill_bias(t, has_bias ? program->graph->values[node->inputs[2]].tensor.data : NULL, bias);
    return cc_cuda_add_conv(program, node, &conv, input, output, weights, bias, error);
}

cc_status cc_cuda_lower_conv_transpose(cc_cuda_program *program, const cc_node *node,
                                       cc_error *error)
{
    const cc_shape *shape = &program->graph->values[node->outputs[0]].tensor.shape;
    transposed t = {0};
    cc_shape whole = {.rank = 4};
    int input = CC_CUDA_NOBODY;
    int phased = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_need_planes(program, node, error);

    if (status == CC_OK) {
        status = cc_cuda_input(program, node, 0, &input, error);
    }
    if (status == CC_OK) {
        status = read_transposed(program, node, &t, error);
    }
    if (status == CC_OK) {
        whole = (cc_shape){
            .rank = 4,
            .dims = {shape->dims[0], t.areas * shape->dims[1], t.axes[0].size, t.axes[1].size}};
        status = cc_cuda_new_value(program, node, &whole, &phased, error);
    }
    if (status == CC_OK) {
        status = add_convolution(program, node, &t, input, phased, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status == CC_OK) {
        status = place_phases(program, node, &t, phased, output, error);
    }
    return status == CC_OK ? cc_cuda_add_residual(program, node, output, error) : status;
}
