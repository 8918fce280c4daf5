#define _GNU_SOURCE /* sigaction, pthread_sigmask, clock_gettime */
#include "report.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* ---- the progress line ---- */

enum { FIRST_WAIT_MS = 1000, NEXT_WAIT_MS = 200, PLAIN_WAIT_MS = 5000 };

/* One watcher thread while work lasts; it alone draws, under the lock. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    const char *subject;
    const char *stage;
    cli_progress_function describe; /* NULL: subject, stage, seconds */
    void *describe_context;
    struct timespec begin;
    bool terminal;
    bool running;
    bool stop;
    bool drawn;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) * 1e-9;
}

static void erase_line(void)
{
    if (progress.drawn) {
        fputs("\r\033[K", stderr);
        progress.drawn = false;
    }
}

static void draw_line(void)
{
    char line[256];

    if (progress.describe != NULL) {
        progress.describe(progress.describe_context, line, sizeof line);
    } else {
        snprintf(line, sizeof line, "%s: %s, %.0f s", progress.subject, progress.stage,
                 seconds_since(&progress.begin));
    }
    if (progress.terminal) {
        fprintf(stderr, "\r\033[K%s", line);
        progress.drawn = true;
    } else {
        fprintf(stderr, "clearcut: %s\n", line);
    }
    fflush(stderr);
}

static void deadline_after(int milliseconds, struct timespec *deadline)
{
    clock_gettime(CLOCK_REALTIME, deadline);
    deadline->tv_sec += milliseconds / 1000;
    deadline->tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (deadline->tv_nsec >= 1000000000) {
        deadline->tv_sec++;
        deadline->tv_nsec -= 1000000000;
    }
}

static void *watch(void *unused)
{
    struct timespec deadline;

    (void)unused;
    pthread_mutex_lock(&progress.lock);
    deadline_after(progress.terminal ? FIRST_WAIT_MS : PLAIN_WAIT_MS, &deadline);
    while (!progress.stop) {
        if (pthread_cond_timedwait(&progress.wake, &progress.lock, &deadline) != 0 &&
            !progress.stop) {
            draw_line();
            deadline_after(progress.terminal ? NEXT_WAIT_MS : PLAIN_WAIT_MS, &deadline);
        }
    }
    erase_line();
    pthread_mutex_unlock(&progress.lock);
    return NULL;
}

static void start_watching(void)
{
    sigset_t all;
    sigset_t old;

    progress.stop = false;
    clock_gettime(CLOCK_REALTIME, &progress.begin);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals belong to the main thread */
    progress.running = pthread_create(&progress.thread, NULL, watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void cli_progress_begin(const char *subject)
{
    progress.terminal = isatty(STDERR_FILENO);
    if (progress.running || !progress.terminal) {
        return;
    }
    progress.subject = subject;
    progress.stage = "reading";
    progress.describe = NULL;
    start_watching();
}

void cli_progress_begin_parts(cli_progress_function describe, void *context)
{
    if (progress.running) {
        return;
    }
    progress.terminal = isatty(STDERR_FILENO);
    progress.describe = describe;
    progress.describe_context = context;
    start_watching();
}

void cli_progress_stage(void *context, clearcut_stage stage)
{
    (void)context;
    pthread_mutex_lock(&progress.lock);
    progress.stage = clearcut_stage_name(stage);
    pthread_mutex_unlock(&progress.lock);
}

void cli_progress_end(void)
{
    if (!progress.running) {
        return;
    }
    pthread_mutex_lock(&progress.lock);
    progress.stop = true;
    pthread_cond_signal(&progress.wake);
    pthread_mutex_unlock(&progress.lock);
    pthread_join(progress.thread, NULL);
    progress.running = false;
}

/* ---- messages ---- */

static void print_line(const char *prefix, const char *format, va_list arguments)
{
    pthread_mutex_lock(&progress.lock);
    erase_line();
    fputs(prefix, stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    pthread_mutex_unlock(&progress.lock);
}

void cli_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("clearcut: ", format, arguments);
    va_end(arguments);
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("clearcut: note: ", format, arguments);
    va_end(arguments);
}

void cli_time_text(double seconds, char *text, size_t size)
{
    long long whole = (long long)(seconds + 0.5);

    if (whole >= 3600) {
        snprintf(text, size, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    } else {
        snprintf(text, size, "%lld:%02lld", whole / 60, whole % 60);
    }
}

int cli_input_exit(clearcut_status status)
{
    switch (status) {
    case CLEARCUT_OK: return CLI_EXIT_OK;
    case CLEARCUT_CANCELLED: return CLI_EXIT_INTERRUPTED;
    case CLEARCUT_DEVICE: return CLI_EXIT_DEVICE;
    case CLEARCUT_MODEL: return CLI_EXIT_MODEL;
    default: return CLI_EXIT_INPUT;
    }
}

int cli_model_exit(clearcut_status status, clearcut_precision precision)
{
    if (status == CLEARCUT_UNSUPPORTED && precision != CLEARCUT_PRECISION_FP32 &&
        precision != CLEARCUT_PRECISION_AUTO) {
        return CLI_EXIT_USAGE;
    }
    switch (status) {
    case CLEARCUT_OK: return CLI_EXIT_OK;
    case CLEARCUT_CANCELLED: return CLI_EXIT_INTERRUPTED;
    case CLEARCUT_DEVICE: return CLI_EXIT_DEVICE;
    case CLEARCUT_INVALID_ARGUMENT: return CLI_EXIT_USAGE;
    case CLEARCUT_OUT_OF_MEMORY:
    case CLEARCUT_INTERNAL: return CLI_EXIT_INPUT;
    default: return CLI_EXIT_MODEL;
    }
}

/* ---- signals ---- */

static clearcut_cancel *interrupt_switch;
static volatile sig_atomic_t waiting_for_input;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    if (waiting_for_input || clearcut_cancel_requested(interrupt_switch)) {
        clearcut_output_discard_all();
        _exit(CLI_EXIT_INTERRUPTED);
    }
    clearcut_cancel_request(interrupt_switch);
}

/* Whoever read our output has gone: clean up and die of the signal, so that the
 * shell sees what it would see of any other program. */
static void on_broken_pipe(int signal_number)
{
    clearcut_output_discard_all();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void cli_signals_install(clearcut_cancel *cancel)
{
    struct sigaction inherited;

    interrupt_switch = cancel;
    /* A shell starts background jobs of scripts with SIGINT ignored: leave it so. */
    if (sigaction(SIGINT, NULL, &inherited) != 0 || inherited.sa_handler != SIG_IGN) {
        handle(SIGINT, on_interrupt);
    }
    handle(SIGTERM, on_interrupt);
    handle(SIGPIPE, on_broken_pipe);
}

void cli_signals_waiting(bool waiting)
{
    waiting_for_input = waiting;
}

clearcut_cancel *cli_cancel(void)
{
    return interrupt_switch;
}
