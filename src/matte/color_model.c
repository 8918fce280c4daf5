#include "matte/color_model.h"

#include <string.h>

#include "core/memory.h"

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

typedef struct reduction {
    cc_color_guide *guide;
    const cc_image *image;
} reduction;

enum { TILE = 8 }; /* side of the squares that are reduced or not; above any radius + 1 */

/* Does the zone reach into a tile or into one beside it? */
static bool is_near_zone(const cc_image *zone, int tile_x, int tile_y)
{
    int left = larger((tile_x - 1) * TILE, 0);
    size_t count = (size_t)(smaller((tile_x + 2) * TILE, zone->width) - left);
    int bottom = smaller((tile_y + 2) * TILE, zone->height);

    for (int y = larger((tile_y - 1) * TILE, 0); y < bottom; y++) {
        const uint8_t *row = cc_image_row(zone, y) + left;
        for (size_t i = 0; i < count; i++) {
            if (row[i] != 0) {
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

static void reduce_pixel(const reduction *job, int x, int y)
{
    const cc_image *image = job->image;
    int channels = image->channels;
    int green = channels >= 3 ? 1 : 0;
    int left = smaller(first_pixel(x, job->guide->scale_x, image->width), image->width - 1);
    int top = smaller(first_pixel(y, job->guide->scale_y, image->height), image->height - 1);
    int right = larger(first_pixel(x + 1, job->guide->scale_x, image->width), left + 1);
    int bottom = larger(first_pixel(y + 1, job->guide->scale_y, image->height), top + 1);
    uint32_t count = (uint32_t)(right - left) * (uint32_t)(bottom - top);
    uint64_t sum[3] = {0, 0, 0};
    uint8_t *target = cc_image_row(&job->guide->picture, y) + (size_t)x * 3;

    for (int row = top; row < bottom; row++) {
        const uint8_t *pixel = cc_image_row(image, row) + (size_t)left * (size_t)channels;
        for (int column = left; column < right; column++, pixel += channels) {
            sum[0] += pixel[0];
            sum[1] += pixel[green];
            sum[2] += pixel[2 * green];
        }
    }
    for (int c = 0; c < 3; c++) {
        target[c] = (uint8_t)((sum[c] + count / 2) / count);
    }
}

static void reduce_tile_row(void *context, int task, int worker)
{
    const reduction *job = context;
    const cc_image *zone = &job->guide->zone;
    int bottom = smaller((task + 1) * TILE, zone->height);

    (void)worker;
    for (int tile = 0; tile * TILE < zone->width; tile++) {
        int right = smaller((tile + 1) * TILE, zone->width);
        if (!is_near_zone(zone, tile, task)) {
            continue;
        }
        for (int y = task * TILE; y < bottom; y++) {
            for (int x = tile * TILE; x < right; x++) {
                reduce_pixel(job, x, y);
            }
        }
    }
}

void cc_color_guide_reduce(cc_color_guide *guide, const cc_image *image, cc_thread_pool *pool)
{
    reduction job = {guide, image};
    cc_thread_pool_run(pool, reduce_tile_row, &job, (guide->picture.height + TILE - 1) / TILE);
}

/* ---- fitting ---- */

/* What a regression of alpha on the colour needs, summed over pixels; colours are
 * taken from mid grey, so that their squares stay small. */
enum {
    RED,
    GREEN,
    BLUE,
    RED_RED,
    RED_GREEN,
    RED_BLUE,
    GREEN_GREEN,
    GREEN_BLUE,
    BLUE_BLUE,
    ALPHA,
    ALPHA_RED,
    ALPHA_GREEN,
    ALPHA_BLUE,
    COUNT,
    SUMS = 16
};
static const float mid_grey = 128.0F;

typedef struct window_sums {
    float sum[SUMS];
} window_sums;

typedef struct fitting {
    cc_color_guide *guide;
    window_sums *columns; /* by worker: the sums down a window's height, by column */
} fitting;

static inline void add_pixel(window_sums *sums, const uint8_t *pixel, float alpha)
{
    float r = pixel[0] - mid_grey;
    float g = pixel[1] - mid_grey;
    float b = pixel[2] - mid_grey;
    const float value[SUMS] = {r,     g,     b,         r * r,     r * g,     r * b, g * g, g * b,
                               b * b, alpha, alpha * r, alpha * g, alpha * b, 1.0F,  0.0F,  0.0F};

    for (int i = 0; i < SUMS; i++) {
        sums->sum[i] += value[i];
    }
}

static window_sums sum_column(const cc_color_guide *guide, int x, int y)
{
    window_sums sums = {{0}};
    int bottom = smaller(y + guide->radius, guide->picture.height - 1);

    for (int row = larger(y - guide->radius, 0); row <= bottom; row++) {
        add_pixel(&sums, cc_image_row(&guide->picture, row) + (size_t)x * 3,
                  guide->alpha[(size_t)row * (size_t)guide->picture.width + (size_t)x]);
    }
    return sums;
}

/* Solve a symmetric positive definite system (upper triangle given) by LDL'. */
static void solve_3x3(float m[3][3], const float right[3], float x[3])
{
    float l10 = m[0][1] / m[0][0];
    float l20 = m[0][2] / m[0][0];
    float d1 = m[1][1] - l10 * m[0][1];
    float rest = m[1][2] - l20 * m[0][1];
    float l21 = rest / d1;
    float d2 = m[2][2] - l20 * m[0][2] - l21 * rest;
    float y1 = right[1] - l10 * right[0];
    float y2 = right[2] - l20 * right[0] - l21 * y1;

    x[2] = y2 / d2;
    x[1] = y1 / d1 - l21 * x[2];
    x[0] = right[0] / m[0][0] - l10 * x[1] - l20 * x[2];
}

static cc_color_model fit_model(const window_sums *sums, float ridge)
{
    const float *sum = sums->sum;
    float share = 1.0F / sum[COUNT];
    float covariance[3][3] = {
        {sum[RED_RED], sum[RED_GREEN], sum[RED_BLUE]},
        {0, sum[GREEN_GREEN], sum[GREEN_BLUE]},
        {0, 0, sum[BLUE_BLUE]},
    };
    float mixed[3];
    cc_color_model model;

    for (int a = 0; a < 3; a++) {
        for (int b = a; b < 3; b++) {
            covariance[a][b] = (covariance[a][b] - sum[a] * sum[b] * share) * share;
        }
        covariance[a][a] += ridge;
        mixed[a] = (sum[ALPHA_RED + a] - sum[ALPHA] * sum[a] * share) * share;
    }
    solve_3x3(covariance, mixed, model.weight);
    model.offset = sum[ALPHA] * share;
    for (int c = 0; c < 3; c++) {
        model.offset -= model.weight[c] * (sum[c] * share + mid_grey);
    }
    return model;
}

/* One row of windows. Sums of columns are kept while the windows of neighbours need
 * them; they are summed anew for each window, so that nothing depends on where a run
 * of the zone begins. */
static void fit_row(const cc_color_guide *guide, int y, window_sums *columns)
{
    int width = guide->picture.width;
    const uint8_t *zone = cc_image_row(&guide->zone, y);
    int summed = 0; /* columns before this are up to date, as far as needed */

    for (int x = 0; x < width; x++) {
        window_sums sums = {{0}};
        int left = larger(x - guide->radius, 0);
        int right = smaller(x + guide->radius, width - 1);
        if (zone[x] == 0) {
            continue;
        }
        for (int column = larger(summed, left); column <= right; column++) {
            columns[column] = sum_column(guide, column, y);
        }
        summed = right + 1;
        for (int column = left; column <= right; column++) {
            for (int i = 0; i < SUMS; i++) {
                sums.sum[i] += columns[column].sum[i];
            }
        }
        guide->models[(size_t)y * (size_t)width + (size_t)x] = fit_model(&sums, guide->ridge);
    }
}

static void fit_rows(void *context, int task, int worker)
{
    const fitting *job = context;
    window_sums *columns = job->columns + (size_t)worker * (size_t)job->guide->picture.width;

    for (int y = task * ROWS_PER_TASK; y < task_end(task, job->guide->picture.height); y++) {
        fit_row(job->guide, y, columns);
    }
}

cc_status cc_color_guide_fit(cc_color_guide *guide, cc_thread_pool *pool, cc_error *error)
{
    size_t columns = (size_t)guide->picture.width * (size_t)cc_thread_pool_size(pool);
    fitting job = {guide, cc_alloc_array(columns, sizeof(window_sums))};

    if (job.columns == NULL) {
        return cc_fail_memory(error, columns * sizeof(window_sums));
    }
    cc_thread_pool_run(pool, fit_rows, &job, row_tasks(guide->picture.height));
    cc_free(job.columns);
    return CC_OK;
}
