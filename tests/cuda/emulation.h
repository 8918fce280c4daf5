/* The kernels of src/nn/cuda/kernels on the CPU: the same sources, compiled for the
 * host, run thread by thread. For tests; not part of the product. docs/gpu.md says
 * what it finds and what it cannot. Link the CMake target cuda_emulation. */
#ifndef CLEARCUT_TESTS_CUDA_EMULATION_H
#define CLEARCUT_TESTS_CUDA_EMULATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Run a kernel to its end. kernel_name as in launch.h; parameters points at the
 * kernel's parameter structure, whose addresses are addresses of this process.
 * 0 = done. Otherwise nothing more was run and cuda_emulation_message says why:
 * 1 no such kernel, 2 a launch that hardware refuses (threads other than the kernel
 * was compiled for, an empty grid, too much shared memory), 3 the kernel broke a
 * rule (shared memory out of bounds or misaligned, misaligned global access, a
 * barrier that some threads never reach). Not thread-safe: one launch at a time. */
int cuda_emulation_launch(const char *kernel_name, const uint32_t grid[3], const uint32_t block[3],
                          size_t shared_bytes, const void *parameters);

/* The same for a function that is none of the product's kernels: tests of the
 * emulation itself. threads is a multiple of 32, at most 256. */
int cuda_emulation_run(void (*body)(const void *parameters), const uint32_t grid[3],
                       uint32_t threads, size_t shared_bytes, const void *parameters);

/* Why the last launch failed; "" after a success. Static. */
const char *cuda_emulation_message(void);

/* 1 if there is such a kernel. */
int cuda_emulation_has_kernel(const char *kernel_name);

/* The order in which warps, lanes and blocks run; 0 = in order. */
void cuda_emulation_seed(uint32_t seed);

/* What the launches since the last reset did. */
typedef struct cuda_emulation_counts {
    uint64_t launches;
    uint64_t blocks;
    uint64_t matrix_products; /* mma of 16x8x16 */
    uint64_t matrix_loads;    /* ldmatrix of four 8x8 matrices */
    uint64_t bank_conflicts;  /* extra passes that those loads would cost */
} cuda_emulation_counts;
cuda_emulation_counts cuda_emulation_count(int reset);

#ifdef __cplusplus
}
#endif
#endif
