/* A library that says it is ONNX Runtime, for tests: $STUB_ORT names the lie.
 *
 *   honest     the processor does everything; each output value is 0.25
 *   nothing    lists CUDA, takes the model, runs no operator anywhere
 *   unwritten  lists CUDA, claims all operators and success, writes nothing
 *   partly     the same, but leaves the last value out
 *   wrong      lists CUDA, but the processor has all operators
 *   shared     CUDA has one of two operators
 *   refuses    as `shared`, and refuses the model when told not to fall back
 *   constant   lists CUDA, claims everything, writes 0.25 everywhere
 *   broken     lists CUDA, which does not start
 *   old        release 1.8
 *   hollow     release 1.31 without any interface
 *
 * It knows two models by the size of the file: tests/cli/data/mask.onnx, and the page
 * model. Entries that it has no function for end the process, so that a wrong place
 * in ort_api.h shows.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/ort/ort_api.h"

enum { TABLE_SIZE = 420 };

struct cc_ort_status {
    const char *message;
};

static int object[16]; /* whatever handles point at */
static cc_ort_status failure;
static bool fallback_disabled;
static bool large_model;
static float *last_output;

static bool lie(const char *name)
{
    const char *wanted = getenv("STUB_ORT");
    return strcmp(wanted != NULL ? wanted : "honest", name) == 0;
}

static cc_ort_status *fail(const char *message)
{
    failure.message = message;
    return &failure;
}

static void unexpected(void)
{
    fprintf(stderr, "stub_onnxruntime: an entry was called that is not expected\n");
    abort();
}

/* ---- functions that only have to succeed ---- */

static cc_ort_status *give(void **result)
{
    *result = object;
    return NULL;
}

static cc_ort_status *accept(void)
{
    return NULL;
}

static void ignore(void)
{
}

/* ---- functions that say something ---- */

static const char *error_message(const cc_ort_status *status)
{
    return status->message;
}

static int error_code(const cc_ort_status *status)
{
    (void)status;
    return 1;
}

static cc_ort_status *create_env(int level, const char *name, cc_ort_env **env)
{
    (void)level;
    (void)name;
    *env = (cc_ort_env *)(void *)object;
    return NULL;
}

static cc_ort_status *create_memory(int allocator, int type, cc_ort_memory **memory)
{
    (void)allocator;
    (void)type;
    *memory = (cc_ort_memory *)(void *)object;
    return NULL;
}

static cc_ort_status *create_session(const cc_ort_env *env, const void *data, size_t size,
                                     const cc_ort_options *options, cc_ort_session **session)
{
    (void)env;
    (void)data;
    (void)options;
    large_model = size > 100000;
    if (lie("refuses") && fallback_disabled) {
        return fail("This session contains graph nodes that are assigned to the default CPU EP, "
                    "but fallback to CPU EP\nhas been explicitly disabled by the user.");
    }
    *session = (cc_ort_session *)(void *)object;
    return NULL;
}

static cc_ort_status *one(const cc_ort_session *session, size_t *count)
{
    (void)session;
    *count = 1;
    return NULL;
}

static cc_ort_status *name_of(const char *name, char **copy)
{
    *copy = malloc(strlen(name) + 1);
    if (*copy == NULL) {
        return fail("no memory");
    }
    memcpy(*copy, name, strlen(name) + 1);
    return NULL;
}

static cc_ort_status *input_name(const cc_ort_session *session, size_t index,
                                 cc_ort_allocator *allocator, char **name)
{
    (void)session;
    (void)index;
    (void)allocator;
    return name_of(large_model ? "image" : "input", name);
}

static cc_ort_status *output_name(const cc_ort_session *session, size_t index,
                                  cc_ort_allocator *allocator, char **name)
{
    (void)session;
    (void)index;
    (void)allocator;
    return name_of(large_model ? "maps" : "mask", name);
}

static cc_ort_status *free_string(cc_ort_allocator *allocator, void *memory)
{
    (void)allocator;
    free(memory);
    return NULL;
}

/* A type is told apart by which int of `object` it points at: 1 input, 2 output. */
static cc_ort_status *input_type(const cc_ort_session *session, size_t index, cc_ort_type **type)
{
    (void)session;
    (void)index;
    *type = (cc_ort_type *)(void *)&object[1];
    return NULL;
}

static cc_ort_status *output_type(const cc_ort_session *session, size_t index, cc_ort_type **type)
{
    (void)session;
    (void)index;
    *type = (cc_ort_type *)(void *)&object[2];
    return NULL;
}

