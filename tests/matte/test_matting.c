/* Post-processed masks, trimaps, alpha and foreground against rembg 2.0.77's own
 * functions: data/ was written by tests/oracle/matte_golden.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "image/codec/codec.h"
#include "matte/alpha.h"
#include "matte/foreground.h"
#include "matte/matting.h"

typedef struct golden_case {
    const char *name;
    cc_trimap_options trimap;
} golden_case;

static const golden_case cases[] = {{"blob", {240, 10, 10}},
                                    {"hair", {240, 10, 5}},
                                    {"wide", {200, 40, 0}},
                                    {"dot", {128, 128, 2}}};
enum { CASES = sizeof cases / sizeof cases[0] };

static const cc_alpha_limits exact = {1e-7, 10000};

static cc_image load(const char *name, const char *what)
{
    char path[512];
    cc_buffer bytes = {0};
    cc_image image = {0};

    snprintf(path, sizeof path, "%s/tests/matte/data/%s_%s.png", CLEARCUT_SOURCE_DIR, name, what);
    assert_int_equal(cc_file_read(path, 0, &bytes, NULL), CC_OK);
    assert_int_equal(cc_image_decode(bytes.data, bytes.size, NULL, &image, NULL, NULL), CC_OK);
    cc_buffer_free(&bytes);
    return image;
}

typedef struct difference {
    double mean;
    int largest;
} difference;

/* Of the channels first..last. */
static difference compare(const cc_image *a, const cc_image *b, int first, int last)
{
    difference found = {0.0, 0};
    double samples = (double)a->width * a->height * (last - first + 1);

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    for (int y = 0; y < a->height; y++) {
        for (int x = 0; x < a->width; x++) {
            for (int c = first; c <= last; c++) {
                int at = x * a->channels + c;
                int d = abs(cc_image_row(a, y)[at] - cc_image_row(b, y)[at]);
                found.mean += d / samples;
                found.largest = d > found.largest ? d : found.largest;
            }
        }
    }
    return found;
}

/* ---- post-processing ---- */

static void post_processed_masks_are_rembgs(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        cc_image mask = load(cases[i].name, "mask");
        cc_image expected = load(cases[i].name, "post_processed");
        cc_image result;

        assert_int_equal(cc_matte_post_process(&mask, NULL, &result, NULL), CC_OK);
        assert_int_equal(compare(&result, &expected, 0, 0).largest, 0);
        cc_image_free(&result);
        cc_image_free(&expected);
        cc_image_free(&mask);
    }
}

static uint8_t post_processed_constant(int width, int height, int value)
{
    cc_image mask;
    cc_image result;
    uint8_t first;

    assert_int_equal(cc_image_create(width, height, 1, &mask, NULL), CC_OK);
    memset(mask.pixels, value, (size_t)width * (size_t)height);
    assert_int_equal(cc_matte_post_process(&mask, NULL, &result, NULL), CC_OK);
    first = result.pixels[0];
    for (int i = 0; i < width * height; i++) {
        assert_int_equal(result.pixels[i], first);
    }
    cc_image_free(&result);
    cc_image_free(&mask);
    return first;
}

/* Pictures narrower than the blur, where the mirrored border repeats. */
static void post_processing_of_flat_masks(void **state)
{
    (void)state;
    assert_int_equal(post_processed_constant(1, 1, 126), 0);
    assert_int_equal(post_processed_constant(1, 1, 128), 255);
    assert_int_equal(post_processed_constant(3, 2, 128), 255);
    assert_int_equal(post_processed_constant(200, 70, 126), 0);
}

/* One bright pixel does not survive the opening; a cross of five does, faintly. */
static void post_processing_removes_specks(void **state)
{
    cc_image mask;
    cc_image result;

    (void)state;
    assert_int_equal(cc_image_create(40, 40, 1, &mask, NULL), CC_OK);
    cc_image_row(&mask, 20)[20] = 255;
    assert_int_equal(cc_matte_post_process(&mask, NULL, &result, NULL), CC_OK);
    for (int i = 0; i < 1600; i++) {
        assert_int_equal(result.pixels[i], 0);
    }
    cc_image_free(&result);
    cc_image_free(&mask);
}

static void post_processing_takes_masks_only(void **state)
{
    cc_image mask;
    cc_image result;

    (void)state;
    assert_int_equal(cc_image_create(4, 4, 3, &mask, NULL), CC_OK);
    assert_int_equal(cc_matte_post_process(&mask, NULL, &result, NULL), CC_INVALID_ARGUMENT);
    assert_null(result.pixels);
    cc_image_free(&mask);
}

