#include "image/resample.h"

#include "core/cpu.h"
#include "image/resample_kernel.h"
#include "image_test.h"

static const char *const filter_names[] = {"box", "bilinear", "bicubic", "lanczos"};

static cc_image resize_or_fail(const cc_image *source, int width, int height, cc_filter filter,
                               cc_thread_pool *pool)
{
    cc_image result;
    cc_error error = {0};

    if (cc_image_resize(source, width, height, filter, pool, &result, &error) != CC_OK) {
        fail_msg("resizing failed: %s", error.message);
    }
    return result;
}

/* ---- golden: hashes of Pillow 13.0.0's results, so that the promise is checked
 * where there is no Python; `image_resize.py --golden` prints the table ---- */

typedef struct golden {
    int channels;
    int width;
    int height;
    cc_filter filter;
    int new_width;
    int new_height;
    uint64_t hash;
} golden;

static const golden goldens[] = {
    {1, 640, 480, 0, 320, 320, 0xc7b8f27f4c5ba465u},
    {1, 640, 480, 1, 320, 320, 0x3beeac9e379fb53du},
    {1, 640, 480, 2, 320, 320, 0x536bbdd77c914b35u},
    {1, 640, 480, 3, 320, 320, 0xfc3d506f19d209e0u},
    {3, 640, 480, 0, 320, 320, 0x6a3a7885d316c965u},
    {3, 640, 480, 1, 320, 320, 0x9a7b13e628096442u},
    {3, 640, 480, 2, 320, 320, 0xac75d76f4c9b437eu},
    {3, 640, 480, 3, 320, 320, 0x681f4883cb8996d7u},
    {3, 37, 53, 0, 111, 17, 0x5ce84aad9b02623cu},
    {3, 37, 53, 1, 111, 17, 0xcb4504e1090ce0acu},
    {3, 37, 53, 2, 111, 17, 0xd4af68e1fc42cd19u},
    {3, 37, 53, 3, 111, 17, 0x26deac83574e1554u},
    {4, 37, 53, 0, 111, 17, 0x4f76c2a0b62fad05u},
    {4, 37, 53, 1, 111, 17, 0xa5591ff65c0324a2u},
    {4, 37, 53, 2, 111, 17, 0x4bb9e80f8c9e12e2u},
    {4, 37, 53, 3, 111, 17, 0x51d2ba95d0d34964u},
    {2, 61, 7, 0, 13, 90, 0x9fdd06a5791c0228u},
    {2, 61, 7, 1, 13, 90, 0x71fdfd8c86be863du},
    {2, 61, 7, 2, 13, 90, 0x82b5f2c188e85189u},
    {2, 61, 7, 3, 13, 90, 0x1285d7bef101ef2du},
    {1, 32, 32, 0, 201, 100, 0x462ad3764930dd51u},
    {1, 32, 32, 1, 201, 100, 0x48cfdb6379f453d3u},
    {1, 32, 32, 2, 201, 100, 0xa62752760c4d5e3eu},
    {1, 32, 32, 3, 201, 100, 0xf0a83277ca745b11u},
};

static void test_golden(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(goldens); i++) {
        const golden *g = &goldens[i];
        cc_image source = random_image(g->width, g->height, g->channels, 1);
        cc_image result = resize_or_fail(&source, g->new_width, g->new_height, g->filter, NULL);
        if (image_hash(&result) != g->hash) {
            fail_msg("%d channels %d x %d -> %d x %d %s differs from Pillow", g->channels, g->width,
                     g->height, g->new_width, g->new_height, filter_names[g->filter]);
        }
        cc_image_free(&source);
        cc_image_free(&result);
    }
}

/* ---- every pixel of some thousand pictures against Pillow itself ---- */

typedef struct resize_case {
    int32_t channels;
    int32_t width;
    int32_t height;
    int32_t filter;
    int32_t new_width;
    int32_t new_height;
} resize_case;

