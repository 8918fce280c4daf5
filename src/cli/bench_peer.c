/* rembg as a contestant: bench/peers/rembg_peer.py in a Python that has it, spoken
 * to by lines over a socket. It keeps its session between pictures, as ours does.
 */
#define _GNU_SOURCE /* posix_spawn, MSG_NOSIGNAL */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "result.h"

extern char **environ;

struct bench_peer {
    pid_t process;
    int connection;
    char python[1024];
    char name[64];
    char device[160];
    char extras[4200];  /* of a command line */
    char pending[4096]; /* received beyond the last line */
    size_t pending_size;
};

enum { PATIENCE_MS = 180000 }; /* its first run compiles things for a minute */

/* ---- finding it ---- */

/* The interpreter that the program `rembg` on PATH names in its first line. */
static bool python_of_rembg(char *python, size_t size)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        char script[1024];
        char line[1024];
        FILE *file;

        snprintf(script, sizeof script, "%.*s/rembg", (int)length, path);
        file = fopen(script, "r");
        if (file != NULL) {
            bool good = fgets(line, sizeof line, file) != NULL && strncmp(line, "#!/", 3) == 0 &&
                        strstr(line, "python") != NULL;
            fclose(file);
            if (good) {
                line[strcspn(line, " \n")] = '\0';
                snprintf(python, size, "%s", line + 2);
                return true;
            }
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* Beside the installed program, or in the source tree around a build folder. */
static bool find_script(const bench *work, char *script, size_t size)
{
    static const char *const places[] = {"../share/clearcut/rembg_peer.py",
                                         "../bench/peers/rembg_peer.py", "rembg_peer.py"};
    const char *folder = getenv("CLEARCUT_PEERS");
    const char *slash = strrchr(work->program, '/');
    int prefix = slash != NULL ? (int)(slash - work->program) : 0;

    if (folder != NULL) {
        snprintf(script, size, "%s/rembg_peer.py", folder);
        return access(script, R_OK) == 0;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(script, size, "%.*s/%s", prefix, work->program, places[i]);
        if (access(script, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- lines ---- */

/* The next line without its end; false after PATIENCE_MS, at the end, or if asked
 * to stop. */
static bool read_line(bench_peer *peer, char *line, size_t size)
{
    double until = cli_clock_ms() + PATIENCE_MS;

    for (;;) {
        char *end = memchr(peer->pending, '\n', peer->pending_size);
        if (end != NULL) {
            size_t length = (size_t)(end - peer->pending);
            snprintf(line, size, "%.*s", (int)length, peer->pending);
            peer->pending_size -= length + 1;
            memmove(peer->pending, end + 1, peer->pending_size);
            return true;
        }
        struct pollfd wait = {.fd = peer->connection, .events = POLLIN};
        if (peer->pending_size == sizeof peer->pending || cli_clock_ms() > until ||
            clearcut_cancel_requested(cli_cancel())) {
            return false;
        }
        if (poll(&wait, 1, 200) > 0) {
            ssize_t got = recv(peer->connection, peer->pending + peer->pending_size,
                               sizeof peer->pending - peer->pending_size, 0);
            if (got <= 0) {
                return false;
            }
            peer->pending_size += (size_t)got;
        }
    }
}

/* ---- life ---- */

static bool spawn(bench_peer *peer, const char *script, const char *model)
{
    int ends[2];
    char *arguments[] = {peer->python, (char *)(uintptr_t)script, (char *)(uintptr_t)model, NULL};
    posix_spawn_file_actions_t actions;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    bool good = posix_spawn_file_actions_init(&actions) == 0;
    if (good) {
        good = posix_spawn_file_actions_adddup2(&actions, ends[1], 0) == 0 &&
               posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0 &&
               posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0) == 0 &&
               posix_spawnp(&peer->process, peer->python, &actions, NULL, arguments, environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    peer->connection = ends[0];
    return good;
}

/* The first line: "ready NAME<tab>DEVICE" or "error TEXT". */
static bool greet(bench_peer *peer, char *why, size_t size)
{
    char line[512];
    char *tab;

    if (!read_line(peer, line, sizeof line)) {
        snprintf(why, size, "%.200s did not start rembg; is it installed there? (--peer-python)",
                 peer->python);
        return false;
    }
    if (strncmp(line, "ready ", 6) != 0) {
        snprintf(why, size, "%.280s", strncmp(line, "error ", 6) == 0 ? line + 6 : line);
        return false;
    }
    tab = strchr(line, '\t');
    if (tab != NULL) {
        *tab = '\0';
        snprintf(peer->device, sizeof peer->device, "%.150s", tab + 1);
    }
    snprintf(peer->name, sizeof peer->name, "%.60s", line + 6);
    return true;
}

bench_peer *bench_peer_start(const bench *work, const char *model, char *why, size_t size)
{
    bench_peer *peer = calloc(1, sizeof *peer);
    char script[4200];

    if (peer == NULL) {
        snprintf(why, size, "not enough memory");
        return NULL;
    }
    peer->connection = -1;
    if (!find_script(work, script, sizeof script)) {
        snprintf(why, size,
                 "rembg_peer.py was not found beside the program; name its folder in "
                 "CLEARCUT_PEERS");
    } else if (work->settings->peer_python != NULL) {
        snprintf(peer->python, sizeof peer->python, "%s", work->settings->peer_python);
    } else if (!python_of_rembg(peer->python, sizeof peer->python)) {
        snprintf(why, size,
                 "no program `rembg` is on PATH; name the Python that has it with "
                 "--peer-python");
    }
    if (peer->python[0] != '\0' && !spawn(peer, script, model)) {
        snprintf(why, size, "%.200s could not be started", peer->python);
    } else if (peer->process > 0 && greet(peer, why, size)) {
        return peer;
    }
    bench_peer_stop(peer);
    return NULL;
}

void bench_peer_stop(bench_peer *peer)
{
    if (peer == NULL) {
        return;
    }
    if (peer->connection >= 0) {
        close(peer->connection); /* it ends at the end of its input */
    }
    if (peer->process > 0) {
        (void)kill(peer->process, SIGTERM);
        while (waitpid(peer->process, NULL, 0) < 0) {
            /* interrupted by a signal of ours */
        }
    }
    free(peer);
}

const char *bench_peer_name(const bench_peer *peer)
{
    return peer->name;
}

const char *bench_peer_device(const bench_peer *peer)
{
    return peer->device;
}

/* ---- work ---- */

bool bench_peer_run(bench_peer *peer, const char *path, double stages[BENCH_STAGES], char *why,
                    size_t size)
{
    char line[512];
    int length = snprintf(line, sizeof line, "%s\n", path);

    if (length < 0 || (size_t)length >= sizeof line ||
        send(peer->connection, line, (size_t)length, MSG_NOSIGNAL) != length ||
        !read_line(peer, line, sizeof line)) {
        snprintf(why, size, "%s ended or did not answer", peer->name);
        return false;
    }
    stages[BENCH_COPY] = NAN;
    if (sscanf(line, "ms %lf %lf %lf %lf %lf %lf", &stages[BENCH_DECODE], &stages[BENCH_PREPARE],
               &stages[BENCH_INFER], &stages[BENCH_MASK], &stages[BENCH_ENCODE],
               &stages[BENCH_TOTAL]) == 6) {
        return true;
    }
    snprintf(why, size, "%.280s", strncmp(line, "error ", 6) == 0 ? line + 6 : line);
    return false;
}

void bench_peer_command(bench_peer *peer, const char *command, const char *model, const char *input,
                        const char *output, const char *arguments[16])
{
    static const char start[] = "from rembg.cli import main; main()";
    bool is_file = strchr(model, '/') != NULL;
    int count = 0;

    arguments[count++] = peer->python;
    arguments[count++] = "-c";
    arguments[count++] = start;
    arguments[count++] = command;
    arguments[count++] = "-m";
    arguments[count++] = is_file ? "u2net_custom" : model;
    if (is_file) {
        snprintf(peer->extras, sizeof peer->extras, "{\"model_path\": \"%s\"}", model);
        arguments[count++] = "-x";
        arguments[count++] = peer->extras;
    }
    arguments[count++] = input;
    arguments[count++] = output;
    arguments[count] = NULL;
}
