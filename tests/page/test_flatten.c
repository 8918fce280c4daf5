/* From corners to the finished page: proportions, sizes, turns, skew, curl. */
#include "synthetic.h"

#include "page/flatten.h"
#include "page/warp_row.h"

static cc_flatten_request request_for(const cc_quad *quad)
{
    cc_flatten_request request = {.quad = *quad};
    return request;
}

static cc_image make_photo(int width, int height)
{
    cc_image photo;

    assert_int_equal(cc_image_create(width, height, 3, &photo, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *p = cc_image_row(&photo, y) + x * 3;
            p[0] = (uint8_t)(x * 255 / width);
            p[1] = (uint8_t)(y * 255 / height);
            p[2] = 128;
        }
    }
    return photo;
}

static cc_flattening flatten(const cc_image *photo, const cc_flatten_request *request,
                             cc_image *flat)
{
    cc_flattening done;

    assert_int_equal(cc_page_flatten(photo, request, NULL, flat, &done, NULL), CC_OK);
    return done;
}

static void proportions_near_a_format_become_it(void **state)
{
    cc_image photo = make_photo(400, 400);
    cc_quad quad = {{{50, 50}, {260, 50}, {260, 349}, {50, 349}}}; /* 210 x 299 */
    cc_flatten_request request = request_for(&quad);
    cc_image flat;
    cc_flattening done = flatten(&photo, &request, &flat);

    (void)state;
    assert_string_equal(done.paper, "A4");
    assert_int_equal(done.aspect_source, CC_ASPECT_FORMAT);
    assert_near(done.aspect, 210.0 / 297.0, 1e-9);
    assert_near(done.measured_aspect, 210.0 / 299.0, 1e-3);
    assert_near(done.width_mm, 210, 0);
    assert_near(done.dots_per_inch, flat.width * 25.4 / 210, 1e-9);
    assert_near(flat.metadata.dots_per_inch, done.dots_per_inch, 1e-9);
    assert_near((double)flat.width / flat.height, 210.0 / 297.0, 0.004);
    cc_image_free(&flat);
    request.keep_measured = true;
    done = flatten(&photo, &request, &flat);
    assert_string_equal(done.paper, "");
    assert_int_equal(done.aspect_source, CC_ASPECT_PERSPECTIVE);
    assert_near(done.dots_per_inch, 0, 0);
    assert_int_equal(flat.width, 210);
    assert_int_equal(flat.height, 299);
    cc_image_free(&flat);
    cc_image_free(&photo);
}

static void long_strips_are_receipts(void **state)
{
    cc_image photo = make_photo(400, 400);
    cc_quad quad = {{{50, 10}, {150, 10}, {150, 390}, {50, 390}}};
    cc_flatten_request request = request_for(&quad);
    cc_image flat;
    cc_flattening done = flatten(&photo, &request, &flat);

    (void)state;
    assert_string_equal(done.paper, "receipt");
    assert_int_equal(done.aspect_source, CC_ASPECT_PERSPECTIVE);
    assert_near(done.width_mm, 80, 0);
    assert_near(done.height_mm, 304, 1);
    cc_image_free(&flat);
    cc_image_free(&photo);
}

static void sizes_that_are_asked_for_are_made(void **state)
{
    cc_image photo = make_photo(400, 400);
    cc_quad quad = {{{50, 50}, {350, 50}, {350, 250}, {50, 250}}}; /* 3:2 landscape */
    cc_flatten_request request = request_for(&quad);
    cc_image flat;
    cc_flattening done;

    (void)state;
    request.sheet_mm[0] = 210;
    request.sheet_mm[1] = 297;
    request.dots_per_inch = 100;
    done = flatten(&photo, &request, &flat);
    assert_near(done.width_mm, 297, 0); /* the way the page lies */
    assert_int_equal(flat.width, 1169);
    assert_int_equal(flat.height, 827);
    cc_image_free(&flat);
    request = request_for(&quad);
    request.width = 90;
    request.height = 70;
    (void)flatten(&photo, &request, &flat);
    assert_int_equal(flat.width, 90);
    assert_int_equal(flat.height, 70);
    cc_image_free(&flat);
    request.turn = 1; /* still the size of what comes out */
    (void)flatten(&photo, &request, &flat);
    assert_int_equal(flat.width, 90);
    assert_int_equal(flat.height, 70);
    cc_image_free(&flat);
    request = request_for(&quad);
    request.max_pixels = 10000;
    (void)flatten(&photo, &request, &flat);
    assert_true(flat.width * flat.height <= 10000 && flat.width > 100);
    cc_image_free(&flat);
    cc_image_free(&photo);
}

