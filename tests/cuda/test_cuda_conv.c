/* The tensor-core convolution, every tile, against a plain loop. */
#include "conv_cases.h"

/* Halves: half an ulp of the result, and of the value before a complex activation. */
#define TOLERANCE 1e-3

static void run_tile(conv_setup *s, int tile)
{
    cc_cuda_launch launch;
    cc_error error;
    size_t partial, arrived;

    cc_cuda_conv_workspace(&s->conv, tile, &partial, &arrived);
    if (partial > 0) {
        s->partial = malloc(partial);
        s->arrived = calloc(1, arrived);
        assert_true(s->partial && s->arrived);
        memset(s->partial, 0xFF, partial);
        s->conv.partial = s->partial;
        s->conv.arrived = s->arrived;
    }
    assert_launched(cc_cuda_conv_launch(&s->conv, tile, &launch, &error), &error);
    cuda_emulation_count(1);
    run_kernel(&launch, &s->conv);
    assert_int_equal(cuda_emulation_count(0).bank_conflicts, 0);
    for (size_t i = 0; i < arrived / sizeof(uint32_t); i++) {
        assert_int_equal(s->arrived[i], 0); /* ready for the next launch */
    }
}

static void check_case(const conv_case *c, int tile, uint32_t seed)
{
    char what[200];
    conv_setup s = conv_prepare(c, CC_CUDA_F16, CONV_TENSOR);

    cuda_emulation_seed(seed);
    run_tile(&s, tile);
    snprintf(what, sizeof what,
             "%s: %dx%dx%d %d->%d kernel %dx%d stride %d dilation %d splits %d seed %u",
             cc_cuda_kernels[cc_cuda_conv_tiles[tile].kernel].name, c->batch, c->height, c->width,
             c->inputs, c->outputs, c->kernel_y, c->kernel_x, c->stride, c->dilation, c->splits,
             seed);
    assert_close(conv_worst(&s), TOLERANCE, what);
    cuda_emulation_seed(0);
    conv_release(&s);
}

/* Shapes that every tile must manage: all dilations, odd sizes, partial tiles. */
static const conv_case common[] = {
    {1, 9, 11, 64, 64, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 1, 8, 16, 0, 0},
    {2, 7, 9, 16, 24, 3, 3, 1, 2, 2, CC_CUDA_RESIDUAL_AFTER, CC_CUDA_RELU, 1, 0, 8, 0, 0},
    {1, 10, 9, 40, 72, 3, 3, 1, 4, 4, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_RELU, 3, 8, 0, 0, 0},
    {1, 19, 17, 32, 8, 3, 3, 1, 8, 8, 0, CC_CUDA_NONE, 2, 0, 0, 0, 0},
};

static void test_every_tile(void **unused)
{
    (void)unused;
    for (int tile = 0; tile < CC_CUDA_CONV_TILE_COUNT; tile++) {
        for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
            check_case(&common[i], tile, (uint32_t)(tile + (int)i));
        }
    }
}

/* What is special about a shape, each on one tile. */
static const conv_case special[] = {
    /* the first layers: three channels, stride 1 and 2 */
    {1, 20, 18, 3, 64, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 1, 0, 5, 0, 0},
    {2, 21, 19, 3, 16, 3, 3, 2, 1, 1, 0, CC_CUDA_RELU, 1, 0, 5, 0, 0},
    /* 1x1, and the fuse of six maps to one */
    {1, 13, 7, 96, 48, 1, 1, 1, 1, 0, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0},
    {1, 8, 8, 6, 1, 1, 1, 1, 1, 0, 0, CC_CUDA_SIGMOID, 1, 0, 2, 0, 0},
    /* channels that are no multiple of 8 or 32 on either side */
    {1, 6, 6, 20, 13, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_TANH, 1, 8, 4, 0, 0},
    {1, 6, 6, 44, 33, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_AFTER, CC_CUDA_CLIP, 4, 0, 4, 0, 0},
    {1, 6, 6, 104, 9, 3, 3, 2, 1, 1, 0, CC_CUDA_LEAKY_RELU, 1, 0, 8, 0, 0},
    /* other windows; no padding; more padding than the window needs */
    {1, 9, 12, 24, 16, 5, 3, 1, 1, 2, 0, CC_CUDA_HARD_SWISH, 1, 0, 0, 0, 0},
    {1, 9, 12, 8, 16, 1, 7, 1, 1, 0, 0, CC_CUDA_HARD_SIGMOID, 1, 0, 0, 0, 0},
    {1, 4, 4, 16, 16, 3, 3, 3, 2, 4, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0},
    /* one pixel; many splits; deep sums */
    {1, 1, 1, 256, 64, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 32, 0, 0, 0, 0},
    {1, 3, 3, 512, 32, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 16, 0, 0, 0, 0},
    /* large values stay finite in float32 sums; tiny ones are subnormal halves */
    {1, 5, 5, 64, 16, 3, 3, 1, 1, 1, 0, CC_CUDA_NONE, 2, 0, 0, 0, 16000},
    {1, 5, 5, 16, 16, 3, 3, 1, 1, 1, 0, CC_CUDA_NONE, 1, 0, 0, 0, 1e-6f},
};

