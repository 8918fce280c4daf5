/* The operators that exist: one object each, defined in the operator's file. To
 * add one, add a line here and see docs/operators.md. */
#ifndef CLEARCUT_NN_OPS_REGISTRY_H
#define CLEARCUT_NN_OPS_REGISTRY_H

#include "nn/ops/operator.h"

/* In alphabetical order of the ONNX names, as cc_operator_list promises. */
/* clang-format off */
#define CC_OPERATORS(X)                                                                      \
    X(abs) X(add) X(and) X(arg_max) X(average_pool) X(batch_normalization) X(cast) X(ceil)   \
    X(clip) X(concat) X(constant) X(constant_of_shape) X(conv) X(conv_integer)               \
    X(conv_transpose) X(cos) X(cum_sum) X(depth_to_space) X(dequantize_linear) X(div)        \
    X(dropout) X(dynamic_quantize_linear) X(einsum) X(equal) X(erf) X(exp) X(expand)         \
    X(flatten) X(floor) X(gather) X(gather_elements) X(gather_nd) X(gelu) X(gemm)            \
    X(global_average_pool) X(global_max_pool) X(greater) X(greater_or_equal) X(grid_sample)  \
    X(hard_sigmoid) X(hard_swish) X(identity) X(instance_normalization)                      \
    X(layer_normalization) X(leaky_relu) X(less) X(less_or_equal) X(log) X(mat_mul)          \
    X(mat_mul_integer) X(max) X(max_pool) X(mean) X(min) X(mod) X(mul) X(neg) X(not)         \
    X(one_hot) X(or) X(p_relu) X(pad) X(pow) X(quantize_linear) X(range) X(reciprocal)       \
    X(reduce_max) X(reduce_mean) X(reduce_min) X(reduce_sum) X(relu) X(reshape) X(resize)    \
    X(round) X(scatter_elements) X(scatter_nd) X(shape) X(sigmoid) X(sign) X(sin) X(slice)   \
    X(softmax) X(softplus) X(space_to_depth) X(split) X(sqrt) X(squeeze) X(sub) X(sum)       \
    X(tanh) X(tile) X(transpose) X(unsqueeze) X(upsample) X(where)
/* clang-format on */

#define CC_DECLARE_OPERATOR(name) extern const cc_operator cc_operator_##name;
CC_OPERATORS(CC_DECLARE_OPERATOR)
#undef CC_DECLARE_OPERATOR

#endif
