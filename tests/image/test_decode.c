/* The options and facts of decoding, EXIF, and kinds of files that Pillow does
 * not write. */
#include <math.h>

#if CLEARCUT_HAVE_TIFF
#include "image/codec/tiff_io.h"
#endif
#include "image/codec/exif.h"
#include "image/deep.h"
#include "image_test.h"
#include "samples.h"

/* ---- names ---- */

static void test_format_names(void **state)
{
    (void)state;
    assert_int_equal(cc_format_from_path("a/b.JPG"), CC_FORMAT_JPEG);
    assert_int_equal(cc_format_from_path("b.jpeg"), CC_FORMAT_JPEG);
    assert_int_equal(cc_format_from_path("x.y.png"), CC_FORMAT_PNG);
    assert_int_equal(cc_format_from_path("b.WebP"), CC_FORMAT_WEBP);
    assert_int_equal(cc_format_from_path("b.tif"), CC_FORMAT_TIFF);
    assert_int_equal(cc_format_from_path("b.TIFF"), CC_FORMAT_TIFF);
    assert_int_equal(cc_format_from_path("b.heic"), CC_FORMAT_HEIF);
    assert_int_equal(cc_format_from_path("a.png/b"), CC_FORMAT_UNKNOWN);
    assert_int_equal(cc_format_from_path("png"), CC_FORMAT_UNKNOWN);
    assert_int_equal(cc_format_from_path("a.pn"), CC_FORMAT_UNKNOWN);
    assert_int_equal(cc_format_from_path(""), CC_FORMAT_UNKNOWN);
    assert_int_equal(cc_format_from_name("jpg"), CC_FORMAT_JPEG);
    assert_int_equal(cc_format_from_name("tif"), CC_FORMAT_TIFF);
    assert_int_equal(cc_format_from_name("gif"), CC_FORMAT_GIF);
    assert_int_equal(cc_format_from_path("b.BMP"), CC_FORMAT_BMP);
    assert_int_equal(cc_format_from_name("psd"), CC_FORMAT_UNKNOWN);
    assert_string_equal(cc_format_name(CC_FORMAT_JPEG), "jpeg");
    assert_string_equal(cc_format_name(CC_FORMAT_TIFF), "tiff");
    assert_true(cc_format_has_alpha(CC_FORMAT_PNG) && !cc_format_has_alpha(CC_FORMAT_JPEG));
    assert_false(cc_format_can_write(CC_FORMAT_HEIF));
    assert_false(cc_format_can_write(CC_FORMAT_GIF));
    assert_false(cc_format_can_write(CC_FORMAT_BMP));
    assert_false(cc_format_can_write(CC_FORMAT_UNKNOWN));
}

/* ---- facts ---- */

static bool can_read(const sample *s)
{
    return (strncmp(s->name, "webp", 4) != 0 || cc_format_can_write(CC_FORMAT_WEBP)) &&
           (strncmp(s->name, "tiff", 4) != 0 || cc_format_can_write(CC_FORMAT_TIFF)) &&
           strcmp(s->name, "avif") != 0;
}

static void test_probe_agrees_with_decoding(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(samples); i++) {
        cc_decode_info probed;
        cc_decode_info decoded;
        cc_image image;
        if (!can_read(&samples[i])) {
            continue;
        }
        assert_int_equal(cc_image_probe(samples[i].data, samples[i].size, &probed, NULL), CC_OK);
        image = decode_or_fail(samples[i].data, samples[i].size, NULL, &decoded);
        assert_int_equal(probed.format, decoded.format);
        assert_int_equal(probed.orientation, decoded.orientation);
        assert_int_equal(probed.full_width, image.width);
        assert_int_equal(probed.full_height, image.height);
        assert_int_equal(decoded.full_width, image.width);
        cc_image_free(&image);
    }
}

