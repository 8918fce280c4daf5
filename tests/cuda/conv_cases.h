/* Convolutions of every kind against a plain loop in float64. */
#ifndef CLEARCUT_TESTS_CUDA_CONV_CASES_H
#define CLEARCUT_TESTS_CUDA_CONV_CASES_H

#include "cases.h"

typedef struct conv_case {
    int batch, height, width, inputs, outputs;
    int kernel_y, kernel_x, stride, dilation, pad;
    int residual; /* CC_CUDA_RESIDUAL_... */
    int activation;
    int splits;
    int before, after; /* channels around the slices of input, output and residual */
    int groups;        /* 0 = 1 */
    float scale;       /* of the input; 0 = 1 */
} conv_case;

/* A convolution with everything that it points at. */
typedef struct conv_setup {
    cc_cuda_conv conv;
    guarded input, output, residual;
    float *weights; /* as ONNX has them */
    float *bias;
    void *packed;
    float *partial;
    uint32_t *arrived;
} conv_setup;

typedef enum conv_kernel { CONV_TENSOR, CONV_FEW, CONV_PLAIN } conv_kernel;

static inline int conv_output_size(int input, int kernel, const conv_case *c)
{
    return (input + 2 * c->pad - (kernel - 1) * c->dilation - 1) / c->stride + 1;
}

static inline void conv_random_weights(conv_setup *s, const conv_case *c)
{
    const int groups = c->groups ? c->groups : 1;
    const int inputs = c->inputs / groups * c->kernel_y * c->kernel_x;
    const size_t count = (size_t)c->outputs * (size_t)inputs;

    s->weights = malloc(count * sizeof(float));
    s->bias = malloc((size_t)c->outputs * sizeof(float)); /* exactly: the sanitizer watches */
    assert_true(s->weights && s->bias);
    for (size_t i = 0; i < count; i++) { /* representable as halves: kernels differ by sums only */
        s->weights[i] = cc_cuda_half_value(cc_cuda_half(random_float() / sqrtf((float)inputs)));
    }
    for (int i = 0; i < c->outputs; i++) {
        s->bias[i] = random_float() * 0.25f;
    }
}

static inline void conv_pack(conv_setup *s, conv_kernel kernel)
{
    const size_t bytes = kernel == CONV_TENSOR ? cc_cuda_conv_pack_bytes(&s->conv)
                         : kernel == CONV_FEW  ? cc_cuda_conv_few_pack_bytes(&s->conv)
                                               : cc_cuda_conv_plain_pack_bytes(&s->conv);

    s->packed = aligned_alloc(16, (bytes + 15) / 16 * 16);
    assert_non_null(s->packed);
    memset(s->packed, 0xFF, bytes);
    if (kernel == CONV_TENSOR) {
        cc_cuda_conv_pack(&s->conv, s->weights, s->packed);
    } else if (kernel == CONV_FEW) {
        cc_cuda_conv_few_pack(&s->conv, s->weights, s->packed);
    } else {
        cc_cuda_conv_plain_pack(&s->conv, s->weights, s->packed);
    }
    s->conv.weights = s->packed;
}

static inline conv_setup conv_prepare(const conv_case *c, cc_cuda_storage storage,
                                      conv_kernel kernel)
{
    conv_setup s;
    const int height = conv_output_size(c->height, c->kernel_y, c);
    const int width = conv_output_size(c->width, c->kernel_x, c);

    memset(&s, 0, sizeof s);
    random_state = 7;
    s.input = guarded_new(storage, c->batch, c->height, c->width, c->inputs, c->before, c->after);
    s.output = guarded_new(storage, c->batch, height, width, c->outputs, c->before, c->after);
    s.residual = guarded_new(storage, c->batch, height, width, c->outputs, c->before, c->after);
    fill_random(&s.input, c->scale != 0 ? c->scale : 1);
    fill_random(&s.residual, 1);
    conv_random_weights(&s, c);
    s.conv = (cc_cuda_conv){
        .input = s.input.tensor,
        .output = s.output.tensor,
        .bias = s.bias,
        .residual = c->residual ? s.residual.tensor.data : NULL,
        .residual_stride = c->residual ? s.residual.tensor.stride : 0,
        .residual_order = c->residual,
        .kernel_height = c->kernel_y,
        .kernel_width = c->kernel_x,
        .stride_y = c->stride,
        .stride_x = c->stride,
        .dilation_y = c->dilation,
        .dilation_x = c->dilation,
        .pad_top = c->pad,
        .pad_left = c->pad,
        .groups = c->groups ? c->groups : 1,
        .splits = c->splits,
        .activation = {c->activation, 0.125f, 0.75f},
    };
    conv_pack(&s, kernel);
    return s;
}

static inline void conv_release(conv_setup *s)
{
    guarded_free(&s->input);
    guarded_free(&s->output);
    guarded_free(&s->residual);
    free(s->weights);
    free(s->bias);
    free(s->packed);
    free(s->partial);
    free(s->arrived);
}

/* One output element in float64. */
static inline double conv_reference(const conv_setup *s, int n, int y, int x, int o)
{
    const cc_cuda_conv *c = &s->conv;
    const int inputs = c->input.channels / c->groups, outputs = c->output.channels / c->groups;
    double sum = s->bias[o];

    for (int ky = 0; ky < c->kernel_height; ky++) {
        for (int kx = 0; kx < c->kernel_width; kx++) {
            const int row = y * c->stride_y - c->pad_top + ky * c->dilation_y;
            const int column = x * c->stride_x - c->pad_left + kx * c->dilation_x;
            if (row < 0 || row >= c->input.height || column < 0 || column >= c->input.width) {
                continue;
            }
            for (int i = 0; i < inputs; i++) {
                const size_t weight =
                    (((size_t)o * (size_t)inputs + (size_t)i) * (size_t)c->kernel_height +
                     (size_t)ky) *
                        (size_t)c->kernel_width +
                    (size_t)kx;
                sum += (double)value_at(&s->input, n, row, column, o / outputs * inputs + i) *
                       s->weights[weight];
            }
        }
    }
    const double residual = c->residual ? value_at(&s->residual, n, y, x, o) : 0;
    if (c->residual_order == CC_CUDA_RESIDUAL_BEFORE) {
        return reference_activation(&c->activation, sum + residual);
    }
    return reference_activation(&c->activation, sum) + residual;
}

/* Worst error of the whole output; the guards are looked at too. */
static inline double conv_worst(const conv_setup *s)
{
    double worst = 0;

    FOR_EACH(s->conv.output, n, y, x, o)
    {
        worst = worse(worst, value_at(&s->output, n, y, x, o), conv_reference(s, n, y, x, o));
    }
    assert_guards(&s->output);
    assert_guards(&s->input);
    return worst;
}

#endif
