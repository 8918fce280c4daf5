/* Raw frames: against the formulas of BT.601 and BT.709 in double precision, against
 * known samples, and there and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/yuv.h"

static const struct {
    cc_frame_pixels pixels;
    int across; /* pixels that share a difference */
    int down;
} layouts[] = {
    {CC_FRAME_NV12, 2, 2},   {CC_FRAME_YUV420, 2, 2}, {CC_FRAME_YUV422, 2, 1},
    {CC_FRAME_YUV444, 1, 1}, {CC_FRAME_GREY, 0, 0},
};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

static unsigned state = 1;
static uint8_t noise(void)
{
    state = state * 1103515245u + 12345u;
    return (uint8_t)(state >> 16);
}

/* One pixel, straight from the definition. */
static void reference_rgb(const cc_frame_format *format, double y, double cb, double cr,
                          double rgb[3])
{
    double kr = format->matrix == CC_YUV_BT709 ? 0.2126 : 0.299;
    double kb = format->matrix == CC_YUV_BT709 ? 0.0722 : 0.114;
    double luma = format->full_range ? y : (y - 16) * 255 / 219;
    double blue = (cb - 128) * (format->full_range ? 1 : 255.0 / 224);
    double red = (cr - 128) * (format->full_range ? 1 : 255.0 / 224);

    rgb[0] = luma + 2 * (1 - kr) * red;
    rgb[2] = luma + 2 * (1 - kb) * blue;
    rgb[1] = (luma - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
    for (int c = 0; c < 3; c++) {
        rgb[c] = rgb[c] < 0 ? 0 : rgb[c] > 255 ? 255 : rgb[c];
    }
}

static void reference_yuv(const cc_frame_format *format, const double rgb[3], double yuv[3])
{
    double kr = format->matrix == CC_YUV_BT709 ? 0.2126 : 0.299;
    double kb = format->matrix == CC_YUV_BT709 ? 0.0722 : 0.114;
    double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];

    yuv[0] = format->full_range ? y : 16 + y * 219 / 255;
    yuv[1] = 128 + (rgb[2] - y) / (2 * (1 - kb)) * (format->full_range ? 1 : 224.0 / 255);
    yuv[2] = 128 + (rgb[0] - y) / (2 * (1 - kr)) * (format->full_range ? 1 : 224.0 / 255);
}

/* The samples of pixel x, y as they lie in a frame. */
static void samples_at(const cc_frame_format *format, int across, int down, const uint8_t *frame,
                       int x, int y, double yuv[3])
{
    size_t luma = (size_t)format->width * (size_t)format->height;
    size_t width = across > 0 ? (size_t)((format->width + across - 1) / across) : 0;
    size_t height = across > 0 ? (size_t)((format->height + down - 1) / down) : 0;
    size_t at = across > 0 ? (size_t)(y / down) * width + (size_t)(x / across) : 0;

    yuv[0] = frame[(size_t)y * (size_t)format->width + (size_t)x];
    yuv[1] = yuv[2] = 128;
    if (across > 0 && format->pixels == CC_FRAME_NV12) {
        yuv[1] = frame[luma + 2 * at];
        yuv[2] = frame[luma + 2 * at + 1];
    } else if (across > 0) {
        yuv[1] = frame[luma + at];
        yuv[2] = frame[luma + width * height + at];
    }
}

static void compare_to_rgb(const cc_frame_format *format, int across, int down)
{
    size_t bytes = cc_frame_bytes(format);
    uint8_t *frame = malloc(bytes);
    cc_image image;

    assert_non_null(frame);
    for (size_t i = 0; i < bytes; i++) {
        frame[i] = noise();
    }
    assert_int_equal(cc_frame_to_image(format, frame, &image, NULL), CC_OK);
    assert_int_equal(image.channels, 3);
    for (int y = 0; y < format->height; y++) {
        for (int x = 0; x < format->width; x++) {
            double yuv[3];
            double rgb[3];
            samples_at(format, across, down, frame, x, y, yuv);
            reference_rgb(format, yuv[0], yuv[1], yuv[2], rgb);
            for (int c = 0; c < 3; c++) {
                assert_true(fabs(rgb[c] - cc_image_row(&image, y)[3 * x + c]) < 0.51);
            }
        }
    }
    cc_image_free(&image);
    free(frame);
}

