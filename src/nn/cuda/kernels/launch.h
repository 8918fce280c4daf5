/* Where the CUDA runtime (C) and the CUDA kernels (.cu) meet: what each kernel is
 * called, the structure that it takes, and how many blocks a launch needs.
 *
 * A launch is always the same few lines: fill in the parameter structure, ask the
 * family's cc_cuda_..._launch function for the shape, and hand both to the driver
 *
 *     cc_cuda_launch launch;
 *     status = cc_cuda_conv_launch(&conv, tile, &launch, error);
 *     void *arguments[] = {&conv};
 *     cuLaunchKernel(function_of(launch.kernel), launch.grid[0], launch.grid[1],
 *                    launch.grid[2], launch.threads, 1, 1, launch.shared_bytes,
 *                    stream, arguments, NULL);
 *
 * Every kernel takes one argument, its structure, by value. Kernels that ask for more
 * than 48 KiB of shared memory need cuFuncSetAttribute(MAX_DYNAMIC_SHARED_SIZE_BYTES)
 * once after loading; cc_cuda_kernels says how much each may ask for.
 *
 * TENSORS lie channels-last: [batch][row][column][channel], float16 or float32
 * (cc_cuda_storage; arithmetic is float32 in both). A tensor may be a slice of the
 * channels of a wider one: `stride` counts elements from one pixel to the next and
 * `data` points at the slice's own first channel. That is how a concatenation costs
 * nothing: its producers write where its consumers read. Rows and pictures follow
 * each other without gaps. What lies between a tensor's last channel and its stride
 * is neither read nor written, so any channel count is allowed and nothing needs
 * clearing. Kernels move 16 bytes at a time where `data` is a multiple of 16 bytes
 * and `stride` a multiple of 8 elements, and single elements elsewhere: slices at
 * multiples of 8 channels in buffers of a multiple of 8 channels are the fast case.
 * Only the tensor-core convolution *insists* on it, and only for its input.
 *
 * Unless it says otherwise a kernel's output must not overlap its inputs.
 *
 * LIMITS, checked by the launch functions: pixels of a tensor (batch * height * width)
 * and groups of eight channels (pixels * ceil(channels / 8)) below 2^31; tensors of
 * any number of bytes. All kernels are deterministic: same input, same bits.
 */
#ifndef CLEARCUT_NN_CUDA_KERNELS_LAUNCH_H
#define CLEARCUT_NN_CUDA_KERNELS_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

typedef enum cc_cuda_storage { CC_CUDA_F16, CC_CUDA_F32 } cc_cuda_storage;

typedef struct cc_cuda_tensor {
    void *data;     /* device address of the first element of the slice */
    int32_t stride; /* elements from one pixel to the next; >= channels */
    int32_t batch;
    int32_t height;
    int32_t width;
    int32_t channels; /* of the slice */
} cc_cuda_tensor;

/* ---- activations: the first eight as cc_activation of nn/graph.h, same numbers ---- */

enum {
    CC_CUDA_NONE,
    CC_CUDA_RELU,
    CC_CUDA_LEAKY_RELU, /* alpha = slope below zero */
    CC_CUDA_CLIP,       /* alpha = low, beta = high */
    CC_CUDA_SIGMOID,
    CC_CUDA_HARD_SIGMOID, /* max(0, min(1, alpha x + beta)) */
    CC_CUDA_HARD_SWISH,   /* x max(0, min(1, x / 6 + 0.5)) */
    CC_CUDA_TANH,
    /* not for convolutions: */
    CC_CUDA_AFFINE, /* alpha x + beta */
    CC_CUDA_ABS,
    CC_CUDA_NEGATE,
    CC_CUDA_EXP,
    CC_CUDA_LOG,
    CC_CUDA_SQRT,
    CC_CUDA_RECIPROCAL,
    CC_CUDA_FLOOR,
    CC_CUDA_CEIL,
    /* cc_cuda_unary alone: */
    CC_CUDA_ROUND, /* halves to even */
    CC_CUDA_ERF,
    CC_CUDA_GELU,      /* x (1 + erf(x / sqrt 2)) / 2 */
    CC_CUDA_GELU_TANH, /* the approximation by tanh */
    CC_CUDA_SOFTPLUS,
    CC_CUDA_ACTIVATION_COUNT
};

