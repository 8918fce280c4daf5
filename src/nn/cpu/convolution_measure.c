/* Measuring: the candidates for one layer on this machine, taking turns. */
#include <string.h>

#include "core/checksum.h"
#include "core/clock.h"
#include "core/memory.h"
#include "nn/cpu/convolution.h"

#define MAX_CANDIDATES 16
#define ROUNDS 7

typedef struct candidate {
    const cc_convolution_algorithm *algorithm;
    void *data;
    void *scratch;
    double ms[ROUNDS];
} candidate;

/* A value that lies as it will in the plan, of made numbers. */
typedef struct made_value {
    cc_view view;
    float *memory;
    uint8_t *lanes;
} made_value;

uint64_t cc_convolution_key(const cc_convolution *c)
{
    const int numbers[] = {c->batch,
                           c->input_channels,
                           c->output_channels,
                           c->groups,
                           c->input[0],
                           c->input[1],
                           c->kernel[0],
                           c->kernel[1],
                           c->stride[0],
                           c->stride[1],
                           c->dilation[0],
                           c->dilation[1],
                           c->pad[0],
                           c->pad[1],
                           c->output[0],
                           c->output[1],
                           (int)c->precision,
                           (int)c->fusion.activation,
                           (int)c->fusion.residual};

    return cc_checksum(0, numbers, sizeof numbers);
}

static bool allocate(made_value *value)
{
    cc_view *view = &value->view;
    size_t count = (size_t)view->batch * (size_t)view->batch_stride + 64 * CC_BLOCK;

    value->memory = cc_alloc_aligned(count * sizeof(float));
    for (size_t i = 0; value->memory != NULL && i < count; i++) {
        value->memory[i] = (float)(i % 251) / 251 - 0.25F;
    }
    view->data = value->memory;
    return value->memory != NULL;
}

static bool make_plain(made_value *value)
{
    cc_view *view = &value->view;

    view->layout = CC_PLAIN;
    view->blocks = view->channels;
    view->row_stride = view->width;
    view->block_stride = (ptrdiff_t)view->height * view->width;
    view->batch_stride = view->channels * view->block_stride;
    return allocate(value);
}

/* lanes: of each block; NULL = full ones, the last with the rest. */
static bool make_blocked(made_value *value, int blocks, const uint8_t *lanes, int border)
{
    cc_view *view = &value->view;
    int left = view->channels;

    value->lanes = cc_alloc_zeroed((size_t)blocks + 1, 1);
    for (int i = 0; value->lanes != NULL && i < blocks; i++) {
        int held = left < CC_BLOCK ? left : CC_BLOCK;
        value->lanes[i] = lanes != NULL ? lanes[i] : (uint8_t)held;
        left -= held;
    }
    view->layout = CC_BLOCKED;
    view->blocks = blocks;
    view->lanes = value->lanes;
    view->border = border;
    view->row_stride = (ptrdiff_t)(view->width + 2 * border) * CC_BLOCK;
    view->block_stride = (view->height + 2 * border) * view->row_stride;
    view->batch_stride = blocks * view->block_stride;
    if (value->lanes == NULL || !allocate(value)) {
        return false;
    }
    view->data += border * (view->row_stride + CC_BLOCK);
    return true;
}

static void release_value(made_value *value)
{
    cc_free_aligned(value->memory);
    cc_free(value->lanes);
}

static bool make_values(const cc_convolution *c, cc_layout to, int border, made_value values[3])
{
    int blocks = cc_divide_up(c->output_channels, CC_BLOCK);
    bool made;

    for (int i = 0; i < 3; i++) {
        bool is_input = i == 0;
        values[i].view = (cc_view){.batch = c->batch,
                                   .channels = is_input ? c->input_channels : c->output_channels,
                                   .height = is_input ? c->input[0] : c->output[0],
                                   .width = is_input ? c->input[1] : c->output[1]};
    }
    made = c->input_layout == CC_PLAIN
               ? make_plain(&values[0])
               : make_blocked(&values[0], cc_input_blocks(c), c->input_lanes, border);
    for (int i = 1; i < 3 && made; i++) {
        made = to == CC_PLAIN ? make_plain(&values[i]) : make_blocked(&values[i], blocks, NULL, 0);
    }
    return made;
}

