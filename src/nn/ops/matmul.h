/* The geometry of MatMul and MatMulInteger, shared with fast kernels. */
#ifndef CLEARCUT_NN_OPS_MATMUL_H
#define CLEARCUT_NN_OPS_MATMUL_H

#include "nn/ops/operator.h"
#include "nn/ops/walker.h"

/* batch times a rows x depth matrix by a depth x columns matrix. */
typedef struct cc_matmul {
    int64_t rows;
    int64_t columns;
    int64_t depth;
    cc_shape batch;   /* dimensions before the matrices, broadcast */
    cc_shape a_batch; /* the same of each input alone */
    cc_shape b_batch;
    cc_shape output;
} cc_matmul;

/* From the shapes of inputs 0 and 1, by the rules of NumPy's matmul: a vector is
 * a row on the left and a column on the right, and its 1 disappears again. */
cc_status cc_matmul_read(const cc_op_call *call, cc_matmul *matmul, cc_error *error);

/* Walks the batch; offsets 0 and 1 count matrices of input 0 and 1. */
cc_walker cc_matmul_walk(const cc_matmul *matmul);

#endif
