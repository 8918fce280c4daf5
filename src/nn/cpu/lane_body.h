/* Convolutions without a tile of output channels, and weighted sums of planes;
 * written once for every instruction set. Included after a vector_*.h. */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include "nn/cpu/kernels.h"

#define VECTORS_PER_BLOCK (CC_BLOCK / VECTOR_LANES)
#define INLINE static inline __attribute__((always_inline))

/* Pixels computed side by side: enough independent sums to hide the latency. */
#define SIDE_BY_SIDE 4

/* The lanes of a pixel added up, always in the same order for any vector width:
 * halves onto each other. */
INLINE float sum_lanes(const vector *sum)
{
    float lanes[CC_BLOCK];

    for (int v = 0; v < VECTORS_PER_BLOCK; v++) {
        vector_store(lanes + v * VECTOR_LANES, sum[v]);
    }
    for (int half = CC_BLOCK / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            lanes[i] += lanes[i + half];
        }
    }
    return lanes[0];
}

INLINE void add_tap(vector sum[SIDE_BY_SIDE][VECTORS_PER_BLOCK], const float *input,
                    ptrdiff_t pixel_stride, const float *weights, int pixels)
{
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS_PER_BLOCK; v++) {
        vector weight = vector_load(weights + v * VECTOR_LANES);
#pragma GCC unroll 4
        for (int i = 0; i < pixels; i++) {
            sum[i][v] = vector_multiply_add(
                weight, vector_load(input + i * pixel_stride + v * VECTOR_LANES), sum[i][v]);
        }
    }
}

INLINE void one_channel_pixels(const cc_one_channel_row *row, int x, int pixels)
{
    vector sum[SIDE_BY_SIDE][VECTORS_PER_BLOCK];
    const float *weights = row->weights;

#pragma GCC unroll 16
    for (int i = 0; i < pixels * VECTORS_PER_BLOCK; i++) {
        sum[i / VECTORS_PER_BLOCK][i % VECTORS_PER_BLOCK] = vector_all(0);
    }
    for (int block = 0; block < row->blocks; block++) {
        const float *from = row->input + block * row->input_block_stride + x * row->pixel_stride;
        for (int i = 0; i < row->kernel_height; i++) {
            for (int j = 0; j < row->kernel_width; j++) {
                add_tap(sum, from + i * row->tap_row_stride + j * row->tap_column_stride,
                        row->pixel_stride, weights, pixels);
                weights += CC_BLOCK;
            }
        }
    }
    for (int i = 0; i < pixels; i++) {
        row->output[x + i] = sum_lanes(sum[i]) + row->bias;
    }
}

static void run_one_channel(const cc_one_channel_row *row)
{
    int x = 0;

    for (; x + SIDE_BY_SIDE <= row->pixels; x += SIDE_BY_SIDE) {
        one_channel_pixels(row, x, SIDE_BY_SIDE);
    }
    for (; x < row->pixels; x++) {
        one_channel_pixels(row, x, 1);
    }
}

INLINE void depthwise_pixels(const cc_depthwise_row *row, int x, int pixels)
{
    vector sum[SIDE_BY_SIDE][VECTORS_PER_BLOCK];
    const float *weights = row->weights;
    const float *from = row->input + x * row->pixel_stride;

#pragma GCC unroll 16
    for (int i = 0; i < pixels * VECTORS_PER_BLOCK; i++) {
        sum[i / VECTORS_PER_BLOCK][i % VECTORS_PER_BLOCK] =
            vector_load(row->bias + i % VECTORS_PER_BLOCK * VECTOR_LANES);
    }
    for (int i = 0; i < row->kernel_height; i++) {
        for (int j = 0; j < row->kernel_width; j++) {
            add_tap(sum, from + i * row->tap_row_stride + j * row->tap_column_stride,
                    row->pixel_stride, weights, pixels);
            weights += CC_BLOCK;
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < pixels * VECTORS_PER_BLOCK; i++) {
        vector_store(row->output + x * CC_BLOCK + i * VECTOR_LANES,
                     sum[i / VECTORS_PER_BLOCK][i % VECTORS_PER_BLOCK]);
    }
}

static void run_depthwise(const cc_depthwise_row *row)
{
    int x = 0;

    for (; x + SIDE_BY_SIDE <= row->pixels; x += SIDE_BY_SIDE) {
        depthwise_pixels(row, x, SIDE_BY_SIDE);
    }
    for (; x < row->pixels; x++) {
        depthwise_pixels(row, x, 1);
    }
}

static void run_weigh_planes(float *output, const float *input, ptrdiff_t plane_stride, int planes,
                             const float *weights, float bias, int count)
{
    int i = 0;

    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
        vector sum = vector_all(bias);
        for (int plane = 0; plane < planes; plane++) {
            sum = vector_multiply_add(vector_all(weights[plane]),
                                      vector_load(input + plane * plane_stride + i), sum);
        }
        vector_store(output + i, sum);
    }
    for (; i < count; i++) {
        float sum = bias;
        for (int plane = 0; plane < planes; plane++) {
            sum += weights[plane] * input[plane * plane_stride + i];
        }
        output[i] = sum;
    }
}
