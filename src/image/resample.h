/* Resampling, equal to Pillow's Image.resize on every pixel of 8-bit images.
 *
 * Antialiased when shrinking: the filter widens with the scale. Two passes with
 * 8-bit rounding between them, in Pillow 13's order (horizontal first unless the
 * height loses more than twice the rows that the width loses columns),
 * fixed-point coefficients: the masks of rembg depend on each of these.
 */
#ifndef CLEARCUT_IMAGE_RESAMPLE_H
#define CLEARCUT_IMAGE_RESAMPLE_H

#include "core/threads.h"
#include "image/image.h"

typedef enum cc_filter {
    CC_FILTER_BOX,
    CC_FILTER_BILINEAR,
    CC_FILTER_BICUBIC, /* a = -0.5, as Pillow */
    CC_FILTER_LANCZOS  /* three lobes */
} cc_filter;

/* Resize source to width x height with packed rows. Channels are filtered
 * independently (no premultiplication: Pillow's resize of mode RGB or L; for
 * RGBA and LA Pillow premultiplies, and so does this). Metadata is not copied.
 * pool may be NULL. On failure *result is {0}. */
cc_status cc_image_resize(const cc_image *source, int width, int height, cc_filter filter,
                          cc_thread_pool *pool, cc_image *result, cc_error *error);

#endif
