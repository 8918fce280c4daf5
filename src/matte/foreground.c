#include "matte/foreground.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

/* Both colours of a pixel: red, green, blue and a lane that is not used. */
typedef float color __attribute__((vector_size(16)));
typedef double wide_color __attribute__((vector_size(32)));
typedef struct pixel_pair {
    color foreground;
    color background;
} pixel_pair;

static const float regularization = 1e-5F;
enum { SMALL_SIDE = 32, SMALL_SWEEPS = 10, BIG_SWEEPS = 2 };

/* One size of the picture, of those that lead from one pixel to all. */
typedef struct level {
    int width;
    int height;
    int sweeps;
    int kept_rows;      /* that `pixels` holds; row y is row y % kept_rows */
    pixel_pair *pixels; /* owned */
    int *source_x;      /* owned: column of the picture for each column */
    float *alpha;       /* owned: kept_rows x width */
    color *image;       /* owned: kept_rows x width */
} level;

typedef struct estimate {
    const cc_image *image;
    const float *alpha;
    const atomic_bool *cancel;
    cc_foreground_row row;
    void *context;
    float *row_colors; /* width * 3 */
    float scaled[256]; /* sample / 255 */
    int level_count;
} estimate;

/* ---- levels ---- */

static void level_free(level *at)
{
    cc_free_aligned(at->pixels);
    cc_free_aligned(at->image);
    cc_free(at->source_x);
    cc_free(at->alpha);
    memset(at, 0, sizeof *at);
}

static cc_status level_allocate(level *at, cc_error *error)
{
    size_t cells = (size_t)at->width * (size_t)at->kept_rows;

    at->pixels = cc_alloc_aligned(cells * sizeof *at->pixels);
    at->image = cc_alloc_aligned(cells * sizeof *at->image);
    at->source_x = cc_alloc_array((size_t)at->width, sizeof *at->source_x);
    at->alpha = cc_alloc_array(cells, sizeof *at->alpha);
    if (at->pixels == NULL || at->image == NULL || at->source_x == NULL || at->alpha == NULL) {
        level_free(at);
        return cc_fail_memory(error, cells * (sizeof *at->pixels + sizeof *at->image));
    }
    return CC_OK;
}

static int scaled_side(int side, double share)
{
    int scaled = (int)rint(pow(side, share));
    return scaled > 1 ? scaled : 1;
}

/* Sides grow by the same factor from level to level, from 1 to the picture's. Only
 * the rows between the first and the last sweep are in use at a time. */
static cc_status level_make(const estimate *job, int number, level *at, cc_error *error)
{
    double share = job->level_count > 0 ? (double)number / job->level_count : 1.0;
    cc_status status;

    memset(at, 0, sizeof *at);
    at->width = scaled_side(job->image->width, share);
    at->height = scaled_side(job->image->height, share);
    at->sweeps = at->width <= SMALL_SIDE && at->height <= SMALL_SIDE ? SMALL_SWEEPS : BIG_SWEEPS;
    at->kept_rows = at->height;
    if (number == job->level_count && at->sweeps + 2 < at->height) {
        at->kept_rows = at->sweeps + 2;
    }
    status = level_allocate(at, error);
    if (status == CC_OK) {
        for (int x = 0; x < at->width; x++) {
            at->source_x[x] = (int)((int64_t)x * job->image->width / at->width);
        }
    }
    return status;
}

/* Mean colour where alpha is clearly one, or clearly zero. The sums are single
 * precision because PyMatting's are; they only begin the smallest level. */