static void quarter_turns_are_clockwise(void **state)
{
    cc_image photo = make_photo(60, 40);
    cc_quad frame = cc_quad_of_frame(60, 40);
    cc_flatten_request request = request_for(&frame);
    cc_image flat;

    (void)state;
    request.keep_measured = true;
    for (int turn = 0; turn < 4; turn++) {
        static const int corner[4][2] = {{0, 0}, {0, 39}, {59, 39}, {59, 0}};
        cc_flattening done;
        request.turn = turn;
        done = flatten(&photo, &request, &flat);
        assert_int_equal(done.turn, turn);
        assert_int_equal(flat.width, turn % 2 ? 40 : 60);
        assert_memory_equal(flat.pixels,
                            cc_image_row(&photo, corner[turn][1]) + corner[turn][0] * 3, 3);
        cc_image_free(&flat);
    }
    cc_image_free(&photo);
}

static void strange_requests_are_refused(void **state)
{
    cc_image photo = make_photo(60, 40);
    cc_quad frame = cc_quad_of_frame(60, 40);
    cc_image flat;
    cc_flattening done;

    (void)state;
    for (int i = 0; i < 7; i++) {
        cc_flatten_request request = request_for(&frame);
        request.width = i == 0 ? -1 : 0;
        request.aspect = i == 1 ? 1000 : 0;
        request.dots_per_inch = i == 2 ? 1e6 : i == 3 ? NAN : 0;
        request.sheet_mm[0] = i == 4 ? 100 : 0;
        request.turn = i == 5 ? 4 : 0;
        request.quad.corner[0].x = i == 6 ? 200 : 0;
        assert_int_equal(cc_page_flatten(&photo, &request, NULL, &flat, &done, NULL),
                         CC_INVALID_ARGUMENT);
        assert_null(flat.pixels);
    }
    cc_image_free(&photo);
}

static void sizes_over_the_ceiling_are_refused(void **state)
{
    cc_image photo = make_photo(60, 40);
    cc_quad frame = cc_quad_of_frame(60, 40);
    cc_flatten_request request = request_for(&frame);
    cc_image flat;
    cc_flattening done;

    (void)state;
    request.width = 1000;
    request.height = 1000;
    request.max_pixels = 999999;
    assert_int_equal(cc_page_flatten(&photo, &request, NULL, &flat, &done, NULL), CC_LIMIT);
    cc_image_free(&photo);
}

/* A page whose top and bottom bulge: vertical position in the page as brightness. */
static cc_image draw_curled(const cc_quad *quad, double bulge)
{
    cc_image photo;

    assert_int_equal(cc_image_create(500, 400, 1, &photo, NULL), CC_OK);
    for (int y = 0; y < 400; y++) {
        for (int x = 0; x < 500; x++) {
            double t = (x + 0.5 - quad->corner[0].x) / (quad->corner[1].x - quad->corner[0].x);
            double shift = 4 * t * (1 - t) * bulge;
            double down =
                (y + 0.5 - shift - quad->corner[0].y) / (quad->corner[3].y - quad->corner[0].y);
            cc_image_row(&photo, y)[x] = (uint8_t)fmax(0, fmin(255, 255 * down + 0.5));
        }
    }
    return photo;
}

static void curl_is_taken_out(void **state)
{
    cc_quad quad = {{{50, 60}, {450, 60}, {450, 340}, {50, 340}}};
    cc_image photo = draw_curled(&quad, 25); /* both sides move down by 25 in the middle */
    cc_flatten_request request = request_for(&quad);
    cc_image flat;
    double worst = 0;

    (void)state;
    request.keep_measured = true;
    request.curl.bulge[0] = 25;  /* into the page */
    request.curl.bulge[2] = -25; /* out of it */
    request.dewarp = CC_DEWARP_AUTO;
    assert_true(flatten(&photo, &request, &flat).dewarped);
    for (int x = 2; x < flat.width - 2; x++) {
        worst = fmax(worst, fabs(cc_image_row(&flat, 140)[x] - 128.0));
    }
    assert_true(worst < 2.5);
    cc_image_free(&flat);
    request.dewarp = CC_DEWARP_OFF;
    assert_false(flatten(&photo, &request, &flat).dewarped);
    assert_true(fabs(cc_image_row(&flat, 140)[200] - 128.0) > 15);
    cc_image_free(&flat);
    request.dewarp = CC_DEWARP_AUTO;
    request.curl.bulge[0] = 0.5; /* too little to do anything about */
    request.curl.bulge[2] = 0.5;
    assert_false(flatten(&photo, &request, &flat).dewarped);
    cc_image_free(&flat);
    cc_image_free(&photo);
}

