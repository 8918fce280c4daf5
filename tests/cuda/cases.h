/* What the kernel tests share: tensors in guarded memory, launches, comparison. */
#ifndef CLEARCUT_TESTS_CUDA_CASES_H
#define CLEARCUT_TESTS_CUDA_CASES_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "emulation.h"
#include "nn/cuda/kernels/launch.h"

#define GUARD 0xFF /* fills what no kernel may read or write: NaN as half and float */

/* A tensor as a slice of a wider one, in a block of memory with guards all round. */
typedef struct guarded {
    cc_cuda_tensor tensor;
    unsigned char *memory;
    size_t size;
    int offset; /* channels before the slice */
    cc_cuda_storage storage;
} guarded;

static uint32_t random_state = 1;

static inline uint32_t random_bits(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* -1 .. 1 */
static inline float random_float(void)
{
    return (float)((int)(random_bits() & 0xFFFF) - 32768) / 32768.0f;
}

static inline size_t element_size(cc_cuda_storage storage)
{
    return storage == CC_CUDA_F16 ? 2 : 4;
}

/* `before` and `after` are channels of the wider tensor around the slice. */
static inline guarded guarded_new(cc_cuda_storage storage, int batch, int height, int width,
                                  int channels, int before, int after)
{
    guarded result;
    const size_t pixels = (size_t)batch * (size_t)height * (size_t)width;
    const int stride = before + channels + after;

    memset(&result, 0, sizeof result);
    result.storage = storage;
    result.offset = before;
    result.size = pixels * (size_t)stride * element_size(storage) + 128;
    result.memory = aligned_alloc(64, (result.size + 63) / 64 * 64);
    assert_non_null(result.memory);
    memset(result.memory, GUARD, result.size);
    result.tensor = (cc_cuda_tensor){result.memory + 64 + (size_t)before * element_size(storage),
                                     stride,
                                     batch,
                                     height,
                                     width,
                                     channels};
    return result;
}

static inline void guarded_free(guarded *g)
{
    free(g->memory);
}

static inline size_t element_index(const cc_cuda_tensor *t, int n, int y, int x, int c)
{
    return (((size_t)n * (size_t)t->height + (size_t)y) * (size_t)t->width + (size_t)x) *
               (size_t)t->stride +
           (size_t)c;
}

static inline float value_at(const guarded *g, int n, int y, int x, int c)
{
    const size_t index = element_index(&g->tensor, n, y, x, c);

    return g->storage == CC_CUDA_F16 ? cc_cuda_half_value(((const uint16_t *)g->tensor.data)[index])
                                     : ((const float *)g->tensor.data)[index];
}

static inline void set_value(guarded *g, int n, int y, int x, int c, float value)
{
    const size_t index = element_index(&g->tensor, n, y, x, c);

    if (g->storage == CC_CUDA_F16) {
        ((uint16_t *)g->tensor.data)[index] = cc_cuda_half(value);
    } else {
        ((float *)g->tensor.data)[index] = value;
    }
}

#define FOR_EACH(t, n, y, x, c)                                                                    \
    for (int n = 0; n < (t).batch; n++)                                                            \
        for (int y = 0; y < (t).height; y++)                                                       \
            for (int x = 0; x < (t).width; x++)                                                    \
                for (int c = 0; c < (t).channels; c++)

static inline void fill_random(guarded *g, float scale)
{
    FOR_EACH(g->tensor, n, y, x, c)
    {
        set_value(g, n, y, x, c, random_float() * scale);
    }
}

/* Every byte outside the slice is still the guard. */
static inline void assert_guards(const guarded *g)
{
    const size_t size = element_size(g->storage);
    const size_t pixel = (size_t)g->tensor.stride * size;
    size_t damaged = 0;

    for (size_t i = 0; i < g->size; i++) {
        const size_t inside = i - 64;
        const bool in_rows = i >= 64 && i < g->size - 64;
        const size_t channel = in_rows ? inside % pixel / size : 0;
        const bool in_slice = in_rows && channel >= (size_t)g->offset &&
                              channel < (size_t)(g->offset + g->tensor.channels);
        damaged += !in_slice && g->memory[i] != GUARD;
    }
    if (damaged > 0) {
        print_error("%zu bytes written outside the tensor\n", damaged);
        fail();
    }
}

/* Run what a launch function shaped. */
static inline void run_kernel(const cc_cuda_launch *launch, const void *parameters)
{
    const uint32_t block[3] = {launch->threads, 1, 1};
    const int code = cuda_emulation_launch(cc_cuda_kernels[launch->kernel].name, launch->grid,
                                           block, launch->shared_bytes, parameters);

    if (code != 0) {
        print_error("%s: %s\n", cc_cuda_kernels[launch->kernel].name, cuda_emulation_message());
    }
    assert_int_equal(code, 0);
}

static inline void assert_launched(cc_status status, const cc_error *error)
{
    if (status != CC_OK) {
        print_error("%s\n", error->message);
    }
    assert_int_equal(status, CC_OK);
}

/* The larger of the error so far and |got - wanted| / (1 + |wanted|). Two infinities
 * of one sign, and two NaNs, agree. */
static inline double worse(double so_far, double got, double wanted)
{
    double error;

    if (isnan(wanted) || isinf(wanted)) {
        error = (isnan(wanted) ? isnan(got) : got == wanted) ? 0 : INFINITY;
    } else {
        error = isfinite(got) ? fabs(got - wanted) / (1 + fabs(wanted)) : INFINITY;
    }
    return error > so_far ? error : so_far;
}

static inline void assert_close(double worst, double tolerance, const char *what)
{
    if (!(worst <= tolerance)) {
        print_error("%s: relative error %.3g, allowed %.3g\n", what, worst, tolerance);
        fail();
    }
}

/* float64 reference of an activation. */
static inline double reference_activation(const cc_cuda_activation *a, double v)
{
    switch (a->kind) {
    case CC_CUDA_RELU: return v > 0 ? v : 0;
    case CC_CUDA_LEAKY_RELU: return v > 0 ? v : v * a->alpha;
    case CC_CUDA_CLIP: return v < a->alpha ? a->alpha : v > a->beta ? a->beta : v;
    case CC_CUDA_SIGMOID: return 1 / (1 + exp(-v));
    case CC_CUDA_HARD_SIGMOID: return fmax(0, fmin(1, a->alpha * v + a->beta));
    case CC_CUDA_HARD_SWISH: return v * fmax(0, fmin(1, v / 6 + 0.5));
    case CC_CUDA_TANH: return tanh(v);
    case CC_CUDA_AFFINE: return a->alpha * v + a->beta;
    case CC_CUDA_ABS: return fabs(v);
    case CC_CUDA_NEGATE: return -v;
    case CC_CUDA_EXP: return exp(v);
    case CC_CUDA_LOG: return log(v);
    case CC_CUDA_SQRT: return sqrt(v);
    case CC_CUDA_RECIPROCAL: return 1 / v;
    case CC_CUDA_FLOOR: return floor(v);
    case CC_CUDA_CEIL: return ceil(v);
    case CC_CUDA_ROUND: return rint(v);
    case CC_CUDA_ERF: return erf(v);
    case CC_CUDA_GELU: return 0.5 * v * (1 + erf(v / sqrt(2)));
    case CC_CUDA_GELU_TANH:
        return 0.5 * v * (1 + tanh(sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
    case CC_CUDA_SOFTPLUS: return fmax(v, 0) + log1p(exp(-fabs(v)));
    default: return v;
    }
}

#endif
