/* Short-number products in plain C: the meaning of every format. */
#include <math.h>
#include <string.h>

#include "nn/cpu/matrix_kernels.h"

/* Round to nearest even; for finite numbers. */
static uint16_t to_bf16(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    return (uint16_t)(bits >> 16);
}

static float from_bf16(uint16_t value)
{
    uint32_t bits = (uint32_t)value << 16;
    float result;

    memcpy(&result, &bits, sizeof result);
    return result;
}

static float load_bf16(const uint8_t *from)
{
    uint16_t value;

    memcpy(&value, from, sizeof value);
    return from_bf16(value);
}

/* Both parts, or only the first. */
static void store_bf16(uint8_t *to, ptrdiff_t low_distance, bool split, float value)
{
    uint16_t high = to_bf16(value);

    memcpy(to, &high, sizeof high);
    if (split) {
        uint16_t low = to_bf16(value - from_bf16(high));
        memcpy(to + low_distance, &low, sizeof low);
    }
}

static int clamp(float value, int low, int high)
{
    /* Not-a-number becomes `low`. */
    return value > (float)low ? value < (float)high ? (int)value : high : low;
}

static void nothing(void)
{
}

/* ---- products ---- */

/* One product of one part of the pixels with one part of the weights. */
static float dot_bf16(const uint8_t *pixel, const uint8_t *tile, int output)
{
    float sum = 0;

    for (int i = 0; i < CC_MATRIX_ROW / 2; i++) {
        const uint8_t *weight = tile + (ptrdiff_t)(i / 2) * CC_MATRIX_ROW + output * 4 + i % 2 * 2;
        sum += load_bf16(pixel + (ptrdiff_t)2 * i) * load_bf16(weight);
    }
    return sum;
}

static void tile_floats(const cc_matrix_tile *tile, int output_blocks, float *sums, bool split)
{
    int parts = split ? 2 : 1;

    for (int i = 0; i < output_blocks * CC_MATRIX_PIXELS * CC_BLOCK; i++) {
        int output = i % CC_BLOCK;
        int block = i / CC_BLOCK / CC_MATRIX_PIXELS;
        const uint8_t *pixel = tile->pixels + i / CC_BLOCK % CC_MATRIX_PIXELS * tile->pixel_stride;
        float sum = tile->goes_on ? sums[i] : 0;
        for (int step = 0; step < tile->step_count; step++) {
            const uint8_t *high =
                tile->weights + ((ptrdiff_t)step * parts * output_blocks + block) * CC_MATRIX_TILE;
            const uint8_t *low = high + (ptrdiff_t)output_blocks * CC_MATRIX_TILE;
            const uint8_t *row = pixel + tile->steps[step];
            sum += dot_bf16(row, high, output);
            if (split) {
                sum += dot_bf16(row + tile->low_distance, high, output);
                sum += dot_bf16(row, low, output);
            }
        }
        sums[i] = sum;
    }
}

static void tile_split(const cc_matrix_tile *tile, int output_blocks, void *sums)
{
    tile_floats(tile, output_blocks, sums, true);
}

static void tile_bf16(const cc_matrix_tile *tile, int output_blocks, void *sums)
{
    tile_floats(tile, output_blocks, sums, false);
}

static void tile_int8(const cc_matrix_tile *tile, int output_blocks, void *memory)
{
    int32_t *sums = memory;

    for (int i = 0; i < output_blocks * CC_MATRIX_PIXELS * CC_BLOCK; i++) {
        int output = i % CC_BLOCK;
        int block = i / CC_BLOCK / CC_MATRIX_PIXELS;
        const uint8_t *pixel = tile->pixels + i / CC_BLOCK % CC_MATRIX_PIXELS * tile->pixel_stride;
        int32_t sum = tile->goes_on ? sums[i] : 0;
        for (int step = 0; step < tile->step_count; step++) {
            const int8_t *weights = (const int8_t *)tile->weights +
                                    ((ptrdiff_t)step * output_blocks + block) * CC_MATRIX_TILE +
                                    output * 4;
            for (int k = 0; k < CC_MATRIX_ROW; k++) {
                sum += pixel[tile->steps[step] + k] *
                       weights[(ptrdiff_t)(k / 4) * CC_MATRIX_ROW + k % 4];
            }
        }
        sums[i] = sum;
    }
}

/* ---- packing ---- */

static float value_at(const cc_matrix_row *row, int pixel, int number)
{
    int block = number / CC_BLOCK;

    return block < row->blocks ? row->from[block * row->block_stride + (ptrdiff_t)pixel * CC_BLOCK +
                                           number % CC_BLOCK]
                               : 0;
}

static void pack_floats(const cc_matrix_row *row, bool split)
{
    int numbers = row->slots * CC_BLOCK;

    for (int i = 0; i < row->pixels * numbers; i++) {
        store_bf16(row->to + (ptrdiff_t)2 * i, row->low_distance, split,
                   value_at(row, i / numbers, i % numbers));
    }
}

static void pack_split(const cc_matrix_row *row)
{
    pack_floats(row, true);
}

static void pack_bf16(const cc_matrix_row *row)
{
    pack_floats(row, false);
}

