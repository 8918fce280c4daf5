/* Networks: any supported ONNX file. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/memory.h"

struct clearcut_network {
    cc_runtime runtime;
    cc_network *network;
};

void clearcut_network_options_init(clearcut_network_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->device = "auto";
    options->precision = CLEARCUT_PRECISION_AUTO;
}

static cc_status internal_options(const clearcut_network_options *wanted, const cc_runtime *runtime,
                                  cc_network_options *options, cc_error *fault)
{
    if (wanted->input_rank < 0 || wanted->input_rank > CLEARCUT_MAX_RANK) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "an input shape of %d dimensions; at most %d",
                       wanted->input_rank, CLEARCUT_MAX_RANK);
    }
    for (int i = 0; i < wanted->input_rank; i++) {
        if (wanted->input_shape[i] < 1) {
            return cc_fail(fault, CC_INVALID_ARGUMENT, "dimension %d of the input shape is %lld", i,
                           (long long)wanted->input_shape[i]);
        }
    }
    if (wanted->wanted_outputs < 0) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d outputs are wanted", wanted->wanted_outputs);
    }
    *options = cc_runtime_network_options(runtime);
    options->input_shape = cc_shape_make(wanted->input_rank, wanted->input_shape);
    options->reference_only = wanted->reference_only;
    options->allow_external_data = wanted->allow_external_data;
    options->wanted_outputs = wanted->wanted_outputs;
    options->low_memory = wanted->low_memory;
    if (wanted->tune) {
        cc_runtime_tune(options);
    }
    return CC_OK;
}

static cc_status open_network(clearcut_network *network, const char *path,
                              const clearcut_network_options *wanted, cc_error *fault)
{
    cc_runtime_request request = {wanted->device, wanted->threads, wanted->precision,
                                  wanted->cancel};
    cc_network_options options = {0};
    cc_status status = cc_runtime_open(&request, &network->runtime, fault);

    if (status == CC_OK) {
        status = internal_options(wanted, &network->runtime, &options, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    status = cc_network_load_file(path, &options, &network->network, fault);
    if (cc_runtime_retreat(&network->runtime, status, fault)) {
        status = internal_options(wanted, &network->runtime, &options, fault);
        if (status == CC_OK) {
            status = cc_network_load_file(path, &options, &network->network, fault);
        }
    }
    if (status != CC_OK && strstr(fault->message, path) == NULL) {
        cc_error_context(fault, "%s", path);
    }
    return status == CC_OK
               ? cc_api_calibration(network->network, wanted->calibration, wanted->calibrate, fault)
               : status;
}

static cc_status load(const char *path, const clearcut_network_options *theirs,
                      clearcut_network **network, cc_error *fault)
{
    clearcut_network_options wanted;
    cc_status status;

    clearcut_network_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status != CC_OK) {
        return status;
    }
    *network = cc_alloc_zeroed(1, sizeof **network);
    if (*network == NULL) {
        return cc_fail_memory(fault, sizeof **network);
    }
    status = open_network(*network, path, &wanted, fault);
    if (status != CC_OK) {
        clearcut_network_free(network);
    }
    return status;
}

clearcut_status clearcut_network_load(const char *path, const clearcut_network_options *options,
                                      clearcut_network **network, clearcut_error *error)
{
    cc_error fault = {0};

    if (network == NULL) {
        return cc_api_return(cc_api_missing("network", &fault), &fault, error);
    }
    *network = NULL;
    if (path == NULL) {
        return cc_api_return(cc_api_missing("path", &fault), &fault, error);
    }
    return cc_api_return(load(path, options, network, &fault), &fault, error);
}

void clearcut_network_free(clearcut_network **network)
{
    if (network == NULL || *network == NULL) {
        return;
    }
    cc_network_free((*network)->network);
    cc_runtime_close(&(*network)->runtime);
    cc_free(*network);
    *network = NULL;
}

clearcut_status clearcut_network_calibrate(clearcut_network *network, const char *path,
                                           clearcut_error *error)
{
    cc_error fault = {0};

    if (network == NULL || path == NULL) {
        return cc_api_return(cc_api_missing(network == NULL ? "network" : "path", &fault), &fault,
                             error);
    }
    return cc_api_return(cc_network_calibrate(network->network, CC_CALIBRATION_WRITE, path, &fault),
                         &fault, error);
}

/* ---- looking ---- */

int clearcut_network_input_count(const clearcut_network *network)
{
    return cc_network_input_count(network->network);
}

int clearcut_network_output_count(const clearcut_network *network)
{
    return cc_network_output_count(network->network);
}

static void describe(const char *name, const cc_tensor *tensor, clearcut_tensor_info *info)
{
    info->name = name;
    info->type = cc_dtype_name(tensor->dtype);
    info->rank = tensor->shape.rank;
    memcpy(info->shape, tensor->shape.dims, sizeof info->shape);
    info->elements = cc_shape_elements(&tensor->shape);
    info->bytes = (size_t)info->elements * cc_dtype_size(tensor->dtype);
}

static cc_status check_index(int index, int count, cc_error *fault)
{
    if (index < 0 || index >= count) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "tensor %d of %d", index, count);
    }
    return CC_OK;
}

clearcut_status clearcut_network_input(const clearcut_network *network, int index,
                                       clearcut_tensor_info *info, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status = check_index(index, cc_network_input_count(network->network), &fault);

    memset(info, 0, sizeof *info);
    if (status == CC_OK) {
        describe(cc_network_input_name(network->network, index),
                 cc_network_input(network->network, index), info);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_network_output(const clearcut_network *network, int index,
                                        clearcut_tensor_info *info, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status = check_index(index, cc_network_output_count(network->network), &fault);

    memset(info, 0, sizeof *info);
    if (status == CC_OK) {
        describe(cc_network_output_name(network->network, index),
                 cc_network_output(network->network, index), info);
    }
    return cc_api_return(status, &fault, error);
}

void clearcut_network_device(const clearcut_network *network, clearcut_device *device)
{
    cc_runtime_describe(&network->runtime, network->network, device);
}

/* ---- running ---- */

clearcut_status clearcut_network_run(clearcut_network *network, const void *const *inputs,
                                     void *const *outputs, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (network == NULL || inputs == NULL || outputs == NULL) {
        return cc_api_return(cc_api_missing("network, inputs or outputs", &fault), &fault, error);
    }
    status = cc_runtime_check(&network->runtime, &fault);
    if (status == CC_OK) {
        status = cc_network_run(network->network, inputs, outputs,
                                cc_runtime_flag(&network->runtime), &fault);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_network_explain(clearcut_network *network, int runs, clearcut_bytes *text,
                                         clearcut_error *error)
{
    cc_error fault = {0};
    char *plan = NULL;
    cc_status status;

    if (network == NULL || text == NULL) {
        return cc_api_return(cc_api_missing(network == NULL ? "network" : "text", &fault), &fault,
                             error);
    }
    memset(text, 0, sizeof *text);
    status = cc_network_explain(network->network, runs, &plan, &fault);
    if (status == CC_OK) {
        text->data = (uint8_t *)plan;
        text->size = strlen(plan);
    }
    return cc_api_return(status, &fault, error);
}
