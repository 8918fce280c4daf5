/* The pipeline of b: one thread reads and makes pictures, the main thread keeps the
 * network busy, helpers encode; whoever finishes the frame that is due writes it and
 * what is ready behind it. Frames lie in a ring of places, so that memory is bounded
 * and whoever is slowest holds up the others: back-pressure reaches the program that
 * feeds us because nothing is read while no place is free. */
#define _GNU_SOURCE /* pthread_sigmask */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "result.h"
#include "stream.h"
#include "wait.h"

typedef enum place_state { FREE, READ, CUT, ENCODING, ENCODED } place_state;

/* One frame on its way; frame n has place n % room. */
typedef struct place {
    place_state state;
    cli_work work;
    cli_stream_packed packed;
    clearcut_timing ms;
} place;

enum { MOST_HELPERS = 256 };

typedef struct pipeline {
    cli_stream *stream;
    clearcut_steadier *steadier; /* NULL = frames are taken one by one */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* anything below */
    place *places;
    size_t room;
    size_t next_read;
    size_t next_cut;
    size_t next_encode;
    size_t next_write;
    bool ended;   /* nothing more will be read; next_read is the number of frames */
    bool writing; /* somebody is */
    bool closed;  /* whoever read our output has gone */
    atomic_bool stop;
    clearcut_error failure;      /* of the work; code CLEARCUT_OK if there was none */
    clearcut_error read_failure; /* of the input, after whole frames */
    pthread_t reader;
    pthread_t helpers[MOST_HELPERS];
    int helper_count;
} pipeline;

static place *place_of(pipeline *line, size_t number)
{
    return &line->places[number % line->room];
}

static bool is_over(const pipeline *line)
{
    return atomic_load(&line->stop) || (line->ended && line->next_write == line->next_read);
}

/* Under the lock: give everything up. The first failure is the one to tell. */
static void fail(pipeline *line, const clearcut_error *error)
{
    if (line->failure.code == CLEARCUT_OK) {
        line->failure = *error;
    }
    atomic_store(&line->stop, true);
    pthread_cond_broadcast(&line->changed);
}

static void add_timing(clearcut_timing *sum, const clearcut_timing *one)
{
    sum->decode += one->decode;
    sum->preprocess += one->preprocess;
    sum->infer += one->infer;
    sum->postprocess += one->postprocess;
    sum->encode += one->encode;
}

/* ---- reading ---- */

static clearcut_status make_picture(pipeline *line, const uint8_t *frame, place *at,
                                    clearcut_error *error)
{
    cli_stream *stream = line->stream;
    double begin = cli_clock_ms();
    clearcut_status status =
        clearcut_image_from_frame(&stream->in_frame, frame, &at->work.photo, error);

    at->ms.decode += cli_clock_ms() - begin;
    if (status == CLEARCUT_OK) {
        status = cli_work_prepare(&stream->wanted.cutting, &at->work, &at->ms, error);
    }
    return status;
}

/* Read the next frame into its place, which is free. False when that was the end. */
static bool read_one(pipeline *line, uint8_t *frame)
{
    place *at = place_of(line, line->next_read);
    clearcut_error error = {0};
    clearcut_status status = CLEARCUT_OK;
    cli_stream_read result;

    pthread_mutex_unlock(&line->lock);
    memset(&at->ms, 0, sizeof at->ms);
    result = cli_stream_read_frame(line->stream, frame, &line->stop, &error);
    if (result == CLI_STREAM_FRAME) {
        status = make_picture(line, frame, at, &error);
    }
    pthread_mutex_lock(&line->lock);
    if (result == CLI_STREAM_FAILED) {
        line->read_failure = error;
    }
    if (status != CLEARCUT_OK) {
        fail(line, &error);
    }
    if (result != CLI_STREAM_FRAME || status != CLEARCUT_OK) {
        return false;
    }
    at->state = READ;
    line->next_read++;
    pthread_cond_broadcast(&line->changed);
    return true;
}

static void *read_all(void *context)
{
    pipeline *line = context;
    uint8_t *frame = malloc(line->stream->in_bytes);
    clearcut_error error = {.code = CLEARCUT_OUT_OF_MEMORY, .message = "not enough memory"};

    pthread_mutex_lock(&line->lock);
    if (frame == NULL) {
        fail(line, &error);
    }
    while (!atomic_load(&line->stop)) {
        if (place_of(line, line->next_read)->state != FREE) {
            pthread_cond_wait(&line->changed, &line->lock);
        } else if (!read_one(line, frame)) {
            break;
        }
    }
    line->ended = true;
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
    free(frame);
    return NULL;
}

