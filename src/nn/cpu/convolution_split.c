/* Direct convolution on a matrix unit, in numbers split into two bfloat16 parts.
 *
 * Each float32 x is high + low + rest, |rest| <= 2^-18 |x|; of a product, high x
 * high, low x high and high x low are summed in float32. What is left out is below
 * 3 * 2^-18 = 1.2e-5 of each product, with either sign, so that a layer's result is
 * as close to exact arithmetic as Winograd's F(6x6) in float32 is (the tests hold
 * both to the same bound). Infinities become not-a-number.
 *
 * The input is copied, split, into a picture with one border of zeros between rows,
 * which serves as right border of one row and left border of the next. Its pixels
 * are numbered through, and 32 at a time are computed whatever row they are in; what
 * falls on the border is thrown away. With a stride, every stride-th pixel of every
 * stride-th row is taken, still numbered as if rows had their full width: a half of
 * the unit's work is thrown away at stride 2, and it is still the fastest way.
 *
 * Large maps: a task takes a strip of rows, small enough for the second-level cache,
 * through copying and all outputs. Small maps: the whole picture is one strip that
 * is copied first; then groups of outputs are shared out, so that each weight is
 * fetched once.
 */
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution.h"
#include "nn/cpu/view.h"

/* Pictures whose split copy is no larger are one strip. */
#define SHARED_BYTES ((size_t)3 << 20)

/* Larger kernels go elsewhere: packing keeps all taps of a block on the stack. */
#define MAXIMUM_TAPS 25

#define PIXEL (2 * CC_BLOCK) /* bf16 numbers of a pixel of two blocks */

typedef struct split_data {
    uint16_t *weights;
    size_t weight_bytes;
    float *bias;
    float low;
    float high;
    bool residual_first;
    int kernel[2];
    int stride;
    int dilation[2];
    int pad[2];
    int pairs;
    int output_blocks;
    int groups; /* of two output blocks; the last may have one */
    int border; /* pixels of zeros between two rows */
    int pitch;  /* pixels from row to row */
    int strip_rows;
    int strips; /* of a picture */
    bool shared;
    int splits;       /* shared: tasks for each group */
    size_t pair_size; /* bf16 numbers from pair to pair in a strip's copy */
    size_t part_size; /* from the high parts to the low parts */
} split_data;

typedef struct split_run {
    const split_data *data;
    const cc_kernels *kernels;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
    uint16_t *scratch;
    int picture; /* shared: the one at hand */
} split_run;

/* Rows of output on their way. */
typedef struct strip {
    int picture;
    int first_row;
    int rows;
    uint16_t *copy;
} strip;

static bool suits(const cc_convolution *c, const cc_kernels *kernels)
{
    float low;
    float high;

    return kernels->split.tile != NULL && c->groups == 1 && c->stride[0] == c->stride[1] &&
           c->kernel[0] * c->kernel[1] <= MAXIMUM_TAPS &&
           cc_clamp_limits(&c->fusion, &low, &high) && c->input_channels >= 8;
}

/* Zeros that taps reach beside a row. */
static int side_border(const cc_convolution *c)
{
    int after =
        (c->output[1] - 1) + (c->kernel[1] - 1) * c->dilation[1] - c->pad[1] - (c->input[1] - 1);
    return after > c->pad[1] ? after : c->pad[1];
}

/* Rows of input under so many rows of output. */
static int input_rows(const cc_convolution *c, int rows)
{
    return (rows - 1) * c->stride[0] + (c->kernel[0] - 1) * c->dilation[0] + 1;
}

/* Bytes of the split copy of so many rows of output: two parts of two bytes. */
static size_t copy_bytes(const cc_convolution *c, int rows)
{
    return (size_t)input_rows(c, rows) * (size_t)(c->input[1] + side_border(c)) *
           (size_t)cc_divide_up(cc_input_blocks(c), 2) * PIXEL * 4;
}

