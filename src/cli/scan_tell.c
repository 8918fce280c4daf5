/* What a photo came to, for programs and for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "corners.h"
#include "report.h"
#include "result.h"
#include "scan.h"

static const char *status_of(const cli_scan_job *work)
{
    return work->outcome == CLI_SCAN_CUT_OUT ? "cut-out"
                                             : clearcut_page_status_name(work->page.status);
}

static bool is_written(const cli_scan_job *work)
{
    return work->outcome != CLI_SCAN_NOTHING && work->outcome != CLI_SCAN_ASIDE;
}

/* A number, or null where it was not measured. */
static void add_measured(cli_json *json, const char *key, double value, bool measured)
{
    if (measured) {
        cli_json_real(json, key, value, 3);
    } else {
        cli_json_null(json, key);
    }
}

static void add_sides(cli_json *json, const clearcut_page_details *details)
{
    cli_json_array(json, "corner_error");
    for (int i = 0; i < 4; i++) {
        add_measured(json, NULL, details->corner_error[i], details->corner_error[i] > 0);
    }
    cli_json_end_array(json);
    cli_json_array(json, "sides");
    for (int i = 0; i < 4; i++) {
        bool measured = details->side_support[i] >= 0;
        cli_json_object(json, NULL);
        add_measured(json, "support", details->side_support[i], measured);
        add_measured(json, "contrast", details->side_contrast[i], measured);
        add_measured(json, "curl", details->curl[i], measured);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void add_refused(cli_json *json, const char *what, const clearcut_point *corners,
                        const char *reason)
{
    cli_json_object(json, NULL);
    cli_json_text(json, "what", what);
    cli_json_corners(json, corners);
    cli_json_text(json, "reason", reason);
    cli_json_end_object(json);
}

/* What was seen and not used: the other look's quad, and a page that was not dared. */
static void add_all_refused(cli_json *json, const cli_scan_job *work)
{
    const clearcut_page_details *details = &work->details;

    cli_json_array(json, "refused");
    if (details->refused) {
        add_refused(json, "page", details->refused_corners, work->page.reason);
    } else if (work->low_confidence) {
        add_refused(json, "page", work->page.corners, "under --min-confidence");
    }
    for (int i = 0; i < details->looks; i++) {
        if (details->looks == 2 && i != details->chosen && details->candidate[i]) {
            add_refused(json, i == 0 ? "first look" : "second look", details->candidates[i],
                        "the other look agrees better with its maps");
        }
    }
    cli_json_end_array(json);
}

static void add_sheet(cli_json *json, const cli_scan_job *work)
{
    const clearcut_flattening *done = &work->flattening;
    bool flattened = work->outcome == CLI_SCAN_FLATTENED;

    if (work->page.aspect > 0) {
        cli_json_real(json, "aspect", work->page.aspect, 5);
    } else {
        cli_json_null(json, "aspect");
    }
    if (!flattened) {
        return;
    }
    cli_json_text(json, "aspect_source", clearcut_aspect_source_name(done->aspect_source));
    cli_json_real(json, "aspect_used", done->aspect, 5);
    cli_json_text(json, "paper", done->paper[0] != '\0' ? done->paper : NULL);
    add_measured(json, "width_mm", done->width_mm, done->width_mm > 0);
    add_measured(json, "height_mm", done->height_mm, done->height_mm > 0);
    add_measured(json, "dpi", done->dots_per_inch, done->dots_per_inch > 0);
    cli_json_integer(json, "rotated", 90LL * done->turn);
    cli_json_bool(json, "rotation_sure", done->turn_sure);
    cli_json_real(json, "skew", done->skew, 3);
    cli_json_bool(json, "dewarped", done->dewarped);
}

static void add_output(cli_json *json, const cli_scan_job *work)
{
    if (work->width > 0) {
        cli_json_integer(json, "output_width", work->width);
        cli_json_integer(json, "output_height", work->height);
    }
    if (work->page_number > 0) {
        cli_json_integer(json, "page", work->page_number);
    }
    if (work->words >= 0) {
        cli_json_integer(json, "words", work->words);
    }
    if (work->set_aside != NULL) {
        cli_json_text(json, "review", work->set_aside);
    }
}

bool cli_scan_print_json(const cli_scan_job *work)
{
    clearcut_device device;
    cli_json json = {0};
    bool has_page = work->page.status != CLEARCUT_PAGE_NONE;
    bool looked = !work->given_corners;
    cli_result result = {.file = work->item->input,
                         .status = status_of(work),
                         .reason = work->page.reason,
                         .output = is_written(work) ? work->item->output : NULL,
                         .width = clearcut_image_full_width(work->photo),
                         .height = clearcut_image_full_height(work->photo),
                         .device = &device,
                         .load_ms = work->shared->load_ms,
                         .ms = work->timing};

    if (work->shared->session != NULL) {
        clearcut_session_device(work->shared->session, &device);
    } else {
        clearcut_scanner_device(work->shared->scanner, &device);
    }
    cli_result_begin(&json, &result);
    cli_json_corners(&json, has_page ? work->page.corners : NULL);
    if (looked) {
        cli_json_real(&json, "confidence", work->page.confidence, 4);
    } else {
        cli_json_null(&json, "confidence");
    }
    if (looked) {
        add_sides(&json, &work->details);
        add_all_refused(&json, work);
    }
    add_sheet(&json, work);
    add_output(&json, work);
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

/* What was done beside flattening, if it is worth a word. */
static void print_changes(FILE *stream, const clearcut_flattening *done)
{
    if (done->paper[0] != '\0' && strcmp(done->paper, "given") != 0) {
        fprintf(stream, ", %s", done->paper);
    }
    if (done->dots_per_inch > 0) {
        fprintf(stream, ", %.0f dpi", done->dots_per_inch);
    }
    if (done->turn != 0) {
        fprintf(stream, ", turned by %d degrees", 90 * done->turn);
    }
    if (fabs(done->skew) > 0) {
        fprintf(stream, ", straightened by %.1f degrees", done->skew);
    }
    if (done->dewarped) {
        fputs(", curl taken out", stream);
    }
}

static void print_result(FILE *stream, const cli_scan_job *work)
{
    fprintf(stream, " -> %s (%d x %d", work->item->output, work->width, work->height);
    if (work->outcome == CLI_SCAN_FLATTENED) {
        print_changes(stream, &work->flattening);
    }
    if (work->page_number > 0) {
        fprintf(stream, ", page %d", work->page_number);
    }
    if (work->words >= 0) {
        fprintf(stream, ", %d words read", work->words);
    }
    fputc(')', stream);
}

/* On stdout, or on stderr where the picture goes to stdout. */
void cli_scan_print_text(const cli_scan_job *work)
{
    const char *name = cli_input_name(work->item->input);
    bool written = is_written(work);
    bool to_stdout = written && strcmp(work->item->output, "-") == 0;
    FILE *stream = to_stdout ? stderr : stdout;

    fprintf(stream, "%s: %s", name, status_of(work));
    if (!work->given_corners) {
        fprintf(stream, " (confidence %.2f)", work->page.confidence);
    }
    fprintf(stream, ": %s", work->page.reason);
    if (work->shared->wanted->corners_only && work->page.status != CLEARCUT_PAGE_NONE) {
        const clearcut_point *at = work->page.corners;
        fprintf(stream, "; corners [[%.1f,%.1f],[%.1f,%.1f],[%.1f,%.1f],[%.1f,%.1f]]", at[0].x,
                at[0].y, at[1].x, at[1].y, at[2].x, at[2].y, at[3].x, at[3].y);
    }
    if (written && !to_stdout) {
        print_result(stream, work);
    }
    if (work->set_aside != NULL) {
        fprintf(stream, " -> set aside: %s", work->set_aside);
    }
    fputc('\n', stream);
    fflush(stream);
    if (work->outcome == CLI_SCAN_NOTHING && !work->shared->wanted->corners_only) {
        cli_note("%s: no output was written; --keep writes the picture as it is", name);
    }
}
