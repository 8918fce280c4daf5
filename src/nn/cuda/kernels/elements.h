/* Elements of tensors in either storage, and activations: shared by all kernels.
 * C++; included by .cu files only. */
#ifndef CLEARCUT_NN_CUDA_KERNELS_ELEMENTS_H
#define CLEARCUT_NN_CUDA_KERNELS_ELEMENTS_H

#include "nn/cuda/kernels/device.h"

#include <math.h>

enum { GROUP = 8 }; /* channels that a thread of the simple kernels takes */

struct Half {
    uint16_t bits;
};

DEVICE float load_element(const Half *from)
{
    return low_half(from->bits);
}
DEVICE float load_element(const float *from)
{
    return *from;
}
DEVICE void store_element(Half *to, float value)
{
    to->bits = (uint16_t)pack_halves(value, 0.0f);
}
DEVICE void store_element(float *to, float value)
{
    *to = value;
}

/* 16-byte accesses work on this address and everything `stride` elements on. */
DEVICE bool is_aligned(const void *data, int stride)
{
    return (uint64_t)data % 16 == 0 && stride % 8 == 0;
}

DEVICE void unpack(const Vector16 &packed, float *values)
{
    UNROLL
    for (int i = 0; i < 4; i++) {
        values[2 * i] = low_half(packed.word[i]);
        values[2 * i + 1] = high_half(packed.word[i]);
    }
}
DEVICE Vector16 pack(const float *values)
{
    Vector16 packed;
    UNROLL
    for (int i = 0; i < 4; i++) {
        packed.word[i] = pack_halves(values[2 * i], values[2 * i + 1]);
    }
    return packed;
}

/* GROUP whole elements at an aligned address. */
DEVICE void load_whole(const Half *from, float *values)
{
    unpack(*(const Vector16 *)from, values);
}
DEVICE void load_whole(const float *from, float *values)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        const Vector16 part = *(const Vector16 *)(from + 4 * half);
        UNROLL
        for (int i = 0; i < 4; i++) {
            values[4 * half + i] = bits_float(part.word[i]);
        }
    }
}
DEVICE void store_whole(Half *to, const float *values)
{
    *(Vector16 *)to = pack(values);
}
DEVICE void store_whole(float *to, const float *values)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        Vector16 part;
        UNROLL
        for (int i = 0; i < 4; i++) {
            part.word[i] = float_bits(values[4 * half + i]);
        }
        *(Vector16 *)(to + 4 * half) = part;
    }
}

/* Up to GROUP elements, those from `count` on being 0; `aligned`: see is_aligned. */
template <typename T> DEVICE void load_group(const T *from, int count, bool aligned, float *values)
{
    if (aligned && count >= GROUP) {
        load_whole(from, values);
        return;
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        values[i] = i < count ? load_element(from + i) : 0.0f;
    }
}
template <typename T> DEVICE void store_group(T *to, int count, bool aligned, const float *values)
{
    if (aligned && count >= GROUP) {
        store_whole(to, values);
        return;
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        if (i < count) {
            store_element(to + i, values[i]);
        }
    }
}

/* ---- where a thread's group of channels lies ---- */

struct Position {
    int batch;
    int row;
    int column;
    int channel; /* first of the group */
    int count;   /* channels of the group that exist */
    bool inside; /* of the tensor: false for threads beyond the last group */
};

/* Of thread `index` when threads count groups of channels first, then columns, rows
 * and pictures. */
DEVICE Position position_of(const cc_cuda_tensor &tensor, uint32_t index)
{
    const uint32_t groups = (uint32_t)(tensor.channels + GROUP - 1) / GROUP;
    const uint32_t pixel = index / groups;
    const uint32_t row = pixel / (uint32_t)tensor.width;
    Position at;

    at.channel = (int)(index - pixel * groups) * GROUP;
    at.count = tensor.channels - at.channel < GROUP ? tensor.channels - at.channel : GROUP;
    at.column = (int)(pixel - row * (uint32_t)tensor.width);
    at.batch = (int)(row / (uint32_t)tensor.height);
    at.row = (int)(row - (uint32_t)at.batch * (uint32_t)tensor.height);
    at.inside = at.batch < tensor.batch;
    return at;
}