typedef struct cc_cuda_activation {
    int32_t kind; /* one of the above */
    float alpha;
    float beta;
} cc_cuda_activation;

/* Residual of a convolution: as cc_residual of nn/graph.h, same numbers. */
enum {
    CC_CUDA_RESIDUAL_NONE,
    CC_CUDA_RESIDUAL_BEFORE, /* activation(sum + bias + residual) */
    CC_CUDA_RESIDUAL_AFTER   /* activation(sum + bias) + residual */
};

/* ---- convolution ----
 *
 * Three kernels share this structure; the first that can is the one to take:
 *
 * 1. cc_conv_f16_<M>x<N>: tensor cores. float16 storage, groups 1, input aligned as
 *    above. An M x N tile is M output pixels (of all pictures of the batch, in order)
 *    by N output channels; blocks are grid[0] tiles of pixels, grid[1] tiles of
 *    channels, grid[2] = splits. Weights: cc_cuda_conv_pack.
 * 2. cc_conv_few_f16/_f32: at most CC_CUDA_FEW_CHANNELS output channels, groups 1,
 *    kernels up to 3x3, stride 1, dilation 1, no splits: the side outputs. Weights:
 *    cc_cuda_conv_few_pack. Prefer it over 1 where it fits.
 * 3. cc_conv_plain_f16/_f32: everything else, and all of float32 mode. float32
 *    arithmetic without tensor cores, any groups and alignment, no splits.
 *    Weights: cc_cuda_conv_plain_pack.
 *
 * input and output give the sizes (batch of both equal); output position (y, x) reads
 * input rows y * stride_y - pad_top + ky * dilation_y; what lies outside is zero, so
 * padding below and right follows from the output's size.
 *
 * Split-K (kernel 1): the sum over input channels and taps is cut into `splits` parts
 * that different blocks compute; the last block of a tile to arrive adds the parts in
 * order. It needs `partial` and `arrived` of the sizes that cc_cuda_conv_workspace
 * says. arrived[] must be zero before the first launch ever and is zero again after
 * each; launches that may overlap in time must not share either, launches one after
 * another on one stream may. With splits == 1 both may be NULL.
 *
 * Activations: kinds up to CC_CUDA_TANH; kernel 1 takes CC_CUDA_RESIDUAL_AFTER only
 * with NONE, RELU, LEAKY_RELU and CLIP.
 *
 * The output may be the residual's memory itself (same address and stride); it must
 * not overlap the input. */
typedef struct cc_cuda_conv {
    cc_cuda_tensor input;
    cc_cuda_tensor output;
    const void *weights;  /* packed for the kernel, see above; 16-byte aligned */
    const float *bias;    /* [output channels]; never NULL */
    const void *residual; /* same storage, pixels and channels as the output; NULL = none */
    float *partial;
    uint32_t *arrived;
    int32_t residual_stride; /* elements from pixel to pixel */
    int32_t residual_order;  /* CC_CUDA_RESIDUAL_...; NONE if and only if residual is NULL */
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_y;
    int32_t stride_x;
    int32_t dilation_y;
    int32_t dilation_x;
    int32_t pad_top;
    int32_t pad_left;
    int32_t groups; /* 1 but for the plain kernel */
    int32_t splits; /* 1..CC_CUDA_MAX_SPLITS; at most the number of k steps */
    cc_cuda_activation activation;
} cc_cuda_conv;

enum {
    CC_CUDA_K_STEP = 32, /* products that one step of the inner loop adds up */
    CC_CUDA_MAX_SPLITS = 32,
    CC_CUDA_FEW_CHANNELS = 4, /* output channels of cc_conv_few */
    CC_CUDA_FEW_WIDTH = 16,   /* pixels of a block of it */
    CC_CUDA_FEW_HEIGHT = 8,
    CC_CUDA_PLAIN_M = 64, /* tile of cc_conv_plain: pixels, channels */
    CC_CUDA_PLAIN_N = 64,
    CC_CUDA_MASK_ITEMS = 16 /* positions that a thread of cc_mask_range looks at */
};

