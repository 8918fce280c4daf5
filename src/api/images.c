/* Pictures: made, decoded, looked at, encoded. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "core/memory.h"
#include "image/deep.h"
#include "image/resample.h"

/* ---- formats ---- */

clearcut_format clearcut_format_from_path(const char *path)
{
    return path != NULL ? (clearcut_format)cc_format_from_path(path) : CLEARCUT_FORMAT_UNKNOWN;
}

clearcut_format clearcut_format_from_name(const char *name)
{
    return name != NULL ? (clearcut_format)cc_format_from_name(name) : CLEARCUT_FORMAT_UNKNOWN;
}

const char *clearcut_format_name(clearcut_format format)
{
    return cc_format_name((cc_format)format);
}

bool clearcut_format_can_write(clearcut_format format)
{
    return cc_format_can_write((cc_format)format);
}

bool clearcut_format_has_alpha(clearcut_format format)
{
    return cc_format_has_alpha((cc_format)format);
}

bool clearcut_format_has_16_bits(clearcut_format format)
{
    return cc_format_has_deep((cc_format)format);
}

/* The extension with its dot, or "" for none (and for names like ".hidden"). */
static const char *extension_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot != name ? dot : "";
}

cc_status cc_api_output_format(clearcut_format wanted, const char *path, cc_format *format,
                               cc_error *fault)
{
    *format = (cc_format)wanted;
    if (wanted == CLEARCUT_FORMAT_UNKNOWN && path != NULL) {
        *format = cc_format_from_path(path);
        if (*format == CC_FORMAT_UNKNOWN && extension_of(path)[0] != '\0') {
            return cc_fail(fault, CC_UNSUPPORTED,
                           "%s: \"%s\" is no picture format that can be written; name it .png, "
                           ".jpg, .webp or .tif, or demand a format",
                           path, extension_of(path));
        }
    }
    if (*format == CC_FORMAT_UNKNOWN) {
        *format = CC_FORMAT_PNG;
    }
    if (!cc_format_can_write(*format)) {
        return cc_fail(fault, CC_UNSUPPORTED, "this build cannot write %s; use png",
                       cc_format_name(*format));
    }
    return CC_OK;
}

/* ---- making ---- */

cc_status cc_api_wrap_image(cc_image *image, clearcut_image **handle, cc_error *fault)
{
    *handle = cc_alloc_zeroed(1, sizeof **handle);
    if (*handle == NULL) {
        cc_image_free(image);
        (void)cc_fail_memory(fault, sizeof **handle);
        return CC_OUT_OF_MEMORY;
    }
    (*handle)->image = *image;
    (*handle)->info.orientation = 1;
    memset(image, 0, sizeof *image);
    return CC_OK;
}

static cc_status create_image(int width, int height, int channels, const uint8_t *pixels,
                              size_t stride, clearcut_image **handle, cc_error *fault)
{
    cc_image image = {0};
    size_t row;
    cc_status status;

    if (width < 1 || height < 1 || channels < 1 || channels > 4) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "a picture of %d x %d with %d channels; width and height are 1 or more, "
                       "channels 1 to 4",
                       width, height, channels);
    }
    status = cc_image_check_size((uint64_t)width, (uint64_t)height, 0, fault);
    if (status != CC_OK) {
        return status;
    }
    row = (size_t)width * (size_t)channels;
    if (stride != 0 && stride < row) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "a stride of %zu bytes for rows of %zu", stride,
                       row);
    }
    status = cc_image_create(width, height, channels, &image, fault);
    if (status != CC_OK) {
        return status;
    }
    for (int y = 0; pixels != NULL && y < height; y++) {
        memcpy(cc_image_row(&image, y), pixels + (size_t)y * (stride != 0 ? stride : row), row);
    }
    return cc_api_wrap_image(&image, handle, fault);
}

clearcut_status clearcut_image_create(int width, int height, int channels, const uint8_t *pixels,
                                      size_t stride, clearcut_image **image, clearcut_error *error)
{
    cc_error fault = {0};

    if (image == NULL) {
        return cc_api_return(cc_api_missing("image", &fault), &fault, error);
    }
    *image = NULL;
    return cc_api_return(create_image(width, height, channels, pixels, stride, image, &fault),
                         &fault, error);
}