static cc_ort_status *tensor_type(const cc_ort_type *type, const cc_ort_tensor_type **tensor)
{
    *tensor = (const cc_ort_tensor_type *)(const void *)type;
    return NULL;
}

static cc_ort_status *element_type(const cc_ort_tensor_type *type, int *element)
{
    (void)type;
    *element = 1;
    return NULL;
}

static cc_ort_status *dimension_count(const cc_ort_tensor_type *type, size_t *count)
{
    (void)type;
    *count = 4;
    return NULL;
}

static cc_ort_status *dimensions(const cc_ort_tensor_type *type, int64_t *dims, size_t count)
{
    bool is_input = (const void *)type == (const void *)&object[1];
    int64_t side = large_model ? (is_input ? 256 : 128) : 32;
    int64_t channels = is_input || large_model ? 3 : 1;

    (void)count;
    memcpy(dims, (int64_t[]){1, channels, side, side}, 4 * sizeof *dims);
    return NULL;
}

static cc_ort_status *create_value(const cc_ort_memory *memory, void *data, size_t bytes,
                                   const int64_t *shape, size_t rank, int type,
                                   cc_ort_value **value)
{
    (void)memory;
    (void)bytes;
    (void)shape;
    (void)rank;
    (void)type;
    last_output = data; /* outputs are made last */
    *value = (cc_ort_value *)(void *)object;
    return NULL;
}

static cc_ort_status *run(cc_ort_session *session, const cc_ort_run_options *options,
                          const char *const *input_names, const cc_ort_value *const *inputs,
                          size_t input_count, const char *const *output_names, size_t output_count,
                          cc_ort_value **outputs)
{
    size_t count = large_model ? 3 * 128 * 128 : 32 * 32;

    (void)session;
    (void)options;
    (void)input_names;
    (void)inputs;
    (void)input_count;
    (void)output_names;
    (void)output_count;
    (void)outputs;
    if (lie("unwritten") || lie("nothing")) {
        return NULL;
    }
    for (size_t i = 0; i < count - (lie("partly") ? 1 : 0); i++) {
        last_output[i] = 0.25f;
    }
    return NULL;
}

static cc_ort_status *list_providers(char ***names, int *count)
{
    static char cuda[] = "CUDAExecutionProvider";
    static char cpu[] = "CPUExecutionProvider";
    static char *all[] = {cuda, cpu};

    *names = lie("honest") ? all + 1 : all;
    *count = lie("honest") ? 1 : 2;
    return NULL;
}

static cc_ort_status *add_entry(cc_ort_options *options, const char *key, const char *value)
{
    (void)options;
    (void)value;
    fallback_disabled = fallback_disabled || strcmp(key, "session.disable_cpu_ep_fallback") == 0;
    return NULL;
}

static cc_ort_status *create_options(cc_ort_options **options)
{
    fallback_disabled = false;
    *options = (cc_ort_options *)(void *)object;
    return NULL;
}

/* It has two devices. */
static cc_ort_status *update_cuda(cc_ort_provider_options *own, const char *const *keys,
                                  const char *const *values, size_t count)
{
    (void)own;
    if (count != 1 || strcmp(keys[0], "device_id") != 0) {
        return fail("an option that was not expected");
    }
    return strcmp(values[0], "1") == 0 ? NULL : fail("invalid device ordinal");
}

static cc_ort_status *append_cuda(cc_ort_options *options, const cc_ort_provider_options *own)
{
    (void)options;
    (void)own;
    return lie("broken") ? fail("Failed to load shared library") : NULL;
}

/* ---- who does what: two subgraphs, of one node each ---- */

static cc_ort_status *assignment(const cc_ort_session *session,
                                 const cc_ort_subgraph *const **subgraphs, size_t *count)
{
    static const cc_ort_subgraph *parts[2];

    (void)session;
    parts[0] = (const cc_ort_subgraph *)(const void *)&object[3];
    parts[1] = (const cc_ort_subgraph *)(const void *)&object[4];
    *subgraphs = parts;
    *count = lie("nothing") ? 0 : 2;
    return NULL;
}

static cc_ort_status *subgraph_provider(const cc_ort_subgraph *subgraph, const char **name)
{
    bool second = (const void *)subgraph == (const void *)&object[4];
    bool cpu = lie("honest") || lie("wrong") || ((lie("shared") || lie("refuses")) && second);

    *name = cpu ? "CPUExecutionProvider" : "CUDAExecutionProvider";
    return NULL;
}

