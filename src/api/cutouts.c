/* Finished cut-outs: grounds, sizes, films. */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "core/memory.h"
#include "image/cutout.h"
#include "image/deep.h"
#include "image/pixels.h"
#include "image/temporal.h"

/* Hand a finished internal picture to the caller. */
static clearcut_status deliver(cc_status status, cc_image *image, clearcut_image **result,
                               cc_error *fault, clearcut_error *error)
{
    if (status != CC_OK) {
        cc_image_free(image);
    }
    if (status == CC_OK) {
        status = cc_api_wrap_image(image, result, fault);
    }
    return cc_api_return(status, fault, error);
}

/* ---- grounds ---- */

static cc_status put_on_color(const cc_image *cutout, const uint8_t color[4], cc_image *result,
                              cc_error *fault)
{
    cc_image copy = {0};
    cc_status status;

    if (cutout->channels == 4 && color[3] == 255) {
        return cc_image_flatten(cutout, color, result, fault);
    }
    status = cc_image_copy(cutout, &copy, fault);
    if (status == CC_OK) {
        status = cc_image_composite_over_color(&copy, color, fault);
    }
    if (status != CC_OK) {
        cc_image_free(&copy);
    }
    *result = copy;
    return status;
}

clearcut_status clearcut_image_put_on(const clearcut_image *cutout,
                                      const clearcut_image *background, const uint8_t color[4],
                                      clearcut_image **result, clearcut_error *error)
{
    cc_error fault = {0};
    cc_image image = {0};
    cc_status status;

    if (result == NULL) {
        return cc_api_return(cc_api_missing("result", &fault), &fault, error);
    }
    *result = NULL;
    if (cutout == NULL || (background == NULL && color == NULL)) {
        status = cc_api_missing(cutout == NULL ? "cutout" : "color", &fault);
    } else if (background != NULL) {
        status = cc_cutout_over_image(&cutout->image, &background->image, NULL, &image, &fault);
    } else {
        status = put_on_color(&cutout->image, color, &image, &fault);
    }
    if (status == CC_OK) {
        status = cc_deep_follow(&cutout->image, &image, &fault);
    }
    return deliver(status, &image, result, &fault, error);
}

/* ---- sizes ---- */

/* `image` itself, or a copy in colour that *converted owns. */
static cc_status in_color(const cc_image *image, cc_image *converted, const cc_image **usable,
                          cc_error *fault)
{
    *usable = image->channels >= 3 ? image : converted;
    return image->channels >= 3 ? CC_OK
                                : cc_image_convert(image, image->channels + 2, converted, fault);
}

static cc_status enlarge(const cc_image *photo, const cc_image *small, const cc_image *cutout,
                         cc_image *result, cc_error *fault)
{
    cc_image photo_copy = {0};
    cc_image small_copy = {0};
    const cc_image *large = photo;
    const cc_image *little = small;
    cc_status status = in_color(photo, &photo_copy, &large, fault);

    if (status == CC_OK) {
        status = in_color(small, &small_copy, &little, fault);
    }
    if (status == CC_OK) {
        status = cc_cutout_enlarge(large, little, cutout, NULL, result, fault);
    }
    cc_image_free(&photo_copy);
    cc_image_free(&small_copy);
    return status;
}

clearcut_status clearcut_image_enlarge_cutout(const clearcut_image *photo,
                                              const clearcut_image *small,
                                              const clearcut_image *cutout, clearcut_image **result,
                                              clearcut_error *error)
{
    cc_error fault = {0};
    cc_image image = {0};
    cc_status status;

    if (result == NULL) {
        return cc_api_return(cc_api_missing("result", &fault), &fault, error);
    }
    *result = NULL;
    if (photo == NULL || small == NULL || cutout == NULL) {
        status = cc_api_missing(photo == NULL   ? "photo"
                                : small == NULL ? "small"
                                                : "cutout",
                                &fault);
    } else {
        status = enlarge(&photo->image, &small->image, &cutout->image, &image, &fault);
    }
    if (status == CC_OK) {
        status = cc_deep_follow(&photo->image, &image, &fault);
    }
    return deliver(status, &image, result, &fault, error);
}

/* ---- how sure ---- */

clearcut_status clearcut_image_doubt(const clearcut_image *mask, double *share, double *doubt,
                                     clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (share == NULL || doubt == NULL) {
        return cc_api_return(cc_api_missing(share == NULL ? "share" : "doubt", &fault), &fault,
                             error);
    }
    *share = 0;
    *doubt = 0;
    status = mask == NULL ? cc_api_missing("mask", &fault)
                          : cc_mask_doubt(&mask->image, share, doubt, &fault);
    return cc_api_return(status, &fault, error);
}

/* ---- films ---- */

struct clearcut_steadier {
    cc_temporal state;
};

clearcut_status clearcut_steadier_create(double strength, clearcut_steadier **steadier,
                                         clearcut_error *error)
{
    cc_error fault = {0};

    if (steadier == NULL) {
        return cc_api_return(cc_api_missing("steadier", &fault), &fault, error);
    }
    *steadier = NULL;
    if (!(strength >= 0 && strength <= 0.99)) {
        return cc_api_return(
            cc_fail(&fault, CC_INVALID_ARGUMENT, "strength %g; it is 0 to 0.99", strength), &fault,
            error);
    }
    *steadier = cc_alloc_zeroed(1, sizeof **steadier);
    if (*steadier == NULL) {
        return cc_api_return(cc_fail_memory(&fault, sizeof **steadier), &fault, error);
    }
    (*steadier)->state.strength = (float)strength;
    return CLEARCUT_OK;
}

void clearcut_steadier_free(clearcut_steadier **steadier)
{
    if (steadier != NULL && *steadier != NULL) {
        cc_temporal_reset(&(*steadier)->state);
        cc_free(*steadier);
        *steadier = NULL;
    }
}

clearcut_status clearcut_steadier_apply(clearcut_steadier *steadier, const clearcut_image *photo,
                                        clearcut_image *frame, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (steadier == NULL || frame == NULL) {
        status = cc_api_missing(steadier == NULL ? "steadier" : "frame", &fault);
    } else {
        status = cc_temporal_apply(&steadier->state, photo != NULL ? &photo->image : NULL,
                                   &frame->image, &fault);
    }
    return cc_api_return(status, &fault, error);
}
