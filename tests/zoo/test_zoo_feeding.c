/* Recipes beyond rembg's usual ones: channels last, classes; and import. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"
#include "zoo/import.h"
#include "zoo/recipe.h"

static void channels_last_is_the_same_interleaved(void **unused)
{
    cc_recipe recipe = cc_recipe_guess(8, 6);
    float planes[3 * 8 * 6];
    float last[3 * 8 * 6];
    cc_image image;

    (void)unused;
    assert_int_equal(cc_image_create(20, 13, 3, &image, NULL), CC_OK);
    for (size_t i = 0; i < image.stride * 13; i++) {
        image.pixels[i] = (uint8_t)(i * 37);
    }
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, planes, NULL), CC_OK);
    recipe.channels_last = true;
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, last, NULL), CC_OK);
    for (int i = 0; i < 8 * 6; i++) {
        for (int c = 0; c < 3; c++) {
            assert_true(planes[c * 48 + i] == last[3 * i + c]);
        }
    }
    cc_image_free(&image);
}

static void the_largest_class_wins(void **unused)
{
    /* three classes, 2 x 2 */
    static const float maps[] = {1, 5, 0, -1, 2, 5, 0, -2, 3, 4, 0, -3};
    cc_image index;

    (void)unused;
    assert_int_equal(cc_recipe_classes(maps, 3, 2, 2, &index, NULL), CC_OK);
    assert_int_equal(index.channels, 1);
    assert_memory_equal(index.pixels, ((const uint8_t[]){2, 0, 0, 0}), 4);
    cc_image_free(&index);
    assert_int_equal(cc_recipe_classes(maps, 0, 2, 2, &index, NULL), CC_INVALID_ARGUMENT);
    assert_int_equal(cc_recipe_classes(maps, 257, 2, 2, &index, NULL), CC_INVALID_ARGUMENT);
    cc_memory_fail_after(0);
    assert_int_equal(cc_recipe_classes(maps, 3, 2, 2, &index, NULL), CC_OUT_OF_MEMORY);
    cc_memory_fail_after(-1);
    assert_null(index.pixels);
}

/* ---- import ---- */

static char folder[64];

static int make_folder(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/clearcut-import-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **unused)
{
    char path[128];

    (void)unused;
    snprintf(path, sizeof path, "%s/mine", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/silueta.onnx", folder);
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void only_what_it_should_be(void **unused)
{
    char path[128];
    char target[128];
    const cc_model *model;
    cc_error error = {0};

    (void)unused;
    write_file("mine", "not a model");
    snprintf(path, sizeof path, "%s/mine", folder);
    snprintf(target, sizeof target, "%s/silueta.onnx", folder);
    assert_int_equal(cc_model_import(path, NULL, folder, true, &model, &error), CC_MODEL);
    assert_null(model);
    assert_non_null(strstr(error.message, "none of the models"));
    assert_int_equal(cc_model_import(path, "silueta", folder, false, &model, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "wrong checksum"));
    assert_int_not_equal(access(target, F_OK), 0);
    assert_int_equal(cc_model_import(path, "page", folder, true, &model, NULL), CC_UNSUPPORTED);
    assert_int_equal(cc_model_import(path, "nosuch", folder, true, &model, NULL),
                     CC_INVALID_ARGUMENT);
    assert_int_not_equal(cc_model_import("/nonexistent", NULL, folder, true, &model, NULL), CC_OK);
    /* Taken on the caller's word, once; then never replaced. */
    assert_int_equal(cc_model_import(path, "silueta", folder, true, &model, NULL), CC_OK);
    assert_string_equal(model->name, "silueta");
    assert_int_equal(access(target, F_OK), 0);
    assert_int_equal(cc_model_import(path, "silueta", folder, true, &model, NULL), CC_OK);
    write_file("mine", "another one");
    assert_int_equal(cc_model_import(path, "silueta", folder, true, &model, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "never replaced"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_last_is_the_same_interleaved),
        cmocka_unit_test(the_largest_class_wins),
        cmocka_unit_test_setup_teardown(only_what_it_should_be, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
