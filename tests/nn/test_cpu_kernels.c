/* The small kernels - elementwise, pooling, resize, planes - at every level of this
 * machine against plain C, with odd lengths, extreme values and guard bands. With
 * --bench: timed. */
#include "cpu_fixture.h"

#include <float.h>

#include "nn/ops/activation.h"

#define LONGEST 131

/* A span between two guards. */
typedef struct span {
    float memory[LONGEST * CC_BLOCK + 2 * GUARD];
} span;

static float *span_start(span *s)
{
    for (size_t i = 0; i < sizeof s->memory / sizeof(float); i++) {
        s->memory[i] = GUARD_VALUE;
    }
    return s->memory + GUARD;
}

static void span_check(const span *s, int used)
{
    for (int i = 0; i < GUARD; i++) {
        assert_true(s->memory[i] == GUARD_VALUE);
        assert_true(s->memory[GUARD + used + i] == GUARD_VALUE);
    }
}

static bool close_to(float got, float expected, float relative)
{
    if (isnan(expected) || isnan(got)) {
        return isnan(expected) && isnan(got);
    }
    if (isinf(expected)) {
        return got == expected;
    }
    return fabsf(got - expected) <= relative * fabsf(expected) + 1e-30F;
}

/* Runs the check once for every level. */
static void for_each_level(void (*check)(const cc_kernels *kernels))
{
    cc_cpu_level levels[8];
    int count = cpu_levels(levels);

    for (int i = 0; i < count; i++) {
        check(cc_kernels_at(levels[i]));
    }
}

/* ---- activations ---- */

static const cc_fusion activations[] = {
    {.activation = CC_ACTIVATION_NONE},
    {.activation = CC_ACTIVATION_RELU},
    {.activation = CC_ACTIVATION_LEAKY_RELU, .alpha = 0.1F},
    {.activation = CC_ACTIVATION_CLIP, .alpha = -1, .beta = 6},
    {.activation = CC_ACTIVATION_SIGMOID},
    {.activation = CC_ACTIVATION_HARD_SIGMOID, .alpha = 0.2F, .beta = 0.5F},
    {.activation = CC_ACTIVATION_HARD_SWISH},
    {.activation = CC_ACTIVATION_TANH},
};

static void check_activation(const cc_kernels *kernels, const cc_fusion *fusion, int count)
{
    static const float extremes[] = {0.0F,    -0.0F, 1e-8F,   -1e-8F, 0.119F,
                                     -0.121F, 30.0F, -30.0F,  87.5F,  -87.5F,
                                     89.0F,   1e30F, FLT_MAX, NAN,    INFINITY};
    static span memory;
    float *values = span_start(&memory);
    float input[LONGEST];
    uint32_t seed = 21;

    for (int i = 0; i < count; i++) {
        bool extreme = i < (int)(sizeof extremes / sizeof *extremes);
        input[i] = extreme ? extremes[i] : 9 * cpu_noise(&seed);
        values[i] = input[i];
    }
    kernels->elementwise.activate(fusion, values, values, count); /* in place */
    for (int i = 0; i < count; i++) {
        float expected = cc_activate(fusion, input[i]);
        if (!close_to(values[i], expected, 1e-6F)) {
            fail_msg("%s: activation %d of %g is %.9g, not %.9g", cc_cpu_level_name(kernels->level),
                     (int)fusion->activation, (double)input[i], (double)values[i],
                     (double)expected);
        }
    }
    span_check(&memory, count);
}

static void check_activations(const cc_kernels *kernels)
{
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        for (int count = 1; count <= LONGEST; count += 1 + count / 8) {
            check_activation(kernels, &activations[i], count);
        }
    }
}

static void test_activations(void **state)
{
    (void)state;
    for_each_level(check_activations);
}

/* ---- two inputs ---- */

static float plain_binary(cc_binary operation, float a, float b)
{
    switch (operation) {
    case CC_BINARY_ADD: return a + b;
    case CC_BINARY_SUBTRACT: return a - b;
    case CC_BINARY_MULTIPLY: return a * b;
    }
    return 0;
}

static void check_binary(const cc_kernels *kernels)
{
    static span memory;
    uint32_t seed = 3;
    float *a = cpu_noises(&seed, LONGEST * CC_BLOCK);
    float *b = cpu_noises(&seed, LONGEST * CC_BLOCK);

    for (int operation = CC_BINARY_ADD; operation <= CC_BINARY_MULTIPLY; operation++) {
        for (int count = 1; count <= LONGEST; count++) {
            float *output = span_start(&memory);
            kernels->elementwise.binary((cc_binary)operation, output, a, b, 1, count);
            for (int i = 0; i < count; i++) {
                assert_true(output[i] == plain_binary((cc_binary)operation, a[i], b[i]));
            }
            span_check(&memory, count);
        }
        int count = 7 * CC_BLOCK;
        float *output = span_start(&memory);
        kernels->elementwise.binary((cc_binary)operation, output, a, b, 0, count);
        for (int i = 0; i < count; i++) {
            assert_true(output[i] == plain_binary((cc_binary)operation, a[i], b[i % CC_BLOCK]));
        }
        span_check(&memory, count);
    }
    free(a);
    free(b);
}

