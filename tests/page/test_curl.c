/* The bend of a page's sides, on pages drawn with known ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "page/curl.h"
#include "page/geometry.h"

enum { WIDTH = 700, HEIGHT = 900 };

static const cc_quad page = {{{110, 120}, {600, 150}, {570, 800}, {90, 770}}};

/* Is a point within the four bent sides? */
static bool is_paper(const cc_curl *curl, double x, double y)
{
    for (int i = 0; i < 4; i++) {
        cc_point a = page.corner[i];
        cc_point b = page.corner[(i + 1) % 4];
        cc_line line = cc_line_through(a, b);
        double length = cc_point_distance(a, b);
        double t = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / (length * length);
        cc_point p = {x, y};
        if (cc_line_distance(&line, p) < curl->bulge[i] * 4.0 * t * (1.0 - t)) {
            return false;
        }
    }
    return true;
}

/* A light page on a darker ground, each pixel the mean of 16 samples. */
static cc_image draw(const cc_curl *curl, int ground)
{
    cc_image image;

    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 3, &image, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            int inside = 0;
            for (int k = 0; k < 16; k++) {
                inside += is_paper(curl, x + (k % 4 + 0.5) / 4, y + (k / 4 + 0.5) / 4);
            }
            memset(cc_image_row(&image, y) + (ptrdiff_t)x * 3,
                   ground + (230 - ground) * inside / 16, 3);
        }
    }
    return image;
}

static void expect_bends(const cc_curl *drawn, const cc_curl *guess, double tolerance)
{
    cc_image image = draw(drawn, 60);
    cc_curl measured = *guess;

    cc_curl_measure(&image, &page, &measured);
    for (int i = 0; i < 4; i++) {
        if (fabs(measured.bulge[i] - drawn->bulge[i]) > tolerance) {
            fail_msg("side %d bends by %.2f pixels and was measured as %.2f", i, drawn->bulge[i],
                     measured.bulge[i]);
        }
    }
    cc_image_free(&image);
}

static void bends_are_found_from_nothing(void **state)
{
    static const cc_curl none = {{0}};
    static const cc_curl cylinder = {{14, 0, -12, 0}};
    static const cc_curl every = {{-9, 15, 8, -18}};

    (void)state;
    expect_bends(&cylinder, &none, 1.0);
    expect_bends(&every, &none, 1.0);
}

static void a_wrong_guess_is_corrected(void **state)
{
    static const cc_curl drawn = {{16, 0, -16, 0}};
    static const cc_curl guess = {{4, 0, -28, 0}};

    (void)state;
    expect_bends(&drawn, &guess, 1.0);
}

static void straight_sides_stay_straight(void **state)
{
    static const cc_curl none = {{0}};

    (void)state;
    expect_bends(&none, &none, 0.01);
}

/* Nothing to see, sides outside the picture, tiny pages: the guess stays. */
static void the_guess_stays_where_nothing_is_seen(void **state)
{
    static const cc_quad outside = {{{-900, -900}, {-400, -900}, {-400, -300}, {-900, -300}}};
    static const cc_quad tiny = {{{10, 10}, {20, 10}, {20, 20}, {10, 20}}};
    const cc_quad *quads[] = {&page, &outside, &tiny};
    cc_image image;

    (void)state;
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 3, &image, NULL), CC_OK);
    for (int q = 0; q < 3; q++) {
        cc_curl curl = {{3, -2, 1, 0}};
        cc_curl_measure(&image, quads[q], &curl);
        assert_true(curl.bulge[0] == 3 && curl.bulge[1] == -2 && curl.bulge[2] == 1 &&
                    curl.bulge[3] == 0);
    }
    cc_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bends_are_found_from_nothing),
        cmocka_unit_test(a_wrong_guess_is_corrected),
        cmocka_unit_test(straight_sides_stay_straight),
        cmocka_unit_test(the_guess_stays_where_nothing_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
