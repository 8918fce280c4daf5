/* From evidence to answers, and the whole way with the shipped model. */
#include "synthetic.h"

#include <stdio.h>

#include "core/file.h"
#include "image/codec/codec.h"
#include "page/confidence.h"

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
            maps->plane[CC_PLANE_EDGE][i] =
                fmaxf(maps->plane[CC_PLANE_EDGE][i], side < 1.0 ? 1.0F : 0.0F);
            maps->plane[CC_PLANE_CORNER][i] = fmaxf(maps->plane[CC_PLANE_CORNER][i], (float)heat);
        }
    }
    maps->page = 0.97F;
    maps->none = 0.02F;
    maps->flat = 0.01F;
}

/* A white page on a grey desk, 512 x 384. */
static cc_image draw_photo(const cc_quad *map_quad)
{
    cc_image image;
    cc_quad quad = cc_quad_scale(map_quad, 4, 3);

    assert_int_equal(cc_image_create(512, 384, 3, &image, NULL), CC_OK);
    for (int y = 0; y < 384; y++) {
        for (int x = 0; x < 512; x++) {
            memset(cc_image_row(&image, y) + x * 3, (int)(90 + 140 * coverage_of(&quad, x, y)), 3);
        }
    }
    return image;
}

static cc_page_result answer(const cc_image *image, const cc_page_maps *maps)
{
    cc_page_evidence evidence = {.passes = 1};
    cc_page_view whole = {0, 0, image->width, image->height};
    cc_page_result result;

    memset(&result, 0, sizeof result);
    assert_int_equal(cc_page_pass_run(maps, &whole, &evidence.pass[0], NULL), CC_OK);
    cc_page_evidence_weigh(image, maps, &evidence); /* one pass: the second is not looked at */
    cc_page_judge(image, &evidence, &result);
    assert_true(result.reason[0] != '\0');
    assert_true(result.confidence >= 0 && result.confidence <= 1);
    return result;
}

static void a_clear_page_is_corrected(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{25, 20}, {100, 26}, {106, 108}, {18, 100}}};
    cc_quad truth = cc_quad_scale(&quad, 4, 3);
    cc_image image = draw_photo(&quad);

    (void)state;
    draw_maps(&quad, &maps);
    cc_page_result result = answer(&image, &maps);
    assert_int_equal(result.status, CC_PAGE_CORRECTED);
    assert_true(result.confidence > 0.7);
    assert_true(quad_error(&result.quad, &truth) < 0.3);
    assert_near(result.quad.corner[0].x, 100, 1);
    cc_image_free(&image);
}

static void a_full_mask_is_flat_and_an_empty_one_is_none(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{25, 20}, {100, 26}, {106, 108}, {18, 100}}};
    cc_image image = draw_photo(&quad);

    (void)state;
    memset(&maps, 0, sizeof maps);
    maps.none = 0.9F;
    cc_page_result result = answer(&image, &maps);
    assert_int_equal(result.status, CC_PAGE_NONE);
    assert_true(result.confidence > 0.8);
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        maps.plane[CC_PLANE_MASK][i] = 1;
    }
    maps.none = 0;
    maps.flat = 0.95F;
    result = answer(&image, &maps);
    assert_int_equal(result.status, CC_PAGE_FLAT);
    assert_near(result.quad.corner[2].x, 512, 0);
    assert_near(result.quad.corner[2].y, 384, 0);
    cc_image_free(&image);
}

/* The page as large as the picture but for a sliver: cutting it gains nothing. */
static void a_quad_that_is_the_frame_is_flat(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{0.8, 0.8}, {127.3, 0.6}, {127.2, 127.4}, {0.7, 127.2}}};
    cc_image image = draw_photo(&quad);

    (void)state;
    draw_maps(&quad, &maps);
    assert_int_equal(answer(&image, &maps).status, CC_PAGE_FLAT);
    cc_image_free(&image);
}

/* A mask that nothing else supports must not cut the picture. */
static void a_mask_alone_is_not_enough(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{50, 50}, {80, 52}, {78, 76}, {48, 70}}};
    cc_image image = draw_photo(&quad);

    (void)state;
    memset(&maps, 0, sizeof maps);
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        maps.plane[CC_PLANE_MASK][i] =
            (float)(0.6 * coverage_of(&quad, i % CC_PAGE_MAP_SIZE, i / CC_PAGE_MAP_SIZE));
    }
    maps.none = 0.6F;
    maps.page = 0.4F;
    assert_int_equal(answer(&image, &maps).status, CC_PAGE_NONE);
    cc_image_free(&image);
}

