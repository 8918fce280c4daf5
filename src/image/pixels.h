/* Small whole-picture operations: orientation, channels, compositing. */
#ifndef CLEARCUT_IMAGE_PIXELS_H
#define CLEARCUT_IMAGE_PIXELS_H

#include "image/image.h"

/* Apply EXIF orientation 1..8 in place of *image (other values: nothing). */
cc_status cc_image_orient(cc_image *image, int orientation, cc_error *error);

/* A copy with another channel count. Grey to RGB repeats; RGB to grey uses
 * ITU-R 601 luma with Pillow's rounding; dropping alpha drops it (hidden colours
 * show, as Pillow's convert("RGB")); adding alpha makes it opaque. */
cc_status cc_image_convert(const cc_image *source, int channels, cc_image *result, cc_error *error);

/* A copy without alpha, composited over an opaque colour. */
cc_status cc_image_flatten(const cc_image *source, const uint8_t background[3], cc_image *result,
                           cc_error *error);

/* RGBA over RGBA colour (0..255 each), the usual alpha-over, straight alpha,
 * rounded as Pillow's Image.alpha_composite. In place; needs 4 channels. */
cc_status cc_image_composite_over_color(cc_image *image, const uint8_t color[4], cc_error *error);

/* Convert to sRGB by the embedded ICC profile and drop it; nothing without one.
 * A profile that cannot be used is CC_UNSUPPORTED (the image is unchanged). */
cc_status cc_image_to_srgb(cc_image *image, cc_error *error);

#endif
