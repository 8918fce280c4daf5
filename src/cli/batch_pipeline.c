/* The pipeline: helper threads read and decode what comes next and encode and
 * write what is finished, while the main thread keeps the network busy. The number
 * of pictures in memory is bounded; helpers do whichever end is more urgent.
 */
#define _GNU_SOURCE /* pthread_sigmask */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "batch.h"
#include "device_line.h"
#include "heap.h"
#include "report.h"
#include "result.h"
#include "wait.h"

/* One picture on its way. */
typedef struct passage {
    cli_batch_item *item;
    cli_work work;
    bool kept_back; /* there was no clear subject */
    double begin;
} passage;

/* First in, first out; never holds more than its room. */
typedef struct queue {
    passage **slots;
    size_t room;
    size_t first;
    size_t count;
} queue;

enum { MOST_HELPERS = 256 };

typedef struct pipeline {
    cli_batch *batch;
    pthread_mutex_t lock;
    pthread_cond_t for_helpers;
    pthread_cond_t for_network;
    passage *passages; /* `room` of them */
    queue unused;
    queue decoded;
    queue cut;
    size_t room;
    size_t next_item;
    bool stop; /* begin nothing more, drop what is not written yet */
    int exit_status;
    pthread_t helpers[MOST_HELPERS];
    int helper_count;
} pipeline;

/* ---- queues; all under the lock ---- */

static void push(queue *into, passage *one)
{
    into->slots[(into->first + into->count) % into->room] = one;
    into->count++;
}

static passage *pop(queue *from)
{
    passage *one;

    if (from->count == 0) {
        return NULL;
    }
    one = from->slots[from->first];
    from->first = (from->first + 1) % from->room;
    from->count--;
    return one;
}

/* ---- one picture ---- */

static bool is_link(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
}

/* Overwriting must not reach an input, be it through a link. */
static clearcut_status check_target(const cli_batch_item *item, clearcut_error *error)
{
    if (is_link(item->output) || clearcut_file_same(item->input, item->output)) {
        snprintf(error->message, sizeof error->message,
                 "%.900s: is a link or the input itself, and is not overwritten", item->output);
        return error->code = CLEARCUT_INVALID_ARGUMENT;
    }
    return cli_batch_make_folders(item->output, error);
}

static clearcut_status decode(const cli_batch *batch, passage *one)
{
    cli_batch_outcome *outcome = one->item->outcome;
    clearcut_decode_options options;
    clearcut_status status;

    one->begin = cli_clock_ms();
    status = check_target(one->item, &outcome->error);
    if (status != CLEARCUT_OK) {
        return status;
    }
    clearcut_decode_options_init(&options);
    options.max_pixels = (uint64_t)batch->wanted.pictures.max_pixels;
    options.allow_truncated = batch->wanted.pictures.allow_truncated;
    options.convert_to_srgb = batch->wanted.pictures.srgb;
    options.keep_16_bits = batch->wanted.pictures.keep_16_bits;
    options.timing = &outcome->ms;
    status = clearcut_image_read(one->item->input, &options, &one->work.photo, &outcome->error);
    if (status != CLEARCUT_OK) {
        return status;
    }
    outcome->width = clearcut_image_width(one->work.photo);
    outcome->height = clearcut_image_height(one->work.photo);
    snprintf(outcome->note, sizeof outcome->note, "%s", clearcut_image_note(one->work.photo));
    return cli_work_prepare(&batch->wanted.cutting, &one->work, &outcome->ms, &outcome->error);
}

static clearcut_status cut(const cli_batch *batch, passage *one)
{
    const cli_cutting *cutting = &batch->wanted.cutting;
    cli_batch_outcome *outcome = one->item->outcome;
    clearcut_status status = cli_work_cut(cutting, batch->session, &one->work, &outcome->ms,
                                          &outcome->matting, &outcome->error);

    clearcut_session_device(batch->session, &outcome->device);
    outcome->subject = one->work.subject;
    one->kept_back = status == CLEARCUT_OK && cli_work_has_no_subject(cutting, &one->work);
    return status;
}

