/* A PNG file written row by row, so that nobody needs the whole picture. */
#ifndef CLEARCUT_IMAGE_CODEC_PNG_WRITE_H
#define CLEARCUT_IMAGE_CODEC_PNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/file.h"
#include "core/status.h"

typedef struct cc_png_writer cc_png_writer;

typedef struct cc_png_settings {
    int width;                  /* pixels, >= 1 */
    int height;                 /* pixels, >= 1 */
    int channels;               /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA */
    int bits;                   /* a sample: 8 (or 0), or 16 with the high byte first in the rows */
    bool bilevel;               /* 1 channel in 1 bit; rows still come as bytes, 128 and more is
                                   white */
    int level;                  /* as in cc_encode_options.png_level */
    double dots_per_inch;       /* 0 = none */
    const uint8_t *icc_profile; /* borrowed for the call; NULL = none */
    size_t icc_profile_size;
} cc_png_settings;

/* Write everything that stands before the pixels to the end of *bytes, which
 * must outlive the writer. The writer belongs to the caller; on failure it is
 * NULL. One thread at a time. */
cc_status cc_png_writer_open(const cc_png_settings *settings, cc_buffer *bytes,
                             cc_png_writer **writer, cc_error *error);

/* Add `count` packed or strided rows, top to bottom. The last of `height` rows
 * completes the file. */
cc_status cc_png_writer_rows(cc_png_writer *writer, const uint8_t *rows, size_t stride, int count,
                             cc_error *error);

void cc_png_writer_close(cc_png_writer *writer); /* NULL is allowed */

#endif
