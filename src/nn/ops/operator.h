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
 * the rule gave. An input or output that was left out is NULL.
 *
 * inputs[] holds the operator's own inputs, at most maximum_inputs of them, and
 * after those, if node->fusion.residual is not CC_RESIDUAL_NONE, exactly one
 * more: the residual, always inputs[input_count - 1]. Optional inputs left out
 * before it may be NULL or simply missing, so a Conv without bias has its
 * residual at index 2 or 3: take it with cc_op_residual(), and the operator's
 * own inputs with cc_op_input(), and neither is ever mistaken for the other.
 *
 * Shape reads its input's shape only: its run accepts an input without data.
 *
 * Memory: outputs may share memory with an input only where the reference works
 * element by element in step with it: one-input element-wise operators of equal
 * element size, Identity, Dropout, Reshape, Flatten, Squeeze, Unsqueeze, Add, Sub, Mul, Div and Pow
 * with an input of the output's shape, and the residual of any fused operator. In every other case
 * they must not. */
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
     * every wanted output. Output 0 must be wanted (Split: any). Must refuse (CC_MODEL, or
     * CC_UNSUPPORTED for what ONNX allows and we do not) everything that `run` could not survive:
     * run never reads or writes out of bounds on data that the rule admitted, whatever the *values*
     * are (indices are checked or clamped at run time). */
    cc_status (*infer)(const cc_op_call *call, cc_error *error);

    /* Scalar reference. May fail only for memory or for values (an index out of
     * range) that the rule could not see. Applies call->node->fusion if
     * `can_fuse`. */
    cc_status (*run)(const cc_op_call *call, cc_error *error);

    bool can_fuse; /* the reference honours node->fusion (Conv, ConvTranspose, Gemm,
                      MatMul, Add, Mul) */
} cc_operator;

/* Input `index` of the operator itself (never the residual); NULL if it was left
 * out or does not exist. */
const cc_tensor *cc_op_input(const cc_op_call *call, int index);

/* The fused residual input; NULL if the node has none. */
const cc_tensor *cc_op_residual(const cc_op_call *call);

/* The whole check of one node: the opset is one whose meaning we implement, the
 * input count is in range, required inputs are there; then the operator's own
 * shape rule; then that a residual has the type and shape of output 0. Callers
 * use this rather than operator_->infer. call->node->operator_ may be NULL (the
 * operator is then looked up). On failure outputs hold nothing of value.
 * CC_MODEL or CC_UNSUPPORTED with the node's name in the message. Thread-safe. */
cc_status cc_operator_infer(const cc_op_call *call, cc_error *error);

/* NULL if we do not have it. */
const cc_operator *cc_operator_find(const char *op_type);

/* All of them, *count entries in alphabetical order; the entry after the last is
 * NULL. count may be NULL. Static; for tests and listings. */
const cc_operator *const *cc_operator_list(size_t *count);

#endif