static void test_special_shapes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        check_case(&special[i], (int)i % CC_CUDA_CONV_TILE_COUNT, 0);
        check_case(&special[i], 5 - (int)i % CC_CUDA_CONV_TILE_COUNT, 3);
    }
}

/* Output and residual in slices that are aligned to nothing. */
static void test_unaligned_output(void **unused)
{
    const conv_case c = {1, 5, 7, 16, 17, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_SIGMOID,
                         1, 0, 0, 0,  0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F16, CONV_TENSOR);

    (void)unused;
    guarded_free(&s.output);
    guarded_free(&s.residual);
    s.output = guarded_new(CC_CUDA_F16, 1, 5, 7, 17, 3, 2);
    s.residual = guarded_new(CC_CUDA_F16, 1, 5, 7, 17, 1, 0);
    fill_random(&s.residual, 1);
    s.conv.output = s.output.tensor;
    s.conv.residual = s.residual.tensor.data;
    s.conv.residual_stride = s.residual.tensor.stride;
    assert_launched(cc_cuda_conv_launch(&s.conv, 2, &launch, &error), &error);
    run_kernel(&launch, &s.conv);
    assert_close(conv_worst(&s), TOLERANCE, "unaligned output");
    conv_release(&s);
}

/* The result takes the residual's place. */
static void test_residual_in_place(void **unused)
{
    const conv_case c = {1, 6, 5, 32, 40, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_AFTER, CC_CUDA_RELU,
                         1, 0, 0, 0,  0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F16, CONV_TENSOR);
    double worst = 0;

    (void)unused;
    memcpy(s.output.memory, s.residual.memory, s.output.size);
    s.conv.residual = s.output.tensor.data;
    assert_launched(cc_cuda_conv_launch(&s.conv, 1, &launch, &error), &error);
    run_kernel(&launch, &s.conv);
    worst = conv_worst(&s); /* the reference reads the residual's own copy */
    assert_close(worst, TOLERANCE, "residual in place");
    conv_release(&s);
}

/* Splits in any order of arrival give the same bits, and so does a second launch on
 * the same counters. */
static void test_splits_are_deterministic(void **unused)
{
    const conv_case c = {1, 12, 11, 64, 72, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 5, 0, 0, 0, 0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F16, CONV_TENSOR);
    unsigned char *first;

    (void)unused;
    run_tile(&s, 2);
    first = malloc(s.output.size);
    assert_non_null(first);
    memcpy(first, s.output.memory, s.output.size);
    assert_launched(cc_cuda_conv_launch(&s.conv, 2, &launch, &error), &error);
    for (uint32_t seed = 1; seed < 6; seed++) {
        cuda_emulation_seed(seed);
        fill_random(&s.output, 1);
        run_kernel(&launch, &s.conv);
        assert_memory_equal(first, s.output.memory, s.output.size);
    }
    cuda_emulation_seed(0);
    free(first);
    conv_release(&s);
}

/* Not a number comes out where one goes in, and nowhere else. */
static void test_not_a_number_stays_local(void **unused)
{
    const conv_case c = {1, 8, 8, 8, 8, 3, 3, 1, 1, 1, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F16, CONV_TENSOR);

    (void)unused;
    set_value(&s.input, 0, 0, 0, 3, INFINITY);
    assert_launched(cc_cuda_conv_launch(&s.conv, 2, &launch, &error), &error);
    run_kernel(&launch, &s.conv);
    FOR_EACH(s.conv.output, n, y, x, o)
    {
        assert_int_equal(isfinite(value_at(&s.output, n, y, x, o)) != 0, y > 1 || x > 1);
    }
    conv_release(&s);
}

/* ---- host side ---- */

