/* Activations and sums element by element, written once for every instruction
 * set. Included after a vector_*.h. */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include <string.h>

#include "nn/cpu/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* e^x. With n = round(x / ln 2) and r = x - n ln 2, |r| <= ln 2 / 2, the result is
 * 2^n e^r. ln 2 is taken off in two parts so that r is exact to a unit in the last
 * place. e^r is the polynomial of degree 6 with the Taylor coefficients 1/k!: its
 * remainder is r^7/5040 <= 1.2e-7 relative. Arguments are clamped to -87 .. 88,
 * where the result stays normal: the sum 1 + e^x of a sigmoid sees no difference. */
INLINE vector exponential(vector x)
{
    const float to_integer = 12582912.0F; /* 1.5 * 2^23: adding it rounds to an integer */

    x = vector_min(vector_all(88.0F), vector_max(vector_all(-87.0F), x));
    vector shifted = vector_multiply_add(x, vector_all(1.44269504F), vector_all(to_integer));
    vector n = shifted - vector_all(to_integer);
    vector r = vector_multiply_add(n, vector_all(-0.693359375F), x);
    r = vector_multiply_add(n, vector_all(2.12194440e-4F), r);
    vector power = vector_all(1.0F / 720);
    power = vector_multiply_add(power, r, vector_all(1.0F / 120));
    power = vector_multiply_add(power, r, vector_all(1.0F / 24));
    power = vector_multiply_add(power, r, vector_all(1.0F / 6));
    power = vector_multiply_add(power, r, vector_all(0.5F));
    power = vector_multiply_add(power, r, vector_all(1.0F));
    power = vector_multiply_add(power, r, vector_all(1.0F));
    /* The low bits of `shifted` are n: put them into the exponent. */
    vector_int exponent = ((vector_int)shifted << 23) + 0x3f800000;
    return power * (vector)exponent;
}

/* 1 / (1 + e^-x): no cancellation, so the error stays that of the exponential. */
INLINE vector sigmoid(vector x)
{
    vector one = vector_all(1.0F);
    return one / (one + exponential(vector_all(0.0F) - x));
}

/* tanh x = 2 sigmoid(2 x) - 1 loses digits near 0, where x - x^3/3 + 2 x^5/15 is
 * exact to 1e-7 relative for |x| < 0.12. */
INLINE vector hyperbolic_tangent(vector x)
{
    vector square = x * x;
    vector series = vector_multiply_add(square, vector_all(-17.0F / 315), vector_all(2.0F / 15));
    series = vector_multiply_add(series, square, vector_all(-1.0F / 3));
    series = vector_multiply_add(series * square, x, x);
    vector exact = vector_all(2.0F) * sigmoid(x + x) - vector_all(1.0F);
    vector_int near = (vector_int)(square < vector_all(0.0144F));
    return (vector)((near & (vector_int)series) | (~near & (vector_int)exact));
}

/* NaN stays NaN: the instructions return the second operand. */
INLINE vector clip(vector x, vector low, vector high)
{
    return vector_min(high, vector_max(low, x));
}

INLINE vector apply(cc_activation activation, vector x, vector alpha, vector beta)
{
    vector zero = vector_all(0.0F);
    vector one = vector_all(1.0F);

    switch (activation) {
    case CC_ACTIVATION_RELU: return vector_max(zero, x);
    case CC_ACTIVATION_LEAKY_RELU: return vector_max(zero, x) + alpha * vector_min(zero, x);
    case CC_ACTIVATION_CLIP: return clip(x, alpha, beta);
    case CC_ACTIVATION_SIGMOID: return sigmoid(x);
    case CC_ACTIVATION_HARD_SIGMOID: return clip(alpha * x + beta, zero, one);
    case CC_ACTIVATION_HARD_SWISH:
        return x * clip(x / vector_all(6.0F) + vector_all(0.5F), zero, one);
    case CC_ACTIVATION_TANH: return hyperbolic_tangent(x);
    case CC_ACTIVATION_NONE: break;
    }
    return x;
}

/* `activation` is a constant wherever this is inlined. */
INLINE void activate_with(cc_activation activation, const cc_fusion *fusion, float *output,
                          const float *input, int count)
{
    vector alpha = vector_all(fusion->alpha);
    vector beta = vector_all(fusion->beta);
    int i = 0;

    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
        vector_store(output + i, apply(activation, vector_load(input + i), alpha, beta));
    }
    if (i < count) {
        float last[VECTOR_LANES] = {0};
        memcpy(last, input + i, (size_t)(count - i) * sizeof *last);
        vector_store(last, apply(activation, vector_load(last), alpha, beta));
        memcpy(output + i, last, (size_t)(count - i) * sizeof *last);
    }
}

static void run_activate(const cc_fusion *fusion, float *output, const float *input, int count)
{
    switch (fusion->activation) {
    case CC_ACTIVATION_RELU: activate_with(CC_ACTIVATION_RELU, fusion, output, input, count); break;
    case CC_ACTIVATION_LEAKY_RELU:
        activate_with(CC_ACTIVATION_LEAKY_RELU, fusion, output, input, count);
        break;
    case CC_ACTIVATION_CLIP: activate_with(CC_ACTIVATION_CLIP, fusion, output, input, count); break;
    case CC_ACTIVATION_SIGMOID:
        activate_with(CC_ACTIVATION_SIGMOID, fusion, output, input, count);
        break;
    case CC_ACTIVATION_HARD_SIGMOID:
        activate_with(CC_ACTIVATION_HARD_SIGMOID, fusion, output, input, count);
        break;
    case CC_ACTIVATION_HARD_SWISH:
        activate_with(CC_ACTIVATION_HARD_SWISH, fusion, output, input, count);
        break;
    case CC_ACTIVATION_TANH: activate_with(CC_ACTIVATION_TANH, fusion, output, input, count); break;
    case CC_ACTIVATION_NONE:
        if (output != input) {
            memcpy(output, input, (size_t)count * sizeof *output);
        }
        break;
    }
}

INLINE vector combine(cc_binary operation, vector a, vector b)
{
    switch (operation) {
    case CC_BINARY_ADD: return a + b;
    case CC_BINARY_SUBTRACT: return a - b;
    case CC_BINARY_MULTIPLY: return a * b;
    }
    return a;
}

/* `operation` is a constant wherever this is inlined. */
INLINE void binary_with(cc_binary operation, float *output, const float *a, const float *b,
                        int b_step, int count)
{
    int i = 0;

    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
        const float *second = b + (b_step != 0 ? i : i % CC_BLOCK);
        vector_store(output + i, combine(operation, vector_load(a + i), vector_load(second)));
    }
    if (i < count) {
        float left[VECTOR_LANES] = {0};
        float right[VECTOR_LANES] = {0};
        size_t bytes = (size_t)(count - i) * sizeof *left;
        memcpy(left, a + i, bytes);
        memcpy(right, b + (b_step != 0 ? i : i % CC_BLOCK), bytes);
        vector_store(left, combine(operation, vector_load(left), vector_load(right)));
        memcpy(output + i, left, bytes);
    }
}

static void run_binary(cc_binary operation, float *output, const float *a, const float *b,
                       int b_step, int count)
{
    switch (operation) {
    case CC_BINARY_ADD: binary_with(CC_BINARY_ADD, output, a, b, b_step, count); break;
    case CC_BINARY_SUBTRACT: binary_with(CC_BINARY_SUBTRACT, output, a, b, b_step, count); break;
    case CC_BINARY_MULTIPLY: binary_with(CC_BINARY_MULTIPLY, output, a, b, b_step, count); break;
    }
}
