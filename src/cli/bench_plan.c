/* Who is compared, and who is left out and why. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"
#include "result.h"

const char *bench_stage_name(bench_stage stage)
{
    static const char *const names[] = {"decode", "prepare", "copy", "infer",
                                        "mask",   "encode",  "total"};
    return names[stage];
}

const char *bench_mode_name(bench_mode mode)
{
    static const char *const names[] = {"single", "process", "batch", "sequence"};
    return names[mode];
}

void bench_leave_out(bench *work, const char *what, const char *format, ...)
{
    bench_left_out *entry;
    va_list arguments;

    if (work->left_out_count == BENCH_MOST_LEFT_OUT) {
        return;
    }
    entry = &work->left_out[work->left_out_count];
    snprintf(entry->what, sizeof entry->what, "%s", what);
    va_start(arguments, format);
    vsnprintf(entry->why, sizeof entry->why, format, arguments);
    va_end(arguments);
    for (int i = 0; i < work->left_out_count; i++) {
        if (strcmp(work->left_out[i].what, entry->what) == 0 &&
            strcmp(work->left_out[i].why, entry->why) == 0) {
            return; /* said already, for another model or size */
        }
    }
    work->left_out_count++;
}

/* ---- lists ---- */

/* Cut a copy of `list` at its commas. False if memory is out or there are too many. */
static bool cut_list(const char *list, char **copy, const char **words, int most, int *count)
{
    *count = 0;
    *copy = strdup(list);
    for (char *word = *copy; word != NULL && *word != '\0';) {
        char *comma = strchr(word, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (*word != '\0') {
            if (*count == most) {
                return false;
            }
            words[(*count)++] = word;
        }
        word = comma != NULL ? comma + 1 : NULL;
    }
    return *copy != NULL && *count > 0;
}

static bool read_sizes(bench *work)
{
    const char *text = work->settings->sizes;

    while (*text != '\0') {
        char *end = NULL;
        long size = strtol(text, &end, 10);
        if (end == text || size < 16 || size > 20000 || (*end != ',' && *end != '\0') ||
            work->size_count == BENCH_MOST_SIZES) {
            return false;
        }
        work->sizes[work->size_count++] = (int)size;
        text = *end == ',' ? end + 1 : end;
    }
    return work->size_count > 0;
}

static bool read_modes(bench *work)
{
    const char *text = work->settings->modes;

    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        int found = -1;
        for (int mode = 0; mode < BENCH_MODES; mode++) {
            const char *name = bench_mode_name((bench_mode)mode);
            if (strlen(name) == length && strncmp(name, text, length) == 0) {
                found = mode;
            }
        }
        if (found < 0) {
            return false;
        }
        work->modes[found] = true;
        text += length + (text[length] == ',');
    }
    return true;
}

static int refuse_list(const char *option, const char *value, const char *expected)
{
    cli_error("--%s: \"%s\" is not a list of %s", option, value, expected);
    return CLI_EXIT_USAGE;
}

int bench_read_lists(bench *work)
{
    const bench_settings *wanted = work->settings;
    clearcut_precision precision;

    if (!read_sizes(work)) {
        return refuse_list("sizes", wanted->sizes, "longest sides from 16 to 20000, as 640,1024");
    }
    if (!read_modes(work)) {
        return refuse_list("modes", wanted->modes, "single, process, batch, sequence");
    }
    if (!cut_list(wanted->models, &work->texts[0], (const char **)work->models, BENCH_MOST_MODELS,
                  &work->model_count)) {
        return refuse_list("models", wanted->models, "1 to 16 models");
    }
    if (!cut_list(wanted->devices, &work->texts[1], work->devices, 8, &work->device_count)) {
        return refuse_list("devices", wanted->devices, "1 to 8 devices");
    }
    if (!cut_list(wanted->precisions, &work->texts[2], work->precisions, 4,
                  &work->precision_count)) {
        return refuse_list("precisions", wanted->precisions, "precisions");
    }
    for (int i = 0; i < work->precision_count; i++) {
        if (!clearcut_precision_from_name(work->precisions[i], &precision)) {
            return refuse_list("precisions", wanted->precisions, "precisions such as fp32,bf16");
        }
    }
    return CLI_EXIT_OK;
}

/* ---- contestants ---- */