static void without_curl_both_warps_agree(void **state)
{
    cc_image photo = make_photo(300, 200);
    cc_quad quad = {{{40, 30}, {250, 45}, {270, 180}, {25, 160}}};
    cc_curl none = {{0, 0, 0, 0}};
    cc_image flat;
    cc_image curled;

    (void)state;
    assert_int_equal(cc_page_warp(&photo, &quad, 200, 130, NULL, &flat, NULL), CC_OK);
    assert_int_equal(cc_page_warp_curled(&photo, &quad, &none, 200, 130, NULL, &curled, NULL),
                     CC_OK);
    for (int i = 0; i < 200 * 130 * 3; i++) {
        assert_near(flat.pixels[i], curled.pixels[i], 1); /* the kernels differ by one level */
    }
    cc_image_free(&flat);
    cc_image_free(&curled);
    cc_image_free(&photo);
}

/* In perspective the parabola's top is at the middle of the side in the picture, not at
 * the middle of the edge of the page. */
static void bends_follow_the_perspective(void **state)
{
    cc_warp_curl curl = {.y = {10, 0, 0, 0}, .start = {1, 1, 1, 1}, .end = {3, 1, 1, 3}};
    double x;
    double y;

    (void)state;
    cc_warp_bend(&curl, 0.25, 0, &x, &y); /* 0.25 * 3 / (0.75 + 0.25 * 3) = one half */
    assert_near(y, 10, 1e-9);
    cc_warp_bend(&curl, 0.25, 0.5, &x, &y);
    assert_near(y, 5, 1e-9);
    cc_warp_bend(&curl, 0, 0, &x, &y);
    assert_near(y, 0, 1e-9);
    cc_warp_bend(&curl, 1, 0, &x, &y);
    assert_near(y, 0, 1e-9);
}

/* Rows of ink that rise: level after a finish, untouched in a photo. */
static void skew_is_taken_out_of_finished_pages(void **state)
{
    const double rise = tan(0.6 * 0.017453293);
    cc_quad frame = cc_quad_of_frame(700, 900);
    cc_flatten_request request = request_for(&frame);
    uint64_t seed = 4;
    cc_image photo;
    cc_image flat;
    cc_flattening done;

    (void)state;
    assert_int_equal(cc_image_create(700, 900, 1, &photo, NULL), CC_OK);
    memset(photo.pixels, 230, (size_t)700 * 900);
    for (int line = 0; line < 25; line++) {
        for (int x = 60; x < 640; x++) {
            int tall = (int)(random_unit(&seed) * 6);
            for (int dy = 0; dy < 8 + tall && x % 9 < 6; dy++) {
                cc_image_row(&photo, (int)(90 + line * 30 + dy - rise * (x - 350)))[x] = 20;
            }
        }
    }
    done = flatten(&photo, &request, &flat);
    assert_near(done.skew, 0, 0);
    cc_image_free(&flat);
    request.finish = CC_FINISH_GREY;
    done = flatten(&photo, &request, &flat);
    assert_near(done.skew, 0.6, 0.1);
    assert_int_equal(flat.pixels[0], 255);
    cc_textlines lines;
    assert_int_equal(cc_textlines_measure(&flat, NULL, &lines, NULL), CC_OK);
    assert_near(lines.skew, 0, 0.1);
    cc_image_free(&flat);
    cc_image_free(&photo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proportions_near_a_format_become_it),
        cmocka_unit_test(long_strips_are_receipts),
        cmocka_unit_test(sizes_that_are_asked_for_are_made),
        cmocka_unit_test(quarter_turns_are_clockwise),
        cmocka_unit_test(strange_requests_are_refused),
        cmocka_unit_test(sizes_over_the_ceiling_are_refused),
        cmocka_unit_test(curl_is_taken_out),
        cmocka_unit_test(without_curl_both_warps_agree),
        cmocka_unit_test(bends_follow_the_perspective),
        cmocka_unit_test(skew_is_taken_out_of_finished_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
