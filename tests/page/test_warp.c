/* Flattening: exactness, antialiasing, alpha, threads, errors. */
#include "synthetic.h"

#include "core/cpu.h"
#include "core/threads.h"
#include "page/warp_row.h"

static cc_image make_noise(int width, int height, int channels, uint64_t seed)
{
    cc_image image;

    assert_int_equal(cc_image_create(width, height, channels, &image, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int i = 0; i < width * channels; i++) {
            cc_image_row(&image, y)[i] = (uint8_t)(random_unit(&seed) * 256);
        }
    }
    return image;
}

static void the_whole_frame_gives_the_same_pixels(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        cc_image image = make_noise(57, 43, channels, 5);
        for (int i = channels - 1; i < 57 * 43 * channels && channels % 2 == 0; i += channels) {
            image.pixels[i] |= 1; /* the colour of invisible pixels is not kept */
        }
        cc_quad frame = cc_quad_of_frame(57, 43);
        cc_image flat;
        assert_int_equal(cc_page_warp(&image, &frame, 57, 43, NULL, &flat, NULL), CC_OK);
        for (int y = 0; y < 43; y++) {
            assert_memory_equal(cc_image_row(&flat, y), cc_image_row(&image, y),
                                (size_t)57 * (size_t)channels);
        }
        cc_image_free(&flat);
        cc_image_free(&image);
    }
}

static void whole_pixel_crops_and_quarter_turns_are_exact(void **state)
{
    cc_image image = make_noise(60, 50, 3, 6);
    cc_quad turned = {{{10, 40}, {10, 10}, {50, 10}, {50, 40}}}; /* left side on top */
    cc_image flat;

    (void)state;
    assert_int_equal(cc_page_warp(&image, &turned, 30, 40, NULL, &flat, NULL), CC_OK);
    for (int y = 0; y < 40; y++) {
        for (int x = 0; x < 30; x++) {
            assert_memory_equal(cc_image_row(&flat, y) + x * 3,
                                cc_image_row(&image, 39 - x) + (10 + y) * 3, 3);
        }
    }
    cc_image_free(&flat);
    cc_image_free(&image);
}

/* A ramp is linear in the picture, so that its value at a mapped point is known. */
static void ramps_are_followed_through_perspective(void **state)
{
    const int width = 300;
    const int height = 200;
    cc_quad quad = {{{40, 30}, {250, 45}, {270, 180}, {25, 160}}};
    cc_image image;
    cc_image flat;
    double m[9];

    (void)state;
    assert_int_equal(cc_image_create(width, height, 1, &image, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            cc_image_row(&image, y)[x] = (uint8_t)((x + 0.5) * 0.5 + (y + 0.5) * 0.4 + 0.5);
        }
    }
    for (int scale = 1; scale <= 4; scale++) {
        int w = 800 / scale / scale;
        int h = 500 / scale / scale;
        assert_int_equal(cc_page_warp(&image, &quad, w, h, NULL, &flat, NULL), CC_OK);
        assert_int_equal(cc_quad_homography(&quad, w, h, m, NULL), CC_OK);
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                double k = m[6] * (x + 0.5) + m[7] * (y + 0.5) + m[8];
                double sx = (m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2]) / k;
                double sy = (m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5]) / k;
                assert_near(cc_image_row(&flat, y)[x], sx * 0.5 + sy * 0.4, 1.6);
            }
        }
        cc_image_free(&flat);
    }
    cc_image_free(&image);
}

/* A one-pixel checkerboard shrunk fourfold must be grey, not moire. */
static void shrinking_is_antialiased(void **state)
{
    cc_image image;
    cc_quad quad = {{{20, 20}, {380, 40}, {370, 370}, {30, 360}}};
    cc_image flat;

    (void)state;
    assert_int_equal(cc_image_create(400, 400, 1, &image, NULL), CC_OK);
    for (int y = 0; y < 400; y++) {
        for (int x = 0; x < 400; x++) {
            cc_image_row(&image, y)[x] = (x + y) % 2 ? 255 : 0;
        }
    }
    assert_int_equal(cc_page_warp(&image, &quad, 90, 85, NULL, &flat, NULL), CC_OK);
    for (int y = 0; y < 85; y++) {
        for (int x = 0; x < 90; x++) {
            assert_near(cc_image_row(&flat, y)[x], 127.5, 6);
        }
    }
    cc_image_free(&flat);
    cc_image_free(&image);
}

