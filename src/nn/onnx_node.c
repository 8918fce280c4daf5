/* Nodes and their attributes: NodeProto and AttributeProto. */
#include "nn/onnx_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nn/ops/operator.h"

enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP_TYPE = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7
};

enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_S = 4,
    ATTRIBUTE_T = 5,
    ATTRIBUTE_G = 6,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_STRINGS = 9,
    ATTRIBUTE_GRAPHS = 11,
    ATTRIBUTE_TYPE = 20
};

/* AttributeProto.AttributeType */
enum {
    TYPE_UNDEFINED = 0,
    TYPE_FLOAT = 1,
    TYPE_INT = 2,
    TYPE_STRING = 3,
    TYPE_TENSOR = 4,
    TYPE_GRAPH = 5,
    TYPE_FLOATS = 6,
    TYPE_INTS = 7,
    TYPE_STRINGS = 8,
    TYPE_GRAPHS = 10
};

/* Far above any operator of ONNX; keeps the search for double names short. */
#define MAXIMUM_ATTRIBUTES 64

/* The text of field `number`, or "" if the message has none. */
static cc_status text_field(cc_onnx_reader *reader, cc_span message, uint32_t number,
                            const char **text, cc_error *error)
{
    cc_field field;
    bool found;
    cc_status status = cc_protobuf_find(message, number, CC_WIRE_BYTES, &field, &found, error);

    return status == CC_OK ? cc_onnx_text(reader, field.bytes, text, error) : status;
}

/* ---- attributes ---- */

static cc_status scalar_attribute(cc_span message, uint32_t number, cc_wire wire, uint64_t *bits,
                                  cc_error *error)
{
    cc_field field;
    bool found;
    cc_status status = cc_protobuf_find(message, number, wire, &field, &found, error);

    *bits = field.bits; /* 0 if left out: protobuf's default */
    return status;
}

static float float_of_bits(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float value;

    memcpy(&value, &word, sizeof value);
    return value;
}

static cc_status number_list(cc_onnx_reader *reader, cc_span message, uint32_t number, cc_wire wire,
                             cc_attribute *attribute, cc_error *error)
{
    cc_repeated values = cc_repeated_begin(message, number, wire);
    float *floats = NULL;
    int64_t *ints = NULL;
    cc_status status = cc_repeated_count(message, number, wire, &attribute->count, error);

    if (status != CC_OK) {
        return status;
    }
    floats = cc_arena_alloc(&reader->graph->arena, attribute->count, sizeof(int64_t));
    if (floats == NULL) {
        return cc_fail_memory(error, attribute->count * sizeof(int64_t));
    }
    ints = (int64_t *)(void *)floats; /* the room fits either */
    for (size_t i = 0; i < attribute->count; i++) {
        uint64_t bits = 0;
        bool more;
        status = cc_repeated_next(&values, &bits, &more, error);
        if (status != CC_OK) {
            return status;
        }
        if (wire == CC_WIRE_FIXED32) {
            floats[i] = float_of_bits(bits);
        } else {
            ints[i] = (int64_t)bits;
        }
    }
    attribute->floats = wire == CC_WIRE_FIXED32 ? floats : NULL;
    attribute->ints = wire == CC_WIRE_FIXED32 ? NULL : ints;
    return CC_OK;
}

static cc_status string_list(cc_onnx_reader *reader, cc_span message, cc_attribute *attribute,
                             cc_error *error)
{
    const char **strings;
    size_t filled = 0;
    cc_status status = cc_protobuf_count(message, ATTRIBUTE_STRINGS, &attribute->count, error);

    if (status != CC_OK) {
        return status;
    }
    strings = cc_arena_alloc(&reader->graph->arena, attribute->count, sizeof *strings);
    if (strings == NULL) {
        return cc_fail_memory(error, attribute->count * sizeof *strings);
    }
    attribute->strings = strings;
    for (;;) {
        cc_field field;
        bool more;
        status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == ATTRIBUTE_STRINGS) {
            status = cc_onnx_text(reader, field.bytes, &strings[filled++], error);
        }
        if (status != CC_OK) {
            return status;
        }
    }
}

static cc_status tensor_attribute(cc_onnx_reader *reader, cc_span message, const char *node_name,
                                  cc_attribute *attribute, cc_error *error)
{
    static const cc_tensor_target arena = {.value = -1};
    cc_field field;
    bool found;
    cc_status status = cc_protobuf_find(message, ATTRIBUTE_T, CC_WIRE_BYTES, &field, &found, error);

    if (status == CC_OK && !found) {
        status = cc_fail(error, CC_CORRUPT, "holds no tensor");
    }
    if (status == CC_OK) {
        status = cc_onnx_tensor(reader, field.bytes, arena, node_name, &attribute->tensor, error);
    }
    return status;
}

