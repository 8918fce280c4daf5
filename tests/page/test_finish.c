/* Finishes: shading, binarisation, specks, and the whole. */
#include "synthetic.h"

#include "core/threads.h"
#include "page/binarise.h"
#include "page/finish.h"
#include "page/groups.h"
#include "page/shading.h"

enum { WIDTH = 420, HEIGHT = 600 };

/* How bright the lamp makes the paper: a gradient and a soft-edged shadow. */
static double lamp(int x, int y)
{
    double shadow = 1.0 / (1.0 + exp((x + 0.5 * y - 400.0) / 12.0));

    return (0.55 + 0.4 * y / HEIGHT) * (1.0 - 0.45 * shadow);
}

/* Text-like ink: short bars on lines, none in the margin. */
static bool is_ink(int x, int y)
{
    return x > 40 && x < WIDTH - 40 && y > 40 && y < HEIGHT - 40 && y % 20 < 8 && x % 7 < 2;
}

/* A page of warm paper, 3 or 1 channels, under that lamp. */
static cc_image draw_page(int channels)
{
    static const double tint[3] = {250, 236, 205};
    uint64_t state = 99;
    cc_image page;

    assert_int_equal(cc_image_create(WIDTH, HEIGHT, channels, &page, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            double light = lamp(x, y) * (is_ink(x, y) ? 0.25 : 1.0);
            for (int c = 0; c < channels; c++) {
                double value = tint[channels == 1 ? 1 : c] * light + random_between(&state, -3, 3);
                cc_image_row(&page, y)[x * channels + c] = (uint8_t)fmax(0, fmin(255, value));
            }
        }
    }
    return page;
}

static void shading_is_found_under_text(void **state)
{
    cc_image page = draw_page(3);
    cc_shading shading;
    double worst = 0;
    double sum = 0;
    int count = 0;

    (void)state;
    assert_int_equal(cc_shading_measure(&page, NULL, &shading, NULL), CC_OK);
    assert_true(shading.found > 0.8F);
    assert_false(shading.tinted);
    for (int y = 8; y < HEIGHT - 8; y += 5) {
        for (int x = 8; x < WIDTH - 8; x += 5) {
            double paper = 255.0 / (double)cc_shading_gain_at(&shading, x, y, 1);
            double off = fabs(paper / (236 * lamp(x, y)) - 1);
            worst = fmax(worst, off);
            sum += off;
            count++;
        }
    }
    assert_true(sum / count < 0.03);
    assert_true(worst < 0.2); /* in the middle of the shadow's edge */
    cc_shading_free(&shading);
    cc_image_free(&page);
}

