/* Downloads from a folder (file://), where checksum and size can be made to fit;
 * and the record of checksums that were compared. What servers do is tested by
 * tests/cli/test_pull.sh. */
#define _GNU_SOURCE /* mkdtemp, setenv */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "zoo/download.h"
#include "zoo/partial.h"
#include "zoo/store.h"
#include "zoo/verified.h"

enum { PATH_ROOM = 512 };

typedef struct fixture {
    char folder[64];
    char source[PATH_ROOM];
    char target[PATH_ROOM];
    char part[PATH_ROOM];
    char url[PATH_ROOM + 8];
    char checksum[CC_CHECKSUM_TEXT_SIZE];
    cc_download download;
} fixture;

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static bool holds(const char *path, const char *text)
{
    char found[256] = "";
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return false;
    }
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    return strcmp(found, text) == 0;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    const char *base = getenv("TMPDIR");

    snprintf(f->folder, sizeof f->folder, "%.30s/clearcut-zoo-XXXXXX",
             base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->source, sizeof f->source, "%s/source.onnx", f->folder);
    snprintf(f->target, sizeof f->target, "%s/target.onnx", f->folder);
    snprintf(f->part, sizeof f->part, "%s/target.onnx.part", f->folder);
    snprintf(f->url, sizeof f->url, "file://%s", f->source);
    write_text(f->source, "abcdefghij");
    assert_int_equal(cc_checksum_of(f->source, "sha256:", f->checksum, NULL), CC_OK);
    f->download = (cc_download){.url = f->url, .checksum = f->checksum, .target = f->target};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    fixture *f = *state;

    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void needs_libcurl(void)
{
    cc_error error;
    if (cc_download_possible(&error) != CC_OK) {
        print_message("skipped: %s\n", error.message);
        skip();
    }
}

static void a_file_is_fetched_whole(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    assert_int_equal(cc_download_file(&f->download, &error), CC_OK);
    assert_true(holds(f->target, "abcdefghij"));
    assert_false(exists(f->part));
}

static void a_part_is_continued(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    write_text(f->part, "abcd");
    assert_int_equal(cc_download_file(&f->download, &error), CC_OK);
    assert_true(holds(f->target, "abcdefghij"));
}

static void a_wrong_part_is_fetched_again(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    write_text(f->part, "XXXX");
    assert_int_equal(cc_download_file(&f->download, &error), CC_OK);
    assert_true(holds(f->target, "abcdefghij"));
}

static void a_wrong_checksum_leaves_nothing(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    f->checksum[10] = f->checksum[10] == '0' ? '1' : '0';
    assert_int_equal(cc_download_file(&f->download, &error), CC_MODEL);
    assert_non_null(strstr(error.message, f->checksum));
    assert_false(exists(f->target));
    assert_false(exists(f->part));
}

static void more_than_the_limit_is_refused(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    f->download.limit = 9;
    assert_int_equal(cc_download_file(&f->download, &error), CC_MODEL);
    assert_false(exists(f->target));
    assert_false(exists(f->part));
    write_text(f->part, "abcdefghijkl");
    assert_int_equal(cc_download_file(&f->download, &error), CC_MODEL);
    f->download.limit = 10;
    assert_int_equal(cc_download_file(&f->download, &error), CC_OK);
}

static void an_existing_file_is_not_replaced(void **state)
{
    fixture *f = *state;
    cc_partial partial;
    cc_error error = {0};
    bool finished = true;

    write_text(f->target, "mine");
    if (cc_download_possible(NULL) == CC_OK) {
        assert_int_equal(cc_download_file(&f->download, &error), CC_OK);
        assert_true(holds(f->target, "mine"));
    }
    unlink(f->target);
    assert_int_equal(cc_partial_open(&partial, f->target, NULL, NULL, &finished, &error), CC_OK);
    assert_false(finished);
    assert_true(cc_partial_append(&partial, "new", 3));
    write_text(f->target, "mine"); /* appears while the download runs */
    assert_int_equal(cc_partial_commit(&partial, &error), CC_IO);
    assert_true(holds(f->target, "mine"));
}

static bool stop_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

static void stopping_is_no_other_error(void **state)
{
    fixture *f = *state;
    cc_error error = {0};

    needs_libcurl();
    f->download.progress = stop_at_once;
    assert_int_equal(cc_download_file(&f->download, &error), CC_CANCELLED);
    assert_false(exists(f->target));
}

