/* GIF 87a and 89a, read by ourselves: the first picture, on the canvas that the file asks
 * for. What the picture leaves free of the canvas is transparent, as browsers show it. */
#include <string.h>

#include "core/memory.h"
#include "image/codec/format.h"

enum { HEADER = 13, MOST_CODES = 4096, MOST_COLORS = 256 };

typedef struct gif_reader {
    cc_decoding *decoding;
    cc_error *error;
    size_t position;
    bool ended_early;
    int left; /* of the picture on the canvas, pixels, as the next three */
    int top;
    int width;
    int height;
    bool interlaced;
    int transparent; /* index; -1 = none */
    const uint8_t *palette;
    int color_count; /* 0 = no palette: greys */
} gif_reader;

static unsigned read_16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

/* `count` bytes of the file, or NULL where it ends before. */
static const uint8_t *take(gif_reader *reader, size_t count)
{
    const cc_decoding *decoding = reader->decoding;

    if (decoding->size - reader->position < count) {
        reader->ended_early = true;
        reader->position = decoding->size;
        return NULL;
    }
    reader->position += count;
    return decoding->data + reader->position - count;
}

static bool take_palette(gif_reader *reader, unsigned flags)
{
    if ((flags & 0x80) == 0) {
        return true;
    }
    reader->color_count = 2 << (flags & 7);
    reader->palette = take(reader, (size_t)reader->color_count * 3);
    return reader->palette != NULL;
}

static bool skip_blocks(gif_reader *reader)
{
    const uint8_t *length = take(reader, 1);

    while (length != NULL && *length != 0) {
        length = take(reader, *length) != NULL ? take(reader, 1) : NULL;
    }
    return length != NULL;
}

/* ---- headers ---- */

/* A graphic control extension tells which colour is transparent; others are skipped. */
static bool take_extension(gif_reader *reader)
{
    const uint8_t *label = take(reader, 1);
    size_t block = reader->position;

    if (label == NULL || !skip_blocks(reader)) {
        return false;
    }
    if (*label == 0xF9 && reader->decoding->data[block] >= 4) {
        const uint8_t *control = reader->decoding->data + block + 1;
        reader->transparent = (control[0] & 1) != 0 ? control[3] : -1;
    }
    return true;
}

static bool take_description(gif_reader *reader)
{
    const uint8_t *about = take(reader, 9);

    if (about == NULL) {
        return false;
    }
    reader->left = (int)read_16(about);
    reader->top = (int)read_16(about + 2);
    reader->width = (int)read_16(about + 4);
    reader->height = (int)read_16(about + 6);
    reader->interlaced = (about[8] & 0x40) != 0;
    return take_palette(reader, about[8]);
}

static cc_status fail_damaged(const gif_reader *reader, const char *what)
{
    return reader->ended_early ? cc_fail_truncated(reader->error, "GIF")
                               : cc_fail(reader->error, CC_CORRUPT,
                                         "the GIF data is damaged (%s); get an intact copy", what);
}

/* To the first picture's data. */
static cc_status read_headers(gif_reader *reader)
{
    const uint8_t *start = take(reader, HEADER);
    const uint8_t *kind = NULL;
    int right;
    int bottom;

    reader->transparent = -1;
    if (start == NULL || !take_palette(reader, start[10])) {
        return fail_damaged(reader, "no header");
    }
    while ((kind = take(reader, 1)) != NULL && *kind == 0x21) {
        if (!take_extension(reader)) {
            return fail_damaged(reader, "an extension without end");
        }
    }
    if (kind == NULL || *kind != 0x2C || !take_description(reader)) {
        return fail_damaged(reader, "no picture in it");
    }
    if (reader->width < 1 || reader->height < 1) {
        return fail_damaged(reader, "an empty picture");
    }
    right = reader->left + reader->width;
    bottom = reader->top + reader->height;
    return cc_decoding_set_size(
        reader->decoding, (int)read_16(start + 6) > right ? read_16(start + 6) : (unsigned)right,
        (int)read_16(start + 8) > bottom ? read_16(start + 8) : (unsigned)bottom, reader->error);
}

/* ---- LZW: codes of growing length, lowest bit first ---- */

typedef struct lzw {
    unsigned held; /* bits that came and were not used */
    int held_bits;
    int left_in_block; /* bytes */
    int code_bits;
    int next; /* free code */
    int clear;
    int previous;  /* code, or -1 after a clear */
    uint8_t first; /* colour of the previous string */
    uint16_t prefix[MOST_CODES];
    uint8_t suffix[MOST_CODES];
    uint8_t string[MOST_CODES]; /* of the code at work, backwards */
} lzw;

/* The next code, or -1 where the data ends. */
static int next_code(gif_reader *reader, lzw *state)
{
    int code;

    while (state->held_bits < state->code_bits) {
        const uint8_t *byte;
        if (state->left_in_block == 0) {
            const uint8_t *length = take(reader, 1);
            if (length == NULL || *length == 0) {
                return -1;
            }
            state->left_in_block = *length;
        }
        byte = take(reader, 1);
        if (byte == NULL) {
            return -1;
        }
        state->left_in_block--;
        state->held |= (unsigned)*byte << state->held_bits;
        state->held_bits += 8;
    }
    code = (int)(state->held & ((1u << state->code_bits) - 1));
    state->held >>= state->code_bits;
    state->held_bits -= state->code_bits;
    return code;
}

static void clear_table(lzw *state, int color_bits)
{
    state->code_bits = color_bits + 1;
    state->next = state->clear + 2;
    state->previous = -1;
}

