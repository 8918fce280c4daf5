/* Folders, finished outputs, and the deleting of inputs: the part of the folder
 * command that can do harm, kept in one place.
 */
#define _GNU_SOURCE /* st_mtim, flock, O_DIRECTORY */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "report.h"

clearcut_status cli_batch_make_folders(const char *path, clearcut_error *error)
{
    char *copy = strdup(path);
    clearcut_status status = CLEARCUT_OK;

    if (copy == NULL) {
        snprintf(error->message, sizeof error->message, "%s: not enough memory", path);
        return error->code = CLEARCUT_OUT_OF_MEMORY;
    }
    for (char *slash = strchr(copy + 1, '/'); slash != NULL && status == CLEARCUT_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            status = error->code = CLEARCUT_IO;
            snprintf(error->message, sizeof error->message, "%.900s: cannot make the folder: %s",
                     copy, strerror(errno));
        }
        *slash = '/';
    }
    free(copy);
    return status;
}

/* ---- deleting inputs ---- */

/* Wait until a file, and its name in its folder, are on the disk: an input must
 * not be gone before its output is there to stay. */
static bool sync_path(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int parent;
    bool good;

    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    parent = folder != NULL ? open(slash != NULL ? folder : ".", O_RDONLY | O_CLOEXEC) : -1;
    good = file >= 0 && parent >= 0 && fsync(file) == 0 && fsync(parent) == 0;
    if (file >= 0) {
        close(file);
    }
    if (parent >= 0) {
        close(parent);
    }
    free(folder);
    return good;
}

void cli_batch_delete_input(cli_batch *batch, cli_batch_item *item)
{
    const char *trouble = NULL;

    if (clearcut_file_same(item->input, item->output)) {
        trouble = "output and input are one file";
    } else if (!sync_path(item->output)) {
        trouble = "the output could not be written through to the disk";
    } else if (unlink(item->input) != 0) {
        trouble = strerror(errno);
    }
    if (trouble == NULL) {
        item->outcome->deleted = true;
        atomic_fetch_add(&batch->deleted, 1);
    } else {
        snprintf(item->outcome->note, sizeof item->outcome->note, "the input was kept: %s",
                 trouble);
    }
}

static bool later_or_same(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec >= b->tv_nsec);
}

/* Same size, and both decode to their end? */
static bool same_picture_size(const char *input, const char *output)
{
    clearcut_image *first = NULL;
    clearcut_image *second = NULL;
    bool same = clearcut_image_read(input, NULL, &first, NULL) == CLEARCUT_OK &&
                clearcut_image_read(output, NULL, &second, NULL) == CLEARCUT_OK &&
                clearcut_image_width(first) == clearcut_image_width(second) &&
                clearcut_image_height(first) == clearcut_image_height(second);

    clearcut_image_free(&first);
    clearcut_image_free(&second);
    return same;
}

/* Is an output that was there before this run the output of this very input? The
 * name alone proves nothing: cameras use names again. The input's change time
 * (which copying and renaming set, and nobody can set back) must not be after the
 * output was written, and both must decode to the same size. */
static bool proves_to_be_its_own(const cli_batch_item *item)
{
    struct stat input;
    struct stat output;

    return stat(item->input, &input) == 0 && stat(item->output, &output) == 0 &&
           later_or_same(&output.st_mtim, &input.st_ctim) &&
           same_picture_size(item->input, item->output);
}

/* rembg may leave an empty file behind; ours are whole. */
static bool is_finished(const char *output)
{
    struct stat about;
    return stat(output, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0;
}

/* Written anew since its output was made? Asked while watching, where every item of
 * the list has just come. */
static bool is_older_than_input(const cli_batch_item *item)
{
    struct stat input;
    struct stat output;

    return stat(item->input, &input) == 0 && stat(item->output, &output) == 0 &&
           !later_or_same(&output.st_mtim, &input.st_ctim);
}

void cli_batch_settle_present(cli_batch *batch, bool watching)
{
    for (size_t i = 0; i < batch->list.count; i++) {
        cli_batch_item *item = &batch->list.items[i];

        if (batch->wanted.overwrite || !is_finished(item->output) ||
            (watching && is_older_than_input(item))) {
            batch->to_do++;
            continue;
        }
        item->state = CLI_BATCH_PRESENT;
        atomic_fetch_add(&batch->present, 1);
        item->outcome = calloc(1, sizeof *item->outcome);
        if (!batch->wanted.delete_input || item->outcome == NULL ||
            clearcut_cancel_requested(cli_cancel())) {
            continue;
        }
        if (proves_to_be_its_own(item)) {
            cli_batch_delete_input(batch, item);
        } else {
            snprintf(item->outcome->note, sizeof item->outcome->note,
                     "the input was kept: it may not be what the output was made from");
        }
    }
}

/* ---- what killed runs leave behind ---- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The output that a temporary name stands for is one of ours? */
static bool is_ours(char *const *outputs, size_t count, char *path)
{
    static const char mark[] = ".clearcut-";
    size_t length = strlen(path);
    size_t tail = sizeof mark - 1 + 6;
    char *end;
    bool found;

    if (length <= tail) {
        return false;
    }
    end = path + length - tail;
    if (strncmp(end, mark, sizeof mark - 1) != 0) {
        return false;
    }
    *end = '\0';
    found = bsearch(&path, outputs, count, sizeof *outputs, compare_text) != NULL;
    *end = mark[0];
    return found;
}

static void sweep_folder(const char *folder, char *const *outputs, size_t count)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;

    while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
        size_t size = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = malloc(size);
        if (path == NULL) {
            break;
        }
        snprintf(path, size, "%s/%s", folder, entry->d_name);
        if (is_ours(outputs, count, path)) {
            unlink(path);
        }
        free(path);
    }
    if (open_folder != NULL) {
        closedir(open_folder);
    }
}

/* Every folder that outputs lie in, once: sorted outputs of one folder need not be
 * neighbours, but then sweeping it again finds nothing. */
static void sweep(const cli_batch *batch)
{
    size_t count = batch->list.count;
    char **outputs = malloc((count + 1) * sizeof *outputs);
    char *last = NULL;

    for (size_t i = 0; outputs != NULL && i < count; i++) {
        outputs[i] = batch->list.items[i].output;
    }
    if (outputs != NULL) {
        qsort(outputs, count, sizeof *outputs, compare_text);
    }
    for (size_t i = 0; outputs != NULL && i < count; i++) {
        char *folder = strdup(outputs[i]);
        if (folder == NULL) {
            break;
        }
        *strrchr(folder, '/') = '\0';
        if (last == NULL || strcmp(last, folder) != 0) {
            sweep_folder(folder, outputs, count);
        }
        free(last);
        last = folder;
    }
    free(last);
    free(outputs);
}

int cli_batch_hold_output(const cli_batch *batch)
{
    int descriptor = open(batch->output_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0) {
        return -1;
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
        sweep(batch);
    }
    if (flock(descriptor, LOCK_SH) != 0) {
        close(descriptor); /* a file system without locks: then nothing was swept either */
        return -1;
    }
    return descriptor;
}
