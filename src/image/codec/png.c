#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "core/memory.h"
#include "image/codec/format.h"
#include "image/deep.h"
#include "image/profile.h"

/* No honest ancillary chunk is larger; beyond this libpng leaves it out. Keeps
 * compressed bombs in iCCP and its like from growing. */
#define MAX_CHUNK_BYTES ((png_alloc_size_t)4 << 20)
#define MAX_CHUNKS_KEPT 128
#define METRES_PER_INCH 0.0254

typedef struct png_reader {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    cc_decoding *decoding;
    cc_error *error;
    cc_status status; /* of our own code, or set when libpng fails */
    size_t position;
    png_bytepp rows;
    bool deep; /* 16 bits a sample are kept */
    bool ended_early;
} png_reader;

/* ---- what libpng calls ---- */

static void on_error(png_structp png, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(png);

    if (reader->ended_early) {
        reader->status = cc_fail_truncated(reader->error, "PNG");
    } else if (reader->status == CC_OK) {
        reader->status = cc_fail(reader->error, CC_CORRUPT,
                                 "the PNG data is damaged (%s); get an intact copy", message);
    }
    longjmp(reader->escape, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(png);
    char text[CC_NOTE_SIZE];

    if (strstr(message, "known incorrect sRGB profile") != NULL) {
        return; /* common, and harmless: the profile is used as it is */
    }
    snprintf(text, sizeof text, "PNG: %s", message);
    cc_decoding_note(reader->decoding, text);
}

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    png_reader *reader = png_get_mem_ptr(png);
    void *memory = cc_alloc(size);

    if (memory == NULL && reader->status == CC_OK) {
        reader->status = cc_fail_memory(reader->error, size);
    }
    return memory;
}

static void release(png_structp png, png_voidp memory)
{
    (void)png;
    cc_free(memory);
}

static void read_bytes(png_structp png, png_bytep to, size_t count)
{
    png_reader *reader = png_get_io_ptr(png);

    if (count > reader->decoding->size - reader->position) {
        reader->ended_early = true;
        png_error(png, "unexpected end of file");
    }
    memcpy(to, reader->decoding->data + reader->position, count);
    reader->position += count;
}

/* ---- steps; each runs under `guarded`, because libpng leaves by longjmp ---- */

static bool guarded(png_reader *reader, void (*step)(png_reader *reader))
{
    if (setjmp(reader->escape) != 0) {
        return false;
    }
    step(reader);
    return reader->status == CC_OK;
}

static void open_reader(png_reader *reader)
{
    reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning,
                                           reader, allocate, release);
    if (reader->png != NULL) {
        reader->info = png_create_info_struct(reader->png);
    }
    if (reader->info == NULL) {
        reader->status = cc_fail_memory(reader->error, 0);
        return;
    }
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_user_limits(reader->png, 0x7FFFFFFF, 0x7FFFFFFF); /* ours follow */
    png_set_chunk_malloc_max(reader->png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(reader->png, MAX_CHUNKS_KEPT);
    /* Text is not used: not even inflated. */
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER,
                                (png_const_bytep) "tEXt\0zTXt\0iTXt\0sPLT\0hIST", 5);
}

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

/* Signature, length and name of the first chunk, width, height. */
#define SIZE_FIELDS_END 24

/* Straight from the bytes, before libpng sees them: nothing is allocated for a
 * picture that is too large. */
static cc_status check_size_field(cc_decoding *decoding, cc_error *error)
{
    if (decoding->size < SIZE_FIELDS_END) {
        return cc_fail_truncated(error, "PNG");
    }
    if (memcmp(decoding->data + 12, "IHDR", 4) != 0) {
        return cc_fail(error, CC_CORRUPT,
                       "the PNG data is damaged (no header at its start); get an intact copy");
    }
    return cc_decoding_set_size(decoding, read_u32(decoding->data + 16),
                                read_u32(decoding->data + 20), error);
}

/* Chunks before the picture data: is this an animation of several frames? */
static bool is_animated(const uint8_t *data, size_t size)
{
    size_t position = 8;

    while (size - position >= 20) {
        uint32_t length = read_u32(data + position);
        if (memcmp(data + position + 4, "IDAT", 4) == 0) {
            return false;
        }
        if (memcmp(data + position + 4, "acTL", 4) == 0) {
            return read_u32(data + position + 8) > 1;
        }
        if (length > size - position - 12) {
            return false;
        }
        position += (size_t)length + 12;
    }
    return false;
}

