#include "nn/plan.h"

#include <limits.h>
#include <string.h>

#include "core/clock.h"
#include "nn/cpu/backend.h"

int cc_plan_root(const cc_plan *plan, int storage)
{
    while (plan->storages[storage].parent >= 0) {
        storage = plan->storages[storage].parent;
    }
    return storage;
}

/* ---- execution ---- */

typedef struct tasks_and_clears {
    const cc_step *step;
    cc_task task;
    void *context;
    int task_count;
} tasks_and_clears;

static void zero_pixels(float *from, ptrdiff_t pixels)
{
    memset(from, 0, (size_t)pixels * CC_BLOCK * sizeof(float));
}

/* Zero the border around all blocks of one picture of the batch. */
static void clear_border(const cc_view *view, int picture)
{
    ptrdiff_t stride = view->row_stride;
    int border = view->border;
    int full_width = view->width + 2 * border;

    for (int block = 0; block < view->blocks; block++) {
        float *origin = view->data + picture * view->batch_stride + block * view->block_stride -
                        border * (stride + CC_BLOCK);
        zero_pixels(origin, (ptrdiff_t)border * full_width + border);
        for (int y = 0; y < view->height - 1; y++) {
            zero_pixels(origin + (border + y) * stride +
                            (ptrdiff_t)(border + view->width) * CC_BLOCK,
                        (ptrdiff_t)2 * border);
        }
        zero_pixels(origin + (border + view->height - 1) * stride +
                        (ptrdiff_t)(border + view->width) * CC_BLOCK,
                    (ptrdiff_t)border + (ptrdiff_t)border * full_width);
    }
}

static void run_task_or_clear(void *context, int task, int worker)
{
    const tasks_and_clears *both = context;

    if (task < both->task_count) {
        both->task(both->context, task, worker);
        return;
    }
    const cc_view *view = both->step->clears[task - both->task_count];
    for (int picture = 0; picture < view->batch; picture++) {
        clear_border(view, picture);
    }
}

static void run_grained(cc_execution *execution, cc_task task, void *context, int task_count,
                        int grain)
{
    if (execution->clears_left == 0) {
        cc_thread_pool_run_grained(execution->pool, task, context, task_count, grain);
        return;
    }
    tasks_and_clears both = {execution->step, task, context, task_count};
    int clears = execution->clears_left;
    execution->clears_left = 0;
    cc_thread_pool_run_grained(execution->pool, run_task_or_clear, &both, task_count + clears,
                               grain);
}

void cc_parallel(cc_execution *execution, cc_task task, void *context, int task_count)
{
    run_grained(execution, task, context, task_count, 1);
}

/* Half of a small second-level cache. */
#define AHEAD_BYTES ((size_t)512 << 10)

/* Numbers that are written in a microsecond or two, as long as a barrier takes. */
#define GRAIN_FLOATS 8192

void cc_parallel_rows(cc_execution *execution, cc_task task, void *context, int task_count,
                      int floats)
{
    int grain = floats > 0 ? GRAIN_FLOATS / floats : 1;

    run_grained(execution, task, context, task_count, grain > 1 ? grain : 1);
}

/* The next weights that will be read, as far as they fit a cache beside other things. */
static void look_ahead(const cc_plan *plan, const cc_step *step, cc_execution *execution)
{
    const cc_step *end = plan->steps + plan->step_count;

    for (const cc_step *next = step + 1; next < end; next++) {
        if (next->weights != NULL) {
            execution->ahead = next->weights;
            execution->ahead_bytes =
                next->weights_bytes < AHEAD_BYTES ? next->weights_bytes : AHEAD_BYTES;
            return;
        }
    }
}

static cc_status run_step(cc_plan *plan, cc_step *step, cc_error *error)
{
    if (step->family == NULL) {
        cc_status status = step->node->operator_->run(step->call, error);
        if (status != CC_OK) {
            cc_error_context(error, "%s %s", step->node->op_type, step->node->name);
        }
        return status;
    }
    cc_execution execution = {.pool = plan->pool,
                              .scratch = plan->memory + step->scratch_offset,
                              .step = step,
                              .clears_left = step->clear_count};
    if (step->repacks) {
        cc_status status = cc_plan_repack(plan, step, error);
        if (status != CC_OK) {
            return status;
        }
    }
    look_ahead(plan, step, &execution);
    step->family->run(step, &execution);
    if (step->repacks) {
        cc_plan_set_aside(plan, step);
    }
    return CC_OK;
}

/* Outputs that folded into constants are copied; no step produces them. */
static void copy_constant_outputs(const cc_plan *plan, void *const *outputs)
{
    const cc_graph *graph = plan->graph;

    for (int i = 0; i < graph->output_count; i++) {
        const cc_value *value = &graph->values[graph->outputs[i]];
        if (value->is_constant) {
            memcpy(outputs[i], value->tensor.data,
                   (size_t)cc_shape_elements(&value->tensor.shape) *
                       cc_dtype_size(value->tensor.dtype));
        }
    }
}