static cc_status resize_image(const clearcut_image *image, int width, int height,
                              clearcut_image **resized, cc_error *fault)
{
    cc_image result = {0};
    cc_status status;

    if (width < 1 || height < 1) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "a size of %d x %d; both are 1 or more", width,
                       height);
    }
    status = cc_image_check_size((uint64_t)width, (uint64_t)height, 0, fault);
    if (status == CC_OK) {
        status =
            cc_image_resize(&image->image, width, height, CC_FILTER_LANCZOS, NULL, &result, fault);
    }
    if (status == CC_OK) {
        status = cc_image_copy_metadata(&image->image, &result, fault);
    }
    if (status != CC_OK) {
        cc_image_free(&result);
        return status;
    }
    status = cc_api_wrap_image(&result, resized, fault);
    if (status == CC_OK) {
        (*resized)->info = image->info;
        (*resized)->info.full_width = 0;
        (*resized)->info.full_height = 0;
    }
    return status;
}

clearcut_status clearcut_image_resize(const clearcut_image *image, int width, int height,
                                      clearcut_image **resized, clearcut_error *error)
{
    cc_error fault = {0};

    if (resized == NULL) {
        return cc_api_return(cc_api_missing("resized", &fault), &fault, error);
    }
    *resized = NULL;
    if (image == NULL) {
        return cc_api_return(cc_api_missing("image", &fault), &fault, error);
    }
    return cc_api_return(resize_image(image, width, height, resized, &fault), &fault, error);
}

void clearcut_image_free(clearcut_image **image)
{
    if (image != NULL && *image != NULL) {
        cc_image_free(&(*image)->image);
        cc_free(*image);
        *image = NULL;
    }
}

/* ---- decoding ---- */

void clearcut_decode_options_init(clearcut_decode_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

static cc_status decode(const void *data, size_t size, const clearcut_decode_options *theirs,
                        clearcut_image **handle, cc_error *fault)
{
    clearcut_decode_options wanted;
    cc_decode_options options = {0};
    cc_decode_info info = {0};
    cc_image image = {0};
    double begin = cc_clock_ms();
    cc_status status;

    clearcut_decode_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status != CC_OK) {
        return status;
    }
    options.max_pixels = wanted.max_pixels;
    options.allow_truncated = wanted.allow_truncated;
    options.convert_to_srgb = wanted.convert_to_srgb;
    options.ignore_orientation = wanted.ignore_orientation;
    options.minimum_long_side = wanted.minimum_long_side;
    options.keep_deep = wanted.keep_16_bits;
    status = cc_image_decode(data, size, &options, &image, &info, fault);
    if (status == CC_OK) {
        status = cc_api_wrap_image(&image, handle, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    (*handle)->info = info;
    cc_api_add_time(wanted.timing, CC_TIMED_DECODE, begin);
    return CC_OK;
}

clearcut_status clearcut_image_decode(const void *data, size_t size,
                                      const clearcut_decode_options *options,
                                      clearcut_image **image, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (image == NULL) {
        return cc_api_return(cc_api_missing("image", &fault), &fault, error);
    }
    *image = NULL;
    if (data == NULL) {
        status = cc_api_missing("data", &fault);
    } else if (size == 0) {
        status = cc_fail(&fault, CC_CORRUPT, "no bytes to decode");
    } else {
        status = decode(data, size, options, image, &fault);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_image_read(const char *path, const clearcut_decode_options *options,
                                    clearcut_image **image, clearcut_error *error)
{
    clearcut_bytes bytes = {0};
    cc_error fault = {0};
    clearcut_status result;
    cc_status status;

    if (image == NULL) {
        return cc_api_return(cc_api_missing("image", &fault), &fault, error);
    }
    *image = NULL;
    result = clearcut_file_read(path, 0, &bytes, error);
    if (result != CLEARCUT_OK) {
        return result;
    }
    status = decode(bytes.data, bytes.size, options, image, &fault);
    clearcut_bytes_free(&bytes);
    cc_error_context(&fault, "%s", path);
    return cc_api_return(status, &fault, error);
}

/* ---- looking ---- */

int clearcut_image_width(const clearcut_image *image)
{
    return image->image.width;
}

int clearcut_image_height(const clearcut_image *image)
{
    return image->image.height;
}

int clearcut_image_full_width(const clearcut_image *image)
{
    return image->info.full_width > 0 ? image->info.full_width : image->image.width;
}

int clearcut_image_full_height(const clearcut_image *image)
{
    return image->info.full_height > 0 ? image->info.full_height : image->image.height;
}

int clearcut_image_channels(const clearcut_image *image)
{
    return image->image.channels;
}

size_t clearcut_image_stride(const clearcut_image *image)
{
    return image->image.stride;
}

uint8_t *clearcut_image_pixels(clearcut_image *image)
{
    return image->image.pixels;
}

const uint8_t *clearcut_image_pixels_const(const clearcut_image *image)
{
    return image->image.pixels;
}

int clearcut_image_bits(const clearcut_image *image)
{
    return image->image.deep != NULL ? 16 : 8;
}

void clearcut_image_row_16(const clearcut_image *image, int y, uint16_t *row)
{
    cc_deep_row(&image->image, y, row);
}

clearcut_format clearcut_image_source_format(const clearcut_image *image)
{
    return (clearcut_format)image->info.format;
}

int clearcut_image_source_orientation(const clearcut_image *image)
{
    return image->info.orientation;
}

const char *clearcut_image_note(const clearcut_image *image)
{
    return image->info.note;
}

/* ---- encoding ---- */

void clearcut_encode_options_init(clearcut_encode_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->png_level = -1;
    memset(options->background, 255, sizeof options->background);
}

static cc_status check_encode_options(const clearcut_encode_options *wanted, cc_error *fault)
{
    if (wanted->quality < 0 || wanted->quality > 100) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "quality %d; 1 to 100, or 0 for the default",
                       wanted->quality);
    }
    if (wanted->png_level < -1 || wanted->png_level > 12) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "PNG level %d; 0 to 12, or -1 for the fast default", wanted->png_level);
    }
    if (wanted->dots_per_inch != 0 &&
        !(wanted->dots_per_inch >= 1 && wanted->dots_per_inch <= 1e5)) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%g dots per inch; 1 to 100000, or 0",
                       wanted->dots_per_inch);
    }
    if (wanted->bits != 0 && wanted->bits != 8 && wanted->bits != 16) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d bits a sample; 8, 16 or 0", wanted->bits);
    }
    return CC_OK;
}

