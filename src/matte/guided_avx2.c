#include <immintrin.h>
#include <string.h>

#include "matte/guided_kernel.h"

/* The four products whose sum is the alpha of pixel x: weights times colour, and the
 * offset. */
static inline __m128 products(const cc_guide_models *at, const uint8_t *pixel, int x)
{
    const float *model = (const float *)(at->models + at->along[x].first);
    const float *step = (const float *)(at->steps + at->along[x].first);
    __m128 share = _mm_broadcast_ss(&at->along[x].share);
    __m128 weights = _mm_add_ps(_mm_loadu_ps(model), _mm_mul_ps(share, _mm_loadu_ps(step)));
    int32_t bytes;
    __m128 color;

    memcpy(&bytes, pixel, sizeof bytes);
    color = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)));
    return _mm_mul_ps(weights, _mm_blend_ps(color, _mm_set1_ps(1.0F), 8));
}

static inline void guide_four(const cc_guide_models *at, const uint8_t *pixels, size_t channels,
                              int x, uint8_t *mask)
{
    const uint8_t *pixel = pixels + (size_t)x * channels;
    __m128i none = _mm_setzero_si128();
    __m128i old;
    __m128i hard;
    __m128 sums;
    __m128i found;
    int32_t bytes;

    memcpy(&bytes, mask + x, sizeof bytes);
    old = _mm_cvtsi32_si128(bytes);
    hard = _mm_or_si128(_mm_cmpeq_epi8(old, none), _mm_cmpeq_epi8(old, _mm_set1_epi8(-1)));
    sums = _mm_hadd_ps(_mm_hadd_ps(products(at, pixel, x), products(at, pixel + channels, x + 1)),
                       _mm_hadd_ps(products(at, pixel + 2 * channels, x + 2),
                                   products(at, pixel + 3 * channels, x + 3)));
    found = _mm_cvttps_epi32(_mm_add_ps(sums, _mm_set1_ps(0.5F)));
    found = _mm_packus_epi16(_mm_packs_epi32(found, none), none);
    bytes = _mm_cvtsi128_si32(_mm_blendv_epi8(found, old, hard));
    memcpy(mask + x, &bytes, sizeof bytes);
}

void cc_guide_run_avx2(const cc_guide_models *models, const uint8_t *pixels, int channels,
                       int first, int end, uint8_t *mask)
{
    static const int32_t all_ground = 0;
    static const int32_t all_subject = -1;
    int x = first;

    for (; x + 4 <= end; x += 4) {
        if (memcmp(mask + x, &all_ground, 4) != 0 && memcmp(mask + x, &all_subject, 4) != 0) {
            guide_four(models, pixels, (size_t)channels, x, mask);
        }
    }
    cc_guide_run_reference(models, pixels, channels, x, end, mask);
}
