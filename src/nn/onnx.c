/* The model and its graph: ModelProto and GraphProto, and who is called what.
 *
 * Nodes may stand in any order and refer to values by name, so names are
 * collected first, sorted, and looked up in a second walk.
 */
#include "nn/onnx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nn/onnx_reader.h"

enum {
    MODEL_IR_VERSION = 1,
    MODEL_GRAPH = 7,
    MODEL_OPSET_IMPORT = 8,
    MODEL_TRAINING_INFO = 20,
    MODEL_FUNCTIONS = 25
};
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum {
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE_INITIALIZER = 15
};
enum { NODE_INPUT = 1 };
enum { TENSOR_NAME = 8 };
enum { VALUE_NAME = 1 };

#define DEFAULT_MAXIMUM_BYTES ((size_t)16 << 30)
#define DEFAULT_MAXIMUM_NODES 1000000

/* ---- names ---- */

cc_status cc_onnx_text(cc_onnx_reader *reader, cc_span bytes, const char **text, cc_error *error)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < 0x20 || bytes.data[i] == 0x7f) {
            return cc_fail(error, CC_CORRUPT, "a name holds a control character");
        }
    }
    *text = cc_arena_strndup(&reader->graph->arena, (const char *)bytes.data, bytes.size);
    return *text != NULL ? CC_OK : cc_fail_memory(error, bytes.size);
}

cc_status cc_onnx_define(cc_onnx_reader *reader, cc_name_entry entry, cc_error *error)
{
    if (reader->name_count == reader->name_capacity) {
        size_t capacity = reader->name_capacity > 0 ? reader->name_capacity * 2 : 256;
        cc_name_entry *names = cc_realloc_array(reader->names, capacity, sizeof *names);
        if (names == NULL) {
            return cc_fail_memory(error, capacity * sizeof *names);
        }
        reader->names = names;
        reader->name_capacity = capacity;
    }
    entry.name = reader->graph->values[entry.value].name;
    reader->names[reader->name_count++] = entry;
    return CC_OK;
}

static int compare_names(const void *a, const void *b)
{
    const cc_name_entry *first = a;
    const cc_name_entry *second = b;
    int order = strcmp(first->name, second->name);

    return order != 0 ? order
                      : (first->is_input > second->is_input) - (first->is_input < second->is_input);
}

static const char *definer(const cc_onnx_reader *reader, const cc_name_entry *entry)
{
    int producer = reader->graph->values[entry->value].producer;

    if (producer >= 0) {
        return reader->graph->nodes[producer].name;
    }
    return entry->is_input ? "the graph's inputs" : "the constants";
}

/* Sorted, an input comes right after the constant of the same name, which gives
 * its default value (ONNX before IR version 4 lists all constants as inputs). */
static cc_status sort_names(cc_onnx_reader *reader, cc_error *error)
{
    if (reader->name_count == 0) {
        return CC_OK;
    }
    qsort(reader->names, reader->name_count, sizeof *reader->names, compare_names);
    for (size_t i = 1; i < reader->name_count; i++) {
        const cc_name_entry *previous = &reader->names[i - 1];
        cc_name_entry *entry = &reader->names[i];
        if (strcmp(previous->name, entry->name) != 0) {
            continue;
        }
        if (!entry->is_input || !previous->is_constant) {
            return cc_fail(error, CC_MODEL, "'%s' is defined twice, by %s and by %s", entry->name,
                           definer(reader, previous), definer(reader, entry));
        }
        entry->value = previous->value;
        entry->is_input = false;
        entry->is_constant = true;
    }
    return CC_OK;
}

static int compare_to_name(const void *key, const void *element)
{
    const char *name = key;
    const cc_name_entry *entry = element;
    return strcmp(name, entry->name);
}

/* The value of this name, or -1. */
static int find_name(const cc_onnx_reader *reader, const char *name)
{
    const cc_name_entry *entry = NULL;

    if (reader->name_count > 0) {
        entry = bsearch(name, reader->names, reader->name_count, sizeof *reader->names,
                        compare_to_name);
    }
    return entry != NULL ? entry->value : -1;
}

