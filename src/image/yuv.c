#include "image/yuv.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"

/* ---- layouts ---- */

/* Where the colour differences of a frame lie. */
typedef struct chroma_layout {
    int shift_x; /* one for 1 << shift_x pixels in a row */
    int shift_y;
    int width; /* of a plane of them; 0 = there are none */
    int height;
    int step;   /* bytes from one to the next in a row */
    size_t row; /* bytes of a row */
    size_t cb;  /* offset of the first */
    size_t cr;
} chroma_layout;

static bool is_yuv(cc_frame_pixels pixels)
{
    return pixels >= CC_FRAME_NV12 && pixels <= CC_FRAME_GREY;
}

static chroma_layout layout_of(const cc_frame_format *format)
{
    size_t luma = (size_t)format->width * (size_t)format->height;
    chroma_layout at = {.step = 1};

    if (format->pixels == CC_FRAME_GREY) {
        return at;
    }
    at.shift_x = format->pixels == CC_FRAME_YUV444 ? 0 : 1;
    at.shift_y = format->pixels == CC_FRAME_NV12 || format->pixels == CC_FRAME_YUV420 ? 1 : 0;
    at.width = (format->width + (1 << at.shift_x) - 1) >> at.shift_x;
    at.height = (format->height + (1 << at.shift_y) - 1) >> at.shift_y;
    at.step = format->pixels == CC_FRAME_NV12 ? 2 : 1;
    at.row = (size_t)at.width * (size_t)at.step;
    at.cb = luma;
    at.cr =
        format->pixels == CC_FRAME_NV12 ? luma + 1 : luma + (size_t)at.width * (size_t)at.height;
    return at;
}

size_t cc_frame_bytes(const cc_frame_format *format)
{
    uint64_t width = format->width > 0 ? (uint64_t)format->width : 0;
    uint64_t height = format->height > 0 ? (uint64_t)format->height : 0;
    chroma_layout chroma;

    if (cc_image_check_size(width, height, 0, NULL) != CC_OK) {
        return 0;
    }
    switch (format->pixels) {
    case CC_FRAME_RGB24: return (size_t)(3 * width * height);
    case CC_FRAME_RGBA: return (size_t)(4 * width * height);
    case CC_FRAME_NV12:
    case CC_FRAME_YUV420:
    case CC_FRAME_YUV422:
    case CC_FRAME_YUV444:
    case CC_FRAME_GREY:
        chroma = layout_of(format);
        return (size_t)(width * height) + 2 * (size_t)chroma.width * (size_t)chroma.height;
    }
    return 0;
}

cc_yuv_matrix cc_yuv_matrix_for_size(int width, int height)
{
    return width >= 1280 || height > 576 ? CC_YUV_BT709 : CC_YUV_BT601;
}

/* ---- figures ---- */

enum { SHIFT = 16, HALF = 1 << (SHIFT - 1) };

/* Both directions in fixed point. With Kr + Kg + Kb = 1:
 * Y = Kr R + Kg G + Kb B, Cb = (B - Y) / (2 (1 - Kb)), Cr = (R - Y) / (2 (1 - Kr));
 * Y and C are then scaled to their range and set off by it. */
typedef struct figures {
    int luma_offset; /* 16 or 0 */
    int from_luma;
    int red_from_cr;
    int green_from_cb;
    int green_from_cr;
    int blue_from_cb;
    int luma[3]; /* red, green, blue */
    int cb[3];
    int cr[3];
} figures;

static int fixed(double value)
{
    return (int)lround(value * (1 << SHIFT));
}

static figures figures_of(const cc_frame_format *format)
{
    double kr = format->matrix == CC_YUV_BT709 ? 0.2126 : 0.299;
    double kb = format->matrix == CC_YUV_BT709 ? 0.0722 : 0.114;
    double kg = 1 - kr - kb;
    double y = format->full_range ? 1 : 219.0 / 255.0; /* of 0..255 */
    double c = format->full_range ? 1 : 224.0 / 255.0;

    return (figures){
        .luma_offset = format->full_range ? 0 : 16,
        .from_luma = fixed(1 / y),
        .red_from_cr = fixed(2 * (1 - kr) / c),
        .green_from_cb = fixed(-2 * kb * (1 - kb) / kg / c),
        .green_from_cr = fixed(-2 * kr * (1 - kr) / kg / c),
        .blue_from_cb = fixed(2 * (1 - kb) / c),
        .luma = {fixed(y * kr), fixed(y) - fixed(y * kr) - fixed(y * kb), fixed(y * kb)},
        .cb = {fixed(-c * kr / (2 * (1 - kb))), -fixed(c / 2) - fixed(-c * kr / (2 * (1 - kb))),
               fixed(c / 2)},
        .cr = {fixed(c / 2), -fixed(c / 2) - fixed(-c * kb / (2 * (1 - kr))),
               fixed(-c * kb / (2 * (1 - kr)))}};
}

