/* Masks of a film, steadied in time.
 *
 * A network that looks at every frame alone flickers along edges. Each sample m of
 * the new mask is drawn towards the steadied one p of the frame before:
 *
 *     m' = m + strength * (1 - |m - p| / 255)^2 * (p - m)
 *
 * Small differences (flicker) are held back by almost `strength`, large ones (the
 * subject moved) hardly at all, so that nothing trails behind. strength 0 changes
 * nothing. The formula is our own; with the factor in the middle left out it is the
 * usual exponential average.
 */
#ifndef CLEARCUT_IMAGE_TEMPORAL_H
#define CLEARCUT_IMAGE_TEMPORAL_H

#include "image/image.h"

typedef struct cc_temporal {
    float strength; /* 0..0.99 */
    int width;      /* of the frame before; 0 = there was none */
    int height;
    float *previous; /* owned; its steadied mask, 0..255, unrounded */
} cc_temporal;

/* Steady a mask (1 channel) or the alpha of a cut-out (4 channels) in place, and
 * remember it. photo: what the cut-out was made from, 3 or 4 channels, the same
 * size, for the colours of pixels that were wholly transparent and now are not; may
 * be NULL for a mask. A frame of another size begins anew. Errors:
 * CC_INVALID_ARGUMENT, CC_OUT_OF_MEMORY; then the frame is unchanged. One thread at a
 * time. */
cc_status cc_temporal_apply(cc_temporal *state, const cc_image *photo, cc_image *frame,
                            cc_error *error);

/* Forget the frame before and release the memory; `strength` stays. */
void cc_temporal_reset(cc_temporal *state);

#endif
