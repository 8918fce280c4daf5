#include "image/cutout.h"

#include <math.h>
#include <string.h>

#include "image/pixels.h"
#include "image/resample.h"

/* ---- over a background ---- */

/* A view of the middle of `image` that has the proportions of width x height. */
static cc_image middle_of(const cc_image *image, int width, int height)
{
    cc_image view = *image;
    double wanted = (double)width / height;

    view.borrowed = true;
    memset(&view.metadata, 0, sizeof view.metadata);
    if ((double)image->width / image->height > wanted) {
        view.width = (int)lround(image->height * wanted);
        view.width = view.width < 1 ? 1 : view.width > image->width ? image->width : view.width;
    } else {
        view.height = (int)lround(image->width / wanted);
        view.height = view.height < 1               ? 1
                      : view.height > image->height ? image->height
                                                    : view.height;
    }
    view.pixels += (size_t)((image->height - view.height) / 2) * image->stride +
                   (size_t)((image->width - view.width) / 2) * (size_t)image->channels;
    return view;
}

/* The background in the wanted size and with 3 or 4 channels. */
static cc_status fit_background(const cc_image *background, int width, int height,
                                cc_thread_pool *pool, cc_image *fitted, cc_error *error)
{
    cc_image view = middle_of(background, width, height);
    cc_image sized = {0};
    cc_status status =
        cc_image_resize(&view, width, height, CC_FILTER_LANCZOS, pool, &sized, error);

    if (status != CC_OK || sized.channels >= 3) {
        *fitted = sized;
        return status;
    }
    status = cc_image_convert(&sized, sized.channels + 2, fitted, error);
    cc_image_free(&sized);
    return status;
}

static inline uint8_t mixed(int top, int below, int alpha)
{
    return (uint8_t)((top * alpha + below * (255 - alpha) + 127) / 255);
}

/* Straight alpha over straight alpha. */
static inline void over_clear(const uint8_t *top, uint8_t *below)
{
    int back = below[3] * (255 - top[3]); /* weights in 255ths of 255 */
    int front = top[3] * 255;
    int all = front + back;

    for (int c = 0; c < 3 && all > 0; c++) {
        below[c] = (uint8_t)((top[c] * front + below[c] * back + all / 2) / all);
    }
    below[3] = (uint8_t)((all + 127) / 255);
}

static void over_row(const uint8_t *top, uint8_t *below, int channels, int width)
{
    for (int x = 0; x < width; x++, top += 4, below += channels) {
        if (channels == 4) {
            over_clear(top, below);
            continue;
        }
        for (int c = 0; c < 3; c++) {
            below[c] = mixed(top[c], below[c], top[3]);
        }
    }
}

cc_status cc_cutout_over_image(const cc_image *cutout, const cc_image *background,
                               cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_status status;

    memset(result, 0, sizeof *result);
    if (cutout->channels != 4) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a cut-out with %d channels; it has 4: red, green, blue, alpha",
                       cutout->channels);
    }
    status = fit_background(background, cutout->width, cutout->height, pool, result, error);
    if (status == CC_OK) {
        status = cc_image_copy_metadata(cutout, result, error);
    }
    for (int y = 0; status == CC_OK && y < cutout->height; y++) {
        over_row(cc_image_row(cutout, y), cc_image_row(result, y), result->channels, cutout->width);
    }
    if (status != CC_OK) {
        cc_image_free(result);
    }
    return status;
}

/* ---- how sure it is ---- */

cc_status cc_mask_doubt(const cc_image *mask, double *share, double *doubt, cc_error *error)
{
    uint64_t sum = 0;
    uint64_t undecided = 0;

    if (mask->channels != 1 && mask->channels != 4) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a picture of %d channels; a mask has 1 and a cut-out 4", mask->channels);
    }
    for (int y = 0; y < mask->height; y++) {
        const uint8_t *row = cc_image_row(mask, y) + mask->channels - 1;
        for (int x = 0; x < mask->width; x++) {
            unsigned a = row[(size_t)x * (size_t)mask->channels];
            sum += a;
            undecided += a < 128 ? a : 255 - a;
        }
    }
    *share = (double)sum / (255.0 * mask->width * mask->height);
    *doubt = sum > 0 ? (double)undecided / (double)sum : 1;
    return CC_OK;
}

/* ---- back to the photo's size ---- */

void cc_fit_size(int width, int height, int longest, int *fit_width, int *fit_height)
{
    int side = width > height ? width : height;
    double scale = side > longest ? (double)longest / side : 1;

    *fit_width = (int)lround(width * scale);
    *fit_height = (int)lround(height * scale);
    *fit_width = *fit_width < 1 ? 1 : *fit_width;
    *fit_height = *fit_height < 1 ? 1 : *fit_height;
}

