/* Split and plain bfloat16 with AVX-512 and its dot product, VDPBF16PS: packing and
 * finishing for the matrix unit too, and a tile for machines without one. */
#include <immintrin.h>

#include "core/cpu.h"
#include "nn/cpu/matrix_kernels.h"

#define INLINE static inline __attribute__((always_inline))

static void nothing(void)
{
}

/* ---- packing ---- */

INLINE __m512 widen(__m256i bf16)
{
    return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(bf16), 16);
}

/* 32 numbers, a before b, as bfloat16, and what that leaves over. */
INLINE __m512i high_parts(__m512 a, __m512 b)
{
    return (__m512i)_mm512_cvtne2ps_pbh(b, a);
}

INLINE __m512i low_parts(__m512 a, __m512 b, __m512i high)
{
    return high_parts(a - widen(_mm512_castsi512_si256(high)),
                      b - widen(_mm512_extracti64x4_epi64(high, 1)));
}

INLINE void store_parts(uint8_t *to, ptrdiff_t low_distance, bool split, __m512 a, __m512 b)
{
    const __m512i high = high_parts(a, b);

    _mm512_storeu_si512(to, high);
    if (split) {
        _mm512_storeu_si512(to + low_distance, low_parts(a, b, high));
    }
}

INLINE void store_one(uint8_t *to, ptrdiff_t low_distance, bool split, __m512 a)
{
    const __m256i high = (__m256i)_mm512_cvtneps_pbh(a);

    _mm256_storeu_si256((__m256i *)(void *)to, high);
    if (split) {
        _mm256_storeu_si256((__m256i *)(void *)(to + low_distance),
                            (__m256i)_mm512_cvtneps_pbh(a - widen(high)));
    }
}

INLINE void pack_pixels(const cc_matrix_row *row, bool split)
{
    const float *first = row->from;
    const float *second = first + row->block_stride;

    if (row->slots == 1) {
        for (int x = 0; x < row->pixels; x++) {
            store_one(row->to + (ptrdiff_t)x * CC_MATRIX_ROW / 2, row->low_distance, split,
                      _mm512_loadu_ps(first + (ptrdiff_t)x * CC_BLOCK));
        }
        return;
    }
    for (int x = 0; x < row->pixels; x++) {
        ptrdiff_t at = (ptrdiff_t)x * CC_BLOCK;
        __m512 b = row->blocks > 1 ? _mm512_loadu_ps(second + at) : _mm512_setzero_ps();
        store_parts(row->to + (ptrdiff_t)x * CC_MATRIX_ROW, row->low_distance, split,
                    _mm512_loadu_ps(first + at), b);
    }
}

static void pack_split(const cc_matrix_row *row)
{
    pack_pixels(row, true);
}

static void pack_bf16(const cc_matrix_row *row)
{
    pack_pixels(row, false);
}

/* 8 pixels of up to 4 planes: transposed so that a pixel's numbers lie together. */
static void planes_split(const cc_matrix_row *row)
{
    const __m512i order =
        _mm512_setr_epi32(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
    const __m512i later = _mm512_add_epi32(order, _mm512_set1_epi32(4));

    for (int x = 0; x < row->pixels; x += 8) {
        int left = row->pixels - x;
        __mmask8 mask = left < 8 ? (__mmask8)((1U << left) - 1) : 0xff;
        __m256 plane[CC_MATRIX_PLANES];
        for (int i = 0; i < CC_MATRIX_PLANES; i++) {
            plane[i] = i < row->blocks
                           ? _mm256_maskz_loadu_ps(mask, row->from + i * row->block_stride + x)
                           : _mm256_setzero_ps();
        }
        __m512 low = _mm512_insertf32x8(_mm512_castps256_ps512(plane[0]), plane[1], 1);
        __m512 high = _mm512_insertf32x8(_mm512_castps256_ps512(plane[2]), plane[3], 1);
        const __m512 a = _mm512_permutex2var_ps(low, order, high);
        const __m512 b = _mm512_permutex2var_ps(low, later, high);
        const __m512i parts = high_parts(a, b);
        uint8_t *to = row->to + (ptrdiff_t)x * 2 * CC_MATRIX_PLANES;
        _mm512_mask_storeu_epi64(to, mask, parts);
        _mm512_mask_storeu_epi64(to + row->low_distance, mask, low_parts(a, b, parts));
    }
}

/* Two channels of 16 outputs, interleaved. */
INLINE void pack_weights(const cc_matrix_weights *weights, bool split)
{
    const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));

    for (int row = 0; row < weights->rows; row++) {
        const float *from = weights->from + (ptrdiff_t)row * 2 * CC_BLOCK;
        const __m512 even = _mm512_loadu_ps(from);
        const __m512 odd = _mm512_loadu_ps(from + CC_BLOCK);
        store_parts(weights->to + (ptrdiff_t)row * CC_MATRIX_ROW, weights->low_distance, split,
                    _mm512_permutex2var_ps(even, first, odd),
                    _mm512_permutex2var_ps(even, second, odd));
    }
}

