/* BMP, read by ourselves: pixels as they are, in bit fields, or run-length coded; with or
 * without a palette; bottom-up and top-down. Structures: Microsoft's BITMAPFILEHEADER and
 * BITMAPCOREHEADER to BITMAPV5HEADER. */
#include <string.h>

#include "core/memory.h"
#include "image/codec/format.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, MOST_COLORS = 256 };
enum { BMP_RGB = 0, BMP_RLE8 = 1, BMP_RLE4 = 2, BMP_FIELDS = 3, BMP_ALPHA_FIELDS = 6 };

#define METRES_PER_INCH 0.0254

typedef struct bmp_reader {
    cc_decoding *decoding;
    cc_error *error;
    size_t header;      /* bytes of the information header */
    size_t offset;      /* of the pixels */
    bool top_down;      /* rows from the top */
    unsigned bits;      /* a pixel */
    unsigned coding;    /* BMP_... */
    uint32_t fields[4]; /* of red, green, blue, alpha; 0 = none */
    uint8_t palette[MOST_COLORS][3];
} bmp_reader;

static uint32_t read_16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read_32(const uint8_t *bytes)
{
    return read_16(bytes) | read_16(bytes + 2) << 16;
}

static cc_status fail_damaged(bmp_reader *reader, const char *what)
{
    return cc_fail(reader->error, CC_CORRUPT, "the BMP data is damaged (%s); get an intact copy",
                   what);
}

/* ---- headers ---- */

static bool is_coding(const bmp_reader *reader)
{
    unsigned bits = reader->bits;

    switch (reader->coding) {
    case BMP_RGB:
        return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 ||
               bits == 32;
    case BMP_RLE8: return bits == 8 && !reader->top_down;
    case BMP_RLE4: return bits == 4 && !reader->top_down;
    case BMP_FIELDS:
    case BMP_ALPHA_FIELDS: return bits == 16 || bits == 32;
    default: return false;
    }
}

/* Size, depth and coding, wherever this kind of header has them. */
static cc_status read_sizes(bmp_reader *reader)
{
    const uint8_t *info = reader->decoding->data + FILE_HEADER;
    int64_t width;
    int64_t height;

    if (reader->header == CORE_HEADER) {
        width = read_16(info + 4);
        height = read_16(info + 6);
        reader->bits = read_16(info + 10);
    } else {
        width = (int32_t)read_32(info + 4);
        height = (int32_t)read_32(info + 8);
        reader->bits = read_16(info + 14);
        reader->coding = read_32(info + 16);
        reader->top_down = height < 0;
        height = height < 0 ? -height : height;
    }
    if (width < 0) {
        return fail_damaged(reader, "a negative width");
    }
    if (!is_coding(reader)) {
        return cc_fail(reader->error, CC_UNSUPPORTED,
                       "a BMP of %u bits in coding %u is not supported; convert it to PNG",
                       reader->bits, reader->coding);
    }
    return cc_decoding_set_size(reader->decoding, (uint64_t)width, (uint64_t)height, reader->error);
}

/* Where red, green, blue and alpha lie in pixels of 16 and 32 bits. */
static cc_status read_fields(bmp_reader *reader)
{
    static const uint32_t usual[2][4] = {{0x7C00, 0x03E0, 0x001F, 0},
                                         {0xFF0000, 0x00FF00, 0x0000FF, 0}};
    const uint8_t *masks = reader->decoding->data + FILE_HEADER + INFO_HEADER;
    bool alpha = reader->header >= 56 || reader->coding == BMP_ALPHA_FIELDS;
    size_t needed = FILE_HEADER + INFO_HEADER + (alpha ? 16 : 12);

    memcpy(reader->fields, usual[reader->bits == 32], sizeof reader->fields);
    if (reader->coding != BMP_FIELDS && reader->coding != BMP_ALPHA_FIELDS) {
        return CC_OK;
    }
    if (reader->decoding->size < needed) {
        return cc_fail_truncated(reader->error, "BMP");
    }
    for (int c = 0; c < 3 + alpha; c++) {
        reader->fields[c] = read_32(masks + (size_t)c * 4);
    }
    return reader->fields[0] != 0 && reader->fields[1] != 0 && reader->fields[2] != 0
               ? CC_OK
               : fail_damaged(reader, "a colour without bits");
}

