/* rembg's --post-process-mask: opening, blur, threshold. */
#include <string.h>

#include "core/memory.h"
#include "matte/matte.h"

enum { BLUR_RADIUS = 8, ROWS_PER_TASK = 64, THRESHOLD = 127 };

/* exp(-x*x/8) for x = 0..8, divided by the sum over -8..8: a Gaussian of sigma 2
 * cut off at 4 sigma. Written out because the last bit decides what becomes of a
 * flat area at the threshold; these are the values SciPy 1.17 uses. */
static const double blur_weights[BLUR_RADIUS + 1] = {
    0x1.98862a07ae7b4p-3, 0x1.68856f9ab1982p-3,  0x1.ef9093fc46e5ap-4,
    0x1.0941b71ceef37p-4, 0x1.ba4d4125ffd2ap-6,  0x1.1f30504e20207p-7,
    0x1.227362b5fc92dp-9, 0x1.c98b8c5d0dda5p-12, 0x1.18aad19e4159bp-14};

static inline uint8_t smaller(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static inline uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* Index into 0..count-1 with the border pixel repeated once and then mirrored
 * (c b a | a b c), as often as it takes. */
static int mirror(int index, int count)
{
    int period = 2 * count;
    int folded = ((index % period) + period) % period;
    return folded < count ? folded : period - 1 - folded;
}

typedef struct post_process_job {
    const cc_image *mask;
    cc_image *eroded;
    cc_image *opened;
    cc_image *result;
    double *columns; /* by worker: a row blurred down the columns, with margins */
    size_t columns_stride;
} post_process_job;

typedef uint8_t (*choose_function)(uint8_t a, uint8_t b);

/* One row of the smallest or largest of a pixel and its four neighbours; what lies
 * outside does not count. */
static inline void cross_row(const cc_image *source, cc_image *target, int y,
                             choose_function choose)
{
    const uint8_t *here = cc_image_row(source, y);
    const uint8_t *above = cc_image_row(source, y > 0 ? y - 1 : y);
    const uint8_t *below = cc_image_row(source, y + 1 < source->height ? y + 1 : y);
    uint8_t *out = cc_image_row(target, y);
    int last = source->width - 1;

    for (int x = 0; x <= last; x++) {
        uint8_t across = choose(here[x > 0 ? x - 1 : x], here[x < last ? x + 1 : x]);
        out[x] = choose(choose(here[x], across), choose(above[x], below[x]));
    }
}

static int last_row(const cc_image *image, int task)
{
    int end = (task + 1) * ROWS_PER_TASK;
    return end < image->height ? end : image->height;
}

static void erode_rows(void *context, int task, int worker)
{
    const post_process_job *job = context;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < last_row(job->mask, task); y++) {
        cross_row(job->mask, job->eroded, y, smaller);
    }
}

static void dilate_rows(void *context, int task, int worker)
{
    const post_process_job *job = context;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < last_row(job->mask, task); y++) {
        cross_row(job->eroded, job->opened, y, larger);
    }
}

/* Down the columns. The order of the additions is SciPy's, from the outermost
 * pair inwards, so that the sums agree to the last bit. */
static void blur_columns(const cc_image *opened, int y, double *row)
{
    const uint8_t *center = cc_image_row(opened, y);

    for (int x = 0; x < opened->width; x++) {
        row[x] = center[x] * blur_weights[0];
    }
    for (int distance = BLUR_RADIUS; distance > 0; distance--) {
        const uint8_t *above = cc_image_row(opened, mirror(y - distance, opened->height));
        const uint8_t *below = cc_image_row(opened, mirror(y + distance, opened->height));
        for (int x = 0; x < opened->width; x++) {
            row[x] += (double)(above[x] + below[x]) * blur_weights[distance];
        }
    }
}

/* Along a row with margins of BLUR_RADIUS on both sides, and the threshold. */
static void blur_row_and_threshold(const double *row, int width, uint8_t *out)
{
    for (int x = 0; x < width; x++) {
        double sum = row[x] * blur_weights[0];
        for (int distance = BLUR_RADIUS; distance > 0; distance--) {
            sum += (row[x - distance] + row[x + distance]) * blur_weights[distance];
        }
        out[x] = sum < THRESHOLD ? 0 : 255;
    }
}

static void blur_rows(void *context, int task, int worker)
{
    const post_process_job *job = context;
    double *row = job->columns + (size_t)worker * job->columns_stride + BLUR_RADIUS;
    int width = job->mask->width;

    for (int y = task * ROWS_PER_TASK; y < last_row(job->mask, task); y++) {
        blur_columns(job->opened, y, row);
        for (int x = 1; x <= BLUR_RADIUS; x++) {
            row[-x] = row[mirror(-x, width)];
            row[width - 1 + x] = row[mirror(width - 1 + x, width)];
        }
        blur_row_and_threshold(row, width, cc_image_row(job->result, y));
    }
}

static cc_status run(post_process_job *job, cc_thread_pool *pool, cc_error *error)
{
    const cc_image *mask = job->mask;
    int tasks = (mask->height + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    cc_status status = cc_image_create(mask->width, mask->height, 1, job->eroded, error);

    if (status == CC_OK) {
        status = cc_image_create(mask->width, mask->height, 1, job->opened, error);
    }
    if (status == CC_OK) {
        status = cc_image_create(mask->width, mask->height, 1, job->result, error);
    }
    job->columns_stride = (size_t)mask->width + 2 * BLUR_RADIUS;
    job->columns = cc_alloc_array(job->columns_stride * (size_t)cc_thread_pool_size(pool),
                                  sizeof *job->columns);
    if (status == CC_OK && job->columns == NULL) {
        status = cc_fail_memory(error, job->columns_stride * sizeof *job->columns);
    }
    if (status == CC_OK) {
        cc_thread_pool_run(pool, erode_rows, job, tasks);
        cc_thread_pool_run(pool, dilate_rows, job, tasks);
        cc_thread_pool_run(pool, blur_rows, job, tasks);
    }
    return status;
}

cc_status cc_matte_post_process(const cc_image *mask, cc_thread_pool *pool, cc_image *result,
                                cc_error *error)
{
    cc_image eroded = {0};
    cc_image opened = {0};
    post_process_job job = {mask, &eroded, &opened, result, NULL, 0};
    cc_status status;

    memset(result, 0, sizeof *result);
    if (mask->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a mask has 1 channel, not %d", mask->channels);
    }
    status = run(&job, pool, error);
    cc_free(job.columns);
    cc_image_free(&opened);
    cc_image_free(&eroded);
    if (status != CC_OK) {
        cc_image_free(result);
    }
    return status;
}
