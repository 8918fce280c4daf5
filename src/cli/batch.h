/* p: what the files of the folder command share. A list of inputs is made first
 * (batch_walk.c, batch_names.c), finished ones are set aside (batch_files.c), and
 * the rest runs through a pipeline (batch_pipeline.c) that reports as it goes
 * (batch_report.c).
 */
#ifndef CLEARCUT_CLI_BATCH_H
#define CLEARCUT_CLI_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "clearcut.h"
#include "command.h"
#include "cutting.h"
#include "options.h"
#include "pictures.h"

typedef struct cli_batch_settings {
    const char *report; /* NULL = none */
    const char *shard;  /* "I/N"; NULL = all */
    const char *review; /* folder for what somebody should look at; NULL = none */
    bool watch;
    bool delete_input;
    bool accept_usage_cost; /* rembg's, for paid models; nothing here costs anything */
    bool keep_going;
    bool fail_fast;
    bool overwrite;
    bool quiet;
    bool offline;
    long long jobs; /* 0 = one for each thread */
    cli_cutting cutting;
    cli_pictures pictures;
    cli_engine engine;
} cli_batch_settings;

typedef enum cli_batch_state {
    CLI_BATCH_WAITING, /* not begun */
    CLI_BATCH_DONE,    /* its output was committed in this run */
    CLI_BATCH_PRESENT, /* its output was there before */
    CLI_BATCH_FAILED,
    CLI_BATCH_NO_SUBJECT, /* kept back: there is nothing clear to cut out */
    CLI_BATCH_DROPPED     /* begun, then given up because of an interruption */
} cli_batch_state;

/* How an input went; made when it is begun, freed when it has been reported. */
typedef struct cli_batch_outcome {
    clearcut_error error; /* code CLEARCUT_OK if there was none */
    char note[256];       /* "" or what should be known */
    int width;            /* of the upright picture */
    int height;
    bool deleted;
    bool in_review;
    double doubt;
    clearcut_subject subject;
    clearcut_matting matting;
    clearcut_device device; /* as it was after this picture */
    clearcut_timing ms;
} cli_batch_outcome;

typedef struct cli_batch_item {
    char *relative; /* below the input folder; owned */
    char *input;    /* the whole path; owned */
    char *output;   /* owned; NULL until names are given */
    bool keep_extension;
    cli_batch_state state;
    cli_batch_outcome *outcome; /* owned; NULL when nothing is left to report */
} cli_batch_item;

/* Sorted by relative name. */
typedef struct cli_batch_list {
    cli_batch_item *items;
    size_t count;
    size_t capacity;
    size_t not_pictures;       /* files that are none */
    size_t unreadable_folders; /* each was named on stderr */
} cli_batch_list;

typedef struct cli_batch {
    cli_batch_settings wanted;
    const char *input_folder;
    const char *output_folder;
    clearcut_format format;
    clearcut_precision precision;
    cli_batch_list list;
    clearcut_session *session; /* NULL until there is something to do */
    clearcut_device device;
    double load_ms;
    double begin; /* cli_clock_ms when the pipeline began */
    int report;   /* descriptor; -1 = none */
    bool report_failed;
    cli_batch_outcome *current;    /* of the picture in the network, for the session's notes */
    struct cli_batch_watch *watch; /* NULL = the folder is gone through once */
    size_t next_report;            /* first item not reported yet */
    /* Counted as things happen; read by the progress line without a lock. */
    atomic_size_t done;
    atomic_size_t present;
    atomic_size_t failed;
    atomic_size_t no_subject;
    atomic_size_t in_review;
    atomic_size_t deleted;
    size_t to_do; /* items that the pipeline gets */
} cli_batch;

/* ---- batch_walk.c ---- */

/* All pictures below batch->input_folder, found by content; the output folder is
 * left out where it lies inside. False, explained on stderr, if memory is out. */
bool cli_batch_walk(cli_batch *batch);
void cli_batch_list_free(cli_batch_list *list);

/* ---- batch_names.c ---- */

/* Give every item its output: folder/sub/name.png. Where two inputs would share
 * one, all of these keep their own ending as well: name.jpg.png, name.webp.png. */
bool cli_batch_name_outputs(cli_batch *batch);

/* Drop the items of other shards. "I/N", 1 <= I <= N; an item's shard depends on
 * its relative name alone, so that the parts stay the same while files come and
 * go. False, explained on stderr, for anything else. */
bool cli_batch_keep_shard(cli_batch *batch);

/* ---- batch_files.c ---- */

/* Make the folders that `path` lies in. */
clearcut_status cli_batch_make_folders(const char *path, clearcut_error *error);

/* Mark the items whose output is there; while `watching`, only if it is not older than
 * the input. With --delete_input their inputs are deleted if the output proves to be
 * theirs; see the definition. */
void cli_batch_settle_present(cli_batch *batch, bool watching);

/* Delete the input of an item whose output was committed a moment ago, after both
 * the file and its name are on the disk. Sets outcome->deleted, or the note. */
void cli_batch_delete_input(cli_batch *batch, cli_batch_item *item);

/* Hold the output folder against other runs' cleaning, and remove the temporary
 * files of earlier runs that were killed if no other run works there. Returns a
 * descriptor to close at the end, or -1. */
int cli_batch_hold_output(const cli_batch *batch);

/* ---- batch_review.c ---- */

/* Should somebody look at this? Says why in `why`; false if not. */
bool cli_batch_is_doubtful(const cli_batch_outcome *outcome, char *why, size_t size);

/* Put input and output (if it was `written`) of a doubtful item into the review folder:
 * hard links, or copies where that is not possible; whole or not at all. Sets
 * outcome->in_review and the note. */
void cli_batch_review(cli_batch *batch, cli_batch_item *item, bool written);

/* ---- batch_watch.c ---- */

/* Begin to watch; folders are added as cli_batch_walk goes through them. False,
 * explained on stderr, if the system refuses. */
bool cli_batch_watch_begin(cli_batch *batch);
void cli_batch_watch_end(cli_batch *batch);

/* Called by cli_batch_walk for every folder, before it is listed; `relative` is "" or
 * "a/b". */
void cli_batch_watch_folder(cli_batch *batch, const char *relative, const char *path);

/* What waiting came to. */
typedef enum cli_batch_event {
    CLI_BATCH_CHANGED, /* go through the folder and keep what is ready */
    CLI_BATCH_STOPPED  /* a signal, or a file stop.txt */
} cli_batch_event;

/* Wait until pictures have come and been written to their ends. */
cli_batch_event cli_batch_watch_wait(cli_batch *batch);

/* Drop the items of the list that no event named, or that somebody still writes to.
 * In the first round, `first`, all others stay. */
void cli_batch_watch_keep_ready(cli_batch *batch, bool first);

/* ---- batch_pipeline.c ---- */

/* Make the session ready if it is not yet, and run all waiting items. Returns the exit
 * status that it came to. */
int cli_batch_run_pipeline(cli_batch *batch);

/* ---- batch_report.c ---- */

/* Tell everything from batch->next_report on that is finished, in order; stops
 * at the first item that is not. */
void cli_batch_report_ready(cli_batch *batch);
/* The same for all, leaving out what was never begun. */
void cli_batch_report_rest(cli_batch *batch);
/* A cli_progress_function; context is the batch. */
void cli_batch_describe(void *context, char *line, size_t size);
/* The last line, on stderr. */
void cli_batch_summary(const cli_batch *batch);

#endif
