#include "matte/edge_color.h"

#include <string.h>

#include "core/memory.h"

/* A cell of 4x4 pixels, and of 2x2 cells on every further level. */
enum { CELL = 4, TILE_CELLS = 8, TILE = CELL * TILE_CELLS, MOST_LEVELS = 20 };

/* Red, green, blue (0..255) and how much they are to be trusted. While a level is
 * built the colours are sums with these weights, later means. */
typedef float weighted_color __attribute__((vector_size(16)));
typedef struct cell {
    weighted_color subject;
    weighted_color behind;
} cell;

typedef struct level {
    int width;
    int height;
    cell *cells;
} level;

typedef struct edge_job {
    const cc_image *image;
    const cc_image *mask;
    cc_image *cutout;
    const atomic_bool *cancel;
    int tiles_across;
    int tiles_down;
    uint8_t *tiles; /* does a soft pixel lie in it? */
    level levels[MOST_LEVELS];
    int level_count;
    const level *finer; /* the pair of levels that is being worked on */
    const level *coarser;
} edge_job;

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline bool is_soft(uint8_t value)
{
    return (uint8_t)(value - 1) < 254;
}

/* ---- which tiles ---- */

static bool row_has_soft(const uint8_t *row, int count)
{
    unsigned soft = 0;

    for (int x = 0; x < count; x++) {
        soft |= (unsigned)((uint8_t)(row[x] - 1) < 254);
    }
    return soft != 0;
}

static void mark_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;
    uint8_t *tiles = job->tiles + (size_t)task * (size_t)job->tiles_across;

    (void)worker;
    for (int y = task * TILE; y < smaller((task + 1) * TILE, job->mask->height); y++) {
        const uint8_t *row = cc_image_row(job->mask, y);
        for (int tile = 0; tile < job->tiles_across; tile++) {
            int count = smaller(TILE, job->mask->width - tile * TILE);
            if (!tiles[tile] && row_has_soft(row + (size_t)tile * TILE, count)) {
                tiles[tile] = 1;
            }
        }
    }
}

