/* scan: photos of pages become flat pages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "corners.h"
#include "pull.h"
#include "report.h"
#include "result.h"
#include "scan.h"

typedef cli_scan_settings settings;

static const cli_option option_table[] = {
    {"o", "output", CLI_TEXT, offsetof(settings, output), 0, 0, "OUT",
     "a file for one photo, a folder, or a .pdf for all; default: PHOTO's name ending in "
     ".flat.png"},
    {NULL, "finish", CLI_TEXT, offsetof(settings, finish), 0, 0, "HOW",
     "photo (default: no colour changes), clean, grey or bilevel"},
    {NULL, "rotate", CLI_TEXT, offsetof(settings, rotate), 0, 0, "DEGREES",
     "clockwise: auto (default: upright where the text says so beyond doubt), 0, 90, 180 or 270"},
    {NULL, "dewarp", CLI_TEXT, offsetof(settings, dewarp), 0, 0, "WHEN",
     "take slight curl out of the page: auto (default), off or on"},
    {NULL, "size", CLI_TEXT, offsetof(settings, size), 0, 0, "SIZE",
     "of the sheet: A4, letter, legal, ID-1..., or 210x297mm; or of the result: 1240x1754px"},
    {NULL, "aspect", CLI_REAL, offsetof(settings, aspect), 0.01, 100, "R",
     "width / height of the sheet; default: recovered from the perspective"},
    {NULL, "measured", CLI_FLAG, offsetof(settings, measured), 0, 0, NULL,
     "keep the recovered proportions, even within 2.5 % of A4, Letter, Legal or ID-1"},
    {NULL, "dpi", CLI_REAL, offsetof(settings, dots_per_inch), 1, 9600, "N",
     "resolution of the result; default: so that nothing is lost"},
    {NULL, "width", CLI_INTEGER, offsetof(settings, width), 1, 1000000, "PIXELS",
     "width of the result, likewise"},
    {NULL, "height", CLI_INTEGER, offsetof(settings, height), 1, 1000000, "PIXELS",
     "height of the result, likewise"},
    {NULL, "ocr", CLI_TEXT, offsetof(settings, language), 0, 0, "LANG",
     "PDF: an invisible layer of text, read by the program tesseract: eng, deu, eng+deu"},
    {NULL, "corners-only", CLI_FLAG, offsetof(settings, corners_only), 0, 0, NULL,
     "only say where the page is; write no picture"},
    {NULL, "corners", CLI_TEXT, offsetof(settings, corners), 0, 0, "JSON",
     "use these corners, [[x,y],[x,y],[x,y],[x,y]], instead of looking"},
    {"m", "model", CLI_TEXT, offsetof(settings, model), 0, 0, "MODEL",
     "remove the background with this model first and take what is left for the page"},
    {NULL, "offline", CLI_FLAG, offsetof(settings, offline), 0, 0, NULL,
     "never fetch the model of -m"},
    {NULL, "on", CLI_TEXT, offsetof(settings, ground), 0, 0, "GROUND",
     "where the page has no four sides, cut it out and put it on white or transparent"},
    {NULL, "keep", CLI_FLAG, offsetof(settings, keep), 0, 0, NULL,
     "where no page is found, write the picture as it is"},
    {NULL, "min-confidence", CLI_REAL, offsetof(settings, least_confidence), 0, 1, "C",
     "take an answer below this for no page, or with --review set it aside"},
    {NULL, "review", CLI_TEXT, offsetof(settings, review), 0, 0, "FOLDER",
     "put photos with answers below --min-confidence (default 0.5) there, and write no page"},
    {NULL, "explain", CLI_TEXT, offsetof(settings, explain), 0, 0, "FOLDER",
     "write there what was seen in each photo, and report.html with all of it"},
    {NULL, "in-place", CLI_FLAG, offsetof(settings, in_place), 0, 0, NULL,
     "allow an output to replace its photo"},
    CLI_PICTURE_OPTIONS(settings),
    CLI_ENGINE_OPTIONS(settings),
};

/* ---- one photo ---- */

/* -m: what the model leaves is the page. */
static clearcut_status find_by_model(cli_scan_job *work, clearcut_error *error)
{
    clearcut_status status = clearcut_session_mask(work->shared->session, work->photo,
                                                   &work->timing, &work->mask, error);

    if (status == CLEARCUT_OK) {
        status = clearcut_scanner_find_in_mask(work->shared->scanner, work->photo, work->mask,
                                               &work->timing, &work->page, error);
    }
    return status;
}

