/* ConvTranspose (deconvolution), as so many ordinary convolutions.
 *
 * Output p gets input q through kernel position k where p + pad = q * stride + k. So the
 * outputs whose p + pad leaves the rest r, a *phase*, only see k = r, r + stride, ...:
 * each phase is a convolution of stride 1 with every stride-th tap, in reverse order, and
 * runs on the direct tile. A row of a phase is computed densely and then spread over the
 * row of the output.
 */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/families.h"
#include "nn/cpu/node_call.h"
#include "nn/cpu/view.h"
#include "nn/ops/conv.h"

/* More phases than this are left to the reference: nobody has strides above 8. */
#define MOST_PHASES 64

/* The taps of one phase along one axis: kernel positions first, first + stride, ... */
typedef struct axis_phase {
    int first;
    int taps;
} axis_phase;

typedef struct transposed_state {
    const cc_kernels *kernels;
    cc_fusion fusion;
    float *bias;
    int stride[2];
    int pad[2];
    int kernel[2];
    int phases;                 /* stride x stride */
    cc_packed_weights *weights; /* of each phase, taps already reversed */
    ptrdiff_t row_floats;       /* of scratch for each worker */
    int row_pixels;             /* most of one phase */
} transposed_state;

typedef struct transposed_run {
    const transposed_state *state;
    const cc_view *input;
    const cc_view *output;
    float *rows; /* of each worker: [output block][pixel][CC_BLOCK] */
} transposed_run;

static axis_phase phase_of(int rest, int kernel, int stride)
{
    return (axis_phase){.first = rest,
                        .taps = rest < kernel ? cc_divide_up(kernel - rest, stride) : 0};
}

static bool read_geometry(const cc_graph *graph, const cc_node *node, cc_conv_geometry *geometry)
{
    cc_node_call call;

    return cc_node_call_make(graph, node, &call) &&
           cc_conv_transpose_geometry_read(&call.call, geometry, NULL) == CC_OK;
}

static const cc_file_float *constant_floats(const cc_graph *graph, const cc_node *node, int index)
{
    if (index >= node->input_count || node->inputs[index] < 0) {
        return NULL;
    }
    const cc_value *value = &graph->values[node->inputs[index]];
    return value->is_constant && value->tensor.dtype == CC_FLOAT32 ? value->tensor.data : NULL;
}

/* Zeros around the input that taps reach. */
static int border_of(const cc_window *w)
{
    int64_t border = 0;

    for (int axis = 0; axis < 2; axis++) {
        int64_t before =
            (w->kernel[axis] - 1) / w->stride[axis] - w->pad_begin[axis] / w->stride[axis];
        int64_t last = (w->output[axis] - 1 + w->pad_begin[axis]) / w->stride[axis];
        int64_t after = last - (w->input[axis] - 1);
        border = before > border ? before : border;
        border = after > border ? after : border;
    }
    return border > CC_MAX_BORDER ? CC_MAX_BORDER + 1 : (int)border;
}

static bool supports(cc_placement *placement)
{
    const cc_node *node = placement->node;
    cc_conv_geometry g;

    if (strcmp(node->op_type, "ConvTranspose") != 0 || placement->inputs[0] == NULL ||
        placement->graph->values[node->inputs[0]].tensor.shape.rank != 4 ||
        constant_floats(placement->graph, node, 1) == NULL ||
        (node->input_count > 2 && node->inputs[2] >= 0 &&
         constant_floats(placement->graph, node, 2) == NULL) ||
        node->fusion.residual != CC_RESIDUAL_NONE || !read_geometry(placement->graph, node, &g) ||
        g.groups != 1 || g.window.dilation[0] != 1 || g.window.dilation[1] != 1 ||
        g.window.stride[0] * g.window.stride[1] > MOST_PHASES ||
        border_of(&g.window) > CC_MAX_BORDER) {
        return false;
    }
    placement->input_layouts[0] = CC_BLOCKED;
    placement->input_borders[0] = border_of(&g.window);
    placement->output_layout = CC_BLOCKED;
    placement->lanes_from = CC_LANES_FRESH;
    return true;
}

static void release(void *memory)
{
    transposed_state *state = memory;

    for (int i = 0; i < state->phases && state->weights != NULL; i++) {
        cc_packed_weights_release(&state->weights[i]);
    }
    cc_free(state->weights);
    cc_free_aligned(state->bias);
    cc_free(state);
}

