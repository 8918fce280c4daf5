/* Libraries that claim more than they do: every lie of stub_onnxruntime.c is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "nn/engine.h"
#include "nn/ort/library.h"

#define MODEL CLEARCUT_SOURCE_DIR "/tests/cli/data/mask.onnx"

static cc_status load(const char *mode, const char *provider, cc_network **network, cc_error *error)
{
    cc_network_options options = {.engine = &cc_engine_ort, .provider = provider};

    cc_ort_forget();
    setenv("CLEARCUT_ORT", CLEARCUT_STUB_ORT, 1);
    setenv("STUB_ORT", mode, 1);
    cc_error_clear(error);
    return cc_network_load_file(MODEL, &options, network, error);
}

static void refused(const char *mode, const char *provider, const char *words)
{
    cc_network *network = NULL;
    cc_error error;

    assert_int_equal(load(mode, provider, &network, &error), CC_DEVICE);
    assert_null(network);
    if (strstr(error.message, words) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", mode, error.message, words);
    }
    assert_non_null(strstr(error.message, "stub_onnxruntime"));
    assert_null(strchr(error.message, '\n'));
}

/* The number reaches the provider: the stub has devices 0 and 1. */
static void devices_by_number(void **state)
{
    cc_network_options options = {.engine = &cc_engine_ort, .provider = "cuda"};
    cc_network *network = NULL;
    cc_error error;

    (void)state;
    setenv("CLEARCUT_ORT", CLEARCUT_STUB_ORT, 1);
    setenv("STUB_ORT", "constant", 1);
    for (int device = 0; device < 3; device++) {
        cc_ort_forget();
        cc_error_clear(&error);
        options.device_index = device;
        cc_status status = cc_network_load_file(MODEL, &options, &network, &error);
        assert_int_equal(status, device < 2 ? CC_OK : CC_DEVICE);
        cc_network_free(network);
        network = NULL;
    }
    assert_non_null(strstr(error.message, "does not start on its device 2"));
    assert_non_null(strstr(error.message, "invalid device ordinal"));
}

static void lies_at_loading(void **state)
{
    (void)state;
    refused("nothing", "cuda", "takes 0 of the model's 0 operators");
    refused("wrong", "cuda", "takes 0 of the model's 2 operators");
    refused("wrong", "cuda", "CPUExecutionProvider: 1 Conv, 1 Sigmoid");
    refused("shared", "cuda", "takes 1 of the model's 2 operators");
    refused("refuses", "cuda", "elsewhere are CPUExecutionProvider: 1 Sigmoid");
    refused("broken", "cuda", "CUDAExecutionProvider does not start: Failed to load");
    refused("honest", "cuda", "was built without CUDAExecutionProvider");
    refused("old", "", "is ONNX Runtime 1.8.0; 1.12 or newer");
    refused("hollow", "", "none of the interfaces");
    /* The processor was asked for and somebody else did it: just as wrong. */
    refused("constant", "cpu", "takes 0 of the model's 2 operators");
}

static void lies_at_running(void **state)
{
    static const char *const modes[] = {"unwritten", "partly"};
    static const char *const words[] = {"left 1024 of 1024", "left 1 of 1024"};
    float *input = test_calloc(3 * 32 * 32, sizeof *input);
    float *output = test_calloc(32 * 32, sizeof *output);

    (void)state;
    for (int i = 0; i < 2; i++) {
        const void *inputs[] = {input};
        void *outputs[] = {output};
        cc_network *network;
        cc_error error;
        assert_int_equal(load(modes[i], "cuda", &network, &error), CC_OK);
        assert_int_equal(cc_network_run(network, inputs, outputs, NULL, &error), CC_DEVICE);
        assert_non_null(strstr(error.message, words[i]));
        cc_network_free(network);
    }
    test_free(input);
    test_free(output);
}

static void no_library_at_all(void **state)
{
    cc_network_options options = {.engine = &cc_engine_ort};
    cc_network *network;
    cc_error error;

    (void)state;
    cc_ort_forget();
    setenv("CLEARCUT_ORT", "/nonexistent/libonnxruntime.so", 1);
    assert_int_equal(cc_network_load_file(MODEL, &options, &network, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "/nonexistent"));
    setenv("CLEARCUT_ORT", MODEL, 1);
    assert_int_equal(cc_network_load_file(MODEL, &options, &network, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "mask.onnx"));
    options.provider = "frobnicate";
    assert_int_equal(cc_network_load_file(MODEL, &options, &network, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "openvino"));
}

/* The stub needs no threads, so only our own rule speaks here. */
static void a_forked_child_is_told(void **state)
{
    float *input = test_calloc(3 * 32 * 32, sizeof *input);
    float *output = test_calloc(32 * 32, sizeof *output);
    const void *inputs[] = {input};
    void *outputs[] = {output};
    cc_network *network;
    cc_error error;
    int result = 0;
    pid_t child;

    (void)state;
    assert_int_equal(load("honest", "cpu", &network, &error), CC_OK);
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, &error), CC_OK);
    assert_true(output[0] == 0.25f);
    child = fork();
    if (child == 0) {
        _exit(cc_network_run(network, inputs, outputs, NULL, &error) == CC_DEVICE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    cc_network_free(network);
    test_free(input);
    test_free(output);
}

static void refused_memory(void **state)
{
    cc_network *network = NULL;
    cc_error error;
    long step = 0;
    cc_status status;

    (void)state;
    assert_int_equal(load("honest", "", &network, &error), CC_OK);
    cc_network_free(network);
    do {
        cc_network_options options = {.engine = &cc_engine_ort};
        cc_memory_fail_after(step++);
        status = cc_network_load_file(MODEL, &options, &network, &error);
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
    } while (status != CC_OK && step < 1000);
    assert_int_equal(status, CC_OK);
    assert_true(step > 3);
    cc_network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_at_loading),        cmocka_unit_test(devices_by_number),
        cmocka_unit_test(lies_at_running),        cmocka_unit_test(no_library_at_all),
        cmocka_unit_test(a_forked_child_is_told), cmocka_unit_test(refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
