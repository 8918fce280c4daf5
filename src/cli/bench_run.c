/* Rounds of single pictures: in every round each contestant runs once, and who
 * begins moves on by one, so that no one always runs on a warm or a tired machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"
#include "result.h"

/* Samples of one contestant at one size. */
typedef struct samples {
    double *stages[BENCH_STAGES]; /* runs values each */
    double *joules;
    int runs;
    bool failed;
} samples;

static void free_samples(samples *taken, int count)
{
    for (int i = 0; taken != NULL && i < count; i++) {
        for (int stage = 0; stage < BENCH_STAGES; stage++) {
            free(taken[i].stages[stage]);
        }
        free(taken[i].joules);
    }
    free(taken);
}

static samples *allocate_samples(int count, int runs)
{
    samples *taken = calloc((size_t)count, sizeof *taken);
    bool good = taken != NULL;

    for (int i = 0; good && i < count; i++) {
        for (int stage = 0; stage < BENCH_STAGES; stage++) {
            taken[i].stages[stage] = calloc((size_t)runs, sizeof(double));
            good = good && taken[i].stages[stage] != NULL;
        }
        taken[i].joules = calloc((size_t)runs, sizeof(double));
        good = good && taken[i].joules != NULL;
    }
    if (!good) {
        free_samples(taken, count);
        cli_error("not enough memory for the samples");
        return NULL;
    }
    return taken;
}

bench_row *bench_add_row(bench *work, const char *model, const bench_contestant *contestant,
                         bench_mode mode)
{
    bench_row *row;

    if (work->row_count == work->row_capacity) {
        int capacity = work->row_capacity * 2 + 16;
        bench_row *rows = realloc(work->rows, (size_t)capacity * sizeof *rows);
        if (rows == NULL) {
            cli_error("not enough memory for the table");
            return NULL;
        }
        work->rows = rows;
        work->row_capacity = capacity;
    }
    row = &work->rows[work->row_count++];
    memset(row, 0, sizeof *row);
    row->mode = mode;
    row->pictures = 1;
    row->load_ms = contestant->load_ms;
    row->peak_bytes = (double)contestant->facts.memory_bytes;
    snprintf(row->model, sizeof row->model, "%s", model);
    snprintf(row->label, sizeof row->label, "%s", contestant->label);
    snprintf(row->engine, sizeof row->engine, "%s", contestant->facts.engine);
    snprintf(row->device_name, sizeof row->device_name, "%s",
             contestant->is_peer ? bench_peer_device(contestant->peer) : contestant->facts.name);
    return row;
}

/* ---- one picture ---- */

static clearcut_status cut_once(bench_contestant *contestant, const bench_photo *photo,
                                clearcut_timing *timing, clearcut_error *error)
{
    clearcut_decode_options decode;
    clearcut_cut_options cut;
    clearcut_encode_options encode;
    clearcut_image *image = NULL;
    clearcut_image *picture = NULL;
    clearcut_bytes png = {0};

    clearcut_decode_options_init(&decode);
    clearcut_cut_options_init(&cut);
    clearcut_encode_options_init(&encode);
    decode.timing = cut.timing = encode.timing = timing;
    encode.format = CLEARCUT_FORMAT_PNG;
    clearcut_status status =
        clearcut_image_decode(photo->jpeg.data, photo->jpeg.size, &decode, &image, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_session_cut(contestant->session, image, &cut, &picture, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_image_encode(picture, &encode, &png, error);
    }
    clearcut_bytes_free(&png);
    clearcut_image_free(&picture);
    clearcut_image_free(&image);
    return status;
}

static clearcut_status run_own(bench_contestant *contestant, const bench_photo *photo,
                               double stages[BENCH_STAGES], clearcut_error *error)
{
    clearcut_timing timing = {0};
    double begin = cli_clock_ms();
    clearcut_status status = cut_once(contestant, photo, &timing, error);

    stages[BENCH_TOTAL] = cli_clock_ms() - begin;
    stages[BENCH_DECODE] = timing.decode;
    stages[BENCH_PREPARE] = timing.preprocess;
    stages[BENCH_COPY] = NAN;
    stages[BENCH_INFER] = timing.infer;
    stages[BENCH_MASK] = timing.postprocess;
    stages[BENCH_ENCODE] = timing.encode;
    return status;
}

/* Run one contestant once; false if it cannot, which is noted. */
static bool run_once(bench *work, const char *model, bench_contestant *contestant,
                     const bench_photo *photo, double stages[BENCH_STAGES], bool *cancelled)
{
    clearcut_error error;
    char what[96];
    char why[300];

    snprintf(what, sizeof what, "%.40s with %.30s at %d", contestant->label, model,
             photo->width > photo->height ? photo->width : photo->height);
    if (contestant->is_peer) {
        bool good = bench_peer_run(contestant->peer, photo->path, stages, why, sizeof why);
        if (!good) {
            bench_leave_out(work, what, "%s", why);
        }
        return good;
    }
    clearcut_status status = run_own(contestant, photo, stages, &error);
    *cancelled = status == CLEARCUT_CANCELLED;
    if (status != CLEARCUT_OK && !*cancelled) {
        bench_leave_out(work, what, "%s", error.message);
    }
    return status == CLEARCUT_OK;
}

static void take(bench *work, const char *model, bench_contestant *contestant,
                 const bench_photo *photo, samples *taken, bool keep, bool *cancelled)
{
    double stages[BENCH_STAGES];
    double before = bench_energy();

    if (!run_once(work, model, contestant, photo, stages, cancelled)) {
        taken->failed = true;
        return;
    }
    if (keep) {
        for (int stage = 0; stage < BENCH_STAGES; stage++) {
            taken->stages[stage][taken->runs] = stages[stage];
        }
        taken->joules[taken->runs] = bench_energy() - before;
        taken->runs++;
    }
}

/* ---- rounds ---- */

/* Values that are numbers (and, for energy, not negative), summarised. */
static void summarise_numbers(double *values, int count, cli_spread *result)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        if (isfinite(values[i]) && values[i] >= 0) {
            values[kept++] = values[i];
        }
    }
    if (kept > 0) {
        cli_summarise(values, kept, result);
    }
}