/* Tiles of the tensor-core kernel: pixels, channels, warps along each, stages of the
 * pipeline. Threads = warps * 32; shared bytes = stages * (M + N) * CC_CUDA_K_STEP * 2. */
#define CC_CUDA_CONV_TILES(X)                                                                      \
    X(128, 128, 2, 4, 4)                                                                           \
    X(128, 64, 2, 2, 4)                                                                            \
    X(64, 64, 2, 2, 4)                                                                             \
    X(128, 32, 4, 1, 4)                                                                            \
    X(64, 32, 2, 2, 4)                                                                             \
    X(128, 16, 4, 1, 4)

/* ---- picture in, mask out ---- */

/* One pass of resampling of 8-bit pictures along one axis, with the fixed-point
 * weights of image/resample_kernel.h (cc_resample_axis: its first, count, weights and
 * taps, copied to the device as they are), hence the bytes of cc_image_resize. Output
 * i is (2^21 + sum over t of weights[i * taps + t] * source[first[i] + t]) >> 22,
 * clamped to 0..255. Two launches make a resize; the order of the axes is
 * cc_image_resize's. Both the picture on its way in (channels 3; pixel_bytes 4 drops
 * the alpha of RGBA) and the mask on its way to the picture's size (channels 1). */
typedef struct cc_cuda_resample {
    const uint8_t *source;
    uint8_t *output;      /* packed: [height][width][channels] */
    const int32_t *first; /* [output size along the axis] */
    const int32_t *count;
    const int32_t *weights; /* [output size along the axis][taps] */
    uint32_t *maximum;      /* raised to the largest sample written; NULL = not wanted.
                               The caller clears it before. */
    int64_t source_stride;  /* bytes from row to row */
    int32_t pixel_bytes;    /* of the source, >= channels */
    int32_t channels;       /* read and written, 1..4 */
    int32_t height;         /* of the output */
    int32_t width;
    int32_t taps;
    int32_t vertical; /* 1: along columns (source has this width); 0: along rows
                         (source has this height) */
} cc_cuda_resample;

/* Bytes to network input: (sample / divisor - mean) / deviation, computed in float64
 * as src/zoo/recipe.c does, so float32 storage receives the same bits. source is
 * packed [height][width][3]; output has batch 1 (one launch per picture of a batch,
 * or data moved on) and 3 channels. */
typedef struct cc_cuda_normalise {
    const uint8_t *source;
    const uint32_t *maximum; /* divisor = *maximum, or 1e-6 if that is 0; NULL = `divisor` */
    cc_cuda_tensor output;
    double divisor;
    double mean[3];
    double deviation[3];
} cc_cuda_normalise;

/* Planes [batch][channel][row][column] of float32, packed, to a tensor or back
 * (cc_from_planes, cc_to_planes). The activation is applied on the way. */
typedef struct cc_cuda_planes {
    float *planes;
    cc_cuda_tensor tensor;
    cc_cuda_activation activation;
} cc_cuda_planes;

/* What is known of each map of a one-channel tensor, after the activation:
 * range[picture][CC_CUDA_RANGE_WORDS], which the caller clears (all zero bytes) before.
 * Smallest and largest finite value, as keys that only cc_mask_stretch and
 * cc_cuda_range_value read; then how many values are finite, and of these above `sure`
 * and above `likely` (what cc_subject_judge counts). */
enum {
    CC_CUDA_RANGE_LOW,
    CC_CUDA_RANGE_HIGH,
    CC_CUDA_RANGE_FINITE,
    CC_CUDA_RANGE_SURE,
    CC_CUDA_RANGE_LIKELY,
    CC_CUDA_RANGE_WORDS
};

typedef struct cc_cuda_mask_range {
    cc_cuda_tensor map;
    uint32_t *range;
    float sure;
    float likely;
    cc_cuda_activation activation;
} cc_cuda_mask_range;

/* A map to 8 bits, packed [batch][height][width]: (value - low) / (high - low) * 255,
 * clipped, cut off (not rounded); values that are not finite become 0, and so does a
 * whole map that is flat. range NULL: value * 255 clipped. As src/zoo/recipe.c. range is
 * cc_mask_range's. */
