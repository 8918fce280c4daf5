/* scan: photos of pages become flat pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "corners.h"
#include "options.h"
#include "pictures.h"
#include "report.h"
#include "result.h"
#include "scan_plan.h"

typedef struct settings {
    const char *output;
    const char *corners;
    double aspect;
    long long width;
    long long height;
    bool corners_only;
    bool keep;
    bool in_place;
    cli_pictures pictures;
    cli_engine engine;
} settings;

static const cli_option option_table[] = {
    {"o", "output", CLI_TEXT, offsetof(settings, output), 0, 0, "OUT",
     "a file for one photo, or a folder; default: PHOTO's name ending in .flat.png"},
    {NULL, "corners-only", CLI_FLAG, offsetof(settings, corners_only), 0, 0, NULL,
     "only say where the page is; write no picture"},
    {NULL, "corners", CLI_TEXT, offsetof(settings, corners), 0, 0, "JSON",
     "use these corners, [[x,y],[x,y],[x,y],[x,y]], instead of looking"},
    {NULL, "aspect", CLI_REAL, offsetof(settings, aspect), 0.01, 100, "R",
     "width / height of the sheet; default: recovered from the perspective"},
    {NULL, "width", CLI_INTEGER, offsetof(settings, width), 1, 1000000, "PIXELS",
     "width of the result; default: so that nothing is lost"},
    {NULL, "height", CLI_INTEGER, offsetof(settings, height), 1, 1000000, "PIXELS",
     "height of the result, likewise"},
    {NULL, "keep", CLI_FLAG, offsetof(settings, keep), 0, 0, NULL,
     "where no page is found, write the picture as it is"},
    {NULL, "in-place", CLI_FLAG, offsetof(settings, in_place), 0, 0, NULL,
     "allow an output to replace its photo"},
    CLI_PICTURE_OPTIONS(settings),
    CLI_ENGINE_OPTIONS(settings),
};

/* What all photos share. */
typedef struct batch {
    const settings *wanted;
    clearcut_precision precision;
    clearcut_point corners[4]; /* given ones */
    clearcut_scanner *scanner;
    double load_ms;
} batch;

/* One photo on its way. */
typedef struct job {
    batch *shared;
    const cli_scan_item *item;
    clearcut_bytes bytes;
    clearcut_image *photo;
    clearcut_image *flat;
    clearcut_page page;
    bool given_corners;
    bool written;
    int width; /* of the result; 0 = none */
    int height;
    clearcut_timing timing;
} job;

/* ---- one photo ---- */

static clearcut_status find_page(job *work, clearcut_error *error)
{
    batch *shared = work->shared;

    if (!work->given_corners) {
        return clearcut_scanner_find(shared->scanner, work->photo, &work->timing, &work->page,
                                     error);
    }
    work->page.status = CLEARCUT_PAGE_CORRECTED;
    memcpy(work->page.corners, shared->corners, sizeof work->page.corners);
    snprintf(work->page.reason, sizeof work->page.reason, "the corners were given");
    return CLEARCUT_OK;
}

static clearcut_status write_flattened(job *work, clearcut_error *error)
{
    const settings *wanted = work->shared->wanted;
    clearcut_flatten_options options;
    clearcut_status status;

    clearcut_flatten_options_init(&options);
    options.width = (int)wanted->width;
    options.height = (int)wanted->height;
    options.aspect = wanted->aspect != 0 ? wanted->aspect : work->page.aspect;
    options.max_pixels = (uint64_t)wanted->pictures.max_pixels;
    options.timing = &work->timing;
    status = clearcut_scanner_flatten(work->shared->scanner, work->photo, work->page.corners,
                                      &options, &work->flat, error);
    if (status != CLEARCUT_OK) {
        return status;
    }
    work->width = clearcut_image_width(work->flat);
    work->height = clearcut_image_height(work->flat);
    return cli_write_picture(&wanted->pictures, work->item->format, work->flat, work->item->output,
                             &work->timing, error);
}

/* The photo as it is: the very bytes where the format stays the same. */
static clearcut_status write_unchanged(job *work, clearcut_error *error)
{
    const settings *wanted = work->shared->wanted;
    bool same_bytes = clearcut_image_source_format(work->photo) == work->item->format &&
                      !wanted->pictures.srgb && clearcut_image_note(work->photo)[0] == '\0';

    work->width = clearcut_image_width(work->photo);
    work->height = clearcut_image_height(work->photo);
    if (same_bytes) {
        double begin = cli_clock_ms();
        clearcut_status status =
            cli_write_bytes(work->bytes.data, work->bytes.size, work->item->output, error);
        work->timing.encode += cli_clock_ms() - begin;
        return status;
    }
    return cli_write_picture(&wanted->pictures, work->item->format, work->photo, work->item->output,
                             &work->timing, error);
}

