#include "core/checksum.h"

#include <string.h>

/* Odd constants without pattern: the golden ratio, and the two of the finisher known as
 * splitmix64 (Steele, Lea and Flood, 2014). */
#define GOLDEN 0x9e3779b97f4a7c15U
#define MIX_1 0xbf58476d1ce4e5b9U
#define MIX_2 0x94d049bb133111ebU

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * MIX_1;
    x = (x ^ (x >> 27)) * MIX_2;
    return x ^ (x >> 31);
}

static uint64_t word_at(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;

    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

uint64_t cc_checksum(uint64_t checksum, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    size_t at = 0;

    checksum = mix(checksum + GOLDEN + size);
    for (; size - at >= 8; at += 8) {
        checksum = mix(checksum ^ word_at(bytes + at, 8)) + GOLDEN;
    }
    return size > at ? mix(checksum ^ word_at(bytes + at, size - at)) : checksum;
}
