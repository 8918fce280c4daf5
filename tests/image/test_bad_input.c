/* Damaged, hostile and foreign files: a clear refusal or a picture, never more. */
#include "image_test.h"
#include "samples.h"

#define SMALL_LIMIT ((uint64_t)1 << 20)

/* A result is either a whole picture or an error that says something; touching
 * every sample lets the sanitizers see what was not written. Returns the status. */
static cc_status decode_anything(const uint8_t *data, size_t size, bool tolerant)
{
    cc_decode_options options = {.max_pixels = SMALL_LIMIT, .allow_truncated = tolerant};
    /* A copy of exact size: reading beyond it is caught. */
    uint8_t *copy = malloc(size != 0 ? size : 1);
    cc_image image;
    cc_decode_info info;
    cc_error error = {0};
    cc_status status;

    assert_non_null(copy);
    memcpy(copy, data, size);
    status = cc_image_decode(copy, size, &options, &image, &info, &error);
    if (status == CC_OK) {
        assert_true(image.width >= 1 && image.height >= 1);
        assert_true((uint64_t)image.width * (uint64_t)image.height <= SMALL_LIMIT);
        assert_true(image_hash(&image) != 0);
        assert_non_null(memchr(info.note, '\0', sizeof info.note));
    } else {
        assert_null(image.pixels);
        assert_int_equal(error.code, status);
        assert_true(strlen(error.message) > 10);
        assert_true(status == CC_CORRUPT || status == CC_UNSUPPORTED || status == CC_LIMIT ||
                    status == CC_OUT_OF_MEMORY);
    }
    cc_image_free(&image);
    (void)cc_image_probe(copy, size, &info, NULL);
    free(copy);
    return status;
}

static bool is_built(const sample *s)
{
    return (strncmp(s->name, "webp", 4) != 0 || cc_format_can_write(CC_FORMAT_WEBP)) &&
           (strncmp(s->name, "tiff", 4) != 0 || cc_format_can_write(CC_FORMAT_TIFF)) &&
           strcmp(s->name, "avif") != 0;
}

static void test_samples_are_good(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        if (is_built(&samples[i])) {
            cc_image image = decode_or_fail(samples[i].data, samples[i].size, NULL, NULL);
            assert_true(image.width >= 6);
            cc_image_free(&image);
        }
    }
}

/* ---- cut off ---- */

static void test_every_prefix(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        const sample *s = &samples[i];
        int decoded = 0;
        for (size_t size = 0; size < s->size; size++) {
            decoded += decode_anything(s->data, size, false) == CC_OK;
            (void)decode_anything(s->data, size, true);
        }
        /* A missing end marker, padding or second page costs no pixels; anything
         * more must be noticed. */
        bool pages = strncmp(s->name, "tiff", 4) == 0 || strcmp(s->name, "gif_animated") == 0;
        if (is_built(s) && !pages && decoded > 6) {
            fail_msg("%s: %d of %zu cut-off files passed as whole", s->name, decoded, s->size);
        }
    }
}

static void test_truncation_is_named(void **state)
{
    static const char *const names[] = {"png_rgb",          "png_adam7_palette", "jpeg_rgb",
                                        "jpeg_progressive", "webp_lossy",        "webp_lossless",
                                        "tiff_cmyk"};

    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        for (int n = 0; n < COUNT(names); n++) {
            if (strcmp(samples[i].name, names[n]) == 0 && is_built(&samples[i])) {
                cc_image image;
                cc_error error = {0};
                size_t size = samples[i].size * 7 / 8;
                cc_status status =
                    cc_image_decode(samples[i].data, size, NULL, &image, NULL, &error);
                if (status != CC_CORRUPT || strstr(error.message, "truncated") == NULL) {
                    fail_msg("%s: status %d, %s", names[n], status, error.message);
                }
            }
        }
    }
}

