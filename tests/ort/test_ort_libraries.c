/* Real ONNX Runtimes against our own engine: the one beside the oracle Python, and
 * those that $CLEARCUT_ORT_LIBRARIES lists (files, separated by colons), for other
 * releases: docs/devices.md tells where to get them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "nn/engine.h"
#include "nn/ort/library.h"

/* Libraries keep a few bytes for the life of the process. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libonnxruntime\n";
}

enum { MOST_LIBRARIES = 16 };
static char libraries[MOST_LIBRARIES][1024];
static int library_count;

#define DATA CLEARCUT_SOURCE_DIR "/tests/cli/data/"

static void add_library(const char *path)
{
    if (path[0] != '\0' && library_count < MOST_LIBRARIES) {
        snprintf(libraries[library_count++], sizeof libraries[0], "%s", path);
    }
}

static void find_libraries(void)
{
    const char *python = getenv("CLEARCUT_ORACLE_PYTHON");
    const char *more = getenv("CLEARCUT_ORT_LIBRARIES");
    char pattern[1024];
    glob_t found;

    if (python != NULL) {
        snprintf(pattern, sizeof pattern,
                 "%.*s/../lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so*",
                 (int)(strrchr(python, '/') - python), python);
        if (glob(pattern, 0, NULL, &found) == 0) {
            add_library(found.gl_pathv[0]);
            globfree(&found);
        }
    }
    while (more != NULL && *more != '\0') {
        size_t length = strcspn(more, ":");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, more);
        add_library(pattern);
        more += length + (more[length] == ':');
    }
}

static void use(int library)
{
    cc_ort_forget();
    setenv("CLEARCUT_ORT", libraries[library], 1);
}

/* Values that every channel of a normalised photo may have. */
static void fill(float *values, size_t count)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / (float)(1 << 24) * 4 - 2;
    }
}

static size_t elements(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape);
}