static void test_exif_facts_arrive(void **state)
{
    static const struct {
        const uint8_t *data;
        size_t size;
    } files[] = {
        {jpeg_rgb, sizeof jpeg_rgb},
        {png_profile_exif, sizeof png_profile_exif},
#if CLEARCUT_HAVE_WEBP
        {webp_lossy, sizeof webp_lossy},
#endif
    };

    (void)state;
    for (int i = 0; i < COUNT(files); i++) {
        cc_decode_info info;
        cc_decode_options stored = {.ignore_orientation = true};
        cc_image image = decode_or_fail(files[i].data, files[i].size, NULL, &info);
        assert_int_equal(info.orientation, 6);
        assert_int_equal(image.width, 12);
        assert_int_equal(image.height, 20);
        assert_true(image.metadata.focal_length_35mm == 26);
        assert_true(fabs(image.metadata.dots_per_inch - 72) < 0.01);
        cc_image_free(&image);
        image = decode_or_fail(files[i].data, files[i].size, &stored, &info);
        assert_int_equal(info.orientation, 6);
        assert_int_equal(image.width, 20);
        assert_int_equal(info.full_width, 20);
        cc_image_free(&image);
    }
}

#if CLEARCUT_HAVE_HEIF
static void test_avif_if_the_codec_is_there(void **state)
{
    cc_image image;
    cc_decode_info info;
    cc_error error = {0};
    cc_status status = cc_image_decode(avif, sizeof avif, NULL, &image, &info, &error);

    (void)state;
    if (status == CC_UNSUPPORTED) {
        print_message("SKIPPED: libheif has no AV1 decoder here (%s)\n", error.message);
        skip();
    }
    assert_int_equal(status, CC_OK);
    /* The container turns the picture (irot); EXIF must not turn it again. */
    assert_int_equal(info.orientation, 1);
    assert_int_equal(image.width, 12);
    assert_int_equal(image.height, 20);
    assert_true(image.metadata.focal_length_35mm == 26);
    cc_image_free(&image);
}
#endif

/* ---- scaled decoding ---- */

static void check_scaled(const cc_buffer *file, int minimum, int width, int height)
{
    cc_decode_options options = {.minimum_long_side = minimum};
    cc_decode_info info;
    cc_image image = decode_or_fail(file->data, file->size, &options, &info);

    if (image.width != width || image.height != height) {
        fail_msg("at least %d: %d x %d instead of %d x %d", minimum, image.width, image.height,
                 width, height);
    }
    assert_int_equal(info.full_width, 641);
    assert_int_equal(info.full_height, 333);
    cc_image_free(&image);
}

static void test_scaled_jpeg(void **state)
{
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_JPEG);
    cc_image original = smooth_image(641, 333, 3);
    cc_buffer file = encode_or_fail(&original, &options);

    (void)state;
    check_scaled(&file, 0, 641, 333);
    check_scaled(&file, 5000, 641, 333);
    check_scaled(&file, 641, 641, 333);
    check_scaled(&file, 322, 641, 333);
    check_scaled(&file, 321, 321, 167);
    check_scaled(&file, 161, 161, 84);
    check_scaled(&file, 162, 321, 167);
    check_scaled(&file, 81, 81, 42);
    check_scaled(&file, 1, 81, 42);
    cc_buffer_free(&file);
    cc_image_free(&original);
}

/* ---- grey JPEG with an alpha-less profile, CMYK ---- */

static void test_cmyk_jpeg_has_right_colors(void **state)
{
    /* The same picture as jpeg_rgb (turned), converted to CMYK by Pillow. */
    cc_decode_options stored = {.ignore_orientation = true};
    cc_image color = decode_or_fail(jpeg_rgb, sizeof jpeg_rgb, &stored, NULL);
    cc_image cmyk = decode_or_fail(jpeg_cmyk, sizeof jpeg_cmyk, NULL, NULL);
    double mean;

    (void)state;
    assert_true(largest_difference(&color, &cmyk, &mean) < 40);
    assert_true(mean < 6);
    cc_image_free(&color);
    cc_image_free(&cmyk);
}

