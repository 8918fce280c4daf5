/* The engine of this processor: bytes -> onnx.c -> graph -> passes/ -> plan.c. */
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "core/memory.h"
#include "nn/cpu/backend.h"
#include "nn/engine.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "nn/plan.h"

typedef struct cpu_network {
    cc_graph graph;
    cc_plan plan;
    cc_signature signature;
    cc_port *ports; /* inputs, then outputs */
} cpu_network;

static cc_status describe(cpu_network *network, cc_error *error)
{
    const cc_graph *graph = &network->graph;
    size_t count = (size_t)graph->input_count + (size_t)graph->output_count;

    network->ports = cc_alloc_zeroed(count, sizeof *network->ports);
    if (network->ports == NULL) {
        return cc_fail_memory(error, count * sizeof *network->ports);
    }
    for (size_t i = 0; i < count; i++) {
        bool is_input = i < (size_t)graph->input_count;
        int value = is_input ? graph->inputs[i] : graph->outputs[i - (size_t)graph->input_count];
        network->ports[i].name = graph->values[value].name;
        network->ports[i].tensor = graph->values[value].tensor;
        network->ports[i].tensor.data = NULL;
    }
    network->signature = (cc_signature){.inputs = network->ports,
                                        .outputs = network->ports + graph->input_count,
                                        .input_count = graph->input_count,
                                        .output_count = graph->output_count};
    return CC_OK;
}

/* What is refused, and why. FP32 is what a processor takes for AUTO. */
static cc_status check_precision(const cc_network_options *options, cc_error *error)
{
    cc_precision wanted = options->precision;
    bool is_bf16 = wanted == CC_PRECISION_BF16;

    if (wanted == CC_PRECISION_FP32 || wanted == CC_PRECISION_AUTO ||
        cc_cpu_has_precision(wanted)) {
        return CC_OK;
    }
    if (wanted == CC_PRECISION_FP16) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "fp16 is for GPUs, on a processor it would be slower than fp32; leave out "
                       "--precision, or try bf16 or int8");
    }
    return cc_fail(error, CC_UNSUPPORTED,
                   "%s is faster than fp32 only with %s or AMX, which %s does not have (its "
                   "kernels: %s); leave out --precision",
                   is_bf16 ? "bf16" : "int8", is_bf16 ? "AVX-512 BF16" : "AVX-512 VNNI",
                   cc_cpu_model_name(), cc_cpu_kernels_name());
}

static bool is_loose(const cc_value *value)
{
    return value->is_constant && value->tensor.data != NULL && value->tensor.dtype == CC_FLOAT32 &&
           (uintptr_t)value->tensor.data % sizeof(float) != 0;
}

/* Align what is read by others than convolutions, whose kernels take weights at any
 * address: copying them all took a third of the load of a large network. */
static cc_status align_constants(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        const cc_node *node = &graph->nodes[i];
        bool is_convolution = strcmp(node->op_type, "Conv") == 0;
        for (int k = 0; k < node->input_count && status == CC_OK; k++) {
            int value = node->inputs[k];
            if (value >= 0 && !(is_convolution && k == 1) && is_loose(&graph->values[value])) {
                status = cc_graph_align_constant(graph, value, error);
            }
        }
    }
    for (int i = 0; i < graph->output_count && status == CC_OK; i++) {
        status = cc_graph_align_constant(graph, graph->outputs[i], error);
    }
    return status;
}

static cc_status build(cpu_network *network, const cc_network_source *source,
                       const cc_network_options *options, cc_error *error)
{
    cc_onnx_options reading = {.external_folder =
                                   options->allow_external_data ? source->folder : NULL,
                               .leave_unaligned = true};
    cc_prepare_options preparing = {.input_shape = options->input_shape,
                                    .known_inputs = options->known_inputs,
                                    .known_input_count = options->known_input_count,
                                    .wanted_outputs = options->wanted_outputs,
                                    .fuse = true};
    cc_network_options planning = *options;
    cc_status status = check_precision(options, error);

    planning.low_memory = options->low_memory && source->static_data;
    if (status == CC_OK) {
        status = cc_onnx_read(source->data, source->size, &reading, &network->graph, error);
    }
    if (status == CC_OK) {
        network->graph.data_is_mapped = source->mapped;
        status = align_constants(&network->graph, error);
    }
    if (status == CC_OK) {
        status = cc_graph_prepare(&network->graph, &preparing, error);
    }
    if (status == CC_OK) {
        status = cc_plan_build(&network->plan, &network->graph, &planning, error);
    }
    if (status == CC_OK && !source->static_data) {
        status = cc_plan_own_constants(&network->plan, error);
    }
    return status == CC_OK ? describe(network, error) : status;
}

