/* Inside of edge colours: the cells of the pyramid and the row kernels over pixels. The
 * kernels of edge_color_reference.c are the specification; the others differ from them
 * by rounding in the last bit of a float.
 */
#ifndef CLEARCUT_MATTE_EDGE_COLOR_KERNEL_H
#define CLEARCUT_MATTE_EDGE_COLOR_KERNEL_H

#include <stdint.h>

#include "matte/matte.h"

/* A cell of 4x4 pixels, and of 2x2 cells on every further level. */
enum { CC_EDGE_CELL = 4, CC_EDGE_TILE_CELLS = 8, CC_EDGE_TILE = CC_EDGE_CELL * CC_EDGE_TILE_CELLS };

/* Red, green, blue (0..255) and how much they are to be trusted. While a level is
 * built the colours are sums with these weights, later means. */
typedef float cc_edge_color __attribute__((vector_size(16)));
typedef struct cc_edge_cell {
    cc_edge_color subject;
    cc_edge_color behind;
} cc_edge_cell;

/* What a sample of the mask means. */
typedef struct cc_edge_tables {
    float trust[256]
               [2];   /* how much such a pixel says about the subject, and about what is behind */
    float alpha[256]; /* 0..1 */
    float step[256];  /* how far the guess is to be corrected, times what is left unexplained */
} cc_edge_tables;

/* Where a row of pixels lies. Rows of one or two channels are grey. */
typedef struct cc_edge_row {
    const uint8_t *pixels; /* the first one */
    const uint8_t *mask;
    int channels;
    int count;
    int wide; /* pixels after which the row goes on for one byte or more; count or count - 1 */
} cc_edge_row;

/* Add the row's pixels to cells, four to each: sums of colours by trust and own alpha. */
typedef void (*cc_edge_sum)(const cc_edge_tables *tables, const cc_edge_row *row,
                            cc_edge_cell *cells);

/* The means of cells around a row of pixels: the rows of cells above and below its
 * centre, each from the cell before the pixels' first, CC_EDGE_GUESSES in all. */
enum { CC_EDGE_GUESSES = CC_EDGE_TILE_CELLS + 2 };
typedef struct cc_edge_guess {
    const cc_edge_cell *above;
    const cc_edge_cell *below;
    float share; /* of those below */
} cc_edge_guess;

/* Correct the colours of `target` (4 channels) where the mask is soft and the target's
 * alpha is not 0. At most CC_EDGE_TILE pixels, which begin where a cell does.
 *
 * The subject's colour F is the one that is closest to the guess and, with the
 * background's B, explains the pixel I: the minimum of |alpha F + (1 - alpha) B - I|^2 +
 * slack (|F - guess|^2 + |B - guess|^2). */
typedef void (*cc_edge_correct)(const cc_edge_tables *tables, const cc_edge_row *row,
                                const cc_edge_guess *guess, uint8_t *target);

typedef struct cc_edge_kernels {
    cc_edge_sum sum;
    cc_edge_correct correct;
} cc_edge_kernels;

/* For pictures of so many channels; static. Thread-safe. */
const cc_edge_kernels *cc_edge_kernels_choose(int channels);

extern const cc_edge_kernels cc_edge_kernels_reference;
#if defined(__x86_64__)
extern const cc_edge_kernels cc_edge_kernels_avx2; /* 3 channels only */
#endif

void cc_edge_tables_fill(cc_edge_tables *tables);

/* How far pixel x of a tile lies from the centre of the cell before it to the next. */
static inline float cc_edge_share(int x)
{
    return 0.125F + 0.25F * (float)((x + 2) % CC_EDGE_CELL);
}

#endif