/* Without the Adobe marker the values are ink as they stand. */
static void test_cmyk_jpeg_without_adobe_marker(void **state)
{
    uint8_t data[sizeof jpeg_cmyk];
    cc_image marked = decode_or_fail(jpeg_cmyk, sizeof jpeg_cmyk, NULL, NULL);
    cc_image plain;
    double mean;
    bool found = false;

    (void)state;
    memcpy(data, jpeg_cmyk, sizeof data);
    for (size_t i = 0; i + 9 < sizeof data; i++) {
        if (data[i] == 0xFF && data[i + 1] == 0xEE && memcmp(data + i + 4, "Adobe", 5) == 0) {
            data[i + 4] = 'X';
            found = true;
        }
    }
    assert_true(found);
    plain = decode_or_fail(data, sizeof data, NULL, NULL);
    assert_true(largest_difference(&marked, &plain, &mean) > 60);
    cc_image_free(&marked);
    cc_image_free(&plain);
}

/* A profile whose pieces are numbered wrongly costs the profile, not the picture. */
static void test_jpeg_with_a_broken_profile(void **state)
{
    uint8_t data[sizeof jpeg_restart_profile];
    cc_decode_info info;
    cc_image image;
    bool found = false;

    (void)state;
    memcpy(data, jpeg_restart_profile, sizeof data);
    for (size_t i = 0; i + 14 < sizeof data; i++) {
        if (memcmp(data + i, "ICC_PROFILE", 12) == 0) {
            data[i + 12] = 9; /* of 1 */
            found = true;
        }
    }
    assert_true(found);
    image = decode_or_fail(data, sizeof data, NULL, &info);
    assert_null(image.metadata.icc_profile);
    assert_non_null(strstr(info.note, "profile"));
    cc_image_free(&image);
}

/* ---- EXIF blocks ---- */

typedef struct exif_builder {
    uint8_t bytes[70000];
    size_t size;
} exif_builder;

static void put(exif_builder *b, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        b->bytes[b->size++] = (uint8_t)(value >> (8 * i)); /* "II" */
    }
}

static void put_entry(exif_builder *b, uint32_t tag, uint32_t type, uint32_t count, uint32_t value)
{
    put(b, tag, 2);
    put(b, type, 2);
    put(b, count, 4);
    put(b, value, 4);
}

static void begin(exif_builder *b, uint32_t entries)
{
    b->size = 0;
    put(b, 0x002A4949, 4);
    put(b, 8, 4);
    put(b, entries, 2);
}

static void test_exif_values(void **state)
{
    static exif_builder b;
    cc_exif exif;

    (void)state;
    begin(&b, 3);
    put_entry(&b, 0x0112, 3, 1, 8);
    put_entry(&b, 0x0128, 3, 1, 3);
    put_entry(&b, 0x011A, 5, 1, 50);
    put(&b, 0, 4);
    assert_int_equal(b.size, 50);
    put(&b, 1000, 4);
    put(&b, 10, 4);
    exif = cc_exif_read(b.bytes, b.size);
    assert_int_equal(exif.orientation, 8);
    assert_true(fabs(exif.dots_per_inch - 254) < 1e-9);
    assert_true(exif.focal_length_35mm == 0);
}

/* A directory that names itself as the EXIF directory, and as the next one. */
static void test_exif_circle(void **state)
{
    static exif_builder b;
    cc_exif exif;

    (void)state;
    begin(&b, 3);
    put_entry(&b, 0x0112, 3, 1, 3);
    put_entry(&b, 0x8769, 4, 1, 8);
    put_entry(&b, 0xA405, 3, 1, 35);
    put(&b, 8, 4);
    exif = cc_exif_read(b.bytes, b.size);
    assert_int_equal(exif.orientation, 3);
    assert_true(exif.focal_length_35mm == 35);
}

