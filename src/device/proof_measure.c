/* Measuring a device beside the processor. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "device/proof.h"
#include "nn/engine.h"

/* One side of the comparison. */
typedef struct side {
    const char *name;
    cc_network *network;
    void **outputs;
    double *wall_ms;
    double processor_ms; /* summed over the runs */
} side;

typedef struct bench {
    side device;
    side cpu; /* network NULL if the device is the processor */
    void **inputs;
    double *device_ms;
    double *ratios;
    uint64_t random;
    const atomic_bool *cancel;
} bench;

/* Time that all threads of this process have worked. */
static double process_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static cc_claim claim_of(const cc_device_choice *choice)
{
    static const char *const gpu_providers[] = {"cuda", "tensorrt", "nvtensorrtrtx", "rocm",
                                                "migraphx"};

    if (choice->engine != CC_ENGINE_ORT) {
        return choice->engine == CC_ENGINE_CUDA ? CC_CLAIM_OWN_GPU : CC_CLAIM_PROCESSOR;
    }
    for (size_t i = 0; i < sizeof gpu_providers / sizeof gpu_providers[0]; i++) {
        if (strcmp(choice->provider, gpu_providers[i]) == 0) {
            return CC_CLAIM_GPU;
        }
    }
    return CC_CLAIM_LIBRARY;
}

/* ---- making ready ---- */

static size_t bytes_of(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape) * cc_dtype_size(tensor->dtype);
}

static cc_status load_side(side *one, const cc_proof_model *model,
                           const cc_network_options *options, int runs, cc_error *error)
{
    cc_status status =
        model->path != NULL
            ? cc_network_load_file(model->path, options, &one->network, error)
            : cc_network_load_memory(model->data, model->size, true, options, &one->network, error);
    int count = status == CC_OK ? cc_network_output_count(one->network) : 0;

    if (status != CC_OK) {
        return status;
    }
    one->outputs = cc_alloc_zeroed((size_t)count, sizeof(void *));
    one->wall_ms = cc_alloc_zeroed((size_t)runs, sizeof *one->wall_ms);
    if (one->outputs == NULL || one->wall_ms == NULL) {
        return cc_fail_memory(error, (unsigned long long)runs * sizeof *one->wall_ms);
    }
    for (int i = 0; i < count; i++) {
        size_t bytes = bytes_of(cc_network_output(one->network, i));
        one->outputs[i] = cc_alloc_zeroed(bytes + 1, 1);
        if (one->outputs[i] == NULL) {
            return cc_fail_memory(error, bytes);
        }
    }
    return CC_OK;
}

static void release_side(side *one)
{
    for (int i = 0; one->outputs != NULL && i < cc_network_output_count(one->network); i++) {
        cc_free(one->outputs[i]);
    }
    cc_free(one->outputs);
    cc_free(one->wall_ms);
    cc_network_free(one->network);
    *one = (side){0};
}

static cc_status make_inputs(bench *work, int runs, cc_error *error)
{
    int count = cc_network_input_count(work->device.network);

    work->random = cc_probe_nonce();
    work->device_ms = cc_alloc_zeroed((size_t)runs, sizeof *work->device_ms);
    work->ratios = cc_alloc_zeroed((size_t)runs, sizeof *work->ratios);
    work->inputs = cc_alloc_zeroed((size_t)count + 1, sizeof(void *));
    if (work->inputs == NULL || work->ratios == NULL || work->device_ms == NULL) {
        return cc_fail_memory(error, (unsigned long long)runs * sizeof *work->ratios);
    }
    for (int i = 0; i < count; i++) {
        size_t bytes = bytes_of(cc_network_input(work->device.network, i));
        work->inputs[i] = cc_alloc_zeroed(bytes + 1, 1);
        if (work->inputs[i] == NULL) {
            return cc_fail_memory(error, bytes);
        }
    }
    return CC_OK;
}

/* Numbers of a normalised photo, -2 to 2: a few waves of random length and phase with
 * some noise, anew for every turn. Only float inputs are filled. */
static void stir_inputs(bench *work)
{
    for (int i = 0; i < cc_network_input_count(work->device.network); i++) {
        const cc_tensor *tensor = cc_network_input(work->device.network, i);
        float *values = work->inputs[i];
        size_t count = (size_t)cc_shape_elements(&tensor->shape);
        double step = 0.002 + (double)(work->random >> 40) / (1 << 24) * 0.05;
        for (size_t j = 0; j < count && tensor->dtype == CC_FLOAT32; j++) {
            work->random = work->random * 6364136223846793005u + 1442695040888963407u;
            values[j] = (float)(1.5 * sin(step * (double)(j % 65536)) +
                                ((double)(work->random >> 40) / (1 << 24) - 0.5));
        }
    }
}