static cc_status read_palette(bmp_reader *reader)
{
    const cc_decoding *decoding = reader->decoding;
    bool core = reader->header == CORE_HEADER;
    size_t entry = core ? 3 : 4;
    size_t start = FILE_HEADER + reader->header;
    uint32_t count = core ? 0 : read_32(decoding->data + FILE_HEADER + 32);
    uint32_t most = 1u << reader->bits;

    count = count == 0 || count > most ? most : count;
    if (reader->offset > start && (reader->offset - start) / entry < count) {
        count = (uint32_t)((reader->offset - start) / entry); /* as much as there is */
    }
    if (decoding->size < start || (decoding->size - start) / entry < count) {
        return cc_fail_truncated(reader->error, "BMP");
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *color = decoding->data + start + i * entry;
        reader->palette[i][0] = color[2];
        reader->palette[i][1] = color[1];
        reader->palette[i][2] = color[0];
    }
    return CC_OK;
}

static cc_status read_header(bmp_reader *reader)
{
    const cc_decoding *decoding = reader->decoding;
    cc_status status;

    if (decoding->size < FILE_HEADER + 4) {
        return cc_fail_truncated(reader->error, "BMP");
    }
    reader->offset = read_32(decoding->data + 10);
    reader->header = read_32(decoding->data + FILE_HEADER);
    if (reader->header != CORE_HEADER && (reader->header < INFO_HEADER || reader->header > 256)) {
        return fail_damaged(reader, "its header has a size that no header has");
    }
    if (decoding->size < FILE_HEADER + reader->header) {
        return cc_fail_truncated(reader->error, "BMP");
    }
    status = read_sizes(reader);
    if (status == CC_OK && reader->bits <= 8) {
        status = read_palette(reader);
    } else if (status == CC_OK && reader->bits != 24) {
        status = read_fields(reader);
    }
    return status;
}

/* ---- pixels ---- */

/* The samples under a mask, stretched to 0..255. */
static uint8_t field_of(uint32_t pixel, uint32_t mask)
{
    uint64_t most = mask;
    uint64_t value = pixel & mask;

    while (most != 0 && (most & 1) == 0) {
        most >>= 1;
        value >>= 1;
    }
    return most != 0 ? (uint8_t)((value * 255 + most / 2) / most) : 255;
}

static void unpack_row(const bmp_reader *reader, const uint8_t *from, uint8_t *to)
{
    const cc_image *image = reader->decoding->image;
    unsigned bits = reader->bits;

    for (int x = 0; x < image->width; x++, to += image->channels) {
        if (bits <= 8) {
            size_t bit = (size_t)x * bits;
            unsigned shift = 8 - bits - (unsigned)(bit % 8);
            memcpy(to, reader->palette[from[bit / 8] >> shift & ((1u << bits) - 1)], 3);
        } else if (bits == 24) {
            to[0] = from[3 * x + 2];
            to[1] = from[3 * x + 1];
            to[2] = from[3 * x];
        } else {
            uint32_t pixel =
                bits == 16 ? read_16(from + 2 * (size_t)x) : read_32(from + 4 * (size_t)x);
            for (int c = 0; c < image->channels; c++) {
                to[c] = field_of(pixel, reader->fields[c]);
            }
        }
    }
}

static uint8_t *target_row(const bmp_reader *reader, int row)
{
    const cc_image *image = reader->decoding->image;

    return cc_image_row(image, reader->top_down ? row : image->height - 1 - row);
}

/* false: the file ends before the last row does. */
static bool read_rows(const bmp_reader *reader)
{
    const cc_decoding *decoding = reader->decoding;
    size_t stride = ((size_t)decoding->width * reader->bits + 31) / 32 * 4;
    size_t used = ((size_t)decoding->width * reader->bits + 7) / 8;
    size_t position = reader->offset;

    for (int row = 0; row < decoding->height; row++, position += stride) {
        if (position > decoding->size || decoding->size - position < used) {
            return false;
        }
        unpack_row(reader, decoding->data + position, target_row(reader, row));
    }
    return true;
}

