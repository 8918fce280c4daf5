/* 16 bits a sample: kept from file to file, and never further from the 8-bit picture
 * than rounding. (TIFF as others write it: test_decode.c.) */
#include "image_test.h"

#include "image/deep.h"
#include "image/pixels.h"
#include "image/profile.h"

/* 16-bit samples at random, and the 8-bit ones that belong to them. */
static cc_image deep_image(int width, int height, int channels, uint32_t seed)
{
    cc_image image;

    assert_int_equal(cc_image_create(width, height, channels, &image, NULL), CC_OK);
    assert_int_equal(cc_deep_create(&image, NULL), CC_OK);
    for (size_t i = 0; i < image.stride * (size_t)height; i++) {
        image.deep[i] = (uint16_t)(next_random(&seed) | 1);
    }
    cc_deep_round(&image);
    return image;
}

/* Row y of any picture; the caller frees it. */
static uint16_t *row_of(const cc_image *image, int y)
{
    uint16_t *row = malloc((size_t)image->width * (size_t)image->channels * sizeof *row);

    assert_non_null(row);
    cc_deep_row(image, y, row);
    return row;
}

static void assert_same_samples(const cc_image *expected, const cc_image *actual)
{
    size_t size = (size_t)expected->width * (size_t)expected->channels * sizeof(uint16_t);

    assert_same_pixels(expected, actual);
    for (int y = 0; y < expected->height; y++) {
        uint16_t *a = row_of(expected, y);
        uint16_t *b = row_of(actual, y);
        assert_memory_equal(a, b, size);
        free(a);
        free(b);
    }
}

static void test_rounding_is_exact(void **state)
{
    (void)state;
    for (unsigned value = 0; value <= 65535; value++) {
        assert_int_equal(cc_deep_to_8((uint16_t)value), (value * 2 + 257) / 514);
    }
    for (unsigned value = 0; value <= 255; value++) {
        assert_int_equal(cc_deep_to_8((uint16_t)(value * 257)), value);
    }
}

/* ---- files ---- */

static bool is_16_bits(cc_format format, const cc_buffer *bytes)
{
    cc_image image;
    cc_decode_options options = {.keep_deep = true};
    bool deep;

    if (format == CC_FORMAT_PNG) {
        return bytes->data[24] == 16; /* IHDR: bit depth */
    }
    image = decode_or_fail(bytes->data, bytes->size, &options, NULL);
    deep = image.deep != NULL;
    cc_image_free(&image);
    return deep;
}

static void check_round_trip(cc_format format, int channels, int bits)
{
    cc_image image = deep_image(131, 67, channels, 3);
    cc_encode_options encode = cc_encode_options_default(format);
    cc_decode_options decode = {.keep_deep = true};
    cc_buffer bytes;
    cc_image again;

    encode.bits = bits;
    bytes = encode_or_fail(&image, &encode);
    assert_int_equal(is_16_bits(format, &bytes), bits != 8);
    again = decode_or_fail(bytes.data, bytes.size, &decode, NULL);
    assert_int_equal(again.deep != NULL, bits != 8);
    if (bits != 8) {
        assert_same_samples(&image, &again);
    } else {
        assert_same_pixels(&image, &again);
    }
    cc_image_free(&again);
    again = decode_or_fail(bytes.data, bytes.size, NULL, NULL); /* nobody asked for 16 bits */
    assert_null(again.deep);
    assert_same_pixels(&image, &again);
    cc_image_free(&again);
    cc_image_free(&image);
    cc_buffer_free(&bytes);
}

static void test_files_keep_16_bits(void **state)
{
    static const cc_format formats[] = {CC_FORMAT_PNG, CC_FORMAT_TIFF};

    (void)state;
    for (int i = 0; i < COUNT(formats); i++) {
        for (int channels = 1; channels <= 4 && cc_format_can_write(formats[i]); channels++) {
            check_round_trip(formats[i], channels, 0);
            check_round_trip(formats[i], channels, 16);
            check_round_trip(formats[i], channels, 8);
        }
    }
}

static void test_8_bits_are_widened_on_demand(void **state)
{
    cc_image image = random_image(40, 30, 4, 9);
    cc_encode_options encode = cc_encode_options_default(CC_FORMAT_PNG);
    cc_buffer bytes;

    (void)state;
    bytes = encode_or_fail(&image, &encode);
    assert_int_equal(bytes.data[24], 8);
    cc_buffer_free(&bytes);
    encode.bits = 16;
    bytes = encode_or_fail(&image, &encode);
    assert_int_equal(bytes.data[24], 16);
    cc_buffer_free(&bytes);
    cc_image_free(&image);
}

