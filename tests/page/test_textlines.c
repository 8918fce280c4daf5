/* The way up and the skew of pages of text, and sizes of paper. */
#include "synthetic.h"

#include "image/pixels.h"
#include "page/papersize.h"
#include "page/textlines.h"

enum { PAGE_WIDTH = 850, PAGE_HEIGHT = 1100 };

/* Shapes like Latin letters on a line whose small letters are 10 pixels high. 'b' has an
 * ascender, 'p' a descender, 'x' neither, 'i' is narrow; 'H' is the
 * same both ways up. */
static void draw_letter(cc_image *page, double x, double base, char kind, double rise)
{
    int height = kind == 'b' || kind == 'H' ? 17 : 10;
    int below = kind == 'p' ? 6 : 0;
    int width = kind == 'i' ? 3 : 8;

    for (int dy = -height; dy < below; dy++) {
        for (int dx = 0; dx < width; dx++) {
            bool stem = dx < 2 || kind == 'i' || (kind == 'H' && dx >= width - 2);
            bool bowl = kind != 'H' && dy >= -10 && dy < 0 &&
                        (dx >= width - 2 || dy == -10 || dy == -9 || dy >= -2);
            int px = (int)(x + dx);
            int py = (int)(base + dy - rise * (x + dx - PAGE_WIDTH / 2.0));
            if ((stem || bowl) && px >= 0 && px < page->width && py >= 0 && py < page->height) {
                cc_image_row(page, py)[px] = 30;
            }
        }
    }
}

/* A page of such text. rise: tangent of the lines' slope. capitals: all letters are tall. */
static cc_image draw_text(uint64_t seed, double rise, bool capitals)
{
    cc_image page;

    assert_int_equal(cc_image_create(PAGE_WIDTH, PAGE_HEIGHT, 1, &page, NULL), CC_OK);
    memset(page.pixels, 235, (size_t)PAGE_WIDTH * PAGE_HEIGHT);
    for (int line = 0; line < 28; line++) {
        for (double x = 80; x < PAGE_WIDTH - 100;) {
            double pick = random_unit(&seed);
            /* English: about 30 % ascenders and capitals, 8 % descenders. */
            char kind = capitals      ? 'H'
                        : pick < 0.3  ? 'b'
                        : pick < 0.38 ? 'p'
                        : pick < 0.5  ? 'i'
                                      : 'x';
            draw_letter(&page, x, 100 + line * 32, kind, rise);
            x += random_unit(&seed) < 0.18 ? 24 : kind == 'i' ? 7 : 12;
        }
    }
    return page;
}

static cc_textlines measure(const cc_image *page)
{
    cc_textlines lines;

    assert_int_equal(cc_textlines_measure(page, NULL, &lines, NULL), CC_OK);
    return lines;
}

static void all_four_ways_are_told_apart(void **state)
{
    static const int orientation[4] = {1, 6, 3, 8}; /* clockwise quarters */

    (void)state;
    for (int turned = 0; turned < 4; turned++) {
        cc_image page = draw_text(7, 0, false);
        cc_textlines lines;
        assert_int_equal(cc_image_orient(&page, orientation[turned], NULL), CC_OK);
        lines = measure(&page);
        assert_true(lines.axis_sure);
        assert_true(lines.sure);
        assert_int_equal(lines.turn, (4 - turned) % 4);
        cc_image_free(&page);
    }
}

static void capitals_leave_the_way_up_open(void **state)
{
    cc_image page = draw_text(8, 0, true);
    cc_textlines lines = measure(&page);

    (void)state;
    assert_true(lines.axis_sure);
    assert_false(lines.sure);
    assert_int_equal(lines.turn, 0);
    cc_image_free(&page);
}

