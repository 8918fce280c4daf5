/* Files come whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"

static char folder[] = "/tmp/clearcut-test-XXXXXX";
static char path[256];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[300];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void expect_content(const char *name, const char *text)
{
    cc_buffer buffer = {0};
    assert_int_equal(cc_file_read(in_folder(name), 0, &buffer, NULL), CC_OK);
    assert_int_equal(buffer.size, strlen(text));
    assert_memory_equal(buffer.data, text, buffer.size);
    cc_buffer_free(&buffer);
}

static int entries_in_folder(void)
{
    char command[300];
    int count = -1;
    FILE *pipe;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

static void clear_folder(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'/*", folder);
    assert_int_equal(system(command), 0);
}

static void reading_names_what_is_wrong(void **state)
{
    cc_error error = {0};
    cc_buffer buffer = {0};
    cc_file_view view = {0};
    (void)state;
    assert_int_equal(cc_file_read(in_folder("absent"), 0, &buffer, &error), CC_NOT_FOUND);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(cc_file_read(folder, 0, &buffer, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "folder"));
    put("empty", "");
    assert_int_equal(cc_file_read(in_folder("empty"), 0, &buffer, &error), CC_CORRUPT);
    assert_int_equal(cc_file_map(in_folder("empty"), &view, &error), CC_CORRUPT);
    put("big", "0123456789");
    assert_int_equal(cc_file_read(in_folder("big"), 9, &buffer, &error), CC_LIMIT);
    assert_null(buffer.data);
    assert_int_equal(cc_file_read("/dev/zero", 1 << 20, &buffer, &error), CC_LIMIT);
    assert_null(buffer.data);
    clear_folder();
}

static void mapping_gives_the_bytes(void **state)
{
    cc_file_view view = {0};
    (void)state;
    put("some", "hello");
    assert_int_equal(cc_file_map(in_folder("some"), &view, NULL), CC_OK);
    assert_int_equal(view.size, 5);
    assert_memory_equal(view.data, "hello", 5);
    cc_file_unmap(&view);
    assert_null(view.data);
    clear_folder();
}

/* Is the page at this address in the process's memory? -1 if the system does not tell
 * (Linux: bit 63 of its entry in pagemap). */
static int is_present(const uint8_t *address, size_t page)
{
    FILE *pagemap = fopen("/proc/self/pagemap", "rbe");
    uint64_t entry = 0;
    int result = -1;

    if (pagemap != NULL) {
        if (fseeko(pagemap, (off_t)((uintptr_t)address / page * sizeof entry), SEEK_SET) == 0 &&
            fread(&entry, sizeof entry, 1, pagemap) == 1) {
            result = (int)(entry >> 63);
        }
        fclose(pagemap);
    }
    return result;
}

enum { PAGES = 12 };

static uint8_t byte_of(size_t at)
{
    return (uint8_t)(at * 31 + at / 251);
}

static void make_pages(const char *name, size_t page)
{
    FILE *file = fopen(name, "wbe");
    assert_non_null(file);
    for (size_t i = 0; i < PAGES * page; i++) {
        assert_true(fputc(byte_of(i), file) != EOF);
    }
    assert_int_equal(fclose(file), 0);
}

/* Which pages are there, as a bit for each; and every byte is right. */
static unsigned look_at_pages(const cc_file_view *view, size_t page)
{
    unsigned present = 0;
    for (int i = 0; i < PAGES; i++) {
        present |= (unsigned)is_present(view->data + (size_t)i * page, page) << i;
    }
    for (size_t i = 0; i < view->size; i++) {
        assert_int_equal(view->data[i], byte_of(i));
    }
    return present;
}