static clearcut_status open_session(const bench *work, const char *model,
                                    bench_contestant *contestant, clearcut_error *error)
{
    clearcut_session_options options;
    double begin = cli_clock_ms();
    clearcut_status status;

    clearcut_session_options_init(&options);
    options.model = model;
    options.device = contestant->device;
    options.threads = (int)work->settings->engine.threads;
    options.cancel = cli_cancel();
    (void)clearcut_precision_from_name(contestant->precision, &options.precision);
    status = clearcut_session_create(&options, &contestant->session, error);
    contestant->load_ms = cli_clock_ms() - begin;
    if (status == CLEARCUT_OK) {
        clearcut_session_device(contestant->session, &contestant->facts);
    }
    return status;
}

static void leave_out_contestant(bench *work, const char *model, const char *label, const char *why)
{
    char what[96];

    snprintf(what, sizeof what, "%.45s with %.40s", label, model);
    bench_leave_out(work, what, "%s", why);
}

/* Is it an error of the whole benchmark? Interruption is; the rest only leaves
 * this contestant out. */
static int add_own(bench *work, const char *model, const char *device, const char *precision,
                   const char *label, bench_contestant *contestants, int *count)
{
    bench_contestant *contestant = &contestants[*count];
    clearcut_error error;

    *contestant = (bench_contestant){.device = device, .precision = precision};
    snprintf(contestant->label, sizeof contestant->label, "%s", label);
    if (clearcut_device_check(device, &error) != CLEARCUT_OK ||
        open_session(work, model, contestant, &error) != CLEARCUT_OK) {
        if (error.code == CLEARCUT_CANCELLED) {
            return CLI_EXIT_INTERRUPTED;
        }
        leave_out_contestant(work, model, label, error.message);
        return CLI_EXIT_OK;
    }
    (*count)++;
    return CLI_EXIT_OK;
}

static int add_devices(bench *work, const char *model, bench_contestant *contestants, int *count)
{
    char label[64];
    int result = CLI_EXIT_OK;

    for (int i = 0; i < work->device_count; i++) {
        for (int j = 0; j < work->precision_count && result == CLI_EXIT_OK; j++) {
            snprintf(label, sizeof label, "%.40s %.20s", work->devices[i], work->precisions[j]);
            result = add_own(work, model, work->devices[i], work->precisions[j], label, contestants,
                             count);
        }
    }
    return result;
}

static void add_rembg(bench *work, const char *model, bench_contestant *contestants, int *count)
{
    bench_contestant *contestant = &contestants[*count];
    char why[300];

    *contestant = (bench_contestant){.is_peer = true};
    contestant->peer = bench_peer_start(work, model, why, sizeof why);
    if (contestant->peer == NULL) {
        leave_out_contestant(work, model, "rembg", why);
        return;
    }
    snprintf(contestant->label, sizeof contestant->label, "%s", bench_peer_name(contestant->peer));
    (*count)++;
}

static int add_peers(bench *work, const char *model, bench_contestant *contestants, int *count)
{
    const char *peers = work->settings->peers;
    int result = CLI_EXIT_OK;

    while (peers != NULL && *peers != '\0' && result == CLI_EXIT_OK) {
        size_t length = strcspn(peers, ",");
        if (length == 5 && strncmp(peers, "rembg", 5) == 0) {
            add_rembg(work, model, contestants, count);
        } else if (length == 11 && strncmp(peers, "onnxruntime", 11) == 0) {
            result = add_own(work, model, "ort:cpu", "fp32", "onnxruntime", contestants, count);
        } else {
            cli_error("--peer: \"%.*s\" is none of rembg, onnxruntime", (int)length, peers);
            return CLI_EXIT_USAGE;
        }
        peers += length + (peers[length] == ',');
    }
    return result;
}

int bench_open(bench *work, const char *model, bench_contestant *contestants, int *count)
{
    int result;

    *count = 0;
    result = add_devices(work, model, contestants, count);
    return result == CLI_EXIT_OK ? add_peers(work, model, contestants, count) : result;
}

void bench_close(bench_contestant *contestants, int count)
{
    for (int i = 0; i < count; i++) {
        clearcut_session_free(&contestants[i].session);
        bench_peer_stop(contestants[i].peer);
    }
}