static clearcut_status write_result(job *work, clearcut_error *error)
{
    const settings *wanted = work->shared->wanted;
    clearcut_status status;

    if (wanted->corners_only || (work->page.status == CLEARCUT_PAGE_NONE && !wanted->keep)) {
        return CLEARCUT_OK;
    }
    if (work->page.status == CLEARCUT_PAGE_CORRECTED) {
        status = write_flattened(work, error);
    } else {
        status = write_unchanged(work, error);
    }
    work->written = status == CLEARCUT_OK;
    return status;
}

static clearcut_status do_photo(job *work, clearcut_error *error)
{
    const settings *wanted = work->shared->wanted;
    double begin = cli_clock_ms();
    clearcut_status status = cli_read_picture(&wanted->pictures, work->item->input, &work->timing,
                                              &work->bytes, &work->photo, error);

    if (status == CLEARCUT_OK) {
        status = find_page(work, error);
    }
    if (status == CLEARCUT_OK) {
        status = write_result(work, error);
    }
    work->timing.total = cli_clock_ms() - begin;
    return status;
}

/* ---- telling ---- */

static bool print_json(const job *work)
{
    clearcut_device device;
    cli_json json = {0};
    bool has_page = work->page.status != CLEARCUT_PAGE_NONE;
    cli_result result = {.file = work->item->input,
                         .status = clearcut_page_status_name(work->page.status),
                         .reason = work->page.reason,
                         .output = work->written ? work->item->output : NULL,
                         .width = clearcut_image_width(work->photo),
                         .height = clearcut_image_height(work->photo),
                         .device = &device,
                         .load_ms = work->shared->load_ms,
                         .ms = work->timing};

    clearcut_scanner_device(work->shared->scanner, &device);
    cli_result_begin(&json, &result);
    cli_json_corners(&json, has_page ? work->page.corners : NULL);
    if (work->given_corners) {
        cli_json_null(&json, "confidence");
    } else {
        cli_json_real(&json, "confidence", work->page.confidence, 4);
    }
    if (work->page.aspect > 0) {
        cli_json_real(&json, "aspect", work->page.aspect, 5);
    } else {
        cli_json_null(&json, "aspect");
    }
    if (work->width > 0) {
        cli_json_integer(&json, "output_width", work->width);
        cli_json_integer(&json, "output_height", work->height);
    }
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

/* For people: on stdout, or on stderr where the picture goes to stdout. */
static void print_text(const job *work)
{
    const char *name = cli_input_name(work->item->input);
    bool to_stdout = work->written && strcmp(work->item->output, "-") == 0;
    FILE *stream = to_stdout ? stderr : stdout;

    fprintf(stream, "%s: %s", name, clearcut_page_status_name(work->page.status));
    if (!work->given_corners) {
        fprintf(stream, " (confidence %.2f)", work->page.confidence);
    }
    fprintf(stream, ": %s", work->page.reason);
    if (work->shared->wanted->corners_only && work->page.status != CLEARCUT_PAGE_NONE) {
        const clearcut_point *at = work->page.corners;
        fprintf(stream, "; corners [[%.1f,%.1f],[%.1f,%.1f],[%.1f,%.1f],[%.1f,%.1f]]", at[0].x,
                at[0].y, at[1].x, at[1].y, at[2].x, at[2].y, at[3].x, at[3].y);
    }
    if (work->written && !to_stdout) {
        fprintf(stream, " -> %s (%d x %d)", work->item->output, work->width, work->height);
    }
    fputc('\n', stream);
    fflush(stream);
    if (!work->written && !work->shared->wanted->corners_only) {
        cli_note("%s: no output was written; --keep writes the picture as it is", name);
    }
}

static int finish_photo(job *work, clearcut_status status, clearcut_error *error)
{
    bool json = work->shared->wanted->engine.json;
    int result = cli_input_exit(status);

    cli_progress_end();
    if (status != CLEARCUT_OK) {
        const char *name = cli_input_name(work->item->input);
        bool named = strstr(error->message, name) != NULL;
        cli_error("%s%s%s", named ? "" : name, named ? "" : ": ", error->message);
        if (json) {
            cli_result_print_error(work->item->input, error);
        }
    } else if (!json) {
        print_text(work);
    } else if (!print_json(work)) {
        result = CLI_EXIT_INPUT;
    }
    return result;
}

static int scan_photo(batch *shared, const cli_scan_item *item)
{
    job work = {.shared = shared, .item = item, .given_corners = shared->wanted->corners != NULL};
    clearcut_error error;
    clearcut_status status;
    int result;

    cli_progress_begin(cli_input_name(item->input));
    status = do_photo(&work, &error);
    result = finish_photo(&work, status, &error);
    clearcut_image_free(&work.flat);
    clearcut_image_free(&work.photo);
    clearcut_bytes_free(&work.bytes);
    return result;
}

/* ---- all photos ---- */

static clearcut_status create_scanner(batch *shared, clearcut_error *error)
{
    clearcut_scanner_options options;
    double begin = cli_clock_ms();
    clearcut_status status;

    clearcut_scanner_options_init(&options);
    options.device = shared->wanted->engine.device;
    options.threads = (int)shared->wanted->engine.threads;
    options.precision = shared->precision;
    options.cancel = cli_cancel();
    options.progress = cli_progress_stage;
    status = clearcut_scanner_create(&options, &shared->scanner, error);
    shared->load_ms = cli_clock_ms() - begin;
    return status;
}

static int scan_all(batch *shared, const cli_scan_plan *plan)
{
    clearcut_error error;
    clearcut_status status = create_scanner(shared, &error);
    int result = CLI_EXIT_OK;

    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return cli_model_exit(status, shared->precision);
    }
    for (int i = 0; i < plan->count; i++) {
        int outcome;
        if (clearcut_cancel_requested(cli_cancel())) {
            cli_error("interrupted after %d of %d photos", i, plan->count);
            return CLI_EXIT_INTERRUPTED;
        }
        outcome = scan_photo(shared, &plan->items[i]);
        if (outcome == CLI_EXIT_INTERRUPTED) {
            return outcome;
        }
        result = outcome != CLI_EXIT_OK ? outcome : result;
    }
    return result;
}

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help scan`", message);
    return CLI_EXIT_USAGE;
}

static int check_usage(batch *shared, int photo_count)
{
    const settings *wanted = shared->wanted;

    if (photo_count == 0) {
        return usage_error("no photo: name at least one, or - for standard input");
    }
    if (wanted->corners != NULL && photo_count > 1) {
        return usage_error("--corners fits one photo only");
    }
    if (wanted->corners != NULL && !cli_parse_corners(wanted->corners, shared->corners)) {
        return usage_error("--corners: takes [[x,y],[x,y],[x,y],[x,y]]: top-left, top-right, "
                           "bottom-right, bottom-left");
    }
    return cli_check_engine(&wanted->engine, &shared->precision);
}

static int run_scan(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {.pictures = CLI_PICTURE_DEFAULTS, .engine = CLI_ENGINE_DEFAULTS};
    batch shared = {.wanted = &wanted};
    cli_scan_plan plan = {0};
    cli_scan_wish wish = {0};
    int photo_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &wanted, &photo_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    result = check_usage(&shared, photo_count);
    if (result == CLI_EXIT_OK) {
        wish = (cli_scan_wish){wanted.output, wanted.corners_only, wanted.engine.json,
                               wanted.in_place, &wanted.pictures};
        result = cli_scan_plan_make(&wish, photo_count, arguments, &plan);
    }
    if (result == CLI_EXIT_OK) {
        result = scan_all(&shared, &plan);
    }
    clearcut_scanner_free(&shared.scanner);
    cli_scan_plan_free(&plan);
    return result;
}

const cli_command cli_scan_command = {
    .name = "scan",
    .usage = "[options] PHOTO...",
    .summary = "find the page in a photo and make it flat",
    .details =
        "Every answer has a status:\n"
        "  corrected  a page was found; the output is the flat page\n"
        "  flat       the picture is the page already; the output is the picture unchanged\n"
        "  no-page    there is no page that may be trusted; nothing is written unless --keep\n"
        "  error      the photo could not be read or the page not be written (exit status 1)\n"
        "no-page is an answer, not a failure: the exit status stays 0. Works offline, with a\n"
        "model that is part of the program. PHOTO may be - for standard input; the page then\n"
        "goes to standard output unless -o names a file.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_scan};
