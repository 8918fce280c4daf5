#include "nn/ops/walker.h"

#include <string.h>

cc_walker cc_walker_make(const cc_shape *shape)
{
    return (cc_walker){.shape = *shape};
}

void cc_walker_add(cc_walker *walker, int64_t base, const int64_t *strides)
{
    int operand = walker->operand_count++;
    walker->offset[operand] = base;
    for (int i = 0; i < walker->shape.rank; i++)
        walker->strides[operand][i] = strides[i];
}

void cc_walker_add_broadcast(cc_walker *walker, const cc_shape *operand)
{
    int64_t packed[CC_MAX_RANK];
    int64_t strides[CC_MAX_RANK] = {0};
    int lead = walker->shape.rank - operand->rank;
    cc_shape_strides(operand, packed);
    for (int i = 0; i < operand->rank; i++)
        strides[lead + i] = operand->dims[i] == 1 ? 0 : packed[i];
    cc_walker_add(walker, 0, strides);
}

void cc_walker_next(cc_walker *walker)
{
    for (int axis = walker->shape.rank - 1; axis >= 0; axis--) {
        bool carry = ++walker->index[axis] == walker->shape.dims[axis];
        int64_t steps = carry ? 1 - walker->shape.dims[axis] : 1;
        for (int k = 0; k < walker->operand_count; k++)
            walker->offset[k] += steps * walker->strides[k][axis];
        if (!carry)
            return;
        walker->index[axis] = 0;
    }
}

void cc_shape_strides(const cc_shape *shape, int64_t *strides)
{
    uint64_t stride = 1; /* wraps only where another dimension is 0 */
    for (int i = shape->rank - 1; i >= 0; i--) {
        strides[i] = (int64_t)stride;
        stride *= (uint64_t)shape->dims[i];
    }
}

void cc_walker_copy(cc_walker *walker, const void *input, void *output, size_t size)
{
    const char *from = input;
    char *to = output;
    int64_t count = cc_shape_elements(&walker->shape);
    for (int64_t i = 0; i < count; i++, to += size) {
        memcpy(to, from + walker->offset[0] * (int64_t)size, size);
        cc_walker_next(walker);
    }
}
