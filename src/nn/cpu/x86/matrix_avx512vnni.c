/* Bytes with AVX-512 and its dot product, VPDPBUSD: packing and finishing for the
 * matrix unit too, and a tile for machines without one. */
#include <immintrin.h>

#include "core/cpu.h"
#include "nn/cpu/matrix_kernels.h"

#define INLINE static inline __attribute__((always_inline))

static void nothing(void)
{
}

/* ---- packing ---- */

INLINE __m128i to_bytes(const float *from, __m512 scale, __m512i zero)
{
    /* The conversion rounds to nearest even and makes numbers that are too large for
     * 32 bits the lowest one: limit them first. */
    const __m512 most = _mm512_set1_ps(1e6F);
    __m512 value = _mm512_mul_ps(_mm512_loadu_ps(from), scale);

    value = _mm512_min_ps(most, _mm512_max_ps(_mm512_set1_ps(-1e6F), value));
    __m512i number = _mm512_add_epi32(_mm512_cvtps_epi32(value), zero);
    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(number, _mm512_setzero_si512()));
}

static void pack_pixels(const cc_matrix_row *row)
{
    const __m512 scale = _mm512_set1_ps(row->scale);
    const __m512i zero = _mm512_set1_epi32(row->zero);

    for (int block = 0; block < row->slots; block++) {
        const float *from = row->from + block * row->block_stride;
        uint8_t *to = row->to + (ptrdiff_t)block * CC_BLOCK;
        for (int x = 0; x < row->pixels; x++) {
            __m128i bytes = block < row->blocks
                                ? to_bytes(from + (ptrdiff_t)x * CC_BLOCK, scale, zero)
                                : _mm_set1_epi8((char)row->zero);
            _mm_storeu_si128((__m128i *)(void *)(to + (ptrdiff_t)x * row->slots * CC_BLOCK), bytes);
        }
    }
}

static void pack_weights(const cc_matrix_weights *weights)
{
    const __m512 scale = _mm512_loadu_ps(weights->scales);
    const __m512 most = _mm512_set1_ps(127);

    for (int row = 0; row < weights->rows; row++) {
        const float *from = weights->from + (ptrdiff_t)row * 4 * CC_BLOCK;
        __m512i all = _mm512_setzero_si512();
        for (int i = 3; i >= 0; i--) {
            __m512 value = _mm512_mul_ps(_mm512_loadu_ps(from + (ptrdiff_t)i * CC_BLOCK), scale);
            value = _mm512_min_ps(most, _mm512_max_ps(_mm512_set1_ps(-127), value));
            const __m512i byte =
                _mm512_and_si512(_mm512_cvtps_epi32(value), _mm512_set1_epi32(0xff));
            all = _mm512_or_si512(_mm512_slli_epi32(all, 8), byte);
        }
        _mm512_storeu_si512(weights->to + (ptrdiff_t)row * CC_MATRIX_ROW, all);
    }
}

/* ---- products ---- */

INLINE __m512i four_bytes(const uint8_t *from)
{
    int32_t all;

    __builtin_memcpy(&all, from, sizeof all);
    return _mm512_set1_epi32(all);
}

/* `blocks` x `pixels` sums stay in registers over all steps. */
INLINE void tile_part(const cc_matrix_tile *tile, int blocks, int first, int pixels, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    __m512i sum[2][12];

#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++) {
#pragma GCC unroll 12
        for (int x = 0; x < pixels; x++) {
            const int32_t *from = sums + (ptrdiff_t)(b * CC_MATRIX_PIXELS + first + x) * CC_BLOCK;
            sum[b][x] = tile->goes_on ? _mm512_load_si512(from) : _mm512_setzero_si512();
        }
    }
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *at = tile->pixels + tile->steps[step] + first * tile->pixel_stride;
        for (int row = 0; row < CC_MATRIX_TILE_ROWS; row++) {
            __m512i w[2];
#pragma GCC unroll 2
            for (int b = 0; b < blocks; b++) {
                w[b] = _mm512_loadu_si512(weights + b * CC_MATRIX_TILE +
                                          (ptrdiff_t)row * CC_MATRIX_ROW);
            }
#pragma GCC unroll 12
            for (int x = 0; x < pixels; x++) {
                const __m512i pixel = four_bytes(at + x * tile->pixel_stride + (ptrdiff_t)row * 4);
#pragma GCC unroll 2
                for (int b = 0; b < blocks; b++) {
                    sum[b][x] = _mm512_dpbusd_epi32(sum[b][x], pixel, w[b]);
                }
            }
        }
        weights += (ptrdiff_t)blocks * CC_MATRIX_TILE;
    }
