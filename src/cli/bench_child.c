/* Whole processes, as a user starts them: time from start to end and the memory
 * that the kernel says they held at most.
 */
#define _GNU_SOURCE /* wait4, posix_spawn */
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "result.h"

extern char **environ;

enum { MOST_ARGUMENTS = 16 };

static int start(char *const *arguments, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure != 0) {
        return failure;
    }
    failure = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (failure == 0) {
        failure = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    }
    if (failure == 0) {
        failure = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    }
    if (failure == 0) {
        failure = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

bench_usage bench_spawn(char *const *arguments)
{
    bench_usage usage = {.exit_status = 127};
    struct rusage resources = {0};
    double begin = cli_clock_ms();
    pid_t child;
    int status = 0;

    if (start(arguments, &child) != 0) {
        return usage;
    }
    while (wait4(child, &status, 0, &resources) < 0) {
        /* a signal for us; the child got it too and ends soon */
    }
    usage.wall_ms = cli_clock_ms() - begin;
    usage.peak_bytes = (double)resources.ru_maxrss * 1024; /* Linux counts kilobytes */
    usage.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return usage;
}

/* Our own command line, or the peer's. `threads` lives as long as the arguments. */
static void command_line(const bench *work, const bench_contestant *contestant, const char *command,
                         const char *model, const char *input, const char *output,
                         const char *threads, const char *arguments[MOST_ARGUMENTS])
{
    if (contestant->is_peer) {
        bench_peer_command(contestant->peer, command, model, input, output, arguments);
        return;
    }
    const char *own[MOST_ARGUMENTS] = {work->program, command,
                                       "-m",          model,
                                       "--device",    contestant->device,
                                       "--precision", contestant->precision,
                                       "--threads",   threads,
                                       "--offline",   input,
                                       output,        NULL};
    memcpy(arguments, own, sizeof own);
}

/* Run every contestant in turn, `runs` rounds, each on an output of its own. */
static int run_rounds(bench *work, const char *command, const char *model,
                      bench_contestant *contestants, int count, const char *input,
                      const char *output_ending, int runs, double *wall, double *peak)
{
    const char *arguments[MOST_ARGUMENTS];
    char output[160];
    char threads[24];

    snprintf(threads, sizeof threads, "%lld", work->settings->engine.threads);
    for (int round = 0; round < runs; round++) {
        atomic_store(&work->round_now, round);
        for (int turn = 0; turn < count; turn++) {
            int who = (turn + round) % count;
            snprintf(output, sizeof output, "%s/out-%d%s", work->folder, work->outputs++,
                     output_ending);
            command_line(work, &contestants[who], command, model, input, output, threads,
                         arguments);
            bench_usage usage = bench_spawn((char *const *)(uintptr_t)arguments);
            if (clearcut_cancel_requested(cli_cancel())) {
                return CLI_EXIT_INTERRUPTED;
            }
            wall[who * runs + round] = usage.exit_status == 0 ? usage.wall_ms : NAN;
            peak[who] = fmax(peak[who], usage.peak_bytes);
            if (usage.exit_status != 0) {
                char what[96];
                snprintf(what, sizeof what, "%s of %.40s with %.30s", command,
                         contestants[who].label, model);
                bench_leave_out(work, what, "the process ended with status %d", usage.exit_status);
            }
        }
    }
    return CLI_EXIT_OK;
}

/* Rows from the wall times of `pictures` pictures each. */
static bool add_rows(bench *work, const char *model, const bench_contestant *contestants, int count,
                     bench_mode mode, const bench_photo *photo, int pictures, int runs,
                     double *wall, const double *peak)
{
    for (int who = 0; who < count; who++) {
        double *values = wall + (size_t)who * (size_t)runs;
        bool whole = true;
        for (int i = 0; i < runs; i++) {
            whole = whole && isfinite(values[i]);
            values[i] /= pictures;
        }
        bench_row *row = whole ? bench_add_row(work, model, &contestants[who], mode) : NULL;
        if (row != NULL) {
            row->width = photo->width;
            row->height = photo->height;
            row->runs = runs;
            row->pictures = pictures;
            row->load_ms = 0;
            row->peak_bytes = peak[who];
            row->peak_is_process = true;
            cli_summarise(values, runs, &row->stages[BENCH_TOTAL]);
        } else if (whole) {
            return false;
        }
    }
    return true;
}

static int run_mode(bench *work, const char *model, bench_contestant *contestants, int count,
                    bench_mode mode, const bench_photo *photo, const char *input, int pictures,
                    int runs)
{
    double *wall = calloc((size_t)count * (size_t)runs, sizeof *wall);
    double *peak = calloc((size_t)count, sizeof *peak);
    int result = CLI_EXIT_INPUT;

    if (wall != NULL && peak != NULL) {
        bool folder = mode == BENCH_SEQUENCE;
        result = run_rounds(work, folder ? "p" : "i", model, contestants, count, input,
                            folder ? "" : ".png", runs, wall, peak);
        if (result == CLI_EXIT_OK &&
            !add_rows(work, model, contestants, count, mode, photo, pictures, runs, wall, peak)) {
            result = CLI_EXIT_INPUT;
        }
    } else {
        cli_error("not enough memory for the samples");
    }
    free(wall);
    free(peak);
    return result;
}

int bench_run_processes(bench *work, const char *model, bench_contestant *contestants, int count,
                        const bench_photo *photo)
{
    return run_mode(work, model, contestants, count, BENCH_PROCESS, photo, photo->path, 1,
                    (int)fmin(5, (double)work->settings->runs));
}

int bench_run_sequence(bench *work, const char *model, bench_contestant *contestants, int count,
                       const bench_photo *photo)
{
    int files = (int)work->settings->files;
    char folder[128];
    char path[192];

    snprintf(folder, sizeof folder, "%s/in-%dx%d", work->folder, photo->width, photo->height);
    if (mkdir(folder, 0700) != 0 && access(folder, W_OK) != 0) {
        cli_error("%s: cannot be made; is the disk full?", folder);
        return CLI_EXIT_INPUT;
    }
    for (int i = 0; i < files; i++) {
        snprintf(path, sizeof path, "%s/%04d.jpg", folder, i);
        if (access(path, R_OK) != 0 && link(photo->path, path) != 0) {
            cli_error("%s: cannot be made; is the disk full?", path);
            return CLI_EXIT_INPUT;
        }
    }
    return run_mode(work, model, contestants, count, BENCH_SEQUENCE, photo, folder, files,
                    (int)fmin(3, (double)work->settings->runs));
}
