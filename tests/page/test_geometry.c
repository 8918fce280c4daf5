/* Lines, polygons, quads, homography, proportions. */
#include "synthetic.h"

static const cc_quad UNIT = {{{0, 0}, {10, 0}, {10, 10}, {0, 10}}};

static void lines_meet_where_they_should(void **state)
{
    cc_line a = cc_line_through((cc_point){0, 0}, (cc_point){10, 0});
    cc_line b = cc_line_through((cc_point){4, -5}, (cc_point){4, 9});
    cc_line parallel = cc_line_through((cc_point){0, 3}, (cc_point){10, 3});
    cc_line nowhere = cc_line_through((cc_point){1, 1}, (cc_point){1, 1});
    cc_point p;

    (void)state;
    assert_true(cc_line_intersect(&a, &b, &p));
    assert_near(p.x, 4.0, 1e-9);
    assert_near(p.y, 0.0, 1e-9);
    assert_false(cc_line_intersect(&a, &parallel, &p));
    assert_false(cc_line_intersect(&a, &nowhere, &p));
    /* The normal points into a clockwise polygon: down from a top side. */
    assert_near(cc_line_distance(&a, (cc_point){5, 2}), 2.0, 1e-9);
}

static void areas_are_signed_by_direction(void **state)
{
    cc_point backwards[4] = {{0, 0}, {0, 10}, {10, 10}, {10, 0}};

    (void)state;
    assert_near(cc_polygon_area(UNIT.corner, 4), 100.0, 1e-9);
    assert_near(cc_polygon_area(backwards, 4), -100.0, 1e-9);
}

static void clipping_handles_jagged_outlines(void **state)
{
    /* A comb whose teeth leave the quad again and again. */
    enum { TEETH = 50, POINTS = 2 * TEETH + 2 };
    cc_point comb[POINTS];
    cc_point scratch[2 * CC_CLIP_CAPACITY(POINTS)];
    cc_quad window = {{{0, 2}, {100, 2}, {100, 8}, {0, 8}}};

    (void)state;
    for (int i = 0; i < TEETH; i++) {
        comb[2 * i] = (cc_point){2.0 * i, 0.0};
        comb[2 * i + 1] = (cc_point){2.0 * i + 1.0, 10.0};
    }
    comb[2 * TEETH] = (cc_point){100.0, 0.0};
    comb[2 * TEETH + 1] = (cc_point){50.0, -1.0};
    /* Each triangle (base 2, height 10) keeps its slice from y = 2 to 8. */
    double slice = 2.0 * ((0.8 * 0.8) - (0.2 * 0.2)) * 10.0 / 2.0;
    assert_near(cc_polygon_area_inside(comb, POINTS, &window, scratch), TEETH * slice, 1e-6);
}

static void iou_is_taken_inside_the_frame(void **state)
{
    cc_quad half = {{{5, 0}, {15, 0}, {15, 10}, {5, 10}}};
    cc_quad beyond = {{{0, 0}, {30, 0}, {30, 10}, {0, 10}}};
    cc_quad away = {{{20, 20}, {30, 20}, {30, 30}, {20, 30}}};

    (void)state;
    assert_near(cc_quad_iou(&UNIT, &half, 100, 100), 1.0 / 3, 1e-9);
    assert_near(cc_quad_iou(&UNIT, &beyond, 10, 10), 1.0, 1e-9);
    assert_near(cc_quad_iou(&UNIT, &away, 100, 100), 0.0, 1e-9);
    assert_near(cc_quad_iou(&away, &away, 10, 10), 0.0, 1e-9);
}

static void order_starts_top_left_and_runs_clockwise(void **state)
{
    cc_quad mixed = {{{9, 8}, {8, 1}, {1, 2}, {2, 9}}};

    (void)state;
    cc_quad_order(&mixed);
    assert_near(mixed.corner[0].x, 1, 0);
    assert_near(mixed.corner[1].x, 8, 0);
    assert_near(mixed.corner[2].x, 9, 0);
    assert_near(mixed.corner[3].x, 2, 0);
    assert_true(cc_quad_is_convex(&mixed));
}