/* ---- trimaps ---- */

static void trimaps_are_rembgs(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        cc_image mask = load(cases[i].name, "mask");
        cc_image expected = load(cases[i].name, "trimap");
        cc_image trimap;
        cc_trimap_counts counts;

        assert_int_equal(cc_trimap_make(&mask, &cases[i].trimap, &trimap, &counts, NULL), CC_OK);
        assert_int_equal(compare(&trimap, &expected, 0, 0).largest, 0);
        assert_int_equal(counts.foreground + counts.background + counts.unknown,
                         mask.width * mask.height);
        cc_image_free(&trimap);
        cc_image_free(&expected);
        cc_image_free(&mask);
    }
}

/* The plain definition, pixel by pixel. */
static bool survives(const cc_image *mask, const cc_trimap_options *options, bool subject, int x,
                     int y)
{
    for (int i = 0; i < options->erode_size; i++) {
        for (int j = 0; j < options->erode_size; j++) {
            int row = y + i - options->erode_size / 2;
            int column = x + j - options->erode_size / 2;
            bool inside = row >= 0 && column >= 0 && row < mask->height && column < mask->width;
            int value = inside ? cc_image_row(mask, row)[column] : 0;
            bool member = subject ? inside && value > options->foreground_threshold
                                  : !inside || value < options->background_threshold;
            if (!member) {
                return false;
            }
        }
    }
    return true;
}

static void trimaps_follow_the_definition(void **state)
{
    static const int sizes[] = {1, 2, 3, 4, 7, 60, CC_TRIMAP_MAX_ERODE};
    cc_image mask = load("dot", "mask");

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cc_trimap_options options = {200, 60, sizes[i]};
        cc_image trimap;
        cc_trimap_counts counts;

        assert_int_equal(cc_trimap_make(&mask, &options, &trimap, &counts, NULL), CC_OK);
        for (int y = 0; y < mask.height && sizes[i] < 100; y++) {
            for (int x = 0; x < mask.width; x++) {
                int expected = survives(&mask, &options, false, x, y)  ? CC_TRIMAP_BACKGROUND
                               : survives(&mask, &options, true, x, y) ? CC_TRIMAP_FOREGROUND
                                                                       : CC_TRIMAP_UNKNOWN;
                assert_int_equal(cc_image_row(&trimap, y)[x], expected);
            }
        }
        if (sizes[i] >= 100) {
            assert_int_equal(counts.unknown, mask.width * mask.height);
        }
        cc_image_free(&trimap);
    }
    cc_image_free(&mask);
}

static void trimap_options_are_checked(void **state)
{
    static const cc_trimap_options wrong[] = {{256, 10, 10},  {-1, 10, 10},  {240, -1, 10},
                                              {240, 256, 10}, {240, 10, -1}, {240, 10, 1001}};
    cc_image mask = load("dot", "mask");

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cc_image trimap;
        cc_trimap_counts counts;
        assert_int_equal(cc_trimap_make(&mask, &wrong[i], &trimap, &counts, NULL),
                         CC_INVALID_ARGUMENT);
        assert_null(trimap.pixels);
    }
    cc_image_free(&mask);
}

/* ---- cut-outs ---- */

static cc_image cut(const golden_case *which, bool solve, cc_matte_style style,
                    cc_thread_pool *pool, cc_matting_result *result)
{
    cc_image photo = load(which->name, "photo");
    cc_image mask = load(which->name, "mask");
    cc_matting_options options = {solve, !solve, true, which->trimap};
    cc_image cutout;

    assert_int_equal(
        cc_matting_cut(&photo, &mask, &options, style, pool, NULL, &cutout, result, NULL), CC_OK);
    cc_image_free(&mask);
    cc_image_free(&photo);
    return cutout;
}

/* The estimate of the foreground does the same arithmetic: equal on every sample. */
static void decontaminated_cutouts_are_rembgs(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        cc_matting_result result;
        cc_image cutout = cut(&cases[i], false, CC_MATTE_REMBG, NULL, &result);
        cc_image expected = load(cases[i].name, "decontaminated");
        difference colors = compare(&cutout, &expected, 0, 2);

        print_message("%s -dc: colours differ by %.5f of 255 on average, %d at most\n",
                      cases[i].name, colors.mean, colors.largest);
        assert_int_equal(compare(&cutout, &expected, 3, 3).largest, 0);
        assert_true(colors.largest <= 1 && colors.mean < 0.001);
        cc_image_free(&expected);
        cc_image_free(&cutout);
    }
}

