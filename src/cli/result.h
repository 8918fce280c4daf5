/* What every JSON line says about one input: the keys of docs/cli.md. */
#ifndef CLEARCUT_CLI_RESULT_H
#define CLEARCUT_CLI_RESULT_H

#include "clearcut.h"
#include "json.h"

typedef struct cli_result {
    const char *file;
    const char *status;
    const char *reason; /* NULL = null */
    const char *output; /* NULL = null: nothing was written */
    int width;          /* of the upright picture; 0 = null */
    int height;
    const clearcut_device *device; /* NULL = null: nothing was run */
    double load_ms;                /* making the model ready, for the first input */
    clearcut_timing ms;            /* total: this input from reading to writing */
} cli_result;

/* Begin the outermost object and write the common keys; the caller adds its own
 * and ends the object. */
void cli_result_begin(cli_json *json, const cli_result *result);

/* The member "matting": what came of alpha matting; nothing if it was not asked for. */
void cli_result_matting(cli_json *json, const clearcut_matting *matting);

/* Print the line of an input that failed: status "error", the message as
 * `reason`, and `error` with code, path and message. False if stdout failed. */
bool cli_result_print_error(const char *file, const clearcut_error *error);

/* Milliseconds of a clock that only goes forward. */
double cli_clock_ms(void);

#endif
