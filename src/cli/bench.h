/* bench: what is compared, how it is run, how it is told.
 *
 * settings -> bench_plan.c (contestants, and what is left out) -> bench_run.c
 * (every round runs each contestant once, so that a noisy machine favours
 * nobody) -> rows -> bench_print.c, bench_svg.c.
 */
#ifndef CLEARCUT_CLI_BENCH_H
#define CLEARCUT_CLI_BENCH_H

#include <stdatomic.h>

#include "clearcut.h"
#include "options.h"
#include "statistics.h"

typedef struct bench_settings {
    const char *sizes;
    const char *devices;
    const char *models;
    const char *precisions;
    const char *modes;
    const char *peers;
    const char *peer_python; /* NULL = found */
    const char *csv;
    const char *svg;
    long long runs;
    long long files; /* in a sequence */
    long long batch; /* pictures in a batch */
    cli_engine engine;
} bench_settings;

enum {
    BENCH_MOST_SIZES = 16,
    BENCH_MOST_CONTESTANTS = 32, /* for one model */
    BENCH_MOST_MODELS = 16,
    BENCH_MOST_LEFT_OUT = 64
};

/* The parts of the way, in order. What an engine or a peer cannot tell apart is
 * not a number (NAN), never zero. */
typedef enum bench_stage {
    BENCH_DECODE,  /* file bytes to pixels */
    BENCH_PREPARE, /* pixels to the network's input */
    BENCH_COPY,    /* what the network's time is more than the device's own: transfers */
    BENCH_INFER,   /* the network */
    BENCH_MASK,    /* output to mask to cut-out */
    BENCH_ENCODE,  /* pixels to a PNG in memory */
    BENCH_TOTAL,   /* wall time of all of it */
    BENCH_STAGES
} bench_stage;

/* "decode", "prepare", ... */
const char *bench_stage_name(bench_stage stage);

typedef enum bench_mode {
    BENCH_SINGLE,   /* a picture at a time, model loaded: stages apart */
    BENCH_PROCESS,  /* a whole process, from start to written file */
    BENCH_BATCH,    /* several pictures in one run of the network; per picture */
    BENCH_SEQUENCE, /* a folder of files by one process; per picture */
    BENCH_MODES
} bench_mode;

const char *bench_mode_name(bench_mode mode);

typedef struct bench_peer bench_peer;

/* Who takes part, for one model. */
typedef struct bench_contestant {
    char label[64]; /* "cpu fp32", "cuda:0 fp16", "rembg 2.0.77" */
    const char *device;
    const char *precision;
    bool is_peer; /* another program; else this one */
    clearcut_session *session;
    clearcut_device facts; /* all zero for another program */
    bench_peer *peer;
    double load_ms;
} bench_contestant;

/* Somebody or something that does not take part, and why. */
typedef struct bench_left_out {
    char what[96];
    char why[400];
} bench_left_out;

/* One line of the table. */
typedef struct bench_row {
    char model[128];
    char label[64];
    char engine[48]; /* where it ran; "" for another program */
    char device_name[128];
    bench_mode mode;
    int width; /* of the picture; 0 = none (batch: numbers only) */
    int height;
    int runs;
    int pictures;                    /* in one run */
    cli_spread stages[BENCH_STAGES]; /* ms a picture; runs is 0 where not measured */
    cli_spread joules;               /* a picture; runs is 0 where the machine cannot tell */
    double gpu_joules;               /* a picture, on the GPU; 0 = not known */
    double load_ms;                  /* making the model ready; 0 = in the times */
    double peak_bytes;               /* of the process (sequence, process) or of the network */
    bool peak_is_process;
    double speed_up;       /* the baseline's total divided by this total; 0 = no baseline */
    double speed_up_infer; /* likewise of the network alone */
} bench_row;

/* All that a benchmark is and becomes. */
typedef struct bench {
    const bench_settings *settings;
    int sizes[BENCH_MOST_SIZES]; /* longest side, pixels */
    int size_count;
    char *models[BENCH_MOST_MODELS]; /* names or paths; point into texts */
    int model_count;
    bool modes[BENCH_MODES];
    char *texts[4]; /* owned copies of the lists, cut at the commas */
    const char *devices[BENCH_MOST_CONTESTANTS];
    int device_count;
    const char *precisions[BENCH_MOST_CONTESTANTS];
    int precision_count;
    char **photos; /* operands */
    int photo_count;
    char folder[64];    /* temporary files */
    int outputs;        /* written there so far; each gets a name of its own */
    char program[4096]; /* path of this very program */
    bench_left_out left_out[BENCH_MOST_LEFT_OUT];
    int left_out_count;
    bench_row *rows;
    int row_count;
    int row_capacity;
    /* Where it is, for the progress line, which another thread writes. */
    _Atomic(const char *) model_now;
    atomic_int side_now;
    atomic_int round_now;
} bench;

