/* MaxPool, AveragePool and GlobalAveragePool in blocks. Windows are cut to the
 * picture, so padding needs no border and never counts as a maximum. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/families.h"
#include "nn/cpu/kernels.h"
#include "nn/cpu/node_call.h"
#include "nn/cpu/view.h"
#include "nn/ops/window.h"

typedef struct pooling_state {
    const cc_kernels *kernels;
    cc_window window;
    bool maximum;
    bool include_pad; /* an average divides by the whole window, padding included */
    bool global;
} pooling_state;

typedef struct pooling_run {
    const pooling_state *state;
    const cc_view *input;
    const cc_view *output;
} pooling_run;

static bool is_global(const cc_node *node)
{
    return strcmp(node->op_type, "GlobalAveragePool") == 0;
}

/* A global pool is one window over the whole picture. */
static void global_window(const cc_shape *shape, cc_window *window)
{
    *window = (cc_window){.spatial_rank = 2, .batch = shape->dims[0], .channels = shape->dims[1]};
    for (int axis = 0; axis < 2; axis++) {
        window->input[axis] = shape->dims[2 + axis];
        window->kernel[axis] = shape->dims[2 + axis];
        window->stride[axis] = 1;
        window->dilation[axis] = 1;
        window->output[axis] = 1;
    }
}

static bool read_window(const cc_graph *graph, const cc_node *node, cc_window *window)
{
    const cc_tensor *input = &graph->values[node->inputs[0]].tensor;
    cc_node_call call;

    if (is_global(node)) {
        global_window(&input->shape, window);
        return true;
    }
    return cc_node_call_make(graph, node, &call) &&
           cc_window_read(&call.call, &input->shape, NULL, cc_node_int(node, "ceil_mode", 0) != 0,
                          window, NULL) == CC_OK;
}

/* Does every window meet the picture? One that does not is left to the reference. */
static bool all_inside(const cc_window *w)
{
    for (int axis = 0; axis < 2; axis++) {
        int64_t last = (w->output[axis] - 1) * w->stride[axis] - w->pad_begin[axis];
        if (w->dilation[axis] != 1 || w->pad_begin[axis] >= w->kernel[axis] ||
            last >= w->input[axis]) {
            return false;
        }
    }
    return true;
}

static bool supports(cc_placement *placement)
{
    const cc_node *node = placement->node;
    cc_window window;
    bool average = strcmp(node->op_type, "AveragePool") == 0;

    if ((strcmp(node->op_type, "MaxPool") != 0 && !average && !is_global(node)) ||
        placement->inputs[0] == NULL ||
        placement->graph->values[node->inputs[0]].tensor.dtype != CC_FLOAT32 ||
        placement->graph->values[node->inputs[0]].tensor.shape.rank != 4 ||
        !read_window(placement->graph, node, &window) || !all_inside(&window)) {
        return false;
    }
    /* In ceil_mode a window may reach beyond the padding, which then does not
     * count; rare enough to be left to the reference. */
    if (average && cc_node_int(node, "count_include_pad", 0) != 0 &&
        cc_node_int(node, "ceil_mode", 0) != 0) {
        return false;
    }
    placement->input_layouts[0] = CC_BLOCKED;
    placement->output_layout = CC_BLOCKED;
    placement->lanes_from = placement->inputs[0]->layout == CC_BLOCKED ? 0 : CC_LANES_FRESH;
    return true;
}

static cc_status prepare(const cc_graph *graph, cc_step *step, cc_thread_pool *pool,
                         cc_error *error)
{
    pooling_state *state = cc_alloc_zeroed(1, sizeof *state);

    (void)pool;
    if (state == NULL) {
        return cc_fail_memory(error, sizeof *state);
    }
    step->state = state;
    if (!read_window(graph, step->node, &state->window)) {
        return cc_fail(error, CC_INTERNAL, "a pool changed after it was placed");
    }
    state->kernels = cc_kernels_best();
    state->maximum = strcmp(step->node->op_type, "MaxPool") == 0;
    state->global = is_global(step->node);
    state->include_pad = cc_node_int(step->node, "count_include_pad", 0) != 0;
    step->algorithm = state->maximum ? "maximum" : "average";
    return CC_OK;
}

/* First and number of the taps inside the picture, along one axis. */
static int taps_inside(const cc_window *w, int axis, int at, int *first)
{
    int64_t start = at * w->stride[axis] - w->pad_begin[axis];
    int64_t end = start + w->kernel[axis];

    *first = (int)(start > 0 ? start : 0);
    return (int)((end < w->input[axis] ? end : w->input[axis]) - *first);
}

static void pool_pixel(const pooling_run *run, const float *block, float *output, int y, int x)
{
    const cc_window *w = &run->state->window;
    const cc_pooling_kernels *kernels = &run->state->kernels->pooling;
    int top;
    int left;
    int rows = taps_inside(w, 0, y, &top);
    int columns = taps_inside(w, 1, x, &left);
    cc_pool_window window = {.input =
                                 block + top * run->input->row_stride + (ptrdiff_t)left * CC_BLOCK,
                             .row_stride = run->input->row_stride,
                             .column_stride = CC_BLOCK,
                             .rows = rows,
                             .columns = columns};

    if (run->state->maximum) {
        kernels->maximum(&window, output);
        return;
    }
    int64_t count = run->state->include_pad ? w->kernel[0] * w->kernel[1] : rows * columns;
    kernels->sum(&window, output);
    kernels->scale(output, 1.0F / (float)count);
}

/* Pixels at the start of a row whose windows are whole and 2x2. */
static int simple_pixels(const pooling_run *run, int y)
{
    const cc_window *w = &run->state->window;
    bool simple = run->state->maximum && w->kernel[0] == 2 && w->kernel[1] == 2 &&
                  w->stride[0] == 2 && w->stride[1] == 2 && w->pad_begin[0] == 0 &&
                  w->pad_begin[1] == 0 && 2 * y + 1 < w->input[0];
    return simple ? (int)(w->input[1] / 2) : 0;
}

/* One task is one row of one block of one picture. */
static void run_task(void *context, int task, int worker)
{
    const pooling_run *run = context;
    const cc_view *input = run->input;
    const cc_view *output = run->output;
    int block = task % output->blocks;
    int y = task / output->blocks % output->height;
    int picture = task / output->blocks / output->height;
    const float *from = cc_view_row(input, picture, block, 0);
    float *to = cc_view_row(output, picture, block, y);
    int simple = simple_pixels(run, y);

    (void)worker;
    if (simple > 0) {
        const float *row = from + 2 * y * input->row_stride;
        run->state->kernels->pooling.maximum_2x2(row, row + input->row_stride, to, simple);
    }
    for (int x = simple; x < output->width; x++) {
        pool_pixel(run, from, to + (ptrdiff_t)x * CC_BLOCK, y, x);
    }
}

static void run(const cc_step *step, cc_execution *execution)
{
    const cc_view *output = step->outputs[0];
    pooling_run all = {step->state, step->inputs[0], output};

    cc_parallel_rows(execution, run_task, &all, output->batch * output->blocks * output->height,
                     output->width * CC_BLOCK);
}

const cc_family cc_cpu_pooling = {
    .name = "pooling", .supports = supports, .prepare = prepare, .run = run, .release = cc_free};
