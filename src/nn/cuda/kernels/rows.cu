/* Normalisation by mean and variance, and rows to one number. All add in an order that
 * depends on the sizes alone. After reduce.cu, whose sums over blocks and warps it uses. */
#include "nn/cuda/kernels/elements.h"

/* ---- of a channel: a block to eight channels of a picture ---- */

/* The sums of all threads, in every thread. */
DEVICE void block_sums(float *values)
{
    float others[GROUP];

    barrier(); /* the last use of the shared memory is over */
    put_partial(thread_index(), values);
    NO_UNROLL
    for (int half = 128; half > 0; half /= 2) {
        barrier();
        if (thread_index() < half) {
            get_partial(thread_index() + half, others);
            keep_or_add(0, values, others);
            put_partial(thread_index(), values);
        }
    }
    barrier();
    get_partial(0, values);
}

template <typename T> DEVICE void instance_norm(const cc_cuda_norm &p)
{
    const int groups = (p.output.channels + GROUP - 1) / GROUP;
    const int batch = (int)block_x() / groups;
    const int channel = ((int)block_x() - batch * groups) * GROUP;
    const int count = p.output.channels - channel;
    const int area = p.input.height * p.input.width;
    const T *from = (const T *)p.input.data + offset_of(p.input, batch, 0, 0) + channel;
    T *to = (T *)p.output.data + offset_of(p.output, batch, 0, 0) + channel;
    const bool aligned = is_aligned(p.input.data, p.input.stride);
    const bool aligned_output = is_aligned(p.output.data, p.output.stride);
    float mean[GROUP], factor[GROUP], values[GROUP];

    UNROLL
    for (int i = 0; i < GROUP; i++) {
        mean[i] = 0;
        factor[i] = 0;
    }
    NO_UNROLL
    for (int pixel = thread_index(); pixel < area; pixel += 256) {
        load_group(from + (int64_t)pixel * p.input.stride, count, aligned, values);
        keep_or_add(0, mean, values);
    }
    block_sums(mean);
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        mean[i] /= (float)area;
    }
    NO_UNROLL
    for (int pixel = thread_index(); pixel < area; pixel += 256) {
        load_group(from + (int64_t)pixel * p.input.stride, count, aligned, values);
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            factor[i] += (values[i] - mean[i]) * (values[i] - mean[i]);
        }
    }
    block_sums(factor);
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        const float scale = i < count ? p.scale[channel + i] : 0.0f;
        factor[i] = scale / sqrtf(factor[i] / (float)area + p.epsilon);
    }
    NO_UNROLL
    for (int pixel = thread_index(); pixel < area; pixel += 256) {
        load_group(from + (int64_t)pixel * p.input.stride, count, aligned, values);
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            const float bias = i < count && p.bias ? p.bias[channel + i] : 0.0f;
            values[i] = (values[i] - mean[i]) * factor[i] + bias;
        }
        store_group(to + (int64_t)pixel * p.output.stride, count, aligned_output, values);
    }
}

KERNEL(256) cc_instance_norm_f16(const cc_cuda_norm p)
{
    instance_norm<Half>(p);
}
KERNEL(256) cc_instance_norm_f32(const cc_cuda_norm p)
{
    instance_norm<float>(p);
}

/* ---- of a pixel: a warp to it ---- */

template <typename T> DEVICE void row_norm(const cc_cuda_norm &p)
{
    const int64_t pixel = (int64_t)block_x() * 8 + thread_index() / 32;
    const int lane = thread_index() % 32, channels = p.input.channels;
    const T *from = (const T *)p.input.data + pixel * p.input.stride;
    T *to = (T *)p.output.data + pixel * p.output.stride;
    float sum = 0, squares = 0;

    if (pixel >= (int64_t)p.output.batch * p.output.height * p.output.width) {
        return; /* the whole warp */
    }
    NO_UNROLL
    for (int c = lane; c < channels; c += 32) {
        sum += load_element(from + c);
    }
    const float mean = warp_sum(sum) / (float)channels;
    NO_UNROLL
    for (int c = lane; c < channels; c += 32) {
        const float distance = load_element(from + c) - mean;
        squares += distance * distance;
    }
    const float factor = 1.0f / sqrtf(warp_sum(squares) / (float)channels + p.epsilon);
    NO_UNROLL
    for (int c = lane; c < channels; c += 32) {
        const float value = (load_element(from + c) - mean) * factor * p.scale[c];
        store_element(to + c, value + (p.bias ? p.bias[c] : 0.0f));
    }
}

KERNEL(256) cc_row_norm_f16(const cc_cuda_norm p)
{
    row_norm<Half>(p);
}
KERNEL(256) cc_row_norm_f32(const cc_cuda_norm p)
{
    row_norm<float>(p);
}

template <typename T> DEVICE void row_reduce(const cc_cuda_row_reduce &p)
{
    const int64_t pixel = (int64_t)block_x() * 8 + thread_index() / 32;
    const int lane = thread_index() % 32, channels = p.input.channels;
    const bool adds = p.operation <= CC_CUDA_REDUCE_SUM;
    const float sign = p.operation == CC_CUDA_REDUCE_MINIMUM ? -1.0f : 1.0f;
    const T *from = (const T *)p.input.data + pixel * p.input.stride;
    float result = adds ? 0.0f : -INFINITY;

    if (pixel >= (int64_t)p.output.batch * p.output.height * p.output.width) {
        return; /* the whole warp */
    }
    NO_UNROLL
    for (int c = lane; c < channels; c += 32) {
        const float value = sign * load_element(from + c);
        result = adds ? result + value : fmaxf(result, value);
    }
    result = sign * (adds ? warp_sum(result) : warp_maximum(result));
    result = p.operation == CC_CUDA_REDUCE_MEAN ? result / (float)channels : result;
    if (lane == 0) {
        store_element((T *)p.output.data + pixel * p.output.stride, result);
    }
}

KERNEL(256) cc_row_reduce_f16(const cc_cuda_row_reduce p)
{
    row_reduce<Half>(p);
}
KERNEL(256) cc_row_reduce_f32(const cc_cuda_row_reduce p)
{
    row_reduce<float>(p);
}
