/* How bright and of what colour the bare paper is, everywhere on a flat page.
 *
 * The page is divided into cells. The brightest quarter of a cell's pixels is taken
 * for paper if it is even, bright enough and of about the paper's colour; the other
 * cells (print, pictures, dark fields) are filled from their neighbours. Dividing by
 * the result takes shadow, vignetting and the lamp's colour away.
 */
#ifndef CLEARCUT_PAGE_SHADING_H
#define CLEARCUT_PAGE_SHADING_H

#include "core/threads.h"
#include "image/image.h"

typedef struct cc_shading {
    int columns; /* cells across, >= 1 */
    int rows;    /* cells down, >= 1 */
    double cell_width;
    double cell_height;
    int channels; /* 1 or 3, as the picture's colours */
    float *paper; /* owned; rows x columns x channels, 1..255: the bare paper at the
                     cells' centres */
    float found;  /* share of the cells in which paper was seen, 0..1 */
    bool tinted;  /* coloured paper: `paper` holds its brightness in every channel, so
                     that the tint stays */
} cc_shading;

/* Measure a picture of 1 or 3 channels. Where paper is seen in under a tenth of the
 * cells (a photograph, a dark card), paper is 255 everywhere: dividing changes
 * nothing, and `found` tells. Only CC_OUT_OF_MEMORY and CC_INVALID_ARGUMENT (other
 * channels); *shading is then {0}. The result does not depend on the pool. */
cc_status cc_shading_measure(const cc_image *image, cc_thread_pool *pool, cc_shading *shading,
                             cc_error *error);

void cc_shading_free(cc_shading *shading); /* {0} is allowed */

/* The factor 255 / paper for one row of pixels, bilinear between the cells' centres
 * and constant beyond the outermost: `gain` gets width x channels values. Any thread. */
void cc_shading_gains(const cc_shading *shading, int y, int width, float *gain);

/* The same for one place, straight from the definition; the reference for tests. */
float cc_shading_gain_at(const cc_shading *shading, int x, int y, int channel);

#endif
