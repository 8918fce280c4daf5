/* Device names and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "device/device.h"

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
}

static void bad_names(void **state)
{
    static const char *const names[] = {
        "",        "CPU",     "gpu",
        "cuda:",   "cuda:-1", "cuda:999",
        "cuda:1x", "ort:",    "ort:a b",
        "auto ",   "cpu:0",   "ort:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    cc_device_request request;
    cc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(cc_device_parse(names[i], &request, &error), CC_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "none of auto, cpu"));
    }
}

static void auto_says_why(void **state)
{
    cc_device_request request;
    cc_device_choice choice;

    (void)state;
    assert_int_equal(cc_device_parse("auto", &request, NULL), CC_OK);
    assert_int_equal(cc_device_choose(&request, &choice, NULL), CC_OK);
    assert_int_equal(choice.engine, CC_ENGINE_CPU);
    assert_true(choice.reason[0] != '\0');
    assert_true(choice.name[0] != '\0');
    assert_memory_equal(choice.label, "cpu/", 4);
    assert_int_equal(cc_device_parse("cpu", &request, NULL), CC_OK);
    assert_int_equal(cc_device_choose(&request, &choice, NULL), CC_OK);
    assert_string_equal(choice.reason, "");
}

static void absent_engines_are_errors(void **state)
{
    static const char *const names[] = {"cuda", "cuda:0", "ort", "ort:cpu"};
    cc_device_request request;
    cc_device_choice choice;
    cc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(cc_device_parse(names[i], &request, NULL), CC_OK);
        assert_int_equal(cc_device_choose(&request, &choice, &error), CC_DEVICE);
        assert_non_null(strstr(error.message, names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names),
        cmocka_unit_test(bad_names),
        cmocka_unit_test(auto_says_why),
        cmocka_unit_test(absent_engines_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
