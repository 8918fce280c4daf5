/* The network alone, several pictures in one run: what batching is worth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"
#include "result.h"

/* The file behind a model's name; "" if it has none (the embedded one). */
static void model_path(const char *model, char *path, size_t size)
{
    clearcut_error error;

    snprintf(path, size, "%s", model);
    for (int i = 0; i < clearcut_model_count(); i++) {
        clearcut_model_info info = {.size = sizeof info};
        if (clearcut_model_get(i, &info, &error) == CLEARCUT_OK && strcmp(info.name, model) == 0) {
            snprintf(path, size, "%s", info.path);
        }
    }
}

/* One network with buffers for its numbers. */
typedef struct batch_network {
    clearcut_network *network;
    void *input;
    void **outputs;
    int output_count;
} batch_network;

static void release(batch_network *batch)
{
    clearcut_network_free(&batch->network);
    for (int i = 0; batch->outputs != NULL && i < batch->output_count; i++) {
        free(batch->outputs[i]);
    }
    free(batch->outputs);
    free(batch->input);
    memset(batch, 0, sizeof *batch);
}

static clearcut_status out_of_memory(clearcut_error *error)
{
    error->code = CLEARCUT_OUT_OF_MEMORY;
    snprintf(error->message, sizeof error->message, "not enough memory for the batch");
    return error->code;
}

/* Numbers between 0 and 1, the same in every run: kernels do not care, zeros might
 * be a special case somewhere. */
static clearcut_status fill(batch_network *batch, clearcut_error *error)
{
    clearcut_tensor_info info;
    clearcut_status status = clearcut_network_input(batch->network, 0, &info, error);

    if (status == CLEARCUT_OK && strcmp(info.type, "float32") != 0) {
        error->code = CLEARCUT_MODEL;
        snprintf(error->message, sizeof error->message, "its input is %s, not float32", info.type);
        return error->code;
    }
    batch->input = status == CLEARCUT_OK ? malloc(info.bytes) : NULL;
    batch->output_count = clearcut_network_output_count(batch->network);
    batch->outputs = calloc((size_t)batch->output_count + 1, sizeof *batch->outputs);
    if (status == CLEARCUT_OK && (batch->input == NULL || batch->outputs == NULL)) {
        return out_of_memory(error);
    }
    for (int64_t i = 0; status == CLEARCUT_OK && i < info.elements; i++) {
        ((float *)batch->input)[i] = (float)((i * 7919) % 1009) / 1009.0F;
    }
    for (int i = 0; status == CLEARCUT_OK && i < batch->output_count; i++) {
        status = clearcut_network_output(batch->network, i, &info, error);
        batch->outputs[i] = status == CLEARCUT_OK ? malloc(info.bytes + 64) : NULL;
        if (status == CLEARCUT_OK && batch->outputs[i] == NULL) {
            return out_of_memory(error);
        }
    }
    return status;
}

/* The network with `pictures` in its first dimension, which the file must leave
 * open or allow to be overridden. */
static clearcut_status open_batch(const bench *work, const bench_contestant *contestant,
                                  const char *path, int pictures, batch_network *batch,
                                  clearcut_error *error)
{
    clearcut_network_options options;
    clearcut_network *single = NULL;
    clearcut_tensor_info info = {0};

    clearcut_network_options_init(&options);
    options.device = contestant->device;
    options.threads = (int)work->settings->engine.threads;
    options.cancel = cli_cancel();
    (void)clearcut_precision_from_name(contestant->precision, &options.precision);
    clearcut_status status = clearcut_network_load(path, &options, &single, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_network_input(single, 0, &info, error);
    }
    options.input_rank = info.rank;
    memcpy(options.input_shape, info.shape, sizeof info.shape);
    options.input_shape[0] = pictures;
    clearcut_network_free(&single);
    if (status == CLEARCUT_OK) {
        status = clearcut_network_load(path, &options, &batch->network, error);
    }
    if (status == CLEARCUT_OK) {
        status = fill(batch, error);
    }
    if (status != CLEARCUT_OK) {
        release(batch);
    }
    return status;
}

static clearcut_status run_batch(bench *work, const char *model, const bench_contestant *contestant,
                                 const char *path, int pictures, clearcut_error *error)
{
    int runs = (int)work->settings->runs;
    batch_network batch = {0};
    clearcut_device device;
    double *times = calloc((size_t)runs, sizeof *times);
    clearcut_status status = times != NULL
                                 ? open_batch(work, contestant, path, pictures, &batch, error)
                                 : out_of_memory(error);

    for (int round = -1; round < runs && status == CLEARCUT_OK; round++) {
        const void *inputs[1] = {batch.input};
        double begin = cli_clock_ms();
        status = clearcut_network_run(batch.network, inputs, batch.outputs, error);
        if (round >= 0) {
            times[round] = (cli_clock_ms() - begin) / pictures;
        }
    }
    bench_row *row =
        status == CLEARCUT_OK ? bench_add_row(work, model, contestant, BENCH_BATCH) : NULL;
    if (row != NULL) {
        clearcut_network_device(batch.network, &device);
        row->runs = runs;
        row->pictures = pictures;
        row->load_ms = 0;
        row->peak_bytes = (double)device.memory_bytes;
        cli_summarise(times, runs, &row->stages[BENCH_INFER]);
    }
    free(times);
    release(&batch);
    return status;
}

int bench_run_batches(bench *work, const char *model, bench_contestant *contestants, int count)
{
    char path[4096];
    clearcut_error error;

    model_path(model, path, sizeof path);
    if (path[0] == '\0') {
        bench_leave_out(work, "batch",
                        "the model \"%s\" is built in: it has no file to open with "
                        "another batch size",
                        model);
        return CLI_EXIT_OK;
    }
    for (int i = 0; i < count; i++) {
        for (int pictures = 1; pictures <= work->settings->batch && !contestants[i].is_peer;
             pictures = pictures < work->settings->batch ? (int)work->settings->batch
                                                         : pictures + 1) {
            clearcut_status status =
                run_batch(work, model, &contestants[i], path, pictures, &error);
            if (status == CLEARCUT_CANCELLED) {
                return CLI_EXIT_INTERRUPTED;
            }
            if (status != CLEARCUT_OK) {
                char what[96];
                snprintf(what, sizeof what, "batch of %d of %.40s", pictures, contestants[i].label);
                bench_leave_out(work, what, "%s", error.message);
            }
        }
    }
    return CLI_EXIT_OK;
}
