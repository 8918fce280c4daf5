/* The vector kernels of masks and edge colours beside their specifications. Buffers end
 * where the contract says, so that AddressSanitizer sees who reads on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/memory.h"
#include "matte/color_fit.h"
#include "matte/edge_color_kernel.h"
#include "matte/guided_kernel.h"
#include "matte/matte.h"

static uint32_t random_state = 1;

static uint8_t random_sample(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint8_t)(random_state >> 24);
}

/* Masks are mostly at one end or the other, and nearly so. */
static uint8_t random_mask(void)
{
    uint8_t kind = random_sample();
    uint8_t near = random_sample() & 3;
    return kind < 80 ? near : kind < 160 ? (uint8_t)(255 - near) : random_sample();
}

static uint8_t *random_bytes(size_t size, uint8_t (*sample)(void))
{
    uint8_t *bytes = malloc(size);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = sample();
    }
    return bytes;
}

/* ---- cutting out ---- */

static void rows_of_any_width_are_cut(void **state)
{
    (void)state;
    for (int width = 1; width < 70; width++) {
        cc_image image;
        cc_image mask;
        cc_image cutout;
        assert_int_equal(cc_image_create(width, 2, 3, &image, NULL), CC_OK);
        assert_int_equal(cc_image_create(width, 2, 1, &mask, NULL), CC_OK);
        for (int i = 0; i < width * 2; i++) {
            mask.pixels[i] = random_mask();
            for (int c = 0; c < 3; c++) {
                image.pixels[3 * i + c] = random_sample();
            }
        }
        assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, NULL, &cutout, NULL),
                         CC_OK);
        for (int i = 0; i < width * 2; i++) {
            uint8_t alpha = cc_matte_settle(mask.pixels[i]);
            assert_int_equal(cutout.pixels[4 * i + 3], alpha);
            for (int c = 0; c < 3; c++) {
                assert_int_equal(cutout.pixels[4 * i + c], alpha > 0 ? image.pixels[3 * i + c] : 0);
            }
        }
        cc_image_free(&cutout);
        cc_image_free(&mask);
        cc_image_free(&image);
    }
}

static void nearly_opaque_is_opaque(void **state)
{
    (void)state;
    for (int value = 0; value < 256; value++) {
        uint8_t settled = cc_matte_settle((uint8_t)value);
        assert_int_equal(settled, value <= 2 ? 0 : value >= 253 ? 255 : value);
        assert_int_equal(cc_matte_is_soft((uint8_t)value), settled > 0 && settled < 255);
    }
}

#if defined(__x86_64__)

static void need_avx2(void)
{
    if (cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return;
    }
    print_message("skipped: no AVX2 here\n");
    skip();
}

/* ---- edge colours ---- */

typedef struct edge_case {
    uint8_t *pixels;
    uint8_t *mask;
    uint8_t *target;
    cc_edge_row row;
} edge_case;

static edge_case make_edge_case(int count, bool last)
{
    size_t pixels = (size_t)count;
    edge_case at = {random_bytes(pixels * 3 + !last, random_sample),
                    random_bytes(pixels, random_mask),
                    random_bytes(pixels * 4, random_mask),
                    {0}};

    at.row = (cc_edge_row){at.pixels, at.mask, 3, count, last ? count - 1 : count};
    return at;
}

static void free_edge_case(edge_case *at)
{
    free(at->pixels);
    free(at->mask);
    free(at->target);
}

static void random_cells(cc_edge_cell *cells)
{
    for (int i = 0; i < CC_EDGE_GUESSES; i++) {
        for (int c = 0; c < 4; c++) {
            cells[i].subject[c] = random_sample();
            cells[i].behind[c] = random_sample();
        }
    }
}

static void edge_sums_agree(void **state)
{
    cc_edge_tables tables;

    (void)state;
    need_avx2();
    cc_edge_tables_fill(&tables);
    for (int count = 1; count <= CC_EDGE_TILE; count++) {
        edge_case at = make_edge_case(count, count % 2 == 0);
        cc_edge_cell cells[2][CC_EDGE_TILE_CELLS] = {{{{0}, {0}}}};
        for (int pass = 0; pass < 3; pass++) {
            cc_edge_kernels_reference.sum(&tables, &at.row, cells[0]);
            cc_edge_kernels_avx2.sum(&tables, &at.row, cells[1]);
        }
        for (int i = 0; i < CC_EDGE_TILE_CELLS; i++) {
            for (int c = 0; c < 4; c++) {
                assert_true(fabsf(cells[0][i].subject[c] - cells[1][i].subject[c]) < 1e-2F);
                assert_true(fabsf(cells[0][i].behind[c] - cells[1][i].behind[c]) < 1e-2F);
            }
        }
        free_edge_case(&at);
    }
}