static clearcut_status write_result(const cli_batch *batch, passage *one)
{
    cli_batch_item *item = one->item;
    cli_batch_outcome *outcome = item->outcome;
    clearcut_status status;

    if (one->kept_back) {
        return CLEARCUT_OK;
    }
    one->work.measure = batch->wanted.review != NULL;
    status = cli_work_finish(&batch->wanted.cutting, &one->work, &outcome->ms, &outcome->error);
    outcome->doubt = one->work.doubt;
    if (status == CLEARCUT_OK) {
        status = cli_write_picture(&batch->wanted.pictures, batch->format, one->work.picture,
                                   item->output, &outcome->ms, &outcome->error);
    }
    return status;
}

static clearcut_status encode(cli_batch *batch, passage *one)
{
    cli_batch_item *item = one->item;
    clearcut_status status = write_result(batch, one);

    cli_work_free(&one->work);
    item->outcome->ms.total = cli_clock_ms() - one->begin;
    if (status == CLEARCUT_OK) {
        cli_batch_review(batch, item, !one->kept_back);
    }
    if (status == CLEARCUT_OK && batch->wanted.delete_input && !one->kept_back) {
        cli_batch_delete_input(batch, item);
    }
    return status;
}

/* Book a picture that has come to its end; under the lock. */
static void settle(pipeline *line, passage *one, clearcut_status status)
{
    cli_batch *batch = line->batch;
    cli_batch_item *item = one->item;

    cli_work_free(&one->work);
    if (status == CLEARCUT_OK && one->kept_back) {
        item->state = CLI_BATCH_NO_SUBJECT;
        atomic_fetch_add(&batch->no_subject, 1);
        line->exit_status = CLI_EXIT_INPUT;
    } else if (status == CLEARCUT_OK) {
        item->state = CLI_BATCH_DONE;
        atomic_fetch_add(&batch->done, 1);
    } else if (status == CLEARCUT_CANCELLED) {
        item->state = CLI_BATCH_DROPPED;
        line->stop = true;
    } else {
        item->state = CLI_BATCH_FAILED;
        atomic_fetch_add(&batch->failed, 1);
        /* A lost GPU would fail all that follow: better to be called again, which makes
         * only what is not there yet. */
        line->exit_status = status == CLEARCUT_DEVICE || line->exit_status == CLI_EXIT_DEVICE
                                ? CLI_EXIT_DEVICE
                                : CLI_EXIT_INPUT;
        line->stop = line->stop || batch->wanted.fail_fast || status == CLEARCUT_DEVICE;
    }
    push(&line->unused, one);
    cli_batch_report_ready(batch);
    pthread_cond_broadcast(&line->for_helpers);
    pthread_cond_signal(&line->for_network);
}

/* ---- helpers ---- */

/* The next item that waits, as a passage; NULL if none does or all room is taken. */
static passage *begin_next(pipeline *line)
{
    cli_batch_list *list = &line->batch->list;
    passage *one;

    while (line->next_item < list->count &&
           list->items[line->next_item].state != CLI_BATCH_WAITING) {
        line->next_item++;
    }
    if (line->stop || line->next_item == list->count || line->unused.count == 0) {
        return NULL;
    }
    one = pop(&line->unused);
    memset(one, 0, sizeof *one);
    one->item = &list->items[line->next_item++];
    return one;
}

static void decode_one(pipeline *line, passage *one)
{
    clearcut_status status = CLEARCUT_OUT_OF_MEMORY;

    pthread_mutex_unlock(&line->lock);
    one->item->outcome = calloc(1, sizeof *one->item->outcome);
    if (one->item->outcome != NULL) {
        status = decode(line->batch, one);
    }
    pthread_mutex_lock(&line->lock);
    if (status == CLEARCUT_OK) {
        push(&line->decoded, one);
        pthread_cond_signal(&line->for_network);
    } else {
        settle(line, one, status);
    }
}

