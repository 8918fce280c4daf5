/* Our kernels into a GPU. */
#ifndef CLEARCUT_NN_CUDA_MODULE_H
#define CLEARCUT_NN_CUDA_MODULE_H

#include "nn/cuda/gpu.h"

/* Choose, unpack and load an image, find every kernel in it and allow each the shared
 * memory it wants; sets module, functions, level and note. The context is current. On
 * failure gpu->module is NULL. CC_DEVICE: built without kernels, none for this device,
 * the driver refuses them; CC_CORRUPT: damaged. */
cc_status cc_cuda_load_kernels(cc_cuda_gpu *gpu, cc_error *error);

#endif