typedef struct cc_cuda_mask_stretch {
    cc_cuda_tensor map;
    const uint32_t *range;
    uint8_t *output;
    cc_cuda_activation activation;
} cc_cuda_mask_stretch;

/* The channel with the largest value at every position, the first of equal ones, packed
 * [batch][height][width]; a value that is no number is never the largest but in channel 0.
 * At most 256 channels. As cc_recipe_classes of src/zoo/recipe.c. */
typedef struct cc_cuda_classes {
    cc_cuda_tensor maps;
    uint8_t *output;
} cc_cuda_classes;

/* ---- the other operators ---- */

/* MaxPool and AveragePool of any window. Positions outside the input count nothing
 * for the maximum; for the average they count in the divisor if include_pad says so,
 * where a window that reaches past the padding (ceil_mode) counts only up to
 * pad_bottom and pad_right, as ONNX has it. */
typedef struct cc_cuda_pool {
    cc_cuda_tensor input;
    cc_cuda_tensor output; /* its size says floor or ceil mode */
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_y;
    int32_t stride_x;
    int32_t dilation_y;
    int32_t dilation_x;
    int32_t pad_top;
    int32_t pad_left;
    int32_t pad_bottom; /* averages with include_pad only */
    int32_t pad_right;
    int32_t average; /* 0: maximum */
    int32_t include_pad;
} cc_cuda_pool;

/* Resize by tables, so that every mode and coordinate transform of ONNX is the host's
 * business: output row y is the sum over t < taps_y of row_weights[y * taps_y + t] *
 * input row rows[y * taps_y + t], likewise columns; fill them from cc_resize_taps_at
 * (nn/ops/resize.h). taps 1 (nearest), 2 (linear) or 4 (cubic). Indices must lie in
 * the input. The columns of each row are summed first, then the rows, in order of t,
 * each product rounded before it is added. */
typedef struct cc_cuda_resize {
    cc_cuda_tensor input;
    cc_cuda_tensor output;
    const int32_t *rows; /* [output height][taps_y] */
    const float *row_weights;
    const int32_t *columns; /* [output width][taps_x] */
    const float *column_weights;
    int32_t taps_y;
    int32_t taps_x;
    cc_cuda_activation activation;
} cc_cuda_resize;

/* output = activation(input), element by element; CC_CUDA_NONE is a copy (a
 * concatenation that could not be avoided, a slice of channels). May run in place. */
typedef struct cc_cuda_unary {
    cc_cuda_tensor input;
    cc_cuda_tensor output; /* same sizes */
    cc_cuda_activation activation;
} cc_cuda_unary;

enum {
    CC_CUDA_ADD,
    CC_CUDA_SUBTRACT,
    CC_CUDA_MULTIPLY,
    CC_CUDA_DIVIDE,
    CC_CUDA_MINIMUM,
    CC_CUDA_MAXIMUM,
    CC_CUDA_POWER,
    CC_CUDA_SLOPE /* a where a >= 0, else a b: PRelu */
};

/* output = activation(a operation b). Each operand has the output's size, or 1, along
 * each of the four axes (broadcasting). May run in place over an operand of the
 * output's full size. */
typedef struct cc_cuda_binary {
    cc_cuda_tensor a;
    cc_cuda_tensor b;
    cc_cuda_tensor output;
    int32_t operation;
    cc_cuda_activation activation;
} cc_cuda_binary;

/* Mean over rows and columns: output is 1 x 1 per picture. */
typedef struct cc_cuda_global_pool {
    cc_cuda_tensor input;
    cc_cuda_tensor output;
    int32_t maximum; /* 1: the largest instead of the mean */
} cc_cuda_global_pool;

/* Small matrix products (Gemm, MatMul by a constant): every pixel's channels are one
 * row. output channel n = activation(bias[n] + sum over k of input[k] * weights[n][k]).
 * Weights are float32 in either storage, row-major [output channels][input channels].
 * For heads of a few hundred channels; large ones are 1x1 convolutions. */
typedef struct cc_cuda_gemm {
    cc_cuda_tensor input;
    cc_cuda_tensor output; /* same pixels */
    const float *weights;
    const float *bias; /* NULL = none */
    cc_cuda_activation activation;
} cc_cuda_gemm;

