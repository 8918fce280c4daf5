/* From a small map of probabilities to a mask, and from a mask to a picture.
 *
 * Masks are 1-channel images, 0 background .. 255 subject.
 */
#ifndef CLEARCUT_MATTE_MATTE_H
#define CLEARCUT_MATTE_MATTE_H

#include "core/threads.h"
#include "image/image.h"

/* The network's mask brought to the picture's size, by Lanczos as rembg does.
 * pool may be NULL. On failure *mask is {0}. */
cc_status cc_matte_resize(const cc_image *small_mask, int width, int height, cc_thread_pool *pool,
                          cc_image *mask, cc_error *error);

/* rembg's --post-process-mask: greyscale opening with the 3x3 cross, Gaussian of
 * sigma 2 (cut off at 4 sigma, borders mirrored), then 255 where that is 127 or more
 * and 0 elsewhere. Equal to rembg 2.0.77 (scikit-image 0.26, SciPy 1.17) on every
 * sample. *result: the caller frees it; {0} on failure. pool may be NULL. Errors:
 * CC_INVALID_ARGUMENT (not 1 channel), CC_OUT_OF_MEMORY. */
cc_status cc_matte_post_process(const cc_image *mask, cc_thread_pool *pool, cc_image *result,
                                cc_error *error);

/* What a sample of a mask stands for in a straight cut-out. Networks hardly ever reach
 * the ends: of a photographed animal's inside four fifths are 254. Within 2 of an end the
 * sample is the end, so that what is subject is opaque, and what is not is gone. */
enum { CC_MATTE_LOWEST_SOFT = 3, CC_MATTE_HIGHEST_SOFT = 252 };
static inline uint8_t cc_matte_settle(uint8_t sample)
{
    return sample < CC_MATTE_LOWEST_SOFT ? 0 : sample > CC_MATTE_HIGHEST_SOFT ? 255 : sample;
}

static inline bool cc_matte_is_soft(uint8_t sample)
{
    return sample >= CC_MATTE_LOWEST_SOFT && sample <= CC_MATTE_HIGHEST_SOFT;
}

/* How mask and colour meet. */
typedef enum cc_matte_style {
    /* Colours as they are, alpha = own alpha * mask / 255 rounded, the mask settled;
     * colours are zero where that alpha is zero. */
    CC_MATTE_STRAIGHT,
    /* The same with the mask's samples as they are. */
    CC_MATTE_UNSETTLED,
    /* What rembg's default does: Pillow's Image.composite over transparent black,
     * which multiplies colours and alpha alike and so darkens soft edges. Equal to
     * Pillow on every sample. */
    CC_MATTE_REMBG
} cc_matte_style;

/* Cut a picture of any channel count out with a mask of the same size: RGBA with
 * packed rows, the picture's metadata carried over. CC_INVALID_ARGUMENT if the
 * sizes differ or the mask is not 1 channel. On failure *cutout is {0}. */
cc_status cc_matte_cut(const cc_image *image, const cc_image *mask, cc_matte_style style,
                       cc_thread_pool *pool, cc_image *cutout, cc_error *error);

#endif