#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++) {
#pragma GCC unroll 12
        for (int x = 0; x < pixels; x++) {
            _mm512_store_si512(sums + (ptrdiff_t)(b * CC_MATRIX_PIXELS + first + x) * CC_BLOCK,
                               sum[b][x]);
        }
    }
}

static void tile(const cc_matrix_tile *at, int output_blocks, void *sums)
{
    if (output_blocks == 2) {
        tile_part(at, 2, 0, 12, sums);
        tile_part(at, 2, 12, 12, sums);
        tile_part(at, 2, 24, 8, sums);
    } else {
        tile_part(at, 1, 0, 12, sums);
        tile_part(at, 1, 12, 12, sums);
        tile_part(at, 1, 24, 8, sums);
    }
}

/* ---- finishing ---- */

static void finish(const cc_matrix_finish *finish, const void *memory, int pixels)
{
    const int32_t *sums = memory;
    const __m512 bias = _mm512_loadu_ps(finish->bias);
    const __m512 scale = _mm512_loadu_ps(finish->scale);
    const __m512 low = _mm512_set1_ps(finish->low);
    const __m512 high = _mm512_set1_ps(finish->high);

    for (int x = 0; x < pixels; x++) {
        __m512 sum = _mm512_cvtepi32_ps(_mm512_loadu_si512(sums + (ptrdiff_t)x * CC_BLOCK));
        __m512 value = _mm512_add_ps(_mm512_mul_ps(sum, scale), bias);
        const float *residual =
            finish->residual != NULL ? finish->residual + (ptrdiff_t)x * CC_BLOCK : NULL;
        if (residual != NULL && finish->residual_first) {
            value += _mm512_loadu_ps(residual);
        }
        value = _mm512_min_ps(high, _mm512_max_ps(low, value));
        if (residual != NULL && !finish->residual_first) {
            value += _mm512_loadu_ps(residual);
        }
        _mm512_storeu_ps(finish->output + (ptrdiff_t)x * CC_BLOCK, value);
    }
}

static void range(const float *from, int pixels, int lanes, float *low, float *high)
{
    const __mmask16 mask = (__mmask16)((1U << lanes) - 1);
    __m512 least = _mm512_set1_ps(*low);
    __m512 most = _mm512_set1_ps(*high);

    for (int x = 0; x < pixels; x++) {
        const __m512 value = _mm512_loadu_ps(from + (ptrdiff_t)x * CC_BLOCK);
        least = _mm512_mask_min_ps(least, mask, value, least);
        most = _mm512_mask_max_ps(most, mask, value, most);
    }
    *low = _mm512_reduce_min_ps(least);
    *high = _mm512_reduce_max_ps(most);
}

void cc_matrix_avx512vnni(cc_matrix_kernels kernels[CC_MATRIX_FORMATS])
{
    if (cc_cpu_detect()->avx512_vnni) {
        kernels[CC_MATRIX_INT8] = (cc_matrix_kernels){.level = "avx512vnni",
                                                      .step_cycles = {320, 580},
                                                      .begin = nothing,
                                                      .end = nothing,
                                                      .tile = tile,
                                                      .pack_pixels = pack_pixels,
                                                      .pack_weights = pack_weights,
                                                      .finish = finish,
                                                      .range = range};
    }
}
