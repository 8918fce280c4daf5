#include "nn/half.h"

#include <string.h>

#include "core/cpu.h"

/* Exponents of half start at 2^-15, those of float at 2^-127: shifted into place
 * the bits lack a factor of 2^112. Multiplying also turns subnormal halves into
 * normal floats; infinity and NaN need their exponent back. */
void cc_halves_to_floats_scalar(const void *halves, int64_t count, float *floats)
{
    const unsigned char *from = halves;

    for (int64_t i = 0; i < count; i++) {
        union {
            uint32_t bits;
            float value;
        } number;
        uint16_t half;
        uint32_t special;
        memcpy(&half, from + 2 * i, sizeof half);
        number.bits = (uint32_t)(half & 0x7fff) << 13;
        special = number.bits >= 0x0f800000u ? 0x7f800000u : 0;
        number.value *= 0x1p112f;
        number.bits |= special | (uint32_t)(half & 0x8000) << 16;
        floats[i] = number.value;
    }
}

void cc_halves_to_floats(const void *halves, int64_t count, float *floats)
{
#if defined(__x86_64__)
    cc_cpu_level level = cc_cpu_detect()->level;

    if (level == CC_CPU_AVX2 || level == CC_CPU_AVX512) {
        cc_halves_to_floats_avx2(halves, count, floats);
        return;
    }
#endif
    cc_halves_to_floats_scalar(halves, count, floats);
}
