/* bench: the table of sizes, devices, models and peers, honestly measured. */
#define _GNU_SOURCE /* mkdtemp, nftw */
#include "bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "report.h"

static const cli_option option_table[] = {
    {NULL, "sizes", CLI_TEXT, offsetof(bench_settings, sizes), 0, 0, "LIST",
     "longest sides of the test picture; default 640,1024,2048,4096"},
    {NULL, "devices", CLI_TEXT, offsetof(bench_settings, devices), 0, 0, "LIST",
     "default cpu,cuda; the speed-up columns compare with the first"},
    {NULL, "models", CLI_TEXT, offsetof(bench_settings, models), 0, 0, "LIST",
     "names or ONNX files; default page"},
    {NULL, "precisions", CLI_TEXT, offsetof(bench_settings, precisions), 0, 0, "LIST",
     "default fp32"},
    {NULL, "modes", CLI_TEXT, offsetof(bench_settings, modes), 0, 0, "LIST",
     "of single, process, batch, sequence; default single,sequence"},
    {NULL, "peer", CLI_TEXT, offsetof(bench_settings, peers), 0, 0, "LIST",
     "of rembg, onnxruntime: measured beside, if they are installed"},
    {NULL, "peer-python", CLI_TEXT, offsetof(bench_settings, peer_python), 0, 0, "PROGRAM",
     "the Python that has rembg; default: that of `rembg` on PATH"},
    {NULL, "runs", CLI_INTEGER, offsetof(bench_settings, runs), 1, 10000, "N",
     "rounds, after one to warm up; default 15"},
    {NULL, "files", CLI_INTEGER, offsetof(bench_settings, files), 1, 9999, "N",
     "pictures in a sequence; default 20"},
    {NULL, "batch", CLI_INTEGER, offsetof(bench_settings, batch), 1, 256, "N",
     "pictures in a batch; default 8"},
    {NULL, "csv", CLI_TEXT, offsetof(bench_settings, csv), 0, 0, "FILE", "the table as CSV"},
    {NULL, "svg", CLI_TEXT, offsetof(bench_settings, svg), 0, 0, "FILE", "the table as a plot"},
    {NULL, "threads", CLI_INTEGER, offsetof(bench_settings, engine.threads), 0, 1024, "N",
     "threads to work with; 0 (default) = all this process may use"},
    {NULL, "json", CLI_FLAG, offsetof(bench_settings, engine.json), 0, 0, NULL,
     "one JSON object a line on stdout, and nothing else there"},
};

/* ---- the temporary folder ---- */

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_folder(const bench *work)
{
    if (work->folder[0] != '\0') {
        (void)nftw(work->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static bool make_folder(bench *work)
{
    const char *parent = getenv("TMPDIR");

    if (parent == NULL || strlen(parent) + 24 > sizeof work->folder) {
        parent = "/tmp";
    }
    snprintf(work->folder, sizeof work->folder, "%s/clearcut-bench-XXXXXX", parent);
    if (mkdtemp(work->folder) == NULL) {
        cli_error("%s: no temporary folder could be made; set TMPDIR to a place with room", parent);
        work->folder[0] = '\0';
        return false;
    }
    return true;
}

/* ---- all models ---- */

static int run_model(bench *work, const char *model)
{
    bench_contestant contestants[BENCH_MOST_CONTESTANTS] = {0};
    int count;
    int result;

    atomic_store(&work->model_now, model);
    result = bench_open(work, model, contestants, &count);

    if (result == CLI_EXIT_OK) {
        result = bench_run_model(work, model, contestants, count);
    }
    bench_close(contestants, count);
    return result;
}

static int report(bench *work)
{
    clearcut_error error;
    clearcut_status status = CLEARCUT_OK;

    bench_compare(work);
    cli_progress_end();
    if (work->settings->engine.json && !bench_print_json(work)) {
        return CLI_EXIT_INPUT;
    }
    if (!work->settings->engine.json) {
        bench_print_table(work);
    }
    if (work->settings->csv != NULL) {
        status = bench_write_csv(work, work->settings->csv, &error);
    }
    if (status == CLEARCUT_OK && work->settings->svg != NULL) {
        status = bench_write_svg(work, work->settings->svg, &error);
    }
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    if (work->row_count == 0) {
        cli_error("nothing could be measured; the reasons are above");
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static void describe(void *context, char *line, size_t size)
{
    bench *work = context;
    const char *model = atomic_load(&work->model_now);

    snprintf(line, size, "%s, %d px, round %d of %lld", model != NULL ? model : "",
             atomic_load(&work->side_now), atomic_load(&work->round_now) + 1, work->settings->runs);
}

static int measure(bench *work)
{
    int result = make_folder(work) ? CLI_EXIT_OK : CLI_EXIT_INPUT;

    bench_note_energy(work);
    cli_progress_begin_parts(describe, work);
    for (int i = 0; i < work->model_count && result == CLI_EXIT_OK; i++) {
        result = run_model(work, work->models[i]);
    }
    cli_progress_end();
    remove_folder(work);
    return result == CLI_EXIT_OK ? report(work) : result;
}

/* Before hours of measuring: can the results be written? */
static int check_outputs(const bench_settings *wanted)
{
    clearcut_error error;

    if ((wanted->csv != NULL && clearcut_output_check(wanted->csv, &error) != CLEARCUT_OK) ||
        (wanted->svg != NULL && clearcut_output_check(wanted->svg, &error) != CLEARCUT_OK)) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int run_bench(const cli_command *command, int argument_count, char **arguments)
{
    bench_settings wanted = {.sizes = "640,1024,2048,4096",
                             .devices = "cpu,cuda",
                             .models = "page",
                             .precisions = "fp32",
                             .modes = "single,sequence",
                             .runs = 15,
                             .files = 20,
                             .batch = 8,
                             .engine = CLI_ENGINE_DEFAULTS};
    bench work = {.settings = &wanted};
    int result;

    switch (cli_parse(command, argument_count, arguments, &wanted, &work.photo_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    work.photos = arguments;
    if (work.photo_count > 1) {
        cli_error("bench scales one photo to all sizes; %d were given", work.photo_count);
        return CLI_EXIT_USAGE;
    }
    ssize_t length = readlink("/proc/self/exe", work.program, sizeof work.program - 1);
    if (length <= 0) {
        cli_error("/proc/self/exe cannot be read; bench needs /proc");
        return CLI_EXIT_INPUT;
    }
    result = bench_read_lists(&work);
    if (result == CLI_EXIT_OK) {
        result = check_outputs(&wanted);
    }
    if (result == CLI_EXIT_OK) {
        result = measure(&work);
    }
    for (size_t i = 0; i < sizeof work.texts / sizeof work.texts[0]; i++) {
        free(work.texts[i]);
    }
    free(work.rows);
    return result;
}

const cli_command cli_bench_command = {
    .name = "bench",
    .usage = "[options] [PHOTO]",
    .summary = "compare sizes, devices, models and peers on this machine",
    .details =
        "PHOTO (or a drawn picture) is scaled to every size. Each stage is timed apart, on every\n"
        "device that can be used; what cannot is listed with the reason. Contestants take turns,\n"
        "so that a noisy machine favours nobody.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_bench};
