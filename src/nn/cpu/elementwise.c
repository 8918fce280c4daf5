/* Activations, and sums and products of two values, element by element. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/families.h"
#include "nn/cpu/kernels.h"
#include "nn/cpu/node_call.h"
#include "nn/cpu/view.h"
#include "nn/ops/activation.h"

/* Elements of a task on plain values. */
#define CHUNK 4096

typedef struct elementwise_state {
    const cc_kernels *kernels;
    bool is_binary;
    bool by_channel; /* the second input is one pixel for each block */
    cc_binary operation;
    cc_fusion fusion; /* of a unary node: its own activation */
} elementwise_state;

typedef struct elementwise_run {
    const elementwise_state *state;
    const cc_view *a;
    const cc_view *b;        /* NULL for activations */
    const cc_view *residual; /* NULL if none */
    const cc_view *output;
} elementwise_run;

static bool read_binary(const cc_node *node, cc_binary *operation)
{
    static const struct {
        const char *op_type;
        cc_binary operation;
    } known[] = {{"Add", CC_BINARY_ADD}, {"Sub", CC_BINARY_SUBTRACT}, {"Mul", CC_BINARY_MULTIPLY}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(node->op_type, known[i].op_type) == 0) {
            *operation = known[i].operation;
            return true;
        }
    }
    return false;
}

static bool read_activation(const cc_graph *graph, const cc_node *node, cc_fusion *fusion)
{
    cc_node_call call;

    return cc_node_call_make(graph, node, &call) && cc_activation_read(&call.call, fusion);
}

static bool is_float(const cc_placement *placement, int index)
{
    return placement->inputs[index] != NULL &&
           placement->graph->values[placement->node->inputs[index]].tensor.dtype == CC_FLOAT32;
}

static const cc_shape *shape_of(const cc_placement *placement, int index)
{
    return &placement->graph->values[placement->node->inputs[index]].tensor.shape;
}

/* Blocked if the first input is and all others hold their channels alike or can
 * be converted so; else plain. */
static cc_layout common_layout(const cc_placement *placement)
{
    const cc_view *first = placement->inputs[0];

    if (first->layout == CC_PLAIN) {
        return CC_PLAIN;
    }
    for (int i = 1; i < placement->node->input_count; i++) {
        const cc_view *other = placement->inputs[i];
        bool alike = other->layout == CC_BLOCKED ? cc_view_same_lanes(first, other)
                                                 : !cc_view_has_gaps(first);
        if (!alike) {
            return CC_PLAIN;
        }
    }
    return CC_BLOCKED;
}

static bool answer(cc_placement *placement, cc_layout layout)
{
    for (int i = 0; i < placement->node->input_count; i++) {
        placement->input_layouts[i] = layout;
    }
    placement->output_layout = layout;
    placement->lanes_from = 0;
    return true;
}

/* 1 x C x 1 x 1 beside N x C x H x W */
static bool is_by_channel(const cc_placement *placement)
{
    const cc_shape *a = shape_of(placement, 0);
    const cc_shape *b = shape_of(placement, 1);

    return a->rank == 4 && b->rank == 4 && b->dims[0] == a->dims[0] && b->dims[1] == a->dims[1] &&
           b->dims[2] == 1 && b->dims[3] == 1;
}

static bool supports_binary(cc_placement *placement)
{
    const cc_node *node = placement->node;
    bool has_residual = node->fusion.residual != CC_RESIDUAL_NONE;

    if (node->input_count != (has_residual ? 3 : 2)) {
        return false;
    }
    for (int i = 0; i < node->input_count; i++) {
        if (!is_float(placement, i)) {
            return false;
        }
    }
    if (has_residual && !cc_shape_equal(shape_of(placement, 0), shape_of(placement, 2))) {
        return false;
    }
    cc_layout layout = common_layout(placement);
    if (cc_shape_equal(shape_of(placement, 0), shape_of(placement, 1))) {
        return answer(placement, layout);
    }
    return is_by_channel(placement) && layout == CC_BLOCKED && answer(placement, layout);
}

static bool supports(cc_placement *placement)
{
    cc_binary operation;
    cc_fusion fusion;

    if (read_binary(placement->node, &operation)) {
        return supports_binary(placement);
    }
    return placement->inputs[0] != NULL && is_float(placement, 0) &&
           read_activation(placement->graph, placement->node, &fusion) &&
           answer(placement, placement->inputs[0]->layout);
}

