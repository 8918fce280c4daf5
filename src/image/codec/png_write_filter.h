/* Row filters of PNG (ISO/IEC 15948, clause 9), choosing one for each row. */
#ifndef CLEARCUT_IMAGE_CODEC_PNG_WRITE_FILTER_H
#define CLEARCUT_IMAGE_CODEC_PNG_WRITE_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of scratch memory that filtering rows of `size` bytes needs. */
size_t cc_png_filter_scratch(size_t size);

/* Filter one row of `size` bytes with pixels of 1..8 bytes. `above` is the row
 * before it, zeros for the first. Writes the filter's number and then `size`
 * bytes to `filtered`. Tries Sub, Up and Paeth and keeps the one whose bytes,
 * taken as signed, have the smallest sum of magnitudes (the recommendation of
 * clause 12.8; None and Average add time and save nothing on photos). */
typedef void (*cc_png_filter_function)(const uint8_t *row, const uint8_t *above, size_t size,
                                       size_t pixel_size, uint8_t *filtered, uint8_t *scratch);

/* The fastest for this processor; all give the same bytes. Thread-safe. */
cc_png_filter_function cc_png_filter_choose(void);

void cc_png_filter_row_portable(const uint8_t *row, const uint8_t *above, size_t size,
                                size_t pixel_size, uint8_t *filtered, uint8_t *scratch);
#if defined(__x86_64__)
void cc_png_filter_row_avx2(const uint8_t *row, const uint8_t *above, size_t size,
                            size_t pixel_size, uint8_t *filtered, uint8_t *scratch);
#endif

#endif