static bool has_soft_near(const edge_job *job, int x, int y)
{
    for (int row = y > 0 ? y - 1 : 0; row <= smaller(y + 1, job->tiles_down - 1); row++) {
        for (int column = x > 0 ? x - 1 : 0; column <= smaller(x + 1, job->tiles_across - 1);
             column++) {
            if (job->tiles[(size_t)row * (size_t)job->tiles_across + (size_t)column]) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the first level: sums over pixels ---- */

static inline weighted_color load_pixel(const cc_image *image, const uint8_t *pixel)
{
    int green = image->channels >= 3 ? 1 : 0;
    float own = cc_image_has_alpha(image) ? pixel[image->channels - 1] / 255.0F : 1.0F;
    weighted_color color = {pixel[0], pixel[green], pixel[2 * green], 1.0F};
    return color * own;
}

/* How much a pixel says about the part that makes up `share` of it: the 16th power,
 * so that half-transparent ones count only where there is nothing clearer. */
static inline float trust_of(float share)
{
    float fourth = share * share * share * share;
    float eighth = fourth * fourth;

    /* below: 2e-10 and less, and soon denormal numbers, which take a hundred times longer */
    return share < 0.25F ? 0.0F : eighth * eighth;
}

static void sum_cell(const edge_job *job, int x, int y)
{
    int right = smaller((x + 1) * CELL, job->image->width);
    int bottom = smaller((y + 1) * CELL, job->image->height);
    cell sums = {{0}, {0}};

    for (int row = y * CELL; row < bottom; row++) {
        const uint8_t *pixel =
            cc_image_row(job->image, row) + (size_t)x * CELL * (size_t)job->image->channels;
        const uint8_t *mask = cc_image_row(job->mask, row);
        for (int column = x * CELL; column < right; column++, pixel += job->image->channels) {
            weighted_color color = load_pixel(job->image, pixel);
            float alpha = mask[column] / 255.0F;
            float rest = 1.0F - alpha;
            sums.subject += color * trust_of(alpha);
            sums.behind += color * trust_of(rest);
        }
    }
    job->levels[0].cells[(size_t)y * (size_t)job->levels[0].width + (size_t)x] = sums;
}

static void sum_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *first = &job->levels[0];

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        if (!has_soft_near(job, tile, task)) {
            continue;
        }
        for (int y = task * TILE_CELLS; y < smaller((task + 1) * TILE_CELLS, first->height); y++) {
            for (int x = tile * TILE_CELLS; x < smaller((tile + 1) * TILE_CELLS, first->width);
                 x++) {
                sum_cell(job, x, y);
            }
        }
    }
}

/* ---- the further levels ---- */

enum { ROWS_PER_TASK = 32 };

static int row_tasks(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static void sum_level_rows(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *fine = job->finer;
    const level *coarse = job->coarser;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < smaller((task + 1) * ROWS_PER_TASK, coarse->height);
         y++) {
        for (int x = 0; x < coarse->width; x++) {
            cell sums = {{0}, {0}};
            for (int row = 2 * y; row < smaller(2 * y + 2, fine->height); row++) {
                const cell *from = fine->cells + (size_t)row * (size_t)fine->width;
                for (int column = 2 * x; column < smaller(2 * x + 2, fine->width); column++) {
                    sums.subject += from[column].subject;
                    sums.behind += from[column].behind;
                }
            }
            coarse->cells[(size_t)y * (size_t)coarse->width + (size_t)x] = sums;
        }
    }
}

/* Where a pixel's (or cell's) centre lies between the centres of cells `size` times
 * as large. */
typedef struct position {
    int first;
    int second;
    float share; /* of the second */
} position;

static inline position find_position(int at, float size, int count)
{
    float scaled = ((float)at + 0.5F) / size - 0.5F;
    int first = scaled < 0.0F ? 0 : (int)scaled;
    position found = {smaller(first, count - 1), smaller(first + 1, count - 1),
                      scaled < 0.0F ? 0.0F : scaled - (float)first};
    return found;
}

static inline cell interpolate(const level *from, position down, position along)
{
    const cell *above = from->cells + (size_t)down.first * (size_t)from->width;
    const cell *below = from->cells + (size_t)down.second * (size_t)from->width;
    float a = (1.0F - down.share) * (1.0F - along.share);
    float b = (1.0F - down.share) * along.share;
    float c = down.share * (1.0F - along.share);
    float d = down.share * along.share;
    cell mean = {above[along.first].subject * a + above[along.second].subject * b +
                     below[along.first].subject * c + below[along.second].subject * d,
                 above[along.first].behind * a + above[along.second].behind * b +
                     below[along.first].behind * c + below[along.second].behind * d};
    return mean;
}

/* What a cell does not know itself comes from the level above, which weighs as much
 * as four clear pixels. */
static inline weighted_color settle(weighted_color sum, weighted_color guess)
{
    static const float weight = 4.0F;
    return (sum + weight * guess) / (sum[3] + weight);
}

/* Turn sums into means; the coarser level (NULL: none) is finished. */
static void settle_level_rows(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *fine = job->finer;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < smaller((task + 1) * ROWS_PER_TASK, fine->height); y++) {
        position down = {0, 0, 0.0F};
        if (job->coarser != NULL) {
            down = find_position(y, 2.0F, job->coarser->height);
        }
        for (int x = 0; x < fine->width; x++) {
            cell *at = &fine->cells[(size_t)y * (size_t)fine->width + (size_t)x];
            cell guess = {{127.5F, 127.5F, 127.5F, 1.0F}, {127.5F, 127.5F, 127.5F, 1.0F}};
            if (job->coarser != NULL) {
                guess =
                    interpolate(job->coarser, down, find_position(x, 2.0F, job->coarser->width));
            }
            at->subject = settle(at->subject, guess.subject);
            at->behind = settle(at->behind, guess.behind);
        }
    }
}

/* ---- the pixels ---- */

static inline uint8_t to_sample(float value)
{
    return value <= 0.0F ? 0 : value >= 255.0F ? 255 : (uint8_t)(value + 0.5F);
}

/* The subject's colour that is closest to the guess and, with the background's,
 * explains the pixel: the minimum of |alpha F + (1 - alpha) B - I|^2 +
 * slack (|F - guess|^2 + |B - guess|^2). */
static void correct_pixel(const edge_job *job, const uint8_t *pixel, uint8_t mask,
                          const cell *guess, uint8_t *target)
{
    static const float slack = 0.05F;
    int green = job->image->channels >= 3 ? 1 : 0;
    float alpha = mask / 255.0F;
    float rest = 1.0F - alpha;
    float step = alpha / (alpha * alpha + rest * rest + slack);

    for (int c = 0; c < 3; c++) {
        float left = pixel[c * green] - alpha * guess->subject[c] - rest * guess->behind[c];
        target[c] = to_sample(guess->subject[c] + step * left);
    }
}

