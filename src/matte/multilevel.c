#include "matte/multilevel.h"

#include <string.h>

#include "core/memory.h"
#include "matte/trimap.h"

/* ---- between two scales ---- */

/* The coarse pixels that a fine one is interpolated from; coarse (x, y) lies on fine
 * (2x, 2y). */
typedef struct parents {
    int count; /* 1, 2 or 4 */
    int x[4];
    int y[4];
    float weight;
} parents;

static inline parents find_parents(int x, int y)
{
    parents found = {0, {0}, {0}, 1.0F};

    for (int row = y / 2; row <= (y + 1) / 2; row++) {
        for (int column = x / 2; column <= (x + 1) / 2; column++) {
            found.x[found.count] = column;
            found.y[found.count] = row;
            found.count++;
        }
    }
    found.weight = 1.0F / (float)found.count;
    return found;
}

/* Add to the entry of two coarse pixels; the diagonal stands for both orders. */
static inline void add_entry(cc_matting_system *coarse, int ax, int ay, int bx, int by,
                             double value)
{
    bool swap = by < ay || (by == ay && bx < ax);
    int x = swap ? bx : ax;
    int y = swap ? by : ay;
    int right = (swap ? ax : bx) - x;
    int down = (swap ? ay : by) - y;
    size_t row = (size_t)coarse->index[y * coarse->width + x];

    if (right == 0 && down == 0) {
        coarse->diagonal[row] += 2.0 * value;
    } else {
        coarse->later[(size_t)cc_matting_slot(right, down) * (size_t)coarse->unknowns + row] +=
            value;
    }
}

static void add_pair(cc_matting_system *coarse, const parents *a, const parents *b, double value)
{
    double each = value * a->weight * b->weight;

    for (int i = 0; i < a->count; i++) {
        for (int j = 0; j < b->count; j++) {
            add_entry(coarse, a->x[i], a->y[i], b->x[j], b->y[j], each);
        }
    }
}

/* A pixel with itself: each pair of parents appears in both orders, so half. */
static void add_pixel(const cc_matting_system *fine, cc_matting_system *coarse, int x, int y,
                      int32_t unknown)
{
    parents own = find_parents(x, y);

    add_pair(coarse, &own, &own, 0.5 * fine->diagonal[unknown]);
    for (int slot = 0; slot < CC_MATTING_LATER; slot++) {
        double value = fine->later[(size_t)slot * (size_t)fine->unknowns + (size_t)unknown];
        if (value != 0.0) {
            parents other = find_parents(x + cc_matting_slot_x(slot), y + cc_matting_slot_y(slot));
            add_pair(coarse, &own, &other, value);
        }
    }
}

/* Give a run's values to one row of parents: even pixels to the one they lie on, odd
 * ones half and half. */
static void restrict_run(const float *from, int x, int length, float weight, float *to)
{
    for (int i = 0; i < length; i++) {
        float half = 0.5F * weight * from[i];
        to[(x + i) / 2] += half;
        to[(x + i + 1) / 2] += half;
    }
}

static void add_interpolated_run(const float *from, int x, int length, float weight, float *to)
{
    for (int i = 0; i < length; i++) {
        to[i] += 0.5F * weight * (from[(x + i) / 2] + from[(x + i + 1) / 2]);
    }
}

static void restrict_vector(const cc_matting_system *fine, const float *from,
                            const cc_matting_system *coarse, float *to)
{
    memset(to, 0, (size_t)coarse->width * (size_t)coarse->height * sizeof *to);
    for (int32_t r = 0; r < fine->run_count; r++) {
        const cc_matting_run *run = &fine->runs[r];
        int y = run->pixel / fine->width;
        for (int row = y / 2; row <= (y + 1) / 2; row++) {
            restrict_run(from + run->pixel, run->pixel % fine->width, run->length,
                         y % 2 == 0 ? 1.0F : 0.5F, to + (size_t)row * (size_t)coarse->width);
        }
    }
}

static void add_interpolated(const cc_matting_system *coarse, const float *from,
                             const cc_matting_system *fine, float *to)
{
    for (int32_t r = 0; r < fine->run_count; r++) {
        const cc_matting_run *run = &fine->runs[r];
        int y = run->pixel / fine->width;
        for (int row = y / 2; row <= (y + 1) / 2; row++) {
            add_interpolated_run(from + (size_t)row * (size_t)coarse->width,
                                 run->pixel % fine->width, run->length, y % 2 == 0 ? 1.0F : 0.5F,
                                 to + run->pixel);
        }
    }
}