static void weights_split(const cc_matrix_weights *weights)
{
    pack_weights(weights, true);
}

static void weights_bf16(const cc_matrix_weights *weights)
{
    pack_weights(weights, false);
}

/* ---- products ---- */

INLINE __m512bh two_numbers(const uint8_t *from)
{
    int32_t both;

    __builtin_memcpy(&both, from, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

/* `blocks` x `pixels` sums stay in registers over all steps. */
INLINE void tile_part(const cc_matrix_tile *tile, int blocks, int first, int pixels, float *sums)
{
    const uint8_t *weights = tile->weights;
    __m512 sum[2][12];

#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++) {
#pragma GCC unroll 12
        for (int x = 0; x < pixels; x++) {
            const float *from = sums + (ptrdiff_t)(b * CC_MATRIX_PIXELS + first + x) * CC_BLOCK;
            sum[b][x] = tile->goes_on ? _mm512_load_ps(from) : _mm512_setzero_ps();
        }
    }
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *at = tile->pixels + tile->steps[step] + first * tile->pixel_stride;
        for (int row = 0; row < CC_MATRIX_TILE_ROWS; row++) {
            __m512bh w[2];
#pragma GCC unroll 2
            for (int b = 0; b < blocks; b++) {
                w[b] = (__m512bh)_mm512_loadu_si512(weights + b * CC_MATRIX_TILE +
                                                    (ptrdiff_t)row * CC_MATRIX_ROW);
            }
#pragma GCC unroll 12
            for (int x = 0; x < pixels; x++) {
                const __m512bh pixel =
                    two_numbers(at + x * tile->pixel_stride + (ptrdiff_t)row * 4);
#pragma GCC unroll 2
                for (int b = 0; b < blocks; b++) {
                    sum[b][x] = _mm512_dpbf16_ps(sum[b][x], pixel, w[b]);
                }
            }
        }
        weights += (ptrdiff_t)blocks * CC_MATRIX_TILE;
    }
#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++) {
#pragma GCC unroll 12
        for (int x = 0; x < pixels; x++) {
            _mm512_store_ps(sums + (ptrdiff_t)(b * CC_MATRIX_PIXELS + first + x) * CC_BLOCK,
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
    const float *sums = memory;
    const __m512 bias = _mm512_loadu_ps(finish->bias);
    const __m512 low = _mm512_set1_ps(finish->low);
    const __m512 high = _mm512_set1_ps(finish->high);

    for (int x = 0; x < pixels; x++) {
        __m512 value = _mm512_loadu_ps(sums + (ptrdiff_t)x * CC_BLOCK) + bias;
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

/* 16 pixels of one channel are gathered from as many lines of sums. */
static void finish_planes(const cc_matrix_finish *finish, const void *memory, int pixels)
{
    const float *sums = memory;
    const __m512 low = _mm512_set1_ps(finish->low);
    const __m512 high = _mm512_set1_ps(finish->high);
    const __m512i lines = _mm512_slli_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), 4);

    for (int x = 0; x < pixels; x += 16) {
        __mmask16 mask = pixels - x < 16 ? (__mmask16)((1U << (pixels - x)) - 1) : 0xffff;
        for (int plane = 0; plane < finish->planes; plane++) {
            __m512 value = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, lines,
                                                    sums + (ptrdiff_t)x * CC_BLOCK + plane, 4) +
                           _mm512_set1_ps(finish->bias[plane]);
            __m512 residual = _mm512_setzero_ps();
            if (finish->residual != NULL) {
                residual = _mm512_maskz_loadu_ps(
                    mask, finish->residual + plane * finish->residual_plane_stride + x);
            }
            if (finish->residual_first) {
                value += residual;
            }
            value = _mm512_min_ps(high, _mm512_max_ps(low, value));
            if (!finish->residual_first) {
                value += residual;
            }
            _mm512_mask_storeu_ps(finish->output + plane * finish->plane_stride + x, mask, value);
        }
    }
}

void cc_matrix_avx512bf16(cc_matrix_kernels kernels[CC_MATRIX_FORMATS])
{
    if (!cc_cpu_detect()->avx512_bf16) {
        return;
    }
    /* Fused multiply-adds of float32 are as precise as SPLIT and as fast without a
     * matrix unit, so that there is no tile for it here. */
    kernels[CC_MATRIX_SPLIT] = (cc_matrix_kernels){.pack_pixels = pack_split,
                                                   .pack_planes = planes_split,
                                                   .pack_weights = weights_split,
                                                   .finish = finish,
                                                   .finish_planes = finish_planes};
    kernels[CC_MATRIX_BF16] = (cc_matrix_kernels){.level = "avx512bf16",
                                                  .step_cycles = {620, 1150},
                                                  .begin = nothing,
                                                  .end = nothing,
                                                  .tile = tile,
                                                  .pack_pixels = pack_bf16,
                                                  .pack_weights = weights_bf16,
                                                  .finish = finish};
}
