/* Orientation, channels, compositing, colour profiles. */
#include "image/pixels.h"

#include "image/profile.h"
#include "image_test.h"

/* ---- size limits ---- */

static void test_size_limits(void **state)
{
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_image_check_size(1, 1, 0, &error), CC_OK);
    assert_int_equal(cc_image_check_size(0, 5, 0, &error), CC_CORRUPT);
    assert_int_equal(cc_image_check_size(5, 0, 0, &error), CC_CORRUPT);
    assert_int_equal(cc_image_check_size(10000, 10000, 0, &error), CC_OK);
    assert_int_equal(cc_image_check_size(10000, 10001, 0, &error), CC_LIMIT);
    assert_non_null(strstr(error.message, "10000 x 10001"));
    assert_int_equal(cc_image_check_size(10000, 10001, 200000000, &error), CC_OK);
    assert_int_equal(cc_image_check_size(1000001, 1, UINT64_MAX, &error), CC_LIMIT);
    assert_int_equal(cc_image_check_size(UINT64_MAX, UINT64_MAX, UINT64_MAX, &error), CC_LIMIT);
}

static void test_create_refuses_nonsense(void **state)
{
    cc_image image;

    (void)state;
    assert_int_equal(cc_image_create(0, 5, 3, &image, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_image_create(5, -1, 3, &image, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_image_create(5, 5, 5, &image, NULL), CC_INVALID_ARGUMENT);
    assert_null(image.pixels);
    cc_memory_fail_after(0);
    assert_int_equal(cc_image_create(5, 5, 3, &image, NULL), CC_OUT_OF_MEMORY);
    cc_memory_fail_after(-1);
    assert_null(image.pixels);
}

static void test_copy_is_deep(void **state)
{
    uint8_t profile[200] = {0, 0, 0, 200};
    cc_image image = random_image(5, 4, 3, 1);
    cc_image copy;

    (void)state;
    assert_int_equal(cc_image_set_profile(&image, profile, sizeof profile, NULL), CC_OK);
    image.metadata.focal_length_35mm = 28;
    assert_int_equal(cc_image_copy(&image, &copy, NULL), CC_OK);
    assert_same_pixels(&image, &copy);
    assert_ptr_not_equal(copy.pixels, image.pixels);
    assert_ptr_not_equal(copy.metadata.icc_profile, image.metadata.icc_profile);
    assert_memory_equal(copy.metadata.icc_profile, profile, sizeof profile);
    assert_true(copy.metadata.focal_length_35mm == 28);
    cc_image_free(&copy);
    for (long refused = 0; refused < 2; refused++) {
        cc_memory_fail_after(refused);
        assert_int_equal(cc_image_copy(&image, &copy, NULL), CC_OUT_OF_MEMORY);
        cc_memory_fail_after(-1);
        assert_null(copy.pixels);
    }
    cc_image_free(&image);
}

/* ---- orientation ---- */

/* What the eight values mean (EXIF 2.32, 4.6.4 A): where row 0 and column 0 of
 * the stored picture lie when it is seen upright. The 3 x 2 picture
 *     a b c
 *     d e f
 * stored under each of them shows upright as: */
static const struct {
    int width;
    int height;
    const char *upright;
} orientations[9] = {
    {3, 2, "abcdef"}, {3, 2, "abcdef"}, {3, 2, "cbafed"}, {3, 2, "fedcba"}, {3, 2, "defabc"},
    {2, 3, "adbecf"}, {2, 3, "daebfc"}, {2, 3, "fcebda"}, {2, 3, "cfbead"},
};

static void test_orientations_by_hand(void **state)
{
    (void)state;
    for (int value = 0; value <= 8; value++) {
        cc_image image;
        assert_int_equal(cc_image_create(3, 2, 1, &image, NULL), CC_OK);
        memcpy(image.pixels, "abcdef", 6);
        assert_int_equal(cc_image_orient(&image, value, NULL), CC_OK);
        assert_int_equal(image.width, orientations[value].width);
        assert_int_equal(image.height, orientations[value].height);
        assert_memory_equal(image.pixels, orientations[value].upright, 6);
        cc_image_free(&image);
    }
}

/* Larger than a tile, every channel count: twice there is back again. */
static void test_orientations_undo_each_other(void **state)
{
    static const int inverse[9] = {0, 1, 2, 3, 4, 5, 8, 7, 6};

    (void)state;
    for (int value = -1; value <= 9; value++) {
        for (int channels = 1; channels <= 4; channels++) {
            cc_image original = random_image(75, 41, channels, 3);
            cc_image turned;
            assert_int_equal(cc_image_copy(&original, &turned, NULL), CC_OK);
            turned.metadata.dots_per_inch = 99;
            assert_int_equal(cc_image_orient(&turned, value, NULL), CC_OK);
            assert_int_equal(turned.width, value >= 5 && value <= 8 ? 41 : 75);
            assert_true(turned.metadata.dots_per_inch == 99);
            if (value >= 1 && value <= 8) {
                assert_int_equal(cc_image_orient(&turned, inverse[value], NULL), CC_OK);
            }
            assert_same_pixels(&original, &turned);
            cc_image_free(&original);
            cc_image_free(&turned);
        }
    }
}

/* ---- channels ---- */

static void test_conversions(void **state)
{
    /* Pillow: Image.new("RGB", (1, 1), color).convert("L") */
    static const uint8_t luma[][4] = {{255, 0, 0, 76},
                                      {0, 255, 0, 150},
                                      {0, 0, 255, 29},
                                      {12, 200, 99, 132},
                                      {255, 255, 255, 255}};

    (void)state;
    for (int i = 0; i < COUNT(luma); i++) {
        cc_image color;
        cc_image grey;
        assert_int_equal(cc_image_create(1, 1, 3, &color, NULL), CC_OK);
        memcpy(color.pixels, luma[i], 3);
        assert_int_equal(cc_image_convert(&color, 2, &grey, NULL), CC_OK);
        assert_int_equal(grey.pixels[0], luma[i][3]);
        assert_int_equal(grey.pixels[1], 255);
        cc_image_free(&color);
        cc_image_free(&grey);
    }
}

static void test_every_pair_of_channel_counts(void **state)
{
    (void)state;
    for (int from = 1; from <= 4; from++) {
        for (int to = 1; to <= 4; to++) {
            cc_image source = random_image(9, 4, from, 11);
            cc_image result;
            const uint8_t *a = source.pixels;
            const uint8_t *b;
            assert_int_equal(cc_image_convert(&source, to, &result, NULL), CC_OK);
            b = result.pixels;
            assert_int_equal(result.channels, to);
            if (to % 2 == 0) {
                assert_int_equal(b[to - 1], from % 2 == 0 ? a[from - 1] : 255);
            }
            if (from <= 2 || to >= 3) {
                assert_int_equal(b[0], a[0]);
            }
            if (to >= 3) {
                assert_int_equal(b[2], from >= 3 ? a[2] : a[0]);
            }
            cc_image_free(&source);
            cc_image_free(&result);
        }
    }
}

static void test_conversion_drops_an_unfitting_profile(void **state)
{
    uint8_t profile[200] = {0};
    cc_image color = random_image(3, 3, 3, 1);
    cc_image result;

    (void)state;
    assert_int_equal(cc_image_set_profile(&color, profile, sizeof profile, NULL), CC_OK);
    assert_int_equal(cc_image_convert(&color, 4, &result, NULL), CC_OK);
    assert_non_null(result.metadata.icc_profile);
    cc_image_free(&result);
    assert_int_equal(cc_image_convert(&color, 1, &result, NULL), CC_OK);
    assert_null(result.metadata.icc_profile);
    cc_image_free(&result);
    cc_image_free(&color);
}

/* ---- compositing ---- */

static void test_flatten(void **state)
{
    static const uint8_t pixels[12] = {10, 20, 30, 255, 10, 20, 30, 0, 10, 20, 30, 128};
    static const uint8_t background[3] = {200, 100, 0};
    /* (10 * 128 + 200 * 127) / 255 = 104.6, (20 * 128 + 100 * 127) / 255 = 59.8 */
    static const uint8_t expected[9] = {10, 20, 30, 200, 100, 0, 105, 60, 15};
    cc_image image;
    cc_image flat;

    (void)state;
    assert_int_equal(cc_image_create(3, 1, 4, &image, NULL), CC_OK);
    memcpy(image.pixels, pixels, sizeof pixels);
    assert_int_equal(cc_image_flatten(&image, background, &flat, NULL), CC_OK);
    assert_int_equal(flat.channels, 3);
    assert_memory_equal(flat.pixels, expected, sizeof expected);
    cc_image_free(&image);
    cc_image_free(&flat);
}

static void test_flatten_grey(void **state)
{
    static const uint8_t white[3] = {255, 255, 255};
    static const uint8_t red[3] = {255, 0, 0};
    static const uint8_t expected[3] = {255, 0, 0};
    cc_image image;
    cc_image flat;

    (void)state;
    assert_int_equal(cc_image_create(1, 1, 2, &image, NULL), CC_OK);
    assert_int_equal(cc_image_flatten(&image, white, &flat, NULL), CC_OK);
    assert_int_equal(flat.channels, 1);
    assert_int_equal(flat.pixels[0], 255);
    cc_image_free(&flat);
    assert_int_equal(cc_image_flatten(&image, red, &flat, NULL), CC_OK);
    assert_int_equal(flat.channels, 3);
    assert_memory_equal(flat.pixels, expected, 3);
    cc_image_free(&flat);
    cc_image_free(&image);
}

static void test_composite_needs_alpha(void **state)
{
    static const uint8_t color[4] = {1, 2, 3, 4};
    cc_image image = random_image(2, 2, 3, 1);
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_image_composite_over_color(&image, color, &error), CC_INVALID_ARGUMENT);
    cc_image_free(&image);
}

/* ---- against Pillow: image_pixels.py writes RGBA pictures, colours and what
 * Image.alpha_composite makes of them; and pictures with profiles and what
 * ImageCms.profileToProfile makes of those ---- */

static void check_composite(const uint8_t **at)
{
    int32_t size[2];
    uint8_t color[4];
    cc_image image;
    size_t bytes;

    memcpy(size, *at, sizeof size);
    memcpy(color, *at + sizeof size, sizeof color);
    *at += sizeof size + sizeof color;
    assert_int_equal(cc_image_create(size[0], size[1], 4, &image, NULL), CC_OK);
    bytes = image.stride * (size_t)image.height;
    memcpy(image.pixels, *at, bytes);
    assert_int_equal(cc_image_composite_over_color(&image, color, NULL), CC_OK);
    assert_memory_equal(image.pixels, *at + bytes, bytes);
    *at += 2 * bytes;
    cc_image_free(&image);
}

static void test_composite_equals_pillow(void **state)
{
    char *folder = oracle_folder("image_pixels.py");
    cc_buffer cases;
    const uint8_t *at;
    int count = 0;

    (void)state;
    cases = read_file(folder, "composite.bin");
    for (at = cases.data; at < cases.data + cases.size; count++) {
        check_composite(&at);
    }
    assert_int_equal(count, 40);
    cc_buffer_free(&cases);
    remove_folder(folder);
}

#if CLEARCUT_HAVE_LCMS2

static void check_srgb(const char *folder, const char *name, int tolerance)
{
    cc_buffer file = read_file(folder, name);
    cc_decode_options options = {.convert_to_srgb = true};
    char expected_name[100];
    cc_buffer expected_file;
    cc_image expected;
    cc_image actual;
    double mean;

    snprintf(expected_name, sizeof expected_name, "srgb-%s", name);
    expected_file = read_file(folder, expected_name);
    actual = decode_or_fail(file.data, file.size, &options, NULL);
    assert_null(actual.metadata.icc_profile);
    expected = decode_or_fail(expected_file.data, expected_file.size, NULL, NULL);
    if (largest_difference(&expected, &actual, &mean) > tolerance || mean > 0.6) {
        fail_msg("%s: differs from ImageCms by %d, mean %f", name,
                 largest_difference(&expected, &actual, &mean), mean);
    }
    /* and something happened at all */
    cc_image_free(&actual);
    actual = decode_or_fail(file.data, file.size, NULL, NULL);
    assert_non_null(actual.metadata.icc_profile);
    assert_true(largest_difference(&expected, &actual, &mean) > 10);
    cc_image_free(&actual);
    cc_image_free(&expected);
    cc_buffer_free(&file);
    cc_buffer_free(&expected_file);
}

static void test_srgb_equals_pillow(void **state)
{
    char *folder = oracle_folder("image_pixels.py");

    (void)state;
    check_srgb(folder, "wide-rgb.png", 2);
    check_srgb(folder, "wide-rgba.png", 2);
    check_srgb(folder, "gamma-grey.png", 2);
    remove_folder(folder);
}

static void test_unusable_profile_is_refused(void **state)
{
    uint8_t profile[200] = {0};
    cc_image image = random_image(3, 3, 3, 1);
    cc_image before;
    cc_error error = {0};

    (void)state;
    profile[3] = 200;
    memcpy(profile + 16, "RGB ", 4);
    memcpy(profile + 36, "acsp", 4);
    assert_int_equal(cc_image_to_srgb(&image, &error), CC_OK);
    assert_int_equal(cc_image_set_profile(&image, profile, sizeof profile, NULL), CC_OK);
    assert_int_equal(cc_image_copy(&image, &before, NULL), CC_OK);
    assert_int_equal(cc_image_to_srgb(&image, &error), CC_UNSUPPORTED);
    assert_same_pixels(&before, &image);
    assert_non_null(image.metadata.icc_profile);
    cc_image_free(&image);
    cc_image_free(&before);
}

#endif

/* ---- CMYK ---- */

static void test_cmyk_by_hand(void **state)
{
    static const uint8_t inks[16] = {0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 100, 50, 0, 128};
    static const uint8_t colors[12] = {255, 255, 255, 0, 255, 255, 0, 0, 0, 77, 102, 127};
    cc_image cmyk;
    cc_image rgb;

    (void)state;
    assert_int_equal(cc_image_create(4, 1, 4, &cmyk, NULL), CC_OK);
    memcpy(cmyk.pixels, inks, sizeof inks);
    assert_int_equal(cc_image_from_cmyk(&cmyk, &rgb, NULL), CC_OK);
    assert_int_equal(rgb.channels, 3);
    assert_memory_equal(rgb.pixels, colors, sizeof colors);
    cc_image_free(&cmyk);
    cc_image_free(&rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_limits),
        cmocka_unit_test(test_create_refuses_nonsense),
        cmocka_unit_test(test_copy_is_deep),
        cmocka_unit_test(test_orientations_by_hand),
        cmocka_unit_test(test_orientations_undo_each_other),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_every_pair_of_channel_counts),
        cmocka_unit_test(test_conversion_drops_an_unfitting_profile),
        cmocka_unit_test(test_flatten),
        cmocka_unit_test(test_flatten_grey),
        cmocka_unit_test(test_composite_needs_alpha),
        cmocka_unit_test(test_composite_equals_pillow),
#if CLEARCUT_HAVE_LCMS2
        cmocka_unit_test(test_srgb_equals_pillow),
        cmocka_unit_test(test_unusable_profile_is_refused),
#endif
        cmocka_unit_test(test_cmyk_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
