/* The subject's own colours in soft edges, estimated there only.
 *
 * Where a pixel is part subject, part background, its colour is a mixture. Both
 * parts' colours are guessed from pixels near by that are clearly one or the other
 * (on a pyramid of cells: the nearest scale that has any), and the guess is then
 * corrected so that the mixture comes out as photographed. Everywhere else colours
 * stay as they are, so that the cost grows with the outline and not with the picture.
 */
#ifndef CLEARCUT_MATTE_EDGE_COLOR_H
#define CLEARCUT_MATTE_EDGE_COLOR_H

#include <stdatomic.h>

#include "core/threads.h"
#include "image/image.h"

/* Replace the colours of `cutout` (4 channels) where the mask is soft
 * (cc_matte_is_soft) by the subject's own. image: 1..4 channels, the picture that was cut; pixels
 * count by their own alpha, so that hidden colours do not show. mask: 1 channel; all of the same
 * size. Alpha is not touched, nor are colours where the cutout's alpha is 0. The same result for
 * any number of threads. pool and cancel may be NULL. Memory: 3 bytes for each pixel. Errors:
 * CC_INVALID_ARGUMENT (sizes), CC_CANCELLED, CC_OUT_OF_MEMORY; the cutout is then in part changed.
 */
cc_status cc_edge_colors(const cc_image *image, const cc_image *mask, cc_thread_pool *pool,
                         const atomic_bool *cancel, cc_image *cutout, cc_error *error);

#endif
