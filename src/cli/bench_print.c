/* The table, as text, JSON lines and CSV. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "json.h"

/* ---- comparing ---- */

static const bench_row *baseline_of(const bench *work, const bench_row *row)
{
    for (int i = 0; i < work->row_count; i++) {
        const bench_row *other = &work->rows[i];
        if (other->mode == row->mode && other->width == row->width &&
            other->height == row->height && strcmp(other->model, row->model) == 0) {
            return other; /* the first of its group is the first device of the list */
        }
    }
    return NULL;
}

static double ratio(const cli_spread *baseline, const cli_spread *own)
{
    return baseline->runs > 0 && own->runs > 0 && own->median > 0 ? baseline->median / own->median
                                                                  : 0;
}

/* Is `a` printed before `b`, of rows in the order they were measured in? Models
 * stay in order, modes of a model together. */
static bool belongs_before(const bench_row *a, const bench_row *b)
{
    return strcmp(a->model, b->model) == 0 && a->mode < b->mode;
}

static void sort_rows(bench *work)
{
    for (int i = 1; i < work->row_count; i++) {
        bench_row row = work->rows[i];
        int at = i;
        while (at > 0 && belongs_before(&row, &work->rows[at - 1])) {
            work->rows[at] = work->rows[at - 1];
            at--;
        }
        work->rows[at] = row;
    }
}

void bench_compare(bench *work)
{
    sort_rows(work);
    for (int i = 0; i < work->row_count; i++) {
        bench_row *row = &work->rows[i];
        const bench_row *baseline = baseline_of(work, row);
        if (baseline != NULL) {
            row->speed_up = ratio(&baseline->stages[BENCH_TOTAL], &row->stages[BENCH_TOTAL]);
            row->speed_up_infer = ratio(&baseline->stages[BENCH_INFER], &row->stages[BENCH_INFER]);
        }
    }
}

/* ---- text ---- */

void bench_machine(const bench *work, char *text, size_t size)
{
    char date[16] = "";
    time_t now = time(NULL);
    struct tm parts;
    const char *processor = "";
    int threads = (int)work->settings->engine.threads;

    for (int i = 0; i < work->row_count && processor[0] == '\0'; i++) {
        if (strncmp(work->rows[i].engine, "cpu", 3) == 0) {
            processor = work->rows[i].device_name;
        }
    }
    if (localtime_r(&now, &parts) != NULL) {
        strftime(date, sizeof date, "%Y-%m-%d", &parts);
    }
    snprintf(text, size, "clearcut %s, %s%s%d threads, %s", clearcut_version(), processor,
             processor[0] != '\0' ? ", " : "", threads > 0 ? threads : clearcut_available_threads(),
             date);
}

static void print_value(const cli_spread *value)
{
    if (value->runs > 0) {
        printf(" %8.*f", value->median < 100 ? 2 : 1, value->median);
    } else {
        printf(" %8s", "-");
    }
}

static void print_factor(double factor)
{
    if (factor > 0) {
        printf(" %7.2fx", factor);
    } else {
        printf(" %8s", "-");
    }
}

static void print_row(const bench_row *row)
{
    const cli_spread *shown = &row->stages[row->mode == BENCH_BATCH ? BENCH_INFER : BENCH_TOTAL];
    char size[24] = "-";

    if (row->width > 0) {
        snprintf(size, sizeof size, "%dx%d", row->width, row->height);
    }
    printf("%-10s %-20s", size, row->label);
    for (int stage = 0; stage < BENCH_STAGES; stage++) {
        if (stage != BENCH_COPY) {
            print_value(&row->stages[stage]);
        }
    }
    printf(" %8.2f %7.2f", shown->percentile95, shown->quartile_range);
    print_factor(row->speed_up);
    print_factor(row->speed_up_infer);
    if (row->peak_bytes > 0) {
        printf(" %7.0f", row->peak_bytes / 1e6);
    } else {
        printf(" %7s", "-");
    }
    print_value(&row->joules);
    if (row->gpu_joules > 0) {
        printf(" %8.3f", row->gpu_joules);
    } else {
        printf(" %8s", "-");
    }
    printf("\n");
}

static void print_heading(const bench_row *row)
{
    static const char *const meanings[] = {
        "one picture at a time, model loaded, from JPEG bytes to PNG bytes",
        "a whole process each time, from start to the written file",
        "the network alone, pictures together in one run; per picture",
        "a folder of files by one process, start included; per picture",
    };

    printf("\n%s, %s", row->model, bench_mode_name(row->mode));
    if (row->mode == BENCH_BATCH || row->mode == BENCH_SEQUENCE) {
        printf(" of %d", row->pictures);
    }
    printf(" (%s; %d runs)\n", meanings[row->mode], row->runs);
    printf("%-10s %-20s %8s %8s %8s %8s %8s %8s %8s %7s %8s %8s %7s %8s %8s\n", "size", "device",
           "decode", "prepare", "infer", "mask", "encode", "total", "p95", "spread", "speed-up",
           "infer-up", row->peak_is_process ? "peak MB" : "net MB", "joules", "GPU J");
}

void bench_print_table(const bench *work)
{
    char machine[256];
    const bench_row *last = NULL;

    bench_machine(work, machine, sizeof machine);
    printf("%s\nmilliseconds, medians; contestants took turns; p95: 95th percentile, spread: "
           "between the quartiles\n",
           machine);
    for (int i = 0; i < work->row_count; i++) {
        const bench_row *row = &work->rows[i];
        if (last == NULL || last->mode != row->mode || last->pictures != row->pictures ||
            strcmp(last->model, row->model) != 0) {
            print_heading(row);
        }
        print_row(row);
        last = row;
    }
    for (int i = 0; i < work->left_out_count; i++) {
        printf("%sleft out: %s: %s\n", i == 0 ? "\n" : "", work->left_out[i].what,
               work->left_out[i].why);
    }
}