static void run_once(const candidate *next, const cc_convolution *c, cc_thread_pool *pool,
                     const made_value values[3])
{
    cc_execution execution = {.pool = pool, .scratch = next->scratch};
    bool residual = c->fusion.residual != CC_RESIDUAL_NONE;

    next->algorithm->run(next->data, cc_kernels_best(), &values[0].view,
                         residual ? &values[2].view : NULL, &values[1].view, &execution);
}

static double median(double *times)
{
    for (int i = 1; i < ROUNDS; i++) {
        for (int k = i; k > 0 && times[k] < times[k - 1]; k--) {
            double other = times[k];
            times[k] = times[k - 1];
            times[k - 1] = other;
        }
    }
    return times[ROUNDS / 2];
}

/* Bytes settle on a range in their first runs. */
static int warm_up_runs(const cc_convolution *c)
{
    return c->precision == CC_PRECISION_INT8 ? CC_CALIBRATION_RUNS : 1;
}

static void take_turns(candidate *candidates, int count, const cc_convolution *c,
                       cc_thread_pool *pool, const made_value values[3])
{
    int warm_ups = warm_up_runs(c);

    for (int round = -warm_ups; round < ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            double start = cc_clock_ms();
            run_once(&candidates[i], c, pool, values);
            if (round >= 0) {
                candidates[i].ms[round] = cc_clock_ms() - start;
            }
        }
    }
}

static bool prepare(candidate *next, const cc_convolution *c, cc_thread_pool *pool)
{
    size_t bytes;
    size_t scratch = 0;

    if (next->algorithm->prepare(c, cc_kernels_best(), pool, &next->data, &bytes, &scratch, NULL) !=
        CC_OK) {
        next->data = NULL;
        return false;
    }
    next->scratch = cc_alloc_aligned(scratch);
    return next->scratch != NULL;
}

/* Of the candidates, the fastest; the first one where none is faster by ADVANTAGE. */
static const cc_convolution_algorithm *choose(candidate *candidates, int count)
{
    double limit = median(candidates[0].ms) * CC_MEASURED_ADVANTAGE;
    const cc_convolution_algorithm *best = candidates[0].algorithm;

    for (int i = 1; i < count; i++) {
        double ms = median(candidates[i].ms);
        if (ms < limit) {
            limit = ms;
            best = candidates[i].algorithm;
        }
    }
    return best;
}

const cc_convolution_algorithm *
cc_convolution_measure(const cc_convolution *c, const cc_convolution_algorithm *const *algorithms,
                       int count, int border, cc_thread_pool *pool)
{
    candidate candidates[MAX_CANDIDATES] = {0};
    made_value values[3] = {0};
    cc_convolution as_read = *c;
    const cc_convolution_algorithm *best = NULL;

    count = count < MAX_CANDIDATES ? count : MAX_CANDIDATES;
    /* As after a conversion of layout, where one will be put in. */
    if (as_read.input_layout != algorithms[0]->input_layout) {
        as_read.input_layout = algorithms[0]->input_layout;
        as_read.input_lanes = NULL;
        as_read.input_blocks = as_read.input_layout == CC_BLOCKED
                                   ? cc_divide_up(c->input_channels, CC_BLOCK)
                                   : c->input_channels;
    }
    bool ready = make_values(&as_read, algorithms[0]->output_layout, border, values);
    if (as_read.input_layout == CC_BLOCKED) {
        as_read.input_lanes = values[0].lanes;
    }
    for (int i = 0; i < count && ready; i++) {
        candidates[i].algorithm = algorithms[i];
        ready = prepare(&candidates[i], &as_read, pool);
    }
    if (ready) {
        take_turns(candidates, count, &as_read, pool, values);
        best = choose(candidates, count);
    }
    for (int i = 0; i < count; i++) {
        if (candidates[i].data != NULL) {
            algorithms[i]->release(candidates[i].data);
        }
        cc_free_aligned(candidates[i].scratch);
    }
    for (int i = 0; i < 3; i++) {
        release_value(&values[i]);
    }
    return best;
}