/* One phase's taps of [input][output][row][column] as [output][input][tap], reversed. */
static void gather_phase(const transposed_state *state, const cc_conv_geometry *g,
                         const cc_file_float *weights, const axis_phase phase[2], float *to)
{
    size_t area = (size_t)(state->kernel[0] * state->kernel[1]);

    for (int64_t output = 0; output < g->output_channels; output++) {
        for (int64_t input = 0; input < g->window.channels; input++) {
            const cc_file_float *from =
                weights + (size_t)(input * g->output_channels + output) * area;
            for (int row = phase[0].taps - 1; row >= 0; row--) {
                int y = phase[0].first + row * state->stride[0];
                for (int column = phase[1].taps - 1; column >= 0; column--) {
                    int x = phase[1].first + column * state->stride[1];
                    *to++ = from[y * state->kernel[1] + x];
                }
            }
        }
    }
}

static cc_status pack_phase(transposed_state *state, int index, const cc_conv_geometry *g,
                            const cc_file_float *weights, const cc_view *input,
                            cc_thread_pool *pool, cc_error *error)
{
    axis_phase phase[2] = {phase_of(index / state->stride[1], state->kernel[0], state->stride[0]),
                           phase_of(index % state->stride[1], state->kernel[1], state->stride[1])};
    int taps = phase[0].taps * phase[1].taps;
    cc_packed_weights *packed = &state->weights[index];
    size_t count = (size_t)(g->output_channels * g->window.channels) * (size_t)taps;
    cc_status status = cc_packed_weights_arrange(
        packed, (int)g->window.channels, (int)g->output_channels, input->lanes, input->blocks, taps,
        state->kernels->direct.wide_blocks, error);

    if (status != CC_OK || taps == 0) {
        return status;
    }
    float *plain = cc_alloc_array(count, sizeof *plain);
    if (plain == NULL) {
        return cc_fail_memory(error, count * sizeof *plain);
    }
    gather_phase(state, g, weights, phase, plain);
    status = cc_packed_weights_fill(packed, plain, (int)g->output_channels, pool, error);
    cc_free(plain);
    return status;
}

static cc_status fill(transposed_state *state, const cc_graph *graph, const cc_step *step,
                      cc_thread_pool *pool, cc_error *error)
{
    cc_conv_geometry g;

    if (!read_geometry(graph, step->node, &g)) {
        return cc_fail(error, CC_INTERNAL, "a ConvTranspose changed after it was placed");
    }
    for (int axis = 0; axis < 2; axis++) {
        state->stride[axis] = (int)g.window.stride[axis];
        state->pad[axis] = (int)g.window.pad_begin[axis];
        state->kernel[axis] = (int)g.window.kernel[axis];
    }
    state->kernels = cc_kernels_best();
    state->fusion = step->node->fusion;
    state->phases = state->stride[0] * state->stride[1];
    state->bias = cc_padded_bias(constant_floats(graph, step->node, 2), (int)g.output_channels);
    state->weights = cc_alloc_zeroed((size_t)state->phases, sizeof *state->weights);
    if (state->bias == NULL || state->weights == NULL) {
        return cc_fail_memory(error, (size_t)g.output_channels * sizeof(float));
    }
    cc_status status = CC_OK;
    for (int i = 0; i < state->phases && status == CC_OK; i++) {
        status = pack_phase(state, i, &g, constant_floats(graph, step->node, 1), step->inputs[0],
                            pool, error);
    }
    return status;
}

static cc_status prepare(const cc_graph *graph, cc_step *step, cc_thread_pool *pool,
                         cc_error *error)
{
    transposed_state *state = cc_alloc_zeroed(1, sizeof *state);

    if (state == NULL) {
        return cc_fail_memory(error, sizeof *state);
    }
    step->state = state;
    cc_status status = fill(state, graph, step, pool, error);
    if (status != CC_OK) {
        return status;
    }
    step->state_bytes = 0;
    for (int i = 0; i < state->phases; i++) {
        step->state_bytes += state->weights[i].data != NULL ? state->weights[i].bytes : 0;
    }
    state->row_pixels = cc_divide_up(step->outputs[0]->width, state->stride[1]);
    state->row_floats = (ptrdiff_t)step->outputs[0]->blocks * state->row_pixels * CC_BLOCK;
    step->scratch_bytes =
        (size_t)cc_thread_pool_size(pool) * (size_t)state->row_floats * sizeof(float);
    step->algorithm = "direct, by phases";
    return CC_OK;
}

