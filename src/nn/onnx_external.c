/* Constants in files beside the model.
 *
 * The path comes from an untrusted file. It is walked one folder at a time from
 * the allowed folder, without following links, so that neither "..", an absolute
 * path nor a planted link can reach a file outside (CVE-2022-25882 and its
 * successors in other readers).
 */
#define _GNU_SOURCE /* openat, O_NOFOLLOW, O_DIRECTORY, pread */
#include "nn/onnx_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TENSOR_EXTERNAL_DATA = 13, ENTRY_KEY = 1, ENTRY_VALUE = 2 };

typedef struct place {
    const char *path;
    uint64_t offset;
    uint64_t length;
    bool has_length;
} place;

static bool parse_number(const char *text, uint64_t *number)
{
    uint64_t result = 0;

    for (const char *c = text; *c != '\0'; c++) {
        unsigned digit = (unsigned)(*c - '0');
        if (digit > 9 || result > (UINT64_MAX - digit) / 10) {
            return false;
        }
        result = result * 10 + digit;
    }
    *number = result;
    return text[0] != '\0';
}

static cc_status entry_text(cc_onnx_reader *reader, cc_span entry, uint32_t number,
                            const char **text, cc_error *error)
{
    cc_field field;
    bool found;
    cc_status status = cc_protobuf_find(entry, number, CC_WIRE_BYTES, &field, &found, error);

    return status == CC_OK ? cc_onnx_text(reader, field.bytes, text, error) : status;
}

static cc_status read_entry(cc_onnx_reader *reader, cc_span entry, place *where, cc_error *error)
{
    const char *key;
    const char *value;
    bool valid = true;
    cc_status status = entry_text(reader, entry, ENTRY_KEY, &key, error);

    if (status == CC_OK) {
        status = entry_text(reader, entry, ENTRY_VALUE, &value, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (strcmp(key, "location") == 0) {
        where->path = value;
    } else if (strcmp(key, "offset") == 0) {
        valid = parse_number(value, &where->offset);
    } else if (strcmp(key, "length") == 0) {
        valid = parse_number(value, &where->length);
        where->has_length = true;
    }
    return valid ? CC_OK : cc_fail(error, CC_CORRUPT, "%s '%s' is not a number", key, value);
}

static cc_status read_place(cc_onnx_reader *reader, cc_span message, place *where, cc_error *error)
{
    *where = (place){.path = ""};
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK) {
            return status;
        }
        if (!more) {
            break;
        }
        if (field.number != TENSOR_EXTERNAL_DATA) {
            continue;
        }
        status = cc_field_expect(&field, CC_WIRE_BYTES, "external data", error);
        if (status == CC_OK) {
            status = read_entry(reader, field.bytes, where, error);
        }
        if (status != CC_OK) {
            return status;
        }
    }
    if (where->path[0] == '\0') {
        return cc_fail(error, CC_CORRUPT, "external data without a location");
    }
    return CC_OK;
}

static cc_status outside(const char *path, cc_error *error)
{
    return cc_fail(error, CC_UNSUPPORTED,
                   "external data '%s' leads outside the model's folder; put the file beside the "
                   "model and name it without '..'",
                   path);
}

/* One step down. The last step must not wait on a pipe, hence O_NONBLOCK. */
static int open_step(int folder, const char *step, bool last)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY);
    return openat(folder, step, flags);
}

static cc_status open_failed(const char *path, cc_error *error)
{
    if (errno == ELOOP || errno == EMLINK || errno == ENOTDIR) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "external data '%s' is reached through a link or a file, not a folder; put "
                       "the file itself beside the model",
                       path);
    }
    return cc_fail(error, errno == ENOENT ? CC_NOT_FOUND : CC_IO,
                   "cannot open external data '%s': %s; put it beside the model", path,
                   strerror(errno));
}

/* Take the next component of *rest into step; false if it is unfit. */
static bool next_step(const char **rest, char *step, size_t size)
{
    size_t length = strcspn(*rest, "/");

    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(step, *rest, length);
    step[length] = '\0';
    *rest += length;
    if (**rest == '/') {
        *rest += 1;
        if (**rest == '\0') {
            return false;
        }
    }
    return strcmp(step, "..") != 0;
}

static cc_status open_inside(const char *folder, const char *path, int *file, cc_error *error)
{
    char step[256];
    const char *rest = path;
    int current = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (current >= 0 && *rest != '\0') {
        int next;
        if (!next_step(&rest, step, sizeof step)) {
            close(current);
            return outside(path, error);
        }
        next = open_step(current, step, *rest == '\0');
        if (next < 0) {
            int cause = errno;
            close(current);
            errno = cause;
        } else {
            close(current);
        }
        current = next;
    }
    if (current < 0) {
        return open_failed(path, error);
    }
    *file = current;
    return CC_OK;
}

static cc_status check_extent(int file, const place *where, size_t bytes, cc_error *error)
{
    struct stat about;

    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        return cc_fail(error, CC_UNSUPPORTED, "external data '%s' is not a regular file",
                       where->path);
    }
    if (where->has_length && where->length != bytes) {
        return cc_fail(error, CC_CORRUPT,
                       "external data '%s' gives %" PRIu64 " bytes where the shape needs %zu",
                       where->path, where->length, bytes);
    }
    if (where->offset > (uint64_t)about.st_size ||
        bytes > (uint64_t)about.st_size - where->offset) {
        return cc_fail(error, CC_CORRUPT,
                       "external data '%s' ends before offset %" PRIu64 " plus %zu bytes",
                       where->path, where->offset, bytes);
    }
    return CC_OK;
}

static cc_status read_extent(int file, const place *where, void *data, size_t bytes,
                             cc_error *error)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t got = pread(file, (char *)data + done, bytes - done, (off_t)(where->offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return cc_fail(error, CC_IO, "cannot read external data '%s': %s", where->path,
                           got < 0 ? strerror(errno) : "it became shorter");
        }
        done += (size_t)got;
    }
    return CC_OK;
}

static cc_status read_file(cc_onnx_reader *reader, const place *where, cc_tensor_target target,
                           cc_tensor *tensor, cc_error *error)
{
    size_t bytes = (size_t)cc_shape_elements(&tensor->shape) * cc_dtype_size(tensor->dtype);
    int file = -1;
    cc_status status = open_inside(reader->options.external_folder, where->path, &file, error);

    if (status != CC_OK) {
        return status;
    }
    status = check_extent(file, where, bytes, error);
    if (status == CC_OK) {
        status = cc_onnx_allocate(reader, target, tensor, error);
    }
    if (status == CC_OK) {
        status = read_extent(file, where, tensor->data, bytes, error);
    }
    close(file);
    return status;
}

cc_status cc_onnx_external(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                           const char *owner, cc_tensor *tensor, cc_error *error)
{
    place where;
    cc_status status;

    if (reader->options.external_folder == NULL) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "constant '%s' lies in another file, which is not allowed here; use a "
                       "model in one file",
                       owner);
    }
    status = read_place(reader, message, &where, error);
    if (status == CC_OK) {
        status = read_file(reader, &where, target, tensor, error);
    }
    if (status != CC_OK) {
        cc_error_context(error, "constant '%s'", owner);
    }
    return status;
}
