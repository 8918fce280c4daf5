/* Winograd convolution: 3x3 taps, stride 1, any equal dilation, one group.
 *
 * F(4x4) makes 16 outputs of a channel pair from 36 products instead of 144,
 * F(6x6) 36 outputs from 64 instead of 324. Tiles of the input are transformed to
 * "points", each point is a matrix product over channels, and the products are
 * transformed back; see winograd.md.
 *
 * Large maps: a task takes a block of tiles, few enough to stay in the second-level
 * cache, through all three stages. Small maps with many channels: all tiles are one
 * block and the stages are shared out, so that each transformed weight is fetched
 * once: input by channel block, products by point, output by channel block.
 *
 * A dilation d splits the picture into d x d pictures of every d-th pixel, which are
 * convolved without dilation: only strides change.
 */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

/* Up to this many tiles, shared stages are considered. */
#define SHARED_TILES 400

typedef struct winograd_data {
    int variant; /* index into cc_winograd_kernels: 0 = F(4x4), 1 = F(6x6) */
    int size;    /* outputs along a side of a tile */
    int points;
    cc_packed_weights weights; /* arrangement of one point; data holds all points */
    size_t weights_point;      /* floats of one point */
    float *bias;
    float low;
    float high;
    bool residual_first;
    int dilation;
    int pad[2];
    int tiles[2]; /* of one of the dilation x dilation pictures */
    int all_tiles;
    int block_tiles;
    bool shared; /* all tiles are one block, see above */
    int input_blocks;
    int output_blocks;
    ptrdiff_t input_point_stride;
    ptrdiff_t output_point_stride;
} winograd_data;

typedef struct winograd_run {
    const winograd_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
    float *scratch;
} winograd_run;

/* A block of tiles on its way. */
typedef struct tile_block {
    int first;
    int count;
    float *input_points;  /* [point][input block][tile][CC_BLOCK] */
    float *output_points; /* [point][output block][tile][CC_BLOCK] */
} tile_block;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    float low;
    float high;

    (void)kernels;
    return c->groups == 1 && c->kernel[0] == 3 && c->kernel[1] == 3 && c->stride[0] == 1 &&
           c->stride[1] == 1 && c->dilation[0] == c->dilation[1] &&
           cc_clamp_limits(&c->fusion, &low, &high) && c->input_channels >= 8;
}

static int tiles_along(const cc_convolution *c, int axis, int size)
{
    return cc_divide_up(cc_divide_up(c->output[axis], c->dilation[axis]), size);
}

static int count_tiles(const cc_convolution *c, int size)
{
    return c->batch * c->dilation[0] * c->dilation[1] * tiles_along(c, 0, size) *
           tiles_along(c, 1, size);
}

/* Tiles overhang the picture on the right and below, into the border. */
static int border_for(const cc_convolution *c, int size)
{
    int border = 0;

    for (int axis = 0; axis < 2; axis++) {
        int d = c->dilation[axis];
        int last = d - 1 + d * (tiles_along(c, axis, size) * size + 1) - c->pad[axis];
        int after = last - (c->input[axis] - 1);
        border = c->pad[axis] > border ? c->pad[axis] : border;
        border = after > border ? after : border;
    }
    return border;
}

static int border_4(const cc_convolution *c)
{
    return border_for(c, 4);
}

static int border_6(const cc_convolution *c)
{
    return border_for(c, 6);
}

static int tiles_in_cache(const cc_convolution *c, int size)
{
    int channels = cc_input_blocks(c) + cc_divide_up(c->output_channels, CC_BLOCK);
    size_t tile =
        (size_t)(size + 2) * (size_t)(size + 2) * (size_t)channels * CC_BLOCK * sizeof(float);
    /* A third is left to the weights. */
    size_t tiles = cc_cache_share() * 2 / 3 / tile / 12 * 12;

    return tiles < 12 ? 12 : tiles > 240 ? 240 : (int)tiles;
}

static size_t weight_bytes(const cc_convolution *c, int size)
{
    return (size_t)(size + 2) * (size_t)(size + 2) * (size_t)c->input_channels *
           (size_t)cc_divide_up(c->output_channels, CC_BLOCK) * CC_BLOCK * sizeof(float);
}

