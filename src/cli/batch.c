/* p: cut the subjects out of all photos of a folder. */
#define _POSIX_C_SOURCE 200809L /* fopen "e" is glibc's and musl's */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "pull.h"
#include "report.h"
#include "result.h"

#define AT(member) offsetof(cli_batch_settings, member)

/* clang-format off */
static const cli_option option_table[] = {
    CLI_CUTTING_OPTIONS(cli_batch_settings),
    {"d", "delete_input", CLI_FLAG, AT(delete_input), 0, 0, NULL,
     "delete an input once its output is safely on the disk"},
    {NULL, "delete-input", CLI_FLAG, AT(delete_input), 0, 0, NULL, "the same"},
    {NULL, "accept-usage-cost", CLI_FLAG, AT(accept_usage_cost), 0, 0, NULL,
     "taken because rembg has it; nothing here costs anything"},
    {NULL, "overwrite", CLI_FLAG, AT(overwrite), 0, 0, NULL,
     "make outputs again that are there already"},
    {NULL, "jobs", CLI_INTEGER, AT(jobs), 0, 256, "N",
     "threads that read and write beside the network; 0 (default) = as --threads has"},
    {NULL, "shard", CLI_TEXT, AT(shard), 0, 0, "I/N",
     "do the I-th of N parts; the same part whenever it is asked for"},
    {"w", "watch", CLI_FLAG, AT(watch), 0, 0, NULL,
     "then wait for more to come, until a signal or a file stop.txt in INPUT_DIR"},
    {NULL, "review", CLI_TEXT, AT(review), 0, 0, "DIR",
     "link doubtful inputs and results into this folder"},
    {NULL, "report", CLI_TEXT, AT(report), 0, 0, "FILE",
     "append what --json prints to this file"},
    {NULL, "keep-going", CLI_FLAG, AT(keep_going), 0, 0, NULL,
     "a failure does not stop the others (default)"},
    {NULL, "fail-fast", CLI_FLAG, AT(fail_fast), 0, 0, NULL, "stop at the first failure"},
    CLI_OFFLINE_OPTION(cli_batch_settings),
    {NULL, "quiet", CLI_FLAG, AT(quiet), 0, 0, NULL, "no progress, notes or summary"},
    CLI_PICTURE_OPTIONS(cli_batch_settings),
    CLI_BITS_OPTION(cli_batch_settings),
    CLI_ENGINE_OPTIONS(cli_batch_settings),
    CLI_LOW_MEMORY_OPTION(cli_batch_settings),
    CLI_CALIBRATION_OPTIONS(cli_batch_settings),
};
/* clang-format on */

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help p`", message);
    return CLI_EXIT_USAGE;
}

/* ---- before any work ---- */

static int check_settings(cli_batch_settings *wanted)
{
    if (wanted->keep_going && wanted->fail_fast) {
        return usage_error("--keep-going and --fail-fast contradict each other");
    }
    if (wanted->delete_input && wanted->overwrite) {
        return usage_error("--delete_input with --overwrite could replace the only copy of an "
                           "earlier result");
    }
    wanted->cutting.ground_later = wanted->review != NULL;
    return cli_check_cutting(&wanted->cutting);
}

static int check_folders(cli_batch *batch, int operand_count, char **operands)
{
    struct stat about;

    if (operand_count != 2) {
        return usage_error("takes an input folder and an output folder");
    }
    batch->input_folder = operands[0];
    batch->output_folder = operands[1];
    if (stat(batch->input_folder, &about) != 0) {
        cli_error("%s: %s", batch->input_folder, strerror(errno));
        return CLI_EXIT_USAGE;
    }
    if (!S_ISDIR(about.st_mode)) {
        cli_error("%s: is no folder; `clearcut i` takes single pictures", batch->input_folder);
        return CLI_EXIT_USAGE;
    }
    if (stat(batch->output_folder, &about) == 0 && !S_ISDIR(about.st_mode)) {
        cli_error("%s: is no folder", batch->output_folder);
        return CLI_EXIT_USAGE;
    }
    if (clearcut_file_same(batch->input_folder, batch->output_folder)) {
        return usage_error("input and output are the same folder: name another one for the "
                           "output, for instance one inside");
    }
    return CLI_EXIT_OK;
}

static int choose_format(cli_batch *batch)
{
    const cli_cutting *cutting = &batch->wanted.cutting;

    if (!cli_output_format(&batch->wanted.pictures, "output.png", &batch->format)) {
        return CLI_EXIT_USAGE;
    }
    return cli_settle_bits(&batch->wanted.pictures, batch->format,
                           cutting->only_mask || cutting->compat != NULL);
}

static int open_report(cli_batch *batch)
{
    if (batch->wanted.report == NULL) {
        return CLI_EXIT_OK;
    }
    batch->report = open(batch->wanted.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (batch->report < 0) {
        cli_error("%s: cannot open the report: %s", batch->wanted.report, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int make_list(cli_batch *batch, bool first)
{
    if (first && batch->wanted.watch && !cli_batch_watch_begin(batch)) {
        return CLI_EXIT_INPUT;
    }
    if (!cli_batch_walk(batch) || !cli_batch_name_outputs(batch)) {
        return CLI_EXIT_INPUT;
    }
    if (batch->watch != NULL) {
        cli_batch_watch_keep_ready(batch, first);
    }
    return cli_batch_keep_shard(batch) ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

/* rembg's folder appears even if there is nothing to put in it. */
static int make_output_folder(const cli_batch *batch)
{
    clearcut_error error;

    if (cli_batch_make_folders(batch->output_folder, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    if (mkdir(batch->output_folder, 0777) != 0 && errno != EEXIST) {
        cli_error("%s: cannot make the folder: %s", batch->output_folder, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

/* ---- the work ---- */

static int fetch_model(const cli_batch *batch)
{
    const cli_batch_settings *wanted = &batch->wanted;
    clearcut_error error;

    if (cli_need_model(wanted->cutting.model, wanted->offline, wanted->quiet, &error) ==
        CLEARCUT_OK) {
        return CLI_EXIT_OK;
    }
    cli_error("%s", error.message);
    return cli_model_exit(error.code, batch->precision);
}

/* Work on the list. *interrupted: items were dropped or not begun. */
static int process_list(cli_batch *batch, bool watching, bool *interrupted)
{
    size_t before = batch->to_do;
    int result = CLI_EXIT_OK;

    cli_batch_settle_present(batch, watching);
    if (batch->to_do > before && !clearcut_cancel_requested(cli_cancel())) {
        result = batch->session == NULL ? fetch_model(batch) : CLI_EXIT_OK;
        result = result != CLI_EXIT_OK ? result : cli_batch_run_pipeline(batch);
    }
    if (result <= CLI_EXIT_INPUT) {
        cli_batch_report_rest(batch);
    }
    *interrupted = clearcut_cancel_requested(cli_cancel());
    if (result == CLI_EXIT_OK && (batch->report_failed || batch->list.unreadable_folders > 0)) {
        result = CLI_EXIT_INPUT;
    }
    return result;
}

/* -w: a round for whatever comes. To be stopped is the normal end, so that it counts as
 * interrupted only if work was dropped. */
static int watch(cli_batch *batch, int result, bool *interrupted)
{
    if (!batch->wanted.quiet) {
        cli_note("watching %s; a signal or a file stop.txt in it ends this", batch->input_folder);
    }
    while (result <= CLI_EXIT_INPUT && !(result != CLI_EXIT_OK && batch->wanted.fail_fast) &&
           !*interrupted && cli_batch_watch_wait(batch) == CLI_BATCH_CHANGED) {
        int of_round;

        cli_batch_list_free(&batch->list);
        batch->next_report = 0;
        of_round = make_list(batch, false);
        if (of_round == CLI_EXIT_OK) {
            of_round = process_list(batch, true, interrupted);
        }
        result = of_round > result ? of_round : result;
    }
    return result;
}

/* The ranges of all pictures, where they were asked for and a picture was cut. */
static int keep_calibration(cli_batch *batch)
{
    const char *path = batch->wanted.engine.calibrate_to;
    clearcut_error error;

    if (path == NULL) {
        return CLI_EXIT_OK;
    }
    if (batch->session == NULL) {
        cli_error("%s: not written: there was no picture to calibrate with", path);
        return CLI_EXIT_INPUT;
    }
    if (clearcut_session_calibrate(batch->session, path, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int process(cli_batch *batch)
{
    bool interrupted = false;
    int hold = cli_batch_hold_output(batch);
    int result = process_list(batch, false, &interrupted);

    if (batch->wanted.watch && !interrupted) {
        result = watch(batch, result, &interrupted);
    }
    if (result <= CLI_EXIT_INPUT && !interrupted && keep_calibration(batch) != CLI_EXIT_OK) {
        result = CLI_EXIT_INPUT;
    }
    if (result <= CLI_EXIT_INPUT && !batch->wanted.quiet) {
        cli_batch_summary(batch);
    }
    if (hold >= 0) {
        close(hold);
    }
    return interrupted ? CLI_EXIT_INTERRUPTED : result;
}

static int run_batch(const cli_command *command, int argument_count, char **arguments)
{
    cli_batch batch = {.wanted = {.cutting = CLI_CUTTING_DEFAULTS,
                                  .pictures = CLI_PICTURE_DEFAULTS,
                                  .engine = CLI_ENGINE_DEFAULTS},
                       .report = -1};
    int operand_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &batch.wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    result = check_settings(&batch.wanted);
    result =
        result != CLI_EXIT_OK ? result : cli_check_engine(&batch.wanted.engine, &batch.precision);
    result = result != CLI_EXIT_OK ? result : check_folders(&batch, operand_count, arguments);
    result = result != CLI_EXIT_OK ? result : choose_format(&batch);
    result = result != CLI_EXIT_OK ? result : make_list(&batch, true);
    result = result != CLI_EXIT_OK ? result : make_output_folder(&batch);
    result = result != CLI_EXIT_OK ? result : open_report(&batch);
    result = result != CLI_EXIT_OK ? result : process(&batch);
    if (batch.report >= 0 && close(batch.report) != 0 && result == CLI_EXIT_OK) {
        cli_error("%s: cannot write: %s", batch.wanted.report, strerror(errno));
        result = CLI_EXIT_INPUT;
    }
    cli_batch_watch_end(&batch);
    clearcut_session_free(&batch.session);
    cli_cutting_free(&batch.wanted.cutting);
    cli_batch_list_free(&batch.list);
    return result;
}

const cli_command cli_batch_command = {
    .name = "p",
    .alias = "batch",
    .usage = "[options] INPUT_DIR OUTPUT_DIR",
    .summary = "cut the subjects out of all photos of a folder",
    .details =
        "Sub-folders are kept: INPUT_DIR/a/b.jpg becomes OUTPUT_DIR/a/b.png. Where two inputs\n"
        "would share an output, they keep their endings: b.jpg.png and b.webp.png. What is\n"
        "there already is not made again, so a run that was stopped is simply repeated.\n"
        "Pictures are known by their content; other files are left alone and counted.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_batch};
