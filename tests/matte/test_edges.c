/* Soft edges: guided masks, edge colours, reduced alpha, and whether there is a subject.
 * Pictures with known alpha, and scalar references in double precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/resample.h"
#include "matte/color_model.h"
#include "matte/edge_color.h"
#include "matte/guided.h"
#include "matte/matte.h"
#include "matte/reduced.h"
#include "matte/subject.h"
#include "matte/trimap.h"

/* ---- a picture whose alpha is known ---- */

enum { WIDTH = 301, HEIGHT = 211, SMALL_WIDTH = 48, SMALL_HEIGHT = 40 };
static const uint8_t subject_color[3] = {200, 90, 40};
static const uint8_t ground_color[3] = {30, 120, 180};

static double true_alpha(int x, int y)
{
    double angle = atan2(y - HEIGHT / 2.0, x - WIDTH / 2.0);
    double distance = hypot(x - WIDTH / 2.0, y - HEIGHT / 2.0);
    return fmin(1.0, fmax(0.0, 60.0 + 9.0 * sin(7.0 * angle) - distance + 0.5));
}

static cc_image make_alpha(void)
{
    cc_image alpha;

    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 1, &alpha, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            cc_image_row(&alpha, y)[x] = (uint8_t)(true_alpha(x, y) * 255.0 + 0.5);
        }
    }
    return alpha;
}

/* The two colours mixed by alpha, with some grain. */
static cc_image make_photo(int channels)
{
    cc_image photo;
    uint32_t random = 1;

    assert_int_equal(cc_image_create(WIDTH, HEIGHT, channels, &photo, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = cc_image_row(&photo, y) + (size_t)x * (size_t)channels;
            double alpha = true_alpha(x, y);
            for (int c = 0; c < channels; c++) {
                random = random * 1664525u + 1013904223u;
                pixel[c] = c == 3 ? 255
                                  : (uint8_t)(alpha * subject_color[c] +
                                              (1.0 - alpha) * ground_color[c] + (random >> 30));
            }
        }
    }
    return photo;
}

static double mean_error(const cc_image *mask, const cc_image *alpha)
{
    double sum = 0.0;

    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        sum += abs(mask->pixels[i] - alpha->pixels[i]);
    }
    return sum / (WIDTH * HEIGHT);
}

typedef struct scene {
    cc_image alpha;
    cc_image photo;
    cc_image small;
    cc_image plain;
} scene;

static scene make_scene(void)
{
    scene at;

    at.alpha = make_alpha();
    at.photo = make_photo(3);
    assert_int_equal(cc_image_resize(&at.alpha, SMALL_WIDTH, SMALL_HEIGHT, CC_FILTER_BICUBIC, NULL,
                                     &at.small, NULL),
                     CC_OK);
    assert_int_equal(cc_matte_resize(&at.small, WIDTH, HEIGHT, NULL, &at.plain, NULL), CC_OK);
    return at;
}

static void free_scene(scene *at)
{
    cc_image_free(&at->alpha);
    cc_image_free(&at->photo);
    cc_image_free(&at->small);
    cc_image_free(&at->plain);
}

/* ---- a reference for colour models ---- */

enum { UNKNOWNS = 4 }; /* three weights and the offset */

/* Gaussian elimination with pivots; the solution in the last column. */
static void solve(double m[UNKNOWNS][UNKNOWNS + 1])
{
    for (int k = 0; k < UNKNOWNS; k++) {
        int best = k;
        for (int i = k; i < UNKNOWNS; i++) {
            best = fabs(m[i][k]) > fabs(m[best][k]) ? i : best;
        }
        for (int j = 0; j <= UNKNOWNS; j++) {
            double swap = m[k][j];
            m[k][j] = m[best][j];
            m[best][j] = swap;
        }
        for (int i = 0; i < UNKNOWNS; i++) {
            double factor = i == k ? 0.0 : m[i][k] / m[k][k];
            for (int j = 0; j <= UNKNOWNS; j++) {
                m[i][j] -= factor * m[k][j];
            }
        }
    }
    for (int k = 0; k < UNKNOWNS; k++) {
        m[k][UNKNOWNS] /= m[k][k];
    }
}

