#include "matte/edge_color.h"

#include <string.h>

#include "core/memory.h"
#include "matte/edge_color_kernel.h"

enum { CELL = CC_EDGE_CELL, TILE_CELLS = CC_EDGE_TILE_CELLS, TILE = CC_EDGE_TILE };
enum { MOST_LEVELS = 20 };

typedef struct level {
    int width;
    int height;
    cc_edge_cell *cells;
} level;

/* What a tile is to the outline. Only these tiles have cells of the finest level: the
 * memory of the others is never touched. */
enum { FAR = 0, NEAR = 1, SOFT = 2 /* and near */ };

typedef struct edge_job {
    const cc_image *image;
    const cc_image *mask;
    cc_image *cutout;
    const atomic_bool *cancel;
    const cc_edge_kernels *kernels;
    cc_edge_tables tables;
    int tiles_across;
    int tiles_down;
    uint8_t *tiles; /* FAR, NEAR or SOFT */
    level levels[MOST_LEVELS];
    int level_count;
    const level *finer; /* the pair of levels that is being worked on */
    const level *coarser;
} edge_job;

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline int larger(int a, int b)
{
    return a > b ? a : b;
}

static inline uint8_t *tile_row(const edge_job *job, int y)
{
    return job->tiles + (size_t)y * (size_t)job->tiles_across;
}

/* ---- which tiles ---- */

static bool row_has_soft(const uint8_t *row, int count)
{
    unsigned soft = 0;

    for (int x = 0; x < count; x++) {
        soft |= (unsigned)cc_matte_is_soft(row[x]);
    }
    return soft != 0;
}

static void mark_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;
    uint8_t *tiles = tile_row(job, task);

    (void)worker;
    for (int y = task * TILE; y < smaller((task + 1) * TILE, job->mask->height); y++) {
        const uint8_t *row = cc_image_row(job->mask, y);
        for (int tile = 0; tile < job->tiles_across; tile++) {
            int count = smaller(TILE, job->mask->width - tile * TILE);
            if (tiles[tile] == FAR && row_has_soft(row + (size_t)tile * TILE, count)) {
                tiles[tile] = SOFT;
            }
        }
    }
}

static void mark_near_tiles(const edge_job *job, int x, int y)
{
    for (int row = larger(y - 1, 0); row <= smaller(y + 1, job->tiles_down - 1); row++) {
        uint8_t *tiles = tile_row(job, row);
        for (int tile = larger(x - 1, 0); tile <= smaller(x + 1, job->tiles_across - 1); tile++) {
            tiles[tile] = tiles[tile] == FAR ? NEAR : tiles[tile];
        }
    }
}

static void mark_all_near_tiles(const edge_job *job)
{
    for (int y = 0; y < job->tiles_down; y++) {
        for (int x = 0; x < job->tiles_across; x++) {
            if (tile_row(job, y)[x] == SOFT) {
                mark_near_tiles(job, x, y);
            }
        }
    }
}

/* ---- the first level: sums over pixels ---- */

static cc_edge_row row_of_tile(const edge_job *job, int tile, int y)
{
    const cc_image *image = job->image;
    int left = tile * TILE;
    int count = smaller(TILE, image->width - left);
    bool last = y == image->height - 1 && left + count == image->width;
    cc_edge_row row = {cc_image_row(image, y) + (size_t)left * (size_t)image->channels,
                       cc_image_row(job->mask, y) + left, image->channels, count,
                       last ? count - 1 : count};
    return row;
}

static void sum_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *first = &job->levels[0];

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        if (tile_row(job, task)[tile] == FAR) {
            continue;
        }
        for (int y = task * TILE; y < smaller((task + 1) * TILE, job->image->height); y++) {
            cc_edge_row row = row_of_tile(job, tile, y);
            job->kernels->sum(&job->tables, &row,
                              first->cells + (size_t)(y / CELL) * (size_t)first->width +
                                  (size_t)tile * TILE_CELLS);
        }
    }
}

/* ---- the further levels ---- */

enum { ROWS_PER_TASK = 32 };

