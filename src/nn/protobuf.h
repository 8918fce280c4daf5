/* A bounded reader of protobuf's wire format.
 *
 * It walks over the fields of one message without copying. Nothing recurses:
 * a caller that descends into a nested message does so by name, so the depth is
 * that of the caller's code. Wire format: protobuf.dev/programming-guides/encoding.
 */
#ifndef CLEARCUT_NN_PROTOBUF_H
#define CLEARCUT_NN_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Bytes that somebody else owns: a message, a string or a packed array. */
typedef struct cc_span {
    const uint8_t *data;
    size_t size;
} cc_span;

typedef enum cc_wire {
    CC_WIRE_VARINT = 0,
    CC_WIRE_FIXED64 = 1,
    CC_WIRE_BYTES = 2,
    CC_WIRE_FIXED32 = 5
} cc_wire;

typedef struct cc_field {
    uint32_t number;
    cc_wire wire;
    uint64_t bits; /* the value of a varint, fixed64 or fixed32 */
    cc_span bytes; /* the payload of CC_WIRE_BYTES */
} cc_field;

/* Take the next field off the front of *message; *more is false at its end, and
 * *field then untouched. CC_CORRUPT if the bytes are no field (a group, an overlong
 * number) or end inside one. */
cc_status cc_protobuf_next(cc_span *message, cc_field *field, bool *more, cc_error *error);

/* CC_CORRUPT, naming `what`, unless the field has this wire type. */
cc_status cc_field_expect(const cc_field *field, cc_wire wire, const char *what, cc_error *error);

/* Find the last occurrence of field `number`, which is the one that counts for
 * a field that is not repeated. *found is false, and *field cleared, if there is
 * none. CC_CORRUPT if it has another wire type or the message is broken. */
cc_status cc_protobuf_find(cc_span message, uint32_t number, cc_wire wire, cc_field *field,
                           bool *found, cc_error *error);

/* How often field `number` occurs in the message, packed arrays counting one. */
cc_status cc_protobuf_count(cc_span message, uint32_t number, size_t *count, cc_error *error);

/* All values of a repeated scalar field, whether packed, single or mixed. */
typedef struct cc_repeated {
    cc_span message; /* what is left of it */
    cc_span packed;  /* what is left of the packed array being read */
    uint32_t number;
    cc_wire wire; /* of one element: varint, fixed32 or fixed64 */
} cc_repeated;

cc_repeated cc_repeated_begin(cc_span message, uint32_t number, cc_wire wire);
/* The bits of the next value; *more is false after the last. */
cc_status cc_repeated_next(cc_repeated *repeated, uint64_t *bits, bool *more, cc_error *error);
/* The number of values. */
cc_status cc_repeated_count(cc_span message, uint32_t number, cc_wire wire, size_t *count,
                            cc_error *error);

#endif