static pixel_pair mean_colors(const estimate *job)
{
    pixel_pair sum = {{0}, {0}};
    double foreground_count = 1e-5;
    double background_count = 1e-5;
    int channels = job->image->channels;
    int green = channels >= 3 ? 1 : 0;

    for (int y = 0; y < job->image->height; y++) {
        const uint8_t *pixel = cc_image_row(job->image, y);
        const float *alpha = job->alpha + (size_t)y * (size_t)job->image->width;
        for (int x = 0; x < job->image->width; x++, pixel += channels) {
            color value = {job->scaled[pixel[0]], job->scaled[pixel[green]],
                           job->scaled[pixel[2 * green]], 0.0F};
            if (alpha[x] > 0.9) {
                sum.foreground += value;
                foreground_count += 1.0;
            }
            if (alpha[x] < 0.1) {
                sum.background += value;
                background_count += 1.0;
            }
        }
    }
    for (int c = 0; c < 3; c++) {
        sum.foreground[c] = (float)(sum.foreground[c] / foreground_count);
        sum.background[c] = (float)(sum.background[c] / background_count);
    }
    return sum;
}

/* ---- one row ---- */

static inline size_t row_start(const level *at, int y)
{
    return (size_t)(y % at->kept_rows) * (size_t)at->width;
}

/* Picture and alpha by nearest neighbour, the colours from the level before. */
static void begin_row(const estimate *job, const level *before, const level *at, int y)
{
    int source_y = (int)((int64_t)y * job->image->height / at->height);
    int before_y = (int)((int64_t)y * before->height / at->height);
    int channels = job->image->channels;
    int green = channels >= 3 ? 1 : 0;
    const uint8_t *source = cc_image_row(job->image, source_y);
    const float *alpha = job->alpha + (size_t)source_y * (size_t)job->image->width;
    const pixel_pair *start = before->pixels + row_start(before, before_y);
    size_t row = row_start(at, y);

    for (int x = 0; x < at->width; x++) {
        const uint8_t *pixel = source + (size_t)at->source_x[x] * (size_t)channels;
        at->image[row + x] = (color){job->scaled[pixel[0]], job->scaled[pixel[green]],
                                     job->scaled[pixel[2 * green]], 0.0F};
        at->alpha[row + x] = alpha[at->source_x[x]];
        at->pixels[row + x] = start[(int64_t)x * before->width / at->width];
    }
}

typedef int32_t lane_mask __attribute__((vector_size(16)));

/* To 0..1; C has no ?: for vectors. */
static inline color clip(color value)
{
    const color one = {1, 1, 1, 1};
    lane_mask above_zero = value > (color){0, 0, 0, 0};
    lane_mask below_one = value < one;
    lane_mask inside = (lane_mask)value & above_zero & below_one;
    return (color)(inside | ((lane_mask)one & ~below_one));
}

/* The four neighbours' say: index 0 left, 1 right, 2 above, 3 below. */
typedef struct neighbours {
    const pixel_pair *pixel[4];
    float alpha[4];
} neighbours;

/* The pair of colours that explains the pixel and is close to its neighbours', the
 * closer the less alpha changes between them: a 2x2 system for each channel. Single
 * and double precision are mixed as in PyMatting, for equal results. */
static inline void relax_pixel(float alpha, color image, const neighbours *around,
                               pixel_pair *pixel)
{
    double rest = 1.0 - (double)alpha;
    double mixed = alpha * rest;
    float a = alpha * alpha;
    double b = rest * rest;
    color right_foreground = alpha * image;
    color right_background =
        __builtin_convertvector(__builtin_convertvector(image, wide_color) * rest, color);
    double scale;

    for (int i = 0; i < 4; i++) {
        float weight = regularization + fabsf(alpha - around->alpha[i]);
        a += weight;
        b += weight;
        right_foreground += weight * around->pixel[i]->foreground;
        right_background += weight * around->pixel[i]->background;
    }
    scale = 1.0 / (a * b - mixed * mixed);
    {
        wide_color first = __builtin_convertvector(right_foreground, wide_color);
        wide_color second = __builtin_convertvector(right_background, wide_color);
        double cross = scale * -mixed;
        wide_color foreground = scale * b * first + cross * second;
        wide_color background = cross * first + scale * a * second;
        pixel->foreground = clip(__builtin_convertvector(foreground, color));
        pixel->background = clip(__builtin_convertvector(background, color));
    }
}

