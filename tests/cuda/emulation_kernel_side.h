/* What the emulated instructions of device_emulation.h need from emulation.cc. */
#ifndef CLEARCUT_TESTS_CUDA_EMULATION_KERNEL_SIDE_H
#define CLEARCUT_TESTS_CUDA_EMULATION_KERNEL_SIDE_H

#include <stdint.h>

namespace emulation
{
struct Block {
    uint32_t index[3];
    uint32_t grid[3];
};
extern Block block;
extern int thread; /* of the block, the one that runs now */
extern float half_values[1 << 16];

[[noreturn]] void fail(const char *what);
void barrier();
/* The bytes at a shared address, after the checks. */
unsigned char *shared_for_reading(uint32_t address, uint32_t bytes);
unsigned char *shared_for_writing(uint32_t address, uint32_t bytes);
void copy_async(uint32_t target, const void *source, int bytes);
void copy_async_commit();
void copy_async_wait(int pending);
/* count times: lane's four words of the matrices whose rows the lanes name. */
void load_matrices(int count, uint32_t (*fragments)[4], const uint32_t *addresses);
/* sums[rows][2 * pairs][4]; a[rows][4]; b[pairs][4]. */
void multiply_matrices(int rows, int pairs, float *sums, const uint32_t *a, const uint32_t *b);
float exchange(float value, int mask);
uint32_t half_bits(float value);
uint64_t clock_nanoseconds();
} /* namespace emulation */

#endif