/* The unit multiplies 14.7 times as fast as vectors, a third of that after three
 * products for one; 75 % of it was reached where pairs of output blocks share the
 * pixels, 60 % with a single block. Splitting or storing a pixel of a block takes as
 * long as about 200 multiply-adds. Weights are fetched from memory. */
static double cost(const cc_convolution *c)
{
    double positions = (double)c->output[0] * (c->input[1] + side_border(c));
    double pairs = cc_divide_up(cc_input_blocks(c), 2);
    double outputs = cc_divide_up(c->output_channels, CC_BLOCK);
    double weights = pairs * PIXEL * outputs * CC_BLOCK * c->kernel[0] * c->kernel[1];
    double share = outputs > 1 ? 0.75 : 0.6;

    return c->batch * positions * (weights / (4.9 * share) + pairs * 2 * 200 + outputs * 200) +
           20 * weights;
}

/* ---- preparing ---- */

static void release(void *memory)
{
    split_data *data = memory;

    cc_free_aligned(data->weights);
    cc_free_aligned(data->bias);
    cc_free(data);
}

/* Round to nearest even; the weights of a file are finite. */
static uint16_t to_bf16(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    return (uint16_t)(bits >> 16);
}

static float from_bf16(uint16_t value)
{
    uint32_t bits = (uint32_t)value << 16;
    float result;

    memcpy(&result, &bits, sizeof result);
    return result;
}

typedef struct pack_run {
    split_data *data;
    const cc_convolution *convolution;
} pack_run;

/* Weights from one input block to CC_BLOCK outputs: [tap][lane][output]. */
static void gather_taps(const cc_convolution *c, int first_output, int input_block, float *taps)
{
    int count = c->kernel[0] * c->kernel[1];
    int lanes = input_block < cc_input_blocks(c) ? cc_input_lanes(c, input_block) : 0;
    int first = 0;

    for (int i = 0; i < input_block && lanes > 0; i++) {
        first += cc_input_lanes(c, i);
    }
    memset(taps, 0, (size_t)count * CC_BLOCK * CC_BLOCK * sizeof *taps);
    for (int o = 0; o < CC_BLOCK && first_output + o < c->output_channels; o++) {
        const float *from =
            c->weights + ((size_t)(first_output + o) * (size_t)c->input_channels + (size_t)first) *
                             (size_t)count;
        for (int lane = 0; lane < lanes; lane++) {
            for (int tap = 0; tap < count; tap++) {
                taps[(tap * CC_BLOCK + lane) * CC_BLOCK + o] = *from++;
            }
        }
    }
}

/* One row of a weight tile: two channels of CC_BLOCK outputs, interleaved. */
static void split_row(uint16_t *high, uint16_t *low, const float *even, const float *odd)
{
    for (int o = 0; o < CC_BLOCK; o++) {
        uint16_t part = to_bf16(even[o]);
        uint16_t other = to_bf16(odd[o]);
        high[2 * o] = part;
        high[2 * o + 1] = other;
        low[2 * o] = to_bf16(even[o] - from_bf16(part));
        low[2 * o + 1] = to_bf16(odd[o] - from_bf16(other));
    }
}

static int blocks_in_group(const split_data *data, int group)
{
    return data->output_blocks - 2 * group < 2 ? 1 : 2;
}

static size_t group_offset(const split_data *data, int group)
{
    return (size_t)group * (size_t)data->pairs * (size_t)(data->kernel[0] * data->kernel[1]) * 4 *
           CC_SPLIT_TILE;
}

