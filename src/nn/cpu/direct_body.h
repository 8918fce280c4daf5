/* Direct convolution of one tile, written once for every instruction set.
 *
 * Included after a vector_*.h. The tile keeps output_blocks x pixels outputs of
 * CC_BLOCK channels in registers and, for every input channel of every tap, adds
 * (one input of each pixel) x (the weights to all output channels).
 */
#ifndef VECTOR_LANES
#error "include a vector_*.h first"
#endif

#include "nn/cpu/kernels.h"

#define VECTORS_PER_BLOCK (CC_BLOCK / VECTOR_LANES)

/* Upper bounds of the register tile; the arrays never reach memory. */
#define MAXIMUM_VECTORS (2 * VECTORS_PER_BLOCK)
#define MAXIMUM_PIXELS 28

typedef vector sums[MAXIMUM_VECTORS][MAXIMUM_PIXELS];

#define INLINE static inline __attribute__((always_inline))

/* Limits of the activations that are a clamp; false for the other ones. */
INLINE bool clamp_limits(const cc_fusion *fusion, float *low, float *high)
{
    *low = -__builtin_inff();
    *high = __builtin_inff();
    if (fusion == NULL || fusion->activation == CC_ACTIVATION_NONE) {
        return true;
    }
    if (fusion->activation == CC_ACTIVATION_RELU) {
        *low = 0;
        return true;
    }
    if (fusion->activation == CC_ACTIVATION_CLIP) {
        *low = fusion->alpha;
        *high = fusion->beta;
        return true;
    }
    return false;
}

INLINE void start_sums(sums sum, const float *bias, int vectors, int pixels)
{
#pragma GCC unroll 8
    for (int o = 0; o < vectors; o++) {
        vector start = bias != NULL ? vector_load(bias + o * VECTOR_LANES) : vector_all(0);
#pragma GCC unroll 28
        for (int i = 0; i < pixels; i++) {
            sum[o][i] = start;
        }
    }
}

/* All input channels of one block at one tap. */
INLINE void add_lanes(sums sum, const float *input, const float *weights, int lanes,
                      ptrdiff_t lane_stride, ptrdiff_t pixel_stride, int vectors, int pixels)
{
    for (int lane = 0; lane < lanes; lane++) {
        vector weight[MAXIMUM_VECTORS];
#pragma GCC unroll 8
        for (int o = 0; o < vectors; o++) {
            weight[o] = vector_pin(vector_load(weights + o * VECTOR_LANES));
        }
#pragma GCC unroll 28
        for (int i = 0; i < pixels; i++) {
            vector value = vector_all(input[i * pixel_stride]);
#pragma GCC unroll 8
            for (int o = 0; o < vectors; o++) {
                sum[o][i] = vector_multiply_add(value, weight[o], sum[o][i]);
            }
        }
        input += lane_stride;
        weights += vectors * VECTOR_LANES;
    }
}

INLINE void add_all(sums sum, const cc_direct_tile *tile, ptrdiff_t lane_stride,
                    ptrdiff_t pixel_stride, int vectors, int pixels)
{
    const float *weights = tile->weights;

    for (int block = 0; block < tile->blocks; block++) {
        const float *taps = tile->input + block * tile->input_block_stride;
        int lanes = tile->lanes[block];
        ptrdiff_t tap_size = (ptrdiff_t)lanes * vectors * VECTOR_LANES;
        weights += tile->taps_before * tap_size;
        for (int row = 0; row < tile->kernel_height; row++) {
            for (int column = 0; column < tile->kernel_width; column++) {
                add_lanes(sum, taps + row * tile->tap_row_stride + column * tile->tap_column_stride,
                          weights, lanes, lane_stride, pixel_stride, vectors, pixels);
                weights += tap_size;
            }
        }
        weights += tile->taps_after * tap_size;
    }
}

