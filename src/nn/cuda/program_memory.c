/* One block for everything that changes during a run, shared by lifetime. */
#include <stdlib.h>

#include "nn/cuda/program.h"

/* ---- lifetimes ---- */

static void touch_buffer(cc_cuda_program *program, int buffer, int step)
{
    if (buffer != CC_CUDA_NOBODY) {
        cc_cuda_buffer *life = &program->buffers[buffer];
        life->first_step = step < life->first_step ? step : life->first_step;
        life->last_step = step > life->last_step ? step : life->last_step;
    }
}

static void touch_value(cc_cuda_program *program, int value, int step)
{
    if (value != CC_CUDA_NOBODY) {
        int root = cc_cuda_root(program, value, NULL);
        touch_buffer(program, program->values[root].buffer, step);
    }
}

static void find_lifetimes(cc_cuda_program *program)
{
    for (int i = 0; i < program->step_count; i++) {
        const cc_cuda_step *step = &program->steps[i];
        touch_value(program, step->input, i);
        touch_value(program, step->second, i);
        touch_value(program, step->output, i);
        touch_buffer(program, step->planes, i);
        touch_buffer(program, step->partial, i);
    }
    /* The caller's numbers arrive before the first step and leave after the last. */
    for (int i = 0; i < program->graph->input_count; i++) {
        touch_buffer(program, program->input_planes[i], -1);
    }
    for (int i = 0; i < program->graph->output_count; i++) {
        touch_buffer(program, program->output_planes[i], program->step_count);
    }
}

static cc_status make_value_buffers(cc_cuda_program *program, cc_error *error)
{
    for (int i = 0; i < program->value_count; i++) {
        const cc_cuda_value *value = &program->values[i];
        if (value->parent != CC_CUDA_NOBODY || value->constant != CC_CUDA_NOWHERE) {
            continue;
        }
        size_t bytes = (size_t)value->batch * (size_t)value->height * (size_t)value->width *
                       (size_t)cc_cuda_value_stride(value) *
                       cc_cuda_element_bytes(program->storage);
        int buffer = cc_cuda_add_buffer(program, bytes);
        if (buffer == CC_CUDA_NOBODY) {
            return cc_fail_memory(error, sizeof(cc_cuda_buffer));
        }
        program->values[i].buffer = buffer;
    }
    return CC_OK;
}

/* ---- offsets ---- */

static int by_size(const void *left, const void *right)
{
    const cc_cuda_buffer *a = *(cc_cuda_buffer *const *)left;
    const cc_cuda_buffer *b = *(cc_cuda_buffer *const *)right;

    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return a < b ? -1 : a > b; /* both lie in one array */
}

static int by_offset(const void *left, const void *right)
{
    const cc_cuda_buffer *a = *(cc_cuda_buffer *const *)left;
    const cc_cuda_buffer *b = *(cc_cuda_buffer *const *)right;

    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The lowest place where nothing lives at the same time. */
static size_t lowest_place(cc_cuda_buffer *const *placed, int count, const cc_cuda_buffer *next,
                           cc_cuda_buffer **living)
{
    size_t offset = 0;
    int alive = 0;

    for (int i = 0; i < count; i++) {
        if (placed[i]->first_step <= next->last_step && placed[i]->last_step >= next->first_step) {
            living[alive++] = placed[i];
        }
    }
    qsort(living, (size_t)alive, sizeof(cc_cuda_buffer *), by_offset);
    for (int i = 0; i < alive && living[i]->offset < offset + next->bytes; i++) {
        size_t end = living[i]->offset + living[i]->bytes;
        offset = end > offset ? end : offset;
    }
    return offset;
}

/* Largest first: the large ones decide, the small ones fill gaps. */
static void place_buffers(cc_cuda_program *program, cc_cuda_buffer **order, cc_cuda_buffer **living)
{
    for (int i = 0; i < program->buffer_count; i++) {
        order[i] = &program->buffers[i];
    }
    qsort(order, (size_t)program->buffer_count, sizeof *order, by_size);
    for (int i = 0; i < program->buffer_count; i++) {
        order[i]->offset = lowest_place(order, i, order[i], living);
        size_t end = order[i]->offset + order[i]->bytes;
        program->buffer_bytes = end > program->buffer_bytes ? end : program->buffer_bytes;
    }
    program->counter_bytes = (program->counter_bytes + CC_CUDA_PLACE_ALIGNMENT - 1) /
                             CC_CUDA_PLACE_ALIGNMENT * CC_CUDA_PLACE_ALIGNMENT;
}

cc_status cc_cuda_program_memory(cc_cuda_program *program, cc_error *error)
{
    cc_status status = make_value_buffers(program, error);
    size_t count = (size_t)program->buffer_count + 1;
    cc_cuda_buffer **order = cc_alloc_array(count, sizeof *order);
    cc_cuda_buffer **living = cc_alloc_array(count, sizeof *living);

    if (status == CC_OK && order != NULL && living != NULL) {
        find_lifetimes(program);
        place_buffers(program, order, living);
    } else if (status == CC_OK) {
        status = cc_fail_memory(error, 2 * count * sizeof *order);
    }
    cc_free(order);
    cc_free(living);
    return status;
}