/* The normal equations of the ridge regression, pixel by pixel. */
static void fit_reference(const cc_color_guide *guide, int x, int y, double model[UNKNOWNS])
{
    double m[UNKNOWNS][UNKNOWNS + 1] = {{0}};
    int count = 0;

    for (int row = y - guide->radius; row <= y + guide->radius; row++) {
        for (int column = x - guide->radius; column <= x + guide->radius; column++) {
            double v[UNKNOWNS + 1] = {0, 0, 0, 1.0, 0};
            if (row < 0 || column < 0 || row >= guide->picture.height ||
                column >= guide->picture.width) {
                continue;
            }
            for (int c = 0; c < 3; c++) {
                v[c] = cc_image_row(&guide->picture, row)[column * 3 + c];
            }
            v[UNKNOWNS] = guide->alpha[row * guide->picture.width + column];
            for (int i = 0; i < UNKNOWNS; i++) {
                for (int j = 0; j <= UNKNOWNS; j++) {
                    m[i][j] += v[i] * v[j];
                }
            }
            count++;
        }
    }
    for (int c = 0; c < 3; c++) {
        m[c][c] += count * (double)guide->ridge;
    }
    solve(m);
    for (int i = 0; i < UNKNOWNS; i++) {
        model[i] = m[i][UNKNOWNS];
    }
}

static void fill_guide(cc_color_guide *guide)
{
    uint32_t random = 7;

    for (int i = 0; i < guide->zone.width * guide->zone.height; i++) {
        random = random * 1664525u + 1013904223u;
        guide->zone.pixels[i] = i % 3 != 0; /* windows on both sides of gaps */
        guide->alpha[i] = (float)(random >> 24) / 255.0F;
        for (int c = 0; c < 3; c++) {
            guide->picture.pixels[3 * i + c] = (uint8_t)(random >> (8 * c));
        }
    }
}

static void models_are_ridge_regressions(void **state)
{
    (void)state;
    for (int radius = 1; radius <= 4; radius++) {
        cc_color_guide guide;
        assert_int_equal(cc_color_guide_make(23, 17, &guide, NULL), CC_OK);
        guide.radius = radius;
        guide.ridge = 6.5F;
        fill_guide(&guide);
        assert_int_equal(cc_color_guide_fit(&guide, NULL, NULL), CC_OK);
        for (int i = 0; i < 23 * 17; i++) {
            const cc_color_model *found = &guide.models[i];
            double expected[UNKNOWNS] = {0};
            if (guide.zone.pixels[i]) {
                fit_reference(&guide, i % 23, i / 23, expected);
            }
            for (int c = 0; c < 3; c++) {
                assert_true(fabs(found->weight[c] - expected[c]) < 1e-4);
            }
            assert_true(fabs(found->offset - expected[3]) < 1e-2);
        }
        cc_color_guide_free(&guide);
    }
}

/* ---- guided masks ---- */

static void guided_masks_follow_the_picture(void **state)
{
    scene at = make_scene();
    cc_image guided[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        cc_thread_pool *pool = NULL;
        assert_int_equal(cc_thread_pool_create(1 + 2 * i, &pool, NULL), CC_OK);
        assert_int_equal(cc_image_copy(&at.plain, &guided[i], NULL), CC_OK);
        assert_int_equal(cc_matte_guide(&at.photo, &at.small, pool, NULL, &guided[i], NULL), CC_OK);
        cc_thread_pool_destroy(pool);
    }
    assert_memory_equal(guided[0].pixels, guided[1].pixels, WIDTH * HEIGHT);
    assert_true(mean_error(&guided[0], &at.alpha) < 0.4 * mean_error(&at.plain, &at.alpha));
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        if (at.plain.pixels[i] == 0 || at.plain.pixels[i] == 255) {
            assert_int_equal(guided[0].pixels[i], at.plain.pixels[i]);
        }
    }
    cc_image_free(&guided[0]);
    cc_image_free(&guided[1]);
    free_scene(&at);
}

