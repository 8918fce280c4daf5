/* The plan as a table for people: what runs where, and how fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/file.h"
#include "nn/cpu/peak.h"
#include "nn/plan.h"

/* ---- timing ---- */

static void *zeroed_tensor(const cc_tensor *tensor)
{
    return cc_alloc_zeroed((size_t)cc_shape_elements(&tensor->shape) + CC_BLOCK,
                           cc_dtype_size(tensor->dtype));
}

static void **zeroed_arrays(const cc_graph *graph, const int *values, int count)
{
    void **arrays = cc_alloc_zeroed((size_t)count, sizeof *arrays);

    for (int i = 0; arrays != NULL && i < count; i++) {
        arrays[i] = zeroed_tensor(&graph->values[values[i]].tensor);
        if (arrays[i] == NULL) {
            while (i-- > 0) {
                cc_free(arrays[i]);
            }
            cc_free(arrays);
            return NULL;
        }
    }
    return arrays;
}

static void free_arrays(void **arrays, int count)
{
    for (int i = 0; arrays != NULL && i < count; i++) {
        cc_free(arrays[i]);
    }
    cc_free(arrays);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* Replace the first row of `times` by the median of all its rows. */
static void take_medians(double *times, int rows, int columns, double *column)
{
    for (int i = 0; i < columns; i++) {
        for (int row = 0; row < rows; row++) {
            column[row] = times[row * columns + i];
        }
        qsort(column, (size_t)rows, sizeof *column, compare_doubles);
        times[i] = column[rows / 2];
    }
}

/* Median time of each step over the runs, after one that warms up. */
static cc_status time_steps(cc_plan *plan, int runs, double *times, cc_error *error)
{
    const cc_graph *graph = plan->graph;
    void **inputs = zeroed_arrays(graph, graph->inputs, graph->input_count);
    void **outputs = zeroed_arrays(graph, graph->outputs, graph->output_count);
    double *column = cc_alloc_array((size_t)runs, sizeof *column);
    cc_status status = CC_OK;

    if (inputs == NULL || outputs == NULL || column == NULL) {
        status = cc_fail_memory(error, (size_t)runs * sizeof *column);
    }
    for (int run = -1; run < runs && status == CC_OK; run++) {
        status = cc_plan_run(plan, (const void *const *)inputs, outputs, NULL,
                             times + (run < 0 ? 0 : run * plan->step_count), error);
    }
    if (status == CC_OK) {
        take_medians(times, runs, plan->step_count, column);
    }
    free_arrays(inputs, graph->input_count);
    free_arrays(outputs, graph->output_count);
    cc_free(column);
    return status;
}

/* ---- text ---- */

static const char *level_of(const cc_step *step)
{
    if (step->family == NULL) {
        return "scalar";
    }
    return step->level != NULL ? step->level : cc_cpu_level_name(cc_cpu_detect()->level);
}

static cc_status write_line(cc_buffer *text, const char *line, cc_error *error)
{
    return cc_buffer_append(text, line, strlen(line), 0, error);
}

static cc_status describe_step(const cc_plan *plan, int index, const double *times, double peak,
                               cc_buffer *text, cc_error *error)
{
    const cc_step *step = &plan->steps[index];
    const cc_storage *output =
        step->output_storages[0] >= 0 ? &plan->storages[step->output_storages[0]] : NULL;
    char shape[96] = "-";
    char timing[80] = "";
    char line[512];

    if (output != NULL) {
        cc_shape_text(&output->tensor.shape, shape, sizeof shape);
    }
    if (times != NULL) {
        double gflops = times[index] > 0 ? 2e-6 * step->multiply_adds / times[index] : 0;
        snprintf(timing, sizeof timing, " %9.3f %9.1f %6.0f", times[index], gflops,
                 100 * gflops / peak);
    }
    const char *mark = step->measured ? "  (measured)" : "";
    snprintf(line, sizeof line, "%4d %-18s %-22s %-7s %-18s%s  %s%s\n", index,
             step->node != NULL ? step->node->op_type : "(layout)", step->algorithm, level_of(step),
             shape, timing, step->node != NULL ? step->node->name : "", mark);
    return write_line(text, line, error);
}

static cc_status describe_total(const cc_plan *plan, const double *times, double peak,
                                cc_buffer *text, cc_error *error)
{
    double total = 0;
    double multiply_adds = 0;
    char line[256];

    for (int i = 0; i < plan->step_count; i++) {
        total += times != NULL ? times[i] : 0;
        multiply_adds += plan->steps[i].multiply_adds;
    }
    if (times == NULL) {
        snprintf(line, sizeof line, "%.2f G multiply-adds, activations %.1f MB\n",
                 multiply_adds / 1e9, (double)plan->memory_bytes / 1e6);
    } else {
        snprintf(line, sizeof line,
                 "%.2f G multiply-adds in %.2f ms = %.0f GFLOP/s; fused multiply-add peak of %d "
                 "threads %.0f GFLOP/s; activations %.1f MB\n",
                 multiply_adds / 1e9, total, 2e-6 * multiply_adds / total,
                 cc_thread_pool_size(plan->pool), peak, (double)plan->memory_bytes / 1e6);
    }
    return write_line(text, line, error);
}

static cc_status describe(const cc_plan *plan, const double *times, char **text, cc_error *error)
{
    cc_buffer buffer = {0};
    double peak = times != NULL ? cc_cpu_peak_gflops(plan->pool) : 0;
    cc_status status = write_line(
        &buffer,
        times != NULL
            ? "step operator           algorithm              level   output             "
              "       ms   GFLOP/s % peak  name\n"
            : "step operator           algorithm              level   output              name\n",
        error);

    for (int i = 0; i < plan->step_count && status == CC_OK; i++) {
        status = describe_step(plan, i, times, peak, &buffer, error);
    }
    if (status == CC_OK) {
        status = describe_total(plan, times, peak, &buffer, error);
    }
    if (status == CC_OK) {
        status = write_line(&buffer, plan->tuning.state, error);
    }
    if (status == CC_OK) {
        status = write_line(&buffer, "\n", error);
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

cc_status cc_plan_explain(cc_plan *plan, int runs, char **text, cc_error *error)
{
    double *times = NULL;
    cc_status status = CC_OK;

    *text = NULL;
    if (runs > 0) {
        times = cc_alloc_array((size_t)runs * (size_t)(plan->step_count + 1), sizeof *times);
        if (times == NULL) {
            return cc_fail_memory(error, (size_t)runs * sizeof *times);
        }
        status = time_steps(plan, runs, times, error);
    }
    if (status == CC_OK) {
        status = describe(plan, times, text, error);
    }
    cc_free(times);
    return status;
}
