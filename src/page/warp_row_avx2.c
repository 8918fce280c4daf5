#include <immintrin.h>

#include "page/warp_taps.h"

/* Eight taps at most along x: their 24 colour values fill three registers. */
enum { WIDEST = 8, VALUES = 24 };

/* Eight bytes as floats. */
static inline __m256 load_values(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

/* Repeat each of eight weights for the three colours of its pixel. */
static inline void spread_weights(__m256 weights, __m256 spread[3])
{
    spread[0] = _mm256_permutevar8x32_ps(weights, _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2));
    spread[1] = _mm256_permutevar8x32_ps(weights, _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5));
    spread[2] = _mm256_permutevar8x32_ps(weights, _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7));
}

/* The taps' weights, zero beyond them. */
static inline __m256 load_weights(const cc_warp_taps *taps)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i used = _mm256_cmpgt_epi32(_mm256_set1_epi32(taps->count), lane);

    return _mm256_maskload_ps(taps->weight, used);
}

/* Red, green and blue from 24 interleaved products: rounded, clamped, stored. */
static inline void store_pixel(const __m256 product[3], uint8_t *out)
{
    float values[VALUES];
    float sum[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    __m128i bytes;

    _mm256_storeu_ps(values, product[0]);
    _mm256_storeu_ps(values + 8, product[1]);
    _mm256_storeu_ps(values + 16, product[2]);
    for (int i = 0; i < VALUES; i += 3) {
        sum[0] += values[i];
        sum[1] += values[i + 1];
        sum[2] += values[i + 2];
    }
    bytes = _mm_cvtps_epi32(_mm_loadu_ps(sum));
    bytes = _mm_packus_epi16(_mm_packs_epi32(bytes, bytes), bytes);
    out[0] = (uint8_t)_mm_extract_epi8(bytes, 0);
    out[1] = (uint8_t)_mm_extract_epi8(bytes, 1);
    out[2] = (uint8_t)_mm_extract_epi8(bytes, 2);
}

/* Rows first, with one weight for all values of a row, then along the row. */
static inline void resample(const cc_image *source, const cc_warp_taps *tx, const cc_warp_taps *ty,
                            uint8_t *out)
{
    const uint8_t *row = cc_image_row(source, ty->first) + (size_t)tx->first * 3;
    __m256 sum[3] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 spread[3];

    for (int j = 0; j < ty->count; j++, row += source->stride) {
        __m256 weight = _mm256_set1_ps(ty->weight[j]);
        sum[0] = _mm256_fmadd_ps(weight, load_values(row), sum[0]);
        sum[1] = _mm256_fmadd_ps(weight, load_values(row + 8), sum[1]);
        sum[2] = _mm256_fmadd_ps(weight, load_values(row + 16), sum[2]);
    }
    spread_weights(load_weights(tx), spread);
    for (int k = 0; k < 3; k++) {
        sum[k] = _mm256_mul_ps(sum[k], spread[k]);
    }
    store_pixel(sum, out);
}

void cc_warp_row_avx2(const cc_warp_job *job, int y)
{
    const cc_image *source = job->source;
    uint8_t *out = cc_image_row(job->flat, y);

    for (int x = 0; x < job->flat->width; x++, out += 3) {
        cc_warp_point p = cc_warp_map(job->matrix, x + 0.5, y + 0.5);
        cc_warp_taps tx;
        cc_warp_taps ty;

        cc_warp_choose(job->lanczos, p.x, p.scale_x, &tx);
        cc_warp_choose(job->lanczos, p.y, p.scale_y, &ty);
        /* Eight whole pixels are read whatever the number of taps. */
        if (tx.count <= WIDEST && tx.first >= 0 && tx.first + WIDEST <= source->width &&
            ty.first >= 0 && ty.first + ty.count <= source->height) {
            resample(source, &tx, &ty, out);
        } else {
            cc_warp_pixel(job, x, y);
        }
    }
}
