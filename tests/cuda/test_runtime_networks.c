/* Whole networks by the GPU engine against the processor's. The driver is the fake one,
 * which runs the kernels' own sources on the processor: what this shows is that the
 * runtime asks for the right work with the right addresses, not that a GPU did it. */
#include "runtime_fixture.h"

#include "core/file.h"

static const double fp32_tolerance = 1e-3;
static const double fp16_tolerance = 1e-2;

/* ---- networks of the U2-Net family, small ---- */

static made_value conv_relu(network_maker *maker, made_value from, int channels, int dilation)
{
    made_value conv = *make_conv(maker, &from, channels, 3, 1, dilation, 1);

    return *make_unary(maker, &conv, "Relu");
}

static made_value upsampled(network_maker *maker, made_value from, made_value like)
{
    return *make_resize(maker, &from, &like);
}

static made_value joined(network_maker *maker, made_value a, made_value b)
{
    return *make_concat(maker, &a, &b);
}

/* A residual U-block of two levels: its names are U2-Net's. */
static made_value make_block(network_maker *maker, made_value from, int middle, int channels)
{
    maker->count = 0; /* of its list of values, which we do without */
    made_value in = conv_relu(maker, from, channels, 1);
    made_value one = conv_relu(maker, in, middle, 1);
    made_value pooled = *make_pool(maker, &one);
    made_value two = conv_relu(maker, pooled, middle, 1);
    made_value three = conv_relu(maker, two, middle, 2);
    made_value up = conv_relu(maker, joined(maker, three, two), middle, 1);
    made_value out = conv_relu(maker, joined(maker, upsampled(maker, up, one), one), channels, 1);

    return *make_binary(maker, "Add", &out, &in);
}

static made_value side_output(network_maker *maker, made_value from, made_value like)
{
    made_value side = *make_conv(maker, &from, 1, 3, 1, 1, 1);

    return side.height == like.height ? side : upsampled(maker, side, like);
}

/* Two encoders, one decoder, three sides, their fusion; outputs d0, d1. first_stride 2
 * and a final resize make it IS-Net's kind. */
static onnx_bytes make_small_family_member(int batch, int size, int first_stride)
{
    network_maker maker = {.builder = onnx_begin(13), .seed = 77, .batch = batch};
    made_value input = *make_value(&maker, 3, size, size);
    made_value start = input;

    onnx_input(&maker.builder, input.name, CC_FLOAT32, 4, (int64_t[]){batch, 3, size, size});
    if (first_stride > 1) {
        start = *make_conv(&maker, &input, 16, 3, first_stride, 1, 1);
    }
    made_value first = make_block(&maker, start, 16, 32);
    made_value second = make_block(&maker, *make_pool(&maker, &first), 16, 64);
    made_value decoded =
        make_block(&maker, joined(&maker, upsampled(&maker, second, first), first), 16, 32);
    made_value d1 = side_output(&maker, decoded, input);
    made_value d2 = side_output(&maker, second, input);
    made_value d3 = side_output(&maker, first, input);
    made_value all = joined(&maker, joined(&maker, d1, d2), d3);
    made_value fused = *make_conv(&maker, &all, 1, 1, 1, 1, 1);
    made_value d0 = *make_unary(&maker, &fused, "Sigmoid");
    made_value s1 = *make_unary(&maker, &d1, "Sigmoid");
    onnx_output(&maker.builder, d0.name);
    onnx_output(&maker.builder, s1.name);
    return onnx_finish(&maker.builder);
}

static void compare_family_member(int batch, int size, int first_stride, cc_precision precision,
                                  double tolerance)
{
    onnx_bytes file = make_small_family_member(batch, size, first_stride);
    char what[64];

    snprintf(what, sizeof what, "%s-like, batch %d", first_stride > 1 ? "IS-Net" : "U2-Net", batch);
    cc_network_report report =
        compare_engines(what, &file, (cc_network_options){0}, precision, tolerance);
    assert_string_equal(report.engine, "cuda/sm_80");
    assert_true(report.launches > 20);
    assert_int_equal(report.bytes_to_device, batch * 3 * size * size * 4);
    assert_int_equal(report.bytes_from_device, 2 * batch * size * size * 4);
    free(file.data);
}

