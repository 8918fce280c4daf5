/* Constants: TensorProto into cc_tensor. */
#include "nn/onnx_reader.h"

#include <inttypes.h>
#include <string.h>

/* raw_data is little-endian by ONNX's rule and used as it lies in the file. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the ONNX reader expects a little-endian processor"
#endif

enum {
    TENSOR_DIMS = 1,
    TENSOR_DATA_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOAT_DATA = 4,
    TENSOR_INT32_DATA = 5,
    TENSOR_INT64_DATA = 7,
    TENSOR_RAW_DATA = 9,
    TENSOR_DOUBLE_DATA = 10,
    TENSOR_DATA_LOCATION = 14
};

static cc_status read_dims(cc_span message, cc_shape *shape, const char *owner, cc_error *error)
{
    cc_repeated dims = cc_repeated_begin(message, TENSOR_DIMS, CC_WIRE_VARINT);

    shape->rank = 0;
    for (;;) {
        uint64_t bits;
        bool more;
        cc_status status = cc_repeated_next(&dims, &bits, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (shape->rank == CC_MAX_RANK) {
            return cc_fail(error, CC_UNSUPPORTED, "constant '%s' has more than %d dimensions",
                           owner, CC_MAX_RANK);
        }
        shape->dims[shape->rank++] = (int64_t)bits;
    }
}

static const char *foreign_type_name(uint64_t type)
{
    static const char *const names[] = {
        "undefined", "", "", "",       "uint16", "int16",     "",           "",        "string",
        "",          "", "", "uint32", "uint64", "complex64", "complex128", "bfloat16"};
    bool known = type < sizeof names / sizeof names[0] && names[type][0] != '\0';
    return known ? names[type] : "a newer type";
}

static cc_status read_dtype(cc_span message, cc_dtype *dtype, const char *owner, cc_error *error)
{
    cc_field field;
    bool found;
    cc_status status =
        cc_protobuf_find(message, TENSOR_DATA_TYPE, CC_WIRE_VARINT, &field, &found, error);

    if (status != CC_OK) {
        return status;
    }
    if (field.bits > 1000 || cc_dtype_size((cc_dtype)field.bits) == 0) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "constant '%s' has element type %" PRIu64 " (%s), which clearcut does not "
                       "have; export the model in float32",
                       owner, field.bits, foreign_type_name(field.bits));
    }
    *dtype = (cc_dtype)field.bits;
    return CC_OK;
}

static cc_status read_head(cc_span message, cc_tensor *tensor, const char *owner, cc_error *error)
{
    char text[128];
    cc_field segment;
    bool segmented;
    cc_status status = read_dims(message, &tensor->shape, owner, error);

    if (status == CC_OK) {
        status = read_dtype(message, &tensor->dtype, owner, error);
    }
    if (status == CC_OK && cc_shape_elements(&tensor->shape) < 0) {
        status = cc_fail(error, CC_CORRUPT, "constant '%s' has an impossible shape, %s", owner,
                         cc_shape_text(&tensor->shape, text, sizeof text));
    }
    if (status == CC_OK) {
        status =
            cc_protobuf_find(message, TENSOR_SEGMENT, CC_WIRE_BYTES, &segment, &segmented, error);
    }
    if (status == CC_OK && segmented) {
        status = cc_fail(error, CC_UNSUPPORTED, "constant '%s' is stored in segments", owner);
    }
    return status;
}

static cc_status arena_room(cc_onnx_reader *reader, size_t bytes, void **data, cc_error *error)
{
    size_t padded;
    char *memory = NULL;

    if (cc_size_add(bytes, CC_ALIGNMENT, &padded)) {
        memory = cc_arena_alloc(&reader->graph->arena, padded, 1);
    }
    if (memory == NULL) {
        return cc_fail_memory(error, bytes);
    }
    memory += (CC_ALIGNMENT - (uintptr_t)memory % CC_ALIGNMENT) % CC_ALIGNMENT;
    *data = memory;
    return CC_OK;
}

static size_t tensor_bytes(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape) * cc_dtype_size(tensor->dtype);
}

cc_status cc_onnx_allocate(cc_onnx_reader *reader, cc_tensor_target target, cc_tensor *tensor,
                           cc_error *error)
{
    cc_status status;

    if (target.value < 0) {
        return arena_room(reader, tensor_bytes(tensor), &tensor->data, error);
    }
    status = cc_graph_allocate_constant(reader->graph, target.value, tensor->dtype, &tensor->shape,
                                        error);
    if (status == CC_OK) {
        tensor->data = reader->graph->values[target.value].tensor.data;
    }
    return status;
}

/* With leave_unaligned, constants from this size on may lie anywhere. */
#define LARGE_BYTES 16384

