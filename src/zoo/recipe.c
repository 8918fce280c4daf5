#include "zoo/recipe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"

/* ---- in ---- */

/* The picture as RGB at the input size; alpha is dropped, not composited, as
 * Pillow's convert("RGB"). */
static cc_status squash(const cc_recipe *recipe, const cc_image *image, cc_thread_pool *pool,
                        cc_image *small, cc_error *error)
{
    cc_image rgb = {0};
    cc_status status;

    if (image->channels == 3) {
        return cc_image_resize(image, recipe->width, recipe->height, recipe->filter, pool, small,
                               error);
    }
    status = cc_image_convert(image, 3, &rgb, error);
    if (status == CC_OK) {
        status = cc_image_resize(&rgb, recipe->width, recipe->height, recipe->filter, pool, small,
                                 error);
    }
    cc_image_free(&rgb);
    return status;
}

static int largest_sample(const cc_image *image)
{
    int largest = 0;

    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = cc_image_row(image, y);
        for (int i = 0; i < image->width * image->channels; i++) {
            largest = row[i] > largest ? row[i] : largest;
        }
    }
    return largest;
}

/* Normalised value of each sample value, computed in double as NumPy does. */
static void fill_tables(const cc_recipe *recipe, double divisor, float tables[3][256])
{
    for (int c = 0; c < 3; c++) {
        for (int v = 0; v < 256; v++) {
            tables[c][v] = (float)((v / divisor - recipe->mean[c]) / recipe->deviation[c]);
        }
    }
}

cc_status cc_recipe_prepare(const cc_recipe *recipe, const cc_image *image, cc_thread_pool *pool,
                            float *tensor, cc_error *error)
{
    size_t plane = recipe->channels_last ? 1 : (size_t)recipe->width * (size_t)recipe->height;
    size_t step = recipe->channels_last ? 3 : 1;
    float tables[3][256];
    cc_image small = {0};
    double divisor = 255;
    cc_status status = squash(recipe, image, pool, &small, error);

    if (status != CC_OK) {
        return status;
    }
    if (recipe->divisor == CC_DIVIDE_BY_MAXIMUM) {
        int largest = largest_sample(&small);
        divisor = largest > 0 ? largest : 1e-6;
    }
    fill_tables(recipe, divisor, tables);
    for (int y = 0; y < small.height; y++) {
        const uint8_t *row = cc_image_row(&small, y);
        float *target = tensor + (size_t)y * (size_t)recipe->width * step;
        for (int x = 0; x < small.width; x++) {
            target[(size_t)x * step] = tables[0][row[3 * x]];
            target[plane + (size_t)x * step] = tables[1][row[3 * x + 1]];
            target[2 * plane + (size_t)x * step] = tables[2][row[3 * x + 2]];
        }
    }
    cc_image_free(&small);
    return CC_OK;
}

/* ---- out ---- */

static inline float value_of(const cc_recipe *recipe, float raw)
{
    return recipe->stretch == CC_STRETCH_SIGMOID_MINMAX ? 1.0f / (1.0f + expf(-raw)) : raw;
}

/* Smallest and largest finite value; false if there is none. */
static bool find_range(const cc_recipe *recipe, const float *map, size_t count, float *low,
                       float *high)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        float value = value_of(recipe, map[i]);
        if (!isfinite(value)) {
            continue;
        }
        *low = found && *low < value ? *low : value;
        *high = found && *high > value ? *high : value;
        found = true;
    }
    return found;
}

