/* Waiting for pictures to come: inotify. A picture is ready when whoever wrote it has
 * closed it or moved it into place. Where no event can tell (a folder that was moved in
 * with its files, hard links, a lost event), it is when nobody has it open for writing
 * and it has not changed for a second.
 */
#define _GNU_SOURCE /* F_SETLEASE, st_ctim */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "report.h"

/* Names below the input folder. */
typedef struct name_set {
    char **names; /* owned, as are they */
    size_t count;
    size_t capacity;
} name_set;

/* A watched folder; its place in the table is inotify's number for it. */
typedef struct watched {
    char *relative; /* owned; NULL = none */
    bool is_new;    /* since the last round: its files came without events */
} watched;

typedef struct cli_batch_watch {
    int descriptor;
    watched *folders;
    size_t folder_count;
    name_set ready;
    name_set young; /* to be looked at again */
    bool overflow;  /* events were lost */
    bool stopped;
    bool warned; /* of folders that cannot be watched */
} cli_batch_watch;

/* ---- names ---- */

static void clear_names(name_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->names[i]);
    }
    set->count = 0;
}

static bool has_name(const name_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Out of memory means that a picture waits for its next event; it is said. */
static void add_name(name_set *set, const char *name)
{
    char *copy;

    if (set->count == set->capacity) {
        size_t capacity = set->capacity > 0 ? 2 * set->capacity : 64;
        char **names = realloc(set->names, capacity * sizeof *names);
        if (names == NULL) {
            cli_error("%s: not enough memory to note that it came", name);
            return;
        }
        set->names = names;
        set->capacity = capacity;
    }
    copy = strdup(name);
    if (copy != NULL) {
        set->names[set->count++] = copy;
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- beginning and end ---- */

bool cli_batch_watch_begin(cli_batch *batch)
{
    cli_batch_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL) {
        cli_error("not enough memory");
        return false;
    }
    watch->descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->descriptor < 0) {
        cli_error("cannot watch folders: %s", strerror(errno));
        free(watch);
        return false;
    }
    batch->watch = watch;
    return true;
}

void cli_batch_watch_end(cli_batch *batch)
{
    cli_batch_watch *watch = batch->watch;

    if (watch == NULL) {
        return;
    }
    close(watch->descriptor);
    clear_names(&watch->ready);
    clear_names(&watch->young);
    free(watch->ready.names);
    free(watch->young.names);
    for (size_t i = 0; i < watch->folder_count; i++) {
        free(watch->folders[i].relative);
    }
    free(watch->folders);
    free(watch);
    batch->watch = NULL;
}

/* ---- folders ---- */

static bool make_room_for(cli_batch_watch *watch, size_t number)
{
    size_t count = watch->folder_count;
    watched *folders;

    if (number < count) {
        return true;
    }
    folders = realloc(watch->folders, (number + 64) * sizeof *folders);
    if (folders == NULL) {
        return false;
    }
    memset(folders + count, 0, (number + 64 - count) * sizeof *folders);
    watch->folders = folders;
    watch->folder_count = number + 64;
    return true;
}

static void warn(cli_batch_watch *watch, const char *path)
{
    if (!watch->warned) {
        cli_error("%s: cannot watch the folder: %s%s", path, strerror(errno),
                  errno == ENOSPC ? " (sysctl fs.inotify.max_user_watches raises the limit)" : "");
        watch->warned = true;
    }
}

void cli_batch_watch_folder(cli_batch *batch, const char *relative, const char *path)
{
    cli_batch_watch *watch = batch->watch;
    watched *folder;
    int number;

    if (watch == NULL) {
        return;
    }
    number =
        inotify_add_watch(watch->descriptor, path,
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR | IN_EXCL_UNLINK);
    if (number < 0 || !make_room_for(watch, (size_t)number)) {
        warn(watch, path);
        return;
    }
    folder = &watch->folders[number];
    if (folder->relative == NULL || strcmp(folder->relative, relative) != 0) {
        free(folder->relative); /* another name: it was moved, and its files with it */
        folder->relative = strdup(relative);
        folder->is_new = true;
    }
}

/* Does a picture lie directly in a folder that is watched only since the last round? */
static bool is_in_new_folder(const cli_batch_watch *watch, const char *relative)
{
    const char *slash = strrchr(relative, '/');
    size_t length = slash != NULL ? (size_t)(slash - relative) : 0;

    for (size_t i = 0; i < watch->folder_count; i++) {
        const watched *folder = &watch->folders[i];
        if (folder->is_new && folder->relative != NULL && strlen(folder->relative) == length &&
            strncmp(folder->relative, relative, length) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- events ---- */

static void take_name(cli_batch *batch, const char *folder, const struct inotify_event *event)
{
    cli_batch_watch *watch = batch->watch;
    char path[8192];
    int length =
        snprintf(path, sizeof path, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", event->name);

    if (length < 0 || (size_t)length >= sizeof path) {
        return;
    }
    if (event->mask & IN_ISDIR) {
        return; /* the next walk finds and watches it */
    }
    if (strcmp(path, "stop.txt") == 0) {
        watch->stopped = true; /* as rembg, which deletes it as well */
        snprintf(path, sizeof path, "%s/stop.txt", batch->input_folder);
        unlink(path);
        return;
    }
    add_name(event->mask & IN_CREATE ? &watch->young : &watch->ready, path);
}

static void take_event(cli_batch *batch, const struct inotify_event *event)
{
    cli_batch_watch *watch = batch->watch;
    watched *folder;

    if (event->mask & IN_Q_OVERFLOW) {
        watch->overflow = true;
        return;
    }
    if (event->wd < 0 || (size_t)event->wd >= watch->folder_count) {
        return;
    }
    folder = &watch->folders[event->wd];
    if (folder->relative == NULL) {
        return;
    }
    if (event->mask & IN_IGNORED) { /* the folder is gone */
        if (folder->relative[0] == '\0') {
            cli_error("%s: the folder is gone", batch->input_folder);
            watch->stopped = true;
        }
        free(folder->relative);
        folder->relative = NULL;
    } else if (event->len > 0) {
        take_name(batch, folder->relative, event);
    }
}

/* Take what has come. False if there was nothing. */
static bool take_events(cli_batch *batch)
{
    _Alignas(struct inotify_event) char buffer[16384];
    bool any = false;
    ssize_t got;

    while ((got = read(batch->watch->descriptor, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
            take_event(batch, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
        any = true;
    }
    return any;
}

/* ---- is it finished? ---- */

/* Somebody has it open for writing: then the kernel refuses a read lease. Where leases
 * do not exist the answer is no. */
static bool is_being_written(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool busy = false;

    if (descriptor >= 0) {
        busy = fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
        if (!busy) {
            (void)fcntl(descriptor, F_SETLEASE, F_UNLCK);
        }
        close(descriptor);
    }
    return busy;
}

/* Not changed for a second, by the file system's own clock as far as there is one. */
static bool has_settled(const char *path, bool *gone)
{
    struct stat about;
    struct timespec now;

    *gone = stat(path, &about) != 0;
    clock_gettime(CLOCK_REALTIME, &now);
    return !*gone &&
           (double)(now.tv_sec - about.st_ctim.tv_sec) +
                   (double)(now.tv_nsec - about.st_ctim.tv_nsec) * 1e-9 >
               1.0 &&
           !is_being_written(path);
}

/* Move the young ones that have settled to the ready ones. */
static void look_at_young(cli_batch *batch)
{
    cli_batch_watch *watch = batch->watch;
    size_t kept = 0;

    for (size_t i = 0; i < watch->young.count; i++) {
        char *name = watch->young.names[i];
        char path[8192];
        bool gone = false;

        snprintf(path, sizeof path, "%s/%s", batch->input_folder, name);
        if (has_settled(path, &gone)) {
            add_name(&watch->ready, name);
            gone = true;
        }
        if (gone || has_name(&watch->ready, name)) {
            free(name);
        } else {
            watch->young.names[kept++] = name;
        }
    }
    watch->young.count = kept;
}

/* ---- rounds ---- */

cli_batch_event cli_batch_watch_wait(cli_batch *batch)
{
    enum { NOTICE_MS = 200, QUIET_MS = 100, MOST_ROUNDS = 10 };
    cli_batch_watch *watch = batch->watch;
    struct pollfd events = {.fd = watch->descriptor, .events = POLLIN};
    bool any = false;

    while (!clearcut_cancel_requested(cli_cancel())) {
        (void)poll(&events, 1, NOTICE_MS);
        any = take_events(batch);
        /* A crowd that comes together is worked on together. */
        for (int i = 0; any && i < MOST_ROUNDS && poll(&events, 1, QUIET_MS) > 0; i++) {
            take_events(batch);
        }
        look_at_young(batch);
        if (any || watch->ready.count > 0) {
            return watch->stopped && watch->ready.count == 0 ? CLI_BATCH_STOPPED
                                                             : CLI_BATCH_CHANGED;
        }
        if (watch->stopped) {
            break;
        }
    }
    return CLI_BATCH_STOPPED;
}

/* Should it be worked on in this round? If not, but later, it is noted as young. */
static bool is_wanted(cli_batch_watch *watch, const cli_batch_item *item, bool first)
{
    const char *name = item->relative;

    if (watch->ready.count > 0 && bsearch(&name, watch->ready.names, watch->ready.count,
                                          sizeof(char *), compare_names) != NULL) {
        return true;
    }
    if (first && !is_being_written(item->input)) {
        return true;
    }
    if (first || watch->overflow || is_in_new_folder(watch, name)) {
        if (!has_name(&watch->young, name)) {
            add_name(&watch->young, name);
        }
    }
    return false;
}

void cli_batch_watch_keep_ready(cli_batch *batch, bool first)
{
    cli_batch_watch *watch = batch->watch;
    cli_batch_list *list = &batch->list;
    size_t kept = 0;

    if (watch->ready.count > 0) {
        qsort(watch->ready.names, watch->ready.count, sizeof(char *), compare_names);
    }
    for (size_t i = 0; i < list->count; i++) {
        cli_batch_item *item = &list->items[i];
        if (is_wanted(watch, item, first)) {
            list->items[kept++] = *item;
        } else {
            free(item->relative);
            free(item->input);
            free(item->output);
        }
    }
    list->count = kept;
    clear_names(&watch->ready);
    watch->overflow = false;
    for (size_t i = 0; i < watch->folder_count; i++) {
        watch->folders[i].is_new = false;
    }
}
