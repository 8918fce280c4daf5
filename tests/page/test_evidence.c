/* Evidence beside the quad itself: the picture on both sides of it, and what the maps leave over.
 */
#include "synthetic.h"

#include "page/rivals.h"
#include "page/surroundings.h"

enum { WIDTH = 400, HEIGHT = 300 };

static const cc_quad SHEET = {{{80, 60}, {320, 60}, {320, 240}, {80, 240}}};

/* A sheet of brightness 230 on a ground of 90, the lowest `band` rows of it of brightness 30. */
static cc_image draw_sheet(int channels, int band)
{
    cc_image image;

    assert_int_equal(cc_image_create(WIDTH, HEIGHT, channels, &image, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            bool inside = x >= 80 && x < 320 && y >= 60 && y < 240;
            int light = !inside ? 90 : y >= 240 - band ? 30 : 230;
            uint8_t *pixel = cc_image_row(&image, y) + x * channels;
            memset(pixel, light, (size_t)channels);
            if (channels % 2 == 0) {
                pixel[channels - 1] = 255;
            }
        }
    }
    return image;
}

static void a_plain_sheet_has_steps_and_no_rivals(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        double value[CC_SURROUNDING_COUNT];
        cc_image image = draw_sheet(channels, 0);
        cc_surroundings_measure(&image, &SHEET, value);
        assert_near(value[CC_SURROUNDING_STEP_NEAR], 1.0, 0.001);
        assert_near(value[CC_SURROUNDING_STEP_DEEP], 1.0, 0.001);
        assert_near(value[CC_SURROUNDING_STEP_MEAN], 1.0, 0.001);
        assert_near(value[CC_SURROUNDING_ODD_OUTSIDE], 0.0, 0.001);
        assert_near(value[CC_SURROUNDING_ODD_INSIDE], 0.0, 0.001);
        assert_near(value[CC_SURROUNDING_OUTSIDE_ALIKE], 1.0, 0.001);
        assert_near(value[CC_SURROUNDING_INSIDE_UNLIKE], 0.0, 0.001);
        assert_near(value[CC_SURROUNDING_RIVAL_OUTSIDE], 6.0 / 152.0, 0.001);
        assert_near(value[CC_SURROUNDING_RIVAL_INSIDE], 6.0 / 152.0, 0.001);
        assert_near(value[CC_SURROUNDING_PAGE_LIGHT], 230.0 / 255.0, 0.001);
        assert_near(value[CC_SURROUNDING_GROUND_LIGHT], 90.0 / 255.0, 0.001);
        assert_near(value[CC_SURROUNDING_PAGE_TEXTURE], 0.0, 0.001);
        assert_near(value[CC_SURROUNDING_GROUND_TEXTURE], 0.0, 0.001);
        cc_image_free(&image);
    }
}

static void a_quad_that_stops_at_a_band_leaves_a_rival(void **state)
{
    double whole[CC_SURROUNDING_COUNT];
    double cut[CC_SURROUNDING_COUNT];
    cc_quad stops_short = SHEET;
    cc_image image = draw_sheet(3, 20);

    (void)state;
    stops_short.corner[2].y = stops_short.corner[3].y = 220;
    cc_surroundings_measure(&image, &SHEET, whole);
    cc_surroundings_measure(&image, &stops_short, cut);
    /* The lower side of the whole sheet: 60 grey levels, and 200 between band and paper. */
    assert_near(whole[CC_SURROUNDING_RIVAL_INSIDE], 206.0 / 272.0, 0.01);
    assert_true(whole[CC_SURROUNDING_ODD_INSIDE] > 0.95);
    assert_true(whole[CC_SURROUNDING_RIVAL_OUTSIDE] < 0.1);
    assert_near(cut[CC_SURROUNDING_RIVAL_OUTSIDE], 66.0 / 272.0, 0.01);
    assert_near(cut[CC_SURROUNDING_ODD_OUTSIDE], 60.0 / 128.0, 0.02);
    assert_true(cut[CC_SURROUNDING_RIVAL_INSIDE] < 0.1);
    cc_image_free(&image);
}