static bool shares_stages(const cc_convolution *c, int size)
{
    return count_tiles(c, size) <= SHARED_TILES && weight_bytes(c, size) > (size_t)1 << 20;
}

/* Products at 70 % of the peak; a transform of one tile of one channel block as
 * measured; transformed weights fetched once (shared), or once for each block of
 * tiles from a nearer cache. */
static double cost(const cc_convolution *c, int size)
{
    double tiles = count_tiles(c, size);
    double points = (size + 2) * (size + 2);
    double inputs = cc_input_blocks(c);
    double outputs = cc_divide_up(c->output_channels, CC_BLOCK);
    double transforms =
        size == 4 ? inputs * 7000 + outputs * 6500 : inputs * 14000 + outputs * 13000;
    double fetches = shares_stages(c, size) ? 10 : 0.5 * tiles / tiles_in_cache(c, size);

    double bytes = (double)weight_bytes(c, size);

    return tiles * points * c->input_channels * outputs * CC_BLOCK / 0.7 + tiles * transforms +
           fetches * bytes + CC_WEIGHT_BYTE_PRICE * bytes * (1 - 9 / points);
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

    cc_packed_weights_release(&data->weights);
    cc_free_aligned(data->bias);
    cc_free(data);
}

typedef struct pack_run {
    winograd_data *data;
    const cc_kernels *kernels;
    const cc_file_float *weights;
    int output_channels;
} pack_run;

/* Taps of CC_BLOCK output channels from one input channel: [tap][output channel]. */
static void gather_taps(const pack_run *run, int output_block, int channel, float *taps)
{
    size_t inputs = (size_t)run->data->weights.input_channels;

    for (int o = 0; o < CC_BLOCK; o++) {
        int output = output_block * CC_BLOCK + o;
        bool real = output < run->output_channels;
        const cc_file_float *from =
            run->weights + (real ? ((size_t)output * inputs + (size_t)channel) * 9 : 0);
        for (int tap = 0; tap < 9; tap++) {
            taps[tap * CC_BLOCK + o] = real ? from[tap] : 0;
        }
    }
}

/* One task is one output block. */
static void pack_block(void *context, int task, int worker)
{
    const pack_run *run = context;
    const winograd_data *data = run->data;
    const cc_packed_weights *packed = &data->weights;
    int group = task / packed->group_blocks;
    int blocks = cc_packed_group_blocks(packed, group);
    float *to = packed->data + cc_packed_group_offset(packed, group) +
                (ptrdiff_t)(task % packed->group_blocks) * CC_BLOCK;
    float taps[9 * CC_BLOCK];

    (void)worker;
    for (int channel = 0; channel < packed->input_channels; channel++) {
        gather_taps(run, task, channel, taps);
        run->kernels->winograd.weights[data->variant](taps, to, (ptrdiff_t)data->weights_point);
        to += (ptrdiff_t)blocks * CC_BLOCK;
    }
}

static cc_status pack_weights(winograd_data *data, const cc_convolution *c,
                              const cc_kernels *kernels, cc_thread_pool *pool, cc_error *error)
{
    cc_packed_weights *packed = &data->weights;
    cc_status status =
        cc_packed_weights_arrange(packed, c->input_channels, c->output_channels, c->input_lanes,
                                  c->input_blocks, 1, kernels->direct.wide_blocks, error);

    if (status != CC_OK) {
        return status;
    }
    data->weights_point = packed->bytes / sizeof(float);
    packed->bytes *= (size_t)data->points;
    packed->data = cc_alloc_aligned(packed->bytes);
    if (packed->data == NULL) {
        return cc_fail_memory(error, packed->bytes);
    }
    pack_run run = {data, kernels, c->weights, c->output_channels};
    cc_thread_pool_run(pool, pack_block, &run, packed->output_blocks);
    return CC_OK;
}

/* Distance of two points: 7 cache lines more than a multiple of 16, so that the
 * points of a tile spread over the sets of the cache. */
static ptrdiff_t spread(int blocks, int tiles)
{
    ptrdiff_t lines = (ptrdiff_t)blocks * tiles;
    return (lines + (16 + 7 - lines % 16) % 16) * CC_BLOCK;
}

