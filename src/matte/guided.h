/* A network's small mask brought to the picture's size along the picture's edges.
 */
#ifndef CLEARCUT_MATTE_GUIDED_H
#define CLEARCUT_MATTE_GUIDED_H

#include <stdatomic.h>

#include "core/threads.h"
#include "image/image.h"

/* Is the picture enough larger than the mask for guidance to have anything to add? It
 * needs at least twice the mask's pixels, and no side shorter than the mask's. */
bool cc_guided_applies(const cc_image *small_mask, int width, int height);

/* Replace the soft part of a mask by what the picture's colours say: in windows of 9x9
 * pixels of the small mask, the mask is fitted as an affine function of the picture's
 * colour (guided filter), which is then applied to the full picture. image: 1..4
 * channels. small_mask: the network's, 1 channel, cc_guided_applies. mask: 1 channel
 * of the picture's size, what cc_matte_resize made of small_mask; changed only where it
 * is neither 0 nor 255. pool and cancel may be NULL. The same result for any number of
 * threads. Memory: 24 bytes for each pixel of the small mask. Errors:
 * CC_INVALID_ARGUMENT, CC_CANCELLED, CC_OUT_OF_MEMORY; the mask is then as it was. */
cc_status cc_matte_guide(const cc_image *image, const cc_image *small_mask, cc_thread_pool *pool,
                         const atomic_bool *cancel, cc_image *mask, cc_error *error);

#endif