static void check_partial(cc_format format)
{
    cc_image image = random_image(64, 64, 3, 1);
    cc_encode_options options = cc_encode_options_default(format);
    cc_decode_options tolerant = {.allow_truncated = true};
    cc_decode_info info;
    cc_buffer bytes;
    cc_image part;
    cc_image whole;

    options.png_level = 0;
    bytes = encode_or_fail(&image, &options);
    whole = decode_or_fail(bytes.data, bytes.size, NULL, NULL);
    part = decode_or_fail(bytes.data, bytes.size * 3 / 4, &tolerant, &info);
    assert_non_null(strstr(info.note, "ends early"));
    assert_int_equal(part.width, 64);
    assert_int_equal(part.height, 64);
    assert_memory_equal(part.pixels, whole.pixels, part.stride * 32); /* the upper half is there */
    assert_true(image_hash(&part) != image_hash(&whole));
    cc_image_free(&part);
    cc_image_free(&whole);
    cc_image_free(&image);
    cc_buffer_free(&bytes);
}

static void test_partial_picture_if_allowed(void **state)
{
    (void)state;
    check_partial(CC_FORMAT_PNG);
    check_partial(CC_FORMAT_JPEG);
    if (cc_format_can_write(CC_FORMAT_WEBP)) {
        check_partial(CC_FORMAT_WEBP);
    }
}

static void test_missing_jpeg_end_marker_is_harmless(void **state)
{
    cc_decode_info info;
    cc_image whole = decode_or_fail(jpeg_rgb, sizeof jpeg_rgb, NULL, NULL);
    cc_image image = decode_or_fail(jpeg_rgb, sizeof jpeg_rgb - 2, NULL, &info);

    (void)state;
    assert_same_pixels(&whole, &image);
    cc_image_free(&whole);
    cc_image_free(&image);
}

/* ---- damaged ---- */

static void damage(uint8_t *data, size_t size, uint32_t *seed)
{
    uint32_t count = 1 + next_random(seed) % 6;

    for (uint32_t i = 0; i < count; i++) {
        size_t at = next_random(seed) % size;
        switch (next_random(seed) % 4) {
        case 0: data[at] ^= (uint8_t)(1u << next_random(seed) % 8); break;
        case 1: data[at] = (uint8_t)next_random(seed); break;
        case 2: data[at] = next_random(seed) % 2 ? 0xFF : 0; break;
        default: /* copy a piece elsewhere */
            memmove(data + at, data + next_random(seed) % (size - (size - at) / 2),
                    (size - at) / 2 < 8 ? (size - at) / 2 : 8);
            break;
        }
    }
}

static void test_mutations(void **state)
{
    enum { ROUNDS = 1500 };
    uint32_t seed = 20261122;

    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        const sample *s = &samples[i];
        uint8_t *data = malloc(s->size);
        int rounds = strcmp(s->name, "avif") == 0 ? ROUNDS / 10 : ROUNDS;
        assert_non_null(data);
        for (int round = 0; round < rounds; round++) {
            size_t size = round % 8 == 0 ? s->size - next_random(&seed) % s->size : s->size;
            memcpy(data, s->data, s->size);
            damage(data, size, &seed);
            (void)decode_anything(data, size, round % 2 == 0);
        }
        free(data);
    }
}

static void test_png_checksums(void **state)
{
    uint8_t data[sizeof png_rgb];
    cc_image image;
    cc_decode_info info;
    cc_error error = {0};

    (void)state;
    memcpy(data, png_rgb, sizeof data);
    for (size_t i = 0; i + 8 < sizeof data; i++) {
        if (memcmp(data + i, "IDAT", 4) == 0) {
            data[i + 20] ^= 1;
        }
    }
    assert_int_equal(cc_image_decode(data, sizeof data, NULL, &image, NULL, &error), CC_CORRUPT);
    memcpy(data, png_rgb, sizeof data);
    for (size_t i = 0; i + 8 < sizeof data; i++) {
        if (memcmp(data + i, "pHYs", 4) == 0) {
            data[i + 5] ^= 1;
        }
    }
    image = decode_or_fail(data, sizeof data, NULL, &info);
    assert_true(info.note[0] != '\0');
    cc_image_free(&image);
}