/* ---- walking over one repeated message field ---- */

typedef cc_status (*visit)(cc_onnx_reader *reader, cc_span message, cc_error *error);

static cc_status for_each(cc_onnx_reader *reader, cc_span message, uint32_t number, visit call,
                          cc_error *error)
{
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == number) {
            status = cc_field_expect(&field, CC_WIRE_BYTES, "a message", error);
            if (status == CC_OK) {
                status = call(reader, field.bytes, error);
            }
        }
        if (status != CC_OK) {
            return status;
        }
    }
}

/* ---- inputs, constants, outputs ---- */

static cc_status visit_input(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_name_entry entry = {.is_input = true};
    cc_status status = cc_onnx_input(reader, message, &entry.value, error);

    return status == CC_OK ? cc_onnx_define(reader, entry, error) : status;
}

static cc_status visit_initializer(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_name_entry entry = {.is_constant = true};
    cc_tensor tensor;
    cc_field field;
    bool found;
    const char *name = "";
    cc_status status = cc_protobuf_find(message, TENSOR_NAME, CC_WIRE_BYTES, &field, &found, error);

    if (status == CC_OK) {
        status = cc_onnx_text(reader, field.bytes, &name, error);
    }
    if (status == CC_OK && name[0] == '\0') {
        status = cc_fail(error, CC_CORRUPT, "a constant has no name");
    }
    if (status != CC_OK) {
        return status;
    }
    entry.value = cc_graph_add_value(reader->graph, name);
    if (entry.value < 0) {
        return cc_fail_memory(error, sizeof(cc_value));
    }
    status = cc_onnx_tensor(reader, message, (cc_tensor_target){.value = entry.value}, name,
                            &tensor, error);
    return status == CC_OK ? cc_onnx_define(reader, entry, error) : status;
}

/* Inputs in the file's order, without those that a constant stands in for. */
static cc_status list_inputs(cc_onnx_reader *reader, int input_values, cc_error *error)
{
    cc_graph *graph = reader->graph;

    graph->inputs = cc_arena_alloc(&graph->arena, (size_t)input_values, sizeof(int));
    if (graph->inputs == NULL) {
        return cc_fail_memory(error, (size_t)input_values * sizeof(int));
    }
    for (int i = 0; i < input_values; i++) { /* inputs were the first values added */
        if (find_name(reader, graph->values[i].name) == i) {
            graph->inputs[graph->input_count++] = i;
        }
    }
    return CC_OK;
}

static cc_status visit_output(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_graph *graph = reader->graph;
    cc_field field;
    bool found;
    const char *name = "";
    int value;
    cc_status status = cc_protobuf_find(message, VALUE_NAME, CC_WIRE_BYTES, &field, &found, error);

    if (status == CC_OK) {
        status = cc_onnx_text(reader, field.bytes, &name, error);
    }
    if (status != CC_OK) {
        return status;
    }
    value = find_name(reader, name);
    if (value < 0) {
        return cc_fail(error, CC_MODEL, "output '%s' is not produced by any node", name);
    }
    graph->outputs[graph->output_count++] = value;
    return CC_OK;
}

static int compare_ints(const void *a, const void *b)
{
    int first = *(const int *)a;
    int second = *(const int *)b;
    return (first > second) - (first < second);
}

static cc_status check_outputs_distinct(const cc_graph *graph, cc_error *error)
{
    int *sorted = cc_alloc_array((size_t)graph->output_count, sizeof(int));
    cc_status status = CC_OK;

    if (sorted == NULL) {
        return cc_fail_memory(error, (size_t)graph->output_count * sizeof(int));
    }
    memcpy(sorted, graph->outputs, (size_t)graph->output_count * sizeof(int));
    qsort(sorted, (size_t)graph->output_count, sizeof(int), compare_ints);
    for (int i = 1; i < graph->output_count && status == CC_OK; i++) {
        if (sorted[i] == sorted[i - 1]) {
            status = cc_fail(error, CC_MODEL, "output '%s' is listed twice",
                             graph->values[sorted[i]].name);
        }
    }
    cc_free(sorted);
    return status;
}

