/* Everything that a kernel may use: the only file with PTX in it.
 *
 * A kernel source includes this and launch.h, nothing else, and holds no #ifdef. The
 * same source is then compiled by nvcc, with the instructions below, and by the host's
 * C++ compiler for the tests (CC_CUDA_EMULATION), where tests/cuda/device_emulation.h
 * gives every function here a twin on the CPU.
 *
 * Halves are bit patterns (uint16_t, or two in a uint32_t): neither cuda_fp16.h nor the
 * CUDA run-time library is needed. Device code is compiled with -fmad=false: products
 * that may be fused with a sum say multiply_add.
 */
#ifndef CLEARCUT_NN_CUDA_KERNELS_DEVICE_H
#define CLEARCUT_NN_CUDA_KERNELS_DEVICE_H

#define CC_CUDA_DEVICE_CODE
#include "nn/cuda/kernels/launch.h"

/* What one memory instruction moves at most. */
struct alignas(16) Vector16 {
    uint32_t word[4];
};

#ifdef CC_CUDA_EMULATION /* the name of the header that takes over */
#include CC_CUDA_EMULATION
#else

#define DEVICE static __device__ __forceinline__
#define DEVICE_CALL static __device__ __noinline__ /* large and off the hot path */
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1") /* loops of unknown length, which nvcc would blow up */

/* ---- who am I ---- */

DEVICE int thread_index()
{
    return (int)threadIdx.x;
}
DEVICE uint32_t block_x()
{
    return blockIdx.x;
}
DEVICE uint32_t block_y()
{
    return blockIdx.y;
}
DEVICE uint32_t block_z()
{
    return blockIdx.z;
}
DEVICE uint32_t grid_x()
{
    return gridDim.x;
}
DEVICE uint32_t multiprocessor()
{
    uint32_t id;
    asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
    return id;
}
DEVICE uint64_t clock_nanoseconds()
{
    uint64_t now;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    return now;
}

/* ---- waiting for each other ---- */

/* All threads of the block; orders their shared and global accesses. */
DEVICE void barrier()
{
    asm volatile("bar.sync 0;" ::: "memory");
}

/* What this thread wrote before is seen by other blocks before what it writes after. */
DEVICE void fence_device()
{
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
}

/* Returns the value before. */
DEVICE uint32_t atomic_increment(uint32_t *counter)
{
    uint32_t before;
    asm volatile("atom.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
    return before;
}
DEVICE void atomic_maximum(uint32_t *value, uint32_t candidate)
{
    asm volatile("red.global.max.u32 [%0], %1;" ::"l"(value), "r"(candidate) : "memory");
}

DEVICE void atomic_sum(uint32_t *value, uint32_t addend)
{
    asm volatile("red.global.add.u32 [%0], %1;" ::"l"(value), "r"(addend) : "memory");
}

/* A float that another block wrote: past the L1 cache, which may hold an older one. */
DEVICE float load_from_others(const float *address)
{
    float value;
    asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(value) : "l"(address) : "memory");
    return value;
}

/* The value of the lane whose number differs in the bits of `mask`. */
DEVICE float exchange(float value, int mask)
{
    float other;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;"
                 : "=f"(other)
                 : "f"(value), "r"(mask));
    return other;
}

/* ---- shared memory, by address in its own 32-bit space ---- */

extern "C" {
extern __shared__ __align__(128) unsigned char device_shared_memory[];
}

DEVICE uint32_t shared_address(uint32_t offset)
{
    return (uint32_t)__cvta_generic_to_shared(device_shared_memory) + offset;
}
DEVICE void shared_write(uint32_t address, uint32_t value)
{
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(value) : "memory");
}
DEVICE uint32_t shared_read(uint32_t address)
{
    uint32_t value;
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(value) : "r"(address) : "memory");
    return value;
}
DEVICE void shared_write_vector(uint32_t address, const Vector16 &value)
{
    asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(value.word[0]),
                 "r"(value.word[1]), "r"(value.word[2]), "r"(value.word[3])
                 : "memory");
}
DEVICE Vector16 shared_read_vector(uint32_t address)
{
    Vector16 value;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.word[0]), "=r"(value.word[1]), "=r"(value.word[2]),
                   "=r"(value.word[3])
                 : "r"(address)
                 : "memory");
    return value;
}