/* ---- JSON ---- */

static void json_spread(cli_json *json, const char *key, const cli_spread *value)
{
    if (value->runs == 0) {
        cli_json_null(json, key);
        return;
    }
    cli_json_object(json, key);
    cli_json_real(json, "median", value->median, 4);
    cli_json_real(json, "p95", value->percentile95, 4);
    cli_json_real(json, "quartile_range", value->quartile_range, 4);
    cli_json_real(json, "lowest", value->lowest, 4);
    cli_json_real(json, "highest", value->highest, 4);
    cli_json_end_object(json);
}

static void json_factor(cli_json *json, const char *key, double factor)
{
    if (factor > 0) {
        cli_json_real(json, key, factor, 3);
    } else {
        cli_json_null(json, key);
    }
}

static bool json_row(const bench_row *row)
{
    cli_json json = {0};

    cli_json_object(&json, NULL);
    cli_json_text(&json, "kind", "row");
    cli_json_text(&json, "model", row->model);
    cli_json_text(&json, "mode", bench_mode_name(row->mode));
    cli_json_text(&json, "contestant", row->label);
    cli_json_text(&json, "engine", row->engine[0] != '\0' ? row->engine : NULL);
    cli_json_text(&json, "device", row->device_name);
    cli_json_integer(&json, "width", row->width);
    cli_json_integer(&json, "height", row->height);
    cli_json_integer(&json, "runs", row->runs);
    cli_json_integer(&json, "pictures", row->pictures);
    cli_json_object(&json, "ms");
    for (int stage = 0; stage < BENCH_STAGES; stage++) {
        json_spread(&json, bench_stage_name((bench_stage)stage), &row->stages[stage]);
    }
    cli_json_end_object(&json);
    json_spread(&json, "joules", &row->joules);
    json_factor(&json, "gpu_joules", row->gpu_joules);
    cli_json_real(&json, "load_ms", row->load_ms, 3);
    cli_json_integer(&json, row->peak_is_process ? "process_peak_bytes" : "network_bytes",
                     (long long)row->peak_bytes);
    json_factor(&json, "speed_up", row->speed_up);
    json_factor(&json, "speed_up_infer", row->speed_up_infer);
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

bool bench_print_json(const bench *work)
{
    char machine[256];
    cli_json json = {0};

    bench_machine(work, machine, sizeof machine);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "kind", "machine");
    cli_json_text(&json, "machine", machine);
    cli_json_text(&json, "version", clearcut_version());
    cli_json_end_object(&json);
    bool good = cli_json_print(&json);
    for (int i = 0; good && i < work->row_count; i++) {
        good = json_row(&work->rows[i]);
    }
    for (int i = 0; good && i < work->left_out_count; i++) {
        cli_json left = {0};
        cli_json_object(&left, NULL);
        cli_json_text(&left, "kind", "left-out");
        cli_json_text(&left, "what", work->left_out[i].what);
        cli_json_text(&left, "why", work->left_out[i].why);
        cli_json_end_object(&left);
        good = cli_json_print(&left);
    }
    return good;
}

/* ---- CSV ---- */

/* Printf-like, straight into an output. */
static clearcut_status write_text(clearcut_output *output, const char *text, clearcut_error *error)
{
    return clearcut_output_write(output, text, strlen(text), error);
}

/* A field in quotes (RFC 4180); quotes inside are doubled. */
static void quote(const char *text, char *quoted, size_t size)
{
    size_t used = 0;

    quoted[used++] = '"';
    for (; *text != '\0' && used + 3 < size; text++) {
        if (*text == '"') {
            quoted[used++] = '"';
        }
        quoted[used++] = *text;
    }
    quoted[used++] = '"';
    quoted[used] = '\0';
}

static clearcut_status csv_row(clearcut_output *output, const bench_row *row, clearcut_error *error)
{
    char model[280];
    char label[140];
    char line[900];
    int used;

    quote(row->model, model, sizeof model);
    quote(row->label, label, sizeof label);
    used = snprintf(line, sizeof line, "%s,%s,%s,%s,%d,%d,%d,%d", model, bench_mode_name(row->mode),
                    label, row->engine, row->width, row->height, row->pictures, row->runs);
    for (int stage = 0; stage < BENCH_STAGES; stage++) {
        const cli_spread *value = &row->stages[stage];
        used += value->runs > 0 ? snprintf(line + used, sizeof line - (size_t)used, ",%.4f,%.4f",
                                           value->median, value->percentile95)
                                : snprintf(line + used, sizeof line - (size_t)used, ",,");
    }
    snprintf(line + used, sizeof line - (size_t)used, ",%.0f,%.3f,%.3f\n", row->peak_bytes,
             row->speed_up, row->speed_up_infer);
    return write_text(output, line, error);
}

clearcut_status bench_write_csv(const bench *work, const char *path, clearcut_error *error)
{
    clearcut_output *output = NULL;
    clearcut_status status = clearcut_output_open(path, &output, error);

    if (status == CLEARCUT_OK) {
        status = write_text(output,
                            "model,mode,contestant,engine,width,height,pictures,runs,"
                            "decode_ms,decode_p95,prepare_ms,prepare_p95,copy_ms,copy_p95,"
                            "infer_ms,infer_p95,mask_ms,mask_p95,encode_ms,encode_p95,"
                            "total_ms,total_p95,peak_bytes,speed_up,speed_up_infer\n",
                            error);
    }
    for (int i = 0; i < work->row_count && status == CLEARCUT_OK; i++) {
        status = csv_row(output, &work->rows[i], error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_output_commit(&output, error);
    }
    clearcut_output_discard(&output);
    return status;
}