static void addresses_are_picked(void **state)
{
    static const char *const bad[] = {
        "http://example.org/a",   "ftp://127.0.0.1/a", "a", "http://127.0.0.1@example.org/a",
        "http://localhost.org/a", "HTTPS//x",          ""};
    fixture *f = *state;
    char url[256];
    cc_error error;

    needs_libcurl();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->download.url = bad[i];
        assert_int_equal(cc_download_file(&f->download, &error), CC_INVALID_ARGUMENT);
    }
    assert_int_equal(
        cc_model_address(cc_model_find("silueta"), "https://x.org/m/", url, sizeof url, &error),
        CC_OK);
    assert_string_equal(url, "https://x.org/m/silueta.onnx");
    assert_int_equal(
        cc_model_address(cc_model_find("birefnet-dis"), "https://x.org/m", url, sizeof url, &error),
        CC_OK);
    assert_string_equal(url, "https://x.org/m/BiRefNet-DIS-epoch_590.onnx");
    assert_int_equal(cc_model_address(cc_model_find("sam"), NULL, url, sizeof url, &error),
                     CC_UNSUPPORTED);
    assert_int_equal(cc_model_address(cc_model_find("silueta"), NULL, url, 20, &error), CC_LIMIT);
}

/* ---- the record of compared checksums ---- */

static void a_record_is_trusted_while_nothing_changed(void **state)
{
    fixture *f = *state;
    time_t later = time(NULL) + 10;

    setenv("XDG_CACHE_HOME", f->folder, 1);
    assert_false(cc_verified_before(f->source, f->checksum));
    cc_verified_record(f->source, f->checksum, later);
    assert_true(cc_verified_before(f->source, f->checksum));
    assert_false(cc_verified_before(f->source, "md5:00"));
    cc_verified_record(f->part, f->checksum, later); /* no such file */
    write_text(f->target, "abcdefghij");
    assert_false(cc_verified_before(f->target, f->checksum));
    cc_verified_record(f->target, f->checksum, later);
    assert_true(cc_verified_before(f->target, f->checksum));
    assert_true(cc_verified_before(f->source, f->checksum)); /* others stay on record */
}

static void a_changed_file_is_not_trusted(void **state)
{
    fixture *f = *state;
    struct stat about;
    struct timespec times[2];

    setenv("XDG_CACHE_HOME", f->folder, 1);
    cc_verified_record(f->source, f->checksum, time(NULL) + 10);
    assert_true(cc_verified_before(f->source, f->checksum));
    assert_int_equal(stat(f->source, &about), 0);
    usleep(20000); /* past the clock's grain */
    write_text(f->source, "abcdefghiJ");
    times[0] = about.st_atim;
    times[1] = about.st_mtim; /* the modification time is set back; the change time cannot be */
    assert_int_equal(utimensat(AT_FDCWD, f->source, times, 0), 0);
    assert_false(cc_verified_before(f->source, f->checksum));
}

static void a_fresh_file_is_not_recorded(void **state)
{
    fixture *f = *state;

    setenv("XDG_CACHE_HOME", f->folder, 1);
    cc_verified_record(f->source, f->checksum, time(NULL));
    assert_false(cc_verified_before(f->source, f->checksum));
}

static void without_a_cache_folder_nothing_breaks(void **state)
{
    fixture *f = *state;

    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    cc_verified_record(f->source, f->checksum, time(NULL) + 10);
    assert_false(cc_verified_before(f->source, f->checksum));
    setenv("XDG_CACHE_HOME", "relative", 1);
    unsetenv("HOME");
    cc_verified_record(f->source, f->checksum, time(NULL) + 10);
    assert_false(cc_verified_before(f->source, f->checksum));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_fetched_whole),
        TEST(a_part_is_continued),
        TEST(a_wrong_part_is_fetched_again),
        TEST(a_wrong_checksum_leaves_nothing),
        TEST(more_than_the_limit_is_refused),
        TEST(an_existing_file_is_not_replaced),
        TEST(stopping_is_no_other_error),
        TEST(addresses_are_picked),
        TEST(a_record_is_trusted_while_nothing_changed),
        TEST(a_changed_file_is_not_trusted),
        TEST(a_fresh_file_is_not_recorded),
        TEST(without_a_cache_folder_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