static void encode_one(pipeline *line, passage *one)
{
    clearcut_status status = CLEARCUT_CANCELLED;

    if (!line->stop) {
        pthread_mutex_unlock(&line->lock);
        status = encode(line->batch, one);
        pthread_mutex_lock(&line->lock);
    }
    settle(line, one, status);
}

static bool is_over(const pipeline *line)
{
    return line->unused.count == line->room &&
           (line->stop || line->next_item == line->batch->list.count);
}

/* Feed the network first if it is about to run dry, else make room. */
static bool help_once(pipeline *line)
{
    passage *one = NULL;

    if (line->decoded.count == 0) {
        one = begin_next(line);
    }
    if (one == NULL && line->cut.count > 0) {
        encode_one(line, pop(&line->cut));
        return true;
    }
    if (one == NULL) {
        one = begin_next(line);
    }
    if (one != NULL) {
        decode_one(line, one);
    }
    return one != NULL;
}

static void *help(void *context)
{
    pipeline *line = context;

    pthread_mutex_lock(&line->lock);
    while (!is_over(line)) {
        if (!help_once(line) && !is_over(line)) {
            pthread_cond_wait(&line->for_helpers, &line->lock);
        }
    }
    pthread_cond_broadcast(&line->for_helpers);
    pthread_cond_signal(&line->for_network);
    pthread_mutex_unlock(&line->lock);
    return NULL;
}

/* ---- the network, on the main thread ---- */

static void run_network(pipeline *line, passage *one)
{
    clearcut_status status;

    line->batch->current = one->item->outcome;
    pthread_mutex_unlock(&line->lock);
    status = cut(line->batch, one);
    pthread_mutex_lock(&line->lock);
    line->batch->current = NULL;
    if (status == CLEARCUT_OK) {
        push(&line->cut, one);
        pthread_cond_signal(&line->for_helpers);
    } else {
        settle(line, one, status);
    }
}

static void drive(pipeline *line)
{
    pthread_mutex_lock(&line->lock);
    while (!is_over(line)) {
        passage *one;

        if (clearcut_cancel_requested(cli_cancel()) && !line->stop) {
            line->stop = true;
            pthread_cond_broadcast(&line->for_helpers);
        }
        one = pop(&line->decoded);
        if (one == NULL) {
            cli_wait_at_most(&line->for_network, &line->lock, CLI_NOTICE_MS);
        } else if (line->stop) {
            settle(line, one, CLEARCUT_CANCELLED);
        } else {
            run_network(line, one);
        }
    }
    pthread_cond_broadcast(&line->for_helpers);
    pthread_mutex_unlock(&line->lock);
}

/* A clearcut_note_function. */
static void take_note(void *context, const char *message)
{
    const cli_batch *batch = context;

    if (batch->current != NULL) {
        /* Decoding may have left one already; neither may be lost. */
        cli_batch_outcome *outcome = batch->current;
        size_t used = strlen(outcome->note);
        snprintf(outcome->note + used, sizeof outcome->note - used, "%s%s", used > 0 ? "; " : "",
                 message);
    } else {
        cli_note("%s", message); /* while the model is loaded */
    }
}

