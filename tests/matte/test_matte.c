/* Mask and picture brought together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "matte/matte.h"

enum { SIDE = 256 };

/* Every value against every mask: x is the sample, y the mask. */
static void make_all(int channels, cc_image *image, cc_image *mask)
{
    assert_int_equal(cc_image_create(SIDE, SIDE, channels, image, NULL), CC_OK);
    assert_int_equal(cc_image_create(SIDE, SIDE, 1, mask, NULL), CC_OK);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            memset(cc_image_row(image, y) + x * channels, x, (size_t)channels);
            cc_image_row(mask, y)[x] = (uint8_t)y;
        }
    }
}

static int rounded_product(int a, int b)
{
    return (int)floor(a * b / 255.0 + 0.5);
}

/* Image.composite over transparent black: every channel times the mask. */
static void rembg_style(void **state)
{
    cc_image image;
    cc_image mask;
    cc_image cutout;

    (void)state;
    make_all(4, &image, &mask);
    assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_REMBG, NULL, &cutout, NULL), CC_OK);
    assert_int_equal(cutout.channels, 4);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            for (int c = 0; c < 4; c++) {
                assert_int_equal(cc_image_row(&cutout, y)[4 * x + c], rounded_product(x, y));
            }
        }
    }
    cc_image_free(&cutout);
    cc_image_free(&mask);
    cc_image_free(&image);
}

/* Colours stay, alpha multiplies, and nothing hides under alpha zero. */
static void straight_style(void **state)
{
    cc_image image;
    cc_image mask;
    cc_image cutout;

    (void)state;
    make_all(4, &image, &mask);
    assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, NULL, &cutout, NULL), CC_OK);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *pixel = cc_image_row(&cutout, y) + 4 * x;
            int alpha = rounded_product(x, y < 3 ? 0 : y > 252 ? 255 : y);
            assert_int_equal(pixel[3], alpha);
            assert_int_equal(pixel[0], alpha > 0 ? x : 0);
            assert_int_equal(pixel[2], alpha > 0 ? x : 0);
        }
    }
    cc_image_free(&cutout);
    cc_image_free(&mask);
    cc_image_free(&image);
}

static void every_channel_count(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        static const uint8_t samples[4] = {10, 20, 30, 255};
        static const uint8_t expected[4][4] = {
            {10, 10, 10, 200}, {10, 10, 10, 16}, {10, 20, 30, 200}, {10, 20, 30, 200}};
        cc_image image;
        cc_image mask;
        cc_image cutout;

        assert_int_equal(cc_image_create(1, 1, channels, &image, NULL), CC_OK);
        assert_int_equal(cc_image_create(1, 1, 1, &mask, NULL), CC_OK);
        memcpy(image.pixels, samples, (size_t)channels);
        mask.pixels[0] = 200;
        assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, NULL, &cutout, NULL),
                         CC_OK);
        assert_memory_equal(cutout.pixels, expected[channels - 1], 4);
        cc_image_free(&cutout);
        cc_image_free(&mask);
        cc_image_free(&image);
    }
}

static void sizes_must_agree(void **state)
{
    cc_image image;
    cc_image mask;
    cc_image cutout;
    cc_error error;

    (void)state;
    assert_int_equal(cc_image_create(2, 2, 3, &image, NULL), CC_OK);
    assert_int_equal(cc_image_create(2, 3, 1, &mask, NULL), CC_OK);
    assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, NULL, &cutout, &error),
                     CC_INVALID_ARGUMENT);
    assert_null(cutout.pixels);
    cc_image_free(&mask);
    cc_image_free(&image);
}

/* The same bytes with any number of threads, more rows than one task takes. */
static void threads_change_nothing(void **state)
{
    cc_thread_pool *pool = NULL;
    cc_image image;
    cc_image mask;
    cc_image alone;
    cc_image together;

    (void)state;
    make_all(3, &image, &mask);
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, NULL, &alone, NULL), CC_OK);
    assert_int_equal(cc_matte_cut(&image, &mask, CC_MATTE_STRAIGHT, pool, &together, NULL), CC_OK);
    assert_memory_equal(alone.pixels, together.pixels, (size_t)SIDE * SIDE * 4);
    cc_image_free(&together);
    cc_image_free(&alone);
    cc_image_free(&mask);
    cc_image_free(&image);
    cc_thread_pool_destroy(pool);
}

static void resized_mask(void **state)
{
    cc_image small;
    cc_image mask;

    (void)state;
    assert_int_equal(cc_image_create(2, 2, 1, &small, NULL), CC_OK);
    memset(small.pixels, 255, 4);
    assert_int_equal(cc_matte_resize(&small, 7, 5, NULL, &mask, NULL), CC_OK);
    assert_int_equal(mask.width, 7);
    assert_int_equal(mask.height, 5);
    assert_int_equal(mask.channels, 1);
    assert_int_equal(cc_image_row(&mask, 4)[6], 255);
    cc_image_free(&mask);
    cc_image_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rembg_style),
        cmocka_unit_test(straight_style),
        cmocka_unit_test(every_channel_count),
        cmocka_unit_test(sizes_must_agree),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(resized_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