static cc_status prepare(const cc_graph *graph, cc_step *step, cc_thread_pool *pool,
                         cc_error *error)
{
    elementwise_state *state = cc_alloc_zeroed(1, sizeof *state);
    const cc_view *a = step->inputs[0];

    (void)pool;
    if (state == NULL) {
        return cc_fail_memory(error, sizeof *state);
    }
    step->state = state;
    state->kernels = cc_kernels_best();
    state->is_binary = read_binary(step->node, &state->operation);
    if (state->is_binary) {
        state->fusion = step->node->fusion;
        state->by_channel =
            step->inputs[1]->height * step->inputs[1]->width == 1 && a->height * a->width != 1;
    } else if (!read_activation(graph, step->node, &state->fusion)) {
        return cc_fail(error, CC_INTERNAL, "an activation changed after it was placed");
    }
    step->algorithm = state->is_binary ? "two inputs" : "activation";
    return CC_OK;
}

static void run_span(const elementwise_run *run, float *output, const float *a, const float *b,
                     const float *residual, int count)
{
    const elementwise_state *state = run->state;
    const cc_elementwise_kernels *kernels = &state->kernels->elementwise;

    if (!state->is_binary) {
        kernels->activate(&state->fusion, output, a, count);
        return;
    }
    kernels->binary(state->operation, output, a, b, state->by_channel ? 0 : 1, count);
    if (residual != NULL && state->fusion.residual == CC_RESIDUAL_BEFORE) {
        kernels->binary(CC_BINARY_ADD, output, output, residual, 1, count);
    }
    if (state->fusion.activation != CC_ACTIVATION_NONE) {
        kernels->activate(&state->fusion, output, output, count);
    }
    if (residual != NULL && state->fusion.residual == CC_RESIDUAL_AFTER) {
        kernels->binary(CC_BINARY_ADD, output, output, residual, 1, count);
    }
}

/* One task is one row of one block of one picture; all blocks of a row come first, so
 * that a thread mostly finds rows that it made itself. */
static void run_row(void *context, int task, int worker)
{
    const elementwise_run *run = context;
    const cc_view *output = run->output;
    int block = task % output->blocks;
    int y = task / output->blocks % output->height;
    int picture = task / output->blocks / output->height;

    (void)worker;
    run_span(run, cc_view_row(output, picture, block, y), cc_view_row(run->a, picture, block, y),
             run->b == NULL ? NULL
                            : cc_view_row(run->b, picture, block, run->state->by_channel ? 0 : y),
             run->residual == NULL ? NULL : cc_view_row(run->residual, picture, block, y),
             output->width * CC_BLOCK);
}

static int elements_of(const cc_view *view)
{
    return view->batch * view->blocks * view->height * view->width;
}

/* One task is one chunk of a plain value. */
static void run_chunk(void *context, int task, int worker)
{
    const elementwise_run *run = context;
    int elements = elements_of(run->output);
    int first = task * CHUNK;
    int count = elements - first < CHUNK ? elements - first : CHUNK;

    (void)worker;
    run_span(run, run->output->data + first, run->a->data + first,
             run->b != NULL ? run->b->data + first : NULL,
             run->residual != NULL ? run->residual->data + first : NULL, count);
}

static void run(const cc_step *step, cc_execution *execution)
{
    const elementwise_state *state = step->state;
    const cc_view *output = step->outputs[0];
    elementwise_run all = {.state = state,
                           .a = step->inputs[0],
                           .b = state->is_binary ? step->inputs[1] : NULL,
                           .output = output};

    if (state->is_binary && state->fusion.residual != CC_RESIDUAL_NONE) {
        all.residual = step->inputs[2];
    }
    if (output->layout == CC_BLOCKED) {
        cc_parallel_rows(execution, run_row, &all, output->batch * output->blocks * output->height,
                         output->width * CC_BLOCK);
    } else {
        cc_parallel(execution, run_chunk, &all, (elements_of(output) + CHUNK - 1) / CHUNK);
    }
}

const cc_family cc_cpu_elementwise = {.name = "elementwise",
                                      .supports = supports,
                                      .prepare = prepare,
                                      .run = run,
                                      .release = cc_free};
