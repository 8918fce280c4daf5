/* The front of every network: finds the bytes, forwards to the engine. */
#include "nn/network.h"

#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "nn/engine.h"

struct cc_network {
    const cc_engine *engine;
    void *state; /* the engine's */
    const cc_signature *signature;
    cc_file_view file; /* with low_memory: what weights are packed from; else empty */
};

static const cc_network_options default_options = {0};

static cc_status load(const cc_network_source *source, const cc_network_options *options,
                      cc_network **network, cc_error *error)
{
    cc_network *made = cc_alloc_zeroed(1, sizeof *made);

    *network = NULL;
    if (made == NULL) {
        return cc_fail_memory(error, sizeof *made);
    }
    options = options != NULL ? options : &default_options;
    made->engine = options->engine != NULL ? options->engine : &cc_engine_cpu;
    if (options->low_memory && made->engine != &cc_engine_cpu) {
        cc_status refused = cc_fail(error, CC_INVALID_ARGUMENT,
                                    "low memory is for networks on the processor, and this one "
                                    "would run on %s; choose the device cpu, or leave it out",
                                    made->engine->name);
        cc_free(made);
        return refused;
    }
    if (options->known_input_count > 0 && made->engine != &cc_engine_cpu) {
        cc_status refused = cc_fail(error, CC_INVALID_ARGUMENT,
                                    "inputs that are known beforehand are for networks on the "
                                    "processor, and this one would run on %s",
                                    made->engine->name);
        cc_free(made);
        return refused;
    }
    cc_status status = made->engine->load(source, options, &made->state, error);
    if (status != CC_OK) {
        cc_free(made);
        return status;
    }
    made->signature = made->engine->signature(made->state);
    *network = made;
    return CC_OK;
}

cc_status cc_network_load_memory(const void *data, size_t size, bool static_data,
                                 const cc_network_options *options, cc_network **network,
                                 cc_error *error)
{
    cc_network_source source = {.data = data, .size = size, .static_data = static_data};

    return load(&source, options, network, error);
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
        cc_network_source source = {.data = view.data,
                                    .size = view.size,
                                    .static_data = options != NULL && options->low_memory,
                                    .mapped = view.mapping != NULL,
                                    .path = path,
                                    .folder = folder};
        status = load(&source, options, network, error);
        if (status != CC_OK) {
            cc_error_context(error, "%s", path);
        }
        if (status == CC_OK && source.static_data) {
            (*network)->file = view;
        } else {
            cc_file_unmap(&view);
        }
    }
    cc_free(folder);
    return status;
}

void cc_network_free(cc_network *network)
{
    if (network != NULL) {
        network->engine->release(network->state);
        cc_file_unmap(&network->file);
        cc_free(network);
    }
}

int cc_network_input_count(const cc_network *network)
{
    return network->signature->input_count;
}

int cc_network_output_count(const cc_network *network)
{
    return network->signature->output_count;
}

const cc_tensor *cc_network_input(const cc_network *network, int index)
{
    return &network->signature->inputs[index].tensor;
}

const cc_tensor *cc_network_output(const cc_network *network, int index)
{
    return &network->signature->outputs[index].tensor;
}

const char *cc_network_input_name(const cc_network *network, int index)
{
    return network->signature->inputs[index].name;
}

const char *cc_network_output_name(const cc_network *network, int index)
{
    return network->signature->outputs[index].name;
}

cc_status cc_network_run(cc_network *network, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error)
{
    return network->engine->run(network->state, inputs, outputs, cancel, error);
}

bool cc_network_takes_pictures(const cc_network *network)
{
    return network->engine->takes_pictures != NULL &&
           network->engine->takes_pictures(network->state);
}

cc_status cc_network_run_pictures(cc_network *network, const cc_picture_feed *feed,
                                  cc_picture *pictures, int count, const atomic_bool *cancel,
                                  cc_error *error)
{
    if (!cc_network_takes_pictures(network)) {
        return cc_fail(error, CC_UNSUPPORTED, "this network takes tensors, not pictures");
    }
    return network->engine->run_pictures(network->state, feed, pictures, count, cancel, error);
}

cc_status cc_network_calibrate(cc_network *network, cc_calibration calibration, const char *path,
                               cc_error *error)
{
    if (network->engine->calibrate == NULL) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "calibration is for int8 on the processor, and this network runs on %s; "
                       "choose --device cpu --precision int8, or leave it out",
                       network->engine->name);
    }
    return network->engine->calibrate(network->state, calibration, path, error);
}

void cc_network_rest(cc_network *network)
{
    if (network->engine->rest != NULL) {
        network->engine->rest(network->state);
    }
}

void cc_network_report_get(const cc_network *network, cc_network_report *report)
{
    *report = (cc_network_report){0};
    network->engine->report(network->state, report);
}

cc_status cc_network_explain(cc_network *network, int runs, char **text, cc_error *error)
{
    return network->engine->explain(network->state, runs, text, error);
}