static void test_what_cannot_hold_16_bits(void **state)
{
    static const cc_format formats[] = {CC_FORMAT_JPEG, CC_FORMAT_WEBP};
    cc_image image = deep_image(16, 16, 3, 4);

    (void)state;
    for (int i = 0; i < COUNT(formats); i++) {
        cc_encode_options encode = cc_encode_options_default(formats[i]);
        cc_error error = {0};
        cc_buffer bytes;
        if (!cc_format_can_write(formats[i])) {
            continue;
        }
        assert_false(cc_format_has_deep(formats[i]));
        bytes = encode_or_fail(&image, &encode); /* auto: 8 bits */
        cc_buffer_free(&bytes);
        encode.bits = 16;
        assert_int_equal(cc_image_encode(&image, &encode, &bytes, &error), CC_UNSUPPORTED);
        assert_non_null(strstr(error.message, "PNG or TIFF"));
        encode.bits = 12;
        assert_int_equal(cc_image_encode(&image, &encode, &bytes, &error), CC_INVALID_ARGUMENT);
    }
    cc_image_free(&image);
}

static void test_a_cut_off_file(void **state)
{
    cc_image image = deep_image(200, 200, 3, 5);
    cc_encode_options encode = cc_encode_options_default(CC_FORMAT_PNG);
    cc_decode_options decode = {.keep_deep = true, .allow_truncated = true};
    cc_buffer bytes = encode_or_fail(&image, &encode);
    cc_image part = decode_or_fail(bytes.data, bytes.size / 2, &decode, NULL);
    uint16_t *first = row_of(&part, 0);

    (void)state;
    assert_memory_equal(first, image.deep, 200 * 3 * sizeof *first);
    assert_int_equal(cc_image_row(&part, 199)[0], 0);
    free(first);
    cc_image_free(&part);
    cc_image_free(&image);
    cc_buffer_free(&bytes);
}

/* ---- with the picture ---- */

static void test_turning(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        for (int orientation = 2; orientation <= 8; orientation++) {
            cc_image image = deep_image(37, 70, channels, 6);
            uint16_t *stored = malloc(37 * 70 * sizeof *stored * (size_t)channels);
            cc_image turned = {0};
            assert_non_null(stored);
            memcpy(stored, image.deep, 37 * 70 * sizeof *stored * (size_t)channels);
            assert_int_equal(cc_image_copy(&image, &turned, NULL), CC_OK);
            assert_null(turned.deep);
            assert_int_equal(cc_image_orient(&image, orientation, NULL), CC_OK);
            assert_int_equal(cc_image_orient(&turned, orientation, NULL), CC_OK);
            assert_same_pixels(&turned, &image);
            for (int y = 0; y < image.height; y++) { /* every sample belongs to its pixel */
                for (size_t i = 0; i < image.stride; i++) {
                    assert_int_equal(cc_deep_to_8(image.deep[(size_t)y * image.stride + i]),
                                     cc_image_row(&turned, y)[i]);
                }
            }
            /* 6 and 8 undo one another, the rest themselves. */
            assert_int_equal(cc_image_orient(&image,
                                             orientation == 6   ? 8
                                             : orientation == 8 ? 6
                                                                : orientation,
                                             NULL),
                             CC_OK);
            assert_memory_equal(stored, image.deep, 37 * 70 * sizeof *stored * (size_t)channels);
            free(stored);
            cc_image_free(&image);
            cc_image_free(&turned);
        }
    }
}

/* What is unchanged keeps 16 bits, what was changed is the 8-bit sample. */
static void test_changes_show(void **state)
{
    cc_image photo = deep_image(20, 10, 3, 11);
    cc_image result;
    uint16_t *row;

    (void)state;
    assert_int_equal(cc_image_convert(&photo, 4, &result, NULL), CC_OK);
    assert_int_equal(cc_deep_follow(&photo, &result, NULL), CC_OK);
    result.pixels[0] = (uint8_t)(result.pixels[0] + 9); /* a new colour */
    memset(result.pixels + 4, 0, 4);                    /* wholly transparent */
    result.pixels[11] = 128;                            /* half transparent */
    row = row_of(&result, 0);
    assert_int_equal(row[0], result.pixels[0] * 257);
    assert_int_equal(row[1], photo.deep[1]);
    assert_int_equal(row[3], 65535);
    for (int c = 4; c < 8; c++) {
        assert_int_equal(row[c], 0);
    }
    assert_int_equal(row[8], photo.deep[6]);
    assert_int_equal(row[11], 128 * 257);
    for (int x = 3; x < 20; x++) {
        assert_memory_equal(row + x * 4, photo.deep + x * 3, 3 * sizeof *row);
        assert_int_equal(row[x * 4 + 3], 65535);
    }
    free(row);
    cc_image_free(&photo);
    cc_image_free(&result);
}