static void bad_quads_are_refused_with_a_reason(void **state)
{
    const struct {
        cc_quad quad;
        const char *word;
    } cases[] = {
        {{{{0, 0}, {0, 10}, {10, 10}, {10, 0}}}, "anticlockwise"},
        {{{{0, 0}, {10, 0}, {4, 4}, {0, 10}}}, "convex"},
        {{{{0, 0}, {10, 10}, {10, 0}, {0, 9}}}, "corners"}, /* bow tie */
        {{{{5, 5}, {5, 5}, {5, 5}, {5, 5}}}, "no area"},
        {{{{0, 0}, {10, 0}, {20, 0}, {30, 0}}}, "no area"},
        {{{{0, 0}, {NAN, 0}, {10, 10}, {0, 10}}}, "corner 2"},
        {{{{0, 0}, {10, 0}, {10, INFINITY}, {0, 10}}}, "corner 3"},
        {{{{0, 0}, {10, 0}, {10, 10}, {-1e9, 10}}}, "corner 4"},
    };

    (void)state;
    assert_int_equal(cc_quad_check(&UNIT, NULL), CC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cc_error error;
        double matrix[9];
        cc_error_clear(&error);
        assert_int_equal(cc_quad_check(&cases[i].quad, &error), CC_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, cases[i].word));
        assert_int_equal(cc_quad_homography(&cases[i].quad, 10, 10, matrix, NULL),
                         CC_INVALID_ARGUMENT);
    }
}

static cc_point apply(const double m[9], double u, double v)
{
    double w = m[6] * u + m[7] * v + m[8];
    cc_point p = {(m[0] * u + m[1] * v + m[2]) / w, (m[3] * u + m[4] * v + m[5]) / w};

    return p;
}

static void homography_takes_the_rectangle_to_the_quad(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (int round = 0; round < 200; round++) {
        cc_quad quad = random_quad(&seed, 3000);
        cc_quad rectangle = cc_quad_of_frame(700, 900);
        double m[9];
        assert_int_equal(cc_quad_homography(&quad, 700, 900, m, NULL), CC_OK);
        for (int i = 0; i < 4; i++) {
            cc_point p = apply(m, rectangle.corner[i].x, rectangle.corner[i].y);
            assert_true(cc_point_distance(p, quad.corner[i]) < 1e-6);
        }
        /* Straight lines stay straight: the diagonals' meeting point follows. */
        cc_line first = cc_line_through(quad.corner[0], quad.corner[2]);
        cc_line second = cc_line_through(quad.corner[1], quad.corner[3]);
        cc_point middle;
        assert_true(cc_line_intersect(&first, &second, &middle));
        assert_true(cc_point_distance(apply(m, 350, 450), middle) < 1e-6);
    }
    double m[9];
    assert_int_equal(cc_quad_homography(&UNIT, 0, 5, m, NULL), CC_INVALID_ARGUMENT);
}

/* A sheet of the given proportions before a pinhole camera. */
static bool photograph(double aspect, double tilt, double lean, double roll, double shift_x,
                       double focal, int width, int height, cc_quad *quad)
{
    static const double sign[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};

    for (int i = 0; i < 4; i++) {
        double x = sign[i][0] * aspect / 2;
        double y = sign[i][1] / 2;
        double u = x * cos(roll) - y * sin(roll);
        double v = x * sin(roll) + y * cos(roll);
        double along = u * cos(lean) + v * sin(lean);
        double back = along * (cos(tilt) - 1);
        double px = u + back * cos(lean) + shift_x;
        double py = v + back * sin(lean);
        double pz = 2.2 * fmax(1.0, aspect) + along * sin(tilt);
        quad->corner[i].x = width / 2.0 + focal * px / pz;
        quad->corner[i].y = height / 2.0 + focal * py / pz;
    }
    return cc_quad_is_convex(quad);
}

static void proportions_are_recovered_with_the_focal_length(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (int round = 0; round < 500; round++) {
        double aspect = exp(random_between(&seed, -1.4, 1.4));
        double focal = random_between(&seed, 2000, 5000);
        cc_quad quad;
        if (!photograph(aspect, random_between(&seed, 0, 0.9), random_between(&seed, 0, 6.28),
                        random_between(&seed, -0.5, 0.5), random_between(&seed, -0.3, 0.3), focal,
                        4000, 3000, &quad)) {
            continue;
        }
        double found = cc_quad_aspect(&quad, 4000, 3000, focal);
        assert_true(fabs(found / aspect - 1) < 0.001);
    }
}

