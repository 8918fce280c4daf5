/* Sums over many elements: global pooling, small matrix products, softmax. All add in
 * an order that depends on the sizes alone. */
#include "nn/cuda/kernels/elements.h"

/* ---- global pooling: a block to eight channels of a picture ---- */

DEVICE void keep_or_add(int maximum, float *result, const float *values)
{
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        const float larger = values[i] > result[i] ? values[i] : result[i];
        result[i] = maximum ? larger : result[i] + values[i];
    }
}

DEVICE void put_partial(int thread, const float *values)
{
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        shared_write(shared_address((uint32_t)(i * 256 + thread) * 4), float_bits(values[i]));
    }
}
DEVICE void get_partial(int thread, float *values)
{
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        values[i] = bits_float(shared_read(shared_address((uint32_t)(i * 256 + thread) * 4)));
    }
}

template <typename T> DEVICE void global_pool(const cc_cuda_global_pool &p)
{
    const int groups = (p.output.channels + GROUP - 1) / GROUP;
    const int batch = (int)block_x() / groups;
    const int channel = ((int)block_x() - batch * groups) * GROUP;
    const int count = p.output.channels - channel;
    const int area = p.input.height * p.input.width;
    const T *from = (const T *)p.input.data + offset_of(p.input, batch, 0, 0) + channel;
    const bool aligned = is_aligned(p.input.data, p.input.stride);
    float result[GROUP], values[GROUP];

    UNROLL
    for (int i = 0; i < GROUP; i++) {
        result[i] = p.maximum ? -INFINITY : 0.0f;
    }
    NO_UNROLL
    for (int pixel = thread_index(); pixel < area; pixel += 256) {
        load_group(from + (int64_t)pixel * p.input.stride, count, aligned, values);
        keep_or_add(p.maximum, result, values);
    }
    put_partial(thread_index(), result);
    NO_UNROLL
    for (int half = 128; half > 0; half /= 2) {
        barrier();
        if (thread_index() < half) {
            get_partial(thread_index() + half, values);
            keep_or_add(p.maximum, result, values);
            put_partial(thread_index(), result);
        }
    }
    if (thread_index() == 0) {
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            result[i] = p.maximum ? result[i] : result[i] / (float)area;
        }
        store_group((T *)p.output.data + offset_of(p.output, batch, 0, 0) + channel, count,
                    is_aligned(p.output.data, p.output.stride), result);
    }
}

KERNEL(256) cc_global_pool_f16(const cc_cuda_global_pool p)
{
    global_pool<Half>(p);
}
KERNEL(256) cc_global_pool_f32(const cc_cuda_global_pool p)
{
    global_pool<float>(p);
}

/* ---- over a warp ---- */

DEVICE float warp_sum(float value)
{
    UNROLL
    for (int mask = 16; mask > 0; mask /= 2) {
        value += exchange(value, mask);
    }
    return value;
}
DEVICE float warp_maximum(float value)
{
    UNROLL
    for (int mask = 16; mask > 0; mask /= 2) {
        value = fmaxf(value, exchange(value, mask));
    }
    return value;
}

/* ---- matrix products: a warp to a result ---- */

template <typename T> DEVICE void gemm(const cc_cuda_gemm &p)
{
    const int64_t warp = (int64_t)block_x() * 8 + thread_index() / 32;
    const int64_t pixel = warp / p.output.channels;
    const int channel = (int)(warp - pixel * p.output.channels), lane = thread_index() % 32;
    const int64_t pixels = (int64_t)p.output.batch * p.output.height * p.output.width;
    const T *row = (const T *)p.input.data + pixel * p.input.stride;
    const float *weights = p.weights + (int64_t)channel * p.input.channels;
    float sum = 0;

    if (pixel >= pixels) {
        return; /* the whole warp */
    }
    NO_UNROLL
    for (int k = lane; k < p.input.channels; k += 32) {
        sum = multiply_add(load_element(row + k), weights[k], sum);
    }
    sum = warp_sum(sum);
    if (lane == 0) {
        sum = activate(p.activation, sum + (p.bias ? p.bias[channel] : 0.0f));
        store_element((T *)p.output.data + pixel * p.output.stride + channel, sum);
    }
}

KERNEL(256) cc_gemm_f16(const cc_cuda_gemm p)
{
    gemm<Half>(p);
}
KERNEL(256) cc_gemm_f32(const cc_cuda_gemm p)
{
    gemm<float>(p);
}

/* ---- softmax: a warp to a pixel ---- */

template <typename T> DEVICE void softmax(const cc_cuda_softmax &p)
{
    const int64_t pixel = (int64_t)block_x() * 8 + thread_index() / 32;
    const int lane = thread_index() % 32;
    const T *from = (const T *)p.input.data + pixel * p.input.stride;
    T *to = (T *)p.output.data + pixel * p.output.stride;
    float largest = -INFINITY, sum = 0;

    if (pixel >= (int64_t)p.output.batch * p.output.height * p.output.width) {
        return; /* the whole warp */
    }
    NO_UNROLL
    for (int c = lane; c < p.input.channels; c += 32) {
        largest = fmaxf(largest, load_element(from + c));
    }
    largest = warp_maximum(largest);
    NO_UNROLL
    for (int c = lane; c < p.input.channels; c += 32) {
        sum += expf(load_element(from + c) - largest);
    }
    sum = warp_sum(sum);
    NO_UNROLL
    for (int c = lane; c < p.input.channels; c += 32) {
        store_element(to + c, expf(load_element(from + c) - largest) / sum);
    }
}

KERNEL(256) cc_softmax_f16(const cc_cuda_softmax p)
{
    softmax<Half>(p);
}
KERNEL(256) cc_softmax_f32(const cc_cuda_softmax p)
{
    softmax<float>(p);
}