/* ---- run lengths ---- */

typedef struct pen {
    int x;
    int row;
} pen;

static void put(const bmp_reader *reader, pen *at, unsigned index)
{
    const cc_image *image = reader->decoding->image;

    if (at->x < image->width && at->row < image->height) {
        memcpy(target_row(reader, at->row) + (size_t)at->x * (size_t)image->channels,
               reader->palette[index], 3);
    }
    at->x += at->x < image->width;
}

/* Pixels one by one, or `count` times the pair that a byte holds. */
static void put_pixels(const bmp_reader *reader, pen *at, const uint8_t *from, int count, bool run)
{
    for (int i = 0; i < count; i++) {
        if (reader->coding == BMP_RLE8) {
            put(reader, at, from[run ? 0 : i]);
        } else {
            uint8_t pair = from[run ? 0 : i / 2];
            put(reader, at, i % 2 == 0 ? pair >> 4 : pair & 15);
        }
    }
}

/* false: the data ends before it says so. */
static bool read_runs(const bmp_reader *reader)
{
    const uint8_t *data = reader->decoding->data;
    size_t size = reader->decoding->size;
    size_t position = reader->offset;
    pen at = {0, 0};

    while (position <= size && size - position >= 2 && at.row < reader->decoding->height) {
        int count = data[position];
        int what = data[position + 1];
        position += 2;
        if (count > 0) {
            put_pixels(reader, &at, data + position - 1, count, true);
        } else if (what == 0) {
            at = (pen){0, at.row + 1};
        } else if (what == 1) {
            return true;
        } else if (what == 2) {
            if (size - position < 2) {
                return false;
            }
            at.x += data[position];
            at.row += data[position + 1];
            position += 2;
        } else {
            size_t bytes = reader->coding == BMP_RLE8 ? (size_t)what : (size_t)(what + 1) / 2;
            if (size - position < bytes) {
                return false;
            }
            put_pixels(reader, &at, data + position, what, false);
            position += bytes + bytes % 2;
        }
    }
    return at.row >= reader->decoding->height;
}

/* ---- the whole ---- */

static void paint_background(const bmp_reader *reader)
{
    cc_image *image = reader->decoding->image;

    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            memcpy(cc_image_row(image, y) + (size_t)x * 3, reader->palette[0], 3);
        }
    }
}

static cc_status read_picture(bmp_reader *reader)
{
    cc_decoding *decoding = reader->decoding;
    bool runs = reader->coding == BMP_RLE8 || reader->coding == BMP_RLE4;
    int channels = reader->bits > 8 && reader->bits != 24 && reader->fields[3] != 0 ? 4 : 3;
    cc_status status = cc_image_create(decoding->width, decoding->height, channels, decoding->image,
                                       reader->error);

    if (status != CC_OK) {
        return status;
    }
    if (reader->header >= INFO_HEADER) {
        int32_t per_metre = (int32_t)read_32(decoding->data + FILE_HEADER + 24);
        decoding->image->metadata.dots_per_inch = per_metre > 0 ? per_metre * METRES_PER_INCH : 0;
    }
    if (runs) {
        paint_background(reader); /* what the runs leave out */
    }
    if (runs ? read_runs(reader) : read_rows(reader)) {
        return CC_OK;
    }
    if (!decoding->options.allow_truncated) {
        return cc_fail_truncated(reader->error, "BMP");
    }
    cc_decoding_note(decoding, "the file ends early: part of the picture is missing");
    return CC_OK;
}

cc_status cc_bmp_decode(cc_decoding *decoding, cc_error *error)
{
    bmp_reader reader = {.decoding = decoding, .error = error};
    cc_status status = read_header(&reader);

    return status == CC_OK && !decoding->header_only ? read_picture(&reader) : status;
}