static void squares_of_a_warped_checkerboard_come_out_square(void **state)
{
    /* Draw an 8 x 8 board in perspective by the inverse map, flatten it, compare. */
    const int size = 512;
    cc_quad quad = {{{120, 60}, {400, 90}, {470, 440}, {40, 400}}};
    cc_image image;
    cc_image flat;
    double m[9];

    (void)state;
    assert_int_equal(cc_quad_homography(&quad, 4096, 4096, m, NULL), CC_OK);
    assert_int_equal(cc_image_create(size, size, 1, &image, NULL), CC_OK);
    for (int v = 0; v < 4096; v++) { /* forward: each fine cell lands in one pixel */
        for (int u = 0; u < 4096; u++) {
            double k = m[6] * (u + 0.5) + m[7] * (v + 0.5) + m[8];
            int x = (int)((m[0] * (u + 0.5) + m[1] * (v + 0.5) + m[2]) / k);
            int y = (int)((m[3] * (u + 0.5) + m[4] * (v + 0.5) + m[5]) / k);
            cc_image_row(&image, y)[x] = (u / 512 + v / 512) % 2 ? 220 : 30;
        }
    }
    assert_int_equal(cc_page_warp(&image, &quad, 400, 400, NULL, &flat, NULL), CC_OK);
    for (int v = 0; v < 8; v++) {
        for (int u = 0; u < 8; u++) {
            for (int k = 0; k < 25; k++) { /* the inner half of each square */
                int x = u * 50 + 15 + k % 5 * 5;
                int y = v * 50 + 15 + k / 5 * 5;
                assert_near(cc_image_row(&flat, y)[x], (u + v) % 2 ? 220 : 30, 25);
            }
        }
    }
    cc_image_free(&flat);
    cc_image_free(&image);
}

static void outside_the_picture_the_border_repeats(void **state)
{
    cc_image image;
    cc_quad quad = {{{-40, -30}, {60, -30}, {60, 70}, {-40, 70}}};
    cc_image flat;

    (void)state;
    assert_int_equal(cc_image_create(20, 40, 3, &image, NULL), CC_OK);
    memset(image.pixels, 93, (size_t)20 * 40 * 3);
    assert_int_equal(cc_page_warp(&image, &quad, 70, 70, NULL, &flat, NULL), CC_OK);
    for (int i = 0; i < 70 * 70 * 3; i++) {
        assert_int_equal(flat.pixels[i], 93);
    }
    cc_image_free(&flat);
    cc_image_free(&image);
}

/* The colour of invisible pixels must not bleed into visible ones. */
static void colours_are_weighted_by_alpha(void **state)
{
    cc_image image;
    cc_quad quad = {{{0.5, 0.5}, {39, 1}, {38.5, 39}, {1, 38}}};
    cc_image flat;

    (void)state;
    for (int channels = 2; channels <= 4; channels += 2) {
        int last = channels - 1;
        assert_int_equal(cc_image_create(40, 40, channels, &image, NULL), CC_OK);
        for (int i = 0; i < 40 * 40; i++) {
            uint8_t *p = image.pixels + i * channels;
            bool visible = i % 40 < 20;
            for (int c = 0; c < last; c++) {
                p[c] = visible ? 200 : 0;
            }
            p[last] = visible ? 255 : 0;
        }
        assert_int_equal(cc_page_warp(&image, &quad, 63, 63, NULL, &flat, NULL), CC_OK);
        for (int i = 0; i < 63 * 63; i++) {
            const uint8_t *p = flat.pixels + i * channels;
            if (p[last] > 8) {
                assert_near(p[0], 200, 2);
            }
        }
        cc_image_free(&flat);
        cc_image_free(&image);
    }
}

static void threads_do_not_change_a_pixel(void **state)
{
    cc_image image = make_noise(211, 173, 3, 8);
    cc_quad quad = {{{20, 15}, {190, 25}, {205, 160}, {8, 150}}};
    cc_thread_pool *pool;
    cc_image alone;
    cc_image together;

    (void)state;
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    assert_int_equal(cc_page_warp(&image, &quad, 150, 140, NULL, &alone, NULL), CC_OK);
    assert_int_equal(cc_page_warp(&image, &quad, 150, 140, pool, &together, NULL), CC_OK);
    assert_memory_equal(alone.pixels, together.pixels, (size_t)150 * 140 * 3);
    cc_thread_pool_destroy(pool);
    cc_image_free(&alone);
    cc_image_free(&together);
    cc_image_free(&image);
}

