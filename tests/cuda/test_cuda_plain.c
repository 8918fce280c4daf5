/* The float32 convolution and the one to few channels, against a plain loop. */
#include "conv_cases.h"

static void check_case(const conv_case *c, cc_cuda_storage storage, conv_kernel kernel)
{
    char what[200];
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(c, storage, kernel);

    assert_launched(kernel == CONV_FEW
                        ? cc_cuda_conv_few_launch(&s.conv, storage, &launch, &error)
                        : cc_cuda_conv_plain_launch(&s.conv, storage, &launch, &error),
                    &error);
    cuda_emulation_seed(random_bits());
    run_kernel(&launch, &s.conv);
    cuda_emulation_seed(0);
    snprintf(what, sizeof what, "%s: %dx%dx%d %d->%d kernel %dx%d stride %d groups %d",
             cc_cuda_kernels[launch.kernel].name, c->batch, c->height, c->width, c->inputs,
             c->outputs, c->kernel_y, c->kernel_x, c->stride, c->groups);
    assert_close(conv_worst(&s), storage == CC_CUDA_F16 ? 1e-3 : 2e-6, what);
    conv_release(&s);
}

static void test_plain(void **unused)
{
    static const conv_case cases[] = {
        {1, 9, 11, 64, 64, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 1, 8, 16, 0, 0},
        {2, 7, 9, 16, 24, 3, 3, 1, 2, 2, CC_CUDA_RESIDUAL_AFTER, CC_CUDA_SIGMOID, 1, 0, 8, 0, 0},
        {1, 10, 9, 40, 72, 3, 3, 1, 4, 4, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_RELU, 1, 8, 0, 0, 0},
        {1, 17, 18, 16, 8, 3, 3, 1, 8, 8, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0},
        {2, 21, 19, 3, 16, 3, 3, 2, 1, 1, 0, CC_CUDA_RELU, 1, 0, 5, 0, 0},
        {1, 13, 7, 33, 70, 1, 1, 1, 1, 0, 0, CC_CUDA_TANH, 1, 1, 2, 0, 0},
        {1, 9, 8, 6, 5, 5, 7, 3, 1, 3, 0, CC_CUDA_HARD_SWISH, 1, 3, 1, 0, 0},
        /* groups: four, and one channel each */
        {1, 8, 9, 24, 20, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_CLIP, 1, 1, 0, 4, 0},
        {2, 6, 5, 11, 11, 3, 3, 1, 1, 1, 0, CC_CUDA_LEAKY_RELU, 1, 0, 0, 11, 0},
        {1, 1, 1, 5, 1, 1, 1, 1, 1, 0, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], CC_CUDA_F32, CONV_PLAIN);
        check_case(&cases[i], CC_CUDA_F16, CONV_PLAIN);
    }
}

static void test_few_channels(void **unused)
{
    static const conv_case cases[] = {
        {1, 20, 33, 64, 1, 3, 3, 1, 1, 1, 0, CC_CUDA_SIGMOID, 1, 8, 16, 0, 0},
        {2, 9, 11, 16, 3, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_AFTER, CC_CUDA_RELU, 1, 0, 8, 0, 0},
        {1, 8, 16, 20, 4, 3, 3, 1, 1, 1, CC_CUDA_RESIDUAL_BEFORE, CC_CUDA_NONE, 1, 3, 1, 0, 0},
        {1, 17, 7, 6, 1, 1, 1, 1, 1, 0, 0, CC_CUDA_SIGMOID, 1, 0, 2, 0, 0},
        {1, 5, 40, 40, 2, 2, 3, 1, 1, 1, 0, CC_CUDA_TANH, 1, 0, 0, 0, 0},
        {1, 1, 1, 100, 1, 3, 3, 1, 1, 1, 0, CC_CUDA_NONE, 1, 0, 0, 0, 0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], CC_CUDA_F16, CONV_FEW);
        check_case(&cases[i], CC_CUDA_F32, CONV_FEW);
    }
}

static void test_refusals(void **unused)
{
    const conv_case c = {1, 6, 6, 16, 4, 3, 3, 1, 1, 1, 0, CC_CUDA_RELU, 1, 0, 0, 0, 0};
    cc_cuda_launch launch;
    cc_error error;
    conv_setup s = conv_prepare(&c, CC_CUDA_F32, CONV_FEW);
    cc_cuda_conv bad;

    (void)unused;
#define REFUSED(change)                                                                            \
    bad = s.conv;                                                                                  \
    change;                                                                                        \
    assert_int_equal(cc_cuda_conv_few_launch(&bad, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED); \
    assert_int_equal(launch.grid[0], 0);
    REFUSED(bad.output.channels = 5; bad.output.stride = 5)
    REFUSED(bad.kernel_width = 4)
    REFUSED(bad.stride_x = 2)
    REFUSED(bad.dilation_y = 2)
    REFUSED(bad.splits = 2)
    REFUSED(bad.groups = 4)
#undef REFUSED
    bad = s.conv;
    bad.groups = 3;
    assert_int_equal(cc_cuda_conv_plain_launch(&bad, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    bad = s.conv;
    bad.splits = 2;
    assert_int_equal(cc_cuda_conv_plain_launch(&bad, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    conv_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_few_channels),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
