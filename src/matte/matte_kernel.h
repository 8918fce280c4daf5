/* Inside of cutting out: the kernel over a row. The loop of matte.c is the specification;
 * the kernel gives the same bytes. */
#ifndef CLEARCUT_MATTE_MATTE_KERNEL_H
#define CLEARCUT_MATTE_MATTE_KERNEL_H

#include <stdint.h>

#if defined(__x86_64__)
/* Straight RGBA (cc_matte_style) from the first pixels of a picture of 3 channels and its
 * mask, all but nine at most; how many. Reads nothing behind the row. */
int cc_cut_row_avx2(const uint8_t *source, const uint8_t *mask, uint8_t *target, int width);
#endif

#endif
