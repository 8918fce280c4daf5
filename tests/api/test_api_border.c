/* What every public function passes through: versions, errors, options, handles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "clearcut.h"

static void versions_agree(void **state)
{
    char text[32];

    (void)state;
    snprintf(text, sizeof text, "%d.%d.%d", CLEARCUT_VERSION_MAJOR, CLEARCUT_VERSION_MINOR,
             CLEARCUT_VERSION_PATCH);
    assert_string_equal(clearcut_version(), text);
    assert_string_equal(clearcut_version(), CLEARCUT_VERSION);
}

static void names(void **state)
{
    clearcut_precision precision;

    (void)state;
    assert_string_equal(clearcut_status_name(CLEARCUT_OK), "ok");
    assert_string_equal(clearcut_status_name(CLEARCUT_CANCELLED), "cancelled");
    assert_string_equal(clearcut_status_name((clearcut_status)99), "unknown");
    assert_string_equal(clearcut_page_status_name(CLEARCUT_PAGE_NONE), "no-page");
    assert_string_equal(clearcut_stage_name(CLEARCUT_STAGE_INFER), "infer");
    assert_true(clearcut_precision_from_name("bf16", &precision));
    assert_int_equal(precision, CLEARCUT_PRECISION_BF16);
    assert_true(clearcut_precision_from_name("fp16", &precision));
    assert_int_equal(precision, CLEARCUT_PRECISION_FP16);
    assert_true(clearcut_precision_from_name("auto", &precision));
    assert_int_equal(precision, CLEARCUT_PRECISION_AUTO);
    assert_false(clearcut_precision_from_name("fp8", &precision));
    assert_false(clearcut_precision_from_name(NULL, &precision));
    assert_int_equal(clearcut_format_from_path("a/b.JPEG"), CLEARCUT_FORMAT_JPEG);
    assert_int_equal(clearcut_format_from_path(NULL), CLEARCUT_FORMAT_UNKNOWN);
    assert_int_equal(clearcut_format_from_name("webp"), CLEARCUT_FORMAT_WEBP);
    assert_true(clearcut_format_can_write(CLEARCUT_FORMAT_PNG));
    assert_false(clearcut_format_has_alpha(CLEARCUT_FORMAT_JPEG));
    assert_true(clearcut_available_threads() >= 1);
}

/* Free functions take NULL and the address of NULL. */
static void freeing_nothing(void **state)
{
    clearcut_image *image = NULL;
    clearcut_session *session = NULL;
    clearcut_scanner *scanner = NULL;
    clearcut_network *network = NULL;
    clearcut_output *output = NULL;
    clearcut_cancel *cancel = NULL;
    clearcut_bytes bytes = {0};

    (void)state;
    clearcut_image_free(NULL);
    clearcut_image_free(&image);
    clearcut_session_free(NULL);
    clearcut_session_free(&session);
    clearcut_scanner_free(NULL);
    clearcut_scanner_free(&scanner);
    clearcut_network_free(NULL);
    clearcut_network_free(&network);
    clearcut_output_discard(NULL);
    clearcut_output_discard(&output);
    clearcut_cancel_free(NULL);
    clearcut_cancel_free(&cancel);
    clearcut_bytes_free(NULL);
    clearcut_bytes_free(&bytes);
    clearcut_cancel_request(NULL);
    assert_false(clearcut_cancel_requested(NULL));
}

/* Every result parameter may be asked for; NULL there is refused, not followed. */
static void missing_results(void **state)
{
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_session_create(NULL, NULL, &error), CLEARCUT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "session"));
    assert_int_equal(clearcut_scanner_create(NULL, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_network_load("x", NULL, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_image_create(1, 1, 1, NULL, 0, NULL, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_image_decode("x", 1, NULL, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_image_encode(NULL, NULL, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_cancel_create(NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_file_read("x", 0, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_model_get(0, NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_output_open("x", NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_output_commit(NULL, NULL), CLEARCUT_INVALID_ARGUMENT);
}

/* A caller compiled against a smaller (older) or larger (newer) structure. */
static void options_of_other_versions(void **state)
{
    static const uint8_t pixel[3] = {1, 2, 3};
    struct {
        clearcut_encode_options options;
        int later;
    } newer;
    clearcut_encode_options older;
    clearcut_image *image = NULL;
    clearcut_bytes bytes;
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_image_create(1, 1, 3, pixel, 0, &image, NULL), CLEARCUT_OK);
    memset(&newer, 0, sizeof newer);
    clearcut_encode_options_init(&newer.options);
    newer.options.size = sizeof newer;
    assert_int_equal(clearcut_image_encode(image, &newer.options, &bytes, &error), CLEARCUT_OK);
    clearcut_bytes_free(&bytes);
    newer.later = 1;
    assert_int_equal(clearcut_image_encode(image, &newer.options, &bytes, &error),
                     CLEARCUT_UNSUPPORTED);
    assert_null(bytes.data);
    clearcut_encode_options_init(&older);
    older.size = offsetof(clearcut_encode_options, quality);
    older.quality = -5; /* beyond the size: not looked at */
    assert_int_equal(clearcut_image_encode(image, &older, &bytes, &error), CLEARCUT_OK);
    clearcut_bytes_free(&bytes);
    memset(&older, 0, sizeof older); /* never initialised */
    assert_int_equal(clearcut_image_encode(image, &older, &bytes, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "_init"));
    clearcut_image_free(&image);
    assert_null(image);
}

static void device_names(void **state)
{
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_device_check("auto", &error), CLEARCUT_OK);
    assert_int_equal(clearcut_device_check("cpu", &error), CLEARCUT_OK);
    assert_int_equal(clearcut_device_check("cuda:0", &error), CLEARCUT_DEVICE);
    assert_int_equal(clearcut_device_check("toaster", &error), CLEARCUT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "toaster"));
}

static void models(void **state)
{
    clearcut_model_info info = {.size = sizeof info};
    char folder[4096];
    int found = 0;

    (void)state;
    for (int i = 0; i < clearcut_model_count(); i++) {
        assert_int_equal(clearcut_model_get(i, &info, NULL), CLEARCUT_OK);
        found += strcmp(info.name, CLEARCUT_DEFAULT_MODEL) == 0;
        if (strcmp(info.name, "page") == 0) {
            assert_int_equal(info.state, CLEARCUT_MODEL_EMBEDDED);
        }
    }
    assert_int_equal(found, 1);
    assert_int_equal(clearcut_model_get(-1, &info, NULL), CLEARCUT_INVALID_ARGUMENT);
    info.size = sizeof info;
    assert_int_equal(clearcut_model_get(clearcut_model_count(), &info, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
    info.size = 0;
    assert_int_equal(clearcut_model_get(0, &info, NULL), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_model_folder(folder, 2, NULL), CLEARCUT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_agree),  cmocka_unit_test(names),
        cmocka_unit_test(freeing_nothing), cmocka_unit_test(missing_results),
        cmocka_unit_test(device_names),    cmocka_unit_test(options_of_other_versions),
        cmocka_unit_test(models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
