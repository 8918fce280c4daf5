#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "result.h"

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Where the ending begins, or the end of the name; ".hidden" has none. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
}

/* Is it a format that no build writes? */
static bool is_read_only(clearcut_format format)
{
    return format == CLEARCUT_FORMAT_UNKNOWN || format == CLEARCUT_FORMAT_GIF ||
           format == CLEARCUT_FORMAT_BMP;
}

bool cli_output_format(const cli_pictures *options, const char *output, clearcut_format *format)
{
    const char *name = last_part(output);

    if (options->format != NULL) {
        *format = clearcut_format_from_name(options->format);
        if (is_read_only(*format)) {
            cli_error("--format: \"%s\" is none of png, jpeg, webp, tiff", options->format);
            return false;
        }
    } else {
        *format = clearcut_format_from_path(output);
        if (is_read_only(*format) && name[stem_length(name)] != '\0') {
            cli_error("%s: \"%s\" is no picture format that can be written; name it .png, .jpg, "
                      ".webp or .tif, or give --format",
                      output, name + stem_length(name));
            return false;
        }
        if (*format == CLEARCUT_FORMAT_UNKNOWN) {
            *format = CLEARCUT_FORMAT_PNG;
        }
    }
    if (!clearcut_format_can_write(*format)) {
        cli_error("%s: this build cannot write %s; use png", cli_output_name(output),
                  clearcut_format_name(*format));
        return false;
    }
    return true;
}

int cli_settle_bits(cli_pictures *options, clearcut_format format, bool plain)
{
    bool possible = clearcut_format_has_16_bits(format);

    options->written_bits = 0;
    if (options->bits == NULL || strcmp(options->bits, "auto") == 0) {
        options->keep_16_bits = possible && !plain;
        return CLI_EXIT_OK;
    }
    if (strcmp(options->bits, "16") == 0 && !possible) {
        cli_error("--bits 16: %s has 8 bits a sample; write PNG or TIFF",
                  clearcut_format_name(format));
        return CLI_EXIT_USAGE;
    }
    if (strcmp(options->bits, "8") != 0 && strcmp(options->bits, "16") != 0) {
        cli_error("--bits: \"%s\" is none of 8, 16, auto", options->bits);
        return CLI_EXIT_USAGE;
    }
    options->keep_16_bits = options->bits[0] == '1';
    options->written_bits = options->keep_16_bits ? 16 : 8;
    return CLI_EXIT_OK;
}

const char *cli_format_extension(clearcut_format format)
{
    switch (format) {
    case CLEARCUT_FORMAT_JPEG: return ".jpg";
    case CLEARCUT_FORMAT_WEBP: return ".webp";
    case CLEARCUT_FORMAT_TIFF: return ".tif";
    default: return ".png";
    }
}

char *cli_derived_name(const char *path, const char *folder, const char *suffix)
{
    const char *name = last_part(path);
    int folder_length = folder != NULL ? (int)strlen(folder) : (int)(name - path);
    bool slash = folder != NULL && folder_length > 0 && folder[folder_length - 1] != '/';
    size_t size = (size_t)folder_length + strlen(name) + strlen(suffix) + 2;
    char *derived = malloc(size);

    if (derived == NULL) {
        cli_error("not enough memory");
        return NULL;
    }
    snprintf(derived, size, "%.*s%s%.*s%s", folder_length, folder != NULL ? folder : path,
             slash ? "/" : "", (int)stem_length(name), name, suffix);
    return derived;
}

const char *cli_input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

const char *cli_output_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard output" : path;
}

/* Put the input's name before a message. */
static void name_the_input(clearcut_error *error, const char *path)
{
    char message[CLEARCUT_MESSAGE_SIZE];
    const char *name = cli_input_name(path);
    size_t room = sizeof error->message - 3;
    int name_length = (int)(strlen(name) < room ? strlen(name) : room);

    memcpy(message, error->message, sizeof message);
    snprintf(error->message, sizeof error->message, "%.*s: %.*s", name_length, name,
             (int)(room - (size_t)name_length), message);
}

clearcut_status cli_read_picture(const cli_pictures *options, const char *path,
                                 clearcut_timing *timing, clearcut_bytes *bytes,
                                 clearcut_image **image, clearcut_error *error)
{
    clearcut_decode_options decode;
    clearcut_status status;

    clearcut_decode_options_init(&decode);
    decode.max_pixels = (uint64_t)options->max_pixels;
    decode.allow_truncated = options->allow_truncated;
    decode.convert_to_srgb = options->srgb;
    decode.timing = timing;
    decode.minimum_long_side = options->minimum_long_side;
    decode.keep_16_bits = options->keep_16_bits;
    cli_signals_waiting(true);
    status = clearcut_file_read(path, 0, bytes, error);
    cli_signals_waiting(false);
    if (status != CLEARCUT_OK) {
        return status;
    }
    status = clearcut_image_decode(bytes->data, bytes->size, &decode, image, error);
    if (status != CLEARCUT_OK) {
        clearcut_bytes_free(bytes);
        name_the_input(error, path);
    } else if (clearcut_image_note(*image)[0] != '\0') {
        cli_note("%s: %s", cli_input_name(path), clearcut_image_note(*image));
    }
    return status;
}

clearcut_status cli_write_bytes(const void *data, size_t size, const char *path,
                                clearcut_error *error)
{
    clearcut_output *output = NULL;
    clearcut_status status = clearcut_output_open(path, &output, error);

    if (status == CLEARCUT_OK) {
        status = clearcut_output_write(output, data, size, error);
    }
    if (status == CLEARCUT_OK) {
        return clearcut_output_commit(&output, error);
    }
    clearcut_output_discard(&output);
    return status;
}

clearcut_status cli_write_picture(const cli_pictures *options, clearcut_format format,
                                  const clearcut_image *image, const char *path,
                                  clearcut_timing *timing, clearcut_error *error)
{
    clearcut_encode_options encode;
    clearcut_bytes bytes = {0};
    double begin = cli_clock_ms();
    clearcut_status status;

    clearcut_encode_options_init(&encode);
    encode.format = format;
    encode.quality = (int)options->quality;
    encode.png_level = (int)options->png_level;
    encode.lossless = options->lossless;
    encode.bits = options->written_bits;
    status = clearcut_image_encode(image, &encode, &bytes, error);
    if (status == CLEARCUT_OK) {
        status = cli_write_bytes(bytes.data, bytes.size, path, error);
    }
    clearcut_bytes_free(&bytes);
    timing->encode += cli_clock_ms() - begin;
    return status;
}
