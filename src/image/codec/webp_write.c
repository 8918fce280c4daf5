#include "image/codec/format.h"

#if CLEARCUT_HAVE_WEBP

#include <string.h>

#include <webp/encode.h>
#include <webp/mux.h>

#include "image/pixels.h"
#include "image/profile.h"

#define DEFAULT_QUALITY 90

/* Measured on photos: effort 2 of 6 gives files within 4 % of effort 4 in 60 %
 * of the time; of the lossless presets, 2 of 9 is where time still buys much. */
#define LOSSY_EFFORT 2
#define LOSSLESS_PRESET 2

/* ---- compressing ---- */

typedef struct webp_output {
    cc_buffer *bytes;
    cc_error *error;
    cc_status status;
} webp_output;

static int write_bytes(const uint8_t *data, size_t size, const WebPPicture *picture)
{
    webp_output *output = picture->custom_ptr;

    output->status = cc_buffer_append(output->bytes, data, size, 0, output->error);
    return output->status == CC_OK;
}

static bool configure(const cc_encode_options *options, WebPConfig *config)
{
    float quality = (float)(options->quality > 0 ? options->quality : DEFAULT_QUALITY);

    if (options->lossless) {
        if (!WebPConfigInit(config) || !WebPConfigLosslessPreset(config, LOSSLESS_PRESET)) {
            return false;
        }
        config->exact = 1; /* colours under transparency too */
    } else {
        if (!WebPConfigPreset(config, WEBP_PRESET_PHOTO, quality)) {
            return false;
        }
        config->method = LOSSY_EFFORT;
    }
    return WebPValidateConfig(config) != 0;
}

static int import_pixels(const cc_image *image, WebPPicture *picture)
{
    return image->channels == 4 ? WebPPictureImportRGBA(picture, image->pixels, (int)image->stride)
                                : WebPPictureImportRGB(picture, image->pixels, (int)image->stride);
}

static cc_status fail_code(WebPEncodingError code, cc_error *error)
{
    if (code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
        return cc_fail_memory(error, 0);
    }
    return cc_fail(error, CC_INTERNAL, "cannot write WebP (libwebp error %d); choose PNG",
                   (int)code);
}

static cc_status compress(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                          cc_error *error)
{
    webp_output output = {bytes, error, CC_OK};
    WebPConfig config;
    WebPPicture picture;
    cc_status status = CC_OK;

    if (!configure(options, &config) || !WebPPictureInit(&picture)) {
        return cc_fail(error, CC_INTERNAL, "libwebp does not fit its headers; reinstall it");
    }
    picture.width = image->width;
    picture.height = image->height;
    picture.use_argb = options->lossless;
    picture.writer = write_bytes;
    picture.custom_ptr = &output;
    if (!import_pixels(image, &picture) || !WebPEncode(&config, &picture)) {
        status = output.status != CC_OK ? output.status : fail_code(picture.error_code, error);
    }
    WebPPictureFree(&picture);
    return status;
}

/* ---- the profile around it ---- */

static cc_status assemble(WebPMux *mux, const cc_image *image, cc_buffer *bytes, cc_error *error)
{
    WebPData profile = {image->metadata.icc_profile, image->metadata.icc_profile_size};
    WebPData picture = {bytes->data, bytes->size};
    WebPData whole = {NULL, 0};
    cc_status status;

    if (WebPMuxSetImage(mux, &picture, 1) != WEBP_MUX_OK ||
        WebPMuxSetChunk(mux, "ICCP", &profile, 1) != WEBP_MUX_OK ||
        WebPMuxAssemble(mux, &whole) != WEBP_MUX_OK) {
        return cc_fail(error, CC_INTERNAL,
                       "cannot put the colour profile into the WebP file; drop it or choose PNG");
    }
    bytes->size = 0;
    status = cc_buffer_append(bytes, whole.bytes, whole.size, 0, error);
    WebPDataClear(&whole);
    return status;
}

static cc_status add_profile(const cc_image *image, cc_buffer *bytes, cc_error *error)
{
    WebPMux *mux = WebPMuxNew();
    cc_status status;

    if (mux == NULL) {
        return cc_fail_memory(error, 0);
    }
    status = assemble(mux, image, bytes, error);
    WebPMuxDelete(mux);
    return status;
}

/* ---- the whole ---- */

static cc_status encode_color(const cc_image *image, const cc_encode_options *options,
                              cc_buffer *bytes, cc_error *error)
{
    const cc_image_metadata *metadata = &image->metadata;
    cc_status status = compress(image, options, bytes, error);

    if (status == CC_OK && !options->drop_profile &&
        cc_profile_fits(metadata->icc_profile, metadata->icc_profile_size, image->channels)) {
        status = add_profile(image, bytes, error);
    }
    return status;
}

cc_status cc_webp_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error)
{
    cc_image color;
    cc_status status;

    if (image->width > WEBP_MAX_DIMENSION || image->height > WEBP_MAX_DIMENSION) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "WebP cannot hold %d x %d pixels (a side may have %d); choose PNG",
                       image->width, image->height, WEBP_MAX_DIMENSION);
    }
    if (image->channels >= 3) {
        return encode_color(image, options, bytes, error);
    }
    status = cc_image_convert(image, image->channels + 2, &color, error);
    if (status == CC_OK) {
        status = encode_color(&color, options, bytes, error);
        cc_image_free(&color);
    }
    return status;
}

#else

cc_status cc_webp_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error)
{
    (void)image;
    (void)options;
    (void)bytes;
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build cannot write WebP; build with libwebp-dev, or choose PNG");
}

#endif
