/* Winograd convolution: 3x3 taps, stride 1, any equal dilation, one group.
 *
 * F(4x4) makes 16 outputs of a channel pair from 36 products instead of 144,
 * F(6x6) 36 outputs from 64 instead of 324. Tiles of the input are transformed to
 * "points", each point is a matrix product over channels, and the products are
 * transformed back; see winograd.md.
 *
 * Here: a run first transforms the weights, then each task takes a block of tiles, few
 * enough to stay in the second-level cache, through all three stages. That suits large
 * maps; layers with many channels and few tiles go to convolution_winograd_stream.c, which
 * transforms a slice of the weights at a time. Neither keeps transformed weights, which
 * are four (seven) times as large: u2net would take 770 MB in place of 310, to be faster
 * by a hundredth. A dilation d splits the picture into d x d pictures of every d-th pixel,
 * which are convolved without dilation: only strides change.
 */
#include "nn/cpu/convolution_winograd.h"
#include "core/memory.h"

typedef struct winograd_data {
    cc_winograd_geometry geometry;
    cc_packed_weights taps;   /* of cc_winograd_pack_taps */
    ptrdiff_t weights_stride; /* of points of the transformed weights */
    int block_tiles;
    ptrdiff_t input_point_stride;
    ptrdiff_t output_point_stride;
} winograd_data;

typedef struct winograd_run {
    cc_winograd_run shared;
    const winograd_data *data;
    float *weights; /* transformed: [point][group][channel][output lanes of the group] */
    float *scratch; /* of each thread */
} winograd_run;

static int tiles_in_cache(const cc_convolution *c, int size)
{
    int channels = cc_input_blocks(c) + cc_divide_up(c->output_channels, CC_BLOCK);
    size_t tile =
        (size_t)(size + 2) * (size_t)(size + 2) * (size_t)channels * CC_BLOCK * sizeof(float);
    /* A third is left to the weights. */
    size_t tiles = cc_cache_share() * 2 / 3 / tile / 12 * 12;

    return tiles < 12 ? 12 : tiles > 240 ? 240 : (int)tiles;
}

/* Transformed weights beyond this would only add memory. */
#define MOST_WEIGHTS ((double)(16 << 20))

static double weight_bytes(const cc_convolution *c, int size)
{
    return (double)(size + 2) * (size + 2) * c->input_channels *
           cc_divide_up(c->output_channels, CC_BLOCK) * CC_BLOCK * sizeof(float);
}

static bool suits_4(const cc_convolution *c, const cc_kernels *kernels)
{
    return cc_winograd_suits(c, kernels) && weight_bytes(c, 4) <= MOST_WEIGHTS;
}

static bool suits_6(const cc_convolution *c, const cc_kernels *kernels)
{
    return cc_winograd_suits(c, kernels) && weight_bytes(c, 6) <= MOST_WEIGHTS;
}

/* Beside the tiles themselves: transformed weights are written once, and come once for
 * each block of tiles from a nearer cache; in multiply-adds a byte, measured. */
static double cost(const cc_convolution *c, int size)
{
    double blocks = (double)cc_winograd_count_tiles(c, size) / tiles_in_cache(c, size);
    double bytes = weight_bytes(c, size);
    bool near = bytes < (double)cc_cache_share();

    return cc_winograd_tiles_cost(c, size) + cc_winograd_weights_cost(c, size) +
           bytes * ((near ? 1 : 6) + 0.5 * (blocks > 1 ? blocks : 1));
}

static double cost_4(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return cost(c, 4);
}

static double cost_6(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return cost(c, 6);
}

/* ---- preparing ---- */

static void release(void *memory)
{
    winograd_data *data = memory;

    cc_packed_weights_release(&data->taps);
    cc_winograd_geometry_release(&data->geometry);
    cc_free(data);
}

/* Even blocks of tiles, at least four for each thread if there are tiles enough. */
static void plan_tiles(winograd_data *data, const cc_convolution *c, int threads)
{
    const cc_winograd_geometry *g = &data->geometry;
    int wanted = cc_divide_up(g->all_tiles, tiles_in_cache(c, g->size));
    int fair = 4 * threads;

    data->block_tiles = cc_divide_up(g->all_tiles, wanted < fair ? fair : wanted);
    if (data->block_tiles < 12) {
        data->block_tiles = g->all_tiles < 12 ? g->all_tiles : 12;
    }
    data->weights_stride =
        cc_winograd_spread((ptrdiff_t)data->taps.input_channels * data->taps.output_blocks);
    data->input_point_stride = cc_winograd_spread((ptrdiff_t)g->input_blocks * data->block_tiles);
    data->output_point_stride = cc_winograd_spread((ptrdiff_t)g->output_blocks * data->block_tiles);
}

static size_t scratch_floats(const winograd_data *data)
{
    return (size_t)data->geometry.points *
           (size_t)(data->input_point_stride + data->output_point_stride);
}

static size_t weight_floats(const winograd_data *data)
{
    return (size_t)data->geometry.points * (size_t)data->weights_stride;
}

static cc_status prepare(const cc_convolution *c, int variant, const cc_kernels *kernels,
                         cc_thread_pool *pool, void **result, size_t *bytes, size_t *scratch,
                         cc_error *error)
{
    winograd_data *data = cc_alloc_zeroed(1, sizeof *data);

    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    cc_status status = cc_winograd_geometry_make(&data->geometry, c, variant, error);
    if (status == CC_OK) {
        status = cc_winograd_pack_taps(&data->taps, c, kernels, pool, error);
    }
    if (status != CC_OK) {
        release(data);
        return status;
    }
    size_t threads = (size_t)cc_thread_pool_size(pool);
    plan_tiles(data, c, (int)threads);
    *result = data;
    *bytes = data->taps.bytes;
    *scratch = (weight_floats(data) + scratch_floats(data) * threads) * sizeof(float);
    return CC_OK;
}

