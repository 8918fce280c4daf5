#include "image/codec/png_write.h"

#include <string.h>

#include <zlib.h>
#if CLEARCUT_HAVE_ISAL
#include <isa-l/crc.h>
#endif

#include "core/memory.h"
#include "image/codec/bilevel.h"
#include "image/codec/deflate.h"
#include "image/codec/format.h"
#include "image/codec/png_write_filter.h"
#include "image/deep.h"
#include "image/profile.h"

/* Filtered rows wait for the compressor in a strip of about this size: large
 * enough to compress well, small enough for the second cache level. */
#define STRIP_SIZE ((size_t)256 << 10)
#define INCHES_PER_METRE (1 / 0.0254)

struct cc_png_writer {
    cc_buffer *bytes;
    cc_deflate *deflate;
    cc_png_filter_function filter;
    size_t row_size;
    size_t pixel_size;
    int width;
    int height;
    bool bilevel;
    int rows_done;
    int strip_rows; /* that fit */
    int strip_filled;
    uint8_t *strip;
    uint8_t *above; /* a copy: the caller's rows may be gone */
    uint8_t *scratch;
};

/* ---- chunks ---- */

static void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static uint32_t checksum(const uint8_t *name, const uint8_t *data, size_t size)
{
#if CLEARCUT_HAVE_ISAL
    return crc32_gzip_refl(crc32_gzip_refl(0, name, 4), data, size);
#else
    return (uint32_t)crc32(crc32(0, name, 4), data, (uInt)size);
#endif
}

static cc_status append_chunk(cc_buffer *bytes, const char *name, const uint8_t *data, size_t size,
                              cc_error *error)
{
    uint8_t head[8];
    uint8_t tail[4];
    cc_status status;

    put_u32(head, (uint32_t)size);
    memcpy(head + 4, name, 4);
    put_u32(tail, checksum(head + 4, data, size));
    status = cc_buffer_append(bytes, head, sizeof head, 0, error);
    if (status == CC_OK) {
        status = cc_buffer_append(bytes, data, size, 0, error);
    }
    if (status == CC_OK) {
        status = cc_buffer_append(bytes, tail, sizeof tail, 0, error);
    }
    return status;
}

static cc_status append_picture_data(void *context, const uint8_t *data, size_t size,
                                     cc_error *error)
{
    return size > 0 ? append_chunk(context, "IDAT", data, size, error) : CC_OK;
}

/* ---- before the pixels ---- */

static cc_status append_header(const cc_png_settings *settings, cc_buffer *bytes, cc_error *error)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    static const uint8_t color_types[5] = {0, 0, 4, 2, 6};
    uint8_t header[13] = {0};
    cc_status status = cc_buffer_append(bytes, signature, sizeof signature, 0, error);

    put_u32(header, (uint32_t)settings->width);
    put_u32(header + 4, (uint32_t)settings->height);
    header[8] = settings->bilevel ? 1 : settings->bits == 16 ? 16 : 8;
    header[9] = color_types[settings->channels];
    return status == CC_OK ? append_chunk(bytes, "IHDR", header, sizeof header, error) : status;
}

/* Name, compression method, zlib data. */
static cc_status append_profile(const cc_png_settings *settings, cc_buffer *bytes, cc_error *error)
{
    static const uint8_t prefix[] = "ICC profile\0";
    uLong bound = compressBound((uLong)settings->icc_profile_size);
    size_t capacity = sizeof prefix + bound;
    uint8_t *chunk = cc_alloc(capacity);
    cc_status status;

    if (chunk == NULL) {
        return cc_fail_memory(error, capacity);
    }
    memcpy(chunk, prefix, sizeof prefix);
    if (compress2(chunk + sizeof prefix, &bound, settings->icc_profile,
                  (uLong)settings->icc_profile_size, 6) != Z_OK) {
        status = cc_fail_memory(error, capacity);
    } else {
        status = append_chunk(bytes, "iCCP", chunk, sizeof prefix + bound, error);
    }
    cc_free(chunk);
    return status;
}

static cc_status append_resolution(double dots_per_inch, cc_buffer *bytes, cc_error *error)
{
    uint8_t resolution[9];
    uint32_t per_metre = (uint32_t)(dots_per_inch * INCHES_PER_METRE + 0.5);

    put_u32(resolution, per_metre);
    put_u32(resolution + 4, per_metre);
    resolution[8] = 1; /* per metre */
    return append_chunk(bytes, "pHYs", resolution, sizeof resolution, error);
}

static cc_status append_preamble(const cc_png_settings *settings, cc_buffer *bytes, cc_error *error)
{
    cc_status status = append_header(settings, bytes, error);

    if (status == CC_OK && settings->icc_profile != NULL) {
        status = append_profile(settings, bytes, error);
    }
    if (status == CC_OK && settings->dots_per_inch > 0 && settings->dots_per_inch < 1e6) {
        status = append_resolution(settings->dots_per_inch, bytes, error);
    }
    return status;
}

/* ---- the pixels ---- */

