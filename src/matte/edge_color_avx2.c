/* A cell is one register: the subject in its lower half, what is behind in its upper. */
#include <immintrin.h>
#include <string.h>

#include "matte/edge_color_kernel.h"

/* Three channels in 32 bits; the fourth is the next pixel's first. */
static inline __m128i load_color(const uint8_t *pixel)
{
    int32_t bytes;

    memcpy(&bytes, pixel, 4);
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
}

/* Nothing behind the three bytes is read. */
static inline __m128i load_last_color(const uint8_t *pixel)
{
    return _mm_setr_epi32(pixel[0], pixel[1], pixel[2], 0);
}

/* ---- sums ---- */

static inline __m256 weighted(const cc_edge_tables *tables, __m128i color, uint8_t mask)
{
    __m128 values = _mm_blend_ps(_mm_cvtepi32_ps(color), _mm_set1_ps(1.0F), 8);
    __m256 weights = _mm256_set_m128(_mm_broadcast_ss(&tables->trust[mask][1]),
                                     _mm_broadcast_ss(&tables->trust[mask][0]));
    return _mm256_mul_ps(_mm256_set_m128(values, values), weights);
}

static inline __m256 sum_four(const cc_edge_tables *tables, const uint8_t *pixel,
                              const uint8_t *mask)
{
    return _mm256_add_ps(_mm256_add_ps(weighted(tables, load_color(pixel), mask[0]),
                                       weighted(tables, load_color(pixel + 3), mask[1])),
                         _mm256_add_ps(weighted(tables, load_color(pixel + 6), mask[2]),
                                       weighted(tables, load_color(pixel + 9), mask[3])));
}

static void sum_row(const cc_edge_tables *tables, const cc_edge_row *row, cc_edge_cell *cells)
{
    int x = 0;

    for (; x + CC_EDGE_CELL <= row->wide; x += CC_EDGE_CELL) {
        float *cell = (float *)(cells + x / CC_EDGE_CELL);
        __m256 sum = sum_four(tables, row->pixels + (size_t)x * 3, row->mask + x);
        _mm256_storeu_ps(cell, _mm256_add_ps(_mm256_loadu_ps(cell), sum));
    }
    for (; x < row->count; x++) {
        float *cell = (float *)(cells + x / CC_EDGE_CELL);
        __m256 value = weighted(tables, load_last_color(row->pixels + (size_t)x * 3), row->mask[x]);
        _mm256_storeu_ps(cell, _mm256_add_ps(_mm256_loadu_ps(cell), value));
    }
}

/* ---- correction ---- */

/* Means at the height of the row, and from each to the next. */
typedef struct row_guess {
    __m256 means[CC_EDGE_GUESSES];
    __m256 steps[CC_EDGE_GUESSES - 1];
} row_guess;

static inline void bring_to_row(const cc_edge_guess *guess, row_guess *at)
{
    __m256 share = _mm256_set1_ps(guess->share);

    for (int i = 0; i < CC_EDGE_GUESSES; i++) {
        __m256 above = _mm256_loadu_ps((const float *)(guess->above + i));
        __m256 below = _mm256_loadu_ps((const float *)(guess->below + i));
        at->means[i] = _mm256_add_ps(above, _mm256_mul_ps(share, _mm256_sub_ps(below, above)));
    }
    for (int i = 0; i + 1 < CC_EDGE_GUESSES; i++) {
        at->steps[i] = _mm256_sub_ps(at->means[i + 1], at->means[i]);
    }
}