/* Elements from a tensor's data to a pixel. */
DEVICE int64_t offset_of(const cc_cuda_tensor &tensor, int batch, int row, int column)
{
    return (((int64_t)batch * tensor.height + row) * tensor.width + column) * tensor.stride;
}

/* The number of this thread in the launch, for launches of one dimension. Those hold
 * at most 2^31 items, so the last block's threads stay below 2^32. */
DEVICE uint32_t item_index(uint32_t threads)
{
    return block_x() * threads + (uint32_t)thread_index();
}

/* ---- activations ---- */

/* Those that take no division nor table, as one formula without branches: below zero
 * times `slope`, then into low .. high. Other kinds pass values on as they are. */
struct SimpleActivation {
    float slope;
    float low;
    float high;
};

DEVICE SimpleActivation simple_activation(const cc_cuda_activation &activation)
{
    SimpleActivation simple = {1.0f, -INFINITY, INFINITY};

    if (activation.kind == CC_CUDA_RELU) {
        simple.low = 0;
    } else if (activation.kind == CC_CUDA_LEAKY_RELU) {
        simple.slope = activation.alpha;
    } else if (activation.kind == CC_CUDA_CLIP) {
        simple.low = activation.alpha;
        simple.high = activation.beta;
    }
    return simple;
}

DEVICE float activate_simple(const SimpleActivation &simple, float value)
{
    value = value < 0 ? value * simple.slope : value;
    return fminf(fmaxf(value, simple.low), simple.high);
}

DEVICE bool is_simple(int kind)
{
    return kind <= CC_CUDA_CLIP;
}

/* Formulas: nn/ops/activation.c and the ONNX operators of the same names. */
DEVICE_CALL float activate_other(int kind, float alpha, float beta, float value)
{
    switch (kind) {
    case CC_CUDA_SIGMOID: return 1.0f / (1.0f + expf(-value));
    case CC_CUDA_HARD_SIGMOID: return fmaxf(0.0f, fminf(1.0f, alpha * value + beta));
    case CC_CUDA_HARD_SWISH: return value * fmaxf(0.0f, fminf(1.0f, value / 6.0f + 0.5f));
    case CC_CUDA_TANH: return tanhf(value);
    case CC_CUDA_AFFINE: return alpha * value + beta;
    case CC_CUDA_ABS: return fabsf(value);
    case CC_CUDA_NEGATE: return -value;
    case CC_CUDA_EXP: return expf(value);
    case CC_CUDA_LOG: return logf(value);
    case CC_CUDA_SQRT: return sqrtf(value);
    case CC_CUDA_RECIPROCAL: return 1.0f / value;
    case CC_CUDA_FLOOR: return floorf(value);
    case CC_CUDA_CEIL: return ceilf(value);
    default: return value;
    }
}

DEVICE float activate(const cc_cuda_activation &activation, float value)
{
    return is_simple(activation.kind)
               ? activate_simple(simple_activation(activation), value)
               : activate_other(activation.kind, activation.alpha, activation.beta, value);
}

/* The functions of cc_unary alone: kinds from CC_CUDA_ROUND on, kept out of the kernels
 * that activate what they compute. */
DEVICE_CALL float function_of(int kind, float value)
{
    switch (kind) {
    case CC_CUDA_ROUND: return rintf(value);
    case CC_CUDA_ERF: return erff(value);
    case CC_CUDA_GELU: return 0.5f * value * (1.0f + erff(value * 0.70710678f));
    case CC_CUDA_GELU_TANH:
        return 0.5f * value *
               (1.0f + tanhf(0.79788456f * (value + 0.044715f * value * value * value)));
    case CC_CUDA_SOFTPLUS: return fmaxf(value, 0.0f) + log1pf(expf(-fabsf(value)));
    default: return value;
    }
}

/* A group of values, in place. */
DEVICE void activate_group(const cc_cuda_activation &activation, float *values)
{
    if (activation.kind == CC_CUDA_NONE) {
        return;
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        values[i] = activate(activation, values[i]);
    }
}

#endif
