/* Elements to other places, and products of matrices that lie anywhere: every axis has a
 * step of its own. A thread to an element. */
#include "nn/cuda/kernels/elements.h"

template <typename T> DEVICE void move(const cc_cuda_move &p)
{
    uint32_t rest = item_index(256);
    int64_t from = p.from_base, to = p.to_base;

    NO_UNROLL
    for (int i = p.digits - 1; i >= 0; i--) {
        const uint32_t size = (uint32_t)p.size[i];
        const uint32_t higher = rest / size;
        const int64_t digit = (int64_t)(rest - higher * size);
        from += digit * p.from[i];
        to += digit * p.to[i];
        rest = higher;
    }
    if (rest == 0) { /* else beyond the last element */
        ((T *)p.output)[to] = ((const T *)p.input)[from];
    }
}

KERNEL(256) cc_move_f16(const cc_cuda_move p)
{
    move<Half>(p);
}
KERNEL(256) cc_move_f32(const cc_cuda_move p)
{
    move<float>(p);
}

/* Sums in float32, in order of depth. */
template <typename T> DEVICE void matmul(const cc_cuda_matmul &p)
{
    uint32_t rest = item_index(256) / (uint32_t)p.columns;
    const int column = (int)(item_index(256) - rest * (uint32_t)p.columns);
    const int row = (int)(rest % (uint32_t)p.rows);
    const T *a = (const T *)p.a + (int64_t)row * p.a_row;
    const T *b = (const T *)p.b + (int64_t)column * p.b_column;
    T *output = (T *)p.output + (int64_t)row * p.output_row + (int64_t)column * p.output_column;
    float sum = 0;

    rest /= (uint32_t)p.rows;
    NO_UNROLL
    for (int i = 2; i >= 0; i--) {
        const uint32_t higher = rest / (uint32_t)p.batch[i];
        const int64_t digit = (int64_t)(rest - higher * (uint32_t)p.batch[i]);
        a += digit * p.a_batch[i];
        b += digit * p.b_batch[i];
        output += digit * p.output_batch[i];
        rest = higher;
    }
    if (rest != 0) {
        return;
    }
    NO_UNROLL
    for (int k = 0; k < p.depth; k++) {
        sum = multiply_add(load_element(a + k * p.a_depth), load_element(b + k * p.b_depth), sum);
    }
    store_element(output, sum);
}

KERNEL(256) cc_matmul_f16(const cc_cuda_matmul p)
{
    matmul<Half>(p);
}
KERNEL(256) cc_matmul_f32(const cc_cuda_matmul p)
{
    matmul<float>(p);
}
