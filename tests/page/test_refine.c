/* Refinement of quads on full pictures. */
#include "synthetic.h"

#include "page/quad_refine.h"
#include "page/side_trace.h"

enum { WIDTH = 1000, HEIGHT = 800 };

/* What a rendered page looks like. */
typedef struct look {
    double paper;
    double desk;
    double noise; /* amplitude, grey levels */
    bool text;    /* dark lines on the paper */
    bool texture; /* strips on the desk */
    int channels;
} look;

static const look PLAIN = {235, 90, 0, false, false, 3};

static double desk_at(const look *how, int x, int y)
{
    return how->desk + (how->texture ? 25 * sin(x * 0.11 + 0.4 * sin(y * 0.02)) : 0);
}

static double paper_at(const look *how, const cc_quad *quad, int x, int y)
{
    cc_line top = cc_line_through(quad->corner[0], quad->corner[1]);
    cc_line left = cc_line_through(quad->corner[3], quad->corner[0]);
    double down = cc_line_distance(&top, (cc_point){x + 0.5, y + 0.5});
    double right = cc_line_distance(&left, (cc_point){x + 0.5, y + 0.5});
    bool ink = how->text && right > 40 && down > 40 && fmod(down, 22) < 9 && fmod(right, 13) < 8;

    return ink ? 50 : how->paper;
}

static void render(const cc_quad *quad, const look *how, uint64_t seed, cc_image *image)
{
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, how->channels, image, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        uint8_t *row = cc_image_row(image, y);
        for (int x = 0; x < WIDTH; x++) {
            double share = coverage_of(quad, x, y);
            double v = share * paper_at(how, quad, x, y) + (1 - share) * desk_at(how, x, y) +
                       how->noise * random_between(&seed, -1, 1);
            for (int c = 0; c < how->channels; c++) {
                bool alpha = how->channels % 2 == 0 && c == how->channels - 1;
                row[x * how->channels + c] = alpha ? 255 : (uint8_t)fmin(255, fmax(0, v + 0.5));
            }
        }
    }
}

static cc_quad shaken(const cc_quad *quad, uint64_t *seed, double amount)
{
    cc_quad moved = *quad;

    for (int i = 0; i < 4; i++) {
        moved.corner[i].x += random_between(seed, -amount, amount);
        moved.corner[i].y += random_between(seed, -amount, amount);
    }
    return moved;
}

static cc_quad page_in_picture(uint64_t *seed)
{
    cc_quad unit = random_quad(seed, 1.0);

    return cc_quad_scale(&unit, WIDTH, HEIGHT);
}

/* Render, shake the corners, refine, return the largest corner error in pixels. */
static double refined_error(const look *how, uint64_t seed, double shake, cc_refinement *found)
{
    cc_quad truth = page_in_picture(&seed);
    cc_quad guess = shaken(&truth, &seed, shake);
    cc_refine_options options = {.reach = 12};
    cc_image image;

    render(&truth, how, seed, &image);
    cc_quad_refine(&image, &guess, &options, found);
    cc_image_free(&image);
    return quad_error(&found->quad, &truth);
}

static void clean_edges_are_found_to_a_third_of_a_pixel(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        cc_refinement found;
        assert_true(refined_error(&PLAIN, seed * 7919, 5, &found) < 0.3);
        for (int side = 0; side < 4; side++) {
            assert_true(found.side[side].measured && found.side[side].moved);
            assert_true(found.side[side].support > 0.9);
            assert_near(found.side[side].contrast, 145, 30);
        }
    }
}

static void noise_text_and_texture_do_not_mislead(void **state)
{
    const look busy = {225, 120, 20, true, true, 3};

    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        cc_refinement found;
        assert_true(refined_error(&busy, seed * 104729, 4, &found) < 0.5);
    }
}

static void dark_paper_and_every_channel_count_work(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        const look dark = {40, 170, 3, false, false, channels};
        cc_refinement found;
        assert_true(refined_error(&dark, 31 + (uint64_t)channels, 4, &found) < 0.3);
    }
}

static void without_an_edge_nothing_moves(void **state)
{
    const look same = {128, 128, 12, false, false, 3};
    uint64_t seed = 77;
    cc_quad truth = page_in_picture(&seed);
    cc_refine_options options = {.reach = 12};
    cc_refinement found;
    cc_image image;

    (void)state;
    render(&truth, &same, seed, &image);
    cc_quad_refine(&image, &truth, &options, &found);
    cc_image_free(&image);
    assert_true(cc_quad_largest_move(&found.quad, &truth) < 1e-9);
    for (int side = 0; side < 4; side++) {
        assert_false(found.side[side].moved);
    }
}