static clearcut_status find_page(cli_scan_job *work, clearcut_error *error)
{
    cli_scan_batch *shared = work->shared;
    clearcut_status status;

    if (work->given_corners) {
        work->page.status = CLEARCUT_PAGE_CORRECTED;
        memcpy(work->page.corners, shared->corners, sizeof work->page.corners);
        snprintf(work->page.reason, sizeof work->page.reason, "the corners were given");
        return CLEARCUT_OK;
    }
    status = shared->session != NULL ? find_by_model(work, error)
                                     : clearcut_scanner_find(shared->scanner, work->photo,
                                                             &work->timing, &work->page, error);
    return status == CLEARCUT_OK ? clearcut_scanner_details(shared->scanner, &work->details, error)
                                 : status;
}

static clearcut_status do_photo(cli_scan_job *work, clearcut_error *error)
{
    cli_scan_batch *shared = work->shared;
    double begin = cli_clock_ms();
    clearcut_status status = cli_read_picture(&shared->wanted->pictures, work->item->input,
                                              &work->timing, &work->bytes, &work->photo, error);

    if (status == CLEARCUT_OK) {
        status = find_page(work, error);
    }
    if (status == CLEARCUT_OK && !work->given_corners) {
        cli_scan_to_full_size(work);
    }
    if (status == CLEARCUT_OK) {
        status = cli_scan_write(work, error);
    }
    if (status == CLEARCUT_OK && shared->report != NULL && !work->given_corners) {
        status = cli_scan_report_add(shared->report, work, error);
    }
    work->timing.total = cli_clock_ms() - begin;
    return status;
}

static int finish_photo(cli_scan_job *work, clearcut_status status, clearcut_error *error)
{
    bool json = work->shared->wanted->engine.json;
    int result = cli_input_exit(status);

    cli_progress_end();
    if (status != CLEARCUT_OK) {
        const char *name = cli_input_name(work->item->input);
        bool named = strstr(error->message, name) != NULL;
        work->shared->document_failures++;
        cli_error("%s%s%s", named ? "" : name, named ? "" : ": ", error->message);
        if (json) {
            cli_result_print_error(work->item->input, error);
        }
    } else if (!json) {
        cli_scan_print_text(work);
    } else if (!cli_scan_print_json(work)) {
        result = CLI_EXIT_INPUT;
    }
    return result;
}

static int scan_photo(cli_scan_batch *shared, const cli_scan_item *item)
{
    cli_scan_job work = {.shared = shared,
                         .item = item,
                         .details = {.size = sizeof work.details},
                         .given_corners = shared->wanted->corners != NULL,
                         .flattening = {.paper = ""},
                         .words = -1};
    clearcut_error error;
    clearcut_status status;
    int result;

    cli_progress_begin(cli_input_name(item->input));
    status = do_photo(&work, &error);
    result = finish_photo(&work, status, &error);
    clearcut_image_free(&work.flat);
    clearcut_image_free(&work.mask);
    clearcut_image_free(&work.photo);
    clearcut_bytes_free(&work.bytes);
    free(work.set_aside);
    return result;
}

/* ---- all photos ---- */

static clearcut_status create_scanner(cli_scan_batch *shared, clearcut_error *error)
{
    clearcut_scanner_options options;

    clearcut_scanner_options_init(&options);
    options.device = shared->wanted->engine.device;
    options.threads = (int)shared->wanted->engine.threads;
    options.precision = shared->precision;
    options.cancel = cli_cancel();
    options.progress = cli_progress_stage;
    return clearcut_scanner_create(&options, &shared->scanner, error);
}

static void take_note(void *context, const char *message)
{
    (void)context;
    cli_note("%s", message);
}

static clearcut_status create_session(cli_scan_batch *shared, clearcut_error *error)
{
    const cli_scan_settings *wanted = shared->wanted;
    clearcut_session_options options;
    clearcut_status status = cli_need_model(wanted->model, wanted->offline, false, error);

    clearcut_session_options_init(&options);
    options.model = wanted->model;
    options.device = wanted->engine.device;
    options.threads = (int)wanted->engine.threads;
    options.precision = shared->precision;
    options.cancel = cli_cancel();
    options.progress = cli_progress_stage;
    options.note = take_note;
    return status == CLEARCUT_OK ? clearcut_session_create(&options, &shared->session, error)
                                 : status;
}

