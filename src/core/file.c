#define _GNU_SOURCE /* mkstemp, mmap, fileno */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

static bool is_standard_stream(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* ---- buffers ---- */

void cc_buffer_free(cc_buffer *buffer)
{
    cc_free(buffer->data);
    memset(buffer, 0, sizeof *buffer);
}

static cc_status buffer_reserve(cc_buffer *buffer, size_t need, cc_error *error)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 4096;
    uint8_t *data;

    if (need <= buffer->capacity) {
        return CC_OK;
    }
    while (capacity < need) {
        capacity = capacity <= SIZE_MAX / 2 ? capacity * 2 : need;
    }
    data = cc_realloc_array(buffer->data, capacity, 1);
    if (data == NULL) {
        return cc_fail_memory(error, capacity);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return CC_OK;
}

cc_status cc_buffer_append(cc_buffer *buffer, const void *data, size_t size, size_t limit,
                           cc_error *error)
{
    size_t need;
    cc_status status;

    if (!cc_size_add(buffer->size, size, &need) || (limit != 0 && need > limit)) {
        return cc_fail(error, CC_LIMIT, "more than %zu bytes", limit);
    }
    status = buffer_reserve(buffer, need, error);
    if (status == CC_OK && size > 0) {
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size = need;
    }
    return status;
}

/* ---- reading ---- */

static cc_status open_input(const char *path, int *descriptor, struct stat *about, cc_error *error)
{
    *descriptor = is_standard_stream(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0) {
        cc_status code = errno == ENOENT ? CC_NOT_FOUND : CC_IO;
        return cc_fail(error, code, "cannot open the file: %s", strerror(errno));
    }
    if (fstat(*descriptor, about) != 0) {
        return cc_fail(error, CC_IO, "cannot examine the file: %s", strerror(errno));
    }
    if (S_ISDIR(about->st_mode)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "is a folder, not a file");
    }
    return CC_OK;
}

static void close_input(int descriptor)
{
    if (descriptor > STDIN_FILENO) {
        close(descriptor);
    }
}

static cc_status read_to_end(int descriptor, size_t limit, cc_buffer *buffer, cc_error *error)
{
    enum { CHUNK = 1 << 18 };
    for (;;) {
        ssize_t got;
        cc_status status = buffer_reserve(buffer, buffer->size + CHUNK, error);
        if (status != CC_OK) {
            return status;
        }
        got = read(descriptor, buffer->data + buffer->size, CHUNK);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return cc_fail(error, CC_IO, "cannot read the file: %s", strerror(errno));
        }
        if (got == 0) {
            return CC_OK;
        }
        buffer->size += (size_t)got;
        if (limit != 0 && buffer->size > limit) {
            return cc_fail(error, CC_LIMIT, "the file holds more than the limit of %zu bytes",
                           limit);
        }
    }
}

cc_status cc_file_read(const char *path, size_t limit, cc_buffer *buffer, cc_error *error)
{
    int descriptor = -1;
    struct stat about = {0};
    cc_status status;

    memset(buffer, 0, sizeof *buffer);
    status = open_input(path, &descriptor, &about, error);
    if (status == CC_OK && S_ISREG(about.st_mode) && limit != 0 && about.st_size > 0 &&
        (unsigned long long)about.st_size > limit) {
        status = cc_fail(error, CC_LIMIT, "the file holds %lld bytes, over the limit of %zu",
                         (long long)about.st_size, limit);
    }
    if (status == CC_OK && S_ISREG(about.st_mode)) {
        status = buffer_reserve(buffer, (size_t)about.st_size + (1 << 18) + 1, error);
    }
    if (status == CC_OK) {
        status = read_to_end(descriptor, limit, buffer, error);
    }
    if (status == CC_OK && buffer->size == 0) {
        status = cc_fail(error, CC_CORRUPT, "the file is empty");
    }
    close_input(descriptor);
    if (status != CC_OK) {
        cc_buffer_free(buffer);
    }
    return status;
}

cc_status cc_file_map(const char *path, cc_file_view *view, cc_error *error)
{
    int descriptor = -1;
    struct stat about = {0};
    cc_status status;

    memset(view, 0, sizeof *view);
    status = open_input(path, &descriptor, &about, error);
    if (status == CC_OK && S_ISREG(about.st_mode) && about.st_size > 0) {
        void *mapping = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapping != MAP_FAILED) {
            view->mapping = mapping;
            view->data = mapping;
            view->size = (size_t)about.st_size;
        }
    }
    if (status == CC_OK && view->data == NULL) {
        cc_buffer buffer = {0};
        status = read_to_end(descriptor, 0, &buffer, error);
        if (status == CC_OK && buffer.size == 0) {
            status = cc_fail(error, CC_CORRUPT, "the file is empty");
        }
        if (status != CC_OK) {
            cc_buffer_free(&buffer);
        }
        view->data = buffer.data;
        view->size = buffer.size;
    }
    close_input(descriptor);
    return status;
}

void cc_file_unmap(cc_file_view *view)
{
    if (view->mapping != NULL) {
        munmap(view->mapping, view->size);
    } else {
        cc_free((void *)(uintptr_t)view->data);
    }
    memset(view, 0, sizeof *view);
}

