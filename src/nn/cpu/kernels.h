/* The inner kernels, one struct of function pointers per family.
 *
 * Every family is written once, over a small vector type, in <family>_body.h and
 * compiled once for each instruction set by x86/<family>_<set>.c, arm/<family>_neon.c
 * and <family>_portable.c, which fill in the struct. cc_kernels_at() starts with
 * the portable ones and lets each level up to the asked one replace what it can.
 * Adding an instruction set is adding files and lines in kernels.c.
 *
 * Everywhere: float32; "pixel" is CC_BLOCK floats of one block, strides count
 * floats, pointers need no alignment, and results depend on nothing but the level.
 */
#ifndef CLEARCUT_NN_CPU_KERNELS_H
#define CLEARCUT_NN_CPU_KERNELS_H

#include "core/cpu.h"
#include "nn/backend.h"
#include "nn/cpu/matrix_kernels.h"

/* ---- direct convolution, and the products of Winograd convolution ---- */

/* Some adjacent output pixels of one row, of one or two output blocks. */
typedef struct cc_direct_tile {
    const float *input; /* block 0, first tap of the first pixel */
    ptrdiff_t input_block_stride;
    ptrdiff_t tap_row_stride;    /* dilation times the input's row stride */
    ptrdiff_t tap_column_stride; /* dilation times the distance of two pixels */
    ptrdiff_t pixel_stride;      /* convolution's stride times the distance of two pixels */
    ptrdiff_t lane_stride;       /* 1 in blocks; the size of a plane in planes */
    int blocks;
    const uint8_t *lanes; /* channels in each input block */
    int kernel_height;    /* taps to run: rows of taps that lie in padding are left out, */
    int kernel_width;
    int taps_before; /* and these are the taps left out before and after them */
    int taps_after;
    const float *weights; /* [block][tap row][tap column][lane][output lanes] */
    const float *bias;    /* output lanes; NULL = 0 */
    float *output;
    ptrdiff_t output_block_stride;
    const float *residual; /* NULL if none */
    ptrdiff_t residual_block_stride;
    const cc_fusion *fusion; /* NULL = none */
} cc_direct_tile;

typedef struct cc_direct_kernels {
    int wide_blocks;       /* output blocks of the wide tile: 2, or 1 where there is none */
    int maximum_pixels[2]; /* most pixels of a tile of 1 and of 2 output blocks */
    /* `pixels` from 1 to the maximum for that number of blocks. Every output sums
     * its products in the same order whatever the tile. */
    void (*tile)(const cc_direct_tile *tile, int output_blocks, int pixels);
    /* Fused multiply-adds in registers only, 2 * lanes * 16 * `rounds` operations:
     * for measuring the machine's peak. Returns the number of operations. */
    double (*peak)(int rounds);
} cc_direct_kernels;

/* ---- convolutions that have no tile of output channels ---- */

/* One row of a convolution with one output channel: lanes run over input channels. */
typedef struct cc_one_channel_row {
    const float *input; /* block 0, first tap of the first pixel */
    ptrdiff_t input_block_stride;
    ptrdiff_t tap_row_stride;
    ptrdiff_t tap_column_stride;
    ptrdiff_t pixel_stride;
    int blocks;
    int kernel_height;
    int kernel_width;
    const float *weights; /* [block][tap row][tap column][CC_BLOCK], 0 beyond the channels */
    float bias;
    float *output; /* dense */
    int pixels;
} cc_one_channel_row;

/* One row of one block of a depthwise convolution. */
typedef struct cc_depthwise_row {
    const float *input;
    ptrdiff_t tap_row_stride;
    ptrdiff_t tap_column_stride;
    ptrdiff_t pixel_stride;
    int kernel_height;
    int kernel_width;
    const float *weights; /* [tap row][tap column][CC_BLOCK] */
    const float *bias;    /* CC_BLOCK */
    float *output;
    int pixels;
} cc_depthwise_row;

typedef struct cc_lane_kernels {
    void (*one_channel)(const cc_one_channel_row *row);
    void (*depthwise)(const cc_depthwise_row *row);
    /* output[i] = bias + sum over c of weights[c] * input[c * plane_stride + i] */
    void (*weigh_planes)(float *output, const float *input, ptrdiff_t plane_stride, int planes,
                         const float *weights, float bias, int count);
} cc_lane_kernels;

/* ---- Winograd ---- */

/* Back transform of one tile: points to (size - 2) x (size - 2) pixels, with the
 * bias added and clamped to low .. high; the residual, if there is one, is added
 * before or after the clamp. */
typedef struct cc_winograd_output_tile {
    const float *points;
    ptrdiff_t point_stride;
    const float *bias; /* CC_BLOCK */
    float low;
    float high;
    float *output;
    ptrdiff_t row_stride;
    ptrdiff_t column_stride;
    const float *residual; /* NULL if none */
    ptrdiff_t residual_row_stride;
    ptrdiff_t residual_column_stride;
    bool residual_first;
} cc_winograd_output_tile;

/* [0]: F(4x4,3x3), 6 x 6 = 36 points; [1]: F(6x6,3x3), 8 x 8 = 64 points. Point
 * (row, column) lies at points[(row * size + column) * point_stride]; all are of
 * one pixel, CC_BLOCK floats. */
