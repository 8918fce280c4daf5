/* i: cut the subject out of one photo. */
#define _POSIX_C_SOURCE 200809L /* isatty */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clearcut.h"
#include "command.h"
#include "cutting.h"
#include "device_line.h"
#include "options.h"
#include "pictures.h"
#include "pull.h"
#include "report.h"
#include "result.h"

typedef struct settings {
    const char *output;
    bool in_place;
    bool offline;
    cli_cutting cutting;
    cli_pictures pictures;
    cli_engine engine;
} settings;

static const cli_option option_table[] = {
    CLI_CUTTING_OPTIONS(settings),
    {"o", "output", CLI_TEXT, offsetof(settings, output), 0, 0, "FILE", "same as a second operand"},
    {NULL, "in-place", CLI_FLAG, offsetof(settings, in_place), 0, 0, NULL,
     "allow the output to replace the input"},
    CLI_OFFLINE_OPTION(settings),
    CLI_PICTURE_OPTIONS(settings),
    CLI_BITS_OPTION(settings),
    CLI_ENGINE_OPTIONS(settings),
    CLI_LOW_MEMORY_OPTION(settings),
    CLI_CALIBRATION_OPTIONS(settings),
};

/* One photo on its way. */
typedef struct job {
    const settings *wanted;
    const char *input;
    const char *output;
    char *derived_output; /* owned; what `output` points to if no name was given */
    clearcut_format format;
    clearcut_precision precision;
    cli_work work;
    clearcut_session *session;
    int width; /* of the upright photo */
    int height;
    double load_ms;
    clearcut_timing timing;
    clearcut_matting matting;
    char note[256]; /* the last one that the session had */
} job;