static inline uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* ---- a frame to a picture ---- */

/* The differences of one row, repeated so that every pixel has its own. */
static void spread(const uint8_t *from, int step, int shift, int width, uint8_t *to)
{
    if (shift == 0 && step == 1) {
        memcpy(to, from, (size_t)width);
        return;
    }
    for (int x = 0; x < width; x++) {
        to[x] = from[(size_t)(x >> shift) * (size_t)step];
    }
}

static void row_to_rgb(const figures *by, const uint8_t *restrict luma, const uint8_t *restrict cb,
                       const uint8_t *restrict cr, int width, uint8_t *restrict rgb)
{
    for (int x = 0; x < width; x++) {
        int y = (luma[x] - by->luma_offset) * by->from_luma + HALF;
        int u = cb[x] - 128;
        int v = cr[x] - 128;
        rgb[3 * x] = clamp((y + by->red_from_cr * v) >> SHIFT);
        rgb[3 * x + 1] = clamp((y + by->green_from_cb * u + by->green_from_cr * v) >> SHIFT);
        rgb[3 * x + 2] = clamp((y + by->blue_from_cb * u) >> SHIFT);
    }
}

static void yuv_to_rgb(const cc_frame_format *format, const uint8_t *frame, uint8_t *differences,
                       cc_image *image)
{
    chroma_layout at = layout_of(format);
    figures by = figures_of(format);
    size_t width = (size_t)format->width;
    uint8_t *cb = differences;
    uint8_t *cr = differences + width;

    memset(differences, 128, 2 * width);
    for (int y = 0; y < format->height; y++) {
        size_t row = (size_t)(y >> at.shift_y) * at.row;
        if (at.width > 0 && (y & ((1 << at.shift_y) - 1)) == 0) {
            spread(frame + at.cb + row, at.step, at.shift_x, format->width, cb);
            spread(frame + at.cr + row, at.step, at.shift_x, format->width, cr);
        }
        row_to_rgb(&by, frame + (size_t)y * width, cb, cr, format->width, cc_image_row(image, y));
    }
}

static cc_status check(const cc_frame_format *format, cc_error *error)
{
    if (format->width < 1 || format->height < 1 || (unsigned)format->pixels > CC_FRAME_GREY) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a frame of %d x %d in layout %d is none",
                       format->width, format->height, (int)format->pixels);
    }
    return cc_image_check_size((uint64_t)format->width, (uint64_t)format->height, 0, error);
}