/* ---- one turn ---- */

static cc_status run_side(bench *work, side *one, double *wall_ms, cc_error *error)
{
    double begin = cc_clock_ms();
    double busy = process_ms();
    cc_status status = cc_network_run(one->network, (const void *const *)work->inputs, one->outputs,
                                      work->cancel, error);

    one->processor_ms += process_ms() - busy;
    *wall_ms = cc_clock_ms() - begin;
    if (status != CC_OK) {
        cc_error_context(error, "%s", one->name);
    }
    return status;
}

/* Widen what was seen by the outputs of this turn. */
static void compare_outputs(const bench *work, cc_measured *measured, double limits[2])
{
    const cc_network *network = work->device.network;

    for (int i = 0; i < cc_network_output_count(network); i++) {
        const cc_tensor *tensor = cc_network_output(network, i);
        const float *ours = work->device.outputs[i];
        const float *theirs = work->cpu.network != NULL ? work->cpu.outputs[i] : ours;
        size_t count = (size_t)cc_shape_elements(&tensor->shape);
        for (size_t j = 0; j < count && tensor->dtype == CC_FLOAT32; j++) {
            measured->compared++;
            if (!isfinite(ours[j])) {
                measured->not_finite++;
                continue;
            }
            measured->difference =
                fmax(measured->difference, fabs((double)ours[j] - (double)theirs[j]));
            limits[0] = fmin(limits[0], (double)theirs[j]);
            limits[1] = fmax(limits[1], (double)theirs[j]);
        }
    }
}

static cc_status take_turn(bench *work, int turn, cc_measured *measured, double limits[2],
                           cc_error *error)
{
    cc_network_report report;
    double cpu_ms = 0;
    double wall_ms = 0;
    cc_status status = CC_OK;

    stir_inputs(work);
    if (work->cpu.network != NULL) {
        status = run_side(work, &work->cpu, &cpu_ms, error);
    }
    if (status == CC_OK) {
        status = run_side(work, &work->device, &wall_ms, error);
    }
    if (status != CC_OK) {
        return status;
    }
    compare_outputs(work, measured, limits);
    if (turn >= 0) {
        cc_network_report_get(work->device.network, &report);
        work->device.wall_ms[turn] = wall_ms;
        work->device_ms[turn] = report.device_ms;
        work->ratios[turn] = wall_ms > 0 ? cpu_ms / wall_ms : 0;
        if (work->cpu.network != NULL) {
            work->cpu.wall_ms[turn] = cpu_ms;
        }
    } else {
        work->device.processor_ms = 0;
        work->cpu.processor_ms = 0;
    }
    return CC_OK;
}

/* ---- what NVML saw ---- */

/* Of all GPUs together: the busiest, and the sum of memory. */
static void look_at_gpus(int *utilisation, int64_t *used)
{
    cc_nvml_facts *facts = cc_alloc(sizeof *facts);

    *utilisation = -1;
    *used = -1;
    if (facts == NULL) {
        return;
    }
    cc_nvml_look(facts);
    for (int i = 0; i < facts->gpu_count; i++) {
        const cc_nvml_gpu *gpu = &facts->gpus[i];
        *utilisation = gpu->utilisation > *utilisation ? gpu->utilisation : *utilisation;
        if (gpu->used >= 0) {
            *used = (*used > 0 ? *used : 0) + gpu->used;
        }
    }
    cc_free(facts);
}

/* NVML averages over up to a second, so the device is kept busy that long. */
static cc_status watch_gpus(bench *work, cc_measured *measured, cc_error *error)
{
    enum { LONG_ENOUGH_MS = 1200, LOOK_EVERY_MS = 100 };
    double begin = cc_clock_ms();
    double looked = begin;
    cc_status status = CC_OK;

    if (measured->used_before < 0 && measured->utilisation_before < 0) {
        return CC_OK;
    }
    while (status == CC_OK && cc_clock_ms() - begin < LONG_ENOUGH_MS) {
        double wall_ms;
        status = run_side(work, &work->device, &wall_ms, error);
        if (cc_clock_ms() - looked >= LOOK_EVERY_MS) {
            int utilisation;
            int64_t used;
            look_at_gpus(&utilisation, &used);
            measured->utilisation_during = utilisation > measured->utilisation_during
                                               ? utilisation
                                               : measured->utilisation_during;
            measured->used_during = used > measured->used_during ? used : measured->used_during;
            looked = cc_clock_ms();
        }
    }
    return status;
}

/* ---- the whole ---- */

