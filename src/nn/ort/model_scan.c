#include "nn/ort/model_scan.h"

#include <string.h>

/* Field numbers of onnx.proto (onnx/onnx, version 1). */
enum {
    MODEL_GRAPH = 7,
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_GRAPH = 6,
    ATTRIBUTE_TENSORS = 10,
    ATTRIBUTE_GRAPHS = 11,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIMENSION = 1,
    DIMENSION_NAME = 2,
    DEEPEST = 8
};

/* Is the field a message with this number? */
static bool is_message(const cc_field *field, uint32_t number)
{
    return field->number == number && field->wire == CC_WIRE_BYTES;
}

static cc_status scan_tensor(cc_span tensor, cc_ort_model_facts *facts, cc_error *error)
{
    cc_field field;
    bool more = false;
    cc_status status;

    while ((status = cc_protobuf_next(&tensor, &field, &more, error)) == CC_OK && more) {
        if (field.number == TENSOR_EXTERNAL ||
            (field.number == TENSOR_LOCATION && field.bits != 0)) {
            facts->external_data = true;
        }
    }
    return status;
}

static cc_status scan_graph(cc_span graph, int depth, cc_ort_model_facts *facts, cc_error *error);

static cc_status scan_attribute(cc_span attribute, int depth, cc_ort_model_facts *facts,
                                cc_error *error)
{
    cc_field field;
    bool more = false;
    cc_status status;

    while ((status = cc_protobuf_next(&attribute, &field, &more, error)) == CC_OK && more) {
        if (is_message(&field, ATTRIBUTE_TENSOR) || is_message(&field, ATTRIBUTE_TENSORS)) {
            status = scan_tensor(field.bytes, facts, error);
        } else if (is_message(&field, ATTRIBUTE_GRAPH) || is_message(&field, ATTRIBUTE_GRAPHS)) {
            status = scan_graph(field.bytes, depth + 1, facts, error);
        }
        if (status != CC_OK) {
            break;
        }
    }
    return status;
}

static cc_status scan_node(cc_span node, int depth, cc_ort_model_facts *facts, cc_error *error)
{
    cc_field field;
    bool more = false;
    cc_status status;

    while ((status = cc_protobuf_next(&node, &field, &more, error)) == CC_OK && more) {
        if (is_message(&field, NODE_ATTRIBUTE)) {
            status = scan_attribute(field.bytes, depth, facts, error);
            if (status != CC_OK) {
                break;
            }
        }
    }
    return status;
}

static void add_open(cc_ort_model_facts *facts, cc_span name, int input, int dimension)
{
    cc_ort_open_dimension *open = &facts->open[facts->open_count];

    if (name.size == 0 || name.size >= CC_ORT_DIMENSION_NAME ||
        facts->open_count == CC_ORT_MOST_OPEN) {
        return;
    }
    for (int i = 0; i < facts->open_count; i++) {
        if (strlen(facts->open[i].name) == name.size &&
            memcmp(facts->open[i].name, name.data, name.size) == 0) {
            return;
        }
    }
    memcpy(open->name, name.data, name.size);
    open->name[name.size] = '\0';
    open->input = input;
    open->dimension = dimension;
    facts->open_count++;
}

/* The tensor type of an input: ValueInfoProto.type.tensor_type.shape; an input that
 * has none is left to the library. */
static cc_status find_shape(cc_span value, cc_span *shape, cc_error *error)
{
    static const uint32_t path[] = {VALUE_TYPE, TYPE_TENSOR, TENSOR_SHAPE};

    *shape = value;
    for (int i = 0; i < 3; i++) {
        cc_field field;
        bool found = false;
        cc_status status = cc_protobuf_find(*shape, path[i], CC_WIRE_BYTES, &field, &found, error);
        if (status != CC_OK || !found) {
            *shape = (cc_span){0};
            return status;
        }
        *shape = field.bytes;
    }
    return CC_OK;
}

static cc_status scan_input(cc_span value, int input, cc_ort_model_facts *facts, cc_error *error)
{
    cc_span shape;
    cc_field field;
    bool more = false;
    int dimension = 0;
    cc_status status = find_shape(value, &shape, error);

    while (status == CC_OK && (status = cc_protobuf_next(&shape, &field, &more, error)) == CC_OK &&
           more) {
        cc_field name;
        bool found = false;
        if (!is_message(&field, SHAPE_DIMENSION)) {
            continue;
        }
        status = cc_protobuf_find(field.bytes, DIMENSION_NAME, CC_WIRE_BYTES, &name, &found, error);
        if (status == CC_OK && found) {
            add_open(facts, name.bytes, input, dimension);
        }
        dimension++;
    }
    return status;
}

static cc_status scan_graph(cc_span graph, int depth, cc_ort_model_facts *facts, cc_error *error)
{
    cc_field field;
    bool more = false;
    int input = 0;
    cc_status status;

    if (depth > DEEPEST) {
        return cc_fail(error, CC_LIMIT, "graphs nested deeper than %d", (int)DEEPEST);
    }
    while ((status = cc_protobuf_next(&graph, &field, &more, error)) == CC_OK && more) {
        if (is_message(&field, GRAPH_INITIALIZER)) {
            status = scan_tensor(field.bytes, facts, error);
        } else if (is_message(&field, GRAPH_NODE)) {
            status = scan_node(field.bytes, depth, facts, error);
        } else if (is_message(&field, GRAPH_INPUT) && depth == 0) {
            status = scan_input(field.bytes, input++, facts, error);
        }
        if (status != CC_OK) {
            break;
        }
    }
    return status;
}

cc_status cc_ort_model_scan(const void *data, size_t size, cc_ort_model_facts *facts,
                            cc_error *error)
{
    cc_field graph;
    bool found = false;
    cc_status status;

    memset(facts, 0, sizeof *facts);
    status =
        cc_protobuf_find((cc_span){data, size}, MODEL_GRAPH, CC_WIRE_BYTES, &graph, &found, error);
    if (status != CC_OK) {
        cc_error_context(error, "no ONNX file");
        return status;
    }
    if (!found) {
        return cc_fail(error, CC_MODEL, "no ONNX file: it holds no graph");
    }
    return scan_graph(graph.bytes, 0, facts, error);
}