/* Softmax over the channels of every pixel. May run in place. */
typedef struct cc_cuda_softmax {
    cc_cuda_tensor input;
    cc_cuda_tensor output;
} cc_cuda_softmax;

/* (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c]. Means and variances are
 * taken in two passes. cc_instance_norm: of a channel, over rows and columns;
 * cc_row_norm: of a pixel, over its channels. May run in place. */
typedef struct cc_cuda_norm {
    cc_cuda_tensor input;
    cc_cuda_tensor output; /* same sizes */
    const float *scale;    /* [channels] */
    const float *bias;     /* [channels]; NULL = 0 */
    float epsilon;
} cc_cuda_norm;

enum { CC_CUDA_REDUCE_MEAN, CC_CUDA_REDUCE_SUM, CC_CUDA_REDUCE_MAXIMUM, CC_CUDA_REDUCE_MINIMUM };

/* All channels of a pixel to one number. */
typedef struct cc_cuda_row_reduce {
    cc_cuda_tensor input;
    cc_cuda_tensor output; /* same pixels, 1 channel */
    int32_t operation;
} cc_cuda_row_reduce;

enum { CC_CUDA_MOST_DIGITS = 8 };

/* Elements from one place to another: element number i, written in mixed radix with the
 * last digit turning fastest, goes from input[from_base + sum digit * from] to
 * output[to_base + sum digit * to]. Transposes, slices, splits, joins, reshapes,
 * repetitions (from 0) and blocks of pixels to and from channels are all of this kind. No
 * element may be written twice, nor read and written. */
typedef struct cc_cuda_move {
    const void *input;
    void *output;
    int64_t from_base;
    int64_t to_base;
    int64_t from[CC_CUDA_MOST_DIGITS];
    int64_t to[CC_CUDA_MOST_DIGITS];
    int32_t size[CC_CUDA_MOST_DIGITS];
    int32_t digits; /* 1 to CC_CUDA_MOST_DIGITS; the sizes' product is below 2^31 */
} cc_cuda_move;

/* Matrix products of two tensors, one for each number in mixed radix (as in cc_cuda_move,
 * up to three digits): output[m][n] = sum over k of a[m][k] b[k][n], each matrix with
 * steps of its own. For attention; products by constants are convolutions or cc_gemm. */
typedef struct cc_cuda_matmul {
    const void *a;
    const void *b;
    void *output;
    int64_t a_batch[3];
    int64_t b_batch[3];
    int64_t output_batch[3];
    int64_t a_row;
    int64_t a_depth;
    int64_t b_depth;
    int64_t b_column;
    int64_t output_row;
    int64_t output_column;
    int32_t batch[3];
    int32_t rows;
    int32_t depth;
    int32_t columns;
} cc_cuda_matmul;

/* The question a device must answer before we believe that it computes. Thread i
 * starts from nonce + i and stirs `rounds` times (cc_cuda_probe_answer is the same in
 * C); answers[i], and beside it which multiprocessor ran the thread and the device's
 * clock in nanoseconds when it had finished. */
typedef struct cc_cuda_probe {
    uint64_t nonce;
    uint64_t *answers;        /* [threads] */
    uint32_t *multiprocessor; /* [threads] */
    uint64_t *clock;          /* [threads] */
    uint32_t threads;
    uint32_t rounds;
} cc_cuda_probe;

/* ---- every kernel: enumerator, name in the image, structure, threads, shared bytes.
 * Families with two storages have F16 first and F32 next to it. ---- */

#define CC_CUDA_CONV_SHARED(M, N) (4 * ((M) + (N)) * CC_CUDA_K_STEP * 2)