static int create_session(cli_batch *batch)
{
    clearcut_session_options options;
    clearcut_error error;
    double begin = cli_clock_ms();

    cli_heap_keep_blocks();
    clearcut_session_options_init(&options);
    options.model = batch->wanted.cutting.model;
    options.device = batch->wanted.engine.device;
    options.threads = (int)batch->wanted.engine.threads;
    options.low_memory = batch->wanted.engine.low_memory;
    options.calibration = batch->wanted.engine.calibration;
    options.calibrate = batch->wanted.engine.calibrate_to != NULL;
    options.tune = batch->wanted.engine.tune;
    options.precision = batch->precision;
    options.cancel = cli_cancel();
    options.feeding = cli_cutting_feeding(&batch->wanted.cutting);
    options.note = take_note;
    options.note_context = batch;
    if (clearcut_session_create(&options, &batch->session, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return cli_model_exit(error.code, batch->precision);
    }
    batch->load_ms = cli_clock_ms() - begin;
    clearcut_session_device(batch->session, &batch->device);
    if (!batch->wanted.quiet) {
        cli_device_line(&batch->device);
    }
    if (strstr(clearcut_session_recipe(batch->session), "(guessed") != NULL &&
        !batch->wanted.quiet) {
        cli_note("%s: %s", clearcut_session_model(batch->session),
                 clearcut_session_recipe(batch->session));
    }
    return CLI_EXIT_OK;
}

/* ---- setting up ---- */

static int wanted_helpers(const cli_batch *batch)
{
    long long helpers = batch->wanted.jobs;

    if (helpers == 0) {
        helpers = clearcut_available_threads();
    }
    if ((size_t)helpers > batch->to_do) {
        helpers = (long long)batch->to_do;
    }
    return helpers < MOST_HELPERS ? (int)helpers : MOST_HELPERS;
}

static bool make_room(pipeline *line, int helpers)
{
    enum { BESIDE_HELPERS = 2 }; /* one in the network, one that waits for it */
    passage **slots;

    line->room = (size_t)helpers + BESIDE_HELPERS;
    line->passages = calloc(line->room, sizeof *line->passages);
    slots = calloc(3 * line->room, sizeof(passage *));
    if (line->passages == NULL || slots == NULL) {
        free(slots);
        cli_error("not enough memory");
        return false;
    }
    line->unused = (queue){slots, line->room, 0, 0};
    line->decoded = (queue){slots + line->room, line->room, 0, 0};
    line->cut = (queue){slots + 2 * line->room, line->room, 0, 0};
    for (size_t i = 0; i < line->room; i++) {
        push(&line->unused, &line->passages[i]);
    }
    return true;
}

static void start_helpers(pipeline *line, int helpers)
{
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals belong to the main thread */
    while (line->helper_count < helpers &&
           pthread_create(&line->helpers[line->helper_count], NULL, help, line) == 0) {
        line->helper_count++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static int run(pipeline *line)
{
    int helpers = wanted_helpers(line->batch);

    if (!make_room(line, helpers)) {
        return CLI_EXIT_INPUT;
    }
    start_helpers(line, helpers);
    if (line->helper_count == 0) {
        cli_error("cannot start a thread to read and write with");
        return CLI_EXIT_INPUT;
    }
    if (line->batch->begin <= 0) {
        line->batch->begin = cli_clock_ms();
    }
    if (!line->batch->wanted.quiet && !line->batch->wanted.watch) {
        cli_progress_begin_parts(cli_batch_describe, line->batch);
    }
    drive(line);
    for (int i = 0; i < line->helper_count; i++) {
        pthread_join(line->helpers[i], NULL);
    }
    cli_progress_end();
    return line->exit_status;
}

int cli_batch_run_pipeline(cli_batch *batch)
{
    int result = batch->session == NULL ? create_session(batch) : CLI_EXIT_OK;
    pipeline *line;

    if (result != CLI_EXIT_OK) {
        return result;
    }
    line = calloc(1, sizeof *line);
    if (line == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    line->batch = batch;
    pthread_mutex_init(&line->lock, NULL);
    pthread_cond_init(&line->for_helpers, NULL);
    pthread_cond_init(&line->for_network, NULL);
    result = run(line);
    pthread_cond_destroy(&line->for_network);
    pthread_cond_destroy(&line->for_helpers);
    pthread_mutex_destroy(&line->lock);
    free(line->unused.slots);
    free(line->passages);
    free(line);
    return result;
}