static void cpu_release(void *state)
{
    cpu_network *network = state;

    if (network != NULL) {
        cc_plan_release(&network->plan);
        cc_graph_release(&network->graph);
        cc_free(network->ports);
        cc_free(network);
    }
}

static cc_status cpu_load(const cc_network_source *source, const cc_network_options *options,
                          void **state, cc_error *error)
{
    cpu_network *network = cc_alloc_zeroed(1, sizeof *network);

    *state = NULL;
    if (network == NULL) {
        return cc_fail_memory(error, sizeof *network);
    }
    cc_status status = build(network, source, options, error);
    if (status != CC_OK) {
        cpu_release(network);
        return status;
    }
    *state = network;
    return CC_OK;
}

static const cc_signature *cpu_signature(const void *state)
{
    return &((const cpu_network *)state)->signature;
}

static cc_status cpu_run(void *state, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error)
{
    return cc_plan_run(&((cpu_network *)state)->plan, inputs, outputs, cancel, NULL, error);
}

/* Packed weights: all of them, or the largest of those that exist while their step runs. */
static size_t state_bytes(const cc_plan *plan)
{
    size_t kept = 0;
    size_t largest = 0;

    for (int i = 0; i < plan->step_count; i++) {
        const cc_step *step = &plan->steps[i];
        if (!step->repacks) {
            kept += step->state_bytes;
        } else if (step->state_bytes > largest) {
            largest = step->state_bytes;
        }
    }
    return kept + largest;
}

/* Constants in memory: all, or those alone that the file cannot give again. */
static size_t constant_bytes(const cpu_network *network)
{
    const cc_graph *graph = &network->graph;
    size_t bytes = cc_graph_constant_bytes(graph);

    for (int i = 0; i < graph->value_count && network->plan.low_memory; i++) {
        const cc_value *value = &graph->values[i];
        if (value->is_constant && value->tensor.data != NULL && !value->owns_data) {
            bytes -= (size_t)cc_shape_elements(&value->tensor.shape) *
                     cc_dtype_size(value->tensor.dtype);
        }
    }
    return bytes;
}

static void cpu_report(const void *state, cc_network_report *report)
{
    const cpu_network *network = state;
    const cc_plan *plan = &network->plan;

    *report = (cc_network_report){.level = cc_cpu_kernels_name(),
                                  .low_memory = plan->low_memory,
                                  .peak_bytes = plan->memory_bytes + plan->arena.total +
                                                network->graph.arena.total +
                                                constant_bytes(network) + state_bytes(plan)};
    snprintf(report->engine, sizeof report->engine, "cpu/%s", report->level);
    snprintf(report->device_name, sizeof report->device_name, "%s", cc_cpu_model_name());
    for (int i = 0; i < plan->step_count; i++) {
        const cc_step *step = &plan->steps[i];
        report->operators_total += step->node != NULL;
        report->operators_fast += step->node != NULL && step->family != NULL;
        report->multiply_adds += step->multiply_adds;
    }
    report->operators_on_device = report->operators_total;
}

static cc_status cpu_calibrate(void *state, cc_calibration calibration, const char *path,
                               cc_error *error)
{
    cc_plan *plan = &((cpu_network *)state)->plan;

    switch (calibration) {
    case CC_CALIBRATION_WRITE: return cc_plan_calibration_write(plan, path, error);
    case CC_CALIBRATION_READ: return cc_plan_calibration_read(plan, path, error);
    case CC_CALIBRATION_MEASURE: break;
    }
    return cc_plan_calibration_measure(plan, error);
}

static cc_status cpu_explain(void *state, int runs, char **text, cc_error *error)
{
    return cc_plan_explain(&((cpu_network *)state)->plan, runs, text, error);
}

static void cpu_rest(void *state)
{
    cc_plan *plan = &((cpu_network *)state)->plan;

    cc_memory_discard(plan->memory, plan->memory_bytes);
}

const cc_engine cc_engine_cpu = {
    .name = "cpu",
    .load = cpu_load,
    .release = cpu_release,
    .signature = cpu_signature,
    .run = cpu_run,
    .rest = cpu_rest,
    .report = cpu_report,
    .calibrate = cpu_calibrate,
    .explain = cpu_explain,
};