/* Files of ONNX before version 1.2 may leave the type out: tell by what is there. */
static cc_status attribute_type(cc_span message, uint64_t *type, cc_error *error)
{
    static const struct {
        uint32_t field;
        uint64_t type;
    } known[] = {
        {ATTRIBUTE_F, TYPE_FLOAT},       {ATTRIBUTE_I, TYPE_INT},
        {ATTRIBUTE_S, TYPE_STRING},      {ATTRIBUTE_T, TYPE_TENSOR},
        {ATTRIBUTE_G, TYPE_GRAPH},       {ATTRIBUTE_FLOATS, TYPE_FLOATS},
        {ATTRIBUTE_INTS, TYPE_INTS},     {ATTRIBUTE_STRINGS, TYPE_STRINGS},
        {ATTRIBUTE_GRAPHS, TYPE_GRAPHS},
    };
    cc_status status = scalar_attribute(message, ATTRIBUTE_TYPE, CC_WIRE_VARINT, type, error);

    for (size_t i = 0; i < sizeof known / sizeof known[0] && status == CC_OK; i++) {
        size_t count;
        if (*type != TYPE_UNDEFINED) {
            break;
        }
        status = cc_protobuf_count(message, known[i].field, &count, error);
        *type = count > 0 ? known[i].type : TYPE_UNDEFINED;
    }
    return status;
}

static cc_status attribute_value(cc_onnx_reader *reader, cc_span message, uint64_t type,
                                 const char *node_name, cc_attribute *attribute, cc_error *error)
{
    uint64_t bits = 0;
    cc_status status;

    switch (type) {
    case TYPE_FLOAT:
        attribute->kind = CC_ATTRIBUTE_FLOAT;
        status = scalar_attribute(message, ATTRIBUTE_F, CC_WIRE_FIXED32, &bits, error);
        attribute->f = float_of_bits(bits);
        return status;
    case TYPE_INT:
        attribute->kind = CC_ATTRIBUTE_INT;
        status = scalar_attribute(message, ATTRIBUTE_I, CC_WIRE_VARINT, &bits, error);
        attribute->i = (int64_t)bits;
        return status;
    case TYPE_STRING:
        attribute->kind = CC_ATTRIBUTE_STRING;
        return text_field(reader, message, ATTRIBUTE_S, &attribute->string, error);
    case TYPE_TENSOR:
        attribute->kind = CC_ATTRIBUTE_TENSOR;
        return tensor_attribute(reader, message, node_name, attribute, error);
    case TYPE_FLOATS:
        attribute->kind = CC_ATTRIBUTE_FLOATS;
        return number_list(reader, message, ATTRIBUTE_FLOATS, CC_WIRE_FIXED32, attribute, error);
    case TYPE_INTS:
        attribute->kind = CC_ATTRIBUTE_INTS;
        return number_list(reader, message, ATTRIBUTE_INTS, CC_WIRE_VARINT, attribute, error);
    case TYPE_STRINGS:
        attribute->kind = CC_ATTRIBUTE_STRINGS;
        return string_list(reader, message, attribute, error);
    case TYPE_UNDEFINED: return cc_fail(error, CC_CORRUPT, "has no type and no value");
    case TYPE_GRAPH:
    case TYPE_GRAPHS:
        return cc_fail(error, CC_UNSUPPORTED,
                       "holds a sub-graph, which clearcut cannot run; export the model without "
                       "control flow");
    default:
        return cc_fail(error, CC_UNSUPPORTED,
                       "has attribute type %" PRIu64 ", which clearcut cannot use", type);
    }
}

static cc_status read_attribute(cc_onnx_reader *reader, cc_span message, const char *node_name,
                                cc_attribute *attribute, cc_error *error)
{
    uint64_t type;
    cc_status status = text_field(reader, message, ATTRIBUTE_NAME, &attribute->name, error);

    if (status != CC_OK) {
        return status;
    }
    status = attribute_type(message, &type, error);
    if (status == CC_OK) {
        status = attribute_value(reader, message, type, node_name, attribute, error);
    }
    if (status != CC_OK) {
        cc_error_context(error, "attribute '%s'", attribute->name);
    }
    return status;
}

static cc_status append_attribute(cc_onnx_reader *reader, cc_node *node, cc_span message,
                                  cc_error *error)
{
    cc_attribute attribute = {0};
    cc_status status;

    if (node->attribute_count == MAXIMUM_ATTRIBUTES) {
        return cc_fail(error, CC_LIMIT, "has more than %d attributes", MAXIMUM_ATTRIBUTES);
    }
    status = read_attribute(reader, message, node->name, &attribute, error);
    if (status != CC_OK) {
        return status;
    }
    if (cc_node_attribute(node, attribute.name) != NULL) {
        return cc_fail(error, CC_CORRUPT, "has attribute '%s' twice", attribute.name);
    }
    node->attributes[node->attribute_count++] = attribute;
    return CC_OK;
}

