/* Fitting the models of a colour guide, strip by strip. */
#ifndef CLEARCUT_MATTE_COLOR_FIT_H
#define CLEARCUT_MATTE_COLOR_FIT_H

#include "matte/color_model.h"

typedef struct cc_color_fit {
    cc_color_guide *guide;
    int blocks;         /* of eight columns; the last may be cut off */
    size_t pitch;       /* floats of a plane of scratch memory */
    float alpha_levels; /* alpha is rounded to this many steps, so that sums are exact */
} cc_color_fit;

/* Fit the models of rows first..end-1, which are few: each strip sums its first windows
 * anew. scratch: cc_color_fit_scratch() floats. needed: fit->blocks bytes. Thread-safe
 * for different rows. */
typedef void (*cc_color_fit_strip)(const cc_color_fit *fit, int first, int end, float *scratch,
                                   uint8_t *needed);

cc_color_fit cc_color_fit_make(cc_color_guide *guide);
size_t cc_color_fit_scratch(const cc_color_fit *fit);

/* The fastest for this processor. Thread-safe. */
cc_color_fit_strip cc_color_fit_choose(void);

void cc_color_fit_strip_portable(const cc_color_fit *fit, int first, int end, float *scratch,
                                 uint8_t *needed);
#if defined(__x86_64__)
void cc_color_fit_strip_avx2(const cc_color_fit *fit, int first, int end, float *scratch,
                             uint8_t *needed);
#endif

#endif