/* ---- encoding and writing ---- */

/* Under the lock: write what is due, unless somebody does. */
static void write_ready(pipeline *line)
{
    cli_stream *stream = line->stream;

    if (line->writing) {
        return;
    }
    line->writing = true;
    while (!atomic_load(&line->stop) && place_of(line, line->next_write)->state == ENCODED) {
        place *at = place_of(line, line->next_write);
        clearcut_error error = {0};
        bool closed = false;
        clearcut_status status;

        pthread_mutex_unlock(&line->lock);
        status = cli_stream_write(stream, line->next_write, &at->packed, &closed, &error);
        clearcut_bytes_free(&at->packed.encoded);
        pthread_mutex_lock(&line->lock);
        if (status != CLEARCUT_OK) {
            line->closed = closed;
            fail(line, &error);
            break;
        }
        add_timing(&stream->ms, &at->ms);
        at->state = FREE;
        line->next_write++;
        atomic_fetch_add(&stream->frames_written, 1);
        pthread_cond_broadcast(&line->changed);
    }
    line->writing = false;
}

static void encode_one(pipeline *line)
{
    cli_stream *stream = line->stream;
    place *at = place_of(line, line->next_encode++);
    clearcut_error error = {0};
    clearcut_status status;

    at->state = ENCODING;
    pthread_mutex_unlock(&line->lock);
    status = cli_work_finish(&stream->wanted.cutting, &at->work, &at->ms, &error);
    if (status == CLEARCUT_OK) {
        status = cli_stream_pack(stream, at->work.picture, &at->packed, &at->ms, &error);
    }
    cli_work_free(&at->work);
    pthread_mutex_lock(&line->lock);
    if (status != CLEARCUT_OK) {
        fail(line, &error);
        return;
    }
    at->state = ENCODED;
    write_ready(line);
}

static void *help(void *context)
{
    pipeline *line = context;

    pthread_mutex_lock(&line->lock);
    while (!is_over(line)) {
        if (place_of(line, line->next_encode)->state == CUT) {
            encode_one(line);
        } else {
            pthread_cond_wait(&line->changed, &line->lock);
        }
    }
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
    return NULL;
}

/* ---- the network, on the main thread ---- */

/* A frame without a clear subject: every frame that came must go, so that it goes
 * empty rather than with noise for a mask. */
static void clear(clearcut_image *picture)
{
    memset(clearcut_image_pixels(picture), 0,
           clearcut_image_stride(picture) * (size_t)clearcut_image_height(picture));
}

static clearcut_status cut_one(pipeline *line, place *at, clearcut_error *error)
{
    cli_stream *stream = line->stream;
    clearcut_status status;

    at->work.keep_photo = line->steadier != NULL;
    status =
        cli_work_cut(&stream->wanted.cutting, stream->session, &at->work, &at->ms, NULL, error);
    if (status == CLEARCUT_OK && cli_work_has_no_subject(&stream->wanted.cutting, &at->work)) {
        clear(at->work.picture);
        atomic_fetch_add(&stream->frames_empty, 1);
    }
    if (status == CLEARCUT_OK && line->steadier != NULL) {
        double begin = cli_clock_ms();
        status = clearcut_steadier_apply(line->steadier,
                                         at->work.small != NULL ? at->work.small : at->work.photo,
                                         at->work.picture, error);
        at->ms.postprocess += cli_clock_ms() - begin;
    }
    return status;
}

static void run_network(pipeline *line)
{
    place *at = place_of(line, line->next_cut);
    clearcut_error error = {0};
    clearcut_status status;

    pthread_mutex_unlock(&line->lock);
    status = cut_one(line, at, &error);
    pthread_mutex_lock(&line->lock);
    if (status != CLEARCUT_OK) {
        fail(line, &error);
        return;
    }
    at->state = CUT;
    line->next_cut++;
    pthread_cond_broadcast(&line->changed);
}

