/* 22-bit weights do not fit the 16-bit multiply-add, the fastest integer product
 * there is. Each weight is therefore split: weight = low + 65536 * high, both
 * halves are multiplied and summed on their own, and low + (high << 16) is exact
 * modulo 2^32, where the true sum lies.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "image/resample_kernel.h"

#define HALF (1 << (CC_RESAMPLE_PRECISION - 1))

/* ---- vertical ---- */

typedef struct vertical_sums {
    __m256i low[4];
    __m256i high[4];
} vertical_sums;

/* Two rows, 32 bytes of each: bytes are paired (upper, lower) and widened so
 * that one multiply-add serves both rows. */
static inline void add_row_pair(vertical_sums *sums, const uint8_t *upper, const uint8_t *lower,
                                __m256i low, __m256i high)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)upper);
    __m256i b = _mm256_loadu_si256((const __m256i *)lower);
    __m256i zero = _mm256_setzero_si256();
    __m256i first = _mm256_unpacklo_epi8(a, b);
    __m256i second = _mm256_unpackhi_epi8(a, b);
    __m256i pairs[4] = {_mm256_unpacklo_epi8(first, zero), _mm256_unpackhi_epi8(first, zero),
                        _mm256_unpacklo_epi8(second, zero), _mm256_unpackhi_epi8(second, zero)};

    for (int i = 0; i < 4; i++) {
        sums->low[i] = _mm256_add_epi32(sums->low[i], _mm256_madd_epi16(pairs[i], low));
        sums->high[i] = _mm256_add_epi32(sums->high[i], _mm256_madd_epi16(pairs[i], high));
    }
}

static inline __m256i finish_sum(__m256i low, __m256i high)
{
    return _mm256_srai_epi32(_mm256_add_epi32(low, _mm256_slli_epi32(high, 16)),
                             CC_RESAMPLE_PRECISION);
}

static inline __m256i weight_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm256_set1_epi32(pair);
}

static inline void vertical_block(const uint8_t *top, size_t stride, const int16_t *low,
                                  const int16_t *high, int count, uint8_t *result)
{
    vertical_sums sums;
    __m256i lower_half;
    __m256i upper_half;

    for (int i = 0; i < 4; i++) {
        sums.low[i] = _mm256_set1_epi32(HALF);
        sums.high[i] = _mm256_setzero_si256();
    }
    for (int t = 0; t < count; t += 2) {
        const uint8_t *upper = top + (size_t)t * stride;
        /* The padding weight is 0; the row must still be one that exists. */
        const uint8_t *lower = t + 1 < count ? upper + stride : upper;
        add_row_pair(&sums, upper, lower, weight_pair(low + t), weight_pair(high + t));
    }
    lower_half = _mm256_packs_epi32(finish_sum(sums.low[0], sums.high[0]),
                                    finish_sum(sums.low[1], sums.high[1]));
    upper_half = _mm256_packs_epi32(finish_sum(sums.low[2], sums.high[2]),
                                    finish_sum(sums.low[3], sums.high[3]));
    _mm256_storeu_si256((__m256i *)result, _mm256_packus_epi16(lower_half, upper_half));
}

void cc_resample_vertical_avx2(const cc_resample_axis *axis, int index, const uint8_t *source,
                               size_t source_stride, uint8_t *result, size_t size)
{
    size_t offset = (size_t)index * (size_t)axis->taps;
    const uint8_t *top = source + (size_t)axis->first[index] * source_stride;

    if (size < 32) {
        cc_resample_vertical_reference(axis, index, source, source_stride, result, size);
        return;
    }
    for (size_t at = 0; at < size; at += 32) {
        /* The last block ends with the row and repeats a part of the one before. */
        size_t start = at + 32 <= size ? at : size - 32;
        vertical_block(top + start, source_stride, axis->low + offset, axis->high + offset,
                       axis->count[index], result + start);
    }
}

/* ---- horizontal, 2 to 4 channels: four taps at a time ---- */

#define ROWS 4 /* share the weights of a column */

/* From 16 bytes, the same in both halves, to pairs of 16-bit samples: channel c
 * of pixels 0 and 1 in the lower half, of pixels 2 and 3 in the upper. */
static __m256i pairing_mask(int channels)
{
    uint8_t mask[32];

    for (int lane = 0; lane < 2; lane++) {
        for (int i = 0; i < 16; i += 4) {
            int channel = i / 4;
            bool used = channel < channels;
            uint8_t *to = mask + lane * 16 + i;
            to[0] = used ? (uint8_t)(lane * 2 * channels + channel) : 0x80;
            to[1] = 0x80;
            to[2] = used ? (uint8_t)((lane * 2 + 1) * channels + channel) : 0x80;
            to[3] = 0x80;
        }
    }
    return _mm256_loadu_si256((const __m256i *)mask);
}

/* Weights 0, 1 four times in the lower half and 2, 3 four times in the upper. */
static inline __m256i four_weights(const int16_t *weights)
{
    int64_t four;
    memcpy(&four, weights, sizeof four);
    __m256i all = _mm256_set1_epi64x(four);
    return _mm256_shuffle_epi8(all,
                               _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4,
                                                5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
}

static inline void store_pixel(__m256i low, __m256i high, uint8_t *to, int channels)
{
    __m256i halves = _mm256_add_epi32(low, _mm256_slli_epi32(high, 16));
    __m128i sum =
        _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    __m128i value = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), CC_RESAMPLE_PRECISION);
    __m128i words = _mm_packs_epi32(value, value);
    int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    memcpy(to, &bytes, (size_t)channels);
}