static cc_status encode(const clearcut_image *image, const char *path,
                        const clearcut_encode_options *theirs, clearcut_bytes *bytes,
                        cc_error *fault)
{
    clearcut_encode_options wanted;
    cc_encode_options options;
    cc_buffer buffer = {0};
    cc_format format;
    double begin = cc_clock_ms();
    cc_status status;

    clearcut_encode_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status == CC_OK) {
        status = check_encode_options(&wanted, fault);
    }
    if (status == CC_OK) {
        status = cc_api_output_format(wanted.format, path, &format, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    options = cc_encode_options_default(format);
    options.quality = wanted.quality;
    options.lossless = wanted.lossless;
    options.png_level = wanted.png_level;
    options.drop_profile = wanted.drop_profile;
    options.bilevel = wanted.bilevel;
    options.dots_per_inch = wanted.dots_per_inch;
    options.bits = wanted.bits;
    memcpy(options.background, wanted.background, sizeof options.background);
    status = cc_image_encode(&image->image, &options, &buffer, fault);
    if (status != CC_OK) {
        return status;
    }
    bytes->data = buffer.data;
    bytes->size = buffer.size;
    cc_api_add_time(wanted.timing, CC_TIMED_ENCODE, begin);
    return CC_OK;
}

clearcut_status clearcut_image_encode(const clearcut_image *image,
                                      const clearcut_encode_options *options, clearcut_bytes *bytes,
                                      clearcut_error *error)
{
    cc_error fault = {0};

    if (image == NULL || bytes == NULL) {
        return cc_api_return(cc_api_missing(image == NULL ? "image" : "bytes", &fault), &fault,
                             error);
    }
    memset(bytes, 0, sizeof *bytes);
    return cc_api_return(encode(image, NULL, options, bytes, &fault), &fault, error);
}

static clearcut_status write_bytes(const char *path, const clearcut_bytes *bytes,
                                   clearcut_error *error)
{
    clearcut_output *output = NULL;
    clearcut_status status = clearcut_output_open(path, &output, error);

    if (status == CLEARCUT_OK) {
        status = clearcut_output_write(output, bytes->data, bytes->size, error);
    }
    if (status == CLEARCUT_OK) {
        return clearcut_output_commit(&output, error);
    }
    clearcut_output_discard(&output);
    return status;
}

clearcut_status clearcut_image_write(const clearcut_image *image, const char *path,
                                     const clearcut_encode_options *options, clearcut_error *error)
{
    clearcut_bytes bytes = {0};
    cc_error fault = {0};
    cc_status status;
    clearcut_status result;

    if (image == NULL || path == NULL) {
        return cc_api_return(cc_api_missing(image == NULL ? "image" : "path", &fault), &fault,
                             error);
    }
    status = encode(image, path, options, &bytes, &fault);
    if (status != CC_OK) {
        return cc_api_return(status, &fault, error);
    }
    result = write_bytes(path, &bytes, error);
    clearcut_bytes_free(&bytes);
    return result;
}
