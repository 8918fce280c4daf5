/* Names of outputs, and shares of the work. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "report.h"

/* Length of a relative name without its ending; ".hidden" has none. */
static size_t stem_length(const char *relative)
{
    const char *slash = strrchr(relative, '/');
    const char *name = slash != NULL ? slash + 1 : relative;
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot != name ? (size_t)(dot - relative) : strlen(relative);
}

static bool name_output(const cli_batch *batch, cli_batch_item *item)
{
    const char *extension = cli_format_extension(batch->format);
    size_t kept = item->keep_extension ? strlen(item->relative) : stem_length(item->relative);
    size_t folder = strlen(batch->output_folder);
    bool slash = batch->output_folder[folder - 1] != '/';
    size_t size = folder + kept + strlen(extension) + 2;

    free(item->output);
    item->output = malloc(size);
    if (item->output == NULL) {
        cli_error("not enough memory");
        return false;
    }
    snprintf(item->output, size, "%s%s%.*s%s", batch->output_folder, slash ? "/" : "", (int)kept,
             item->relative, extension);
    return true;
}

static int by_output(const void *a, const void *b)
{
    const cli_batch_item *first = *(cli_batch_item *const *)a;
    const cli_batch_item *second = *(cli_batch_item *const *)b;
    return strcmp(first->output, second->output);
}

/* In a list sorted by output, let all that share one keep their endings. Returns
 * how many had not done so before. */
static size_t separate(cli_batch_item **sorted, size_t count)
{
    size_t changed = 0;

    for (size_t i = 0; i < count; i++) {
        bool shared = (i > 0 && by_output(&sorted[i - 1], &sorted[i]) == 0) ||
                      (i + 1 < count && by_output(&sorted[i + 1], &sorted[i]) == 0);
        if (shared && !sorted[i]->keep_extension) {
            sorted[i]->keep_extension = true;
            changed++;
        }
    }
    return changed;
}

/* Whole names differ within a folder, so this ends with different outputs: a
 * round either changes something for good or there was nothing shared. */
bool cli_batch_name_outputs(cli_batch *batch)
{
    cli_batch_list *list = &batch->list;
    cli_batch_item **sorted = malloc((list->count + 1) * sizeof(cli_batch_item *));
    bool good = sorted != NULL;
    size_t changed = 1;

    if (!good) {
        cli_error("not enough memory");
    }
    while (good && changed > 0) {
        for (size_t i = 0; i < list->count && good; i++) {
            sorted[i] = &list->items[i];
            good = name_output(batch, sorted[i]);
        }
        if (good && list->count > 0) {
            qsort(sorted, list->count, sizeof *sorted, by_output);
        }
        changed = good ? separate(sorted, list->count) : 0;
    }
    free(sorted);
    return good;
}

/* ---- shards ---- */

static bool parse_shard(const char *text, uint64_t *index, uint64_t *count)
{
    enum { MOST_SHARDS = 1000000 };
    char first[16];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : 0;
    long long number;
    long long of;

    if (length == 0 || length >= sizeof first) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    if (!cli_parse_integer(slash + 1, 1, MOST_SHARDS, &of) ||
        !cli_parse_integer(first, 1, of, &number)) {
        return false;
    }
    *index = (uint64_t)number - 1;
    *count = (uint64_t)of;
    return true;
}

/* FNV-1a, 64 bits, its upper half folded in because the lowest bits alone repeat. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 14695981039346656037u;

    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

bool cli_batch_keep_shard(cli_batch *batch)
{
    cli_batch_list *list = &batch->list;
    uint64_t index = 0;
    uint64_t count = 1;
    size_t kept = 0;

    if (batch->wanted.shard == NULL) {
        return true;
    }
    if (!parse_shard(batch->wanted.shard, &index, &count)) {
        cli_error("--shard: \"%s\" is not I/N with 1 <= I <= N", batch->wanted.shard);
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        cli_batch_item *item = &list->items[i];
        if (hash_name(item->relative) % count == index) {
            list->items[kept++] = *item;
        } else {
            free(item->relative);
            free(item->input);
            free(item->output);
        }
    }
    list->count = kept;
    return true;
}
