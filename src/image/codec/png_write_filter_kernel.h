/* The one implementation of filtering, included by a file for each instruction
 * set. The loops are plain on purpose: the compiler turns them into vector code,
 * and bytes come out the same on every processor.
 */
#ifndef CLEARCUT_IMAGE_CODEC_PNG_WRITE_FILTER_KERNEL_H
#define CLEARCUT_IMAGE_CODEC_PNG_WRITE_FILTER_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FILTER_SUB = 1, FILTER_UP = 2, FILTER_PAETH = 4 };

/* |byte taken as signed|, summed; 64 bits hold any row. */
static inline uint64_t magnitude(const uint8_t *bytes, size_t size)
{
    uint64_t total = 0;

    for (size_t start = 0; start < size; start += 65536) {
        size_t end = size - start < 65536 ? size : start + 65536;
        uint32_t sum = 0;
        for (size_t i = start; i < end; i++) {
            uint8_t negated = (uint8_t)(0 - bytes[i]);
            sum += bytes[i] < negated ? bytes[i] : negated;
        }
        total += sum;
    }
    return total;
}

static inline void subtract(const uint8_t *restrict row, const uint8_t *restrict predicted,
                            size_t size, uint8_t *restrict filtered)
{
    for (size_t i = 0; i < size; i++) {
        filtered[i] = (uint8_t)(row[i] - predicted[i]);
    }
}

/* left, above and upper left are shifted views of the two rows. Of the three,
 * the one nearest to left + above - upper_left; ties go in that order. */
static inline void paeth(const uint8_t *restrict row, const uint8_t *left, const uint8_t *above,
                         const uint8_t *upper_left, size_t size, uint8_t *restrict filtered)
{
    for (size_t i = 0; i < size; i++) {
        int16_t a = left[i];
        int16_t b = above[i];
        int16_t c = upper_left[i];
        int16_t toward_a = (int16_t)(b - c);
        int16_t toward_b = (int16_t)(a - c);
        int16_t toward_c = (int16_t)(toward_a + toward_b);
        int16_t distance_a = (int16_t)(toward_a < 0 ? -toward_a : toward_a);
        int16_t distance_b = (int16_t)(toward_b < 0 ? -toward_b : toward_b);
        int16_t distance_c = (int16_t)(toward_c < 0 ? -toward_c : toward_c);
        int16_t b_or_c = distance_b <= distance_c ? b : c;
        int16_t nearer = distance_b <= distance_c ? distance_b : distance_c;
        int16_t best = distance_a <= nearer ? a : b_or_c;
        filtered[i] = (uint8_t)(row[i] - best);
    }
}

static inline void filter_row(const uint8_t *row, const uint8_t *above, size_t size,
                              size_t pixel_size, uint8_t *filtered, uint8_t *scratch)
{
    uint8_t *sub = filtered + 1;
    uint8_t *up = scratch;
    uint8_t *best = scratch + size;
    size_t rest = size - pixel_size;
    uint64_t sub_cost;
    uint64_t up_cost;
    uint64_t paeth_cost;

    /* The first pixel has nothing to its left: Sub leaves it, Paeth is Up. */
    memcpy(sub, row, pixel_size);
    subtract(row + pixel_size, row, rest, sub + pixel_size);
    subtract(row, above, size, up);
    memcpy(best, up, pixel_size);
    paeth(row + pixel_size, row, above + pixel_size, above, rest, best + pixel_size);

    sub_cost = magnitude(sub, size);
    up_cost = magnitude(up, size);
    paeth_cost = magnitude(best, size);
    filtered[0] = FILTER_SUB;
    if (up_cost <= sub_cost && up_cost <= paeth_cost) {
        filtered[0] = FILTER_UP;
        memcpy(sub, up, size);
    } else if (paeth_cost < sub_cost) {
        filtered[0] = FILTER_PAETH;
        memcpy(sub, best, size);
    }
}

#endif
