/* Kernels with one fault each, to see that the emulation finds it. */
#ifndef CLEARCUT_TESTS_CUDA_FAULTY_KERNELS_H
#define CLEARCUT_TESTS_CUDA_FAULTY_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct faulty_kernel {
    const char *name;
    const char *message; /* part of what the emulation must say; "" = nothing is wrong */
    void (*body)(const void *parameters);
} faulty_kernel;

/* Run with 64 threads and 1024 bytes of shared memory; parameters point at 1024
 * readable bytes, 16-byte aligned. Ends with a NULL name. */
extern const faulty_kernel faulty_kernels[];

#ifdef __cplusplus
}
#endif
#endif