static void test_binary(void **state)
{
    (void)state;
    for_each_level(check_binary);
}

/* ---- pooling ---- */

static void check_pooling(const cc_kernels *kernels)
{
    static span memory;
    uint32_t seed = 8;
    float *input = cpu_noises(&seed, 9 * 9 * CC_BLOCK);

    for (int rows = 1; rows <= 5; rows++) {
        for (int columns = 1; columns <= 5; columns++) {
            cc_pool_window window = {input, 9 * CC_BLOCK, CC_BLOCK, rows, columns};
            float *largest = span_start(&memory);
            kernels->pooling.maximum(&window, largest);
            float *sum = largest + CC_BLOCK;
            kernels->pooling.sum(&window, sum);
            kernels->pooling.scale(sum, 0.5F);
            for (int lane = 0; lane < CC_BLOCK; lane++) {
                float expected_largest = input[lane];
                float expected_sum = 0;
                for (int i = 0; i < rows * columns; i++) {
                    float at = input[((i / columns) * 9 + i % columns) * CC_BLOCK + lane];
                    expected_largest = at > expected_largest ? at : expected_largest;
                    expected_sum += at;
                }
                assert_true(largest[lane] == expected_largest);
                assert_true(fabsf(sum[lane] - 0.5F * expected_sum) < 1e-5F);
            }
            span_check(&memory, 2 * CC_BLOCK);
        }
    }
    for (int pixels = 1; pixels <= 4; pixels++) {
        float *output = span_start(&memory);
        kernels->pooling.maximum_2x2(input, input + 9 * CC_BLOCK, output, pixels);
        for (int i = 0; i < pixels * CC_BLOCK; i++) {
            const float *at = input + i / CC_BLOCK * 2 * CC_BLOCK + i % CC_BLOCK;
            float above = fmaxf(at[0], at[CC_BLOCK]);
            float below = fmaxf(at[9 * CC_BLOCK], at[10 * CC_BLOCK]);
            assert_true(output[i] == fmaxf(above, below));
        }
        span_check(&memory, pixels * CC_BLOCK);
    }
    free(input);
}

static void test_pooling(void **state)
{
    (void)state;
    for_each_level(check_pooling);
}

/* ---- resize ---- */

static void check_resize(const cc_kernels *kernels)
{
    static span memory;
    uint32_t seed = 31;
    float *a = cpu_noises(&seed, 20 * CC_BLOCK);
    float *b = cpu_noises(&seed, 20 * CC_BLOCK);
    int left[13];
    int right[13];
    float weight[13];

    for (int count = 1; count <= LONGEST; count += 5) {
        float *output = span_start(&memory);
        kernels->resize.blend_rows(output, a, b, 0.3F, count);
        for (int i = 0; i < count; i++) {
            assert_true(fabsf(output[i] - (a[i] * 0.7F + b[i] * 0.3F)) < 1e-6F);
        }
        span_check(&memory, count);
    }
    for (int x = 0; x < 13; x++) {
        left[x] = (int)(cpu_random(&seed) % 20);
        right[x] = (int)(cpu_random(&seed) % 20);
        weight[x] = (float)x / 12;
    }
    float *output = span_start(&memory);
    kernels->resize.blend_pixels(output, a, left, right, weight, 13);
    for (int i = 0; i < 13 * CC_BLOCK; i++) {
        int x = i / CC_BLOCK;
        int lane = i % CC_BLOCK;
        float expected = a[left[x] * CC_BLOCK + lane] * (1 - weight[x]) +
                         a[right[x] * CC_BLOCK + lane] * weight[x];
        assert_true(fabsf(output[i] - expected) < 1e-6F);
    }
    span_check(&memory, 13 * CC_BLOCK);
    free(a);
    free(b);
}

static void test_resize(void **state)
{
    (void)state;
    for_each_level(check_resize);
}

/* ---- the micro-benchmark ---- */

static void bench_level(const cc_kernels *kernels)
{
    enum { COUNT = 4096, ROUNDS = 2000 };
    uint32_t seed = 1;
    float *values = cpu_noises(&seed, COUNT);
    float *others = cpu_noises(&seed, COUNT);

    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        double start = cc_clock_ms();
        for (int round = 0; round < ROUNDS; round++) {
            kernels->elementwise.activate(&activations[i], others, values, COUNT);
        }
        printf("%-7s activation %d: %.3f ns for each element\n", cc_cpu_level_name(kernels->level),
               (int)activations[i].activation, (cc_clock_ms() - start) * 1e6 / COUNT / ROUNDS);
    }
    free(values);
    free(others);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_resize),
    };

    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        for_each_level(bench_level);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
