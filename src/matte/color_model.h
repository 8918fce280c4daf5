/* Alpha as a function of the colour, fitted on a small picture and used on a large one.
 *
 * In a small window alpha is nearly affine in the colour. The function found on a
 * small copy of a picture holds for the large one's colours as well, with all their
 * detail: K. He, J. Sun, "Fast Guided Filter" (2015), for masks; A. Levin, D.
 * Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting" (2008),
 * for alpha mattes.
 */
#ifndef CLEARCUT_MATTE_COLOR_MODEL_H
#define CLEARCUT_MATTE_COLOR_MODEL_H

#include <stdatomic.h>

#include "core/threads.h"
#include "image/image.h"

/* alpha = weight . color + offset; colours 0..255, alpha 0..1 */
typedef struct cc_color_model {
    float weight[3];
    float offset;
} cc_color_model;

/* A small picture and alpha, and the models on it. A pixel of the small picture
 * stands for scale_x by scale_y pixels of the large one. */
typedef struct cc_color_guide {
    double scale_x; /* 1 or more */
    double scale_y;
    cc_image picture;       /* owned; 3 channels; filled within 8 pixels of the zone */
    cc_image zone;          /* owned; 1 channel: 0 where no model is wanted */
    float *alpha;           /* owned; width * height of the small picture, 0..1 */
    int radius;             /* of the windows, pixels of the small picture, 1..7 */
    float ridge;            /* variance that colours are taken to have by noise, (1/255)^2 */
    cc_color_model *models; /* owned; by pixel; zero outside the zone */
} cc_color_guide;

/* Allocate all for a small picture of width x height; the caller fills zone and
 * alpha. CC_OUT_OF_MEMORY, CC_LIMIT: *guide is {0}. Memory: 24 bytes for each pixel. */
cc_status cc_color_guide_make(int width, int height, cc_color_guide *guide, cc_error *error);
void cc_color_guide_free(cc_color_guide *guide);

/* Fill guide->picture near the zone from a large picture of 1..4 channels, each small
 * pixel the mean of those it stands for. pool may be NULL. Errors: CC_OUT_OF_MEMORY. */
cc_status cc_color_guide_reduce(cc_color_guide *guide, const cc_image *image, cc_thread_pool *pool,
                                cc_error *error);

/* Fit a model in each window around a pixel of the zone (ridge regression; windows are
 * cut off at the border). Alpha is rounded to multiples of 1/510 for the largest windows,
 * of 1/14535 for the smallest, and samples of masks not at all. The same result for any
 * number of threads. Errors: CC_OUT_OF_MEMORY. */
cc_status cc_color_guide_fit(cc_color_guide *guide, cc_thread_pool *pool, cc_error *error);

/* Where a pixel of the large picture lies between centres of small ones. */
typedef struct cc_guide_position {
    int first;
    int second;
    float share; /* of the second, 0..1 */
} cc_guide_position;

static inline cc_guide_position cc_guide_position_of(int pixel, double scale, int count)
{
    float at = (float)((pixel + 0.5) / scale - 0.5);
    int first = at < 0.0F ? 0 : (int)at;
    cc_guide_position found;

    found.share = at < 0.0F ? 0.0F : at - (float)first;
    found.first = first < count - 1 ? first : count - 1;
    found.second = first + 1 < count - 1 ? first + 1 : count - 1;
    return found;
}

static inline float cc_color_model_apply(const cc_color_model *model, const float color[3])
{
    return model->weight[0] * color[0] + model->weight[1] * color[1] + model->weight[2] * color[2] +
           model->offset;
}

/* Alpha of a large pixel's colour by the four models around it, clipped to 0..1. All
 * four must lie in the zone or one pixel beside it. */
static inline float cc_color_guide_apply(const cc_color_guide *guide, const float color[3],
                                         cc_guide_position down, cc_guide_position along)
{
    size_t width = (size_t)guide->picture.width;
    const cc_color_model *above = guide->models + (size_t)down.first * width;
    const cc_color_model *below = guide->models + (size_t)down.second * width;
    float top = cc_color_model_apply(above + along.first, color) * (1.0F - along.share) +
                cc_color_model_apply(above + along.second, color) * along.share;
    float bottom = cc_color_model_apply(below + along.first, color) * (1.0F - along.share) +
                   cc_color_model_apply(below + along.second, color) * along.share;
    float value = top * (1.0F - down.share) + bottom * down.share;

    return value < 0.0F ? 0.0F : value > 1.0F ? 1.0F : value;
}

#endif
