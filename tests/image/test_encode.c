/* Everything we write, read back by ourselves and by Pillow. */
#include <math.h>

#include "core/cpu.h"
#include "image/codec/deflate.h"
#include "image/codec/png_write.h"
#include "image/codec/png_write_filter.h"
#include "image/pixels.h"
#include "image/profile.h"
#include "image_test.h"

static const cc_format formats[] = {CC_FORMAT_PNG, CC_FORMAT_JPEG, CC_FORMAT_WEBP, CC_FORMAT_TIFF};

/* A header that stands the checks of libpng (ICC.1:2022, 7.2), no tags, a body. */
static void make_profile(uint8_t *profile, size_t size, const char *space)
{
    static const uint8_t white_point[12] = {0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D};
    uint32_t seed = 3;

    memset(profile, 0, 132);
    for (size_t i = 132; i < size; i++) {
        profile[i] = (uint8_t)next_random(&seed);
    }
    profile[0] = (uint8_t)(size >> 24);
    profile[1] = (uint8_t)(size >> 16);
    profile[2] = (uint8_t)(size >> 8);
    profile[3] = (uint8_t)size;
    profile[8] = 2;
    memcpy(profile + 12, "mntr", 4);
    memcpy(profile + 16, space, 4);
    memcpy(profile + 20, "XYZ ", 4);
    memcpy(profile + 36, "acsp", 4);
    memcpy(profile + 68, white_point, sizeof white_point);
}

/* ---- PNG ---- */

static void check_png(int width, int height, int channels, int level)
{
    cc_image image = random_image(width, height, channels, (uint32_t)(width + level));
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_PNG);
    cc_decode_info info;
    cc_buffer bytes;
    cc_image again;

    options.png_level = level;
    for (int y = 0; y < height; y += 2) { /* half of it compressible */
        memset(cc_image_row(&image, y), y, image.stride);
    }
    bytes = encode_or_fail(&image, &options);
    again = decode_or_fail(bytes.data, bytes.size, NULL, &info);
    assert_string_equal(info.note, "");
    assert_same_pixels(&image, &again);
    cc_image_free(&image);
    cc_image_free(&again);
    cc_buffer_free(&bytes);
}

static void test_png_every_level(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 9}, {3, 5}, {31, 2}, {33, 40}, {257, 63}};

    (void)state;
    for (int level = -1; level <= 12; level++) {
        for (int channels = 1; channels <= 4; channels++) {
            for (int i = 0; i < COUNT(sizes); i++) {
                check_png(sizes[i][0], sizes[i][1], channels, level);
            }
        }
        check_png(701, 1003, 3, level); /* several strips */
    }
    check_png(300001, 2, 4, -1); /* a row larger than a strip */
}

static void test_png_higher_levels_are_smaller(void **state)
{
    cc_image image = smooth_image(300, 200, 3);
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_PNG);
    size_t sizes[3];
    static const int levels[3] = {0, 1, 9};

    (void)state;
    for (int i = 0; i < 3; i++) {
        cc_buffer bytes;
        options.png_level = levels[i];
        bytes = encode_or_fail(&image, &options);
        sizes[i] = bytes.size;
        cc_buffer_free(&bytes);
    }
    assert_true(sizes[0] > 300 * 200 * 3);
    assert_true(sizes[1] < sizes[0]);
    assert_true(sizes[2] < sizes[1]);
    cc_image_free(&image);
}

static void test_png_row_by_row_gives_the_same_bytes(void **state)
{
    cc_image image = random_image(123, 77, 4, 8);
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_PNG);
    cc_buffer whole = encode_or_fail(&image, &options);
    cc_png_settings settings = {.width = 123, .height = 77, .channels = 4, .level = -1};
    cc_buffer parts = {0};
    cc_png_writer *writer;

    (void)state;
    assert_int_equal(cc_png_writer_open(&settings, &parts, &writer, NULL), CC_OK);
    for (int y = 0; y < image.height; y++) {
        uint8_t row[123 * 4]; /* gone after the call, as a caller's may be */
        memcpy(row, cc_image_row(&image, y), sizeof row);
        assert_int_equal(cc_png_writer_rows(writer, row, sizeof row, 1, NULL), CC_OK);
    }
    assert_int_equal(cc_png_writer_rows(writer, image.pixels, image.stride, 1, NULL), CC_INTERNAL);
    cc_png_writer_close(writer);
    assert_int_equal(whole.size, parts.size);
    assert_memory_equal(whole.data, parts.data, whole.size);
    cc_buffer_free(&whole);
    cc_buffer_free(&parts);
    cc_image_free(&image);
}