/* A picture of one colour says nothing: the mask stays about as it was. */
static void flat_pictures_leave_the_mask(void **state)
{
    scene at = make_scene();
    cc_image guided;

    (void)state;
    memset(at.photo.pixels, 77, (size_t)WIDTH * HEIGHT * 3);
    assert_int_equal(cc_image_copy(&at.plain, &guided, NULL), CC_OK);
    assert_int_equal(cc_matte_guide(&at.photo, &at.small, NULL, NULL, &guided, NULL), CC_OK);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        /* the mean over 9x9 small pixels; no sample jumps from one side to the other */
        assert_true(at.plain.pixels[i] < 250 || guided.pixels[i] > 40);
        assert_true(at.plain.pixels[i] > 5 || guided.pixels[i] < 215);
    }
    cc_image_free(&guided);
    free_scene(&at);
}

static void guidance_needs_a_larger_picture(void **state)
{
    scene at = make_scene();
    atomic_bool cancel = true;
    cc_error error;

    (void)state;
    assert_true(cc_guided_applies(&at.small, WIDTH, HEIGHT));
    assert_true(cc_guided_applies(&at.small, SMALL_WIDTH, 2 * SMALL_HEIGHT));
    assert_false(cc_guided_applies(&at.small, SMALL_WIDTH + 1, SMALL_HEIGHT + 1));
    assert_false(cc_guided_applies(&at.small, 1000, SMALL_HEIGHT - 1));
    assert_int_equal(cc_matte_guide(&at.photo, &at.plain, NULL, NULL, &at.plain, &error),
                     CC_INVALID_ARGUMENT);
    assert_int_equal(cc_matte_guide(&at.photo, &at.small, NULL, &cancel, &at.plain, &error),
                     CC_CANCELLED);
    free_scene(&at);
}

/* ---- edge colours ---- */

static void cut_with_edge_colors(const cc_image *photo, const cc_image *mask, cc_thread_pool *pool,
                                 cc_image *cutout)
{
    assert_int_equal(cc_matte_cut(photo, mask, CC_MATTE_STRAIGHT, pool, cutout, NULL), CC_OK);
    assert_int_equal(cc_edge_colors(photo, mask, pool, NULL, cutout, NULL), CC_OK);
}

static int color_distance(const uint8_t *color, const uint8_t *other)
{
    int most = 0;

    for (int c = 0; c < 3; c++) {
        int distance = abs(color[c] - other[c]);
        most = distance > most ? distance : most;
    }
    return most;
}

static void edges_get_the_subjects_color(void **state)
{
    cc_image photo = make_photo(3);
    cc_image alpha = make_alpha();
    cc_image cutout[2];
    int soft = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        cc_thread_pool *pool = NULL;
        assert_int_equal(cc_thread_pool_create(1 + 2 * i, &pool, NULL), CC_OK);
        cut_with_edge_colors(&photo, &alpha, pool, &cutout[i]);
        cc_thread_pool_destroy(pool);
    }
    assert_memory_equal(cutout[0].pixels, cutout[1].pixels, WIDTH * HEIGHT * 4);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const uint8_t *pixel = cutout[0].pixels + 4 * i;
        assert_int_equal(pixel[3], cc_matte_settle(alpha.pixels[i]));
        if (pixel[3] == 255) {
            assert_memory_equal(pixel, photo.pixels + 3 * i, 3);
        } else if (pixel[3] == 0) {
            assert_int_equal(pixel[0] | pixel[1] | pixel[2], 0);
        } else {
            assert_true(color_distance(pixel, subject_color) < 12);
            soft++;
        }
    }
    assert_true(soft > 300);
    cc_image_free(&cutout[0]);
    cc_image_free(&cutout[1]);
    cc_image_free(&alpha);
    cc_image_free(&photo);
}

/* What lies hidden under the picture's own alpha must not colour the edge. */
static void hidden_colors_do_not_leak(void **state)
{
    cc_image photo = make_photo(4);
    cc_image alpha = make_alpha();
    cc_image cutout;

    (void)state;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        if (alpha.pixels[i] == 255 && i % 3 != 0) {
            memset(photo.pixels + 4 * i, 255, 3);
            photo.pixels[4 * i + 3] = 0;
        }
    }
    cut_with_edge_colors(&photo, &alpha, NULL, &cutout);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        if (cc_matte_is_soft(alpha.pixels[i])) {
            assert_true(color_distance(cutout.pixels + 4 * i, subject_color) < 12);
        }
    }
    cc_image_free(&cutout);
    cc_image_free(&alpha);
    cc_image_free(&photo);
}

