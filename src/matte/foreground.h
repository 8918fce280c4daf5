/* The subject's own colour, without the background that shines through.
 */
#ifndef CLEARCUT_MATTE_FOREGROUND_H
#define CLEARCUT_MATTE_FOREGROUND_H

#include <stdatomic.h>

#include "image/image.h"

/* Receives a finished row of foreground colours: width * 3 floats, red, green, blue,
 * 0..1; valid during the call. Rows come from top to bottom. */
typedef void (*cc_foreground_row)(void *context, int y, const float *colors);

/* Estimate the foreground by the multi-level method of T. Germer, T. Uelwer, S.
 * Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation" (2020), with the
 * parameters and the arithmetic of PyMatting 1.1's estimate_foreground_ml
 * (regularization 1e-5, gradient weight 1, 10 sweeps at up to 32 pixels a side and
 * 2 above). image: 1..4 channels, grey counting as three equal colours. alpha:
 * width * height packed, 0..1. Works in one thread: every pixel needs its left and
 * upper neighbour's result. Takes 16 bytes for each pixel (the last level goes
 * through a few rows only). Errors: CC_CANCELLED, CC_OUT_OF_MEMORY. */
cc_status cc_foreground_estimate(const cc_image *image, const float *alpha,
                                 const atomic_bool *cancel, cc_foreground_row row, void *context,
                                 cc_error *error);

#endif
