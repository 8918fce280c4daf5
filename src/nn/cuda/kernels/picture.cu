/* Between pictures and tensors: resampling of bytes, normalisation, planes. */
#include "nn/cuda/kernels/elements.h"

/* ---- resampling: a thread to an output pixel ---- */

enum { RESAMPLE_BITS = 22 }; /* of fraction: CC_RESAMPLE_PRECISION of image/resample_kernel.h */

/* All channels of one output pixel; returns the largest. */
DEVICE int resample_pixel(const cc_cuda_resample &p, int y, int x)
{
    const int index = p.vertical ? y : x;
    const int first = p.first[index], count = p.count[index];
    const int32_t *weights = p.weights + (int64_t)index * p.taps;
    const int64_t step = p.vertical ? p.source_stride : p.pixel_bytes;
    const uint8_t *from = p.source +
                          (p.vertical ? (int64_t)x * p.pixel_bytes : (int64_t)y * p.source_stride) +
                          first * step;
    uint8_t *to = p.output + ((int64_t)y * p.width + x) * p.channels;
    int largest = 0;

    NO_UNROLL
    for (int c = 0; c < p.channels; c++) {
        int32_t sum = 1 << (RESAMPLE_BITS - 1);
        NO_UNROLL
        for (int t = 0; t < count; t++) {
            sum += from[t * step + c] * weights[t];
        }
        sum >>= RESAMPLE_BITS;
        sum = sum < 0 ? 0 : sum > 255 ? 255 : sum;
        to[c] = (uint8_t)sum;
        largest = sum > largest ? sum : largest;
    }
    return largest;
}

KERNEL(256) cc_resample(const cc_cuda_resample p)
{
    const uint32_t item = item_index(256);
    const int y = (int)(item / (uint32_t)p.width);
    float largest = 0;

    if (y < p.height) {
        largest = (float)resample_pixel(p, y, (int)(item - (uint32_t)y * (uint32_t)p.width));
    }
    if (!p.maximum) {
        return;
    }
    UNROLL
    for (int mask = 16; mask > 0; mask /= 2) {
        largest = fmaxf(largest, exchange(largest, mask));
    }
    if (thread_index() % 32 == 0) {
        atomic_maximum(p.maximum, (uint32_t)largest);
    }
}

/* ---- normalisation: a thread to a pixel, by a table of 3 x 256 results ---- */

template <typename T> DEVICE void normalise(const cc_cuda_normalise &p)
{
    const uint32_t item = item_index(256);
    const uint32_t pixels = (uint32_t)p.output.height * (uint32_t)p.output.width;
    double divisor = p.divisor;

    if (p.maximum) {
        divisor = *p.maximum > 0 ? (double)*p.maximum : 1e-6;
    }
    UNROLL
    for (int c = 0; c < 3; c++) {
        const double value = (thread_index() / divisor - p.mean[c]) / p.deviation[c];
        shared_write(shared_address((uint32_t)(c * 256 + thread_index()) * 4),
                     float_bits((float)value));
    }
    barrier();
    if (item >= pixels) {
        return;
    }
    T *to = (T *)p.output.data + (int64_t)item * p.output.stride;
    UNROLL
    for (int c = 0; c < 3; c++) {
        const uint32_t entry = (uint32_t)c * 256 + p.source[(int64_t)item * 3 + c];
        store_element(to + c, bits_float(shared_read(shared_address(entry * 4))));
    }
}

KERNEL(256) cc_normalise_f16(const cc_cuda_normalise p)
{
    normalise<Half>(p);
}
KERNEL(256) cc_normalise_f32(const cc_cuda_normalise p)
{
    normalise<float>(p);
}

/* ---- planes: a thread to eight channels of a pixel ---- */

DEVICE int64_t plane_offset(const cc_cuda_tensor &tensor, const Position &at)
{
    return (((int64_t)at.batch * tensor.channels + at.channel) * tensor.height + at.row) *
               tensor.width +
           at.column;
}

template <typename T> DEVICE void from_planes(const cc_cuda_planes &p)
{
    const Position at = position_of(p.tensor, item_index(256));
    const int64_t plane = (int64_t)p.tensor.height * p.tensor.width;
    float values[GROUP];

    if (!at.inside) {
        return;
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        values[i] = i < at.count ? p.planes[plane_offset(p.tensor, at) + i * plane] : 0.0f;
    }
    activate_group(p.activation, values);
    store_group((T *)p.tensor.data + offset_of(p.tensor, at.batch, at.row, at.column) + at.channel,
                at.count, is_aligned(p.tensor.data, p.tensor.stride), values);
}

template <typename T> DEVICE void to_planes(const cc_cuda_planes &p)
{
    const Position at = position_of(p.tensor, item_index(256));
    const int64_t plane = (int64_t)p.tensor.height * p.tensor.width;
    float values[GROUP];

    if (!at.inside) {
        return;
    }
    load_group((const T *)p.tensor.data + offset_of(p.tensor, at.batch, at.row, at.column) +
                   at.channel,
               at.count, is_aligned(p.tensor.data, p.tensor.stride), values);
    activate_group(p.activation, values);
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        if (i < at.count) {
            p.planes[plane_offset(p.tensor, at) + i * plane] = values[i];
        }
    }
}

KERNEL(256) cc_from_planes_f16(const cc_cuda_planes p)
{
    from_planes<Half>(p);
}
KERNEL(256) cc_from_planes_f32(const cc_cuda_planes p)
{
    from_planes<float>(p);
}
KERNEL(256) cc_to_planes_f16(const cc_cuda_planes p)
{
    to_planes<Half>(p);
}
KERNEL(256) cc_to_planes_f32(const cc_cuda_planes p)
{
    to_planes<float>(p);
}
