/* Winograd convolution that transforms its weights while it runs.
 *
 * Transformed weights are four (seven) times as large as the weights themselves. Where
 * there are many channels, keeping them takes memory, and fetching them time. Here they
 * are kept as nine taps each; a task transforms a slice of them into its second-level
 * cache, and multiplies all tiles at hand with it before it goes on to the next: with
 * 100 tiles that is a few per cent more work, with 9 about as much again, which is
 * still less than the direct sums.
 *
 * Tiles are taken in rounds of as many as fit. In each round all threads first transform
 * the input of the round's tiles; then each takes groups of outputs: for every slice of
 * inputs, transform its weights, and add each point's products to the sums; at the end
 * transform the sums back. How slices are cut depends on the layer and the cache only,
 * not on the number of threads, and with it the order of the sums.
 */
#include "core/memory.h"
#include "nn/cpu/convolution_winograd.h"

typedef struct stream_data {
    cc_winograd_geometry geometry;
    cc_packed_weights weights; /* of cc_winograd_pack_taps */
    int slice_blocks;          /* input blocks of a slice */
    int slice_channels;        /* most that one of them holds */
    int round_tiles;
    int splits; /* shares of a round's tiles that different tasks take */
    ptrdiff_t input_point_stride;
    ptrdiff_t weight_point_stride;
    ptrdiff_t sum_point_stride;
} stream_data;

typedef struct stream_run {
    cc_winograd_run shared;
    const stream_data *data;
    float *points;     /* of a round: [point][input block][tile][CC_BLOCK] */
    float *workspaces; /* of each thread: a slice of weights, sums */
    int first;         /* tile of the round */
    int count;
} stream_run;

/* How a layer is cut. */
typedef struct stream_cut {
    int slice_blocks;
    int round_tiles;
} stream_cut;

/* Half of the cache for a slice of weights, half for the sums, of one group of outputs. */
static stream_cut cut_of(const cc_convolution *c, const cc_kernels *kernels, int size)
{
    size_t width = (size_t)kernels->direct.wide_blocks * CC_BLOCK;
    size_t line = (size_t)(size + 2) * (size_t)(size + 2) * width * sizeof(float);
    int fit = (int)(cc_cache_share() / 2 / line);
    int tiles = cc_winograd_count_tiles(c, size);
    int most = fit < 8 ? 8 : fit;
    int blocks = fit / CC_BLOCK;
    int slices = cc_divide_up(cc_input_blocks(c), blocks < 1 ? 1 : blocks);

    return (stream_cut){.slice_blocks = cc_divide_up(cc_input_blocks(c), slices),
                        .round_tiles = cc_divide_up(tiles, cc_divide_up(tiles, most))};
}

/* Multiply-adds that pass while a byte of the input's points is fetched for a group of
 * outputs: from beyond the second-level cache, and from within, where another thread may
 * have put it into its own (Xeon with AVX-512, November 2026). */
#define FAR_BYTE 4.0
#define NEAR_BYTE 2.5

static double cost(const cc_convolution *c, const cc_kernels *kernels, int size)
{
    stream_cut cut = cut_of(c, kernels, size);
    double tiles = cc_winograd_count_tiles(c, size);
    double rounds = cc_divide_up((int)tiles, cut.round_tiles);
    double outputs = cc_divide_up(c->output_channels, CC_BLOCK);
    double groups = cc_divide_up((int)outputs, kernels->direct.wide_blocks);
    double tile_bytes =
        (double)(size + 2) * (size + 2) * cc_input_blocks(c) * CC_BLOCK * sizeof(float);
    bool near = tile_bytes * cut.round_tiles < (double)cc_cache_share();

    return cc_winograd_tiles_cost(c, size) + rounds * cc_winograd_weights_cost(c, size) +
           groups * tiles * tile_bytes * (near ? NEAR_BYTE : FAR_BYTE);
}

static double cost_4(const cc_convolution *c, const cc_kernels *kernels)
{
    return cost(c, kernels, 4);
}

static double cost_6(const cc_convolution *c, const cc_kernels *kernels)
{
    return cost(c, kernels, 6);
}

/* ---- preparing ---- */

