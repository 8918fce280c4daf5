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

/* ---- what is known of each map ---- */

enum { TALLY_COUNTS = 3 };

struct Tally {
    float low;
    float high;
    float counts[TALLY_COUNTS]; /* finite, sure, likely: below 2^24, so exact */
};

DEVICE void add_value(Tally &tally, float value, float sure, float likely)
{
    if (is_finite(value)) {
        tally.low = fminf(tally.low, value);
        tally.high = fmaxf(tally.high, value);
        tally.counts[0] += 1;
        tally.counts[1] += value > sure ? 1.0f : 0.0f;
        tally.counts[2] += value > likely ? 1.0f : 0.0f;
    }
}

DEVICE void write_tally(const Tally &tally, int warp)
{
    const uint32_t at = (uint32_t)warp * 4 * (2 + TALLY_COUNTS);

    shared_write(shared_address(at), float_bits(tally.low));
    shared_write(shared_address(at + 4), float_bits(tally.high));
    UNROLL
    for (int i = 0; i < TALLY_COUNTS; i++) {
        shared_write(shared_address(at + 8 + 4 * (uint32_t)i), float_bits(tally.counts[i]));
    }
}

DEVICE void join_tally(Tally &tally, int warp)
{
    const uint32_t at = (uint32_t)warp * 4 * (2 + TALLY_COUNTS);

    tally.low = fminf(tally.low, bits_float(shared_read(shared_address(at))));
    tally.high = fmaxf(tally.high, bits_float(shared_read(shared_address(at + 4))));
    UNROLL
    for (int i = 0; i < TALLY_COUNTS; i++) {
        tally.counts[i] += bits_float(shared_read(shared_address(at + 8 + 4 * (uint32_t)i)));
    }
}

/* Over the block, in thread 0: what each warp found meets in shared memory. */
DEVICE void block_tally(Tally &tally)
{
    UNROLL
    for (int mask = 16; mask > 0; mask /= 2) {
        tally.low = fminf(tally.low, exchange(tally.low, mask));
        tally.high = fmaxf(tally.high, exchange(tally.high, mask));
        UNROLL
        for (int i = 0; i < TALLY_COUNTS; i++) {
            tally.counts[i] += exchange(tally.counts[i], mask);
        }
    }
    if (thread_index() % 32 == 0) {
        write_tally(tally, thread_index() / 32);
    }
    barrier();
    if (thread_index() == 0) {
        NO_UNROLL
        for (int warp = 1; warp < 8; warp++) {
            join_tally(tally, warp);
        }
    }
}

template <typename T> DEVICE void mask_range(const cc_cuda_mask_range &p)
{
    const int area = p.map.height * p.map.width;
    const int picture = (int)block_y();
    const T *map = (const T *)p.map.data + offset_of(p.map, picture, 0, 0);
    const int64_t first = (int64_t)block_x() * 256 * CC_CUDA_MASK_ITEMS + thread_index();
    Tally tally = {INFINITY, -INFINITY, {0, 0, 0}};

    NO_UNROLL
    for (int i = 0; i < CC_CUDA_MASK_ITEMS; i++) {
        const int64_t at = first + i * 256;
        if (at < area) {
            add_value(tally, activate(p.activation, load_element(map + at * p.map.stride)), p.sure,
                      p.likely);
        }
    }
    block_tally(tally);
    if (thread_index() == 0 && tally.low <= tally.high) {
        uint32_t *range = p.range + picture * CC_CUDA_RANGE_WORDS;
        /* The smallest is kept as the largest complement: both start from zero. */
        atomic_maximum(range + CC_CUDA_RANGE_LOW, ~ordered_key(tally.low));
        atomic_maximum(range + CC_CUDA_RANGE_HIGH, ordered_key(tally.high));
        UNROLL
        for (int i = 0; i < TALLY_COUNTS; i++) {
            atomic_sum(range + CC_CUDA_RANGE_FINITE + i, (uint32_t)tally.counts[i]);
        }
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
        const uint32_t *range = p.range + picture * CC_CUDA_RANGE_WORDS;
        const uint32_t low_key = range[CC_CUDA_RANGE_LOW], high_key = range[CC_CUDA_RANGE_HIGH];
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

/* ---- classes: a thread to a position ---- */

template <typename T> DEVICE void classes(const cc_cuda_classes &p)
{
    const uint32_t item = item_index(256);
    const T *from = (const T *)p.maps.data + (int64_t)item * p.maps.stride;
    int best = 0;

    if (item >= (uint32_t)p.maps.batch * (uint32_t)p.maps.height * (uint32_t)p.maps.width) {
        return;
    }
    float largest = load_element(from);
    NO_UNROLL
    for (int c = 1; c < p.maps.channels; c++) {
        const float value = load_element(from + c);
        if (value > largest) {
            largest = value;
            best = c;
        }
    }
    p.output[item] = (uint8_t)best;
}

KERNEL(256) cc_classes_f16(const cc_cuda_classes p)
{
    classes<Half>(p);
}
KERNEL(256) cc_classes_f32(const cc_cuda_classes p)
{
    classes<float>(p);
}
