/* Bytes, files, outputs that appear whole. */
#define _GNU_SOURCE /* stat, access, unlink */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "core/file.h"
#include "core/memory.h"

void clearcut_bytes_free(clearcut_bytes *bytes)
{
    if (bytes != NULL) {
        cc_free(bytes->data);
        bytes->data = NULL;
        bytes->size = 0;
    }
}

/* ---- reading ---- */

clearcut_status clearcut_file_read(const char *path, size_t limit, clearcut_bytes *bytes,
                                   clearcut_error *error)
{
    cc_error fault = {0};
    cc_buffer buffer = {0};
    cc_status status;

    if (bytes == NULL || path == NULL) {
        return cc_api_return(cc_api_missing(bytes == NULL ? "bytes" : "path", &fault), &fault,
                             error);
    }
    memset(bytes, 0, sizeof *bytes);
    status = cc_file_read(path, limit != 0 ? limit : CLEARCUT_DEFAULT_FILE_LIMIT, &buffer, &fault);
    if (status != CC_OK) {
        cc_error_context(&fault, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
        return cc_api_return(status, &fault, error);
    }
    bytes->data = buffer.data;
    bytes->size = buffer.size;
    return CLEARCUT_OK;
}

bool clearcut_file_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && cc_file_same(a, b);
}

/* ---- outputs in progress ---- */

/* Copies of the temporary names, so that a signal handler can remove the files
 * without touching memory that another thread may be freeing. */
enum { MOST_OUTPUTS = 256, LONGEST_PATH = 4096 };

static struct {
    atomic_int state; /* 0 free, 1 being written, 2 names a file */
    char path[LONGEST_PATH];
} in_progress[MOST_OUTPUTS];

struct clearcut_output {
    cc_output output;
    int slot; /* in in_progress; -1 = none */
};

static int remember(const char *temporary_path)
{
    size_t size = temporary_path != NULL ? strlen(temporary_path) + 1 : 0;

    if (size == 0 || size > LONGEST_PATH) {
        return -1;
    }
    for (int i = 0; i < MOST_OUTPUTS; i++) {
        int expected = 0;
        if (atomic_compare_exchange_strong(&in_progress[i].state, &expected, 1)) {
            memcpy(in_progress[i].path, temporary_path, size);
            atomic_store(&in_progress[i].state, 2);
            return i;
        }
    }
    return -1;
}

static void forget(int slot)
{
    if (slot >= 0) {
        atomic_store(&in_progress[slot].state, 0);
    }
}

void clearcut_output_discard_all(void)
{
    for (int i = 0; i < MOST_OUTPUTS; i++) {
        if (atomic_load(&in_progress[i].state) == 2) {
            unlink(in_progress[i].path);
        }
    }
}

/* A device or pipe must not be opened to ask: a reader would see it close. */
static bool is_special(const char *path, bool *writable)
{
    struct stat about;

    if (stat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) {
        return false;
    }
    *writable = access(path, W_OK) == 0;
    return true;
}

clearcut_status clearcut_output_check(const char *path, clearcut_error *error)
{
    clearcut_output *output = NULL;
    cc_error fault = {0};
    bool writable = true;
    clearcut_status status;

    if (path != NULL && is_special(path, &writable)) {
        cc_status outcome =
            writable ? CC_OK : cc_fail(&fault, CC_IO, "%s: this device cannot be written", path);
        return cc_api_return(outcome, &fault, error);
    }
    status = clearcut_output_open(path, &output, error);
    clearcut_output_discard(&output);
    return status;
}

static cc_status open_output(const char *path, clearcut_output **output, cc_error *fault)
{
    clearcut_output *opened;
    cc_status status;

    if (path == NULL || output == NULL) {
        return cc_api_missing(path == NULL ? "path" : "output", fault);
    }
    opened = cc_alloc_zeroed(1, sizeof *opened);
    if (opened == NULL) {
        return cc_fail_memory(fault, sizeof *opened);
    }
    status = cc_output_open(&opened->output, path, fault);
    if (status != CC_OK) {
        cc_free(opened);
        return status;
    }
    opened->slot = remember(opened->output.temporary_path);
    *output = opened;
    return CC_OK;
}

clearcut_status clearcut_output_open(const char *path, clearcut_output **output,
                                     clearcut_error *error)
{
    cc_error fault = {0};

    if (output != NULL) {
        *output = NULL;
    }
    return cc_api_return(open_output(path, output, &fault), &fault, error);
}

clearcut_status clearcut_output_write(clearcut_output *output, const void *data, size_t size,
                                      clearcut_error *error)
{
    cc_error fault = {0};

    if (output == NULL || (data == NULL && size > 0)) {
        return cc_api_return(cc_api_missing(output == NULL ? "output" : "data", &fault), &fault,
                             error);
    }
    return cc_api_return(cc_output_write(&output->output, data, size, &fault), &fault, error);
}

clearcut_status clearcut_output_commit(clearcut_output **output, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (output == NULL || *output == NULL) {
        return cc_api_return(cc_api_missing("output", &fault), &fault, error);
    }
    status = cc_output_commit(&(*output)->output, &fault);
    forget((*output)->slot);
    cc_free(*output);
    *output = NULL;
    return cc_api_return(status, &fault, error);
}

void clearcut_output_discard(clearcut_output **output)
{
    if (output == NULL || *output == NULL) {
        return;
    }
    cc_output_abort(&(*output)->output);
    forget((*output)->slot);
    cc_free(*output);
    *output = NULL;
}
