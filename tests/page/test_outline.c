/* From maps to outlines, hulls and fitted quads; hostile maps. */
#include "synthetic.h"

#include "page/corner_snap.h"
#include "page/hull.h"
#include "page/quad_fit.h"

enum { SIZE = 128 };

static cc_quad_fit fit_map(const float *map, int size)
{
    cc_outline outline;
    cc_quad_fit fit;

    assert_int_equal(cc_outline_trace(map, size, 0.5, &outline, NULL), CC_OK);
    assert_int_equal(cc_quad_fit_outline(&outline, &fit, NULL), CC_OK);
    cc_outline_free(&outline);
    assert_null(outline.points);
    return fit;
}

static void outline_of_a_rectangle_is_sub_pixel(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad quad = {{{20.25, 30.5}, {90.75, 30.5}, {90.75, 80.375}, {20.25, 80.375}}};
    cc_outline outline;

    (void)state;
    draw_mask(&quad, SIZE, map);
    assert_int_equal(cc_outline_trace(map, SIZE, 0.5, &outline, NULL), CC_OK);
    assert_true(outline.count > 400);
    assert_near(outline.area, 70.5 * 49.875, 20);
    assert_near(outline.others, 0, 0);
    for (int i = 0; i < outline.count; i++) {
        cc_point p = outline.points[i].at;
        double d = INFINITY;
        for (int side = 0; side < 4; side++) {
            d = fmin(d, cc_segment_distance(quad.corner[side], quad.corner[(side + 1) % 4], p));
        }
        assert_true(d < 0.35);
        assert_false(outline.points[i].on_frame);
    }
    cc_outline_free(&outline);
}

static void the_central_component_wins_and_holes_are_ignored(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad middle = {{{40, 40}, {88, 40}, {88, 88}, {40, 88}}};
    cc_quad corner = {{{0, 0}, {50, 0}, {50, 36}, {0, 36}}};
    cc_outline outline;

    (void)state;
    for (int i = 0; i < SIZE * SIZE; i++) {
        bool hole = i % SIZE > 60 && i % SIZE < 70 && i / SIZE > 60 && i / SIZE < 70;
        map[i] = (float)fmax(hole ? 0 : coverage_of(&middle, i % SIZE, i / SIZE),
                             coverage_of(&corner, i % SIZE, i / SIZE));
    }
    assert_int_equal(cc_outline_trace(map, SIZE, 0.5, &outline, NULL), CC_OK);
    assert_near(outline.area, 48 * 48, 10);
    assert_true(outline.others > 0.5);
    cc_outline_free(&outline);
}

static void perfect_masks_give_the_corners_back(void **state)
{
    static float map[SIZE * SIZE];
    uint64_t seed = 3;
    double sum = 0;

    (void)state;
    for (int round = 0; round < 60; round++) {
        cc_quad truth = random_quad(&seed, SIZE);
        draw_mask(&truth, SIZE, map);
        cc_quad_fit fit = fit_map(map, SIZE);
        assert_int_equal(fit.outcome, CC_FIT_QUAD);
        assert_true(quad_error(&fit.quad, &truth) < 0.3);
        assert_true(fit.iou > 0.995);
        sum += quad_error(&fit.quad, &truth);
        for (int side = 0; side < 4; side++) {
            assert_true(fit.supporting[side] > 0.95);
            assert_false(fit.on_frame[side]);
        }
    }
    assert_true(sum / 60 < 0.1);
}

static void a_cut_corner_is_extrapolated_beyond_the_frame(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad truth = {{{-9, 20}, {90, 12}, {104, 101}, {15, 112}}};

    (void)state;
    draw_mask(&truth, SIZE, map);
    cc_quad_fit fit = fit_map(map, SIZE);
    assert_int_equal(fit.outcome, CC_FIT_QUAD);
    assert_true(quad_error(&fit.quad, &truth) < 0.4);
}

static void a_side_that_is_the_frame_stays_on_it(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad truth = {{{25, 30}, {100, 34}, {110, 140}, {16, 140}}};

    (void)state;
    draw_mask(&truth, SIZE, map);
    cc_quad_fit fit = fit_map(map, SIZE);
    assert_int_equal(fit.outcome, CC_FIT_QUAD);
    assert_true(cc_quad_iou(&fit.quad, &truth, SIZE, SIZE) > 0.995);
    assert_true(fit.on_frame[2]);
    assert_false(fit.on_frame[0]);
}

