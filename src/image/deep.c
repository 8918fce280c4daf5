#include "image/deep.h"

#include <string.h>

#include "core/memory.h"

cc_status cc_deep_create(cc_image *image, cc_error *error)
{
    size_t row = (size_t)image->width * (size_t)image->channels;
    size_t samples;

    if (!cc_size_multiply(row, (size_t)image->height, &samples)) {
        return cc_fail(error, CC_LIMIT, "an image of %d x %d pixels does not fit into memory",
                       image->width, image->height);
    }
    cc_free(image->deep);
    image->deep = cc_alloc_zeroed(samples, sizeof *image->deep);
    return image->deep != NULL ? CC_OK : cc_fail_memory(error, samples * sizeof *image->deep);
}

static uint16_t *deep_row(const cc_image *image, int y)
{
    return image->deep + (size_t)y * (size_t)image->width * (size_t)image->channels;
}

void cc_deep_round(cc_image *image)
{
    size_t count = (size_t)image->width * (size_t)image->channels;

    for (int y = 0; y < image->height; y++) {
        const uint16_t *from = deep_row(image, y);
        uint8_t *to = cc_image_row(image, y);
        for (size_t i = 0; i < count; i++) {
            to[i] = cc_deep_to_8(from[i]);
        }
    }
}

/* ---- to another picture ---- */

/* Which sample of a pixel becomes channel `channel` of one with `channels`; -1: opaque. */
static int source_sample(int from_channels, int channels, int channel)
{
    bool alpha = (channels == 2 || channels == 4) && channel == channels - 1;

    if (alpha) {
        return from_channels == 2 || from_channels == 4 ? from_channels - 1 : -1;
    }
    return from_channels >= 3 ? channel : 0;
}

cc_status cc_deep_follow(const cc_image *from, cc_image *to, cc_error *error)
{
    cc_status status;

    if (from->deep == NULL || from->width != to->width || from->height != to->height ||
        (from->channels >= 3 && to->channels < 3)) {
        return CC_OK;
    }
    status = cc_deep_create(to, error);
    for (int c = 0; status == CC_OK && c < to->channels; c++) {
        int sample = source_sample(from->channels, to->channels, c);
        for (int y = 0; y < to->height; y++) {
            const uint16_t *source = deep_row(from, y) + (sample >= 0 ? sample : 0);
            uint16_t *target = deep_row(to, y) + c;
            for (int x = 0; x < to->width; x++) {
                target[(size_t)x * (size_t)to->channels] =
                    sample >= 0 ? source[(size_t)x * (size_t)from->channels] : UINT16_MAX;
            }
        }
    }
    return status;
}

/* ---- out ---- */

static bool is_empty_pixel(const uint8_t *pixel, int channels)
{
    uint8_t all = 0;

    for (int c = 0; c < channels; c++) {
        all |= pixel[c];
    }
    return all == 0;
}

void cc_deep_row(const cc_image *image, int y, uint16_t *row)
{
    const uint8_t *pixels = cc_image_row(image, y);
    const uint16_t *deep = image->deep != NULL ? deep_row(image, y) : NULL;
    size_t count = (size_t)image->width * (size_t)image->channels;

    for (size_t i = 0; i < count; i++) {
        bool agrees = deep != NULL && cc_deep_to_8(deep[i]) == pixels[i];
        row[i] = agrees ? deep[i] : (uint16_t)(pixels[i] * 257u);
    }
    if (deep == NULL || !cc_image_has_alpha(image)) {
        return;
    }
    for (size_t i = 0; i < count; i += (size_t)image->channels) {
        if (is_empty_pixel(pixels + i, image->channels)) {
            memset(row + i, 0, (size_t)image->channels * sizeof *row);
        }
    }
}