static void correct_tile(const edge_job *job, int tile, int tile_row)
{
    const level *first = &job->levels[0];
    int right = smaller((tile + 1) * TILE, job->image->width);

    for (int y = tile_row * TILE; y < smaller((tile_row + 1) * TILE, job->image->height); y++) {
        const uint8_t *mask = cc_image_row(job->mask, y);
        const uint8_t *row = cc_image_row(job->image, y);
        uint8_t *target = cc_image_row(job->cutout, y);
        position down = find_position(y, CELL, first->height);
        for (int x = tile * TILE; x < right; x++) {
            if (is_soft(mask[x]) && target[4 * x + 3] > 0) {
                cell guess = interpolate(first, down, find_position(x, CELL, first->width));
                correct_pixel(job, row + (size_t)x * (size_t)job->image->channels, mask[x], &guess,
                              target + (size_t)4 * (size_t)x);
            }
        }
    }
}

static void correct_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        if (job->tiles[(size_t)task * (size_t)job->tiles_across + (size_t)tile]) {
            correct_tile(job, tile, task);
        }
    }
}

/* ---- around it ---- */

static cc_status add_level(edge_job *job, int width, int height, cc_error *error)
{
    level *at = &job->levels[job->level_count];
    size_t cells = (size_t)width * (size_t)height;

    at->width = width;
    at->height = height;
    at->cells = cc_alloc_aligned(cells * sizeof *at->cells);
    if (at->cells == NULL) {
        return cc_fail_memory(error, cells * sizeof *at->cells);
    }
    memset(at->cells, 0, cells * sizeof *at->cells);
    job->level_count++;
    return CC_OK;
}

static cc_status allocate(edge_job *job, cc_error *error)
{
    int width = (job->image->width + CELL - 1) / CELL;
    int height = (job->image->height + CELL - 1) / CELL;
    size_t tiles = (size_t)job->tiles_across * (size_t)job->tiles_down;
    cc_status status = add_level(job, width, height, error);

    while (status == CC_OK && (width > 1 || height > 1) && job->level_count < MOST_LEVELS) {
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        status = add_level(job, width, height, error);
    }
    job->tiles = cc_alloc_zeroed(tiles, 1);
    if (status == CC_OK && job->tiles == NULL) {
        status = cc_fail_memory(error, tiles);
    }
    return status;
}

static void settle_levels(edge_job *job, cc_thread_pool *pool)
{
    for (int number = 1; number < job->level_count; number++) {
        job->finer = &job->levels[number - 1];
        job->coarser = &job->levels[number];
        cc_thread_pool_run(pool, sum_level_rows, job, row_tasks(job->coarser->height));
    }
    for (int number = job->level_count - 1; number >= 0; number--) {
        job->finer = &job->levels[number];
        job->coarser = number + 1 < job->level_count ? &job->levels[number + 1] : NULL;
        cc_thread_pool_run(pool, settle_level_rows, job, row_tasks(job->finer->height));
    }
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

static cc_status check(const edge_job *job, cc_error *error)
{
    const cc_image *image = job->image;

    if (job->mask->channels != 1 || job->mask->width != image->width ||
        job->mask->height != image->height || job->cutout->channels != 4 ||
        job->cutout->width != image->width || job->cutout->height != image->height) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a mask of %dx%d and a cut-out of %dx%d do not fit a picture of %dx%d",
                       job->mask->width, job->mask->height, job->cutout->width, job->cutout->height,
                       image->width, image->height);
    }
    return CC_OK;
}

cc_status cc_edge_colors(const cc_image *image, const cc_image *mask, cc_thread_pool *pool,
                         const atomic_bool *cancel, cc_image *cutout, cc_error *error)
{
    edge_job job = {.image = image, .mask = mask, .cutout = cutout, .cancel = cancel};
    cc_status status = check(&job, error);

    if (status != CC_OK) {
        return status;
    }
    job.tiles_across = (image->width + TILE - 1) / TILE;
    job.tiles_down = (image->height + TILE - 1) / TILE;
    status = allocate(&job, error);
    if (status == CC_OK) {
        cc_thread_pool_run(pool, mark_tile_row, &job, job.tiles_down);
        cc_thread_pool_run(pool, sum_tile_row, &job, job.tiles_down);
        settle_levels(&job, pool);
        cc_thread_pool_run(pool, correct_tile_row, &job, job.tiles_down);
        if (is_cancelled(cancel)) {
            status = cc_fail(error, CC_CANCELLED, "the estimation of edge colours was cancelled");
        }
    }
    for (int number = 0; number < job.level_count; number++) {
        cc_free_aligned(job.levels[number].cells);
    }
    cc_free(job.tiles);
    return status;
}