static bool add_row(bench *work, const char *model, const bench_contestant *contestant,
                    const bench_photo *photo, samples *taken)
{
    bench_row *row;

    if (taken->failed || taken->runs == 0) {
        return true;
    }
    row = bench_add_row(work, model, contestant, BENCH_SINGLE);
    if (row == NULL) {
        return false;
    }
    row->width = photo->width;
    row->height = photo->height;
    row->runs = taken->runs;
    for (int stage = 0; stage < BENCH_STAGES; stage++) {
        summarise_numbers(taken->stages[stage], taken->runs, &row->stages[stage]);
    }
    summarise_numbers(taken->joules, taken->runs, &row->joules);
    return true;
}

/* ---- energy of a GPU ---- */

/* The counter moves in steps of some tens of milliseconds, so that single pictures show
 * nothing: a second of them is measured as a whole, after the rounds. */
static bool measure_gpu(bench *work, const char *model, bench_contestant *contestant,
                        const bench_photo *photo, double *joules, bool *cancelled)
{
    enum { LEAST_PICTURES = 3, LEAST_MS = 1000 };
    double stages[BENCH_STAGES];
    double before = 0;
    double after = 0;
    double begin;
    int pictures = 0;
    char what[96];
    clearcut_error error;

    snprintf(what, sizeof what, "joules of %.40s", contestant->label);
    if (clearcut_gpu_energy(contestant->device, &before, &error) != CLEARCUT_OK) {
        bench_leave_out(work, what, "%s", error.message);
        return true;
    }
    begin = cli_clock_ms();
    while (pictures < LEAST_PICTURES || cli_clock_ms() - begin < LEAST_MS) {
        if (!run_once(work, model, contestant, photo, stages, cancelled)) {
            return false;
        }
        pictures++;
    }
    if (clearcut_gpu_energy(contestant->device, &after, &error) != CLEARCUT_OK) {
        bench_leave_out(work, what, "%s", error.message);
    } else {
        *joules = (after - before) / pictures;
    }
    return true;
}

static void add_gpu_energy(bench *work, const char *model, bench_contestant *contestants, int count,
                           const bench_photo *photo, int first_row, bool *cancelled)
{
    int row = first_row; /* of the contestants that have one, in their order */

    for (int i = 0; i < count && row < work->row_count && !*cancelled; i++) {
        bench_row *own = &work->rows[row];
        if (strcmp(own->label, contestants[i].label) != 0) {
            continue; /* it failed */
        }
        row++;
        if (strncmp(contestants[i].facts.engine, "cuda/", 5) == 0 &&
            !measure_gpu(work, model, &contestants[i], photo, &own->gpu_joules, cancelled)) {
            return;
        }
    }
}

static int run_singles(bench *work, const char *model, bench_contestant *contestants, int count,
                       const bench_photo *photo)
{
    int runs = (int)work->settings->runs;
    int first_row = work->row_count;
    samples *taken = allocate_samples(count, runs);
    bool cancelled = false;
    bool good = taken != NULL;

    /* Round -1 warms caches and pools up and is not kept. */
    for (int round = -1; good && round < runs && !cancelled; round++) {
        atomic_store(&work->round_now, round);
        for (int turn = 0; turn < count && !cancelled; turn++) {
            int who = (turn + round + 1) % count;
            if (!taken[who].failed) {
                take(work, model, &contestants[who], photo, &taken[who], round >= 0, &cancelled);
            }
        }
        cancelled = cancelled || clearcut_cancel_requested(cli_cancel());
    }
    for (int i = 0; good && !cancelled && i < count; i++) {
        good = add_row(work, model, &contestants[i], photo, &taken[i]);
    }
    if (good && !cancelled) {
        add_gpu_energy(work, model, contestants, count, photo, first_row, &cancelled);
    }
    free_samples(taken, count);
    return cancelled ? CLI_EXIT_INTERRUPTED : good ? CLI_EXIT_OK : CLI_EXIT_INPUT;
}

static int run_size(bench *work, const char *model, bench_contestant *contestants, int count,
                    int side)
{
    bench_photo photo;
    clearcut_error error;
    int result = CLI_EXIT_OK;

    atomic_store(&work->side_now, side);
    if (bench_make_photo(work, side, &photo, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return cli_input_exit(error.code);
    }
    if (work->modes[BENCH_SINGLE]) {
        result = run_singles(work, model, contestants, count, &photo);
    }
    if (work->modes[BENCH_PROCESS] && result == CLI_EXIT_OK) {
        result = bench_run_processes(work, model, contestants, count, &photo);
    }
    if (work->modes[BENCH_SEQUENCE] && result == CLI_EXIT_OK) {
        result = bench_run_sequence(work, model, contestants, count, &photo);
    }
    bench_free_photo(&photo);
    return result;
}

int bench_run_model(bench *work, const char *model, bench_contestant *contestants, int count)
{
    int result = CLI_EXIT_OK;

    for (int i = 0; i < work->size_count && result == CLI_EXIT_OK && count > 0; i++) {
        result = run_size(work, model, contestants, count, work->sizes[i]);
    }
    if (work->modes[BENCH_BATCH] && result == CLI_EXIT_OK && count > 0) {
        result = bench_run_batches(work, model, contestants, count);
    }
    return result;
}
