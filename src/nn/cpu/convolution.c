/* The convolution family: reads the node, asks every algorithm, takes the cheapest.
 *
 * The cost model. Each algorithm estimates its time as a number of multiply-adds
 * at the machine's peak; the estimates only have to rank the algorithms of one
 * layer. Their constants (a share of the peak for each kernel, multiply-adds that
 * pass while a float moves to or from memory) come from `test_cpu_convolution
 * --bench` and `clearcut infer --explain`; each stands with its algorithm.
 */
#include "nn/cpu/convolution.h"

#include <string.h>

#include "core/memory.h"
#include "nn/cpu/families.h"
#include "nn/cpu/node_call.h"
#include "nn/cpu/view.h"
#include "nn/ops/conv.h"
#include "nn/tuning.h"

const cc_convolution_algorithm *const cc_convolution_algorithms[CC_CONVOLUTION_ALGORITHMS] = {
    &cc_convolution_direct,
    &cc_convolution_planes,
    &cc_convolution_one_channel,
    &cc_convolution_depthwise,
    &cc_convolution_grouped,
    &cc_convolution_weigh_planes,
    &cc_convolution_winograd_4,
    &cc_convolution_winograd_6,
    &cc_convolution_winograd_4_stream,
    &cc_convolution_winograd_6_stream,
    &cc_convolution_split,
    &cc_convolution_split_planes,
    &cc_convolution_split_to_planes,
    &cc_convolution_bf16,
    &cc_convolution_int8,
};

typedef struct convolution_state {
    const cc_convolution_algorithm *algorithm;
    const cc_kernels *kernels;
    void *data;
    bool activates_after; /* the activation is a pass of its own over the output */
    cc_fusion activation;
} convolution_state;

/* What to run a convolution with. */
typedef struct choice {
    const cc_convolution_algorithm *algorithm; /* NULL = none can */
    bool activates_after;
    bool measured;
    double cost;
} choice;

/* ---- from the node ---- */

/* The geometry, through the same code as the scalar reference. */
static bool read_geometry(const cc_graph *graph, const cc_node *node, cc_conv_geometry *geometry)
{
    cc_node_call call;

    return cc_node_call_make(graph, node, &call) &&
           cc_conv_geometry_read(&call.call, geometry, NULL) == CC_OK;
}

static const cc_file_float *constant_floats(const cc_graph *graph, const cc_node *node, int index)
{
    if (index >= node->input_count || node->inputs[index] < 0) {
        return NULL;
    }
    const cc_value *value = &graph->values[node->inputs[index]];
    return value->is_constant && value->tensor.dtype == CC_FLOAT32 ? value->tensor.data : NULL;
}

static bool has_residual(const cc_node *node)
{
    return node->fusion.residual != CC_RESIDUAL_NONE;
}

/* False if this is no convolution that any algorithm here could run. */
static bool read_convolution(const cc_graph *graph, const cc_node *node, const cc_view *input,
                             cc_precision precision, cc_convolution *c)
{
    cc_conv_geometry geometry;
    bool has_bias = node->input_count > 2 && node->inputs[2] >= 0;

    if (strcmp(node->op_type, "Conv") != 0 || input == NULL ||
        graph->values[node->inputs[0]].tensor.shape.rank != 4 ||
        constant_floats(graph, node, 1) == NULL ||
        (has_bias && constant_floats(graph, node, 2) == NULL) ||
        !read_geometry(graph, node, &geometry)) {
        return false;
    }
    *c = (cc_convolution){.batch = (int)geometry.window.batch,
                          .input_channels = (int)geometry.window.channels,
                          .output_channels = (int)geometry.output_channels,
                          .groups = (int)geometry.groups,
                          .weights = constant_floats(graph, node, 1),
                          .bias = constant_floats(graph, node, 2),
                          .fusion = node->fusion,
                          .precision = precision,
                          .input_layout = input->layout,
                          .input_blocks = input->blocks,
                          .input_lanes = input->lanes};
    for (int axis = 0; axis < 2; axis++) {
        c->input[axis] = (int)geometry.window.input[axis];
        c->output[axis] = (int)geometry.window.output[axis];
        c->kernel[axis] = (int)geometry.window.kernel[axis];
        c->stride[axis] = (int)geometry.window.stride[axis];
        c->dilation[axis] = (int)geometry.window.dilation[axis];
        c->pad[axis] = (int)geometry.window.pad_begin[axis];
    }
    return true;
}

