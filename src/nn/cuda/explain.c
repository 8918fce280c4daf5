/* The program as a table for people: which kernel does what, and how fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "nn/cuda/network_cuda.h"

static int compare_floats(const void *left, const void *right)
{
    float a = *(const float *)left;
    float b = *(const float *)right;

    return a < b ? -1 : a > b;
}

/* One launch between two events, `runs` times after one that warms up; the median. */
static cc_status time_step(cc_cuda_network *network, cc_cuda_step *step, int runs, float *times,
                           float *median, cc_error *error)
{
    cc_cuda_gpu *gpu = &network->gpu;
    cc_status status = CC_OK;

    for (int run = -1; run < runs && status == CC_OK; run++) {
        cc_cuda_result result = gpu->driver->cuEventRecord(network->begin, gpu->stream);
        status = cc_cuda_gpu_check(gpu, result, "noting the time on the GPU", error);
        if (status == CC_OK) {
            status = cc_cuda_gpu_launch(gpu, &step->launch, &step->parameters, error);
        }
        if (status == CC_OK) {
            result = gpu->driver->cuEventRecord(network->end, gpu->stream);
            status = cc_cuda_gpu_check(gpu, result, "noting the time on the GPU", error);
        }
        if (status == CC_OK) {
            status = cc_cuda_gpu_wait(gpu, 0, error);
        }
        if (status == CC_OK) {
            result = gpu->driver->cuEventElapsedTime(&times[run < 0 ? 0 : run], network->begin,
                                                     network->end);
            status = cc_cuda_gpu_check(gpu, result, "reading the time on the GPU", error);
        }
    }
    if (status == CC_OK) {
        qsort(times, (size_t)runs, sizeof *times, compare_floats);
        *median = times[runs / 2];
    }
    return status;
}

/* The zeroed input makes the numbers that flow through finite. */
static cc_status clear_inputs(cc_cuda_network *network, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < network->signature.input_count && status == CC_OK; i++) {
        status = cc_cuda_gpu_check(&network->gpu,
                                   network->gpu.driver->cuMemsetD8Async(network->slots[i].address,
                                                                        0, network->slots[i].bytes,
                                                                        network->gpu.stream),
                                   "clearing the input on the GPU", error);
    }
    return status;
}

static cc_status time_steps(cc_cuda_network *network, int runs, float *medians, cc_error *error)
{
    float *times = cc_alloc_array((size_t)runs, sizeof *times);
    cc_status status;

    if (times == NULL) {
        return cc_fail_memory(error, (size_t)runs * sizeof *times);
    }
    status = cc_cuda_gpu_enter(&network->gpu, error);
    if (status == CC_OK) {
        status = clear_inputs(network, error);
    }
    for (int i = 0; i < network->program.step_count && status == CC_OK; i++) {
        status = time_step(network, &network->program.steps[i], runs, times, &medians[i], error);
    }
    cc_cuda_gpu_leave(&network->gpu);
    cc_free(times);
    return status;
}

/* ---- text ---- */

static void describe_algorithm(const cc_cuda_step *step, char *text, size_t size)
{
    static const char *const names[CC_CUDA_STEP_KIND_COUNT] = {
        [CC_CUDA_STEP_CONV_FEW] = "few channels",
        [CC_CUDA_STEP_CONV_PLAIN] = "plain",
        [CC_CUDA_STEP_POOL] = "pool",
        [CC_CUDA_STEP_RESIZE] = "resize",
        [CC_CUDA_STEP_UNARY] = "element by element",
        [CC_CUDA_STEP_BINARY] = "two inputs",
        [CC_CUDA_STEP_GLOBAL_POOL] = "global pool",
        [CC_CUDA_STEP_GEMM] = "matrix product",
        [CC_CUDA_STEP_SOFTMAX] = "softmax",
        [CC_CUDA_STEP_INSTANCE_NORM] = "normalise channels",
        [CC_CUDA_STEP_ROW_NORM] = "normalise rows",
        [CC_CUDA_STEP_ROW_REDUCE] = "rows to numbers",
        [CC_CUDA_STEP_MOVE] = "move",
        [CC_CUDA_STEP_MATMUL] = "matrix by matrix",
        [CC_CUDA_STEP_FROM_PLANES] = "from planes",
        [CC_CUDA_STEP_TO_PLANES] = "to planes"};

    if (step->kind == CC_CUDA_STEP_CONV) {
        const cc_cuda_conv_tile *tile = &cc_cuda_conv_tiles[step->tile];
        snprintf(text, size, "tensor cores %dx%d/%d", (int)tile->pixels, (int)tile->channels,
                 (int)step->parameters.conv.splits);
    } else {
        snprintf(text, size, "%s", names[step->kind]);
    }
}

