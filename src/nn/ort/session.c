/* Making a session, and reading what it takes and gives. */
#include <stdio.h>
#include <string.h>

#include "core/threads.h"
#include "nn/ort/ort_network.h"

/* ---- options ---- */

static cc_status fail_options(const cc_ort_library *library, cc_ort_status *status, cc_error *error)
{
    return cc_ort_check(library, status, CC_DEVICE, "it refuses a setting", error);
}

static cc_status set_basics(const cc_ort_library *library, cc_ort_options *options, int threads,
                            cc_error *error)
{
    const cc_ort_api *api = &library->api;
    cc_status status =
        fail_options(library, api->SetSessionLogSeverityLevel(options, CC_ORT_LOG_FATAL), error);

    if (status == CC_OK) {
        status = fail_options(
            library, api->SetSessionGraphOptimizationLevel(options, CC_ORT_OPTIMIZE_ALL), error);
    }
    if (status == CC_OK) {
        status = fail_options(library, api->SetIntraOpNumThreads(options, threads), error);
    }
    if (status == CC_OK) {
        status = fail_options(library, api->SetInterOpNumThreads(options, 1), error);
    }
    return status;
}

/* Fix every named open dimension: as demanded for the first input, else 1. */
static cc_status fix_dimensions(const cc_ort_library *library, cc_ort_options *options,
                                const cc_ort_recipe *recipe, cc_error *error)
{
    const cc_shape *wanted = &recipe->options->input_shape;
    cc_status status = CC_OK;

    for (int i = 0; i < recipe->facts->open_count && status == CC_OK; i++) {
        const cc_ort_open_dimension *open = &recipe->facts->open[i];
        int64_t size =
            open->input == 0 && open->dimension < wanted->rank ? wanted->dims[open->dimension] : 1;
        status = fail_options(
            library, library->api.AddFreeDimensionOverrideByName(options, open->name, size), error);
    }
    return status;
}

static cc_status set_entry(const cc_ort_library *library, cc_ort_options *options, const char *key,
                           const char *value, cc_error *error)
{
    return fail_options(library, library->api.AddSessionConfigEntry(options, key, value), error);
}

static cc_status set_evidence(const cc_ort_library *library, const cc_ort_provider *provider,
                              cc_ort_options *options, const cc_ort_recipe *recipe, cc_error *error)
{
    cc_status status = CC_OK;

    if (provider->append != NULL && !recipe->may_fall_back) {
        status = set_entry(library, options, "session.disable_cpu_ep_fallback", "1", error);
    }
    if (status == CC_OK && library->api_version >= CC_ORT_ASSIGNMENT) {
        status = set_entry(library, options, "session.record_ep_graph_assignment_info", "1", error);
    }
    if (status == CC_OK && recipe->profile_prefix != NULL) {
        status = fail_options(library,
                              library->api.EnableProfiling(options, recipe->profile_prefix), error);
    }
    return status;
}

/* ---- creating ---- */

/* Whose fault is it? Reading a model fails with codes of its own; what else goes
 * wrong under a demanded provider is the provider's. */
static cc_status fail_creation(const cc_ort_library *library, const cc_ort_provider *provider,
                               cc_ort_status *status, cc_error *error)
{
    cc_status code = provider->append != NULL ? CC_DEVICE : CC_MODEL;
    char what[96];

    if (status == NULL) {
        return CC_OK;
    }
    switch (library->api.GetErrorCode(status)) {
    case CC_ORT_CODE_INVALID_ARGUMENT:
    case CC_ORT_CODE_NO_SUCH_FILE:
    case CC_ORT_CODE_NO_MODEL:
    case CC_ORT_CODE_INVALID_PROTOBUF:
    case CC_ORT_CODE_INVALID_GRAPH: code = CC_MODEL; break;
    case CC_ORT_CODE_NOT_IMPLEMENTED: code = CC_UNSUPPORTED; break;
    default: break;
    }
    snprintf(what, sizeof what, "%s does not take the model", provider->full_name);
    return cc_ort_check(library, status, code, what, error);
}