static void test_refusals(void **unused)
{
    const conv_case c = {1, 6, 6, 16, 16, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 1, 0, 0, 0, 0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F16, CONV_TENSOR);
    cc_cuda_conv bad;

    (void)unused;
#define REFUSED(change)                                                                            \
    bad = s.conv;                                                                                  \
    change;                                                                                        \
    assert_int_equal(cc_cuda_conv_launch(&bad, 1, &launch, &error), CC_UNSUPPORTED);               \
    assert_int_equal(launch.grid[0], 0);
    REFUSED(bad.input.data = (char *)bad.input.data + 2)
    REFUSED(bad.input.stride = 12)
    REFUSED(bad.input.stride = 20)
    REFUSED(bad.groups = 2)
    REFUSED(bad.groups = 0)
    REFUSED(bad.splits = 0)
    REFUSED(bad.splits = 2) /* no memory for the parts */
    REFUSED(bad.splits = 33)
    REFUSED(bad.bias = NULL)
    REFUSED(bad.weights = NULL)
    REFUSED(bad.output.data = NULL)
    REFUSED(bad.output.batch = 2)
    REFUSED(bad.residual_order = CC_CUDA_RESIDUAL_AFTER)
    REFUSED(bad.residual = bad.output.data)
    REFUSED(bad.activation.kind = CC_CUDA_EXP)
    REFUSED(bad.activation.kind = -1)
    REFUSED(bad.dilation_x = 0)
    REFUSED(bad.pad_top = -1)
    REFUSED(bad.stride_y = 1 << 30)
    REFUSED(bad.output.height = 1 << 20; bad.output.width = 1 << 20)
    REFUSED(bad.output.height = 1 << 30; bad.output.width = 1 << 30; bad.output.batch = 1 << 30)
#undef REFUSED
    assert_int_equal(cc_cuda_conv_launch(&s.conv, CC_CUDA_CONV_TILE_COUNT, &launch, &error),
                     CC_UNSUPPORTED);
    assert_int_equal(cc_cuda_conv_launch(&s.conv, -1, &launch, &error), CC_UNSUPPORTED);
    conv_release(&s);
}

/* The choice is always one that can be launched, fills a large device with a small
 * layer by splitting it, and does not split what fills it anyhow. */
static void test_choice(void **unused)
{
    static const int sizes[][4] = {{320, 320, 64, 64},  {20, 20, 512, 512}, {10, 10, 512, 512},
                                   {40, 40, 1024, 256}, {10, 10, 32, 32},   {1, 1, 8, 8}};
    cc_cuda_conv conv;

    (void)unused;
    memset(&conv, 0, sizeof conv);
    conv.kernel_height = conv.kernel_width = 3;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int multiprocessors = 0; multiprocessors < 200; multiprocessors += 33) {
            conv.input =
                (cc_cuda_tensor){NULL, sizes[i][2], 1, sizes[i][0], sizes[i][1], sizes[i][2]};
            conv.output =
                (cc_cuda_tensor){NULL, sizes[i][3], 1, sizes[i][0], sizes[i][1], sizes[i][3]};
            const cc_cuda_conv_choice choice = cc_cuda_conv_choose(&conv, multiprocessors);
            assert_in_range(choice.tile, 0, CC_CUDA_CONV_TILE_COUNT - 1);
            assert_in_range(choice.splits, 1, CC_CUDA_MAX_SPLITS);
            assert_true(choice.splits <= cc_cuda_conv_steps(&conv));
            if (multiprocessors == 132) {
                assert_int_equal(choice.splits > 1, i == 1 || i == 2 || i == 3);
            }
        }
    }
}

/* All halves to float and back; rounding to even; ends of the range. */
static void test_half(void **unused)
{
    (void)unused;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const float value = cc_cuda_half_value((uint16_t)bits);
        if (isnan(value)) {
            assert_true(isnan(cc_cuda_half_value(cc_cuda_half(value))));
        } else {
            assert_int_equal(cc_cuda_half(value), bits);
        }
    }
    assert_int_equal(cc_cuda_half(65519.996f), 0x7BFF);
    assert_int_equal(cc_cuda_half(65520.0f), 0x7C00);
    assert_int_equal(cc_cuda_half(1.0f + 0x1p-11f), 0x3C00);     /* tie: to even, down */
    assert_int_equal(cc_cuda_half(1.0f + 3 * 0x1p-11f), 0x3C02); /* tie: to even, up */
    assert_int_equal(cc_cuda_half(0x1p-25f), 0x0000);            /* tie: to zero */
    assert_int_equal(cc_cuda_half(nextafterf(0x1p-25f, 1.0f)), 0x0001);
    assert_int_equal(cc_cuda_half(-0x1.ff8p-15f), 0x83FF);
    assert_int_equal(cc_cuda_half(-0.0f), 0x8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_tile),
        cmocka_unit_test(test_special_shapes),
        cmocka_unit_test(test_unaligned_output),
        cmocka_unit_test(test_residual_in_place),
        cmocka_unit_test(test_splits_are_deterministic),
        cmocka_unit_test(test_not_a_number_stays_local),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