static cc_network *open_network(const char *path, const cc_network_options *options)
{
    cc_network *network;
    cc_error error;

    cc_error_clear(&error);
    if (cc_network_load_file(path, options, &network, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    return network;
}

/* First output of one run; the caller frees it. */
static float *answer(cc_network *network)
{
    const cc_tensor *tensor = cc_network_input(network, 0);
    float *input = cc_alloc_array(elements(tensor), sizeof *input);
    void *outputs[16] = {NULL};
    const void *inputs[] = {input};
    cc_error error;

    fill(input, elements(tensor));
    for (int i = 0; i < cc_network_output_count(network); i++) {
        outputs[i] = cc_alloc_array(elements(cc_network_output(network, i)), 8);
    }
    if (cc_network_run(network, inputs, outputs, NULL, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    cc_free(input);
    for (int i = 1; i < cc_network_output_count(network); i++) {
        cc_free(outputs[i]);
    }
    return outputs[0];
}

static void compare(const char *path, const cc_shape *shape, double tolerance)
{
    cc_network_options options = {.engine = &cc_engine_ort, .wanted_outputs = 1};
    cc_network *theirs;
    cc_network *ours;
    cc_network_report report;
    float *a;
    float *b;
    double worst = 0;

    options.input_shape = shape != NULL ? *shape : (cc_shape){0};
    theirs = open_network(path, &options);
    options.engine = &cc_engine_cpu;
    ours = open_network(path, &options);
    assert_int_equal(cc_network_input_count(theirs), cc_network_input_count(ours));
    assert_string_equal(cc_network_output_name(theirs, 0), cc_network_output_name(ours, 0));
    assert_true(
        cc_shape_equal(&cc_network_output(theirs, 0)->shape, &cc_network_output(ours, 0)->shape));
    assert_int_equal(cc_network_output(theirs, 0)->dtype, cc_network_output(ours, 0)->dtype);
    a = answer(theirs);
    b = answer(ours);
    for (size_t i = 0; i < elements(cc_network_output(ours, 0)); i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    }
    assert_true(worst <= tolerance);
    cc_network_report_get(theirs, &report);
    assert_true(report.operators_total > 0);
    assert_int_equal(report.operators_on_device, report.operators_total);
    assert_string_equal(report.engine, "ort/CPUExecutionProvider");
    cc_free(a);
    cc_free(b);
    cc_network_free(theirs);
    cc_network_free(ours);
}

static void same_answers(void **state)
{
    cc_shape shape = cc_shape_make(4, (int64_t[]){1, 3, 20, 24});

    (void)state;
    for (int i = 0; i < library_count; i++) {
        use(i);
        compare(CLEARCUT_SOURCE_DIR "/assets/page-model.onnx", NULL, 1e-4);
        compare(DATA "mask.onnx", NULL, 1e-5);
        compare(DATA "open.onnx", &shape, 0);
        compare(DATA "open.onnx", NULL, 0);
        compare(CLEARCUT_SOURCE_DIR "/tests/ort/data/half.onnx", NULL, 2e-3);
        printf("        %s\n", libraries[i]);
    }
}

static void one_network_many_threads(void **state)
{
    (void)state;
    for (int i = 0; i < library_count; i++) {
        cc_network_options options = {.engine = &cc_engine_ort};
        cc_network *network;
        char *text = NULL;
        use(i);
        assert_int_equal(cc_thread_pool_create(2, &options.pool, NULL), CC_OK);
        network = open_network(DATA "two-inputs.onnx", &options);
        assert_int_equal(cc_network_input_count(network), 2);
        assert_string_equal(cc_network_input_name(network, 1), "b");
        assert_int_equal(cc_network_explain(network, 2, &text, NULL), CC_OK);
        assert_non_null(strstr(text, "Add"));
        assert_non_null(strstr(text, "whole run:"));
        cc_free(text);
        cc_network_free(network);
        cc_thread_pool_destroy(options.pool);
    }
}

static void refuse(const char *name, const cc_network_options *options, cc_status status,
                   const char *words)
{
    char path[512];
    cc_network *network;
    cc_error error;

    snprintf(path, sizeof path, DATA "%s", name);
    cc_error_clear(&error);
    assert_int_equal(cc_network_load_file(path, options, &network, &error), status);
    assert_null(network);
    if (strstr(error.message, words) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", name, error.message, words);
    }
}

static void bad_models(void **state)
{
    (void)state;
    for (int i = 0; i < library_count; i++) {
        cc_network_options options = {.engine = &cc_engine_ort};
        use(i);
        refuse("bad-operator.onnx", &options, CC_MODEL, "Frobnicate");
        refuse("bad-cycle.onnx", &options, CC_MODEL, "bad-cycle.onnx");
        refuse("bad-truncated.onnx", &options, CC_CORRUPT, "cut short");
        refuse("bad-external.onnx", &options, CC_UNSUPPORTED, "beside the model");
        refuse("bad-dangling.onnx", &options, CC_MODEL, "nowhere");
        options.input_shape = cc_shape_make(4, (int64_t[]){1, 3, 20, 24});
        refuse("mask.onnx", &options, CC_UNSUPPORTED, "1x3x32x32 in the file");
        options.input_shape = (cc_shape){0};
        options.precision = CC_PRECISION_BF16;
        refuse("mask.onnx", &options, CC_UNSUPPORTED, "--precision");
        options.precision = CC_PRECISION_FP32;
        options.provider = "rocm";
        refuse("mask.onnx", &options, CC_DEVICE, "was built without ROCMExecutionProvider");
    }
}

/* ---- stopping ---- */

static atomic_bool stop_now;

static void *press_stop(void *unused)
{
    (void)unused;
    atomic_store(&stop_now, true);
    return NULL;
}

static void stopping(void **state)
{
    (void)state;
    for (int i = 0; i < library_count; i++) {
        cc_network_options options = {.engine = &cc_engine_ort, .wanted_outputs = 1};
        cc_network *network;
        const cc_tensor *tensor;
        float *input;
        float *output;
        pthread_t thread;
        cc_status status = CC_OK;
        use(i);
        network = open_network(CLEARCUT_SOURCE_DIR "/assets/page-model.onnx", &options);
        tensor = cc_network_input(network, 0);
        input = cc_alloc_zeroed(elements(tensor), sizeof *input);
        output = cc_alloc_zeroed(elements(cc_network_output(network, 0)), sizeof *output);
        atomic_store(&stop_now, false);
        assert_int_equal(pthread_create(&thread, NULL, press_stop, NULL), 0);
        for (int run = 0; run < 1000 && status == CC_OK; run++) {
            status = cc_network_run(network, (const void *[]){input}, (void *[]){output}, &stop_now,
                                    NULL);
        }
        pthread_join(thread, NULL);
        assert_int_equal(status, CC_CANCELLED);
        atomic_store(&stop_now, false); /* and it can be used again */
        assert_int_equal(
            cc_network_run(network, (const void *[]){input}, (void *[]){output}, &stop_now, NULL),
            CC_OK);
        cc_network_free(network);
        cc_free(input);
        cc_free(output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_answers),
        cmocka_unit_test(one_network_many_threads),
        cmocka_unit_test(bad_models),
        cmocka_unit_test(stopping),
    };
    find_libraries();
    if (library_count == 0) {
        printf("SKIPPED: no ONNX Runtime: CLEARCUT_ORACLE_PYTHON is not set or has none, and "
               "CLEARCUT_ORT_LIBRARIES lists none\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