static void pages_without_text_say_nothing(void **state)
{
    uint64_t seed = 3;
    cc_image page;
    cc_textlines lines;

    (void)state;
    assert_int_equal(cc_image_create(600, 800, 3, &page, NULL), CC_OK);
    memset(page.pixels, 240, (size_t)600 * 800 * 3);
    lines = measure(&page);
    assert_false(lines.axis_sure || lines.sure || lines.skew_sure);
    for (int i = 0; i < 600 * 800 * 3; i++) {
        page.pixels[i] = (uint8_t)random_between(&seed, 0, 255);
    }
    lines = measure(&page);
    assert_false(lines.sure);
    cc_image_free(&page);
}

static void skew_is_measured(void **state)
{
    static const double degrees[] = {-1.4, -0.5, 0.0, 0.3, 0.9};

    (void)state;
    for (size_t i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
        cc_image page = draw_text(20 + i, tan(degrees[i] * 0.017453293), false);
        cc_textlines lines = measure(&page);
        assert_true(lines.skew_sure);
        assert_near(lines.skew, degrees[i], 0.12);
        assert_int_equal(cc_image_orient(&page, 6, NULL), CC_OK);
        lines = measure(&page); /* the same, lying on its side */
        assert_true(lines.skew_sure);
        assert_near(lines.skew, degrees[i], 0.12);
        cc_image_free(&page);
    }
}

static void tiny_pictures_are_survived(void **state)
{
    (void)state;
    for (int size = 1; size < 40; size += 6) {
        for (int channels = 1; channels <= 4; channels++) {
            cc_image page;
            assert_int_equal(cc_image_create(size, 40 - size, channels, &page, NULL), CC_OK);
            assert_false(measure(&page).sure);
            cc_image_free(&page);
        }
    }
}

static void refused_memory_is_survived(void **state)
{
    cc_image page = draw_text(7, 0, false);
    int failures = 0;

    (void)state;
    for (long n = 0; n < 60; n++) {
        cc_textlines lines;
        cc_status status;
        cc_memory_fail_after(n);
        status = cc_textlines_measure(&page, NULL, &lines, NULL);
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        if (status == CC_OK) {
            break;
        }
        assert_int_equal(lines.letters, 0);
        failures++;
    }
    assert_true(failures > 5);
    cc_image_free(&page);
}

/* ---- paper ---- */

static void proportions_name_a_format(void **state)
{
    static const struct {
        double aspect;
        const char *name; /* NULL = none */
    } all[] = {{1 / 1.4142, "A4"}, {1.4142, "A4"},     {1 / 1.4142 * 1.02, "A4"},
               {0.7727, "letter"}, {1.2941, "letter"}, {0.607, "legal"},
               {1.586, "ID-1"},    {0.6306, "ID-1"},   {0.667, NULL},
               {0.735, NULL},      {1.0, NULL},        {0.4, NULL},
               {0.0, NULL},        {-1.0, NULL},       {NAN, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const cc_paper *paper = cc_paper_by_aspect(all[i].aspect, NULL);
        if (all[i].name == NULL) {
            assert_null(paper);
        } else {
            assert_non_null(paper);
            assert_string_equal(paper->name, all[i].name);
        }
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    for (const char *const *name = cc_paper_names(); *name != NULL; name++) {
        const cc_paper *paper = cc_paper_by_name(*name);
        assert_non_null(paper);
        assert_true(paper->width_mm > 50 && paper->width_mm < paper->height_mm);
    }
    assert_near(cc_paper_by_name("a4")->height_mm, 297, 0);
    assert_near(cc_paper_by_name("LETTER")->width_mm, 215.9, 0);
    assert_null(cc_paper_by_name("A44"));
    assert_null(cc_paper_by_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_four_ways_are_told_apart),
        cmocka_unit_test(capitals_leave_the_way_up_open),
        cmocka_unit_test(pages_without_text_say_nothing),
        cmocka_unit_test(skew_is_measured),
        cmocka_unit_test(tiny_pictures_are_survived),
        cmocka_unit_test(refused_memory_is_survived),
        cmocka_unit_test(proportions_name_a_format),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
