/* ICC colour profiles: is one usable, and conversion to sRGB by it. */
#ifndef CLEARCUT_IMAGE_PROFILE_H
#define CLEARCUT_IMAGE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

/* A profile larger than this is not carried: real ones are under 3 MB. */
#define CC_PROFILE_MAX_SIZE ((size_t)4 << 20)

/* Colour channels that a profile describes. */
typedef enum cc_profile_kind {
    CC_PROFILE_UNUSABLE = 0, /* malformed, or for another kind of data */
    CC_PROFILE_GREY = 1,
    CC_PROFILE_RGB = 3,
    CC_PROFILE_CMYK = 4
} cc_profile_kind;

/* Read the header (ICC.1:2022, 7.2: size, colour space, "acsp") of size bytes. */
cc_profile_kind cc_profile_kind_of(const uint8_t *profile, size_t size);

/* True if the profile describes pictures with this channel count (1..4). */
bool cc_profile_fits(const uint8_t *profile, size_t size, int channels);

/* Release the image's profile, if any. */
void cc_image_drop_profile(cc_image *image);

/* Give the image a copy of a profile, replacing what it had. */
cc_status cc_image_set_profile(cc_image *image, const uint8_t *profile, size_t size,
                               cc_error *error);

/* CMYK pixels (255 = full ink), 4 bytes each in a 4-channel image, to RGB in a
 * fresh image: by the image's profile where it is a CMYK profile and lcms2 is
 * built in (the result is sRGB), else by (255 - ink) * (255 - black) / 255,
 * rounded. Metadata is copied without the profile. Failure: *rgb is {0}. */
cc_status cc_image_from_cmyk(const cc_image *cmyk, cc_image *rgb, cc_error *error);

#endif