void cc_file_forget(const void *data, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)data + size) / page * page;

    if (end > first) {
        (void)madvise((void *)first, end - first, MADV_DONTNEED);
    }
}

/* ---- writing ---- */

/* Asking with umask() means setting it for a moment, for every thread: two that
 * ask at once could leave it cleared. Linux tells it without. */
static mode_t current_mask(void)
{
    FILE *about = fopen("/proc/self/status", "re");
    char line[256];
    unsigned mask = 0;
    bool found = false;

    while (about != NULL && !found && fgets(line, sizeof line, about) != NULL) {
        found = sscanf(line, "Umask: %o", &mask) == 1;
    }
    if (about != NULL) {
        fclose(about);
    }
    if (!found) {
        mask = umask(0);
        umask(mask);
    }
    return (mode_t)mask;
}

/* The permissions an ordinary new file would get: those of the file being
 * replaced, else 0666 less the umask. */
static mode_t output_mode(const char *path)
{
    struct stat about = {0};

    if (stat(path, &about) == 0) {
        return about.st_mode & 07777;
    }
    return 0666 & ~current_mask();
}

static cc_status reject_folder(const char *path, cc_error *error)
{
    struct stat about = {0};
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%s: is a folder; give a file name in it", path);
    }
    return CC_OK;
}

/* Devices and pipes (/dev/null, /dev/full, a FIFO) cannot be replaced by
 * renaming; they are written directly. */
static bool is_special_file(const char *path)
{
    struct stat about = {0};
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static cc_status open_temporary(cc_output *output, const char *path, cc_error *error)
{
    static const char suffix[] = ".clearcut-XXXXXX";
    size_t size = strlen(path) + sizeof suffix;
    int descriptor;

    output->temporary_path = cc_alloc(size);
    if (output->temporary_path == NULL) {
        return cc_fail_memory(error, size);
    }
    snprintf(output->temporary_path, size, "%s%s", path, suffix);
    descriptor = mkostemp(output->temporary_path, O_CLOEXEC);
    if (descriptor < 0) {
        cc_status status =
            cc_fail(error, CC_IO, "%s: cannot write into this folder: %s", path, strerror(errno));
        cc_free(output->temporary_path);
        output->temporary_path = NULL;
        return status;
    }
    (void)fchmod(descriptor, output_mode(path));
    output->stream = fdopen(descriptor, "wb");
    if (output->stream == NULL) {
        close(descriptor);
        return cc_fail(error, CC_IO, "%s: %s", path, strerror(errno));
    }
    return CC_OK;
}

cc_status cc_output_open(cc_output *output, const char *path, cc_error *error)
{
    cc_status status;
    char *resolved;

    memset(output, 0, sizeof *output);
    if (is_standard_stream(path)) {
        output->stream = stdout;
        return CC_OK;
    }
    status = reject_folder(path, error);
    if (status != CC_OK) {
        return status;
    }
    /* Write through a symbolic link instead of replacing it. */
    resolved = realpath(path, NULL);
    output->path = cc_strdup(resolved != NULL ? resolved : path);
    free(resolved);
    if (output->path == NULL) {
        return cc_fail_memory(error, strlen(path) + 1);
    }
    if (is_special_file(output->path)) {
        output->stream = fopen(output->path, "wbe");
        if (output->stream == NULL) {
            status =
                cc_fail(error, CC_IO, "%s: cannot open for writing: %s", path, strerror(errno));
        }
    } else {
        status = open_temporary(output, output->path, error);
    }
    if (status != CC_OK) {
        cc_output_abort(output);
    }
    return status;
}

static const char *output_name(const cc_output *output)
{
    return output->path != NULL ? output->path : "standard output";
}

cc_status cc_output_write(cc_output *output, const void *data, size_t size, cc_error *error)
{
    if (size > 0 && fwrite(data, 1, size, output->stream) != size) {
        return cc_fail(error, CC_IO, "%s: cannot write: %s", output_name(output), strerror(errno));
    }
    return CC_OK;
}

static void output_release(cc_output *output)
{
    cc_free(output->path);
    cc_free(output->temporary_path);
    memset(output, 0, sizeof *output);
}

cc_status cc_output_commit(cc_output *output, cc_error *error)
{
    int failed;
    cc_status status = CC_OK;

    if (output->path == NULL) {
        failed = fflush(output->stream);
    } else {
        failed = fclose(output->stream); /* a full disk may only show here */
    }
    output->stream = NULL;
    if (failed != 0) {
        status =
            cc_fail(error, CC_IO, "%s: cannot write: %s", output_name(output), strerror(errno));
    } else if (output->temporary_path != NULL &&
               rename(output->temporary_path, output->path) != 0) {
        status = cc_fail(error, CC_IO, "%s: cannot put the finished file in place: %s",
                         output->path, strerror(errno));
    }
    if (status != CC_OK && output->temporary_path != NULL) {
        unlink(output->temporary_path);
    }
    output_release(output);
    return status;
}

void cc_output_abort(cc_output *output)
{
    if (output->stream != NULL && output->path != NULL) {
        fclose(output->stream);
    }
    if (output->temporary_path != NULL) {
        unlink(output->temporary_path);
    }
    output_release(output);
}

bool cc_file_same(const char *a, const char *b)
{
    struct stat first;
    struct stat second;

    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}