static void release(void *memory)
{
    stream_data *data = memory;

    cc_packed_weights_release(&data->weights);
    cc_winograd_geometry_release(&data->geometry);
    cc_free(data);
}

static int channels_before(const cc_packed_weights *weights, int block)
{
    return block < weights->input_blocks ? weights->block_channels[block] : weights->input_channels;
}

static void plan_stream(stream_data *data, const cc_convolution *c, const cc_kernels *kernels,
                        int threads)
{
    const cc_winograd_geometry *g = &data->geometry;
    const cc_packed_weights *w = &data->weights;
    stream_cut cut = cut_of(c, kernels, g->size);

    data->slice_blocks = cut.slice_blocks;
    data->round_tiles = cut.round_tiles;
    for (int block = 0; block < w->input_blocks; block += cut.slice_blocks) {
        int end = block + cut.slice_blocks;
        end = end < w->input_blocks ? end : w->input_blocks;
        int channels = channels_before(w, end) - channels_before(w, block);
        data->slice_channels = channels > data->slice_channels ? channels : data->slice_channels;
    }
    /* Each share transforms the weights again, so there are as few as keep all busy. */
    data->splits = threads == 1 ? 1 : cc_divide_up(2 * threads, w->groups);
    int most = cc_divide_up(data->round_tiles, 8);
    data->splits = data->splits < most ? data->splits : most;
    data->input_point_stride = cc_winograd_spread((ptrdiff_t)w->input_blocks * data->round_tiles);
    data->weight_point_stride =
        cc_winograd_spread((ptrdiff_t)data->slice_channels * w->group_blocks);
    data->sum_point_stride = cc_winograd_spread((ptrdiff_t)w->group_blocks * data->round_tiles);
}

static size_t workspace_floats(const stream_data *data)
{
    return (size_t)data->geometry.points *
           (size_t)(data->weight_point_stride + data->sum_point_stride);
}

static size_t point_floats(const stream_data *data)
{
    return (size_t)data->geometry.points * (size_t)data->input_point_stride;
}

