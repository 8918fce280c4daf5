/* How a network is fed and how its answer becomes a mask: the published masks
 * depend on every step of it.
 *
 * picture -> RGB, alpha dropped -> squashed to the input size -> divided -> minus
 * mean, over deviation -> network -> first output, channel 0 -> stretched -> 8 bits.
 * Facts from rembg 2.0.77, rembg/sessions/base.py and the sessions beside it.
 */
#ifndef CLEARCUT_ZOO_RECIPE_H
#define CLEARCUT_ZOO_RECIPE_H

#include "image/image.h"
#include "image/resample.h"

/* What samples are divided by. */
typedef enum cc_divisor {
    CC_DIVIDE_BY_MAXIMUM, /* the largest sample of the resized picture (at least 1e-6) */
    CC_DIVIDE_BY_255
} cc_divisor;

/* What happens to the output. */
typedef enum cc_stretch {
    CC_STRETCH_MINMAX,         /* (x - min) / (max - min) */
    CC_STRETCH_MINMAX_CLIP,    /* the same, then clipped to 0..1 */
    CC_STRETCH_SIGMOID_MINMAX, /* 1 / (1 + exp(-x)) first */
    CC_STRETCH_NONE,           /* probabilities already: clipped to 0..1 */
    CC_STRETCH_CLASSES         /* several planes, one for each class: the largest wins */
} cc_stretch;

typedef struct cc_recipe {
    int width; /* of the network's input, pixels */
    int height;
    double mean[3]; /* red, green, blue, after the division */
    double deviation[3];
    cc_divisor divisor;
    cc_stretch stretch;
    cc_filter filter;   /* to the input size */
    bool channels_last; /* the tensor is height x width x 3 instead of three planes */
} cc_recipe;

/* Fill `tensor` (3 x height x width floats, planes red, green, blue; with
 * channels_last interleaved) from an upright picture of any size and channel count. pool may be
 * NULL. */
cc_status cc_recipe_prepare(const cc_recipe *recipe, const cc_image *image, cc_thread_pool *pool,
                            float *tensor, cc_error *error);

/* Turn a map of width x height floats into a 1-channel mask of that size. Values
 * that are not finite count as background. *flat says that the map was the same
 * everywhere (or held nothing finite): then the mask is all background, because
 * stretching would only show noise. On failure *mask is {0}. */
cc_status cc_recipe_mask(const cc_recipe *recipe, const float *map, int width, int height,
                         cc_image *mask, bool *flat, cc_error *error);

/* The class of every pixel, 0 .. classes - 1, as a 1-channel picture: the plane with the
 * largest value, the first of equal ones. maps: classes x height x width floats;
 * classes 1..256. On failure *index is {0}: CC_INVALID_ARGUMENT, CC_OUT_OF_MEMORY. */
cc_status cc_recipe_classes(const float *maps, int classes, int width, int height, cc_image *index,
                            cc_error *error);

/* "320x320, ImageNet mean and deviation, ..." into text; returns text. */
const char *cc_recipe_text(const cc_recipe *recipe, char *text, size_t size);

/* The usual recipe for a network of this input size of which nothing else is known:
 * IS-Net's for 1024 x 1024 (mean 0.5, deviation 1), else U2-Net's (ImageNet). */
cc_recipe cc_recipe_guess(int width, int height);

#endif