static void sum_up(bench *work, int runs, const double limits[2], cc_measured *measured)
{
    measured->runs = runs;
    measured->wall_ms = cc_spread_of(work->device.wall_ms, runs);
    measured->device_ms = cc_spread_of(work->device_ms, runs);
    measured->processor_time_ms = work->device.processor_ms / runs;
    measured->range = limits[1] > limits[0] ? limits[1] - limits[0] : 0;
    if (work->cpu.network != NULL) {
        measured->cpu_wall_ms = cc_spread_of(work->cpu.wall_ms, runs);
        measured->cpu_processor_time_ms = work->cpu.processor_ms / runs;
        measured->speed_up = cc_spread_of(work->ratios, runs);
    }
}

static bool same_tensors(const cc_tensor *a, const cc_tensor *b)
{
    return a->dtype == b->dtype && cc_shape_equal(&a->shape, &b->shape);
}

/* Both sides share the inputs, and outputs are compared one by one. */
static bool same_ends(const bench *work)
{
    const cc_network *a = work->device.network;
    const cc_network *b = work->cpu.network;
    bool same = cc_network_input_count(a) == cc_network_input_count(b) &&
                cc_network_output_count(a) == cc_network_output_count(b);

    for (int i = 0; same && i < cc_network_input_count(a); i++) {
        same = same_tensors(cc_network_input(a, i), cc_network_input(b, i));
    }
    for (int i = 0; same && i < cc_network_output_count(a); i++) {
        same = same_tensors(cc_network_output(a, i), cc_network_output(b, i));
    }
    return same;
}

static cc_status load_both(bench *work, const cc_device_choice *choice, const cc_proof_model *model,
                           int runs, cc_thread_pool *pool, cc_measured *measured, cc_error *error)
{
    cc_network_options options = {.pool = pool,
                                  .input_shape = model->input_shape,
                                  .precision = choice->engine == CC_ENGINE_CUDA
                                                   ? CC_PRECISION_FP16 /* as sessions do */
                                                   : CC_PRECISION_FP32,
                                  .engine = choice->network_engine,
                                  .device_index = choice->index,
                                  .provider = choice->provider};
    double begin = cc_clock_ms();
    cc_status status = load_side(&work->device, model, &options, runs, error);

    measured->load_ms = cc_clock_ms() - begin;
    if (status == CC_OK && choice->engine != CC_ENGINE_CPU) {
        options.engine = &cc_engine_cpu;
        options.precision = CC_PRECISION_FP32;
        status = load_side(&work->cpu, model, &options, runs, error);
    }
    if (status == CC_OK && work->cpu.network != NULL && !same_ends(work)) {
        status = cc_fail(error, CC_DEVICE,
                         "%s says that the model has other inputs or outputs than it has; do not "
                         "trust this library",
                         choice->label);
    }
    return status == CC_OK ? make_inputs(work, runs, error) : status;
}

static void probe_first(const cc_device_choice *choice, cc_measured *measured)
{
    cc_error failure;

    cc_error_clear(&failure);
    measured->probed = cc_probe_gpu(choice->index, true, &measured->probe, &failure) == CC_OK;
    snprintf(measured->probe_failure, sizeof measured->probe_failure, "%.*s",
             (int)sizeof measured->probe_failure - 1, failure.message);
}

static void release(bench *work)
{
    for (int i = 0; work->inputs != NULL && i < cc_network_input_count(work->device.network); i++) {
        cc_free(work->inputs[i]);
    }
    cc_free(work->inputs);
    cc_free(work->device_ms);
    cc_free(work->ratios);
    release_side(&work->cpu);
    release_side(&work->device);
}

cc_status cc_proof_measure(const cc_device_choice *choice, const cc_proof_model *model, int runs,
                           cc_thread_pool *pool, const atomic_bool *cancel, cc_measured *measured,
                           cc_error *error)
{
    bench work = {.device = {.name = choice->label}, .cpu = {.name = "cpu"}, .cancel = cancel};
    double limits[2] = {INFINITY, -INFINITY};
    cc_status status;

    *measured =
        (cc_measured){.claim = claim_of(choice), .utilisation_during = -1, .used_during = -1};
    look_at_gpus(&measured->utilisation_before, &measured->used_before);
    if (measured->claim == CC_CLAIM_OWN_GPU) {
        probe_first(choice, measured);
    }
    status = load_both(&work, choice, model, runs, pool, measured, error);
    for (int turn = -1; turn < runs && status == CC_OK; turn++) {
        status = take_turn(&work, turn, measured, limits, error);
    }
    if (status == CC_OK) {
        cc_network_report_get(work.device.network, &measured->report);
        measured->device_file = cc_probe_device_file(measured->device_file_name,
                                                     (int)sizeof measured->device_file_name);
        sum_up(&work, runs, limits, measured);
        status = measured->claim == CC_CLAIM_OWN_GPU || measured->claim == CC_CLAIM_GPU
                     ? watch_gpus(&work, measured, error)
                     : CC_OK;
    }
    release(&work);
    return status;
}
