/* Inside of fitting colour models: a strip of rows, eight columns at a time. Compiled
 * once for every instruction set (color_fit.c, color_fit_avx2.c); all give the same sums
 * exactly, since colours and alpha are integers and sums stay below 2^24.
 */
#ifndef CLEARCUT_MATTE_COLOR_FIT_KERNEL_H
#define CLEARCUT_MATTE_COLOR_FIT_KERNEL_H

#include <string.h>

#include "matte/color_fit.h"

enum { COLUMNS = 8 }; /* of a block */
enum { MARGIN = 8 };  /* zeros on both sides of a plane; the largest radius is 7 */

/* As wide as the registers are; a block is one or two. */
#if defined(__AVX2__)
enum { LANES = 8 };
typedef float fit_floats __attribute__((vector_size(32)));
#else
enum { LANES = 4 };
typedef float fit_floats __attribute__((vector_size(16)));
#endif

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
    SUMS,
    /* the row that is being added: not sums, but in the same memory */
    ROW_RED = SUMS,
    ROW_GREEN,
    ROW_BLUE,
    ROW_ALPHA,
    COLUMN_SHARE, /* one by the number of columns in the window */
    PLANES
};
static const float mid_grey = 128.0F;

/* Plane p of a strip's scratch memory, from column 0. */
static inline float *plane_of(const cc_color_fit *fit, float *scratch, int plane)
{
    return scratch + (size_t)plane * fit->pitch + MARGIN;
}

static inline fit_floats load_floats(const float *from)
{
    fit_floats values;
    memcpy(&values, from, sizeof values);
    return values;
}

static inline void store_floats(float *to, fit_floats values)
{
    memcpy(to, &values, sizeof values);
}

static inline int lesser(int a, int b)
{
    return a < b ? a : b;
}

static inline int greater(int a, int b)
{
    return a > b ? a : b;
}

/* ---- rows into sums ---- */

/* The columns of a block of a row of the picture as planes. */
static inline void spread_block(const cc_color_fit *fit, int y, int block, float *scratch)
{
    const cc_color_guide *guide = fit->guide;
    int x = block * COLUMNS;
    const uint8_t *pixel = cc_image_row(&guide->picture, y) + (size_t)x * 3;
    const float *alpha = guide->alpha + (size_t)y * (size_t)guide->picture.width + (size_t)x;
    int count = lesser(COLUMNS, guide->picture.width - x);
    float *red = plane_of(fit, scratch, ROW_RED) + x;
    float *green = plane_of(fit, scratch, ROW_GREEN) + x;
    float *blue = plane_of(fit, scratch, ROW_BLUE) + x;
    float *wanted = plane_of(fit, scratch, ROW_ALPHA) + x;

    for (int i = 0; i < count; i++) {
        red[i] = pixel[3 * i] - mid_grey;
        green[i] = pixel[3 * i + 1] - mid_grey;
        blue[i] = pixel[3 * i + 2] - mid_grey;
        wanted[i] = (float)(int)(alpha[i] * fit->alpha_levels + 0.5F);
    }
}

static inline void add_to(const cc_color_fit *fit, float *scratch, int plane, int x,
                          fit_floats values)
{
    float *sum = plane_of(fit, scratch, plane) + x;
    store_floats(sum, load_floats(sum) + values);
}

/* Add (sign 1) or take away (-1) the pixels that planes ROW_... have at column x. */
static inline void add_columns(const cc_color_fit *fit, int x, float sign, float *scratch)
{
    fit_floats r;
    fit_floats g;
    fit_floats b;
    fit_floats a;

    r = load_floats(plane_of(fit, scratch, ROW_RED) + x);
    g = load_floats(plane_of(fit, scratch, ROW_GREEN) + x);
    b = load_floats(plane_of(fit, scratch, ROW_BLUE) + x);
    a = load_floats(plane_of(fit, scratch, ROW_ALPHA) + x) * sign;
    add_to(fit, scratch, RED_RED, x, r * r * sign);
    add_to(fit, scratch, RED_GREEN, x, r * g * sign);
    add_to(fit, scratch, RED_BLUE, x, r * b * sign);
    add_to(fit, scratch, GREEN_GREEN, x, g * g * sign);
    add_to(fit, scratch, GREEN_BLUE, x, g * b * sign);
    add_to(fit, scratch, BLUE_BLUE, x, b * b * sign);
    add_to(fit, scratch, ALPHA, x, a);
    add_to(fit, scratch, ALPHA_RED, x, a * r);
    add_to(fit, scratch, ALPHA_GREEN, x, a * g);
    add_to(fit, scratch, ALPHA_BLUE, x, a * b);
    add_to(fit, scratch, RED, x, r * sign);
    add_to(fit, scratch, GREEN, x, g * sign);
    add_to(fit, scratch, BLUE, x, b * sign);
}

static inline void add_row(const cc_color_fit *fit, int y, float sign, const uint8_t *needed,
                           float *scratch)
{
    for (int block = 0; block < fit->blocks; block++) {
        if (needed[block]) {
            spread_block(fit, y, block, scratch);
            for (int i = 0; i < COLUMNS; i += LANES) {
                add_columns(fit, block * COLUMNS + i, sign, scratch);
            }
        }
    }
}

/* ---- sums into models ---- */