static cc_ort_status *create(const cc_ort_library *library, const cc_ort_recipe *recipe,
                             const cc_ort_options *options, cc_ort_session **session)
{
    const cc_network_source *source = recipe->source;

    /* By path only where files beside the model may be read. */
    if (recipe->options->allow_external_data && source->path != NULL &&
        recipe->facts->external_data) {
        return library->api.CreateSession(library->env, source->path, options, session);
    }
    return library->api.CreateSessionFromArray(library->env, source->data, source->size, options,
                                               session);
}

cc_status cc_ort_session_create(const cc_ort_library *library, const cc_ort_provider *provider,
                                const cc_ort_recipe *recipe, cc_ort_session **session,
                                cc_error *error)
{
    cc_ort_options *options = NULL;
    cc_status status = fail_options(library, library->api.CreateSessionOptions(&options), error);

    *session = NULL;
    if (status != CC_OK) {
        return status;
    }
    status = set_basics(library, options, cc_thread_pool_size(recipe->options->pool), error);
    if (status == CC_OK) {
        status = fix_dimensions(library, options, recipe, error);
    }
    if (status == CC_OK) {
        status = set_evidence(library, provider, options, recipe, error);
    }
    if (status == CC_OK) {
        status = cc_ort_provider_append(library, provider, recipe->options->device_index, options,
                                        error);
    }
    if (status == CC_OK) {
        status = fail_creation(library, provider, create(library, recipe, options, session), error);
    }
    library->api.ReleaseSessionOptions(options);
    if (status != CC_OK) {
        *session = NULL;
    }
    return status;
}

/* ---- what it takes and gives ---- */

static cc_status fail_look(const cc_ort_library *library, cc_ort_status *status, cc_error *error)
{
    return cc_ort_check(library, status, CC_MODEL, "it does not describe the model", error);
}

static cc_status read_tensor(const cc_ort_library *library, const cc_ort_tensor_type *type,
                             const char *name, cc_ort_port *ours, cc_tensor *tensor,
                             cc_error *error)
{
    const cc_ort_api *api = &library->api;
    size_t rank = 0;
    cc_status status =
        fail_look(library, api->GetTensorElementType(type, &ours->element_type), error);

    if (status == CC_OK) {
        status = fail_look(library, api->GetDimensionsCount(type, &rank), error);
    }
    if (status == CC_OK && rank > CC_MAX_RANK) {
        status = cc_fail(error, CC_UNSUPPORTED, "\"%s\" has %zu dimensions; at most %d", name, rank,
                         CC_MAX_RANK);
    }
    if (status == CC_OK) {
        tensor->shape.rank = (int)rank;
        status = fail_look(library, api->GetDimensions(type, tensor->shape.dims, rank), error);
    }
    if (status != CC_OK) {
        return status;
    }
    ours->half = ours->element_type == CC_FLOAT16;
    tensor->dtype = ours->half ? CC_FLOAT32 : (cc_dtype)ours->element_type;
    if (cc_dtype_size(tensor->dtype) == 0) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "\"%s\" is of an element type (number %d of ONNX) that is not supported",
                       name, ours->element_type);
    }
    return CC_OK;
}

static cc_status take_name(const cc_ort_network *network, char *theirs, char **name,
                           cc_error *error)
{
    const cc_ort_library *library = network->library;

    *name = cc_strdup(theirs);
    cc_status status =
        fail_look(library, library->api.AllocatorFree(library->allocator, theirs), error);
    if (*name == NULL) {
        return cc_fail_memory(error, 1);
    }
    return status;
}

/* Port `index` of the inputs or outputs, into slot `slot`. */
static cc_status describe_port(cc_ort_network *network, bool is_input, size_t index, size_t slot,
                               cc_error *error)
{
    const cc_ort_library *library = network->library;
    const cc_ort_api *api = &library->api;
    const cc_ort_session *session = network->session;
    const cc_ort_tensor_type *tensor = NULL;
    cc_ort_type *type = NULL;
    char *theirs = NULL;
    cc_status status =
        fail_look(library,
                  is_input ? api->SessionGetInputName(session, index, library->allocator, &theirs)
                           : api->SessionGetOutputName(session, index, library->allocator, &theirs),
                  error);

    if (status == CC_OK) {
        status = take_name(network, theirs, &network->ours[slot].name, error);
    }
    if (status != CC_OK) {
        return status;
    }
    network->ports[slot].name = network->ours[slot].name;
    network->names[slot] = network->ours[slot].name;
    status = fail_look(library,
                       is_input ? api->SessionGetInputTypeInfo(session, index, &type)
                                : api->SessionGetOutputTypeInfo(session, index, &type),
                       error);
    if (status == CC_OK) {
        status = fail_look(library, api->CastTypeInfoToTensorInfo(type, &tensor), error);
    }
    if (status == CC_OK && tensor == NULL) {
        status = cc_fail(error, CC_UNSUPPORTED, "\"%s\" is no tensor", network->ours[slot].name);
    }
    if (status == CC_OK) {
        status = read_tensor(library, tensor, network->ours[slot].name, &network->ours[slot],
                             &network->ports[slot].tensor, error);
    }
    if (type != NULL) {
        api->ReleaseTypeInfo(type);
    }
    return status;
}

