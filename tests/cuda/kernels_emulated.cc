/* The kernel sources, compiled for the host. */
#include "nn/cuda/kernels/kernels.cu"

#include "kernels_emulated.h"

#define CALL(enumerator, name, structure, threads, shared)                                         \
    [](const void *parameters) { name(*(const structure *)parameters); },
void (*const emulated_kernels[])(const void *) = {CC_CUDA_KERNELS(CALL)};

int emulated_kernel_index(const char *name)
{
#define NAME(enumerator, name, structure, threads, shared) #name,
    static const char *const names[] = {CC_CUDA_KERNELS(NAME)};

    for (int i = 0; i < CC_CUDA_KERNEL_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}