#if defined(__x86_64__)
static void test_png_filters_agree(void **state)
{
    enum { SIZE = 1031 };
    uint8_t above[SIZE];
    uint8_t row[SIZE];
    uint8_t expected[SIZE + 1];
    uint8_t actual[SIZE + 1];
    uint8_t scratch[2 * SIZE];
    uint32_t seed = 17;
    int chosen[5] = {0};

    (void)state;
    if (cc_cpu_detect()->level < CC_CPU_AVX2) {
        print_message("SKIPPED: this processor has no AVX2\n");
        skip();
    }
    assert_true(cc_png_filter_scratch(SIZE) <= sizeof scratch);
    for (int round = 0; round < 300; round++) {
        size_t pixel = 1 + (size_t)round % 4;
        size_t size = pixel * (1 + next_random(&seed) % (SIZE / 4));
        for (size_t i = 0; i < size; i++) {
            above[i] = (uint8_t)(next_random(&seed) & (round % 3 == 0 ? 255u : 15u));
            row[i] = (uint8_t)(round % 5 == 0 ? above[i] + 1u : next_random(&seed) & 31u);
        }
        cc_png_filter_row_portable(row, above, size, pixel, expected, scratch);
        cc_png_filter_row_avx2(row, above, size, pixel, actual, scratch);
        assert_memory_equal(expected, actual, size + 1);
        chosen[expected[0]]++;
    }
    assert_true(chosen[1] > 0 && chosen[2] > 0 && chosen[4] > 0);
}
#endif

static void test_deflate_names_its_library(void **state)
{
    (void)state;
#if CLEARCUT_HAVE_ISAL
    assert_string_equal(cc_deflate_library(-1), "ISA-L");
    assert_string_equal(cc_deflate_library(1), "ISA-L");
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    assert_string_equal(cc_deflate_library(6), "libdeflate");
#endif
    assert_string_equal(cc_deflate_library(0), "zlib");
}

/* ---- lossless formats, every channel count ---- */

static void test_lossless_round_trips(void **state)
{
    (void)state;
    for (int f = 0; f < COUNT(formats); f++) {
        cc_encode_options options = cc_encode_options_default(formats[f]);
        options.lossless = true;
        if (formats[f] == CC_FORMAT_JPEG || !cc_format_can_write(formats[f])) {
            continue;
        }
        for (int channels = 1; channels <= 4; channels++) {
            cc_image image = random_image(37, 21, channels, 5);
            cc_buffer bytes = encode_or_fail(&image, &options);
            cc_image again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
            if (again.channels != channels) { /* WebP has no grey */
                cc_image colored;
                assert_int_equal(cc_image_convert(&image, again.channels, &colored, NULL), CC_OK);
                cc_image_free(&image);
                image = colored;
            }
            assert_same_pixels(&image, &again);
            cc_image_free(&image);
            cc_image_free(&again);
            cc_buffer_free(&bytes);
        }
    }
}

static void test_lossy_round_trips(void **state)
{
    static const cc_format lossy[] = {CC_FORMAT_JPEG, CC_FORMAT_WEBP};

    (void)state;
    for (int f = 0; f < COUNT(lossy); f++) {
        size_t sizes[2];
        for (int i = 0; cc_format_can_write(lossy[f]) && i < 2; i++) {
            cc_encode_options options = cc_encode_options_default(lossy[f]);
            cc_image image = smooth_image(80, 60, 3);
            cc_buffer bytes;
            cc_image again;
            double mean;
            options.quality = i == 0 ? 30 : 0;
            bytes = encode_or_fail(&image, &options);
            again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
            assert_true(largest_difference(&image, &again, &mean) < (i == 0 ? 40 : 12));
            assert_true(mean < (i == 0 ? 6 : 2));
            sizes[i] = bytes.size;
            cc_image_free(&image);
            cc_image_free(&again);
            cc_buffer_free(&bytes);
            assert_true(i == 0 || sizes[0] < sizes[1]);
        }
    }
}

static void test_jpeg_of_a_cutout_has_the_background(void **state)
{
    cc_image image = smooth_image(32, 32, 4);
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_JPEG);
    cc_buffer bytes;
    cc_image again;
    const uint8_t *pixel;

    (void)state;
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
            cc_image_row(&image, y)[x * 4 + 3] = 0;
        }
    }
    options.background[0] = 250;
    options.background[1] = 20;
    options.background[2] = 100;
    bytes = encode_or_fail(&image, &options);
    again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
    assert_int_equal(again.channels, 3);
    pixel = cc_image_row(&again, 16) + 16 * 3;
    assert_true(abs(pixel[0] - 250) <= 2 && abs(pixel[1] - 20) <= 2 && abs(pixel[2] - 100) <= 2);
    cc_image_free(&image);
    cc_image_free(&again);
    cc_buffer_free(&bytes);
}

