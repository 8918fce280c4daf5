/* Tiles on Intel's matrix unit (AMX). Packing and finishing are those of the vector
 * units (matrix_avx512bf16.c, matrix_avx512vnni.c), which come with every such machine.
 *
 * SPLIT: x = high + low + rest with high = bf16(x), low = bf16(x - high), |rest| <=
 * 2^-18 |x|. Of the four partial products of two such numbers, high x high, low x high
 * and high x low are summed in float32; low x low is at most 2^-18 of the product and
 * is left out. See convolution_matrix.c for what that means for a layer.
 *
 * A tile register holds 16 rows of 64 bytes: 16 pixels of one step (A), a tile of
 * weights (B), or 16 pixels of 16 outputs (C). Products onto the same sums wait for
 * each other (52 cycles, where one starts every 16), so four sums are always under way.
 */
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cpu.h"
#include "nn/cpu/matrix_kernels.h"

/* Tile registers: 4 sums, 2 of pixels, 2 of weights. */
#define SUM_00 0
#define SUM_01 1
#define SUM_10 2
#define SUM_11 3
#define PIXELS_0 4
#define PIXELS_1 5
#define WEIGHTS_0 6
#define WEIGHTS_1 7

#define TILE_WORDS (CC_MATRIX_TILE / 4)

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
        configuration.row_bytes[i] = CC_MATRIX_ROW;
        configuration.rows[i] = CC_MATRIX_TILE_ROWS;
    }
    /* gcc 12 believes that the instruction reads eight bytes and drops the rest. */
    __asm__ volatile("" : : "r"(&configuration) : "memory");
    _tile_loadconfig(&configuration);
}

static void end(void)
{
    _tile_release();
}

/* ---- sums in and out ---- */

static void start_sums(const cc_matrix_tile *tile, const int32_t *sums)
{
    if (tile->goes_on) {
        _tile_loadd(SUM_00, sums, CC_MATRIX_ROW);
        _tile_loadd(SUM_10, sums + TILE_WORDS, CC_MATRIX_ROW);
        _tile_loadd(SUM_01, sums + 2 * TILE_WORDS, CC_MATRIX_ROW);
        _tile_loadd(SUM_11, sums + 3 * TILE_WORDS, CC_MATRIX_ROW);
    } else {
        _tile_zero(SUM_00);
        _tile_zero(SUM_01);
        _tile_zero(SUM_10);
        _tile_zero(SUM_11);
    }
}

static void store_sums(int32_t *sums)
{
    _tile_stored(SUM_00, sums, CC_MATRIX_ROW);
    _tile_stored(SUM_10, sums + TILE_WORDS, CC_MATRIX_ROW);
    _tile_stored(SUM_01, sums + 2 * TILE_WORDS, CC_MATRIX_ROW);
    _tile_stored(SUM_11, sums + 3 * TILE_WORDS, CC_MATRIX_ROW);
}

/* With one output block the second half of the sums takes every other product, so
 * that more of them are under way. They are joined after the very last step, so that
 * the result does not depend on how steps are put into calls. */

static void join_floats(void *sums)
{
    float *to = sums;

    for (int i = 0; i < 2 * TILE_WORDS; i += 16) {
        _mm512_storeu_ps(to + i,
                         _mm512_loadu_ps(to + i) + _mm512_loadu_ps(to + 2 * TILE_WORDS + i));
    }
}

static void join_integers(int32_t *to)
{
    for (int i = 0; i < 2 * TILE_WORDS; i += 16) {
        _mm512_storeu_si512(to + i, _mm512_add_epi32(_mm512_loadu_si512(to + i),
                                                     _mm512_loadu_si512(to + 2 * TILE_WORDS + i)));
    }
}

/* One step's share of what will be read soon, into the second-level cache. */
static inline const uint8_t *fetch_ahead(const cc_matrix_tile *tile, const uint8_t *ahead)
{
    for (int i = 0; i < tile->ahead_lines && ahead < tile->ahead_end; i++) {
        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        ahead += CC_MATRIX_ROW;
    }
    return ahead;
}

/* ---- split ---- */

