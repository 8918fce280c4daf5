/* Depthwise convolution: each channel by itself, so blocks stay as they are. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

typedef struct depthwise_data {
    float *weights; /* [block][tap][CC_BLOCK] */
    float *bias;    /* [block][CC_BLOCK] */
    cc_fusion fusion;
    int kernel[2];
    int stride[2];
    int dilation[2];
    int pad[2];
} depthwise_data;

typedef struct depthwise_run {
    const depthwise_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *output;
} depthwise_run;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups == c->input_channels && c->output_channels == c->input_channels &&
           c->groups > 1 && c->fusion.residual == CC_RESIDUAL_NONE;
}

/* One load for each product. */
static double cost(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return 2.0 * c->batch * c->output[0] * c->output[1] * c->kernel[0] * c->kernel[1] *
           c->input_channels;
}

static void release(void *memory)
{
    depthwise_data *data = memory;

    cc_free_aligned(data->weights);
    cc_free_aligned(data->bias);
    cc_free(data);
}

static void pack(depthwise_data *data, const cc_convolution *c)
{
    int taps = c->kernel[0] * c->kernel[1];

    for (int channel = 0, block = 0, lane = 0; channel < c->input_channels; channel++, lane++) {
        if (lane == cc_input_lanes(c, block)) {
            block++;
            lane = 0;
        }
        for (int tap = 0; tap < taps; tap++) {
            data->weights[((size_t)block * (size_t)taps + (size_t)tap) * CC_BLOCK + (size_t)lane] =
                c->weights[(size_t)channel * (size_t)taps + (size_t)tap];
        }
        data->bias[block * CC_BLOCK + lane] = c->bias != NULL ? c->bias[channel] : 0;
    }
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    depthwise_data *data = cc_alloc_zeroed(1, sizeof *data);
    int blocks = cc_input_blocks(c);
    size_t bias_bytes = (size_t)blocks * CC_BLOCK * sizeof(float);

    (void)kernels;
    (void)pool;
    *scratch = 0;
    *bytes = bias_bytes * (size_t)c->kernel[0] * (size_t)c->kernel[1];
    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    data->weights = cc_alloc_aligned(*bytes);
    data->bias = cc_alloc_aligned(bias_bytes);
    if (data->weights == NULL || data->bias == NULL) {
        release(data);
        return cc_fail_memory(error, *bytes);
    }
    memset(data->weights, 0, *bytes);
    memset(data->bias, 0, bias_bytes);
    pack(data, c);
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

/* One task is one row of all blocks of one picture. */
static void run_task(void *context, int task, int worker)
{
    const depthwise_run *run = context;
    const depthwise_data *data = run->data;
    const cc_view *input = run->input;
    const cc_view *output = run->output;
    int taps = data->kernel[0] * data->kernel[1];
    int picture = task / output->height;
    int y = task % output->height;

    (void)worker;
    for (int block = 0; block < output->blocks; block++) {
        cc_depthwise_row row = {
            .input = cc_view_row(input, picture, block, y * data->stride[0] - data->pad[0]) -
                     data->pad[1] * CC_BLOCK,
            .tap_row_stride = data->dilation[0] * input->row_stride,
            .tap_column_stride = (ptrdiff_t)data->dilation[1] * CC_BLOCK,
            .pixel_stride = (ptrdiff_t)data->stride[1] * CC_BLOCK,
            .kernel_height = data->kernel[0],
            .kernel_width = data->kernel[1],
            .weights = data->weights + (ptrdiff_t)block * taps * CC_BLOCK,
            .bias = data->bias + (ptrdiff_t)block * CC_BLOCK,
            .output = cc_view_row(output, picture, block, y),
            .pixels = output->width};
        run->kernels->lane.depthwise(&row);
        run->kernels->elementwise.activate(&data->fusion, row.output, row.output,
                                           output->width * CC_BLOCK);
    }
}

static void run(const void *data, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    depthwise_run all = {data, kernels, input, output};

    (void)residual;
    cc_parallel(execution, run_task, &all, output->batch * output->height);
}

const cc_convolution_algorithm cc_convolution_depthwise = {.name = "depthwise",
                                                           .input_layout = CC_BLOCKED,
                                                           .output_layout = CC_BLOCKED,
                                                           .border = cc_tap_border,
                                                           .suits = suits,
                                                           .cost = cost,
                                                           .prepare = prepare,
                                                           .run = run,
                                                           .release = release};