static int row_tasks(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

/* The cells x..end-1 of a row of the coarser level. */
static void sum_level_cells(const edge_job *job, int y, int x, int end)
{
    const level *fine = job->finer;
    cc_edge_cell *cells = job->coarser->cells + (size_t)y * (size_t)job->coarser->width;

    for (; x < end; x++) {
        cc_edge_cell sums = {{0}, {0}};
        for (int row = 2 * y; row < smaller(2 * y + 2, fine->height); row++) {
            const cc_edge_cell *from = fine->cells + (size_t)row * (size_t)fine->width;
            for (int column = 2 * x; column < smaller(2 * x + 2, fine->width); column++) {
                sums.subject += from[column].subject;
                sums.behind += from[column].behind;
            }
        }
        cells[x] = sums;
    }
}

static void sum_level_rows(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *coarse = job->coarser;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < smaller((task + 1) * ROWS_PER_TASK, coarse->height);
         y++) {
        sum_level_cells(job, y, 0, coarse->width);
    }
}

/* From the first level to the second; far tiles have nothing to sum. */
static void sum_second_level(void *context, int task, int worker)
{
    enum { HALF = TILE_CELLS / 2 };
    const edge_job *job = context;

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        int end = smaller((tile + 1) * HALF, job->coarser->width);
        if (tile_row(job, task)[tile] == FAR) {
            continue;
        }
        for (int y = task * HALF; y < smaller((task + 1) * HALF, job->coarser->height); y++) {
            sum_level_cells(job, y, tile * HALF, end);
        }
    }
}

/* Where a cell's centre lies between the centres of cells `size` times as large. */
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

static inline cc_edge_cell between(const cc_edge_cell *first, const cc_edge_cell *second,
                                   float share)
{
    cc_edge_cell mean = {first->subject + share * (second->subject - first->subject),
                         first->behind + share * (second->behind - first->behind)};
    return mean;
}

/* What a cell does not know itself comes from the level above, which weighs as much
 * as four clear pixels. */
static inline cc_edge_color settle(cc_edge_color sum, cc_edge_color guess)
{
    static const float weight = 4.0F;
    return (sum + weight * guess) * (1.0F / (sum[3] + weight));
}

static void settle_cells(const edge_job *job, int y, int x, int end)
{
    static const cc_edge_cell grey = {{127.5F, 127.5F, 127.5F, 1.0F},
                                      {127.5F, 127.5F, 127.5F, 1.0F}};
    const level *coarse = job->coarser;
    cc_edge_cell *cells = job->finer->cells + (size_t)y * (size_t)job->finer->width;
    position down = {0, 0, 0.0F};
    const cc_edge_cell *above = NULL;
    const cc_edge_cell *below = NULL;

    if (coarse != NULL) {
        down = find_position(y, 2.0F, coarse->height);
        above = coarse->cells + (size_t)down.first * (size_t)coarse->width;
        below = coarse->cells + (size_t)down.second * (size_t)coarse->width;
    }
    for (; x < end; x++) {
        cc_edge_cell guess = grey;
        if (coarse != NULL) {
            position along = find_position(x, 2.0F, coarse->width);
            cc_edge_cell left = between(above + along.first, below + along.first, down.share);
            cc_edge_cell right = between(above + along.second, below + along.second, down.share);
            guess = between(&left, &right, along.share);
        }
        cells[x].subject = settle(cells[x].subject, guess.subject);
        cells[x].behind = settle(cells[x].behind, guess.behind);
    }
}

/* Turn sums into means; the coarser level (NULL: none) is finished. */
static void settle_level_rows(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *fine = job->finer;

    (void)worker;
    for (int y = task * ROWS_PER_TASK; y < smaller((task + 1) * ROWS_PER_TASK, fine->height); y++) {
        settle_cells(job, y, 0, fine->width);
    }
}

static void settle_first_level(void *context, int task, int worker)
{
    const edge_job *job = context;
    const level *first = &job->levels[0];

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        int end = smaller((tile + 1) * TILE_CELLS, first->width);
        if (tile_row(job, task)[tile] == FAR) {
            continue;
        }
        for (int y = task * TILE_CELLS; y < smaller((task + 1) * TILE_CELLS, first->height); y++) {
            settle_cells(job, y, tile * TILE_CELLS, end);
        }
    }
}