static void hostile_maps_get_an_answer(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{25, 20}, {100, 26}, {106, 108}, {18, 100}}};
    cc_image image = draw_photo(&quad);
    uint64_t seed = 4;

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        float *values = &maps.plane[0][0];
        for (int i = 0; i < 3 * CC_MAP_PIXELS; i++) {
            double r = random_unit(&seed);
            int x = i % CC_PAGE_MAP_SIZE;
            values[i] = kind == 0   ? NAN
                        : kind == 1 ? (float)r
                        : kind == 2 ? (float)(r * 1e30)
                        : kind == 3 ? (x > 30 && x < 90 ? 1.0F : NAN)
                        : kind == 4 ? -INFINITY
                                    : (x > 60 ? 1.0F : 0.0F);
        }
        maps.none = maps.page = maps.flat = kind % 2 ? NAN : 1e9F;
        cc_page_result result = answer(&image, &maps);
        if (result.status == CC_PAGE_CORRECTED) {
            assert_int_equal(cc_quad_check(&result.quad, NULL), CC_OK);
        }
    }
    cc_image_free(&image);
}

/* The mask leaks, less surely, into something beside the page. */
static void a_leaking_mask_is_cut_at_a_higher_level(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{25, 20}, {80, 26}, {76, 88}, {18, 80}}};
    cc_quad leak = {{{60, 60}, {120, 70}, {115, 115}, {50, 100}}};
    cc_page_view view = {0, 0, 128, 128};
    cc_page_pass pass;

    (void)state;
    draw_maps(&quad, &maps);
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        double more = 0.65 * coverage_of(&leak, i % CC_PAGE_MAP_SIZE, i / CC_PAGE_MAP_SIZE);
        maps.plane[CC_PLANE_MASK][i] = fmaxf(maps.plane[CC_PLANE_MASK][i], (float)more);
    }
    assert_int_equal(cc_page_pass_run(&maps, &view, &pass, NULL), CC_OK);
    assert_int_equal(pass.fit.outcome, CC_FIT_QUAD);
    assert_true(quad_error(&pass.quad, &quad) < 0.7);
    assert_true(pass.measure[CC_MEASURE_LEVEL] > 0);
}

/* The second look shows the page larger; its quad comes back in picture pixels. */
static void a_second_pass_is_used_if_its_maps_bear_it_out(void **state)
{
    static cc_page_maps maps;
    static cc_page_maps both[2];
    cc_quad quad = {{{45, 40}, {80, 44}, {84, 78}, {42, 74}}};
    cc_quad truth = cc_quad_scale(&quad, 4, 3);
    cc_image image = draw_photo(&quad);
    cc_page_evidence evidence = {.passes = 2};
    cc_page_view view = {0, 0, 512, 384};
    cc_quad enlarged = truth;

    (void)state;
    draw_maps(&quad, &maps);
    both[0] = maps;
    assert_int_equal(cc_page_pass_run(&maps, &view, &evidence.pass[0], NULL), CC_OK);
    assert_true(cc_page_second_view(&image, &evidence.pass[0], &view));
    assert_true(view.x > 130 && view.x < 168 && view.width > 168 && view.width < 220);
    assert_true(view.y > 90 && view.y < 120 && view.height > 114 && view.height < 150);
    for (int i = 0; i < 4; i++) {
        enlarged.corner[i].x = (truth.corner[i].x - view.x) * 128 / view.width;
        enlarged.corner[i].y = (truth.corner[i].y - view.y) * 128 / view.height;
    }
    draw_maps(&enlarged, &maps);
    both[1] = maps;
    assert_int_equal(cc_page_pass_run(&maps, &view, &evidence.pass[1], NULL), CC_OK);
    cc_page_evidence_weigh(&image, both, &evidence);
    assert_int_equal(evidence.chosen, 1);
    assert_true(quad_error(&evidence.pass[1].quad, &truth) < 0.5);
    assert_true(quad_error(&evidence.refinement.quad, &truth) < 0.3);
    assert_true(evidence.feature[CC_FEATURE_AGREEMENT] > 0.98);
    /* One that its maps do not bear out is not taken; one elsewhere does not agree. */
    for (int i = 0; i < 4; i++) {
        evidence.pass[1].quad.corner[i].x += 60;
    }
    evidence.pass[1].measure[CC_MEASURE_MEAN_EDGE] = 0.2;
    cc_page_evidence_weigh(&image, both, &evidence);
    assert_int_equal(evidence.chosen, 0);
    assert_true(evidence.feature[CC_FEATURE_AGREEMENT] < 0.6);
    assert_true(quad_error(&evidence.refinement.quad, &truth) < 0.3);
    cc_image_free(&image);
}

static void tiny_pictures_get_an_answer(void **state)
{
    static cc_page_maps maps;
    cc_quad quad = {{{25, 20}, {100, 26}, {106, 108}, {18, 100}}};

    (void)state;
    draw_maps(&quad, &maps);
    for (int size = 1; size <= 8; size++) {
        cc_image image;
        assert_int_equal(cc_image_create(size, 9 - size, 1, &image, NULL), CC_OK);
        answer(&image, &maps);
        cc_image_free(&image);
    }
}

/* ---- the whole way, with the shipped model ---- */

