#include "image/profile.h"

#include <string.h>

#include "core/memory.h"
#include "image/deep.h"
#include "image/pixels.h"

#if CLEARCUT_HAVE_LCMS2
#include <lcms2.h>
#endif

#define PROFILE_HEADER_SIZE 128

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

cc_profile_kind cc_profile_kind_of(const uint8_t *profile, size_t size)
{
    uint32_t declared;

    if (profile == NULL || size < PROFILE_HEADER_SIZE || size > CC_PROFILE_MAX_SIZE ||
        memcmp(profile + 36, "acsp", 4) != 0) {
        return CC_PROFILE_UNUSABLE;
    }
    declared = read_u32(profile);
    if (declared < PROFILE_HEADER_SIZE || declared > size) {
        return CC_PROFILE_UNUSABLE;
    }
    if (memcmp(profile + 16, "RGB ", 4) == 0) {
        return CC_PROFILE_RGB;
    }
    if (memcmp(profile + 16, "GRAY", 4) == 0) {
        return CC_PROFILE_GREY;
    }
    return memcmp(profile + 16, "CMYK", 4) == 0 ? CC_PROFILE_CMYK : CC_PROFILE_UNUSABLE;
}

bool cc_profile_fits(const uint8_t *profile, size_t size, int channels)
{
    cc_profile_kind kind = cc_profile_kind_of(profile, size);
    return kind == (channels <= 2 ? CC_PROFILE_GREY : CC_PROFILE_RGB);
}

void cc_image_drop_profile(cc_image *image)
{
    cc_free(image->metadata.icc_profile);
    image->metadata.icc_profile = NULL;
    image->metadata.icc_profile_size = 0;
}

cc_status cc_image_set_profile(cc_image *image, const uint8_t *profile, size_t size,
                               cc_error *error)
{
    uint8_t *copy = cc_alloc(size);

    if (copy == NULL) {
        return cc_fail_memory(error, size);
    }
    memcpy(copy, profile, size);
    cc_image_drop_profile(image);
    image->metadata.icc_profile = copy;
    image->metadata.icc_profile_size = size;
    return CC_OK;
}

/* ---- conversion ---- */

#if CLEARCUT_HAVE_LCMS2

/* Perceptual, as Pillow's ImageCms and browsers do unless told otherwise.
 * NULL if the profile cannot be used. The context keeps lcms2 from printing. */
static cmsHTRANSFORM open_transform(cmsContext context, const cc_image *image, cmsUInt32Number from,
                                    cmsUInt32Number to)
{
    cmsHTRANSFORM transform = NULL;
    cmsHPROFILE source = cmsOpenProfileFromMemTHR(
        context, image->metadata.icc_profile, (cmsUInt32Number)image->metadata.icc_profile_size);
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context);

    if (source != NULL && srgb != NULL) {
        transform = cmsCreateTransformTHR(context, source, from, srgb, to, INTENT_PERCEPTUAL,
                                          from == to ? cmsFLAGS_COPY_ALPHA : 0);
    }
    if (source != NULL) {
        cmsCloseProfile(source);
    }
    if (srgb != NULL) {
        cmsCloseProfile(srgb);
    }
    return transform;
}

/* Rows of `from` to rows of `to`; false if the profile cannot be used. */
static bool transform_rows(const cc_image *from, cmsUInt32Number from_type, cc_image *to,
                           cmsUInt32Number to_type)
{
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsHTRANSFORM transform;

    if (context == NULL) {
        return false;
    }
    transform = open_transform(context, from, from_type, to_type);
    if (transform != NULL) {
        for (int y = 0; y < from->height; y++) {
            cmsDoTransform(transform, cc_image_row(from, y), cc_image_row(to, y),
                           (cmsUInt32Number)from->width);
        }
        cmsDeleteTransform(transform);
    }
    cmsDeleteContext(context);
    return transform != NULL;
}

/* A grey profile gives a grey picture: the sRGB result has three equal
 * channels, of which one is kept. */
static cc_status grey_to_srgb(cc_image *image, bool *done, cc_error *error)
{
    bool alpha = image->channels == 2;
    cc_image color;
    cc_status status = cc_image_create(image->width, image->height, 3, &color, error);

    if (status != CC_OK) {
        return status;
    }
    *done = transform_rows(image, alpha ? TYPE_GRAYA_8 : TYPE_GRAY_8, &color, TYPE_RGB_8);
    for (int y = 0; *done && y < image->height; y++) {
        const uint8_t *from = cc_image_row(&color, y);
        uint8_t *to = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++) {
            to[x * image->channels] = from[x * 3 + 1];
        }
    }
    cc_image_free(&color);
    return CC_OK;
}

