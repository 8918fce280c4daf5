#include "image/codec/format.h"

#if CLEARCUT_HAVE_HEIF

#include <string.h>

#include "core/memory.h"
#include "image/codec/heif_library.h"
#include "image/profile.h"

typedef struct heif_file {
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_image *picture;
} heif_file;

static cc_status fail_heif(struct heif_error problem, cc_error *error)
{
    switch (problem.code) {
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Decoder_plugin_error:
        return cc_fail(error, CC_UNSUPPORTED,
                       "this kind of HEIF is not supported (%s); convert it to PNG or JPEG",
                       problem.message);
    case heif_error_Memory_allocation_error:
        return cc_fail(error, CC_LIMIT, "the HEIF picture needs too much memory (%s)",
                       problem.message);
    default:
        return cc_fail(error, CC_CORRUPT, "the HEIF data is damaged (%s); get an intact copy",
                       problem.message);
    }
}

/* Focal length and resolution only: libheif has turned the picture upright by
 * the container's own properties, and EXIF orientation must not turn it again. */
static cc_status read_exif(cc_decoding *decoding, const heif_file *file, cc_error *error)
{
    heif_item_id id;
    size_t size;
    uint8_t *block;

    if (heif_image_handle_get_list_of_metadata_block_IDs(file->handle, "Exif", &id, 1) != 1) {
        return CC_OK;
    }
    size = heif_image_handle_get_metadata_size(file->handle, id);
    if (size <= 4 || size > ((size_t)1 << 20)) {
        return CC_OK;
    }
    block = cc_alloc(size);
    if (block == NULL) {
        return cc_fail_memory(error, size);
    }
    if (heif_image_handle_get_metadata(file->handle, id, block).code == heif_error_Ok) {
        decoding->exif = cc_exif_read(block + 4, size - 4); /* after an offset field */
        decoding->exif.orientation = 1;
    }
    cc_free(block);
    return CC_OK;
}

static cc_status read_profile(cc_decoding *decoding, const heif_file *file, cc_error *error)
{
    size_t size = heif_image_handle_get_raw_color_profile_size(file->handle);
    uint8_t *profile;
    cc_status status = CC_OK;

    if (size == 0) {
        return CC_OK;
    }
    if (size > CC_PROFILE_MAX_SIZE) {
        return cc_decoding_set_profile(decoding, NULL, size, false, error);
    }
    profile = cc_alloc(size);
    if (profile == NULL) {
        return cc_fail_memory(error, size);
    }
    if (heif_image_handle_get_raw_color_profile(file->handle, profile).code == heif_error_Ok) {
        status = cc_decoding_set_profile(decoding, profile, size, false, error);
    }
    cc_free(profile);
    return status;
}

static cc_status copy_pixels(cc_decoding *decoding, const heif_file *file, bool alpha,
                             cc_error *error)
{
    int stride = 0;
    int width = heif_image_get_width(file->picture, heif_channel_interleaved);
    int height = heif_image_get_height(file->picture, heif_channel_interleaved);
    const uint8_t *from =
        heif_image_get_plane_readonly(file->picture, heif_channel_interleaved, &stride);
    cc_status status;

    if (from == NULL || stride < width * (alpha ? 4 : 3)) {
        return cc_fail(error, CC_CORRUPT, "the HEIF file holds no picture; get an intact copy");
    }
    status = cc_decoding_set_size(decoding, (uint64_t)width, (uint64_t)height, error);
    if (status == CC_OK) {
        status = cc_image_create(width, height, alpha ? 4 : 3, decoding->image, error);
    }
    for (int y = 0; status == CC_OK && y < height; y++) {
        memcpy(cc_image_row(decoding->image, y), from + (size_t)y * (size_t)stride,
               decoding->image->stride);
    }
    return status;
}

static cc_status decode_pixels(cc_decoding *decoding, heif_file *file, cc_error *error)
{
    bool alpha = heif_image_handle_has_alpha_channel(file->handle) != 0;
    struct heif_error problem =
        heif_decode_image(file->handle, &file->picture, heif_colorspace_RGB,
                          alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, NULL);
    cc_status status;

    if (problem.code != heif_error_Ok) {
        return fail_heif(problem, error);
    }
    status = copy_pixels(decoding, file, alpha, error);
    return status == CC_OK ? read_profile(decoding, file, error) : status;
}

static cc_status open_and_decode(cc_decoding *decoding, heif_file *file, cc_error *error)
{
    struct heif_error problem = heif_context_read_from_memory_without_copy(
        file->context, decoding->data, decoding->size, NULL);
    cc_status status;

    if (problem.code == heif_error_Ok) {
        problem = heif_context_get_primary_image_handle(file->context, &file->handle);
    }
    if (problem.code != heif_error_Ok) {
        return fail_heif(problem, error);
    }
    status = cc_decoding_set_size(decoding, (uint64_t)heif_image_handle_get_width(file->handle),
                                  (uint64_t)heif_image_handle_get_height(file->handle), error);
    if (status == CC_OK) {
        status = read_exif(decoding, file, error);
    }
    return status == CC_OK && !decoding->header_only ? decode_pixels(decoding, file, error)
                                                     : status;
}

cc_status cc_heif_decode(cc_decoding *decoding, cc_error *error)
{
    heif_file file = {0};
    cc_status status = cc_heif_library_open(error);

    if (status != CC_OK) {
        return status;
    }
    file.context = heif_context_alloc();
    if (file.context == NULL) {
        return cc_fail_memory(error, 0);
    }
    status = open_and_decode(decoding, &file, error);
    heif_image_release(file.picture);
    heif_image_handle_release(file.handle);
    heif_context_free(file.context);
    return status;
}

#else

cc_status cc_heif_decode(cc_decoding *decoding, cc_error *error)
{
    (void)decoding;
    return cc_fail(error, CC_UNSUPPORTED,
                   "HEIC and AVIF are not supported by this build; convert the picture to PNG or "
                   "JPEG, or build with libheif-dev");
}

#endif