static void proportions_are_recovered_without_it(void **state)
{
    uint64_t seed = 6;

    (void)state;
    for (int round = 0; round < 500; round++) {
        double aspect = exp(random_between(&seed, -0.9, 0.9));
        /* Oblique both ways, so that the picture determines the focal length. */
        double lean = random_between(&seed, 0.5, 1.1);
        double focal = random_between(&seed, 2800, 4200);
        cc_quad quad;
        if (!photograph(aspect, random_between(&seed, 0.35, 0.7), lean, 0,
                        random_between(&seed, -0.2, 0.2), focal, 4000, 3000, &quad)) {
            continue;
        }
        double found = cc_quad_aspect(&quad, 4000, 3000, 0);
        assert_true(fabs(found / aspect - 1) < 0.01);
    }
}

static void nearly_frontal_sheets_keep_their_proportions(void **state)
{
    static const double tilts[] = {0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05};

    (void)state;
    for (size_t i = 0; i < sizeof tilts / sizeof tilts[0]; i++) {
        for (double lean = 0; lean < 6.3; lean += 0.39269908) {
            cc_quad quad;
            assert_true(photograph(0.7071, tilts[i], lean, 0.1, 0.1, 3000, 4000, 3000, &quad));
            assert_true(fabs(cc_quad_aspect(&quad, 4000, 3000, 0) / 0.7071 - 1) < 0.01);
        }
    }
}

static void degenerate_quads_get_the_ratio_of_their_sides(void **state)
{
    cc_quad bow = {{{0, 0}, {10, 10}, {10, 0}, {0, 10}}};
    cc_quad point = {{{1, 1}, {1, 1}, {1, 1}, {1, 1}}};

    (void)state;
    assert_true(isfinite(cc_quad_aspect(&bow, 100, 100, 0)));
    assert_near(cc_quad_aspect(&point, 100, 100, 0), 1.0, 0);
    assert_near(cc_quad_aspect(&UNIT, 0, 0, 0), 1.0, 1e-9);
    assert_near(cc_quad_aspect(&UNIT, 10, 10, NAN), 1.0, 1e-9);
}

static void output_size_loses_nothing(void **state)
{
    cc_quad quad = {{{0, 0}, {400, 0}, {500, 300}, {0, 280}}};
    cc_quad huge = {{{0, 0}, {9e6, 0}, {9e6, 9e6}, {0, 9e6}}};
    int width;
    int height;

    (void)state;
    cc_quad_output_size(&quad, 0, 0, &width, &height);
    assert_int_equal(width, 500);
    assert_int_equal(height, 316);
    cc_quad_output_size(&quad, 1.0, 0, &width, &height);
    assert_int_equal(width, 500);
    assert_int_equal(height, 500);
    cc_quad_output_size(&quad, 4.0, 0, &width, &height);
    assert_int_equal(width, 1265);
    assert_int_equal(height, 316);
    cc_quad_output_size(&quad, 1.0, 10000, &width, &height);
    assert_int_equal(width, 100);
    assert_int_equal(height, 100);
    cc_quad_output_size(&huge, 1.0, 0, &width, &height);
    assert_true((uint64_t)width * (uint64_t)height <= CC_IMAGE_DEFAULT_MAX_PIXELS);
    cc_quad_output_size(&quad, 1e9, 100, &width, &height);
    assert_true(width >= 1 && height >= 1 && width * height <= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_meet_where_they_should),
        cmocka_unit_test(areas_are_signed_by_direction),
        cmocka_unit_test(clipping_handles_jagged_outlines),
        cmocka_unit_test(iou_is_taken_inside_the_frame),
        cmocka_unit_test(order_starts_top_left_and_runs_clockwise),
        cmocka_unit_test(bad_quads_are_refused_with_a_reason),
        cmocka_unit_test(homography_takes_the_rectangle_to_the_quad),
        cmocka_unit_test(proportions_are_recovered_with_the_focal_length),
        cmocka_unit_test(proportions_are_recovered_without_it),
        cmocka_unit_test(nearly_frontal_sheets_keep_their_proportions),
        cmocka_unit_test(degenerate_quads_get_the_ratio_of_their_sides),
        cmocka_unit_test(output_size_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
