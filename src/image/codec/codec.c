#include "image/codec/codec.h"

#include <string.h>

#include "core/memory.h"
#include "image/codec/format.h"
#if CLEARCUT_HAVE_TIFF
#include "image/codec/tiff_library.h"
#endif
#include "image/pixels.h"
#include "image/profile.h"

/* ---- names ---- */

typedef struct format_name {
    const char *name; /* the first of a format is the one we show */
    cc_format format;
} format_name;

static const format_name format_names[] = {
    {"jpeg", CC_FORMAT_JPEG}, {"jpg", CC_FORMAT_JPEG},  {"jpe", CC_FORMAT_JPEG},
    {"jfif", CC_FORMAT_JPEG}, {"png", CC_FORMAT_PNG},   {"apng", CC_FORMAT_PNG},
    {"webp", CC_FORMAT_WEBP}, {"tiff", CC_FORMAT_TIFF}, {"tif", CC_FORMAT_TIFF},
    {"heif", CC_FORMAT_HEIF}, {"heic", CC_FORMAT_HEIF}, {"avif", CC_FORMAT_HEIF},
    {"gif", CC_FORMAT_GIF},   {"bmp", CC_FORMAT_BMP},   {"dib", CC_FORMAT_BMP},
};

#define NAME_COUNT (sizeof format_names / sizeof format_names[0])

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char lower = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (lower != *b) {
            return false;
        }
    }
    return *a == *b;
}

cc_format cc_format_from_name(const char *name)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (same_name(name, format_names[i].name)) {
            return format_names[i].format;
        }
    }
    return CC_FORMAT_UNKNOWN;
}

cc_format cc_format_from_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');

    return dot != NULL ? cc_format_from_name(dot + 1) : CC_FORMAT_UNKNOWN;
}

const char *cc_format_name(cc_format format)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (format_names[i].format == format) {
            return format_names[i].name;
        }
    }
    return "unknown";
}

bool cc_format_can_write(cc_format format)
{
    static const bool writable[CC_FORMAT_HEIF + 1] = {
        [CC_FORMAT_JPEG] = true,
        [CC_FORMAT_PNG] = true,
#if CLEARCUT_HAVE_WEBP
        [CC_FORMAT_WEBP] = true,
#endif
    };

#if CLEARCUT_HAVE_TIFF
    if (format == CC_FORMAT_TIFF) {
        return cc_tiff_library_open(NULL) == CC_OK;
    }
#endif
    return format >= CC_FORMAT_UNKNOWN && format <= CC_FORMAT_HEIF && writable[format];
}

bool cc_format_has_alpha(cc_format format)
{
    return format == CC_FORMAT_PNG || format == CC_FORMAT_WEBP || format == CC_FORMAT_TIFF ||
           format == CC_FORMAT_HEIF;
}

bool cc_format_has_deep(cc_format format)
{
    return format == CC_FORMAT_PNG || format == CC_FORMAT_TIFF;
}

/* ---- what the formats share ---- */

cc_status cc_decoding_set_size(cc_decoding *decoding, uint64_t width, uint64_t height,
                               cc_error *error)
{
    cc_status status = cc_image_check_size(width, height, decoding->options.max_pixels, error);
    if (status == CC_OK) {
        decoding->width = (int)width;
        decoding->height = (int)height;
    }
    return status;
}

void cc_decoding_note(cc_decoding *decoding, const char *text)
{
    if (decoding->note[0] == '\0') {
        size_t length = strlen(text);
        length = length < CC_NOTE_SIZE ? length : CC_NOTE_SIZE - 1;
        memcpy(decoding->note, text, length);
        decoding->note[length] = '\0';
    }
}

cc_status cc_decoding_set_profile(cc_decoding *decoding, const uint8_t *profile, size_t size,
                                  bool is_cmyk, cc_error *error)
{
    cc_image *image = decoding->image;
    bool fits = is_cmyk ? cc_profile_kind_of(profile, size) == CC_PROFILE_CMYK
                        : cc_profile_fits(profile, size, image->channels);
    if (!fits) {
        cc_decoding_note(decoding, "the embedded colour profile is unusable and was left out");
        return CC_OK;
    }
    return cc_image_set_profile(image, profile, size, error);
}

