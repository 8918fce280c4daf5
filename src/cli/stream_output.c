/* Frames to standard output, to one file, or to a file each. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "report.h"
#include "result.h"
#include "stream.h"

/* ---- patterns: printf's, with one number ---- */

/* The conversion in a pattern: % [0] [width] d. NULL if there is none. */
static const char *find_conversion(const char *pattern)
{
    const char *at = strchr(pattern, '%');

    while (at != NULL && at[1] == '%') {
        at = strchr(at + 2, '%');
    }
    return at;
}

/* The end of a conversion that is understood, or NULL. */
static const char *conversion_end(const char *at)
{
    const char *digits = at + 1 + (at[1] == '0');
    const char *letter = digits + strspn(digits, "0123456789");

    return letter - digits <= 2 && *letter != '\0' && strchr("diu", *letter) != NULL ? letter + 1
                                                                                     : NULL;
}

static bool is_good_pattern(const char *pattern)
{
    const char *at = find_conversion(pattern);
    const char *end = at != NULL ? conversion_end(at) : NULL;

    return end != NULL && find_conversion(end) == NULL;
}

/* Text of a pattern without conversions, %% made one. */
static void append_plain(const char *from, const char *end, char **to)
{
    while (from < end) {
        *(*to)++ = *from;
        from += from[0] == '%' ? 2 : 1;
    }
}

/* The name of a frame's file; the caller frees it. NULL if memory is out. */
static char *name_of(const char *pattern, size_t index)
{
    enum { MOST_DIGITS = 99 };
    const char *at = find_conversion(pattern);
    const char *end = conversion_end(at);
    char *name = malloc(strlen(pattern) + MOST_DIGITS + 24);
    char *to = name;
    bool zeros = at[1] == '0';
    int width = atoi(at + 1 + zeros);

    if (name == NULL) {
        return NULL;
    }
    append_plain(pattern, at, &to);
    to += sprintf(to, zeros ? "%0*zu" : "%*zu", width, index);
    append_plain(end, pattern + strlen(pattern), &to);
    *to = '\0';
    return name;
}

/* ---- before any work ---- */

static int settle_kind(cli_stream *stream)
{
    static const char *const names[] = {"png", "webp", "rgba", "y4m", "alpha"};
    const char *wanted = stream->wanted.out_format;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(wanted, names[i]) == 0) {
            stream->out = (cli_stream_output)i;
            if (stream->out == CLI_STREAM_WEBP &&
                !clearcut_format_can_write(CLEARCUT_FORMAT_WEBP)) {
                cli_error("--out-format: this build cannot write webp; use png");
                return CLI_EXIT_USAGE;
            }
            return CLI_EXIT_OK;
        }
    }
    cli_error("--out-format: \"%s\" is none of png, webp, rgba, y4m, alpha", wanted);
    return CLI_EXIT_USAGE;
}

static bool is_picture_kind(cli_stream_output out)
{
    return out == CLI_STREAM_PNG || out == CLI_STREAM_WEBP;
}

static int settle_target(cli_stream *stream)
{
    const char *output = stream->wanted.output;

    if (output == NULL || strcmp(output, "-") == 0) {
        stream->wanted.output = "-";
        if (isatty(STDOUT_FILENO)) {
            cli_error("frames do not belong on a terminal: pipe them on, or give -o");
            return CLI_EXIT_USAGE;
        }
        if (stream->wanted.engine.json) {
            cli_error("--json needs standard output for itself: give -o");
            return CLI_EXIT_USAGE;
        }
        return CLI_EXIT_OK;
    }
    stream->is_pattern = find_conversion(output) != NULL;
    if (is_picture_kind(stream->out) && !is_good_pattern(output)) {
        cli_error("-o %s: a file for each frame needs one number in its name, such as "
                  "frame-%%04d.png",
                  output);
        return CLI_EXIT_USAGE;
    }
    if (!is_picture_kind(stream->out) && stream->is_pattern) {
        cli_error("-o %s: %s is one file for all frames: give a name without %%", output,
                  stream->wanted.out_format);
        return CLI_EXIT_USAGE;
    }
    return CLI_EXIT_OK;
}

