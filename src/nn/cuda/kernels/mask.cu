/* From the network's map to an 8-bit mask. */
#include "nn/cuda/kernels/elements.h"

/* Unsigned numbers in the order of the floats; 0 stands for none (it would be a NaN). */
DEVICE uint32_t ordered_key(float value)
{
    const uint32_t bits = float_bits(value);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
DEVICE float key_value(uint32_t key)
{
    return bits_float(key & 0x80000000u ? key & 0x7FFFFFFFu : ~key);
}

DEVICE bool is_finite(float value)
{
    return (float_bits(value) & 0x7F800000u) != 0x7F800000u;
}

/* ---- the range of each map ---- */

/* Over the block, in thread 0: extremes of each warp meet in shared memory. */
DEVICE void block_range(float &low, float &high)
{
    const int warp = thread_index() / 32;

    UNROLL
    for (int mask = 16; mask > 0; mask /= 2) {
        low = fminf(low, exchange(low, mask));
        high = fmaxf(high, exchange(high, mask));
    }
    if (thread_index() % 32 == 0) {
        shared_write(shared_address((uint32_t)warp * 8), float_bits(low));
        shared_write(shared_address((uint32_t)warp * 8 + 4), float_bits(high));
    }
    barrier();
    if (thread_index() == 0) {
        NO_UNROLL
        for (int w = 1; w < 8; w++) {
            low = fminf(low, bits_float(shared_read(shared_address((uint32_t)w * 8))));
            high = fmaxf(high, bits_float(shared_read(shared_address((uint32_t)w * 8 + 4))));
        }
    }
}

template <typename T> DEVICE void mask_range(const cc_cuda_mask_range &p)
{
    const int area = p.map.height * p.map.width;
    const int picture = (int)block_y();
    const T *map = (const T *)p.map.data + offset_of(p.map, picture, 0, 0);
    const int64_t first = (int64_t)block_x() * 256 * CC_CUDA_MASK_ITEMS + thread_index();
    float low = INFINITY, high = -INFINITY;

    NO_UNROLL
    for (int i = 0; i < CC_CUDA_MASK_ITEMS; i++) {
        const int64_t at = first + i * 256;
        if (at < area) {
            const float value = activate(p.activation, load_element(map + at * p.map.stride));
            low = is_finite(value) ? fminf(low, value) : low;
            high = is_finite(value) ? fmaxf(high, value) : high;
        }
    }
    block_range(low, high);
    if (thread_index() == 0 && low <= high) {
        /* The smallest is kept as the largest complement: both start from zero. */
        atomic_maximum(p.range + picture * 2, ~ordered_key(low));
        atomic_maximum(p.range + picture * 2 + 1, ordered_key(high));
    }
}

KERNEL(256) cc_mask_range_f16(const cc_cuda_mask_range p)
{
    mask_range<Half>(p);
}
KERNEL(256) cc_mask_range_f32(const cc_cuda_mask_range p)
{
    mask_range<float>(p);
}

/* ---- stretching: a thread to a position ---- */

template <typename T> DEVICE void mask_stretch(const cc_cuda_mask_stretch &p)
{
    const uint32_t item = item_index(256);
    const uint32_t area = (uint32_t)p.map.height * (uint32_t)p.map.width;
    const uint32_t picture = item / area;

    if (picture >= (uint32_t)p.map.batch) {
        return;
    }
    float value =
        activate(p.activation, load_element((const T *)p.map.data + (int64_t)item * p.map.stride));
    bool shown = is_finite(value);
    if (p.range) {
        const uint32_t low_key = p.range[picture * 2], high_key = p.range[picture * 2 + 1];
        const float low = key_value(~low_key), high = key_value(high_key);
        shown = shown && low_key != 0 && high > low;
        value = (value - low) / (high - low);
    }
    value = value < 0 ? 0 : value > 1 ? 1 : value;
    p.output[item] = shown ? (uint8_t)(value * 255.0f) : 0;
}

KERNEL(256) cc_mask_stretch_f16(const cc_cuda_mask_stretch p)
{
    mask_stretch<Half>(p);
}
KERNEL(256) cc_mask_stretch_f32(const cc_cuda_mask_stretch p)
{
    mask_stretch<float>(p);
}
