/* Reading pages with the program tesseract: a child process that gets the picture on its
 * standard input and answers with a table of words.
 */
#define _POSIX_C_SOURCE 200809L /* posix_spawn, poll */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "scan.h"

extern char **environ;

/* ---- a child with both ends of a pipe ---- */

typedef struct child {
    pid_t process;
    int to;   /* its standard input; -1 = closed */
    int from; /* its standard output */
} child;

static void close_pair(int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static int spawn(char *const arguments[], int in[2], int out[2], pid_t *process)
{
    posix_spawn_file_actions_t actions;
    int fault = posix_spawn_file_actions_init(&actions);

    if (fault != 0) {
        return fault;
    }
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclose(&actions, in[0]);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, out[1]);
    fault = posix_spawnp(process, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

/* errno-like number; 0 = it runs. */
static int start_child(char *const arguments[], child *started)
{
    int in[2];
    int out[2];
    int fault;

    if (pipe(in) != 0) {
        return errno;
    }
    if (pipe(out) != 0) {
        fault = errno;
        close_pair(in);
        return fault;
    }
    fault = spawn(arguments, in, out, &started->process);
    close(in[0]);
    close(out[1]);
    if (fault != 0) {
        close(in[1]);
        close(out[0]);
        return fault;
    }
    started->to = in[1];
    started->from = out[0];
    return 0;
}

static void stop_sending(child *running)
{
    if (running->to >= 0) {
        close(running->to);
        running->to = -1;
    }
}

/* Send what the pipe takes; a child that does not want more is no fault here, its exit
 * status tells. */
static void send_some(child *running, const clearcut_bytes *input, size_t *sent)
{
    size_t left = input->size - *sent;
    ssize_t count = left > 0 ? write(running->to, input->data + *sent, left) : 0;

    if (count > 0) {
        *sent += (size_t)count;
    }
    if (*sent == input->size || (count < 0 && errno != EINTR && errno != EAGAIN)) {
        stop_sending(running);
    }
}

/* Room for one more block and the final zero; false if memory is out. */
static bool make_room(clearcut_bytes *output, size_t *capacity)
{
    enum { BLOCK = 65536 };

    if (*capacity - output->size < BLOCK + 1) {
        size_t larger = *capacity * 2 + BLOCK + 1;
        uint8_t *data = realloc(output->data, larger);
        if (data == NULL) {
            return false;
        }
        output->data = data;
        *capacity = larger;
    }
    return true;
}

/* Both directions at once, until the child closes its output. */
static bool exchange(child *running, const clearcut_bytes *input, clearcut_bytes *output)
{
    size_t sent = 0;
    size_t capacity = 0;

    fcntl(running->to, F_SETFL, O_NONBLOCK);
    for (;;) {
        struct pollfd ends[2] = {{running->from, POLLIN, 0}, {running->to, POLLOUT, 0}};
        ssize_t count;
        if (poll(ends, running->to >= 0 ? 2 : 1, -1) < 0) {
            if (errno == EINTR && !clearcut_cancel_requested(cli_cancel())) {
                continue;
            }
            return false;
        }
        if (running->to >= 0 && ends[1].revents != 0) {
            send_some(running, input, &sent);
        }
        if (ends[0].revents == 0) {
            continue;
        }
        if (!make_room(output, &capacity)) {
            return false;
        }
        count = read(running->from, output->data + output->size, capacity - output->size - 1);
        if (count == 0) {
            output->data[output->size] = '\0';
            return true;
        }
        if (count > 0) {
            output->size += (size_t)count;
        } else if (errno != EINTR) {
            return false;
        }
    }
}

static int wait_for(const child *running)
{
    int state = -1;

    while (waitpid(running->process, &state, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

/* Run a program; its exit status, or -1 if it did not end well, with errno-like *fault if
 * it could not even be started. *output is zero-terminated; the caller frees its data. */
static int run_program(char *const arguments[], const clearcut_bytes *input, clearcut_bytes *output,
                       int *fault)
{
    child running = {0, -1, -1};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    bool whole;
    int status;

    memset(output, 0, sizeof *output);
    *fault = start_child(arguments, &running);
    if (*fault != 0) {
        return -1;
    }
    sigaction(SIGPIPE, &ignore, &before); /* a child that stops reading is its own affair */
    whole = exchange(&running, input, output);
    stop_sending(&running);
    close(running.from);
    if (!whole) {
        kill(running.process, SIGTERM);
    }
    status = wait_for(&running);
    sigaction(SIGPIPE, &before, NULL);
    return whole ? status : -1;
}

/* ---- before any work ---- */

/* Is `language` (one part of eng+deu) a line of the list? */
static bool is_listed(const char *list, const char *language, size_t length)
{
    for (const char *line = list; line != NULL && *line != '\0';) {
        if (strncmp(line, language, length) == 0 &&
            (line[length] == '\n' || line[length] == '\r' || line[length] == '\0')) {
            return true;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return false;
}

static int check_languages(const char *list, const char *wanted)
{
    for (const char *part = wanted; *part != '\0';) {
        size_t length = strcspn(part, "+");
        if (length == 0 || !is_listed(list, part, length)) {
            cli_error("--ocr: tesseract has no language \"%.*s\"; install it (Debian: "
                      "tesseract-ocr-%.*s), or see `tesseract --list-langs`",
                      (int)length, part, (int)length, part);
            return CLI_EXIT_USAGE;
        }
        part += length + (part[length] == '+' ? 1 : 0);
    }
    return CLI_EXIT_OK;
}

int cli_scan_check_ocr(const char *language)
{
    char *arguments[] = {"tesseract", "--list-langs", NULL};
    clearcut_bytes nothing = {0};
    clearcut_bytes list = {0};
    int fault = 0;
    int status = run_program(arguments, &nothing, &list, &fault);
    int result;

    if (fault != 0) {
        cli_error("--ocr needs the program tesseract, which cannot be started here (%s); install "
                  "it (Debian: tesseract-ocr), or leave --ocr out",
                  strerror(fault));
        result = CLI_EXIT_USAGE;
    } else if (status != 0 || list.data == NULL) {
        cli_error("--ocr: tesseract --list-langs ended with status %d; check its installation",
                  status);
        result = CLI_EXIT_INPUT;
    } else {
        result = check_languages((const char *)list.data, language);
    }
    free(list.data);
    return result;
}

/* ---- the table of words ---- */

static int count_lines(const char *text)
{
    int count = 1;

    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

/* Split a line at its tabs; the number of fields, at most `most`. */
static int split_fields(char *line, char *fields[], int most)
{
    int count = 0;

    while (line != NULL && count < most) {
        char *tab = count + 1 < most ? strchr(line, '\t') : NULL;
        fields[count++] = line;
        if (tab != NULL) {
            *tab = '\0';
        }
        line = tab != NULL ? tab + 1 : NULL;
    }
    return count;
}

static bool take_word(char *line, clearcut_word *word)
{
    enum { LEVEL = 0, LEFT = 6, TOP, WIDTH, HEIGHT, CONFIDENCE, TEXT, FIELDS };
    enum { WORD_LEVEL = 5 };
    char *fields[FIELDS];

    if (split_fields(line, fields, FIELDS) != FIELDS || atoi(fields[LEVEL]) != WORD_LEVEL ||
        fields[TEXT][strspn(fields[TEXT], " \r")] == '\0') {
        return false;
    }
    fields[TEXT][strcspn(fields[TEXT], "\r")] = '\0';
    word->text = fields[TEXT];
    word->left = atof(fields[LEFT]);
    word->top = atof(fields[TOP]);
    word->right = word->left + atof(fields[WIDTH]);
    word->bottom = word->top + atof(fields[HEIGHT]);
    return true;
}

clearcut_status cli_scan_parse_words(char *table, cli_scan_words *words, clearcut_error *error)
{
    words->text = table;
    words->count = 0;
    words->words = calloc((size_t)count_lines(table), sizeof *words->words);
    if (words->words == NULL) {
        error->code = CLEARCUT_OUT_OF_MEMORY;
        snprintf(error->message, sizeof error->message, "not enough memory for the words read");
        return error->code;
    }
    for (char *line = table; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        words->count += take_word(line, &words->words[words->count]);
        line = end != NULL ? end + 1 : NULL;
    }
    return CLEARCUT_OK;
}

void cli_scan_words_free(cli_scan_words *words)
{
    free(words->words);
    free(words->text);
    memset(words, 0, sizeof *words);
}

/* ---- one page ---- */

static clearcut_status encode_page(const clearcut_image *page, clearcut_bytes *png,
                                   clearcut_error *error)
{
    clearcut_encode_options options;

    clearcut_encode_options_init(&options);
    options.format = CLEARCUT_FORMAT_PNG;
    options.drop_profile = true;
    return clearcut_image_encode(page, &options, png, error);
}

clearcut_status cli_scan_read_words(const clearcut_image *page, double dots_per_inch,
                                    const char *language, cli_scan_words *words,
                                    clearcut_error *error)
{
    char resolution[24];
    char *arguments[] = {"tesseract", "-",        "-",   "-l", (char *)(uintptr_t)language,
                         "--dpi",     resolution, "tsv", NULL};
    clearcut_bytes png = {0};
    clearcut_bytes table = {0};
    int fault = 0;
    clearcut_status status = encode_page(page, &png, error);

    memset(words, 0, sizeof *words);
    if (status != CLEARCUT_OK) {
        return status;
    }
    /* Its own range; what it would guess without is worse than 200. */
    snprintf(resolution, sizeof resolution, "%d",
             dots_per_inch >= 70 && dots_per_inch <= 2400 ? (int)(dots_per_inch + 0.5) : 200);
    if (run_program(arguments, &png, &table, &fault) != 0 || table.data == NULL) {
        bool stopped = clearcut_cancel_requested(cli_cancel());
        error->code = stopped ? CLEARCUT_CANCELLED : CLEARCUT_IO;
        snprintf(error->message, sizeof error->message, "%s",
                 stopped ? "interrupted" : "tesseract could not read the page; leave --ocr out");
        free(table.data);
        status = error->code;
    } else {
        status = cli_scan_parse_words((char *)table.data, words, error);
    }
    clearcut_bytes_free(&png);
    return status;
}
