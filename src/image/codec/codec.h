/* Bytes to pixels and back. One file per format beside this one; codec.c finds
 * the format by content, never by name, and never starts another program.
 */
#ifndef CLEARCUT_IMAGE_CODEC_CODEC_H
#define CLEARCUT_IMAGE_CODEC_CODEC_H

#include "core/file.h"
#include "image/image.h"

typedef enum cc_format {
    CC_FORMAT_UNKNOWN = 0,
    CC_FORMAT_JPEG,
    CC_FORMAT_PNG,
    CC_FORMAT_WEBP,
    CC_FORMAT_TIFF,
    CC_FORMAT_HEIF, /* HEIC and AVIF: reading only, if built with libheif */
    CC_FORMAT_GIF,  /* reading only */
    CC_FORMAT_BMP   /* reading only */
} cc_format;

typedef struct cc_decode_options {
    uint64_t max_pixels;   /* 0 = CC_IMAGE_DEFAULT_MAX_PIXELS */
    int minimum_long_side; /* > 0: a decoder that can shrink cheaply (JPEG) may
                              deliver a smaller picture whose long side is still at
                              least this; 0 = full size */
    bool allow_truncated;  /* deliver what there is of a cut-off file, with a note */
    bool ignore_orientation;
    bool convert_to_srgb; /* apply and drop the ICC profile */
    bool keep_deep;       /* samples of 16 bits in PNG and TIFF are kept beside the 8-bit
                             ones (image/deep.h) */
} cc_decode_options;

typedef struct cc_decode_info {
    cc_format format;
    int full_width; /* upright size of the whole picture, even if decoded smaller */
    int full_height;
    int orientation; /* EXIF value found, 1..8 (already applied); 1 if absent */
    char note[160];  /* something a user should hear once, or "" */
} cc_decode_info;

/* Decode the first picture in data. options and info may be NULL. On failure
 * *image is {0}. Thread-safe. */
cc_status cc_image_decode(const uint8_t *data, size_t size, const cc_decode_options *options,
                          cc_image *image, cc_decode_info *info, cc_error *error);

/* Only the header: format, upright size, orientation. */
cc_status cc_image_probe(const uint8_t *data, size_t size, cc_decode_info *info, cc_error *error);

typedef struct cc_encode_options {
    cc_format format;
    int quality;           /* JPEG and WebP, 1..100; 0 = default (JPEG 92, WebP 90) */
    bool lossless;         /* WebP */
    int png_level;         /* -1 default (fast: ISA-L if built in); 0 none .. 12 smallest */
    uint8_t background[3]; /* RGB behind transparency for formats without alpha */
    bool drop_profile;     /* do not carry the ICC profile over */
    double dots_per_inch;  /* 0 = the image's own, or none */
    bool bilevel;          /* one channel only: 1 bit a pixel, 128 and more is white; PNG, and
                              TIFF with CCITT Group 4; JPEG and WebP have no such form and
                              stay grey */
    int bits;              /* a sample: 8; 16 for PNG and TIFF (others CC_UNSUPPORTED); 0 = 16
                              if the picture has such samples and the format holds them */
} cc_encode_options;

cc_encode_options cc_encode_options_default(cc_format format);

/* Encode into a fresh buffer that the caller frees. On failure it is empty. */
cc_status cc_image_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                          cc_error *error);

/* By extension (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ...), any
 * case; CC_FORMAT_UNKNOWN if none fits. */
cc_format cc_format_from_path(const char *path);
/* By name: "jpeg", "jpg", "png", "webp", "tiff", "tif". */
cc_format cc_format_from_name(const char *name);
const char *cc_format_name(cc_format format);
/* In this build and on this machine: libtiff is opened to find out. */
bool cc_format_can_write(cc_format format);
bool cc_format_has_alpha(cc_format format);
/* Can it be written with 16 bits a sample? */
bool cc_format_has_deep(cc_format format);

#endif