/* ---- too large ---- */

static void expect(const uint8_t *data, size_t size, cc_status expected, const char *words)
{
    cc_image image;
    cc_error error = {0};
    cc_status status = cc_image_decode(data, size, NULL, &image, NULL, &error);

    if (status != expected || strstr(error.message, words) == NULL) {
        fail_msg("status %d (%s) instead of %d (...%s...)", status, error.message, expected, words);
    }
    assert_null(image.pixels);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Before any allocation: with no memory to be had the answer is the same. */
static void test_huge_headers_are_refused_before_allocation(void **state)
{
    uint8_t png[sizeof png_rgb];
    uint8_t jpeg[sizeof jpeg_rgb];

    (void)state;
    memcpy(png, png_rgb, sizeof png);
    put_u32(png + 16, 60000);
    put_u32(png + 20, 60000);
    memcpy(jpeg, jpeg_rgb, sizeof jpeg);
    for (size_t i = 0; i + 9 < sizeof jpeg; i++) {
        if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC0) {
            put_u32(jpeg + i + 5, 60000u << 16 | 60000u);
        }
    }
    cc_memory_fail_after(0);
    expect(png, 69, CC_LIMIT, "60000 x 60000");
    expect(jpeg, sizeof jpeg, CC_LIMIT, "60000 x 60000");
    put_u32(png + 16, 0xFFFFFFFFu);
    expect(png, sizeof png, CC_LIMIT, "4294967295");
    put_u32(png + 16, 0);
    expect(png, sizeof png, CC_CORRUPT, "0 x 60000");
    put_u32(png + 16, 13000);
    put_u32(png + 20, 13000);
    expect(png, sizeof png, CC_LIMIT, "13000 x 13000");
    cc_memory_fail_after(-1);
}

static void test_limit_can_be_raised_and_lowered(void **state)
{
    cc_decode_options options = {.max_pixels = 12 * 20 - 1};
    cc_image image;
    cc_decode_info info;

    (void)state;
    assert_int_equal(cc_image_decode(png_rgb, sizeof png_rgb, &options, &image, &info, NULL),
                     CC_LIMIT);
    options.max_pixels = 12 * 20;
    assert_int_equal(cc_image_decode(png_rgb, sizeof png_rgb, &options, &image, &info, NULL),
                     CC_OK);
    cc_image_free(&image);
}

/* ---- a progressive JPEG that says the same thing again and again ---- */

/* The last scan of the file: from its SOS marker to the end marker. */
static size_t last_scan(const uint8_t *data, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i + 1 < size; i++) {
        if (data[i] == 0xFF && data[i + 1] == 0xDA) {
            at = i;
        }
    }
    return at;
}

static void test_many_scans_are_refused(void **state)
{
    size_t scan = last_scan(jpeg_progressive, sizeof jpeg_progressive);
    size_t scan_size = sizeof jpeg_progressive - 2 - scan;
    cc_buffer file = {0};
    static const uint8_t end[2] = {0xFF, 0xD9};

    (void)state;
    assert_true(scan > 0);
    assert_int_equal(cc_buffer_append(&file, jpeg_progressive, scan, 0, NULL), CC_OK);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(cc_buffer_append(&file, jpeg_progressive + scan, scan_size, 0, NULL),
                         CC_OK);
    }
    assert_int_equal(cc_buffer_append(&file, end, 2, 0, NULL), CC_OK);
    expect(file.data, file.size, CC_LIMIT, "500 scans");
    cc_buffer_free(&file);
}

/* ---- not a picture, or not one of ours ---- */

static void expect_text(const char *bytes, size_t size, cc_status status, const char *words)
{
    expect((const uint8_t *)bytes, size, status, words);
}

#define EXPECT_FORMAT(bytes, words) expect_text(bytes, sizeof(bytes) - 1, CC_UNSUPPORTED, words)