static cc_status read_outputs(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_graph *graph = reader->graph;
    size_t count;
    cc_status status = cc_protobuf_count(message, GRAPH_OUTPUT, &count, error);

    if (status != CC_OK) {
        return status;
    }
    if (count == 0) {
        return cc_fail(error, CC_MODEL, "the network has no output");
    }
    graph->outputs = cc_arena_alloc(&graph->arena, count, sizeof(int));
    if (graph->outputs == NULL) {
        return cc_fail_memory(error, count * sizeof(int));
    }
    status = for_each(reader, message, GRAPH_OUTPUT, visit_output, error);
    return status == CC_OK ? check_outputs_distinct(graph, error) : status;
}

/* ---- nodes ---- */

static cc_status connect_input(cc_onnx_reader *reader, cc_node *node, cc_span bytes,
                               cc_error *error)
{
    const char *name = "";
    int value = -1;
    cc_status status = cc_onnx_text(reader, bytes, &name, error);

    if (status == CC_OK && bytes.size > 0) {
        value = find_name(reader, name);
        if (value < 0) {
            status = cc_fail(error, CC_MODEL, "reads '%s', which nothing produces", name);
        }
    }
    node->inputs[node->input_count++] = value;
    return status;
}

static cc_status connect_node(cc_onnx_reader *reader, cc_node *node, cc_span message,
                              cc_error *error)
{
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == NODE_INPUT) {
            status = cc_field_expect(&field, CC_WIRE_BYTES, "an input", error);
            if (status == CC_OK) {
                status = connect_input(reader, node, field.bytes, error);
            }
        }
        if (status != CC_OK) {
            cc_error_context(error, "node '%s' (%s)", node->name, node->op_type);
            return status;
        }
    }
}

/* The second walk over the nodes; they come in the order of the first. */
static cc_status connect_nodes(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_node *node = reader->graph->nodes;

    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == GRAPH_NODE) {
            status = connect_node(reader, node++, field.bytes, error);
        }
        if (status != CC_OK) {
            return status;
        }
    }
}

/* ---- graph and model ---- */

static cc_status check_counts(const cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    size_t nodes;
    size_t constants;
    size_t sparse;
    cc_status status = cc_protobuf_count(message, GRAPH_NODE, &nodes, error);

    if (status == CC_OK) {
        status = cc_protobuf_count(message, GRAPH_INITIALIZER, &constants, error);
    }
    if (status == CC_OK) {
        status = cc_protobuf_count(message, GRAPH_SPARSE_INITIALIZER, &sparse, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (nodes > (size_t)reader->options.maximum_nodes ||
        constants > (size_t)reader->options.maximum_nodes) {
        return cc_fail(error, CC_LIMIT, "%zu nodes and %zu constants are over the limit of %d",
                       nodes, constants, reader->options.maximum_nodes);
    }
    if (sparse > 0) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "holds sparse constants, which clearcut does not read; export them dense");
    }
    return CC_OK;
}

static cc_status read_graph(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    int input_values = 0;
    cc_status status = check_counts(reader, message, error);

    if (status == CC_OK) {
        status = for_each(reader, message, GRAPH_INPUT, visit_input, error);
        input_values = reader->graph->value_count;
    }
    if (status == CC_OK) {
        status = for_each(reader, message, GRAPH_INITIALIZER, visit_initializer, error);
    }
    if (status == CC_OK) {
        status = for_each(reader, message, GRAPH_NODE, cc_onnx_node, error);
    }
    if (status == CC_OK) {
        status = sort_names(reader, error);
    }
    if (status == CC_OK) {
        status = list_inputs(reader, input_values, error);
    }
    if (status == CC_OK) {
        status = connect_nodes(reader, message, error);
    }
    return status == CC_OK ? read_outputs(reader, message, error) : status;
}

