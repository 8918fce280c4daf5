/* 1x1 convolution of a few plain planes to a few, as the last layer of networks
 * with side outputs is: each output plane is a weighted sum of planes. */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"

/* Elements of a task: inputs and output together stay in the first-level cache. */
#define CHUNK 1024

/* Beyond these, blocks are faster. */
#define MAXIMUM_PLANES CC_BLOCK
#define MAXIMUM_OUTPUTS 4

typedef struct weigh_data {
    float weights[MAXIMUM_OUTPUTS][MAXIMUM_PLANES];
    float bias[MAXIMUM_OUTPUTS];
    int planes;
    cc_fusion fusion;
} weigh_data;

typedef struct weigh_run {
    const weigh_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
    int chunks;
} weigh_run;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return c->groups == 1 && c->input_layout == CC_PLAIN && c->input_channels <= MAXIMUM_PLANES &&
           c->output_channels <= MAXIMUM_OUTPUTS && c->kernel[0] == 1 && c->kernel[1] == 1 &&
           c->stride[0] == 1 && c->stride[1] == 1 && cc_tap_border(c) == 0;
}

/* One load for each product. */
static double cost(const cc_convolution *c, const cc_kernels *kernels)
{
    (void)kernels;
    return 2.0 * c->batch * c->output[0] * c->output[1] * c->input_channels * c->output_channels;
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    weigh_data *data = cc_alloc_zeroed(1, sizeof *data);

    (void)kernels;
    (void)pool;
    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    for (int output = 0; output < c->output_channels; output++) {
        memcpy(data->weights[output], c->weights + output * c->input_channels,
               (size_t)c->input_channels * sizeof(float));
        data->bias[output] = c->bias != NULL ? c->bias[output] : 0;
    }
    data->planes = c->input_channels;
    data->fusion = c->fusion;
    *result = data;
    *bytes = sizeof *data;
    *scratch = 0;
    return CC_OK;
}

/* One task is one chunk of one output plane. */
static void run_task(void *context, int task, int worker)
{
    const weigh_run *run = context;
    const weigh_data *data = run->data;
    const cc_elementwise_kernels *elementwise = &run->kernels->elementwise;
    int elements = run->output->height * run->output->width;
    int plane = task / run->chunks;
    int picture = plane / run->output->blocks;
    int channel = plane % run->output->blocks;
    int first = task % run->chunks * CHUNK;
    int count = elements - first < CHUNK ? elements - first : CHUNK;
    float *output = run->output->data + (ptrdiff_t)plane * elements + first;

    (void)worker;
    run->kernels->lane.weigh_planes(
        output, run->input->data + picture * run->input->batch_stride + first, elements,
        data->planes, data->weights[channel], data->bias[channel], count);
    const float *residual =
        run->residual != NULL ? run->residual->data + (ptrdiff_t)plane * elements + first : NULL;
    if (residual != NULL && data->fusion.residual == CC_RESIDUAL_BEFORE) {
        elementwise->binary(CC_BINARY_ADD, output, output, residual, 1, count);
    }
    elementwise->activate(&data->fusion, output, output, count);
    if (residual != NULL && data->fusion.residual == CC_RESIDUAL_AFTER) {
        elementwise->binary(CC_BINARY_ADD, output, output, residual, 1, count);
    }
}

static void run(const void *data, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    int elements = output->height * output->width;
    weigh_run all = {.data = data,
                     .kernels = kernels,
                     .input = input,
                     .residual = residual,
                     .output = output,
                     .chunks = (elements + CHUNK - 1) / CHUNK};

    cc_parallel(execution, run_task, &all, output->batch * output->blocks * all.chunks);
}

const cc_convolution_algorithm cc_convolution_weigh_planes = {.name = "weighted planes",
                                                              .input_layout = CC_PLAIN,
                                                              .output_layout = CC_PLAIN,
                                                              .suits = suits,
                                                              .cost = cost,
                                                              .prepare = prepare,
                                                              .run = run,
                                                              .release = cc_free};