#define CC_CUDA_KERNELS(X)                                                                         \
    X(CONV_F16_128X128, cc_conv_f16_128x128, cc_cuda_conv, 256, CC_CUDA_CONV_SHARED(128, 128))     \
    X(CONV_F16_128X64, cc_conv_f16_128x64, cc_cuda_conv, 128, CC_CUDA_CONV_SHARED(128, 64))        \
    X(CONV_F16_64X64, cc_conv_f16_64x64, cc_cuda_conv, 128, CC_CUDA_CONV_SHARED(64, 64))           \
    X(CONV_F16_128X32, cc_conv_f16_128x32, cc_cuda_conv, 128, CC_CUDA_CONV_SHARED(128, 32))        \
    X(CONV_F16_64X32, cc_conv_f16_64x32, cc_cuda_conv, 128, CC_CUDA_CONV_SHARED(64, 32))           \
    X(CONV_F16_128X16, cc_conv_f16_128x16, cc_cuda_conv, 128, CC_CUDA_CONV_SHARED(128, 16))        \
    X(CONV_FEW_F16, cc_conv_few_f16, cc_cuda_conv, 128, 19008)                                     \
    X(CONV_FEW_F32, cc_conv_few_f32, cc_cuda_conv, 128, 19008)                                     \
    X(CONV_PLAIN_F16, cc_conv_plain_f16, cc_cuda_conv, 256, 16384)                                 \
    X(CONV_PLAIN_F32, cc_conv_plain_f32, cc_cuda_conv, 256, 16384)                                 \
    X(POOL_F16, cc_pool_f16, cc_cuda_pool, 256, 0)                                                 \
    X(POOL_F32, cc_pool_f32, cc_cuda_pool, 256, 0)                                                 \
    X(RESIZE_F16, cc_resize_f16, cc_cuda_resize, 256, 0)                                           \
    X(RESIZE_F32, cc_resize_f32, cc_cuda_resize, 256, 0)                                           \
    X(UNARY_F16, cc_unary_f16, cc_cuda_unary, 256, 0)                                              \
    X(UNARY_F32, cc_unary_f32, cc_cuda_unary, 256, 0)                                              \
    X(BINARY_F16, cc_binary_f16, cc_cuda_binary, 256, 0)                                           \
    X(BINARY_F32, cc_binary_f32, cc_cuda_binary, 256, 0)                                           \
    X(GLOBAL_POOL_F16, cc_global_pool_f16, cc_cuda_global_pool, 256, 8192)                         \
    X(GLOBAL_POOL_F32, cc_global_pool_f32, cc_cuda_global_pool, 256, 8192)                         \
    X(GEMM_F16, cc_gemm_f16, cc_cuda_gemm, 256, 0)                                                 \
    X(GEMM_F32, cc_gemm_f32, cc_cuda_gemm, 256, 0)                                                 \
    X(SOFTMAX_F16, cc_softmax_f16, cc_cuda_softmax, 256, 0)                                        \
    X(SOFTMAX_F32, cc_softmax_f32, cc_cuda_softmax, 256, 0)                                        \
    X(INSTANCE_NORM_F16, cc_instance_norm_f16, cc_cuda_norm, 256, 8192)                            \
    X(INSTANCE_NORM_F32, cc_instance_norm_f32, cc_cuda_norm, 256, 8192)                            \
    X(ROW_NORM_F16, cc_row_norm_f16, cc_cuda_norm, 256, 0)                                         \
    X(ROW_NORM_F32, cc_row_norm_f32, cc_cuda_norm, 256, 0)                                         \
    X(ROW_REDUCE_F16, cc_row_reduce_f16, cc_cuda_row_reduce, 256, 0)                               \
    X(ROW_REDUCE_F32, cc_row_reduce_f32, cc_cuda_row_reduce, 256, 0)                               \
    X(MOVE_F16, cc_move_f16, cc_cuda_move, 256, 0)                                                 \
    X(MOVE_F32, cc_move_f32, cc_cuda_move, 256, 0)                                                 \
    X(MATMUL_F16, cc_matmul_f16, cc_cuda_matmul, 256, 0)                                           \
    X(MATMUL_F32, cc_matmul_f32, cc_cuda_matmul, 256, 0)                                           \
    X(NORMALISE_F16, cc_normalise_f16, cc_cuda_normalise, 256, 3072)                               \
    X(NORMALISE_F32, cc_normalise_f32, cc_cuda_normalise, 256, 3072)                               \
    X(FROM_PLANES_F16, cc_from_planes_f16, cc_cuda_planes, 256, 0)                                 \
    X(FROM_PLANES_F32, cc_from_planes_f32, cc_cuda_planes, 256, 0)                                 \
    X(TO_PLANES_F16, cc_to_planes_f16, cc_cuda_planes, 256, 0)                                     \
    X(TO_PLANES_F32, cc_to_planes_f32, cc_cuda_planes, 256, 0)                                     \
    X(MASK_RANGE_F16, cc_mask_range_f16, cc_cuda_mask_range, 256, 160)                             \
    X(MASK_RANGE_F32, cc_mask_range_f32, cc_cuda_mask_range, 256, 160)                             \
    X(MASK_STRETCH_F16, cc_mask_stretch_f16, cc_cuda_mask_stretch, 256, 0)                         \
    X(MASK_STRETCH_F32, cc_mask_stretch_f32, cc_cuda_mask_stretch, 256, 0)                         \
    X(CLASSES_F16, cc_classes_f16, cc_cuda_classes, 256, 0)                                        \
    X(CLASSES_F32, cc_classes_f32, cc_cuda_classes, 256, 0)                                        \
    X(RESAMPLE, cc_resample, cc_cuda_resample, 256, 0)                                             \
    X(PROBE, cc_probe, cc_cuda_probe, 128, 0)

