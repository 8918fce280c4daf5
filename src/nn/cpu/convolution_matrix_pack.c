/* Weights of a convolution into tiles of short numbers. */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution_matrix.h"

typedef struct pack_run {
    const cc_convolution *convolution;
    const cc_matrix_layout *layout;
    const cc_matrix_kernels *kernels;
    cc_matrix_packed *packed;
    float *inverse;    /* INT8: 1 / scale */
    int32_t *partials; /* INT8: [slice][output] sums of bytes */
} pack_run;

static int padded_outputs(const cc_matrix_layout *l)
{
    return l->groups * 2 * CC_BLOCK;
}

/* Channels in a slot of a slice, and the first of them. */
static int slot_lanes(const pack_run *run, int slice, int slot, int *first)
{
    const cc_convolution *c = run->convolution;
    const cc_matrix_layout *l = run->layout;
    int block = slice * l->slots + slot;

    *first = 0;
    if (l->planes) {
        return c->input_channels;
    }
    if (block >= cc_input_blocks(c)) {
        return 0;
    }
    for (int i = 0; i < block; i++) {
        *first += cc_input_lanes(c, i);
    }
    return cc_input_lanes(c, block);
}

/* Weights from the lanes of one slot to CC_BLOCK outputs: [tap][lane][output]; zeros
 * beyond what there is. */
static void gather_taps(const pack_run *run, int first_output, int first_input, int lanes,
                        float *taps)
{
    const cc_convolution *c = run->convolution;
    int count = c->kernel[0] * c->kernel[1];
    int held = c->output_channels - first_output;

    if (held < CC_BLOCK || lanes < CC_BLOCK) {
        memset(taps, 0, (size_t)count * CC_BLOCK * CC_BLOCK * sizeof *taps);
    }
    for (int o = 0; o < CC_BLOCK && o < held; o++) {
        const cc_file_float *from =
            c->weights +
            ((size_t)(first_output + o) * (size_t)c->input_channels + (size_t)first_input) *
                (size_t)count;
        for (int lane = 0; lane < lanes; lane++) {
            for (int tap = 0; tap < count; tap++) {
                taps[(tap * CC_BLOCK + lane) * CC_BLOCK + o] = *from++;
            }
        }
    }
}

/* Where lane 0 of a slot at a tap lies in the tiles of its slice, for one output block:
 * the step, and the row of its tile. */
static size_t tap_offset(const cc_matrix_layout *l, int blocks, int tap_row, int tap_column,
                         int slot)
{
    int step = tap_row * l->steps_across + tap_column / l->step_columns;
    int number = tap_column % l->step_columns * l->slice_numbers + slot * CC_BLOCK;
    int row_numbers = 4 / l->number_size;

    return (size_t)step * cc_matrix_step_bytes(l, blocks) +
           (size_t)(number / row_numbers) * CC_MATRIX_ROW;
}

/* One slot of a slice for one output block. */
static void pack_slot(const pack_run *run, uint8_t *to, int group, int block, int slice, int slot)
{
    const cc_convolution *c = run->convolution;
    const cc_matrix_layout *l = run->layout;
    int blocks = cc_matrix_group_blocks(l, group);
    int first_output = (2 * group + block) * CC_BLOCK;
    int first_input;
    int lanes = slot_lanes(run, slice, slot, &first_input);
    float taps[CC_MATRIX_MAXIMUM_TAPS * CC_BLOCK * CC_BLOCK];

    if (lanes == 0) {
        return;
    }
    gather_taps(run, first_output, first_input, lanes, taps);
    for (int tap = 0; tap < c->kernel[0] * c->kernel[1]; tap++) {
        cc_matrix_weights weights = {
            .from = taps + (ptrdiff_t)tap * CC_BLOCK * CC_BLOCK,
            .to = to + (size_t)block * CC_MATRIX_TILE +
                  tap_offset(l, blocks, tap / c->kernel[1], tap % c->kernel[1], slot),
            .low_distance = (ptrdiff_t)blocks * CC_MATRIX_TILE,
            .rows = (l->planes ? CC_MATRIX_PLANES : CC_BLOCK) * l->number_size / 4,
            .scales = run->inverse != NULL ? run->inverse + first_output : NULL};
        run->kernels->pack_weights(&weights);
    }
}

/* Sum of the bytes of every output of one slice of a group. */
static void sum_bytes(const pack_run *run, const uint8_t *tiles, int group, int slice)
{
    const cc_matrix_layout *l = run->layout;
    int blocks = cc_matrix_group_blocks(l, group);
    int32_t *sums =
        run->partials + (size_t)slice * (size_t)padded_outputs(l) + (size_t)group * 2 * CC_BLOCK;

    memset(sums, 0, 2 * CC_BLOCK * sizeof *sums);
    for (int tile = 0; tile < l->steps_per_slice * blocks; tile++) {
        for (int i = 0; i < CC_MATRIX_TILE; i++) {
            sums[tile % blocks * CC_BLOCK + i % CC_MATRIX_ROW / 4] +=
                (int8_t)tiles[(size_t)tile * CC_MATRIX_TILE + (size_t)i];
        }
    }
}

