/* Winograd's transforms of tiles, written once for every instruction set. Included
 * after a vector_*.h. The matrices and where they come from: winograd.md; the
 * script tests/oracle/winograd_transforms.py derives and checks them. */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include "nn/cpu/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- one dimension: B^T d (input), G g (weights), A^T m (output) ---- */

INLINE vector times(float factor, vector value)
{
    return vector_all(factor) * value;
}

/* a + factor * b */
INLINE vector plus_times(vector a, float factor, vector b)
{
    return vector_multiply_add(vector_all(factor), b, a);
}

INLINE void input_4(const vector d[6], vector out[6])
{
    vector a = plus_times(d[4], -4, d[2]);
    vector b = plus_times(d[3], -4, d[1]);
    vector c = d[4] - d[2];
    vector e = times(2, d[3] - d[1]);

    out[0] = plus_times(plus_times(d[4], -5, d[2]), 4, d[0]);
    out[1] = a + b;
    out[2] = a - b;
    out[3] = c + e;
    out[4] = c - e;
    out[5] = plus_times(plus_times(d[5], -5, d[3]), 4, d[1]);
}

INLINE void input_6(const vector d[8], vector out[8])
{
    vector a = plus_times(d[2] + d[6], -4.25F, d[4]);
    vector b = plus_times(d[1] + d[5], -4.25F, d[3]);
    vector c = plus_times(plus_times(d[6], 0.25F, d[2]), -1.25F, d[4]);
    vector e = plus_times(plus_times(times(0.5F, d[1]), -2.5F, d[3]), 2, d[5]);
    vector f = plus_times(plus_times(d[6], 4, d[2]), -5, d[4]);
    vector g = plus_times(plus_times(times(2, d[1]), -2.5F, d[3]), 0.5F, d[5]);

    out[0] = plus_times(d[0] - d[6], 5.25F, d[4] - d[2]);
    out[1] = a + b;
    out[2] = a - b;
    out[3] = c + e;
    out[4] = c - e;
    out[5] = f + g;
    out[6] = f - g;
    out[7] = plus_times(d[7] - d[1], 5.25F, d[3] - d[5]);
}

INLINE void weights_4(const vector g[3], vector out[6])
{
    vector sum = times(-1.0F / 6, g[0] + g[2]);
    vector outer = plus_times(times(1.0F / 24, g[0]), 1.0F / 6, g[2]);

    out[0] = times(0.25F, g[0]);
    out[1] = plus_times(sum, -1.0F / 6, g[1]);
    out[2] = plus_times(sum, 1.0F / 6, g[1]);
    out[3] = plus_times(outer, 1.0F / 12, g[1]);
    out[4] = plus_times(outer, -1.0F / 12, g[1]);
    out[5] = g[2];
}

INLINE void weights_6(const vector g[3], vector out[8])
{
    vector sum = times(-2.0F / 9, g[0] + g[2]);
    vector outer = plus_times(times(1.0F / 90, g[0]), 2.0F / 45, g[2]);
    vector inner = plus_times(times(32.0F / 45, g[0]), 8.0F / 45, g[2]);

    out[0] = g[0];
    out[1] = plus_times(sum, -2.0F / 9, g[1]);
    out[2] = plus_times(sum, 2.0F / 9, g[1]);
    out[3] = plus_times(outer, 1.0F / 45, g[1]);
    out[4] = plus_times(outer, -1.0F / 45, g[1]);
    out[5] = plus_times(inner, 16.0F / 45, g[1]);
    out[6] = plus_times(inner, -16.0F / 45, g[1]);
    out[7] = g[2];
}

INLINE void output_4(const vector m[6], vector out[4])
{
    vector a = m[1] + m[2];
    vector b = m[1] - m[2];
    vector c = m[3] + m[4];
    vector d = m[3] - m[4];

    out[0] = m[0] + a + c;
    out[1] = plus_times(b, 2, d);
    out[2] = plus_times(a, 4, c);
    out[3] = plus_times(b + m[5], 8, d);
}

INLINE void output_6(const vector m[8], vector out[6])
{
    vector a = m[1] + m[2];
    vector b = m[1] - m[2];
    vector c = m[3] + m[4];
    vector d = m[3] - m[4];
    vector e = m[5] + m[6];
    vector f = m[5] - m[6];

    out[0] = m[0] + a + c + e;
    out[1] = plus_times(plus_times(b, 2, d), 0.5F, f);
    out[2] = plus_times(plus_times(a, 4, c), 0.25F, e);
    out[3] = plus_times(plus_times(b, 8, d), 0.125F, f);
    out[4] = plus_times(plus_times(a, 16, c), 0.0625F, e);
    out[5] = plus_times(plus_times(b + m[7], 32, d), 0.03125F, f);
}

/* ---- two dimensions; `points` (6 or 8) is a constant wherever these are inlined:
 * first along columns, then along rows ---- */

