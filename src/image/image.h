/* Pictures in memory: 8-bit, interleaved, sRGB-like, straight alpha, upright.
 *
 * Every decoder delivers this form and every feature works on it: deeper
 * samples are rounded to 8 bits, palettes expanded, CMYK converted, EXIF
 * orientation applied, so that nobody further down has to know. Where the file had
 * 16 bits and they were asked for, they travel along (image/deep.h).
 */
#ifndef CLEARCUT_IMAGE_IMAGE_H
#define CLEARCUT_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* What an image was made from, as far as somebody later needs it. */
typedef struct cc_image_metadata {
    uint8_t *icc_profile; /* owned; NULL if the file had none */
    size_t icc_profile_size;
    double focal_length_35mm; /* EXIF FocalLengthIn35mmFilm in mm; 0 = unknown */
    double dots_per_inch;     /* 0 = unknown */
} cc_image_metadata;

typedef struct cc_image {
    int width;       /* pixels, >= 1 */
    int height;      /* pixels, >= 1 */
    int channels;    /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA (alpha not multiplied in) */
    size_t stride;   /* bytes from one row to the next, >= width * channels */
    uint8_t *pixels; /* owned unless `borrowed` */
    bool borrowed;
    uint16_t *deep; /* owned; NULL, or the samples in 16 bits (image/deep.h) */
    cc_image_metadata metadata;
} cc_image;

/* Ceiling on width * height unless the caller raises it: 100 megapixels is more
 * than any phone takes, and 13000 x 13000 bombs stay out. */
#define CC_IMAGE_DEFAULT_MAX_PIXELS ((uint64_t)100 * 1000 * 1000)

/* Allocate with packed rows; the pixels are zero. On failure *image is {0}. */
cc_status cc_image_create(int width, int height, int channels, cc_image *image, cc_error *error);

/* Release what the image owns and clear it. {0} is allowed. */
void cc_image_free(cc_image *image);

/* A copy of its own with packed rows, metadata included; without 16-bit samples. */
cc_status cc_image_copy(const cc_image *source, cc_image *copy, cc_error *error);

/* Copy only the metadata (replacing what `to` had). */
cc_status cc_image_copy_metadata(const cc_image *from, cc_image *to, cc_error *error);

static inline uint8_t *cc_image_row(const cc_image *image, int y)
{
    return image->pixels + (size_t)y * image->stride;
}

static inline bool cc_image_has_alpha(const cc_image *image)
{
    return image->channels == 2 || image->channels == 4;
}

/* Refuse sizes that no one can want or memory cannot hold: width or height
 * below 1 or above 1,000,000, or more than max_pixels (0 = the default). */
cc_status cc_image_check_size(uint64_t width, uint64_t height, uint64_t max_pixels,
                              cc_error *error);

#endif
