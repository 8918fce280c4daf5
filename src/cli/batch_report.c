/* What the folder command says: a line for each input, a progress line, a summary. */
#define _GNU_SOURCE /* realpath */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "batch.h"
#include "report.h"
#include "result.h"

/* ---- one input ---- */

static const char *state_name(cli_batch_state state)
{
    switch (state) {
    case CLI_BATCH_DONE: return "ok";
    case CLI_BATCH_PRESENT: return "present";
    case CLI_BATCH_NO_SUBJECT: return "no-subject";
    default: return "error";
    }
}

static void build_line(const cli_batch *batch, const cli_batch_item *item, cli_json *json)
{
    const cli_batch_outcome *outcome = item->outcome;
    bool failed = item->state == CLI_BATCH_FAILED;
    bool cut = item->state == CLI_BATCH_DONE || item->state == CLI_BATCH_NO_SUBJECT;
    const char *reason = failed                                ? outcome->error.message
                         : item->state == CLI_BATCH_NO_SUBJECT ? outcome->subject.reason
                                                               : outcome->note;
    cli_result result = {.file = item->input,
                         .status = state_name(item->state),
                         .reason = reason[0] != '\0' ? reason : NULL,
                         .output =
                             failed || item->state == CLI_BATCH_NO_SUBJECT ? NULL : item->output,
                         .width = outcome->width,
                         .height = outcome->height,
                         .device = cut ? &outcome->device : NULL,
                         .load_ms = cut ? batch->load_ms : 0,
                         .ms = outcome->ms};

    cli_result_begin(json, &result);
    if (cut) {
        cli_json_text(json, "model", clearcut_session_model(batch->session));
        cli_json_text(json, "recipe", clearcut_session_recipe(batch->session));
        cli_result_matting(json, &outcome->matting);
    }
    if (batch->wanted.review != NULL) {
        cli_json_bool(json, "in_review", outcome->in_review);
    }
    if (batch->wanted.delete_input) {
        cli_json_bool(json, "input_deleted", outcome->deleted);
    }
    if (failed) {
        cli_json_object(json, "error");
        cli_json_text(json, "code", clearcut_status_name(outcome->error.code));
        cli_json_text(json, "path", item->input);
        cli_json_text(json, "message", outcome->error.message);
        cli_json_end_object(json);
    }
    cli_json_end_object(json);
}

/* One write to a file opened for appending: a run that is killed leaves whole lines,
 * and so do several runs that share a report. */
static void write_report(cli_batch *batch, const cli_json *json)
{
    struct iovec parts[] = {{json->text, json->length}, {(char[]){'\n'}, 1}};
    ssize_t written;

    if (batch->report < 0 || batch->report_failed || json->failed) {
        return;
    }
    do {
        written = writev(batch->report, parts, 2);
    } while (written < 0 && errno == EINTR);
    if (written != (ssize_t)json->length + 1) {
        batch->report_failed = true;
        cli_error("%s: cannot write: %s", batch->wanted.report,
                  written < 0 ? strerror(errno) : "only a part of a line was taken");
    }
}

/* rembg's line for what was done while watching. */
static void print_processed(const cli_batch *batch, const cli_batch_item *item)
{
    char *input = realpath(item->input, NULL);
    char *output = realpath(item->output, NULL);

    if (batch->wanted.watch && !batch->wanted.engine.json && item->state == CLI_BATCH_DONE) {
        printf("processed: %s -> %s\n", input != NULL ? input : item->input,
               output != NULL ? output : item->output);
        fflush(stdout);
    }
    free(input);
    free(output);
}

static void say(const cli_batch *batch, const cli_batch_item *item)
{
    const cli_batch_outcome *outcome = item->outcome;

    if (item->state == CLI_BATCH_FAILED) {
        bool named = strstr(outcome->error.message, item->input) != NULL;
        cli_error("%s%s%s", named ? "" : item->input, named ? "" : ": ", outcome->error.message);
    } else if (item->state == CLI_BATCH_NO_SUBJECT) {
        cli_error("%s: no clear subject: %s; nothing was written (--force writes it all the same)",
                  item->input, outcome->subject.reason);
    } else if (outcome->note[0] != '\0' && !batch->wanted.quiet) {
        cli_note("%s: %s", item->input, outcome->note);
    }
}

