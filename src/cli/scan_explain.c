/* --explain: a picture for each photo of how the answer came about, and one HTML file with
 * all of them inside.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report.h"
#include "scan.h"

struct cli_scan_report {
    char *folder;
    char *html;
    size_t length;
    size_t capacity;
    int photos;
    bool failed; /* memory ran out */
};

static void append(cli_scan_report *report, const char *text, size_t length)
{
    if (report->length + length + 1 > report->capacity) {
        size_t larger = 2 * (report->length + length) + 4096;
        char *html = realloc(report->html, larger);
        if (html == NULL) {
            report->failed = true;
            return;
        }
        report->html = html;
        report->capacity = larger;
    }
    memcpy(report->html + report->length, text, length);
    report->length += length;
    report->html[report->length] = '\0';
}

static void append_text(cli_scan_report *report, const char *text)
{
    append(report, text, strlen(text));
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
append_format(cli_scan_report *report, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    append_text(report, text);
}

/* What may stand in HTML's text and attributes. */
static void append_escaped(cli_scan_report *report, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': append_text(report, "&amp;"); break;
        case '<': append_text(report, "&lt;"); break;
        case '>': append_text(report, "&gt;"); break;
        case '"': append_text(report, "&quot;"); break;
        default: append(report, text, 1);
        }
    }
}

/* RFC 4648. */
static void append_base64(cli_scan_report *report, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        unsigned value = (unsigned)data[i] << 16;
        char four[4];
        value |= i + 1 < size ? (unsigned)data[i + 1] << 8 : 0;
        value |= i + 2 < size ? data[i + 2] : 0;
        for (int k = 0; k < 4; k++) {
            four[k] = digits[value >> (18 - 6 * k) & 63];
        }
        four[2] = i + 1 < size ? four[2] : '=';
        four[3] = i + 2 < size ? four[3] : '=';
        append(report, four, sizeof four);
    }
}