/* The first input takes the demanded shape; open dimensions that are left are 1. */
static cc_status settle_input(cc_port *port, const cc_shape *wanted, cc_error *error)
{
    cc_shape *shape = &port->tensor.shape;
    char had[96];
    char want[96];

    if (wanted->rank > 0) {
        bool fits = wanted->rank == shape->rank;
        for (int i = 0; i < shape->rank && fits; i++) {
            fits = shape->dims[i] < 0 || shape->dims[i] == wanted->dims[i];
        }
        if (!fits) {
            return cc_fail(error, CC_UNSUPPORTED,
                           "input \"%s\" is %s in the file, which ONNX Runtime does not change to "
                           "%s; --device cpu may",
                           port->name, cc_shape_text(shape, had, sizeof had),
                           cc_shape_text(wanted, want, sizeof want));
        }
        *shape = *wanted;
    }
    for (int i = 0; i < shape->rank; i++) {
        shape->dims[i] = shape->dims[i] < 0 ? 1 : shape->dims[i];
    }
    return CC_OK;
}

static cc_status allocate_ports(cc_ort_network *network, size_t count, cc_error *error)
{
    network->ours = cc_alloc_zeroed(count, sizeof *network->ours);
    network->ports = cc_alloc_zeroed(count, sizeof *network->ports);
    network->names = cc_alloc_zeroed(count, sizeof *network->names);
    network->values = cc_alloc_zeroed(count, sizeof(cc_ort_value *));
    if (network->ours == NULL || network->ports == NULL || network->names == NULL ||
        network->values == NULL) {
        return cc_fail_memory(error, count * sizeof *network->ours);
    }
    return CC_OK;
}

cc_status cc_ort_describe(cc_ort_network *network, const cc_network_options *options,
                          cc_error *error)
{
    enum { MOST_PORTS = 4096 };
    const cc_ort_api *api = &network->library->api;
    size_t inputs = 0;
    size_t outputs = 0;
    cc_status status =
        fail_look(network->library, api->SessionGetInputCount(network->session, &inputs), error);

    if (status == CC_OK) {
        status = fail_look(network->library, api->SessionGetOutputCount(network->session, &outputs),
                           error);
    }
    if (status == CC_OK && (inputs > MOST_PORTS || outputs == 0 || outputs > MOST_PORTS)) {
        status =
            cc_fail(error, CC_MODEL, "the model has %zu inputs and %zu outputs", inputs, outputs);
    }
    if (status == CC_OK && options->wanted_outputs > 0 &&
        (size_t)options->wanted_outputs < outputs) {
        outputs = (size_t)options->wanted_outputs;
    }
    if (status == CC_OK) {
        status = allocate_ports(network, inputs + outputs, error);
    }
    if (status != CC_OK) {
        return status;
    }
    network->signature = (cc_signature){.inputs = network->ports,
                                        .outputs = network->ports + inputs,
                                        .input_count = (int)inputs,
                                        .output_count = (int)outputs};
    for (size_t i = 0; i < inputs + outputs && status == CC_OK; i++) {
        status = describe_port(network, i < inputs, i < inputs ? i : i - inputs, i, error);
        if (status == CC_OK && i < inputs) {
            static const cc_shape as_it_is = {0};
            status =
                settle_input(&network->ports[i], i == 0 ? &options->input_shape : &as_it_is, error);
        }
    }
    return status;
}