static void metadata_travels_and_errors_leave_nothing(void **state)
{
    cc_image image = make_noise(30, 30, 3, 9);
    cc_quad frame = cc_quad_of_frame(30, 30);
    cc_quad bad = {{{0, 0}, {0, 30}, {30, 30}, {30, 0}}};
    cc_image flat;

    (void)state;
    image.metadata.dots_per_inch = 300;
    assert_int_equal(cc_page_warp(&image, &frame, 10, 10, NULL, &flat, NULL), CC_OK);
    assert_near(flat.metadata.dots_per_inch, 300, 0);
    cc_image_free(&flat);
    assert_int_equal(cc_page_warp(&image, &bad, 10, 10, NULL, &flat, NULL), CC_INVALID_ARGUMENT);
    assert_null(flat.pixels);
    assert_int_equal(cc_page_warp(&image, &frame, 0, 10, NULL, &flat, NULL), CC_INVALID_ARGUMENT);
    assert_null(flat.pixels);
    for (long n = 0;; n++) {
        cc_memory_fail_after(n);
        cc_status status = cc_page_warp(&image, &frame, 10, 10, NULL, &flat, NULL);
        cc_memory_fail_after(-1);
        if (status == CC_OK) {
            assert_true(n >= 2);
            break;
        }
        assert_int_equal(status, CC_OUT_OF_MEMORY);
        assert_null(flat.pixels);
    }
    cc_image_free(&flat);
    cc_image_free(&image);
}

/* Perspective in which the far side shrinks to nearly nothing: bounded work. */
static void extreme_perspective_is_survived(void **state)
{
    cc_image image = make_noise(400, 300, 3, 10);
    cc_quad sliver = {{{200, 10}, {200.4, 10}, {390, 290}, {5, 280}}};
    cc_quad far = {{{-9e6, -9e6}, {9e6, -9e6}, {9e6, 9e6}, {-9e6, 9e6}}};
    cc_image flat;

    (void)state;
    assert_int_equal(cc_page_warp(&image, &sliver, 200, 200, NULL, &flat, NULL), CC_OK);
    cc_image_free(&flat);
    assert_int_equal(cc_page_warp(&image, &far, 30, 30, NULL, &flat, NULL), CC_OK);
    cc_image_free(&flat);
    cc_image_free(&image);
}

#if defined(__x86_64__)
/* Enlarging, keeping, shrinking in parts, leaving the picture: all within a level. */
static void the_avx2_kernel_agrees_with_the_reference(void **state)
{
    static float lanczos[CC_LANCZOS_SIZE];
    cc_image image = make_noise(301, 257, 3, 12);
    cc_image reference;
    cc_image fast;
    uint64_t seed = 21;

    (void)state;
    if (cc_cpu_detect()->level < CC_CPU_AVX2) {
        print_message("skipped: this processor has no AVX2\n");
        cc_image_free(&image);
        skip();
    }
    cc_warp_lanczos(lanczos);
    for (int round = 0; round < 12; round++) {
        cc_quad unit = random_quad(&seed, 1.0);
        double grow = random_between(&seed, 0.8, 1.3);
        cc_quad quad = cc_quad_scale(&unit, 301 * grow, 257 * grow);
        cc_warp_job job = {.source = &image, .lanczos = lanczos};
        int size = (int)random_between(&seed, 60, 400);
        assert_int_equal(cc_image_create(size, size, 3, &reference, NULL), CC_OK);
        assert_int_equal(cc_image_create(size, size, 3, &fast, NULL), CC_OK);
        assert_int_equal(cc_quad_homography(&quad, size, size, job.matrix, NULL), CC_OK);
        for (int y = 0; y < size; y++) {
            job.flat = &reference;
            cc_warp_row(&job, y);
            job.flat = &fast;
            cc_warp_row_avx2(&job, y);
        }
        for (int i = 0; i < size * size * 3; i++) {
            assert_near(fast.pixels[i], reference.pixels[i], 1);
        }
        cc_image_free(&reference);
        cc_image_free(&fast);
    }
    cc_image_free(&image);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_frame_gives_the_same_pixels),
        cmocka_unit_test(whole_pixel_crops_and_quarter_turns_are_exact),
        cmocka_unit_test(ramps_are_followed_through_perspective),
        cmocka_unit_test(shrinking_is_antialiased),
        cmocka_unit_test(squares_of_a_warped_checkerboard_come_out_square),
        cmocka_unit_test(outside_the_picture_the_border_repeats),
        cmocka_unit_test(colours_are_weighted_by_alpha),
        cmocka_unit_test(threads_do_not_change_a_pixel),
        cmocka_unit_test(metadata_travels_and_errors_leave_nothing),
        cmocka_unit_test(extreme_perspective_is_survived),
#if defined(__x86_64__)
        cmocka_unit_test(the_avx2_kernel_agrees_with_the_reference),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
