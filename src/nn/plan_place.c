/* First half of planning: which kernel runs each node, in which layouts. */
#include <string.h>

#include "nn/cpu/backend.h"
#include "nn/passes/passes.h"
#include "nn/plan.h"

/* ---- storages ---- */

static void plain_view(cc_view *view, const cc_tensor *tensor)
{
    const int64_t *dims = tensor->shape.dims;
    int64_t elements = cc_shape_elements(&tensor->shape);

    *view = (cc_view){.layout = CC_PLAIN, .batch = 1, .channels = 1, .blocks = 1, .height = 1};
    if (tensor->shape.rank == 4) {
        view->batch = (int)dims[0];
        view->channels = (int)dims[1];
        view->blocks = view->channels;
        view->height = (int)dims[2];
        view->width = (int)dims[3];
    } else {
        view->width = (int)elements;
    }
    view->row_stride = view->width;
    view->block_stride = (ptrdiff_t)view->height * view->row_stride;
    view->batch_stride = view->blocks * view->block_stride;
}

static void blocked_view(cc_view *view, const cc_tensor *tensor, const uint8_t *lanes, int blocks)
{
    const int64_t *dims = tensor->shape.dims;

    *view = (cc_view){.layout = CC_BLOCKED,
                      .batch = (int)dims[0],
                      .channels = (int)dims[1],
                      .blocks = blocks,
                      .height = (int)dims[2],
                      .width = (int)dims[3],
                      .lanes = lanes};
}

static int blocks_for(int64_t channels)
{
    return (int)((channels + CC_BLOCK - 1) / CC_BLOCK);
}

static const uint8_t *fresh_lanes(cc_plan *plan, int64_t channels)
{
    int blocks = blocks_for(channels);
    uint8_t *lanes = cc_arena_alloc(&plan->arena, (size_t)blocks, 1);

    for (int i = 0; lanes != NULL && i < blocks; i++) {
        int64_t left = channels - (int64_t)i * CC_BLOCK;
        lanes[i] = (uint8_t)(left < CC_BLOCK ? left : CC_BLOCK);
    }
    return lanes;
}

static int count_blocks(const uint8_t *lanes, int64_t channels)
{
    int blocks = 0;

    for (int64_t held = 0; held < channels; blocks++) {
        held += lanes[blocks];
    }
    return blocks;
}

