/* Direct convolution: any kernel, stride and dilation, one group.
 *
 * Two algorithms share the code: "direct" reads a blocked input with its border;
 * "direct from planes" reads the few planes of a plain input, a picture mostly,
 * which it first copies into planes with a border of their own.
 *
 * Rows of the output are handed out to the threads. Where the weights of all
 * outputs exceed the cache, a task instead takes one group of outputs through
 * many rows, so that each weight is fetched once.
 */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

/* Weights above this many bytes are kept in cache group by group. */
#define RESIDENT_WEIGHT_BYTES ((size_t)1 << 20)

typedef struct direct_data {
    cc_packed_weights weights;
    float *bias;
    cc_fusion fusion;
    int kernel[2];
    int stride[2];
    int dilation[2];
    int pad[2];
    int input[2];
    int pixels[2]; /* of a tile of one and of two output blocks */
    bool by_group; /* tasks are groups of outputs, else rows with all groups */
    int rows;      /* of output in a task */
    int row_tasks; /* in one picture */
    int padded[2]; /* size of a plane with its border, if the input is in planes */
} direct_data;

typedef struct direct_run {
    const direct_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
    ptrdiff_t pixel_distance; /* in the input: CC_BLOCK, or 1 in planes */
    ptrdiff_t lane_stride;
    float *planes; /* padded copy of a plain input */
} direct_run;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups == 1;
}

static bool suits_planes(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups == 1 && c->input_layout == CC_PLAIN && c->input_channels < CC_BLOCK;
}

/* Of all rows of taps of all rows of output, the share that meets the picture. */
static double share_inside(const cc_convolution *c)
{
    int inside = 0;

    for (int y = 0; y < c->output[0]; y++) {
        for (int tap = 0; tap < c->kernel[0]; tap++) {
            int row = y * c->stride[0] - c->pad[0] + tap * c->dilation[0];
            inside += row >= 0 && row < c->input[0];
        }
    }
    return (double)inside / ((double)c->output[0] * c->kernel[0]);
}

/* Multiply-adds at 80 % of the peak, without taps that lie in padding; storing a pixel
 * of a block takes as long as some 300; weights from memory once. */
static double cost(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    double outputs = (double)c->output[0] * c->output[1] * c->batch;
    double padded = (c->output_channels + CC_BLOCK - 1) / CC_BLOCK * CC_BLOCK;
    double weights = (double)c->input_channels * c->kernel[0] * c->kernel[1] * padded;

    return outputs * (weights * share_inside(c) / 0.8 + padded / CC_BLOCK * 300) + weights * 20;
}

static void release(void *memory)
{
    direct_data *data = memory;

    cc_packed_weights_release(&data->weights);
    cc_free_aligned(data->bias);
    cc_free(data);
}

/* Enough tasks for an even share, few enough that each is worth its start. */
static void plan_tasks(direct_data *data, const cc_convolution *c)
{
    double work = (double)c->output[1] * c->input_channels * c->kernel[0] * c->kernel[1];

    data->by_group = data->weights.bytes > RESIDENT_WEIGHT_BYTES && data->weights.groups > 1;
    data->rows = 1;
    if (data->by_group) {
        data->rows = c->output[0] > 20 ? (c->output[0] + 3) / 4 : c->output[0];
    } else {
        work *= data->weights.output_blocks * CC_BLOCK;
        while (data->rows < 16 && data->rows * work < 4e6 && data->rows * 16 < c->output[0]) {
            data->rows *= 2;
        }
    }
    data->row_tasks = (c->output[0] + data->rows - 1) / data->rows;
}