static cc_status visit_opset(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    cc_field domain;
    cc_field version;
    bool found;
    cc_status status =
        cc_protobuf_find(message, OPSET_DOMAIN, CC_WIRE_BYTES, &domain, &found, error);

    if (status == CC_OK) {
        status = cc_protobuf_find(message, OPSET_VERSION, CC_WIRE_VARINT, &version, &found, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (domain.bytes.size != 0 &&
        !(domain.bytes.size == 7 && memcmp(domain.bytes.data, "ai.onnx", 7) == 0)) {
        return CC_OK; /* a node that uses it will be refused by name */
    }
    if (version.bits < CC_ONNX_OLDEST_OPSET || version.bits > CC_ONNX_NEWEST_OPSET) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "is written for operator set %" PRId64 "; clearcut knows %d to %d",
                       (int64_t)version.bits, CC_ONNX_OLDEST_OPSET, CC_ONNX_NEWEST_OPSET);
    }
    reader->graph->opset = (int)version.bits;
    return CC_OK;
}

static cc_status refuse(cc_span message, uint32_t number, const char *what, cc_error *error)
{
    size_t count;
    cc_status status = cc_protobuf_count(message, number, &count, error);

    if (status == CC_OK && count > 0) {
        status =
            cc_fail(error, CC_UNSUPPORTED,
                    "holds %s, which clearcut does not run; export the model for inference", what);
    }
    return status;
}

static cc_status check_model(cc_onnx_reader *reader, cc_span model, cc_error *error)
{
    cc_field version;
    bool found;
    cc_status status =
        cc_protobuf_find(model, MODEL_IR_VERSION, CC_WIRE_VARINT, &version, &found, error);

    if (status == CC_OK && (version.bits == 0 || version.bits > 1000)) {
        status = cc_fail(error, CC_CORRUPT, "gives no ONNX version");
    }
    if (status == CC_OK) {
        status = for_each(reader, model, MODEL_OPSET_IMPORT, visit_opset, error);
    }
    if (status == CC_OK && reader->graph->opset == 0) {
        status = cc_fail(error, CC_CORRUPT, "names no operator set");
    }
    if (status == CC_OK) {
        status = refuse(model, MODEL_TRAINING_INFO, "training steps", error);
    }
    if (status == CC_OK) {
        status = refuse(model, MODEL_FUNCTIONS, "functions of its own", error);
    }
    return status;
}

static cc_status read_model(cc_onnx_reader *reader, cc_span model, cc_error *error)
{
    cc_field graph;
    bool found;
    size_t graphs;
    cc_status status = check_model(reader, model, error);

    if (status == CC_OK) {
        status = cc_protobuf_count(model, MODEL_GRAPH, &graphs, error);
    }
    if (status == CC_OK && graphs != 1) {
        status = cc_fail(error, CC_CORRUPT, "holds %zu graphs instead of one", graphs);
    }
    if (status == CC_OK) {
        status = cc_protobuf_find(model, MODEL_GRAPH, CC_WIRE_BYTES, &graph, &found, error);
    }
    return status == CC_OK ? read_graph(reader, graph.bytes, error) : status;
}

cc_status cc_onnx_read(const void *data, size_t size, const cc_onnx_options *options,
                       cc_graph *graph, cc_error *error)
{
    cc_onnx_reader reader = {.graph = graph};
    cc_span model = {.data = data, .size = size};
    cc_status status;

    memset(graph, 0, sizeof *graph);
    if (options != NULL) {
        reader.options = *options;
    }
    if (reader.options.maximum_bytes == 0) {
        reader.options.maximum_bytes = DEFAULT_MAXIMUM_BYTES;
    }
    if (reader.options.maximum_nodes <= 0) {
        reader.options.maximum_nodes = DEFAULT_MAXIMUM_NODES;
    }
    graph->maximum_bytes = reader.options.maximum_bytes;
    graph->arena.limit = reader.options.maximum_bytes;
    status = size > 0 ? read_model(&reader, model, error) : cc_fail(error, CC_CORRUPT, "is empty");
    cc_free(reader.names);
    if (status != CC_OK) {
        cc_graph_release(graph);
        cc_error_context(error, status == CC_CORRUPT ? "not a whole ONNX model" : "ONNX model");
    }
    return status;
}
