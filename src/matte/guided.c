#include "matte/guided.h"

#include <string.h>

#include "core/memory.h"
#include "matte/color_model.h"
#include "matte/guided_kernel.h"
#include "matte/matte.h"

/* The width of the windows and the ridge, as a variance of samples 0..255, are where
 * errors against known alpha were smallest: docs/matte.md. */
enum { RADIUS = 4, ROWS_PER_TASK = 16 };
static const float ridge = 6.5F; /* 1e-4 of 255^2 */

typedef struct guide_job {
    const cc_image *image;
    const cc_image *small_mask;
    cc_image *mask;
    cc_color_guide guide;
    cc_guide_position *along; /* by column of the picture */
    int *first_pixel;       /* by column of the small mask: the first x with along[x].first there */
    cc_color_model *models; /* by worker: cc_guide_models' models and steps */
    cc_guide_run run;
} guide_job;

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int row_tasks(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

bool cc_guided_applies(const cc_image *small_mask, int width, int height)
{
    return width >= small_mask->width && height >= small_mask->height &&
           (int64_t)width * height >= (int64_t)2 * small_mask->width * small_mask->height;
}

/* The zone: soft pixels and, since four models are asked at a time, their neighbours. */
static void mark_zone(guide_job *job)
{
    const cc_image *small = job->small_mask;
    cc_image *zone = &job->guide.zone;

    for (int y = 0; y < small->height; y++) {
        const uint8_t *row = cc_image_row(small, y);
        for (int x = 0; x < small->width; x++) {
            job->guide.alpha[(size_t)y * (size_t)small->width + (size_t)x] = row[x] / 255.0F;
            if (!cc_matte_is_soft(row[x])) {
                continue;
            }
            for (int down = y > 0 ? y - 1 : 0; down <= smaller(y + 1, zone->height - 1); down++) {
                uint8_t *marked = cc_image_row(zone, down);
                marked[x > 0 ? x - 1 : 0] = marked[x] = 1;
                marked[smaller(x + 1, zone->width - 1)] = 1;
            }
        }
    }
}

/* A column of the small mask may guide if the four models between which pixels lie
 * there are all of the zone. */
static inline bool is_guided(const uint8_t *above, const uint8_t *below, int x, int width)
{
    int next = smaller(x + 1, width - 1);
    return above[x] && above[next] && below[x] && below[next];
}

/* Models x..end of the small mask, brought to the height of a row of the picture. */
static void blend_models(const cc_color_guide *guide, cc_guide_position down, int x, int end,
                         cc_color_model *models, cc_color_model *steps)
{
    int width = guide->picture.width;
    const cc_color_model *above = guide->models + (size_t)down.first * (size_t)width;
    const cc_color_model *below = guide->models + (size_t)down.second * (size_t)width;
    float lower = 255.0F * down.share;
    float upper = 255.0F - lower;

    for (int i = x; i <= smaller(end, width - 1); i++) {
        for (int c = 0; c < 3; c++) {
            models[i].weight[c] = upper * above[i].weight[c] + lower * below[i].weight[c];
        }
        models[i].offset = upper * above[i].offset + lower * below[i].offset;
    }
    for (int i = x; i < end; i++) {
        const cc_color_model *next = &models[smaller(i + 1, width - 1)];
        for (int c = 0; c < 3; c++) {
            steps[i].weight[c] = next->weight[c] - models[i].weight[c];
        }
        steps[i].offset = next->offset - models[i].offset;
    }
}

/* Pixels between columns x..end-1 of the small mask and the next ones. */
static void guide_run(const guide_job *job, int y, cc_guide_position down, int x, int end,
                      cc_color_model *models)
{
    const cc_image *image = job->image;
    int width = job->small_mask->width;
    const cc_guide_models found = {models, models + width, job->along};
    const uint8_t *row = cc_image_row(image, y);
    uint8_t *mask = cc_image_row(job->mask, y);
    int first_pixel = job->first_pixel[x];
    int end_pixel = job->first_pixel[end];
    /* the very last pixel has nothing behind it that may be read */
    bool last = y == image->height - 1 && end_pixel == image->width && end_pixel > first_pixel;

    blend_models(&job->guide, down, x, end, models, models + width);
    job->run(&found, row, image->channels, first_pixel, end_pixel - last, mask);
    if (last) {
        cc_guide_run_reference(&found, row, image->channels, end_pixel - 1, end_pixel, mask);
    }
}

static void guide_row(const guide_job *job, int y, cc_color_model *models)
{
    const cc_color_guide *guide = &job->guide;
    int width = guide->picture.width;
    cc_guide_position down = cc_guide_position_of(y, guide->scale_y, guide->picture.height);
    const uint8_t *above = cc_image_row(&guide->zone, down.first);
    const uint8_t *below = cc_image_row(&guide->zone, down.second);
    int x = 0;

    while (x < width) {
        const uint8_t *next = memchr(above + x, 1, (size_t)(width - x));
        int end;
        if (next == NULL) {
            return;
        }
        x = (int)(next - above);
        for (end = x; end < width && is_guided(above, below, end, width); end++) {
        }
        if (end > x) {
            guide_run(job, y, down, x, end, models);
        }
        x = end + 1;
    }
}

static void guide_rows(void *context, int task, int worker)
{
    const guide_job *job = context;
    int end = smaller((task + 1) * ROWS_PER_TASK, job->image->height);
    size_t width = (size_t)job->small_mask->width;

    for (int y = task * ROWS_PER_TASK; y < end; y++) {
        guide_row(job, y, job->models + (size_t)worker * 2 * width);
    }
}

static cc_status allocate(guide_job *job, cc_thread_pool *pool, cc_error *error)
{
    size_t width = (size_t)job->image->width;
    size_t small_width = (size_t)job->small_mask->width;
    size_t models = small_width * 2 * (size_t)cc_thread_pool_size(pool);

    job->along = cc_alloc_array(width, sizeof *job->along);
    job->first_pixel = cc_alloc_array(small_width + 1, sizeof *job->first_pixel);
    job->models = cc_alloc_array(models, sizeof *job->models);
    if (job->along == NULL || job->first_pixel == NULL || job->models == NULL) {
        return cc_fail_memory(error, width * sizeof *job->along + models * sizeof *job->models);
    }
    return CC_OK;
}

static void fill_positions(guide_job *job)
{
    int column = 0; /* of the small mask, whose first pixel is not known yet */

    for (int x = 0; x < job->image->width; x++) {
        job->along[x] = cc_guide_position_of(x, job->guide.scale_x, job->small_mask->width);
        while (column <= job->along[x].first) {
            job->first_pixel[column++] = x;
        }
    }
    while (column <= job->small_mask->width) {
        job->first_pixel[column++] = job->image->width;
    }
}

static cc_status prepare(guide_job *job, cc_thread_pool *pool, cc_error *error)
{
    cc_status status =
        cc_color_guide_make(job->small_mask->width, job->small_mask->height, &job->guide, error);

    if (status == CC_OK) {
        status = allocate(job, pool, error);
    }
    if (status != CC_OK) {
        return status;
    }
    job->run = cc_guide_run_choose(job->image->channels);
    job->guide.scale_x = (double)job->image->width / job->small_mask->width;
    job->guide.scale_y = (double)job->image->height / job->small_mask->height;
    job->guide.radius = RADIUS;
    job->guide.ridge = ridge;
    fill_positions(job);
    mark_zone(job);
    status = cc_color_guide_reduce(&job->guide, job->image, pool, error);
    return status == CC_OK ? cc_color_guide_fit(&job->guide, pool, error) : status;
}

static cc_status check(const guide_job *job, cc_error *error)
{
    const cc_image *image = job->image;

    if (job->mask->channels != 1 || job->mask->width != image->width ||
        job->mask->height != image->height || job->small_mask->channels != 1 ||
        !cc_guided_applies(job->small_mask, image->width, image->height)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "masks of %dx%d and %dx%d cannot be guided by a picture of %dx%d",
                       job->small_mask->width, job->small_mask->height, job->mask->width,
                       job->mask->height, image->width, image->height);
    }
    return CC_OK;
}

cc_status cc_matte_guide(const cc_image *image, const cc_image *small_mask, cc_thread_pool *pool,
                         const atomic_bool *cancel, cc_image *mask, cc_error *error)
{
    guide_job job = {.image = image, .small_mask = small_mask, .mask = mask};
    cc_status status = check(&job, error);

    if (status == CC_OK) {
        status = prepare(&job, pool, error);
    }
    if (status == CC_OK && cancel != NULL && atomic_load(cancel)) {
        status = cc_fail(error, CC_CANCELLED, "the guidance of the mask was cancelled");
    }
    if (status == CC_OK) {
        cc_thread_pool_run(pool, guide_rows, &job, row_tasks(image->height));
    }
    cc_free(job.along);
    cc_free(job.first_pixel);
    cc_free(job.models);
    cc_color_guide_free(&job.guide);
    return status;
}