static void describe_shape(const cc_cuda_program *program, const cc_cuda_step *step, char *text,
                           size_t size)
{
    int value = step->output != CC_CUDA_NOBODY ? step->output : step->input;
    const cc_cuda_value *tensor = &program->values[value];

    snprintf(text, size, "%dx%dx%dx%d", (int)tensor->batch, (int)tensor->channels,
             (int)tensor->height, (int)tensor->width);
}

static cc_status write_line(cc_buffer *text, const char *line, cc_error *error)
{
    return cc_buffer_append(text, line, strlen(line), 0, error);
}

static cc_status describe_step(const cc_cuda_program *program, int index, const float *medians,
                               cc_buffer *text, cc_error *error)
{
    const cc_cuda_step *step = &program->steps[index];
    char algorithm[48];
    char shape[64];
    char timing[64] = "";
    char line[512];

    describe_algorithm(step, algorithm, sizeof algorithm);
    describe_shape(program, step, shape, sizeof shape);
    if (medians != NULL) {
        double gflops = medians[index] > 0 ? 2e-6 * step->multiply_adds / medians[index] : 0;
        snprintf(timing, sizeof timing, " %9.4f %9.0f", (double)medians[index], gflops);
    }
    snprintf(line, sizeof line, "%4d %-18s %-22s %-7u %-18s%s  %s\n", index, step->op_type,
             algorithm, step->launch.grid[0] * step->launch.grid[1] * step->launch.grid[2], shape,
             timing, step->name);
    return write_line(text, line, error);
}

static cc_status describe_total(const cc_cuda_network *network, const float *medians,
                                cc_buffer *text, cc_error *error)
{
    const cc_cuda_program *program = &network->program;
    double total = 0;
    double multiply_adds = 0;
    char line[512];

    for (int i = 0; i < program->step_count; i++) {
        total += medians != NULL ? (double)medians[i] : 0;
        multiply_adds += program->steps[i].multiply_adds;
    }
    snprintf(line, sizeof line,
             "%.2f G multiply-adds in %s; %d launches; on %s (%s): weights %.1f MB, activations "
             "%.1f MB\n",
             multiply_adds / 1e9, program->storage == CC_CUDA_F16 ? "fp16" : "fp32",
             program->step_count, network->gpu.facts.name, network->gpu.level,
             (double)program->constant_bytes / 1e6, (double)program->buffer_bytes / 1e6);
    cc_status status = write_line(text, line, error);
    if (status == CC_OK && medians != NULL) {
        snprintf(line, sizeof line,
                 "%.3f ms with a pause after every launch; a run replays them without\n", total);
        status = write_line(text, line, error);
    }
    if (status == CC_OK && network->part < network->batch) {
        snprintf(line, sizeof line,
                 "a batch of %d runs in parts of %d: more did not fit into the GPU's memory\n",
                 network->batch, network->part);
        status = write_line(text, line, error);
    }
    if (status == CC_OK && network->gpu.note[0] != '\0') {
        snprintf(line, sizeof line, "%s\n", network->gpu.note);
        status = write_line(text, line, error);
    }
    return status;
}

static cc_status describe(const cc_cuda_network *network, const float *medians, char **text,
                          cc_error *error)
{
    cc_buffer buffer = {0};
    cc_status status = write_line(
        &buffer,
        medians != NULL
            ? "step operator           algorithm              blocks  output             "
              "       ms   GFLOP/s  name\n"
            : "step operator           algorithm              blocks  output              name\n",
        error);

    for (int i = 0; i < network->program.step_count && status == CC_OK; i++) {
        status = describe_step(&network->program, i, medians, &buffer, error);
    }
    if (status == CC_OK) {
        status = describe_total(network, medians, &buffer, error);
    }
    if (status == CC_OK) {
        status = cc_buffer_append(&buffer, "", 1, 0, error);
    }
    *text = status == CC_OK ? cc_strdup((const char *)buffer.data) : NULL;
    if (status == CC_OK && *text == NULL) {
        status = cc_fail_memory(error, buffer.size);
    }
    cc_buffer_free(&buffer);
    return status;
}

cc_status cc_cuda_network_explain(cc_cuda_network *network, int runs, char **text, cc_error *error)
{
    float *medians = NULL;
    cc_status status = CC_OK;

    *text = NULL;
    if (runs > 0) {
        medians = cc_alloc_zeroed((size_t)network->program.step_count + 1, sizeof *medians);
        if (medians == NULL) {
            return cc_fail_memory(error, (size_t)network->program.step_count * sizeof *medians);
        }
        status = time_steps(network, runs, medians, error);
    }
    if (status == CC_OK) {
        status = describe(network, medians, text, error);
    }
    cc_free(medians);
    return status;
}
