/* Files that appear whole or not at all. */
#define _GNU_SOURCE /* mkdtemp, mkfifo */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clearcut.h"

static char folder[200];
static char target[300];

static int enter(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/clearcut-api-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(target, sizeof target, "%s/target", folder);
    return 0;
}

static int leave(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int entries(void)
{
    DIR *listing = opendir(folder);
    int count = -2; /* . and .. */

    assert_non_null(listing);
    while (readdir(listing) != NULL) {
        count++;
    }
    closedir(listing);
    return count;
}

static void put_old(void)
{
    FILE *file = fopen(target, "wb");

    assert_non_null(file);
    assert_int_equal(fputs("old", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static void expect_content(const char *expected)
{
    clearcut_bytes bytes;

    assert_int_equal(clearcut_file_read(target, 0, &bytes, NULL), CLEARCUT_OK);
    assert_int_equal(bytes.size, strlen(expected));
    assert_memory_equal(bytes.data, expected, bytes.size);
    clearcut_bytes_free(&bytes);
    assert_null(bytes.data);
}

static void commit_replaces(void **state)
{
    clearcut_output *output = NULL;

    (void)state;
    put_old();
    assert_int_equal(clearcut_output_open(target, &output, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_output_write(output, "new", 3, NULL), CLEARCUT_OK);
    expect_content("old");
    assert_int_equal(entries(), 2);
    assert_int_equal(clearcut_output_commit(&output, NULL), CLEARCUT_OK);
    assert_null(output);
    expect_content("new");
    assert_int_equal(entries(), 1);
}

static void discard_leaves_the_old(void **state)
{
    clearcut_output *output = NULL;

    (void)state;
    put_old();
    assert_int_equal(clearcut_output_open(target, &output, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_output_write(output, "new", 3, NULL), CLEARCUT_OK);
    clearcut_output_discard(&output);
    assert_null(output);
    expect_content("old");
    assert_int_equal(entries(), 1);
}

/* What a signal handler does: all temporary files go, committed ones stay. */
static void discard_all(void **state)
{
    char second[320];
    clearcut_output *first_output = NULL;
    clearcut_output *second_output = NULL;

    (void)state;
    snprintf(second, sizeof second, "%s-2", target);
    assert_int_equal(clearcut_output_open(target, &first_output, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_output_commit(&first_output, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_output_open(target, &first_output, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_output_open(second, &second_output, NULL), CLEARCUT_OK);
    assert_int_equal(entries(), 3);
    clearcut_output_discard_all();
    assert_int_equal(entries(), 1);
    clearcut_output_discard(&first_output);
    clearcut_output_discard(&second_output);
    assert_int_equal(entries(), 1);
}

static void check_asks_without_traces(void **state)
{
    char fifo[320];
    clearcut_error error;

    (void)state;
    put_old();
    assert_int_equal(clearcut_output_check(target, &error), CLEARCUT_OK);
    assert_int_equal(clearcut_output_check("-", &error), CLEARCUT_OK);
    assert_int_equal(clearcut_output_check("/dev/null", &error), CLEARCUT_OK);
    expect_content("old");
    assert_int_equal(entries(), 1);
    assert_int_equal(clearcut_output_check(folder, &error), CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_output_check("/no/such/folder/x", &error), CLEARCUT_IO);
    assert_non_null(strstr(error.message, "/no/such/folder/x"));
    assert_int_equal(clearcut_output_check(NULL, &error), CLEARCUT_INVALID_ARGUMENT);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(clearcut_output_check(fifo, &error), CLEARCUT_OK); /* and does not wait */
}

/* Linux gives a device that is always full. */
static void full_disk(void **state)
{
    clearcut_output *output = NULL;
    clearcut_error error;
    clearcut_status status;

    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(clearcut_output_open("/dev/full", &output, NULL), CLEARCUT_OK);
    status = clearcut_output_write(output, "x", 1, &error);
    if (status == CLEARCUT_OK) {
        status = clearcut_output_commit(&output, &error);
    } else {
        clearcut_output_discard(&output);
    }
    assert_int_equal(status, CLEARCUT_IO);
    assert_non_null(strstr(error.message, "/dev/full"));
}

static void reading(void **state)
{
    clearcut_bytes bytes;
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_file_read(target, 0, &bytes, &error), CLEARCUT_NOT_FOUND);
    assert_memory_equal(error.message, target, strlen(target));
    assert_int_equal(clearcut_file_read(folder, 0, &bytes, &error), CLEARCUT_INVALID_ARGUMENT);
    put_old();
    assert_int_equal(clearcut_file_read(target, 2, &bytes, &error), CLEARCUT_LIMIT);
    assert_null(bytes.data);
    assert_int_equal(clearcut_file_read("/dev/zero", 1000, &bytes, &error), CLEARCUT_LIMIT);
    assert_int_equal(clearcut_file_read("/dev/null", 0, &bytes, &error), CLEARCUT_CORRUPT);
}

static void same_files(void **state)
{
    char link_name[320];

    (void)state;
    put_old();
    snprintf(link_name, sizeof link_name, "%s-link", target);
    assert_false(clearcut_file_same(target, link_name));
    assert_int_equal(symlink(target, link_name), 0);
    assert_true(clearcut_file_same(target, link_name));
    assert_int_equal(unlink(link_name), 0);
    assert_int_equal(link(target, link_name), 0);
    assert_true(clearcut_file_same(target, link_name));
    assert_false(clearcut_file_same(target, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commit_replaces, enter, leave),
        cmocka_unit_test_setup_teardown(discard_leaves_the_old, enter, leave),
        cmocka_unit_test_setup_teardown(discard_all, enter, leave),
        cmocka_unit_test_setup_teardown(check_asks_without_traces, enter, leave),
        cmocka_unit_test_setup_teardown(full_disk, enter, leave),
        cmocka_unit_test_setup_teardown(reading, enter, leave),
        cmocka_unit_test_setup_teardown(same_files, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
