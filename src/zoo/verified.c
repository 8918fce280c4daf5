/* The record is a text file, one line a model file:
 *   checksum device inode size mtime ctime
 * with times as seconds.nanoseconds. The change time is in it because nobody can
 * set it back: a file that was replaced or written to has another one.
 */
#define _GNU_SOURCE /* st_mtim, mkdir */
#include "zoo/verified.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "zoo/folders.h"

enum { LINE_SIZE = 256, MOST_BYTES = 64 * 1024 };

static bool cache_file(char path[CC_PATH_SIZE], bool make_folders)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char folder[CC_PATH_SIZE - sizeof "/clearcut/verified"];
    int length;

    if (cache != NULL && cache[0] == '/') {
        length = snprintf(folder, sizeof folder, "%s", cache);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(folder, sizeof folder, "%s/.cache", home);
    } else {
        return false;
    }
    if (length < 0 || (size_t)length >= sizeof folder) {
        return false;
    }
    if (make_folders) {
        (void)mkdir(folder, 0700);
        snprintf(path, CC_PATH_SIZE, "%s/clearcut", folder);
        (void)mkdir(path, 0700);
    }
    snprintf(path, CC_PATH_SIZE, "%s/clearcut/verified", folder);
    return true;
}

/* What must all be the same, as a line without line feed. */
static bool describe(const char *path, const char *checksum, char *line, struct stat *about)
{
    int length;

    if (stat(path, about) != 0 || !S_ISREG(about->st_mode)) {
        return false;
    }
    length =
        snprintf(line, LINE_SIZE, "%s %llu %llu %llu %lld.%09ld %lld.%09ld", checksum,
                 (unsigned long long)about->st_dev, (unsigned long long)about->st_ino,
                 (unsigned long long)about->st_size, (long long)about->st_mtim.tv_sec,
                 about->st_mtim.tv_nsec, (long long)about->st_ctim.tv_sec, about->st_ctim.tv_nsec);
    return length > 0 && length < LINE_SIZE;
}

/* As text. A record that belongs to somebody else proves nothing. */
static bool read_record(const char *path, cc_buffer *buffer)
{
    struct stat about;

    return lstat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
           cc_file_read(path, MOST_BYTES, buffer, NULL) == CC_OK &&
           cc_buffer_append(buffer, "", 1, 0, NULL) == CC_OK;
}

static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    while (text != NULL) {
        if (strncmp(text, line, length) == 0 && text[length] == '\n') {
            return true;
        }
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return false;
}

bool cc_verified_before(const char *path, const char *checksum)
{
    char record[CC_PATH_SIZE];
    char line[LINE_SIZE];
    struct stat about;
    cc_buffer buffer = {0};
    bool known;

    if (!cache_file(record, false) || !describe(path, checksum, line, &about)) {
        return false;
    }
    known = read_record(record, &buffer) && has_line((const char *)buffer.data, line);
    cc_buffer_free(&buffer);
    return known;
}

/* Changed while it was hashed, or less than two seconds before: another change
 * could carry the same time on a file system with a coarse clock. */
static bool is_fresh(const struct stat *about, time_t began)
{
    enum { GRAIN_SECONDS = 2 };

    return began - about->st_ctim.tv_sec < GRAIN_SECONDS ||
           began - about->st_mtim.tv_sec < GRAIN_SECONDS;
}

void cc_verified_record(const char *path, const char *checksum, time_t began)
{
    char record[CC_PATH_SIZE];
    char line[LINE_SIZE];
    struct stat about;
    cc_buffer old = {0};
    cc_output output;

    if (!cache_file(record, true) || !describe(path, checksum, line, &about) ||
        is_fresh(&about, began)) {
        return;
    }
    /* A record that has grown full of files long gone is begun anew. */
    if (!read_record(record, &old) || old.size > MOST_BYTES / 2) {
        cc_buffer_free(&old);
    }
    if (cc_output_open(&output, record, NULL) == CC_OK) {
        cc_status status = CC_OK;
        if (old.size > 0) {
            status = cc_output_write(&output, old.data, strlen((const char *)old.data), NULL);
        }
        if (status == CC_OK) {
            status = cc_output_write(&output, line, strlen(line), NULL);
        }
        if (status == CC_OK && cc_output_write(&output, "\n", 1, NULL) == CC_OK) {
            (void)cc_output_commit(&output, NULL);
        } else {
            cc_output_abort(&output);
        }
    }
    cc_buffer_free(&old);
}