static void split_wide(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *high = tile->pixels + tile->steps[step];
        const uint8_t *low = high + tile->low_distance;
        _tile_loadd(PIXELS_0, high, stride);
        _tile_loadd(PIXELS_1, high + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_loadd(WEIGHTS_0, weights + 2 * CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_loadd(WEIGHTS_1, weights + 3 * CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
        _tile_loadd(WEIGHTS_0, weights, CC_MATRIX_ROW);
        _tile_loadd(WEIGHTS_1, weights + CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
        _tile_loadd(PIXELS_0, low, stride);
        _tile_loadd(PIXELS_1, low + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
        weights += 4 * CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
}

static void split_narrow(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *high = tile->pixels + tile->steps[step];
        const uint8_t *low = high + tile->low_distance;
        _tile_loadd(PIXELS_0, high, stride);
        _tile_loadd(PIXELS_1, high + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_loadd(WEIGHTS_0, weights + CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_loadd(WEIGHTS_1, weights, CC_MATRIX_ROW);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
        _tile_loadd(PIXELS_0, low, stride);
        _tile_loadd(PIXELS_1, low + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_1);
        weights += 2 * CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
    if (tile->ends) {
        join_floats(sums);
    }
}

static void tile_split(const cc_matrix_tile *tile, int output_blocks, void *sums)
{
    if (output_blocks == 2) {
        split_wide(tile, sums);
    } else {
        split_narrow(tile, sums);
    }
}

/* ---- one product a number: bfloat16 and bytes differ in one instruction ---- */

static void bf16_wide(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *pixels = tile->pixels + tile->steps[step];
        _tile_loadd(PIXELS_0, pixels, stride);
        _tile_loadd(WEIGHTS_0, weights, CC_MATRIX_ROW);
        _tile_loadd(WEIGHTS_1, weights + CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_loadd(PIXELS_1, pixels + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_1);
        weights += 2 * CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
}

static void bf16_narrow(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *pixels = tile->pixels + tile->steps[step];
        _tile_loadd(WEIGHTS_0, weights, CC_MATRIX_ROW);
        _tile_loadd(PIXELS_0, pixels, stride);
        _tile_loadd(PIXELS_1, pixels + CC_MATRIX_TILE_ROWS * stride, stride);
        if ((tile->steps_before + step) % 2 == 0) {
            _tile_dpbf16ps(SUM_00, PIXELS_0, WEIGHTS_0);
            _tile_dpbf16ps(SUM_10, PIXELS_1, WEIGHTS_0);
        } else {
            _tile_dpbf16ps(SUM_01, PIXELS_0, WEIGHTS_0);
            _tile_dpbf16ps(SUM_11, PIXELS_1, WEIGHTS_0);
        }
        weights += CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
    if (tile->ends) {
        join_floats(sums);
    }
}

static void tile_bf16(const cc_matrix_tile *tile, int output_blocks, void *sums)
{
    if (output_blocks == 2) {
        bf16_wide(tile, sums);
    } else {
        bf16_narrow(tile, sums);
    }
}

static void int8_wide(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *pixels = tile->pixels + tile->steps[step];
        _tile_loadd(PIXELS_0, pixels, stride);
        _tile_loadd(WEIGHTS_0, weights, CC_MATRIX_ROW);
        _tile_loadd(WEIGHTS_1, weights + CC_MATRIX_TILE, CC_MATRIX_ROW);
        _tile_loadd(PIXELS_1, pixels + CC_MATRIX_TILE_ROWS * stride, stride);
        _tile_dpbusd(SUM_00, PIXELS_0, WEIGHTS_0);
        _tile_dpbusd(SUM_01, PIXELS_0, WEIGHTS_1);
        _tile_dpbusd(SUM_10, PIXELS_1, WEIGHTS_0);
        _tile_dpbusd(SUM_11, PIXELS_1, WEIGHTS_1);
        weights += 2 * CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
}

static void int8_narrow(const cc_matrix_tile *tile, int32_t *sums)
{
    const uint8_t *weights = tile->weights;
    const uint8_t *ahead = tile->ahead;
    const size_t stride = (size_t)tile->pixel_stride;

    start_sums(tile, sums);
    for (int step = 0; step < tile->step_count; step++) {
        const uint8_t *pixels = tile->pixels + tile->steps[step];
        _tile_loadd(WEIGHTS_0, weights, CC_MATRIX_ROW);
        _tile_loadd(PIXELS_0, pixels, stride);
        _tile_loadd(PIXELS_1, pixels + CC_MATRIX_TILE_ROWS * stride, stride);
        if ((tile->steps_before + step) % 2 == 0) {
            _tile_dpbusd(SUM_00, PIXELS_0, WEIGHTS_0);
            _tile_dpbusd(SUM_10, PIXELS_1, WEIGHTS_0);
        } else {
            _tile_dpbusd(SUM_01, PIXELS_0, WEIGHTS_0);
            _tile_dpbusd(SUM_11, PIXELS_1, WEIGHTS_0);
        }
        weights += CC_MATRIX_TILE;
        ahead = fetch_ahead(tile, ahead);
    }
    store_sums(sums);
    if (tile->ends) {
        join_integers(sums);
    }
}

static void tile_int8(const cc_matrix_tile *tile, int output_blocks, void *sums)
{
    if (output_blocks == 2) {
        int8_wide(tile, sums);
    } else {
        int8_narrow(tile, sums);
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

static void use_unit(cc_matrix_kernels *kernels, double narrow, double wide,
                     void (*tile)(const cc_matrix_tile *, int, void *))
{
    kernels->level = "amx";
    kernels->step_cycles[0] = narrow;
    kernels->step_cycles[1] = wide;
    kernels->begin = begin;
    kernels->end = end;
    kernels->tile = tile;
}

/* The unit takes 16 cycles a product; measured a fifth more. */
void cc_matrix_avx512amx(cc_matrix_kernels kernels[CC_MATRIX_FORMATS])
{
    const cc_cpu *cpu = cc_cpu_detect();

    if (!(cpu->amx_bf16 && cpu->avx512_bf16) || !ask_for_tiles()) {
        return;
    }
    use_unit(&kernels[CC_MATRIX_SPLIT], 130, 230, tile_split);
    use_unit(&kernels[CC_MATRIX_BF16], 55, 95, tile_bf16);
    if (cpu->amx_int8 && cpu->avx512_vnni) {
        use_unit(&kernels[CC_MATRIX_INT8], 55, 95, tile_int8);
    }
}
