#define _GNU_SOURCE /* flock, nanosleep */
#include "zoo/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"

static void let_go(cc_partial *partial)
{
    if (partial->descriptor >= 0) {
        close(partial->descriptor); /* the lock goes with it */
    }
    partial->descriptor = -1;
    cc_free(partial->path);
    partial->path = NULL;
}

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

/* True while the lock belongs to somebody else; other faults are left to show
 * when writing (file systems without locks). */
static bool is_held_elsewhere(int descriptor)
{
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/* The one who had the lock may have renamed the file or removed it: then what we
 * hold is not what the name means any more. */
static bool is_still_named(const cc_partial *partial)
{
    struct stat named;
    struct stat held;

    return stat(partial->path, &named) == 0 && fstat(partial->descriptor, &held) == 0 &&
           named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

static cc_status open_once(cc_partial *partial, bool (*patient)(void *context), void *context,
                           cc_error *error)
{
    static const struct timespec moment = {.tv_nsec = 100000000};

    partial->descriptor = open(partial->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (partial->descriptor < 0) {
        return cc_fail(error, CC_IO, "%s: cannot make the file: %s", partial->path,
                       strerror(errno));
    }
    while (is_held_elsewhere(partial->descriptor)) {
        if (patient != NULL && !patient(context)) {
            return cc_fail(error, CC_CANCELLED, "stopped as asked");
        }
        nanosleep(&moment, NULL);
    }
    return CC_OK;
}

static cc_status find_end(cc_partial *partial, cc_error *error)
{
    off_t end = lseek(partial->descriptor, 0, SEEK_END);

    if (end < 0) {
        return cc_fail(error, CC_IO, "%s: %s", partial->path, strerror(errno));
    }
    partial->size = (uint64_t)end;
    return CC_OK;
}

cc_status cc_partial_open(cc_partial *partial, const char *target, bool (*patient)(void *context),
                          void *context, bool *finished, cc_error *error)
{
    size_t size = strlen(target) + sizeof ".part";
    cc_status status = CC_OK;

    memset(partial, 0, sizeof *partial);
    *finished = false;
    partial->target = target;
    partial->descriptor = -1;
    partial->path = cc_alloc(size);
    if (partial->path == NULL) {
        return cc_fail_memory(error, size);
    }
    snprintf(partial->path, size, "%s.part", target);
    do {
        if (partial->descriptor >= 0) {
            close(partial->descriptor);
        }
        status = open_once(partial, patient, context, error);
    } while (status == CC_OK && !is_still_named(partial));
    if (status == CC_OK) {
        status = find_end(partial, error);
    }
    if (status == CC_OK && exists(target)) {
        *finished = true;
        cc_partial_close(partial);
    } else if (status != CC_OK) {
        let_go(partial);
    }
    return status;
}

bool cc_partial_append(cc_partial *partial, const void *data, size_t size)
{
    const char *at = data;

    if (partial->limit != 0 &&
        (partial->size > partial->limit || size > partial->limit - partial->size)) {
        partial->above_limit = true;
        return false;
    }
    while (size > 0) {
        ssize_t wrote = write(partial->descriptor, at, size);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            partial->write_error = wrote < 0 ? errno : ENOSPC;
            return false;
        }
        at += wrote;
        size -= (size_t)wrote;
        partial->size += (uint64_t)wrote;
    }
    return true;
}

cc_status cc_partial_truncate(cc_partial *partial, cc_error *error)
{
    if (ftruncate(partial->descriptor, 0) != 0 || lseek(partial->descriptor, 0, SEEK_SET) != 0) {
        return cc_fail(error, CC_IO, "%s: %s", partial->path, strerror(errno));
    }
    partial->size = 0;
    return CC_OK;
}

cc_status cc_partial_commit(cc_partial *partial, cc_error *error)
{
    cc_status status = CC_OK;

    if (fsync(partial->descriptor) != 0) {
        status = cc_fail(error, CC_IO, "%s: cannot write: %s", partial->path, strerror(errno));
    } else if (link(partial->path, partial->target) == 0) {
        unlink(partial->path);
    } else if (errno == EEXIST) {
        status = cc_fail(error, CC_IO, "%s: has come to exist meanwhile, and is not replaced",
                         partial->target);
    } else if (rename(partial->path, partial->target) != 0) { /* no hard links here */
        status = cc_fail(error, CC_IO, "%s: cannot put the finished file in place: %s",
                         partial->target, strerror(errno));
    }
    let_go(partial);
    return status;
}

void cc_partial_close(cc_partial *partial)
{
    if (partial->descriptor >= 0 && partial->size == 0) {
        unlink(partial->path);
    }
    let_go(partial);
}

void cc_partial_remove(cc_partial *partial)
{
    if (partial->path != NULL) {
        unlink(partial->path);
    }
    let_go(partial);
}
