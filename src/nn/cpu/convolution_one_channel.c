/* Convolution to a single output channel, as side outputs are: lanes run over the
 * input channels, and the result is a plain plane. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

typedef struct one_channel_data {
    float *weights; /* [block][tap][CC_BLOCK] */
    float bias;
    cc_fusion fusion;
    int kernel[2];
    int stride[2];
    int dilation[2];
    int pad[2];
} one_channel_data;

typedef struct one_channel_run {
    const one_channel_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
} one_channel_run;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups == 1 && c->output_channels == 1;
}

/* Bound by reading each input once per tap: half the peak. */
static double cost(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return 2.0 * c->batch * c->output[0] * c->output[1] * c->kernel[0] * c->kernel[1] *
           c->input_channels;
}

static void release(void *memory)
{
    one_channel_data *data = memory;

    cc_free_aligned(data->weights);
    cc_free(data);
}

static void pack(float *to, const cc_convolution *c)
{
    int taps = c->kernel[0] * c->kernel[1];

    for (int channel = 0, block = 0, lane = 0; channel < c->input_channels; channel++, lane++) {
        if (lane == cc_input_lanes(c, block)) {
            block++;
            lane = 0;
        }
        for (int tap = 0; tap < taps; tap++) {
            to[((size_t)block * (size_t)taps + (size_t)tap) * CC_BLOCK + (size_t)lane] =
                c->weights[(size_t)channel * (size_t)taps + (size_t)tap];
        }
    }
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    one_channel_data *data = cc_alloc_zeroed(1, sizeof *data);
    int blocks = cc_input_blocks(c);

    (void)kernels;
    (void)pool;
    *bytes =
        (size_t)blocks * (size_t)c->kernel[0] * (size_t)c->kernel[1] * CC_BLOCK * sizeof(float);
    *scratch = 0;
    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    data->weights = cc_alloc_aligned(*bytes);
    if (data->weights == NULL) {
        release(data);
        return cc_fail_memory(error, *bytes);
    }
    memset(data->weights, 0, *bytes);
    pack(data->weights, c);
    data->bias = c->bias != NULL ? c->bias[0] : 0;
    data->fusion = c->fusion;
    for (int axis = 0; axis < 2; axis++) {
        data->kernel[axis] = c->kernel[axis];
        data->stride[axis] = c->stride[axis];
        data->dilation[axis] = c->dilation[axis];
        data->pad[axis] = c->pad[axis];
    }
    *result = data;
    return CC_OK;
}

static void finish_row(const one_channel_run *run, float *row, int picture, int y)
{
    const cc_fusion *fusion = &run->data->fusion;
    const cc_elementwise_kernels *kernels = &run->kernels->elementwise;
    int width = run->output->width;
    const float *residual =
        run->residual == NULL ? NULL : cc_view_row(run->residual, picture, 0, y);

    if (residual != NULL && fusion->residual == CC_RESIDUAL_BEFORE) {
        kernels->binary(CC_BINARY_ADD, row, row, residual, 1, width);
    }
    kernels->activate(fusion, row, row, width);
    if (residual != NULL && fusion->residual == CC_RESIDUAL_AFTER) {
        kernels->binary(CC_BINARY_ADD, row, row, residual, 1, width);
    }
}

/* One task is one row of one picture. */
static void run_task(void *context, int task, int worker)
{
    const one_channel_run *run = context;
    const one_channel_data *data = run->data;
    const cc_view *input = run->input;
    int picture = task / run->output->height;
    int y = task % run->output->height;
    float *output = cc_view_row(run->output, picture, 0, y);
    cc_one_channel_row row = {
        .input = cc_view_row(input, picture, 0, y * data->stride[0] - data->pad[0]) -
                 data->pad[1] * CC_BLOCK,
        .input_block_stride = input->block_stride,
        .tap_row_stride = data->dilation[0] * input->row_stride,
        .tap_column_stride = (ptrdiff_t)data->dilation[1] * CC_BLOCK,
        .pixel_stride = (ptrdiff_t)data->stride[1] * CC_BLOCK,
        .blocks = input->blocks,
        .kernel_height = data->kernel[0],
        .kernel_width = data->kernel[1],
        .weights = data->weights,
        .bias = data->bias,
        .output = output,
        .pixels = run->output->width};

    (void)worker;
    run->kernels->lane.one_channel(&row);
    finish_row(run, output, picture, y);
}

static void run(const void *data, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    one_channel_run all = {data, kernels, input, residual, output};

    cc_parallel(execution, run_task, &all, output->batch * output->height);
}

const cc_convolution_algorithm cc_convolution_one_channel = {.name = "one channel",
                                                             .input_layout = CC_BLOCKED,
                                                             .output_layout = CC_PLAIN,
                                                             .border = cc_tap_border,
                                                             .suits = suits,
                                                             .cost = cost,
                                                             .prepare = prepare,
                                                             .run = run,
                                                             .release = release};
