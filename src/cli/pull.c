/* d: fetch models. */
#include "pull.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "result.h"

typedef struct settings {
    const char *from;
    long long timeout;
    bool commercial_only;
    bool json;
    bool quiet;
} settings;

static const cli_option option_table[] = {
    {NULL, "from", CLI_TEXT, offsetof(settings, from), 0, 0, "URL",
     "a mirror: the address of the folder that holds the files"},
    {NULL, "timeout", CLI_INTEGER, offsetof(settings, timeout), 1, 86400, "SECONDS",
     "of silence before it is given up; default 30"},
    {NULL, "commercial-only", CLI_FLAG, offsetof(settings, commercial_only), 0, 0, NULL,
     "without names: leave out what may not be used commercially as it stands"},
    {NULL, "quiet", CLI_FLAG, offsetof(settings, quiet), 0, 0, NULL, "no progress, only failures"},
    {NULL, "json", CLI_FLAG, offsetof(settings, json), 0, 0, NULL,
     "one JSON object a line on stdout for each model, and nothing else there"}};

/* ---- one model ---- */

/* What the progress line shows. */
typedef struct fetching {
    const char *name;
    double begin;        /* cli_clock_ms */
    atomic_ullong first; /* bytes when the first report came: what a former try left */
    atomic_ullong done;
    atomic_ullong total;
    atomic_bool begun;
} fetching;

static void take_progress(void *context, uint64_t done, uint64_t total)
{
    fetching *at = context;

    if (!atomic_load(&at->begun) && done > 0) {
        atomic_store(&at->first, done);
        atomic_store(&at->begun, true);
    }
    atomic_store(&at->done, done);
    atomic_store(&at->total, total);
}

static void describe(void *context, char *line, size_t size)
{
    enum { BAR = 20 };
    fetching *at = context;
    double done = (double)atomic_load(&at->done);
    double total = (double)atomic_load(&at->total);
    double seconds = (cli_clock_ms() - at->begin) * 1e-3;
    double rate = (done - (double)atomic_load(&at->first)) / (seconds > 0 ? seconds : 1);
    int filled = total > 0 ? (int)(BAR * (done < total ? done / total : 1)) : 0;
    char left[32] = "-:--";

    if (done == 0) {
        snprintf(line, size, "%s: waiting, %.0f s", at->name, seconds);
        return;
    }
    if (total > 0 && rate > 0) {
        cli_time_text((total - done) / rate, left, sizeof left);
    }
    snprintf(line, size, "%s: [%.*s%.*s] %.1f/%.1f MB, %.1f MB/s, %s left", at->name, filled,
             "####################", BAR - filled, "....................", done * 1e-6,
             total * 1e-6, rate * 1e-6, left);
}

static void take_note(void *context, const char *message)
{
    (void)context;
    cli_note("%s", message);
}

/* Mirror: --from, else the environment's, else none. */
static const char *mirror(const char *from)
{
    return from != NULL ? from : getenv("CLEARCUT_MIRROR");
}

static clearcut_status fetch(const char *name, const settings *wanted, clearcut_error *error)
{
    clearcut_download_options options;
    fetching at = {.name = name, .begin = cli_clock_ms()};
    clearcut_status status;

    clearcut_download_options_init(&options);
    options.from = mirror(wanted->from);
    options.patience_seconds = (int)wanted->timeout;
    options.cancel = cli_cancel();
    options.progress = take_progress;
    options.progress_context = &at;
    options.note = take_note;
    if (!wanted->quiet) {
        cli_progress_begin_parts(describe, &at);
    }
    status = clearcut_model_download(name, &options, error);
    cli_progress_end();
    return status;
}

static int exit_for(clearcut_status status)
{
    switch (status) {
    case CLEARCUT_OK: return CLI_EXIT_OK;
    case CLEARCUT_CANCELLED: return CLI_EXIT_INTERRUPTED;
    case CLEARCUT_INVALID_ARGUMENT: return CLI_EXIT_USAGE;
    default: return CLI_EXIT_MODEL;
    }
}

/* ---- first use ---- */

