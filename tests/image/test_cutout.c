/* Cut-outs on grounds, back in the photo's size, and steadied in time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "image/cutout.h"
#include "image/resample.h"
#include "image/temporal.h"

static cc_image make(int width, int height, int channels)
{
    cc_image image;
    assert_int_equal(cc_image_create(width, height, channels, &image, NULL), CC_OK);
    return image;
}

static void fill(cc_image *image, const uint8_t *color)
{
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            memcpy(cc_image_row(image, y) + (size_t)(x * image->channels), color,
                   (size_t)image->channels);
        }
    }
}

static void on_a_picture(void **unused)
{
    cc_image cutout = make(4, 2, 4);
    cc_image ground = make(12, 2, 3);
    cc_image result;
    const uint8_t *row;

    (void)unused;
    /* Left third red, middle third green, right third blue: covering takes the middle. */
    for (int x = 0; x < 12; x++) {
        for (int y = 0; y < 2; y++) {
            cc_image_row(&ground, y)[3 * x + x / 4] = 200;
        }
    }
    fill(&cutout, (const uint8_t[]){100, 50, 10, 0});
    memcpy(cc_image_row(&cutout, 0), (const uint8_t[]){100, 50, 10, 255}, 4);
    memcpy(cc_image_row(&cutout, 0) + 4, (const uint8_t[]){100, 50, 10, 128}, 4);
    assert_int_equal(cc_cutout_over_image(&cutout, &ground, NULL, &result, NULL), CC_OK);
    assert_int_equal(result.channels, 3);
    row = cc_image_row(&result, 0);
    assert_memory_equal(row, ((const uint8_t[]){100, 50, 10}), 3);
    assert_memory_equal(row + 3, ((const uint8_t[]){50, 125, 5}), 3);
    assert_memory_equal(row + 6, ((const uint8_t[]){0, 200, 0}), 3);
    cc_image_free(&result);
    cc_image_free(&ground);

    ground = make(2, 9, 4);
    fill(&ground, (const uint8_t[]){0, 0, 255, 100});
    assert_int_equal(cc_cutout_over_image(&cutout, &ground, NULL, &result, NULL), CC_OK);
    assert_int_equal(result.channels, 4);
    row = cc_image_row(&result, 0);
    assert_memory_equal(row, ((const uint8_t[]){100, 50, 10, 255}), 4);
    assert_memory_equal(row + 8, ((const uint8_t[]){0, 0, 255, 100}), 4);
    assert_int_equal(row[7], 178); /* 128 + 100 * 127 / 255 */
    cc_image_free(&result);
    cc_image_free(&ground);

    ground = make(1, 1, 1);
    ground.pixels[0] = 77;
    assert_int_equal(cc_cutout_over_image(&cutout, &ground, NULL, &result, NULL), CC_OK);
    assert_memory_equal(cc_image_row(&result, 1), ((const uint8_t[]){77, 77, 77}), 3);
    cc_image_free(&result);
    assert_int_equal(cc_cutout_over_image(&ground, &cutout, NULL, &result, NULL),
                     CC_INVALID_ARGUMENT);
    cc_image_free(&ground);
    cc_image_free(&cutout);
}

static void sizes(void **unused)
{
    int width;
    int height;

    (void)unused;
    cc_fit_size(4000, 3000, 1000, &width, &height);
    assert_int_equal(width, 1000);
    assert_int_equal(height, 750);
    cc_fit_size(300, 400, 1000, &width, &height);
    assert_int_equal(width, 300);
    cc_fit_size(100000, 1, 100, &width, &height);
    assert_int_equal(height, 1);
}

static cc_image stripes(int width, int height, int channels)
{
    cc_image image = make(width, height, channels);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width * channels; x++) {
            cc_image_row(&image, y)[x] = (uint8_t)(40 + (x * 37 + y * 11) % 150);
        }
    }
    return image;
}

/* The enlarged cut-out has the photo's own colours to the sample, and where the small
 * one's were changed, the change. */
