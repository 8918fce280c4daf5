/* What the convolution algorithms share; see convolution.h. */
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"

int cc_input_blocks(const cc_convolution *c)
{
    return c->input_lanes != NULL ? c->input_blocks : cc_divide_up(c->input_channels, CC_BLOCK);
}

int cc_input_lanes(const cc_convolution *c, int block)
{
    int left = c->input_channels - block * CC_BLOCK;

    if (c->input_lanes != NULL) {
        return c->input_lanes[block];
    }
    return left < CC_BLOCK ? left : CC_BLOCK;
}

bool cc_clamp_limits(const cc_fusion *fusion, float *low, float *high)
{
    *low = -__builtin_inff();
    *high = __builtin_inff();
    if (fusion->activation == CC_ACTIVATION_RELU) {
        *low = 0;
    } else if (fusion->activation == CC_ACTIVATION_CLIP) {
        *low = fusion->alpha;
        *high = fusion->beta;
    }
    return fusion->activation == CC_ACTIVATION_NONE || fusion->activation == CC_ACTIVATION_RELU ||
           fusion->activation == CC_ACTIVATION_CLIP;
}

cc_status cc_packed_weights_arrange(cc_packed_weights *packed, int input_channels,
                                    int output_channels, const uint8_t *lanes, int blocks, int taps,
                                    int group_blocks, cc_error *error)
{
    int output_blocks = (output_channels + CC_BLOCK - 1) / CC_BLOCK;
    int input_blocks = lanes != NULL ? blocks : (input_channels + CC_BLOCK - 1) / CC_BLOCK;
    uint8_t *own_lanes = cc_alloc((size_t)input_blocks);
    int *before = cc_alloc_array((size_t)input_blocks, sizeof *before);

    *packed = (cc_packed_weights){.output_blocks = output_blocks,
                                  .group_blocks = group_blocks,
                                  .groups = (output_blocks + group_blocks - 1) / group_blocks,
                                  .taps = taps,
                                  .input_channels = input_channels,
                                  .input_blocks = input_blocks,
                                  .lanes = own_lanes,
                                  .block_channels = before};
    if (own_lanes == NULL || before == NULL) {
        cc_packed_weights_release(packed);
        return cc_fail_memory(error, (size_t)input_blocks * sizeof *before);
    }
    for (int block = 0, channel = 0; block < input_blocks; block++) {
        int left = input_channels - channel;
        before[block] = channel;
        own_lanes[block] =
            lanes != NULL ? lanes[block] : (uint8_t)(left < CC_BLOCK ? left : CC_BLOCK);
        channel += own_lanes[block];
    }
    packed->bytes =
        (size_t)taps * (size_t)input_channels * (size_t)output_blocks * CC_BLOCK * sizeof(float);
    return CC_OK;
}

void cc_packed_weights_release(cc_packed_weights *packed)
{
    cc_free_aligned(packed->data);
    cc_free((void *)packed->lanes);
    cc_free(packed->block_channels);
    *packed = (cc_packed_weights){0};
}

size_t cc_packed_group_offset(const cc_packed_weights *packed, int group)
{
    return (size_t)group * (size_t)packed->group_blocks * CC_BLOCK * (size_t)packed->taps *
           (size_t)packed->input_channels;
}

int cc_packed_group_blocks(const cc_packed_weights *packed, int group)
{
    int left = packed->output_blocks - group * packed->group_blocks;
    return left < packed->group_blocks ? left : packed->group_blocks;
}

typedef struct fill_run {
    cc_packed_weights *packed;
    const cc_file_float *weights;
    int output_channels;
} fill_run;

/* One task is one input block of one group. */
static void fill_block(void *context, int task, int worker)
{
    const fill_run *run = context;
    const cc_packed_weights *packed = run->packed;
    int group = task / packed->input_blocks;
    int block = task % packed->input_blocks;
    int width = cc_packed_group_blocks(packed, group) * CC_BLOCK;
    int first_output = group * packed->group_blocks * CC_BLOCK;
    int first_input = packed->block_channels[block];
    int lanes = packed->lanes[block];
    int taps = packed->taps;
    float *to = packed->data + cc_packed_group_offset(packed, group) +
                (size_t)first_input * (size_t)taps * (size_t)width;

    (void)worker;
    for (int o = 0; o < width; o++) {
        if (first_output + o >= run->output_channels) {
            for (int i = 0; i < lanes * taps; i++) {
                to[(size_t)i * (size_t)width + (size_t)o] = 0;
            }
            continue;
        }
        const cc_file_float *from =
            run->weights +
            ((size_t)(first_output + o) * (size_t)packed->input_channels + (size_t)first_input) *
                (size_t)taps;
        for (int lane = 0; lane < lanes; lane++) {
            for (int tap = 0; tap < taps; tap++) {
                to[(size_t)(tap * lanes + lane) * (size_t)width + (size_t)o] = *from++;
            }
        }
    }
}

cc_status cc_packed_weights_fill(cc_packed_weights *packed, const cc_file_float *weights,
                                 int output_channels, cc_thread_pool *pool, cc_error *error)
{
    fill_run run = {packed, weights, output_channels};

    packed->data = cc_alloc_aligned(packed->bytes);
    if (packed->data == NULL) {
        return cc_fail_memory(error, packed->bytes);
    }
    cc_thread_pool_run(pool, fill_block, &run, packed->groups * packed->input_blocks);
    return CC_OK;
}

float *cc_padded_bias(const cc_file_float *bias, int channels)
{
    size_t padded = ((size_t)channels + CC_BLOCK - 1) / CC_BLOCK * CC_BLOCK;
    float *result = cc_alloc_aligned(padded * sizeof *result);

    if (result != NULL) {
        memset(result, 0, padded * sizeof *result);
        if (bias != NULL) {
            memcpy(result, bias, (size_t)channels * sizeof *result);
        }
    }
    return result;
}

int cc_tap_border(const cc_convolution *c)
{
    int border = 0;

    for (int axis = 0; axis < 2; axis++) {
        int before = c->pad[axis];
        int after = (c->output[axis] - 1) * c->stride[axis] +
                    (c->kernel[axis] - 1) * c->dilation[axis] - before - (c->input[axis] - 1);
        border = before > border ? before : border;
        border = after > border ? after : border;
    }
    return border;
}

void cc_tap_rows_inside(int kernel, int dilation, int height, int top, int *first, int *count)
{
    int low = 0;
    int high = kernel;

    while (low < high && top + low * dilation < 0) {
        low++;
    }
    while (high > low && top + (high - 1) * dilation >= height) {
        high--;
    }
    *first = low;
    *count = high - low;
}

int cc_even_tile(int width, int maximum)
{
    int tiles = (width + maximum - 1) / maximum;
    return (width + tiles - 1) / tiles;
}

size_t cc_cache_share(void)
{
    long size = -1;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    size = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    if (size < 256 << 10 || size > 4 << 20) {
        size = 1 << 20;
    }
    return (size_t)size * 6 / 10;
}
