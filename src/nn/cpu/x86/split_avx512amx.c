/* Products of numbers split into two bfloat16 parts, on the matrix unit (AMX).
 *
 * x = high + low + rest with high = bf16(x), low = bf16(x - high), |rest| <= 2^-18
 * |x|. Of the four partial products of two such numbers, high x high, low x high and
 * high x low are summed in float32; low x low is at most 2^-18 of the product and is
 * left out. See convolution_split.c for what that means for a layer.
 *
 * A tile register holds 16 rows of 64 bytes: 16 pixels of 32 channels (A), 16 pairs
 * of channels for 16 outputs (B), or 16 pixels of 16 float32 outputs (C).
 */
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nn/cpu/kernels.h"

/* Tile registers: 4 sums, 2 of pixels, 2 of weights. */
#define SUM_00 0
#define SUM_01 1
#define SUM_10 2
#define SUM_11 3
#define PIXELS_0 4
#define PIXELS_1 5
#define WEIGHTS_0 6
#define WEIGHTS_1 7

#define TILE_ROWS 16
#define TILE_ROW_BYTES 64
#define TILE_FLOATS (TILE_ROWS * 16)

/* LDTILECFG's operand, palette 1. */
typedef struct tile_configuration {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_configuration;

static void begin(void)
{
    tile_configuration configuration = {.palette = 1};

    for (int i = 0; i < 8; i++) {
        configuration.row_bytes[i] = TILE_ROW_BYTES;
        configuration.rows[i] = TILE_ROWS;
    }
    /* gcc 12 believes that the instruction reads eight bytes and drops the rest. */
    __asm__ volatile("" : : "r"(&configuration) : "memory");
    _tile_loadconfig(&configuration);
}

static void end(void)
{
    _tile_release();
}

static void split(uint16_t *high, uint16_t *low, const float *first, const float *second)
{
    const __m512 a = _mm512_loadu_ps(first);
    const __m512 b = second != NULL ? _mm512_loadu_ps(second) : _mm512_setzero_ps();
    const __m512i rounded = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    const __m512 high_a =
        (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(rounded)), 16);
    const __m512 high_b =
        (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(rounded, 1)), 16);

    _mm512_storeu_si512(high, rounded);
    _mm512_storeu_si512(low, (__m512i)_mm512_cvtne2ps_pbh(b - high_b, a - high_a));
}

static void split_pixels(uint16_t *high, uint16_t *low, const float *first, const float *second,
                         int pixels)
{
    for (int x = 0; x < pixels; x++) {
        split(high + (ptrdiff_t)x * 2 * CC_BLOCK, low + (ptrdiff_t)x * 2 * CC_BLOCK,
              first + (ptrdiff_t)x * CC_BLOCK,
              second != NULL ? second + (ptrdiff_t)x * CC_BLOCK : NULL);
    }
}

/* One tap of one pair of blocks, for two tiles of pixels and two of outputs. */
static inline __attribute__((always_inline)) void
add_2x2(const uint16_t *high, const uint16_t *low, ptrdiff_t pixel_stride, const uint16_t *weights)
{
    const uint16_t *next = weights + CC_SPLIT_TILE;
    const size_t row_bytes = (size_t)pixel_stride * sizeof *high;

    _tile_loadd(PIXELS_0, high, row_bytes);
    _tile_loadd(PIXELS_1, high + TILE_ROWS * pixel_stride, row_bytes);
    _tile_loadd(WEIGHTS_0, weights + 2 * CC_SPLIT_TILE, TILE_ROW_BYTES);
    _tile_loadd(WEIGHTS_1, next + 2 * CC_SPLIT_TILE, TILE_ROW_BYTES);
    _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
    _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
    _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
    _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
    _tile_loadd(WEIGHTS_0, weights, TILE_ROW_BYTES);
    _tile_loadd(WEIGHTS_1, next, TILE_ROW_BYTES);
    _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
    _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
    _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
    _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
    _tile_loadd(PIXELS_0, low, row_bytes);
    _tile_loadd(PIXELS_1, low + TILE_ROWS * pixel_stride, row_bytes);
    _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
    _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
    _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
    _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
}