/* ---- which files ---- */

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help i`", message);
    return CLI_EXIT_USAGE;
}

static int choose_input(job *work, int operand_count, char **operands)
{
    if (operand_count > 2 || (operand_count == 2 && work->wanted->output != NULL)) {
        return usage_error("too many operands: one input and one output");
    }
    if (operand_count > 0) {
        work->input = operands[0];
    } else if (!isatty(STDIN_FILENO)) {
        work->input = "-";
    } else {
        return usage_error("no input: name a picture, or pipe one in");
    }
    return CLI_EXIT_OK;
}

/* The output's name when none was given. rembg: photo.out.png on a terminal,
 * else standard output, which --json needs for itself. */
static int default_output(job *work)
{
    bool from_file = strcmp(work->input, "-") != 0;
    clearcut_format format = CLEARCUT_FORMAT_PNG;
    char suffix[16];

    if (work->wanted->in_place && from_file) {
        work->output = work->input;
        return CLI_EXIT_OK;
    }
    if (!from_file || (!work->wanted->engine.json && !isatty(STDOUT_FILENO))) {
        work->output = "-";
        return CLI_EXIT_OK;
    }
    if (work->wanted->pictures.format != NULL) {
        format = clearcut_format_from_name(work->wanted->pictures.format);
    }
    snprintf(suffix, sizeof suffix, ".out%s", cli_format_extension(format));
    work->derived_output = cli_derived_name(work->input, NULL, suffix);
    work->output = work->derived_output;
    return work->output != NULL ? CLI_EXIT_OK : CLI_EXIT_INPUT;
}

static int check_output(job *work)
{
    clearcut_error error;

    if (strcmp(work->output, "-") == 0) {
        if (work->wanted->engine.json) {
            return usage_error("--json needs standard output for itself: name an output file");
        }
        if (isatty(STDOUT_FILENO)) {
            return usage_error("a picture does not belong on a terminal: name an output file");
        }
    } else if (!work->wanted->in_place && clearcut_file_same(work->input, work->output)) {
        cli_error("%s: output and input are the same file; give another name, or --in-place to "
                  "replace it",
                  work->output);
        return CLI_EXIT_USAGE;
    }
    if (!cli_output_format(&work->wanted->pictures, work->output, &work->format)) {
        return CLI_EXIT_USAGE;
    }
    if (clearcut_output_check(work->output, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return error.code == CLEARCUT_INVALID_ARGUMENT ? CLI_EXIT_USAGE : CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int choose_files(job *work, int operand_count, char **operands)
{
    int result = choose_input(work, operand_count, operands);

    if (result != CLI_EXIT_OK) {
        return result;
    }
    work->output = operand_count > 1 ? operands[1] : work->wanted->output;
    if (work->output == NULL) {
        result = default_output(work);
    }
    return result == CLI_EXIT_OK ? check_output(work) : result;
}

/* ---- the work ---- */

/* A clearcut_note_function: said at once, and kept for the JSON line. */
static void take_note(void *context, const char *message)
{
    job *work = context;
    snprintf(work->note, sizeof work->note, "%s", message);
    cli_note("%s", message);
}

static clearcut_status create_session(job *work, clearcut_error *error)
{
    clearcut_session_options options;
    double begin = cli_clock_ms();
    clearcut_status status;

    clearcut_session_options_init(&options);
    options.model = work->wanted->cutting.model;
    options.device = work->wanted->engine.device;
    options.threads = (int)work->wanted->engine.threads;
    options.low_memory = work->wanted->engine.low_memory;
    options.calibration = work->wanted->engine.calibration;
    options.calibrate = work->wanted->engine.calibrate_to != NULL;
    options.tune = work->wanted->engine.tune;
    options.precision = work->precision;
    options.cancel = cli_cancel();
    options.progress = cli_progress_stage;
    options.feeding = cli_cutting_feeding(&work->wanted->cutting);
    options.note = take_note;
    options.note_context = work;
    status = clearcut_session_create(&options, &work->session, error);
    work->load_ms = cli_clock_ms() - begin;
    if (status == CLEARCUT_OK) {
        clearcut_device device;
        clearcut_session_device(work->session, &device);
        cli_retreat_note(&device);
    }
    return status;
}

static clearcut_status cut(job *work, clearcut_error *error)
{
    const cli_cutting *cutting = &work->wanted->cutting;
    clearcut_status status = cli_work_prepare(cutting, &work->work, &work->timing, error);

    if (status == CLEARCUT_OK) {
        status =
            cli_work_cut(cutting, work->session, &work->work, &work->timing, &work->matting, error);
    }
    if (status == CLEARCUT_OK) {
        status = cli_work_finish(cutting, &work->work, &work->timing, error);
    }
    return status;
}

static int fail(const job *work, const clearcut_error *error, int exit_status)
{
    cli_progress_end();
    cli_error("%s", error->message);
    if (work->wanted->engine.json) {
        cli_result_print_error(work->input, error);
    }
    return exit_status;
}

/* The picture was cut: the JSON line. no_subject: and kept back. */
static int succeed(const job *work, bool no_subject)
{
    clearcut_device device;
    cli_json json = {0};
    const char *note = work->note[0] != '\0' ? work->note : NULL;
    cli_result result = {.file = work->input,
                         .status = no_subject ? "no-subject" : "ok",
                         .reason = no_subject ? work->work.subject.reason : note,
                         .output = no_subject ? NULL : work->output,
                         .width = work->width,
                         .height = work->height,
                         .device = &device,
                         .load_ms = work->load_ms,
                         .ms = work->timing};

    cli_progress_end();
    if (!work->wanted->engine.json) {
        return CLI_EXIT_OK;
    }
    clearcut_session_device(work->session, &device);
    cli_result_begin(&json, &result);
    cli_json_text(&json, "model", clearcut_session_model(work->session));
    cli_json_text(&json, "recipe", clearcut_session_recipe(work->session));
    cli_result_matting(&json, &work->matting);
    cli_json_end_object(&json);
    return cli_json_print(&json) ? CLI_EXIT_OK : CLI_EXIT_INPUT;
}

/* An answer, but not the one that was asked for: nothing is written, exit status 1. */
static int keep_back(const job *work)
{
    cli_progress_end();
    cli_error("%s: no clear subject: %s; nothing was written (--force writes it all the same)",
              cli_input_name(work->input), work->work.subject.reason);
    succeed(work, true);
    return CLI_EXIT_INPUT;
}

static void note_guess(const job *work)
{
    const char *recipe = clearcut_session_recipe(work->session);

    if (strstr(recipe, "(guessed") != NULL && !work->wanted->engine.json) {
        cli_note("%s: %s", clearcut_session_model(work->session), recipe);
    }
}

static int process(job *work)
{
    clearcut_bytes bytes = {0};
    clearcut_error error;
    double begin = cli_clock_ms();
    clearcut_status status;

    cli_progress_begin(cli_input_name(work->input));
    status = cli_read_picture(&work->wanted->pictures, work->input, &work->timing, &bytes,
                              &work->work.photo, &error);
    clearcut_bytes_free(&bytes);
    if (status != CLEARCUT_OK) {
        return fail(work, &error, cli_input_exit(status));
    }
    work->width = clearcut_image_width(work->work.photo);
    work->height = clearcut_image_height(work->work.photo);
    cli_progress_end(); /* fetching has a line of its own */
    status = cli_need_model(work->wanted->cutting.model, work->wanted->offline, false, &error);
    cli_progress_begin(cli_input_name(work->input));
    if (status == CLEARCUT_OK) {
        status = create_session(work, &error);
    }
    if (status != CLEARCUT_OK) {
        return fail(work, &error, cli_model_exit(status, work->precision));
    }
    note_guess(work);
    status = cut(work, &error);
    if (status == CLEARCUT_OK && clearcut_cancel_requested(cli_cancel())) {
        status = error.code = CLEARCUT_CANCELLED;
        snprintf(error.message, sizeof error.message, "stopped as asked");
    }
    if (status == CLEARCUT_OK && cli_work_has_no_subject(&work->wanted->cutting, &work->work)) {
        work->timing.total = cli_clock_ms() - begin - work->load_ms;
        return keep_back(work);
    }
    if (status == CLEARCUT_OK) {
        status = cli_write_picture(&work->wanted->pictures, work->format, work->work.picture,
                                   work->output, &work->timing, &error);
    }
    if (status == CLEARCUT_OK && work->wanted->engine.calibrate_to != NULL) {
        status =
            clearcut_session_calibrate(work->session, work->wanted->engine.calibrate_to, &error);
    }
    if (status != CLEARCUT_OK) {
        return fail(work, &error, cli_input_exit(status));
    }
    work->timing.total = cli_clock_ms() - begin - work->load_ms;
    return succeed(work, false);
}

static int run_remove(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {.cutting = CLI_CUTTING_DEFAULTS,
                       .pictures = CLI_PICTURE_DEFAULTS,
                       .engine = CLI_ENGINE_DEFAULTS};
    job work = {.wanted = &wanted};
    int operand_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    result = cli_check_cutting(&wanted.cutting);
    if (result == CLI_EXIT_OK) {
        result = cli_check_engine(&wanted.engine, &work.precision);
    }
    if (result == CLI_EXIT_OK) {
        result = choose_files(&work, operand_count, arguments);
    }
    if (result == CLI_EXIT_OK) {
        bool plain = wanted.cutting.only_mask || wanted.cutting.compat != NULL;
        result = cli_settle_bits(&wanted.pictures, work.format, plain);
    }
    if (result == CLI_EXIT_OK) {
        result = process(&work);
    }
    cli_work_free(&work.work);
    clearcut_session_free(&work.session);
    cli_cutting_free(&wanted.cutting);
    free(work.derived_output);
    return result;
}

const cli_command cli_remove_command = {
    .name = "i",
    .alias = "remove",
    .usage = "[options] [INPUT [OUTPUT]]",
    .summary = "cut the subject out of a photo",
    .details = "INPUT and OUTPUT may be - for standard input and output. Without INPUT the\n"
               "picture comes from standard input; without OUTPUT the result goes to INPUT's\n"
               "name with the ending .out.png if standard output is a terminal, else to\n"
               "standard output. The output appears whole or not at all.\n"
               "JPEG has no transparency: there the cut-out stands on white, or on --bgcolor.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_remove};