static cc_status read_attributes(cc_onnx_reader *reader, cc_node *node, cc_span message,
                                 cc_error *error)
{
    size_t count;
    cc_status status = cc_protobuf_count(message, NODE_ATTRIBUTE, &count, error);

    if (status != CC_OK) {
        return status;
    }
    count = count < MAXIMUM_ATTRIBUTES ? count : MAXIMUM_ATTRIBUTES;
    node->attributes = cc_arena_alloc(&reader->graph->arena, count, sizeof *node->attributes);
    if (node->attributes == NULL) {
        return cc_fail_memory(error, count * sizeof *node->attributes);
    }
    for (;;) {
        cc_field field;
        bool more;
        status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == NODE_ATTRIBUTE) {
            status = cc_field_expect(&field, CC_WIRE_BYTES, "an attribute", error);
            if (status == CC_OK) {
                status = append_attribute(reader, node, field.bytes, error);
            }
        }
        if (status != CC_OK) {
            return status;
        }
    }
}

/* ---- outputs, and room for the inputs ---- */

static cc_status read_output(cc_onnx_reader *reader, int node, cc_span bytes, cc_error *error)
{
    cc_node *target = &reader->graph->nodes[node];
    cc_name_entry entry = {0};
    const char *name;
    cc_status status = cc_onnx_text(reader, bytes, &name, error);

    if (status != CC_OK) {
        return status;
    }
    entry.value = -1; /* an empty name: nobody wants this output */
    if (name[0] != '\0') {
        entry.value = cc_graph_add_value(reader->graph, name);
        if (entry.value < 0) {
            return cc_fail_memory(error, sizeof(cc_value));
        }
        reader->graph->values[entry.value].producer = node;
        status = cc_onnx_define(reader, entry, error);
    }
    target->outputs[target->output_count++] = entry.value;
    return status;
}

static cc_status allocate_ports(cc_onnx_reader *reader, cc_node *node, cc_span message,
                                cc_error *error)
{
    size_t inputs;
    size_t outputs;
    cc_status status = cc_protobuf_count(message, NODE_INPUT, &inputs, error);

    if (status == CC_OK) {
        status = cc_protobuf_count(message, NODE_OUTPUT, &outputs, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (inputs > CC_MAX_INPUTS || outputs > CC_MAX_INPUTS) {
        return cc_fail(error, CC_LIMIT, "has more than %d inputs or outputs", CC_MAX_INPUTS);
    }
    node->inputs = cc_arena_alloc(&reader->graph->arena, inputs, sizeof(int));
    node->outputs = cc_arena_alloc(&reader->graph->arena, outputs, sizeof(int));
    if (node->inputs == NULL || node->outputs == NULL) {
        return cc_fail_memory(error, (inputs + outputs) * sizeof(int));
    }
    return CC_OK;
}

static cc_status read_outputs(cc_onnx_reader *reader, int node, cc_span message, cc_error *error)
{
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number == NODE_OUTPUT) {
            status = cc_field_expect(&field, CC_WIRE_BYTES, "an output", error);
            if (status == CC_OK) {
                status = read_output(reader, node, field.bytes, error);
            }
        }
        if (status != CC_OK) {
            return status;
        }
    }
}

/* ---- the node ---- */

static cc_status check_domain(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    const char *domain;
    cc_status status = text_field(reader, message, NODE_DOMAIN, &domain, error);

    if (status == CC_OK && domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0) {
        status = cc_fail(error, CC_UNSUPPORTED,
                         "comes from operator domain '%s'; clearcut has only ONNX's own operators",
                         domain);
    }
    return status;
}

static cc_status add_node(cc_onnx_reader *reader, cc_span message, int *node, cc_error *error)
{
    char made_up[128];
    const char *op_type;
    const char *name = "";
    cc_status status = text_field(reader, message, NODE_OP_TYPE, &op_type, error);

    if (status == CC_OK) {
        status = text_field(reader, message, NODE_NAME, &name, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (op_type[0] == '\0') {
        return cc_fail(error, CC_CORRUPT, "node %d ('%s') names no operator",
                       reader->graph->node_count, name);
    }
    if (name[0] == '\0') {
        snprintf(made_up, sizeof made_up, "%.100s_%d", op_type, reader->graph->node_count);
        name = made_up;
    }
    *node = cc_graph_add_node(reader->graph, op_type, name);
    return *node >= 0 ? CC_OK : cc_fail_memory(error, sizeof(cc_node));
}

cc_status cc_onnx_node(cc_onnx_reader *reader, cc_span message, cc_error *error)
{
    int index = -1;
    cc_node *node;
    cc_status status = add_node(reader, message, &index, error);

    if (status != CC_OK) {
        return status;
    }
    node = &reader->graph->nodes[index];
    status = check_domain(reader, message, error);
    if (status == CC_OK) {
        status = read_attributes(reader, node, message, error);
    }
    if (status == CC_OK) {
        status = allocate_ports(reader, node, message, error);
    }
    if (status == CC_OK) {
        status = read_outputs(reader, index, message, error);
    }
    if (status != CC_OK) {
        cc_error_context(error, "node '%s' (%s)", node->name, node->op_type);
    }
    return status;
}