static void convert_deep_rows(cmsHTRANSFORM transform, cc_image *image, uint16_t *row)
{
    size_t channels = (size_t)image->channels;
    cmsUInt32Number width = (cmsUInt32Number)image->width;

    for (int y = 0; y < image->height; y++) {
        uint16_t *samples = image->deep + (size_t)y * (size_t)image->width * channels;
        if (channels >= 3) {
            cmsDoTransform(transform, samples, samples, width);
            continue;
        }
        cmsDoTransform(transform, samples, row, width);
        for (size_t x = 0; x < width; x++) {
            samples[x * channels] = row[x * 3 + 1];
        }
    }
}

/* The 16-bit samples by the same profile; the 8-bit ones are then their rounded form. */
static cc_status deep_to_srgb(cc_image *image, bool *done, cc_error *error)
{
    static const cmsUInt32Number types[5] = {0, TYPE_GRAY_16, TYPE_GRAYA_16, TYPE_RGB_16,
                                             TYPE_RGBA_16};
    cmsUInt32Number from = types[image->channels];
    cmsUInt32Number to = image->channels >= 3 ? from : TYPE_RGB_16;
    uint16_t *row = cc_alloc_array((size_t)image->width, 3 * sizeof *row);
    cmsContext context = row != NULL ? cmsCreateContext(NULL, NULL) : NULL;
    cmsHTRANSFORM transform = context != NULL ? open_transform(context, image, from, to) : NULL;

    *done = transform != NULL;
    if (transform != NULL) {
        convert_deep_rows(transform, image, row);
        cmsDeleteTransform(transform);
        cc_deep_round(image);
    }
    if (context != NULL) {
        cmsDeleteContext(context);
    }
    cc_free(row);
    return row != NULL ? CC_OK : cc_fail_memory(error, (size_t)image->width * 3 * sizeof *row);
}

cc_status cc_image_to_srgb(cc_image *image, cc_error *error)
{
    cc_status status = CC_OK;
    bool done = false;

    if (image->metadata.icc_profile == NULL) {
        return CC_OK;
    }
    if (cc_profile_fits(image->metadata.icc_profile, image->metadata.icc_profile_size,
                        image->channels)) {
        if (image->deep != NULL) {
            status = deep_to_srgb(image, &done, error);
        } else if (image->channels <= 2) {
            status = grey_to_srgb(image, &done, error);
        } else {
            cmsUInt32Number type = image->channels == 4 ? TYPE_RGBA_8 : TYPE_RGB_8;
            done = transform_rows(image, type, image, type);
        }
    }
    if (status == CC_OK && !done) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "the embedded colour profile cannot be used; convert without sRGB");
    }
    if (done) {
        cc_image_drop_profile(image);
    }
    return status;
}

#else

cc_status cc_image_to_srgb(cc_image *image, cc_error *error)
{
    if (image->metadata.icc_profile == NULL) {
        return CC_OK;
    }
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build has no colour management; build with liblcms2-dev, or keep the "
                   "profile in the output");
}

#endif

/* ---- CMYK ---- */

/* ink * light / 255, rounded: the arithmetic of Pillow's CMYK to RGB. */
static inline uint8_t without_ink(unsigned ink, unsigned light)
{
    unsigned product = ink * light + 128;
    return (uint8_t)(light - ((product + (product >> 8)) >> 8));
}

static void cmyk_row(const uint8_t *cmyk, uint8_t *rgb, int width)
{
    for (int x = 0; x < width; x++) {
        unsigned light = 255u - cmyk[3];
        rgb[0] = without_ink(cmyk[0], light);
        rgb[1] = without_ink(cmyk[1], light);
        rgb[2] = without_ink(cmyk[2], light);
        cmyk += 4;
        rgb += 3;
    }
}

static bool cmyk_by_profile(const cc_image *cmyk, cc_image *rgb)
{
#if CLEARCUT_HAVE_LCMS2
    return cc_profile_kind_of(cmyk->metadata.icc_profile, cmyk->metadata.icc_profile_size) ==
               CC_PROFILE_CMYK &&
           transform_rows(cmyk, TYPE_CMYK_8, rgb, TYPE_RGB_8);
#else
    (void)cmyk;
    (void)rgb;
    return false;
#endif
}

cc_status cc_image_from_cmyk(const cc_image *cmyk, cc_image *rgb, cc_error *error)
{
    cc_status status = cc_image_create(cmyk->width, cmyk->height, 3, rgb, error);

    if (status != CC_OK) {
        return status;
    }
    rgb->metadata.focal_length_35mm = cmyk->metadata.focal_length_35mm;
    rgb->metadata.dots_per_inch = cmyk->metadata.dots_per_inch;
    if (!cmyk_by_profile(cmyk, rgb)) {
        for (int y = 0; y < cmyk->height; y++) {
            cmyk_row(cc_image_row(cmyk, y), cc_image_row(rgb, y), cmyk->width);
        }
    }
    return CC_OK;
}
