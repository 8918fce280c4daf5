/* Pooling, resizing, element-wise operators and sums, against plain loops. */
#include "cases.h"

#define FOR_STORAGES(s) for (cc_cuda_storage s = CC_CUDA_F16; s <= CC_CUDA_F32; s++)

/* Slices: aligned ones take the 16-byte path, the others single elements. */
static const int around[][2] = {{8, 8}, {0, 0}, {3, 2}};
#define AROUNDS (sizeof around / sizeof *around)

static double tolerance(cc_cuda_storage storage)
{
    return storage == CC_CUDA_F16 ? 6e-4 : 2e-6;
}

/* ---- pooling ---- */

typedef struct pool_case {
    int batch, height, width, channels, out_height, out_width;
    int kernel, stride, dilation, pad_top, pad_left, pad_bottom, pad_right, include_pad;
} pool_case;

static double pool_reference(const cc_cuda_pool *p, const guarded *in, int n, int y, int x, int c)
{
    double sum = 0, largest = -INFINITY;
    int counted = 0;

    for (int ky = 0; ky < p->kernel_height; ky++) {
        for (int kx = 0; kx < p->kernel_width; kx++) {
            const int row = y * p->stride_y - p->pad_top + ky * p->dilation_y;
            const int column = x * p->stride_x - p->pad_left + kx * p->dilation_x;
            const bool inside =
                row >= 0 && row < p->input.height && column >= 0 && column < p->input.width;
            const bool padded =
                row < p->input.height + p->pad_bottom && column < p->input.width + p->pad_right;
            counted += inside || (p->include_pad && padded);
            if (inside) {
                const double value = value_at(in, n, row, column, c);
                sum += value;
                largest = value > largest ? value : largest;
            }
        }
    }
    return p->average ? sum / counted : largest;
}