static void settle_levels(edge_job *job, cc_thread_pool *pool)
{
    for (int number = 1; number < job->level_count; number++) {
        job->finer = &job->levels[number - 1];
        job->coarser = &job->levels[number];
        if (number == 1) {
            cc_thread_pool_run(pool, sum_second_level, job, job->tiles_down);
        } else {
            cc_thread_pool_run(pool, sum_level_rows, job, row_tasks(job->coarser->height));
        }
    }
    for (int number = job->level_count - 1; number >= 0; number--) {
        job->finer = &job->levels[number];
        job->coarser = number + 1 < job->level_count ? &job->levels[number + 1] : NULL;
        if (number == 0) {
            cc_thread_pool_run(pool, settle_first_level, job, job->tiles_down);
        } else {
            cc_thread_pool_run(pool, settle_level_rows, job, row_tasks(job->finer->height));
        }
    }
}

/* ---- the pixels ---- */

/* A row of cells around a tile; where it lies at the border, a copy in which the last
 * cell goes on. */
static const cc_edge_cell *cells_around(const level *first, int tile, int y,
                                        cc_edge_cell copy[CC_EDGE_GUESSES])
{
    const cc_edge_cell *row = first->cells + (size_t)y * (size_t)first->width;
    int left = tile * TILE_CELLS - 1;

    if (left >= 0 && left + CC_EDGE_GUESSES <= first->width) {
        return row + left;
    }
    for (int i = 0; i < CC_EDGE_GUESSES; i++) {
        copy[i] = row[larger(smaller(left + i, first->width - 1), 0)];
    }
    return copy;
}

static void correct_tile(const edge_job *job, int tile, int tile_y)
{
    const level *first = &job->levels[0];
    cc_edge_cell copies[2][CC_EDGE_GUESSES];

    for (int y = tile_y * TILE; y < smaller((tile_y + 1) * TILE, job->image->height); y++) {
        cc_edge_row row = row_of_tile(job, tile, y);
        position down = find_position(y, CELL, first->height);
        if (row_has_soft(row.mask, row.count)) {
            cc_edge_guess guess = {cells_around(first, tile, down.first, copies[0]),
                                   cells_around(first, tile, down.second, copies[1]), down.share};
            job->kernels->correct(&job->tables, &row, &guess,
                                  cc_image_row(job->cutout, y) + (size_t)4 * TILE * (size_t)tile);
        }
    }
}

static void correct_tile_row(void *context, int task, int worker)
{
    const edge_job *job = context;

    (void)worker;
    for (int tile = 0; tile < job->tiles_across; tile++) {
        if (tile_row(job, task)[tile] == SOFT) {
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
    at->cells = cc_alloc_zeroed(cells, sizeof *at->cells); /* by malloc: aligned to 16 */
    if (at->cells == NULL) {
        return cc_fail_memory(error, cells * sizeof *at->cells);
    }
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
    job.kernels = cc_edge_kernels_choose(image->channels);
    cc_edge_tables_fill(&job.tables);
    job.tiles_across = (image->width + TILE - 1) / TILE;
    job.tiles_down = (image->height + TILE - 1) / TILE;
    status = allocate(&job, error);
    if (status == CC_OK) {
        cc_thread_pool_run(pool, mark_tile_row, &job, job.tiles_down);
        mark_all_near_tiles(&job);
        cc_thread_pool_run(pool, sum_tile_row, &job, job.tiles_down);
        settle_levels(&job, pool);
        cc_thread_pool_run(pool, correct_tile_row, &job, job.tiles_down);
        if (is_cancelled(cancel)) {
            status = cc_fail(error, CC_CANCELLED, "the estimation of edge colours was cancelled");
        }
    }
    for (int number = 0; number < job.level_count; number++) {
        cc_free(job.levels[number].cells);
    }
    cc_free(job.tiles);
    return status;
}
