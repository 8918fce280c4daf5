/* The plot: for every model and size a bar for each contestant, its stages in
 * colours, the total at its end. Bars of one model share a scale.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum {
    WIDTH = 960,
    LEFT = 250,  /* where bars begin */
    RIGHT = 120, /* room for the number behind the longest bar */
    BAR = 18,
    LINE = 24,
    TOP = 76
};

/* Colours that also differ for people who do not see red and green apart (Okabe
 * and Ito's set). */
static const char *const colours[BENCH_STAGES] = {"#56b4e9", "#009e73", "#cc79a7", "#0072b2",
                                                  "#e69f00", "#d55e00", "#999999"};

static clearcut_status put(clearcut_output *output, const char *text, clearcut_error *error)
{
    return clearcut_output_write(output, text, strlen(text), error);
}

/* &, < and > as XML wants them. */
static void escape(const char *text, char *safe, size_t size)
{
    size_t used = 0;

    for (; *text != '\0' && used + 6 < size; text++) {
        const char *replacement = *text == '&'   ? "&amp;"
                                  : *text == '<' ? "&lt;"
                                  : *text == '>' ? "&gt;"
                                                 : NULL;
        if (replacement != NULL) {
            used += (size_t)snprintf(safe + used, size - used, "%s", replacement);
        } else {
            safe[used++] = *text;
        }
    }
    safe[used] = '\0';
}

static clearcut_status put_text(clearcut_output *output, double x, double y, const char *style,
                                const char *text, clearcut_error *error)
{
    char safe[600];
    char line[800];

    escape(text, safe, sizeof safe);
    snprintf(line, sizeof line, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, safe);
    return put(output, line, error);
}

/* Does this row get a bar? Batches have no picture and no total. */
static bool has_bar(const bench_row *row)
{
    return row->stages[BENCH_TOTAL].runs > 0;
}

static bool begins_group(const bench_row *row, const bench_row *last)
{
    return last == NULL || last->mode != row->mode || last->width != row->width ||
           strcmp(last->model, row->model) != 0;
}

/* Bars and headings in all. */
static int count_lines(const bench *work)
{
    const bench_row *last = NULL;
    int lines = 0;

    for (int i = 0; i < work->row_count; i++) {
        const bench_row *row = &work->rows[i];
        if (has_bar(row)) {
            lines += 1 + begins_group(row, last);
            last = row;
        }
    }
    return lines;
}

/* Pixels a millisecond: each model has a scale of its own, for a small network's
 * bars would vanish beside a large one's. */
static double scale_of(const bench *work, const char *model)
{
    double longest = 0;

    for (int i = 0; i < work->row_count; i++) {
        const bench_row *row = &work->rows[i];
        if (has_bar(row) && strcmp(row->model, model) == 0) {
            longest = fmax(longest, row->stages[BENCH_TOTAL].median);
        }
    }
    return longest > 0 ? (WIDTH - LEFT - RIGHT) / longest : 0;
}

static clearcut_status put_box(clearcut_output *output, double x, double y, double width,
                               bench_stage stage, double ms, clearcut_error *error)
{
    char line[300];

    snprintf(line, sizeof line,
             "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\" fill=\"%s\">"
             "<title>%s %.2f ms</title></rect>\n",
             x, y, width, BAR, colours[stage], bench_stage_name(stage), ms);
    return put(output, line, error);
}

static clearcut_status put_bar(clearcut_output *output, const bench_row *row, double y,
                               double scale, clearcut_error *error)
{
    double total = row->stages[BENCH_TOTAL].median;
    double x = LEFT;
    double known = 0;
    char number[64];
    clearcut_status status =
        put_text(output, LEFT - 8, y + 14, "text-anchor=\"end\"", row->label, error);

    for (int stage = 0; stage < BENCH_TOTAL && status == CLEARCUT_OK; stage++) {
        const cli_spread *value = &row->stages[stage];
        if (value->runs > 0) {
            status = put_box(output, x, y, value->median * scale, (bench_stage)stage, value->median,
                             error);
            x += value->median * scale;
            known += value->median;
        }
    }
    if (status == CLEARCUT_OK && total > known) { /* what no stage accounts for */
        status = put_box(output, x, y, (total - known) * scale, BENCH_TOTAL, total - known, error);
    }
    snprintf(number, sizeof number, "%.*f ms%s", total < 100 ? 1 : 0, total,
             row->mode == BENCH_SEQUENCE ? " a picture" : "");
    return status == CLEARCUT_OK ? put_text(output, LEFT + fmax(total, known) * scale + 6, y + 14,
                                            "font-weight=\"bold\"", number, error)
                                 : status;
}

static clearcut_status put_heading(clearcut_output *output, const bench_row *row, double y,
                                   clearcut_error *error)
{
    char text[256];

    snprintf(text, sizeof text, "%s, %d x %d px, %s", row->model, row->width, row->height,
             bench_mode_name(row->mode));
    return put_text(output, 16, y + 14, "font-weight=\"bold\"", text, error);
}

static clearcut_status put_legend(clearcut_output *output, clearcut_error *error)
{
    clearcut_status status = CLEARCUT_OK;
    double x = 16;

    for (int stage = 0; stage < BENCH_STAGES && status == CLEARCUT_OK; stage++) {
        const char *name =
            stage == BENCH_TOTAL ? "not apart" : bench_stage_name((bench_stage)stage);
        if (stage == BENCH_COPY) {
            continue;
        }
        status = put_box(output, x, 44, BAR, (bench_stage)stage, 0, error);
        if (status == CLEARCUT_OK) {
            status = put_text(output, x + BAR + 5, 58, "", name, error);
        }
        x += 105;
    }
    return status;
}

static clearcut_status put_bars(clearcut_output *output, const bench *work, clearcut_error *error)
{
    const bench_row *last = NULL;
    clearcut_status status = CLEARCUT_OK;
    double y = TOP;

    for (int i = 0; i < work->row_count && status == CLEARCUT_OK; i++) {
        const bench_row *row = &work->rows[i];
        if (!has_bar(row)) {
            continue;
        }
        if (begins_group(row, last)) {
            status = put_heading(output, row, y, error);
            y += LINE;
        }
        if (status == CLEARCUT_OK) {
            status = put_bar(output, row, y, scale_of(work, row->model), error);
        }
        y += LINE;
        last = row;
    }
    return status;
}

static clearcut_status put_plot(clearcut_output *output, const bench *work, clearcut_error *error)
{
    char machine[256];
    char head[400];

    snprintf(head, sizeof head,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
             "font-family=\"sans-serif\" font-size=\"13\">\n"
             "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
             WIDTH, TOP + count_lines(work) * LINE + 12);
    bench_machine(work, machine, sizeof machine);
    clearcut_status status = put(output, head, error);
    if (status == CLEARCUT_OK) {
        status = put_text(output, 16, 26, "font-size=\"15\"", machine, error);
    }
    if (status == CLEARCUT_OK) {
        status = put_legend(output, error);
    }
    if (status == CLEARCUT_OK) {
        status = put_bars(output, work, error);
    }
    return status == CLEARCUT_OK ? put(output, "</svg>\n", error) : status;
}

clearcut_status bench_write_svg(const bench *work, const char *path, clearcut_error *error)
{
    clearcut_output *output = NULL;
    clearcut_status status = clearcut_output_open(path, &output, error);

    if (status == CLEARCUT_OK) {
        status = put_plot(output, work, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_output_commit(&output, error);
    }
    clearcut_output_discard(&output);
    return status;
}
