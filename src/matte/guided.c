#include "matte/guided.h"

#include "core/memory.h"
#include "matte/color_model.h"

/* The width of the windows and the ridge, as a variance of samples 0..255, are where
 * errors against known alpha were smallest: docs/matte.md. */
enum { RADIUS = 4, ROWS_PER_TASK = 16 };
static const float ridge = 6.5F; /* 1e-4 of 255^2 */

/* Samples between these are the soft part of the small mask. */
enum { LOWEST_SOFT = 3, HIGHEST_SOFT = 252 };

typedef struct guide_job {
    const cc_image *image;
    const cc_image *small_mask;
    cc_image *mask;
    cc_color_guide guide;
    cc_guide_position *along; /* by column of the picture */
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
            if (row[x] < LOWEST_SOFT || row[x] > HIGHEST_SOFT) {
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

static inline bool is_guided(const uint8_t *above, const uint8_t *below, cc_guide_position along)
{
    return above[along.first] && above[along.second] && below[along.first] && below[along.second];
}

static void guide_row(const guide_job *job, int y)
{
    const cc_color_guide *guide = &job->guide;
    int channels = job->image->channels;
    int green = channels >= 3 ? 1 : 0;
    const uint8_t *row = cc_image_row(job->image, y);
    uint8_t *mask = cc_image_row(job->mask, y);
    cc_guide_position down = cc_guide_position_of(y, guide->scale_y, guide->picture.height);
    const uint8_t *above = cc_image_row(&guide->zone, down.first);
    const uint8_t *below = cc_image_row(&guide->zone, down.second);

    for (int x = 0; x < job->image->width; x++) {
        if ((uint8_t)(mask[x] - 1) < 254 && is_guided(above, below, job->along[x])) {
            const uint8_t *pixel = row + (size_t)x * (size_t)channels;
            const float color[3] = {pixel[0], pixel[green], pixel[2 * green]};
            float alpha = cc_color_guide_apply(guide, color, down, job->along[x]);
            mask[x] = (uint8_t)(alpha * 255.0F + 0.5F);
        }
    }
}

static void guide_rows(void *context, int task, int worker)
{
    const guide_job *job = context;
    int end = smaller((task + 1) * ROWS_PER_TASK, job->image->height);

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < end; y++) {
        guide_row(job, y);
    }
}

static cc_status prepare(guide_job *job, cc_thread_pool *pool, cc_error *error)
{
    int width = job->image->width;
    cc_status status =
        cc_color_guide_make(job->small_mask->width, job->small_mask->height, &job->guide, error);

    if (status != CC_OK) {
        return status;
    }
    job->along = cc_alloc_array((size_t)width, sizeof *job->along);
    if (job->along == NULL) {
        return cc_fail_memory(error, (size_t)width * sizeof *job->along);
    }
    job->guide.scale_x = (double)width / job->small_mask->width;
    job->guide.scale_y = (double)job->image->height / job->small_mask->height;
    job->guide.radius = RADIUS;
    job->guide.ridge = ridge;
    for (int x = 0; x < width; x++) {
        job->along[x] = cc_guide_position_of(x, job->guide.scale_x, job->small_mask->width);
    }
    mark_zone(job);
    cc_color_guide_reduce(&job->guide, job->image, pool);
    return cc_color_guide_fit(&job->guide, pool, error);
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
    cc_color_guide_free(&job.guide);
    return status;
}