static void test_foreign_files_are_named(void **state)
{
    (void)state;
    expect_text("", 0, CC_CORRUPT, "empty");
    EXPECT_FORMAT("Dear sir, this is not a photograph.\n", "text");
    EXPECT_FORMAT("<!DOCTYPE html><html><body>404</body></html>", "HTML");
    EXPECT_FORMAT("\n <HTML lang=en>", "HTML");
    EXPECT_FORMAT("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG");
    EXPECT_FORMAT("\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "SVG");
    EXPECT_FORMAT("BMW is a make of cars", "text");
    expect_text("GIF89a\1\0\1\0", 10, CC_CORRUPT, "GIF data ends early");
    expect_text("BM\x46\0\0\0\0\0\0\0", 10, CC_CORRUPT, "BMP data ends early");
    EXPECT_FORMAT("%PDF-1.7\n%\xE2\xE3", "PDF");
    EXPECT_FORMAT("%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript");
    EXPECT_FORMAT("8BPS\0\1\0\0", "PSD");
    EXPECT_FORMAT("\0\0\0\x18"
                  "ftypmp42\0\0\0\0",
                  "video");
    EXPECT_FORMAT("\xFF\x0A\0\0", "JPEG XL");
    EXPECT_FORMAT("\1\2\3\4\5\6\7\x8\x9", "known format");
    EXPECT_FORMAT("\0", "known format");
    EXPECT_FORMAT("8BPS\0\1\0\0", "convert it to PNG or JPEG");
}

static void test_broken_beginnings(void **state)
{
    (void)state;
    expect_text("\xFF\xD8\xFF", 3, CC_CORRUPT, "truncated");
    expect_text("\xFF\xD8\xFF\xE0\0\x10JFIF", 10, CC_CORRUPT, "truncated");
    expect_text("\x89PNG\r\n\x1A\n", 8, CC_CORRUPT, "truncated");
    expect_text("\x89PNG\r\n\x1A\n\0\0\0\rJUNK\0\0\0\1\0\0\0\1", 24, CC_CORRUPT, "header");
    if (cc_format_can_write(CC_FORMAT_WEBP)) {
        expect_text("RIFF\0\1\0\0WEBPVP8 ", 16, CC_CORRUPT, "truncated");
    }
    if (cc_format_can_write(CC_FORMAT_TIFF)) {
        expect_text("II*\0\x8\0\0\0", 8, CC_CORRUPT, "TIFF");
        expect_text("II*\0\0\0\0\0", 8, CC_CORRUPT, "TIFF");
    }
}

/* ---- refused memory ---- */

static void test_survives_refused_memory(void **state)
{
    cc_decode_options options = {.convert_to_srgb = true};

    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        cc_status status = CC_OUT_OF_MEMORY;
        for (long refused = 0; is_built(&samples[i]) && status != CC_OK; refused++) {
            cc_image image;
            cc_error error = {0};
            assert_true(refused < 300);
            cc_memory_fail_after(refused);
            status =
                cc_image_decode(samples[i].data, samples[i].size, &options, &image, NULL, &error);
            cc_memory_fail_after(-1);
            if (status != CC_OK && status != CC_OUT_OF_MEMORY) {
                fail_msg("%s: %s", samples[i].name, error.message);
            }
            assert_true(status == CC_OK || (image.pixels == NULL && error.message[0] != '\0'));
            cc_image_free(&image);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_are_good),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_truncation_is_named),
        cmocka_unit_test(test_partial_picture_if_allowed),
        cmocka_unit_test(test_missing_jpeg_end_marker_is_harmless),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_png_checksums),
        cmocka_unit_test(test_huge_headers_are_refused_before_allocation),
        cmocka_unit_test(test_limit_can_be_raised_and_lowered),
        cmocka_unit_test(test_many_scans_are_refused),
        cmocka_unit_test(test_foreign_files_are_named),
        cmocka_unit_test(test_broken_beginnings),
        cmocka_unit_test(test_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
