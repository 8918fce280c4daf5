/* doctor: what this machine can run, what it runs, and the evidence. The library
 * finds out; this prints.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "options.h"
#include "report.h"

typedef struct settings {
    const char *require;
    const char *device;
    const char *model;
    long long runs;
    long long threads;
    bool json;
} settings;

static const cli_option option_table[] = {
    {NULL, "require", CLI_TEXT, offsetof(settings, require), 0, 0, "DEVICE",
     "examine this device; status 3 unless it is proven to do the work"},
    {NULL, "device", CLI_TEXT, offsetof(settings, device), 0, 0, "DEVICE",
     "examine this device; status 0 whatever comes out (default auto)"},
    {"m", "model", CLI_TEXT, offsetof(settings, model), 0, 0, "MODEL",
     "a name of `clearcut models` or an ONNX file; default: the embedded page model"},
    {NULL, "runs", CLI_INTEGER, offsetof(settings, runs), 1, 1000, "N",
     "turns, each on the device and on the processor; default 10"},
    {NULL, "threads", CLI_INTEGER, offsetof(settings, threads), 0, 1024, "N",
     "threads for the processor; 0 (default) = all this process may use"},
    {NULL, "json", CLI_FLAG, offsetof(settings, json), 0, 0, NULL,
     "one JSON object on one line instead of text"}};

static int exit_for(clearcut_status status)
{
    switch (status) {
    case CLEARCUT_INVALID_ARGUMENT: return CLI_EXIT_USAGE;
    case CLEARCUT_CANCELLED: return CLI_EXIT_INTERRUPTED;
    case CLEARCUT_OUT_OF_MEMORY: return CLI_EXIT_INPUT;
    default: return CLI_EXIT_MODEL;
    }
}

static int print(const settings *wanted, const clearcut_doctor *doctor)
{
    bool printed = wanted->json ? printf("%s\n", clearcut_doctor_json(doctor)) >= 0
                                : printf("%s", clearcut_doctor_text(doctor)) >= 0;

    if (!printed || fflush(stdout) != 0) {
        cli_error("standard output: cannot write: %s", strerror(errno));
        return CLI_EXIT_INPUT;
    }
    if (wanted->require != NULL && !clearcut_doctor_proven(doctor)) {
        cli_error("--require %s: it does not do the work; the report says why", wanted->require);
        return CLI_EXIT_DEVICE;
    }
    return CLI_EXIT_OK;
}

static int examine(const settings *wanted)
{
    clearcut_doctor_options options;
    clearcut_doctor *doctor = NULL;
    clearcut_error error;
    clearcut_status status;
    int result;

    clearcut_doctor_options_init(&options);
    options.device = wanted->require != NULL ? wanted->require : wanted->device;
    options.model = wanted->model;
    options.runs = (int)wanted->runs;
    options.threads = (int)wanted->threads;
    options.cancel = cli_cancel();
    cli_progress_begin("doctor");
    status = clearcut_doctor_examine(&options, &doctor, &error);
    cli_progress_end();
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return exit_for(status);
    }
    result = print(wanted, doctor);
    clearcut_doctor_free(&doctor);
    return result;
}

static int run_doctor(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {.device = "auto"};
    int operand_count;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    if (operand_count > 0) {
        cli_error("doctor takes no files; see `clearcut help doctor`");
        return CLI_EXIT_USAGE;
    }
    return examine(&wanted);
}

const cli_command cli_doctor_command = {
    .name = "doctor",
    .usage = "[--require DEVICE] [-m MODEL] [--runs N] [--json]",
    .summary = "what this machine can run, what it runs, and the evidence",
    .details =
        "Lists processor, GPUs, drivers and libraries, says of each engine that cannot\n"
        "work what is missing and how to mend it, then runs a model on the device and on\n"
        "the processor, turn by turn, and judges by what it measures alone. docs/devices.md\n"
        "explains every line.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_doctor};