static void relax_row(const level *at, int y)
{
    size_t here = row_start(at, y);
    size_t above = row_start(at, y > 0 ? y - 1 : y);
    size_t below = row_start(at, y + 1 < at->height ? y + 1 : y);

    for (int x = 0; x < at->width; x++) {
        size_t left = here + (size_t)(x > 0 ? x - 1 : x);
        size_t right = here + (size_t)(x + 1 < at->width ? x + 1 : x);
        neighbours around = {
            {&at->pixels[left], &at->pixels[right], &at->pixels[above + x], &at->pixels[below + x]},
            {at->alpha[left], at->alpha[right], at->alpha[above + x], at->alpha[below + x]}};
        relax_pixel(at->alpha[here + x], at->image[here + x], &around, &at->pixels[here + x]);
    }
}

static void deliver_row(const estimate *job, const level *at, int y)
{
    const pixel_pair *row = at->pixels + row_start(at, y);

    for (int x = 0; x < at->width; x++) {
        for (int c = 0; c < 3; c++) {
            job->row_colors[3 * x + c] = row[x].foreground[c];
        }
    }
    job->row(job->context, y, job->row_colors);
}

/* ---- all rows, all levels ---- */

/* All sweeps in one pass over the rows, each sweep one row behind the one before:
 * the same values as sweep after sweep, since a row waits for its lower neighbour's
 * last sweep and nobody else looks at it before. */
static cc_status run_level(const estimate *job, const level *before, const level *at, bool is_last,
                           cc_error *error)
{
    begin_row(job, before, at, 0);
    for (int front = 0; front < at->height + at->sweeps - 1; front++) {
        int done = front - at->sweeps + 1;
        if (job->cancel != NULL && atomic_load_explicit(job->cancel, memory_order_relaxed)) {
            return cc_fail(error, CC_CANCELLED, "foreground estimation was cancelled");
        }
        if (front + 1 < at->height) {
            begin_row(job, before, at, front + 1);
        }
        for (int sweep = 0; sweep < at->sweeps; sweep++) {
            if (front - sweep >= 0 && front - sweep < at->height) {
                relax_row(at, front - sweep);
            }
        }
        if (is_last && done >= 0) {
            deliver_row(job, at, done);
        }
    }
    return CC_OK;
}

static cc_status run_levels(const estimate *job, cc_error *error)
{
    pixel_pair start = mean_colors(job);
    level first = {.width = 1, .height = 1, .kept_rows = 1, .pixels = &start};
    level before = first;
    cc_status status = CC_OK;

    for (int number = 0; number <= job->level_count && status == CC_OK; number++) {
        level at;
        status = level_make(job, number, &at, error);
        if (status == CC_OK) {
            status = run_level(job, &before, &at, number == job->level_count, error);
        }
        if (number > 0) {
            level_free(&before);
        }
        before = at;
    }
    if (before.pixels != &start) {
        level_free(&before);
    }
    return status;
}

cc_status cc_foreground_estimate(const cc_image *image, const float *alpha,
                                 const atomic_bool *cancel, cc_foreground_row row, void *context,
                                 cc_error *error)
{
    estimate job = {
        .image = image, .alpha = alpha, .cancel = cancel, .row = row, .context = context};
    int longest = image->width > image->height ? image->width : image->height;
    cc_status status;

    for (int value = 0; value < 256; value++) {
        job.scaled[value] = (float)(value / 255.0);
    }
    job.level_count = (int)ceil(log2(longest));
    job.row_colors = cc_alloc_array((size_t)image->width * 3, sizeof *job.row_colors);
    if (job.row_colors == NULL) {
        return cc_fail_memory(error, (size_t)image->width * 3 * sizeof *job.row_colors);
    }
    status = run_levels(&job, error);
    cc_free(job.row_colors);
    return status;
}
