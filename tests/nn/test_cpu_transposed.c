/* ConvTranspose by phases against the scalar reference: kernels smaller and larger than
 * the stride, uneven strides and padding, output padding, batches, channels that fill no
 * block, fused activations, several threads; and what is left to the reference. */
#include "network_fixture.h"

typedef struct transposed_case {
    int batch;
    int inputs;
    int outputs;
    int size[2];
    int kernel[2];
    int stride[2];
    int pads[4]; /* top, left, bottom, right */
    int output_padding[2];
    int groups;
    int dilation;
    const char *activation; /* NULL = none */
} transposed_case;

static const transposed_case fast_cases[] = {
    {1, 16, 16, {5, 6}, {2, 2}, {2, 2}, {0}, {0}, 1, 1, NULL},
    {1, 40, 24, {7, 9}, {4, 4}, {2, 2}, {1, 1, 1, 1}, {0}, 1, 1, "Relu"},
    {2, 17, 33, {6, 5}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1, 1, "Sigmoid"},
    {1, 3, 5, {4, 31}, {3, 5}, {1, 1}, {1, 2, 1, 2}, {0}, 1, 1, NULL},
    {1, 20, 70, {6, 7}, {2, 2}, {3, 3}, {0}, {0}, 1, 1, NULL},
    {1, 16, 32, {3, 4}, {5, 3}, {3, 2}, {2, 0, 1, 1}, {0}, 1, 1, "Relu"},
    {2, 20, 18, {3, 4}, {8, 8}, {4, 4}, {2, 2, 2, 2}, {0}, 1, 1, NULL},
    {1, 1, 1, {1, 1}, {7, 7}, {4, 4}, {0}, {3, 3}, 1, 1, NULL},
    {1, 32, 16, {9, 33}, {4, 1}, {2, 1}, {1, 0, 1, 0}, {0}, 1, 1, "HardSwish"},
};

static const transposed_case slow_cases[] = {
    {1, 16, 16, {5, 6}, {2, 2}, {2, 2}, {0}, {0}, 4, 1, NULL},
    {1, 16, 16, {5, 6}, {3, 3}, {2, 2}, {0}, {0}, 1, 2, NULL},
    {1, 8, 8, {3, 3}, {3, 3}, {9, 9}, {0}, {0}, 1, 1, NULL},
};

static void add_pair(onnx_builder *builder, const char *name, const int pair[2])
{
    onnx_ints(builder, name, 2, (int64_t[]){pair[0], pair[1]});
}

/* A convolution before it, so that its input lies in blocks, with a border. */
static onnx_bytes make_file(const transposed_case *c)
{
    network_maker maker = {.builder = onnx_begin(14), .seed = 77, .batch = c->batch};
    onnx_builder *builder = &maker.builder;

    onnx_input(builder, "x", CC_FLOAT32, 4, (int64_t[]){c->batch, 3, c->size[0], c->size[1]});
    make_weights(&maker, "v", (int64_t[]){c->inputs, 3, 1, 1});
    onnx_node(builder, "Conv", "x v", "a");
    make_weights(&maker, "w",
                 (int64_t[]){c->inputs, c->outputs / c->groups, c->kernel[0], c->kernel[1]});
    test_noise_constant(builder, "b", 1, (int64_t[]){c->outputs}, &maker.seed);
    onnx_node(builder, "ConvTranspose", "a w b", "t");
    add_pair(builder, "strides", c->stride);
    add_pair(builder, "output_padding", c->output_padding);
    onnx_ints(builder, "dilations", 2, (int64_t[]){c->dilation, c->dilation});
    onnx_ints(builder, "pads", 4, (int64_t[]){c->pads[0], c->pads[1], c->pads[2], c->pads[3]});
    onnx_int(builder, "group", c->groups);
    if (c->activation != NULL) {
        onnx_node(builder, c->activation, "t", "y");
    }
    onnx_output(builder, c->activation != NULL ? "y" : "t");
    return onnx_finish(builder);
}

static void check(const transposed_case *c, cc_thread_pool *pool, bool fast)
{
    onnx_bytes file = make_file(c);
    loaded reference = load_network(&file, NULL, true);
    loaded alone = load_network(&file, NULL, false);
    loaded together = load_network(&file, pool, false);
    cc_network_report report;

    run_network(&reference);
    run_network(&alone);
    run_network(&together);
    assert_int_equal(reference.sizes[0], alone.sizes[0]);
    for (size_t i = 0; i < reference.sizes[0]; i++) {
        if (!(fabsf(reference.outputs[0][i] - alone.outputs[0][i]) <= 1e-4F)) {
            fail_msg("%d->%d kernel %dx%d stride %dx%d: element %zu is %g, not %g", c->inputs,
                     c->outputs, c->kernel[0], c->kernel[1], c->stride[0], c->stride[1], i,
                     (double)alone.outputs[0][i], (double)reference.outputs[0][i]);
        }
    }
    assert_memory_equal(alone.outputs[0], together.outputs[0], alone.sizes[0] * sizeof(float));
    cc_network_report_get(alone.network, &report);
    assert_int_equal(report.operators_total - report.operators_fast, fast ? 0 : 1);
    free_network(&reference);
    free_network(&alone);
    free_network(&together);
    free(file.data);
}

static void check_all(const transposed_case *cases, size_t count, bool fast)
{
    cc_thread_pool *pool;

    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    for (size_t i = 0; i < count; i++) {
        check(&cases[i], pool, fast);
    }
    cc_thread_pool_destroy(pool);
}

static void test_equals_reference(void **state)
{
    (void)state;
    check_all(fast_cases, sizeof fast_cases / sizeof *fast_cases, true);
}

static void test_left_to_reference(void **state)
{
    (void)state;
    check_all(slow_cases, sizeof slow_cases / sizeof *slow_cases, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_reference),
        cmocka_unit_test(test_left_to_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