/* Alpha comes out of an iteration that stops at the same residual; cutting samples
 * off at whole numbers turns any difference around one into 1. */
static void matted_cutouts_are_rembgs(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        cc_matting_result result;
        cc_image cutout = cut(&cases[i], true, CC_MATTE_REMBG, NULL, &result);
        cc_image expected = load(cases[i].name, "matting");
        difference alpha = compare(&cutout, &expected, 3, 3);
        difference colors = compare(&cutout, &expected, 0, 2);

        print_message("%s -a: alpha differs by %.5f of 255 on average, %d at most; colours by "
                      "%.5f, %d; %d iterations\n",
                      cases[i].name, alpha.mean, alpha.largest, colors.mean, colors.largest,
                      result.iterations);
        assert_int_equal(result.outcome, CC_MATTING_DONE);
        assert_true(alpha.mean < 0.05 && alpha.largest <= 2);
        assert_true(colors.mean < 0.05 && colors.largest <= 3);
        cc_image_free(&expected);
        cc_image_free(&cutout);
    }
}

static void threads_change_nothing(void **state)
{
    cc_thread_pool *pool = NULL;

    (void)state;
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    for (int i = 0; i < CASES; i++) {
        cc_matting_result result;
        cc_image one = cut(&cases[i], true, CC_MATTE_REMBG, NULL, &result);
        cc_image three = cut(&cases[i], true, CC_MATTE_REMBG, pool, &result);
        assert_int_equal(compare(&one, &three, 0, 3).largest, 0);
        cc_image_free(&three);
        cc_image_free(&one);
    }
    cc_thread_pool_destroy(pool);
}

/* Enough unknowns for the solver itself to share its work out. */
static void threads_change_no_alpha(void **state)
{
    enum { WIDTH = 220, HEIGHT = 160 };
    static float alpha[2][WIDTH * HEIGHT];
    cc_image hair = load("hair", "photo");
    cc_image photo;
    cc_image trimap;

    (void)state;
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 3, &photo, NULL), CC_OK);
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 1, &trimap, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const uint8_t *from = cc_image_row(&hair, y % hair.height) + 3 * (x % hair.width);
            memcpy(cc_image_row(&photo, y) + 3 * x, from, 3);
            cc_image_row(&trimap, y)[x] = x < 20    ? CC_TRIMAP_BACKGROUND
                                          : x < 200 ? CC_TRIMAP_UNKNOWN
                                                    : CC_TRIMAP_FOREGROUND;
        }
    }
    for (int i = 0; i < 2; i++) {
        cc_thread_pool *pool = NULL;
        cc_alpha_report report;
        assert_int_equal(cc_thread_pool_create(1 + 2 * i, &pool, NULL), CC_OK);
        assert_int_equal(
            cc_alpha_solve(&photo, &trimap, &exact, pool, NULL, alpha[i], &report, NULL), CC_OK);
        assert_true(report.converged && report.unknowns > 20000);
        cc_thread_pool_destroy(pool);
    }
    assert_memory_equal(alpha[0], alpha[1], sizeof alpha[0]);
    cc_image_free(&trimap);
    cc_image_free(&photo);
    cc_image_free(&hair);
}

/* Rounded instead of cut off, own alpha multiplied in, nothing hidden. */
static void straight_style(void **state)
{
    cc_matting_result result;
    cc_matting_options options = {true, true, true, cases[0].trimap};
    cc_image rembg = cut(&cases[0], true, CC_MATTE_REMBG, NULL, &result);
    cc_image photo = load("blob", "photo");
    cc_image mask = load("blob", "mask");
    cc_image with_alpha;
    cc_image cutout;

    (void)state;
    assert_int_equal(cc_image_create(photo.width, photo.height, 4, &with_alpha, NULL), CC_OK);
    for (int i = 0; i < photo.width * photo.height; i++) {
        memcpy(with_alpha.pixels + 4 * i, photo.pixels + 3 * i, 3);
        with_alpha.pixels[4 * i + 3] = i % 2 == 0 ? 255 : 0;
    }
    assert_int_equal(cc_matting_cut(&with_alpha, &mask, &options, CC_MATTE_STRAIGHT, NULL, NULL,
                                    &cutout, &result, NULL),
                     CC_OK);
    for (int i = 0; i < photo.width * photo.height; i++) {
        const uint8_t *ours = cutout.pixels + 4 * i;
        const uint8_t *cut_off = rembg.pixels + 4 * i;
        if (i % 2 == 0) {
            uint8_t next = cut_off[3] < 255 ? (uint8_t)(cut_off[3] + 1) : 255;
            assert_true(ours[3] == cc_matte_settle(cut_off[3]) || ours[3] == cc_matte_settle(next));
            assert_true(ours[3] == 0 || ours[0] == cut_off[0] || ours[0] == cut_off[0] + 1);
        }
        if (i % 2 == 1 || ours[3] == 0) {
            assert_int_equal(ours[0] | ours[1] | ours[2] | ours[3], 0);
        }
    }
    cc_image_free(&cutout);
    cc_image_free(&with_alpha);
    cc_image_free(&mask);
    cc_image_free(&photo);
    cc_image_free(&rembg);
}

