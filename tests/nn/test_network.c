/* Whole networks: fast steps against references, threads, cancelling, memory that
 * is refused, and what is reported. */
#include "network_fixture.h"

#include <unistd.h>

#include "core/cpu.h"
#include "core/memory.h"
#include "nn/cpu/backend.h"

/* Under an emulator (tests/cross) a part of them will do. */
static int network_count(void)
{
    return getenv("CLEARCUT_TEST_EMULATED") != NULL ? 14 : 60;
}

/* Relative to the largest number, since products of sums may grow. */
static void compare_outputs(const loaded *got, const loaded *expected, int which)
{
    for (int i = 0; i < cc_network_output_count(got->network); i++) {
        float largest = 1;
        for (size_t k = 0; k < expected->sizes[i]; k++) {
            float size = fabsf(expected->outputs[i][k]);
            largest = size > largest ? size : largest;
        }
        for (size_t k = 0; k < expected->sizes[i]; k++) {
            float difference = fabsf(got->outputs[i][k] - expected->outputs[i][k]);
            if (!(difference <= 1e-4F * largest)) {
                char *text = NULL;
                cc_network_explain(got->network, 0, &text, NULL);
                fail_msg("network %d, output %d, element %zu is %g, not %g\n%s", which, i, k,
                         (double)got->outputs[i][k], (double)expected->outputs[i][k], text);
            }
        }
    }
}

static void test_equals_references(void **state)
{
    cc_thread_pool *pool;
    int networks = network_count();
    int fast = 0;

    (void)state;
    assert_int_equal(cc_thread_pool_create(2, &pool, NULL), CC_OK);
    for (int i = 0; i < networks; i++) {
        onnx_bytes file =
            make_random_network((uint64_t)i, 3 + i % 14, 1 + i % 7 / 6, 9 + i % 23, 8 + i * 7 % 31);
        loaded reference = load_network(&file, NULL, true);
        loaded quick = load_network(&file, pool, false);
        cc_network_report report;
        /* The file's bytes must not be needed any more. */
        memset(file.data, 0xee, file.size);
        run_network(&reference);
        run_network(&quick);
        compare_outputs(&quick, &reference, i);
        run_network(&quick); /* the buffers now hold the first run's leavings */
        compare_outputs(&quick, &reference, i);
        cc_network_report_get(quick.network, &report);
        fast += report.operators_fast;
        free_network(&reference);
        free_network(&quick);
        free(file.data);
    }
    assert_true(fast > 4 * networks);
    cc_thread_pool_destroy(pool);
}

static void test_same_bytes_for_any_thread_count(void **state)
{
    (void)state;
    for (int i = 0; i < network_count() / 5; i++) {
        onnx_bytes file = make_random_network((uint64_t)(100 + i), 12, 1 + i % 2, 40 + i, 37);
        loaded first = load_network(&file, NULL, false);
        run_network(&first);
        for (int threads = 2; threads <= 3; threads++) {
            cc_thread_pool *pool;
            assert_int_equal(cc_thread_pool_create(threads, &pool, NULL), CC_OK);
            loaded other = load_network(&file, pool, false);
            run_network(&other);
            for (int k = 0; k < cc_network_output_count(first.network); k++) {
                assert_memory_equal(first.outputs[k], other.outputs[k],
                                    first.sizes[k] * sizeof(float));
            }
            free_network(&other);
            cc_thread_pool_destroy(pool);
        }
        free_network(&first);
        free(file.data);
    }
}

static void test_cancel(void **state)
{
    onnx_bytes file = make_random_network(3, 8, 1, 20, 20);
    loaded network = load_network(&file, NULL, false);
    const void *inputs[] = {network.input};
    void *outputs[] = {network.outputs[0], network.outputs[1]};
    atomic_bool cancel = true;
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_network_run(network.network, inputs, outputs, &cancel, &error),
                     CC_CANCELLED);
    assert_non_null(strstr(error.message, "stopped"));
    cancel = false;
    assert_int_equal(cc_network_run(network.network, inputs, outputs, &cancel, &error), CC_OK);
    free_network(&network);
    free(file.data);
}

/* Whatever allocation fails, loading ends with an error and without a leak (the
 * sanitizer looks for those). */
