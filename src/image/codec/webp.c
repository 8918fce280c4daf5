#include "image/codec/format.h"

#if CLEARCUT_HAVE_WEBP

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/* ---- sizes and features ---- */

static cc_status fail_code(VP8StatusCode code, cc_error *error)
{
    switch (code) {
    case VP8_STATUS_NOT_ENOUGH_DATA: return cc_fail_truncated(error, "WebP");
    case VP8_STATUS_OUT_OF_MEMORY: return cc_fail_memory(error, 0);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return cc_fail(error, CC_UNSUPPORTED,
                       "this kind of WebP is not supported; convert it to PNG or JPEG");
    default: return cc_fail(error, CC_CORRUPT, "the WebP data is damaged; get an intact copy");
    }
}

/* The length that the RIFF header promises, with the header. */
static size_t promised_size(const cc_decoding *decoding)
{
    const uint8_t *d = decoding->data;
    return ((size_t)d[4] | (size_t)d[5] << 8 | (size_t)d[6] << 16 | (size_t)d[7] << 24) + 8;
}

/* ---- metadata and frames ---- */

static cc_status read_profile(cc_decoding *decoding, const WebPDemuxer *demuxer, cc_error *error)
{
    WebPChunkIterator chunk;
    cc_status status = CC_OK;

    if (WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) {
        status =
            cc_decoding_set_profile(decoding, chunk.chunk.bytes, chunk.chunk.size, false, error);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return status;
}

static void read_exif(cc_decoding *decoding, const WebPDemuxer *demuxer)
{
    WebPChunkIterator chunk;

    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        decoding->exif = cc_exif_read(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
}

/* ---- pixels ---- */

/* Decode one VP8 or VP8L picture into the image, its first pixel at `offset`.
 * libwebp refuses a picture that would not fit into the bytes after that. */
static cc_status decode_into(const WebPData *data, cc_image *image, size_t offset, bool tolerant,
                             cc_error *error)
{
    WebPDecoderConfig config;
    WebPIDecoder *decoder;
    VP8StatusCode code;

    if (!WebPInitDecoderConfig(&config)) {
        return cc_fail(error, CC_INTERNAL, "libwebp does not fit its headers; reinstall it");
    }
    config.output.colorspace = image->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->pixels + offset;
    config.output.u.RGBA.stride = (int)image->stride;
    config.output.u.RGBA.size = image->stride * (size_t)image->height - offset;
    if (!tolerant) {
        code = WebPDecode(data->bytes, data->size, &config);
        WebPFreeDecBuffer(&config.output);
        return code == VP8_STATUS_OK ? CC_OK : fail_code(code, error);
    }
    decoder = WebPIDecode(NULL, 0, &config);
    if (decoder == NULL) {
        return cc_fail_memory(error, 0);
    }
    code = WebPIUpdate(decoder, data->bytes, data->size);
    WebPIDelete(decoder);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK || code == VP8_STATUS_SUSPENDED ? CC_OK : fail_code(code, error);
}

static cc_status decode_still(cc_decoding *decoding, bool alpha, bool truncated, cc_error *error)
{
    WebPData data = {decoding->data, decoding->size};
    cc_image *image = decoding->image;
    cc_status status =
        cc_image_create(decoding->width, decoding->height, alpha ? 4 : 3, image, error);

    return status == CC_OK ? decode_into(&data, image, 0, truncated, error) : status;
}

/* The first frame may cover only a part of the canvas: the rest is transparent. */
static cc_status decode_first_frame(cc_decoding *decoding, const WebPDemuxer *demuxer,
                                    cc_error *error)
{
    cc_image *image = decoding->image;
    WebPIterator frame;
    cc_status status;

    if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
        return cc_fail(error, CC_CORRUPT, "the WebP animation has no frame; get an intact copy");
    }
    status = cc_image_create(decoding->width, decoding->height, 4, image, error);
    if (status == CC_OK &&
        (frame.x_offset < 0 || frame.y_offset < 0 || frame.width > image->width - frame.x_offset ||
         frame.height > image->height - frame.y_offset)) {
        status = cc_fail(error, CC_CORRUPT,
                         "the WebP data is damaged (a frame outside the "
                         "picture); get an intact copy");
    }
    if (status == CC_OK) {
        size_t offset = (size_t)frame.y_offset * image->stride + (size_t)frame.x_offset * 4;
        status = decode_into(&frame.fragment, image, offset, frame.complete == 0, error);
    }
    WebPDemuxReleaseIterator(&frame);
    cc_decoding_note(decoding, "animated WebP: only the first picture is used");
    return status;
}

/* ---- the whole ---- */

static cc_status decode_picture(cc_decoding *decoding, const WebPBitstreamFeatures *features,
                                const WebPDemuxer *demuxer, cc_error *error)
{
    bool truncated = promised_size(decoding) > decoding->size;

    if (truncated && !decoding->options.allow_truncated) {
        return cc_fail_truncated(error, "WebP");
    }
    if (truncated) {
        cc_decoding_note(decoding, "the file ends early: part of the picture is missing");
    }
    if (!features->has_animation) {
        return decode_still(decoding, features->has_alpha != 0, truncated, error);
    }
    return demuxer != NULL ? decode_first_frame(decoding, demuxer, error)
                           : cc_fail_truncated(error, "WebP");
}

static cc_status decode_container(cc_decoding *decoding, const WebPBitstreamFeatures *features,
                                  const WebPDemuxer *demuxer, cc_error *error)
{
    cc_status status;

    if (demuxer != NULL) {
        read_exif(decoding, demuxer);
    }
    if (decoding->header_only) {
        return CC_OK;
    }
    status = decode_picture(decoding, features, demuxer, error);
    if (status == CC_OK && demuxer != NULL) {
        status = read_profile(decoding, demuxer, error);
    }
    return status;
}

cc_status cc_webp_decode(cc_decoding *decoding, cc_error *error)
{
    WebPData data = {decoding->data, decoding->size};
    WebPBitstreamFeatures features;
    WebPDemuxState state;
    WebPDemuxer *demuxer;
    VP8StatusCode code = WebPGetFeatures(decoding->data, decoding->size, &features);
    cc_status status;

    if (code != VP8_STATUS_OK) {
        return fail_code(code, error);
    }
    status =
        cc_decoding_set_size(decoding, (uint64_t)features.width, (uint64_t)features.height, error);
    if (status != CC_OK) {
        return status;
    }
    demuxer = WebPDemuxPartial(&data, &state); /* NULL: only metadata is lost */
    status = decode_container(decoding, &features, demuxer, error);
    WebPDemuxDelete(demuxer);
    return status;
}

#else

cc_status cc_webp_decode(cc_decoding *decoding, cc_error *error)
{
    (void)decoding;
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build cannot read WebP; build with libwebp-dev, or convert the picture "
                   "to PNG or JPEG");
}

#endif
