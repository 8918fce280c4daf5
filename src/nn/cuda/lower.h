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
cc_status cc_cuda_lower_transpose(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_slice(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_split(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_gather(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_repeat(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_blocks(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_pad(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_conv_transpose(cc_cuda_program *program, const cc_node *node,
                                       cc_error *error);
cc_status cc_cuda_lower_batch_norm(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_norm(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_reduce(cc_cuda_program *program, const cc_node *node, cc_error *error);
cc_status cc_cuda_lower_matmul(cc_cuda_program *program, const cc_node *node, cc_error *error);

/* "Conv 'name': ...; use --device cpu". */
cc_status cc_cuda_refuse(const cc_node *node, cc_error *error, const char *format, ...)
    CC_PRINTF(3, 4);

cc_status cc_cuda_no_room(cc_error *error);

/* A shape as batch, channels, height, width: of rank 4 as it is; of any other rank rows x
 * channels, the last dimension being the channels and height and width 1. False if one of
 * them is no positive 32-bit number. */
bool cc_cuda_layout(const cc_shape *shape, int32_t nchw[4]);

/* The layout of the graph's value `index`; refused for types other than float32. */
cc_status cc_cuda_dims(const cc_cuda_program *program, const cc_node *node, int index,
                       int32_t nchw[4], cc_error *error);

/* Refuse a node whose input 0 is not of rank 4: the kernel works on pictures. */
cc_status cc_cuda_need_planes(const cc_cuda_program *program, const cc_node *node, cc_error *error);

/* The program's value that holds input `at` of the node, which must not be a constant. */
cc_status cc_cuda_input(cc_cuda_program *program, const cc_node *node, int at, int *value,
                        cc_error *error);

/* Like it, but a constant is uploaded as a tensor, for an operator that broadcasts to the
 * shape `to`; what the kernels cannot broadcast by themselves is repeated first. */
cc_status cc_cuda_operand(cc_cuda_program *program, const cc_node *node, int at, const cc_shape *to,
                          int *value, cc_error *error);

/* Upload float32 numbers, packed in the order of `shape`, which must live until the
 * constants are packed. */
cc_status cc_cuda_constant_value(cc_cuda_program *program, const float *numbers,
                                 const cc_shape *shape, int *value, cc_error *error);

/* A new value for output 0 of the node. */
cc_status cc_cuda_output(cc_cuda_program *program, const cc_node *node, int *value,
                         cc_error *error);

/* lower_conv.c: a convolution step with packed weights [output channels][input channels of
 * a group][kernel] and bias [output channels], both living until the constants are packed,
 * by the best kernel that takes it. Sizes and addresses of conv->input and output are
 * filled in. */
cc_status cc_cuda_add_conv(cc_cuda_program *program, const cc_node *node, const cc_cuda_conv *conv,
                           int input, int output, const float *weights, const float *bias,
                           cc_error *error);

/* ---- elements by steps (lower_move.c) ---- */

/* Where the elements of a tensor lie, axis by axis in ONNX's order, from the first
 * element of a value. */
typedef struct cc_cuda_axes {
    int count;
    int64_t size[2 * CC_MAX_RANK];
    int64_t step[2 * CC_MAX_RANK];
    int64_t base;
} cc_cuda_axes;

/* Of a value that holds a tensor of this shape. It can no longer become a slice of
 * another, which would change the steps. */
cc_cuda_axes cc_cuda_axes_of(cc_cuda_program *program, int value, const cc_shape *shape);

/* Copy all elements; `from` and `to` have the same sizes axis by axis. */
cc_status cc_cuda_add_move(cc_cuda_program *program, const cc_node *node, int input,
                           const cc_cuda_axes *from, int output, const cc_cuda_axes *to,
                           cc_error *error);

/* A new value of this shape without a place in the graph. */
cc_status cc_cuda_new_value(cc_cuda_program *program, const cc_node *node, const cc_shape *shape,
                            int *value, cc_error *error);

/* A copy of a value (a tensor of `shape`) with its axes in another order and as rows: the
 * last `row_axes` of `order` together are the channels. */
cc_status cc_cuda_add_rows(cc_cuda_program *program, const cc_node *node, int input,
                           const cc_shape *shape, const int *order, int row_axes, int *value,
                           cc_error *error);

/* The way back from a value that cc_cuda_add_rows laid out, or from what a kernel made of
 * it: its rows, with the channels' axes cut down to `row_sizes`, into the node's output. */
cc_status cc_cuda_add_unrows(cc_cuda_program *program, const cc_node *node, int input,
                             const cc_shape *shape, const int *order, int output, cc_error *error);

/* The node's fused activation, for an operator whose kernel takes no residual: NONE if
 * the residual comes before it. Then cc_cuda_add_residual appends the sum. */
cc_cuda_activation cc_cuda_first_activation(const cc_node *node);
cc_status cc_cuda_add_residual(cc_cuda_program *program, const cc_node *node, int output,
                               cc_error *error);

/* The whole fused activation. */
cc_cuda_activation cc_cuda_fused_activation(const cc_node *node);

#endif
