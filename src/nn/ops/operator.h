/* Operators: each one file, each a shape rule and a scalar reference.
 *
 * The reference is the specification of the operator: short, plain C, meant for
 * reading, correct for every input that the shape rule admits. Fast versions
 * elsewhere are tested against it.
 */
#ifndef CLEARCUT_NN_OPS_OPERATOR_H
#define CLEARCUT_NN_OPS_OPERATOR_H

#include "nn/graph.h"

#define CC_MAX_INPUTS 512 /* Concat and Split of real networks stay far below */

/* One call of an operator. During shape inference inputs[i]->data is NULL unless
 * the input is a constant; outputs have neither shape nor data yet. During a run
 * everything is filled in and outputs[i]->data is allocated for the shape that
 * the rule gave. An input or output that was left out is NULL. */
typedef struct cc_op_call {
    const cc_node *node;
    int opset;
    const cc_tensor *const *inputs;
    int input_count;
    cc_tensor *const *outputs;
    int output_count;
} cc_op_call;

typedef struct cc_operator {
    const char *op_type; /* ONNX name, default domain */
    int minimum_inputs;
    int maximum_inputs; /* fused residual not counted */
    int minimum_opset;  /* oldest opset whose meaning we implement, at least 1 */

    /* Shape rule: check attributes, input types and shapes; set dtype and shape of
     * every wanted output. Must refuse (CC_MODEL, or CC_UNSUPPORTED for what ONNX
     * allows and we do not) everything that `run` could not survive: run never
     * reads or writes out of bounds on data that the rule admitted, whatever the
     * *values* are (indices are checked or clamped at run time). */
    cc_status (*infer)(const cc_op_call *call, cc_error *error);

    /* Scalar reference. May fail only for memory or for values (an index out of
     * range) that the rule could not see. Applies call->node->fusion if
     * `can_fuse`. */
    cc_status (*run)(const cc_op_call *call, cc_error *error);

    bool can_fuse; /* the reference honours node->fusion (Conv, ConvTranspose, Gemm,
                      MatMul, Add, Mul) */
} cc_operator;

/* NULL if we do not have it. */
const cc_operator *cc_operator_find(const char *op_type);

/* All of them, ended by an entry with op_type NULL; for tests and listings. */
const cc_operator *const *cc_operator_list(size_t *count);

#endif