/* ---- what alpha matting cannot do, and says ---- */

static cc_matting_outcome outcome_of(int width, int height, int left, int right)
{
    cc_image photo;
    cc_image mask;
    cc_image cutout;
    cc_matting_options options = {true, false, true, {240, 10, 1}};
    cc_matting_result result;

    assert_int_equal(cc_image_create(width, height, 3, &photo, NULL), CC_OK);
    assert_int_equal(cc_image_create(width, height, 1, &mask, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        memset(cc_image_row(&mask, y), left, (size_t)width / 2);
        memset(cc_image_row(&mask, y) + width / 2, right, (size_t)(width - width / 2));
    }
    assert_int_equal(cc_matting_cut(&photo, &mask, &options, CC_MATTE_STRAIGHT, NULL, NULL, &cutout,
                                    &result, NULL),
                     CC_OK);
    assert_int_equal(cutout.channels, 4);
    if (result.outcome != CC_MATTING_DONE) { /* the plain cut-out */
        assert_true(strlen(cc_matting_outcome_text(result.outcome)) > 0);
        assert_int_equal(cutout.pixels[3], left);
        assert_int_equal(cutout.pixels[4 * (width - 1) + 3], right);
    }
    cc_image_free(&cutout);
    cc_image_free(&mask);
    cc_image_free(&photo);
    return result.outcome;
}

static void outcomes_are_told(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(20, 10, 0, 255), CC_MATTING_DONE); /* nothing unknown */
    assert_int_equal(outcome_of(20, 10, 0, 100), CC_MATTING_NO_FOREGROUND);
    assert_int_equal(outcome_of(20, 10, 100, 255), CC_MATTING_NO_BACKGROUND);
    assert_int_equal(outcome_of(20, 10, 0, 0), CC_MATTING_NO_FOREGROUND);
    assert_int_equal(outcome_of(20, 2, 0, 255), CC_MATTING_TOO_SMALL);
    assert_int_equal(outcome_of(2, 1, 0, 255), CC_MATTING_TOO_SMALL);
}

/* ---- alpha's properties ---- */

/* One colour on the left, another on the right, and a band that knows nothing:
 * colour alone decides, so alpha is the step between them. */
static void two_flat_colors_are_told_apart(void **state)
{
    enum { WIDTH = 60, HEIGHT = 40 };
    static float alpha[WIDTH * HEIGHT];
    cc_image photo;
    cc_image trimap;
    cc_alpha_report report;

    (void)state;
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 3, &photo, NULL), CC_OK);
    assert_int_equal(cc_image_create(WIDTH, HEIGHT, 1, &trimap, NULL), CC_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            memset(cc_image_row(&photo, y) + 3 * x, x < 33 ? 40 : 200, 3);
            cc_image_row(&trimap, y)[x] = x < 10   ? CC_TRIMAP_BACKGROUND
                                          : x < 50 ? CC_TRIMAP_UNKNOWN
                                                   : CC_TRIMAP_FOREGROUND;
        }
    }
    assert_int_equal(cc_alpha_solve(&photo, &trimap, &exact, NULL, NULL, alpha, &report, NULL),
                     CC_OK);
    assert_true(report.converged && report.residual < 1e-7);
    assert_int_equal(report.unknowns, 40 * HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        float expected = i % WIDTH < 33 ? 0.0F : 1.0F;
        assert_true(fabsf(alpha[i] - expected) < 0.01F);
    }
    cc_image_free(&trimap);
    cc_image_free(&photo);
}

static void known_pixels_keep_their_value(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        cc_image photo = load(cases[i].name, "photo");
        cc_image trimap = load(cases[i].name, "trimap");
        size_t pixels = (size_t)photo.width * (size_t)photo.height;
        float *alpha = cc_alloc_array(pixels, sizeof *alpha);
        cc_alpha_report report;

        assert_non_null(alpha);
        assert_int_equal(cc_alpha_solve(&photo, &trimap, &exact, NULL, NULL, alpha, &report, NULL),
                         CC_OK);
        for (size_t p = 0; p < pixels; p++) {
            uint8_t known = trimap.pixels[p];
            assert_true(alpha[p] >= 0.0F && alpha[p] <= 1.0F);
            assert_true(known == CC_TRIMAP_UNKNOWN || alpha[p] == (float)known / 255.0F);
        }
        cc_free(alpha);
        cc_image_free(&trimap);
        cc_image_free(&photo);
    }
}