int cli_scan_report_open(const char *folder, cli_scan_report **result)
{
    struct stat about;
    cli_scan_report *report;

    *result = NULL;
    if (mkdir(folder, 0777) != 0 && (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))) {
        cli_error("%s: cannot make this folder: %s", folder, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    report = calloc(1, sizeof *report);
    if (report == NULL || (report->folder = strdup(folder)) == NULL) {
        free(report);
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    append_text(report,
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<title>clearcut scan</title><style>"
                "body{font:15px/1.4 sans-serif;margin:2em;background:#fafafa;color:#222}"
                "section{margin:0 0 2.5em;padding:1em;background:#fff;border:1px solid #ddd}"
                "img{max-width:100%;max-height:80vh}table{border-collapse:collapse;margin:.6em 0}"
                "td,th{padding:.15em .7em;border:1px solid #ddd;text-align:right}"
                "</style></head><body><h1>clearcut scan</h1>"
                "<p>Blue: what the network takes for the page. Thin yellow and cyan: the quads of "
                "its first and second look. Thick: the answer, each side green where its edge was "
                "found in the full picture, red where it was not, grey where it was not measured. "
                "Thick red all round: a page that was not dared to be used.</p>\n");
    *result = report;
    return CLI_EXIT_OK;
}

static void append_sides(cli_scan_report *report, const cli_scan_job *work)
{
    static const char *const sides[4] = {"top", "right", "bottom", "left"};
    const clearcut_page_details *details = &work->details;
    const clearcut_point *corners =
        details->refused ? details->refused_corners : work->page.corners;

    append_text(report, "<table><tr><th>side</th><th>support</th><th>contrast</th>"
                        "<th>curl, pixels</th><th>its first corner</th><th>corner's error, "
                        "pixels</th></tr>");
    for (int i = 0; i < 4; i++) {
        append_format(report, "<tr><td>%s</td>", sides[i]);
        if (details->side_support[i] >= 0) {
            append_format(report, "<td>%.2f</td><td>%.0f</td><td>%.1f</td>",
                          details->side_support[i], details->side_contrast[i], details->curl[i]);
        } else {
            append_text(report, "<td>-</td><td>-</td><td>-</td>");
        }
        append_format(report, "<td>%.1f, %.1f</td>", corners[i].x, corners[i].y);
        append_format(report,
                      details->corner_error[i] > 0 ? "<td>%.2f</td></tr>" : "<td>-</td></tr>",
                      details->corner_error[i]);
    }
    append_text(report, "</table>");
}

static void append_section(cli_scan_report *report, const cli_scan_job *work,
                           const clearcut_bytes *jpeg)
{
    const clearcut_flattening *done = &work->flattening;

    append_text(report, "<section><h2>");
    append_escaped(report, cli_input_name(work->item->input));
    append_format(report, "</h2><p><b>%s</b>, confidence %.2f: ",
                  clearcut_page_status_name(work->page.status), work->page.confidence);
    append_escaped(report, work->page.reason);
    append_text(report, "</p>");
    if (work->outcome == CLI_SCAN_FLATTENED) {
        append_format(report,
                      "<p>Proportions %.4f (measured %.4f, %s%s%s); %d x %d pixels; turned by %d "
                      "degrees; skew of %.2f degrees taken out%s.</p>",
                      done->aspect, done->measured_aspect,
                      clearcut_aspect_source_name(done->aspect_source),
                      done->paper[0] != '\0' ? ": " : "", done->paper, work->width, work->height,
                      90 * done->turn, done->skew, done->dewarped ? "; curl taken out" : "");
    }
    if (work->page.status == CLEARCUT_PAGE_CORRECTED || work->details.refused) {
        append_sides(report, work);
    }
    append_text(report, "<img alt=\"what was seen\" src=\"data:image/jpeg;base64,");
    append_base64(report, jpeg->data, jpeg->size);
    append_text(report, "\"></section>\n");
}

clearcut_status cli_scan_report_add(cli_scan_report *report, const cli_scan_job *work,
                                    clearcut_error *error)
{
    clearcut_image *overlay = NULL;
    clearcut_encode_options options;
    clearcut_bytes jpeg = {0};
    char suffix[48];
    char *name = NULL;
    clearcut_status status = clearcut_scanner_explain(work->shared->scanner, work->photo,
                                                      &work->page, 0, &overlay, error);

    clearcut_encode_options_init(&options);
    options.format = CLEARCUT_FORMAT_JPEG;
    options.quality = 85;
    if (status == CLEARCUT_OK) {
        status = clearcut_image_encode(overlay, &options, &jpeg, error);
    }
    if (status == CLEARCUT_OK) {
        /* Numbered: photos of different folders may have the same name. */
        snprintf(suffix, sizeof suffix, ".%03d.explain.jpg", ++report->photos);
        name = cli_derived_name(strcmp(work->item->input, "-") == 0 ? "stdin" : work->item->input,
                                report->folder, suffix);
    }
    if (status == CLEARCUT_OK && name != NULL) {
        status = cli_write_bytes(jpeg.data, jpeg.size, name, error);
        append_section(report, work, &jpeg);
    }
    free(name);
    clearcut_bytes_free(&jpeg);
    clearcut_image_free(&overlay);
    return status;
}

int cli_scan_report_close(cli_scan_report **pointer)
{
    cli_scan_report *report = *pointer;
    clearcut_error error;
    char *path;
    int result = CLI_EXIT_OK;

    if (report == NULL) {
        return CLI_EXIT_OK;
    }
    append_text(report, "</body></html>\n");
    path = cli_derived_name("report", report->folder, ".html");
    if (path == NULL || report->failed) {
        cli_error("not enough memory for the report of --explain");
        result = CLI_EXIT_INPUT;
    } else if (cli_write_bytes(report->html, report->length, path, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        result = CLI_EXIT_INPUT;
    }
    free(path);
    free(report->html);
    free(report->folder);
    free(report);
    *pointer = NULL;
    return result;
}