static void plan_tiles(winograd_data *data, const cc_convolution *c, int threads)
{
    int in_cache = tiles_in_cache(c, data->size);

    data->all_tiles = count_tiles(c, data->size);
    data->shared = shares_stages(c, data->size);
    if (data->shared) {
        data->block_tiles = data->all_tiles;
    } else {
        /* Even blocks, at least four for each thread if there are tiles enough. */
        int wanted = cc_divide_up(data->all_tiles, in_cache);
        int fair = 4 * threads;
        if (wanted < fair) {
            wanted = fair;
        }
        data->block_tiles = cc_divide_up(data->all_tiles, wanted);
        if (data->block_tiles < 12) {
            data->block_tiles = data->all_tiles < 12 ? data->all_tiles : 12;
        }
    }
    data->input_point_stride = spread(data->input_blocks, data->block_tiles);
    data->output_point_stride = spread(data->output_blocks, data->block_tiles);
}

static size_t scratch_floats(const winograd_data *data)
{
    return (size_t)data->points * (size_t)(data->input_point_stride + data->output_point_stride);
}

static cc_status prepare(const cc_convolution *c, int variant, const cc_kernels *kernels,
                         cc_thread_pool *pool, winograd_data **result, cc_error *error)
{
    winograd_data *data = cc_alloc_zeroed(1, sizeof *data);

    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    data->variant = variant;
    data->size = variant == 0 ? 4 : 6;
    data->points = (data->size + 2) * (data->size + 2);
    data->dilation = c->dilation[0];
    data->input_blocks = cc_input_blocks(c);
    data->output_blocks = cc_divide_up(c->output_channels, CC_BLOCK);
    for (int axis = 0; axis < 2; axis++) {
        data->pad[axis] = c->pad[axis];
        data->tiles[axis] = tiles_along(c, axis, data->size);
    }
    cc_clamp_limits(&c->fusion, &data->low, &data->high);
    data->residual_first = c->fusion.residual == CC_RESIDUAL_BEFORE;
    plan_tiles(data, c, cc_thread_pool_size(pool));
    data->bias = cc_padded_bias(c->bias, c->output_channels);
    cc_status status =
        data->bias == NULL
            ? cc_fail_memory(error, (size_t)data->output_blocks * CC_BLOCK * sizeof(float))
            : pack_weights(data, c, kernels, pool, error);
    if (status != CC_OK) {
        release(data);
        return status;
    }
    *result = data;
    return CC_OK;
}

static cc_status prepare_variant(const cc_convolution *c, int variant, const cc_kernels *kernels,
                                 cc_thread_pool *pool, void **result, size_t *bytes,
                                 size_t *scratch, cc_error *error)
{
    winograd_data *data = NULL;
    cc_status status = prepare(c, variant, kernels, pool, &data, error);

    if (status == CC_OK) {
        *result = data;
        *bytes = data->weights.bytes;
        *scratch = scratch_floats(data) * sizeof(float) *
                   (size_t)(data->shared ? 1 : cc_thread_pool_size(pool));
    }
    return status;
}

static cc_status prepare_4(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                           void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    return prepare_variant(c, 0, kernels, pool, result, bytes, scratch, error);
}

static cc_status prepare_6(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                           void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    return prepare_variant(c, 1, kernels, pool, result, bytes, scratch, error);
}

/* ---- running ---- */

/* Upper left output pixel of a tile. */
typedef struct tile_place {
    int picture;
    int y;
    int x;
} tile_place;

static tile_place place_of(const winograd_data *data, int tile)
{
    int tx = tile % data->tiles[1];
    int ty = tile / data->tiles[1] % data->tiles[0];
    int part = tile / data->tiles[1] / data->tiles[0];
    int px = part % data->dilation;
    int py = part / data->dilation % data->dilation;

    return (tile_place){.picture = part / data->dilation / data->dilation,
                        .y = py + data->dilation * ty * data->size,
                        .x = px + data->dilation * tx * data->size};
}

