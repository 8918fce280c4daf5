/* Winograd convolution: tiles of the picture, their transforms, their cost. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution_winograd.h"
#include "nn/cpu/view.h"

bool cc_winograd_suits(const cc_convolution *c, const cc_kernels *kernels)
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

int cc_winograd_count_tiles(const cc_convolution *c, int size)
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

int cc_winograd_border_4(const cc_convolution *c)
{
    return border_for(c, 4);
}

int cc_winograd_border_6(const cc_convolution *c)
{
    return border_for(c, 6);
}

/* For CC_BLOCK outputs of one input channel: 125 and 280 cycles, measured. */
double cc_winograd_weights_cost(const cc_convolution *c, int size)
{
    double outputs = cc_divide_up(c->output_channels, CC_BLOCK);

    return c->input_channels * outputs * (size == 4 ? 4000 : 9000);
}

/* Products at 70 % of the peak; a transform of one tile of one channel block as
 * measured. */
double cc_winograd_tiles_cost(const cc_convolution *c, int size)
{
    double tiles = cc_winograd_count_tiles(c, size);
    double points = (size + 2) * (size + 2);
    double inputs = cc_input_blocks(c);
    double outputs = cc_divide_up(c->output_channels, CC_BLOCK);
    double transforms =
        size == 4 ? inputs * 7000 + outputs * 6500 : inputs * 14000 + outputs * 13000;

    return tiles * points * c->input_channels * outputs * CC_BLOCK / 0.7 + tiles * transforms;
}

cc_status cc_winograd_geometry_make(cc_winograd_geometry *geometry, const cc_convolution *c,
                                    int variant, cc_error *error)
{
    int size = variant == 0 ? 4 : 6;

    *geometry = (cc_winograd_geometry){.variant = variant,
                                       .size = size,
                                       .points = (size + 2) * (size + 2),
                                       .dilation = c->dilation[0],
                                       .all_tiles = cc_winograd_count_tiles(c, size),
                                       .input_blocks = cc_input_blocks(c),
                                       .output_blocks = cc_divide_up(c->output_channels, CC_BLOCK),
                                       .bias = cc_padded_bias(c->bias, c->output_channels),
                                       .residual_first = c->fusion.residual == CC_RESIDUAL_BEFORE};
    if (geometry->bias == NULL) {
        return cc_fail_memory(error, (size_t)geometry->output_blocks * CC_BLOCK * sizeof(float));
    }
    for (int axis = 0; axis < 2; axis++) {
        geometry->pad[axis] = c->pad[axis];
        geometry->tiles[axis] = tiles_along(c, axis, size);
    }
    cc_clamp_limits(&c->fusion, &geometry->low, &geometry->high);
    return CC_OK;
}

void cc_winograd_geometry_release(cc_winograd_geometry *geometry)
{
    cc_free_aligned(geometry->bias);
    *geometry = (cc_winograd_geometry){0};
}

ptrdiff_t cc_winograd_spread(ptrdiff_t pixels)
{
    return (pixels + (16 + 7 - pixels % 16) % 16) * CC_BLOCK;
}

/* ---- weights ---- */

typedef struct pack_run {
    const cc_packed_weights *taps;
    const cc_file_float *weights;
    int output_channels;
} pack_run;

/* Taps of CC_BLOCK output channels from one input channel: [tap][output channel], zeros
 * beyond the last channel. */
static void gather_taps(const pack_run *run, int output_block, int channel, float *taps)
{
    size_t inputs = (size_t)run->taps->input_channels;

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
    const cc_packed_weights *taps = run->taps;
    int group = task / taps->group_blocks;
    int blocks = cc_packed_group_blocks(taps, group);
    float *to = taps->data + cc_packed_group_offset(taps, group) +
                (ptrdiff_t)(task % taps->group_blocks) * 9 * CC_BLOCK;

    (void)worker;
    for (int channel = 0; channel < taps->input_channels; channel++) {
        gather_taps(run, task, channel, to);
        to += (ptrdiff_t)blocks * 9 * CC_BLOCK;
    }
}

cc_status cc_winograd_pack_taps(cc_packed_weights *taps, const cc_convolution *c,
                                const cc_kernels *kernels, cc_thread_pool *pool, cc_error *error)
{
    cc_status status =
        cc_packed_weights_arrange(taps, c->input_channels, c->output_channels, c->input_lanes,
                                  c->input_blocks, 9, kernels->direct.wide_blocks, error);

    if (status != CC_OK) {
        return status;
    }
    taps->data = cc_alloc_aligned(taps->bytes);
    if (taps->data == NULL) {
        size_t bytes = taps->bytes;
        cc_packed_weights_release(taps);
        return cc_fail_memory(error, bytes);
    }
    pack_run run = {taps, c->weights, c->output_channels};
    cc_thread_pool_run(pool, pack_block, &run, taps->output_blocks);
    return CC_OK;
}