static cc_network *load_model(void)
{
    cc_network *model = NULL;
    cc_error error = {0};

    if (cc_network_load_file(CLEARCUT_SOURCE_DIR "/assets/page-model.onnx", NULL, &model, &error) !=
        CC_OK) {
        print_message("skipped: no page model: %s\n", error.message);
        skip();
    }
    return model;
}

static cc_image load_demo(void)
{
    cc_buffer bytes = {0};
    cc_image image = {0};
    cc_error error = {0};

    if (cc_file_read(CLEARCUT_SOURCE_DIR "/assets/demo-page.jpg", (size_t)64 << 20, &bytes,
                     &error) != CC_OK) {
        print_message("skipped: %s\n", error.message);
        skip();
    }
    assert_int_equal(cc_image_decode(bytes.data, bytes.size, NULL, &image, NULL, NULL), CC_OK);
    cc_buffer_free(&bytes);
    return image;
}

static bool load_demo_corners(cc_quad *quad)
{
    double v[8];
    FILE *file = fopen(CLEARCUT_SOURCE_DIR "/assets/demo-page.json", "r");

    if (file == NULL) {
        return false;
    }
    int read = fscanf(file, "{\"corners\": [[%lf, %lf], [%lf, %lf], [%lf, %lf], [%lf, %lf]]", &v[0],
                      &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]);
    fclose(file);
    for (int i = 0; i < 4; i++) {
        quad->corner[i] = (cc_point){v[2 * i], v[2 * i + 1]};
    }
    return read == 8;
}

static void the_bundled_photo_is_corrected(void **state)
{
    cc_image image = load_demo();
    cc_network *model = load_model();
    cc_page_result result;
    cc_quad truth;

    (void)state;
    assert_int_equal(cc_page_find(&image, model, NULL, &result, NULL), CC_OK);
    assert_int_equal(result.status, CC_PAGE_CORRECTED);
    assert_true(result.confidence > 0.5);
    assert_true(result.aspect > 0.3 && result.aspect < 3);
    assert_true(load_demo_corners(&truth));
    assert_true(cc_quad_iou(&result.quad, &truth, image.width, image.height) > 0.95);
    cc_network_free(model);
    cc_image_free(&image);
}

static void pictures_without_content_are_left_alone(void **state)
{
    cc_network *model = load_model();

    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        cc_image image;
        cc_page_result result;
        assert_int_equal(cc_image_create(300, 200, channels, &image, NULL), CC_OK);
        memset(image.pixels, 120, (size_t)300 * 200 * (size_t)channels);
        assert_int_equal(cc_page_find(&image, model, NULL, &result, NULL), CC_OK);
        assert_int_not_equal(result.status, CC_PAGE_CORRECTED);
        cc_image_free(&image);
    }
    cc_network_free(model);
}

static void refused_memory_leaves_a_clean_result(void **state)
{
    cc_image image = load_demo();
    cc_network *model = load_model();
    cc_page_result result;
    int failures = 0;

    (void)state;
    for (long n = 0;; n++) {
        cc_memory_fail_after(n);
        cc_status status = cc_page_find(&image, model, NULL, &result, NULL);
        cc_memory_fail_after(-1);
        if (status == CC_OK) {
            break;
        }
        assert_int_equal(status, CC_OUT_OF_MEMORY);
        assert_int_equal(result.status, CC_PAGE_NONE);
        failures++;
    }
    assert_true(failures >= 10);
    cc_network_free(model);
    cc_image_free(&image);
}

static void another_model_is_refused(void **state)
{
    cc_image image = load_demo();
    cc_network *model = NULL;
    cc_error error = {0};
    cc_page_result result;
    cc_network_options options = {.input_shape = {4, {1, 3, 128, 128}}};

    (void)state;
    cc_status status =
        cc_network_load_file(CLEARCUT_SOURCE_DIR "/assets/page-model.onnx", &options, &model, NULL);
    if (status != CC_OK) {
        cc_image_free(&image);
        print_message("skipped: the model takes no other size\n");
        skip();
    }
    assert_int_equal(cc_page_find(&image, model, NULL, &result, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "page model"));
    cc_network_free(model);
    cc_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_page_is_corrected),
        cmocka_unit_test(a_full_mask_is_flat_and_an_empty_one_is_none),
        cmocka_unit_test(a_quad_that_is_the_frame_is_flat),
        cmocka_unit_test(a_mask_alone_is_not_enough),
        cmocka_unit_test(hostile_maps_get_an_answer),
        cmocka_unit_test(a_leaking_mask_is_cut_at_a_higher_level),
        cmocka_unit_test(a_second_pass_is_used_if_its_maps_bear_it_out),
        cmocka_unit_test(tiny_pictures_get_an_answer),
        cmocka_unit_test(the_bundled_photo_is_corrected),
        cmocka_unit_test(pictures_without_content_are_left_alone),
        cmocka_unit_test(refused_memory_leaves_a_clean_result),
        cmocka_unit_test(another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