/* Halves may lie anywhere: widening, which is all that is done with them, reads
 * byte by byte, and the copy of a whole network is saved. */
static bool may_stay(const cc_onnx_reader *reader, const void *data, const cc_tensor *tensor)
{
    return tensor->dtype == CC_FLOAT16 || (uintptr_t)data % cc_dtype_size(tensor->dtype) == 0 ||
           (reader->options.leave_unaligned && tensor->dtype == CC_FLOAT32 &&
            tensor_bytes(tensor) >= LARGE_BYTES);
}

/* Bytes as they lie in the file. They are only read through the tensor: nothing
 * writes to a constant that the graph does not own. */
static cc_status take_raw(cc_onnx_reader *reader, cc_span raw, cc_tensor_target target,
                          const char *owner, cc_tensor *tensor, cc_error *error)
{
    char text[128];
    size_t bytes = tensor_bytes(tensor);
    cc_status status;

    if (raw.size != bytes) {
        return cc_fail(error, CC_CORRUPT,
                       "constant '%s' of shape %s (%s) needs %zu bytes and has %zu", owner,
                       cc_shape_text(&tensor->shape, text, sizeof text),
                       cc_dtype_name(tensor->dtype), bytes, raw.size);
    }
    if (bytes > 0 && tensor->dtype != CC_BOOL && may_stay(reader, raw.data, tensor)) {
        tensor->data = (void *)(uintptr_t)raw.data;
        return CC_OK;
    }
    status = cc_onnx_allocate(reader, target, tensor, error);
    if (status == CC_OK && bytes > 0) {
        memcpy(tensor->data, raw.data, bytes);
    }
    return status;
}

/* ---- typed fields ---- */

/* Which field holds elements of this type when raw_data does not. */
static uint32_t typed_field(cc_dtype dtype, cc_wire *wire)
{
    *wire = CC_WIRE_VARINT;
    switch (dtype) {
    case CC_FLOAT32: *wire = CC_WIRE_FIXED32; return TENSOR_FLOAT_DATA;
    case CC_FLOAT64: *wire = CC_WIRE_FIXED64; return TENSOR_DOUBLE_DATA;
    case CC_INT64: return TENSOR_INT64_DATA;
    default: return TENSOR_INT32_DATA;
    }
}

/* Put one value at element `index`; false if it is out of the type's range. */
static bool store(const cc_tensor *tensor, size_t index, uint64_t bits)
{
    int64_t number = (int64_t)bits;

    switch (tensor->dtype) {
    case CC_FLOAT32:
    case CC_FLOAT64:
    case CC_INT64:
        memcpy((char *)tensor->data + index * cc_dtype_size(tensor->dtype), &bits,
               cc_dtype_size(tensor->dtype));
        return true;
    case CC_INT32:
        /* Negative numbers are sign-extended to 64 bits, but some writers stop at 32. */
        ((int32_t *)tensor->data)[index] = (int32_t)(uint32_t)bits;
        return (number >= INT32_MIN && number <= UINT32_MAX);
    case CC_FLOAT16: ((uint16_t *)tensor->data)[index] = (uint16_t)bits; return bits <= UINT16_MAX;
    case CC_UINT8: ((uint8_t *)tensor->data)[index] = (uint8_t)bits; return bits <= UINT8_MAX;
    case CC_INT8:
        number = (int32_t)(uint32_t)bits;
        ((int8_t *)tensor->data)[index] = (int8_t)number;
        return number >= INT8_MIN && number <= INT8_MAX;
    case CC_BOOL: ((uint8_t *)tensor->data)[index] = bits != 0; return bits <= 1;
    case CC_DTYPE_NONE: break;
    }
    return false;
}

