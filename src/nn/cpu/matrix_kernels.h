/* Products of matrices in short numbers: the inner kernels of convolution_matrix.c.
 *
 * A *format* is how a float32 is stored for the product:
 *   SPLIT  two bfloat16 parts, high + low; high x high, low x high and high x low are
 *          summed, which gives float32 results to 17 bits;
 *   BF16   one bfloat16, rounded to nearest even: 8 bits;
 *   INT8   inputs as unsigned bytes, weights as signed ones, exact sums in int32.
 *
 * The unit of work is a *step*: CC_MATRIX_ROW bytes of each pixel (32 bfloat16 or 64
 * bytes) times one tile of weights for each block of CC_BLOCK outputs. Bytes are laid
 * out as Intel's matrix unit wants them; a dot product of the vector units (VDPBF16PS,
 * VPDPBUSD) takes the very same rows, so that both share everything around them.
 */
#ifndef CLEARCUT_NN_CPU_MATRIX_KERNELS_H
#define CLEARCUT_NN_CPU_MATRIX_KERNELS_H

#include "nn/backend.h"

typedef enum cc_matrix_format { CC_MATRIX_SPLIT, CC_MATRIX_BF16, CC_MATRIX_INT8 } cc_matrix_format;
#define CC_MATRIX_FORMATS 3

#define CC_MATRIX_ROW 64
#define CC_MATRIX_TILE_ROWS 16
#define CC_MATRIX_TILE (CC_MATRIX_ROW * CC_MATRIX_TILE_ROWS)

/* Pixels that one call of `tile` computes, and bytes of their sums for one block. */
#define CC_MATRIX_PIXELS 32
#define CC_MATRIX_SUMS (CC_MATRIX_PIXELS * CC_BLOCK * 4)

/* Channels of an input in planes that are interleaved to pixels. */
#define CC_MATRIX_PLANES 4

typedef struct cc_matrix_tile {
    const uint8_t *pixels;  /* first pixel */
    ptrdiff_t low_distance; /* SPLIT: bytes from high to low parts */
    ptrdiff_t pixel_stride; /* bytes from output pixel to output pixel */
    const ptrdiff_t *steps; /* of each step, bytes from `pixels` to its first row */
    int step_count;
    /* [step][SPLIT: high, low][output block][CC_MATRIX_TILE]; a tile is
     * [row][output][2 bfloat16 or 4 bytes]: number 2 row + i (4 row + i) of the step */
    const uint8_t *weights;
    /* An output's steps may be put into several calls, one after the other, with the
     * same `sums`. The result depends on all of them only. */
    bool goes_on;     /* not the first call */
    bool ends;        /* the last one: `sums` becomes what is described below */
    int steps_before; /* in earlier calls */
    /* Memory that will be read soon: a kernel that has loads to spare asks for
     * `ahead_lines` lines of CC_MATRIX_ROW bytes of it in each step, as far as
     * `ahead_end`. NULL and NULL = nothing. */
    const uint8_t *ahead;
    const uint8_t *ahead_end;
    int ahead_lines;
} cc_matrix_tile;

/* A row of pixels on its way into the format. A pixel's blocks lie beside each other. */
typedef struct cc_matrix_row {
    const float *from; /* first pixel of the first block; PLAIN: of the first plane */
    ptrdiff_t block_stride;
    int blocks; /* to read; the rest of `slots` becomes zero (planes: of CC_MATRIX_PLANES) */
    int slots;  /* blocks of a pixel: 1, 2, or 4 (INT8) */
    uint8_t *to;
    ptrdiff_t low_distance; /* SPLIT */
    int pixels;
    float scale; /* INT8: byte = clamp(round(value * scale) + zero, 0, 255), */
    int zero;    /* rounded to nearest even */
} cc_matrix_row;

/* Weights of one output block on their way into tiles: `rows` rows, each of 2 (INT8:
 * 4) channels of CC_BLOCK outputs. */
typedef struct cc_matrix_weights {
    const float *from; /* [channel][CC_BLOCK] */
    uint8_t *to;
    ptrdiff_t low_distance;
    int rows;
    const float *scales; /* INT8: byte = clamp(round(weight * scale), -127, 127) */
} cc_matrix_weights;

/* What happens to finished sums of one block. */
typedef struct cc_matrix_finish {
    const float *bias;  /* CC_BLOCK */
    const float *scale; /* INT8: CC_BLOCK; value = sum * scale + bias */
    float low;
    float high;
    const float *residual; /* NULL if none */
    bool residual_first;
    float *output;
    /* finish_planes: the first channels, each to a plane of its own; the residual lies
     * in planes as well. */
    int planes;
    ptrdiff_t plane_stride;
    ptrdiff_t residual_plane_stride;
} cc_matrix_finish;

/* The kernels for one format; all NULL where the machine has none. */
typedef struct cc_matrix_kernels {
    const char *level; /* "amx", "avx512bf16", "avx512vnni"; static */
    /* For the cost model: cycles of a step of CC_MATRIX_PIXELS pixels, for 1 and for 2
     * output blocks. */
    double step_cycles[2];
    /* Enclose calls of `tile` on one thread. */
    void (*begin)(void);
    void (*end)(void);
    /* CC_MATRIX_PIXELS pixels of 1 or 2 output blocks: sums[block][pixel][CC_BLOCK],
     * float32 or (INT8) int32, 64-byte aligned; always room for 2 blocks. Reads that
     * many pixels, whatever they hold; each only enters its own sums. */
    void (*tile)(const cc_matrix_tile *tile, int output_blocks, void *sums);
    void (*pack_pixels)(const cc_matrix_row *row);
    void (*pack_planes)(const cc_matrix_row *row); /* SPLIT only */
    void (*pack_weights)(const cc_matrix_weights *weights);
    void (*finish)(const cc_matrix_finish *finish, const void *sums, int pixels);
    void (*finish_planes)(const cc_matrix_finish *finish, const void *sums, int pixels); /* SPLIT */
    /* INT8: widen low .. high by the first `lanes` lanes of some pixels of a block. */
    void (*range)(const float *from, int pixels, int lanes, float *low, float *high);
} cc_matrix_kernels;

/* Plain C for every format: it defines the rounding, and is what others are tested
 * against. Too slow to be chosen. */
void cc_matrix_portable(cc_matrix_kernels kernels[CC_MATRIX_FORMATS]);

/* The filling functions of instruction sets; they leave alone what the machine lacks. */
void cc_matrix_avx512bf16(cc_matrix_kernels kernels[CC_MATRIX_FORMATS]);
void cc_matrix_avx512vnni(cc_matrix_kernels kernels[CC_MATRIX_FORMATS]);
void cc_matrix_avx512amx(cc_matrix_kernels kernels[CC_MATRIX_FORMATS]);

#endif