#define CC_CUDA_KERNEL_ENUMERATOR(enumerator, name, structure, threads, shared)                    \
    CC_CUDA_##enumerator,
typedef enum cc_cuda_kernel {
    CC_CUDA_KERNELS(CC_CUDA_KERNEL_ENUMERATOR) CC_CUDA_KERNEL_COUNT
} cc_cuda_kernel;
#undef CC_CUDA_KERNEL_ENUMERATOR

/* ---- host side: launch.c and pack.c; no CUDA needed ---- */

#ifndef CC_CUDA_DEVICE_CODE
#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cc_cuda_kernel_facts {
    const char *name; /* of the function in the image */
    uint32_t threads;
    uint32_t shared_bytes; /* dynamic shared memory of every launch */
    uint32_t parameter_bytes;
} cc_cuda_kernel_facts;

extern const cc_cuda_kernel_facts cc_cuda_kernels[CC_CUDA_KERNEL_COUNT];

typedef struct cc_cuda_launch {
    cc_cuda_kernel kernel;
    uint32_t grid[3];
    uint32_t threads; /* of a block, along x */
    uint32_t shared_bytes;
} cc_cuda_launch;

typedef struct cc_cuda_conv_tile {
    cc_cuda_kernel kernel;
    int32_t pixels;   /* M */
    int32_t channels; /* N */
} cc_cuda_conv_tile;

#define CC_CUDA_CONV_TILE_COUNT 6
extern const cc_cuda_conv_tile cc_cuda_conv_tiles[CC_CUDA_CONV_TILE_COUNT];

/* All launch functions: fill in *launch for these parameters; addresses are only
 * looked at for NULL and alignment, never followed. CC_UNSUPPORTED, with what is
 * wrong in the message, if the kernel cannot take the parameters (sizes that
 * contradict each other, over a limit, not aligned, NULL where forbidden); *launch is
 * then cleared. Thread-safe. */

/* Tensor cores; tile = index into cc_cuda_conv_tiles. */
cc_status cc_cuda_conv_launch(const cc_cuda_conv *conv, int tile, cc_cuda_launch *launch,
                              cc_error *error);
