/* Linear interpolation along and between rows, written once for every instruction
 * set. Included after a vector_*.h. */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include "nn/cpu/kernels.h"

static void run_blend_rows(float *output, const float *a, const float *b, float weight, int count)
{
    vector of_b = vector_all(weight);
    vector of_a = vector_all(1 - weight);
    int i = 0;

    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
        vector_store(output + i, vector_load(a + i) * of_a + vector_load(b + i) * of_b);
    }
    for (; i < count; i++) {
        output[i] = a[i] * (1 - weight) + b[i] * weight;
    }
}

static void run_blend_pixels(float *output, const float *input, const int *left, const int *right,
                             const float *weight, int pixels)
{
    for (int x = 0; x < pixels; x++) {
        const float *a = input + (ptrdiff_t)left[x] * CC_BLOCK;
        const float *b = input + (ptrdiff_t)right[x] * CC_BLOCK;
        vector of_b = vector_all(weight[x]);
        vector of_a = vector_all(1 - weight[x]);
        for (int v = 0; v < CC_BLOCK; v += VECTOR_LANES) {
            vector_store(output + (ptrdiff_t)x * CC_BLOCK + v,
                         vector_load(a + v) * of_a + vector_load(b + v) * of_b);
        }
    }
}
