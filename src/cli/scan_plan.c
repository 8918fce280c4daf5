#define _POSIX_C_SOURCE 200809L /* stat, mkdir, isatty, strdup */
#include "scan_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* --format pdf, which is no format of a picture. */
static bool wants_pdf(const cli_scan_wish *wish)
{
    return wish->pictures->format != NULL && strcasecmp(wish->pictures->format, "pdf") == 0;
}

static bool ends_in_pdf(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".pdf") == 0;
}

/* -o names a folder if it is one, ends in '/', or there are several photos. */
static bool means_folder(const char *output, int photo_count)
{
    size_t length = strlen(output);
    return is_folder(output) || output[length - 1] == '/' ||
           (photo_count > 1 && !is_standard(output));
}

static int make_folder(const char *path)
{
    struct stat about;

    if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode)) {
        cli_error("%s: is a file; several photos, or a name ending in '/', need a folder", path);
        return CLI_EXIT_USAGE;
    }
    if (!is_folder(path) && mkdir(path, 0777) != 0) {
        cli_error("%s: cannot make this folder: %s", path, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

/* ---- one photo ---- */

static char *default_name(const cli_scan_wish *wish, const char *photo, const char *folder)
{
    clearcut_format format = CLEARCUT_FORMAT_PNG;
    char suffix[16];

    if (wish->pictures->format != NULL) {
        format = clearcut_format_from_name(wish->pictures->format);
    }
    snprintf(suffix, sizeof suffix, ".flat%s",
             wants_pdf(wish) ? ".pdf" : cli_format_extension(format));
    return cli_derived_name(is_standard(photo) ? "stdin" : photo, folder, suffix);
}

/* Where one photo goes; NULL if memory is out. */
static char *output_name(const cli_scan_wish *wish, const char *photo, const char *folder)
{
    if (folder != NULL) {
        return default_name(wish, photo, folder);
    }
    if (wish->output != NULL) {
        return strdup(wish->output);
    }
    return is_standard(photo) ? strdup("-") : default_name(wish, photo, NULL);
}

static int check_standard_output(const cli_scan_wish *wish, int photo_count)
{
    if (wish->json) {
        cli_error("--json needs standard output for itself: name an output with -o");
        return CLI_EXIT_USAGE;
    }
    if (photo_count > 1) {
        cli_error("several pictures do not fit into standard output: give -o a folder");
        return CLI_EXIT_USAGE;
    }
    if (isatty(STDOUT_FILENO)) {
        cli_error("a picture does not belong on a terminal: name an output with -o");
        return CLI_EXIT_USAGE;
    }
    return CLI_EXIT_OK;
}

static int check_output(const cli_scan_wish *wish, cli_scan_item *item)
{
    clearcut_error error;

    if (!item->is_document && !cli_output_format(wish->pictures, item->output, &item->format)) {
        return CLI_EXIT_USAGE;
    }
    if (clearcut_output_check(item->output, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return error.code == CLEARCUT_INVALID_ARGUMENT ? CLI_EXIT_USAGE : CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

/* ---- all of them ---- */

/* Which photo lays claim to which file. */
typedef struct claim {
    const char *output;
    const char *input;
} claim;

static int compare_claims(const void *a, const void *b)
{
    const claim *first = a;
    const claim *second = b;
    return strcmp(first->output, second->output);
}

/* Two photos, one output: found by sorting the names. */
static int refuse_collisions(const cli_scan_plan *plan)
{
    claim *claims;
    int result = CLI_EXIT_OK;

    if (plan->count < 2) {
        return CLI_EXIT_OK;
    }
    claims = calloc((size_t)plan->count, sizeof *claims);
    if (claims == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    for (int i = 0; i < plan->count; i++) {
        claims[i] = (claim){plan->items[i].output, plan->items[i].input};
    }
    qsort(claims, (size_t)plan->count, sizeof *claims, compare_claims);
    for (int i = 1; i < plan->count && result == CLI_EXIT_OK; i++) {
        if (strcmp(claims[i - 1].output, claims[i].output) == 0) {
            cli_error("%s and %s would both become %s; scan them apart, or rename one",
                      cli_input_name(claims[i - 1].input), cli_input_name(claims[i].input),
                      claims[i].output);
            result = CLI_EXIT_USAGE;
        }
    }
    free(claims);
    return result;
}

/* An output that is one of the photos. Only outputs that exist can be. */
static int refuse_overwriting(const cli_scan_plan *plan, const cli_scan_item *item)
{
    struct stat about;

    if (stat(item->output, &about) != 0) {
        return CLI_EXIT_OK;
    }
    for (int i = 0; i < plan->count; i++) {
        if (clearcut_file_same(plan->items[i].input, item->output)) {
            cli_error("%s: output and input are the same file; give another name, or --in-place "
                      "to replace it",
                      item->output);
            return CLI_EXIT_USAGE;
        }
    }
    return CLI_EXIT_OK;
}

static int name_outputs(const cli_scan_wish *wish, cli_scan_plan *plan)
{
    bool to_folder =
        wish->output != NULL && plan->document == NULL && means_folder(wish->output, plan->count);

    for (int i = 0; i < plan->count; i++) {
        cli_scan_item *item = &plan->items[i];
        int result = CLI_EXIT_OK;
        item->is_document = plan->document != NULL || wants_pdf(wish);
        item->output = output_name(wish, item->input, to_folder ? wish->output : NULL);
        if (item->output == NULL) {
            return CLI_EXIT_INPUT;
        }
        if (is_standard(item->output)) {
            result = check_standard_output(wish, plan->document != NULL ? 1 : plan->count);
        }
        if (result != CLI_EXIT_OK) {
            return result;
        }
    }
    return CLI_EXIT_OK;
}

static int check_outputs(const cli_scan_wish *wish, cli_scan_plan *plan)
{
    int result = plan->document == NULL ? refuse_collisions(plan) : CLI_EXIT_OK;

    for (int i = 0; i < plan->count && result == CLI_EXIT_OK; i++) {
        if (!wish->in_place) {
            result = refuse_overwriting(plan, &plan->items[i]);
        }
        if (result == CLI_EXIT_OK) {
            result = check_output(wish, &plan->items[i]);
        }
    }
    return result;
}

int cli_scan_plan_make(const cli_scan_wish *wish, int photo_count, char **photos,
                       cli_scan_plan *plan)
{
    int result = CLI_EXIT_OK;

    plan->count = 0;
    plan->items = calloc((size_t)photo_count, sizeof *plan->items);
    if (plan->items == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    plan->count = photo_count;
    for (int i = 0; i < photo_count; i++) {
        plan->items[i].input = photos[i];
    }
    if (wish->no_output) {
        return CLI_EXIT_OK;
    }
    if (wish->output != NULL && !is_folder(wish->output) &&
        (ends_in_pdf(wish->output) || (is_standard(wish->output) && wants_pdf(wish)))) {
        plan->document = wish->output;
    }
    if (wish->output != NULL && plan->document == NULL && means_folder(wish->output, photo_count)) {
        result = make_folder(wish->output);
    }
    if (result == CLI_EXIT_OK) {
        result = name_outputs(wish, plan);
    }
    return result == CLI_EXIT_OK ? check_outputs(wish, plan) : result;
}

void cli_scan_plan_free(cli_scan_plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        free(plan->items[i].output);
    }
    free(plan->items);
    plan->items = NULL;
    plan->count = 0;
}