static cc_status prepare(const cc_convolution *c, int variant, const cc_kernels *kernels,
                         cc_thread_pool *pool, void **result, size_t *bytes, size_t *scratch,
                         cc_error *error)
{
    stream_data *data = cc_alloc_zeroed(1, sizeof *data);

    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    cc_status status = cc_winograd_geometry_make(&data->geometry, c, variant, error);
    if (status == CC_OK) {
        status = cc_winograd_pack_taps(&data->weights, c, kernels, pool, error);
    }
    if (status != CC_OK) {
        release(data);
        return status;
    }
    int threads = cc_thread_pool_size(pool);
    plan_stream(data, c, kernels, threads);
    *result = data;
    *bytes = data->weights.bytes;
    *scratch = (point_floats(data) + workspace_floats(data) * (size_t)threads) * sizeof(float);
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

/* One task is one block of the input. */
static void run_input(void *context, int task, int worker)
{
    const stream_run *run = context;
    cc_winograd_points points = {.data = run->points +
                                         (ptrdiff_t)task * run->data->round_tiles * CC_BLOCK,
                                 .point_stride = run->data->input_point_stride,
                                 .first = run->first,
                                 .count = run->count};

    (void)worker;
    cc_winograd_input(&run->shared, &points, task);
}

/* Input blocks first .. end for one group of outputs. */
typedef struct weight_slice {
    int group;
    int first;
    int end;
    float *data; /* [point][channel][output lanes] */
} weight_slice;

/* Add the products of one point to the sums. */
static void multiply_point(const stream_run *run, const weight_slice *slice,
                           const cc_winograd_points *sums, int point)
{
    static const cc_fusion add = {.residual = CC_RESIDUAL_BEFORE};
    const stream_data *data = run->data;
    const cc_direct_kernels *kernels = &run->shared.kernels->direct;
    int blocks = cc_packed_group_blocks(&data->weights, slice->group);
    int pixels = cc_even_tile(sums->count, kernels->maximum_pixels[blocks - 1]);
    ptrdiff_t stride = (ptrdiff_t)data->round_tiles * CC_BLOCK;
    const float *input = run->points + point * data->input_point_stride + slice->first * stride +
                         (ptrdiff_t)(sums->first - run->first) * CC_BLOCK;
    cc_direct_tile tile = {.input_block_stride = stride,
                           .pixel_stride = CC_BLOCK,
                           .lane_stride = 1,
                           .blocks = slice->end - slice->first,
                           .lanes = data->weights.lanes + slice->first,
                           .kernel_height = 1,
                           .kernel_width = 1,
                           .weights = slice->data + point * data->weight_point_stride,
                           .output_block_stride = sums->block_stride,
                           .residual_block_stride = sums->block_stride,
                           .fusion = &add};

    /* The last tile is smaller: sums may be added to only once. */
    for (int at = 0; at < sums->count; at += pixels) {
        int left = sums->count - at;
        tile.input = input + (ptrdiff_t)at * CC_BLOCK;
        tile.output = sums->data + point * sums->point_stride + (ptrdiff_t)at * CC_BLOCK;
        tile.residual = slice->first > 0 ? tile.output : NULL;
        kernels->tile(&tile, blocks, left < pixels ? left : pixels);
    }
}

/* One task is a share of the round's tiles for one group of outputs. */
static void run_group(void *context, int task, int worker)
{
    const stream_run *run = context;
    const stream_data *data = run->data;
    const cc_packed_weights *w = &data->weights;
    float *workspace = run->workspaces + (size_t)worker * workspace_floats(data);
    int share = task % data->splits;
    int begin = run->count * share / data->splits;
    int end = run->count * (share + 1) / data->splits;
    weight_slice slice = {.group = task / data->splits, .data = workspace};
    cc_winograd_points sums = {.data =
                                   workspace + data->geometry.points * data->weight_point_stride,
                               .point_stride = data->sum_point_stride,
                               .block_stride = (ptrdiff_t)data->round_tiles * CC_BLOCK,
                               .first = run->first + begin,
                               .count = end - begin};

    for (; slice.first < w->input_blocks; slice.first = slice.end) {
        slice.end = slice.first + data->slice_blocks;
        slice.end = slice.end < w->input_blocks ? slice.end : w->input_blocks;
        cc_winograd_weights(&run->shared, w, slice.group, channels_before(w, slice.first),
                            channels_before(w, slice.end), slice.data, data->weight_point_stride);
        for (int point = 0; point < data->geometry.points; point++) {
            multiply_point(run, &slice, &sums, point);
        }
    }
    for (int i = 0; i < cc_packed_group_blocks(w, slice.group); i++) {
        cc_winograd_output(&run->shared, &sums, slice.group * w->group_blocks + i);
        sums.data += sums.block_stride;
    }
}

static void run(const void *memory, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const stream_data *data = memory;
    float *scratch = execution->scratch;
    stream_run all = {.shared = {&data->geometry, kernels, input, residual, output},
                      .data = data,
                      .points = scratch,
                      .workspaces = scratch + point_floats(data)};

    for (; all.first < data->geometry.all_tiles; all.first += data->round_tiles) {
        int left = data->geometry.all_tiles - all.first;
        all.count = left < data->round_tiles ? left : data->round_tiles;
        cc_parallel(execution, run_input, &all, data->geometry.input_blocks);
        cc_parallel(execution, run_group, &all, data->weights.groups * data->splits);
    }
}

const cc_convolution_algorithm cc_convolution_winograd_4_stream = {.name = "winograd F(4x4) stream",
                                                                   .input_layout = CC_BLOCKED,
                                                                   .output_layout = CC_BLOCKED,
                                                                   .border = cc_winograd_border_4,
                                                                   .suits = cc_winograd_suits,
                                                                   .cost = cost_4,
                                                                   .prepare = prepare_4,
                                                                   .run = run,
                                                                   .release = release};

const cc_convolution_algorithm cc_convolution_winograd_6_stream = {.name = "winograd F(6x6) stream",
                                                                   .input_layout = CC_BLOCKED,
                                                                   .output_layout = CC_BLOCKED,
                                                                   .border = cc_winograd_border_6,
                                                                   .suits = cc_winograd_suits,
                                                                   .cost = cost_6,
                                                                   .prepare = prepare_6,
                                                                   .run = run,
                                                                   .release = release};
