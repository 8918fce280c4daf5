/* Dense row-major tensors as operators see them. */
#ifndef CLEARCUT_NN_TENSOR_H
#define CLEARCUT_NN_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Numbers of ONNX TensorProto.DataType. */
typedef enum cc_dtype {
    CC_DTYPE_NONE = 0,
    CC_FLOAT32 = 1,
    CC_UINT8 = 2,
    CC_INT8 = 3,
    CC_INT32 = 6,
    CC_INT64 = 7,
    CC_BOOL = 9, /* one byte, 0 or 1 */
    CC_FLOAT16 = 10,
    CC_FLOAT64 = 11 /* constants only; networks in it are refused */
} cc_dtype;

#define CC_MAX_RANK 8

/* Ceiling on the elements of one tensor: 2^31 floats are 8 GiB. */
#define CC_MAX_ELEMENTS ((int64_t)1 << 31)

typedef struct cc_shape {
    int rank; /* 0 = scalar */
    int64_t dims[CC_MAX_RANK];
} cc_shape;

typedef struct cc_tensor {
    cc_dtype dtype;
    cc_shape shape;
    void *data; /* row-major, packed, aligned for its type; NULL = value unknown */
} cc_tensor;

/* What is known of a float32 input before a network is loaded. */
typedef struct cc_known_input {
    const char *name;    /* the input's, in the file */
    cc_shape shape;      /* overrides the file's */
    const float *values; /* packed, of that shape: the input becomes a constant and is no input
                            of the network any more; NULL = only the shape is known */
} cc_known_input;

/* Bytes of one element; 0 for a type we do not handle. */
size_t cc_dtype_size(cc_dtype dtype);
const char *cc_dtype_name(cc_dtype dtype);

/* Number of elements; -1 if a dimension is negative or the product exceeds
 * CC_MAX_ELEMENTS. A zero dimension gives 0. */
int64_t cc_shape_elements(const cc_shape *shape);
bool cc_shape_equal(const cc_shape *a, const cc_shape *b);
cc_shape cc_shape_make(int rank, const int64_t *dims);

/* "1x3x320x320" into text (always terminated); returns text. */
const char *cc_shape_text(const cc_shape *shape, char *text, size_t size);

/* IEEE half precision, round to nearest even. */
float cc_half_to_float(uint16_t half);
uint16_t cc_float_to_half(float value);

#endif
