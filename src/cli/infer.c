/* infer: run an ONNX network on raw numbers. The tool for parity and speed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "options.h"
#include "pictures.h"
#include "report.h"
#include "result.h"
#include "statistics.h"

typedef struct settings {
    const char *input;
    const char *output;
    const char *shape;
    long long repeat;
    bool explain;
    bool reference;
    long long outputs;
    bool external_data;
    cli_engine engine;
} settings;

static const cli_option option_table[] = {
    {NULL, "in", CLI_TEXT, offsetof(settings, input), 0, 0, "IN.f32",
     "the first input: little-endian float32, row by row; - is standard input"},
    {NULL, "out", CLI_TEXT, offsetof(settings, output), 0, 0, "OUT.f32",
     "where the first output goes, likewise; - is standard output"},
    {NULL, "shape", CLI_TEXT, offsetof(settings, shape), 0, 0, "N,C,H,W",
     "shape of the input, for networks that leave it open"},
    {NULL, "repeat", CLI_INTEGER, offsetof(settings, repeat), 1, 1000000, "N",
     "run N times after one to warm up; tell median and spread"},
    {NULL, "explain", CLI_FLAG, offsetof(settings, explain), 0, 0, NULL,
     "print the plan, an operator a line (with --repeat: timed)"},
    {NULL, "outputs", CLI_INTEGER, offsetof(settings, outputs), 0, 1024, "N",
     "compute only the first N outputs; 0 (default) = all"},
    {NULL, "reference", CLI_FLAG, offsetof(settings, reference), 0, 0, NULL,
     "every operator by its plain reference: slow, for comparing"},
    {NULL, "external-data", CLI_FLAG, offsetof(settings, external_data), 0, 0, NULL,
     "allow weights in files beside the model"},
    CLI_ENGINE_OPTIONS(settings),
    CLI_LOW_MEMORY_OPTION(settings),
    CLI_CALIBRATION_OPTIONS(settings),
};

typedef struct job {
    const settings *wanted;
    const char *model;
    clearcut_precision precision;
    clearcut_network *network;
    clearcut_tensor_info input_info;
    clearcut_tensor_info output_info;
    clearcut_bytes input;
    void **outputs; /* one for each output of the network */
    int output_count;
    cli_spread times; /* milliseconds */
    double load_ms;
    clearcut_timing timing;
} job;

/* ---- making ready ---- */

static bool parse_shape(const char *text, clearcut_network_options *options)
{
    options->input_rank = 0;
    for (;;) {
        char *end = NULL;
        long long dimension = strtoll(text, &end, 10);
        if (end == text || dimension < 1 || options->input_rank == CLEARCUT_MAX_RANK ||
            (*end != ',' && *end != 'x' && *end != '\0')) {
            return false;
        }
        options->input_shape[options->input_rank++] = dimension;
        if (*end == '\0') {
            return true;
        }
        text = end + 1;
    }
}

static clearcut_status load(job *work, const clearcut_network_options *options,
                            clearcut_error *error)
{
    double begin = cli_clock_ms();
    clearcut_status status = clearcut_network_load(work->model, options, &work->network, error);

    work->load_ms = cli_clock_ms() - begin;
    return status;
}

static clearcut_status reject(clearcut_error *error, clearcut_status status, const char *name,
                              const char *message)
{
    error->code = status;
    snprintf(error->message, sizeof error->message, "%.400s: %.500s", name, message);
    return status;
}

/* Only what raw float32 can express: one float32 input, a float32 first output. */
static clearcut_status check_tensors(job *work, clearcut_error *error)
{
    char text[200];
    clearcut_status status;

    if (clearcut_network_input_count(work->network) != 1) {
        snprintf(text, sizeof text, "has %d inputs; infer can feed one",
                 clearcut_network_input_count(work->network));
        return reject(error, CLEARCUT_MODEL, work->model, text);
    }
    status = clearcut_network_input(work->network, 0, &work->input_info, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_network_output(work->network, 0, &work->output_info, error);
    }
    if (status == CLEARCUT_OK && (strcmp(work->input_info.type, "float32") != 0 ||
                                  strcmp(work->output_info.type, "float32") != 0)) {
        snprintf(text, sizeof text, "input is %s and first output %s; infer works on float32",
                 work->input_info.type, work->output_info.type);
        return reject(error, CLEARCUT_MODEL, work->model, text);
    }
    return status;
}

