/* Pooling of pixels, written once for every instruction set. Included after a
 * vector_*.h. */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include "nn/cpu/kernels.h"

#define VECTORS_PER_BLOCK (CC_BLOCK / VECTOR_LANES)

/* max with NaN kept from either side: x86 returns the second operand, so the
 * running maximum goes second and a NaN that comes in is the first. A plain
 * comparison is what the reference does; both ignore a NaN that is not first. */
static void run_maximum(const cc_pool_window *window, float *output)
{
    for (int v = 0; v < CC_BLOCK; v += VECTOR_LANES) {
        vector best = vector_load(window->input + v);
        for (int i = 0; i < window->rows; i++) {
            for (int j = 0; j < window->columns; j++) {
                const float *at =
                    window->input + i * window->row_stride + j * window->column_stride + v;
                best = vector_max(vector_load(at), best);
            }
        }
        vector_store(output + v, best);
    }
}

static void run_sum(const cc_pool_window *window, float *output)
{
    for (int v = 0; v < CC_BLOCK; v += VECTOR_LANES) {
        vector sum = vector_all(0);
        for (int i = 0; i < window->rows; i++) {
            for (int j = 0; j < window->columns; j++) {
                sum += vector_load(window->input + i * window->row_stride +
                                   j * window->column_stride + v);
            }
        }
        vector_store(output + v, sum);
    }
}

static void run_maximum_2x2(const float *row0, const float *row1, float *output, int pixels)
{
    for (int x = 0; x < pixels; x++) {
        for (int v = 0; v < CC_BLOCK; v += VECTOR_LANES) {
            const float *above = row0 + x * 2 * CC_BLOCK + v;
            const float *below = row1 + x * 2 * CC_BLOCK + v;
            vector best = vector_max(vector_load(above + CC_BLOCK), vector_load(above));
            best = vector_max(vector_load(below), best);
            best = vector_max(vector_load(below + CC_BLOCK), best);
            vector_store(output + x * CC_BLOCK + v, best);
        }
    }
}

static void run_scale(float *output, float factor)
{
    for (int v = 0; v < CC_BLOCK; v += VECTOR_LANES) {
        vector_store(output + v, vector_load(output + v) * vector_all(factor));
    }
}