cc_status cc_fail_truncated(cc_error *error, const char *name)
{
    return cc_fail(error, CC_CORRUPT,
                   "the %s data ends early (truncated file); get a complete copy, or allow "
                   "truncated files",
                   name);
}

/* ---- decoding ---- */

static cc_status fail_unsupported(const char *name, cc_error *error)
{
    if (name == NULL) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "not a picture in a known format; use JPEG, PNG, WebP or TIFF");
    }
    if (strcmp(name, "text") == 0 || strcmp(name, "HTML page") == 0) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "this is %s, not a picture; check where the file came from",
                       name[0] == 't' ? "text" : "an HTML page");
    }
    return cc_fail(error, CC_UNSUPPORTED, "%s is not supported; convert it to PNG or JPEG", name);
}

static cc_status decode_by_format(cc_format format, cc_decoding *decoding, cc_error *error)
{
    switch (format) {
    case CC_FORMAT_JPEG: return cc_jpeg_decode(decoding, error);
    case CC_FORMAT_PNG: return cc_png_decode(decoding, error);
    case CC_FORMAT_WEBP: return cc_webp_decode(decoding, error);
    case CC_FORMAT_TIFF: return cc_tiff_decode(decoding, error);
    case CC_FORMAT_HEIF: return cc_heif_decode(decoding, error);
    case CC_FORMAT_GIF: return cc_gif_decode(decoding, error);
    case CC_FORMAT_BMP: return cc_bmp_decode(decoding, error);
    case CC_FORMAT_UNKNOWN: break;
    }
    return cc_fail(error, CC_INTERNAL, "no decoder for format %d; please report this", (int)format);
}

static cc_status sniff_and_decode(cc_decoding *decoding, cc_decode_info *info, cc_error *error)
{
    const char *other = NULL;

    if (decoding->data == NULL || decoding->size == 0) {
        return cc_fail(error, CC_CORRUPT, "the file is empty");
    }
    info->format = cc_format_sniff(decoding->data, decoding->size, &other);
    if (info->format == CC_FORMAT_UNKNOWN) {
        return fail_unsupported(other, error);
    }
    return decode_by_format(info->format, decoding, error);
}

static void fill_info(const cc_decoding *decoding, cc_decode_info *info)
{
    bool swap = decoding->exif.orientation >= 5 && !decoding->options.ignore_orientation;

    info->orientation = decoding->exif.orientation;
    info->full_width = swap ? decoding->height : decoding->width;
    info->full_height = swap ? decoding->width : decoding->height;
}

/* From the stored picture to the one that everybody works on. */
static cc_status finish_picture(cc_decoding *decoding, cc_error *error)
{
    cc_image *image = decoding->image;
    cc_status status = CC_OK;

    image->metadata.focal_length_35mm = decoding->exif.focal_length_35mm;
    if (image->metadata.dots_per_inch <= 0) {
        image->metadata.dots_per_inch = decoding->exif.dots_per_inch;
    }
    if (!decoding->options.ignore_orientation) {
        status = cc_image_orient(image, decoding->exif.orientation, error);
    }
    if (status == CC_OK && decoding->options.convert_to_srgb) {
        cc_error ignored = {0};
        status = cc_image_to_srgb(image, &ignored);
        if (status == CC_UNSUPPORTED) {
            cc_decoding_note(decoding, ignored.message);
            status = CC_OK;
        } else if (status != CC_OK) {
            status = cc_fail(error, status, "%s", ignored.message);
        }
    }
    return status;
}

static cc_status run_decoding(cc_decoding *decoding, cc_decode_info *info, cc_error *error)
{
    cc_status status;

    memset(info, 0, sizeof *info);
    decoding->note = info->note;
    decoding->exif.orientation = 1;
    if (decoding->options.max_pixels == 0) {
        decoding->options.max_pixels = CC_IMAGE_DEFAULT_MAX_PIXELS;
    }
    status = sniff_and_decode(decoding, info, error);
    if (status == CC_OK) {
        fill_info(decoding, info);
    }
    if (status == CC_OK && !decoding->header_only) {
        status = finish_picture(decoding, error);
    }
    if (status != CC_OK) {
        cc_image_free(decoding->image);
    }
    return status;
}

