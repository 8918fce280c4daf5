/* Inputs of the graph: ValueInfoProto with its type and shape. */
#include "nn/onnx_reader.h"

#include <inttypes.h>
#include <string.h>

enum { VALUE_NAME = 1, VALUE_TYPE = 2 };
enum { TYPE_TENSOR = 1 };
enum { TENSOR_ELEMENT_TYPE = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1 };
enum { DIM_VALUE = 1 };

/* A dimension with a name instead of a number, or with neither, is open. */
static cc_status read_dim(cc_span message, int64_t *dim, cc_error *error)
{
    cc_field field;
    bool found;
    cc_status status = cc_protobuf_find(message, DIM_VALUE, CC_WIRE_VARINT, &field, &found, error);

    *dim = found ? (int64_t)field.bits : -1;
    if (status == CC_OK && found && (*dim < 0 || *dim > CC_MAX_ELEMENTS)) {
        status = cc_fail(error, CC_CORRUPT, "dimension %" PRId64 " is not possible", *dim);
    }
    return status;
}

static cc_status read_shape(cc_span message, cc_value *value, cc_error *error)
{
    cc_shape *shape = &value->tensor.shape;

    shape->rank = 0;
    value->shape_known = true;
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number != SHAPE_DIM) {
            continue;
        }
        if (shape->rank == CC_MAX_RANK) {
            return cc_fail(error, CC_UNSUPPORTED, "has more than %d dimensions", CC_MAX_RANK);
        }
        status = cc_field_expect(&field, CC_WIRE_BYTES, "a dimension", error);
        if (status == CC_OK) {
            status = read_dim(field.bytes, &shape->dims[shape->rank], error);
        }
        if (status != CC_OK) {
            return status;
        }
        value->shape_known = value->shape_known && shape->dims[shape->rank] >= 0;
        shape->rank++;
    }
}

static cc_status read_tensor_type(cc_span message, cc_value *value, cc_error *error)
{
    cc_field type;
    cc_field shape;
    bool found;
    cc_status status =
        cc_protobuf_find(message, TENSOR_ELEMENT_TYPE, CC_WIRE_VARINT, &type, &found, error);

    if (status == CC_OK && (type.bits > 1000 || cc_dtype_size((cc_dtype)type.bits) == 0)) {
        status = cc_fail(error, CC_UNSUPPORTED,
                         "has element type %" PRIu64 ", which clearcut does not have", type.bits);
    }
    if (status == CC_OK) {
        value->tensor.dtype = (cc_dtype)type.bits;
        status = cc_protobuf_find(message, TENSOR_SHAPE, CC_WIRE_BYTES, &shape, &found, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (!found) {
        value->tensor.shape.rank = -1;
        value->shape_known = false;
        return CC_OK;
    }
    return read_shape(shape.bytes, value, error);
}

static cc_status read_type(cc_span message, cc_value *value, cc_error *error)
{
    cc_field type;
    cc_field tensor = {0};
    bool found;
    cc_status status = cc_protobuf_find(message, VALUE_TYPE, CC_WIRE_BYTES, &type, &found, error);

    if (status == CC_OK) {
        status = cc_protobuf_find(type.bytes, TYPE_TENSOR, CC_WIRE_BYTES, &tensor, &found, error);
    }
    if (status == CC_OK && !found) {
        status = cc_fail(error, CC_UNSUPPORTED, "is not a tensor");
    }
    return status == CC_OK ? read_tensor_type(tensor.bytes, value, error) : status;
}

cc_status cc_onnx_input(cc_onnx_reader *reader, cc_span message, int *value, cc_error *error)
{
    cc_field field;
    bool found;
    const char *name = "";
    cc_status status = cc_protobuf_find(message, VALUE_NAME, CC_WIRE_BYTES, &field, &found, error);

    if (status == CC_OK) {
        status = cc_onnx_text(reader, field.bytes, &name, error);
    }
    if (status == CC_OK && name[0] == '\0') {
        status = cc_fail(error, CC_CORRUPT, "an input has no name");
    }
    if (status != CC_OK) {
        return status;
    }
    *value = cc_graph_add_value(reader->graph, name);
    if (*value < 0) {
        return cc_fail_memory(error, sizeof(cc_value));
    }
    status = read_type(message, &reader->graph->values[*value], error);
    if (status != CC_OK) {
        cc_error_context(error, "input '%s'", name);
    }
    return status;
}