/* The corrected colour of pixel x as four 32-bit integers, not yet cut to 0..255. */
static inline __m128i corrected(const cc_edge_tables *tables, __m128i color, uint8_t mask,
                                const row_guess *guess, int x)
{
    int cell = (x + 2) / CC_EDGE_CELL;
    __m256 share = _mm256_set1_ps(cc_edge_share(x));
    __m256 parts = _mm256_add_ps(guess->means[cell], _mm256_mul_ps(share, guess->steps[cell]));
    __m128 alpha = _mm_broadcast_ss(&tables->alpha[mask]);
    __m256 weights = _mm256_set_m128(_mm_sub_ps(_mm_set1_ps(1.0F), alpha), alpha);
    __m256 mixture = _mm256_mul_ps(parts, weights);
    __m128 explained =
        _mm_add_ps(_mm256_castps256_ps128(mixture), _mm256_extractf128_ps(mixture, 1));
    __m128 left = _mm_sub_ps(_mm_cvtepi32_ps(color), explained);
    __m128 value = _mm_add_ps(_mm256_castps256_ps128(parts),
                              _mm_mul_ps(_mm_broadcast_ss(&tables->step[mask]), left));
    /* negative ones become 0 later, whichever way they are rounded */
    return _mm_cvttps_epi32(_mm_add_ps(value, _mm_set1_ps(0.5F)));
}

/* Which of four pixels are to be changed: all bits of their three colours set. */
static inline __m128i changing(uint32_t mask, __m128i target)
{
    __m128i samples = _mm_cvtepu8_epi32(_mm_cvtsi32_si128((int32_t)mask));
    __m128i visible = _mm_cmpgt_epi32(samples, _mm_set1_epi32(CC_MATTE_LOWEST_SOFT - 1));
    __m128i opaque = _mm_cmpgt_epi32(samples, _mm_set1_epi32(CC_MATTE_HIGHEST_SOFT));
    __m128i clear = _mm_cmpeq_epi32(_mm_srli_epi32(target, 24), _mm_setzero_si128());

    visible = _mm_andnot_si128(_mm_or_si128(clear, opaque), visible);
    return _mm_and_si128(visible, _mm_set1_epi32(0x00FFFFFF));
}

static inline void correct_four(const cc_edge_tables *tables, const cc_edge_row *row, int x,
                                const row_guess *guess, uint8_t *target)
{
    const uint8_t *pixel = row->pixels + (size_t)x * 3;
    const uint8_t *mask = row->mask + x;
    uint32_t masks;
    __m128i old = _mm_loadu_si128((const __m128i *)target);
    __m128i change;
    __m128i lower;
    __m128i upper;

    memcpy(&masks, mask, 4);
    change = changing(masks, old);
    if (_mm_testz_si128(change, change)) {
        return;
    }
    lower = _mm_packs_epi32(corrected(tables, load_color(pixel), mask[0], guess, x),
                            corrected(tables, load_color(pixel + 3), mask[1], guess, x + 1));
    upper = _mm_packs_epi32(corrected(tables, load_color(pixel + 6), mask[2], guess, x + 2),
                            corrected(tables, load_color(pixel + 9), mask[3], guess, x + 3));
    _mm_storeu_si128((__m128i *)target,
                     _mm_blendv_epi8(old, _mm_packus_epi16(lower, upper), change));
}

static void correct_row(const cc_edge_tables *tables, const cc_edge_row *row,
                        const cc_edge_guess *guess, uint8_t *target)
{
    row_guess at;
    int x = 0;

    bring_to_row(guess, &at);
    for (; x + 4 <= row->wide; x += 4) {
        correct_four(tables, row, x, &at, target + (size_t)4 * (size_t)x);
    }
    for (; x < row->count; x++) {
        uint8_t *to = target + (size_t)4 * (size_t)x;
        if (cc_matte_is_soft(row->mask[x]) && to[3] > 0) {
            __m128i color = load_last_color(row->pixels + (size_t)x * 3);
            __m128i words = _mm_packs_epi32(corrected(tables, color, row->mask[x], &at, x),
                                            _mm_setzero_si128());
            int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
            memcpy(to, &bytes, 3);
        }
    }
}

const cc_edge_kernels cc_edge_kernels_avx2 = {sum_row, correct_row};