static cc_status make(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                      direct_data **result, cc_error *error)
{
    direct_data *data = cc_alloc_zeroed(1, sizeof *data);

    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    for (int axis = 0; axis < 2; axis++) {
        data->kernel[axis] = c->kernel[axis];
        data->stride[axis] = c->stride[axis];
        data->dilation[axis] = c->dilation[axis];
        data->pad[axis] = c->pad[axis];
    }
    data->input[0] = c->input[0];
    data->input[1] = c->input[1];
    data->fusion = c->fusion;
    data->bias = cc_padded_bias(c->bias, c->output_channels);
    cc_status status = cc_packed_weights_arrange(
        &data->weights, c->input_channels, c->output_channels, c->input_lanes, c->input_blocks,
        c->kernel[0] * c->kernel[1], kernels->direct.wide_blocks, error);
    if (status == CC_OK && data->bias == NULL) {
        status = cc_fail_memory(error, (size_t)c->output_channels * sizeof(float));
    }
    if (status == CC_OK) {
        status =
            cc_packed_weights_fill(&data->weights, c->weights, c->output_channels, pool, error);
    }
    if (status != CC_OK) {
        release(data);
        return status;
    }
    data->pixels[0] = cc_even_tile(c->output[1], kernels->direct.maximum_pixels[0]);
    if (kernels->direct.wide_blocks == 2) {
        data->pixels[1] = cc_even_tile(c->output[1], kernels->direct.maximum_pixels[1]);
    }
    plan_tasks(data, c);
    *result = data;
    return CC_OK;
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    direct_data *data = NULL;
    cc_status status = make(c, kernels, pool, &data, error);

    *result = data;
    *bytes = data != NULL ? data->weights.bytes : 0;
    *scratch = 0;
    return status;
}

/* Room for all taps of all outputs, beside the picture itself. */
static int padded_size(const cc_convolution *c, int axis)
{
    int reach =
        (c->output[axis] - 1) * c->stride[axis] + (c->kernel[axis] - 1) * c->dilation[axis] + 1;
    int whole = c->pad[axis] + c->input[axis];

    return reach > whole ? reach : whole;
}

static cc_status prepare_planes(const cc_convolution *c, const cc_kernels *kernels,
                                cc_thread_pool *pool, void **result, size_t *bytes, size_t *scratch,
                                cc_error *error)
{
    cc_convolution blocked = *c;
    blocked.input_lanes = NULL;
    cc_status status = prepare(&blocked, kernels, pool, result, bytes, scratch, error);

    if (status == CC_OK) {
        direct_data *data = *result;
        data->padded[0] = padded_size(c, 0);
        data->padded[1] = padded_size(c, 1);
        *scratch = (size_t)c->batch * (size_t)c->input_channels * (size_t)data->padded[0] *
                   (size_t)data->padded[1] * sizeof(float);
    }
    return status;
}

static void aim_output(cc_direct_tile *tile, const direct_run *run, int picture, int block, int y)
{
    const cc_view *output = run->output;
    const cc_view *residual = run->residual;

    tile->output = cc_view_row(output, picture, block, y);
    tile->output_block_stride = output->block_stride;
    if (residual != NULL) {
        tile->residual = cc_view_row(residual, picture, block, y);
        tile->residual_block_stride = residual->block_stride;
    }
}

static cc_direct_tile start_row(const direct_run *run, int picture, int group, int y)
{
    const direct_data *data = run->data;
    const cc_view *input = run->input;
    int first_block = group * data->weights.group_blocks;
    int first;
    int rows;

    int top = y * data->stride[0] - data->pad[0];
    cc_tap_rows_inside(data->kernel[0], data->dilation[0], data->input[0], top, &first, &rows);
    top += first * data->dilation[0];
    cc_direct_tile tile = {
        .input = cc_view_row(input, picture, 0, top) - data->pad[1] * run->pixel_distance,
        .input_block_stride = input->block_stride,
        .tap_row_stride = data->dilation[0] * input->row_stride,
        .tap_column_stride = data->dilation[1] * run->pixel_distance,
        .pixel_stride = data->stride[1] * run->pixel_distance,
        .lane_stride = run->lane_stride,
        .blocks = data->weights.input_blocks,
        .lanes = data->weights.lanes,
        .kernel_height = rows,
        .kernel_width = data->kernel[1],
        .taps_before = first * data->kernel[1],
        .taps_after = (data->kernel[0] - first - rows) * data->kernel[1],
        .weights = data->weights.data + cc_packed_group_offset(&data->weights, group),
        .bias = data->bias + first_block * CC_BLOCK,
        .fusion = &data->fusion};
    aim_output(&tile, run, picture, first_block, y);
    return tile;
}

/* One row of one group. The last tile steps back to end with the row, so that all
 * tiles are of one size; what it computes twice is the same both times. */