static void forgotten_pages_leave_and_come_back(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    cc_file_view view;
    (void)state;
    make_pages(in_folder("pages"), page);
    assert_int_equal(cc_file_map(in_folder("pages"), &view, NULL), CC_OK);
    if (view.mapping == NULL || is_present(view.data, page) < 0) {
        cc_file_unmap(&view);
        print_message("skipped: this system does not tell which pages are in memory\n");
        skip();
    }
    const unsigned all = (1U << PAGES) - 1;
    (void)look_at_pages(&view, page);
    assert_int_equal(look_at_pages(&view, page), all);
    /* From within page 3 to within page 8: the whole pages between are 4 to 7. */
    cc_file_forget(view.data + 3 * page + 1, 5 * page + 7);
    assert_int_equal(look_at_pages(&view, page), all & ~0xf0U);
    assert_int_equal(look_at_pages(&view, page), all); /* read again, and so back */
    /* No whole page: nothing goes. */
    cc_file_forget(view.data + 1, 2 * page - 2);
    cc_file_forget(view.data + page, page - 1);
    cc_file_forget(view.data + page, 0);
    assert_int_equal(look_at_pages(&view, page), all);
    cc_file_forget(view.data + page, page);
    assert_int_equal(look_at_pages(&view, page), all & ~2U);
    cc_file_unmap(&view);
    unlink(in_folder("pages"));
}

static void a_commit_replaces_and_an_abort_does_not(void **state)
{
    cc_output output;
    (void)state;
    put("out", "old");
    assert_int_equal(cc_output_open(&output, in_folder("out"), NULL), CC_OK);
    assert_int_equal(cc_output_write(&output, "half", 4, NULL), CC_OK);
    expect_content("out", "old");
    cc_output_abort(&output);
    expect_content("out", "old");
    assert_int_equal(entries_in_folder(), 1);

    assert_int_equal(cc_output_open(&output, in_folder("out"), NULL), CC_OK);
    assert_int_equal(cc_output_write(&output, "new", 3, NULL), CC_OK);
    assert_int_equal(cc_output_commit(&output, NULL), CC_OK);
    expect_content("out", "new");
    cc_output_abort(&output); /* harmless after commit */
    expect_content("out", "new");
    assert_int_equal(entries_in_folder(), 1);
    clear_folder();
}

static void permissions_of_a_replaced_file_stay(void **state)
{
    cc_output output;
    struct stat about;
    (void)state;
    put("private", "old");
    assert_int_equal(chmod(in_folder("private"), 0600), 0);
    assert_int_equal(cc_output_open(&output, path, NULL), CC_OK);
    assert_int_equal(cc_output_commit(&output, NULL), CC_OK);
    assert_int_equal(stat(in_folder("private"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    clear_folder();
}

static void symbolic_links_are_written_through(void **state)
{
    cc_output output;
    struct stat about;
    char target[300];
    (void)state;
    put("target", "old");
    snprintf(target, sizeof target, "%s/target", folder);
    assert_int_equal(symlink(target, in_folder("link")), 0);
    assert_true(cc_file_same(target, path));
    assert_int_equal(cc_output_open(&output, path, NULL), CC_OK);
    assert_int_equal(cc_output_write(&output, "new", 3, NULL), CC_OK);
    assert_int_equal(cc_output_commit(&output, NULL), CC_OK);
    assert_int_equal(lstat(in_folder("link"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    expect_content("target", "new");
    clear_folder();
}

static void a_full_disk_is_reported(void **state)
{
    cc_output output;
    cc_error error = {0};
    cc_status status;
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: there is no /dev/full here\n");
        skip();
    }
    assert_int_equal(cc_output_open(&output, "/dev/full", &error), CC_OK);
    status = cc_output_write(&output, "x", 1, &error); /* may sit in stdio's buffer */
    if (status == CC_OK) {
        status = cc_output_commit(&output, &error);
    } else {
        cc_output_abort(&output);
    }
    assert_int_equal(status, CC_IO);
    assert_non_null(strstr(error.message, "No space left"));
}

static void an_unwritable_place_is_reported_at_open(void **state)
{
    cc_output output;
    cc_error error = {0};
    (void)state;
    assert_int_equal(cc_output_open(&output, in_folder("no/such/folder"), &error), CC_IO);
    assert_non_null(strstr(error.message, "folder"));
    assert_int_equal(cc_output_open(&output, folder, &error), CC_INVALID_ARGUMENT);
    assert_int_equal(entries_in_folder(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_names_what_is_wrong),
        cmocka_unit_test(mapping_gives_the_bytes),
        cmocka_unit_test(forgotten_pages_leave_and_come_back),
        cmocka_unit_test(a_commit_replaces_and_an_abort_does_not),
        cmocka_unit_test(permissions_of_a_replaced_file_stay),
        cmocka_unit_test(symbolic_links_are_written_through),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(an_unwritable_place_is_reported_at_open),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