/* A finger-sized bite and a dog-ear must not bend the sides. */
static void bites_and_dog_ears_do_not_move_the_sides(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad truth = {{{20, 18}, {105, 22}, {101, 110}, {24, 104}}};

    (void)state;
    draw_mask(&truth, SIZE, map);
    for (int i = 0; i < SIZE * SIZE; i++) {
        double x = i % SIZE + 0.5;
        double y = i / SIZE + 0.5;
        if (hypot(x - 60, y - 108) < 9 || x + y < 46) {
            map[i] = 0;
        }
    }
    cc_quad_fit fit = fit_map(map, SIZE);
    assert_int_equal(fit.outcome, CC_FIT_QUAD);
    assert_true(quad_error(&fit.quad, &truth) < 1.0);
}

/* Long sides that bulge by 3 map pixels: the corners stay where they are. */
static void curled_sides_keep_their_corners(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad truth = {{{30, 20}, {98, 20}, {98, 108}, {30, 108}}};

    (void)state;
    for (int i = 0; i < SIZE * SIZE; i++) {
        double x = i % SIZE + 0.5;
        double y = i / SIZE + 0.5;
        double t = (y - 20) / 88;
        double bulge = 3 * 4 * t * (1 - t);
        double inside = fmin(fmin(x - (30 - bulge), 98 + bulge - x), fmin(y - 20, 108 - y));
        map[i] = (float)fmin(1, fmax(0, inside + 0.5));
    }
    cc_quad_fit fit = fit_map(map, SIZE);
    assert_int_equal(fit.outcome, CC_FIT_QUAD);
    assert_true(quad_error(&fit.quad, &truth) < 1.0);
    assert_true(fit.bulge[1] < -2 && fit.bulge[3] < -2);
    assert_near(fit.bulge[0], 0, 0.3);
}

static void full_and_empty_maps_are_named_so(void **state)
{
    static float map[SIZE * SIZE];

    (void)state;
    assert_int_equal(fit_map(map, SIZE).outcome, CC_FIT_EMPTY);
    for (int i = 0; i < SIZE * SIZE; i++) {
        map[i] = 1;
    }
    assert_int_equal(fit_map(map, SIZE).outcome, CC_FIT_FULL);
    for (int i = 0; i < SIZE * SIZE; i++) {
        map[i] = NAN;
    }
    assert_int_equal(fit_map(map, SIZE).outcome, CC_FIT_EMPTY);
    for (int i = 0; i < SIZE * SIZE; i++) {
        map[i] = i == 5 * SIZE + 7;
    }
    assert_int_equal(fit_map(map, SIZE).outcome, CC_FIT_EMPTY);
}

/* One value of the hostile map of this kind. */
static float hostile_value(int kind, int x, int y, uint64_t *seed)
{
    double r = hypot(x - 64.0, y - 64.0);

    switch (kind) {
    case 0: return (float)((x + y) % 2);       /* checkerboard */
    case 1: return r < 50 && r > 45 ? 1 : 0;   /* ring */
    case 2: return (float)random_unit(seed);   /* noise */
    case 3: return x == y ? 1 : 0;             /* diagonal of single pixels */
    case 4: return y == 64 || x == 64 ? 1 : 0; /* cross */
    case 5: return y > 40 && x > 10 && x < 118 && x % 4 < 2 ? 1 : y <= 40 ? 1 : 0; /* comb */
    case 6: return (x + y) % 3 == 0 ? NAN : 1;
    case 7: return (x % 5) ? INFINITY : -INFINITY;
    case 8: return x > y ? 1 : 0;  /* triangle */
    case 9: return r < 40 ? 1 : 0; /* disc */
    case 10: return 0.5F;
    case 11: return x < 3 ? 1 : 0; /* strip along the frame */
    case 12: return (hypot(x - 30.0, y - 64.0) < 20) || (hypot(x - 98.0, y - 64.0) < 20) ? 1 : 0;
    default: return 1e30F * (float)(random_unit(seed) - 0.5);
    }
}

