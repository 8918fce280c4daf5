/* Walking over the elements of a shape in row-major order while following up to
 * three operands through strides: broadcasting, transposing and slicing are all
 * this walk with other strides. */
#ifndef CLEARCUT_NN_OPS_WALKER_H
#define CLEARCUT_NN_OPS_WALKER_H

#include "nn/tensor.h"

#define CC_WALKER_OPERANDS 3

typedef struct cc_walker {
    cc_shape shape;
    int64_t index[CC_MAX_RANK];
    int operand_count;
    int64_t strides[CC_WALKER_OPERANDS][CC_MAX_RANK]; /* in elements */
    int64_t offset[CC_WALKER_OPERANDS];               /* of the current element */
} cc_walker;

/* Start at the first element of shape, with no operands. */
cc_walker cc_walker_make(const cc_shape *shape);

/* Follow an operand that starts at `base` and moves strides[axis] elements for
 * each step on that axis (may be negative or 0). */
void cc_walker_add(cc_walker *walker, int64_t base, const int64_t *strides);

/* Follow an operand of shape `operand`, broadcast to the walker's shape. */
void cc_walker_add_broadcast(cc_walker *walker, const cc_shape *operand);

/* One element on; after the last it wraps to the first. */
void cc_walker_next(cc_walker *walker);

/* Row-major strides of a packed shape, in elements. */
void cc_shape_strides(const cc_shape *shape, int64_t *strides);

/* Copy elements of `size` bytes: output, packed, of the walker's shape, from
 * operand 0 of the walker inside `input`. */
void cc_walker_copy(cc_walker *walker, const void *input, void *output, size_t size);

#endif
