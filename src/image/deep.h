/* Samples of 16 bits that travel along with a picture of 8.
 *
 * Every feature works on 8 bits. What it leaves as it was keeps the 16 bits of the
 * file: a row is read out (cc_deep_row) sample by sample, and where the 16-bit sample
 * still rounds to the 8-bit one it is taken, else the 8-bit one is widened. A picture
 * may therefore be changed without a thought for its 16-bit samples: what is read out is
 * never further from the 8-bit picture than rounding.
 */
#ifndef CLEARCUT_IMAGE_DEEP_H
#define CLEARCUT_IMAGE_DEEP_H

#include "image/image.h"

/* value * 255 / 65535 to the nearest, exactly, for all values; libpng and we use the
 * same form of it. */
static inline uint8_t cc_deep_to_8(uint16_t value)
{
    return (uint8_t)((value * 255u + 32895u) >> 16);
}

/* Room for 16-bit samples: image->deep, packed, zero. Errors: CC_OUT_OF_MEMORY, CC_LIMIT. */
cc_status cc_deep_create(cc_image *image, cc_error *error);

/* The 8-bit samples of `image` from its 16-bit ones, which must be there. */
void cc_deep_round(cc_image *image);

/* Give `to`, which was made of `from` and has its size, the 16-bit samples of `from`; grey
 * becomes colour and alpha is added or left out as the channels of `to` say. Nothing if
 * `from` has none, or the sizes or a change from colour to grey do not allow it. Errors:
 * CC_OUT_OF_MEMORY, CC_LIMIT. */
cc_status cc_deep_follow(const cc_image *from, cc_image *to, cc_error *error);

/* Row y in 16 bits: width * channels samples in the byte order of the machine. For every
 * picture; without 16-bit samples each is the 8-bit one times 257. Where alpha and colours
 * of a pixel are 0 in 8 bits they are 0 here, so that nothing hidden travels along. */
void cc_deep_row(const cc_image *image, int y, uint16_t *row);

#endif