cc_status cc_plan_run(cc_plan *plan, const void *const *inputs, void *const *outputs,
                      const atomic_bool *cancel, double *step_ms, cc_error *error)
{
    cc_plan_resolve(plan, inputs, outputs);
    for (int i = 0; i < plan->step_count; i++) {
        double start = step_ms != NULL ? cc_clock_ms() : 0;
        if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed)) {
            return cc_fail(error, CC_CANCELLED, "stopped before layer %d of %d, as asked", i + 1,
                           plan->step_count);
        }
        cc_status status = run_step(plan, &plan->steps[i], error);
        if (status != CC_OK) {
            return status;
        }
        if (step_ms != NULL) {
            step_ms[i] = cc_clock_ms() - start;
        }
    }
    copy_constant_outputs(plan, outputs);
    return CC_OK;
}

/* ---- addresses ---- */

static unsigned char *root_address(const cc_plan *plan, const cc_storage *root,
                                   const void *const *inputs, void *const *outputs)
{
    switch (root->place) {
    case CC_PLACE_CALLER_INPUT:
        /* Steps never write to it; views have no const form of their own. */
        return inputs != NULL ? (unsigned char *)(uintptr_t)inputs[root->place_index] : NULL;
    case CC_PLACE_CALLER_OUTPUT: return outputs != NULL ? outputs[root->place_index] : NULL;
    case CC_PLACE_CONSTANT: return root->tensor.data;
    case CC_PLACE_ARENA: break;
    }
    return plan->memory + root->offset;
}

static void resolve_blocked(cc_storage *storage, const cc_view *root, unsigned char *address,
                            int64_t first_block)
{
    cc_view *view = &storage->view;

    view->border = root->border;
    view->row_stride = root->row_stride;
    view->block_stride = root->block_stride;
    view->batch_stride = root->batch_stride;
    view->data = (float *)(void *)address + root->border * (root->row_stride + CC_BLOCK) +
                 first_block * root->block_stride;
}

void cc_plan_resolve(cc_plan *plan, const void *const *inputs, void *const *outputs)
{
    for (int i = 0; i < plan->storage_count; i++) {
        cc_storage *storage = &plan->storages[i];
        int64_t first = 0;
        int at = i;
        for (; plan->storages[at].parent >= 0; at = plan->storages[at].parent) {
            first += plan->storages[at].parent_offset;
        }
        unsigned char *address = root_address(plan, &plan->storages[at], inputs, outputs);
        if (address == NULL) {
            continue;
        }
        if (storage->layout == CC_BLOCKED) {
            resolve_blocked(storage, &plan->storages[at].view, address, first);
        } else {
            address += (size_t)first * cc_dtype_size(storage->tensor.dtype);
            storage->tensor.data = address;
            storage->view.data = (float *)(void *)address;
        }
    }
}

/* ---- building ---- */

static const cc_view **views_of(cc_plan *plan, const int *storages, int count)
{
    const cc_view **views = cc_arena_alloc(&plan->arena, (size_t)count, sizeof *views);

    for (int i = 0; views != NULL && i < count; i++) {
        views[i] = storages[i] >= 0 ? &plan->storages[storages[i]].view : NULL;
    }
    return views;
}

static cc_tensor **tensors_of(cc_plan *plan, const int *storages, int count)
{
    cc_tensor **tensors = cc_arena_alloc(&plan->arena, (size_t)count, sizeof *tensors);

    for (int i = 0; tensors != NULL && i < count; i++) {
        tensors[i] = storages[i] >= 0 ? &plan->storages[storages[i]].tensor : NULL;
    }
    return tensors;
}

/* The arguments of a reference step, which point at the storages' tensors. */
static bool make_call(cc_plan *plan, cc_step *step)
{
    cc_op_call *call = cc_arena_alloc(&plan->arena, 1, sizeof *call);
    cc_tensor **inputs = tensors_of(plan, step->input_storages, step->input_count);
    cc_tensor **outputs = tensors_of(plan, step->output_storages, step->output_count);

    if (call == NULL || inputs == NULL || outputs == NULL) {
        return false;
    }
    *call = (cc_op_call){.node = step->node,
                         .opset = plan->graph->opset,
                         .inputs = (const cc_tensor *const *)inputs,
                         .input_count = step->input_count,
                         .outputs = outputs,
                         .output_count = step->output_count};
    step->call = call;
    return true;
}

/* From here on storages and steps do not move any more. */
static cc_status link_steps(cc_plan *plan, cc_error *error)
{
    for (int i = 0; i < plan->step_count; i++) {
        cc_step *step = &plan->steps[i];
        step->inputs = views_of(plan, step->input_storages, step->input_count);
        step->outputs = views_of(plan, step->output_storages, step->output_count);
        if (step->inputs == NULL || step->outputs == NULL ||
            (step->family == NULL && !make_call(plan, step))) {
            return cc_fail_memory(error, plan->arena.total);
        }
    }
    return CC_OK;
}