static void run_row(const direct_run *run, int picture, int group, int y)
{
    const direct_data *data = run->data;
    int blocks = cc_packed_group_blocks(&data->weights, group);
    int pixels = data->pixels[blocks - 1];
    int width = run->output->width;
    const cc_direct_tile start = start_row(run, picture, group, y);

    for (int x = 0; x < width; x += pixels) {
        cc_direct_tile tile = start;
        int at = x + pixels <= width ? x : width - pixels;
        tile.input += at * start.pixel_stride;
        tile.output += at * CC_BLOCK;
        if (tile.residual != NULL) {
            tile.residual += at * CC_BLOCK;
        }
        run->kernels->direct.tile(&tile, blocks, pixels);
    }
}

static void run_rows(const direct_run *run, int picture, int first_group, int end_group, int first,
                     int end)
{
    for (int y = first; y < end; y++) {
        for (int group = first_group; group < end_group; group++) {
            run_row(run, picture, group, y);
        }
    }
}

static void run_task(void *context, int task, int worker)
{
    const direct_run *run = context;
    const direct_data *data = run->data;
    int groups = data->by_group ? data->weights.groups : 1;
    int per_picture = groups * data->row_tasks;
    int picture = task / per_picture;
    int group = task % per_picture / data->row_tasks;
    int first = task % data->row_tasks * data->rows;
    int end = first + data->rows;

    (void)worker;
    end = end < run->output->height ? end : run->output->height;
    if (data->by_group) {
        run_rows(run, picture, group, group + 1, first, end);
    } else {
        run_rows(run, picture, 0, data->weights.groups, first, end);
    }
}

static void run_all(direct_run *run, cc_execution *execution)
{
    const direct_data *data = run->data;
    int groups = data->by_group ? data->weights.groups : 1;

    cc_parallel(execution, run_task, run, run->output->batch * groups * data->row_tasks);
}

static void run_direct(const void *data, const cc_kernels *kernels, const cc_view *input,
                       const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    direct_run run = {.data = data,
                      .kernels = kernels,
                      .input = input,
                      .residual = residual,
                      .output = output,
                      .pixel_distance = CC_BLOCK,
                      .lane_stride = 1};

    run_all(&run, execution);
}

/* One task is one row, border included, of one plane. */
static void pad_row(void *context, int task, int worker)
{
    const direct_run *run = context;
    const direct_data *data = run->data;
    int plane = task / data->padded[0];
    int y = task % data->padded[0] - data->pad[0];
    float *to = run->planes + (ptrdiff_t)task * data->padded[1];

    (void)worker;
    memset(to, 0, (size_t)data->padded[1] * sizeof *to);
    if (y >= 0 && y < data->input[0]) {
        memcpy(to + data->pad[1],
               run->input->data + plane * run->input->block_stride + y * run->input->row_stride,
               (size_t)data->input[1] * sizeof *to);
    }
}

static void run_planes(const void *memory, const cc_kernels *kernels, const cc_view *input,
                       const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const direct_data *data = memory;
    direct_run run = {.data = data,
                      .kernels = kernels,
                      .input = input,
                      .residual = residual,
                      .output = output,
                      .pixel_distance = 1,
                      .planes = execution->scratch};
    cc_view padded = *input;

    cc_parallel(execution, pad_row, &run, input->batch * input->channels * data->padded[0]);
    padded.row_stride = data->padded[1];
    padded.block_stride = 0;
    padded.batch_stride = (ptrdiff_t)input->channels * data->padded[0] * data->padded[1];
    padded.data = run.planes + data->pad[0] * padded.row_stride + data->pad[1];
    run.lane_stride = (ptrdiff_t)data->padded[0] * data->padded[1];
    run.input = &padded;
    run_all(&run, execution);
}

const cc_convolution_algorithm cc_convolution_direct = {.name = "direct",
                                                        .input_layout = CC_BLOCKED,
                                                        .output_layout = CC_BLOCKED,
                                                        .border = cc_tap_border,
                                                        .suits = suits,
                                                        .cost = cost,
                                                        .prepare = prepare,
                                                        .run = run_direct,
                                                        .release = release};

const cc_convolution_algorithm cc_convolution_planes = {.name = "direct from planes",
                                                        .input_layout = CC_PLAIN,
                                                        .output_layout = CC_BLOCKED,
                                                        .suits = suits_planes,
                                                        .cost = cost,
                                                        .prepare = prepare_planes,
                                                        .run = run_planes,
                                                        .release = release};
