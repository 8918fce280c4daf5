/* Inside of guided masks: the kernel over pixels of a row. That of guided_reference.c is
 * the specification; the other differs from it by rounding in the last bit of a float.
 */
#ifndef CLEARCUT_MATTE_GUIDED_KERNEL_H
#define CLEARCUT_MATTE_GUIDED_KERNEL_H

#include <stdint.h>

#include "matte/color_model.h"

/* Models at the height of one row of the picture, by column of the small mask. */
typedef struct cc_guide_models {
    const cc_color_model *models;   /* times 255: they give samples */
    const cc_color_model *steps;    /* from each to the next; of the last one zero */
    const cc_guide_position *along; /* by column of the picture */
} cc_guide_models;

/* Pixels first..end-1 of a row (of the whole row: pixels and mask begin at column 0)
 * get what the models say where the mask is neither 0 nor 255. The picture goes on for
 * a byte after pixel end - 1. */
typedef void (*cc_guide_run)(const cc_guide_models *models, const uint8_t *pixels, int channels,
                             int first, int end, uint8_t *mask);

/* For pictures of so many channels. Thread-safe. */
cc_guide_run cc_guide_run_choose(int channels);

void cc_guide_run_reference(const cc_guide_models *models, const uint8_t *pixels, int channels,
                            int first, int end, uint8_t *mask);
#if defined(__x86_64__)
/* 3 or 4 channels only */
void cc_guide_run_avx2(const cc_guide_models *models, const uint8_t *pixels, int channels,
                       int first, int end, uint8_t *mask);
#endif

#endif