static void test_exif_bad_values(void **state)
{
    static const uint32_t orientations[] = {0, 9, 99, 65535};
    static exif_builder b;

    (void)state;
    for (int i = 0; i < COUNT(orientations); i++) {
        begin(&b, 4);
        put_entry(&b, 0x0112, 3, 1, orientations[i]);
        put_entry(&b, 0x011A, 5, 1, 0xFFFFFFF0u);
        put_entry(&b, 0x8769, 4, 1, 0xFFFFFFFFu);
        put_entry(&b, 0xA405, 3, 1, 0);
        assert_int_equal(cc_exif_read(b.bytes, b.size).orientation, 1);
        assert_true(cc_exif_read(b.bytes, b.size).dots_per_inch == 0);
        assert_true(cc_exif_read(b.bytes, b.size).focal_length_35mm == 0);
    }
    begin(&b, 1);
    put_entry(&b, 0x0112, 2, 1, 6); /* text, not a number */
    assert_int_equal(cc_exif_read(b.bytes, b.size).orientation, 1);
    begin(&b, 1);
    put_entry(&b, 0x0112, 3, 2, 6); /* two values */
    assert_int_equal(cc_exif_read(b.bytes, b.size).orientation, 1);
}

/* The largest that a JPEG segment can hold: 64 KB of directory. */
static void test_exif_of_64_kilobytes(void **state)
{
    static exif_builder b;

    (void)state;
    begin(&b, 65535);
    while (b.size + 12 <= 65536 - 12) {
        put_entry(&b, 0x9999, 3, 1, 1);
    }
    put_entry(&b, 0x0112, 3, 1, 5);
    assert_int_equal(cc_exif_read(b.bytes, b.size).orientation, 5);
}

static void test_exif_any_bytes(void **state)
{
    uint8_t data[64];
    uint32_t seed = 5;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t size = next_random(&seed) % sizeof data;
        uint8_t *exact = malloc(size + 1);
        cc_exif exif;
        assert_non_null(exact);
        for (size_t i = 0; i < size; i++) {
            exact[i] = (uint8_t)(next_random(&seed) & (round % 2 ? 255u : 15u));
        }
        if (size > 8) {
            memcpy(exact, round % 4 < 2 ? "II*\0" : "MM\0*", 4);
        }
        exif = cc_exif_read(exact, size);
        assert_true(exif.orientation >= 1 && exif.orientation <= 8);
        assert_true(exif.dots_per_inch >= 0 && exif.focal_length_35mm >= 0);
        free(exact);
    }
}

/* ---- TIFF as other programs write it ---- */

#if CLEARCUT_HAVE_TIFF

typedef struct tiff_kind {
    int bits;
    int samples;
    int photometric;
    int planar;
    int extra; /* -1 = no extra sample */
    int tile;  /* 0 = strips */
} tiff_kind;

static void describe(TIFF *tiff, const tiff_kind *kind, int width, int height)
{
    uint16_t extra = (uint16_t)kind->extra;

    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind->bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind->samples);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind->photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, kind->planar);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
    if (kind->extra >= 0) {
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
    }
    if (kind->tile > 0) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kind->tile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, kind->tile);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 5);
    }
}

/* values: height x width x samples. */
static void write_strips(TIFF *tiff, const tiff_kind *kind, const uint16_t *values, int width,
                         int height)
{
    bool planes = kind->planar == PLANARCONFIG_SEPARATE;
    int spacing = planes ? 1 : kind->samples;
    uint16_t row[1024];
    uint8_t *bytes = (uint8_t *)row;

    for (int plane = 0; plane < (planes ? kind->samples : 1); plane++) {
        for (int y = 0; y < height; y++) {
            for (int i = 0; i < width * spacing; i++) {
                int at = planes ? i * kind->samples + plane : i;
                uint16_t value = values[y * width * kind->samples + at];
                if (kind->bits == 16) {
                    row[i] = value;
                } else {
                    bytes[i] = (uint8_t)value;
                }
            }
            assert_int_equal(TIFFWriteScanline(tiff, row, (uint32_t)y, (uint16_t)plane), 1);
        }
    }
}