/* ---- bench_plan.c ---- */

/* Read the lists of the settings. Exit status. */
int bench_read_lists(bench *work);
/* The contestants for one model, made ready. Those that cannot take part are left
 * out with the reason. Exit status; bench_close in every case. */
int bench_open(bench *work, const char *model, bench_contestant *contestants, int *count);
void bench_close(bench_contestant *contestants, int count);
/* Note something that is left out; printf-like. */
void bench_leave_out(bench *work, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- bench_photo.c ---- */

/* One size of the test picture: a JPEG in memory and in the temporary folder. */
typedef struct bench_photo {
    clearcut_bytes jpeg;
    char path[128];
    int width;
    int height;
} bench_photo;

/* The first operand, or a picture drawn from a seed where there is none, scaled to
 * this longest side, as JPEG of quality 92. Said once if that enlarges it. */
clearcut_status bench_make_photo(bench *work, int side, bench_photo *photo, clearcut_error *error);
void bench_free_photo(bench_photo *photo);

/* ---- bench_run.c ---- */

/* Run all rounds of all modes for one model and append the rows. Exit status. */
int bench_run_model(bench *work, const char *model, bench_contestant *contestants, int count);
/* A new row of this contestant, or NULL if memory is out. */
bench_row *bench_add_row(bench *work, const char *model, const bench_contestant *contestant,
                         bench_mode mode);

/* ---- bench_child.c: processes ---- */

/* What a whole process took. */
typedef struct bench_usage {
    double wall_ms;
    double peak_bytes; /* resident, by the kernel's account */
    int exit_status;   /* 128 + signal if it was killed; 127 if it could not start */
} bench_usage;

/* Run a program with output thrown away; arguments end with NULL. */
bench_usage bench_spawn(char *const *arguments);
/* Processes and folders: the modes "process" and "sequence". Exit status. */
int bench_run_processes(bench *work, const char *model, bench_contestant *contestants, int count,
                        const bench_photo *photo);
int bench_run_sequence(bench *work, const char *model, bench_contestant *contestants, int count,
                       const bench_photo *photo);

/* ---- bench_batch.c ---- */

/* The network alone on several pictures at once. Exit status. */
int bench_run_batches(bench *work, const char *model, bench_contestant *contestants, int count);

/* ---- bench_peer.c: rembg in a Python of its own ---- */

/* Start it with a model. On failure `why` says what is missing, for people. */
bench_peer *bench_peer_start(const bench *work, const char *model, char *why, size_t size);
/* "rembg 2.0.77"; where it says it computes; lives with the peer. */
const char *bench_peer_name(const bench_peer *peer);
const char *bench_peer_device(const bench_peer *peer);
/* One picture through it: milliseconds by stage. False if it answered with an error
 * or not at all; the reason is in `why`. */
bool bench_peer_run(bench_peer *peer, const char *path, double stages[BENCH_STAGES], char *why,
                    size_t size);
/* The command line of a whole run, for bench_spawn: `command` is "i" or "p". The
 * arguments point into the peer and the parameters. */
void bench_peer_command(bench_peer *peer, const char *command, const char *model, const char *input,
                        const char *output, const char *arguments[16]);
void bench_peer_stop(bench_peer *peer);

/* ---- bench_energy.c ---- */

/* Joules that the processor packages have used since some moment, by the kernel's
 * power capping files (RAPL); NAN where there are none or they may not be read. */
double bench_energy(void);
/* Note, once, why the processor's energy is left out, if it is. */
void bench_note_energy(bench *work);

/* ---- bench_print.c, bench_svg.c ---- */

/* Speed-ups against the baseline rows, and rows in the order of the table. */
void bench_compare(bench *work);
void bench_print_table(const bench *work);
bool bench_print_json(const bench *work);
clearcut_status bench_write_csv(const bench *work, const char *path, clearcut_error *error);
clearcut_status bench_write_svg(const bench *work, const char *path, clearcut_error *error);
/* "Intel(R) Xeon(R) Processor, 2 threads, 2026-11-22": what the numbers belong to. */
void bench_machine(const bench *work, char *text, size_t size);

#endif