/* The same for two tiles of pixels and one of outputs. */
static inline __attribute__((always_inline)) void
add_2x1(const uint16_t *high, const uint16_t *low, ptrdiff_t pixel_stride, const uint16_t *weights)
{
    const size_t row_bytes = (size_t)pixel_stride * sizeof *high;

    _tile_loadd(PIXELS_0, high, row_bytes);
    _tile_loadd(PIXELS_1, high + TILE_ROWS * pixel_stride, row_bytes);
    _tile_loadd(WEIGHTS_0, weights + CC_SPLIT_TILE, TILE_ROW_BYTES);
    _tile_loadd(WEIGHTS_1, weights, TILE_ROW_BYTES);
    _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
    _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
    _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
    _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
    _tile_loadd(PIXELS_0, low, row_bytes);
    _tile_loadd(PIXELS_1, low + TILE_ROWS * pixel_stride, row_bytes);
    _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_1);
    _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_1);
}

static void zero_sums(void)
{
    _tile_zero(SUM_00);
    _tile_zero(SUM_01);
    _tile_zero(SUM_10);
    _tile_zero(SUM_11);
}

static void tile_wide(const cc_split_tile *tile, float *sums)
{
    const uint16_t *weights = tile->weights;

    zero_sums();
    for (int pair = 0; pair < tile->pairs; pair++) {
        for (int row = 0; row < tile->kernel_height; row++) {
            for (int column = 0; column < tile->kernel_width; column++) {
                ptrdiff_t at = pair * tile->pair_stride + row * tile->tap_row_stride +
                               column * tile->tap_column_stride;
                add_2x2(tile->high + at, tile->low + at, tile->pixel_stride, weights);
                weights += 4 * CC_SPLIT_TILE;
            }
        }
    }
    _tile_stored(SUM_00, sums, TILE_ROW_BYTES);
    _tile_stored(SUM_10, sums + TILE_FLOATS, TILE_ROW_BYTES);
    _tile_stored(SUM_01, sums + 2 * TILE_FLOATS, TILE_ROW_BYTES);
    _tile_stored(SUM_11, sums + 3 * TILE_FLOATS, TILE_ROW_BYTES);
}

static void tile_narrow(const cc_split_tile *tile, float *sums)
{
    const uint16_t *weights = tile->weights;
    float others[2 * TILE_FLOATS];

    zero_sums();
    for (int pair = 0; pair < tile->pairs; pair++) {
        for (int row = 0; row < tile->kernel_height; row++) {
            for (int column = 0; column < tile->kernel_width; column++) {
                ptrdiff_t at = pair * tile->pair_stride + row * tile->tap_row_stride +
                               column * tile->tap_column_stride;
                add_2x1(tile->high + at, tile->low + at, tile->pixel_stride, weights);
                weights += 2 * CC_SPLIT_TILE;
            }
        }
    }
    _tile_stored(SUM_00, sums, TILE_ROW_BYTES);
    _tile_stored(SUM_10, sums + TILE_FLOATS, TILE_ROW_BYTES);
    _tile_stored(SUM_01, others, TILE_ROW_BYTES);
    _tile_stored(SUM_11, others + TILE_FLOATS, TILE_ROW_BYTES);
    for (int i = 0; i < 2 * TILE_FLOATS; i += 16) {
        _mm512_storeu_ps(sums + i, _mm512_loadu_ps(sums + i) + _mm512_loadu_ps(others + i));
    }
}

static void tile(const cc_split_tile *tile, int output_blocks, float *sums)
{
    if (output_blocks == 2) {
        tile_wide(tile, sums);
    } else {
        tile_narrow(tile, sums);
    }
}

static void finish(const cc_split_finish *finish, const float *sums, int pixels)
{
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

/* The operating system hands out the tile registers on request, to the whole
 * process (Linux 5.16: arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). */
static bool ask_for_tiles(void)
{
#if defined(__linux__) && defined(SYS_arch_prctl)
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
    return false;
#endif
}

void cc_split_avx512amx(cc_split_kernels *kernels)
{
    if (cc_cpu_detect()->amx_bf16 && cc_cpu_detect()->avx512_bf16 && ask_for_tiles()) {
        *kernels = (cc_split_kernels){.begin = begin,
                                      .end = end,
                                      .split_pixels = split_pixels,
                                      .tile = tile,
                                      .finish = finish};
    }
}