static void transform_input(const winograd_run *run, const tile_block *block, int input_block)
{
    const winograd_data *data = run->data;
    const cc_view *input = run->input;
    float *points = block->input_points + (ptrdiff_t)input_block * data->block_tiles * CC_BLOCK;

    for (int i = 0; i < block->count; i++) {
        tile_place at = place_of(data, block->first + i);
        run->kernels->winograd.input[data->variant](
            cc_view_row(input, at.picture, input_block, at.y - data->pad[0]) +
                (ptrdiff_t)(at.x - data->pad[1]) * CC_BLOCK,
            data->dilation * input->row_stride, (ptrdiff_t)data->dilation * CC_BLOCK,
            points + (ptrdiff_t)i * CC_BLOCK, data->input_point_stride);
    }
}

/* The matrix product of one point over all channels, with the direct tile. */
static void multiply_point(const winograd_run *run, const tile_block *block, int point)
{
    const winograd_data *data = run->data;
    const cc_packed_weights *weights = &data->weights;
    ptrdiff_t stride = (ptrdiff_t)data->block_tiles * CC_BLOCK;

    for (int group = 0; group < weights->groups; group++) {
        int blocks = cc_packed_group_blocks(weights, group);
        int pixels = cc_even_tile(block->count, run->kernels->direct.maximum_pixels[blocks - 1]);
        float *output = block->output_points + point * data->output_point_stride +
                        group * weights->group_blocks * stride;
        cc_direct_tile tile = {.input_block_stride = stride,
                               .pixel_stride = CC_BLOCK,
                               .lane_stride = 1,
                               .blocks = weights->input_blocks,
                               .lanes = weights->lanes,
                               .kernel_height = 1,
                               .kernel_width = 1,
                               .weights = weights->data + (size_t)point * data->weights_point +
                                          cc_packed_group_offset(weights, group),
                               .output_block_stride = stride};
        for (int at = 0; at < block->count; at += pixels) {
            int first = at + pixels <= block->count ? at : block->count - pixels;
            tile.input = block->input_points + point * data->input_point_stride +
                         (ptrdiff_t)first * CC_BLOCK;
            tile.output = output + (ptrdiff_t)first * CC_BLOCK;
            run->kernels->direct.tile(&tile, blocks, pixels);
        }
    }
}

/* A tile that overhangs the picture goes through a whole one at the side. */
static void output_overhanging(const winograd_run *run, cc_winograd_output_tile tile, int rows,
                               int columns)
{
    int size = run->data->size;
    ptrdiff_t row = (ptrdiff_t)size * CC_BLOCK;
    float whole[6 * 6 * CC_BLOCK];
    float residual[6 * 6 * CC_BLOCK] = {0};
    cc_winograd_output_tile aside = tile;

    aside.output = whole;
    aside.row_stride = row;
    aside.column_stride = CC_BLOCK;
    if (tile.residual != NULL) {
        for (int i = 0; i < rows * columns; i++) {
            int y = i / columns;
            int x = i % columns;
            memcpy(residual + y * row + (ptrdiff_t)x * CC_BLOCK,
                   tile.residual + y * tile.residual_row_stride + x * tile.residual_column_stride,
                   CC_BLOCK * sizeof(float));
        }
        aside.residual = residual;
        aside.residual_row_stride = row;
        aside.residual_column_stride = CC_BLOCK;
    }
    run->kernels->winograd.output[run->data->variant](&aside);
    for (int i = 0; i < rows * columns; i++) {
        int y = i / columns;
        int x = i % columns;
        memcpy(tile.output + y * tile.row_stride + x * tile.column_stride,
               whole + y * row + (ptrdiff_t)x * CC_BLOCK, CC_BLOCK * sizeof(float));
    }
}

/* Pixels of a tile's row or column that lie in the picture. */
static int pixels_inside(const winograd_data *data, int first, int length)
{
    int inside = first < length ? (length - first + data->dilation - 1) / data->dilation : 0;
    return inside < data->size ? inside : data->size;
}