static void check_pool(const pool_case *k, cc_cuda_storage storage, int average, int slice)
{
    guarded in = guarded_new(storage, k->batch, k->height, k->width, k->channels, around[slice][0],
                             around[slice][1]);
    guarded out = guarded_new(storage, k->batch, k->out_height, k->out_width, k->channels,
                              around[slice][1], around[slice][0]);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&in, 4);
    const cc_cuda_pool p = {in.tensor,     out.tensor,   k->kernel,   k->kernel,     k->stride,
                            k->stride,     k->dilation,  k->dilation, k->pad_top,    k->pad_left,
                            k->pad_bottom, k->pad_right, average,     k->include_pad};
    assert_launched(cc_cuda_pool_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    FOR_EACH(out.tensor, n, y, x, c)
    {
        worst = worse(worst, value_at(&out, n, y, x, c), pool_reference(&p, &in, n, y, x, c));
    }
    assert_close(worst, average ? tolerance(storage) : 0, "pool");
    assert_guards(&out);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_pool(void **unused)
{
    static const pool_case cases[] = {
        {1, 8, 6, 16, 4, 3, 2, 2, 1, 0, 0, 0, 0, 0},  /* u2net's */
        {2, 7, 9, 24, 4, 5, 2, 2, 1, 0, 0, 0, 0, 0},  /* ceil mode */
        {1, 9, 7, 5, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1},   /* padded */
        {1, 10, 10, 8, 4, 4, 3, 2, 2, 1, 0, 1, 2, 0}, /* dilated */
        {1, 5, 5, 9, 3, 3, 3, 2, 1, 1, 1, 0, 0, 1},   /* windows past the padding */
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FOR_STORAGES(s)
        {
            check_pool(&cases[i], s, 0, (int)(i % AROUNDS));
            check_pool(&cases[i], s, 1, (int)((i + 1) % AROUNDS));
        }
    }
}

/* ---- resizing ---- */

enum { MAX_SIZE = 40 };

/* Tables of one axis for half-pixel linear resizing, from the definition. */
static void linear_table(int from, int to, int32_t *index, float *weight)
{
    for (int i = 0; i < to; i++) {
        double at = (i + 0.5) * from / to - 0.5;
        at = at < 0 ? 0 : at > from - 1 ? from - 1 : at;
        const int low = (int)at;
        index[2 * i] = low;
        index[2 * i + 1] = low + 1 < from ? low + 1 : low;
        weight[2 * i + 1] = (float)(at - low);
        weight[2 * i] = 1 - weight[2 * i + 1];
    }
}

/* Any number of taps: spread over the axis, weights of both signs. */
static void odd_table(int from, int to, int taps, int32_t *index, float *weight)
{
    for (int i = 0; i < to * taps; i++) {
        index[i] = (int)(random_bits() % (uint32_t)from);
        weight[i] = random_float();
    }
}

static void check_resize(cc_cuda_storage storage, int channels, const int *sizes, int taps_y,
                         int taps_x, int slice)
{
    int32_t rows[MAX_SIZE * 4], columns[MAX_SIZE * 4];
    float row_weights[MAX_SIZE * 4], column_weights[MAX_SIZE * 4];
    guarded in =
        guarded_new(storage, 2, sizes[0], sizes[1], channels, around[slice][0], around[slice][1]);
    guarded out =
        guarded_new(storage, 2, sizes[2], sizes[3], channels, around[slice][1], around[slice][0]);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&in, 2);
    if (taps_y == 2 && taps_x == 2) {
        linear_table(sizes[0], sizes[2], rows, row_weights);
        linear_table(sizes[1], sizes[3], columns, column_weights);
    } else {
        odd_table(sizes[0], sizes[2], taps_y, rows, row_weights);
        odd_table(sizes[1], sizes[3], taps_x, columns, column_weights);
    }
    const cc_cuda_resize p = {in.tensor,   out.tensor, rows,
                              row_weights, columns,    column_weights,
                              taps_y,      taps_x,     {CC_CUDA_SIGMOID, 0, 0}};
    assert_launched(cc_cuda_resize_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    FOR_EACH(out.tensor, n, y, x, c)
    {
        double sum = 0;
        for (int i = 0; i < taps_y; i++) {
            for (int j = 0; j < taps_x; j++) {
                sum += (double)row_weights[y * taps_y + i] * column_weights[x * taps_x + j] *
                       value_at(&in, n, rows[y * taps_y + i], columns[x * taps_x + j], c);
            }
        }
        worst = worse(worst, value_at(&out, n, y, x, c), reference_activation(&p.activation, sum));
    }
    assert_close(worst, tolerance(storage), "resize");
    assert_guards(&out);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_resize(void **unused)
{
    static const int sizes[][4] = {{5, 7, 10, 14}, {3, 4, 17, 11}, {20, 21, 7, 5}, {1, 1, 6, 9}};

    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        FOR_STORAGES(s)
        {
            check_resize(s, 16, sizes[i], 2, 2, 0);
            check_resize(s, 1, sizes[i], 2, 2, 1);
            check_resize(s, 11, sizes[i], 1, 1, 2);
            check_resize(s, 8, sizes[i], 4, 4, 1);
            check_resize(s, 8, sizes[i], 1, 2, 0);
        }
    }
}

/* ---- element by element ---- */

static void check_unary(cc_cuda_storage storage, int kind, int slice)
{
    const cc_cuda_activation a = {kind, kind == CC_CUDA_CLIP ? -0.25f : 0.2f, 0.5f};
    guarded in = guarded_new(storage, 2, 5, 7, 13, around[slice][0], around[slice][1]);
    guarded out = guarded_new(storage, 2, 5, 7, 13, around[slice][1], around[slice][0]);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&in, 3);
    set_value(&in, 0, 0, 0, 0, 0);
    set_value(&in, 0, 0, 0, 1, 60000); /* halves end at 65504 */
    set_value(&in, 0, 0, 0, 2, -60000);
    const cc_cuda_unary p = {in.tensor, out.tensor, a};
    assert_launched(cc_cuda_unary_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    FOR_EACH(out.tensor, n, y, x, c)
    {
        double wanted = reference_activation(&a, value_at(&in, n, y, x, c));
        wanted = storage == CC_CUDA_F16 && fabs(wanted) > 65504 ? copysign(INFINITY, wanted)
                 : fabs(wanted) > 3.4e38                        ? copysign(INFINITY, wanted)
                                                                : wanted;
        worst = worse(worst, value_at(&out, n, y, x, c), wanted);
    }
    assert_close(worst, kind == CC_CUDA_NONE ? 0 : tolerance(storage), "unary");
    assert_guards(&out);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_unary(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < CC_CUDA_ACTIVATION_COUNT; kind++) {
        FOR_STORAGES(s)
        {
            check_unary(s, kind, kind % (int)AROUNDS);
        }
    }
}

static double binary_reference(int operation, double a, double b)
{
    switch (operation) {
    case CC_CUDA_ADD: return a + b;
    case CC_CUDA_SUBTRACT: return a - b;
    case CC_CUDA_MULTIPLY: return a * b;
    case CC_CUDA_DIVIDE: return a / b;
    case CC_CUDA_MINIMUM: return fmin(a, b);
    case CC_CUDA_MAXIMUM: return fmax(a, b);
    case CC_CUDA_SLOPE: return a < 0 ? a * b : a;
    default: return pow(a, b);
    }
}

/* shape: which of the four axes of the second operand are 1. */
static void check_binary(cc_cuda_storage storage, int operation, unsigned shape, int slice)
{
    guarded a = guarded_new(storage, 2, 3, 4, 19, around[slice][0], around[slice][1]);
    guarded b = guarded_new(storage, shape & 1 ? 1 : 2, shape & 2 ? 1 : 3, shape & 4 ? 1 : 4,
                            shape & 8 ? 1 : 19, 0, 5);
    guarded out = guarded_new(storage, 2, 3, 4, 19, around[slice][1], around[slice][0]);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&a, 3);
    fill_random(&b, 3);
    FOR_EACH(a.tensor, n, y, x, c)
    {
        set_value(&a, n, y, x, c, fabsf(value_at(&a, n, y, x, c)) + 0.5f); /* powers */
    }
    FOR_EACH(b.tensor, n, y, x, c)
    {
        const float value = value_at(&b, n, y, x, c);
        set_value(&b, n, y, x, c, value < 0 ? value - 0.5f : value + 0.5f); /* quotients */
    }
    const cc_cuda_binary p = {a.tensor, b.tensor, out.tensor, operation, {CC_CUDA_RELU, 0, 0}};
    assert_launched(cc_cuda_binary_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    FOR_EACH(out.tensor, n, y, x, c)
    {
        const double wanted = binary_reference(operation, value_at(&a, n, y, x, c),
                                               value_at(&b, shape & 1 ? 0 : n, shape & 2 ? 0 : y,
                                                        shape & 4 ? 0 : x, shape & 8 ? 0 : c));
        worst = worse(worst, value_at(&out, n, y, x, c), wanted > 0 ? wanted : 0);
    }
    assert_close(worst, tolerance(storage), "binary");
    assert_guards(&out);
    guarded_free(&a);
    guarded_free(&b);
    guarded_free(&out);
}

static void test_binary(void **unused)
{
    (void)unused;
    for (unsigned shape = 0; shape < 16; shape++) {
        FOR_STORAGES(s)
        {
            check_binary(s, (int)shape % (CC_CUDA_SLOPE + 1), shape, (int)(shape % AROUNDS));
            check_binary(s, (int)(shape + 3) % (CC_CUDA_SLOPE + 1), 0, (int)(shape % AROUNDS));
        }
    }
}

static void test_in_place(void **unused)
{
    (void)unused;
    FOR_STORAGES(s)
    {
        guarded a = guarded_new(s, 1, 4, 5, 24, 0, 0);
        cc_cuda_launch launch;
        cc_error error;
        const cc_cuda_unary negate = {a.tensor, a.tensor, {CC_CUDA_NEGATE, 0, 0}};
        const cc_cuda_binary twice = {
            a.tensor, a.tensor, a.tensor, CC_CUDA_ADD, {CC_CUDA_NONE, 0, 0}};

        random_state = 5;
        fill_random(&a, 1);
        assert_launched(cc_cuda_unary_launch(&negate, s, &launch, &error), &error);
        run_kernel(&launch, &negate);
        assert_launched(cc_cuda_binary_launch(&twice, s, &launch, &error), &error);
        run_kernel(&launch, &twice);
        random_state = 5;
        FOR_EACH(a.tensor, n, y, x, c)
        {
            const float was = random_float();
            const float rounded = s == CC_CUDA_F16 ? cc_cuda_half_value(cc_cuda_half(was)) : was;
            assert_true(value_at(&a, n, y, x, c) == -2 * rounded);
        }
        guarded_free(&a);
    }
}

/* ---- sums ---- */

static void check_global_pool(cc_cuda_storage storage, int maximum, int height, int channels)
{
    guarded in = guarded_new(storage, 2, height, 9, channels, 8, 0);
    guarded out = guarded_new(storage, 2, 1, 1, channels, 0, 3);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&in, 2);
    const cc_cuda_global_pool p = {in.tensor, out.tensor, maximum};
    assert_launched(cc_cuda_global_pool_launch(&p, storage, &launch, &error), &error);
    cuda_emulation_seed(4);
    run_kernel(&launch, &p);
    cuda_emulation_seed(0);
    for (int n = 0; n < 2; n++) {
        for (int c = 0; c < channels; c++) {
            double sum = 0, largest = -INFINITY;
            for (int i = 0; i < height * 9; i++) {
                const double value = value_at(&in, n, i / 9, i % 9, c);
                sum += value;
                largest = fmax(largest, value);
            }
            worst = worse(worst, value_at(&out, n, 0, 0, c), maximum ? largest : sum / height / 9);
        }
    }
    assert_close(worst, maximum ? 0 : tolerance(storage), "global pool");
    assert_guards(&out);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_global_pool(void **unused)
{
    (void)unused;
    FOR_STORAGES(s)
    {
        check_global_pool(s, 0, 8, 112);
        check_global_pool(s, 0, 61, 13);
        check_global_pool(s, 1, 1, 5);
    }
}

static void check_gemm(cc_cuda_storage storage, int inputs, int outputs, bool with_bias)
{
    guarded in = guarded_new(storage, 3, 1, 1, inputs, 1, 0);
    guarded out = guarded_new(storage, 3, 1, 1, outputs, 0, 1);
    float *weights = malloc(sizeof(float) * (size_t)inputs * (size_t)outputs);
    float *bias = malloc(sizeof(float) * (size_t)outputs);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    assert_true(weights && bias);
    fill_random(&in, 1);
    for (int i = 0; i < inputs * outputs; i++) {
        weights[i] = random_float() / sqrtf((float)inputs);
    }
    for (int i = 0; i < outputs; i++) {
        bias[i] = with_bias ? random_float() : 0;
    }
    const cc_cuda_gemm p = {
        in.tensor, out.tensor, weights, with_bias ? bias : NULL, {CC_CUDA_RELU, 0, 0}};
    assert_launched(cc_cuda_gemm_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    for (int n = 0; n < 3; n++) {
        for (int o = 0; o < outputs; o++) {
            double sum = bias[o];
            for (int k = 0; k < inputs; k++) {
                sum += (double)weights[o * inputs + k] * value_at(&in, n, 0, 0, k);
            }
            worst = worse(worst, value_at(&out, n, 0, 0, o), sum > 0 ? sum : 0);
        }
    }
    assert_close(worst, tolerance(storage), "gemm");
    assert_guards(&out);
    free(weights);
    free(bias);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_gemm(void **unused)
{
    (void)unused;
    FOR_STORAGES(s)
    {
        check_gemm(s, 112, 112, true);
        check_gemm(s, 48, 3, true);
        check_gemm(s, 7, 1, false);
    }
}

static void check_softmax(cc_cuda_storage storage, int channels, float scale)
{
    guarded in = guarded_new(storage, 2, 3, 1, channels, 0, 1);
    guarded out = guarded_new(storage, 2, 3, 1, channels, 2, 0);
    cc_cuda_launch launch;
    cc_error error;
    double worst = 0;

    fill_random(&in, scale);
    const cc_cuda_softmax p = {in.tensor, out.tensor};
    assert_launched(cc_cuda_softmax_launch(&p, storage, &launch, &error), &error);
    run_kernel(&launch, &p);
    FOR_EACH(out.tensor, n, y, x, c)
    {
        double sum = 0;
        for (int i = 0; i < channels; i++) {
            sum += exp((double)value_at(&in, n, y, x, i) - value_at(&in, n, y, x, c));
        }
        worst = worse(worst, value_at(&out, n, y, x, c), 1 / sum);
    }
    assert_close(worst, tolerance(storage), "softmax");
    assert_guards(&out);
    guarded_free(&in);
    guarded_free(&out);
}

static void test_softmax(void **unused)
{
    (void)unused;
    FOR_STORAGES(s)
    {
        check_softmax(s, 3, 2);
        check_softmax(s, 77, 30000); /* would overflow without the largest taken away */
        check_softmax(s, 1, 1);
    }
}

/* ---- planes ---- */

static void check_planes(cc_cuda_storage storage, int channels, int slice)
{
    guarded tensor = guarded_new(storage, 2, 3, 5, channels, around[slice][0], around[slice][1]);
    const size_t count = (size_t)(2 * 3 * 5 * channels);
    float *planes = malloc(count * sizeof(float)), *back = malloc(count * sizeof(float));
    cc_cuda_launch launch;
    cc_error error;

    assert_true(planes && back);
    for (size_t i = 0; i < count; i++) {
        planes[i] = cc_cuda_half_value(cc_cuda_half(random_float()));
    }
    const cc_cuda_planes in = {planes, tensor.tensor, {CC_CUDA_NONE, 0, 0}};
    const cc_cuda_planes out = {back, tensor.tensor, {CC_CUDA_NEGATE, 0, 0}};
    assert_launched(cc_cuda_from_planes_launch(&in, storage, &launch, &error), &error);
    run_kernel(&launch, &in);
    assert_guards(&tensor);
    FOR_EACH(tensor.tensor, n, y, x, c)
    {
        const int plane = (n * channels + c) * 15;
        assert_true(value_at(&tensor, n, y, x, c) == planes[plane + y * 5 + x]);
    }
    assert_launched(cc_cuda_to_planes_launch(&out, storage, &launch, &error), &error);
    run_kernel(&launch, &out);
    for (size_t i = 0; i < count; i++) {
        assert_true(back[i] == -planes[i]);
    }
    free(planes);
    free(back);
    guarded_free(&tensor);
}

static void test_planes(void **unused)
{
    (void)unused;
    FOR_STORAGES(s)
    {
        check_planes(s, 3, 1);
        check_planes(s, 3, 2);
        check_planes(s, 16, 0);
        check_planes(s, 21, 1);
    }
}

/* ---- what the launch functions refuse ---- */

static void test_refusals(void **unused)
{
    guarded a = guarded_new(CC_CUDA_F32, 1, 4, 4, 8, 0, 0);
    cc_cuda_launch launch;
    cc_error error;
    cc_cuda_unary unary = {a.tensor, a.tensor, {CC_CUDA_NONE, 0, 0}};
    cc_cuda_binary binary = {a.tensor, a.tensor, a.tensor, CC_CUDA_ADD, {CC_CUDA_NONE, 0, 0}};
    cc_cuda_softmax softmax = {a.tensor, a.tensor};
    cc_cuda_global_pool pool = {a.tensor, a.tensor, 0};

    (void)unused;
    unary.activation.kind = CC_CUDA_ACTIVATION_COUNT;
    assert_int_equal(cc_cuda_unary_launch(&unary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    unary.activation.kind = CC_CUDA_NONE;
    unary.input.data = NULL;
    assert_int_equal(cc_cuda_unary_launch(&unary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    unary.input = unary.output;
    unary.input.stride = 7;
    assert_int_equal(cc_cuda_unary_launch(&unary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    unary.input.stride = 8;
    unary.input.height = -4;
    assert_int_equal(cc_cuda_unary_launch(&unary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    binary.b.width = 3;
    assert_int_equal(cc_cuda_binary_launch(&binary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    binary.b.width = 4;
    binary.operation = CC_CUDA_SLOPE + 1;
    assert_int_equal(cc_cuda_binary_launch(&binary, CC_CUDA_F32, &launch, &error), CC_UNSUPPORTED);
    softmax.output.channels = 4;
    assert_int_equal(cc_cuda_softmax_launch(&softmax, CC_CUDA_F32, &launch, &error),
                     CC_UNSUPPORTED);
    assert_int_equal(cc_cuda_global_pool_launch(&pool, CC_CUDA_F32, &launch, &error),
                     CC_UNSUPPORTED);
    assert_int_equal(launch.threads, 0);
    guarded_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),     cmocka_unit_test(test_resize),
        cmocka_unit_test(test_unary),    cmocka_unit_test(test_binary),
        cmocka_unit_test(test_in_place), cmocka_unit_test(test_global_pool),
        cmocka_unit_test(test_gemm),     cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_planes),   cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
