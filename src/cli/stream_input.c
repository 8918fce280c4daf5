/* Frames from standard input: raw, or YUV4MPEG2 ("Y4M"): a line of text that says what
 * comes, then for every frame a line FRAME and its planes. Described in the manual
 * page yuv4mpeg(5) of the mjpegtools. */
#define _GNU_SOURCE /* poll, F_SETPIPE_SZ */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "stream.h"

/* ---- options and operands ---- */

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help b`", message);
    return CLI_EXIT_USAGE;
}

static int settle_layout(cli_stream *stream)
{
    static const struct {
        const char *name;
        clearcut_pixels pixels;
    } layouts[] = {{"rgb24", CLEARCUT_PIXELS_RGB24},
                   {"rgba", CLEARCUT_PIXELS_RGBA},
                   {"nv12", CLEARCUT_PIXELS_NV12}};
    const char *wanted = stream->wanted.in_format;

    stream->is_y4m = strcmp(wanted, "y4m") == 0;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (strcmp(wanted, layouts[i].name) == 0) {
            stream->in_frame.pixels = layouts[i].pixels;
            return CLI_EXIT_OK;
        }
    }
    if (stream->is_y4m) {
        return CLI_EXIT_OK;
    }
    cli_error("--in-format: \"%s\" is none of rgb24, rgba, nv12, y4m", wanted);
    return CLI_EXIT_USAGE;
}

/* BT.601 or 709 for a picture of this size. Files rarely say; players go by size. */
static int settle_matrix(cli_stream *stream)
{
    const char *wanted = stream->wanted.matrix;

    if (strcmp(wanted, "601") != 0 && strcmp(wanted, "709") != 0 && strcmp(wanted, "auto") != 0) {
        cli_error("--matrix: \"%s\" is none of auto, 601, 709", wanted);
        return CLI_EXIT_USAGE;
    }
    stream->in_frame.bt709 = strcmp(wanted, "709") == 0 ||
                             (strcmp(wanted, "auto") == 0 &&
                              (stream->in_frame.width >= 1280 || stream->in_frame.height > 576));
    return CLI_EXIT_OK;
}

static int settle_range(cli_stream *stream)
{
    const char *wanted = stream->wanted.range;

    if (wanted != NULL && strcmp(wanted, "limited") != 0 && strcmp(wanted, "full") != 0) {
        cli_error("--range: \"%s\" is neither limited nor full", wanted);
        return CLI_EXIT_USAGE;
    }
    stream->in_frame.full_range = wanted != NULL && strcmp(wanted, "full") == 0;
    return CLI_EXIT_OK;
}

/* "25", "30000/1001" or "30000:1001" to Y4M's "30000:1001". */
static int settle_rate(cli_stream *stream)
{
    char text[CLI_STREAM_WORD];
    char *bar;
    long long numerator;
    long long denominator = 1;
    int length = snprintf(text, sizeof text, "%s", stream->wanted.rate);

    bar = strpbrk(text, "/:");
    if (bar != NULL) {
        *bar = '\0';
    }
    if (length >= (int)sizeof text || !cli_parse_integer(text, 1, 1000000000, &numerator) ||
        (bar != NULL && !cli_parse_integer(bar + 1, 1, 1000000000, &denominator))) {
        cli_error("--rate: \"%s\" is not frames a second, such as 25 or 30000/1001",
                  stream->wanted.rate);
        return CLI_EXIT_USAGE;
    }
    snprintf(stream->rate, sizeof stream->rate, "%lld:%lld", numerator, denominator);
    return CLI_EXIT_OK;
}

static int settle_size(cli_stream *stream, int operand_count, char **operands)
{
    enum { LARGEST = 1000000 };
    long long width;
    long long height;

    if (operand_count == 0 && stream->is_y4m) {
        return CLI_EXIT_OK;
    }
    if (operand_count != 2) {
        return usage_error(stream->is_y4m ? "takes WIDTH and HEIGHT, or neither with y4m"
                                          : "takes the WIDTH and HEIGHT of the frames");
    }
    if (!cli_parse_integer(operands[0], 1, LARGEST, &width) ||
        !cli_parse_integer(operands[1], 1, LARGEST, &height)) {
        cli_error("%s %s: no width and height in pixels", operands[0], operands[1]);
        return CLI_EXIT_USAGE;
    }
    stream->in_frame.width = (int)width;
    stream->in_frame.height = (int)height;
    return CLI_EXIT_OK;
}

int cli_stream_settle_input(cli_stream *stream, int operand_count, char **operands)
{
    int result;

    stream->in_frame.size = sizeof stream->in_frame;
    snprintf(stream->aspect, sizeof stream->aspect, "1:1");
    snprintf(stream->interlacing, sizeof stream->interlacing, "p");
    snprintf(stream->chroma, sizeof stream->chroma, "420jpeg");
    result = settle_layout(stream);
    result = result != CLI_EXIT_OK ? result : settle_size(stream, operand_count, operands);
    result = result != CLI_EXIT_OK ? result : settle_matrix(stream);
    result = result != CLI_EXIT_OK ? result : settle_range(stream);
    result = result != CLI_EXIT_OK ? result : settle_rate(stream);
    if (result != CLI_EXIT_OK || stream->is_y4m) {
        return result;
    }
    stream->in_bytes = clearcut_frame_bytes(&stream->in_frame);
    if (stream->in_bytes == 0) {
        cli_error("frames of %d x %d are more than 100 megapixels", stream->in_frame.width,
                  stream->in_frame.height);
        return CLI_EXIT_USAGE;
    }
#ifdef F_SETPIPE_SZ
    (void)fcntl(STDIN_FILENO, F_SETPIPE_SZ, 1 << 20); /* fewer switches; refusal costs nothing */
#endif
    return CLI_EXIT_OK;
}

/* ---- bytes ---- */

/* Read `size` bytes; *got tells how many came. */
static cli_stream_read read_bytes(uint8_t *data, size_t size, size_t *got, const atomic_bool *stop,
                                  clearcut_error *error)
{
    enum { NOTICE_MS = 100 };

    *got = 0;
    while (*got < size) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        ssize_t count;

        if (atomic_load(stop)) {
            return CLI_STREAM_STOPPED;
        }
        if (poll(&input, 1, NOTICE_MS) <= 0) {
            continue; /* nothing yet, or a signal */
        }
        count = read(STDIN_FILENO, data + *got, size - *got);
        if (count == 0) {
            return CLI_STREAM_END;
        }
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            error->code = CLEARCUT_IO;
            snprintf(error->message, sizeof error->message, "standard input: %s", strerror(errno));
            return CLI_STREAM_FAILED;
        }
        *got += count > 0 ? (size_t)count : 0;
    }
    return CLI_STREAM_FRAME;
}

static cli_stream_read corrupt(clearcut_error *error, const char *what)
{
    error->code = CLEARCUT_CORRUPT;
    snprintf(error->message, sizeof error->message, "standard input: %s", what);
    return CLI_STREAM_FAILED;
}

/* One line without its end, from where nothing was read ahead. */
static cli_stream_read read_line(char *line, size_t size, const atomic_bool *stop,
                                 clearcut_error *error)
{
    size_t used = 0;

    for (;;) {
        uint8_t letter;
        size_t got;
        cli_stream_read result = read_bytes(&letter, 1, &got, stop, error);
        if (result == CLI_STREAM_END && used > 0) {
            return corrupt(error, "ends within a line of a Y4M stream");
        }
        if (result != CLI_STREAM_FRAME) {
            return result;
        }
        if (letter == '\n') {
            line[used] = '\0';
            return CLI_STREAM_FRAME;
        }
        if (used + 1 == size) {
            return corrupt(error, "no Y4M stream: a line without end");
        }
        line[used++] = (char)letter;
    }
}

/* ---- the header ---- */

/* What C... says; false for what is not read here. */
static bool take_chroma(cli_stream *stream, const char *value)
{
    static const struct {
        const char *name;
        clearcut_pixels pixels;
    } kinds[] = {{"420", CLEARCUT_PIXELS_YUV420},      {"420jpeg", CLEARCUT_PIXELS_YUV420},
                 {"420mpeg2", CLEARCUT_PIXELS_YUV420}, {"420paldv", CLEARCUT_PIXELS_YUV420},
                 {"422", CLEARCUT_PIXELS_YUV422},      {"444", CLEARCUT_PIXELS_YUV444},
                 {"mono", CLEARCUT_PIXELS_GREY}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(value, kinds[i].name) == 0) {
            stream->in_frame.pixels = kinds[i].pixels;
            snprintf(stream->chroma, sizeof stream->chroma, "%s", value);
            return true;
        }
    }
    return false;
}

static bool take_word(char target[CLI_STREAM_WORD], const char *value)
{
    return snprintf(target, CLI_STREAM_WORD, "%s", value) < CLI_STREAM_WORD;
}

static bool take_size(const char *value, int *target)
{
    long long number;
    bool good = cli_parse_integer(value, 1, 1000000, &number);

    *target = good ? (int)number : 0;
    return good;
}

static bool take_parameter(cli_stream *stream, const char *word)
{
    switch (word[0]) {
    case 'W': return take_size(word + 1, &stream->in_frame.width);
    case 'H': return take_size(word + 1, &stream->in_frame.height);
    case 'F': return take_word(stream->rate, word + 1);
    case 'A': return take_word(stream->aspect, word + 1);
    case 'I': return take_word(stream->interlacing, word + 1);
    case 'C': return take_chroma(stream, word + 1);
    case 'X':
        if (stream->wanted.range == NULL && strncmp(word, "XCOLORRANGE=", 12) == 0) {
            stream->in_frame.full_range = strcmp(word + 12, "FULL") == 0;
        }
        return true;
    default: return true; /* the format's rule: what is not known is passed over */
    }
}

static cli_stream_read parse_header(cli_stream *stream, char *line, clearcut_error *error)
{
    int width = stream->in_frame.width;
    int height = stream->in_frame.height;
    char *rest = line;
    char *word = strtok_r(rest, " ", &rest);
    char text[256];

    if (word == NULL || strcmp(word, "YUV4MPEG2") != 0) {
        return corrupt(error, "no Y4M stream (it does not begin with YUV4MPEG2)");
    }
    stream->in_frame.pixels = CLEARCUT_PIXELS_YUV420;
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        if (!take_parameter(stream, word)) {
            snprintf(text, sizeof text,
                     "a Y4M stream with \"%.64s\", which is not read here; ask ffmpeg for "
                     "-pix_fmt yuv420p",
                     word);
            corrupt(error, text);
            error->code = CLEARCUT_UNSUPPORTED;
            return CLI_STREAM_FAILED;
        }
    }
    stream->in_bytes = clearcut_frame_bytes(&stream->in_frame);
    if (stream->in_bytes == 0) {
        return corrupt(error, "a Y4M header without a usable width and height");
    }
    if (width != 0 && (width != stream->in_frame.width || height != stream->in_frame.height)) {
        snprintf(text, sizeof text, "a Y4M stream of %d x %d, not %d x %d", stream->in_frame.width,
                 stream->in_frame.height, width, height);
        return corrupt(error, text);
    }
    return CLI_STREAM_FRAME;
}

cli_stream_read cli_stream_read_header(cli_stream *stream, const atomic_bool *stop,
                                       clearcut_error *error)
{
    char line[1024];
    cli_stream_read result;

    if (!stream->is_y4m) {
        return CLI_STREAM_FRAME;
    }
    result = read_line(line, sizeof line, stop, error);
    if (result == CLI_STREAM_END) {
        return corrupt(error, "is empty; a Y4M stream begins with YUV4MPEG2");
    }
    if (result == CLI_STREAM_FRAME) {
        result = parse_header(stream, line, error);
    }
    if (result == CLI_STREAM_FRAME) {
        settle_matrix(stream);
        if (strchr("p?", stream->interlacing[0]) == NULL && !stream->wanted.quiet) {
            cli_note("the stream is interlaced (I%s); its frames are taken for whole pictures",
                     stream->interlacing);
        }
    }
    return result;
}

/* ---- frames ---- */

static cli_stream_read read_frame_line(const atomic_bool *stop, clearcut_error *error)
{
    char line[256];
    cli_stream_read result = read_line(line, sizeof line, stop, error);

    if (result == CLI_STREAM_FRAME &&
        (strncmp(line, "FRAME", 5) != 0 || (line[5] != '\0' && line[5] != ' '))) {
        return corrupt(error, "no Y4M stream: a frame does not begin with FRAME");
    }
    return result;
}

cli_stream_read cli_stream_read_frame(cli_stream *stream, uint8_t *frame, const atomic_bool *stop,
                                      clearcut_error *error)
{
    size_t number = atomic_load(&stream->frames_read);
    size_t got;
    cli_stream_read result;

    if (stream->is_y4m) {
        result = read_frame_line(stop, error);
        if (result != CLI_STREAM_FRAME) {
            return result;
        }
    }
    result = read_bytes(frame, stream->in_bytes, &got, stop, error);
    if (result == CLI_STREAM_END && (got > 0 || stream->is_y4m)) {
        error->code = CLEARCUT_CORRUPT;
        snprintf(error->message, sizeof error->message,
                 "standard input: frame %zu (counted from 0) is cut off: %zu of %zu bytes came; "
                 "the %zu before it are done%s",
                 number, got, stream->in_bytes, number,
                 stream->is_y4m ? "" : " (are width, height and --in-format right?)");
        return CLI_STREAM_FAILED;
    }
    if (result == CLI_STREAM_FRAME) {
        atomic_fetch_add(&stream->frames_read, 1);
    }
    return result;
}