static cc_status prepare(cc_png_writer *writer, const cc_png_settings *settings, cc_error *error)
{
    size_t line = writer->row_size + 1;
    size_t rows = STRIP_SIZE / line + 1;
    size_t total;

    if (!cc_size_multiply(line, (size_t)settings->height, &total)) {
        return cc_fail(error, CC_LIMIT, "the picture is too large for PNG");
    }
    writer->strip_rows = rows < (size_t)settings->height ? (int)rows : settings->height;
    writer->strip = cc_alloc_array((size_t)writer->strip_rows, line);
    writer->above = cc_alloc_zeroed(writer->row_size, 1);
    writer->scratch = cc_alloc(cc_png_filter_scratch(writer->row_size));
    if (writer->strip == NULL || writer->above == NULL || writer->scratch == NULL) {
        return cc_fail_memory(error, STRIP_SIZE);
    }
    return cc_deflate_open(settings->level, total, append_picture_data, writer->bytes,
                           &writer->deflate, error);
}

cc_status cc_png_writer_open(const cc_png_settings *settings, cc_buffer *bytes,
                             cc_png_writer **result, cc_error *error)
{
    cc_png_writer *writer = cc_alloc_zeroed(1, sizeof *writer);
    cc_status status;

    *result = NULL;
    if (writer == NULL) {
        return cc_fail_memory(error, sizeof *writer);
    }
    writer->bytes = bytes;
    writer->pixel_size = (size_t)settings->channels * (settings->bits == 16 ? 2 : 1);
    writer->row_size = settings->bilevel ? cc_bilevel_row_size(settings->width)
                                         : (size_t)settings->width * writer->pixel_size;
    writer->bilevel = settings->bilevel;
    writer->width = settings->width;
    writer->height = settings->height;
    writer->filter = cc_png_filter_choose();
    status = prepare(writer, settings, error);
    if (status == CC_OK) {
        status = append_preamble(settings, bytes, error);
    }
    if (status != CC_OK) {
        cc_png_writer_close(writer);
        return status;
    }
    *result = writer;
    return CC_OK;
}

static cc_status compress_strip(cc_png_writer *writer, cc_error *error)
{
    bool last = writer->rows_done == writer->height;
    size_t size = (size_t)writer->strip_filled * (writer->row_size + 1);
    cc_status status = cc_deflate_write(writer->deflate, writer->strip, size, last, error);

    writer->strip_filled = 0;
    if (status == CC_OK && last) {
        status = append_chunk(writer->bytes, "IEND", writer->strip, 0, error);
    }
    return status;
}

cc_status cc_png_writer_rows(cc_png_writer *writer, const uint8_t *rows, size_t stride, int count,
                             cc_error *error)
{
    cc_status status = CC_OK;
    const uint8_t *above = writer->above;

    if (count > writer->height - writer->rows_done) {
        return cc_fail(error, CC_INTERNAL, "more rows than the PNG has; please report this");
    }
    for (int i = 0; i < count && status == CC_OK; i++) {
        const uint8_t *row = rows + (size_t)i * stride;
        uint8_t *to = writer->strip + (size_t)writer->strip_filled * (writer->row_size + 1);
        if (writer->bilevel) { /* filters do not help single bits (clause 12.8) */
            to[0] = 0;
            cc_bilevel_pack(row, writer->width, false, to + 1);
        } else {
            writer->filter(row, above, writer->row_size, writer->pixel_size, to, writer->scratch);
            above = row;
        }
        writer->strip_filled++;
        writer->rows_done++;
        if (writer->strip_filled == writer->strip_rows || writer->rows_done == writer->height) {
            status = compress_strip(writer, error);
        }
    }
    if (count > 0 && !writer->bilevel) {
        memcpy(writer->above, above, writer->row_size);
    }
    return status;
}

void cc_png_writer_close(cc_png_writer *writer)
{
    if (writer != NULL) {
        cc_deflate_close(writer->deflate);
        cc_free(writer->strip);
        cc_free(writer->above);
        cc_free(writer->scratch);
        cc_free(writer);
    }
}

static cc_status write_deep_rows(cc_png_writer *writer, const cc_image *image, cc_error *error)
{
    size_t count = (size_t)image->width * (size_t)image->channels;
    uint16_t *samples = cc_alloc_array(count, sizeof *samples);
    cc_status status = samples != NULL ? CC_OK : cc_fail_memory(error, count * sizeof *samples);

    for (int y = 0; y < image->height && status == CC_OK; y++) {
        uint8_t *bytes = (uint8_t *)samples; /* the same memory, high byte first */
        cc_deep_row(image, y, samples);
        for (size_t i = 0; i < count; i++) {
            uint16_t sample = samples[i];
            bytes[2 * i] = (uint8_t)(sample >> 8);
            bytes[2 * i + 1] = (uint8_t)sample;
        }
        status = cc_png_writer_rows(writer, bytes, count * 2, 1, error);
    }
    cc_free(samples);
    return status;
}

cc_status cc_png_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                        cc_error *error)
{
    const cc_image_metadata *metadata = &image->metadata;
    cc_png_settings settings = {.width = image->width,
                                .height = image->height,
                                .channels = image->channels,
                                .bits = options->bits,
                                .bilevel = options->bilevel,
                                .level = options->png_level,
                                .dots_per_inch = options->dots_per_inch};
    cc_png_writer *writer;
    cc_status status;

    if (!options->drop_profile &&
        cc_profile_fits(metadata->icc_profile, metadata->icc_profile_size, image->channels)) {
        settings.icc_profile = metadata->icc_profile;
        settings.icc_profile_size = metadata->icc_profile_size;
    }
    status = cc_png_writer_open(&settings, bytes, &writer, error);
    if (writer != NULL) {
        status = options->bits == 16 ? write_deep_rows(writer, image, error)
                                     : cc_png_writer_rows(writer, image->pixels, image->stride,
                                                          image->height, error);
        cc_png_writer_close(writer);
    }
    return status;
}