static void rows_of_gains_equal_the_definition(void **state)
{
    cc_image page = draw_page(3);
    cc_shading shading;
    float *gain = malloc((size_t)WIDTH * 3 * sizeof *gain);

    (void)state;
    assert_int_equal(cc_shading_measure(&page, NULL, &shading, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y += 37) {
        cc_shading_gains(&shading, y, WIDTH, gain);
        for (int x = 0; x < WIDTH; x++) {
            for (int c = 0; c < 3; c++) {
                assert_near(gain[x * 3 + c], cc_shading_gain_at(&shading, x, y, c), 1e-4);
            }
        }
    }
    free(gain);
    cc_shading_free(&shading);
    cc_image_free(&page);
}

static void a_dark_field_is_no_shadow(void **state)
{
    cc_image page = draw_page(3);
    cc_shading shading;

    (void)state;
    for (int y = 200; y < 500; y++) { /* a large black field in the middle of the page */
        for (int x = 100; x < 380; x++) {
            memset(cc_image_row(&page, y) + x * 3, 22, 3);
        }
    }
    assert_int_equal(cc_shading_measure(&page, NULL, &shading, NULL), CC_OK);
    assert_true(255.0F / cc_shading_gain_at(&shading, 240, 350, 1) > 90.0F);
    cc_shading_free(&shading);
    cc_image_free(&page);
}

static void no_paper_means_no_correction(void **state)
{
    uint64_t seed = 5;
    cc_image photo;
    cc_shading shading;

    (void)state;
    assert_int_equal(cc_image_create(200, 200, 3, &photo, NULL), CC_OK);
    for (int i = 0; i < 200 * 200 * 3; i++) {
        photo.pixels[i] = (uint8_t)random_between(&seed, 0, 255);
    }
    assert_int_equal(cc_shading_measure(&photo, NULL, &shading, NULL), CC_OK);
    assert_true(shading.found < 0.1F);
    assert_near(cc_shading_gain_at(&shading, 100, 100, 0), 1.0, 1e-6);
    cc_shading_free(&shading);
    cc_image_free(&photo);
}

static void the_threshold_equals_its_definition(void **state)
{
    cc_image grey = draw_page(1);
    cc_image black;
    cc_thread_pool *pool;
    static const cc_binarise_options all[] = {
        {15, 0.2, 0, 255}, {3, 0.5, 90, 200}, {127, 0.34, 40, 230}};

    (void)state;
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 1, &black, NULL), CC_OK);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(cc_binarise(&grey, &all[i], pool, &black, NULL), CC_OK);
        for (int y = 0; y < HEIGHT; y += i == 2 ? 41 : 7) {
            for (int x = 0; x < WIDTH; x += i == 2 ? 29 : 3) {
                assert_int_equal(cc_image_row(&black, y)[x],
                                 cc_binarise_pixel(&grey, &all[i], x, y));
            }
        }
    }
    cc_thread_pool_destroy(pool);
    cc_image_free(&black);
    cc_image_free(&grey);
}

static void strange_thresholds_are_refused(void **state)
{
    static const cc_binarise_options wrong[] = {{2, 0.2, 0, 255},
                                                {16, 0.2, 0, 255},
                                                {129, 0.2, 0, 255},
                                                {15, 1.5, 0, 255},
                                                {15, 0.2, 9, 8}};
    cc_image grey;

    (void)state;
    assert_int_equal(cc_image_create(20, 20, 1, &grey, NULL), CC_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(cc_binarise(&grey, &wrong[i], NULL, &grey, NULL), CC_INVALID_ARGUMENT);
    }
    cc_image_free(&grey);
}

/* Draw a picture of lines, '#' being black. */
static cc_image draw(const char *const *lines, int height)
{
    int width = (int)strlen(lines[0]);
    cc_image image;

    assert_int_equal(cc_image_create(width, height, 1, &image, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            cc_image_row(&image, y)[x] = lines[y][x] == '#' ? 0 : 255;
        }
    }
    return image;
}

static void groups_join_round_corners_and_over_diagonals(void **state)
{
    static const char *const lines[] = {
        "#...#....#", /* */
        "#...#...#.", /* */
        "#...#..#..", /* */
        "#####.....", /* a U, and a diagonal that is one group */
        "..........", /* */
        ".##.##.##.",
    };
    cc_image image = draw(lines, 6);
    cc_groups groups;
    int roots = 0;

    (void)state;
    assert_int_equal(cc_groups_find(&image, &groups, NULL), CC_OK);
    for (int i = 0; i < groups.count; i++) {
        if (cc_groups_root(&groups, i) == i) {
            roots++;
        }
    }
    assert_int_equal(roots, 5);
    assert_int_equal(groups.runs[cc_groups_root(&groups, 0)].pixels, 11);
    assert_int_equal(groups.runs[cc_groups_root(&groups, 0)].right, 5);
    assert_int_equal(groups.runs[cc_groups_root(&groups, 0)].bottom, 4);
    cc_groups_free(&groups);
    cc_image_free(&image);
}

