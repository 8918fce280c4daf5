/* What the files that turn nodes into steps share. Every lowering appends steps for
 * one node and binds the node's output to a value; CC_DEVICE, made by cc_cuda_refuse,
 * if there is no kernel for it. */
#ifndef CLEARCUT_NN_CUDA_LOWER_H
#define CLEARCUT_NN_CUDA_LOWER_H

#include "nn/cpu/node_call.h"
#include "nn/cuda/program.h"

typedef cc_status (*cc_cuda_lowering)(cc_cuda_program *program, const cc_node *node,
                                      cc_error *error);

cc_status cc_cuda_lower_conv(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_pool(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_global_pool(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_resize(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_activation(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_function(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_arithmetic(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_product(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_softmax(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_concat(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_view(cc_cuda_program *program, const cc_node *node, cc_error *error);

/* "Conv 'name': ...; use --device cpu". */
cc_status cc_cuda_refuse(const cc_node *node, cc_error *error, const char *format, ...)
    CC_PRINTF(3, 4);

cc_status cc_cuda_no_room(cc_error *error);

/* The graph's value `index` as batch, channels, height, width: of rank 4 as it is, of
 * rank 2 (rows x channels) with height and width 1; refused for others and for types
 * other than float32. */
cc_status cc_cuda_dims(const cc_cuda_program *program, const cc_node *node, int index,
                       int32_t nchw[4], cc_error *error);

/* The program's value that holds input `at` of the node, which must not be a constant. */
cc_status cc_cuda_input(cc_cuda_program *program, const cc_node *node, int at, int *value,
                        cc_error *error);

/* Like it, but a constant is uploaded as a tensor, for an operator that broadcasts to
 * `rank` dimensions. */
cc_status cc_cuda_operand(cc_cuda_program *program, const cc_node *node, int at, int rank,
                          int *value, cc_error *error);

/* A new value for output 0 of the node. */
cc_status cc_cuda_output(cc_cuda_program *program, const cc_node *node, int *value,
                         cc_error *error);

/* The node's fused activation, for an operator whose kernel takes no residual: NONE if
 * the residual comes before it. Then cc_cuda_add_residual appends the sum. */
cc_cuda_activation cc_cuda_first_activation(const cc_node *node);
cc_status cc_cuda_add_residual(cc_cuda_program *program, const cc_node *node, int output,
                               cc_error *error);

/* The whole fused activation. */
cc_cuda_activation cc_cuda_fused_activation(const cc_node *node);

#endif
