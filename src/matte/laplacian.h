/* The matting Laplacian of a trimap's unknown pixels, as a linear system.
 *
 * A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image
 * Matting" (2008), equation 12: in every 3x3 window alpha is an affine function of
 * the colour; the squared misfit, summed over all windows, is a quadratic form in
 * alpha. Known pixels keep their value exactly, and what they contribute stands on
 * the right-hand side.
 */
#ifndef CLEARCUT_MATTE_LAPLACIAN_H
#define CLEARCUT_MATTE_LAPLACIAN_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/threads.h"
#include "image/image.h"

/* Two pixels share a window if they are at most 2 apart in x and y. A row of the
 * symmetric matrix thus has a diagonal and 12 entries for later pixels (in reading
 * order): 2 in the same row, 5 in the next, 5 in the one after. */
enum { CC_MATTING_LATER = 12 };

/* In `index`: pixels that are no unknowns. */
enum { CC_MATTING_BACKGROUND = -1, CC_MATTING_FOREGROUND = -2 };

/* Neighbouring unknowns of one picture row. */
typedef struct cc_matting_run {
    int32_t pixel; /* y * width + x of the first */
    int32_t first; /* its number among the unknowns */
    int32_t length;
} cc_matting_run;

/* Rows of the picture that one task works on. Strips of the same parity touch no
 * common unknown. */
enum { CC_MATTING_STRIP_ROWS = 32 };

typedef struct cc_matting_system {
    int width;
    int height;
    int32_t unknowns;
    int32_t *index; /* width * height + 2 * width + 2: number of the unknown, or what else */
    cc_matting_run *runs;
    int32_t run_count;
    int32_t *strip_runs; /* first run of each strip; strip_count + 1 */
    int strip_count;
    double *diagonal;                 /* unknowns */
    double *later;                    /* CC_MATTING_LATER x unknowns */
    double *right;                    /* unknowns; the right-hand side */
    int32_t offset[CC_MATTING_LATER]; /* in pixels */
} cc_matting_system;

/* Column and row distance of the later neighbour `slot`, 0..CC_MATTING_LATER-1. */
static inline int cc_matting_slot_x(int slot)
{
    return slot < 2 ? slot + 1 : (slot - 2) % 5 - 2;
}
static inline int cc_matting_slot_y(int slot)
{
    return slot < 2 ? 0 : 1 + (slot - 2) / 5;
}
/* The slot of a neighbour that comes later in reading order and is at most 2 away. */
static inline int cc_matting_slot(int x, int y)
{
    return y == 0 ? x - 1 : 5 * y - 1 + x;
}

/* Set the system up for a picture and its trimap of the same size, both sides at
 * least 3 pixels. image: 1..4 channels, grey counting as three equal colours and
 * alpha not looked at. pool and cancel may be NULL. The same result for any number
 * of threads. Release with cc_matting_system_free; {0} on failure. Errors:
 * CC_INVALID_ARGUMENT, CC_LIMIT (the unknowns would need more than
 * CC_MATTING_MAX_BYTES), CC_CANCELLED, CC_OUT_OF_MEMORY. */
cc_status cc_matting_system_make(const cc_image *image, const cc_image *trimap,
                                 cc_thread_pool *pool, const atomic_bool *cancel,
                                 cc_matting_system *system, cc_error *error);
/* The same with all entries zero, for a trimap of any size: unknowns, runs and
 * strips are set up. */
cc_status cc_matting_system_empty(const cc_image *trimap, cc_matting_system *system,
                                  cc_error *error);

void cc_matting_system_free(cc_matting_system *system);

/* Ceiling on the memory of one matting: 6 GiB, which is a picture of 19 megapixels
 * without a single known one, or 100 megapixels of which a tenth is unknown. */
#define CC_MATTING_MAX_BYTES ((uint64_t)6 << 30)

/* What the solution of a system takes at its peak, at most, in bytes: 32 for each
 * pixel and 300 for each unknown. */
static inline uint64_t cc_matting_bytes(uint64_t pixels, uint64_t unknowns)
{
    enum { PER_PIXEL = 32, PER_UNKNOWN = 300 };
    return pixels * PER_PIXEL + unknowns * PER_UNKNOWN;
}

#endif