/* `count` pixels of a phase, whose first tap of the first pixel is at `input`. */
static void multiply(const transposed_run *run, const cc_packed_weights *weights,
                     const float *input, const axis_phase phase[2], int count, float *rows)
{
    const transposed_state *state = run->state;
    ptrdiff_t block_stride = (ptrdiff_t)state->row_pixels * CC_BLOCK;

    for (int group = 0; group < weights->groups; group++) {
        int blocks = cc_packed_group_blocks(weights, group);
        int first_block = group * weights->group_blocks;
        int pixels = cc_even_tile(count, state->kernels->direct.maximum_pixels[blocks - 1]);
        cc_direct_tile tile = {.input_block_stride = run->input->block_stride,
                               .tap_row_stride = run->input->row_stride,
                               .tap_column_stride = CC_BLOCK,
                               .pixel_stride = CC_BLOCK,
                               .lane_stride = 1,
                               .blocks = weights->input_blocks,
                               .lanes = weights->lanes,
                               .kernel_height = phase[0].taps,
                               .kernel_width = phase[1].taps,
                               .weights =
                                   weights->data != NULL
                                       ? weights->data + cc_packed_group_offset(weights, group)
                                       : NULL,
                               .bias = state->bias + (ptrdiff_t)first_block * CC_BLOCK,
                               .output_block_stride = block_stride,
                               .fusion = &state->fusion};
        for (int x = 0; x < count; x += pixels) {
            int at = x + pixels <= count ? x : count - pixels;
            tile.input = input + (ptrdiff_t)at * CC_BLOCK;
            tile.output = rows + first_block * block_stride + (ptrdiff_t)at * CC_BLOCK;
            state->kernels->direct.tile(&tile, blocks, pixels);
        }
    }
}

/* Pixels of a phase to their places: x, x + stride, ... */
static void spread(const transposed_run *run, const float *rows, int picture, int y, int x,
                   int count)
{
    const transposed_state *state = run->state;

    for (int block = 0; block < run->output->blocks; block++) {
        float *to = cc_view_row(run->output, picture, block, y) + (ptrdiff_t)x * CC_BLOCK;
        const float *from = rows + (ptrdiff_t)block * state->row_pixels * CC_BLOCK;
        for (int i = 0; i < count; i++) {
            memcpy(to + (ptrdiff_t)i * state->stride[1] * CC_BLOCK, from + (ptrdiff_t)i * CC_BLOCK,
                   CC_BLOCK * sizeof(float));
        }
    }
}

/* One task is one row of one picture, all phases of its columns. */
static void run_task(void *context, int task, int worker)
{
    const transposed_run *run = context;
    const transposed_state *state = run->state;
    int y = task % run->output->height;
    int picture = task / run->output->height;
    int row_rest = (y + state->pad[0]) % state->stride[0];
    float *rows = run->rows + worker * state->row_floats;

    for (int x = 0; x < state->stride[1] && x < run->output->width; x++) {
        int rest = (x + state->pad[1]) % state->stride[1];
        axis_phase phase[2] = {phase_of(row_rest, state->kernel[0], state->stride[0]),
                               phase_of(rest, state->kernel[1], state->stride[1])};
        int count = cc_divide_up(run->output->width - x, state->stride[1]);
        int top = (y + state->pad[0]) / state->stride[0] - (phase[0].taps - 1);
        int left = (x + state->pad[1]) / state->stride[1] - (phase[1].taps - 1);
        const float *input = run->input->data;
        if (phase[0].taps > 0 && phase[1].taps > 0) {
            input = cc_view_row(run->input, picture, 0, top) + (ptrdiff_t)left * CC_BLOCK;
        }
        multiply(run, &state->weights[row_rest * state->stride[1] + rest], input, phase, count,
                 rows);
        spread(run, rows, picture, y, x, count);
    }
}

static void run(const cc_step *step, cc_execution *execution)
{
    transposed_run all = {.state = step->state,
                          .input = step->inputs[0],
                          .output = step->outputs[0],
                          .rows = execution->scratch};

    cc_parallel(execution, run_task, &all, all.output->batch * all.output->height);
}

const cc_family cc_cpu_transposed = {
    .name = "transposed", .supports = supports, .prepare = prepare, .run = run, .release = release};