static int border_of(const cc_convolution_algorithm *algorithm, const cc_convolution *c)
{
    return algorithm->border != NULL ? algorithm->border(c) : 0;
}

/* Two layouts differ by one pass over the input. */
static double conversion_cost(const cc_convolution *c, cc_layout wanted)
{
    double elements = (double)c->batch * c->input_channels * c->input[0] * c->input[1];
    return c->input_layout == wanted ? 0 : 16 * elements;
}

static choice cheapest_as_is(const cc_convolution *c)
{
    choice best = {0};

    for (size_t i = 0; i < CC_CONVOLUTION_ALGORITHMS; i++) {
        const cc_convolution_algorithm *next = cc_convolution_algorithms[i];
        if (!next->suits(c, cc_kernels_best()) || border_of(next, c) > CC_MAX_BORDER) {
            continue;
        }
        double cost = next->cost(c, cc_kernels_best()) + conversion_cost(c, next->input_layout);
        if (best.algorithm == NULL || cost < best.cost) {
            best = (choice){.algorithm = next, .cost = cost};
        }
    }
    return best;
}

/* The fastest algorithms apply limits only. Where that is worth it, a sigmoid or the
 * like goes over the finished output once more: some 30 multiply-adds an element. */
static choice cheapest(const cc_convolution *c)
{
    choice best = cheapest_as_is(c);
    double elements =
        (double)c->batch * (c->output_channels + CC_BLOCK) * c->output[0] * c->output[1];
    float low;
    float high;

    if (cc_clamp_limits(&c->fusion, &low, &high) || c->fusion.residual != CC_RESIDUAL_NONE) {
        return best;
    }
    cc_convolution plain = *c;
    plain.fusion = (cc_fusion){.activation = CC_ACTIVATION_NONE};
    choice other = cheapest_as_is(&plain);
    other.activates_after = true;
    other.cost += 30 * elements;
    return best.algorithm == NULL || other.cost < best.cost ? other : best;
}

/* ---- what was measured ---- */

/* Those that could take the place of the estimated one, which comes first: the plan
 * around it stays as it is. */
static int list_candidates(const cc_convolution *c, const cc_convolution_algorithm *estimated,
                           const cc_convolution_algorithm **list, int *border)
{
    int count = 0;

    list[count++] = estimated;
    *border = border_of(estimated, c);
    for (size_t i = 0; i < CC_CONVOLUTION_ALGORITHMS; i++) {
        const cc_convolution_algorithm *next = cc_convolution_algorithms[i];
        int needed = border_of(next, c);
        if (next != estimated && next->suits(c, cc_kernels_best()) && needed <= CC_MAX_BORDER &&
            next->input_layout == estimated->input_layout &&
            next->output_layout == estimated->output_layout) {
            list[count++] = next;
            *border = needed > *border ? needed : *border;
        }
    }
    return count;
}

static cc_convolution without_activation(const cc_convolution *c, bool activates_after)
{
    cc_convolution result = *c;

    if (activates_after) {
        result.fusion = (cc_fusion){.activation = CC_ACTIVATION_NONE};
    }
    return result;
}

static void measure(const cc_convolution *c, const choice *estimated, cc_tuning *tuning)
{
    const cc_convolution_algorithm *candidates[CC_CONVOLUTION_ALGORITHMS];
    cc_convolution as_run = without_activation(c, estimated->activates_after);
    int border = 0;
    int count = list_candidates(&as_run, estimated->algorithm, candidates, &border);
    const cc_convolution_algorithm *best = candidates[0];

    if (count > 1) {
        best = cc_convolution_measure(&as_run, candidates, count, border, tuning->pool);
    }
    if (best != NULL) {
        cc_tuning_add(tuning, cc_convolution_key(c), best->name, estimated->activates_after);
    }
}

/* The measured choice if there is one that still fits, else the estimated one. */
static choice choose(const cc_convolution *c, cc_tuning *tuning, bool may_measure)
{
    choice best = cheapest(c);

    if (best.algorithm == NULL || tuning == NULL) {
        return best;
    }
    if (may_measure && tuning->measuring && cc_tuning_find(tuning, cc_convolution_key(c)) == NULL) {
        measure(c, &best, tuning);
    }
    const cc_tuning_entry *known = cc_tuning_find(tuning, cc_convolution_key(c));
    if (known == NULL || known->activates_after != best.activates_after) {
        return best;
    }
    const cc_convolution_algorithm *candidates[CC_CONVOLUTION_ALGORITHMS];
    cc_convolution as_run = without_activation(c, best.activates_after);
    int border = 0;
    int count = list_candidates(&as_run, best.algorithm, candidates, &border);
    for (int i = 0; i < count; i++) {
        if (strcmp(candidates[i]->name, known->algorithm) == 0) {
            best.algorithm = candidates[i];
            best.measured = true;
        }
    }
    return best;
}