static cc_status prepare_4(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                           void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    return prepare(c, 0, kernels, pool, result, bytes, scratch, error);
}

static cc_status prepare_6(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                           void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    return prepare(c, 1, kernels, pool, result, bytes, scratch, error);
}

/* ---- running ---- */

/* Where a group's transformed weights begin in a point. */
static ptrdiff_t group_points(const cc_packed_weights *taps, int group)
{
    return (ptrdiff_t)group * taps->group_blocks * CC_BLOCK * taps->input_channels;
}

/* Input channels of a task that transforms weights. */
#define TASK_CHANNELS 32

/* One task is some input channels of one group. */
static void run_weights(void *context, int task, int worker)
{
    const winograd_run *run = context;
    const cc_packed_weights *taps = &run->data->taps;
    int shares = cc_divide_up(taps->input_channels, TASK_CHANNELS);
    int group = task / shares;
    int first = task % shares * TASK_CHANNELS;
    int end = first + TASK_CHANNELS;
    float *points = run->weights + group_points(taps, group) +
                    (ptrdiff_t)first * cc_packed_group_blocks(taps, group) * CC_BLOCK;

    (void)worker;
    end = end < taps->input_channels ? end : taps->input_channels;
    cc_winograd_weights(&run->shared, taps, group, first, end, points, run->data->weights_stride);
}

/* The matrix product of one point over all channels, with the direct tile. */
static void multiply_point(const winograd_run *run, const cc_winograd_points *input,
                           const cc_winograd_points *output, int point)
{
    const cc_packed_weights *weights = &run->data->taps;
    const cc_kernels *kernels = run->shared.kernels;

    for (int group = 0; group < weights->groups; group++) {
        int blocks = cc_packed_group_blocks(weights, group);
        int pixels = cc_even_tile(input->count, kernels->direct.maximum_pixels[blocks - 1]);
        float *to = output->data + point * output->point_stride +
                    group * weights->group_blocks * output->block_stride;
        cc_direct_tile tile = {.input_block_stride = input->block_stride,
                               .pixel_stride = CC_BLOCK,
                               .lane_stride = 1,
                               .blocks = weights->input_blocks,
                               .lanes = weights->lanes,
                               .kernel_height = 1,
                               .kernel_width = 1,
                               .weights = run->weights + point * run->data->weights_stride +
                                          group_points(weights, group),
                               .output_block_stride = output->block_stride};
        for (int at = 0; at < input->count; at += pixels) {
            int first = at + pixels <= input->count ? at : input->count - pixels;
            tile.input = input->data + point * input->point_stride + (ptrdiff_t)first * CC_BLOCK;
            tile.output = to + (ptrdiff_t)first * CC_BLOCK;
            kernels->direct.tile(&tile, blocks, pixels);
        }
    }
}

/* One task is one block of tiles through all stages. */
static void run_block(void *context, int task, int worker)
{
    const winograd_run *run = context;
    const winograd_data *data = run->data;
    int first = task * data->block_tiles;
    int left = data->geometry.all_tiles - first;
    cc_winograd_points input = {.data = run->scratch + (size_t)worker * scratch_floats(data),
                                .point_stride = data->input_point_stride,
                                .block_stride = (ptrdiff_t)data->block_tiles * CC_BLOCK,
                                .first = first,
                                .count = left < data->block_tiles ? left : data->block_tiles};
    cc_winograd_points output = input;

    output.data += data->geometry.points * data->input_point_stride;
    output.point_stride = data->output_point_stride;
    for (int i = 0; i < data->geometry.input_blocks; i++) {
        cc_winograd_points block = input;
        block.data += i * input.block_stride;
        cc_winograd_input(&run->shared, &block, i);
    }
    for (int point = 0; point < data->geometry.points; point++) {
        multiply_point(run, &input, &output, point);
    }
    for (int i = 0; i < data->geometry.output_blocks; i++) {
        cc_winograd_points block = output;
        block.data += i * output.block_stride;
        cc_winograd_output(&run->shared, &block, i);
    }
}

static void run(const void *memory, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const winograd_data *data = memory;
    winograd_run all = {.shared = {&data->geometry, kernels, input, residual, output},
                        .data = data,
                        .weights = execution->scratch};

    all.scratch = all.weights + weight_floats(data);
    cc_parallel(execution, run_weights, &all,
                data->taps.groups * cc_divide_up(data->taps.input_channels, TASK_CHANNELS));

    cc_parallel(execution, run_block, &all,
                cc_divide_up(data->geometry.all_tiles, data->block_tiles));
}

const cc_convolution_algorithm cc_convolution_winograd_4 = {.name = "winograd F(4x4)",
                                                            .input_layout = CC_BLOCKED,
                                                            .output_layout = CC_BLOCKED,
                                                            .border = cc_winograd_border_4,
                                                            .suits = suits_4,
                                                            .cost = cost_4,
                                                            .prepare = prepare_4,
                                                            .run = run,
                                                            .release = release};

const cc_convolution_algorithm cc_convolution_winograd_6 = {.name = "winograd F(6x6)",
                                                            .input_layout = CC_BLOCKED,
                                                            .output_layout = CC_BLOCKED,
                                                            .border = cc_winograd_border_6,
                                                            .suits = suits_6,
                                                            .cost = cost_6,
                                                            .prepare = prepare_6,
                                                            .run = run,
                                                            .release = release};