static void pack_int8(const cc_matrix_row *row)
{
    int numbers = row->slots * CC_BLOCK;

    for (int i = 0; i < row->pixels * numbers; i++) {
        float value = value_at(row, i / numbers, i % numbers) * row->scale;
        row->to[i] = (uint8_t)clamp(nearbyintf(value) + (float)row->zero, 0, 255);
    }
}

static void planes_split(const cc_matrix_row *row)
{
    for (int i = 0; i < row->pixels * CC_MATRIX_PLANES; i++) {
        int channel = i % CC_MATRIX_PLANES;
        float value = channel < row->blocks
                          ? row->from[channel * row->block_stride + i / CC_MATRIX_PLANES]
                          : 0;
        store_bf16(row->to + (ptrdiff_t)2 * i, row->low_distance, true, value);
    }
}

static void weights_floats(const cc_matrix_weights *weights, bool split)
{
    for (int i = 0; i < weights->rows * 2 * CC_BLOCK; i++) {
        int channel = i / CC_BLOCK;
        uint8_t *to = weights->to + (ptrdiff_t)(channel / 2) * CC_MATRIX_ROW + i % CC_BLOCK * 4 +
                      channel % 2 * 2;
        store_bf16(to, weights->low_distance, split, weights->from[i]);
    }
}

static void weights_split(const cc_matrix_weights *weights)
{
    weights_floats(weights, true);
}

static void weights_bf16(const cc_matrix_weights *weights)
{
    weights_floats(weights, false);
}

static void weights_int8(const cc_matrix_weights *weights)
{
    for (int i = 0; i < weights->rows * 4 * CC_BLOCK; i++) {
        int channel = i / CC_BLOCK;
        int output = i % CC_BLOCK;
        uint8_t *to =
            weights->to + (ptrdiff_t)(channel / 4) * CC_MATRIX_ROW + output * 4 + channel % 4;
        float value = nearbyintf(weights->from[i] * weights->scales[output]);
        *to = (uint8_t)clamp(value, -127, 127);
    }
}

/* ---- finishing ---- */

static float limit(const cc_matrix_finish *finish, float value)
{
    value = value < finish->low ? finish->low : value;
    return value > finish->high ? finish->high : value;
}

static float finish_value(const cc_matrix_finish *finish, float value, ptrdiff_t index)
{
    float residual = finish->residual != NULL ? finish->residual[index] : 0;

    return finish->residual_first ? limit(finish, value + residual)
                                  : limit(finish, value) + residual;
}

static void finish_floats(const cc_matrix_finish *finish, const void *memory, int pixels)
{
    const float *sums = memory;

    for (int i = 0; i < pixels * CC_BLOCK; i++) {
        finish->output[i] = finish_value(finish, sums[i] + finish->bias[i % CC_BLOCK], i);
    }
}

static void finish_planes(const cc_matrix_finish *finish, const void *memory, int pixels)
{
    const float *sums = memory;

    for (int i = 0; i < pixels * finish->planes; i++) {
        int plane = i / pixels;
        int x = i % pixels;
        finish->output[plane * finish->plane_stride + x] =
            finish_value(finish, sums[x * CC_BLOCK + plane] + finish->bias[plane],
                         plane * finish->residual_plane_stride + x);
    }
}

static void finish_int8(const cc_matrix_finish *finish, const void *memory, int pixels)
{
    const int32_t *sums = memory;

    for (int i = 0; i < pixels * CC_BLOCK; i++) {
        float value = (float)sums[i] * finish->scale[i % CC_BLOCK] + finish->bias[i % CC_BLOCK];
        finish->output[i] = finish_value(finish, value, i);
    }
}

static void range(const float *from, int pixels, int lanes, float *low, float *high)
{
    for (int i = 0; i < pixels * CC_BLOCK; i++) {
        if (i % CC_BLOCK < lanes) {
            *low = from[i] < *low ? from[i] : *low;
            *high = from[i] > *high ? from[i] : *high;
        }
    }
}

void cc_matrix_portable(cc_matrix_kernels kernels[CC_MATRIX_FORMATS])
{
    const cc_matrix_kernels base = {
        .level = "scalar", .step_cycles = {2e5, 4e5}, .begin = nothing, .end = nothing};

    for (int i = 0; i < CC_MATRIX_FORMATS; i++) {
        kernels[i] = base;
        kernels[i].finish = i == CC_MATRIX_INT8 ? finish_int8 : finish_floats;
    }
    kernels[CC_MATRIX_SPLIT].tile = tile_split;
    kernels[CC_MATRIX_SPLIT].pack_pixels = pack_split;
    kernels[CC_MATRIX_SPLIT].finish_planes = finish_planes;
    kernels[CC_MATRIX_SPLIT].pack_planes = planes_split;
    kernels[CC_MATRIX_SPLIT].pack_weights = weights_split;
    kernels[CC_MATRIX_BF16].tile = tile_bf16;
    kernels[CC_MATRIX_BF16].pack_pixels = pack_bf16;
    kernels[CC_MATRIX_BF16].pack_weights = weights_bf16;
    kernels[CC_MATRIX_INT8].tile = tile_int8;
    kernels[CC_MATRIX_INT8].pack_pixels = pack_int8;
    kernels[CC_MATRIX_INT8].pack_weights = weights_int8;
    kernels[CC_MATRIX_INT8].range = range;
}