static void keep_row(void *context, int y, const float *colors)
{
    float *all = context;
    memcpy(all + (size_t)y * 9, colors, 9 * sizeof *colors);
}

static void keep_pixel(void *context, int y, const float *colors)
{
    assert_int_equal(y, 0);
    memcpy(context, colors, 3 * sizeof *colors);
}

/* A picture of one colour has that colour as its foreground, whatever alpha is; and
 * the smallest pictures work. */
static void one_color_stays(void **state)
{
    static const float alpha[12] = {0, 0.3F, 1, 0.5F, 0.5F, 0.5F, 1, 1, 1, 0, 0, 1};
    float colors[36];
    cc_image photo;

    (void)state;
    for (int height = 1; height <= 4; height++) {
        assert_int_equal(cc_image_create(3, height, 1, &photo, NULL), CC_OK);
        memset(photo.pixels, 51, (size_t)height * 3);
        assert_int_equal(cc_foreground_estimate(&photo, alpha, NULL, keep_row, colors, NULL),
                         CC_OK);
        for (int i = 0; i < 9 * height; i++) {
            assert_true(fabsf(colors[i] - 0.2F) < 0.01F);
        }
        cc_image_free(&photo);
    }
    assert_int_equal(cc_image_create(1, 1, 3, &photo, NULL), CC_OK);
    assert_int_equal(cc_foreground_estimate(&photo, alpha, NULL, keep_pixel, colors, NULL), CC_OK);
    cc_image_free(&photo);
}

/* ---- refusals ---- */

static void cancelling_stops(void **state)
{
    atomic_bool cancel = true;
    cc_image photo = load("blob", "photo");
    cc_image mask = load("blob", "mask");

    (void)state;
    for (int solve = 0; solve < 2; solve++) {
        cc_matting_options options = {solve == 1, true, true, cases[0].trimap};
        cc_matting_result result;
        cc_image cutout;
        assert_int_equal(cc_matting_cut(&photo, &mask, &options, CC_MATTE_REMBG, NULL, &cancel,
                                        &cutout, &result, NULL),
                         CC_CANCELLED);
        assert_null(cutout.pixels);
    }
    cc_image_free(&mask);
    cc_image_free(&photo);
}

static void every_allocation_may_fail(void **state)
{
    cc_image photo = load("dot", "photo");
    cc_image mask = load("dot", "mask");
    cc_matting_options options = {true, false, true, cases[3].trimap};
    cc_status status = CC_OUT_OF_MEMORY;
    long allocations = 0;

    (void)state;
    for (; status != CC_OK; allocations++) {
        cc_matting_result result;
        cc_image cutout;
        cc_image processed = {0};
        assert_true(allocations < 300);
        cc_memory_fail_after(allocations);
        status = cc_matting_cut(&photo, &mask, &options, CC_MATTE_REMBG, NULL, NULL, &cutout,
                                &result, NULL);
        if (status == CC_OK) {
            status = cc_matte_post_process(&mask, NULL, &processed, NULL);
        }
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        assert_true(status == CC_OK || processed.pixels == NULL);
        cc_image_free(&cutout);
        cc_image_free(&processed);
    }
    assert_true(allocations > 20);
    cc_image_free(&mask);
    cc_image_free(&photo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(post_processed_masks_are_rembgs),
        cmocka_unit_test(post_processing_of_flat_masks),
        cmocka_unit_test(post_processing_removes_specks),
        cmocka_unit_test(post_processing_takes_masks_only),
        cmocka_unit_test(trimaps_are_rembgs),
        cmocka_unit_test(trimaps_follow_the_definition),
        cmocka_unit_test(trimap_options_are_checked),
        cmocka_unit_test(decontaminated_cutouts_are_rembgs),
        cmocka_unit_test(matted_cutouts_are_rembgs),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(threads_change_no_alpha),
        cmocka_unit_test(straight_style),
        cmocka_unit_test(outcomes_are_told),
        cmocka_unit_test(two_flat_colors_are_told_apart),
        cmocka_unit_test(known_pixels_keep_their_value),
        cmocka_unit_test(one_color_stays),
        cmocka_unit_test(cancelling_stops),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