static bool find_model(const char *name, clearcut_model_info *info)
{
    for (int i = 0; i < clearcut_model_count(); i++) {
        memset(info, 0, sizeof *info);
        info->size = sizeof *info;
        if (clearcut_model_get(i, info, NULL) == CLEARCUT_OK && strcmp(info->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_forbidden(bool offline)
{
    const char *variable = getenv("CLEARCUT_OFFLINE");
    return offline || (variable != NULL && variable[0] != '\0');
}

/* Put the ways out behind a failed download's message. */
static void add_ways_out(clearcut_error *error, const char *name)
{
    size_t used = strlen(error->message);

    if (error->code != CLEARCUT_CANCELLED) {
        snprintf(error->message + used, sizeof error->message - used,
                 "; other ways: `clearcut d --from URL %s`, another model, or -m FILE.onnx", name);
    }
}

clearcut_status cli_need_model(const char *wish, bool offline, bool quiet, clearcut_error *error)
{
    const settings plain = {.quiet = quiet};
    clearcut_model_info info;
    clearcut_status status;

    if (!find_model(wish, &info) || info.state != CLEARCUT_MODEL_ABSENT || !info.runnable ||
        info.url[0] == '\0' || is_forbidden(offline)) {
        return CLEARCUT_OK;
    }
    if (clearcut_download_possible(error) != CLEARCUT_OK) {
        cli_note("%s", error->message);
        return CLEARCUT_OK;
    }
    cli_note("model %s is not on this machine yet: fetching about %llu MB from %s (--offline "
             "forbids it)",
             info.name, (unsigned long long)((info.download_bytes + 500000) / 1000000),
             mirror(NULL) != NULL ? mirror(NULL) : info.url);
    status = fetch(wish, &plain, error);
    if (status != CLEARCUT_OK) {
        add_ways_out(error, info.name);
    }
    return status;
}

/* ---- the command ---- */

static bool print_json(const clearcut_model_info *info, const char *status,
                       const clearcut_error *error)
{
    cli_json json = {0};

    cli_json_object(&json, NULL);
    cli_json_text(&json, "name", info->name);
    cli_json_text(&json, "status", status);
    cli_json_text(&json, "reason", error != NULL ? error->message : NULL);
    cli_json_text(&json, "path", info->path[0] != '\0' ? info->path : NULL);
    cli_json_text(&json, "checksum", info->checksum[0] != '\0' ? info->checksum : NULL);
    cli_json_text(&json, "licence", info->licence);
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

static clearcut_status fetch_if_allowed(const clearcut_model_info *info, const char *name,
                                        const settings *wanted, clearcut_error *error)
{
    if (info->state == CLEARCUT_MODEL_ABSENT && is_forbidden(false)) {
        snprintf(error->message, sizeof error->message,
                 "model %s is not on this machine, and CLEARCUT_OFFLINE forbids to fetch it", name);
        return error->code = CLEARCUT_MODEL;
    }
    return fetch(name, wanted, error);
}

static int pull_one(const char *name, const settings *wanted)
{
    clearcut_model_info info = {.name = name, .licence = "", .checksum = ""};
    clearcut_error error = {0};
    bool was_there = find_model(name, &info) && info.state != CLEARCUT_MODEL_ABSENT;
    bool embedded = info.state == CLEARCUT_MODEL_EMBEDDED;
    clearcut_status status = fetch_if_allowed(&info, name, wanted, &error);
    const char *word = embedded ? "built in" : was_there ? "present" : "fetched";

    find_model(name, &info);
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
    } else if (!wanted->quiet && !wanted->json) {
        printf("%s: %s%s%s\n", name, word, embedded ? "" : ", ", info.path);
        fflush(stdout);
    }
    if (wanted->json && !print_json(&info, status == CLEARCUT_OK ? word : "error",
                                    status == CLEARCUT_OK ? NULL : &error)) {
        return CLI_EXIT_INPUT;
    }
    return exit_for(status);
}

/* A failure does not stop the others; the first one is the exit status. */
static int pull_all(int count, char **names, const settings *wanted)
{
    int result = CLI_EXIT_OK;

    for (int i = 0; i < count; i++) {
        int one = pull_one(names[i], wanted);
        if (one == CLI_EXIT_INTERRUPTED) {
            return one;
        }
        result = result == CLI_EXIT_OK ? one : result;
    }
    return result;
}

static bool belongs_to_all(const clearcut_model_info *info, const settings *wanted)
{
    return info->runnable && info->url[0] != '\0' &&
           (info->commercial_use || !wanted->commercial_only);
}

/* The names of all that can be fetched and run, told with their sizes. */
static int list_all(const settings *wanted, char **names)
{
    int count = 0;
    unsigned long long megabytes = 0;

    for (int i = 0; i < clearcut_model_count(); i++) {
        clearcut_model_info info = {.size = sizeof info};
        bool absent;
        if (clearcut_model_get(i, &info, NULL) != CLEARCUT_OK || !belongs_to_all(&info, wanted)) {
            continue;
        }
        names[count++] = (char *)(uintptr_t)info.name;
        absent = info.state == CLEARCUT_MODEL_ABSENT;
        megabytes += absent ? (info.download_bytes + 500000) / 1000000 : 0;
        if (!wanted->quiet) {
            fprintf(stderr, "%-22s %8llu MB  %-24s %s\n", info.name,
                    (unsigned long long)((info.download_bytes + 500000) / 1000000), info.licence,
                    absent ? "" : "present");
        }
    }
    if (!wanted->quiet) {
        fprintf(stderr, "%llu MB to fetch\n", megabytes);
    }
    return count;
}

static int run_pull(const cli_command *command, int argument_count, char **arguments)
{
    enum { MOST_MODELS = 256 };
    settings wanted = {0};
    char *all[MOST_MODELS];
    clearcut_model_info info;
    int operand_count;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    for (int i = 0; i < operand_count; i++) {
        if (!find_model(arguments[i], &info)) {
            cli_error("unknown model \"%s\"; `clearcut models` lists all", arguments[i]);
            return CLI_EXIT_USAGE;
        }
    }
    if (operand_count > 0) {
        return pull_all(operand_count, arguments, &wanted);
    }
    if (clearcut_model_count() > MOST_MODELS) {
        cli_error("more than %d models; name those you want", MOST_MODELS);
        return CLI_EXIT_USAGE;
    }
    return pull_all(list_all(&wanted, all), all, &wanted);
}

const cli_command cli_pull_command = {
    .name = "d",
    .alias = "pull",
    .usage = "[options] [MODEL...]",
    .summary = "fetch models; without names, all that can be run",
    .details = "Over HTTPS, into the model folder (see `clearcut models`). A line that broke is\n"
               "continued, a file appears only when its checksum is right, and none is ever\n"
               "replaced. Of several processes one fetches and the others wait for it.\n"
               "CLEARCUT_MIRROR in the environment is a default for --from. Proxies are taken\n"
               "from https_proxy and the like, as curl does.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_pull};
