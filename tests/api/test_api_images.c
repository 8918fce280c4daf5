/* Pictures through the public interface. */
#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clearcut.h"

static void created_with_a_stride(void **state)
{
    static const uint8_t pixels[] = {1, 2, 3, 99, 4, 5, 6, 99};
    clearcut_image *image = NULL;

    (void)state;
    assert_int_equal(clearcut_image_create(1, 2, 3, pixels, 4, &image, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_width(image), 1);
    assert_int_equal(clearcut_image_height(image), 2);
    assert_int_equal(clearcut_image_channels(image), 3);
    assert_memory_equal(clearcut_image_pixels_const(image), pixels, 3);
    assert_memory_equal(clearcut_image_pixels(image) + clearcut_image_stride(image), pixels + 4, 3);
    assert_int_equal(clearcut_image_source_format(image), CLEARCUT_FORMAT_UNKNOWN);
    assert_int_equal(clearcut_image_source_orientation(image), 1);
    assert_string_equal(clearcut_image_note(image), "");
    clearcut_image_free(&image);
    assert_null(image);
}

static void impossible_sizes(void **state)
{
    static const struct {
        int width, height, channels;
        size_t stride;
        clearcut_status expected;
    } cases[] = {
        {0, 1, 3, 0, CLEARCUT_INVALID_ARGUMENT},   {1, -1, 3, 0, CLEARCUT_INVALID_ARGUMENT},
        {1, 1, 0, 0, CLEARCUT_INVALID_ARGUMENT},   {1, 1, 5, 0, CLEARCUT_INVALID_ARGUMENT},
        {10, 1, 3, 29, CLEARCUT_INVALID_ARGUMENT}, {60000, 60000, 3, 0, CLEARCUT_LIMIT},
    };
    clearcut_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clearcut_image *image = (clearcut_image *)&error; /* must be cleared */
        assert_int_equal(clearcut_image_create(cases[i].width, cases[i].height, cases[i].channels,
                                               NULL, cases[i].stride, &image, &error),
                         cases[i].expected);
        assert_null(image);
        assert_int_equal(error.code, cases[i].expected);
    }
}

/* Left half 0, right half 200: both stay, and the edge stays in the middle. */
static void resized(void **state)
{
    uint8_t pixels[8 * 8];
    clearcut_image *image = NULL;
    clearcut_image *small = NULL;
    clearcut_error error;

    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = i % 8 < 4 ? 0 : 200;
    }
    assert_int_equal(clearcut_image_create(8, 8, 1, pixels, 0, &image, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_resize(image, 40, 4, &small, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_width(small), 40);
    assert_int_equal(clearcut_image_height(small), 4);
    assert_int_equal(clearcut_image_pixels_const(small)[0], 0);
    assert_int_equal(clearcut_image_pixels_const(small)[39], 200);
    assert_true(clearcut_image_pixels_const(small)[19] < 100);
    assert_true(clearcut_image_pixels_const(small)[20] > 100);
    clearcut_image_free(&small);
    assert_int_equal(clearcut_image_resize(image, 0, 4, &small, &error), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_image_resize(image, 60000, 60000, &small, &error), CLEARCUT_LIMIT);
    assert_int_equal(clearcut_image_resize(NULL, 4, 4, &small, &error), CLEARCUT_INVALID_ARGUMENT);
    assert_null(small);
    clearcut_image_free(&image);
}

/* PNG keeps every sample; the time is told. */
static void through_png_and_back(void **state)
{
    uint8_t pixels[4 * 4 * 4];
    clearcut_image *image = NULL;
    clearcut_image *back = NULL;
    clearcut_bytes bytes;
    clearcut_timing timing = {0};
    clearcut_encode_options encode;
    clearcut_decode_options decode;

    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i * 37);
    }
    clearcut_encode_options_init(&encode);
    encode.timing = &timing;
    clearcut_decode_options_init(&decode);
    decode.timing = &timing;
    assert_int_equal(clearcut_image_create(4, 4, 4, pixels, 0, &image, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_encode(image, &encode, &bytes, NULL), CLEARCUT_OK);
    assert_memory_equal(bytes.data, "\x89PNG", 4);
    assert_int_equal(clearcut_image_decode(bytes.data, bytes.size, &decode, &back, NULL),
                     CLEARCUT_OK);
    assert_int_equal(clearcut_image_source_format(back), CLEARCUT_FORMAT_PNG);
    for (int y = 0; y < 4; y++) {
        assert_memory_equal(clearcut_image_pixels(back) + (size_t)y * clearcut_image_stride(back),
                            pixels + 16 * y, 16);
    }
    assert_true(timing.encode > 0 && timing.decode > 0);
    assert_true(timing.total >= timing.encode + timing.decode - 1e-9);
    clearcut_bytes_free(&bytes);
    clearcut_image_free(&back);
    clearcut_image_free(&image);
}

static void undecodable(void **state)
{
    clearcut_image *image = NULL;
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_image_decode("", 0, NULL, &image, &error), CLEARCUT_CORRUPT);
    assert_int_equal(clearcut_image_decode(NULL, 5, NULL, &image, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    assert_int_not_equal(clearcut_image_decode("hello there", 11, NULL, &image, &error),
                         CLEARCUT_OK);
    assert_null(image);
    assert_int_equal(clearcut_image_read("/no/such.png", NULL, &image, &error), CLEARCUT_NOT_FOUND);
    assert_memory_equal(error.message, "/no/such.png: ", 14);
}

static void encoding_limits(void **state)
{
    clearcut_image *image = NULL;
    clearcut_encode_options options;
    clearcut_bytes bytes;

    (void)state;
    assert_int_equal(clearcut_image_create(2, 2, 3, NULL, 0, &image, NULL), CLEARCUT_OK);
    clearcut_encode_options_init(&options);
    options.quality = 101;
    assert_int_equal(clearcut_image_encode(image, &options, &bytes, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
    clearcut_encode_options_init(&options);
    options.png_level = 13;
    assert_int_equal(clearcut_image_encode(image, &options, &bytes, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
    clearcut_encode_options_init(&options);
    options.format = CLEARCUT_FORMAT_HEIF;
    assert_int_equal(clearcut_image_encode(image, &options, &bytes, NULL), CLEARCUT_UNSUPPORTED);
    assert_null(bytes.data);
    assert_int_equal(clearcut_image_write(image, "/tmp/x.bmp", NULL, NULL), CLEARCUT_UNSUPPORTED);
    assert_int_equal(clearcut_image_write(image, "/no/such/x.png", NULL, NULL), CLEARCUT_IO);
    clearcut_image_free(&image);
}

static void format_by_extension(void **state)
{
    char path[64] = "/tmp/clearcut-api-XXXXXX.jpg";
    clearcut_image *image = NULL;
    int descriptor = mkstemps(path, 4);

    (void)state;
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(clearcut_image_create(8, 8, 3, NULL, 0, &image, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_write(image, path, NULL, NULL), CLEARCUT_OK);
    clearcut_image_free(&image);
    assert_int_equal(clearcut_image_read(path, NULL, &image, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_source_format(image), CLEARCUT_FORMAT_JPEG);
    clearcut_image_free(&image);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created_with_a_stride),
        cmocka_unit_test(impossible_sizes),
        cmocka_unit_test(resized),
        cmocka_unit_test(through_png_and_back),
        cmocka_unit_test(undecodable),
        cmocka_unit_test(encoding_limits),
        cmocka_unit_test(format_by_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