/* ---- metadata ---- */

static void check_profile(cc_format format, const uint8_t *profile, size_t size, bool drop)
{
    cc_image image = smooth_image(16, 16, 3);
    cc_encode_options options = cc_encode_options_default(format);
    cc_buffer bytes;
    cc_image again;

    assert_int_equal(cc_image_set_profile(&image, profile, size, NULL), CC_OK);
    options.drop_profile = drop;
    bytes = encode_or_fail(&image, &options);
    again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
    if (drop) {
        assert_null(again.metadata.icc_profile);
    } else {
        assert_int_equal(again.metadata.icc_profile_size, size);
        assert_memory_equal(again.metadata.icc_profile, profile, size);
    }
    cc_image_free(&image);
    cc_image_free(&again);
    cc_buffer_free(&bytes);
}

static void test_profiles_come_back(void **state)
{
    static uint8_t profile[200000]; /* several JPEG segments */

    (void)state;
    for (int f = 0; f < COUNT(formats); f++) {
        if (cc_format_can_write(formats[f])) {
            make_profile(profile, sizeof profile, "RGB ");
            check_profile(formats[f], profile, sizeof profile, false);
            make_profile(profile, 500, "RGB ");
            check_profile(formats[f], profile, 500, false);
            check_profile(formats[f], profile, 500, true);
        }
    }
}

/* A profile for other channels than the picture has would garble its colours. */
static void test_unfitting_profile_is_not_written(void **state)
{
    uint8_t profile[500];

    (void)state;
    make_profile(profile, sizeof profile, "GRAY");
    for (int f = 0; f < COUNT(formats); f++) {
        cc_image image = smooth_image(16, 16, 3);
        cc_encode_options options = cc_encode_options_default(formats[f]);
        cc_buffer bytes;
        cc_image again;
        if (cc_format_can_write(formats[f])) {
            assert_int_equal(cc_image_set_profile(&image, profile, sizeof profile, NULL), CC_OK);
            bytes = encode_or_fail(&image, &options);
            again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
            assert_null(again.metadata.icc_profile);
            cc_image_free(&again);
            cc_buffer_free(&bytes);
        }
        cc_image_free(&image);
    }
}

static void test_resolution_comes_back(void **state)
{
    static const cc_format with_resolution[] = {CC_FORMAT_PNG, CC_FORMAT_JPEG, CC_FORMAT_TIFF};

    (void)state;
    for (int f = 0; f < COUNT(with_resolution); f++) {
        for (int from_image = 0; from_image < 2; from_image++) {
            cc_image image = smooth_image(16, 16, 3);
            cc_encode_options options = cc_encode_options_default(with_resolution[f]);
            cc_buffer bytes;
            cc_image again;
            image.metadata.dots_per_inch = from_image ? 300 : 72;
            options.dots_per_inch = from_image ? 0 : 300;
            if (cc_format_can_write(with_resolution[f])) {
                bytes = encode_or_fail(&image, &options);
                again = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
                assert_true(fabs(again.metadata.dots_per_inch - 300) < 0.1);
                cc_image_free(&again);
                cc_buffer_free(&bytes);
            }
            cc_image_free(&image);
        }
    }
}

/* ---- refusals ---- */

static void expect_refusal(const cc_image *image, const cc_encode_options *options,
                           cc_status expected)
{
    cc_buffer bytes;
    cc_error error = {0};

    assert_int_equal(cc_image_encode(image, options, &bytes, &error), expected);
    assert_true(error.message[0] != '\0');
    assert_null(bytes.data);
}

static void test_refusals(void **state)
{
    cc_image image = smooth_image(8, 8, 3);
    cc_image none = {0};
    cc_image wide = random_image(70000, 1, 1, 1);
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_JPEG);

    (void)state;
    expect_refusal(&none, &options, CC_INVALID_ARGUMENT);
    expect_refusal(&wide, &options, CC_UNSUPPORTED);
    options.quality = 101;
    expect_refusal(&image, &options, CC_INVALID_ARGUMENT);
    options = cc_encode_options_default(CC_FORMAT_PNG);
    options.png_level = 13;
    expect_refusal(&image, &options, CC_INVALID_ARGUMENT);
    options = cc_encode_options_default(CC_FORMAT_HEIF);
    expect_refusal(&image, &options, CC_UNSUPPORTED);
    options = cc_encode_options_default(CC_FORMAT_WEBP);
    expect_refusal(&wide, &options, CC_UNSUPPORTED);
    cc_image_free(&image);
    cc_image_free(&wide);
}

