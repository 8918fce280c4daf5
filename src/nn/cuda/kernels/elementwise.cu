/* Operators that work element by element: a thread takes eight channels of a pixel. */
#include "nn/cuda/kernels/elements.h"

template <typename T> DEVICE void unary(const cc_cuda_unary &p)
{
    const Position at = position_of(p.output, item_index(256));
    float values[GROUP];

    if (!at.inside) {
        return;
    }
    load_group((const T *)p.input.data + offset_of(p.input, at.batch, at.row, at.column) +
                   at.channel,
               at.count, is_aligned(p.input.data, p.input.stride), values);
    if (p.activation.kind >= CC_CUDA_ROUND) {
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            values[i] = function_of(p.activation.kind, values[i]);
        }
    } else {
        activate_group(p.activation, values);
    }
    store_group((T *)p.output.data + offset_of(p.output, at.batch, at.row, at.column) + at.channel,
                at.count, is_aligned(p.output.data, p.output.stride), values);
}

KERNEL(256) cc_unary_f16(const cc_cuda_unary p)
{
    unary<Half>(p);
}
KERNEL(256) cc_unary_f32(const cc_cuda_unary p)
{
    unary<float>(p);
}

/* An operand's part under the output's position: axes of size 1 are repeated. */
template <typename T>
DEVICE void load_operand(const cc_cuda_tensor &operand, const Position &at, float *values)
{
    const T *from = (const T *)operand.data + offset_of(operand, operand.batch == 1 ? 0 : at.batch,
                                                        operand.height == 1 ? 0 : at.row,
                                                        operand.width == 1 ? 0 : at.column);

    if (operand.channels == 1) {
        const float value = load_element(from);
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            values[i] = value;
        }
        return;
    }
    load_group(from + at.channel, at.count, is_aligned(operand.data, operand.stride), values);
}

DEVICE_CALL float combine(int operation, float a, float b)
{
    switch (operation) {
    case CC_CUDA_SUBTRACT: return a - b;
    case CC_CUDA_MULTIPLY: return a * b;
    case CC_CUDA_DIVIDE: return a / b;
    case CC_CUDA_MINIMUM: return b < a ? b : a;
    case CC_CUDA_MAXIMUM: return b > a ? b : a;
    case CC_CUDA_POWER: return powf(a, b);
    case CC_CUDA_SLOPE: return a < 0 ? a * b : a;
    default: return a + b;
    }
}

template <typename T> DEVICE void binary(const cc_cuda_binary &p)
{
    const Position at = position_of(p.output, item_index(256));
    float a[GROUP], b[GROUP];

    if (!at.inside) {
        return;
    }
    load_operand<T>(p.a, at, a);
    load_operand<T>(p.b, at, b);
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        /* Sums are what networks are full of: no call for them. */
        a[i] = p.operation == CC_CUDA_ADD ? a[i] + b[i] : combine(p.operation, a[i], b[i]);
    }
    activate_group(p.activation, a);
    store_group((T *)p.output.data + offset_of(p.output, at.batch, at.row, at.column) + at.channel,
                at.count, is_aligned(p.output.data, p.output.stride), a);
}

KERNEL(256) cc_binary_f16(const cc_cuda_binary p)
{
    binary<Half>(p);
}
KERNEL(256) cc_binary_f32(const cc_cuda_binary p)
{
    binary<float>(p);
}