static void colours_are_the_photos(void **unused)
{
    cc_image photo = stripes(64, 48, 3);
    cc_image small;
    cc_image cutout = make(16, 12, 4);
    cc_image result;

    (void)unused;
    assert_int_equal(cc_image_resize(&photo, 16, 12, CC_FILTER_LANCZOS, NULL, &small, NULL), CC_OK);
    for (int y = 0; y < 12; y++) {
        for (int x = 0; x < 16; x++) {
            uint8_t *pixel = cc_image_row(&cutout, y) + 4 * x;
            memcpy(pixel, cc_image_row(&small, y) + 3 * x, 3);
            pixel[3] = 255;
        }
    }
    assert_int_equal(cc_cutout_enlarge(&photo, &small, &cutout, NULL, &result, NULL), CC_OK);
    for (int y = 0; y < 48; y++) {
        for (int x = 0; x < 64; x++) {
            assert_memory_equal(cc_image_row(&result, y) + 4 * x, cc_image_row(&photo, y) + 3 * x,
                                3);
            assert_int_equal(cc_image_row(&result, y)[4 * x + 3], 255);
        }
    }
    cc_image_free(&result);
    for (int i = 0; i < 16 * 12; i++) {
        cutout.pixels[4 * i] = (uint8_t)(cutout.pixels[4 * i] + 20);
    }
    assert_int_equal(cc_cutout_enlarge(&photo, &small, &cutout, NULL, &result, NULL), CC_OK);
    assert_int_equal(cc_image_row(&result, 20)[4 * 30], cc_image_row(&photo, 20)[3 * 30] + 20);
    assert_int_equal(cc_image_row(&result, 20)[4 * 30 + 1], cc_image_row(&photo, 20)[3 * 30 + 1]);
    cc_image_free(&result);
    memset(cutout.pixels, 0, cutout.stride * 12);
    assert_int_equal(cc_cutout_enlarge(&photo, &small, &cutout, NULL, &result, NULL), CC_OK);
    assert_int_equal(result.pixels[4 * 1000], 0); /* nothing hidden */
    cc_image_free(&result);
    cutout.width = 15;
    assert_int_equal(cc_cutout_enlarge(&photo, &small, &cutout, NULL, &result, NULL),
                     CC_INVALID_ARGUMENT);
    cc_image_free(&cutout);
    cc_image_free(&small);
    cc_image_free(&photo);
}

static void memory_that_is_refused(void **unused)
{
    cc_image photo = stripes(20, 20, 3);
    cc_image small = stripes(10, 10, 3);
    cc_image cutout = stripes(10, 10, 4);
    cc_image result;

    (void)unused;
    for (long n = 0; n < 200; n++) {
        cc_status status;
        cc_memory_fail_after(n);
        status = cc_cutout_enlarge(&photo, &small, &cutout, NULL, &result, NULL);
        cc_memory_fail_after(-1);
        if (status == CC_OK) {
            assert_true(n > 3);
            cc_image_free(&result);
            break;
        }
        assert_int_equal(status, CC_OUT_OF_MEMORY);
        assert_null(result.pixels);
    }
    cc_image_free(&cutout);
    cc_image_free(&small);
    cc_image_free(&photo);
}

/* ---- films ---- */

static void flicker_is_held_motion_is_not(void **unused)
{
    cc_temporal film = {.strength = 0.8f};
    cc_image mask = make(2, 1, 1);
    float expected = 110;

    (void)unused;
    mask.pixels[0] = 110;
    mask.pixels[1] = 0;
    assert_int_equal(cc_temporal_apply(&film, NULL, &mask, NULL), CC_OK);
    assert_int_equal(mask.pixels[0], 110); /* the first frame as it is */
    mask.pixels[0] = 100;
    mask.pixels[1] = 255;
    assert_int_equal(cc_temporal_apply(&film, NULL, &mask, NULL), CC_OK);
    expected = 100 + 0.8f * powf(1 - 10 / 255.0f, 2) * 10;
    assert_int_equal(mask.pixels[0], (int)(expected + 0.5f));
    assert_int_equal(mask.pixels[1], 255);
    /* Another size begins anew. */
    cc_image_free(&mask);
    mask = make(1, 1, 1);
    mask.pixels[0] = 7;
    assert_int_equal(cc_temporal_apply(&film, NULL, &mask, NULL), CC_OK);
    assert_int_equal(mask.pixels[0], 7);
    cc_image_free(&mask);
    cc_temporal_reset(&film);
}

static void what_appears_has_the_photos_colour(void **unused)
{
    cc_temporal film = {.strength = 0.9f};
    cc_image photo = make(1, 1, 3);
    cc_image cutout = make(1, 1, 4);

    (void)unused;
    memcpy(photo.pixels, (const uint8_t[]){1, 2, 3}, 3);
    memcpy(cutout.pixels, (const uint8_t[]){9, 9, 9, 100}, 4);
    assert_int_equal(cc_temporal_apply(&film, &photo, &cutout, NULL), CC_OK);
    memset(cutout.pixels, 0, 4);
    assert_int_equal(cc_temporal_apply(&film, &photo, &cutout, NULL), CC_OK);
    assert_memory_equal(cutout.pixels, ((const uint8_t[]){1, 2, 3}), 3);
    assert_in_range(cutout.pixels[3], 30, 40); /* 0.9 * (155/255)^2 * 100 */
    assert_int_equal(cc_temporal_apply(&film, NULL, &cutout, NULL), CC_INVALID_ARGUMENT);
    cc_image_free(&photo);
    cc_image_free(&cutout);
    cc_temporal_reset(&film);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_picture),
        cmocka_unit_test(sizes),
        cmocka_unit_test(colours_are_the_photos),
        cmocka_unit_test(memory_that_is_refused),
        cmocka_unit_test(flicker_is_held_motion_is_not),
        cmocka_unit_test(what_appears_has_the_photos_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
