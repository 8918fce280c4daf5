#include "nn/protobuf.h"

#include <string.h>

/* Groups are a deprecated way of nesting; ONNX never used them. */
enum { WIRE_GROUP_START = 3, WIRE_GROUP_END = 4 };

static cc_status ends_early(cc_error *error)
{
    return cc_fail(error, CC_CORRUPT, "the data ends inside a field; the file may be cut short");
}

static cc_status read_varint(cc_span *span, uint64_t *value, cc_error *error)
{
    uint64_t result = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        if (span->size == 0) {
            return ends_early(error);
        }
        byte = *span->data;
        span->data++;
        span->size--;
        if (shift == 63 && byte > 1) {
            break; /* more than 64 bits */
        }
        result |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80u) {
            *value = result;
            return CC_OK;
        }
    }
    return cc_fail(error, CC_CORRUPT, "a number is longer than 64 bits");
}

static cc_status read_fixed(cc_span *span, size_t size, uint64_t *value, cc_error *error)
{
    uint64_t result = 0;

    if (span->size < size) {
        return ends_early(error);
    }
    for (size_t i = 0; i < size; i++) {
        result |= (uint64_t)span->data[i] << (8 * i);
    }
    span->data += size;
    span->size -= size;
    *value = result;
    return CC_OK;
}

static cc_status read_bytes(cc_span *span, cc_span *bytes, cc_error *error)
{
    uint64_t size = 0;
    cc_status status = read_varint(span, &size, error);

    if (status != CC_OK) {
        return status;
    }
    if (size > span->size) {
        return cc_fail(error, CC_CORRUPT,
                       "a field claims %llu bytes where %zu are left; the file may be cut short",
                       (unsigned long long)size, span->size);
    }
    bytes->data = span->data;
    bytes->size = (size_t)size;
    span->data += size;
    span->size -= (size_t)size;
    return CC_OK;
}

static cc_status read_scalar(cc_span *span, cc_wire wire, uint64_t *bits, cc_error *error)
{
    switch (wire) {
    case CC_WIRE_VARINT: return read_varint(span, bits, error);
    case CC_WIRE_FIXED64: return read_fixed(span, 8, bits, error);
    case CC_WIRE_FIXED32: return read_fixed(span, 4, bits, error);
    case CC_WIRE_BYTES: break;
    }
    return cc_fail(error, CC_INTERNAL, "bytes are not a scalar");
}

static cc_status read_tag(cc_span *span, uint32_t *number, unsigned *wire, cc_error *error)
{
    uint64_t tag = 0;
    cc_status status = read_varint(span, &tag, error);

    if (status != CC_OK) {
        return status;
    }
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffffu) {
        return cc_fail(error, CC_CORRUPT, "field number %llu is not possible",
                       (unsigned long long)(tag >> 3));
    }
    *number = (uint32_t)(tag >> 3);
    *wire = (unsigned)(tag & 7u);
    return CC_OK;
}

cc_status cc_protobuf_next(cc_span *message, cc_field *field, bool *more, cc_error *error)
{
    unsigned wire = 0;
    cc_field result = {0};
    cc_status status;

    *more = message->size > 0;
    if (!*more) {
        return CC_OK;
    }
    status = read_tag(message, &result.number, &wire, error);
    if (status != CC_OK) {
        return status;
    }
    if (wire == WIRE_GROUP_START || wire == WIRE_GROUP_END || wire > CC_WIRE_FIXED32) {
        return cc_fail(error, CC_CORRUPT, "field %u has wire type %u, which ONNX does not use",
                       (unsigned)result.number, wire);
    }
    result.wire = (cc_wire)wire;
    status = result.wire == CC_WIRE_BYTES ? read_bytes(message, &result.bytes, error)
                                          : read_scalar(message, result.wire, &result.bits, error);
    if (status == CC_OK) {
        *field = result;
    }
    return status;
}

cc_status cc_field_expect(const cc_field *field, cc_wire wire, const char *what, cc_error *error)
{
    if (field->wire != wire) {
        return cc_fail(error, CC_CORRUPT, "%s (field %u) has wire type %d instead of %d", what,
                       (unsigned)field->number, (int)field->wire, (int)wire);
    }
    return CC_OK;
}

cc_status cc_protobuf_find(cc_span message, uint32_t number, cc_wire wire, cc_field *field,
                           bool *found, cc_error *error)
{
    memset(field, 0, sizeof *field);
    *found = false;
    for (;;) {
        cc_field next;
        bool more;
        cc_status status = cc_protobuf_next(&message, &next, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (next.number != number) {
            continue;
        }
        status = cc_field_expect(&next, wire, "a value", error);
        if (status != CC_OK) {
            return status;
        }
        *field = next;
        *found = true;
    }
}

cc_status cc_protobuf_count(cc_span message, uint32_t number, size_t *count, cc_error *error)
{
    *count = 0;
    for (;;) {
        cc_field field;
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        *count += field.number == number;
    }
}

cc_repeated cc_repeated_begin(cc_span message, uint32_t number, cc_wire wire)
{
    cc_repeated repeated = {.message = message, .number = number, .wire = wire};
    return repeated;
}

cc_status cc_repeated_next(cc_repeated *repeated, uint64_t *bits, bool *more, cc_error *error)
{
    while (repeated->packed.size == 0) {
        cc_field field;
        cc_status status = cc_protobuf_next(&repeated->message, &field, more, error);
        if (status != CC_OK || !*more) {
            return status;
        }
        if (field.number != repeated->number) {
            continue;
        }
        if (field.wire != CC_WIRE_BYTES) {
            *bits = field.bits;
            return cc_field_expect(&field, repeated->wire, "a repeated value", error);
        }
        repeated->packed = field.bytes;
    }
    *more = true;
    return read_scalar(&repeated->packed, repeated->wire, bits, error);
}

/* Elements of one packed array, without decoding them. */
static cc_status count_packed(cc_span packed, cc_wire wire, size_t *count, cc_error *error)
{
    size_t width = wire == CC_WIRE_FIXED32 ? 4 : 8;

    if (wire != CC_WIRE_VARINT) {
        *count += packed.size / width;
        return packed.size % width == 0 ? CC_OK : ends_early(error);
    }
    for (size_t i = 0; i < packed.size; i++) {
        *count += packed.data[i] < 0x80u; /* the last byte of a varint */
    }
    return CC_OK;
}

cc_status cc_repeated_count(cc_span message, uint32_t number, cc_wire wire, size_t *count,
                            cc_error *error)
{
    *count = 0;
    for (;;) {
        cc_field field = {0};
        bool more;
        cc_status status = cc_protobuf_next(&message, &field, &more, error);
        if (status != CC_OK || !more) {
            return status;
        }
        if (field.number != number) {
            continue;
        }
        if (field.wire == CC_WIRE_BYTES) {
            status = count_packed(field.bytes, wire, count, error);
        } else {
            *count += 1;
        }
        if (status != CC_OK) {
            return status;
        }
    }
}
