/* Networks that keep no packed weights: the same bytes as ever, from less memory, run
 * after run; float32 and float16 files; a file that is only mapped; who refuses. */
#include "network_fixture.h"

#include <unistd.h>

#include "nn/engine.h"
#include "nn/half.h"

static loaded load_as(const onnx_bytes *file, bool low_memory, cc_precision precision)
{
    cc_network_options options = {.low_memory = low_memory, .precision = precision};
    loaded made = load_network(file, NULL, false); /* its arrays are what we want */
    cc_error error = {0};

    cc_network_free(made.network);
    if (cc_network_load_memory(file->data, file->size, true, &options, &made.network, &error) !=
        CC_OK) {
        fail_msg("%s", error.message);
    }
    return made;
}

/* Three runs each. Returns the bytes that are saved; with one large layer alone that is
 * nothing, less its bias. */
static double compare(const onnx_bytes *file)
{
    loaded usual = load_as(file, false, CC_PRECISION_FP32);
    loaded low = load_as(file, true, CC_PRECISION_FP32);
    cc_network_report usual_report;
    cc_network_report low_report;

    run_network(&usual);
    for (int run = 0; run < 3; run++) {
        run_network(&low);
        for (int i = 0; i < cc_network_output_count(low.network); i++) {
            assert_memory_equal(usual.outputs[i], low.outputs[i], usual.sizes[i] * sizeof(float));
            memset(low.outputs[i], 0xff, low.sizes[i] * sizeof(float));
        }
    }
    cc_network_report_get(usual.network, &usual_report);
    cc_network_report_get(low.network, &low_report);
    assert_false(usual_report.low_memory);
    assert_true(low_report.low_memory);
    assert_int_equal(usual_report.operators_fast, low_report.operators_fast);
    free_network(&usual);
    free_network(&low);
    return (double)usual_report.peak_bytes - (double)low_report.peak_bytes;
}

/* x -> two convolutions that share their weights -> y; the weights in float16, each
 * behind a Cast, as converters write them. */
static onnx_bytes make_halves(void)
{
    enum { CHANNELS = 48, COUNT = CHANNELS * CHANNELS * 9 };
    onnx_builder builder = onnx_begin(14);
    uint64_t seed = 11;
    float *weights = test_noises(&seed, COUNT);
    uint16_t *halves = malloc(COUNT * sizeof *halves);

    assert_non_null(halves);
    for (int i = 0; i < COUNT; i++) {
        halves[i] = cc_float_to_half(weights[i] / 16);
    }
    onnx_input(&builder, "x", CC_FLOAT32, 4, (int64_t[]){1, CHANNELS, 21, 18});
    onnx_constant(&builder, "h", CC_FLOAT16, 4, (int64_t[]){CHANNELS, CHANNELS, 3, 3}, halves);
    onnx_node(&builder, "Cast", "h", "w");
    onnx_int(&builder, "to", CC_FLOAT32);
    onnx_node(&builder, "Conv", "x w", "c");
    onnx_ints(&builder, "pads", 4, (int64_t[]){1, 1, 1, 1});
    onnx_node(&builder, "Conv", "c w", "y");
    onnx_ints(&builder, "pads", 4, (int64_t[]){2, 2, 2, 2});
    onnx_ints(&builder, "dilations", 2, (int64_t[]){2, 2});
    onnx_output(&builder, "y");
    free(weights);
    free(halves);
    return onnx_finish(&builder);
}

static void test_same_bytes(void **state)
{
    double saved = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        onnx_bytes file = make_random_network((uint64_t)(40 + i), 14, 1 + i % 2, 17 + i, 23);
        saved += compare(&file);
        free(file.data);
    }
    assert_true(saved > 0);
}

static void test_halves(void **state)
{
    onnx_bytes file = make_halves();

    (void)state;
    assert_true(compare(&file) > 0);
    free(file.data);
}

/* The network keeps the file mapped: its name may go, its bytes may not. */
static void test_mapped_file(void **state)
{
    char path[] = "/tmp/clearcut-network-XXXXXX";
    int descriptor = mkstemp(path);
    onnx_bytes file = make_halves();
    cc_network_options options = {.low_memory = true};
    loaded usual = load_as(&file, false, CC_PRECISION_FP32);
    cc_network *network = NULL;
    cc_error error = {0};
    float *output = malloc((usual.sizes[0] + 1) * sizeof *output);
    const void *inputs[] = {usual.input};
    void *outputs[] = {output};

    (void)state;
    assert_true(descriptor >= 0);
    assert_non_null(output);
    assert_int_equal(write(descriptor, file.data, file.size), (ssize_t)file.size);
    assert_int_equal(cc_network_load_file(path, &options, &network, &error), CC_OK);
    close(descriptor);
    unlink(path);
    run_network(&usual);
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, &error), CC_OK);
    assert_memory_equal(usual.outputs[0], output, usual.sizes[0] * sizeof *output);
    cc_network_free(network);
    free_network(&usual);
    free(output);
    free(file.data);
}

/* Bytes that go away after load must not be needed: then weights are kept. */
static void test_borrowed_bytes(void **state)
{
    onnx_bytes file = make_halves();
    cc_network_options options = {.low_memory = true};
    loaded usual = load_as(&file, false, CC_PRECISION_FP32);
    cc_network *network = NULL;
    cc_network_report report;
    cc_error error = {0};
    const void *inputs[] = {usual.input};
    float *output = malloc((usual.sizes[0] + 1) * sizeof *output);
    void *outputs[] = {output};

    (void)state;
    assert_non_null(output);
    run_network(&usual);
    assert_int_equal(
        cc_network_load_memory(file.data, file.size, false, &options, &network, &error), CC_OK);
    memset(file.data, 0xee, file.size);
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, &error), CC_OK);
    assert_memory_equal(usual.outputs[0], output, usual.sizes[0] * sizeof *output);
    cc_network_report_get(network, &report);
    assert_false(report.low_memory);
    cc_network_free(network);
    free_network(&usual);
    free(output);
    free(file.data);
}

static void test_other_engines_refuse(void **state)
{
    onnx_bytes file = test_small_model();
    cc_network_options options = {.low_memory = true, .engine = &cc_engine_ort};
    cc_network *network = NULL;
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_network_load_memory(file.data, file.size, true, &options, &network, &error),
                     CC_INVALID_ARGUMENT);
    assert_null(network);
    assert_non_null(strstr(error.message, "cpu"));
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),           cmocka_unit_test(test_halves),
        cmocka_unit_test(test_mapped_file),          cmocka_unit_test(test_borrowed_bytes),
        cmocka_unit_test(test_other_engines_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