/* Solve symmetric positive definite systems (upper triangles given) by LDL'. */
static inline void solve_3x3(fit_floats m[3][3], const fit_floats right[3], fit_floats x[3])
{
    fit_floats inverse = 1.0F / m[0][0];
    fit_floats l10 = m[0][1] * inverse;
    fit_floats l20 = m[0][2] * inverse;
    fit_floats d1 = m[1][1] - l10 * m[0][1];
    fit_floats rest = m[1][2] - l20 * m[0][1];
    fit_floats inverse1 = 1.0F / d1;
    fit_floats l21 = rest * inverse1;
    fit_floats d2 = m[2][2] - l20 * m[0][2] - l21 * rest;
    fit_floats y1 = right[1] - l10 * right[0];
    fit_floats y2 = right[2] - l20 * right[0] - l21 * y1;

    x[2] = y2 / d2;
    x[1] = y1 * inverse1 - l21 * x[2];
    x[0] = right[0] * inverse - l10 * x[1] - l20 * x[2];
}

/* Weights and offset of the windows whose means (sums, for alpha in levels) these are. */
static inline void fit_windows(const cc_color_fit *fit, const fit_floats mean[SUMS],
                               fit_floats model[4])
{
    fit_floats covariance[3][3];
    fit_floats mixed[3];
    int at = RED_RED;

    for (int a = 0; a < 3; a++) {
        for (int b = a; b < 3; b++) {
            covariance[a][b] = mean[at++] - mean[a] * mean[b];
        }
        covariance[a][a] += fit->guide->ridge;
        mixed[a] = mean[ALPHA_RED + a] - mean[ALPHA] * mean[a];
    }
    solve_3x3(covariance, mixed, model);
    model[3] = mean[ALPHA];
    for (int c = 0; c < 3; c++) {
        model[3] -= model[c] * (mean[c] + mid_grey);
    }
}

static inline void store_models(const cc_color_fit *fit, int x, int y, const fit_floats model[4])
{
    const uint8_t *zone = cc_image_row(&fit->guide->zone, y) + x;
    cc_color_model *to =
        fit->guide->models + (size_t)y * (size_t)fit->guide->picture.width + (size_t)x;
    int count = lesser(LANES, fit->guide->picture.width - x);
    float share = 1.0F / fit->alpha_levels;

    for (int i = 0; i < count; i++) {
        if (zone[i]) {
            for (int c = 0; c < 3; c++) {
                to[i].weight[c] = model[c][i] * share;
            }
            to[i].offset = model[3][i] * share;
        }
    }
}

static inline void fit_columns(const cc_color_fit *fit, int x, int y, float *scratch)
{
    int radius = fit->guide->radius;
    int rows = lesser(y + radius, fit->guide->picture.height - 1) - greater(y - radius, 0) + 1;
    fit_floats share = load_floats(plane_of(fit, scratch, COLUMN_SHARE) + x) / (float)rows;
    fit_floats mean[SUMS];
    fit_floats model[4];

    for (int p = 0; p < SUMS; p++) {
        const float *sums = plane_of(fit, scratch, p) + x;
        mean[p] = load_floats(sums - radius);
        for (int i = 1 - radius; i <= radius; i++) {
            mean[p] += load_floats(sums + i);
        }
        mean[p] *= share;
    }
    fit_windows(fit, mean, model);
    store_models(fit, x, y, model);
}

static inline int block_has_zone(const cc_color_fit *fit, int y, int block)
{
    const uint8_t *zone = cc_image_row(&fit->guide->zone, y) + (size_t)block * COLUMNS;
    int count = lesser(COLUMNS, fit->guide->zone.width - block * COLUMNS);
    unsigned any = 0;

    for (int i = 0; i < count; i++) {
        any |= zone[i];
    }
    return any != 0;
}

/* ---- strips ---- */

/* needed: the blocks that some window of the strip reaches into. Gives the first and
 * one past the last row with a zone; equal if there is none. */
static inline void find_needed(const cc_color_fit *fit, int *first, int *end, uint8_t *needed)
{
    int from = *end;
    int to = *first;

    memset(needed, 0, (size_t)fit->blocks);
    for (int y = *first; y < *end; y++) {
        for (int block = 0; block < fit->blocks; block++) {
            if (block_has_zone(fit, y, block)) {
                needed[greater(block - 1, 0)] = needed[block] = 1;
                needed[lesser(block + 1, fit->blocks - 1)] = 1;
                from = lesser(from, y);
                to = y + 1;
            }
        }
    }
    *first = from;
    *end = greater(from, to);
}

static inline void fill_column_shares(const cc_color_fit *fit, float *scratch)
{
    float *share = plane_of(fit, scratch, COLUMN_SHARE);
    int width = fit->guide->picture.width;
    int radius = fit->guide->radius;

    for (int x = 0; x < fit->blocks * COLUMNS; x++) {
        int columns = lesser(x + radius, width - 1) - greater(x - radius, 0) + 1;
        share[x] = 1.0F / (float)greater(columns, 1);
    }
}

/* The models of rows first..end-1. */
static inline void fit_strip(const cc_color_fit *fit, int first, int end, float *scratch,
                             uint8_t *needed)
{
    int radius = fit->guide->radius;
    int last_row = fit->guide->picture.height - 1;

    find_needed(fit, &first, &end, needed);
    if (first == end) {
        return;
    }
    memset(scratch, 0, (size_t)PLANES * fit->pitch * sizeof *scratch);
    fill_column_shares(fit, scratch);
    for (int y = greater(first - radius, 0); y < lesser(first + radius, last_row + 1); y++) {
        add_row(fit, y, 1.0F, needed, scratch);
    }
    for (int y = first; y < end; y++) {
        if (y + radius <= last_row) {
            add_row(fit, y + radius, 1.0F, needed, scratch);
        }
        if (y > first && y - radius - 1 >= 0) {
            add_row(fit, y - radius - 1, -1.0F, needed, scratch);
        }
        for (int block = 0; block < fit->blocks; block++) {
            for (int i = 0; i < COLUMNS && block_has_zone(fit, y, block); i += LANES) {
                fit_columns(fit, block * COLUMNS + i, y, scratch);
            }
        }
    }
}

#endif
