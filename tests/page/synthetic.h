/* Made pages for the tests: a seeded random source, quads, masks, pictures. */
#ifndef CLEARCUT_TESTS_PAGE_SYNTHETIC_H
#define CLEARCUT_TESTS_PAGE_SYNTHETIC_H

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/memory.h"
#include "page/geometry.h"

#define assert_near(value, expected, tolerance)                                                    \
    assert_true(fabs((double)(value) - (double)(expected)) <= (double)(tolerance))

/* xorshift64* (Vigna 2016). */
static inline double random_unit(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static inline double random_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * random_unit(state);
}

static inline bool quad_contains(const cc_quad *quad, double x, double y)
{
    cc_point p = {x, y};

    for (int i = 0; i < 4; i++) {
        cc_line side = cc_line_through(quad->corner[i], quad->corner[(i + 1) % 4]);
        if (cc_line_distance(&side, p) < 0.0) {
            return false;
        }
    }
    return true;
}

/* A convex quad around the middle of 0..size, all corners inside. */
static inline cc_quad random_quad(uint64_t *state, double size)
{
    cc_quad quad;
    double turn = random_between(state, -0.4, 0.4);

    do {
        for (int i = 0; i < 4; i++) {
            double angle =
                turn + (i - 1.5) * 1.5707963 - 1.5707963 + random_between(state, -.2, .2);
            double radius = size * random_between(state, 0.27, 0.46);
            quad.corner[i].x = size / 2 + radius * cos(angle);
            quad.corner[i].y = size / 2 + radius * sin(angle);
        }
        cc_quad_order(&quad);
    } while (!cc_quad_is_convex(&quad));
    return quad;
}

/* Share of the pixel's area inside the quad, by 8 x 8 samples where a side may cross it. */
static inline double coverage_of(const cc_quad *quad, int x, int y)
{
    cc_point centre = {x + 0.5, y + 0.5};
    double nearest = INFINITY;
    int inside = 0;

    for (int i = 0; i < 4; i++) {
        cc_line side = cc_line_through(quad->corner[i], quad->corner[(i + 1) % 4]);
        nearest = fmin(nearest, cc_line_distance(&side, centre));
    }
    if (fabs(nearest) > 0.75) { /* more than half a pixel's diagonal */
        return nearest > 0 ? 1 : 0;
    }
    for (int j = 0; j < 8; j++) {
        for (int i = 0; i < 8; i++) {
            inside += quad_contains(quad, x + (i + 0.5) / 8, y + (j + 0.5) / 8);
        }
    }
    return inside / 64.0;
}

static inline void draw_mask(const cc_quad *quad, int size, float *map)
{
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            map[y * size + x] = (float)coverage_of(quad, x, y);
        }
    }
}

/* Largest distance between corners of two quads under the best start corner. */
static inline double quad_error(const cc_quad *a, const cc_quad *b)
{
    double best = INFINITY;

    for (int shift = 0; shift < 4; shift++) {
        double worst = 0.0;
        for (int i = 0; i < 4; i++) {
            worst = fmax(worst, cc_point_distance(a->corner[i], b->corner[(i + shift) % 4]));
        }
        best = fmin(best, worst);
    }
    return best;
}

#endif