/* ---- refused memory ---- */

static void test_survives_refused_memory(void **state)
{
    static uint8_t profile[3000];

    (void)state;
    make_profile(profile, sizeof profile, "RGB ");
    for (int f = 0; f < COUNT(formats); f++) {
        cc_image image = smooth_image(40, 30, formats[f] == CC_FORMAT_JPEG ? 4 : 3);
        cc_encode_options options = cc_encode_options_default(formats[f]);
        cc_status status = CC_OUT_OF_MEMORY;
        assert_int_equal(cc_image_set_profile(&image, profile, sizeof profile, NULL), CC_OK);
        for (int level = -1; level <= 9 && cc_format_can_write(formats[f]); level += 5) {
            options.png_level = level;
            status = CC_OUT_OF_MEMORY;
            for (long refused = 0; status != CC_OK; refused++) {
                cc_buffer bytes;
                cc_error error = {0};
                assert_true(refused < 200);
                cc_memory_fail_after(refused);
                status = cc_image_encode(&image, &options, &bytes, &error);
                cc_memory_fail_after(-1);
                assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
                assert_true(status == CC_OK || (bytes.data == NULL && error.message[0] != '\0'));
                cc_buffer_free(&bytes);
            }
        }
        cc_image_free(&image);
    }
}

/* ---- Pillow as the reader ---- */

static void write_for_pillow(const char *folder, const cc_image *image,
                             const cc_encode_options *options, int number, int tolerance)
{
    cc_buffer bytes = encode_or_fail(image, options);
    int32_t head[4] = {image->width, image->height, image->channels, tolerance};
    char path[4400];
    FILE *file;

    snprintf(path, sizeof path, "%s/%d.%s", folder, number, cc_format_name(options->format));
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    fclose(file);
    snprintf(path, sizeof path, "%s/%d.%s.raw", folder, number, cc_format_name(options->format));
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    for (int y = 0; y < image->height; y++) {
        fwrite(cc_image_row(image, y), 1, (size_t)image->width * (size_t)image->channels, file);
    }
    fclose(file);
    cc_buffer_free(&bytes);
}

static void write_format_for_pillow(const char *folder, cc_format format, int *number)
{
    static const int widths[] = {1, 2, 7, 33, 255};
    bool jpeg = format == CC_FORMAT_JPEG;

    for (int channels = format == CC_FORMAT_WEBP ? 3 : 1; channels <= 4; channels++) {
        for (int w = 0; w < COUNT(widths) && !(jpeg && channels % 2 == 0); w++) {
            for (int level = -1; level <= (format == CC_FORMAT_PNG ? 12 : -1); level++) {
                cc_encode_options options = cc_encode_options_default(format);
                cc_image image = jpeg ? smooth_image(widths[w], 19, channels)
                                      : random_image(widths[w], 19, channels, 3);
                options.png_level = level;
                options.lossless = true;
                write_for_pillow(folder, &image, &options, (*number)++, jpeg ? 12 : 0);
                cc_image_free(&image);
            }
        }
    }
}

static void test_pillow_reads_our_files(void **state)
{
    char *folder;
    int number = 0;

    (void)state;
    (void)require_oracle();
    folder = make_folder();
    for (int f = 0; f < COUNT(formats); f++) {
        if (cc_format_can_write(formats[f])) {
            write_format_for_pillow(folder, formats[f], &number);
        }
    }
    run_oracle("image_check.py", folder);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_every_level),
        cmocka_unit_test(test_png_higher_levels_are_smaller),
        cmocka_unit_test(test_png_row_by_row_gives_the_same_bytes),
#if defined(__x86_64__)
        cmocka_unit_test(test_png_filters_agree),
#endif
        cmocka_unit_test(test_deflate_names_its_library),
        cmocka_unit_test(test_lossless_round_trips),
        cmocka_unit_test(test_lossy_round_trips),
        cmocka_unit_test(test_jpeg_of_a_cutout_has_the_background),
        cmocka_unit_test(test_profiles_come_back),
        cmocka_unit_test(test_unfitting_profile_is_not_written),
        cmocka_unit_test(test_resolution_comes_back),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_survives_refused_memory),
        cmocka_unit_test(test_pillow_reads_our_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