static void edge_corrections_agree(void **state)
{
    cc_edge_tables tables;

    (void)state;
    need_avx2();
    cc_edge_tables_fill(&tables);
    for (int count = 1; count <= CC_EDGE_TILE; count++) {
        edge_case at = make_edge_case(count, count % 2 == 0);
        uint8_t *expected = malloc((size_t)count * 4);
        cc_edge_cell cells[2][CC_EDGE_GUESSES];
        cc_edge_guess guess = {cells[0], cells[1], 0.375F};
        assert_non_null(expected);
        random_cells(cells[0]);
        random_cells(cells[1]);
        memcpy(expected, at.target, (size_t)count * 4);
        cc_edge_kernels_reference.correct(&tables, &at.row, &guess, expected);
        cc_edge_kernels_avx2.correct(&tables, &at.row, &guess, at.target);
        for (int i = 0; i < count * 4; i++) {
            assert_true(abs(expected[i] - at.target[i]) <= (i % 4 == 3 ? 0 : 1));
        }
        free(expected);
        free_edge_case(&at);
    }
}

/* ---- guided masks ---- */

enum { SMALL = 9 };

static void fill_models(cc_color_model *models, float scale)
{
    for (int i = 0; i < SMALL; i++) {
        for (int c = 0; c < 3; c++) {
            models[i].weight[c] = scale * ((float)random_sample() / 255.0F - 0.5F);
        }
        models[i].offset = scale * (float)random_sample();
    }
}

static void guided_runs_agree(void **state)
{
    (void)state;
    need_avx2();
    for (int count = 2; count < 60; count++) {
        int channels = 3 + count % 2;
        uint8_t *pixels = random_bytes((size_t)(count * channels) + (channels == 3), random_sample);
        uint8_t *expected = random_bytes((size_t)count, random_mask);
        uint8_t *mask = malloc((size_t)count);
        cc_color_model values[2][SMALL];
        cc_guide_position along[60];
        cc_guide_models models = {values[0], values[1], along};
        assert_non_null(mask);
        fill_models(values[0], 1.0F);
        fill_models(values[1], 0.2F);
        memcpy(mask, expected, (size_t)count);
        for (int x = 0; x < count; x++) {
            along[x] = cc_guide_position_of(x, (double)count / SMALL, SMALL);
        }
        cc_guide_run_reference(&models, pixels, channels, 1, count, expected);
        cc_guide_run_avx2(&models, pixels, channels, 1, count, mask);
        for (int x = 0; x < count; x++) {
            assert_true(abs(expected[x] - mask[x]) <= 1);
        }
        free(pixels);
        free(expected);
        free(mask);
    }
}

/* ---- colour models ---- */

static cc_color_guide random_guide(int width, int height, int radius)
{
    cc_color_guide guide;

    assert_int_equal(cc_color_guide_make(width, height, &guide, NULL), CC_OK);
    guide.radius = radius;
    guide.ridge = 6.5F;
    for (int i = 0; i < width * height; i++) {
        guide.zone.pixels[i] = random_sample() < 20;
        guide.alpha[i] = (float)random_mask() / 255.0F;
        for (int c = 0; c < 3; c++) {
            guide.picture.pixels[3 * i + c] = random_sample();
        }
    }
    return guide;
}

static void fit_with(cc_color_guide *guide, cc_color_fit_strip strip, cc_color_model *models)
{
    cc_color_fit fit = cc_color_fit_make(guide);
    float *scratch = malloc(cc_color_fit_scratch(&fit) * sizeof *scratch);
    uint8_t *needed = malloc((size_t)fit.blocks);
    size_t count = (size_t)guide->picture.width * (size_t)guide->picture.height;

    assert_non_null(scratch);
    assert_non_null(needed);
    memset(guide->models, 0, count * sizeof *models);
    for (int y = 0; y < guide->picture.height; y += 5) {
        int end = y + 5 < guide->picture.height ? y + 5 : guide->picture.height;
        strip(&fit, y, end, scratch, needed);
    }
    memcpy(models, guide->models, count * sizeof *models);
    free(scratch);
    free(needed);
}

static void fitted_models_agree(void **state)
{
    enum { MOST = 50 * 20 };
    static cc_color_model models[2][MOST];

    (void)state;
    need_avx2();
    for (int radius = 1; radius <= 7; radius++) {
        for (int width = 1; width < 50; width += 7) {
            cc_color_guide guide = random_guide(width, 19, radius);
            fit_with(&guide, cc_color_fit_strip_portable, models[0]);
            fit_with(&guide, cc_color_fit_strip_avx2, models[1]);
            for (int i = 0; i < width * 19; i++) {
                for (int c = 0; c < 3; c++) {
                    assert_true(fabsf(models[0][i].weight[c] - models[1][i].weight[c]) < 1e-5F);
                }
                assert_true(fabsf(models[0][i].offset - models[1][i].offset) < 1e-3F);
                assert_true(guide.zone.pixels[i] || models[0][i].offset == 0.0F);
            }
            cc_color_guide_free(&guide);
        }
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_any_width_are_cut),
        cmocka_unit_test(nearly_opaque_is_opaque),
#if defined(__x86_64__)
        cmocka_unit_test(edge_sums_agree),
        cmocka_unit_test(edge_corrections_agree),
        cmocka_unit_test(guided_runs_agree),
        cmocka_unit_test(fitted_models_agree),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
