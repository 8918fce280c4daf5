/* The kernels as host functions, in the order of cc_cuda_kernel. */
#ifndef CLEARCUT_TESTS_CUDA_KERNELS_EMULATED_H
#define CLEARCUT_TESTS_CUDA_KERNELS_EMULATED_H

/* Each calls its kernel with the structure that `parameters` points at. */
extern void (*const emulated_kernels[])(const void *parameters);

/* -1 if there is none of that name. */
int emulated_kernel_index(const char *name);

#endif