static cc_ort_status *subgraph_nodes(const cc_ort_subgraph *subgraph,
                                     const cc_ort_node *const **nodes, size_t *count)
{
    static const cc_ort_node *node;

    node = (const cc_ort_node *)(const void *)subgraph;
    *nodes = &node;
    *count = 1;
    return NULL;
}

static cc_ort_status *node_text(const cc_ort_node *node, const char **text)
{
    *text = (const void *)node == (const void *)&object[3] ? "Conv" : "Sigmoid";
    return NULL;
}

/* ---- the table ---- */

typedef void (*entry_function)(void);
static entry_function table[TABLE_SIZE];

static void put(const char *wanted, entry_function function)
{
#define PUT(place, version, result, name, parameters)                                              \
    if (strcmp(wanted, #name) == 0) {                                                              \
        table[place] = function;                                                                   \
    }
    CC_ORT_ENTRIES(PUT)
#undef PUT
}

static void fill_creation(void)
{
    put("CreateEnv", (entry_function)create_env);
    put("CreateSessionFromArray", (entry_function)create_session);
    put("CreateSessionOptions", (entry_function)create_options);
    put("CreateRunOptions", (entry_function)give);
    put("CreateCpuMemoryInfo", (entry_function)create_memory);
    put("GetAllocatorWithDefaultOptions", (entry_function)give);
    put("CreateTensorWithDataAsOrtValue", (entry_function)create_value);
    put("CreateCUDAProviderOptions", (entry_function)give);
}

static void fill_looking(void)
{
    put("GetErrorMessage", (entry_function)error_message);
    put("GetErrorCode", (entry_function)error_code);
    put("SessionGetInputCount", (entry_function)one);
    put("SessionGetOutputCount", (entry_function)one);
    put("SessionGetInputTypeInfo", (entry_function)input_type);
    put("SessionGetOutputTypeInfo", (entry_function)output_type);
    put("SessionGetInputName", (entry_function)input_name);
    put("SessionGetOutputName", (entry_function)output_name);
    put("CastTypeInfoToTensorInfo", (entry_function)tensor_type);
    put("GetTensorElementType", (entry_function)element_type);
    put("GetDimensionsCount", (entry_function)dimension_count);
    put("GetDimensions", (entry_function)dimensions);
    put("GetAvailableProviders", (entry_function)list_providers);
    put("Session_GetEpGraphAssignmentInfo", (entry_function)assignment);
    put("EpAssignedSubgraph_GetEpName", (entry_function)subgraph_provider);
    put("EpAssignedSubgraph_GetNodes", (entry_function)subgraph_nodes);
    put("EpAssignedNode_GetName", (entry_function)node_text);
    put("EpAssignedNode_GetOperatorType", (entry_function)node_text);
}

static void fill_rest(void)
{
    static const char *const accepted[] = {"DisableTelemetryEvents",
                                           "SetSessionLogSeverityLevel",
                                           "SetSessionGraphOptimizationLevel",
                                           "SetIntraOpNumThreads",
                                           "SetInterOpNumThreads",
                                           "RunOptionsSetTerminate",
                                           "RunOptionsUnsetTerminate",
                                           "AddFreeDimensionOverrideByName",
                                           "ReleaseAvailableProviders"};
    static const char *const ignored[] = {"ReleaseStatus",         "ReleaseMemoryInfo",
                                          "ReleaseSession",        "ReleaseValue",
                                          "ReleaseRunOptions",     "ReleaseTypeInfo",
                                          "ReleaseSessionOptions", "ReleaseCUDAProviderOptions"};

    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        put(accepted[i], (entry_function)accept);
    }
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        put(ignored[i], ignore);
    }
    put("Run", (entry_function)run);
    put("AllocatorFree", (entry_function)free_string);
    put("AddSessionConfigEntry", (entry_function)add_entry);
    put("UpdateCUDAProviderOptions", (entry_function)update_cuda);
    put("SessionOptionsAppendExecutionProvider_CUDA_V2", (entry_function)append_cuda);
}

static const void *get_api(uint32_t version)
{
    if (lie("hollow") || version > 31) {
        return NULL;
    }
    for (int i = 0; i < TABLE_SIZE; i++) {
        table[i] = unexpected;
    }
    fill_creation();
    fill_looking();
    fill_rest();
    return table;
}

static const char *version_text(void)
{
    return lie("old") ? "1.8.0" : "1.31.0";
}

__attribute__((visibility("default"))) const cc_ort_base *OrtGetApiBase(void);

const cc_ort_base *OrtGetApiBase(void)
{
    static const cc_ort_base base = {get_api, version_text};
    return &base;
}
