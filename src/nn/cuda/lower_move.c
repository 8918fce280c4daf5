/* Copies of elements from one order of axes to another. */
#include <stdlib.h>
#include <string.h>

#include "nn/cuda/lower.h"

cc_cuda_axes cc_cuda_axes_of(cc_cuda_program *program, int value, const cc_shape *shape)
{
    cc_cuda_axes axes = {.count = shape->rank};
    int root = cc_cuda_root(program, value, NULL);
    int64_t pixel = cc_cuda_value_stride(&program->values[root]);

    program->values[root].fixed = true;
    if (shape->rank == 4) {
        const int64_t steps[4] = {shape->dims[2] * shape->dims[3] * pixel, 1,
                                  shape->dims[3] * pixel, pixel};
        memcpy(axes.step, steps, sizeof steps);
    }
    for (int i = shape->rank - 1; i >= 0; i--) {
        axes.size[i] = shape->dims[i];
        if (shape->rank != 4) { /* rows x channels */
            axes.step[i] = i == shape->rank - 1 ? 1 : pixel;
            pixel *= i == shape->rank - 1 ? 1 : shape->dims[i];
        }
    }
    return axes;
}

/* ---- as few digits as possible ---- */

typedef struct digit {
    int64_t size;
    int64_t from;
    int64_t to;
} digit;

/* Largest steps of the output first, so that neighbouring threads write side by side. */
static int by_target(const void *left, const void *right)
{
    const digit *a = left;
    const digit *b = right;

    return a->to > b->to ? -1 : a->to < b->to;
}

/* Leave out axes of size 1 and join those that follow each other on both sides. */
static int reduce_digits(const cc_cuda_axes *from, const cc_cuda_axes *to, digit *digits)
{
    int count = 0;
    int kept = 0;

    for (int i = 0; i < from->count; i++) {
        if (from->size[i] != 1) {
            digits[count++] = (digit){from->size[i], from->step[i], to->step[i]};
        }
    }
    qsort(digits, (size_t)count, sizeof *digits, by_target);
    for (int i = 0; i < count; i++) {
        digit *last = kept > 0 ? &digits[kept - 1] : NULL;
        if (last != NULL && last->from == digits[i].from * digits[i].size &&
            last->to == digits[i].to * digits[i].size) {
            *last = (digit){last->size * digits[i].size, digits[i].from, digits[i].to};
        } else {
            digits[kept++] = digits[i];
        }
    }
    return kept;
}

cc_status cc_cuda_add_move(cc_cuda_program *program, const cc_node *node, int input,
                           const cc_cuda_axes *from, int output, const cc_cuda_axes *to,
                           cc_error *error)
{
    digit digits[2 * CC_MAX_RANK];
    int count = reduce_digits(from, to, digits);
    cc_cuda_move move = {.from_base = from->base, .to_base = to->base, .digits = count};

    if (count > CC_CUDA_MOST_DIGITS) {
        return cc_cuda_refuse(node, error, "there is no GPU kernel for so many axes");
    }
    for (int i = 0; i < count; i++) {
        if (digits[i].size > INT32_MAX) {
            return cc_cuda_refuse(node, error, "it moves more elements than a kernel can count");
        }
        move.size[i] = (int32_t)digits[i].size;
        move.from[i] = digits[i].from;
        move.to[i] = digits[i].to;
    }
    if (count == 0) { /* a single element */
        move.digits = 1;
        move.size[0] = 1;
    }
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_MOVE, node);
    if (step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = input;
    program->steps[step].output = output;
    program->steps[step].parameters.move = move;
    return CC_OK;
}

cc_status cc_cuda_new_value(cc_cuda_program *program, const cc_node *node, const cc_shape *shape,
                            int *value, cc_error *error)
{
    int32_t nchw[4] = {0};

    if (!cc_cuda_layout(shape, nchw)) {
        return cc_cuda_refuse(node, error, "an intermediate tensor is too large for a kernel");
    }
    *value = cc_cuda_add_value(program, nchw);
    return *value == CC_CUDA_NOBODY ? cc_cuda_no_room(error) : CC_OK;
}

/* ---- rows ---- */

static cc_cuda_axes reorder(const cc_cuda_axes *axes, const int *order)
{
    cc_cuda_axes result = {.count = axes->count, .base = axes->base};

    for (int i = 0; i < axes->count; i++) {
        result.size[i] = axes->size[order[i]];
        result.step[i] = axes->step[order[i]];
    }
    return result;
}

cc_status cc_cuda_add_rows(cc_cuda_program *program, const cc_node *node, int input,
                           const cc_shape *shape, const int *order, int row_axes, int *value,
                           cc_error *error)
{
    cc_cuda_axes own = cc_cuda_axes_of(program, input, shape);
    cc_cuda_axes source = reorder(&own, order);
    cc_cuda_axes target = {.count = source.count};
    cc_shape rows = {.rank = 2, .dims = {1, 1}};
    int64_t step = 1;
    cc_status status;

    for (int i = 0; i < source.count; i++) {
        rows.dims[i >= source.count - row_axes] *= source.size[i];
    }
    status = cc_cuda_new_value(program, node, &rows, value, error);
    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes flat = cc_cuda_axes_of(program, *value, &rows);
    for (int i = source.count - 1; i >= 0; i--) {
        if (i == source.count - row_axes - 1) {
            step = flat.step[0];
        }
        target.size[i] = source.size[i];
        target.step[i] = step;
        step *= source.size[i];
    }
    return cc_cuda_add_move(program, node, input, &source, *value, &target, error);
}

cc_status cc_cuda_add_unrows(cc_cuda_program *program, const cc_node *node, int input,
                             const cc_shape *shape, const int *order, int output, cc_error *error)
{
    cc_cuda_axes own = cc_cuda_axes_of(program, output, shape);
    cc_cuda_axes target = reorder(&own, order);
    cc_cuda_axes source = {.count = target.count};
    const cc_shape rows = {.rank = 2,
                           .dims = {program->values[input].batch, program->values[input].channels}};
    cc_cuda_axes flat = cc_cuda_axes_of(program, input, &rows);
    int64_t step = 1;
    int64_t inside = 1; /* elements of a row that are placed already */

    for (int i = target.count - 1; i >= 0; i--) {
        if (inside == rows.dims[1] && step < flat.step[0]) {
            step = flat.step[0];
        }
        source.size[i] = target.size[i];
        source.step[i] = step;
        step *= target.size[i];
        inside *= target.size[i];
    }
    return cc_cuda_add_move(program, node, input, &source, output, &target, error);
}