/* One task is one pair of input blocks of one group of outputs. */
static void pack_pair(void *context, int task, int worker)
{
    const pack_run *run = context;
    const split_data *data = run->data;
    const cc_convolution *c = run->convolution;
    int group = task / data->pairs;
    int pair = task % data->pairs;
    int blocks = blocks_in_group(data, group);
    int taps = data->kernel[0] * data->kernel[1];
    size_t tap_size = (size_t)2 * (size_t)blocks * CC_SPLIT_TILE;
    size_t low_offset = (size_t)blocks * CC_SPLIT_TILE;
    uint16_t *to =
        data->weights + group_offset(data, group) + (size_t)pair * (size_t)taps * tap_size;
    float values[MAXIMUM_TAPS * CC_BLOCK * CC_BLOCK];

    (void)worker;
    for (int i = 0; i < 2 * blocks; i++) {
        int block = i / 2;
        gather_taps(c, (group * 2 + block) * CC_BLOCK, 2 * pair + i % 2, values);
        for (int row = 0; row < taps * CC_BLOCK / 2; row++) {
            int tap = row / (CC_BLOCK / 2);
            size_t tile_row = (size_t)(i % 2 * CC_BLOCK / 2 + row % (CC_BLOCK / 2));
            uint16_t *high = to + (size_t)tap * tap_size + (size_t)block * CC_SPLIT_TILE +
                             tile_row * 2 * CC_BLOCK;
            const float *even = values + (ptrdiff_t)row * 2 * CC_BLOCK;
            split_row(high, high + low_offset, even, even + CC_BLOCK);
        }
    }
}

static void plan_strips(split_data *data, const cc_convolution *c, int threads)
{
    data->border = side_border(c);
    data->pitch = c->input[1] + data->border;
    data->shared = copy_bytes(c, c->output[0]) <= SHARED_BYTES;
    data->strip_rows = c->output[0];
    if (!data->shared) {
        data->strip_rows = 1;
        while (data->strip_rows < c->output[0] &&
               copy_bytes(c, data->strip_rows + 1) <= cc_cache_share()) {
            data->strip_rows++;
        }
        /* Even strips, at least two for each thread. */
        int strips = cc_divide_up(c->output[0], data->strip_rows);
        strips = strips < 2 * threads ? 2 * threads : strips;
        data->strip_rows = cc_divide_up(c->output[0], strips);
    }
    data->strips = cc_divide_up(c->output[0], data->strip_rows);
    data->splits = cc_divide_up(4 * threads, data->groups);
    /* Before the first row lies one border; behind the last pixel the tile reads on. */
    size_t pixels = (size_t)data->border +
                    (size_t)input_rows(c, data->strip_rows) * (size_t)data->pitch +
                    (size_t)(c->stride[1] * (CC_SPLIT_PIXELS + 1)) +
                    (size_t)(c->kernel[1] - 1) * (size_t)c->dilation[1];
    data->pair_size = pixels * PIXEL;
    data->part_size = data->pair_size * (size_t)data->pairs;
}

static cc_status pack(split_data *data, const cc_convolution *c, cc_thread_pool *pool,
                      cc_error *error)
{
    pack_run run = {data, c};

    data->bias = cc_padded_bias(c->bias, c->output_channels);
    data->weight_bytes = (group_offset(data, data->groups - 1) +
                          (size_t)blocks_in_group(data, data->groups - 1) * (size_t)data->pairs *
                              (size_t)(data->kernel[0] * data->kernel[1]) * 2 * CC_SPLIT_TILE) *
                         sizeof(uint16_t);
    data->weights = cc_alloc_aligned(data->weight_bytes);
    if (data->bias == NULL || data->weights == NULL) {
        return cc_fail_memory(error, data->weight_bytes);
    }
    cc_thread_pool_run(pool, pack_pair, &run, data->groups * data->pairs);
    return CC_OK;
}

static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    split_data *data = cc_alloc_zeroed(1, sizeof *data);
    int threads = cc_thread_pool_size(pool);

    (void)kernels;
    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    for (int axis = 0; axis < 2; axis++) {
        data->kernel[axis] = c->kernel[axis];
        data->dilation[axis] = c->dilation[axis];
        data->pad[axis] = c->pad[axis];
    }
    data->stride = c->stride[0];
    data->pairs = cc_divide_up(cc_input_blocks(c), 2);
    data->output_blocks = cc_divide_up(c->output_channels, CC_BLOCK);
    data->groups = cc_divide_up(data->output_blocks, 2);
    cc_clamp_limits(&c->fusion, &data->low, &data->high);
    data->residual_first = c->fusion.residual == CC_RESIDUAL_BEFORE;
    plan_strips(data, c, threads);
    cc_status status = pack(data, c, pool, error);
    if (status != CC_OK) {
        release(data);
        return status;
    }
    *result = data;
    *bytes = data->weight_bytes;
    *scratch = 2 * data->part_size * sizeof(uint16_t) * (size_t)(data->shared ? 1 : threads);
    return CC_OK;
}

