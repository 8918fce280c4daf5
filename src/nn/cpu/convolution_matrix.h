/* Convolution in short numbers: what its files share. See convolution_matrix.c. */
#ifndef CLEARCUT_NN_CPU_CONVOLUTION_MATRIX_H
#define CLEARCUT_NN_CPU_CONVOLUTION_MATRIX_H

#include "nn/cpu/convolution.h"

/* Larger kernels go elsewhere: packing keeps all taps of a block on the stack. */
#define CC_MATRIX_MAXIMUM_TAPS 49

/* Where numbers lie. A *slice* is the channels that lie beside each other in a pixel
 * of the copy: 1, 2 or 4 blocks, or the planes of a picture. A step takes
 * CC_MATRIX_ROW bytes: one pixel of a full slice, or several neighbours of a small
 * one, which are then taps of one row. */
typedef struct cc_matrix_layout {
    cc_matrix_format format;
    bool planes;
    int parts;       /* 2 for SPLIT: high and low */
    int number_size; /* bytes of one number of one part */
    int slots;       /* blocks of a slice (planes: 1) */
    int slice_numbers;
    int pixel_bytes; /* of one part */
    int slices;
    int step_columns;    /* taps of a row that one step takes */
    int steps_across;    /* steps for a row of taps */
    int steps_per_slice; /* for all taps */
    int border;          /* pixels of zeros between two rows */
    int pitch;           /* pixels from row to row */
    int output_blocks;
    int groups; /* of two output blocks; the last may have one */
} cc_matrix_layout;

/* How the work is cut. */
typedef struct cc_matrix_cut {
    bool shared;         /* the picture is copied whole, then groups are shared out */
    int strip_rows;      /* of output */
    int strips;          /* of a picture */
    int rolls;           /* strips of a task, which keep the rows that the next one reads */
    int resident_slices; /* taken through all groups at a time */
    int row_chunks;      /* chunks of CC_MATRIX_PIXELS to a row; 0 = rows run on */
    int splits;          /* shared: tasks for each group */
    double cycles;       /* estimate of the whole, in cycles of one core */
} cc_matrix_cut;

cc_matrix_layout cc_matrix_layout_of(const cc_convolution *convolution, cc_matrix_format format);

/* The cheapest way for so many threads. */
cc_matrix_cut cc_matrix_cut_of(const cc_convolution *convolution, const cc_matrix_layout *layout,
                               const cc_matrix_kernels *kernels, int threads);

/* Chunks of CC_MATRIX_PIXELS output pixels in so many rows. */
int cc_matrix_chunks(const cc_matrix_layout *layout, const cc_matrix_cut *cut, int rows,
                     int output_width);

/* Rows of input under so many rows of output. */
int cc_matrix_input_rows(const cc_convolution *convolution, int rows);

/* Weights as tiles, and what belongs to each output. */
typedef struct cc_matrix_packed {
    uint8_t *tiles; /* [group][slice][tap row][step across][part][output block][tile] */
    size_t bytes;
    float *bias; /* whole groups of outputs, 0 beyond the channels */
    /* INT8 only: */
    float *scale;      /* of each output's weights: float = byte * scale */
    int32_t *byte_sum; /* of each output's weights */
} cc_matrix_packed;

/* On failure *packed is empty. */
cc_status cc_matrix_pack(const cc_convolution *convolution, const cc_matrix_layout *layout,
                         const cc_matrix_kernels *kernels, cc_thread_pool *pool,
                         cc_matrix_packed *packed, cc_error *error);
void cc_matrix_packed_release(cc_matrix_packed *packed);

/* Blocks of a group, and bytes of tiles before it. */
int cc_matrix_group_blocks(const cc_matrix_layout *layout, int group);
size_t cc_matrix_group_offset(const cc_matrix_layout *layout, int group);

/* Bytes of one step's tiles for so many output blocks. */
static inline size_t cc_matrix_step_bytes(const cc_matrix_layout *layout, int blocks)
{
    return (size_t)layout->parts * (size_t)blocks * CC_MATRIX_TILE;
}

#endif
