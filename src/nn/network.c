#include "nn/network.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "nn/cpu/backend.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "nn/plan.h"

struct cc_network {
    cc_graph graph;
    cc_plan plan;
    cc_thread_pool *pool; /* borrowed */
    cc_tensor *inputs;    /* dtype and shape, for callers */
    cc_tensor *outputs;
};

static const cc_network_options default_options = {0};

static cc_tensor *describe(const cc_graph *graph, const int *values, int count)
{
    cc_tensor *tensors = cc_alloc_zeroed((size_t)count, sizeof *tensors);

    for (int i = 0; tensors != NULL && i < count; i++) {
        tensors[i] = graph->values[values[i]].tensor;
        tensors[i].data = NULL;
    }
    return tensors;
}

static cc_status check_precision(const cc_network_options *options, cc_error *error)
{
    if (options->precision == CC_PRECISION_FP32) {
        return CC_OK;
    }
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build computes in fp32 only; leave out --precision or give fp32");
}

static cc_status build(cc_network *network, const void *data, size_t size, bool static_data,
                       const char *folder, const cc_network_options *options, cc_error *error)
{
    cc_onnx_options reading = {.external_folder = options->allow_external_data ? folder : NULL};
    cc_prepare_options preparing = {.input_shape = options->input_shape,
                                    .wanted_outputs = options->wanted_outputs,
                                    .fuse = true};
    cc_status status = check_precision(options, error);

    if (status == CC_OK) {
        status = cc_onnx_read(data, size, &reading, &network->graph, error);
    }
    if (status == CC_OK) {
        status = cc_graph_prepare(&network->graph, &preparing, error);
    }
    if (status == CC_OK) {
        status = cc_plan_build(&network->plan, &network->graph, options->pool,
                               options->reference_only, error);
    }
    if (status == CC_OK && !static_data) {
        status = cc_plan_own_constants(&network->plan, error);
    }
    if (status != CC_OK) {
        return status;
    }
    network->inputs = describe(&network->graph, network->graph.inputs, network->graph.input_count);
    network->outputs =
        describe(&network->graph, network->graph.outputs, network->graph.output_count);
    if (network->inputs == NULL || network->outputs == NULL) {
        return cc_fail_memory(error, sizeof(cc_tensor));
    }
    return CC_OK;
}

static cc_status load(const void *data, size_t size, bool static_data, const char *folder,
                      const cc_network_options *options, cc_network **network, cc_error *error)
{
    *network = cc_alloc_zeroed(1, sizeof **network);
    if (*network == NULL) {
        return cc_fail_memory(error, sizeof **network);
    }
    cc_status status = build(*network, data, size, static_data, folder,
                             options != NULL ? options : &default_options, error);
    if (status != CC_OK) {
        cc_network_free(*network);
        *network = NULL;
    }
    return status;
}

cc_status cc_network_load_memory(const void *data, size_t size, bool static_data,
                                 const cc_network_options *options, cc_network **network,
                                 cc_error *error)
{
    return load(data, size, static_data, NULL, options, network, error);
}

/* The part of a path before its last separator; "." if there is none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = cc_strdup(slash != NULL ? path : ".");

    if (folder != NULL && slash != NULL) {
        folder[slash == path ? 1 : slash - path] = '\0';
    }
    return folder;
}

cc_status cc_network_load_file(const char *path, const cc_network_options *options,
                               cc_network **network, cc_error *error)
{
    cc_file_view view;
    char *folder = folder_of(path);

    *network = NULL;
    if (folder == NULL) {
        return cc_fail_memory(error, strlen(path) + 1);
    }
    cc_status status = cc_file_map(path, &view, error);
    if (status == CC_OK) {
        status = load(view.data, view.size, false, folder, options, network, error);
        if (status != CC_OK) {
            cc_error_context(error, "%s", path);
        }
        cc_file_unmap(&view);
    }
    cc_free(folder);
    return status;
}

void cc_network_free(cc_network *network)
{
    if (network == NULL) {
        return;
    }
    cc_plan_release(&network->plan);
    cc_graph_release(&network->graph);
    cc_free(network->inputs);
    cc_free(network->outputs);
    cc_free(network);
}

int cc_network_input_count(const cc_network *network)
{
    return network->graph.input_count;
}

int cc_network_output_count(const cc_network *network)
{
    return network->graph.output_count;
}

const cc_tensor *cc_network_input(const cc_network *network, int index)
{
    return &network->inputs[index];
}

const cc_tensor *cc_network_output(const cc_network *network, int index)
{
    return &network->outputs[index];
}

const char *cc_network_input_name(const cc_network *network, int index)
{
    return network->graph.values[network->graph.inputs[index]].name;
}

const char *cc_network_output_name(const cc_network *network, int index)
{
    return network->graph.values[network->graph.outputs[index]].name;
}

cc_status cc_network_run(cc_network *network, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error)
{
    return cc_plan_run(&network->plan, inputs, outputs, cancel, NULL, error);
}

void cc_network_report_get(const cc_network *network, cc_network_report *report)
{
    const cc_plan *plan = &network->plan;

    *report = (cc_network_report){.level = cc_cpu_kernels_name(),
                                  .peak_bytes = plan->memory_bytes + plan->arena.total +
                                                network->graph.arena.total +
                                                cc_graph_constant_bytes(&network->graph)};
    for (int i = 0; i < plan->step_count; i++) {
        const cc_step *step = &plan->steps[i];
        report->operators_total += step->node != NULL;
        report->operators_fast += step->node != NULL && step->family != NULL;
        report->peak_bytes += step->state_bytes;
        report->multiply_adds += step->multiply_adds;
    }
}

cc_status cc_network_explain(cc_network *network, int runs, char **text, cc_error *error)
{
    return cc_plan_explain(&network->plan, runs, text, error);
}