typedef struct cc_winograd_kernels {
    /* size x size pixels at the given strides to points */
    void (*input[2])(const float *input, ptrdiff_t row_stride, ptrdiff_t column_stride,
                     float *points, ptrdiff_t point_stride);
    /* 3 x 3 taps of CC_BLOCK output channels, packed, to points */
    void (*weights[2])(const float *weights, float *points, ptrdiff_t point_stride);
    void (*output[2])(const cc_winograd_output_tile *tile);
} cc_winograd_kernels;

/* ---- elementwise ---- */

typedef enum cc_binary { CC_BINARY_ADD, CC_BINARY_SUBTRACT, CC_BINARY_MULTIPLY } cc_binary;

typedef struct cc_elementwise_kernels {
    /* output[i] = activation(input[i]); output may be input. Sigmoid and tanh are
     * within 4 ulp of the true value (see elementwise_body.h). */
    void (*activate)(const cc_fusion *fusion, float *output, const float *input, int count);
    /* output[i] = a[i] op b[i]; with `b_step` 0 the CC_BLOCK values at b are used
     * for every pixel, so that i counts along pixels of a block. */
    void (*binary)(cc_binary operation, float *output, const float *a, const float *b, int b_step,
                   int count);
} cc_elementwise_kernels;

/* ---- pooling and resizing: along rows of one block ---- */

typedef struct cc_pool_window {
    const float *input; /* first tap inside the picture */
    ptrdiff_t row_stride;
    ptrdiff_t column_stride;
    int rows; /* taps inside the picture */
    int columns;
} cc_pool_window;

typedef struct cc_pooling_kernels {
    /* One pixel. */
    void (*maximum)(const cc_pool_window *window, float *output);
    void (*sum)(const cc_pool_window *window, float *output);
    /* `pixels` outputs of 2x2 windows with stride 2 that lie wholly inside. */
    void (*maximum_2x2)(const float *row0, const float *row1, float *output, int pixels);
    /* output[i] *= factor, CC_BLOCK floats */
    void (*scale)(float *output, float factor);
} cc_pooling_kernels;

typedef struct cc_resize_kernels {
    /* output[i] = a[i] * (1 - weight) + b[i] * weight, i < count */
    void (*blend_rows)(float *output, const float *a, const float *b, float weight, int count);
    /* Pixel x of the output is input pixels left[x] and right[x], blended by
     * weight[x]; pixels are CC_BLOCK floats. */
    void (*blend_pixels)(float *output, const float *input, const int *left, const int *right,
                         const float *weight, int pixels);
} cc_resize_kernels;

typedef struct cc_kernels {
    cc_cpu_level level;
    cc_direct_kernels direct;
    cc_lane_kernels lane;
    cc_winograd_kernels winograd;
    cc_matrix_kernels matrix[CC_MATRIX_FORMATS];
    cc_elementwise_kernels elementwise;
    cc_pooling_kernels pooling;
    cc_resize_kernels resize;
} cc_kernels;

/* The kernels for a level, which must not exceed cc_cpu_detect()'s; static.
 * Thread-safe. */
const cc_kernels *cc_kernels_at(cc_cpu_level level);

/* Those of cc_cpu_detect()->level. */
const cc_kernels *cc_kernels_best(void);

/* The filling functions, each in the file of its name. */
void cc_direct_portable(cc_direct_kernels *kernels);
void cc_direct_sse4(cc_direct_kernels *kernels);
void cc_direct_avx2(cc_direct_kernels *kernels);
void cc_direct_avx512(cc_direct_kernels *kernels);
void cc_direct_neon(cc_direct_kernels *kernels);
void cc_lane_portable(cc_lane_kernels *kernels);
void cc_lane_sse4(cc_lane_kernels *kernels);
void cc_lane_avx2(cc_lane_kernels *kernels);
void cc_lane_avx512(cc_lane_kernels *kernels);
void cc_lane_neon(cc_lane_kernels *kernels);
void cc_winograd_portable(cc_winograd_kernels *kernels);
void cc_winograd_sse4(cc_winograd_kernels *kernels);
void cc_winograd_avx2(cc_winograd_kernels *kernels);
void cc_winograd_avx512(cc_winograd_kernels *kernels);
void cc_winograd_neon(cc_winograd_kernels *kernels);
void cc_elementwise_portable(cc_elementwise_kernels *kernels);
void cc_elementwise_sse4(cc_elementwise_kernels *kernels);
void cc_elementwise_avx2(cc_elementwise_kernels *kernels);
void cc_elementwise_avx512(cc_elementwise_kernels *kernels);
void cc_elementwise_neon(cc_elementwise_kernels *kernels);
void cc_pooling_portable(cc_pooling_kernels *kernels);
void cc_pooling_sse4(cc_pooling_kernels *kernels);
void cc_pooling_avx2(cc_pooling_kernels *kernels);
void cc_pooling_avx512(cc_pooling_kernels *kernels);
void cc_pooling_neon(cc_pooling_kernels *kernels);
void cc_resize_portable(cc_resize_kernels *kernels);
void cc_resize_sse4(cc_resize_kernels *kernels);
void cc_resize_avx2(cc_resize_kernels *kernels);
void cc_resize_avx512(cc_resize_kernels *kernels);
void cc_resize_neon(cc_resize_kernels *kernels);

#endif
