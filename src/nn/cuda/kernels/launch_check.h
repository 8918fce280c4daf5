/* Checks that the launch functions share. Not for others. */
#ifndef CLEARCUT_NN_CUDA_KERNELS_LAUNCH_CHECK_H
#define CLEARCUT_NN_CUDA_KERNELS_LAUNCH_CHECK_H

#include <stdbool.h>

#include "nn/cuda/kernels/launch.h"

#define CC_CUDA_GROUP 8 /* channels that one thread of the simple kernels handles */

/* The tensor can be addressed: not NULL, sizes positive and under the limits of
 * launch.h, stride at least the channels. `what` names it in the message. */
cc_status cc_cuda_check_tensor(const cc_cuda_tensor *tensor, const char *what, cc_error *error);

/* batch, height and width agree; for messages `what` names the pair. */
cc_status cc_cuda_check_same_pixels(const cc_cuda_tensor *a, const cc_cuda_tensor *b,
                                    const char *what, cc_error *error);

/* A kind of activation below `end`. */
cc_status cc_cuda_check_activation(const cc_cuda_activation *activation, int end, cc_error *error);

cc_status cc_cuda_check_pointer(const void *pointer, const char *what, cc_error *error);

/* batch * height * width; 0 if one of them is below 1, and 2^31 for everything over
 * the limit. */
int64_t cc_cuda_pixels(const cc_cuda_tensor *tensor);

/* Groups of CC_CUDA_GROUP channels in all pixels. */
int64_t cc_cuda_groups(const cc_cuda_tensor *tensor);

/* 16-byte accesses work: stride and, unless NULL, data. */
bool cc_cuda_aligned(const void *data, int32_t stride);

/* Fill in a launch of `kernel` on x * y * z blocks; CC_UNSUPPORTED beyond what a grid
 * may have (2^31 - 1, 65535, 65535). */
cc_status cc_cuda_shape(cc_cuda_kernel kernel, int64_t x, int64_t y, int64_t z,
                        cc_cuda_launch *launch, cc_error *error);

/* As cc_cuda_shape for a kernel whose threads each take one of `items`. */
cc_status cc_cuda_shape_items(cc_cuda_kernel kernel, int64_t items, cc_cuda_launch *launch,
                              cc_error *error);

#endif