static cc_status store_all(cc_repeated values, const cc_tensor *tensor, size_t count,
                           const char *owner, cc_error *error)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        bool more;
        cc_status status = cc_repeated_next(&values, &bits, &more, error);
        if (status != CC_OK) {
            return status;
        }
        if (!more || !store(tensor, i, bits)) {
            return cc_fail(error, CC_CORRUPT, "constant '%s' holds a value that %s cannot", owner,
                           cc_dtype_name(tensor->dtype));
        }
    }
    return CC_OK;
}

static cc_status take_typed(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                            const char *owner, cc_tensor *tensor, cc_error *error)
{
    char text[128];
    cc_wire wire;
    uint32_t number = typed_field(tensor->dtype, &wire);
    size_t elements = (size_t)cc_shape_elements(&tensor->shape);
    size_t count;
    cc_status status = cc_repeated_count(message, number, wire, &count, error);

    if (status == CC_OK && count != elements) {
        status =
            cc_fail(error, CC_CORRUPT, "constant '%s' of shape %s needs %zu elements and has %zu",
                    owner, cc_shape_text(&tensor->shape, text, sizeof text), elements, count);
    }
    if (status == CC_OK) {
        status = cc_onnx_allocate(reader, target, tensor, error);
    }
    if (status == CC_OK) {
        status = store_all(cc_repeated_begin(message, number, wire), tensor, count, owner, error);
    }
    return status;
}

static cc_status take_data(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                           const char *owner, cc_tensor *tensor, cc_error *error)
{
    cc_field location;
    cc_field raw;
    bool found;
    cc_status status =
        cc_protobuf_find(message, TENSOR_DATA_LOCATION, CC_WIRE_VARINT, &location, &found, error);

    if (status == CC_OK && location.bits != 0) {
        return cc_onnx_external(reader, message, target, owner, tensor, error);
    }
    if (status == CC_OK) {
        status = cc_protobuf_find(message, TENSOR_RAW_DATA, CC_WIRE_BYTES, &raw, &found, error);
    }
    if (status != CC_OK) {
        return status;
    }
    return found ? take_raw(reader, raw.bytes, target, owner, tensor, error)
                 : take_typed(reader, message, target, owner, tensor, error);
}

/* Files may hold any byte for "true"; operators count on 0 and 1. Booleans are
 * never left in the file, so that this may write. */
static void normalise_flags(const cc_tensor *tensor)
{
    uint8_t *flags = tensor->data;
    int64_t count = cc_shape_elements(&tensor->shape);

    for (int64_t i = 0; i < count; i++) {
        flags[i] = flags[i] != 0;
    }
}

cc_status cc_onnx_tensor(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                         const char *owner, cc_tensor *tensor, cc_error *error)
{
    cc_status status;

    memset(tensor, 0, sizeof *tensor);
    status = read_head(message, tensor, owner, error);
    if (status == CC_OK) {
        status = take_data(reader, message, target, owner, tensor, error);
    }
    if (status == CC_OK && tensor->dtype == CC_BOOL) {
        normalise_flags(tensor);
    }
    if (status == CC_OK && target.value >= 0) {
        cc_value *value = &reader->graph->values[target.value];
        value->tensor = *tensor;
        value->is_constant = true;
        value->shape_known = true;
    }
    return status;
}
