/* Finding models: folders, names, paths, checksums. */
#define _GNU_SOURCE /* setenv, mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoo/store.h"

static char folder[200];

static const char *const variables[] = {"CLEARCUT_HOME", "XDG_DATA_HOME", "U2NET_HOME",
                                        "REMBG_HOME", "MODEL_CHECKSUM_DISABLED"};

/* An empty home for every test. */
static int enter(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/clearcut-zoo-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    setenv("HOME", folder, 1);
    return 0;
}

static int leave(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Write a file below the folder, its parents included. */
static void put(const char *path, const char *content)
{
    char command[600];
    char whole[400];
    FILE *file;

    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", whole);
    assert_int_equal(system(command), 0);
    file = fopen(whole, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    assert_int_equal(fclose(file), 0);
}

static void expect_at(const char *name, const char *expected)
{
    char found[CC_PATH_SIZE];
    char whole[400];

    snprintf(whole, sizeof whole, "%s/%s", folder, expected);
    assert_true(cc_model_locate(name, found, sizeof found));
    assert_string_equal(found, whole);
}

static void set_to(const char *variable, const char *path)
{
    char whole[400];

    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    setenv(variable, whole, 1);
}

static void our_folder(void **state)
{
    char path[CC_PATH_SIZE];
    char expected[400];
    cc_error error;

    (void)state;
    snprintf(expected, sizeof expected, "%s/.local/share/clearcut", folder);
    assert_int_equal(cc_model_folder(path, sizeof path, &error), CC_OK);
    assert_string_equal(path, expected);
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(cc_model_folder(path, sizeof path, &error), CC_OK);
    assert_string_equal(path, "/data/clearcut");
    setenv("CLEARCUT_HOME", "/models", 1);
    assert_int_equal(cc_model_folder(path, sizeof path, &error), CC_OK);
    assert_string_equal(path, "/models");
    assert_int_equal(cc_model_folder(path, 4, &error), CC_LIMIT);
    setenv("CLEARCUT_HOME", "", 1); /* empty is not set */
    assert_int_equal(cc_model_folder(path, sizeof path, &error), CC_OK);
    assert_string_equal(path, "/data/clearcut");
    unsetenv("CLEARCUT_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_int_equal(cc_model_folder(path, sizeof path, &error), CC_NOT_FOUND);
}

/* Each place is found, and the earlier ones win. */
static void order_of_folders(void **state)
{
    char found[CC_PATH_SIZE];

    (void)state;
    assert_false(cc_model_locate("u2netp", found, sizeof found));
    assert_string_equal(found, "");
    put(".u2net/u2netp.onnx", "a");
    expect_at("u2netp", ".u2net/u2netp.onnx");
    put(".rembg/models/u2netp/u2netp.onnx", "a");
    expect_at("u2netp", ".rembg/models/u2netp/u2netp.onnx");
    put("share/rembg/models/u2netp/u2netp.onnx", "a");
    set_to("XDG_DATA_HOME", "share");
    expect_at("u2netp", "share/rembg/models/u2netp/u2netp.onnx");
    put("rh/models/u2netp/u2netp.onnx", "a");
    set_to("REMBG_HOME", "rh");
    expect_at("u2netp", "rh/models/u2netp/u2netp.onnx");
    put("u2/u2netp.onnx", "a");
    set_to("U2NET_HOME", "u2");
    expect_at("u2netp", "u2/u2netp.onnx");
    put("share/clearcut/u2netp.onnx", "a");
    expect_at("u2netp", "share/clearcut/u2netp.onnx");
}

static void folders_are_not_files(void **state)
{
    char found[CC_PATH_SIZE];

    (void)state;
    put(".u2net/silueta.onnx/inside", "a");
    assert_false(cc_model_locate("silueta", found, sizeof found));
}

static void missing_model_says_where_and_how(void **state)
{
    cc_model_source source;
    cc_error error;

    (void)state;
    assert_int_equal(cc_model_resolve("silueta", &source, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "curl -fL -o"));
    assert_non_null(strstr(error.message, "v0.0.0/silueta.onnx"));
    assert_non_null(strstr(error.message, "/.local/share/clearcut"));
    assert_non_null(strstr(error.message, "/.u2net"));
}

static void names_and_paths(void **state)
{
    cc_model_source source;
    cc_error error;

    (void)state;
    assert_int_equal(cc_model_resolve("slueta", &source, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "did you mean silueta"));
    assert_int_equal(cc_model_resolve("../silueta", &source, &error), CC_OK);
    assert_null(source.model);
    assert_string_equal(source.path, "../silueta");
    assert_int_equal(cc_model_resolve("mine.onnx", &source, &error), CC_OK);
    assert_null(source.model);
    assert_int_equal(cc_model_resolve("sam", &source, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "/sam_vit_b_01ec64.encoder.onnx"));
    assert_int_equal(cc_model_resolve("sam:", &source, &error), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_model_resolve("sam:../up", &source, &error), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_model_resolve("nets/x.encoder.quant.onnx", &source, &error), CC_OK);
    assert_string_equal(source.companion, "nets/x.decoder.quant.onnx");
    assert_int_equal(cc_model_resolve("nets/x.encoders.onnx", &source, &error), CC_OK);
    assert_string_equal(source.companion, "");
    assert_int_equal(cc_model_resolve("page", &source, &error), CC_OK);
    assert_non_null(source.data);
    assert_true(source.size > 1000);
}

static void checksums(void **state)
{
    char path[400];
    cc_error error;

    (void)state;
    put("abc", "abc");
    snprintf(path, sizeof path, "%s/abc", folder);
    assert_int_equal(cc_checksum_verify(path, "md5:900150983cd24fb0d6963f7d28e17f72", &error),
                     CC_OK);
    assert_int_equal(cc_checksum_verify(
                         path,
                         "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                         &error),
                     CC_OK);
    assert_int_equal(cc_checksum_verify(path, "md5:00000000000000000000000000000000", &error),
                     CC_MODEL);
    assert_non_null(strstr(error.message, "expected md5:00000000000000000000000000000000"));
    assert_non_null(strstr(error.message, "got md5:900150983cd24fb0d6963f7d28e17f72"));
    assert_int_equal(cc_checksum_verify("/no/such", "md5:0", &error), CC_NOT_FOUND);
}

/* A named model is compared; rembg's switch turns that off, aloud. */
static void named_models_are_verified(void **state)
{
    cc_model_source source;
    cc_error error;

    (void)state;
    put(".u2net/u2netp.onnx", "not the real one");
    assert_int_equal(cc_model_resolve("u2netp", &source, &error), CC_OK);
    assert_int_equal(cc_model_verify(&source, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "expected md5:8e83ca70e441ab06c318d82300c84806"));
    assert_string_equal(source.note, "");
    setenv("MODEL_CHECKSUM_DISABLED", "", 1);
    assert_int_equal(cc_model_verify(&source, &error), CC_OK);
    assert_non_null(strstr(source.note, "MODEL_CHECKSUM_DISABLED"));
}

static void recipes_by_name_then_size(void **state)
{
    const char *how;
    cc_recipe recipe;

    (void)state;
    recipe = cc_model_guess_recipe("/a/b/isnet-anime.onnx", 1024, 1024, &how);
    assert_true(recipe.mean[0] == 0.485 && recipe.deviation[0] == 1.0);
    assert_string_equal(how, "by the file's name");
    recipe = cc_model_guess_recipe("isnet-anime.onnx", 320, 320, &how);
    assert_true(recipe.deviation[0] == 0.229);
    assert_string_equal(how, "by the input size");
    recipe = cc_model_guess_recipe("birefnet-general-lite.onnx", 1024, 1024, &how);
    assert_int_equal(recipe.stretch, CC_STRETCH_SIGMOID_MINMAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_folder, enter, leave),
        cmocka_unit_test_setup_teardown(order_of_folders, enter, leave),
        cmocka_unit_test_setup_teardown(folders_are_not_files, enter, leave),
        cmocka_unit_test_setup_teardown(missing_model_says_where_and_how, enter, leave),
        cmocka_unit_test_setup_teardown(names_and_paths, enter, leave),
        cmocka_unit_test_setup_teardown(checksums, enter, leave),
        cmocka_unit_test_setup_teardown(named_models_are_verified, enter, leave),
        cmocka_unit_test_setup_teardown(recipes_by_name_then_size, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