/* Every size down to one pixel, grey, and a mask that is soft everywhere. */
static void small_pictures_keep_their_color(void **state)
{
    (void)state;
    for (int width = 1; width <= 9; width += 4) {
        cc_image photo;
        cc_image mask;
        cc_image cutout;
        assert_int_equal(cc_image_create(width, 3, 1, &photo, NULL), CC_OK);
        assert_int_equal(cc_image_create(width, 3, 1, &mask, NULL), CC_OK);
        memset(photo.pixels, 140, (size_t)width * 3);
        memset(mask.pixels, 128, (size_t)width * 3);
        cut_with_edge_colors(&photo, &mask, NULL, &cutout);
        for (int i = 0; i < width * 3; i++) {
            assert_true(abs(cutout.pixels[4 * i] - 140) <= 14);
            assert_int_equal(cutout.pixels[4 * i + 3], 128);
        }
        cc_image_free(&cutout);
        cc_image_free(&mask);
        cc_image_free(&photo);
    }
}

static void edge_colors_check_and_stop(void **state)
{
    cc_image photo = make_photo(3);
    cc_image alpha = make_alpha();
    cc_image cutout;
    atomic_bool cancel = true;

    (void)state;
    assert_int_equal(cc_edge_colors(&photo, &alpha, NULL, NULL, &photo, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_matte_cut(&photo, &alpha, CC_MATTE_STRAIGHT, NULL, &cutout, NULL), CC_OK);
    assert_int_equal(cc_edge_colors(&photo, &alpha, NULL, &cancel, &cutout, NULL), CC_CANCELLED);
    cc_image_free(&cutout);
    cc_image_free(&alpha);
    cc_image_free(&photo);
}

/* ---- reduced alpha ---- */

static void reduction_is_the_least_that_suffices(void **state)
{
    (void)state;
    assert_int_equal(cc_reduced_factor(0), 1);
    assert_int_equal(cc_reduced_factor(CC_REDUCED_UNKNOWNS), 1);
    assert_int_equal(cc_reduced_factor(CC_REDUCED_UNKNOWNS + 1), 2);
    assert_int_equal(cc_reduced_factor(4 * CC_REDUCED_UNKNOWNS), 2);
    assert_int_equal(cc_reduced_factor(4 * CC_REDUCED_UNKNOWNS + 1), 3);
    assert_int_equal(cc_reduced_factor(100u * 1000 * 1000), 32);
}

static void make_trimap(const cc_image *plain, cc_image *trimap)
{
    const cc_trimap_options options = {240, 10, 6};
    cc_trimap_counts counts;

    assert_int_equal(cc_trimap_make(plain, &options, trimap, &counts, NULL), CC_OK);
    assert_true(counts.unknown > 2000);
}

static void reduced_alpha_is_close_to_the_truth(void **state)
{
    static float alpha[2][WIDTH * HEIGHT];
    scene at = make_scene();
    cc_image trimap;

    (void)state;
    make_trimap(&at.plain, &trimap);
    for (int factor = 2; factor <= 3; factor++) {
        double error = 0.0;
        for (int i = 0; i < 2; i++) {
            cc_thread_pool *pool = NULL;
            cc_alpha_report report;
            assert_int_equal(cc_thread_pool_create(1 + 2 * i, &pool, NULL), CC_OK);
            assert_int_equal(cc_alpha_solve_reduced(&at.photo, &trimap, factor,
                                                    &CC_ALPHA_QUICK_LIMITS, pool, NULL, alpha[i],
                                                    &report, NULL),
                             CC_OK);
            assert_true(report.converged && report.unknowns > 0);
            cc_thread_pool_destroy(pool);
        }
        assert_memory_equal(alpha[0], alpha[1], sizeof alpha[0]);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            uint8_t known = trimap.pixels[i];
            assert_true(known == CC_TRIMAP_UNKNOWN || alpha[0][i] == (float)known / 255.0F);
            error += fabs(alpha[0][i] * 255.0 - at.alpha.pixels[i]) / (WIDTH * HEIGHT);
        }
        assert_true(error < 0.25 * mean_error(&at.plain, &at.alpha));
    }
    cc_image_free(&trimap);
    free_scene(&at);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state)
{
    scene at = make_scene();
    static float alpha[WIDTH * HEIGHT];
    cc_alpha_report report;
    cc_image trimap;
    cc_image cutout;
    int failures[3] = {0};

    (void)state;
    make_trimap(&at.plain, &trimap);
    assert_int_equal(cc_matte_cut(&at.photo, &at.plain, CC_MATTE_STRAIGHT, NULL, &cutout, NULL),
                     CC_OK);
    for (int which = 0; which < 3; which++) {
        cc_status status = CC_OUT_OF_MEMORY;
        while (status != CC_OK) {
            cc_memory_fail_after(failures[which]++);
            status = which == 0 ? cc_matte_guide(&at.photo, &at.small, NULL, NULL, &at.plain, NULL)
                     : which == 1
                         ? cc_edge_colors(&at.photo, &at.plain, NULL, NULL, &cutout, NULL)
                         : cc_alpha_solve_reduced(&at.photo, &trimap, 2, &CC_ALPHA_QUICK_LIMITS,
                                                  NULL, NULL, alpha, &report, NULL);
            cc_memory_fail_after(-1);
            assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        }
        assert_true(failures[which] > 4);
    }
    cc_image_free(&cutout);
    cc_image_free(&trimap);
    free_scene(&at);
}