cc_status cc_cuda_conv_few_launch(const cc_cuda_conv *conv, cc_cuda_storage storage,
                                  cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_conv_plain_launch(const cc_cuda_conv *conv, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_pool_launch(const cc_cuda_pool *pool, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_resize_launch(const cc_cuda_resize *resize, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_unary_launch(const cc_cuda_unary *unary, cc_cuda_storage storage,
                               cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_binary_launch(const cc_cuda_binary *binary, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_global_pool_launch(const cc_cuda_global_pool *pool, cc_cuda_storage storage,
                                     cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_gemm_launch(const cc_cuda_gemm *gemm, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_softmax_launch(const cc_cuda_softmax *softmax, cc_cuda_storage storage,
                                 cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_instance_norm_launch(const cc_cuda_norm *norm, cc_cuda_storage storage,
                                       cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_row_norm_launch(const cc_cuda_norm *norm, cc_cuda_storage storage,
                                  cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_row_reduce_launch(const cc_cuda_row_reduce *reduce, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_move_launch(const cc_cuda_move *move, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_matmul_launch(const cc_cuda_matmul *matmul, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_normalise_launch(const cc_cuda_normalise *normalise, cc_cuda_storage storage,
                                   cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_from_planes_launch(const cc_cuda_planes *planes, cc_cuda_storage storage,
                                     cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_to_planes_launch(const cc_cuda_planes *planes, cc_cuda_storage storage,
                                   cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_mask_range_launch(const cc_cuda_mask_range *range, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_mask_stretch_launch(const cc_cuda_mask_stretch *stretch, cc_cuda_storage storage,
                                      cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_classes_launch(const cc_cuda_classes *classes, cc_cuda_storage storage,
                                 cc_cuda_launch *launch, cc_error *error);
cc_status cc_cuda_resample_launch(const cc_cuda_resample *resample, cc_cuda_launch *launch,
                                  cc_error *error);
cc_status cc_cuda_probe_launch(const cc_cuda_probe *probe, cc_cuda_launch *launch, cc_error *error);

/* Is this convolution one that cc_conv_f16 (or cc_conv_few) can take, going by
 * everything but addresses and splits? Alignment is judged by strides; the caller sees
 * to it that slices begin at multiples of 8 channels. */
int cc_cuda_conv_fits(const cc_cuda_conv *conv);
int cc_cuda_conv_few_fits(const cc_cuda_conv *conv);

/* A good tile and number of splits for a device with this many multiprocessors,
 * by the cost model of docs/gpu.md. Pointers of `conv` are not looked at. */
typedef struct cc_cuda_conv_choice {
    int tile;
    int32_t splits;
} cc_cuda_conv_choice;
cc_cuda_conv_choice cc_cuda_conv_choose(const cc_cuda_conv *conv, int multiprocessors);

/* Steps of the inner loop of cc_conv_f16: splits may not exceed them. */
int32_t cc_cuda_conv_steps(const cc_cuda_conv *conv);

/* What conv->partial and conv->arrived must hold for this tile and conv->splits; both
 * 0 for splits == 1. */
void cc_cuda_conv_workspace(const cc_cuda_conv *conv, int tile, size_t *partial_bytes,
                            size_t *arrived_bytes);

/* Packed weights. `weights` are ONNX's float32 [output channels][input channels /
 * groups][kernel height][kernel width]; `packed` receives exactly the bytes that the
 * _bytes function says, and nothing in it needs clearing before. Of `conv` only
 * channels, kernel and groups are read.
 *
 * conv:  float16 [step][output channels, rounded up to 8][CC_CUDA_K_STEP]. The k axis
 *        is cut into blocks of up to 32 input channels; within a block the order is
 *        tap, then channel, in chunks of 8 channels (the last of a tensor filled up
 *        with zeros), and four chunks make a step. Weights beyond float16's range
 *        become its largest finite value.
 * few:   float32 [tap][CC_CUDA_FEW_CHANNELS][input channels, rounded up to 8].
 * plain: float32 [group][tap][input channels of a group, rounded up to 4][output
 *        channels of a group, rounded up to 4]. */
size_t cc_cuda_conv_pack_bytes(const cc_cuda_conv *conv);
void cc_cuda_conv_pack(const cc_cuda_conv *conv, const float *weights, void *packed);
size_t cc_cuda_conv_few_pack_bytes(const cc_cuda_conv *conv);
void cc_cuda_conv_few_pack(const cc_cuda_conv *conv, const float *weights, void *packed);
size_t cc_cuda_conv_plain_pack_bytes(const cc_cuda_conv *conv);
void cc_cuda_conv_plain_pack(const cc_cuda_conv *conv, const float *weights, void *packed);

/* float32 to float16 bits, to the nearest, ties to even, infinities beyond 65519. */
uint16_t cc_cuda_half(float value);
float cc_cuda_half_value(uint16_t bits);

/* The value behind a key of cc_mask_range: index CC_CUDA_RANGE_LOW or _HIGH. NaN if no
 * finite value was seen. */
float cc_cuda_range_value(uint32_t key, int index);

/* What thread `thread` of the probe answers. */
uint64_t cc_cuda_probe_answer(uint64_t nonce, uint32_t thread, uint32_t rounds);

#ifdef __cplusplus
}
#endif
#endif
#endif