static void test_following_between_channels(void **state)
{
    (void)state;
    for (int from = 1; from <= 4; from++) {
        for (int to = 1; to <= 4; to++) {
            cc_image photo = deep_image(9, 7, from, 12);
            cc_image result;
            uint16_t *row;
            assert_int_equal(cc_image_convert(&photo, to, &result, NULL), CC_OK);
            assert_int_equal(cc_deep_follow(&photo, &result, NULL), CC_OK);
            assert_int_equal(result.deep != NULL, from <= 2 || to >= 3);
            row = row_of(&result, 6);
            for (int i = 0; i < 9 * to; i++) { /* never further than rounding */
                assert_int_equal(cc_deep_to_8(row[i]), cc_image_row(&result, 6)[i]);
            }
            if (result.deep != NULL) {
                assert_int_equal(row[0], photo.deep[6 * 9 * from]);
            }
            free(row);
            cc_image_free(&photo);
            cc_image_free(&result);
        }
    }
}

static void test_other_sizes_do_not_follow(void **state)
{
    cc_image photo = deep_image(9, 7, 3, 13);
    cc_image other = random_image(7, 9, 3, 1);

    (void)state;
    assert_int_equal(cc_deep_follow(&photo, &other, NULL), CC_OK);
    assert_null(other.deep);
    cc_image_free(&photo);
    cc_image_free(&other);
}

#if CLEARCUT_HAVE_LCMS2

#include <lcms2.h>

/* sRGB's own curves with the colours of Adobe RGB (1998): saturated ones move. */
static void set_wide_profile(cc_image *image)
{
    cmsCIExyY white = {0.3127, 0.3290, 1};
    cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *curve = cmsBuildGamma(NULL, 2.2);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsUInt32Number size = 0;
    uint8_t *bytes;

    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    bytes = malloc(size);
    assert_non_null(bytes);
    assert_true(cmsSaveProfileToMem(profile, bytes, &size));
    assert_int_equal(cc_image_set_profile(image, bytes, size, NULL), CC_OK);
    free(bytes);
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
}

/* The profile travels with the 16 bits; conversion to sRGB changes both alike. */
static void test_profiles(void **state)
{
    static const cc_format formats[] = {CC_FORMAT_PNG, CC_FORMAT_TIFF};

    (void)state;
    for (int i = 0; i < COUNT(formats) && cc_format_can_write(formats[i]); i++) {
        cc_image image = deep_image(64, 48, 4, 14);
        cc_encode_options encode = cc_encode_options_default(formats[i]);
        cc_decode_options decode = {.keep_deep = true};
        cc_buffer bytes;
        cc_image kept;
        cc_image converted;
        cc_image flat;
        double mean;
        set_wide_profile(&image);
        bytes = encode_or_fail(&image, &encode);
        kept = decode_or_fail(bytes.data, bytes.size, &decode, NULL);
        assert_int_equal(kept.metadata.icc_profile_size, image.metadata.icc_profile_size);
        assert_memory_equal(kept.metadata.icc_profile, image.metadata.icc_profile,
                            kept.metadata.icc_profile_size);
        decode.convert_to_srgb = true;
        converted = decode_or_fail(bytes.data, bytes.size, &decode, NULL);
        decode.keep_deep = false;
        flat = decode_or_fail(bytes.data, bytes.size, &decode, NULL);
        assert_null(converted.metadata.icc_profile);
        assert_true(largest_difference(&kept, &converted, &mean) > 10);
        /* 8-bit samples are coarse where the curves are steep */
        assert_true(largest_difference(&flat, &converted, &mean) <= 24 && mean < 0.5);
        for (size_t at = 0; at < converted.stride * 48; at++) {
            assert_int_equal(cc_deep_to_8(converted.deep[at]), converted.pixels[at]);
        }
        cc_image_free(&image);
        cc_image_free(&kept);
        cc_image_free(&converted);
        cc_image_free(&flat);
        cc_buffer_free(&bytes);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding_is_exact),
        cmocka_unit_test(test_files_keep_16_bits),
        cmocka_unit_test(test_8_bits_are_widened_on_demand),
        cmocka_unit_test(test_what_cannot_hold_16_bits),
        cmocka_unit_test(test_a_cut_off_file),
        cmocka_unit_test(test_turning),
        cmocka_unit_test(test_changes_show),
        cmocka_unit_test(test_following_between_channels),
        cmocka_unit_test(test_other_sizes_do_not_follow),
#if CLEARCUT_HAVE_LCMS2
        cmocka_unit_test(test_profiles),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