/* One task is one slice of one group of outputs. */
static void pack_slice(void *context, int task, int worker)
{
    const pack_run *run = context;
    const cc_matrix_layout *l = run->layout;
    int group = task / l->slices;
    int slice = task % l->slices;
    int blocks = cc_matrix_group_blocks(l, group);
    size_t bytes = (size_t)l->steps_per_slice * cc_matrix_step_bytes(l, blocks);
    uint8_t *to = run->packed->tiles + cc_matrix_group_offset(l, group) + (size_t)slice * bytes;

    (void)worker;
    memset(to, 0, bytes);
    for (int block = 0; block < blocks; block++) {
        for (int slot = 0; slot < l->slots; slot++) {
            pack_slot(run, to, group, block, slice, slot);
        }
    }
    if (run->partials != NULL) {
        sum_bytes(run, to, group, slice);
    }
}

/* One task is one output: its largest weight becomes 127. */
static void measure_output(void *context, int task, int worker)
{
    const pack_run *run = context;
    const cc_convolution *c = run->convolution;
    size_t count = (size_t)c->input_channels * (size_t)(c->kernel[0] * c->kernel[1]);
    const cc_file_float *from = c->weights + (size_t)task * count;
    float largest = 0;

    (void)worker;
    for (size_t i = 0; i < count; i++) {
        largest = fabsf(from[i]) > largest ? fabsf(from[i]) : largest;
    }
    run->packed->scale[task] = largest / 127;
    run->inverse[task] = largest > 0 ? 127 / largest : 0;
}

static void add_partials(const pack_run *run)
{
    const cc_matrix_layout *l = run->layout;
    int outputs = padded_outputs(l);

    for (int i = 0; i < l->slices * outputs; i++) {
        run->packed->byte_sum[i % outputs] += run->partials[i];
    }
}

static void *zeroed(size_t bytes)
{
    void *memory = cc_alloc_aligned(bytes);

    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

static bool allocate(pack_run *run)
{
    const cc_matrix_layout *l = run->layout;
    cc_matrix_packed *packed = run->packed;
    size_t outputs = (size_t)padded_outputs(l) * sizeof(float);

    packed->bytes = cc_matrix_group_offset(l, l->groups - 1) +
                    (size_t)l->slices * (size_t)l->steps_per_slice *
                        cc_matrix_step_bytes(l, cc_matrix_group_blocks(l, l->groups - 1));
    packed->tiles = cc_alloc_aligned(packed->bytes);
    packed->bias = zeroed(outputs);
    if (l->format == CC_MATRIX_INT8) {
        packed->scale = zeroed(outputs);
        packed->byte_sum = zeroed(outputs);
        run->inverse = zeroed(outputs);
        run->partials = zeroed((size_t)l->slices * outputs);
        return packed->tiles != NULL && packed->bias != NULL && packed->scale != NULL &&
               packed->byte_sum != NULL && run->inverse != NULL && run->partials != NULL;
    }
    return packed->tiles != NULL && packed->bias != NULL;
}

cc_status cc_matrix_pack(const cc_convolution *c, const cc_matrix_layout *l,
                         const cc_matrix_kernels *kernels, cc_thread_pool *pool,
                         cc_matrix_packed *packed, cc_error *error)
{
    pack_run run = {.convolution = c, .layout = l, .kernels = kernels, .packed = packed};
    cc_status status = CC_OK;

    *packed = (cc_matrix_packed){0};
    if (!allocate(&run)) {
        status = cc_fail_memory(error, packed->bytes);
        cc_matrix_packed_release(packed);
    } else {
        if (c->bias != NULL) {
            memcpy(packed->bias, c->bias, (size_t)c->output_channels * sizeof(float));
        }
        if (run.inverse != NULL) {
            cc_thread_pool_run(pool, measure_output, &run, c->output_channels);
        }
        cc_thread_pool_run(pool, pack_slice, &run, l->groups * l->slices);
        if (run.partials != NULL) {
            add_partials(&run);
        }
    }
    cc_free_aligned(run.inverse);
    cc_free_aligned(run.partials);
    return status;
}

void cc_matrix_packed_release(cc_matrix_packed *packed)
{
    cc_free_aligned(packed->tiles);
    cc_free_aligned(packed->bias);
    cc_free_aligned(packed->scale);
    cc_free_aligned(packed->byte_sum);
    *packed = (cc_matrix_packed){0};
}
