/* The few facts of an EXIF block that clearcut uses, read with suspicion. */
#ifndef CLEARCUT_IMAGE_CODEC_EXIF_H
#define CLEARCUT_IMAGE_CODEC_EXIF_H

#include <stddef.h>
#include <stdint.h>

typedef struct cc_exif {
    int orientation;          /* 1..8; 1 if absent or out of range */
    double focal_length_35mm; /* mm; 0 if absent */
    double dots_per_inch;     /* 0 if absent */
} cc_exif;

/* Read a TIFF-structured block (after an optional "Exif\0\0"; EXIF 2.32,
 * 4.5-4.6). Anything malformed is skipped: the result then holds the values
 * for "absent". Time is bounded whatever the bytes say: the first directory
 * and the EXIF directory it names are walked once each, nothing else. */
cc_exif cc_exif_read(const uint8_t *data, size_t size);

#endif