static void shape_text(const clearcut_tensor_info *info, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < info->rank && used < size; i++) {
        int length = snprintf(text + used, size - used, "%s%lld", i > 0 ? "x" : "",
                              (long long)info->shape[i]);
        used += length > 0 ? (size_t)length : 0;
    }
}

static clearcut_status read_input(job *work, clearcut_error *error)
{
    double begin = cli_clock_ms();
    char shape[128];
    char text[320];
    clearcut_status status;

    cli_signals_waiting(true);
    status = clearcut_file_read(work->wanted->input, (size_t)8 << 30, &work->input, error);
    cli_signals_waiting(false);
    work->timing.decode = cli_clock_ms() - begin;
    if (status == CLEARCUT_OK && work->input.size != work->input_info.bytes) {
        shape_text(&work->input_info, shape, sizeof shape);
        snprintf(text, sizeof text,
                 "holds %zu bytes, but the network takes %s float32 = %zu bytes; give a file of "
                 "that size, or the shape it has with --shape",
                 work->input.size, shape, work->input_info.bytes);
        return reject(error, CLEARCUT_INVALID_ARGUMENT, cli_input_name(work->wanted->input), text);
    }
    return status;
}

static clearcut_status allocate_outputs(job *work, clearcut_error *error)
{
    work->output_count = clearcut_network_output_count(work->network);
    work->outputs = calloc((size_t)work->output_count + 1, sizeof *work->outputs);
    for (int i = 0; work->outputs != NULL && i < work->output_count; i++) {
        clearcut_tensor_info info;
        clearcut_status status = clearcut_network_output(work->network, i, &info, error);
        if (status != CLEARCUT_OK) {
            return status;
        }
        /* Aligned and rounded up: kernels like whole cache lines. */
        work->outputs[i] = aligned_alloc(64, (info.bytes + 64) / 64 * 64);
        if (work->outputs[i] == NULL) {
            return reject(error, CLEARCUT_OUT_OF_MEMORY, work->model,
                          "not enough memory for the outputs");
        }
    }
    if (work->outputs == NULL) {
        return reject(error, CLEARCUT_OUT_OF_MEMORY, work->model,
                      "not enough memory for the outputs");
    }
    return CLEARCUT_OK;
}

/* ---- running ---- */

static clearcut_status run_once(job *work, double *elapsed, clearcut_error *error)
{
    const void *inputs[1] = {work->input.data};
    double begin = cli_clock_ms();
    clearcut_status status = clearcut_network_run(work->network, inputs, work->outputs, error);

    *elapsed = cli_clock_ms() - begin;
    return status;
}

static clearcut_status run_all(job *work, clearcut_error *error)
{
    int count = (int)work->wanted->repeat;
    double *times = calloc((size_t)count, sizeof *times);
    double warm_up;
    clearcut_status status = CLEARCUT_OK;

    if (times == NULL) {
        return reject(error, CLEARCUT_OUT_OF_MEMORY, work->model, "not enough memory");
    }
    cli_progress_stage(NULL, CLEARCUT_STAGE_INFER);
    if (count > 1) {
        status = run_once(work, &warm_up, error);
    }
    for (int i = 0; i < count && status == CLEARCUT_OK; i++) {
        status = run_once(work, &times[i], error);
    }
    if (status == CLEARCUT_OK) {
        cli_summarise(times, count, &work->times);
        work->timing.infer = work->times.median;
    }
    free(times);
    return status;
}

static clearcut_status write_output(job *work, clearcut_error *error)
{
    double begin = cli_clock_ms();
    clearcut_status status =
        cli_write_bytes(work->outputs[0], work->output_info.bytes, work->wanted->output, error);

    work->timing.encode = cli_clock_ms() - begin;
    return status;
}