static void report_item(cli_batch *batch, cli_batch_item *item)
{
    cli_json json = {0};

    if (item->outcome == NULL) {
        if (item->state == CLI_BATCH_FAILED) {
            cli_error("%s: not enough memory", item->input);
        }
        return;
    }
    say(batch, item);
    print_processed(batch, item);
    if (batch->wanted.engine.json || batch->report >= 0) {
        build_line(batch, item, &json);
        write_report(batch, &json);
    }
    if (!batch->wanted.engine.json) {
        free(json.text);
    } else if (!batch->report_failed && !cli_json_print(&json)) {
        batch->report_failed = true;
    }
    free(item->outcome);
    item->outcome = NULL;
}

static void report(cli_batch *batch, bool pass_over_unfinished)
{
    while (batch->next_report < batch->list.count) {
        cli_batch_item *item = &batch->list.items[batch->next_report];
        bool finished = item->state != CLI_BATCH_WAITING;

        if (!finished && !pass_over_unfinished) {
            return;
        }
        if (finished && item->state != CLI_BATCH_DROPPED) {
            report_item(batch, item);
        }
        batch->next_report++;
    }
}

void cli_batch_report_ready(cli_batch *batch)
{
    report(batch, false);
}

void cli_batch_report_rest(cli_batch *batch)
{
    report(batch, true);
}

/* ---- all of them ---- */

void cli_batch_describe(void *context, char *line, size_t size)
{
    enum { BAR = 20 };
    cli_batch *batch = context;
    size_t failed = atomic_load(&batch->failed);
    size_t finished = atomic_load(&batch->done) + failed + atomic_load(&batch->no_subject);
    double seconds = (cli_clock_ms() - batch->begin) * 1e-3;
    double rate = seconds > 0 ? (double)finished / seconds : 0;
    int filled = batch->to_do > 0 ? (int)(BAR * finished / batch->to_do) : 0;
    char left[32] = "-:--";
    char failures[48] = "";

    if (finished > 0) {
        cli_time_text((double)(batch->to_do - finished) / rate, left, sizeof left);
    }
    if (failed > 0) {
        snprintf(failures, sizeof failures, ", %zu failed", failed);
    }
    snprintf(line, size, "[%.*s%.*s] %zu/%zu, %.1f/s, %s left%s", filled, "####################",
             BAR - filled, "....................", finished, batch->to_do, rate, left, failures);
}

void cli_batch_summary(const cli_batch *batch)
{
    size_t done = atomic_load(&batch->done);
    size_t failed = atomic_load(&batch->failed);
    size_t present = atomic_load(&batch->present);
    size_t deleted = atomic_load(&batch->deleted);
    size_t no_subject = atomic_load(&batch->no_subject);
    size_t waiting = batch->to_do - done - failed - no_subject;
    double seconds = batch->begin > 0 ? (cli_clock_ms() - batch->begin) * 1e-3 : 0;
    char line[512];
    int used = snprintf(line, sizeof line, "%zu done", done);

#define ADD(number, text)                                                                          \
    if ((number) > 0) {                                                                            \
        used += snprintf(line + used, sizeof line - (size_t)used, ", %zu " text, (number));        \
    }
    ADD(present, "already there")
    ADD(failed, "failed")
    ADD(no_subject, "without a clear subject")
    ADD(atomic_load(&batch->in_review), "to be reviewed")
    ADD(waiting, "not begun")
    ADD(deleted, "of the inputs deleted")
    ADD(batch->list.not_pictures, "not pictures")
#undef ADD
    if (done > 0 && seconds > 0) {
        snprintf(line + used, sizeof line - (size_t)used, "; %.1f s, %.2f/s", seconds,
                 (double)done / seconds);
    }
    fflush(stdout);
    fprintf(stderr, "clearcut: %s\n", line);
}