/* Scanner, model, document and report, before the first photo. */
static int prepare(cli_scan_batch *shared)
{
    clearcut_error error;
    double begin = cli_clock_ms();
    clearcut_status status = create_scanner(shared, &error);

    if (status == CLEARCUT_OK && shared->wanted->model != NULL) {
        status = create_session(shared, &error);
    }
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return cli_model_exit(status, shared->precision);
    }
    shared->load_ms = cli_clock_ms() - begin;
    if (shared->document_path != NULL &&
        clearcut_document_create(&shared->document, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    return shared->wanted->explain != NULL
               ? cli_scan_report_open(shared->wanted->explain, &shared->report)
               : CLI_EXIT_OK;
}

/* The common document: whole or not at all. */
static int write_document(cli_scan_batch *shared)
{
    clearcut_bytes bytes = {0};
    clearcut_error error;
    clearcut_status status;

    if (shared->document == NULL) {
        return CLI_EXIT_OK;
    }
    if (shared->document_failures > 0) {
        cli_error("%s: not written, since %d of the photos failed; leave them out, or repair them",
                  cli_output_name(shared->document_path), shared->document_failures);
        return CLI_EXIT_INPUT;
    }
    if (clearcut_document_page_count(shared->document) == 0) {
        cli_note("%s: not written: every photo was set aside",
                 cli_output_name(shared->document_path));
        return CLI_EXIT_OK;
    }
    status = clearcut_document_finish(shared->document, &bytes, &error);
    if (status == CLEARCUT_OK) {
        status = cli_write_bytes(bytes.data, bytes.size, shared->document_path, &error);
    }
    clearcut_bytes_free(&bytes);
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
    }
    return cli_input_exit(status);
}

static int scan_all(cli_scan_batch *shared, const cli_scan_plan *plan)
{
    int result = prepare(shared);
    int ending;

    if (result != CLI_EXIT_OK) {
        return result;
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
    ending = write_document(shared);
    result = ending != CLI_EXIT_OK ? ending : result;
    ending = cli_scan_report_close(&shared->report);
    return ending != CLI_EXIT_OK ? ending : result;
}

/* ---- before any work ---- */

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help scan`", message);
    return CLI_EXIT_USAGE;
}

/* A photo may have the default's pixels whatever the result is limited to. */
static void settle_limits(cli_scan_batch *shared)
{
    cli_pictures *pictures = &shared->wanted->pictures;

    shared->choices.result_pixels = (uint64_t)pictures->max_pixels;
    if (pictures->max_pixels != 0 && (uint64_t)pictures->max_pixels < CLEARCUT_DEFAULT_MAX_PIXELS) {
        pictures->max_pixels = 0;
    }
}

static int check_usage(cli_scan_batch *shared, int photo_count)
{
    cli_scan_settings *wanted = shared->wanted;
    int result;

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
    settle_limits(shared);
    cli_scan_allow_reduced(wanted);
    if (wanted->review != NULL && wanted->least_confidence == 0) {
        wanted->least_confidence = 0.5;
    }
    result = cli_scan_choose(wanted, &shared->choices);
    return result == CLI_EXIT_OK ? cli_check_engine(&wanted->engine, &shared->precision) : result;
}

static int make_review_folder(const char *folder)
{
    struct stat about;

    if (folder != NULL && mkdir(folder, 0777) != 0 &&
        (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))) {
        cli_error("%s: cannot make this folder: %s", folder, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int check_ocr(const cli_scan_settings *wanted, const cli_scan_plan *plan)
{
    if (wanted->language == NULL || wanted->corners_only) {
        return CLI_EXIT_OK;
    }
    if (plan->count > 0 && !plan->items[0].is_document) {
        return usage_error("--ocr puts text under the pages of a PDF; name one with -o, or give "
                           "--format pdf");
    }
    return cli_scan_check_ocr(wanted->language);
}

static int run_scan(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {.rotate = "auto",
                       .dewarp = "auto",
                       .pictures = CLI_PICTURE_DEFAULTS,
                       .engine = CLI_ENGINE_DEFAULTS};
    cli_scan_batch shared = {.wanted = &wanted};
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
        shared.document_path = plan.document;
        result = check_ocr(&wanted, &plan);
    }
    if (result == CLI_EXIT_OK) {
        result = make_review_folder(wanted.review);
    }
    if (result == CLI_EXIT_OK) {
        result = scan_all(&shared, &plan);
    }
    cli_scan_report_close(&shared.report);
    clearcut_document_free(&shared.document);
    clearcut_session_free(&shared.session);
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
        "  flat       the picture is the page already; the output is the picture unchanged,\n"
        "             or finished, if --finish says how\n"
        "  no-page    there is no page that may be trusted; nothing is written unless --keep\n"
        "  cut-out    no four sides, and --on was given: the background is removed\n"
        "  error      the photo could not be read or the page not be written (exit status 1)\n"
        "no-page is an answer, not a failure: the exit status stays 0. Works offline, with a\n"
        "model that is part of the program. PHOTO may be - for standard input; the page then\n"
        "goes to standard output unless -o names a file.\n"
        "-o out.pdf makes one document of all photos, in their order; a photo without a page\n"
        "is in it as it was photographed, and if a photo fails no document is written.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_scan};
