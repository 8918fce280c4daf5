/* From a mask to what is known: subject, background, and the band between.
 */
#ifndef CLEARCUT_MATTE_TRIMAP_H
#define CLEARCUT_MATTE_TRIMAP_H

#include <stdint.h>

#include "image/image.h"

/* Values of a trimap's samples. */
enum { CC_TRIMAP_BACKGROUND = 0, CC_TRIMAP_UNKNOWN = 128, CC_TRIMAP_FOREGROUND = 255 };

/* Largest side of the square that cc_trimap_make erodes with. */
enum { CC_TRIMAP_MAX_ERODE = 1000 };

typedef struct cc_trimap_options {
    int foreground_threshold; /* 0..255; samples above it are subject (strictly) */
    int background_threshold; /* 0..255; samples below it are background (strictly) */
    int erode_size;           /* side of the square, pixels; 0..CC_TRIMAP_MAX_ERODE */
} cc_trimap_options;

typedef struct cc_trimap_counts {
    uint64_t foreground; /* pixels */
    uint64_t background;
    uint64_t unknown;
} cc_trimap_counts;

/* Mark a mask's certain pixels: the thresholded areas, each eroded with a square
 * of ones whose pixel erode_size/2 (from 0) lies on the tested one, so that even
 * sizes reach one further up and left. Beyond the picture's border there is no
 * subject, and background. erode_size 0 erodes with the cross of radius 1: this is
 * what rembg 2.0.77 does with 0, through SciPy's default structure. Where both
 * thresholds claim a pixel, background wins.
 *
 * mask: 1 channel. *trimap: 1 channel of the same size, the caller frees it; {0} on
 * failure. Errors: CC_INVALID_ARGUMENT (an option out of range, more than one
 * channel), CC_OUT_OF_MEMORY. */
cc_status cc_trimap_make(const cc_image *mask, const cc_trimap_options *options, cc_image *trimap,
                         cc_trimap_counts *counts, cc_error *error);

#endif