static void nothing_in_the_picture_says_one_half(void **state)
{
    double value[CC_SURROUNDING_COUNT];
    cc_image image = draw_sheet(3, 0);
    cc_quad away = {{{5000, 5000}, {5100, 5000}, {5100, 5100}, {5000, 5100}}};
    cc_quad partly = {{{-200, 60}, {320, 60}, {320, 900}, {-200, 900}}};

    (void)state;
    cc_surroundings_measure(&image, &away, value);
    for (int i = 0; i < CC_SURROUNDING_COUNT; i++) {
        assert_near(value[i], 0.5, 0.0);
    }
    cc_surroundings_measure(&image, &partly, value);
    for (int i = 0; i < CC_SURROUNDING_COUNT; i++) {
        assert_true(value[i] >= 0.0 && value[i] <= 1.0);
    }
    assert_true(value[CC_SURROUNDING_STEP_MEAN] != 0.5);
    cc_image_free(&image);
}

/* Maps of a perfect network for a quad in map pixels. */
static void draw_maps(const cc_quad *quad, cc_page_maps *maps)
{
    memset(maps, 0, sizeof *maps);
    draw_mask(quad, CC_PAGE_MAP_SIZE, maps->plane[CC_PLANE_MASK]);
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        cc_point p = {i % CC_PAGE_MAP_SIZE + 0.5, i / CC_PAGE_MAP_SIZE + 0.5};
        for (int k = 0; k < 4; k++) {
            cc_point a = quad->corner[k];
            double side = cc_segment_distance(a, quad->corner[(k + 1) % 4], p);
            double heat = exp(-pow(cc_point_distance(a, p) / 1.6, 2) / 2);
            float *edge = &maps->plane[CC_PLANE_EDGE][i];
            float *corner = &maps->plane[CC_PLANE_CORNER][i];
            *edge = fmaxf(*edge, side < 1.0 ? 1.0F : 0.0F);
            *corner = fmaxf(*corner, (float)heat);
        }
    }
}

static void maps_leave_over_what_a_quad_misses(void **state)
{
    static cc_page_maps maps;
    cc_quad page = {{{30, 30}, {100, 30}, {100, 100}, {30, 100}}};
    cc_quad shorter = {{{30, 30}, {100, 30}, {100, 82}, {30, 82}}};
    cc_quad longer = {{{30, 30}, {100, 30}, {100, 116}, {30, 116}}};
    cc_rivals rivals;

    (void)state;
    draw_maps(&page, &maps);
    cc_rivals_measure(&maps, &page, &rivals);
    assert_true(rivals.edge_outside < 0.05 && rivals.edge_inside < 0.15);
    assert_true(rivals.corner_outside < 0.05 && rivals.corner_inside < 0.05);
    assert_true(rivals.mask_outside < 0.05);
    cc_rivals_measure(&maps, &shorter, &rivals);
    assert_true(rivals.edge_outside > 0.9 && rivals.corner_outside > 0.9);
    assert_true(rivals.edge_inside < 0.15 && rivals.mask_outside > 0.9);
    cc_rivals_measure(&maps, &longer, &rivals);
    assert_true(rivals.edge_inside > 0.9 && rivals.edge_outside < 0.05);
    assert_true(rivals.corner_inside > 0.9 || rivals.corner_outside > 0.9);
    assert_true(rivals.mask_outside < 0.05);
}

static void maps_of_no_numbers_count_as_nothing(void **state)
{
    static cc_page_maps maps;
    cc_quad page = {{{30, 30}, {100, 30}, {100, 100}, {30, 100}}};
    cc_rivals rivals;

    (void)state;
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        maps.plane[0][i] = maps.plane[1][i] = maps.plane[2][i] = NAN;
    }
    cc_rivals_measure(&maps, &page, &rivals);
    assert_near(rivals.edge_outside + rivals.edge_inside + rivals.corner_outside +
                    rivals.corner_inside + rivals.mask_outside,
                0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_sheet_has_steps_and_no_rivals),
        cmocka_unit_test(a_quad_that_stops_at_a_band_leaves_a_rival),
        cmocka_unit_test(nothing_in_the_picture_says_one_half),
        cmocka_unit_test(maps_leave_over_what_a_quad_misses),
        cmocka_unit_test(maps_of_no_numbers_count_as_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
