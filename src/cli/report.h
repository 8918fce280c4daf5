/* What the program says to people, all of it on stderr, and when it ends early:
 * messages, the progress line, signals.
 */
#ifndef CLEARCUT_CLI_REPORT_H
#define CLEARCUT_CLI_REPORT_H

#include "clearcut.h"

#if defined(__GNUC__)
#define CLI_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define CLI_PRINTF
#endif

/* One line on stderr: "clearcut: ...". Clears the progress line first. */
void cli_error(const char *format, ...) CLI_PRINTF;
/* The same with "note: ", for what succeeded but should be known. */
void cli_note(const char *format, ...) CLI_PRINTF;

/* "0:07", "12:30", "1:02:03". */
void cli_time_text(double seconds, char *text, size_t size);

/* Exit status for a failure while a picture or tensor was worked on. */
int cli_input_exit(clearcut_status status);
/* Exit status for a failure while a model or device was made ready. A precision
 * that this build cannot compute in is wrong usage, not a fault of the model. */
int cli_model_exit(clearcut_status status, clearcut_precision precision);

/* ---- progress: a line on a terminal for anything that lasts over a second ---- */

/* Begin to watch a piece of work; `subject` is usually a file name and must live
 * until cli_progress_end. Nothing happens if stderr is no terminal. */
void cli_progress_begin(const char *subject);
/* A clearcut_progress_function; context is unused. */
void cli_progress_stage(void *context, clearcut_stage stage);
/* The same for work of many parts: `describe` writes the line, without a line
 * feed, on a thread of its own; it must not print or wait. Where stderr is no
 * terminal a plain line comes every few seconds instead. */
typedef void (*cli_progress_function)(void *context, char *line, size_t size);
void cli_progress_begin_parts(cli_progress_function describe, void *context);
void cli_progress_end(void);

/* ---- signals ---- */

/* SIGINT and SIGTERM ask the switch to stop; a second one ends the process at
 * once. SIGPIPE ends it quietly. Temporary files are removed in every case. */
void cli_signals_install(clearcut_cancel *cancel);
/* While true (waiting for input that may never come) the first signal is enough. */
void cli_signals_waiting(bool waiting);
/* The switch given to cli_signals_install. */
clearcut_cancel *cli_cancel(void);

#endif
