/* Activations and residuals that a pass may fold into the node before them. */
#ifndef CLEARCUT_NN_OPS_ACTIVATION_H
#define CLEARCUT_NN_OPS_ACTIVATION_H

#include "nn/ops/operator.h"

/* fusion->activation of x; the residual is not looked at. */
float cc_activate(const cc_fusion *fusion, float x);

/* Describe an activation node (Relu, LeakyRelu, Clip, Sigmoid, HardSigmoid,
 * HardSwish, Tanh) as a fusion with its alpha and beta. False if the node is
 * none of these, or a Clip whose limits are not constants; *fusion is then
 * cleared. Clip without a limit has an infinite one. */
bool cc_activation_read(const cc_op_call *call, cc_fusion *fusion);

/* What a fused operator does with each finished element. */
typedef struct cc_epilogue {
    cc_fusion fusion;
    const float *residual; /* packed, of the output's shape; NULL if none */
} cc_epilogue;

cc_epilogue cc_epilogue_make(const cc_op_call *call);

/* The value to store at element `index` of output 0 for the raw result x. */
float cc_epilogue_apply(const cc_epilogue *epilogue, int64_t index, float x);

#endif
