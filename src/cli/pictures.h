/* Pictures as the commands read and write them: the options they share, names of
 * outputs, and writing that leaves whole files or none.
 */
#ifndef CLEARCUT_CLI_PICTURES_H
#define CLEARCUT_CLI_PICTURES_H

#include "clearcut.h"
#include "command.h"

typedef struct cli_pictures {
    const char *format;  /* NULL = by the output's extension, else PNG */
    long long quality;   /* 0 = the format's default */
    long long png_level; /* -1 = fast default */
    bool lossless;
    bool srgb;
    bool allow_truncated;
    long long max_pixels;  /* 0 = the library's default */
    int minimum_long_side; /* > 0: a picture may be decoded smaller, down to this; no option */
    const char *bits;      /* "auto" (also NULL), "8" or "16" */
    /* Settled by cli_settle_bits: */
    bool keep_16_bits; /* when decoding */
    int written_bits;  /* 8, 16, or 0 = what the picture has */
} cli_pictures;

#define CLI_PICTURE_DEFAULTS                                                                       \
    {                                                                                              \
        .png_level = -1                                                                            \
    }

/* clang-format off */
/* The option rows for a settings structure that has a cli_pictures `pictures`. */
#define CLI_PICTURE_OPTIONS(type)                                                              \
    {NULL, "format", CLI_TEXT, offsetof(type, pictures.format), 0, 0, "NAME",                  \
     "png, jpeg, webp or tiff; default: by the output's ending, else png"},                    \
    {NULL, "quality", CLI_INTEGER, offsetof(type, pictures.quality), 1, 100, "N",              \
     "JPEG (default 92) and WebP (90): 1 to 100"},                                             \
    {NULL, "png-level", CLI_INTEGER, offsetof(type, pictures.png_level), 0, 12, "N",           \
     "0 (none) to 12 (smallest); default: the fast writer"},                                   \
    {NULL, "lossless", CLI_FLAG, offsetof(type, pictures.lossless), 0, 0, NULL,                \
     "WebP without loss"},                                                                     \
    {NULL, "srgb", CLI_FLAG, offsetof(type, pictures.srgb), 0, 0, NULL,                        \
     "convert to sRGB instead of carrying the colour profile over"},                           \
    {NULL, "allow-truncated", CLI_FLAG, offsetof(type, pictures.allow_truncated), 0, 0, NULL,  \
     "take what there is of a file that is cut off"},                                          \
    {NULL, "max-pixels", CLI_INTEGER, offsetof(type, pictures.max_pixels), 1, 1e12, "N",       \
     "refuse larger pictures; default 100000000"}
/* clang-format on */

/* clang-format off */
/* The row of the commands that keep 16 bits. */
#define CLI_BITS_OPTION(type)                                                                  \
    {NULL, "bits", CLI_TEXT, offsetof(type, pictures.bits), 0, 0, "N",                         \
     "8 or 16 bits a sample; default auto: 16 where photo and output (PNG, TIFF) have them"}
/* clang-format on */

/* How many bits are read and written, by --bits and the format of the output. plain: what
 * is made has 8 bits by nature (masks, rembg's results), so that auto means 8.
 * CLI_EXIT_OK, or CLI_EXIT_USAGE after an explanation on stderr. */
int cli_settle_bits(cli_pictures *options, clearcut_format format, bool plain);

/* The format of an output ("-" is standard output): by --format, else by the
 * ending, PNG without one. False, explained on stderr, if that cannot be written. */
bool cli_output_format(const cli_pictures *options, const char *output, clearcut_format *format);

/* ".png", ".jpg", ...; what default names end in. */
const char *cli_format_extension(clearcut_format format);

/* folder/stem + suffix, where the stem is that of `path` (without its last
 * ending) and the folder its own unless one is given. The caller frees it; NULL if
 * memory is out. */
char *cli_derived_name(const char *path, const char *folder, const char *suffix);

/* "standard input" and "standard output" for "-", else the path. */
const char *cli_input_name(const char *path);
const char *cli_output_name(const char *path);

/* Read and decode; *bytes keeps the file as it was, for passing through. The
 * message of a failure begins with the input's name. */
clearcut_status cli_read_picture(const cli_pictures *options, const char *path,
                                 clearcut_timing *timing, clearcut_bytes *bytes,
                                 clearcut_image **image, clearcut_error *error);

/* Encode and write, whole or not at all. */
clearcut_status cli_write_picture(const cli_pictures *options, clearcut_format format,
                                  const clearcut_image *image, const char *path,
                                  clearcut_timing *timing, clearcut_error *error);

/* Write bytes as they are, whole or not at all. */
clearcut_status cli_write_bytes(const void *data, size_t size, const char *path,
                                clearcut_error *error);

#endif