static cc_image borrow(const uint8_t *pixels, int width, int height, int channels)
{
    cc_image image = {.width = width,
                      .height = height,
                      .channels = channels,
                      .stride = (size_t)width * (size_t)channels,
                      .pixels = (uint8_t *)(uintptr_t)pixels,
                      .borrowed = true};
    return image;
}

/* Returns the bytes that the case takes. */
static size_t check_case(const uint8_t *data, cc_thread_pool *pool)
{
    resize_case c;
    cc_image source;
    cc_image expected;
    cc_image result;
    size_t size;

    memcpy(&c, data, sizeof c);
    source = borrow(data + sizeof c, c.width, c.height, c.channels);
    size = source.stride * (size_t)c.height;
    expected = borrow(data + sizeof c + size, c.new_width, c.new_height, c.channels);
    result = resize_or_fail(&source, c.new_width, c.new_height, (cc_filter)c.filter, pool);
    if (image_hash(&result) != image_hash(&expected)) {
        print_error("%d channels %d x %d -> %d x %d %s\n", c.channels, c.width, c.height,
                    c.new_width, c.new_height, filter_names[c.filter]);
        assert_same_pixels(&expected, &result);
    }
    cc_image_free(&result);
    return sizeof c + size + expected.stride * (size_t)c.new_height;
}

static void test_equal_to_pillow(void **state)
{
    char *folder = oracle_folder("image_resize.py");
    cc_buffer cases;
    cc_thread_pool *pool;
    int count = 0;

    (void)state;
    cases = read_file(folder, "cases.bin");
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    for (size_t at = 0; at < cases.size; count++) {
        at += check_case(cases.data + at, count % 2 ? pool : NULL);
    }
    assert_true(count > 1000);
    print_message("%d pictures equal to Pillow's\n", count);
    cc_thread_pool_destroy(pool);
    cc_buffer_free(&cases);
    remove_folder(folder);
}

/* ---- the fast kernels against the reference, beyond what weights of real
 * filters reach ---- */

#if defined(__x86_64__)

enum { OUTPUTS = 50, TAPS = 16, INPUTS = 61 };

typedef struct test_axis {
    int first[OUTPUTS];
    int count[OUTPUTS];
    int32_t weights[OUTPUTS * TAPS];
    int16_t low[OUTPUTS * TAPS];
    int16_t high[OUTPUTS * TAPS];
} test_axis;

static cc_resample_axis random_axis(test_axis *memory, uint32_t *seed)
{
    cc_resample_axis axis = {INPUTS,        OUTPUTS,         TAPS,        memory->first,
                             memory->count, memory->weights, memory->low, memory->high};

    memset(memory, 0, sizeof *memory);
    for (int i = 0; i < OUTPUTS; i++) {
        axis.count[i] = 1 + (int)(next_random(seed) % TAPS);
        axis.first[i] = (int)(next_random(seed) % (uint32_t)(INPUTS - axis.count[i] + 1));
        for (int t = 0; t < axis.count[i]; t++) {
            int32_t weight = (int32_t)(next_random(seed) % (1u << 20)) - (1 << 19);
            int16_t low = (int16_t)(weight & 0xFFFF);
            axis.weights[i * TAPS + t] = weight;
            axis.low[i * TAPS + t] = low;
            axis.high[i * TAPS + t] = (int16_t)((weight - low) >> 16);
        }
    }
    return axis;
}

