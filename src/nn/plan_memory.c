/* Last half of planning: one arena, every buffer placed by its lifetime. */
#include <stdlib.h>

#include "nn/plan.h"

/* One block of bytes that lives from one step to another, both included. */
typedef struct buffer {
    size_t bytes;
    size_t offset;
    int first_step;
    int last_step;
    int storage; /* -1 = scratch of first_step */
} buffer;

/* ---- lifetimes and borders, which belong to the roots ---- */

static void touch(cc_plan *plan, int storage, int step)
{
    cc_storage *root = &plan->storages[cc_plan_root(plan, storage)];

    if (root->first_step < 0) {
        root->first_step = step;
    }
    root->last_step = step > root->last_step ? step : root->last_step;
}

static void find_lifetimes(cc_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        const cc_step *step = &plan->steps[i];
        for (int k = 0; k < step->input_count; k++) {
            int storage = step->input_storages[k];
            if (storage < 0) {
                continue;
            }
            touch(plan, storage, i);
            cc_view *root = &plan->storages[cc_plan_root(plan, storage)].view;
            if (root->layout == CC_BLOCKED && step->input_borders[k] > root->border) {
                root->border = step->input_borders[k];
            }
        }
        for (int k = 0; k < step->output_count; k++) {
            if (step->output_storages[k] >= 0) {
                touch(plan, step->output_storages[k], i);
            }
        }
    }
}

static bool measure_root(cc_storage *storage)
{
    cc_view *view = &storage->view;

    if (storage->layout == CC_PLAIN) {
        return cc_size_multiply((size_t)cc_shape_elements(&storage->tensor.shape),
                                cc_dtype_size(storage->tensor.dtype), &storage->bytes);
    }
    view->row_stride = (ptrdiff_t)(view->width + 2 * view->border) * CC_BLOCK;
    view->block_stride = (view->height + 2 * view->border) * view->row_stride;
    view->batch_stride = view->blocks * view->block_stride;
    return cc_size_multiply((size_t)view->batch * sizeof(float), (size_t)view->batch_stride,
                            &storage->bytes);
}

/* ---- offsets ---- */

static int compare_buffers(const void *left, const void *right)
{
    const buffer *a = left;
    const buffer *b = right;

    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    if (a->first_step != b->first_step) {
        return a->first_step - b->first_step;
    }
    return a->storage - b->storage;
}

static int compare_offsets(const void *left, const void *right)
{
    const buffer *a = *(const buffer *const *)left;
    const buffer *b = *(const buffer *const *)right;

    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Lowest gap among those already placed that live at the same time. */
static size_t lowest_gap(const buffer *buffers, int placed, const buffer *next,
                         const buffer **living)
{
    size_t offset = 0;
    int count = 0;

    for (int i = 0; i < placed; i++) {
        if (buffers[i].first_step <= next->last_step && buffers[i].last_step >= next->first_step) {
            living[count++] = &buffers[i];
        }
    }
    qsort(living, (size_t)count, sizeof(buffer *), compare_offsets);
    for (int i = 0; i < count; i++) {
        if (living[i]->offset >= offset + next->bytes) {
            break;
        }
        size_t end = living[i]->offset + living[i]->bytes;
        offset = end > offset ? end : offset;
    }
    return offset;
}

/* Largest first, each at the lowest place that is free during its life. */
static void assign_offsets(buffer *buffers, int count, const buffer **living, size_t *total)
{
    *total = 0;
    qsort(buffers, (size_t)count, sizeof *buffers, compare_buffers);
    for (int i = 0; i < count; i++) {
        buffers[i].offset = lowest_gap(buffers, i, &buffers[i], living);
        size_t end = buffers[i].offset + buffers[i].bytes;
        *total = end > *total ? end : *total;
    }
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + CC_ALIGNMENT - 1) & ~(size_t)(CC_ALIGNMENT - 1);
}

static bool collect(cc_plan *plan, buffer *buffers, int *count)
{
    for (int i = 0; i < plan->storage_count; i++) {
        cc_storage *storage = &plan->storages[i];
        if (storage->parent >= 0 || storage->place == CC_PLACE_CONSTANT) {
            continue;
        }
        if (!measure_root(storage)) {
            return false;
        }
        if (storage->place == CC_PLACE_ARENA && storage->first_step >= 0) {
            buffers[(*count)++] = (buffer){.bytes = whole_lines(storage->bytes),
                                           .first_step = storage->first_step,
                                           .last_step = storage->last_step,
                                           .storage = i};
        }
    }
    for (int i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].scratch_bytes > 0) {
            buffers[(*count)++] = (buffer){.bytes = whole_lines(plan->steps[i].scratch_bytes),
                                           .first_step = i,
                                           .last_step = i,
                                           .storage = -1};
        }
    }
    return true;
}

static void write_offsets(cc_plan *plan, const buffer *buffers, int count)
{
    for (int i = 0; i < count; i++) {
        if (buffers[i].storage >= 0) {
            plan->storages[buffers[i].storage].offset = buffers[i].offset;
        } else {
            plan->steps[buffers[i].first_step].scratch_offset = buffers[i].offset;
        }
    }
}

/* ---- borders to zero ---- */

static cc_status list_clears(cc_plan *plan, cc_error *error)
{
    for (int step = 0; step < plan->step_count; step++) {
        int count = 0;
        const cc_view **views = NULL;
        for (int pass = 0; pass < 2; pass++) {
            count = 0;
            for (int i = 0; i < plan->storage_count; i++) {
                const cc_storage *storage = &plan->storages[i];
                if (storage->parent < 0 && storage->view.border > 0 &&
                    storage->first_step == step) {
                    if (views != NULL) {
                        views[count] = &storage->view;
                    }
                    count++;
                }
            }
            if (count > 0 && views == NULL) {
                views = cc_arena_alloc(&plan->arena, (size_t)count, sizeof *views);
                if (views == NULL) {
                    return cc_fail_memory(error, (size_t)count * sizeof *views);
                }
            }
        }
        plan->steps[step].clears = views;
        plan->steps[step].clear_count = count;
    }
    return CC_OK;
}

cc_status cc_plan_memory(cc_plan *plan, cc_error *error)
{
    size_t most = (size_t)plan->storage_count + (size_t)plan->step_count + 1;
    buffer *buffers = cc_alloc_array(most, sizeof *buffers);
    const buffer **living = cc_alloc_array(most, sizeof *living);
    int count = 0;
    cc_status status = CC_OK;

    find_lifetimes(plan);
    if (buffers == NULL || living == NULL) {
        status = cc_fail_memory(error, most * (sizeof *buffers + sizeof *living));
    } else if (!collect(plan, buffers, &count)) {
        status = cc_fail(error, CC_LIMIT, "the network's activations exceed the address space");
    } else {
        assign_offsets(buffers, count, living, &plan->memory_bytes);
        write_offsets(plan, buffers, count);
        plan->memory = cc_alloc_aligned(plan->memory_bytes);
        if (plan->memory == NULL) {
            status = cc_fail_memory(error, plan->memory_bytes);
        }
    }
    cc_free(buffers);
    cc_free(living);
    return status == CC_OK ? list_clears(plan, error) : status;
}