int cli_stream_settle_output(cli_stream *stream)
{
    int result = settle_kind(stream);

    result = result != CLI_EXIT_OK ? result : settle_target(stream);
    if (result == CLI_EXIT_OK && stream->out == CLI_STREAM_ALPHA &&
        (stream->wanted.cutting.ground != NULL || stream->wanted.cutting.background.given)) {
        cli_error("--out-format alpha is the alpha channel alone: no ground can be under it");
        return CLI_EXIT_USAGE;
    }
    return result;
}

/* ---- opening ---- */

/* What goes out raw: like what came in where that is possible. */
static void settle_frame(cli_stream *stream)
{
    clearcut_frame_format *frame = &stream->out_frame;
    int width = stream->in_frame.width;
    int height = stream->in_frame.height;

    *frame = stream->in_frame;
    if (stream->wanted.cutting.keep_small) {
        cli_cutting_size(&stream->wanted.cutting, width, height, &frame->width, &frame->height);
    }
    if (stream->out == CLI_STREAM_RGBA) {
        frame->pixels = CLEARCUT_PIXELS_RGBA;
    } else if (stream->out == CLI_STREAM_ALPHA) {
        frame->pixels = CLEARCUT_PIXELS_GREY;
        frame->full_range = true; /* 255 is wholly there */
        snprintf(stream->chroma, sizeof stream->chroma, "mono");
    } else if (!stream->is_y4m || frame->pixels == CLEARCUT_PIXELS_GREY) {
        frame->pixels = CLEARCUT_PIXELS_YUV420;
        snprintf(stream->chroma, sizeof stream->chroma, "420jpeg");
    }
}