cc_status cc_frame_to_image(const cc_frame_format *format, const uint8_t *frame, cc_image *image,
                            cc_error *error)
{
    int channels = format->pixels == CC_FRAME_RGBA ? 4 : 3;
    uint8_t *differences = NULL;
    cc_status status;

    memset(image, 0, sizeof *image);
    status = check(format, error);
    if (status == CC_OK) {
        status = cc_image_create(format->width, format->height, channels, image, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (!is_yuv(format->pixels)) {
        memcpy(image->pixels, frame, cc_frame_bytes(format));
        return CC_OK;
    }
    differences = cc_alloc_array((size_t)format->width, 2);
    if (differences == NULL) {
        cc_image_free(image);
        return cc_fail_memory(error, 2 * (unsigned long long)format->width);
    }
    yuv_to_rgb(format, frame, differences, image);
    cc_free(differences);
    return CC_OK;
}

/* ---- a picture to a frame ---- */

static void row_to_luma(const figures *by, const uint8_t *restrict rgb, int channels, int width,
                        uint8_t *restrict luma)
{
    int offset = (by->luma_offset << SHIFT) + HALF;

    for (int x = 0; x < width; x++) {
        const uint8_t *one = rgb + (size_t)x * (size_t)channels;
        luma[x] = clamp(
            (by->luma[0] * one[0] + by->luma[1] * one[1] + by->luma[2] * one[2] + offset) >> SHIFT);
    }
}

/* Add the colours of the pixels that share a difference to sums of three. */
static void gather(const cc_image *image, const chroma_layout *at, int chroma_y, int *sums,
                   int *counts)
{
    memset(sums, 0, (size_t)at->width * 3 * sizeof *sums);
    memset(counts, 0, (size_t)at->width * sizeof *counts);
    for (int y = chroma_y << at->shift_y; y < (chroma_y + 1) << at->shift_y && y < image->height;
         y++) {
        const uint8_t *row = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++) {
            const uint8_t *one = row + (size_t)x * (size_t)image->channels;
            int *sum = sums + 3 * (x >> at->shift_x);
            sum[0] += one[0];
            sum[1] += one[1];
            sum[2] += one[2];
            counts[x >> at->shift_x]++;
        }
    }
}

static inline uint8_t difference(const int factors[3], const int *sum, int count)
{
    int64_t total =
        (int64_t)factors[0] * sum[0] + (int64_t)factors[1] * sum[1] + (int64_t)factors[2] * sum[2];
    int64_t offset = ((int64_t)128 << SHIFT) + HALF;
    return clamp((int)((total / count + offset) >> SHIFT));
}

static void rgb_to_yuv(const cc_frame_format *format, const cc_image *image, int *scratch,
                       uint8_t *frame)
{
    chroma_layout at = layout_of(format);
    figures by = figures_of(format);
    int *counts = scratch + 3 * (size_t)at.width;

    for (int y = 0; y < image->height; y++) {
        row_to_luma(&by, cc_image_row(image, y), image->channels, image->width,
                    frame + (size_t)y * (size_t)image->width);
    }
    for (int y = 0; y < at.height; y++) {
        uint8_t *cb = frame + at.cb + (size_t)y * at.row;
        uint8_t *cr = frame + at.cr + (size_t)y * at.row;
        gather(image, &at, y, scratch, counts);
        for (int x = 0; x < at.width; x++) {
            cb[(size_t)x * (size_t)at.step] = difference(by.cb, scratch + 3 * x, counts[x]);
            cr[(size_t)x * (size_t)at.step] = difference(by.cr, scratch + 3 * x, counts[x]);
        }
    }
}

/* A picture whose channels the frame can be made from directly. */
static cc_status pack(const cc_frame_format *format, const cc_image *image, uint8_t *frame,
                      cc_error *error)
{
    int *scratch;

    if (!is_yuv(format->pixels)) {
        size_t row = (size_t)image->width * (size_t)image->channels;
        for (int y = 0; y < image->height; y++) {
            memcpy(frame + (size_t)y * row, cc_image_row(image, y), row);
        }
        return CC_OK;
    }
    scratch = cc_alloc_array((size_t)image->width, 4 * sizeof *scratch);
    if (scratch == NULL) {
        return cc_fail_memory(error, (unsigned long long)image->width * 4 * sizeof *scratch);
    }
    rgb_to_yuv(format, image, scratch, frame);
    cc_free(scratch);
    return CC_OK;
}

/* Does the picture have what `pack` reads? RGB frames are copied; for the others any
 * picture with red, green and blue will do. */
static bool fits(cc_frame_pixels pixels, int channels)
{
    switch (pixels) {
    case CC_FRAME_RGB24: return channels == 3;
    case CC_FRAME_RGBA: return channels == 4;
    default: return channels >= 3;
    }
}

cc_status cc_frame_from_image(const cc_frame_format *format, const cc_image *image, uint8_t *frame,
                              cc_error *error)
{
    cc_image converted = {0};
    cc_status status = check(format, error);

    if (status != CC_OK) {
        return status;
    }
    if (image->width != format->width || image->height != format->height) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a picture of %d x %d for a frame of %d x %d",
                       image->width, image->height, format->width, format->height);
    }
    if (fits(format->pixels, image->channels)) {
        return pack(format, image, frame, error);
    }
    status = cc_image_convert(image, format->pixels == CC_FRAME_RGBA ? 4 : 3, &converted, error);
    if (status == CC_OK) {
        status = pack(format, &converted, frame, error);
    }
    cc_image_free(&converted);
    return status;
}