static void compare_kernels(const cc_resample_axis *axis, int channels, uint32_t seed)
{
    enum { ROWS = 7 };
    cc_image source = random_image(INPUTS, ROWS, channels, seed);
    cc_image expected = random_image(OUTPUTS, ROWS, channels, 1);
    cc_image actual = random_image(OUTPUTS, ROWS, channels, 2);
    cc_image tall = random_image(50 + channels, INPUTS, channels, seed);
    uint8_t expected_row[256];
    uint8_t actual_row[256];

    cc_resample_horizontal_reference(axis, channels, source.pixels, source.stride, expected.pixels,
                                     expected.stride, ROWS);
    cc_resample_horizontal_avx2(axis, channels, source.pixels, source.stride, actual.pixels,
                                actual.stride, ROWS);
    assert_same_pixels(&expected, &actual);
    for (int i = 0; i < OUTPUTS; i++) {
        cc_resample_vertical_reference(axis, i, tall.pixels, tall.stride, expected_row,
                                       tall.stride);
        cc_resample_vertical_avx2(axis, i, tall.pixels, tall.stride, actual_row, tall.stride);
        assert_memory_equal(expected_row, actual_row, tall.stride);
    }
    cc_image_free(&source);
    cc_image_free(&expected);
    cc_image_free(&actual);
    cc_image_free(&tall);
}

static void test_kernels_agree(void **state)
{
    uint32_t seed = 99;
    test_axis memory;

    (void)state;
    if (cc_cpu_detect()->level < CC_CPU_AVX2) {
        print_message("SKIPPED: this processor has no AVX2\n");
        skip();
    }
    for (int round = 0; round < 40; round++) {
        cc_resample_axis axis = random_axis(&memory, &seed);
        for (int channels = 1; channels <= 4; channels++) {
            compare_kernels(&axis, channels, seed);
        }
    }
}

#endif

/* ---- the rest of the contract ---- */

static void test_rows_with_padding(void **state)
{
    cc_image wide = random_image(40, 20, 3, 5);
    cc_image part = borrow(wide.pixels + 3 * 7, 25, 20, 3);
    cc_image packed;
    cc_image expected;
    cc_image actual;

    (void)state;
    part.stride = wide.stride;
    assert_int_equal(cc_image_copy(&part, &packed, NULL), CC_OK);
    expected = resize_or_fail(&packed, 11, 33, CC_FILTER_LANCZOS, NULL);
    actual = resize_or_fail(&part, 11, 33, CC_FILTER_LANCZOS, NULL);
    assert_same_pixels(&expected, &actual);
    cc_image_free(&wide);
    cc_image_free(&packed);
    cc_image_free(&expected);
    cc_image_free(&actual);
}

static void test_refuses_nonsense(void **state)
{
    cc_image source = random_image(4, 4, 3, 5);
    cc_image result;
    cc_error error;

    (void)state;
    assert_int_equal(cc_image_resize(&source, 0, 4, CC_FILTER_BOX, NULL, &result, &error),
                     CC_INVALID_ARGUMENT);
    assert_int_equal(cc_image_resize(&source, 4, -1, CC_FILTER_BOX, NULL, &result, &error),
                     CC_INVALID_ARGUMENT);
    assert_int_equal(cc_image_resize(&source, 4, 4, (cc_filter)9, NULL, &result, &error),
                     CC_INVALID_ARGUMENT);
    assert_null(result.pixels);
    cc_image_free(&source);
}

static void test_survives_refused_memory(void **state)
{
    cc_image source = random_image(30, 20, 4, 5);
    cc_status status = CC_OUT_OF_MEMORY;
    long refused = 0;

    (void)state;
    for (; status != CC_OK; refused++) {
        cc_image result;
        cc_error error = {0};
        assert_true(refused < 100);
        cc_memory_fail_after(refused);
        status = cc_image_resize(&source, 9, 50, CC_FILTER_BICUBIC, NULL, &result, &error);
        cc_memory_fail_after(-1);
        if (status != CC_OK) {
            assert_int_equal(status, CC_OUT_OF_MEMORY);
            assert_true(error.message[0] != '\0');
            assert_null(result.pixels);
        }
        cc_image_free(&result);
    }
    assert_true(refused > 10);
    cc_image_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_equal_to_pillow),
#if defined(__x86_64__)
        cmocka_unit_test(test_kernels_agree),
#endif
        cmocka_unit_test(test_rows_with_padding),
        cmocka_unit_test(test_refuses_nonsense),
        cmocka_unit_test(test_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