cc_status cc_image_decode(const uint8_t *data, size_t size, const cc_decode_options *options,
                          cc_image *image, cc_decode_info *info, cc_error *error)
{
    cc_decode_info unused;
    cc_decoding decoding = {.data = data, .size = size, .image = image};

    memset(image, 0, sizeof *image);
    if (options != NULL) {
        decoding.options = *options;
    }
    return run_decoding(&decoding, info != NULL ? info : &unused, error);
}

cc_status cc_image_probe(const uint8_t *data, size_t size, cc_decode_info *info, cc_error *error)
{
    cc_image none = {0};
    cc_decoding decoding = {.data = data, .size = size, .image = &none, .header_only = true};

    /* A header costs nothing whatever size it claims: only absurd sides are refused. */
    decoding.options.max_pixels = UINT64_MAX;
    return run_decoding(&decoding, info, error);
}

/* ---- encoding ---- */

cc_encode_options cc_encode_options_default(cc_format format)
{
    cc_encode_options options = {0};

    options.format = format;
    options.png_level = -1;
    options.background[0] = 255;
    options.background[1] = 255;
    options.background[2] = 255;
    return options;
}

static cc_status check_encode(const cc_image *image, const cc_encode_options *options,
                              cc_error *error)
{
    if (!cc_format_can_write(options->format)) {
        return cc_fail(error, CC_UNSUPPORTED, "this build cannot write %s; choose PNG or JPEG",
                       cc_format_name(options->format));
    }
    if (options->quality < 0 || options->quality > 100) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a quality of %d was asked for; it goes from 1 to 100", options->quality);
    }
    if (options->png_level < -1 || options->png_level > 12) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a PNG level of %d was asked for; it goes from 0 to 12", options->png_level);
    }
    if (image->pixels == NULL || image->width < 1 || image->height < 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "there is no picture to encode");
    }
    if (options->bilevel && image->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "one bit a pixel was asked for a picture of %d channels; make it grey first",
                       image->channels);
    }
    if (options->bits != 0 && options->bits != 8 && options->bits != 16) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%d bits a sample were asked for; 8 or 16",
                       options->bits);
    }
    if (options->bits == 16 && (!cc_format_has_deep(options->format) || options->bilevel)) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "16 bits a sample cannot be written as %s; choose PNG or TIFF",
                       options->bilevel ? "black and white" : cc_format_name(options->format));
    }
    return CC_OK;
}

/* 8 or 16. */
static int resolve_bits(const cc_image *image, const cc_encode_options *options)
{
    if (options->bits != 0) {
        return options->bits;
    }
    return image->deep != NULL && cc_format_has_deep(options->format) && !options->bilevel ? 16 : 8;
}

static cc_status encode_by_format(const cc_image *image, const cc_encode_options *options,
                                  cc_buffer *bytes, cc_error *error)
{
    switch (options->format) {
    case CC_FORMAT_JPEG: return cc_jpeg_encode(image, options, bytes, error);
    case CC_FORMAT_PNG: return cc_png_encode(image, options, bytes, error);
    case CC_FORMAT_WEBP: return cc_webp_encode(image, options, bytes, error);
    case CC_FORMAT_TIFF: return cc_tiff_encode(image, options, bytes, error);
    case CC_FORMAT_HEIF:
    case CC_FORMAT_GIF:
    case CC_FORMAT_BMP:
    case CC_FORMAT_UNKNOWN: break;
    }
    return cc_fail(error, CC_INTERNAL, "no encoder for %s; please report this",
                   cc_format_name(options->format));
}

cc_status cc_image_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                          cc_error *error)
{
    cc_encode_options resolved = *options;
    cc_image flat = {0};
    cc_status status;

    memset(bytes, 0, sizeof *bytes);
    status = check_encode(image, options, error);
    resolved.bits = resolve_bits(image, options);
    if (resolved.dots_per_inch <= 0) {
        resolved.dots_per_inch = image->metadata.dots_per_inch;
    }
    if (status == CC_OK && cc_image_has_alpha(image) && !cc_format_has_alpha(options->format)) {
        status = cc_image_flatten(image, options->background, &flat, error);
        image = &flat;
    }
    if (status == CC_OK) {
        status = encode_by_format(image, &resolved, bytes, error);
    }
    cc_image_free(&flat);
    if (status != CC_OK) {
        cc_buffer_free(bytes);
    }
    return status;
}