/* ---- asynchronous copies from global to shared memory ---- */

/* The first `bytes` (0 to 16, even) of 16 bytes of shared memory come from `source`,
 * the rest become zero. Both 16-byte aligned. Data that neighbouring steps read again
 * is kept in the L1 cache if `keep`. */
template <bool keep> DEVICE void copy_async(uint32_t target, const void *source, int bytes)
{
#if __CUDA_ARCH__ >= 800
    if (keep) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source),
                     "r"(bytes)
                     : "memory");
    } else {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source),
                     "r"(bytes)
                     : "memory");
    }
#else /* Turing has no such copy: through registers, at once */
    Vector16 value = {{0, 0, 0, 0}};
    if (bytes > 0) {
        value = *(const Vector16 *)source;
        UNROLL
        for (int i = 0; i < 4; i++) {
            const int left = bytes - 4 * i;
            value.word[i] = left >= 4 ? value.word[i] : left == 2 ? value.word[i] & 0xFFFFu : 0;
        }
    }
    shared_write_vector(target, value);
#endif
}

/* Close the group of copies that this thread began since the last call. */
DEVICE void copy_async_commit()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Wait until at most `pending` of this thread's groups are under way. Others see the
 * data after the next barrier. */
template <int pending> DEVICE void copy_async_wait()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

/* ---- tensor cores; all 32 lanes of a warp together ---- */

/* `count` times four 8x8 matrices of halves: in each, lane l gives the address of row
 * l % 8 of matrix l / 8. */
template <int count>
DEVICE void load_matrices(uint32_t (&fragments)[count][4], const uint32_t (&addresses)[count])
{
    UNROLL
    for (int i = 0; i < count; i++) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(fragments[i][0]), "=r"(fragments[i][1]), "=r"(fragments[i][2]),
                       "=r"(fragments[i][3])
                     : "r"(addresses[i])
                     : "memory");
    }
}

DEVICE void multiply_16x8x16(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
#if __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
                 "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else /* Turing multiplies half the depth at a time */
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
                 "{%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
                 "{%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

/* sums += A * B for a warp's part of a tile: A is `rows` fragments of 16 x 16, B is
 * `pairs` fragments of 16 x 16 columns as load_matrices leaves them: words 0 and 1 are
 * eight columns, 2 and 3 the next eight. */
template <int rows, int pairs>
DEVICE void multiply_matrices(float (&sums)[rows][2 * pairs][4], const uint32_t (&a)[rows][4],
                              const uint32_t (&b)[pairs][4])
{
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < pairs; j++) {
            multiply_16x8x16(sums[i][2 * j], a[i], b[j][0], b[j][1]);
            multiply_16x8x16(sums[i][2 * j + 1], a[i], b[j][2], b[j][3]);
        }
    }
}

/* ---- numbers ---- */

/* Two floats as halves, to the nearest even; `low` in the low bits. */
DEVICE uint32_t pack_halves(float low, float high)
{
    uint32_t packed;
#if __CUDA_ARCH__ >= 800
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
#else
    asm("{\n.reg .b16 l, h;\ncvt.rn.f16.f32 l, %1;\ncvt.rn.f16.f32 h, %2;\nmov.b32 %0, {l, h};\n}"
        : "=r"(packed)
        : "f"(low), "f"(high));
#endif
    return packed;
}
DEVICE float low_half(uint32_t packed)
{
    float value;
    asm("{\n.reg .b16 l, h;\nmov.b32 {l, h}, %1;\ncvt.f32.f16 %0, l;\n}"
        : "=f"(value)
        : "r"(packed));
    return value;
}
DEVICE float high_half(uint32_t packed)
{
    return low_half(packed >> 16);
}
DEVICE uint32_t float_bits(float value)
{
    return __float_as_uint(value);
}
DEVICE float bits_float(uint32_t bits)
{
    return __uint_as_float(bits);
}
DEVICE float multiply_add(float a, float b, float c)
{
    return __fmaf_rn(a, b, c);
}

#endif
#endif
