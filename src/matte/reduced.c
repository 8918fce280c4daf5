#include "matte/reduced.h"

#include <string.h>

#include "matte/color_model.h"
#include "matte/trimap.h"

int cc_reduced_factor(uint64_t unknowns)
{
    uint64_t factor = 1;

    while (unknowns > factor * factor * CC_REDUCED_UNKNOWNS) {
        factor++;
    }
    return (int)factor;
}

typedef struct reduction {
    const cc_image *image;
    const cc_image *trimap;
    int factor;
    float *alpha;
    cc_image small_trimap;
    cc_color_guide guide;
} reduction;

enum { ROWS_PER_TASK = 16 };

static int row_tasks(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int task_end(int task, int rows)
{
    return smaller((task + 1) * ROWS_PER_TASK, rows);
}

/* ---- down ---- */

/* What all pixels of a square are known to be, else unknown. */
static uint8_t reduce_trimap(const reduction *job, int x, int y)
{
    int right = smaller((x + 1) * job->factor, job->trimap->width);
    int bottom = smaller((y + 1) * job->factor, job->trimap->height);
    uint8_t known = cc_image_row(job->trimap, y * job->factor)[x * job->factor];

    for (int row = y * job->factor; row < bottom; row++) {
        const uint8_t *trimap = cc_image_row(job->trimap, row);
        for (int column = x * job->factor; column < right; column++) {
            if (trimap[column] != known) {
                return CC_TRIMAP_UNKNOWN;
            }
        }
    }
    return known;
}

static void reduce_trimap_rows(void *context, int task, int worker)
{
    reduction *job = context;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < task_end(task, job->small_trimap.height); y++) {
        for (int x = 0; x < job->small_trimap.width; x++) {
            cc_image_row(&job->small_trimap, y)[x] = reduce_trimap(job, x, y);
        }
    }
}

/* The zone: unknown pixels and their neighbours, whose models are asked as well. */
static void mark_zone_rows(void *context, int task, int worker)
{
    reduction *job = context;
    const cc_image *trimap = &job->small_trimap;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < task_end(task, trimap->height); y++) {
        uint8_t *zone = cc_image_row(&job->guide.zone, y);
        for (int row = y > 0 ? y - 1 : 0; row <= smaller(y + 1, trimap->height - 1); row++) {
            const uint8_t *from = cc_image_row(trimap, row);
            for (int x = 0; x < trimap->width; x++) {
                bool unknown = from[x] == CC_TRIMAP_UNKNOWN ||
                               (x > 0 && from[x - 1] == CC_TRIMAP_UNKNOWN) ||
                               (x + 1 < trimap->width && from[x + 1] == CC_TRIMAP_UNKNOWN);
                zone[x] = (uint8_t)(zone[x] | unknown);
            }
        }
    }
}

/* ---- up ---- */

static void carry_up_rows(void *context, int task, int worker)
{
    const reduction *job = context;
    int channels = job->image->channels;
    int green = channels >= 3 ? 1 : 0;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < task_end(task, job->image->height); y++) {
        const uint8_t *row = cc_image_row(job->image, y);
        const uint8_t *trimap = cc_image_row(job->trimap, y);
        float *alpha = job->alpha + (size_t)y * (size_t)job->image->width;
        cc_guide_position down =
            cc_guide_position_of(y, job->guide.scale_y, job->guide.picture.height);
        for (int x = 0; x < job->image->width; x++) {
            if (trimap[x] == CC_TRIMAP_UNKNOWN) {
                const uint8_t *pixel = row + (size_t)x * (size_t)channels;
                const float color[3] = {pixel[0], pixel[green], pixel[2 * green]};
                cc_guide_position along =
                    cc_guide_position_of(x, job->guide.scale_x, job->guide.picture.width);
                alpha[x] = cc_color_guide_apply(&job->guide, color, down, along);
            } else {
                alpha[x] = trimap[x] == CC_TRIMAP_FOREGROUND ? 1.0F : 0.0F;
            }
        }
    }
}

/* ---- around it ---- */

static cc_status reduce(reduction *job, cc_thread_pool *pool, cc_error *error)
{
    int width = (job->image->width + job->factor - 1) / job->factor;
    int height = (job->image->height + job->factor - 1) / job->factor;
    cc_status status = cc_color_guide_make(width, height, &job->guide, error);

    if (status == CC_OK) {
        status = cc_image_create(width, height, 1, &job->small_trimap, error);
    }
    if (status == CC_OK) {
        job->guide.scale_x = job->guide.scale_y = job->factor;
        job->guide.radius = 1;   /* the windows of the matting Laplacian */
        job->guide.ridge = 2.0F; /* less lets noise in flat windows steer alpha */
        cc_thread_pool_run(pool, reduce_trimap_rows, job, row_tasks(height));
        cc_thread_pool_run(pool, mark_zone_rows, job, row_tasks(height));
        status = cc_color_guide_reduce(&job->guide, job->image, pool, error);
    }
    return status;
}

cc_status cc_alpha_solve_reduced(const cc_image *image, const cc_image *trimap, int factor,
                                 const cc_alpha_limits *limits, cc_thread_pool *pool,
                                 const atomic_bool *cancel, float *alpha, cc_alpha_report *report,
                                 cc_error *error)
{
    reduction job = {.image = image, .trimap = trimap, .factor = factor, .alpha = alpha};
    cc_status status = reduce(&job, pool, error);

    memset(report, 0, sizeof *report);
    if (status == CC_OK) {
        status = cc_alpha_solve(&job.guide.picture, &job.small_trimap, limits, pool, cancel,
                                job.guide.alpha, report, error);
    }
    if (status == CC_OK) {
        status = cc_color_guide_fit(&job.guide, pool, error);
    }
    if (status == CC_OK) {
        cc_thread_pool_run(pool, carry_up_rows, &job, row_tasks(image->height));
    }
    cc_image_free(&job.small_trimap);
    cc_color_guide_free(&job.guide);
    return status;
}