static void read_header(png_reader *reader)
{
    cc_decoding *decoding = reader->decoding;
    png_bytep exif = NULL;
    png_uint_32 exif_size = 0;

    png_read_info(reader->png, reader->info);
    if (png_get_eXIf_1(reader->png, reader->info, &exif_size, &exif) != 0) {
        decoding->exif = cc_exif_read(exif, exif_size);
    }
    if (is_animated(decoding->data, decoding->size)) {
        cc_decoding_note(decoding, "animated PNG: only the first picture is used");
    }
}

/* Everything becomes 8 bits per sample: palettes are looked up, 1, 2 and 4 bits
 * are stretched, 16 bits are rounded (value * 255 / 65535) unless they are to be kept, a
 * transparent colour becomes alpha. Gamma is left to the viewer, as Pillow does. */
static void normalise_samples(png_reader *reader)
{
    const uint16_t one = 1;

    reader->deep =
        reader->decoding->options.keep_deep && png_get_bit_depth(reader->png, reader->info) == 16;
    png_set_expand(reader->png);
    if (!reader->deep) {
        png_set_scale_16(reader->png);
    } else if (*(const uint8_t *)&one == 1) {
        png_set_swap(reader->png); /* PNG has the high byte first */
    }
    (void)png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
}

static void prepare_picture(png_reader *reader)
{
    cc_image *image = reader->decoding->image;

    normalise_samples(reader);
    reader->status =
        cc_image_create(reader->decoding->width, reader->decoding->height,
                        png_get_channels(reader->png, reader->info), image, reader->error);
    if (reader->status == CC_OK && reader->deep) {
        reader->status = cc_deep_create(image, reader->error);
    }
    if (reader->status != CC_OK) {
        return;
    }
    if (png_get_rowbytes(reader->png, reader->info) != image->stride * (reader->deep ? 2 : 1)) {
        reader->status = cc_fail(reader->error, CC_INTERNAL,
                                 "libpng gives rows of an unexpected size; please report this");
        return;
    }
    reader->rows = cc_alloc_array((size_t)image->height, sizeof *reader->rows);
    if (reader->rows == NULL) {
        reader->status = cc_fail_memory(reader->error, (size_t)image->height * sizeof(png_bytep));
        return;
    }
    for (int y = 0; y < image->height; y++) {
        reader->rows[y] = reader->deep ? (png_bytep)(image->deep + (size_t)y * image->stride)
                                       : cc_image_row(image, y);
    }
}

static void read_rows(png_reader *reader)
{
    png_read_image(reader->png, reader->rows);
    png_read_end(reader->png, NULL);
}

static void read_metadata(png_reader *reader)
{
    png_charp name = NULL;
    png_bytep profile = NULL;
    png_uint_32 size = 0;
    png_uint_32 per_metre_x = 0;
    png_uint_32 per_metre_y = 0;
    int unit = 0;
    int compression = 0;

    if (png_get_pHYs(reader->png, reader->info, &per_metre_x, &per_metre_y, &unit) != 0 &&
        unit == PNG_RESOLUTION_METER && per_metre_x > 0) {
        reader->decoding->image->metadata.dots_per_inch = per_metre_x * METRES_PER_INCH;
    }
    if (png_get_iCCP(reader->png, reader->info, &name, &compression, &profile, &size) != 0) {
        reader->status =
            cc_decoding_set_profile(reader->decoding, profile, size, false, reader->error);
    }
}

/* ---- the whole ---- */

static bool may_keep_partial(const png_reader *reader)
{
    return reader->decoding->options.allow_truncated && reader->ended_early;
}

static cc_status decode_picture(png_reader *reader)
{
    if (!guarded(reader, prepare_picture)) {
        return reader->status;
    }
    if (!guarded(reader, read_rows)) {
        if (!may_keep_partial(reader)) {
            return reader->status;
        }
        cc_error_clear(reader->error);
        reader->status = CC_OK;
        cc_decoding_note(reader->decoding, "the file ends early: part of the picture is missing");
    }
    if (reader->deep) {
        cc_deep_round(reader->decoding->image);
    }
    (void)guarded(reader, read_metadata);
    return reader->status;
}

cc_status cc_png_decode(cc_decoding *decoding, cc_error *error)
{
    png_reader reader;
    cc_status status = check_size_field(decoding, error);

    if (status != CC_OK) {
        return status;
    }
    memset(&reader, 0, sizeof reader);
    reader.decoding = decoding;
    reader.error = error;
    if (guarded(&reader, open_reader) && guarded(&reader, read_header)) {
        status = decoding->header_only ? CC_OK : decode_picture(&reader);
    } else {
        status = reader.status;
    }
    cc_free(reader.rows);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    return status;
}
