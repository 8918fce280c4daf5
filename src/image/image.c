#include "image/image.h"

#include <string.h>

#include "core/memory.h"

#define MAX_SIDE 1000000u

cc_status cc_image_check_size(uint64_t width, uint64_t height, uint64_t max_pixels, cc_error *error)
{
    uint64_t ceiling = max_pixels != 0 ? max_pixels : CC_IMAGE_DEFAULT_MAX_PIXELS;

    if (width < 1 || height < 1) {
        return cc_fail(error, CC_CORRUPT,
                       "the picture claims a size of %llu x %llu pixels; use an intact file",
                       (unsigned long long)width, (unsigned long long)height);
    }
    if (width > MAX_SIDE || height > MAX_SIDE) {
        return cc_fail(error, CC_LIMIT,
                       "the picture claims a size of %llu x %llu pixels; a side may have %u",
                       (unsigned long long)width, (unsigned long long)height, MAX_SIDE);
    }
    if (width * height > ceiling) {
        return cc_fail(error, CC_LIMIT,
                       "the picture is %llu x %llu pixels, over the limit of %llu pixels; shrink "
                       "it or raise the limit",
                       (unsigned long long)width, (unsigned long long)height,
                       (unsigned long long)ceiling);
    }
    return CC_OK;
}

cc_status cc_image_create(int width, int height, int channels, cc_image *image, cc_error *error)
{
    size_t stride;
    size_t size;

    memset(image, 0, sizeof *image);
    if (width < 1 || height < 1 || channels < 1 || channels > 4) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "an image of %d x %d pixels with %d channels was asked for; sides start at "
                       "1 and channels go from 1 to 4",
                       width, height, channels);
    }
    if (!cc_size_multiply((size_t)width, (size_t)channels, &stride) ||
        !cc_size_multiply(stride, (size_t)height, &size)) {
        return cc_fail(error, CC_LIMIT, "an image of %d x %d pixels does not fit into memory",
                       width, height);
    }
    image->pixels = cc_alloc_zeroed(size, 1);
    if (image->pixels == NULL) {
        return cc_fail_memory(error, size);
    }
    cc_memory_is_dense(image->pixels, size);
    image->width = width;
    image->height = height;
    image->channels = channels;
    image->stride = stride;
    return CC_OK;
}

void cc_image_free(cc_image *image)
{
    if (!image->borrowed) {
        cc_free(image->pixels);
    }
    cc_free(image->deep);
    cc_free(image->metadata.icc_profile);
    memset(image, 0, sizeof *image);
}

cc_status cc_image_copy_metadata(const cc_image *from, cc_image *to, cc_error *error)
{
    uint8_t *profile = NULL;

    if (from->metadata.icc_profile != NULL) {
        profile = cc_alloc(from->metadata.icc_profile_size);
        if (profile == NULL) {
            return cc_fail_memory(error, from->metadata.icc_profile_size);
        }
        memcpy(profile, from->metadata.icc_profile, from->metadata.icc_profile_size);
    }
    cc_free(to->metadata.icc_profile);
    to->metadata = from->metadata;
    to->metadata.icc_profile = profile;
    return CC_OK;
}

cc_status cc_image_copy(const cc_image *source, cc_image *copy, cc_error *error)
{
    cc_status status =
        cc_image_create(source->width, source->height, source->channels, copy, error);

    if (status == CC_OK) {
        status = cc_image_copy_metadata(source, copy, error);
    }
    if (status != CC_OK) {
        cc_image_free(copy);
        return status;
    }
    for (int y = 0; y < source->height; y++) {
        memcpy(cc_image_row(copy, y), cc_image_row(source, y), copy->stride);
    }
    return CC_OK;
}