static void transform_output(const winograd_run *run, const tile_block *block, int output_block)
{
    const winograd_data *data = run->data;
    const cc_view *output = run->output;
    const cc_view *residual = run->residual;

    for (int i = 0; i < block->count; i++) {
        tile_place at = place_of(data, block->first + i);
        int rows = pixels_inside(data, at.y, output->height);
        int columns = pixels_inside(data, at.x, output->width);
        cc_winograd_output_tile tile = {
            .points =
                block->output_points + ((ptrdiff_t)output_block * data->block_tiles + i) * CC_BLOCK,
            .point_stride = data->output_point_stride,
            .bias = data->bias + (ptrdiff_t)output_block * CC_BLOCK,
            .low = data->low,
            .high = data->high,
            .residual_first = data->residual_first,
            .output =
                cc_view_row(output, at.picture, output_block, at.y) + (ptrdiff_t)at.x * CC_BLOCK,
            .row_stride = data->dilation * output->row_stride,
            .column_stride = (ptrdiff_t)data->dilation * CC_BLOCK};
        if (residual != NULL) {
            tile.residual =
                cc_view_row(residual, at.picture, output_block, at.y) + (ptrdiff_t)at.x * CC_BLOCK;
            tile.residual_row_stride = data->dilation * residual->row_stride;
            tile.residual_column_stride = (ptrdiff_t)data->dilation * CC_BLOCK;
        }
        if (rows == data->size && columns == data->size) {
            run->kernels->winograd.output[data->variant](&tile);
        } else if (rows > 0 && columns > 0) {
            output_overhanging(run, tile, rows, columns);
        }
    }
}

static tile_block block_at(const winograd_run *run, int index, int worker)
{
    const winograd_data *data = run->data;
    int first = index * data->block_tiles;
    int left = data->all_tiles - first;
    float *points = run->scratch + (size_t)worker * scratch_floats(data);

    return (tile_block){.first = first,
                        .count = left < data->block_tiles ? left : data->block_tiles,
                        .input_points = points,
                        .output_points = points + data->points * data->input_point_stride};
}

/* One task is one block of tiles through all stages. */
static void run_block(void *context, int task, int worker)
{
    const winograd_run *run = context;
    tile_block block = block_at(run, task, worker);

    for (int i = 0; i < run->data->input_blocks; i++) {
        transform_input(run, &block, i);
    }
    for (int point = 0; point < run->data->points; point++) {
        multiply_point(run, &block, point);
    }
    for (int i = 0; i < run->data->output_blocks; i++) {
        transform_output(run, &block, i);
    }
}

/* The three stages of the one shared block. */
static void run_input_stage(void *context, int task, int worker)
{
    const winograd_run *run = context;
    tile_block block = block_at(run, 0, 0);

    (void)worker;
    transform_input(run, &block, task);
}

static void run_product_stage(void *context, int task, int worker)
{
    const winograd_run *run = context;
    tile_block block = block_at(run, 0, 0);

    (void)worker;
    multiply_point(run, &block, task);
}

static void run_output_stage(void *context, int task, int worker)
{
    const winograd_run *run = context;
    tile_block block = block_at(run, 0, 0);

    (void)worker;
    transform_output(run, &block, task);
}

static void run(const void *memory, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const winograd_data *data = memory;
    winograd_run all = {.data = data,
                        .kernels = kernels,
                        .input = input,
                        .residual = residual,
                        .output = output,
                        .scratch = execution->scratch};

    if (data->shared) {
        cc_parallel(execution, run_input_stage, &all, data->input_blocks);
        cc_parallel(execution, run_product_stage, &all, data->points);
        cc_parallel(execution, run_output_stage, &all, data->output_blocks);
    } else {
        cc_parallel(execution, run_block, &all, cc_divide_up(data->all_tiles, data->block_tiles));
    }
}

const cc_convolution_algorithm cc_convolution_winograd_4 = {.name = "winograd F(4x4)",
                                                            .input_layout = CC_BLOCKED,
                                                            .output_layout = CC_BLOCKED,
                                                            .border = border_4,
                                                            .suits = suits,
                                                            .cost = cost_4,
                                                            .prepare = prepare_4,
                                                            .run = run,
                                                            .release = release};

const cc_convolution_algorithm cc_convolution_winograd_6 = {.name = "winograd F(6x6)",
                                                            .input_layout = CC_BLOCKED,
                                                            .output_layout = CC_BLOCKED,
                                                            .border = border_6,
                                                            .suits = suits,
                                                            .cost = cost_6,
                                                            .prepare = prepare_6,
                                                            .run = run,
                                                            .release = release};