/* ---- running ---- */

/* Split one row of input of all pairs into the strip's copy, with the border behind
 * it (and, for the first row, before it). */
static void copy_row(const split_run *run, const strip *at, int row)
{
    const split_data *data = run->data;
    const cc_view *input = run->input;
    int y = at->first_row * data->stride - data->pad[0] + row;
    size_t border_bytes = (size_t)data->border * PIXEL * sizeof(uint16_t);
    size_t row_bytes = (size_t)data->pitch * PIXEL * sizeof(uint16_t);

    for (int pair = 0; pair < data->pairs; pair++) {
        uint16_t *high = at->copy + (size_t)pair * data->pair_size;
        uint16_t *low = high + data->part_size;
        ptrdiff_t first = ((ptrdiff_t)data->border + (ptrdiff_t)row * data->pitch) * PIXEL;
        if (row == 0) {
            memset(high, 0, border_bytes);
            memset(low, 0, border_bytes);
        }
        if (y < 0 || y >= input->height) {
            memset(high + first, 0, row_bytes);
            memset(low + first, 0, row_bytes);
            continue;
        }
        const float *from = cc_view_row(input, at->picture, 2 * pair, y);
        bool both = 2 * pair + 1 < input->blocks;
        run->kernels->split.split_pixels(high + first, low + first, from,
                                         both ? from + input->block_stride : NULL, input->width);
        ptrdiff_t end = first + (ptrdiff_t)input->width * PIXEL;
        memset(high + end, 0, border_bytes);
        memset(low + end, 0, border_bytes);
    }
}

/* Store those of the pixels first .. first + CC_SPLIT_PIXELS - 1, numbered through
 * the strip's rows of `pitch` pixels, that are no border. */
static void store_sums(const split_run *run, const strip *at, int first, int block,
                       const float *sums)
{
    const split_data *data = run->data;
    const cc_view *output = run->output;
    const cc_view *residual = run->residual;
    int done = 0;

    while (done < CC_SPLIT_PIXELS) {
        int row = (first + done) / data->pitch;
        int x = (first + done) % data->pitch;
        int to_row_end = data->pitch - x;
        int count = CC_SPLIT_PIXELS - done < to_row_end ? CC_SPLIT_PIXELS - done : to_row_end;
        int inside = output->width - x < count ? output->width - x : count;
        if (row >= at->rows) {
            return;
        }
        if (inside > 0) {
            int y = at->first_row + row;
            cc_split_finish finish = {.bias = data->bias + (ptrdiff_t)block * CC_BLOCK,
                                      .low = data->low,
                                      .high = data->high,
                                      .residual_first = data->residual_first,
                                      .output = cc_view_row(output, at->picture, block, y) +
                                                (ptrdiff_t)x * CC_BLOCK};
            if (residual != NULL) {
                finish.residual =
                    cc_view_row(residual, at->picture, block, y) + (ptrdiff_t)x * CC_BLOCK;
            }
            run->kernels->split.finish(&finish, sums + (ptrdiff_t)done * CC_BLOCK, inside);
        }
        done += count;
    }
}

/* Chunks of CC_SPLIT_PIXELS pixels in a strip. */
static int chunks_of(const split_data *data, const cc_view *output, int rows)
{
    return cc_divide_up((rows - 1) * data->pitch + output->width, CC_SPLIT_PIXELS);
}

