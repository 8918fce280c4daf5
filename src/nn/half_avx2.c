#include <immintrin.h>

#include "nn/half.h"

void cc_halves_to_floats_avx2(const void *halves, int64_t count, float *floats)
{
    const unsigned char *from = halves;
    int64_t whole = count & ~(int64_t)7;

    for (int64_t i = 0; i < whole; i += 8) {
        __m128i eight = _mm_loadu_si128((const void *)(from + 2 * i));
        _mm256_storeu_ps(floats + i, _mm256_cvtph_ps(eight));
    }
    cc_halves_to_floats_scalar(from + 2 * whole, count - whole, floats + whole);
}
