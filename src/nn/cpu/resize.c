/* Resize of rows and columns, nearest and linear. The taps of every position come
 * from the scalar reference's own code, so that all coordinate conventions are the
 * same by construction. */
#include "nn/ops/resize.h"

#include <string.h>

#include "core/memory.h"
#include "nn/cpu/families.h"
#include "nn/cpu/kernels.h"
#include "nn/cpu/node_call.h"
#include "nn/cpu/view.h"

/* Neighbours of every output position along one axis, and the second one's share. */
typedef struct axis_taps {
    int *first;
    int *second;
    float *weight;
} axis_taps;

typedef struct resize_state {
    const cc_kernels *kernels;
    cc_arena arena;
    axis_taps rows;
    axis_taps columns;
} resize_state;

typedef struct resize_run {
    const resize_state *state;
    const cc_view *input;
    const cc_view *output;
    float *blended; /* for each worker one input row */
    ptrdiff_t blended_size;
} resize_run;

static bool read_resize(const cc_graph *graph, const cc_node *node, cc_resize *resize)
{
    cc_node_call call;

    return cc_node_call_make(graph, node, &call) &&
           cc_resize_read(&call.call, resize, NULL) == CC_OK;
}

static bool supports(cc_placement *placement)
{
    const cc_node *node = placement->node;
    cc_resize resize;

    if ((strcmp(node->op_type, "Resize") != 0 && strcmp(node->op_type, "Upsample") != 0) ||
        placement->inputs[0] == NULL ||
        placement->graph->values[node->inputs[0]].tensor.dtype != CC_FLOAT32 ||
        placement->graph->values[node->inputs[0]].tensor.shape.rank != 4 ||
        node->fusion.activation != CC_ACTIVATION_NONE ||
        node->fusion.residual != CC_RESIDUAL_NONE ||
        !read_resize(placement->graph, node, &resize) || resize.mode == CC_RESIZE_CUBIC) {
        return false;
    }
    if (resize.input.dims[0] != resize.output.dims[0] ||
        resize.input.dims[1] != resize.output.dims[1]) {
        return false;
    }
    placement->input_layouts[0] = placement->inputs[0]->layout;
    placement->output_layout = placement->inputs[0]->layout;
    placement->lanes_from = 0;
    return true;
}

static bool make_axis(cc_arena *arena, const cc_resize *resize, int axis, axis_taps *taps)
{
    size_t size = (size_t)resize->output.dims[axis];

    taps->first = cc_arena_alloc(arena, size, sizeof *taps->first);
    taps->second = cc_arena_alloc(arena, size, sizeof *taps->second);
    taps->weight = cc_arena_alloc(arena, size, sizeof *taps->weight);
    if (taps->first == NULL || taps->second == NULL || taps->weight == NULL) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        cc_resize_taps at = cc_resize_taps_at(resize, axis, (int64_t)i);
        taps->first[i] = (int)at.index[0];
        taps->second[i] = at.count > 1 ? (int)at.index[1] : taps->first[i];
        taps->weight[i] = at.count > 1 ? at.weight[1] : 0;
    }
    return true;
}

static void release(void *memory)
{
    resize_state *state = memory;

    cc_arena_release(&state->arena);
    cc_free(state);
}

static ptrdiff_t row_floats(const cc_view *view)
{
    return (ptrdiff_t)view->width * (view->layout == CC_BLOCKED ? CC_BLOCK : 1);
}

static cc_status prepare(const cc_graph *graph, cc_step *step, cc_thread_pool *pool,
                         cc_error *error)
{
    cc_resize resize;
    resize_state *state = cc_alloc_zeroed(1, sizeof *state);

    if (state == NULL) {
        return cc_fail_memory(error, sizeof *state);
    }
    step->state = state;
    if (!read_resize(graph, step->node, &resize)) {
        return cc_fail(error, CC_INTERNAL, "a resize changed after it was placed");
    }
    state->kernels = cc_kernels_best();
    if (!make_axis(&state->arena, &resize, 2, &state->rows) ||
        !make_axis(&state->arena, &resize, 3, &state->columns)) {
        return cc_fail_memory(error, state->arena.total);
    }
    step->algorithm = resize.mode == CC_RESIZE_LINEAR ? "resize linear" : "resize nearest";
    step->scratch_bytes =
        (size_t)cc_thread_pool_size(pool) * (size_t)row_floats(step->inputs[0]) * sizeof(float);
    return CC_OK;
}

static void resize_plain_row(const axis_taps *columns, float *output, const float *input, int width)
{
    for (int x = 0; x < width; x++) {
        float weight = columns->weight[x];
        output[x] = input[columns->first[x]] * (1 - weight) + input[columns->second[x]] * weight;
    }
}

/* One task is one row of one block of one picture. */
static void run_task(void *context, int task, int worker)
{
    const resize_run *run = context;
    const resize_state *state = run->state;
    const cc_view *input = run->input;
    const cc_view *output = run->output;
    int block = task % output->blocks;
    int y = task / output->blocks % output->height;
    int picture = task / output->blocks / output->height;
    const float *blocks = cc_view_row(input, picture, block, 0);
    const float *first = blocks + state->rows.first[y] * input->row_stride;
    const float *second = blocks + state->rows.second[y] * input->row_stride;
    float *to = cc_view_row(output, picture, block, y);
    const float *row = first;

    if (state->rows.weight[y] != 0) {
        float *blended = run->blended + worker * run->blended_size;
        state->kernels->resize.blend_rows(blended, first, second, state->rows.weight[y],
                                          (int)run->blended_size);
        row = blended;
    }
    if (output->layout == CC_PLAIN) {
        resize_plain_row(&state->columns, to, row, output->width);
    } else {
        state->kernels->resize.blend_pixels(to, row, state->columns.first, state->columns.second,
                                            state->columns.weight, output->width);
    }
}

static void run(const cc_step *step, cc_execution *execution)
{
    const cc_view *output = step->outputs[0];
    resize_run all = {.state = step->state,
                      .input = step->inputs[0],
                      .output = output,
                      .blended = execution->scratch,
                      .blended_size = row_floats(step->inputs[0])};

    cc_parallel_rows(execution, run_task, &all, output->batch * output->blocks * output->height,
                     output->width * (output->layout == CC_BLOCKED ? CC_BLOCK : 1));
}

const cc_family cc_cpu_resize = {
    .name = "resize", .supports = supports, .prepare = prepare, .run = run, .release = release};
