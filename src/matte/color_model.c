#include "matte/color_model.h"

#include <string.h>

#include "core/memory.h"
#include "matte/color_fit.h"

enum { ROWS_PER_TASK = 16 };

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline int larger(int a, int b)
{
    return a > b ? a : b;
}

static int row_tasks(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static int task_end(int task, int rows)
{
    return smaller((task + 1) * ROWS_PER_TASK, rows);
}

/* ---- making ---- */

cc_status cc_color_guide_make(int width, int height, cc_color_guide *guide, cc_error *error)
{
    size_t pixels = (size_t)width * (size_t)height;
    cc_status status;

    memset(guide, 0, sizeof *guide);
    status = cc_image_create(width, height, 3, &guide->picture, error);
    if (status == CC_OK) {
        status = cc_image_create(width, height, 1, &guide->zone, error);
    }
    if (status == CC_OK) {
        guide->alpha = cc_alloc_zeroed(pixels, sizeof *guide->alpha);
        guide->models = cc_alloc_zeroed(pixels, sizeof *guide->models);
        if (guide->alpha == NULL || guide->models == NULL) {
            status = cc_fail_memory(error, pixels * (sizeof *guide->alpha + sizeof *guide->models));
        }
    }
    if (status != CC_OK) {
        cc_color_guide_free(guide);
    }
    return status;
}

void cc_color_guide_free(cc_color_guide *guide)
{
    cc_image_free(&guide->picture);
    cc_image_free(&guide->zone);
    cc_free(guide->alpha);
    cc_free(guide->models);
    memset(guide, 0, sizeof *guide);
}

/* ---- reducing ---- */

enum { TILE = 8 }; /* side of the squares that are reduced or not; not below any radius + 1 */

typedef struct reduction {
    cc_color_guide *guide;
    const cc_image *image;
    int tiles_across;
    uint8_t *tiles;  /* does the zone reach into it? */
    int *left;       /* by column of the small picture, and one more: its first pixel */
    uint32_t *sums;  /* by worker: a row of the large picture's samples, summed down */
    size_t row_size; /* samples of a row */
} reduction;

static inline uint8_t *tile_row(const reduction *job, int y)
{
    return job->tiles + (size_t)y * (size_t)job->tiles_across;
}

static void mark_tiles(const reduction *job)
{
    const cc_image *zone = &job->guide->zone;

    for (int y = 0; y < zone->height; y++) {
        const uint8_t *row = cc_image_row(zone, y);
        uint8_t *tiles = tile_row(job, y / TILE);
        for (int x = 0; x < zone->width; x++) {
            tiles[x / TILE] |= row[x];
        }
    }
}

/* Does the zone reach into a tile or into one beside it? */
static bool is_near_zone(const reduction *job, int tile, int tile_y)
{
    int bottom = smaller(tile_y + 1, (job->guide->zone.height - 1) / TILE);

    for (int y = larger(tile_y - 1, 0); y <= bottom; y++) {
        const uint8_t *tiles = tile_row(job, y);
        for (int x = larger(tile - 1, 0); x <= smaller(tile + 1, job->tiles_across - 1); x++) {
            if (tiles[x]) {
                return true;
            }
        }
    }
    return false;
}

/* First pixel of the large picture that a small one stands for. */
static inline int first_pixel(int small, double scale, int count)
{
    return smaller((int)(small * scale + 0.5), count);
}

/* Sum the rows top..bottom-1 of the large picture's pixels left..right-1. */
static void sum_rows(const reduction *job, int top, int bottom, int left, int right, uint32_t *sums)
{
    size_t channels = (size_t)job->image->channels;
    size_t first = (size_t)left * channels;
    size_t end = (size_t)right * channels;

    memset(sums + first, 0, (end - first) * sizeof *sums);
    for (int y = top; y < bottom; y++) {
        const uint8_t *row = cc_image_row(job->image, y);
        for (size_t i = first; i < end; i++) {
            sums[i] += row[i];
        }
    }
}

/* The means of the small pixels x..end-1 of a row. */
static void reduce_run(const reduction *job, int y, int x, int end, uint32_t *sums)
{
    const cc_image *image = job->image;
    int channels = image->channels;
    int green = channels >= 3 ? 1 : 0;
    int top = smaller(first_pixel(y, job->guide->scale_y, image->height), image->height - 1);
    int bottom = larger(first_pixel(y + 1, job->guide->scale_y, image->height), top + 1);
    uint8_t *target = cc_image_row(&job->guide->picture, y) + (size_t)x * 3;

    sum_rows(job, top, bottom, job->left[x], larger(job->left[end], job->left[end - 1] + 1), sums);
    for (; x < end; x++, target += 3) {
        int right = larger(job->left[x + 1], job->left[x] + 1);
        float share = 1.0F / (float)((right - job->left[x]) * (bottom - top));
        uint64_t sum[3] = {0, 0, 0};
        for (int column = job->left[x]; column < right; column++) {
            const uint32_t *pixel = sums + (size_t)column * (size_t)channels;
            sum[0] += pixel[0];
            sum[1] += pixel[green];
            sum[2] += pixel[2 * green];
        }
        for (int c = 0; c < 3; c++) {
            float mean = (float)sum[c] * share + 0.5F;
            target[c] = mean < 255.0F ? (uint8_t)mean : 255;
        }
    }
}

static void reduce_tile_row(void *context, int task, int worker)
{
    const reduction *job = context;
    const cc_image *zone = &job->guide->zone;
    uint32_t *sums = job->sums + (size_t)worker * job->row_size;
    int tile = 0;

    while (tile < job->tiles_across) {
        int end = tile;
        while (end < job->tiles_across && is_near_zone(job, end, task)) {
            end++;
        }
        if (end > tile) {
            for (int y = task * TILE; y < smaller((task + 1) * TILE, zone->height); y++) {
                reduce_run(job, y, tile * TILE, smaller(end * TILE, zone->width), sums);
            }
        }
        tile = end + 1;
    }
}

cc_status cc_color_guide_reduce(cc_color_guide *guide, const cc_image *image, cc_thread_pool *pool,
                                cc_error *error)
{
    int across = (guide->picture.width + TILE - 1) / TILE;
    int down = (guide->picture.height + TILE - 1) / TILE;
    size_t row_size = (size_t)image->width * (size_t)image->channels;
    reduction job = {guide,
                     image,
                     across,
                     cc_alloc_zeroed((size_t)across * (size_t)down, 1),
                     cc_alloc_array((size_t)guide->picture.width + 1, sizeof(int)),
                     cc_alloc_array(row_size * (size_t)cc_thread_pool_size(pool), sizeof(uint32_t)),
                     row_size};
    cc_status status = CC_OK;

    if (job.tiles == NULL || job.left == NULL || job.sums == NULL) {
        status = cc_fail_memory(error, row_size * sizeof(uint32_t));
    } else {
        for (int x = 0; x <= guide->picture.width; x++) {
            int first = first_pixel(x, guide->scale_x, image->width);
            job.left[x] = x < guide->picture.width ? smaller(first, image->width - 1) : first;
        }
        mark_tiles(&job);
        cc_thread_pool_run(pool, reduce_tile_row, &job, down);
    }
    cc_free(job.tiles);
    cc_free(job.left);
    cc_free(job.sums);
    return status;
}

/* ---- fitting ---- */

typedef struct fitting {
    cc_color_fit fit;
    cc_color_fit_strip strip;
    float *scratch;  /* by worker */
    uint8_t *needed; /* by worker */
} fitting;

static void fit_rows(void *context, int task, int worker)
{
    const fitting *job = context;

    job->strip(&job->fit, task * ROWS_PER_TASK, task_end(task, job->fit.guide->picture.height),
               job->scratch + (size_t)worker * cc_color_fit_scratch(&job->fit),
               job->needed + (size_t)worker * (size_t)job->fit.blocks);
}

cc_status cc_color_guide_fit(cc_color_guide *guide, cc_thread_pool *pool, cc_error *error)
{
    size_t workers = (size_t)cc_thread_pool_size(pool);
    fitting job = {.fit = cc_color_fit_make(guide), .strip = cc_color_fit_choose()};
    size_t floats = workers * cc_color_fit_scratch(&job.fit);
    cc_status status = CC_OK;

    job.scratch = cc_alloc_array(floats, sizeof *job.scratch);
    job.needed = cc_alloc_array(workers, (size_t)job.fit.blocks);
    if (job.scratch == NULL || job.needed == NULL) {
        status = cc_fail_memory(error, floats * sizeof *job.scratch);
    } else {
        cc_thread_pool_run(pool, fit_rows, &job, row_tasks(guide->picture.height));
    }
    cc_free(job.scratch);
    cc_free(job.needed);
    return status;
}