/* ---- the family ---- */

static bool supports(cc_placement *placement)
{
    const cc_node *node = placement->node;
    cc_convolution c;

    if (strcmp(node->op_type, "Conv") != 0 ||
        !read_convolution(placement->graph, node, placement->inputs[0], placement->precision, &c)) {
        return false;
    }
    const cc_convolution_algorithm *algorithm = choose(&c, placement->tuning, true).algorithm;
    if (algorithm == NULL) {
        return false;
    }
    int last = node->input_count - 1;
    if (has_residual(node)) {
        /* The output has no gaps, so the residual must have none. */
        if (placement->inputs[last] == NULL || cc_view_has_gaps(placement->inputs[last])) {
            return false;
        }
        placement->input_layouts[last] = algorithm->output_layout;
    }
    placement->input_layouts[0] = algorithm->input_layout;
    placement->input_borders[0] = border_of(algorithm, &c);
    placement->output_layout = algorithm->output_layout;
    placement->lanes_from = algorithm == &cc_convolution_depthwise ? 0 : CC_LANES_FRESH;
    return true;
}

static void release(void *memory)
{
    convolution_state *state = memory;

    if (state->data != NULL) {
        state->algorithm->release(state->data);
    }
    cc_free(state);
}

static cc_status prepare(const cc_graph *graph, cc_step *step, cc_thread_pool *pool,
                         cc_error *error)
{
    cc_convolution c;
    convolution_state *state = cc_alloc_zeroed(1, sizeof *state);

    if (state == NULL) {
        return cc_fail_memory(error, sizeof *state);
    }
    step->state = state;
    if (!read_convolution(graph, step->node, step->inputs[0], step->precision, &c)) {
        return cc_fail(error, CC_INTERNAL, "a convolution changed after it was placed");
    }
    choice chosen = choose(&c, step->tuning, false);
    step->measured = chosen.measured;
    state->algorithm = chosen.algorithm;
    state->kernels = cc_kernels_best();
    state->activates_after = chosen.activates_after;
    state->activation = c.fusion;
    if (chosen.activates_after) {
        c.fusion = (cc_fusion){.activation = CC_ACTIVATION_NONE};
    }
    step->algorithm = state->algorithm->name;
    step->level = state->algorithm->level != NULL ? state->algorithm->level(state->kernels) : NULL;
    cc_status status = state->algorithm->prepare(&c, state->kernels, pool, &state->data,
                                                 &step->state_bytes, &step->scratch_bytes, error);
    if (status == CC_OK && state->algorithm->weights != NULL) {
        step->weights = state->algorithm->weights(state->data, &step->weights_bytes);
    }
    return status;
}

typedef struct activation_run {
    const convolution_state *state;
    const cc_view *output;
} activation_run;

/* One task is one row of one block of one picture. */
static void activate_row(void *context, int task, int worker)
{
    const activation_run *run = context;
    const cc_view *output = run->output;
    int block = task / output->height;
    float *row =
        cc_view_row(output, block / output->blocks, block % output->blocks, task % output->height);
    int count = output->width * (output->layout == CC_BLOCKED ? CC_BLOCK : 1);

    (void)worker;
    run->state->kernels->elementwise.activate(&run->state->activation, row, row, count);
}

static void run(const cc_step *step, cc_execution *execution)
{
    const convolution_state *state = step->state;
    const cc_view *residual = has_residual(step->node) ? step->inputs[step->input_count - 1] : NULL;

    state->algorithm->run(state->data, state->kernels, step->inputs[0], residual, step->outputs[0],
                          execution);
    if (state->activates_after) {
        activation_run pass = {state, step->outputs[0]};
        cc_parallel(execution, activate_row, &pass,
                    pass.output->batch * pass.output->blocks * pass.output->height);
    }
}

static cc_input_range *range_of(void *memory)
{
    convolution_state *state = memory;

    return state->algorithm->range != NULL ? state->algorithm->range(state->data) : NULL;
}

const cc_family cc_cpu_convolution = {.name = "convolution",
                                      .supports = supports,
                                      .prepare = prepare,
                                      .run = run,
                                      .release = release,
                                      .range = range_of};