static void multiply(const split_run *run, const strip *at, int group, int first_chunk, int end)
{
    const split_data *data = run->data;
    int blocks = blocks_in_group(data, group);
    float sums[2 * CC_SPLIT_PIXELS * CC_BLOCK] __attribute__((aligned(CC_ALIGNMENT)));
    cc_split_tile tile = {.pair_stride = (ptrdiff_t)data->pair_size,
                          .tap_row_stride = (ptrdiff_t)data->dilation[0] * data->pitch * PIXEL,
                          .tap_column_stride = (ptrdiff_t)data->dilation[1] * PIXEL,
                          .pixel_stride = (ptrdiff_t)data->stride * PIXEL,
                          .pairs = data->pairs,
                          .kernel_height = data->kernel[0],
                          .kernel_width = data->kernel[1],
                          .weights = data->weights + group_offset(data, group)};

    for (int chunk = first_chunk; chunk < end; chunk++) {
        int first = chunk * CC_SPLIT_PIXELS;
        tile.high =
            at->copy + (ptrdiff_t)(first * data->stride + data->border - data->pad[1]) * PIXEL;
        tile.low = tile.high + data->part_size;
        run->kernels->split.tile(&tile, blocks, sums);
        for (int i = 0; i < blocks; i++) {
            store_sums(run, at, first, 2 * group + i,
                       sums + (ptrdiff_t)i * CC_SPLIT_PIXELS * CC_BLOCK);
        }
    }
}

static int rows_below(const split_data *data, int rows)
{
    return (rows - 1) * data->stride + (data->kernel[0] - 1) * data->dilation[0] + 1;
}

/* Large maps: one task is one strip. */
static void run_strip(void *context, int task, int worker)
{
    const split_run *run = context;
    const split_data *data = run->data;
    int first = task % data->strips * data->strip_rows;
    int left = run->output->height - first;
    strip at = {.picture = task / data->strips,
                .first_row = first,
                .rows = left < data->strip_rows ? left : data->strip_rows,
                .copy = run->scratch + (size_t)worker * 2 * data->part_size};

    for (int row = 0; row < rows_below(data, at.rows); row++) {
        copy_row(run, &at, row);
    }
    run->kernels->split.begin();
    for (int group = 0; group < data->groups; group++) {
        multiply(run, &at, group, 0, chunks_of(data, run->output, at.rows));
    }
    run->kernels->split.end();
}

static strip whole_picture(const split_run *run)
{
    return (strip){.picture = run->picture, .rows = run->output->height, .copy = run->scratch};
}

/* Small maps: first one task for each row of input. */
static void run_copy(void *context, int task, int worker)
{
    const split_run *run = context;
    strip at = whole_picture(run);

    (void)worker;
    copy_row(run, &at, task);
}

/* Then one task for each share of the pixels of each group of outputs. */
static void run_group(void *context, int task, int worker)
{
    const split_run *run = context;
    const split_data *data = run->data;
    strip at = whole_picture(run);
    int chunks = chunks_of(data, run->output, at.rows);
    int share = task % data->splits;

    (void)worker;
    run->kernels->split.begin();
    multiply(run, &at, task / data->splits, chunks * share / data->splits,
             chunks * (share + 1) / data->splits);
    run->kernels->split.end();
}

static void run(const void *memory, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const split_data *data = memory;
    split_run all = {.data = data,
                     .kernels = kernels,
                     .input = input,
                     .residual = residual,
                     .output = output,
                     .scratch = execution->scratch};

    if (!data->shared) {
        cc_parallel(execution, run_strip, &all, output->batch * data->strips);
        return;
    }
    for (all.picture = 0; all.picture < output->batch; all.picture++) {
        cc_parallel(execution, run_copy, &all, rows_below(data, output->height));
        cc_parallel(execution, run_group, &all, data->groups * data->splits);
    }
}

const cc_convolution_algorithm cc_convolution_split = {.name = "direct, split bf16",
                                                       .level = "amx",
                                                       .input_layout = CC_BLOCKED,
                                                       .output_layout = CC_BLOCKED,
                                                       .suits = suits,
                                                       .cost = cost,
                                                       .prepare = prepare,
                                                       .run = run,
                                                       .release = release};
