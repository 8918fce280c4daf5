/* Device names and what they come to, here and with libraries that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "nn/cuda/driver.h"
#include "nn/cuda/image.h"
#include "nn/engine.h"
#include "nn/ort/library.h"

/* Nothing of this machine's own libraries is found unless a test puts it there. */
static int bare_machine(void **state)
{
    (void)state;
    setenv("CLEARCUT_LIBCUDA", "/nonexistent/libcuda.so.1", 1);
    setenv("CLEARCUT_ORT", "/nonexistent/libonnxruntime.so", 1);
    cc_cuda_forget();
    cc_ort_forget();
    return 0;
}

static void good_names(void **state)
{
    cc_device_request request;

    (void)state;
    assert_int_equal(cc_device_parse(NULL, &request, NULL), CC_OK);
    assert_true(request.automatic);
    assert_string_equal(request.text, "auto");
    assert_int_equal(cc_device_parse("cpu", &request, NULL), CC_OK);
    assert_false(request.automatic);
    assert_int_equal(cc_device_parse("cuda:3", &request, NULL), CC_OK);
    assert_int_equal(request.engine, CC_ENGINE_CUDA);
    assert_int_equal(request.index, 3);
    assert_int_equal(cc_device_parse("ort:openvino", &request, NULL), CC_OK);
    assert_int_equal(request.engine, CC_ENGINE_ORT);
    assert_string_equal(request.provider, "openvino");
    assert_false(request.numbered);
    assert_int_equal(cc_device_parse("ort:cuda:12", &request, NULL), CC_OK);
    assert_string_equal(request.provider, "cuda");
    assert_true(request.numbered);
    assert_int_equal(request.index, 12);
}

static void bad_names(void **state)
{
    static const char *const names[] = {
        "",
        "CPU",
        "gpu",
        "cuda:",
        "cuda:-1",
        "cuda:999",
        "cuda:1x",
        "ort:",
        "ort:a b",
        "ort:cuda:",
        "ort:cuda:x",
        "ort::1",
        "ort:cuda:1:2",
        "auto ",
        "cpu:0",
        "ort:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    cc_device_request request;
    cc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(cc_device_parse(names[i], &request, &error), CC_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "none of auto, cpu"));
    }
}

static cc_status choose(const char *name, cc_device_choice *choice, cc_error *error)
{
    cc_device_request request;

    cc_error_clear(error);
    assert_int_equal(cc_device_parse(name, &request, NULL), CC_OK);
    return cc_device_choose(&request, choice, error);
}

static void numbers_where_there_are_none(void **state)
{
    cc_device_choice choice;
    cc_error error;

    (void)state;
    assert_int_equal(choose("ort:openvino:1", &choice, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "no devices by number"));
    assert_int_equal(choose("ort:cpu:0", &choice, &error), CC_INVALID_ARGUMENT);
}

static void auto_says_why(void **state)
{
    cc_device_choice choice;
    cc_error error;

    (void)state;
    assert_int_equal(choose("auto", &choice, &error), CC_OK);
    assert_int_equal(choice.engine, CC_ENGINE_CPU);
    assert_ptr_equal(choice.network_engine, &cc_engine_cpu);
    assert_non_null(strstr(choice.reason, "no GPU: "));
    assert_true(choice.name[0] != '\0');
    assert_memory_equal(choice.label, "cpu/", 4);
    assert_int_equal(choose("cpu", &choice, &error), CC_OK);
    assert_string_equal(choice.reason, "");
}

static void absent_engines_are_errors(void **state)
{
    static const char *const names[] = {"cuda", "cuda:0", "ort", "ort:cpu", "ort:tensorrt"};
    cc_device_choice choice;
    cc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(choose(names[i], &choice, &error), CC_DEVICE);
        assert_non_null(strstr(error.message, names[i]));
        assert_null(choice.network_engine);
    }
    assert_non_null(strstr(error.message, "/nonexistent/libonnxruntime.so"));
    assert_int_equal(choose("ort:frobnicate", &choice, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "openvino"));
}

static void onnx_runtime_is_only_taken_when_asked_for(void **state)
{
    cc_device_choice choice;
    cc_error error;

    (void)state;
    setenv("CLEARCUT_ORT", CLEARCUT_STUB_ORT, 1);
    setenv("STUB_ORT", "constant", 1);
    assert_int_equal(choose("auto", &choice, &error), CC_OK);
    assert_int_equal(choice.engine, CC_ENGINE_CPU);
    assert_int_equal(choose("ort", &choice, &error), CC_OK);
    assert_ptr_equal(choice.network_engine, &cc_engine_ort);
    assert_string_equal(choice.provider, "cpu");
    assert_int_equal(choose("ort:cuda", &choice, &error), CC_OK);
    assert_string_equal(choice.provider, "cuda");
    assert_string_equal(choice.label, "ort/cuda");
    assert_int_equal(choose("ort:openvino", &choice, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "was built without OpenVINOExecutionProvider"));
    assert_non_null(strstr(error.message, "pip install onnxruntime-openvino"));
}

#ifdef CLEARCUT_FAKE_CUDA
static void use_fake(const char *behaviour)
{
    setenv("CLEARCUT_LIBCUDA", CLEARCUT_FAKE_CUDA, 1);
    setenv("FAKE_CUDA", behaviour, 1);
    cc_cuda_forget();
}

static void a_driver_that_does_nothing_is_found_out(void **state)
{
    cc_device_choice choice;
    cc_error error;

    (void)state;
    if (cc_cuda_image_count == 0) {
        print_message("skipped: %s\n", cc_cuda_image_origin);
        skip();
    }
    use_fake("lie");
    assert_int_equal(choose("cuda", &choice, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "answers of the probe are wrong"));
    assert_int_equal(choose("auto", &choice, &error), CC_OK);
    assert_int_equal(choice.engine, CC_ENGINE_CPU);
    assert_non_null(strstr(choice.reason, "no GPU"));
    use_fake("init=999");
    assert_int_equal(choose("cuda", &choice, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "/dev/nvidia"));
    use_fake("hang");
    assert_int_equal(choose("cuda:9", &choice, &error), CC_DEVICE); /* there are two */
    use_fake("");
    assert_int_equal(choose("cuda:1", &choice, &error), CC_OK);
    assert_ptr_equal(choice.network_engine, &cc_engine_cuda);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choose("auto", &choice, &error), CC_OK);
    assert_int_equal(choice.engine, CC_ENGINE_CUDA);
    assert_int_equal(choice.index, 0);
    assert_true(choice.reason[0] != '\0');
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names),
        cmocka_unit_test(bad_names),
        cmocka_unit_test(numbers_where_there_are_none),
        cmocka_unit_test_setup(auto_says_why, bare_machine),
        cmocka_unit_test_setup(absent_engines_are_errors, bare_machine),
        cmocka_unit_test_setup(onnx_runtime_is_only_taken_when_asked_for, bare_machine),
#ifdef CLEARCUT_FAKE_CUDA
        cmocka_unit_test_setup(a_driver_that_does_nothing_is_found_out, bare_machine),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