static void specks_go_and_letters_stay(void **state)
{
    cc_image image;
    int removed = 0;

    (void)state;
    assert_int_equal(cc_image_create(400, 400, 1, &image, NULL), CC_OK);
    memset(image.pixels, 255, 400 * 400);
    for (int i = 0; i < 50; i++) { /* letters of 12 pixels, specks of 2 */
        for (int k = 0; k < 12; k++) {
            cc_image_row(&image, 20 + 7 * i + k / 4)[100 + k % 4] = 0;
        }
        cc_image_row(&image, 21 + 7 * i)[200] = 0;
        cc_image_row(&image, 22 + 7 * i)[201] = 0;
    }
    memset(cc_image_row(&image, 0) + 30, 0, 200); /* a fringe at the border */
    for (int y = 100; y < 300; y++) {
        memset(cc_image_row(&image, y) + 360, 0, 40); /* a bar that runs off the page */
    }
    assert_int_equal(cc_despeckle(&image, 2, &removed, NULL), CC_OK);
    assert_int_equal(removed, 51);
    assert_int_equal(cc_image_row(&image, 21)[101], 0);
    assert_int_equal(cc_image_row(&image, 21)[200], 255);
    assert_int_equal(cc_image_row(&image, 0)[40], 255);
    assert_int_equal(cc_image_row(&image, 200)[390], 0);
    cc_image_free(&image);
}

static void photo_changes_nothing(void **state)
{
    cc_image page = draw_page(3);
    cc_image copy;

    (void)state;
    assert_int_equal(cc_image_copy(&page, &copy, NULL), CC_OK);
    assert_int_equal(cc_page_finish(&page, CC_FINISH_PHOTO, NULL, NULL), CC_OK);
    assert_memory_equal(page.pixels, copy.pixels, (size_t)WIDTH * HEIGHT * 3);
    cc_image_free(&copy);
    cc_image_free(&page);
}

/* Mean of one channel over paper or ink. */
static double mean_of(const cc_image *page, bool ink, int channel)
{
    double sum = 0;
    int count = 0;

    for (int y = 50; y < HEIGHT - 50; y++) {
        for (int x = 50; x < WIDTH - 50; x++) {
            if (is_ink(x, y) == ink) {
                sum += cc_image_row(page, y)[x * page->channels + channel];
                count++;
            }
        }
    }
    return sum / count;
}

static void clean_makes_paper_white_and_ink_dark(void **state)
{
    cc_image page = draw_page(3);

    (void)state;
    assert_int_equal(cc_page_finish(&page, CC_FINISH_CLEAN, NULL, NULL), CC_OK);
    assert_int_equal(page.channels, 3);
    for (int c = 0; c < 3; c++) {
        assert_true(mean_of(&page, false, c) > 250);
        assert_true(mean_of(&page, true, c) < 40);
    }
    cc_image_free(&page);
}

static void clean_keeps_colours(void **state)
{
    cc_image page = draw_page(3);
    const uint8_t *p;

    (void)state;
    for (int y = 100; y < 140; y++) {
        for (int x = 100; x < 300; x++) {
            uint8_t *q = cc_image_row(&page, y) + x * 3;
            double light = lamp(x, y);
            q[0] = (uint8_t)(200 * light);
            q[1] = (uint8_t)(40 * light);
            q[2] = (uint8_t)(40 * light);
        }
    }
    assert_int_equal(cc_page_finish(&page, CC_FINISH_CLEAN, NULL, NULL), CC_OK);
    p = cc_image_row(&page, 120) + 200 * 3;
    assert_true(p[0] > p[1] + 100 && p[0] > p[2] + 100);
    cc_image_free(&page);
}

static void grey_and_bilevel_have_one_channel(void **state)
{
    cc_image grey = draw_page(3);
    cc_image black = draw_page(3);
    int wrong = 0;

    (void)state;
    grey.metadata.dots_per_inch = 150;
    assert_int_equal(cc_page_finish(&grey, CC_FINISH_GREY, NULL, NULL), CC_OK);
    assert_int_equal(grey.channels, 1);
    assert_near(grey.metadata.dots_per_inch, 150, 0);
    assert_true(mean_of(&grey, false, 0) > 250);
    assert_int_equal(cc_page_finish(&black, CC_FINISH_BILEVEL, NULL, NULL), CC_OK);
    assert_int_equal(black.channels, 1);
    for (int y = 10; y < HEIGHT - 10; y++) {
        for (int x = 10; x < WIDTH - 10; x++) {
            uint8_t value = cc_image_row(&black, y)[x];
            assert_true(value == 0 || value == 255);
            wrong += (value == 0) != is_ink(x, y);
        }
    }
    assert_true(wrong < WIDTH * HEIGHT / 1000); /* 0.1 %, under a shadow of nearly half */
    cc_image_free(&grey);
    cc_image_free(&black);
}

