/* Winograd convolution: what its files share. See convolution_winograd.c. */
#ifndef CLEARCUT_NN_CPU_CONVOLUTION_WINOGRAD_H
#define CLEARCUT_NN_CPU_CONVOLUTION_WINOGRAD_H

#include "nn/cpu/convolution.h"

/* How a layer is cut into tiles. A dilation splits the picture into dilation x
 * dilation pictures, whose tiles follow each other. */
typedef struct cc_winograd_geometry {
    int variant; /* index into cc_winograd_kernels: 0 = F(4x4), 1 = F(6x6) */
    int size;    /* outputs along a side of a tile */
    int points;
    int dilation;
    int pad[2];
    int tiles[2]; /* of one of the dilation x dilation pictures */
    int all_tiles;
    int input_blocks;
    int output_blocks;
    float *bias; /* whole blocks, owned */
    float low;
    float high;
    bool residual_first;
} cc_winograd_geometry;

/* One run of a layer. */
typedef struct cc_winograd_run {
    const cc_winograd_geometry *geometry;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
} cc_winograd_run;

/* Points of some adjacent tiles and some adjacent blocks:
 * [point][block][tile][CC_BLOCK]. */
typedef struct cc_winograd_points {
    float *data; /* of the first tile, for the first block */
    ptrdiff_t point_stride;
    ptrdiff_t block_stride;
    int first; /* tile */
    int count;
} cc_winograd_points;

/* Can Winograd's algorithm run it? `size` 4 or 6. */
bool cc_winograd_suits(const cc_convolution *convolution, const cc_kernels *kernels);

/* Tiles of the whole batch. */
int cc_winograd_count_tiles(const cc_convolution *convolution, int size);

/* Zeros around the input that tiles which overhang the picture read. */
int cc_winograd_border_4(const cc_convolution *convolution);
int cc_winograd_border_6(const cc_convolution *convolution);

/* Products and transforms of all tiles, in units of the cost model. */
double cc_winograd_tiles_cost(const cc_convolution *convolution, int size);

/* On failure *geometry is empty. */
cc_status cc_winograd_geometry_make(cc_winograd_geometry *geometry, const cc_convolution *c,
                                    int variant, cc_error *error);
void cc_winograd_geometry_release(cc_winograd_geometry *geometry);

/* Distance of two points of so many pixels: 7 cache lines more than a multiple of 16,
 * so that the points of a tile spread over the sets of the cache. */
ptrdiff_t cc_winograd_spread(ptrdiff_t pixels);

/* Weights as the transform reads them: [group][channel][block of group][tap][CC_BLOCK],
 * where cc_packed_weights says what a group is. On failure *taps is empty. */
cc_status cc_winograd_pack_taps(cc_packed_weights *taps, const cc_convolution *c,
                                const cc_kernels *kernels, cc_thread_pool *pool, cc_error *error);

/* Transform the weights from channels first .. end of a group to points:
 * [point][channel][output lanes of the group]. */
void cc_winograd_weights(const cc_winograd_run *run, const cc_packed_weights *taps, int group,
                         int first, int end, float *points, ptrdiff_t point_stride);

/* What the transform of all weights takes, in units of the cost model. */
double cc_winograd_weights_cost(const cc_convolution *c, int size);

/* One block of the input: `points` is that block's. */
void cc_winograd_input(const cc_winograd_run *run, const cc_winograd_points *points, int block);

/* One block of the output: `points` is that block's. */
void cc_winograd_output(const cc_winograd_run *run, const cc_winograd_points *points, int block);

#endif