INLINE void transform_input(int points, const float *input, ptrdiff_t row_stride,
                            ptrdiff_t column_stride, float *to, ptrdiff_t point_stride)
{
    vector half[8][8];

#pragma GCC unroll 8
    for (int x = 0; x < points; x++) {
        vector d[8];
        vector out[8];
#pragma GCC unroll 8
        for (int y = 0; y < points; y++) {
            d[y] = vector_load(input + y * row_stride + x * column_stride);
        }
        if (points == 6) {
            input_4(d, out);
        } else {
            input_6(d, out);
        }
#pragma GCC unroll 8
        for (int y = 0; y < points; y++) {
            half[y][x] = out[y];
        }
    }
#pragma GCC unroll 8
    for (int y = 0; y < points; y++) {
        vector out[8];
        if (points == 6) {
            input_4(half[y], out);
        } else {
            input_6(half[y], out);
        }
#pragma GCC unroll 8
        for (int x = 0; x < points; x++) {
            vector_store(to + (y * points + x) * point_stride, out[x]);
        }
    }
}

INLINE void transform_weights(int points, const float *weights, float *to, ptrdiff_t point_stride)
{
    vector half[8][3];

#pragma GCC unroll 3
    for (int x = 0; x < 3; x++) {
        vector g[3];
        vector out[8];
#pragma GCC unroll 3
        for (int y = 0; y < 3; y++) {
            g[y] = vector_load(weights + (y * 3 + x) * CC_BLOCK);
        }
        if (points == 6) {
            weights_4(g, out);
        } else {
            weights_6(g, out);
        }
#pragma GCC unroll 8
        for (int y = 0; y < points; y++) {
            half[y][x] = out[y];
        }
    }
#pragma GCC unroll 8
    for (int y = 0; y < points; y++) {
        vector out[8];
        if (points == 6) {
            weights_4(half[y], out);
        } else {
            weights_6(half[y], out);
        }
#pragma GCC unroll 8
        for (int x = 0; x < points; x++) {
            vector_store(to + (y * points + x) * point_stride, out[x]);
        }
    }
}

/* Bias, clamp and residual of one finished vector. */
INLINE vector finish(const cc_winograd_output_tile *tile, vector value, const float *residual)
{
    if (residual != NULL && tile->residual_first) {
        value += vector_load(residual);
    }
    value = vector_min(vector_all(tile->high), vector_max(vector_all(tile->low), value));
    if (residual != NULL && !tile->residual_first) {
        value += vector_load(residual);
    }
    return value;
}

INLINE void transform_output(int points, const cc_winograd_output_tile *tile, int lane)
{
    vector half[6][8];
    vector bias = vector_load(tile->bias + lane);
    int pixels = points - 2;

#pragma GCC unroll 8
    for (int x = 0; x < points; x++) {
        vector m[8];
        vector out[6];
#pragma GCC unroll 8
        for (int y = 0; y < points; y++) {
            m[y] = vector_load(tile->points + (y * points + x) * tile->point_stride + lane);
        }
        if (points == 6) {
            output_4(m, out);
        } else {
            output_6(m, out);
        }
#pragma GCC unroll 6
        for (int y = 0; y < pixels; y++) {
            half[y][x] = out[y];
        }
    }
#pragma GCC unroll 6
    for (int y = 0; y < pixels; y++) {
        vector out[6];
        if (points == 6) {
            output_4(half[y], out);
        } else {
            output_6(half[y], out);
        }
#pragma GCC unroll 6
        for (int x = 0; x < pixels; x++) {
            const float *residual = tile->residual;
            if (residual != NULL) {
                residual += y * tile->residual_row_stride + x * tile->residual_column_stride + lane;
            }
            vector_store(tile->output + y * tile->row_stride + x * tile->column_stride + lane,
                         finish(tile, out[x] + bias, residual));
        }
    }
}

/* ---- the kernels: all lanes of a pixel ---- */

static void run_input_4(const float *input, ptrdiff_t row_stride, ptrdiff_t column_stride,
                        float *points, ptrdiff_t point_stride)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_input(6, input + lane, row_stride, column_stride, points + lane, point_stride);
    }
}

static void run_input_6(const float *input, ptrdiff_t row_stride, ptrdiff_t column_stride,
                        float *points, ptrdiff_t point_stride)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_input(8, input + lane, row_stride, column_stride, points + lane, point_stride);
    }
}

static void run_weights_4(const float *weights, float *points, ptrdiff_t point_stride)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_weights(6, weights + lane, points + lane, point_stride);
    }
}

static void run_weights_6(const float *weights, float *points, ptrdiff_t point_stride)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_weights(8, weights + lane, points + lane, point_stride);
    }
}

static void run_output_4(const cc_winograd_output_tile *tile)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_output(6, tile, lane);
    }
}

static void run_output_6(const cc_winograd_output_tile *tile)
{
    for (int lane = 0; lane < CC_BLOCK; lane += VECTOR_LANES) {
        transform_output(8, tile, lane);
    }
}
