#include "matte/trimap.h"

#include <string.h>

#include "core/memory.h"

/* One of the two certain areas on its way into the trimap. */
typedef struct certain_area {
    const cc_image *mask;
    cc_image *trimap;
    bool is_member[256]; /* of a mask sample */
    bool outside;        /* does the outside of the picture belong to it? */
    uint8_t value;       /* what its pixels get */
    int before;          /* pixels that the square reaches up and left */
    int after;           /* and down and right */
    int *missing;        /* by column: pixels of the square's rows that are not in the area */
} certain_area;

/* Let a row enter (change 1) or leave (-1) the square's span. */
static void count_row(const certain_area *area, int y, int change)
{
    int width = area->mask->width;

    if (y < 0 || y >= area->mask->height) {
        if (!area->outside) {
            for (int x = 0; x < width; x++) {
                area->missing[x] += change;
            }
        }
        return;
    }
    for (int x = 0; x < width; x++) {
        area->missing[x] += area->is_member[cc_image_row(area->mask, y)[x]] ? 0 : change;
    }
}

/* What column x adds to the square's count of missing pixels. */
static inline int64_t column_count(const certain_area *area, int x)
{
    if (x < 0 || x >= area->mask->width) {
        return area->outside ? 0 : 1;
    }
    return area->missing[x];
}

static void mark_row(const certain_area *area, int y)
{
    uint8_t *row = cc_image_row(area->trimap, y);
    int64_t missing = 0;

    for (int x = -area->before; x < area->after; x++) {
        missing += column_count(area, x);
    }
    for (int x = 0; x < area->mask->width; x++) {
        missing += column_count(area, x + area->after);
        if (missing == 0) {
            row[x] = area->value;
        }
        missing -= column_count(area, x - area->before);
    }
}

static void mark_by_square(const certain_area *area)
{
    for (int y = -area->before; y < area->after; y++) {
        count_row(area, y, 1);
    }
    for (int y = 0; y < area->mask->height; y++) {
        count_row(area, y + area->after, 1);
        mark_row(area, y);
        count_row(area, y - area->before, -1);
    }
}

static inline bool belongs(const certain_area *area, int x, int y)
{
    if (x < 0 || y < 0 || x >= area->mask->width || y >= area->mask->height) {
        return area->outside;
    }
    return area->is_member[cc_image_row(area->mask, y)[x]];
}

static void mark_by_cross(const certain_area *area)
{
    for (int y = 0; y < area->mask->height; y++) {
        uint8_t *row = cc_image_row(area->trimap, y);
        for (int x = 0; x < area->mask->width; x++) {
            if (belongs(area, x, y) && belongs(area, x - 1, y) && belongs(area, x + 1, y) &&
                belongs(area, x, y - 1) && belongs(area, x, y + 1)) {
                row[x] = area->value;
            }
        }
    }
}

static void mark(certain_area *area, int erode_size)
{
    memset(area->missing, 0, (size_t)area->mask->width * sizeof *area->missing);
    if (erode_size == 0) {
        mark_by_cross(area);
        return;
    }
    area->before = erode_size / 2;
    area->after = erode_size - 1 - area->before;
    mark_by_square(area);
}

static void count(const cc_image *trimap, cc_trimap_counts *counts)
{
    uint64_t by_value[256] = {0};

    for (int y = 0; y < trimap->height; y++) {
        const uint8_t *row = cc_image_row(trimap, y);
        for (int x = 0; x < trimap->width; x++) {
            by_value[row[x]]++;
        }
    }
    counts->foreground = by_value[CC_TRIMAP_FOREGROUND];
    counts->background = by_value[CC_TRIMAP_BACKGROUND];
    counts->unknown = by_value[CC_TRIMAP_UNKNOWN];
}

static bool in_byte_range(int value)
{
    return value >= 0 && value <= 255;
}

static cc_status check(const cc_image *mask, const cc_trimap_options *options, cc_error *error)
{
    if (mask->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a mask has 1 channel, not %d", mask->channels);
    }
    if (!in_byte_range(options->foreground_threshold) ||
        !in_byte_range(options->background_threshold)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "matting thresholds %d and %d: each lies in 0..255",
                       options->foreground_threshold, options->background_threshold);
    }
    if (options->erode_size < 0 || options->erode_size > CC_TRIMAP_MAX_ERODE) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "matting erode size %d: it lies in 0..%d",
                       options->erode_size, CC_TRIMAP_MAX_ERODE);
    }
    return CC_OK;
}

cc_status cc_trimap_make(const cc_image *mask, const cc_trimap_options *options, cc_image *trimap,
                         cc_trimap_counts *counts, cc_error *error)
{
    certain_area foreground = {mask, trimap, {false}, false, CC_TRIMAP_FOREGROUND, 0, 0, NULL};
    certain_area background = {mask, trimap, {false}, true, CC_TRIMAP_BACKGROUND, 0, 0, NULL};
    cc_status status = check(mask, options, error);
    int *missing = NULL;

    memset(trimap, 0, sizeof *trimap);
    memset(counts, 0, sizeof *counts);
    if (status == CC_OK) {
        status = cc_image_create(mask->width, mask->height, 1, trimap, error);
    }
    if (status != CC_OK) {
        return status;
    }
    missing = cc_alloc_array((size_t)mask->width, sizeof *missing);
    if (missing == NULL) {
        cc_image_free(trimap);
        return cc_fail_memory(error, (size_t)mask->width * sizeof *missing);
    }
    for (int value = 0; value < 256; value++) {
        foreground.is_member[value] = value > options->foreground_threshold;
        background.is_member[value] = value < options->background_threshold;
    }
    memset(trimap->pixels, CC_TRIMAP_UNKNOWN, trimap->stride * (size_t)trimap->height);
    foreground.missing = missing;
    background.missing = missing;
    mark(&foreground, options->erode_size);
    mark(&background, options->erode_size);
    cc_free(missing);
    count(trimap, counts);
    return CC_OK;
}
