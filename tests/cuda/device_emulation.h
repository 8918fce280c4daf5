/* The functions of src/nn/cuda/kernels/device.h on the CPU. Included by device.h when
 * a kernel source is compiled for the host; what runs the threads is emulation.cc.
 *
 * A thread of a block is a fibre. Warp instructions wait for all 32 lanes; the last
 * to arrive does the work for all of them. Every access to shared memory is checked
 * for bounds, alignment and order: two threads may touch the same word without a
 * barrier between them only if both read.
 */
#ifndef CLEARCUT_TESTS_CUDA_DEVICE_EMULATION_H
#define CLEARCUT_TESTS_CUDA_DEVICE_EMULATION_H

#include <math.h>
#include <string.h>

#define DEVICE static inline
#define DEVICE_CALL static inline
#define KERNEL(threads) extern "C" void
#define UNROLL
#define NO_UNROLL

#include "emulation_kernel_side.h"

/* ---- what kernels call; meanings in device.h ---- */

DEVICE int thread_index()
{
    return emulation::thread;
}
DEVICE uint32_t block_x()
{
    return emulation::block.index[0];
}
DEVICE uint32_t block_y()
{
    return emulation::block.index[1];
}
DEVICE uint32_t block_z()
{
    return emulation::block.index[2];
}
DEVICE uint32_t grid_x()
{
    return emulation::block.grid[0];
}
DEVICE uint32_t multiprocessor()
{
    return emulation::block.index[0] % 4;
}
DEVICE uint64_t clock_nanoseconds()
{
    return emulation::clock_nanoseconds();
}

DEVICE void barrier()
{
    emulation::barrier();
}
DEVICE void fence_device()
{
}
DEVICE uint32_t atomic_increment(uint32_t *counter)
{
    return (*counter)++;
}
DEVICE void atomic_maximum(uint32_t *value, uint32_t candidate)
{
    *value = *value > candidate ? *value : candidate;
}
DEVICE void atomic_sum(uint32_t *value, uint32_t addend)
{
    *value += addend;
}
DEVICE float load_from_others(const float *address)
{
    return *address;
}
DEVICE float exchange(float value, int mask)
{
    return emulation::exchange(value, mask);
}

DEVICE uint32_t shared_address(uint32_t offset)
{
    return offset;
}
DEVICE void shared_write(uint32_t address, uint32_t value)
{
    memcpy(emulation::shared_for_writing(address, 4), &value, 4);
}
DEVICE uint32_t shared_read(uint32_t address)
{
    uint32_t value;
    memcpy(&value, emulation::shared_for_reading(address, 4), 4);
    return value;
}
DEVICE void shared_write_vector(uint32_t address, const Vector16 &value)
{
    memcpy(emulation::shared_for_writing(address, 16), &value, 16);
}
DEVICE Vector16 shared_read_vector(uint32_t address)
{
    Vector16 value;
    memcpy(&value, emulation::shared_for_reading(address, 16), 16);
    return value;
}

template <bool keep> DEVICE void copy_async(uint32_t target, const void *source, int bytes)
{
    emulation::copy_async(target, source, bytes);
}
DEVICE void copy_async_commit()
{
    emulation::copy_async_commit();
}
template <int pending> DEVICE void copy_async_wait()
{
    emulation::copy_async_wait(pending);
}

template <int count>
DEVICE void load_matrices(uint32_t (&fragments)[count][4], const uint32_t (&addresses)[count])
{
    emulation::load_matrices(count, fragments, addresses);
}
template <int rows, int pairs>
DEVICE void multiply_matrices(float (&sums)[rows][2 * pairs][4], const uint32_t (&a)[rows][4],
                              const uint32_t (&b)[pairs][4])
{
    emulation::multiply_matrices(rows, pairs, &sums[0][0][0], &a[0][0], &b[0][0]);
}

DEVICE uint32_t pack_halves(float low, float high)
{
    return emulation::half_bits(low) | emulation::half_bits(high) << 16;
}
DEVICE float low_half(uint32_t packed)
{
    return emulation::half_values[packed & 0xFFFFu];
}
DEVICE float high_half(uint32_t packed)
{
    return emulation::half_values[packed >> 16];
}
DEVICE uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
DEVICE float bits_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
/* Rounded twice where the device rounds once: a library call for each product would
 * make the tests ten times slower. */
DEVICE float multiply_add(float a, float b, float c)
{
    return a * b + c;
}

#endif