/* How far the cut-out's colours are from those of what it was made from, as a
 * picture: 128 + half the difference; 128 where nothing shows. The half keeps -255..255
 * in 8 bits; the bit that it costs is lost in soft edges only. */
static cc_status difference_of(const cc_image *small, const cc_image *cutout, cc_image *delta,
                               bool *any, cc_error *error)
{
    cc_status status = cc_image_create(small->width, small->height, 3, delta, error);

    *any = false;
    for (int y = 0; status == CC_OK && y < small->height; y++) {
        const uint8_t *from = cc_image_row(small, y);
        const uint8_t *to = cc_image_row(cutout, y);
        uint8_t *row = cc_image_row(delta, y);
        for (int x = 0; x < small->width; x++, from += small->channels, to += 4, row += 3) {
            for (int c = 0; c < 3; c++) {
                int apart = to[3] > 0 ? to[c] - from[c] : 0;
                row[c] = (uint8_t)(128 + apart / 2);
                *any = *any || apart != 0;
            }
        }
    }
    return status;
}

static inline uint8_t clamped(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void fill_row(const uint8_t *photo, int photo_channels, const uint8_t *alpha,
                     const uint8_t *delta, int width, uint8_t *row)
{
    for (int x = 0; x < width; x++, photo += photo_channels, row += 4) {
        row[3] = alpha[x];
        for (int c = 0; c < 3 && alpha[x] > 0; c++) {
            int shift = delta != NULL ? 2 * (delta[3 * x + c] - 128) : 0;
            row[c] = clamped(photo[c] + shift);
        }
    }
}

/* The alpha plane of a cut-out. */
static cc_status alpha_of(const cc_image *cutout, cc_image *alpha, cc_error *error)
{
    cc_status status = cc_image_create(cutout->width, cutout->height, 1, alpha, error);

    for (int y = 0; status == CC_OK && y < cutout->height; y++) {
        const uint8_t *from = cc_image_row(cutout, y) + 3;
        uint8_t *row = cc_image_row(alpha, y);
        for (int x = 0; x < cutout->width; x++) {
            row[x] = from[4 * (size_t)x];
        }
    }
    return status;
}

static cc_status enlarge(const cc_image *small, int width, int height, cc_thread_pool *pool,
                         cc_image *large, cc_error *error)
{
    return cc_image_resize(small, width, height, CC_FILTER_LANCZOS, pool, large, error);
}

static cc_status enlarge_parts(const cc_image *photo, const cc_image *small, const cc_image *cutout,
                               cc_thread_pool *pool, cc_image *alpha, cc_image *delta,
                               cc_error *error)
{
    cc_image part = {0};
    bool any = false;
    cc_status status = alpha_of(cutout, &part, error);

    if (status == CC_OK) {
        status = enlarge(&part, photo->width, photo->height, pool, alpha, error);
    }
    cc_image_free(&part);
    if (status == CC_OK) {
        status = difference_of(small, cutout, &part, &any, error);
    }
    if (status == CC_OK && any) {
        status = enlarge(&part, photo->width, photo->height, pool, delta, error);
    }
    cc_image_free(&part);
    return status;
}

static cc_status check(const cc_image *photo, const cc_image *small, const cc_image *cutout,
                       cc_error *error)
{
    if (photo->channels < 3 || small->channels < 3 || small->width != cutout->width ||
        small->height != cutout->height || (cutout->channels != 1 && cutout->channels != 4)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a cut-out of %d channels and %dx%d from a picture of %d channels and "
                       "%dx%d: these do not belong together",
                       cutout->channels, cutout->width, cutout->height, small->channels,
                       small->width, small->height);
    }
    return CC_OK;
}

cc_status cc_cutout_enlarge(const cc_image *photo, const cc_image *small, const cc_image *cutout,
                            cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_image alpha = {0};
    cc_image delta = {0};
    cc_status status;

    memset(result, 0, sizeof *result);
    status = check(photo, small, cutout, error);
    if (status != CC_OK) {
        return status;
    }
    if (cutout->channels == 1) {
        return enlarge(cutout, photo->width, photo->height, pool, result, error);
    }
    status = enlarge_parts(photo, small, cutout, pool, &alpha, &delta, error);
    if (status == CC_OK) {
        status = cc_image_create(photo->width, photo->height, 4, result, error);
    }
    if (status == CC_OK) {
        status = cc_image_copy_metadata(photo, result, error);
    }
    for (int y = 0; status == CC_OK && y < photo->height; y++) {
        fill_row(cc_image_row(photo, y), photo->channels, cc_image_row(&alpha, y),
                 delta.pixels != NULL ? cc_image_row(&delta, y) : NULL, photo->width,
                 cc_image_row(result, y));
    }
    cc_image_free(&alpha);
    cc_image_free(&delta);
    if (status != CC_OK) {
        cc_image_free(result);
    }
    return status;
}