static void write_tiles(TIFF *tiff, const tiff_kind *kind, const uint16_t *values, int width,
                        int height)
{
    uint8_t tile[64 * 64 * 4];

    for (int top = 0; top < height; top += kind->tile) {
        for (int left = 0; left < width; left += kind->tile) {
            memset(tile, 0, sizeof tile);
            for (int y = top; y < height && y < top + kind->tile; y++) {
                for (int x = left; x < width && x < left + kind->tile; x++) {
                    for (int s = 0; s < kind->samples; s++) {
                        tile[((y - top) * kind->tile + x - left) * kind->samples + s] =
                            (uint8_t)values[(y * width + x) * kind->samples + s];
                    }
                }
            }
            assert_true(TIFFWriteTile(tiff, tile, (uint32_t)left, (uint32_t)top, 0, 0) > 0);
        }
    }
}

static cc_buffer write_tiff(const tiff_kind *kind, const uint16_t *values, int width, int height)
{
    cc_buffer bytes = {0};
    cc_tiff_memory memory = {.bytes = &bytes};
    TIFF *tiff = cc_tiff_open(&memory);

    assert_non_null(tiff);
    describe(tiff, kind, width, height);
    if (kind->tile > 0) {
        write_tiles(tiff, kind, values, width, height);
    } else {
        write_strips(tiff, kind, values, width, height);
    }
    TIFFClose(tiff);
    return bytes;
}

static uint8_t expected_sample(const tiff_kind *kind, const uint16_t *pixel, int channel)
{
    unsigned value = pixel[channel];
    unsigned alpha = kind->extra == EXTRASAMPLE_ASSOCALPHA ? pixel[kind->samples - 1] : 0;

    if (kind->bits == 16) {
        value = (value * 255u + 32767u) / 65535u;
    }
    if (kind->photometric == PHOTOMETRIC_MINISWHITE) {
        value = 255 - value;
    }
    if (alpha != 0 && channel < kind->samples - 1) {
        value = (value * 255 + alpha / 2) / alpha;
        return (uint8_t)(value < 255 ? value : 255);
    }
    return (uint8_t)value;
}

static uint16_t expected_deep_sample(const tiff_kind *kind, const uint16_t *pixel, int channel)
{
    uint64_t value = pixel[channel];
    uint64_t alpha = kind->extra == EXTRASAMPLE_ASSOCALPHA ? pixel[kind->samples - 1] : 0;

    if (kind->bits == 8) {
        return (uint16_t)(expected_sample(kind, pixel, channel) * 257);
    }
    value = kind->photometric == PHOTOMETRIC_MINISWHITE ? 65535 - value : value;
    if (alpha != 0 && channel < kind->samples - 1) {
        value = (value * 65535 + alpha / 2) / alpha;
    }
    return (uint16_t)(value < 65535 ? value : 65535);
}

/* The same file with its 16 bits. */
static void check_deep_tiff(const tiff_kind *kind, const uint16_t *values, const cc_buffer *file,
                            int channels)
{
    cc_decode_options options = {.keep_deep = true};
    cc_image image = decode_or_fail(file->data, file->size, &options, NULL);
    uint16_t *row = malloc((size_t)image.width * (size_t)channels * sizeof *row);

    assert_non_null(row);
    assert_int_equal(image.deep != NULL, kind->bits == 16);
    for (int y = 0; y < image.height; y++) {
        cc_deep_row(&image, y, row);
        for (int i = 0; i < image.width * channels; i++) {
            const uint16_t *pixel = values + (y * image.width + i / channels) * kind->samples;
            assert_int_equal(row[i], expected_deep_sample(kind, pixel, i % channels));
        }
    }
    free(row);
    cc_image_free(&image);
}