/* ---- is there a subject? ---- */

enum { VALUES = 10000 };

/* A map with so many values above 0.9, so many of 0.5, and 0.01 elsewhere. */
static cc_subject judge(int sure, int likely)
{
    static float map[VALUES];

    for (int i = 0; i < VALUES; i++) {
        map[i] = i < sure ? 0.95F : i < sure + likely ? 0.5F : 0.01F;
    }
    return cc_subject_judge(map, VALUES, false).subject;
}

static void subjects_are_sure_or_sharp(void **state)
{
    (void)state;
    assert_int_equal(judge(10, 9000), CC_SUBJECT_FOUND); /* a thousandth */
    assert_int_equal(judge(9, 9000), CC_SUBJECT_NONE);   /* less, and blurred */
    assert_int_equal(judge(1, 9), CC_SUBJECT_FOUND);     /* small, but sharp */
    assert_int_equal(judge(1, 10), CC_SUBJECT_NONE);
    assert_int_equal(judge(0, 9000), CC_SUBJECT_NONE);
    assert_int_equal(judge(0, 0), CC_SUBJECT_NONE);
    assert_int_equal(judge(VALUES, 0), CC_SUBJECT_NONE); /* the same everywhere */
}

static void subjects_are_judged_on_probabilities(void **state)
{
    float map[4] = {-8.0F, 8.0F, NAN, -8.0F};
    cc_subject_report report = cc_subject_judge(map, 4, true);

    (void)state;
    assert_int_equal(report.subject, CC_SUBJECT_FOUND);
    assert_true(report.largest > 0.99 && report.largest <= 1.0 && report.share == 0.25);
    assert_int_equal(cc_subject_judge(map, 4, false).subject, CC_SUBJECT_UNKNOWN);
    map[0] = map[1] = map[3] = INFINITY;
    assert_int_equal(cc_subject_judge(map, 4, false).subject, CC_SUBJECT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_ridge_regressions),
        cmocka_unit_test(guided_masks_follow_the_picture),
        cmocka_unit_test(flat_pictures_leave_the_mask),
        cmocka_unit_test(guidance_needs_a_larger_picture),
        cmocka_unit_test(edges_get_the_subjects_color),
        cmocka_unit_test(hidden_colors_do_not_leak),
        cmocka_unit_test(small_pictures_keep_their_color),
        cmocka_unit_test(edge_colors_check_and_stop),
        cmocka_unit_test(reduction_is_the_least_that_suffices),
        cmocka_unit_test(reduced_alpha_is_close_to_the_truth),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(subjects_are_sure_or_sharp),
        cmocka_unit_test(subjects_are_judged_on_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