static void u2net_like_in_fp32(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
    compare_family_member(1, 29, 1, CC_PRECISION_FP32, fp32_tolerance);
    compare_family_member(3, 16, 1, CC_PRECISION_FP32, fp32_tolerance);
}

static void u2net_like_in_fp16(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
    compare_family_member(1, 29, 1, CC_PRECISION_FP16, fp16_tolerance);
    compare_family_member(3, 16, 1, CC_PRECISION_FP16, fp16_tolerance);
}

static void isnet_like(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
    compare_family_member(1, 30, 2, CC_PRECISION_FP32, fp32_tolerance);
    compare_family_member(1, 30, 2, CC_PRECISION_FP16, fp16_tolerance);
}

/* ---- the embedded page model ---- */

static void page_model(void **state)
{
    cc_buffer file = {0};
    cc_network_options options = {.input_shape = cc_shape_make(4, (int64_t[]){1, 3, 32, 32})};

    (void)state;
    need_kernels();
    assert_int_equal(
        cc_file_read(CLEARCUT_SOURCE_DIR "/assets/page-model.onnx", 1 << 26, &file, NULL), CC_OK);
    onnx_bytes bytes = {.data = file.data, .size = file.size};
    use_fake("");
    compare_engines("page model at 32x32", &bytes, options, CC_PRECISION_FP32, fp32_tolerance);
    compare_engines("page model at 32x32", &bytes, options, CC_PRECISION_FP16, fp16_tolerance);
    cc_buffer_free(&file);
}

/* ---- anything that networks are made of ---- */

static void random_networks(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
    for (uint64_t seed = 1; seed <= 10; seed++) {
        int batch = 1 + (int)(seed % 3);
        onnx_bytes file = make_random_network(seed, 7, batch, 9, 11);
        char what[64];
        snprintf(what, sizeof what, "random network %d, batch %d", (int)seed, batch);
        compare_engines(what, &file, (cc_network_options){0}, CC_PRECISION_FP32, fp32_tolerance);
        compare_engines(what, &file, (cc_network_options){0}, CC_PRECISION_FP16, 2e-2);
        free(file.data);
    }
}

/* Deep and small: the sums are cut into parts, whose counters and partial sums the next
 * layer and the next run use again. */
static void split_convolutions(void **state)
{
    network_maker maker = {.builder = onnx_begin(13), .seed = 9, .batch = 1};
    made_value value = *make_value(&maker, 256, 4, 4);
    cc_network_options options = {.engine = &cc_engine_cuda, .precision = CC_PRECISION_FP16};
    cc_network *network = NULL;
    float input[256 * 16];
    float first[256 * 16];
    float second[256 * 16];
    const void *inputs[] = {input};
    void *outputs[] = {first};
    uint64_t seed = 3;
    char *text = NULL;

    (void)state;
    need_kernels();
    onnx_input(&maker.builder, value.name, CC_FLOAT32, 4, (int64_t[]){1, 256, 4, 4});
    for (int i = 0; i < 3; i++) {
        value = conv_relu(&maker, value, 256, 1 + i);
    }
    onnx_output(&maker.builder, value.name);
    onnx_bytes file = onnx_finish(&maker.builder);
    use_fake("");
    compare_engines("split convolutions", &file, (cc_network_options){0}, CC_PRECISION_FP16,
                    fp16_tolerance);
    assert_int_equal(cc_network_load_memory(file.data, file.size, false, &options, &network, NULL),
                     CC_OK);
    assert_int_equal(cc_network_explain(network, 0, &text, NULL), CC_OK);
    print_message("%s", text);
    assert_null(strstr(text, "/1 ")); /* "tensor cores 64x32/4": every one is split */
    for (size_t i = 0; i < sizeof input / sizeof input[0]; i++) {
        input[i] = test_noise(&seed);
    }
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, NULL), CC_OK);
    outputs[0] = second;
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, NULL), CC_OK);
    assert_memory_equal(first, second, sizeof first);
    cc_free(text);
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u2net_like_in_fp32), cmocka_unit_test(u2net_like_in_fp16),
        cmocka_unit_test(isnet_like),         cmocka_unit_test(page_model),
        cmocka_unit_test(random_networks),    cmocka_unit_test(split_convolutions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
