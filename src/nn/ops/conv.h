/* The geometry of a Conv or ConvInteger, shared with fast kernels. */
#ifndef CLEARCUT_NN_OPS_CONV_H
#define CLEARCUT_NN_OPS_CONV_H

#include "nn/ops/window.h"

typedef struct cc_conv_geometry {
    cc_window window;
    int64_t groups;
    int64_t output_channels;
    int64_t input_channels_per_group;
    int64_t output_channels_per_group;
} cc_conv_geometry;

/* Resolve and check everything about the shapes of inputs 0 (data) and 1
 * (weights M x C/g x kernel). The types are the caller's affair. */
cc_status cc_conv_geometry_read(const cc_op_call *call, cc_conv_geometry *geometry,
                                cc_error *error);

/* The same for ConvTranspose (weights C x M/g x kernel). */
cc_status cc_conv_transpose_geometry_read(const cc_op_call *call, cc_conv_geometry *geometry,
                                          cc_error *error);

#endif