static void test_refused_memory(void **state)
{
    onnx_bytes file = make_random_network(11, 14, 1, 24, 24);
    cc_status status = CC_OUT_OF_MEMORY;
    long allowed = 0;

    (void)state;
    for (; status != CC_OK; allowed++) {
        cc_network *network = NULL;
        cc_error error = {0};
        cc_memory_fail_after(allowed);
        status = cc_network_load_memory(file.data, file.size, false, NULL, &network, &error);
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        assert_true((status == CC_OK) == (network != NULL));
        assert_true(status == CC_OK || error.message[0] != '\0');
        cc_network_free(network);
    }
    assert_true(allowed > 20);
    free(file.data);
}

static void test_report_and_explain(void **state)
{
    onnx_bytes file = make_random_network(21, 10, 1, 24, 24);
    loaded network = load_network(&file, NULL, false);
    loaded reference = load_network(&file, NULL, true);
    cc_network_report report;
    char *text = NULL;
    char *timed = NULL;

    (void)state;
    cc_network_report_get(network.network, &report);
    assert_int_equal(report.operators_fast, report.operators_total);
    assert_true(report.multiply_adds > 1000);
    assert_true(report.peak_bytes > 1000);
    /* Begins with the level; extras follow after a plus sign. */
    const char *level = cc_cpu_level_name(cc_cpu_detect()->level);
    assert_int_equal(strncmp(report.level, level, strlen(level)), 0);
    assert_int_equal(cc_network_explain(network.network, 0, &text, NULL), CC_OK);
    assert_non_null(strstr(text, "Conv"));
    assert_non_null(strstr(text, "G multiply-adds"));
    assert_int_equal(cc_network_explain(network.network, 2, &timed, NULL), CC_OK);
    assert_non_null(strstr(timed, "GFLOP/s"));
    cc_free(text);
    cc_free(timed);
    cc_network_report_get(reference.network, &report);
    assert_int_equal(report.operators_fast, 0);
    free_network(&network);
    free_network(&reference);
    free(file.data);
}

/* A precision that this processor has loads; one that it has not is refused with the
 * reason, never replaced. */
static void test_precisions(void **state)
{
    static const struct {
        cc_precision precision;
        const char *name;
    } wanted[] = {
        {CC_PRECISION_BF16, "bf16"}, {CC_PRECISION_INT8, "int8"}, {CC_PRECISION_FP16, "fp16"}};
    onnx_bytes file = test_small_model();

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        cc_network_options options = {.precision = wanted[i].precision};
        cc_network *network = NULL;
        cc_error error = {0};
        cc_status status =
            cc_network_load_memory(file.data, file.size, false, &options, &network, &error);
        if (cc_cpu_has_precision(wanted[i].precision)) {
            assert_int_equal(status, CC_OK);
            assert_non_null(network);
        } else {
            assert_int_equal(status, CC_UNSUPPORTED);
            assert_null(network);
            assert_non_null(strstr(error.message, wanted[i].name));
            assert_non_null(strstr(error.message, "--precision"));
        }
        cc_network_free(network);
    }
    free(file.data);
}

static void test_files(void **state)
{
    char path[] = "/tmp/clearcut-network-XXXXXX";
    int descriptor = mkstemp(path);
    onnx_bytes file = test_small_model();
    cc_network *network = NULL;
    cc_error error = {0};

    (void)state;
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, file.data, file.size), (ssize_t)file.size);
    assert_int_equal(cc_network_load_file(path, NULL, &network, &error), CC_OK);
    assert_string_equal(cc_network_input_name(network, 0), "x");
    assert_string_equal(cc_network_output_name(network, 0), "y");
    assert_int_equal(cc_network_input(network, 0)->shape.dims[0], 1);
    cc_network_free(network);
    assert_int_equal(ftruncate(descriptor, (off_t)file.size / 2), 0);
    assert_int_not_equal(cc_network_load_file(path, NULL, &network, &error), CC_OK);
    assert_null(network);
    assert_non_null(strstr(error.message, path)); /* says which file */
    close(descriptor);
    unlink(path);
    assert_int_equal(cc_network_load_file(path, NULL, &network, &error), CC_NOT_FOUND);
    assert_null(network);
    cc_network_free(NULL);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_references),
        cmocka_unit_test(test_same_bytes_for_any_thread_count),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_refused_memory),
        cmocka_unit_test(test_report_and_explain),
        cmocka_unit_test(test_precisions),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