void cc_winograd_weights(const cc_winograd_run *run, const cc_packed_weights *taps, int group,
                         int first, int end, float *points, ptrdiff_t point_stride)
{
    int blocks = cc_packed_group_blocks(taps, group);
    const float *from =
        taps->data + cc_packed_group_offset(taps, group) + (ptrdiff_t)first * blocks * 9 * CC_BLOCK;

    for (int i = 0; i < (end - first) * blocks; i++) {
        run->kernels->winograd.weights[run->geometry->variant](
            from + (ptrdiff_t)i * 9 * CC_BLOCK, points + (ptrdiff_t)i * CC_BLOCK, point_stride);
    }
}

/* ---- transforms of tiles ---- */

/* Upper left output pixel of a tile. */
typedef struct tile_place {
    int picture;
    int y;
    int x;
} tile_place;

static tile_place place_of(const cc_winograd_geometry *g, int tile)
{
    int tx = tile % g->tiles[1];
    int ty = tile / g->tiles[1] % g->tiles[0];
    int part = tile / g->tiles[1] / g->tiles[0];
    int px = part % g->dilation;
    int py = part / g->dilation % g->dilation;

    return (tile_place){.picture = part / g->dilation / g->dilation,
                        .y = py + g->dilation * ty * g->size,
                        .x = px + g->dilation * tx * g->size};
}

void cc_winograd_input(const cc_winograd_run *run, const cc_winograd_points *points, int block)
{
    const cc_winograd_geometry *g = run->geometry;
    const cc_view *input = run->input;

    for (int i = 0; i < points->count; i++) {
        tile_place at = place_of(g, points->first + i);
        run->kernels->winograd.input[g->variant](
            cc_view_row(input, at.picture, block, at.y - g->pad[0]) +
                (ptrdiff_t)(at.x - g->pad[1]) * CC_BLOCK,
            g->dilation * input->row_stride, (ptrdiff_t)g->dilation * CC_BLOCK,
            points->data + (ptrdiff_t)i * CC_BLOCK, points->point_stride);
    }
}

/* A tile that overhangs the picture goes through a whole one at the side. */
static void output_overhanging(const cc_winograd_run *run, cc_winograd_output_tile tile, int rows,
                               int columns)
{
    int size = run->geometry->size;
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
    run->kernels->winograd.output[run->geometry->variant](&aside);
    for (int i = 0; i < rows * columns; i++) {
        int y = i / columns;
        int x = i % columns;
        memcpy(tile.output + y * tile.row_stride + x * tile.column_stride,
               whole + y * row + (ptrdiff_t)x * CC_BLOCK, CC_BLOCK * sizeof(float));
    }
}

/* Pixels of a tile's row or column that lie in the picture. */
static int pixels_inside(const cc_winograd_geometry *g, int first, int length)
{
    int inside = first < length ? (length - first + g->dilation - 1) / g->dilation : 0;
    return inside < g->size ? inside : g->size;
}

static cc_winograd_output_tile aim_output(const cc_winograd_run *run, tile_place at, int block)
{
    const cc_winograd_geometry *g = run->geometry;
    const cc_view *output = run->output;
    const cc_view *residual = run->residual;
    cc_winograd_output_tile tile = {.bias = g->bias + (ptrdiff_t)block * CC_BLOCK,
                                    .low = g->low,
                                    .high = g->high,
                                    .residual_first = g->residual_first,
                                    .output = cc_view_row(output, at.picture, block, at.y) +
                                              (ptrdiff_t)at.x * CC_BLOCK,
                                    .row_stride = g->dilation * output->row_stride,
                                    .column_stride = (ptrdiff_t)g->dilation * CC_BLOCK};

    if (residual != NULL) {
        tile.residual = cc_view_row(residual, at.picture, block, at.y) + (ptrdiff_t)at.x * CC_BLOCK;
        tile.residual_row_stride = g->dilation * residual->row_stride;
        tile.residual_column_stride = (ptrdiff_t)g->dilation * CC_BLOCK;
    }
    return tile;
}

void cc_winograd_output(const cc_winograd_run *run, const cc_winograd_points *points, int block)
{
    const cc_winograd_geometry *g = run->geometry;

    for (int i = 0; i < points->count; i++) {
        tile_place at = place_of(g, points->first + i);
        int rows = pixels_inside(g, at.y, run->output->height);
        int columns = pixels_inside(g, at.x, run->output->width);
        if (rows <= 0 || columns <= 0) {
            continue;
        }
        cc_winograd_output_tile tile = aim_output(run, at, block);
        tile.points = points->data + (ptrdiff_t)i * CC_BLOCK;
        tile.point_stride = points->point_stride;
        if (rows == g->size && columns == g->size) {
            run->kernels->winograd.output[g->variant](&tile);
        } else {
            output_overhanging(run, tile, rows, columns);
        }
    }
}
