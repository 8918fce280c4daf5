/* The sliding window of convolutions and pools, resolved to numbers.
 *
 * Arrays of two are [0] = height, [1] = width. A one-dimensional operator is
 * treated as two-dimensional with height 1.
 */
#ifndef CLEARCUT_NN_OPS_WINDOW_H
#define CLEARCUT_NN_OPS_WINDOW_H

#include "nn/ops/operator.h"

typedef struct cc_window {
    int spatial_rank; /* 1 or 2 */
    int64_t batch;
    int64_t channels; /* of the input */
    int64_t input[2];
    int64_t kernel[2];
    int64_t stride[2];
    int64_t dilation[2];
    int64_t pad_begin[2]; /* top, left */
    int64_t pad_end[2];   /* bottom, right */
    int64_t output[2];
} cc_window;

/* Read kernel size (from `weight`, M x C/g x kernel, or from the attribute
 * kernel_shape if weight is NULL), strides, dilations, pads and auto_pad of a
 * Conv, ConvInteger or pool over `input`, N x C x L or N x C x H x W, and
 * compute the output size; ceil_mode as the pools define it. CC_UNSUPPORTED for
 * other ranks; CC_MODEL for strides or dilations below 1, negative pads, or a
 * window that does not fit. */
cc_status cc_window_read(const cc_op_call *call, const cc_shape *input, const cc_shape *weight,
                         bool ceil_mode, cc_window *window, cc_error *error);

/* The same for ConvTranspose: weight is C x M/g x kernel; output_padding and
 * output_shape are honoured; window->output is the size of the larger result. */
cc_status cc_window_read_transposed(const cc_op_call *call, const cc_shape *input,
                                    const cc_shape *weight, cc_window *window, cc_error *error);

/* Shape N x channels x output, of the operator's own rank. */
cc_shape cc_window_output_shape(const cc_window *window, int64_t channels);

#endif