static bool grow(void **array, int *capacity, int count, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    int wanted = *capacity > 0 ? 2 * *capacity : 64;
    void *grown = cc_realloc_array(*array, (size_t)wanted, size);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

int cc_plan_add_storage(cc_plan *plan, int value, cc_layout layout, const uint8_t *lanes)
{
    const cc_tensor *tensor = &plan->graph->values[value].tensor;

    if (!grow((void **)&plan->storages, &plan->storage_capacity, plan->storage_count,
              sizeof *plan->storages)) {
        return -1;
    }
    if (layout == CC_BLOCKED && lanes == NULL) {
        lanes = fresh_lanes(plan, tensor->shape.dims[1]);
        if (lanes == NULL) {
            return -1;
        }
    }
    cc_storage *storage = &plan->storages[plan->storage_count];
    *storage = (cc_storage){.value = value, .layout = layout, .parent = -1, .first_step = -1};
    storage->tensor = *tensor;
    storage->tensor.data = NULL;
    if (layout == CC_BLOCKED) {
        blocked_view(&storage->view, tensor, lanes, count_blocks(lanes, tensor->shape.dims[1]));
    } else {
        plain_view(&storage->view, tensor);
    }
    plan->by_value[value][layout] = plan->storage_count;
    if (plan->natural[value] < 0) {
        plan->natural[value] = plan->storage_count;
    }
    return plan->storage_count++;
}

int cc_plan_add_step(cc_plan *plan, const cc_family *family, const cc_node *node, int input_count,
                     int output_count)
{
    if (!grow((void **)&plan->steps, &plan->step_capacity, plan->step_count, sizeof *plan->steps)) {
        return -1;
    }
    cc_step *step = &plan->steps[plan->step_count];
    *step = (cc_step){.family = family,
                      .node = node,
                      .precision = plan->precision,
                      .tuning = &plan->tuning,
                      .input_count = input_count,
                      .output_count = output_count};
    step->input_storages =
        cc_arena_alloc(&plan->arena, (size_t)input_count, sizeof *step->input_storages);
    step->input_borders =
        cc_arena_alloc(&plan->arena, (size_t)input_count, sizeof *step->input_borders);
    step->output_storages =
        cc_arena_alloc(&plan->arena, (size_t)output_count, sizeof *step->output_storages);
    if (step->input_storages == NULL || step->input_borders == NULL ||
        step->output_storages == NULL) {
        return -1;
    }
    return plan->step_count++;
}

static cc_status no_memory(const cc_plan *plan, cc_error *error)
{
    return cc_fail_memory(error, plan->arena.total);
}

/* A constant that a step reads when it runs. -1 when memory is refused. */
static int constant_storage(cc_plan *plan, int value)
{
    if (cc_graph_align_constant(plan->graph, value, NULL) != CC_OK) {
        return -1;
    }
    int constant = cc_plan_add_storage(plan, value, CC_PLAIN, NULL);
    if (constant >= 0) {
        plan->storages[constant].place = CC_PLACE_CONSTANT;
        plan->storages[constant].tensor.data = plan->graph->values[value].tensor.data;
    }
    return constant;
}

/* The value in this layout, converted by a step of its own if need be. -1 when
 * memory is refused. */
static int storage_in(cc_plan *plan, int value, cc_layout layout)
{
    int have = plan->by_value[value][layout];
    int from = plan->natural[value];

    if (have >= 0) {
        return have;
    }
    if (plan->graph->values[value].is_constant) {
        return constant_storage(plan, value);
    }
    have = cc_plan_add_storage(plan, value, layout, NULL);
    int step = have >= 0 ? cc_plan_add_step(plan, cc_cpu_layout_family(), NULL, 1, 1) : -1;
    if (step < 0) {
        return -1;
    }
    plan->steps[step].input_storages[0] = from;
    plan->steps[step].output_storages[0] = have;
    return have;
}

/* ---- nodes ---- */

static cc_status place_reference(cc_plan *plan, const cc_node *node, cc_error *error)
{
    int inputs[CC_MAX_INPUTS + 2];

    if (node->input_count > CC_MAX_INPUTS + 1) {
        return cc_fail(error, CC_UNSUPPORTED, "%s has %d inputs; at most %d are supported",
                       node->name, node->input_count, CC_MAX_INPUTS);
    }
    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = node->inputs[i] < 0 ? -1 : storage_in(plan, node->inputs[i], CC_PLAIN);
        if (inputs[i] < 0 && node->inputs[i] >= 0) {
            return no_memory(plan, error);
        }
    }
    int index = cc_plan_add_step(plan, NULL, node, node->input_count, node->output_count);
    if (index < 0) {
        return no_memory(plan, error);
    }
    cc_step *step = &plan->steps[index];
    memcpy(step->input_storages, inputs, (size_t)node->input_count * sizeof *inputs);
    for (int i = 0; i < node->output_count; i++) {
        step->output_storages[i] = -1;
        if (node->outputs[i] >= 0) {
            step->output_storages[i] = cc_plan_add_storage(plan, node->outputs[i], CC_PLAIN, NULL);
            if (step->output_storages[i] < 0) {
                return no_memory(plan, error);
            }
        }
    }
    return CC_OK;
}

static const uint8_t *joined_lanes(cc_plan *plan, const int *inputs, int count)
{
    size_t blocks = 0;

    for (int i = 0; i < count; i++) {
        blocks += (size_t)plan->storages[inputs[i]].view.blocks;
    }
    uint8_t *lanes = cc_arena_alloc(&plan->arena, blocks, 1);
    for (int i = 0, at = 0; lanes != NULL && i < count; i++) {
        const cc_view *view = &plan->storages[inputs[i]].view;
        memcpy(lanes + at, view->lanes, (size_t)view->blocks);
        at += view->blocks;
    }
    return lanes;
}

/* Add the step that a family said yes to. */
static cc_status place_fast(cc_plan *plan, const cc_family *family, const cc_placement *answer,
                            cc_error *error)
{
    const cc_node *node = answer->node;
    int inputs[CC_MAX_INPUTS + 2];
    const uint8_t *lanes = NULL;

    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = -1;
        if (answer->inputs[i] != NULL) {
            inputs[i] = storage_in(plan, node->inputs[i], answer->input_layouts[i]);
            if (inputs[i] < 0) {
                return no_memory(plan, error);
            }
        }
    }
    if (answer->output_layout == CC_BLOCKED && answer->lanes_from != CC_LANES_FRESH) {
        lanes = answer->lanes_from == CC_LANES_JOINED
                    ? joined_lanes(plan, inputs, node->input_count)
                    : plan->storages[inputs[answer->lanes_from]].view.lanes;
        if (lanes == NULL) {
            return no_memory(plan, error);
        }
    }
    int index = cc_plan_add_step(plan, family, node, node->input_count, 1);
    int output = cc_plan_add_storage(plan, node->outputs[0], answer->output_layout, lanes);
    if (index < 0 || output < 0) {
        return no_memory(plan, error);
    }
    cc_step *step = &plan->steps[index];
    memcpy(step->input_storages, inputs, (size_t)node->input_count * sizeof *inputs);
    memcpy(step->input_borders, answer->input_borders, (size_t)node->input_count * sizeof(int));
    step->output_storages[0] = output;
    step->multiply_adds = cc_node_multiply_adds(plan->graph, node);
    return CC_OK;
}

