/* Where ONNX Runtime's library is looked for, and what files tell before it is. */
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

#include "core/file.h"
#include "nn/ort/assignment.h"
#include "nn/ort/model_scan.h"
#include "nn/ort/search.h"

static char folder[128];

static void make(const char *path, bool is_folder)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    for (char *slash = whole + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    if (is_folder) {
        assert_int_equal(mkdir(whole, 0700), 0);
    } else {
        FILE *file = fopen(whole, "wb");
        assert_non_null(file);
        fclose(file);
    }
}

static void set(const char *name, const char *below)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", folder, below);
    setenv(name, whole, 1);
}

static const cc_ort_place *first_library(const cc_ort_search *search)
{
    for (int i = 0; i < search->count; i++) {
        if (search->places[i].state == CC_ORT_PLACE_LIBRARY) {
            return &search->places[i];
        }
    }
    return NULL;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/clearcut-search-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    unsetenv("CLEARCUT_ORT");
    unsetenv("VIRTUAL_ENV");
    unsetenv("CONDA_PREFIX");
    unsetenv("PYENV_ROOT");
    set("HOME", "home");
    set("PATH", "bin");
    return 0;
}

static int tear_down(void **state)
{
    char command[256];
    (void)state;
    setenv("PATH", "/usr/bin:/bin", 1);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void order_of_places(void **state)
{
    cc_ort_search *search = test_malloc(sizeof *search);
    const cc_ort_place *place;

    (void)state;
    make("home/.local/lib/python3.9/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.1",
         false);
    cc_ort_search_run(search);
    assert_false(search->demanded);
    place = first_library(search);
    assert_non_null(place);
    assert_non_null(strstr(place->file, "home/.local"));

    /* An active environment counts more; of two versions the newer one. */
    make("venv/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.21.0", false);
    make("venv/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.31.1", false);
    set("VIRTUAL_ENV", "venv");
    cc_ort_search_run(search);
    place = first_library(search);
    assert_non_null(place);
    assert_non_null(strstr(place->file, "venv/lib/python3.11"));
    assert_non_null(strstr(place->file, "so.1.31.1"));
    test_free(search);
}

static void python_of_the_path(void **state)
{
    cc_ort_search *search = test_malloc(sizeof *search);
    char real[512];
    char link[512];

    (void)state;
    make("python/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.25.0", false);
    make("python/bin/python3.12", false);
    make("bin", true);
    snprintf(real, sizeof real, "%s/python/bin/python3.12", folder);
    snprintf(link, sizeof link, "%s/bin/python3", folder);
    chmod(real, 0700);
    assert_int_equal(symlink(real, link), 0);
    cc_ort_search_run(search);
    assert_non_null(first_library(search));
    assert_non_null(strstr(first_library(search)->file, "python/lib/python3.12"));
    test_free(search);
}

static void what_was_told_counts_alone(void **state)
{
    cc_ort_search *search = test_malloc(sizeof *search);

    (void)state;
    make("home/.local/lib/python3.9/site-packages/onnxruntime/capi/libonnxruntime.so.1", false);
    make("told/lib/libonnxruntime.so.1.18.0", false);
    set("CLEARCUT_ORT", "told");
    cc_ort_search_run(search);
    assert_true(search->demanded);
    assert_non_null(strstr(first_library(search)->file, "told/lib/libonnxruntime.so.1.18.0"));
    set("CLEARCUT_ORT", "told/lib/libonnxruntime.so.1.18.0");
    cc_ort_search_run(search);
    assert_int_equal(search->count, 1);
    assert_non_null(first_library(search));
    set("CLEARCUT_ORT", "absent");
    cc_ort_search_run(search);
    assert_true(search->demanded);
    assert_null(first_library(search));
    test_free(search);
}

static void a_wheel_without_the_library(void **state)
{
    cc_ort_search *search = test_malloc(sizeof *search);
    bool seen = false;

    (void)state;
    make("venv/lib/python3.8/site-packages/onnxruntime/capi/onnxruntime_pybind11_state.so", false);
    set("VIRTUAL_ENV", "venv");
    cc_ort_search_run(search);
    for (int i = 0; i < search->count; i++) {
        seen = seen || (search->places[i].state == CC_ORT_PLACE_OLD_WHEEL &&
                        strstr(search->places[i].where, "venv") != NULL);
    }
    assert_true(seen);
    test_free(search);
}

static void absurd_surroundings(void **state)
{
    cc_ort_search *search = test_malloc(sizeof *search);
    char *longest = test_malloc(20001);

    (void)state;
    memset(longest, 'a', 20000);
    longest[0] = '/';
    longest[20000] = '\0';
    setenv("VIRTUAL_ENV", longest, 1);
    setenv("HOME", longest, 1);
    setenv("PATH", longest, 1);
    setenv("PYENV_ROOT", longest, 1);
    cc_ort_search_run(search);
    setenv("CLEARCUT_ORT", longest, 1);
    cc_ort_search_run(search);
    assert_null(first_library(search));
    test_free(longest);
    test_free(search);
}

/* ---- model files ---- */

static cc_status scan(const char *name, cc_ort_model_facts *facts)
{
    char path[512];
    cc_file_view view;
    cc_status status;

    snprintf(path, sizeof path, CLEARCUT_SOURCE_DIR "/tests/cli/data/%s", name);
    assert_int_equal(cc_file_map(path, &view, NULL), CC_OK);
    status = cc_ort_model_scan(view.data, view.size, facts, NULL);
    cc_file_unmap(&view);
    return status;
}

static void what_a_file_tells(void **state)
{
    cc_ort_model_facts facts;

    (void)state;
    assert_int_equal(scan("mask.onnx", &facts), CC_OK);
    assert_false(facts.external_data);
    assert_int_equal(facts.open_count, 0);
    assert_int_equal(scan("open.onnx", &facts), CC_OK);
    assert_int_equal(facts.open_count, 2);
    assert_string_equal(facts.open[0].name, "height");
    assert_int_equal(facts.open[0].dimension, 2);
    assert_string_equal(facts.open[1].name, "width");
    assert_int_equal(scan("bad-external.onnx", &facts), CC_OK);
    assert_true(facts.external_data);
    assert_int_equal(scan("bad-truncated.onnx", &facts), CC_CORRUPT);
    assert_int_equal(scan("photo.png", &facts), CC_CORRUPT);
    assert_int_equal(cc_ort_model_scan("", 0, &facts, NULL), CC_MODEL);
}

/* ---- profiles ---- */

static void profiles(void **state)
{
    static const char text[] =
        "[\n"
        "{\"cat\" : \"Session\",\"name\" :\"model_loading\",\"args\" : {}},\n"
        "{\"cat\" : \"Node\",\"name\" :\"/a/Conv_fence_before\",\"args\" : {\"op_name\" : "
        "\"Conv\"}},\n"
        "{\"cat\" : \"Node\",\"name\" :\"/a/Conv_kernel_time\",\"args\" : {\"op_name\" : "
        "\"Conv\",\"provider\" : \"CUDAExecutionProvider\"}},\n"
        "{\"cat\" : \"Node\",\"name\" :\"quote\\\"d_kernel_time\",\"args\" : {\"provider\" : "
        "\"CPUExecutionProvider\",\"op_name\" : \"Shape\"}},\n"
        "{\"cat\" : \"Node\",\"name\" :\"c_kernel_time\",\"args\" : {\"provider\" : "
        "\"CPUExecutionProvider\",\"op_name\" : \"Shape\"}},\n"
        "{\"cat\" : \"Node\",\"name\" :\"cut off_kernel_time\",\"args\" : {\"provider\" : \"CPU";
    cc_ort_assignment placed = {0};
    char others[128];

    (void)state;
    assert_int_equal(cc_ort_assignment_from_profile(text, strlen(text), &placed, NULL), CC_OK);
    assert_int_equal(placed.count, 4);
    assert_int_equal(cc_ort_assignment_of(&placed, "CUDAExecutionProvider"), 1);
    assert_string_equal(placed.items[0].name, "/a/Conv");
    assert_string_equal(placed.items[1].name, "quote\"d");
    cc_ort_assignment_others(&placed, "CUDAExecutionProvider", others, sizeof others);
    assert_non_null(strstr(others, "CPUExecutionProvider: 2 Shape"));
    cc_ort_assignment_others(&placed, "CUDAExecutionProvider", others, 8);
    assert_int_equal(strlen(others), 7);
    cc_ort_assignment_release(&placed);
    for (size_t cut = 0; cut < strlen(text); cut += 7) {
        char *copy = test_malloc(cut + 1); /* its own block: reading past it would show */
        memcpy(copy, text, cut);
        assert_int_equal(cc_ort_assignment_from_profile(copy, cut, &placed, NULL), CC_OK);
        cc_ort_assignment_release(&placed);
        test_free(copy);
    }
    cc_memory_fail_after(0);
    assert_int_equal(cc_ort_assignment_from_profile(text, strlen(text), &placed, NULL),
                     CC_OUT_OF_MEMORY);
    cc_memory_fail_after(-1);
    assert_int_equal(placed.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_of_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(python_of_the_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_told_counts_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wheel_without_the_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absurd_surroundings, set_up, tear_down),
        cmocka_unit_test(what_a_file_tells),
        cmocka_unit_test(profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