static void check_tiff(const tiff_kind *kind)
{
    enum { WIDTH = 41, HEIGHT = 37 };
    static uint16_t values[WIDTH * HEIGHT * 5];
    uint32_t seed = 12;
    cc_buffer file;
    cc_image image;
    int channels = kind->samples - (kind->extra == EXTRASAMPLE_UNSPECIFIED ? 1 : 0);

    for (int i = 0; i < WIDTH * HEIGHT * kind->samples; i++) {
        values[i] = (uint16_t)(next_random(&seed) & (kind->bits == 16 ? 65535u : 255u));
    }
    file = write_tiff(kind, values, WIDTH, HEIGHT);
    image = decode_or_fail(file.data, file.size, NULL, NULL);
    assert_int_equal(image.channels, channels);
    for (int y = 0; y < HEIGHT; y++) {
        for (int i = 0; i < WIDTH * channels; i++) {
            const uint16_t *pixel = values + (y * WIDTH + i / channels) * kind->samples;
            assert_int_equal(cc_image_row(&image, y)[i],
                             expected_sample(kind, pixel, i % channels));
        }
    }
    check_deep_tiff(kind, values, &file, channels);
    cc_image_free(&image);
    cc_buffer_free(&file);
}

static void test_tiff_kinds(void **state)
{
    static const tiff_kind kinds[] = {
        {8, 1, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, -1, 0},
        {8, 1, PHOTOMETRIC_MINISWHITE, PLANARCONFIG_CONTIG, -1, 0},
        {16, 1, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, -1, 0},
        {16, 1, PHOTOMETRIC_MINISWHITE, PLANARCONFIG_CONTIG, -1, 0},
        {16, 2, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_SEPARATE, EXTRASAMPLE_UNASSALPHA, 0},
        {8, 2, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, EXTRASAMPLE_UNASSALPHA, 0},
        {8, 2, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, EXTRASAMPLE_UNSPECIFIED, 0},
        {16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, -1, 0},
        {16, 4, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, EXTRASAMPLE_UNASSALPHA, 0},
        {8, 3, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE, -1, 0},
        {16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE, -1, 0},
        {8, 4, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE, EXTRASAMPLE_UNASSALPHA, 0},
        {8, 4, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, EXTRASAMPLE_ASSOCALPHA, 0},
        {8, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, -1, 16},
        {8, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, -1, 64},
    };

    (void)state;
    for (int i = 0; i < COUNT(kinds); i++) {
        check_tiff(&kinds[i]);
    }
}

static void test_tiff_of_floats_is_refused(void **state)
{
    cc_buffer bytes = {0};
    cc_tiff_memory memory = {.bytes = &bytes};
    tiff_kind kind = {32, 1, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, -1, 0};
    TIFF *tiff = cc_tiff_open(&memory);
    float row[4] = {0};
    cc_image image;
    cc_error error = {0};

    (void)state;
    assert_non_null(tiff);
    describe(tiff, &kind, 4, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    assert_int_equal(TIFFWriteScanline(tiff, row, 0, 0), 1);
    TIFFClose(tiff);
    assert_int_equal(cc_image_decode(bytes.data, bytes.size, NULL, &image, NULL, &error),
                     CC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "floating-point"));
    cc_buffer_free(&bytes);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_names),
        cmocka_unit_test(test_probe_agrees_with_decoding),
        cmocka_unit_test(test_exif_facts_arrive),
#if CLEARCUT_HAVE_HEIF
        cmocka_unit_test(test_avif_if_the_codec_is_there),
#endif
        cmocka_unit_test(test_scaled_jpeg),
        cmocka_unit_test(test_cmyk_jpeg_has_right_colors),
        cmocka_unit_test(test_cmyk_jpeg_without_adobe_marker),
        cmocka_unit_test(test_jpeg_with_a_broken_profile),
        cmocka_unit_test(test_exif_values),
        cmocka_unit_test(test_exif_circle),
        cmocka_unit_test(test_exif_bad_values),
        cmocka_unit_test(test_exif_of_64_kilobytes),
        cmocka_unit_test(test_exif_any_bytes),
#if CLEARCUT_HAVE_TIFF
        cmocka_unit_test(test_tiff_kinds),
        cmocka_unit_test(test_tiff_of_floats_is_refused),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
