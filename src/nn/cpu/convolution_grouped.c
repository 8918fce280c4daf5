/* Grouped convolution: every output sees the channels of its own group only.
 *
 * A block of outputs needs an unbroken range of input blocks: those of the groups that
 * its outputs belong to. The direct tile runs over this range, with zeros for weights
 * between a channel and an output of different groups. With groups of CC_BLOCK channels
 * or more nothing is wasted; with groups of n channels a block multiplies CC_BLOCK / n
 * times too much, which is still several times faster than channel by channel.
 */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

/* What one block of outputs reads. */
typedef struct grouped_part {
    int first;     /* input block */
    int count;     /* input blocks */
    size_t offset; /* of its weights: [input block][tap][lane][CC_BLOCK] */
} grouped_part;

typedef struct grouped_data {
    cc_packed_weights inputs; /* lanes of the input blocks; no weights */
    grouped_part *parts;      /* of each output block */
    float *weights;
    size_t bytes;
    float *bias;
    cc_fusion fusion;
    int kernel[2];
    int stride[2];
    int dilation[2];
    int pad[2];
    int input_height;
    int output_blocks;
    int pixels; /* of a tile */
} grouped_data;

typedef struct grouped_run {
    const grouped_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
} grouped_run;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups > 1;
}

/* Channels first .. end of the input that a block of outputs sees. */
static void channels_of(const cc_convolution *c, int block, int *first, int *end)
{
    int outputs = c->output_channels / c->groups;
    int inputs = c->input_channels / c->groups;
    int last =
        (block + 1) * CC_BLOCK < c->output_channels ? (block + 1) * CC_BLOCK : c->output_channels;

    *first = block * CC_BLOCK / outputs * inputs;
    *end = ((last - 1) / outputs + 1) * inputs;
}

/* As direct convolution, over the channels that are multiplied. */
static double cost(const cc_convolution *c, const cc_kernels *kernels)
{
    double pixels = (double)c->output[0] * c->output[1] * c->batch;
    double channels = 0;
    int blocks = cc_divide_up(c->output_channels, CC_BLOCK);

    (void)kernels;
    for (int block = 0; block < blocks; block++) {
        int first;
        int end;
        channels_of(c, block, &first, &end);
        channels += cc_divide_up(end - first, CC_BLOCK) * CC_BLOCK;
    }
    return pixels * (channels * c->kernel[0] * c->kernel[1] * CC_BLOCK / 0.8 + blocks * 300.0);
}

static void release(void *memory)
{
    grouped_data *data = memory;

    cc_packed_weights_release(&data->inputs);
    cc_free(data->parts);
    cc_free_aligned(data->weights);
    cc_free_aligned(data->bias);
    cc_free(data);
}

static size_t part_floats(const grouped_data *data, const grouped_part *part)
{
    size_t channels = 0;

    for (int i = 0; i < part->count; i++) {
        channels += data->inputs.lanes[part->first + i];
    }
    return channels * (size_t)(data->kernel[0] * data->kernel[1]) * CC_BLOCK;
}

static void find_parts(grouped_data *data, const cc_convolution *c)
{
    const cc_packed_weights *inputs = &data->inputs;
    size_t floats = 0;

    for (int block = 0; block < data->output_blocks; block++) {
        grouped_part *part = &data->parts[block];
        int first;
        int end;
        channels_of(c, block, &first, &end);
        while (inputs->block_channels[part->first] + inputs->lanes[part->first] <= first) {
            part->first++;
        }
        while (part->first + part->count < inputs->input_blocks &&
               inputs->block_channels[part->first + part->count] < end) {
            part->count++;
        }
        part->offset = floats;
        floats += part_floats(data, part);
    }
    data->bytes = floats * sizeof(float);
}

/* One output of a part; what lies between groups stays zero. */
static void pack_output(const grouped_data *data, const cc_convolution *c, int output)
{
    const grouped_part *part = &data->parts[output / CC_BLOCK];
    int taps = c->kernel[0] * c->kernel[1];
    int inputs = c->input_channels / c->groups;
    int group_first = output / (c->output_channels / c->groups) * inputs;
    const cc_file_float *from = c->weights + (size_t)output * (size_t)inputs * (size_t)taps;
    float *to = data->weights + part->offset + output % CC_BLOCK;

    for (int block = part->first; block < part->first + part->count; block++) {
        int lanes = data->inputs.lanes[block];
        for (int lane = 0; lane < lanes; lane++) {
            int channel = data->inputs.block_channels[block] + lane - group_first;
            for (int tap = 0; tap < taps && channel >= 0 && channel < inputs; tap++) {
                to[(ptrdiff_t)(tap * lanes + lane) * CC_BLOCK] = from[channel * taps + tap];
            }
        }
        to += (ptrdiff_t)taps * lanes * CC_BLOCK;
    }
}

