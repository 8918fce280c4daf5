/* What is done to finished cut-outs: put on a ground, and brought back to the size
 * of the photo after work on a smaller one.
 */
#ifndef CLEARCUT_IMAGE_CUTOUT_H
#define CLEARCUT_IMAGE_CUTOUT_H

#include "core/threads.h"
#include "image/image.h"

/* A cut-out (4 channels) over a background picture of any size and channel count.
 * The background is scaled to cover the cut-out, keeping its proportions, and its
 * middle is taken. Alpha-over as cc_image_composite_over_color does it. *result has 3
 * channels if the background is opaque by its channel count, else 4; the cut-out's
 * metadata; the caller frees it; {0} on failure. pool may be NULL. Errors:
 * CC_INVALID_ARGUMENT (not 4 channels), CC_LIMIT, CC_OUT_OF_MEMORY. Any thread. */
cc_status cc_cutout_over_image(const cc_image *cutout, const cc_image *background,
                               cc_thread_pool *pool, cc_image *result, cc_error *error);

/* How sure a mask (1 channel) or the alpha of a cut-out (4 channels) is of itself.
 * share: mean of a, 0..1. doubt: sum of min(a, 1 - a) over sum of a, 0 (only 0 and 1) to
 * 1 (nothing above a half); 1 for an empty mask. Soft edges of a good mask come to some
 * hundredths. CC_INVALID_ARGUMENT for another number of channels. Any thread. */
cc_status cc_mask_doubt(const cc_image *mask, double *share, double *doubt, cc_error *error);

/* The size that a picture has when its long side is at most `longest` pixels:
 * proportions kept, each side at least 1. */
void cc_fit_size(int width, int height, int longest, int *fit_width, int *fit_height);

/* A cut-out or mask that was made from `small`, a reduced copy of `photo`, in the
 * size of `photo`. Alpha is enlarged (Lanczos). Colours are the photo's own, plus
 * the enlarged difference between the cut-out's and the small picture's: fine detail
 * is that of the photo, and what alpha matting took out of the edges stays out.
 * photo, small: 3 or 4 channels; cutout: 1 (a mask) or 4. *result: channels as the
 * cut-out, metadata of the photo; the caller frees it; {0} on failure. pool may be
 * NULL. Errors: CC_INVALID_ARGUMENT, CC_OUT_OF_MEMORY. Any thread. */
cc_status cc_cutout_enlarge(const cc_image *photo, const cc_image *small, const cc_image *cutout,
                            cc_thread_pool *pool, cc_image *result, cc_error *error);

#endif