static void fixed_sides_stay(void **state)
{
    uint64_t seed = 78;
    cc_quad truth = page_in_picture(&seed);
    cc_quad guess = truth;
    cc_refine_options options = {.reach = 12, .fixed = {true, false, false, false}};
    cc_refinement found;
    cc_image image;

    (void)state;
    guess.corner[0].y += 4;
    guess.corner[1].y += 4;
    render(&truth, &PLAIN, seed, &image);
    cc_quad_refine(&image, &guess, &options, &found);
    cc_image_free(&image);
    cc_line top = cc_line_through(guess.corner[0], guess.corner[1]);
    assert_true(fabs(cc_line_distance(&top, found.quad.corner[0])) < 1e-6);
    assert_true(fabs(cc_line_distance(&top, found.quad.corner[1])) < 1e-6);
    assert_false(found.side[0].moved);
    assert_true(found.side[1].moved);
}

static void a_second_edge_beyond_reach_is_not_taken(void **state)
{
    /* A dark mat 40 pixels wider than the page all round. */
    cc_quad page = {{{300, 200}, {700, 210}, {690, 600}, {310, 590}}};
    cc_quad mat = {{{260, 160}, {740, 170}, {730, 640}, {270, 630}}};
    cc_refine_options options = {.reach = 15};
    cc_refinement found;
    cc_image image;

    (void)state;
    render(&mat, &(look){30, 200, 2, false, false, 3}, 5, &image);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            double share = coverage_of(&page, x, y);
            for (int c = 0; c < 3; c++) {
                uint8_t *p = cc_image_row(&image, y) + x * 3 + c;
                *p = (uint8_t)(share * 120 + (1 - share) * *p + 0.5);
            }
        }
    }
    cc_quad_refine(&image, &page, &options, &found);
    cc_image_free(&image);
    assert_true(quad_error(&found.quad, &page) < 0.3);
}

static void tiny_pictures_and_wild_quads_are_survived(void **state)
{
    cc_image image;
    cc_refine_options options = {.reach = 6};
    uint64_t seed = 3;

    (void)state;
    assert_int_equal(cc_image_create(1, 1, 1, &image, NULL), CC_OK);
    for (int round = 0; round < 50; round++) {
        cc_quad quad = random_quad(&seed, exp(random_between(&seed, -3, 9)));
        cc_refinement found;
        cc_quad_refine(&image, &quad, &options, &found);
        assert_true(cc_quad_is_convex(&found.quad));
    }
    cc_image_free(&image);
}

/* A side that bends more and more towards one end: where it ends is found, not where a
 * straight line through its middle would end. */
static void the_ends_of_a_curved_side_are_found(void **state)
{
    static cc_profiles profiles;
    const cc_point a = {30, 60};
    const cc_point b = {370, 60};
    double course[CC_STATIONS] = {0};
    cc_side_trace trace;
    cc_image image;

    (void)state;
    assert_int_equal(cc_image_create(400, 200, 3, &image, NULL), CC_OK);
    for (int x = 0; x < 400; x++) {
        double u = (x + 0.5 - a.x) / (b.x - a.x);
        double edge = a.y + 12 * u * u;
        for (int y = 0; y < 200; y++) {
            double inside = fmin(1, fmax(0, y + 1 - edge));
            memset(cc_image_row(&image, y) + (size_t)x * 3, (int)(80 + 140 * inside), 3);
        }
    }
    assert_true(cc_side_trace_run(&image, a, b, course, 16, 1, &profiles, &trace));
    assert_near(trace.s[0], 0, 0.3);
    assert_near(trace.s[1], 12, 0.3);
    assert_near(trace.slope[1], 24, 2);
    assert_true(trace.support[0] > 0.9 && trace.support[1] > 0.9);
    assert_near(trace.contrast, 140, 35);
    memset(cc_image_row(&image, 0), 90, 200 * image.stride);
    /* Nothing there: no support, whatever path is taken. */
    assert_true(!cc_side_trace_run(&image, a, b, course, 16, 1, &profiles, &trace) ||
                trace.contrast < 1);
    cc_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_edges_are_found_to_a_third_of_a_pixel),
        cmocka_unit_test(noise_text_and_texture_do_not_mislead),
        cmocka_unit_test(dark_paper_and_every_channel_count_work),
        cmocka_unit_test(without_an_edge_nothing_moves),
        cmocka_unit_test(fixed_sides_stay),
        cmocka_unit_test(a_second_edge_beyond_reach_is_not_taken),
        cmocka_unit_test(tiny_pictures_and_wild_quads_are_survived),
        cmocka_unit_test(the_ends_of_a_curved_side_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