/* Where vector o of pixel i lies in blocks of this stride. */
INLINE ptrdiff_t place_of(int o, int i, ptrdiff_t block_stride)
{
    return (o / VECTORS_PER_BLOCK) * block_stride + (o % VECTORS_PER_BLOCK) * VECTOR_LANES +
           i * CC_BLOCK;
}

INLINE void store_clamped(sums sum, const cc_direct_tile *tile, int vectors, int pixels, float low,
                          float high)
{
    vector lowest = vector_all(low);
    vector highest = vector_all(high);
    bool first = tile->residual != NULL && tile->fusion->residual == CC_RESIDUAL_BEFORE;
    bool last = tile->residual != NULL && !first;

#pragma GCC unroll 8
    for (int o = 0; o < vectors; o++) {
#pragma GCC unroll 28
        for (int i = 0; i < pixels; i++) {
            const float *residual = tile->residual + place_of(o, i, tile->residual_block_stride);
            vector value = sum[o][i];
            if (first) {
                value += vector_load(residual);
            }
            value = vector_min(highest, vector_max(lowest, value));
            if (last) {
                value += vector_load(residual);
            }
            vector_store(tile->output + place_of(o, i, tile->output_block_stride), value);
        }
    }
}

/* Activations that are no clamp go over the stored tile once more. */
static __attribute__((noinline)) void finish_tile(const cc_direct_tile *tile, int output_blocks,
                                                  int pixels)
{
    const cc_kernels *kernels = cc_kernels_best();

    for (int block = 0; block < output_blocks; block++) {
        float *output = tile->output + block * tile->output_block_stride;
        kernels->elementwise.activate(tile->fusion, output, output, pixels * CC_BLOCK);
        if (tile->residual != NULL && tile->fusion->residual == CC_RESIDUAL_AFTER) {
            kernels->elementwise.binary(CC_BINARY_ADD, output, output,
                                        tile->residual + block * tile->residual_block_stride, 1,
                                        pixels * CC_BLOCK);
        }
    }
}

/* `output_blocks` and `pixels` are constants wherever this is inlined. */
INLINE void run_tile(const cc_direct_tile *tile, int output_blocks, int pixels)
{
    sums sum;
    int vectors = output_blocks * VECTORS_PER_BLOCK;
    float low;
    float high;
    bool clamps = clamp_limits(tile->fusion, &low, &high);

    start_sums(sum, tile->bias, vectors, pixels);
    if (tile->lane_stride == 1 && tile->pixel_stride == CC_BLOCK) {
        add_all(sum, tile, 1, CC_BLOCK, vectors, pixels);
    } else {
        add_all(sum, tile, tile->lane_stride, tile->pixel_stride, vectors, pixels);
    }
    if (clamps) {
        store_clamped(sum, tile, vectors, pixels, low, high);
        return;
    }
    cc_direct_tile raw = *tile;
    if (tile->fusion->residual == CC_RESIDUAL_AFTER) {
        raw.residual = NULL;
    }
    store_clamped(sum, &raw, vectors, pixels, low, high);
    finish_tile(tile, output_blocks, pixels);
}

/* Independent chains of multiply-adds that stay in registers. */
static double run_peak(int rounds)
{
    vector sum[VECTOR_REGISTERS - 4];
    vector factor = vector_all(0.999F);
    int chains = VECTOR_REGISTERS - 4;
    float sink[VECTOR_LANES];

    for (int i = 0; i < chains; i++) {
        sum[i] = vector_all((float)i);
    }
    for (int round = 0; round < rounds; round++) {
#pragma GCC unroll 28
        for (int i = 0; i < chains; i++) {
            sum[i] = vector_pin(vector_multiply_add(sum[i], factor, factor));
        }
    }
    for (int i = 1; i < chains; i++) {
        sum[0] += sum[i];
    }
    vector_store(sink, sum[0]);
    return sink[0] > 1e30F ? 0 : 2.0 * VECTOR_LANES * chains * rounds;
}
