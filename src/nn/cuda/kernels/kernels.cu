/* All kernels in one translation unit: one image for each architecture, one module to
 * load. Each family has a file of its own. */
#include "nn/cuda/kernels/conv.cu"
#include "nn/cuda/kernels/conv_few.cu"
#include "nn/cuda/kernels/conv_plain.cu"
#include "nn/cuda/kernels/elementwise.cu"
#include "nn/cuda/kernels/mask.cu"
#include "nn/cuda/kernels/move.cu"
#include "nn/cuda/kernels/picture.cu"
#include "nn/cuda/kernels/probe.cu"
#include "nn/cuda/kernels/reduce.cu"
#include "nn/cuda/kernels/rows.cu"
#include "nn/cuda/kernels/window.cu"