/* All of it, whatever the kernel takes at a time. */
static bool write_all(const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t count = write(STDOUT_FILENO, at, size);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        at += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

static clearcut_status write_to(cli_stream *stream, const void *data, size_t size, bool *closed,
                                clearcut_error *error)
{
    if (stream->file != NULL) {
        return clearcut_output_write(stream->file, data, size, error);
    }
    if (write_all(data, size)) {
        return CLEARCUT_OK;
    }
    *closed = errno == EPIPE;
    snprintf(error->message, sizeof error->message, "standard output: %s", strerror(errno));
    return error->code = CLEARCUT_IO;
}

static clearcut_status write_header(cli_stream *stream, clearcut_error *error)
{
    char line[512];
    bool closed = false;
    int length = snprintf(line, sizeof line, "YUV4MPEG2 W%d H%d F%s I%s A%s C%s XCOLORRANGE=%s\n",
                          stream->out_frame.width, stream->out_frame.height, stream->rate,
                          stream->interlacing, stream->aspect, stream->chroma,
                          stream->out_frame.full_range ? "FULL" : "LIMITED");

    return write_to(stream, line, (size_t)length, &closed, error);
}

clearcut_status cli_stream_open_output(cli_stream *stream, clearcut_error *error)
{
    const char *output = stream->wanted.output;
    clearcut_status status = CLEARCUT_OK;

    settle_frame(stream);
    if (strcmp(output, "-") != 0) {
        status = cli_batch_make_folders(output, error); /* as rembg */
        if (status == CLEARCUT_OK && !stream->is_pattern) {
            status = clearcut_output_open(output, &stream->file, error);
        }
    }
#ifdef F_SETPIPE_SZ
    (void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
#endif
    if (status == CLEARCUT_OK &&
        (stream->out == CLI_STREAM_Y4M || stream->out == CLI_STREAM_ALPHA)) {
        status = write_header(stream, error);
    }
    return status;
}

/* ---- frames ---- */

static const char frame_line[] = "FRAME\n";
enum { FRAME_LINE = sizeof frame_line - 1 };

static clearcut_status make_room(const cli_stream *stream, cli_stream_packed *packed,
                                 clearcut_error *error)
{
    packed->raw_size = clearcut_frame_bytes(&stream->out_frame);
    packed->raw_size += stream->out == CLI_STREAM_RGBA ? 0 : FRAME_LINE;
    if (packed->raw == NULL) {
        packed->raw = malloc(packed->raw_size);
    }
    if (packed->raw == NULL) {
        snprintf(error->message, sizeof error->message, "not enough memory for a frame of %zu",
                 packed->raw_size);
        return error->code = CLEARCUT_OUT_OF_MEMORY;
    }
    memcpy(packed->raw, frame_line, stream->out == CLI_STREAM_RGBA ? 0 : FRAME_LINE);
    return CLEARCUT_OK;
}

/* The last channel: a cut-out's alpha, or the mask itself. */
static void pack_alpha(const clearcut_image *picture, uint8_t *plane)
{
    int channels = clearcut_image_channels(picture);
    int width = clearcut_image_width(picture);

    for (int y = 0; y < clearcut_image_height(picture); y++) {
        const uint8_t *row = clearcut_image_pixels_const(picture) +
                             (size_t)y * clearcut_image_stride(picture) + channels - 1;
        for (int x = 0; x < width; x++) {
            *plane++ = row[(size_t)x * (size_t)channels];
        }
    }
}

/* A cut-out that nobody put on a ground stands on black. */
static clearcut_status pack_on_black(const cli_stream *stream, const clearcut_image *picture,
                                     uint8_t *frame, clearcut_error *error)
{
    static const uint8_t black[4] = {0, 0, 0, 255};
    clearcut_image *solid = NULL;
    clearcut_status status;

    if (clearcut_image_channels(picture) != 4) {
        return clearcut_image_to_frame(picture, &stream->out_frame, frame, error);
    }
    status = clearcut_image_put_on(picture, NULL, black, &solid, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_image_to_frame(solid, &stream->out_frame, frame, error);
    }
    clearcut_image_free(&solid);
    return status;
}

static clearcut_status pack_raw(const cli_stream *stream, const clearcut_image *picture,
                                cli_stream_packed *packed, clearcut_error *error)
{
    clearcut_status status = make_room(stream, packed, error);

    if (status != CLEARCUT_OK) {
        return status;
    }
    switch (stream->out) {
    case CLI_STREAM_RGBA:
        return clearcut_image_to_frame(picture, &stream->out_frame, packed->raw, error);
    case CLI_STREAM_Y4M: return pack_on_black(stream, picture, packed->raw + FRAME_LINE, error);
    default: pack_alpha(picture, packed->raw + FRAME_LINE); return CLEARCUT_OK;
    }
}

clearcut_status cli_stream_pack(const cli_stream *stream, const clearcut_image *picture,
                                cli_stream_packed *packed, clearcut_timing *timing,
                                clearcut_error *error)
{
    clearcut_encode_options options;
    double begin = cli_clock_ms();
    clearcut_status status;

    if (!is_picture_kind(stream->out)) {
        status = pack_raw(stream, picture, packed, error);
        timing->encode += cli_clock_ms() - begin;
        return status;
    }
    clearcut_encode_options_init(&options);
    options.format = stream->out == CLI_STREAM_PNG ? CLEARCUT_FORMAT_PNG : CLEARCUT_FORMAT_WEBP;
    options.quality = (int)stream->wanted.pictures.quality;
    options.png_level = (int)stream->wanted.pictures.png_level;
    options.lossless = stream->wanted.pictures.lossless;
    options.timing = timing;
    return clearcut_image_encode(picture, &options, &packed->encoded, error);
}

void cli_stream_packed_free(cli_stream_packed *packed)
{
    clearcut_bytes_free(&packed->encoded);
    free(packed->raw);
    packed->raw = NULL;
}

clearcut_status cli_stream_write(cli_stream *stream, size_t index, const cli_stream_packed *packed,
                                 bool *closed, clearcut_error *error)
{
    const void *data = packed->raw != NULL ? packed->raw : packed->encoded.data;
    size_t size = packed->raw != NULL ? packed->raw_size : packed->encoded.size;
    clearcut_status status;
    char *name;

    *closed = false;
    if (!stream->is_pattern) {
        return write_to(stream, data, size, closed, error);
    }
    name = name_of(stream->wanted.output, index);
    if (name == NULL) {
        snprintf(error->message, sizeof error->message, "not enough memory");
        return error->code = CLEARCUT_OUT_OF_MEMORY;
    }
    status = cli_write_bytes(data, size, name, error);
    free(name);
    return status;
}

clearcut_status cli_stream_close_output(cli_stream *stream, bool keep, clearcut_error *error)
{
    if (stream->file != NULL && keep) {
        return clearcut_output_commit(&stream->file, error);
    }
    clearcut_output_discard(&stream->file);
    return CLEARCUT_OK;
}