/* Mean colour of the pixels that share the difference of x, y. */
static void mean_at(const cc_image *image, int across, int down, int x, int y, double rgb[3])
{
    int count = 0;

    rgb[0] = rgb[1] = rgb[2] = 0;
    for (int j = y / down * down; j < (y / down + 1) * down && j < image->height; j++) {
        for (int i = x / across * across; i < (x / across + 1) * across && i < image->width; i++) {
            for (int c = 0; c < 3; c++) {
                rgb[c] += cc_image_row(image, j)[image->channels * i + c];
            }
            count++;
        }
    }
    for (int c = 0; c < 3; c++) {
        rgb[c] /= count;
    }
}

static void compare_from_rgb(const cc_frame_format *format, int across, int down, int channels)
{
    uint8_t *frame = malloc(cc_frame_bytes(format));
    cc_image image;

    assert_non_null(frame);
    assert_int_equal(cc_image_create(format->width, format->height, channels, &image, NULL), CC_OK);
    for (size_t i = 0; i < image.stride * (size_t)image.height; i++) {
        image.pixels[i] = noise();
    }
    assert_int_equal(cc_frame_from_image(format, &image, frame, NULL), CC_OK);
    for (int y = 0; y < format->height; y++) {
        for (int x = 0; x < format->width; x++) {
            double got[3];
            double rgb[3];
            double yuv[3];
            samples_at(format, across, down, frame, x, y, got);
            mean_at(&image, 1, 1, x, y, rgb);
            reference_yuv(format, rgb, yuv);
            assert_true(fabs(yuv[0] - got[0]) < 0.51);
            if (across > 0) {
                mean_at(&image, across, down, x, y, rgb);
                reference_yuv(format, rgb, yuv);
                assert_true(fabs(fmin(yuv[1], 255) - got[1]) < 0.51);
                assert_true(fabs(fmin(yuv[2], 255) - got[2]) < 0.51);
            }
        }
    }
    cc_image_free(&image);
    free(frame);
}

static void for_all(void (*compare)(const cc_frame_format *format, int across, int down))
{
    static const int sizes[][2] = {{1, 1}, {2, 2}, {3, 5}, {7, 4}, {16, 9}, {33, 17}};

    for (int i = 0; i < LAYOUTS; i++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            for (int variant = 0; variant < 4; variant++) {
                cc_frame_format format = {layouts[i].pixels, sizes[s][0], sizes[s][1],
                                          variant & 1 ? CC_YUV_BT709 : CC_YUV_BT601,
                                          (variant & 2) != 0};
                compare(&format, layouts[i].across, layouts[i].down);
            }
        }
    }
}

static void frames_become_pictures_as_defined(void **unused)
{
    (void)unused;
    for_all(compare_to_rgb);
}

static void from_rgb(const cc_frame_format *format, int across, int down)
{
    compare_from_rgb(format, across, down, 3);
    compare_from_rgb(format, across, down, 4);
}

static void pictures_become_frames_as_defined(void **unused)
{
    (void)unused;
    for_all(from_rgb);
}

/* Samples that came from colours at all come back to within their rounding. */
static void there_and_back(const cc_frame_format *format, int across, int down)
{
    size_t bytes = cc_frame_bytes(format);
    uint8_t *first = malloc(bytes);
    uint8_t *second = malloc(bytes);
    cc_image image;

    (void)across;
    (void)down;
    assert_true(first != NULL && second != NULL);
    for (size_t i = 0; i < bytes; i++) {
        bool luma = i < (size_t)format->width * (size_t)format->height;
        first[i] = (uint8_t)(luma ? 90 + noise() % 60 : 118 + noise() % 20);
    }
    assert_int_equal(cc_frame_to_image(format, first, &image, NULL), CC_OK);
    assert_int_equal(cc_frame_from_image(format, &image, second, NULL), CC_OK);
    for (size_t i = 0; i < bytes; i++) {
        assert_in_range(second[i], first[i] - 1, first[i] + 1);
    }
    cc_image_free(&image);
    free(first);
    free(second);
}