/* The code's colours into state->string, last one first; how many, 0 = no such code. */
static int expand(lzw *state, int code)
{
    int length = 0;
    int at = code;

    if (code > state->next || (code == state->next && state->previous < 0) ||
        code == state->clear + 1) {
        return 0;
    }
    if (code == state->next) { /* the one that is about to be made */
        state->string[length++] = state->first;
        at = state->previous;
    }
    while (at >= state->clear + 2 && length < MOST_CODES - 1) {
        state->string[length++] = state->suffix[at];
        at = state->prefix[at];
    }
    state->string[length++] = (uint8_t)at;
    state->first = (uint8_t)at;
    if (state->previous >= 0 && state->next < MOST_CODES) {
        state->prefix[state->next] = (uint16_t)state->previous;
        state->suffix[state->next] = state->first;
        state->next++;
        if (state->next == 1 << state->code_bits && state->code_bits < 12) {
            state->code_bits++;
        }
    }
    state->previous = code;
    return length;
}

/* Indices of all pixels; how many came. */
static size_t read_indices(gif_reader *reader, lzw *state, uint8_t *indices, size_t count)
{
    const uint8_t *bits = take(reader, 1);
    size_t done = 0;

    if (bits == NULL || *bits < 1 || *bits > 8) {
        return 0;
    }
    state->clear = 1 << *bits;
    clear_table(state, *bits);
    while (done < count) {
        int code = next_code(reader, state);
        int length;
        if (code < 0 || code == state->clear + 1) {
            break;
        }
        if (code == state->clear) {
            clear_table(state, *bits);
            continue;
        }
        length = expand(state, code);
        if (length == 0) {
            break;
        }
        while (length > 0 && done < count) {
            indices[done++] = state->string[--length];
        }
    }
    return done;
}

/* ---- the picture ---- */

/* Where row number `row` of an interlaced picture lies: every 8th, those between, and so on. */
static int interlaced_row(int row, int height)
{
    static const int first[4] = {0, 4, 2, 1};
    static const int step[4] = {8, 8, 4, 2};

    for (int pass = 0; pass < 4; pass++) {
        int rows = (height - first[pass] + step[pass] - 1) / step[pass];
        rows = height > first[pass] ? rows : 0;
        if (row < rows) {
            return first[pass] + row * step[pass];
        }
        row -= rows;
    }
    return height - 1;
}

/* A transparent pixel keeps its colour, as Pillow has it: it is hidden, not lost. */
static void paint_pixel(const gif_reader *reader, int index, uint8_t *to, int channels)
{
    if (reader->color_count == 0) {
        memset(to, index, 3);
    } else if (index < reader->color_count) {
        memcpy(to, reader->palette + (size_t)index * 3, 3);
    } else {
        memset(to, 0, 3);
    }
    if (channels == 4) {
        to[3] = index == reader->transparent ? 0 : 255;
    }
}

static void paint(const gif_reader *reader, const uint8_t *indices, size_t done)
{
    cc_image *image = reader->decoding->image;

    for (size_t i = 0; i < done; i++) {
        int row = (int)(i / (size_t)reader->width);
        int x = (int)(i % (size_t)reader->width) + reader->left;
        int y = (reader->interlaced ? interlaced_row(row, reader->height) : row) + reader->top;
        paint_pixel(reader, indices[i],
                    cc_image_row(image, y) + (size_t)x * (size_t)image->channels, image->channels);
    }
}

/* Is there another picture behind this one? */
static bool has_more_pictures(gif_reader *reader, int left_in_block)
{
    const uint8_t *kind;

    if (take(reader, (size_t)left_in_block) == NULL || !skip_blocks(reader)) {
        return false;
    }
    while ((kind = take(reader, 1)) != NULL && *kind == 0x21) {
        if (take(reader, 1) == NULL || !skip_blocks(reader)) {
            return false;
        }
    }
    return kind != NULL && *kind == 0x2C;
}

static cc_status read_picture(gif_reader *reader, lzw *state, uint8_t *indices, size_t count)
{
    cc_decoding *decoding = reader->decoding;
    bool whole = reader->width == decoding->width && reader->height == decoding->height;
    size_t done = read_indices(reader, state, indices, count);
    cc_status status;

    if (done < count && !(decoding->options.allow_truncated && reader->ended_early)) {
        return fail_damaged(reader, "the picture stops halfway");
    }
    status = cc_image_create(decoding->width, decoding->height,
                             whole && reader->transparent < 0 && done == count ? 3 : 4,
                             decoding->image, reader->error);
    if (status != CC_OK) {
        return status;
    }
    paint(reader, indices, done);
    if (done < count) {
        cc_decoding_note(decoding, "the file ends early: part of the picture is missing");
    } else if (has_more_pictures(reader, state->left_in_block)) {
        cc_decoding_note(decoding, "animated GIF: only the first picture is used");
    }
    return CC_OK;
}

cc_status cc_gif_decode(cc_decoding *decoding, cc_error *error)
{
    gif_reader reader = {.decoding = decoding, .error = error};
    cc_status status = read_headers(&reader);
    size_t count = (size_t)reader.width * (size_t)reader.height;
    uint8_t *indices;
    lzw *state;

    if (status != CC_OK || decoding->header_only) {
        return status;
    }
    indices = cc_alloc(count);
    state = cc_alloc_zeroed(1, sizeof *state);
    status = indices != NULL && state != NULL ? read_picture(&reader, state, indices, count)
                                              : cc_fail_memory(error, count + sizeof *state);
    cc_free(indices);
    cc_free(state);
    return status;
}
