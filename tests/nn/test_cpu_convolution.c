/* Every convolution algorithm at every level of this machine against the scalar
 * reference: odd sizes, strides, dilations, gaps between channels, all fused
 * forms, guard bands. With --bench: the same algorithms, timed. */
#include "cpu_fixture.h"

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/ops/operator.h"

typedef struct shape_case {
    int batch;
    int inputs;
    int outputs;
    int groups;
    int height;
    int width;
    int kernel;
    int stride;
    int dilation;
    int pad;
    const uint8_t *lanes; /* gaps between parts; NULL = none */
} shape_case;

static const uint8_t gaps_8_8[] = {8, 8, 0};
static const uint8_t gaps_16_8[] = {16, 8, 16, 16, 16, 0};
static const uint8_t gaps_16_3_16_1[] = {16, 3, 16, 1, 0};

static const shape_case shapes[] = {
    {1, 16, 16, 1, 10, 10, 3, 1, 1, 1, NULL},
    {1, 3, 16, 1, 9, 11, 3, 1, 1, 1, NULL},
    {1, 3, 20, 1, 17, 13, 3, 2, 1, 1, NULL},
    {1, 3, 33, 1, 23, 19, 7, 2, 1, 3, NULL},
    {2, 16, 48, 1, 7, 5, 3, 1, 1, 1, NULL},
    {1, 32, 32, 1, 20, 20, 3, 1, 2, 2, NULL},
    {1, 17, 31, 1, 13, 29, 3, 1, 1, 1, NULL},
    {1, 16, 32, 1, 10, 10, 3, 1, 4, 4, NULL},
    {1, 24, 16, 1, 9, 9, 3, 1, 8, 8, NULL},
    {1, 64, 1, 1, 21, 18, 3, 1, 1, 1, NULL},
    {1, 6, 1, 1, 15, 33, 1, 1, 1, 0, NULL},
    {2, 40, 24, 1, 6, 7, 1, 1, 1, 0, NULL},
    {1, 16, 64, 1, 1, 1, 3, 1, 1, 1, NULL},
    {1, 16, 16, 1, 2, 3, 3, 1, 1, 1, NULL},
    {1, 12, 20, 1, 11, 3, 5, 1, 1, 2, NULL},
    {1, 16, 16, 1, 14, 14, 3, 1, 1, 0, NULL},
    {1, 20, 20, 20, 12, 9, 3, 1, 1, 1, NULL},
    {2, 33, 33, 33, 13, 10, 5, 2, 1, 2, NULL},
    {1, 16, 32, 1, 33, 31, 3, 2, 1, 1, NULL},
    {1, 16, 24, 1, 12, 10, 3, 1, 1, 1, gaps_8_8},
    {1, 36, 40, 1, 11, 12, 3, 1, 1, 1, gaps_16_3_16_1},
    {1, 36, 1, 1, 11, 12, 3, 1, 1, 1, gaps_16_3_16_1},
    {1, 36, 36, 36, 8, 9, 3, 1, 1, 1, gaps_16_3_16_1},
    {1, 128, 128, 1, 10, 10, 3, 1, 1, 1, NULL},
    {1, 64, 64, 1, 61, 67, 3, 1, 1, 1, NULL},
    {1, 72, 96, 1, 13, 11, 3, 1, 1, 1, gaps_16_8},
    {2, 64, 80, 1, 9, 10, 3, 2, 1, 1, NULL},
    {1, 200, 48, 1, 12, 12, 3, 1, 2, 2, NULL},
    {1, 64, 65, 1, 7, 37, 1, 1, 1, 0, NULL},
    {2, 16, 3, 1, 21, 39, 3, 1, 1, 1, NULL},
    {1, 16, 32, 1, 8, 8, 3, 1, 1, 6, NULL},
    {1, 3, 16, 1, 7, 9, 2, 1, 1, 7, NULL},
    {1, 40, 4, 1, 33, 17, 3, 2, 1, 1, NULL},
    {1, 32, 144, 1, 19, 33, 5, 2, 1, 2, NULL},
    {1, 16, 256, 1, 10, 34, 3, 1, 1, 1, NULL},
    {1, 272, 17, 1, 40, 41, 3, 1, 1, 1, NULL},
    {1, 32, 48, 4, 12, 9, 3, 1, 1, 1, NULL},
    {2, 36, 24, 12, 13, 10, 3, 2, 1, 1, NULL},
    {1, 64, 64, 2, 11, 14, 3, 1, 2, 2, NULL},
    {1, 36, 72, 3, 8, 9, 3, 1, 1, 1, gaps_16_3_16_1},
    {1, 20, 40, 20, 7, 21, 5, 1, 1, 2, NULL},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static const cc_fusion fusions[] = {
    {CC_ACTIVATION_NONE, 0, 0, CC_RESIDUAL_NONE},
    {CC_ACTIVATION_RELU, 0, 0, CC_RESIDUAL_NONE},
    {CC_ACTIVATION_RELU, 0, 0, CC_RESIDUAL_AFTER},
    {CC_ACTIVATION_RELU, 0, 0, CC_RESIDUAL_BEFORE},
    {CC_ACTIVATION_CLIP, -0.25F, 0.5F, CC_RESIDUAL_AFTER},
    {CC_ACTIVATION_SIGMOID, 0, 0, CC_RESIDUAL_NONE},
    {CC_ACTIVATION_LEAKY_RELU, 0.1F, 0, CC_RESIDUAL_BEFORE},
    {CC_ACTIVATION_HARD_SWISH, 0, 0, CC_RESIDUAL_AFTER},
    {CC_ACTIVATION_TANH, 0, 0, CC_RESIDUAL_AFTER},
};
#define FUSIONS (sizeof fusions / sizeof *fusions)

/* ---- one case and its reference ---- */

typedef struct convolution_case {
    cc_convolution convolution;
    float *input;
    float *weights;
    float *bias;
    float *residual; /* NULL if none */
    float *expected;
    size_t outputs; /* elements */
} convolution_case;

static int output_size(int length, const shape_case *s)
{
    return (length + 2 * s->pad - s->dilation * (s->kernel - 1) - 1) / s->stride + 1;
}

static cc_attribute ints_attribute(const char *name, const int64_t *values, size_t count)
{
    return (cc_attribute){.name = name, .kind = CC_ATTRIBUTE_INTS, .ints = values, .count = count};
}

static void run_reference(const shape_case *s, convolution_case *c)
{
    int64_t strides[] = {s->stride, s->stride};
    int64_t dilations[] = {s->dilation, s->dilation};
    int64_t pads[] = {s->pad, s->pad, s->pad, s->pad};
    cc_attribute attributes[] = {ints_attribute("strides", strides, 2),
                                 ints_attribute("dilations", dilations, 2),
                                 ints_attribute("pads", pads, 4),
                                 {.name = "group", .kind = CC_ATTRIBUTE_INT, .i = s->groups}};
    const cc_operator *operator_ = cc_operator_find("Conv");
    cc_node node = {.operator_ = operator_,
                    .op_type = "Conv",
                    .name = "case",
                    .attributes = attributes,
                    .attribute_count = 4,
                    .fusion = c->convolution.fusion};
    int height = c->convolution.output[0];
    int width = c->convolution.output[1];
    cc_tensor x = {CC_FLOAT32, {4, {s->batch, s->inputs, s->height, s->width}}, c->input};
    cc_tensor w = {
        CC_FLOAT32, {4, {s->outputs, s->inputs / s->groups, s->kernel, s->kernel}}, c->weights};
    cc_tensor b = {CC_FLOAT32, {1, {s->outputs}}, c->bias};
    cc_tensor r = {CC_FLOAT32, {4, {s->batch, s->outputs, height, width}}, c->residual};
    cc_tensor y = {CC_FLOAT32, {4, {s->batch, s->outputs, height, width}}, c->expected};
    const cc_tensor *inputs[] = {&x, &w, &b, &r};
    cc_tensor *outputs[] = {&y};
    cc_op_call call = {.node = &node,
                       .opset = 13,
                       .inputs = inputs,
                       .input_count = c->residual != NULL ? 4 : 3,
                       .outputs = outputs,
                       .output_count = 1};
    cc_error error = {0};

    if (operator_->run(&call, &error) != CC_OK) {
        fail_msg("the reference failed: %s", error.message);
    }
}

static convolution_case make_case(const shape_case *s, const cc_fusion *fusion, uint32_t seed)
{
    convolution_case c = {
        .convolution = {.batch = s->batch,
                        .input_channels = s->inputs,
                        .output_channels = s->outputs,
                        .groups = s->groups,
                        .input = {s->height, s->width},
                        .output = {output_size(s->height, s), output_size(s->width, s)},
                        .kernel = {s->kernel, s->kernel},
                        .stride = {s->stride, s->stride},
                        .dilation = {s->dilation, s->dilation},
                        .pad = {s->pad, s->pad},
                        .fusion = *fusion}};
    size_t taps = (size_t)(s->kernel * s->kernel * (s->inputs / s->groups));
    float scale = sqrtf(3.0F / (float)taps);

    c.outputs = (size_t)(s->batch * s->outputs * c.convolution.output[0] * c.convolution.output[1]);
    c.input = cpu_noises(&seed, (size_t)(s->batch * s->inputs * s->height * s->width));
    c.weights = cpu_noises(&seed, (size_t)s->outputs * taps);
    for (size_t i = 0; i < (size_t)s->outputs * taps; i++) {
        c.weights[i] *= scale;
    }
    c.bias = cpu_noises(&seed, (size_t)s->outputs);
    c.residual = fusion->residual != CC_RESIDUAL_NONE ? cpu_noises(&seed, c.outputs) : NULL;
    c.expected = cpu_noises(&seed, c.outputs);
    c.convolution.weights = c.weights;
    c.convolution.bias = c.bias;
    run_reference(s, &c);
    return c;
}

static void free_case(convolution_case *c)
{
    free(c->input);
    free(c->weights);
    free(c->bias);
    free(c->residual);
    free(c->expected);
}

/* ---- one algorithm on one case ---- */

typedef struct prepared {
    const cc_convolution_algorithm *algorithm;
    const cc_kernels *kernels;
    cc_thread_pool *pool;
    guarded input;
    guarded output;
    guarded residual;
    void *data;
    void *scratch;
} prepared;

static guarded make_value(cc_layout layout, int batch, int channels, int height, int width,
                          int border, const uint8_t *lanes)
{
    return layout == CC_PLAIN ? guarded_plain(batch, channels, height, width)
                              : guarded_blocked(batch, channels, height, width, border, lanes);
}

/* The least precise that the algorithm may be chosen for, and how far from the
 * reference its results are: inputs and outputs are about 1. */
static cc_precision precision_of(const cc_convolution_algorithm *algorithm)
{
    if (algorithm == &cc_convolution_int8) {
        return CC_PRECISION_INT8;
    }
    return algorithm == &cc_convolution_bf16 ? CC_PRECISION_BF16 : CC_PRECISION_FP32;
}

static float tolerance_of(const cc_convolution_algorithm *algorithm)
{
    static const float tolerances[] = {1e-4F, 2e-2F, 5e-2F};

    return tolerances[precision_of(algorithm)];
}

/* False if the algorithm is not made for this case. */
static bool prepare(prepared *p, const shape_case *s, convolution_case *c)
{
    const cc_convolution_algorithm *algorithm = p->algorithm;
    cc_convolution *convolution = &c->convolution;
    size_t bytes;
    size_t scratch;
    cc_error error = {0};

    convolution->input_layout = algorithm->input_layout;
    convolution->input_lanes = NULL;
    convolution->precision = precision_of(algorithm);
    if (!algorithm->suits(convolution, p->kernels)) {
        return false;
    }
    int border = algorithm->border != NULL ? algorithm->border(convolution) : 0;
    p->input = make_value(algorithm->input_layout, s->batch, s->inputs, s->height, s->width, border,
                          s->lanes);
    convolution->input_blocks = p->input.view.blocks;
    convolution->input_lanes = p->input.view.lanes;
    guarded_set(&p->input, c->input);
    const uint8_t *lanes = algorithm == &cc_convolution_depthwise ? s->lanes : NULL;
    p->output = make_value(algorithm->output_layout, s->batch, s->outputs, convolution->output[0],
                           convolution->output[1], 2, lanes);
    p->residual = make_value(algorithm->output_layout, s->batch, s->outputs, convolution->output[0],
                             convolution->output[1], 1, lanes);
    if (c->residual != NULL) {
        guarded_set(&p->residual, c->residual);
    }
    if (algorithm->prepare(convolution, p->kernels, p->pool, &p->data, &bytes, &scratch, &error) !=
        CC_OK) {
        fail_msg("%s: %s", algorithm->name, error.message);
    }
    p->scratch = cc_alloc_aligned(scratch);
    assert_non_null(p->scratch);
    memset(p->scratch, 0xff, scratch); /* not-a-number, should anything read it */
    return true;
}

static void run_prepared(prepared *p, const convolution_case *c)
{
    cc_execution execution = {.pool = p->pool, .scratch = p->scratch};

    p->algorithm->run(p->data, p->kernels, &p->input.view,
                      c->residual != NULL ? &p->residual.view : NULL, &p->output.view, &execution);
}

static void end_prepared(prepared *p)
{
    p->algorithm->release(p->data);
    cc_free_aligned(p->scratch);
    guarded_free(&p->input);
    guarded_free(&p->output);
    guarded_free(&p->residual);
}

static void compare(const prepared *p, const shape_case *s, const convolution_case *c)
{
    const cc_view *view = &p->output.view;
    const float *expected = c->expected;

    for (int picture = 0; picture < view->batch; picture++) {
        for (int channel = 0; channel < view->channels; channel++) {
            for (int y = 0; y < view->height; y++) {
                for (int x = 0; x < view->width; x++, expected++) {
                    float got = *guarded_at(&p->output, picture, channel, y, x);
                    if (!(fabsf(got - *expected) <= tolerance_of(p->algorithm))) {
                        fail_msg("%s, %s, %d->%d %dx%d kernel %d stride %d dilation %d: "
                                 "channel %d row %d column %d is %g, not %g",
                                 p->algorithm->name, cc_cpu_level_name(p->kernels->level),
                                 s->inputs, s->outputs, s->height, s->width, s->kernel, s->stride,
                                 s->dilation, channel, y, x, (double)got, (double)*expected);
                    }
                }
            }
        }
    }
}

/* The algorithm on these kernels; the output is compared with the reference, and
 * left in *output, as plain elements, if that is not NULL. */
static bool check_algorithm(const cc_convolution_algorithm *algorithm, const cc_kernels *kernels,
                            const shape_case *s, convolution_case *c, cc_thread_pool *pool,
                            float *output)
{
    prepared p = {.algorithm = algorithm, .kernels = kernels, .pool = pool};

    if (!prepare(&p, s, c)) {
        return false;
    }
    run_prepared(&p, c);
    compare(&p, s, c);
    guarded_check(&p.output);
    const cc_view *view = &p.output.view;
    for (int i = 0; output != NULL && i < (int)c->outputs; i++) {
        int plane = i / view->width / view->height;
        output[i] = *guarded_at(&p.output, plane / view->channels, plane % view->channels,
                                i / view->width % view->height, i % view->width);
    }
    end_prepared(&p);
    return true;
}

/* Plain C is slow: cases of so many products only. */
#define PLAIN_PRODUCTS 4000000

/* Kernels of short numbers that a machine with a better one would not use, and plain
 * C, on the same convolution: int8 gives the same sums to the last bit, so that only
 * the rounding of what follows may differ. */
static void check_short_numbers(const cc_convolution_algorithm *algorithm, const shape_case *s,
                                convolution_case *c, cc_thread_pool *pool)
{
    double products = (double)c->outputs * s->inputs * s->kernel * s->kernel;
    cc_kernels kernels = *cc_kernels_best();
    float *best = malloc(c->outputs * sizeof *best);
    float *other = malloc(c->outputs * sizeof *other);

    assert_non_null(best);
    assert_non_null(other);
    if (products <= PLAIN_PRODUCTS && check_algorithm(algorithm, &kernels, s, c, pool, best)) {
        bool exact = algorithm == &cc_convolution_int8;
        cc_matrix_portable(kernels.matrix);
        assert_true(check_algorithm(algorithm, &kernels, s, c, NULL, other));
        for (size_t i = 0; i < c->outputs; i++) {
            assert_true(fabsf(best[i] - other[i]) <= (exact ? 1e-6F : 1e-4F));
        }
    }
#if defined(__x86_64__)
    memset(kernels.matrix, 0, sizeof kernels.matrix);
    cc_matrix_avx512bf16(kernels.matrix);
    cc_matrix_avx512vnni(kernels.matrix);
    (void)check_algorithm(algorithm, &kernels, s, c, pool, NULL);
#endif
    free(best);
    free(other);
}

static int check_case(const shape_case *s, const cc_fusion *fusion, cc_thread_pool *pool)
{
    cc_cpu_level levels[8];
    int level_count = cpu_levels(levels);
    convolution_case c = make_case(s, fusion, 17);
    int ran = 0;

    for (size_t a = 0; a < CC_CONVOLUTION_ALGORITHMS; a++) {
        for (int level = cpu_is_emulated() ? level_count - 1 : 0; level < level_count; level++) {
            ran += check_algorithm(cc_convolution_algorithms[a], cc_kernels_at(levels[level]), s,
                                   &c, pool, NULL);
        }
    }
    if (fusion == &fusions[3]) {
        check_short_numbers(&cc_convolution_split, s, &c, pool);
        check_short_numbers(&cc_convolution_split_planes, s, &c, pool);
        check_short_numbers(&cc_convolution_split_to_planes, s, &c, pool);
        check_short_numbers(&cc_convolution_bf16, s, &c, pool);
        check_short_numbers(&cc_convolution_int8, s, &c, pool);
    }
    free_case(&c);
    return ran;
}

/* Every fusion with every shape; emulated, two with each: one that all algorithms can. */
static bool is_wanted(size_t shape, size_t fusion)
{
    bool possible = shapes[shape].groups == 1 || fusions[fusion].residual == CC_RESIDUAL_NONE;

    return possible && (!cpu_is_emulated() || shapes[shape].groups > 1 ||
                        fusion == shape % FUSIONS || fusion == 1 + shape % 3);
}

static void test_against_reference(void **state)
{
    cc_thread_pool *pool;

    (void)state;
    assert_int_equal(cc_thread_pool_create(2, &pool, NULL), CC_OK);
    for (size_t i = 0; i < SHAPES; i++) {
        for (size_t f = 0; f < FUSIONS; f++) {
            assert_true(!is_wanted(i, f) || check_case(&shapes[i], &fusions[f], pool) > 0);
        }
    }
    cc_thread_pool_destroy(pool);
}

/* Infinities and not-a-number stay where they are instead of spreading to pixels
 * that do not see them, in the algorithms that add products one by one. */
static void test_not_a_number_stays_local(void **state)
{
    const shape_case s = {1, 16, 32, 1, 12, 12, 3, 1, 1, 1, NULL};
    cc_cpu_level levels[8];
    int level_count = cpu_levels(levels);

    (void)state;
    for (int level = 0; level < level_count; level++) {
        convolution_case c = make_case(&s, &fusions[1], 5);
        prepared p = {.algorithm = &cc_convolution_direct, .kernels = cc_kernels_at(levels[level])};
        c.input[5 * 12 + 5] = NAN;
        assert_true(prepare(&p, &s, &c));
        run_prepared(&p, &c);
        for (int y = 0; y < 12; y++) {
            for (int x = 0; x < 12; x++) {
                bool sees = y >= 4 && y <= 6 && x >= 4 && x <= 6;
                float got = *guarded_at(&p.output, 0, 3, y, x);
                assert_true((isnan(got) != 0) == sees);
            }
        }
        end_prepared(&p);
        free_case(&c);
    }
}

/* How the work is shared out must not show in the result. */
static void test_same_bytes_for_any_thread_count(void **state)
{
    static const shape_case cases[] = {
        {1, 64, 80, 1, 61, 67, 3, 1, 1, 1, NULL},
        {2, 200, 48, 1, 12, 12, 3, 1, 2, 2, NULL},
        {1, 36, 40, 1, 11, 12, 3, 1, 1, 1, gaps_16_3_16_1},
        {1, 16, 300, 1, 10, 9, 3, 1, 1, 1, NULL},
        {1, 3, 20, 1, 17, 13, 3, 2, 1, 1, NULL},
        {1, 400, 16, 1, 24, 160, 3, 1, 1, 1, NULL}, /* more slices than stay in the copy */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        convolution_case c = make_case(&cases[i], &fusions[2], 7);
        float *alone = malloc(c.outputs * sizeof *alone);
        float *together = malloc(c.outputs * sizeof *together);
        cc_thread_pool *pool;
        assert_non_null(alone);
        assert_non_null(together);
        assert_int_equal(cc_thread_pool_create(5, &pool, NULL), CC_OK);
        for (size_t a = 0; a < CC_CONVOLUTION_ALGORITHMS; a++) {
            if (check_algorithm(cc_convolution_algorithms[a], cc_kernels_best(), &cases[i], &c,
                                NULL, alone)) {
                check_algorithm(cc_convolution_algorithms[a], cc_kernels_best(), &cases[i], &c,
                                pool, together);
                assert_memory_equal(alone, together, c.outputs * sizeof *alone);
            }
        }
        cc_thread_pool_destroy(pool);
        free(alone);
        free(together);
        free_case(&c);
    }
}

/* ---- the micro-benchmark ---- */

static double best_ms(prepared *p, const convolution_case *c)
{
    double best = 1e30;

    for (int i = 0; i < 12; i++) {
        double start = cc_clock_ms();
        run_prepared(p, c);
        double ms = cc_clock_ms() - start;
        best = ms < best ? ms : best;
    }
    return best;
}

static void bench_shape(const shape_case *s, cc_cpu_level level)
{
    convolution_case c = make_case(s, &fusions[1], 3);
    double work = 2e-6 * (double)c.outputs * s->inputs / s->groups * s->kernel * s->kernel;

    for (size_t a = 0; a < CC_CONVOLUTION_ALGORITHMS; a++) {
        prepared p = {.algorithm = cc_convolution_algorithms[a], .kernels = cc_kernels_at(level)};
        if (prepare(&p, s, &c)) {
            double ms = best_ms(&p, &c);
            printf("%-7s %4d->%-4d %3dx%-3d k%d s%d d%d  %-20s %8.3f ms %7.1f GFLOP/s  cost "
                   "%.0f M\n",
                   cc_cpu_level_name(level), s->inputs, s->outputs, s->height, s->width, s->kernel,
                   s->stride, s->dilation, p.algorithm->name, ms, work / ms,
                   p.algorithm->cost(&c.convolution, p.kernels) / 1e6);
            end_prepared(&p);
        }
    }
    free_case(&c);
}

static void bench(void)
{
    static const shape_case sizes[] = {
        {1, 64, 16, 1, 160, 160, 3, 1, 1, 1, NULL},  {1, 16, 16, 1, 320, 320, 3, 1, 1, 1, NULL},
        {1, 32, 64, 1, 160, 160, 3, 1, 1, 1, NULL},  {1, 64, 64, 1, 80, 80, 3, 1, 1, 1, NULL},
        {1, 128, 128, 1, 40, 40, 3, 1, 1, 1, NULL},  {1, 256, 256, 1, 40, 40, 3, 1, 1, 1, NULL},
        {1, 512, 256, 1, 20, 20, 3, 1, 1, 1, NULL},  {1, 256, 256, 1, 20, 20, 3, 1, 2, 2, NULL},
        {1, 256, 256, 1, 20, 20, 3, 1, 4, 4, NULL},  {1, 256, 256, 1, 10, 10, 3, 1, 1, 1, NULL},
        {1, 3, 64, 1, 320, 320, 3, 1, 1, 1, NULL},   {1, 64, 1, 1, 320, 320, 3, 1, 1, 1, NULL},
        {1, 64, 64, 64, 160, 160, 3, 1, 1, 1, NULL}, {1, 128, 128, 1, 40, 40, 1, 1, 1, 0, NULL},
    };
    cc_cpu_level levels[8];
    int level_count = cpu_levels(levels);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int level = 0; level < level_count; level++) {
            bench_shape(&sizes[i], levels[level]);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_not_a_number_stays_local),
        cmocka_unit_test(test_same_bytes_for_any_thread_count),
    };

    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