/* ---- telling ---- */

static void add_shape(cli_json *json, const char *key, const clearcut_tensor_info *info)
{
    cli_json_array(json, key);
    for (int i = 0; i < info->rank; i++) {
        cli_json_integer(json, NULL, info->shape[i]);
    }
    cli_json_end_array(json);
}

static bool print_json(const job *work, const char *plan)
{
    clearcut_device device;
    cli_json json = {0};
    cli_result result = {.file = work->wanted->input,
                         .status = "ok",
                         .output = work->wanted->output,
                         .device = &device,
                         .load_ms = work->load_ms,
                         .ms = work->timing};

    clearcut_network_device(work->network, &device);
    cli_result_begin(&json, &result);
    cli_json_text(&json, "model", work->model);
    cli_json_text(&json, "precision", device.precision);
    if (work->times.runs > 0) {
        add_shape(&json, "input_shape", &work->input_info);
        add_shape(&json, "output_shape", &work->output_info);
    }
    cli_json_real(&json, "multiply_adds", device.multiply_adds, 0);
    if (work->times.runs > 0) {
        cli_json_object(&json, "repeat");
        cli_json_integer(&json, "runs", work->times.runs);
        cli_json_real(&json, "median_ms", work->times.median, 3);
        cli_json_real(&json, "lowest_ms", work->times.lowest, 3);
        cli_json_real(&json, "highest_ms", work->times.highest, 3);
        cli_json_real(&json, "quartile_range_ms", work->times.quartile_range, 3);
        cli_json_end_object(&json);
    }
    if (plan != NULL) {
        cli_json_text(&json, "plan", plan);
    }
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

/* For people; on stderr where the output itself goes to stdout. */
static void print_text(const job *work, const char *plan)
{
    const char *output = work->wanted->output;
    FILE *stream = output != NULL && strcmp(output, "-") == 0 ? stderr : stdout;

    if (plan != NULL) {
        fputs(plan, stream);
    }
    if (work->wanted->repeat > 1 && work->times.runs > 0) {
        fprintf(stream, "%d runs: median %.2f ms, lowest %.2f, highest %.2f, quartile range %.2f\n",
                work->times.runs, work->times.median, work->times.lowest, work->times.highest,
                work->times.quartile_range);
    }
}

static clearcut_status tell(const job *work, clearcut_error *error)
{
    clearcut_bytes plan = {0};
    clearcut_status status = CLEARCUT_OK;

    if (work->wanted->explain) {
        int runs = work->wanted->repeat > 1 ? (int)work->wanted->repeat : 0;
        status = clearcut_network_explain(work->network, runs, &plan, error);
    }
    cli_progress_end();
    if (status == CLEARCUT_OK && work->wanted->engine.json) {
        if (!print_json(work, (const char *)plan.data)) {
            status = reject(error, CLEARCUT_IO, "standard output", "the JSON line was lost");
        }
    } else if (status == CLEARCUT_OK) {
        print_text(work, (const char *)plan.data);
    }
    clearcut_bytes_free(&plan);
    return status;
}

/* ---- the command ---- */

static clearcut_status compute(job *work, clearcut_error *error)
{
    double begin = cli_clock_ms();
    clearcut_status status = read_input(work, error);

    if (status == CLEARCUT_OK) {
        status = allocate_outputs(work, error);
    }
    if (status == CLEARCUT_OK) {
        status = run_all(work, error);
    }
    if (status == CLEARCUT_OK) {
        status = write_output(work, error);
    }
    work->timing.total = cli_clock_ms() - begin;
    return status;
}

static int fail(const job *work, const clearcut_error *error, int exit_status)
{
    cli_progress_end();
    cli_error("%s", error->message);
    if (work->wanted->engine.json) {
        cli_result_print_error(work->wanted->input != NULL ? work->wanted->input : work->model,
                               error);
    }
    return exit_status;
}

static int process(job *work, const clearcut_network_options *options)
{
    bool only_plan = work->wanted->input == NULL;
    clearcut_error error;
    clearcut_status status;

    cli_progress_begin(work->model);
    status = load(work, options, &error);
    if (status == CLEARCUT_OK && !only_plan) {
        status = check_tensors(work, &error);
    }
    if (status != CLEARCUT_OK) {
        return fail(work, &error, cli_model_exit(status, work->precision));
    }
    if (!only_plan) {
        status = compute(work, &error);
    }
    if (status == CLEARCUT_OK && !only_plan && work->wanted->engine.calibrate_to != NULL) {
        status =
            clearcut_network_calibrate(work->network, work->wanted->engine.calibrate_to, &error);
    }
    if (status == CLEARCUT_OK) {
        status = tell(work, &error);
    }
    return status == CLEARCUT_OK ? CLI_EXIT_OK : fail(work, &error, cli_input_exit(status));
}

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help infer`", message);
    return CLI_EXIT_USAGE;
}

static int check_files(const settings *wanted, const char *model)
{
    clearcut_error error;

    if ((wanted->input == NULL) != (wanted->output == NULL) ||
        (wanted->input == NULL && !wanted->explain)) {
        return usage_error("infer needs both --in and --out (or --explain alone)");
    }
    if (wanted->output == NULL) {
        return CLI_EXIT_OK;
    }
    if (strcmp(wanted->output, "-") == 0 && wanted->engine.json) {
        return usage_error("--json needs standard output for itself: name an output file");
    }
    if (clearcut_file_same(wanted->input, wanted->output) ||
        clearcut_file_same(model, wanted->output)) {
        cli_error("%s: would be overwritten by the output; give --out another name",
                  wanted->output);
        return CLI_EXIT_USAGE;
    }
    if (clearcut_output_check(wanted->output, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return error.code == CLEARCUT_INVALID_ARGUMENT ? CLI_EXIT_USAGE : CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int prepare(job *work, clearcut_network_options *options)
{
    const settings *wanted = work->wanted;
    int result = cli_check_engine(&wanted->engine, &work->precision);

    if (result != CLI_EXIT_OK) {
        return result;
    }
    clearcut_network_options_init(options);
    options->device = wanted->engine.device;
    options->threads = (int)wanted->engine.threads;
    options->low_memory = wanted->engine.low_memory;
    options->calibration = wanted->engine.calibration;
    options->calibrate = wanted->engine.calibrate_to != NULL;
    options->tune = wanted->engine.tune;
    options->precision = work->precision;
    options->reference_only = wanted->reference;
    options->wanted_outputs = (int)wanted->outputs;
    options->allow_external_data = wanted->external_data;
    options->cancel = cli_cancel();
    if (wanted->shape != NULL && !parse_shape(wanted->shape, options)) {
        return usage_error("--shape: takes up to 8 numbers above 0, such as 1,3,320,320");
    }
    return check_files(wanted, work->model);
}

static void release(job *work)
{
    for (int i = 0; work->outputs != NULL && i < work->output_count; i++) {
        free(work->outputs[i]);
    }
    free(work->outputs);
    clearcut_bytes_free(&work->input);
    clearcut_network_free(&work->network);
}

static int run_infer(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {.repeat = 1, .engine = CLI_ENGINE_DEFAULTS};
    job work = {.wanted = &wanted};
    clearcut_network_options options;
    int operand_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    if (operand_count != 1) {
        return usage_error("infer takes one ONNX file");
    }
    work.model = arguments[0];
    result = prepare(&work, &options);
    if (result == CLI_EXIT_OK) {
        result = process(&work, &options);
    }
    release(&work);
    return result;
}

const cli_command cli_infer_command = {
    .name = "infer",
    .usage = "MODEL.onnx --in IN.f32 --out OUT.f32 [options]",
    .summary = "run any supported ONNX network on raw float32 numbers",
    .details = "For comparing results and measuring speed. The numbers are little-endian float32\n"
               "in the order of the network's shape (pictures: NCHW), without a header.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_infer};
