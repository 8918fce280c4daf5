#include <immintrin.h>
#include <string.h>

#include "matte/matte.h"
#include "matte/matte_kernel.h"

/* Eight pixels; 28 bytes of the source are read. */
static inline void cut_eight(const uint8_t *source, const uint8_t *mask, uint8_t *target)
{
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 0,
                                            1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    __m256i bytes = _mm256_set_m128i(_mm_loadu_si128((const __m128i *)(source + 12)),
                                     _mm_loadu_si128((const __m128i *)source));
    __m256i samples = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)mask));
    __m256i visible = _mm256_cmpgt_epi32(samples, _mm256_set1_epi32(CC_MATTE_LOWEST_SOFT - 1));
    __m256i opaque = _mm256_cmpgt_epi32(samples, _mm256_set1_epi32(CC_MATTE_HIGHEST_SOFT));
    __m256i alpha = _mm256_slli_epi32(_mm256_or_si256(samples, opaque), 24);
    __m256i color = _mm256_shuffle_epi8(bytes, spread);

    _mm256_storeu_si256((__m256i *)target,
                        _mm256_and_si256(_mm256_or_si256(color, alpha), visible));
}

int cc_cut_row_avx2(const uint8_t *source, const uint8_t *mask, uint8_t *target, int width)
{
    int x = 0;

    /* two pixels more than the eight, because of what is read */
    for (; x + 10 <= width; x += 8) {
        cut_eight(source + (size_t)x * 3, mask + x, target + (size_t)x * 4);
    }
    return x;
}