static cc_status fill(grouped_data *data, const cc_convolution *c, const cc_kernels *kernels,
                      cc_error *error)
{
    for (int axis = 0; axis < 2; axis++) {
        data->kernel[axis] = c->kernel[axis];
        data->stride[axis] = c->stride[axis];
        data->dilation[axis] = c->dilation[axis];
        data->pad[axis] = c->pad[axis];
    }
    data->input_height = c->input[0];
    data->fusion = c->fusion;
    data->output_blocks = cc_divide_up(c->output_channels, CC_BLOCK);
    data->pixels = cc_even_tile(c->output[1], kernels->direct.maximum_pixels[0]);
    cc_status status = cc_packed_weights_arrange(&data->inputs, c->input_channels, CC_BLOCK,
                                                 c->input_lanes, c->input_blocks, 1, 1, error);
    if (status != CC_OK) {
        return status;
    }
    data->parts = cc_alloc_zeroed((size_t)data->output_blocks, sizeof *data->parts);
    data->bias = cc_padded_bias(c->bias, c->output_channels);
    if (data->parts == NULL || data->bias == NULL) {
        return cc_fail_memory(error, (size_t)data->output_blocks * sizeof *data->parts);
    }
    find_parts(data, c);
    data->weights = cc_alloc_aligned(data->bytes);
    if (data->weights == NULL) {
        return cc_fail_memory(error, data->bytes);
    }
    memset(data->weights, 0, data->bytes);
    for (int output = 0; output < c->output_channels; output++) {
        pack_output(data, c, output);
    }
    return CC_OK;
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    grouped_data *data = cc_alloc_zeroed(1, sizeof *data);

    (void)pool;
    *scratch = 0;
    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    cc_status status = fill(data, c, kernels, error);
    if (status != CC_OK) {
        release(data);
        return status;
    }
    *result = data;
    *bytes = data->bytes;
    return CC_OK;
}

/* The first tile of a row of a block. */
static cc_direct_tile start_row(const grouped_run *run, int picture, int block, int y)
{
    const grouped_data *data = run->data;
    const grouped_part *part = &data->parts[block];
    int top = y * data->stride[0] - data->pad[0];
    int first;
    int rows;

    cc_tap_rows_inside(data->kernel[0], data->dilation[0], data->input_height, top, &first, &rows);
    return (cc_direct_tile){
        .input = cc_view_row(run->input, picture, part->first, top + first * data->dilation[0]) -
                 (ptrdiff_t)data->pad[1] * CC_BLOCK,
        .input_block_stride = run->input->block_stride,
        .tap_row_stride = data->dilation[0] * run->input->row_stride,
        .tap_column_stride = (ptrdiff_t)data->dilation[1] * CC_BLOCK,
        .pixel_stride = (ptrdiff_t)data->stride[1] * CC_BLOCK,
        .lane_stride = 1,
        .blocks = part->count,
        .lanes = data->inputs.lanes + part->first,
        .kernel_height = rows,
        .kernel_width = data->kernel[1],
        .taps_before = first * data->kernel[1],
        .taps_after = (data->kernel[0] - first - rows) * data->kernel[1],
        .weights = data->weights + part->offset,
        .bias = data->bias + (ptrdiff_t)block * CC_BLOCK,
        .output = cc_view_row(run->output, picture, block, y),
        .residual = run->residual != NULL ? cc_view_row(run->residual, picture, block, y) : NULL,
        .fusion = &data->fusion};
}

/* One task is one row of one block of one picture. The last tile steps back, so that all
 * are of one size. */
static void run_task(void *context, int task, int worker)
{
    const grouped_run *run = context;
    int width = run->output->width;
    int pixels = run->data->pixels;
    int block = task % run->data->output_blocks;
    int y = task / run->data->output_blocks % run->output->height;
    int picture = task / run->data->output_blocks / run->output->height;
    const cc_direct_tile start = start_row(run, picture, block, y);

    (void)worker;
    for (int x = 0; x < width; x += pixels) {
        cc_direct_tile tile = start;
        int at = x + pixels <= width ? x : width - pixels;
        tile.input += at * start.pixel_stride;
        tile.output += (ptrdiff_t)at * CC_BLOCK;
        if (tile.residual != NULL) {
            tile.residual += (ptrdiff_t)at * CC_BLOCK;
        }
        run->kernels->direct.tile(&tile, 1, pixels);
    }
}

static void run(const void *data, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    grouped_run all = {data, kernels, input, residual, output};

    cc_parallel(execution, run_task, &all,
                output->batch * output->height * all.data->output_blocks);
}

const cc_convolution_algorithm cc_convolution_grouped = {.name = "direct, grouped",
                                                         .input_layout = CC_BLOCKED,
                                                         .output_layout = CC_BLOCKED,
                                                         .border = cc_tap_border,
                                                         .suits = suits,
                                                         .cost = cost,
                                                         .prepare = prepare,
                                                         .run = run,
                                                         .release = release};