/* ---- making ---- */

static void mark_coarse(const cc_matting_system *fine, cc_image *trimap)
{
    memset(trimap->pixels, 0, trimap->stride * (size_t)trimap->height);
    for (int32_t r = 0; r < fine->run_count; r++) {
        const cc_matting_run *run = &fine->runs[r];
        int first = run->pixel % fine->width;
        int last = (first + run->length) / 2;
        int y = run->pixel / fine->width;
        for (int row = y / 2; row <= (y + 1) / 2; row++) {
            for (int x = first / 2; x <= last; x++) {
                cc_image_row(trimap, row)[x] = CC_TRIMAP_UNKNOWN;
            }
        }
    }
}

static cc_status coarsen(const cc_matting_system *fine, cc_matting_system *coarse, cc_error *error)
{
    cc_image trimap = {0};
    cc_status status =
        cc_image_create(fine->width / 2 + 1, fine->height / 2 + 1, 1, &trimap, error);

    if (status == CC_OK) {
        mark_coarse(fine, &trimap);
        status = cc_matting_system_empty(&trimap, coarse, error);
        cc_image_free(&trimap);
    }
    if (status != CC_OK) {
        return status;
    }
    for (int32_t r = 0; r < fine->run_count; r++) {
        const cc_matting_run *run = &fine->runs[r];
        for (int32_t i = 0; i < run->length; i++) {
            add_pixel(fine, coarse, run->pixel % fine->width + i, run->pixel / fine->width,
                      run->first + i);
        }
    }
    return CC_OK;
}

static cc_status add_level(cc_multilevel *multilevel, cc_error *error)
{
    int level = multilevel->levels;
    cc_matting_system *coarse = &multilevel->coarse[level];
    cc_status status = coarsen(multilevel->system[level - 1], coarse, error);
    size_t cells = (size_t)coarse->width * ((size_t)coarse->height + 2) + 2;

    if (status != CC_OK) {
        return status;
    }
    multilevel->levels++;
    multilevel->system[level] = coarse;
    multilevel->vector[level] = cc_alloc_zeroed(cells, sizeof(float));
    if (multilevel->vector[level] == NULL) {
        return cc_fail_memory(error, cells * sizeof(float));
    }
    return cc_cholesky_make(coarse, &multilevel->factor[level], error);
}

cc_status cc_multilevel_make(const cc_matting_system *system, cc_multilevel *multilevel,
                             cc_error *error)
{
    enum { SMALLEST_SIDE = 6 };
    cc_status status;

    memset(multilevel, 0, sizeof *multilevel);
    multilevel->levels = 1;
    multilevel->system[0] = system;
    status = cc_cholesky_make(system, &multilevel->factor[0], error);
    while (status == CC_OK && multilevel->levels < CC_MULTILEVEL_MOST) {
        const cc_matting_system *last = multilevel->system[multilevel->levels - 1];
        if (last->width <= SMALLEST_SIDE || last->height <= SMALLEST_SIDE) {
            break;
        }
        status = add_level(multilevel, error);
    }
    if (status != CC_OK) {
        cc_multilevel_free(multilevel);
    }
    return status;
}

void cc_multilevel_free(cc_multilevel *multilevel)
{
    for (int level = 0; level < CC_MULTILEVEL_MOST; level++) {
        cc_cholesky_free(&multilevel->factor[level]);
        cc_matting_system_free(&multilevel->coarse[level]);
        cc_free(multilevel->vector[level]);
    }
    memset(multilevel, 0, sizeof *multilevel);
}

/* ---- applying ---- */

void cc_multilevel_apply(cc_multilevel *multilevel, float *vector)
{
    float *finer = vector;

    for (int level = 1; level < multilevel->levels; level++) {
        restrict_vector(multilevel->system[level - 1], finer, multilevel->system[level],
                        multilevel->vector[level]);
        finer = multilevel->vector[level];
    }
    for (int level = multilevel->levels - 1; level >= 0; level--) {
        float *here = level > 0 ? multilevel->vector[level] : vector;
        cc_cholesky_solve(&multilevel->factor[level], multilevel->system[level], here);
        if (level + 1 < multilevel->levels) {
            add_interpolated(multilevel->system[level + 1], multilevel->vector[level + 1],
                             multilevel->system[level], here);
        }
    }
}