static void hostile_maps_are_survived(void **state)
{
    static float map[SIZE * SIZE];
    uint64_t seed = 9;

    (void)state;
    for (int kind = 0; kind <= 13; kind++) {
        for (int i = 0; i < SIZE * SIZE; i++) {
            map[i] = hostile_value(kind, i % SIZE, i / SIZE, &seed);
        }
        cc_quad_fit fit = fit_map(map, SIZE);
        if (fit.outcome == CC_FIT_QUAD) {
            assert_true(cc_quad_is_convex(&fit.quad));
            assert_true(fit.iou >= 0 && fit.iou <= 1.0001);
            cc_corner_snap(map, SIZE, &fit);
            assert_true(cc_quad_is_convex(&fit.quad));
        }
    }
}

static void odd_sizes_are_handled_or_refused(void **state)
{
    float map[9] = {0, 0, 0, 0, 1, 0, 0, 0, 0};
    cc_outline outline;

    (void)state;
    assert_int_equal(cc_outline_trace(map, 1, 0.5, &outline, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_outline_trace(map, 5000, 0.5, &outline, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_outline_trace(map, 3, NAN, &outline, NULL), CC_INVALID_ARGUMENT);
    fit_map(map, 2);
    fit_map(map, 3);
}

static void corners_snap_only_where_sides_do_not_hold(void **state)
{
    static float corner[SIZE * SIZE];
    cc_quad_fit fit = {.outcome = CC_FIT_QUAD,
                       .quad = {{{30, 30}, {90, 30}, {90, 90}, {30, 90}}},
                       .supporting = {0.4, 1, 1, 1}};

    (void)state;
    for (int i = 0; i < SIZE * SIZE; i++) {
        double d = hypot(i % SIZE + 0.5 - 26.3, i / SIZE + 0.5 - 25.8);
        corner[i] = (float)exp(-d * d / (2 * 1.6 * 1.6));
    }
    assert_int_equal(cc_corner_snap(corner, SIZE, &fit), 1);
    assert_true(fit.snapped[0] && !fit.snapped[1]);
    assert_near(fit.quad.corner[0].x, 26.3, 0.15);
    assert_near(fit.quad.corner[0].y, 25.8, 0.15);
    assert_near(fit.quad.corner[2].x, 90, 0);
    fit.supporting[0] = 1;
    fit.quad.corner[0] = (cc_point){30, 30};
    assert_int_equal(cc_corner_snap(corner, SIZE, &fit), 0);
    assert_near(fit.quad.corner[0].x, 30, 0);
}

static void refused_memory_is_reported(void **state)
{
    static float map[SIZE * SIZE];
    cc_quad quad = {{{20, 30}, {90, 30}, {90, 80}, {20, 80}}};
    int failures = 0;

    (void)state;
    draw_mask(&quad, SIZE, map);
    for (long n = 0;; n++) {
        cc_outline outline = {0};
        cc_quad_fit fit;
        cc_memory_fail_after(n);
        cc_status status = cc_outline_trace(map, SIZE, 0.5, &outline, NULL);
        if (status == CC_OK) {
            status = cc_quad_fit_outline(&outline, &fit, NULL);
        }
        cc_memory_fail_after(-1);
        cc_outline_free(&outline);
        if (status == CC_OK) {
            break;
        }
        assert_int_equal(status, CC_OUT_OF_MEMORY);
        failures++;
    }
    assert_true(failures >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outline_of_a_rectangle_is_sub_pixel),
        cmocka_unit_test(the_central_component_wins_and_holes_are_ignored),
        cmocka_unit_test(perfect_masks_give_the_corners_back),
        cmocka_unit_test(a_cut_corner_is_extrapolated_beyond_the_frame),
        cmocka_unit_test(a_side_that_is_the_frame_stays_on_it),
        cmocka_unit_test(bites_and_dog_ears_do_not_move_the_sides),
        cmocka_unit_test(curled_sides_keep_their_corners),
        cmocka_unit_test(full_and_empty_maps_are_named_so),
        cmocka_unit_test(hostile_maps_are_survived),
        cmocka_unit_test(odd_sizes_are_handled_or_refused),
        cmocka_unit_test(corners_snap_only_where_sides_do_not_hold),
        cmocka_unit_test(refused_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