static void drive(pipeline *line)
{
    pthread_mutex_lock(&line->lock);
    while (!is_over(line)) {
        if (clearcut_cancel_requested(cli_cancel())) {
            atomic_store(&line->stop, true);
        } else if (place_of(line, line->next_cut)->state == READ) {
            run_network(line);
        } else {
            cli_wait_at_most(&line->changed, &line->lock, CLI_NOTICE_MS);
        }
    }
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

/* ---- setting up ---- */

static bool make_room(pipeline *line, int helpers)
{
    enum { BESIDE_HELPERS = 3 }; /* one is read, one in the network, one waits for it */

    line->room = (size_t)helpers + BESIDE_HELPERS;
    line->places = calloc(line->room, sizeof *line->places);
    return line->places != NULL;
}

static void start_threads(pipeline *line, int helpers)
{
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals belong to the main thread */
    while (line->helper_count < helpers &&
           pthread_create(&line->helpers[line->helper_count], NULL, help, line) == 0) {
        line->helper_count++;
    }
    if (line->helper_count == 0 || pthread_create(&line->reader, NULL, read_all, line) != 0) {
        clearcut_error error = {.code = CLEARCUT_OUT_OF_MEMORY,
                                .message = "cannot start a thread to read and write with"};
        pthread_mutex_lock(&line->lock);
        line->reader = pthread_self();
        fail(line, &error);
        pthread_mutex_unlock(&line->lock);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void join_threads(pipeline *line)
{
    if (!pthread_equal(line->reader, pthread_self())) {
        pthread_join(line->reader, NULL);
    }
    for (int i = 0; i < line->helper_count; i++) {
        pthread_join(line->helpers[i], NULL);
    }
}

/* A cli_progress_function. */
static void describe(void *context, char *text, size_t size)
{
    cli_stream *stream = context;
    size_t written = atomic_load(&stream->frames_written);
    double seconds = (cli_clock_ms() - stream->begin) * 1e-3;
    char time[32];

    cli_time_text(seconds, time, sizeof time);
    snprintf(text, size, "%zu frames, %.1f/s, %s", written,
             seconds > 0 ? (double)written / seconds : 0, time);
}

/* Die as whatever reads pipes expects of a program whose reader has gone. */
static void end_of_pipe(void)
{
    clearcut_output_discard_all();
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

/* The exit status, after an explanation on stderr. */
static int conclude(pipeline *line)
{
    if (line->closed) {
        end_of_pipe();
    }
    if (line->failure.code != CLEARCUT_OK && line->failure.code != CLEARCUT_CANCELLED) {
        cli_error("frame %zu or one soon after it: %s", line->next_write, line->failure.message);
        return cli_input_exit(line->failure.code);
    }
    if (clearcut_cancel_requested(cli_cancel())) {
        return CLI_EXIT_INTERRUPTED;
    }
    if (line->read_failure.code != CLEARCUT_OK) {
        cli_error("%s", line->read_failure.message);
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

static int run(pipeline *line)
{
    cli_stream *stream = line->stream;
    long long jobs = stream->wanted.jobs > 0 ? stream->wanted.jobs : clearcut_available_threads();
    clearcut_error error = {0};

    if (stream->wanted.smooth > 0 &&
        clearcut_steadier_create(stream->wanted.smooth, &line->steadier, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    if (!make_room(line, jobs < MOST_HELPERS ? (int)jobs : MOST_HELPERS)) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    stream->begin = cli_clock_ms();
    if (!stream->wanted.quiet) {
        cli_progress_begin_parts(describe, stream);
    }
    start_threads(line, (int)(line->room - 3));
    drive(line);
    join_threads(line);
    cli_progress_end();
    return conclude(line);
}

int cli_stream_run(cli_stream *stream)
{
    pipeline *line = calloc(1, sizeof *line);
    int result;

    if (line == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    line->stream = stream;
    pthread_mutex_init(&line->lock, NULL);
    pthread_cond_init(&line->changed, NULL);
    result = run(line);
    for (size_t i = 0; line->places != NULL && i < line->room; i++) {
        cli_work_free(&line->places[i].work);
        cli_stream_packed_free(&line->places[i].packed);
    }
    clearcut_steadier_free(&line->steadier);
    pthread_cond_destroy(&line->changed);
    pthread_mutex_destroy(&line->lock);
    free(line->places);
    free(line);
    return result;
}