/* The last step that reads each constant while it is prepared; INT_MAX for those
 * that steps read when they run, and for outputs of the network. */
static int *last_readers(const cc_plan *plan)
{
    const cc_graph *graph = plan->graph;
    int *last = cc_alloc_zeroed((size_t)graph->value_count, sizeof *last);

    if (last == NULL) {
        return NULL;
    }
    for (int i = 0; i < plan->step_count; i++) {
        const cc_node *node = plan->steps[i].node;
        for (int k = 0; node != NULL && k < node->input_count; k++) {
            if (node->inputs[k] >= 0) {
                last[node->inputs[k]] = i;
            }
        }
    }
    for (int i = 0; i < plan->storage_count; i++) {
        if (plan->storages[i].place == CC_PLACE_CONSTANT) {
            last[plan->storages[i].value] = INT_MAX;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        last[graph->outputs[i]] = INT_MAX;
    }
    return last;
}

/* Weights that are packed now and that nobody else will read. */
static void drop_constants(cc_plan *plan, int step, const int *last)
{
    const cc_node *node = plan->steps[step].node;

    for (int i = 0; node != NULL && i < node->input_count; i++) {
        int value = node->inputs[i];
        if (value >= 0 && plan->graph->values[value].is_constant && last[value] == step) {
            cc_plan_drop_constant(plan, value);
        }
    }
}

static cc_status prepare_step(cc_plan *plan, cc_step *step, cc_error *error)
{
    cc_status status = CC_OK;

    if (step->family == NULL) {
        step->algorithm = "reference";
    } else if (step->family->prepare != NULL) {
        status = step->family->prepare(plan->graph, step, plan->pool, error);
        if (status != CC_OK) {
            cc_error_context(error, "%s",
                             step->node != NULL ? step->node->name : "conversion of layout");
        }
    }
    if (step->algorithm == NULL) {
        step->algorithm = step->family->name;
    }
    return status;
}

static cc_status prepare_steps(cc_plan *plan, cc_error *error)
{
    int *last = last_readers(plan);
    cc_status status = CC_OK;

    if (last == NULL) {
        return cc_fail_memory(error, (size_t)plan->graph->value_count * sizeof *last);
    }
    for (int i = 0; i < plan->step_count && status == CC_OK; i++) {
        status = cc_plan_bring_back(plan, &plan->steps[i], error);
        if (status == CC_OK) {
            status = prepare_step(plan, &plan->steps[i], error);
        }
        if (status == CC_OK) {
            cc_plan_set_aside(plan, &plan->steps[i]);
        }
        if (status == CC_OK && !plan->steps[i].repacks) {
            drop_constants(plan, i, last);
        }
    }
    cc_free(last);
    return status;
}

cc_status cc_plan_build(cc_plan *plan, cc_graph *graph, const cc_network_options *options,
                        cc_error *error)
{
    *plan = (cc_plan){.graph = graph,
                      .pool = options->pool,
                      .reference_only = options->reference_only,
                      .precision = options->precision,
                      .low_memory = options->low_memory};
    cc_status status = cc_tuning_open(&plan->tuning, graph, options->tuning_folder,
                                      options->precision, options->tune, options->pool, error);

    if (status == CC_OK) {
        status = cc_plan_place(plan, error);
    }

    if (status == CC_OK) {
        cc_plan_join_concats(plan);
        status = link_steps(plan, error);
    }
    if (status == CC_OK) {
        status = prepare_steps(plan, error);
    }
    if (status == CC_OK) {
        status = cc_plan_memory(plan, error);
    }
    if (status != CC_OK) {
        cc_plan_release(plan);
        return status;
    }
    cc_plan_resolve(plan, NULL, NULL);
    status = cc_tuning_save(&plan->tuning, error);
    if (status != CC_OK) {
        cc_plan_release(plan);
    }
    return status;
}

void cc_plan_release(cc_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        cc_step *step = &plan->steps[i];
        if (step->family != NULL && step->family->release != NULL && step->state != NULL) {
            step->family->release(step->state);
        }
    }
    cc_free(plan->steps);
    cc_free(plan->storages);
    cc_free_aligned(plan->memory);
    cc_arena_release(&plan->arena);
    cc_tuning_release(&plan->tuning);
    *plan = (cc_plan){0};
}

cc_status cc_plan_own_constants(cc_plan *plan, cc_error *error)
{
    for (int i = 0; i < plan->storage_count; i++) {
        cc_storage *storage = &plan->storages[i];
        if (storage->place != CC_PLACE_CONSTANT || plan->graph->values[storage->value].owns_data) {
            continue;
        }
        size_t bytes = (size_t)cc_shape_elements(&storage->tensor.shape) *
                       cc_dtype_size(storage->tensor.dtype);
        void *copy = cc_arena_alloc(&plan->arena, bytes, 1);
        if (copy == NULL) {
            return cc_fail_memory(error, bytes);
        }
        memcpy(copy, storage->tensor.data, bytes);
        storage->tensor.data = copy;
        storage->view.data = copy;
    }
    return CC_OK;
}
