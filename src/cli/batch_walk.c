/* Finding the pictures of a folder, by content. */
#define _GNU_SOURCE /* fstatat, openat, O_NOFOLLOW */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "report.h"

/* ---- is it a picture? ---- */

enum { SNIFF_SIZE = 16 };

typedef struct signature {
    size_t offset;
    size_t length;
    const char *bytes;
} signature;

/* Also formats that cannot be decoded here: their files are pictures all the
 * same, and a run that leaves them out must say so. */
static const signature signatures[] = {
    {0, 3, "\xff\xd8\xff"},      /* JPEG */
    {0, 8, "\x89PNG\r\n\x1a\n"}, /* PNG */
    {8, 4, "WEBP"},              /* in a RIFF container */
    {0, 4, "II*\0"},             /* TIFF, little-endian */
    {0, 4, "MM\0*"},             /* TIFF, big-endian */
    {4, 7, "ftyphei"},           /* HEIC */
    {4, 7, "ftypavi"},           /* AVIF */
    {4, 8, "ftypmif1"},          /* HEIF */
    {4, 8, "ftypmsf1"},          /* HEIF sequence */
    {0, 4, "GIF8"},              /* GIF */
    {0, 4, "8BPS"},              /* Photoshop */
    {0, 8, "\0\0\0\x0cjP  "},    /* JPEG 2000 */
    {0, 8, "\0\0\0\x0cJXL "},    /* JPEG XL, boxed */
    {0, 2, "\xff\x0a"},          /* JPEG XL, bare */
};

static bool is_bitmap(const char *start)
{
    /* BMP: "BM", the size, four reserved zeros */
    return memcmp(start, "BM", 2) == 0 && memcmp(start + 6, "\0\0\0\0", 4) == 0;
}

static bool has_signature(const char *start)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (memcmp(start + signatures[i].offset, signatures[i].bytes, signatures[i].length) == 0) {
            return true;
        }
    }
    return is_bitmap(start);
}

/* A file whose name claims a picture is one, even if it turns out to be empty or
 * damaged: that is a failure to be named. What cannot be opened is kept as well. */
static bool is_picture(int folder, const char *name)
{
    char start[SNIFF_SIZE] = {0};
    int descriptor;
    ssize_t got;

    if (clearcut_format_from_path(name) != CLEARCUT_FORMAT_UNKNOWN) {
        return true;
    }
    descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    got = read(descriptor, start, sizeof start);
    close(descriptor);
    return got == SNIFF_SIZE && has_signature(start);
}

/* ---- walking ---- */

typedef struct walk {
    cli_batch *batch;
    struct stat apart[2]; /* of the output and review folders; st_ino 0 if there is none */
} walk;

static char *join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] != '/';
    size_t size = length + strlen(name) + 2;
    char *path = malloc(size);

    if (path == NULL) {
        cli_error("not enough memory");
    } else {
        snprintf(path, size, "%s%s%s", folder, slash ? "/" : "", name);
    }
    return path;
}

static bool add_item(cli_batch *batch, const char *relative)
{
    cli_batch_list *list = &batch->list;
    cli_batch_item *item;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        cli_batch_item *items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL) {
            cli_error("not enough memory for a list of %zu pictures", capacity);
            return false;
        }
        list->items = items;
        list->capacity = capacity;
    }
    item = &list->items[list->count];
    memset(item, 0, sizeof *item);
    item->relative = join("", relative);
    item->input = join(batch->input_folder, relative);
    list->count++;
    return item->relative != NULL && item->input != NULL;
}

/* An output on its way, of this or another run. */
static bool is_temporary(const char *name)
{
    static const char mark[] = ".clearcut-";
    size_t length = strlen(name);
    size_t tail = sizeof mark - 1 + 6;

    return length > tail && strncmp(name + length - tail, mark, sizeof mark - 1) == 0;
}

static bool is_apart(const walk *at, const struct stat *about)
{
    for (int i = 0; i < 2; i++) {
        if (about->st_ino == at->apart[i].st_ino && about->st_dev == at->apart[i].st_dev) {
            return true;
        }
    }
    return false;
}

static bool walk_folder(walk *at, const char *relative);

static bool take_entry(walk *at, int folder, const char *relative, const char *name)
{
    struct stat about;
    struct stat itself;
    char *below;
    bool good = true;

    if (fstatat(folder, name, &itself, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(folder, name, &about, 0) != 0) {
        return true; /* gone since it was listed, or a link to nowhere */
    }
    if (S_ISDIR(about.st_mode) && S_ISLNK(itself.st_mode)) {
        return true; /* as rembg: links to folders are not followed, so no loops */
    }
    below = join(relative, name);
    if (below == NULL) {
        return false;
    }
    if (S_ISDIR(about.st_mode)) {
        good = is_apart(at, &about) || walk_folder(at, below);
    } else if (S_ISREG(about.st_mode) && !is_temporary(name)) {
        if (is_picture(folder, name)) {
            good = add_item(at->batch, below);
        } else {
            at->batch->list.not_pictures++;
        }
    }
    free(below);
    return good;
}

static bool walk_folder(walk *at, const char *relative)
{
    char *path = join(at->batch->input_folder, relative);
    DIR *folder;
    const struct dirent *entry;
    bool good = true;

    if (path == NULL) {
        return false;
    }
    cli_batch_watch_folder(at->batch, relative, path);
    folder = opendir(path);
    if (folder == NULL) {
        cli_error("%s: cannot read the folder: %s", path, strerror(errno));
        at->batch->list.unreadable_folders++;
    }
    while (folder != NULL && good && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            good = take_entry(at, dirfd(folder), relative, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    free(path);
    return good;
}

static int by_relative_name(const void *a, const void *b)
{
    const cli_batch_item *first = a;
    const cli_batch_item *second = b;
    return strcmp(first->relative, second->relative);
}

bool cli_batch_walk(cli_batch *batch)
{
    walk at = {.batch = batch};

    if (stat(batch->output_folder, &at.apart[0]) != 0) {
        memset(&at.apart[0], 0, sizeof at.apart[0]);
    }
    if (batch->wanted.review == NULL || stat(batch->wanted.review, &at.apart[1]) != 0) {
        memset(&at.apart[1], 0, sizeof at.apart[1]);
    }
    if (!walk_folder(&at, "")) {
        return false;
    }
    if (batch->list.count > 0) {
        qsort(batch->list.items, batch->list.count, sizeof *batch->list.items, by_relative_name);
    }
    return true;
}

void cli_batch_list_free(cli_batch_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].relative);
        free(list->items[i].input);
        free(list->items[i].output);
        free(list->items[i].outcome);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}
