/* Matching of arguments: rembg's multi-letter options with one dash (-om, -bgc)
 * are whole words, so getopt does not fit.
 */
#ifndef CLEARCUT_CLI_OPTIONS_H
#define CLEARCUT_CLI_OPTIONS_H

#include "clearcut.h"
#include "command.h"

/* What an argument list came to. */
typedef enum cli_parse_result {
    CLI_PARSED,      /* go on */
    CLI_HELP_SHOWN,  /* --help was asked for and printed: end with success */
    CLI_PARSE_FAILED /* explained on stderr: end with CLI_EXIT_USAGE */
} cli_parse_result;

/* Read options into `settings` and move the operands (all that is no option, and
 * everything after "--") to the front of `arguments`, in order. */
cli_parse_result cli_parse(const cli_command *command, int argument_count, char **arguments,
                           void *settings, int *operand_count);

/* The name in `names` (ended by NULL) that is nearest to `word`, or NULL if
 * none is near: at most two edits, or a third of the length. */
const char *cli_nearest(const char *word, const char *const *names);

/* Whole text as a number within limits; false if it is not one. */
bool cli_parse_integer(const char *text, long long minimum, long long maximum, long long *value);
bool cli_parse_real(const char *text, double minimum, double maximum, double *value);

/* A colour written as one word: R,G,B[,A] or #RRGGBB[AA]. */
bool cli_parse_color(const char *text, cli_color *color);

/* Settings that every command that runs a network has. */
typedef struct cli_engine {
    const char *device;    /* default "auto" */
    const char *precision; /* default "auto" */
    long long threads;     /* 0 = all */
    bool json;
    bool low_memory;         /* of commands with CLI_LOW_MEMORY_OPTION */
    const char *calibration; /* these two: of commands with CLI_CALIBRATION_OPTIONS */
    const char *calibrate_to;
    bool tune; /* likewise */
} cli_engine;

#define CLI_ENGINE_DEFAULTS                                                                        \
    {                                                                                              \
        .device = "auto", .precision = "auto"                                                      \
    }

/* clang-format off */
/* The option rows for a settings structure that has a cli_engine `engine`. */
#define CLI_ENGINE_OPTIONS(type)                                                              \
    {NULL, "device", CLI_TEXT, offsetof(type, engine.device), 0, 0, "DEVICE",                 \
     "auto (default), cpu, cuda[:N], ort[:PROVIDER]; a demanded one is used or an error"},    \
    {NULL, "threads", CLI_INTEGER, offsetof(type, engine.threads), 0, 1024, "N",              \
     "threads to work with; 0 (default) = all this process may use"},                         \
    {NULL, "precision", CLI_TEXT, offsetof(type, engine.precision), 0, 0, "NAME",             \
     "auto (default: fp16 on a GPU, else fp32), fp32, fp16, bf16 or int8"},                   \
    {NULL, "json", CLI_FLAG, offsetof(type, engine.json), 0, 0, NULL,                         \
     "one JSON object a line on stdout, and nothing else there"}
/* For commands that run large networks. */
#define CLI_LOW_MEMORY_OPTION(type)                                                           \
    {NULL, "low-memory", CLI_FLAG, offsetof(type, engine.low_memory), 0, 0, NULL,             \
     "keep no packed weights: a third less memory, a quarter slower (processor only)"}
#define CLI_CALIBRATION_OPTIONS(type)                                                         \
    {NULL, "calibration", CLI_TEXT, offsetof(type, engine.calibration), 0, 0, "FILE",         \
     "int8: ranges of activations, from a file that --calibrate-to made"},                    \
    {NULL, "calibrate-to", CLI_TEXT, offsetof(type, engine.calibrate_to), 0, 0, "FILE",       \
     "int8: write the ranges of activations of this command's pictures to a file"},           \
    {NULL, "tune", CLI_FLAG, offsetof(type, engine.tune), 0, 0, NULL,                         \
     "measure the ways to run each layer and remember the fastest (processor only)"}
/* clang-format on */

/* Check device and precision before any work: CLI_EXIT_OK, or CLI_EXIT_USAGE or
 * CLI_EXIT_DEVICE after an explanation on stderr. */
int cli_check_engine(const cli_engine *engine, clearcut_precision *precision);

#endif
