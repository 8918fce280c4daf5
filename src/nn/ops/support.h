/* What shape rules and references share: refusing with a good message, checking
 * inputs, reading lists and elements. Everything here is stateless and
 * thread-safe. */
#ifndef CLEARCUT_NN_OPS_SUPPORT_H
#define CLEARCUT_NN_OPS_SUPPORT_H

#include "nn/ops/operator.h"

/* Sets of element types, one bit each. */
#define CC_TYPE(dtype) (1u << (unsigned)(dtype))
#define CC_TYPES_FLOAT CC_TYPE(CC_FLOAT32)
#define CC_TYPES_INDEX (CC_TYPE(CC_INT32) | CC_TYPE(CC_INT64))
#define CC_TYPES_BYTE (CC_TYPE(CC_UINT8) | CC_TYPE(CC_INT8))
#define CC_TYPES_NUMBER (CC_TYPES_FLOAT | CC_TYPES_INDEX)
#define CC_TYPES_ANY                                                                               \
    (CC_TYPES_NUMBER | CC_TYPES_BYTE | CC_TYPE(CC_BOOL) | CC_TYPE(CC_FLOAT16) | CC_TYPE(CC_FLOAT64))

/* Fail with "Conv 'name': " before the message. */
cc_status cc_op_fail(const cc_op_call *call, cc_error *error, cc_status code, const char *format,
                     ...) CC_PRINTF(4, 5);

/* Inputs of the operator itself, the residual not counted; left-out ones are. */
int cc_op_input_count(const cc_op_call *call);

/* Refuse (CC_MODEL) if input `index` is missing, (CC_UNSUPPORTED) if its type is
 * not in `types`, (CC_MODEL) if its shape is not sane. */
cc_status cc_op_require(const cc_op_call *call, int index, unsigned types, cc_error *error);

/* The same, but a missing input is accepted. */
cc_status cc_op_accept(const cc_op_call *call, int index, unsigned types, cc_error *error);

/* The same as cc_op_require, and the value must be known at load: `what` names it
 * in the message. */
cc_status cc_op_require_constant(const cc_op_call *call, int index, unsigned types,
                                 const char *what, cc_error *error);

/* Refuse if input `index` has not exactly `rank` dimensions. */
cc_status cc_op_require_rank(const cc_op_call *call, int index, int rank, cc_error *error);

/* Turn axis in [-rank, rank) into [0, rank); refuse others (CC_MODEL). */
cc_status cc_op_axis(const cc_op_call *call, int64_t axis, int rank, int *result, cc_error *error);

/* The same of the attribute `axis`, 0 where it is left out, for the rank of input 0. */
cc_status cc_op_read_axis(const cc_op_call *call, int *axis, cc_error *error);

/* Set dtype and shape of output `index` after checking the element count. An
 * unwanted output is skipped, but output 0 must be wanted. */
cc_status cc_op_set_output(const cc_op_call *call, int index, cc_dtype dtype, const cc_shape *shape,
                           cc_error *error);

/* Output 0 is like input 0, whose type must be in `types`. */
cc_status cc_op_infer_like_input(const cc_op_call *call, unsigned types, cc_error *error);

/* Up to two numbers for each dimension: pads, axes, starts and the like. */
typedef struct cc_int_list {
    bool present;
    int count;
    int64_t values[2 * CC_MAX_RANK];
} cc_int_list;

/* Read an INTS attribute (absent: present = false, count = 0). Refuses more
 * numbers than fit. */
cc_status cc_op_list_from_attribute(const cc_op_call *call, const char *name, cc_int_list *list,
                                    cc_error *error);

/* Read a constant int32 or int64 input of rank 0 or 1; a left-out input is "not
 * present". */
cc_status cc_op_list_from_input(const cc_op_call *call, int index, const char *what,
                                cc_int_list *list, cc_error *error);

/* From the input if the opset is at least `input_opset`, else from the attribute:
 * the way ONNX moved most lists. */
cc_status cc_op_list(const cc_op_call *call, const char *name, int index, int input_opset,
                     cc_int_list *list, cc_error *error);

/* Normalise every axis of a list against rank and refuse repetitions. */
cc_status cc_op_list_axes(const cc_op_call *call, cc_int_list *list, int rank, cc_error *error);

/* Shape of NumPy broadcasting of a and b; `result` may be a or b. */
cc_status cc_op_broadcast(const cc_op_call *call, const cc_shape *a, const cc_shape *b,
                          cc_shape *result, cc_error *error);

/* Elements first .. last-1 of the shape multiplied; 1 if there are none. */
int64_t cc_shape_product(const cc_shape *shape, int first, int last);

/* One element, converted: integers of any width and bool as int64, and float32,
 * float16, float64 and the 8-bit types as float. The index is not checked. */
int64_t cc_get_int(const cc_tensor *tensor, int64_t index);
void cc_set_int(const cc_tensor *tensor, int64_t index, int64_t value);
float cc_get_float(const cc_tensor *tensor, int64_t index);

/* Towards zero; a NaN or a value that does not fit gives INT64_MIN, as the
 * conversion instructions of x86 do (in C it would be undefined). */
int64_t cc_float_to_int64(double value);

/* The `run` of operators that change a shape and no byte: input 0 to output 0,
 * which may be the same memory. Always CC_OK. */
cc_status cc_op_copy(const cc_op_call *call, cc_error *error);

#endif