static bool fits_int(const cc_tensor *tensor)
{
    return cc_shape_elements(&tensor->shape) > 0 &&
           cc_shape_elements(&tensor->shape) < INT32_MAX / 2;
}

/* Fast kernels see non-empty values with one output; all else is rare and small. */
static bool may_be_fast(const cc_plan *plan, const cc_node *node)
{
    if (plan->reference_only || node->output_count != 1 || node->input_count > CC_MAX_INPUTS ||
        node->outputs[0] < 0) {
        return false;
    }
    for (int i = 0; i < node->input_count; i++) {
        const cc_value *value = node->inputs[i] >= 0 ? &plan->graph->values[node->inputs[i]] : NULL;
        if (value != NULL && !value->is_constant && !fits_int(&value->tensor)) {
            return false;
        }
    }
    return fits_int(&plan->graph->values[node->outputs[0]].tensor);
}

static cc_status place_node(cc_plan *plan, const cc_node *node, cc_error *error)
{
    const cc_view *views[CC_MAX_INPUTS];
    cc_layout layouts[CC_MAX_INPUTS] = {CC_PLAIN};
    int borders[CC_MAX_INPUTS] = {0};
    cc_placement placement = {.graph = plan->graph,
                              .node = node,
                              .inputs = views,
                              .input_layouts = layouts,
                              .input_borders = borders,
                              .precision = plan->precision,
                              .tuning = &plan->tuning,
                              .lanes_from = CC_LANES_FRESH};

    if (may_be_fast(plan, node)) {
        for (int i = 0; i < node->input_count; i++) {
            int natural = node->inputs[i] >= 0 ? plan->natural[node->inputs[i]] : -1;
            bool given = natural >= 0 && !plan->graph->values[node->inputs[i]].is_constant;
            views[i] = given ? &plan->storages[natural].view : NULL;
        }
        const cc_family *family = cc_cpu_find_family(&placement);
        if (family != NULL) {
            return place_fast(plan, family, &placement, error);
        }
    }
    cc_status status = place_reference(plan, node, error);
    if (status == CC_OK) {
        plan->steps[plan->step_count - 1].multiply_adds = cc_node_multiply_adds(plan->graph, node);
    }
    return status;
}

/* ---- the whole ---- */

static cc_status place_inputs(cc_plan *plan, cc_error *error)
{
    for (int i = 0; i < plan->graph->input_count; i++) {
        int storage = cc_plan_add_storage(plan, plan->graph->inputs[i], CC_PLAIN, NULL);
        if (storage < 0) {
            return no_memory(plan, error);
        }
        plan->storages[storage].place = CC_PLACE_CALLER_INPUT;
        plan->storages[storage].place_index = i;
    }
    return CC_OK;
}

/* Bring those outputs of the network that this node made into plain layout, in
 * the caller's arrays. */
static cc_status place_outputs(cc_plan *plan, const cc_node *node, cc_error *error)
{
    const cc_graph *graph = plan->graph;

    for (int i = 0; i < graph->output_count; i++) {
        for (int k = 0; k < node->output_count; k++) {
            if (node->outputs[k] != graph->outputs[i]) {
                continue;
            }
            int storage = storage_in(plan, graph->outputs[i], CC_PLAIN);
            if (storage < 0) {
                return no_memory(plan, error);
            }
            plan->storages[storage].place = CC_PLACE_CALLER_OUTPUT;
            plan->storages[storage].place_index = i;
        }
    }
    return CC_OK;
}

cc_status cc_plan_place(cc_plan *plan, cc_error *error)
{
    const cc_graph *graph = plan->graph;
    size_t values = (size_t)graph->value_count;

    plan->by_value = cc_arena_alloc(&plan->arena, values, sizeof *plan->by_value);
    plan->natural = cc_arena_alloc(&plan->arena, values, sizeof *plan->natural);
    if (plan->by_value == NULL || plan->natural == NULL) {
        return no_memory(plan, error);
    }
    memset(plan->by_value, 0xff, values * sizeof *plan->by_value);
    memset(plan->natural, 0xff, values * sizeof *plan->natural);
    cc_status status = place_inputs(plan, error);
    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        if (graph->nodes[i].removed) {
            continue;
        }
        status = place_node(plan, &graph->nodes[i], error);
        if (status == CC_OK) {
            status = place_outputs(plan, &graph->nodes[i], error);
        }
    }
    return status;
}