static inline float clip01(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* Truncated, not rounded: NumPy's astype("uint8"). A stretched value lies in
 * 0..1 by construction, so clipping changes nothing but guards the conversion. */
static inline uint8_t sample_of(float value)
{
    return isfinite(value) ? (uint8_t)(clip01(value) * 255.0f) : 0;
}

static void fill_mask(const cc_recipe *recipe, const float *map, float low, float high,
                      cc_image *mask)
{
    bool stretched = recipe->stretch != CC_STRETCH_NONE;
    float span = high - low;

    for (int y = 0; y < mask->height; y++) {
        uint8_t *row = cc_image_row(mask, y);
        const float *source = map + (size_t)y * (size_t)mask->width;
        for (int x = 0; x < mask->width; x++) {
            float value = value_of(recipe, source[x]);
            row[x] = sample_of(stretched ? (value - low) / span : value);
        }
    }
}

cc_status cc_recipe_mask(const cc_recipe *recipe, const float *map, int width, int height,
                         cc_image *mask, bool *flat, cc_error *error)
{
    size_t count = (size_t)width * (size_t)height;
    float low = 0;
    float high = 0;
    cc_status status = cc_image_create(width, height, 1, mask, error);

    *flat = false;
    if (status != CC_OK) {
        return status;
    }
    if (!find_range(recipe, map, count, &low, &high) ||
        (recipe->stretch != CC_STRETCH_NONE && !(high > low))) {
        *flat = true;
        return CC_OK; /* a fresh image is all zero */
    }
    fill_mask(recipe, map, low, high, mask);
    return CC_OK;
}

cc_status cc_recipe_classes(const float *maps, int classes, int width, int height, cc_image *index,
                            cc_error *error)
{
    size_t plane = (size_t)width * (size_t)height;
    cc_status status;

    memset(index, 0, sizeof *index);
    if (classes < 1 || classes > 256) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%d classes; 1 to 256", classes);
    }
    status = cc_image_create(width, height, 1, index, error);
    for (size_t i = 0; status == CC_OK && i < plane; i++) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            best = maps[(size_t)c * plane + i] > maps[(size_t)best * plane + i] ? c : best;
        }
        index->pixels[i] = (uint8_t)best;
    }
    return status;
}

/* ---- in words ---- */

static bool is_imagenet(const cc_recipe *recipe)
{
    return fabs(recipe->mean[0] - 0.485) < 1e-9 && fabs(recipe->deviation[0] - 0.229) < 1e-9;
}

static const char *stretch_text(cc_stretch stretch)
{
    switch (stretch) {
    case CC_STRETCH_MINMAX: return "min-max";
    case CC_STRETCH_MINMAX_CLIP: return "min-max, clipped";
    case CC_STRETCH_SIGMOID_MINMAX: return "sigmoid, min-max";
    case CC_STRETCH_NONE: return "probabilities as they are";
    case CC_STRETCH_CLASSES: return "the class with the largest value";
    }
    return "";
}

const char *cc_recipe_text(const cc_recipe *recipe, char *text, size_t size)
{
    char scale[96];

    if (is_imagenet(recipe)) {
        snprintf(scale, sizeof scale, "ImageNet mean and deviation");
    } else {
        snprintf(scale, sizeof scale, "mean %.3g %.3g %.3g, deviation %.3g %.3g %.3g",
                 recipe->mean[0], recipe->mean[1], recipe->mean[2], recipe->deviation[0],
                 recipe->deviation[1], recipe->deviation[2]);
    }
    snprintf(text, size, "%dx%d%s, %s, %s", recipe->width, recipe->height,
             recipe->channels_last ? ", channels last" : "", scale, stretch_text(recipe->stretch));
    return text;
}

cc_recipe cc_recipe_guess(int width, int height)
{
    cc_recipe recipe = {.width = width,
                        .height = height,
                        .mean = {0.485, 0.456, 0.406},
                        .deviation = {0.229, 0.224, 0.225},
                        .divisor = CC_DIVIDE_BY_MAXIMUM,
                        .stretch = CC_STRETCH_MINMAX,
                        .filter = CC_FILTER_LANCZOS};

    if (width == 1024 && height == 1024) {
        for (int c = 0; c < 3; c++) {
            recipe.mean[c] = 0.5;
            recipe.deviation[c] = 1.0;
        }
    }
    return recipe;
}
