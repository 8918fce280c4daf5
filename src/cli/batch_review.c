/* What somebody should look at: doubtful results, set aside in a folder. */
#define _GNU_SOURCE /* link */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "report.h"

/* Of clearcut_image_doubt. The masks of IS-Net of 45 photos of pages, receipts and
 * things fall into two heaps, 0.01 to 0.21 where the subject was cut out and 0.44 to
 * 0.98 where it was not; the middle lies here. */
#define MOST_DOUBT 0.3

bool cli_batch_is_doubtful(const cli_batch_outcome *outcome, char *why, size_t size)
{
    const char *matting = NULL;

    if (outcome->subject.status == CLEARCUT_SUBJECT_NONE) {
        snprintf(why, size, "no clear subject: %s", outcome->subject.reason);
        return true;
    }
    if (outcome->matting.status > CLEARCUT_MATTING_DONE) {
        matting = clearcut_matting_status_name(outcome->matting.status);
        snprintf(why, size, "alpha matting: %s", matting);
        return true;
    }
    if (outcome->doubt > MOST_DOUBT) {
        snprintf(why, size, "the mask is uncertain (doubt %.2f)", outcome->doubt);
        return true;
    }
    return false;
}

/* folder/name + suffix, with the folders above it made; the caller frees it. */
static char *target_of(const cli_batch *batch, const char *relative, const char *suffix,
                       clearcut_error *error)
{
    size_t size = strlen(batch->wanted.review) + strlen(relative) + strlen(suffix) + 2;
    char *target = malloc(size);

    if (target == NULL) {
        snprintf(error->message, sizeof error->message, "not enough memory");
        return NULL;
    }
    snprintf(target, size, "%s/%s%s", batch->wanted.review, relative, suffix);
    if (cli_batch_make_folders(target, error) != CLEARCUT_OK) {
        free(target);
        return NULL;
    }
    return target;
}

/* A hard link costs nothing and outlives the deleting of either name; across file
 * systems it must be a copy. */
static bool link_or_copy(const char *from, const char *to, clearcut_error *error)
{
    clearcut_bytes bytes = {0};
    bool good;

    if (link(from, to) == 0 || (errno == EEXIST && clearcut_file_same(from, to))) {
        return true;
    }
    good = clearcut_file_read(from, 0, &bytes, error) == CLEARCUT_OK &&
           cli_write_bytes(bytes.data, bytes.size, to, error) == CLEARCUT_OK;
    clearcut_bytes_free(&bytes);
    return good;
}

static bool put_aside(const cli_batch *batch, const char *file, const char *relative,
                      const char *suffix, clearcut_error *error)
{
    char *target = target_of(batch, relative, suffix, error);
    bool good = target != NULL && link_or_copy(file, target, error);

    free(target);
    return good;
}

void cli_batch_review(cli_batch *batch, cli_batch_item *item, bool written)
{
    cli_batch_outcome *outcome = item->outcome;
    clearcut_error error = {0};
    char why[192];
    char suffix[24];
    size_t used = strlen(outcome->note);

    if (batch->wanted.review == NULL || !cli_batch_is_doubtful(outcome, why, sizeof why)) {
        return;
    }
    snprintf(suffix, sizeof suffix, ".result%s", cli_format_extension(batch->format));
    outcome->in_review =
        put_aside(batch, item->input, item->relative, "", &error) &&
        (!written || put_aside(batch, item->output, item->relative, suffix, &error));
    if (outcome->in_review) {
        atomic_fetch_add(&batch->in_review, 1);
    }
    snprintf(outcome->note + used, sizeof outcome->note - used, "%s%s%s%s", used > 0 ? "; " : "",
             why, outcome->in_review ? ", to be reviewed" : ", but could not be set aside: ",
             outcome->in_review ? "" : error.message);
}