static void dark_fields_stay_dark_in_black_and_white(void **state)
{
    cc_image page = draw_page(1);
    int black = 0;

    (void)state;
    for (int y = 200; y < 400; y++) {
        memset(cc_image_row(&page, y) + 100, 20, 200);
    }
    assert_int_equal(cc_page_finish(&page, CC_FINISH_BILEVEL, NULL, NULL), CC_OK);
    for (int y = 210; y < 390; y++) {
        for (int x = 110; x < 290; x++) {
            black += cc_image_row(&page, y)[x] == 0;
        }
    }
    assert_true(black > 180 * 180 * 99 / 100);
    cc_image_free(&page);
}

static void threads_change_nothing(void **state)
{
    cc_thread_pool *pool;

    (void)state;
    assert_int_equal(cc_thread_pool_create(4, &pool, NULL), CC_OK);
    for (int finish = CC_FINISH_CLEAN; finish <= CC_FINISH_BILEVEL; finish++) {
        cc_image one = draw_page(3);
        cc_image many = draw_page(3);
        assert_int_equal(cc_page_finish(&one, (cc_finish)finish, NULL, NULL), CC_OK);
        assert_int_equal(cc_page_finish(&many, (cc_finish)finish, pool, NULL), CC_OK);
        assert_memory_equal(one.pixels, many.pixels, (size_t)WIDTH * HEIGHT * (size_t)one.channels);
        cc_image_free(&one);
        cc_image_free(&many);
    }
    cc_thread_pool_destroy(pool);
}

static void small_and_transparent_pictures_are_survived(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {3, 3}, {9, 700}};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int channels = 1; channels <= 4; channels++) {
            for (int finish = CC_FINISH_CLEAN; finish <= CC_FINISH_BILEVEL; finish++) {
                cc_image page;
                assert_int_equal(cc_image_create(sizes[i][0], sizes[i][1], channels, &page, NULL),
                                 CC_OK);
                assert_int_equal(cc_page_finish(&page, (cc_finish)finish, NULL, NULL), CC_OK);
                assert_true(page.channels == 1 ||
                            (finish == CC_FINISH_CLEAN && page.channels == 3));
                cc_image_free(&page);
            }
        }
    }
}

static void refused_memory_is_survived(void **state)
{
    int failures = 0;

    (void)state;
    for (int finish = CC_FINISH_CLEAN; finish <= CC_FINISH_BILEVEL; finish++) {
        for (long n = 0; n < 40; n++) {
            cc_image page = draw_page(3);
            cc_status status;
            cc_memory_fail_after(n);
            status = cc_page_finish(&page, (cc_finish)finish, NULL, NULL);
            cc_memory_fail_after(-1);
            assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
            failures += status != CC_OK;
            assert_non_null(page.pixels);
            cc_image_free(&page);
            if (status == CC_OK) {
                break;
            }
        }
    }
    assert_true(failures > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shading_is_found_under_text),
        cmocka_unit_test(rows_of_gains_equal_the_definition),
        cmocka_unit_test(a_dark_field_is_no_shadow),
        cmocka_unit_test(no_paper_means_no_correction),
        cmocka_unit_test(the_threshold_equals_its_definition),
        cmocka_unit_test(strange_thresholds_are_refused),
        cmocka_unit_test(groups_join_round_corners_and_over_diagonals),
        cmocka_unit_test(specks_go_and_letters_stay),
        cmocka_unit_test(photo_changes_nothing),
        cmocka_unit_test(clean_makes_paper_white_and_ink_dark),
        cmocka_unit_test(clean_keeps_colours),
        cmocka_unit_test(grey_and_bilevel_have_one_channel),
        cmocka_unit_test(dark_fields_stay_dark_in_black_and_white),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(small_and_transparent_pictures_are_survived),
        cmocka_unit_test(refused_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
