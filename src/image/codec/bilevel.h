/* Pictures of one bit a pixel: packing, and CCITT Group 4 (ITU-T T.6). */
#ifndef CLEARCUT_IMAGE_CODEC_BILEVEL_H
#define CLEARCUT_IMAGE_CODEC_BILEVEL_H

#include "core/file.h"
#include "image/image.h"

/* Bytes of a packed row of `width` pixels. */
size_t cc_bilevel_row_size(int width);

/* Pack a row of `width` samples, leftmost pixel in the highest bit; the bits that fill
 * up the last byte are 0. A sample of 128 and more is white. ones_are_black: as TIFF and
 * fax count; else as PNG does. packed: cc_bilevel_row_size(width) bytes. Any thread. */
void cc_bilevel_pack(const uint8_t *row, int width, bool ones_are_black, uint8_t *packed);

/* A picture of one channel as Group 4 data: no header, as PDF's CCITTFaxDecode reads it
 * with K -1. By libtiff; CC_UNSUPPORTED in a build without it. Appends to *bytes; on
 * failure the caller frees it. Any thread. */
cc_status cc_bilevel_encode_group4(const cc_image *image, cc_buffer *bytes, cc_error *error);

#endif
