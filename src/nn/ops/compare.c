/* Comparisons and logic of two inputs, with broadcasting, and Where. */
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status infer(const cc_op_call *call, unsigned types, cc_error *error)
{
    cc_shape shape;
    cc_status status = cc_op_require(call, 0, types, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, types, error);
    if (status != CC_OK)
        return status;
    if (cc_op_input(call, 0)->dtype != cc_op_input(call, 1)->dtype)
        return cc_op_fail(call, error, CC_MODEL, "the inputs differ in type");
    status = cc_op_broadcast(call, &cc_op_input(call, 0)->shape, &cc_op_input(call, 1)->shape,
                             &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, CC_BOOL, &shape, error);
}

static cc_status infer_equal(const cc_op_call *call, cc_error *error)
{
    return infer(call, CC_TYPES_NUMBER | CC_TYPES_BYTE | CC_TYPE(CC_BOOL), error);
}

static cc_status infer_order(const cc_op_call *call, cc_error *error)
{
    return infer(call, CC_TYPES_NUMBER | CC_TYPES_BYTE, error);
}

static cc_status infer_logic(const cc_op_call *call, cc_error *error)
{
    return infer(call, CC_TYPE(CC_BOOL), error);
}

/* Relations as sets of these; nothing holds with a NaN. */
enum { LESS = 1, EQUAL = 2, GREATER = 4 };

static int relation(const cc_tensor *a, int64_t i, const cc_tensor *b, int64_t j)
{
    if (a->dtype == CC_FLOAT32) {
        float x = cc_get_float(a, i);
        float y = cc_get_float(b, j);
        return (x < y ? LESS : 0) | (x == y ? EQUAL : 0) | (x > y ? GREATER : 0);
    }
    int64_t x = cc_get_int(a, i);
    int64_t y = cc_get_int(b, j);
    return x < y ? LESS : x == y ? EQUAL : GREATER;
}

static cc_status compare(const cc_op_call *call, int wanted)
{
    const cc_tensor *a = cc_op_input(call, 0);
    const cc_tensor *b = cc_op_input(call, 1);
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, &a->shape);
    cc_walker_add_broadcast(&walker, &b->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        int found = relation(a, walker.offset[0], b, walker.offset[1]);
        cc_set_int(call->outputs[0], i, (found & wanted) != 0);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

/* `wanted` is the number of true inputs from which on the result is true. */
static cc_status combine(const cc_op_call *call, int wanted)
{
    const cc_tensor *a = cc_op_input(call, 0);
    const cc_tensor *b = cc_op_input(call, 1);
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, &a->shape);
    cc_walker_add_broadcast(&walker, &b->shape);
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++) {
        int true_count =
            (cc_get_int(a, walker.offset[0]) != 0) + (cc_get_int(b, walker.offset[1]) != 0);
        cc_set_int(call->outputs[0], i, true_count >= wanted);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

#define RUN(name, call_of)                                                                         \
    static cc_status run_##name(const cc_op_call *call, cc_error *error)                           \
    {                                                                                              \
        (void)error;                                                                               \
        return call_of;                                                                            \
    }

RUN(equal, compare(call, EQUAL))
RUN(less, compare(call, LESS))
RUN(less_or_equal, compare(call, LESS | EQUAL))
RUN(greater, compare(call, GREATER))
RUN(greater_or_equal, compare(call, GREATER | EQUAL))
RUN(and, combine(call, 2))
RUN(or, combine(call, 1))

static cc_status infer_where(const cc_op_call *call, cc_error *error)
{
    cc_shape shape = {0};
    for (int i = 0; i < 3; i++) {
        cc_status status = cc_op_require(call, i, i == 0 ? CC_TYPE(CC_BOOL) : CC_TYPES_ANY, error);
        if (status == CC_OK)
            status = cc_op_broadcast(call, &shape, &cc_op_input(call, i)->shape, &shape, error);
        if (status != CC_OK)
            return status;
    }
    if (cc_op_input(call, 1)->dtype != cc_op_input(call, 2)->dtype)
        return cc_op_fail(call, error, CC_MODEL, "the two choices differ in type");
    return cc_op_set_output(call, 0, cc_op_input(call, 1)->dtype, &shape, error);
}

static cc_status run_where(const cc_op_call *call, cc_error *error)
{
    (void)error;
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    for (int i = 0; i < 3; i++)
        cc_walker_add_broadcast(&walker, &cc_op_input(call, i)->shape);
    size_t size = cc_dtype_size(call->outputs[0]->dtype);
    char *to = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&walker.shape);
    for (int64_t i = 0; i < count; i++, to += size) {
        int chosen = cc_get_int(cc_op_input(call, 0), walker.offset[0]) != 0 ? 1 : 2;
        const char *from = cc_op_input(call, chosen)->data;
        memcpy(to, from + (size_t)walker.offset[chosen] * size, size);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

#define BINARY(object, name, opset, rule)                                                          \
    const cc_operator cc_operator_##object = {name, 2, 2, opset, rule, run_##object, false};

BINARY(equal, "Equal", 7, infer_equal)
BINARY(less, "Less", 7, infer_order)
BINARY(less_or_equal, "LessOrEqual", 12, infer_order)
BINARY(greater, "Greater", 7, infer_order)
BINARY(greater_or_equal, "GreaterOrEqual", 12, infer_order)
BINARY(and, "And", 7, infer_logic)
BINARY(or, "Or", 7, infer_logic)
const cc_operator cc_operator_where = {"Where", 3, 3, 9, infer_where, run_where, false};