static void a_frame_comes_back(void **unused)
{
    (void)unused;
    for_all(there_and_back);
}

static void known_colours(void **unused)
{
    /* SMPTE bars of 75 %: the values are printed in every handbook. */
    static const struct {
        uint8_t rgb[3];
        uint8_t yuv601[3];
        uint8_t yuv709[3];
    } bars[] = {
        {{191, 191, 191}, {180, 128, 128}, {180, 128, 128}},
        {{191, 191, 0}, {162, 44, 142}, {168, 44, 136}},
        {{0, 191, 191}, {131, 156, 44}, {145, 147, 44}},
        {{0, 191, 0}, {112, 72, 58}, {133, 63, 52}},
        {{191, 0, 0}, {65, 100, 212}, {51, 109, 212}},
        {{0, 0, 191}, {35, 212, 114}, {28, 212, 120}},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        uint8_t pixel[3];
        uint8_t frame[3];
        cc_image image = {
            .width = 1, .height = 1, .channels = 3, .stride = 3, .pixels = pixel, .borrowed = true};
        cc_frame_format format = {CC_FRAME_YUV444, 1, 1, CC_YUV_BT601, false};

        memcpy(pixel, bars[i].rgb, sizeof pixel);
        assert_int_equal(cc_frame_from_image(&format, &image, frame, NULL), CC_OK);
        for (int c = 0; c < 3; c++) {
            assert_in_range(frame[c], bars[i].yuv601[c] - 1, bars[i].yuv601[c] + 1);
        }
        format.matrix = CC_YUV_BT709;
        assert_int_equal(cc_frame_from_image(&format, &image, frame, NULL), CC_OK);
        for (int c = 0; c < 3; c++) {
            assert_in_range(frame[c], bars[i].yuv709[c] - 1, bars[i].yuv709[c] + 1);
        }
    }
}

static void rgb_frames_are_copied(void **unused)
{
    uint8_t frame[4 * 6];
    uint8_t again[sizeof frame];
    cc_frame_format format = {CC_FRAME_RGBA, 3, 2, CC_YUV_BT601, false};
    cc_image image;

    (void)unused;
    for (size_t i = 0; i < sizeof frame; i++) {
        frame[i] = noise();
    }
    assert_int_equal(cc_frame_to_image(&format, frame, &image, NULL), CC_OK);
    assert_int_equal(image.channels, 4);
    assert_memory_equal(image.pixels, frame, sizeof frame);
    format.pixels = CC_FRAME_RGB24;
    assert_int_equal(cc_frame_from_image(&format, &image, again, NULL), CC_OK);
    assert_memory_equal(again + 3, frame + 4, 3);
    cc_image_free(&image);
}

static void sizes_of_frames(void **unused)
{
    cc_frame_format format = {CC_FRAME_YUV420, 5, 3, CC_YUV_BT601, false};
    cc_image image = {0};
    uint8_t nothing[1] = {0};

    (void)unused;
    assert_int_equal(cc_frame_bytes(&format), 15 + 2 * 3 * 2);
    format.pixels = CC_FRAME_YUV422;
    assert_int_equal(cc_frame_bytes(&format), 15 + 2 * 3 * 3);
    format.width = 0;
    assert_int_equal(cc_frame_bytes(&format), 0);
    format.width = 2000000000;
    format.height = 2000000000;
    assert_int_equal(cc_frame_bytes(&format), 0);
    assert_int_not_equal(cc_frame_to_image(&format, nothing, &image, NULL), CC_OK);
    assert_null(image.pixels);
    assert_int_equal(cc_yuv_matrix_for_size(720, 576), CC_YUV_BT601);
    assert_int_equal(cc_yuv_matrix_for_size(1280, 720), CC_YUV_BT709);
    assert_int_equal(cc_yuv_matrix_for_size(608, 1080), CC_YUV_BT709);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_become_pictures_as_defined),
        cmocka_unit_test(pictures_become_frames_as_defined),
        cmocka_unit_test(a_frame_comes_back),
        cmocka_unit_test(known_colours),
        cmocka_unit_test(rgb_frames_are_copied),
        cmocka_unit_test(sizes_of_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