static inline void color_column(const cc_resample_axis *axis, int x, int channels, __m256i pairing,
                                const uint8_t *source, size_t source_stride, uint8_t *result,
                                size_t result_stride)
{
    size_t offset = (size_t)x * (size_t)axis->taps;
    const uint8_t *from = source + (size_t)axis->first[x] * (size_t)channels;
    __m256i low[ROWS];
    __m256i high[ROWS];

    for (int r = 0; r < ROWS; r++) {
        low[r] = _mm256_setzero_si256();
        high[r] = _mm256_setzero_si256();
    }
    for (int t = 0; t < axis->count[x]; t += 4) {
        __m256i low_weights = four_weights(axis->low + offset + t);
        __m256i high_weights = four_weights(axis->high + offset + t);
        for (int r = 0; r < ROWS; r++) {
            const uint8_t *at = from + (size_t)t * (size_t)channels + (size_t)r * source_stride;
            __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)at));
            __m256i pixels = _mm256_shuffle_epi8(bytes, pairing);
            low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(pixels, low_weights));
            high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(pixels, high_weights));
        }
    }
    for (int r = 0; r < ROWS; r++) {
        store_pixel(low[r], high[r],
                    result + (size_t)r * result_stride + (size_t)x * (size_t)channels, channels);
    }
}

/* ---- horizontal, grey: eight taps at a time ---- */

static inline void grey_column(const cc_resample_axis *axis, int x, const uint8_t *source,
                               size_t source_stride, uint8_t *result, size_t result_stride)
{
    size_t offset = (size_t)x * (size_t)axis->taps;
    const uint8_t *from = source + axis->first[x];
    __m128i sums[ROWS];
    __m128i value;
    uint32_t bytes;

    for (int r = 0; r < ROWS; r++) {
        __m128i low = _mm_setzero_si128();
        __m128i high = _mm_setzero_si128();
        for (int t = 0; t < axis->count[x]; t += 8) {
            const uint8_t *at = from + t + (size_t)r * source_stride;
            __m128i pixels = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)at));
            __m128i low_weights = _mm_loadu_si128((const __m128i *)(axis->low + offset + t));
            __m128i high_weights = _mm_loadu_si128((const __m128i *)(axis->high + offset + t));
            low = _mm_add_epi32(low, _mm_madd_epi16(pixels, low_weights));
            high = _mm_add_epi32(high, _mm_madd_epi16(pixels, high_weights));
        }
        sums[r] = _mm_add_epi32(low, _mm_slli_epi32(high, 16));
    }
    value = _mm_hadd_epi32(_mm_hadd_epi32(sums[0], sums[1]), _mm_hadd_epi32(sums[2], sums[3]));
    value = _mm_srai_epi32(_mm_add_epi32(value, _mm_set1_epi32(HALF)), CC_RESAMPLE_PRECISION);
    value = _mm_packs_epi32(value, value);
    bytes = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(value, value));
    for (int r = 0; r < ROWS; r++) {
        result[(size_t)r * result_stride + (size_t)x] = (uint8_t)(bytes >> (8 * r));
    }
}

/* ---- rows ---- */

/* Columns whose vector loads stay within the row: the first fast_columns(). */
static int fast_columns(const cc_resample_axis *axis, int channels)
{
    size_t row = (size_t)axis->input_size * (size_t)channels;
    int group = channels == 1 ? 8 : 4;
    size_t load = channels == 1 ? 8 : 16;
    int x = 0;

    for (; x < axis->output_size; x++) {
        int last_group = (axis->count[x] - 1) / group * group;
        size_t end = (size_t)(axis->first[x] + last_group) * (size_t)channels + load;
        if (end > row) {
            break;
        }
    }
    return x;
}

static inline void four_rows(const cc_resample_axis *axis, int channels, int fast,
                             const uint8_t *source, size_t source_stride, uint8_t *result,
                             size_t result_stride)
{
    __m256i pairing = pairing_mask(channels);

    for (int x = 0; x < fast; x++) {
        if (channels == 1) {
            grey_column(axis, x, source, source_stride, result, result_stride);
        } else {
            color_column(axis, x, channels, pairing, source, source_stride, result, result_stride);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        for (int x = fast; x < axis->output_size; x++) {
            cc_resample_pixel(axis, x, channels, source + (size_t)r * source_stride,
                              result + (size_t)r * result_stride + (size_t)x * (size_t)channels);
        }
    }
}

void cc_resample_horizontal_avx2(const cc_resample_axis *axis, int channels, const uint8_t *source,
                                 size_t source_stride, uint8_t *result, size_t result_stride,
                                 int rows)
{
    int fast = fast_columns(axis, channels);
    int y = 0;

    for (; y + ROWS <= rows; y += ROWS) {
        const uint8_t *from = source + (size_t)y * source_stride;
        uint8_t *to = result + (size_t)y * result_stride;
        switch (channels) { /* constants let the compiler specialise */
        case 1: four_rows(axis, 1, fast, from, source_stride, to, result_stride); break;
        case 2: four_rows(axis, 2, fast, from, source_stride, to, result_stride); break;
        case 3: four_rows(axis, 3, fast, from, source_stride, to, result_stride); break;
        default: four_rows(axis, 4, fast, from, source_stride, to, result_stride); break;
        }
    }
    cc_resample_horizontal_reference(axis, channels, source + (size_t)y * source_stride,
                                     source_stride, result + (size_t)y * result_stride,
                                     result_stride, rows - y);
}
