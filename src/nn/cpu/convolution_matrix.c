/* Direct convolution in short numbers: on a matrix unit, or with dot products of the
 * vector units. matrix_kernels.h defines the formats.
 *
 * SPLIT is float32 for all purposes. Each x is high + low + rest, |rest| <= 2^-18 |x|;
 * of a product, high x high, low x high and high x low are summed in float32. What is
 * left out is below 3 * 2^-18 = 1.2e-5 of each product, with either sign, so that a
 * layer's result is as close to exact arithmetic as Winograd's F(6x6) in float32 is
 * (the tests hold both to the same bound). Infinities become not-a-number. BF16 and
 * INT8 are run only where the caller asked for so little.
 *
 * The input is copied, converted, into a picture with one border of zeros between
 * rows, which serves as right border of one row and left border of the next. Output
 * pixels are computed 32 at a time, whatever row they are in (or row by row, where
 * that wastes less); what falls beside the picture is thrown away.
 *
 * Strips: a task takes some rows through copying and all outputs, or several strips one
 * after the other, moving the rows that two of them read. Where the copy of
 * all channels would not fit the second-level cache, it goes slice by slice of
 * channels, and unfinished sums are put aside. Shared: the picture is copied whole
 * first, then groups of outputs are shared out, so that each weight is fetched once:
 * for small maps with many channels. convolution_matrix_plan.c chooses.
 *
 * INT8 needs to know in which range an input's numbers lie. The first
 * CC_CALIBRATION_RUNS runs look, and widen the range; from then on it stays. Or it is
 * told (plan_calibration.c).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "nn/cpu/convolution_matrix.h"
#include "nn/cpu/view.h"

typedef struct matrix_data {
    const cc_matrix_kernels *kernels;
    cc_matrix_layout layout;
    cc_matrix_cut cut;
    cc_matrix_packed packed;
    float low;
    float high;
    bool residual_first;
    bool to_planes;       /* the output is CC_PLAIN, of a few channels */
    cc_fusion activation; /* to_planes: applied to each finished span */
    int kernel_reach;     /* rows of input under one row of output */
    int stride;
    int pad[2];
    int output_channels;
    ptrdiff_t *steps; /* of all slices that are resident together */
    cc_input_range *range;
    size_t slice_bytes; /* from slice to slice in a copy */
    size_t part_bytes;  /* from the high parts to the low parts */
    size_t copy_bytes;
    size_t copies; /* one for each picture (shared) or thread */
    size_t sums_bytes;
    size_t outputs_bytes; /* INT8: scale and bias of this run */
    int threads;
} matrix_data;

typedef struct matrix_run {
    const matrix_data *data;
    const cc_view *input;
    const cc_view *residual;
    const cc_view *output;
    const cc_elementwise_kernels *elementwise;
    unsigned char *copies;
    unsigned char *sums;
    const float *bias;
    const float *scale;
    float input_scale; /* INT8: byte = value * input_scale + zero */
    int zero;
    float *lows; /* INT8: range that each thread saw */
    float *highs;
    const uint8_t *ahead; /* see cc_execution */
    size_t ahead_bytes;
} matrix_run;

/* A task's part of what is to be fetched ahead. */
typedef struct fetching {
    const uint8_t *next;
    const uint8_t *end;
    int lines; /* in each step */
} fetching;

/* Rows of output on their way. */
typedef struct strip {
    int picture;
    int first_row;
    int rows;
    unsigned char *copy; /* of the slices at hand */
    unsigned char *sums; /* put aside */
} strip;

/* Slices, groups and chunks that are multiplied now. */
typedef struct portion {
    int first_slice;
    int end_slice;
    int first_group;
    int end_group;
    int first_chunk;
    int end_chunk;
} portion;

static const cc_matrix_kernels *kernels_for(const cc_kernels *kernels, cc_matrix_format format)
{
    return &kernels->matrix[format];
}

/* ---- can it, and how fast? ---- */

static bool clamps_only(const cc_fusion *fusion)
{
    float low;
    float high;

    return cc_clamp_limits(fusion, &low, &high);
}

/* int8 allows what is more precise as well. */
static bool is_allowed(cc_matrix_format format, cc_precision precision)
{
    switch (format) {
    case CC_MATRIX_SPLIT: return true;
    case CC_MATRIX_BF16: return precision == CC_PRECISION_BF16 || precision == CC_PRECISION_INT8;
    case CC_MATRIX_INT8: return precision == CC_PRECISION_INT8;
    }
    return false;
}

static bool can_multiply(const cc_convolution *c, const cc_kernels *kernels,
                         cc_matrix_format format)
{
    return kernels_for(kernels, format)->tile != NULL && is_allowed(format, c->precision) &&
           c->groups == 1 && c->stride[0] == c->stride[1] &&
           c->kernel[0] * c->kernel[1] <= CC_MATRIX_MAXIMUM_TAPS;
}

/* Layers of fewer products of channels stay in SPLIT whatever was asked: they cost
 * little time, and what they lose reaches the output undamped. With IS-Net on photos
 * (November 2026) the mean change of an int8 mask fell from 12 to 0.7 of 255, the
 * largest of a bf16 one from 0.017 to 0.013, for a tenth of the speed. */
#define NARROW_PRODUCTS (64 * 64)

static bool suits_blocks(const cc_convolution *c, const cc_kernels *kernels,
                         cc_matrix_format format)
{
    bool narrow = (int64_t)c->input_channels * c->output_channels < NARROW_PRODUCTS;

    return c->input_channels >= 8 && (format == CC_MATRIX_SPLIT || !narrow) &&
           clamps_only(&c->fusion) && can_multiply(c, kernels, format);
}

static bool suits_planes(const cc_convolution *c, const cc_kernels *kernels)
{
    return c->input_layout == CC_PLAIN && c->input_channels <= CC_MATRIX_PLANES &&
           clamps_only(&c->fusion) && can_multiply(c, kernels, CC_MATRIX_SPLIT);
}

static bool suits_to_planes(const cc_convolution *c, const cc_kernels *kernels)
{
    return c->input_channels >= 8 && c->output_channels <= CC_MATRIX_PLANES &&
           (clamps_only(&c->fusion) || c->fusion.residual == CC_RESIDUAL_NONE) &&
           can_multiply(c, kernels, CC_MATRIX_SPLIT);
}

/* Multiply-adds that the vector units make in a cycle. The estimate is for one thread,
 * so that the choice, and with it the result, is the same for any number of them. */
#define VECTOR_PRODUCTS 32

static double cost(const cc_convolution *c, const cc_kernels *kernels, cc_matrix_format format)
{
    cc_convolution asked = *c;

    asked.input_layout = c->input_channels <= CC_MATRIX_PLANES ? c->input_layout : CC_BLOCKED;
    cc_matrix_layout layout = cc_matrix_layout_of(&asked, format);
    return VECTOR_PRODUCTS *
           cc_matrix_cut_of(&asked, &layout, kernels_for(kernels, format), 1).cycles;
}

/* ---- preparing ---- */

static const void *weights(const void *memory, size_t *bytes)
{
    const matrix_data *data = memory;

    *bytes = data->packed.bytes;
    return data->packed.tiles;
}

static cc_input_range *range_of(void *memory)
{
    return ((matrix_data *)memory)->range;
}

static void release(void *memory)
{
    matrix_data *data = memory;

    cc_matrix_packed_release(&data->packed);
    cc_free(data->steps);
    cc_free(data->range);
    cc_free(data);
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + CC_ALIGNMENT - 1) & ~(size_t)(CC_ALIGNMENT - 1);
}

/* Before the first row lies one border; behind the last pixel the tile reads on. */
static void measure_copies(matrix_data *data, const cc_convolution *c)
{
    const cc_matrix_layout *l = &data->layout;
    const cc_matrix_cut *cut = &data->cut;
    size_t slices = (size_t)(cut->shared ? l->slices : cut->resident_slices);
    size_t pixels = (size_t)l->border +
                    (size_t)cc_matrix_input_rows(c, cut->strip_rows) * (size_t)l->pitch +
                    (size_t)(c->stride[1] * (CC_MATRIX_PIXELS + 1)) +
                    (size_t)((c->kernel[1] - 1) * c->dilation[1]);
    size_t chunks = (size_t)cc_matrix_chunks(l, cut, cut->strip_rows, c->output[1]);
    size_t groups = cut->shared ? 1 : (size_t)l->groups;
    bool puts_aside = cut->resident_slices < l->slices;

    data->slice_bytes = whole_lines(pixels * (size_t)l->pixel_bytes + CC_MATRIX_ROW);
    data->part_bytes = data->slice_bytes * slices;
    data->copy_bytes = data->part_bytes * (size_t)l->parts;
    data->copies = (size_t)(cut->shared ? c->batch : data->threads);
    data->sums_bytes = puts_aside ? chunks * groups * 2 * CC_MATRIX_SUMS : 0;
    data->outputs_bytes =
        l->format == CC_MATRIX_INT8 ? (size_t)l->groups * 2 * CC_BLOCK * 2 * sizeof(float) : 0;
    /* Each thread's range on a cache line of its own. */
    data->outputs_bytes +=
        l->format == CC_MATRIX_INT8 ? (size_t)data->threads * 2 * CC_ALIGNMENT : 0;
}

/* Where the first byte of each step lies, from the first tap of a pixel. */
static bool list_steps(matrix_data *data, const cc_convolution *c)
{
    const cc_matrix_layout *l = &data->layout;
    int count = data->cut.resident_slices * l->steps_per_slice;

    data->steps = cc_alloc_array((size_t)count, sizeof *data->steps);
    for (int i = 0; data->steps != NULL && i < count; i++) {
        int slice = i / l->steps_per_slice;
        int row = i % l->steps_per_slice / l->steps_across;
        int column = i % l->steps_across * l->step_columns;
        ptrdiff_t pixel =
            (ptrdiff_t)row * c->dilation[0] * l->pitch + (ptrdiff_t)column * c->dilation[1];
        data->steps[i] = (ptrdiff_t)slice * (ptrdiff_t)data->slice_bytes + pixel * l->pixel_bytes;
    }
    return data->steps != NULL;
}

static cc_status fill(matrix_data *data, const cc_convolution *c, cc_thread_pool *pool,
                      cc_error *error)
{
    data->threads = cc_thread_pool_size(pool);
    data->cut = cc_matrix_cut_of(c, &data->layout, data->kernels, data->threads);
    data->stride = c->stride[0];
    data->kernel_reach = (c->kernel[0] - 1) * c->dilation[0] + 1;
    data->pad[0] = c->pad[0];
    data->pad[1] = c->pad[1];
    data->output_channels = c->output_channels;
    data->residual_first = c->fusion.residual == CC_RESIDUAL_BEFORE;
    cc_clamp_limits(&c->fusion, &data->low, &data->high);
    measure_copies(data, c);
    data->range = cc_alloc_zeroed(1, sizeof *data->range);
    if (data->range == NULL || !list_steps(data, c)) {
        return cc_fail_memory(error, sizeof *data);
    }
    data->range->runs_left = CC_CALIBRATION_RUNS;
    return cc_matrix_pack(c, &data->layout, data->kernels, pool, &data->packed, error);
}

/* `format` and whether the output lies in planes are the algorithm's. */
static cc_status prepare(const cc_convolution *c, const cc_kernels *kernels,
                         cc_matrix_format format, bool to_planes, cc_thread_pool *pool,
                         void **result, size_t *bytes, size_t *scratch, cc_error *error)
{
    matrix_data *data = cc_alloc_zeroed(1, sizeof *data);

    if (data == NULL) {
        return cc_fail_memory(error, sizeof *data);
    }
    data->kernels = kernels_for(kernels, format);
    data->to_planes = to_planes;
    data->activation = c->fusion;
    data->activation.activation =
        clamps_only(&c->fusion) ? CC_ACTIVATION_NONE : c->fusion.activation;
    data->layout = cc_matrix_layout_of(c, format);
    cc_status status = fill(data, c, pool, error);
    if (status != CC_OK) {
        release(data);
        return status;
    }
    *result = data;
    *bytes = data->packed.bytes;
    *scratch = data->outputs_bytes + data->copy_bytes * data->copies +
               data->sums_bytes * (size_t)data->threads;
    return CC_OK;
}

/* ---- copying ---- */

static void fill_border(const matrix_run *run, unsigned char *high, size_t bytes)
{
    memset(high, run->zero, bytes);
    if (run->data->layout.parts == 2) {
        memset(high + run->data->part_bytes, 0, bytes);
    }
}

static int rows_below(const matrix_data *data, int rows)
{
    return (rows - 1) * data->stride + data->kernel_reach;
}

/* Convert one row of one slice into the copy, with the border behind it (and, for the
 * first row, before it). Behind the last one a step may read on, to multiply with
 * zero: that must not be not-a-number. */
static void copy_slice_row(const matrix_run *run, const strip *at, int slice, unsigned char *copy,
                           int row)
{
    const matrix_data *data = run->data;
    const cc_matrix_layout *l = &data->layout;
    const cc_view *input = run->input;
    int y = at->first_row * data->stride - data->pad[0] + row;
    size_t pixel = (size_t)l->pixel_bytes;
    unsigned char *first = copy + ((size_t)l->border + (size_t)row * (size_t)l->pitch) * pixel;

    size_t behind = (size_t)l->border * pixel;

    if (row == 0) {
        fill_border(run, copy, behind);
    }
    if (row == rows_below(data, at->rows) - 1) {
        behind += CC_MATRIX_ROW;
    }
    if (y < 0 || y >= input->height) {
        fill_border(run, first, (size_t)input->width * pixel + behind);
        return;
    }
    int block = slice * l->slots;
    int left = input->blocks - block;
    int most = l->planes ? CC_MATRIX_PLANES : l->slots;
    cc_matrix_row packed = {.from = cc_view_row(input, at->picture, block, y),
                            .block_stride = input->block_stride,
                            .blocks = left < most ? left : most,
                            .slots = l->slots,
                            .to = first,
                            .low_distance = (ptrdiff_t)data->part_bytes,
                            .pixels = input->width,
                            .scale = run->input_scale,
                            .zero = run->zero};
    if (l->planes) {
        data->kernels->pack_planes(&packed);
    } else {
        data->kernels->pack_pixels(&packed);
    }
    fill_border(run, first + (size_t)input->width * pixel, behind);
}

/* ---- storing ---- */

/* The same as store_span for an output in planes; `finish` aims at no address yet. */
static void store_planes(const matrix_run *run, const strip *at, int y, int x, int count,
                         cc_matrix_finish finish, const unsigned char *sums)
{
    const matrix_data *data = run->data;
    const cc_view *output = run->output;

    finish.planes = data->output_channels;
    finish.plane_stride = output->block_stride;
    finish.output = cc_view_row(output, at->picture, 0, y) + x;
    if (run->residual != NULL) {
        finish.residual = cc_view_row(run->residual, at->picture, 0, y) + x;
        finish.residual_plane_stride = run->residual->block_stride;
    }
    data->kernels->finish_planes(&finish, sums, count);
    if (data->activation.activation != CC_ACTIVATION_NONE) {
        for (int i = 0; i < finish.planes; i++) {
            float *plane = finish.output + i * finish.plane_stride;
            run->elementwise->activate(&data->activation, plane, plane, count);
        }
    }
}

/* Finish `count` pixels of a row from column x on; those beside the picture are left. */
static void store_span(const matrix_run *run, const strip *at, int row, int x, int count, int block,
                       const unsigned char *sums)
{
    const matrix_data *data = run->data;
    const cc_view *output = run->output;
    int inside = output->width - x < count ? output->width - x : count;
    int y = at->first_row + row;

    if (inside <= 0) {
        return;
    }
    cc_matrix_finish finish = {.bias = run->bias + (ptrdiff_t)block * CC_BLOCK,
                               .scale = run->scale + (ptrdiff_t)block * CC_BLOCK,
                               .low = data->low,
                               .high = data->high,
                               .residual_first = data->residual_first};
    if (data->to_planes) {
        store_planes(run, at, y, x, inside, finish, sums);
        return;
    }
    finish.output = cc_view_row(output, at->picture, block, y) + (ptrdiff_t)x * CC_BLOCK;
    if (run->residual != NULL) {
        finish.residual =
            cc_view_row(run->residual, at->picture, block, y) + (ptrdiff_t)x * CC_BLOCK;
    }
    data->kernels->finish(&finish, sums, inside);
}

/* A chunk's first output pixel, in rows of the copy's pitch. */
static int chunk_position(const matrix_data *data, int chunk)
{
    int per_row = data->cut.row_chunks;

    return per_row > 0 ? chunk / per_row * data->layout.pitch + chunk % per_row * CC_MATRIX_PIXELS
                       : chunk * CC_MATRIX_PIXELS;
}

static void store_chunk(const matrix_run *run, const strip *at, int chunk, int block,
                        const unsigned char *sums)
{
    const matrix_data *data = run->data;
    int pitch = data->layout.pitch;
    int position = chunk_position(data, chunk);

    if (data->cut.row_chunks > 0) {
        int per_row = data->cut.row_chunks;
        store_span(run, at, chunk / per_row, chunk % per_row * CC_MATRIX_PIXELS, CC_MATRIX_PIXELS,
                   block, sums);
        return;
    }
    for (int done = 0; done < CC_MATRIX_PIXELS;) {
        int row = (position + done) / pitch;
        int x = (position + done) % pitch;
        int count = CC_MATRIX_PIXELS - done < pitch - x ? CC_MATRIX_PIXELS - done : pitch - x;
        if (row >= at->rows) {
            return;
        }
        store_span(run, at, row, x, count, block, sums + (ptrdiff_t)done * CC_BLOCK * 4);
        done += count;
    }
}

/* ---- multiplying ---- */

/* Of one chunk of one group. */
static double all_steps(const matrix_data *data)
{
    return (double)data->layout.slices * data->layout.steps_per_slice;
}

/* All tasks of a run together ask for all of it, each for the part that stands where
 * it does itself: so where groups are shared out a thread mostly asks for what it will
 * read. `steps` are those of the task. */
static fetching fetch_part(const matrix_run *run, int task, int tasks, double steps)
{
    size_t lines = run->ahead_bytes / CC_MATRIX_ROW;
    size_t first = lines * (size_t)task / (size_t)tasks;
    size_t end = lines * ((size_t)task + 1) / (size_t)tasks;

    if (run->ahead == NULL || steps < 1) {
        return (fetching){0};
    }
    return (fetching){.next = run->ahead + first * CC_MATRIX_ROW,
                      .end = run->ahead + end * CC_MATRIX_ROW,
                      .lines = (int)((double)(end - first) / steps) + 1};
}

/* One group of outputs. `aside` is where the sums of its first chunk are kept between
 * portions; NULL if one portion is all. */
static void multiply_group(const matrix_run *run, const strip *at, const portion *p, int group,
                           unsigned char *aside, fetching *fetch)
{
    const matrix_data *data = run->data;
    const cc_matrix_layout *l = &data->layout;
    int blocks = cc_matrix_group_blocks(l, group);
    unsigned char here[2 * CC_MATRIX_SUMS] __attribute__((aligned(CC_ALIGNMENT)));
    cc_matrix_tile tile = {.low_distance = (ptrdiff_t)data->part_bytes,
                           .pixel_stride = (ptrdiff_t)data->stride * l->pixel_bytes,
                           .steps = data->steps,
                           .step_count = (p->end_slice - p->first_slice) * l->steps_per_slice,
                           .weights = data->packed.tiles + cc_matrix_group_offset(l, group) +
                                      (size_t)p->first_slice * (size_t)l->steps_per_slice *
                                          cc_matrix_step_bytes(l, blocks),
                           .goes_on = p->first_slice > 0,
                           .ends = p->end_slice == l->slices,
                           .steps_before = p->first_slice * l->steps_per_slice,
                           .ahead_end = fetch->end,
                           .ahead_lines = fetch->lines};
    ptrdiff_t most = (ptrdiff_t)tile.step_count * fetch->lines * CC_MATRIX_ROW;

    for (int chunk = p->first_chunk; chunk < p->end_chunk; chunk++) {
        unsigned char *sums = here;
        if (aside != NULL) {
            sums = aside + (size_t)(chunk - p->first_chunk) * 2 * CC_MATRIX_SUMS;
        }
        tile.pixels = at->copy + (ptrdiff_t)(chunk_position(data, chunk) * data->stride +
                                             l->border - data->pad[1]) *
                                     l->pixel_bytes;
        tile.ahead = fetch->next;
        data->kernels->tile(&tile, blocks, sums);
        fetch->next = fetch->end - fetch->next < most ? fetch->end : fetch->next + most;
        for (int i = 0; i < blocks && tile.ends; i++) {
            store_chunk(run, at, chunk, 2 * group + i, sums + (ptrdiff_t)i * CC_MATRIX_SUMS);
        }
    }
}

static void multiply(const matrix_run *run, const strip *at, const portion *p, fetching *fetch)
{
    bool puts_aside = run->data->sums_bytes > 0;
    size_t group_sums = (size_t)(p->end_chunk - p->first_chunk) * 2 * CC_MATRIX_SUMS;

    run->data->kernels->begin();
    for (int group = p->first_group; group < p->end_group; group++) {
        multiply_group(run, at, p, group,
                       puts_aside ? at->sums + (size_t)(group - p->first_group) * group_sums : NULL,
                       fetch);
    }
    run->data->kernels->end();
}

/* The first `kept` rows of the copy are there already. */
static void run_strip(const matrix_run *run, const strip *at, int kept, fetching *fetch)
{
    const matrix_data *data = run->data;
    const cc_matrix_cut *cut = &data->cut;
    portion p = {.end_group = data->layout.groups,
                 .end_chunk = cc_matrix_chunks(&data->layout, cut, at->rows, run->output->width)};

    for (; p.first_slice < data->layout.slices; p.first_slice = p.end_slice) {
        p.end_slice = p.first_slice + cut->resident_slices;
        p.end_slice = p.end_slice < data->layout.slices ? p.end_slice : data->layout.slices;
        for (int slice = p.first_slice; slice < p.end_slice; slice++) {
            for (int row = kept; row < rows_below(data, at->rows); row++) {
                copy_slice_row(run, at, slice,
                               at->copy + (size_t)(slice - p.first_slice) * data->slice_bytes, row);
            }
        }
        multiply(run, at, &p, fetch);
    }
}

/* Move what the next strip reads too, borders included, to the start of the copy. */
static int keep_rows(const matrix_data *data, const strip *at)
{
    const cc_matrix_layout *l = &data->layout;
    int kept = rows_below(data, at->rows) - at->rows * data->stride;
    size_t pixel = (size_t)l->pixel_bytes;
    size_t from = (size_t)(at->rows * data->stride) * (size_t)l->pitch * pixel;

    for (int i = 0; i < l->slices * l->parts && kept > 0; i++) {
        unsigned char *copy = at->copy + (size_t)(i / l->slices) * data->part_bytes +
                              (size_t)(i % l->slices) * data->slice_bytes;
        memmove(copy, copy + from, ((size_t)kept * (size_t)l->pitch + (size_t)l->border) * pixel);
    }
    return kept > 0 ? kept : 0;
}

/* Strips: one task is some of them, one after the other. */
static void run_strips(void *context, int task, int worker)
{
    const matrix_run *run = context;
    const matrix_data *data = run->data;
    const cc_matrix_cut *cut = &data->cut;
    int tasks = cc_divide_up(cut->strips, cut->rolls);
    int height = run->output->height;
    int task_rows = cut->strip_rows * cut->rolls;
    int end = (task % tasks + 1) * task_rows;
    strip at = {.picture = task / tasks,
                .first_row = task % tasks * task_rows,
                .copy = run->copies + (size_t)worker * data->copy_bytes,
                .sums = run->sums + (size_t)worker * data->sums_bytes};
    int kept = 0;

    end = end < height ? end : height;
    int all = cc_matrix_chunks(&data->layout, cut, end - at.first_row, run->output->width);
    fetching fetch = fetch_part(run, task, tasks * run->output->batch,
                                (double)all * data->layout.groups * all_steps(data));
    for (; at.first_row < end; at.first_row += at.rows) {
        at.rows = end - at.first_row < cut->strip_rows ? end - at.first_row : cut->strip_rows;
        run_strip(run, &at, kept, &fetch);
        /* Only strips that are rolled hold all channels, and have a next one. */
        kept = at.first_row + at.rows < end ? keep_rows(data, &at) : 0;
    }
}

static strip whole_picture(const matrix_run *run, int picture, int worker)
{
    return (strip){.picture = picture,
                   .rows = run->output->height,
                   .copy = run->copies + (size_t)picture * run->data->copy_bytes,
                   .sums = run->sums + (size_t)worker * run->data->sums_bytes};
}

/* Shared: first one task for each row of input of each picture. */
static void run_copy(void *context, int task, int worker)
{
    const matrix_run *run = context;
    int rows = rows_below(run->data, run->output->height);
    strip at = whole_picture(run, task / rows, worker);

    for (int slice = 0; slice < run->data->layout.slices; slice++) {
        copy_slice_row(run, &at, slice, at.copy + (size_t)slice * run->data->slice_bytes,
                       task % rows);
    }
}

/* A share of the pixels of one picture for one group of outputs. */
static void run_share(const matrix_run *run, int picture, int task, int worker)
{
    const matrix_data *data = run->data;
    int splits = data->cut.splits;
    int group = task / splits;
    int share = task % splits;
    int slices = data->layout.slices;
    strip at = whole_picture(run, picture, worker);
    unsigned char *copy = at.copy;
    int chunks = cc_matrix_chunks(&data->layout, &data->cut, at.rows, run->output->width);
    portion p = {.first_group = group,
                 .end_group = group + 1,
                 .first_chunk = chunks * share / splits,
                 .end_chunk = chunks * (share + 1) / splits};

    fetching fetch = fetch_part(run, picture * data->layout.groups * splits + task,
                                run->output->batch * data->layout.groups * splits,
                                (double)(p.end_chunk - p.first_chunk) * all_steps(data));
    for (; p.first_slice < slices; p.first_slice = p.end_slice) {
        p.end_slice = p.first_slice + data->cut.resident_slices;
        p.end_slice = p.end_slice < slices ? p.end_slice : slices;
        at.copy = copy + (size_t)p.first_slice * data->slice_bytes;
        multiply(run, &at, &p, &fetch);
    }
}

/* Then one task for each share of the pixels of each group of outputs, of all pictures
 * one after the other, so that the group's weights stay in the cache. */
static void run_group(void *context, int task, int worker)
{
    const matrix_run *run = context;
    for (int picture = 0; picture < run->output->batch; picture++) {
        run_share(run, picture, task, worker);
    }
}

/* ---- bytes: range, scale and zero of the input ---- */

/* One task is one row of one block of one picture. */
static void look_at_row(void *context, int task, int worker)
{
    const matrix_run *run = context;
    const cc_view *input = run->input;
    int block = task / input->height;
    int lanes = input->lanes[block % input->blocks];
    size_t at = (size_t)worker * CC_ALIGNMENT / sizeof(float);

    run->data->kernels->range(
        cc_view_row(input, block / input->blocks, block % input->blocks, task % input->height),
        input->width, lanes, &run->lows[at], &run->highs[at]);
}

/* Widen the range by this input's. Zero always lies in it: the border is made of it. */
static void widen_range(matrix_run *run, cc_execution *execution)
{
    cc_input_range *range = run->data->range;
    size_t distance = CC_ALIGNMENT / sizeof(float);

    for (int i = 0; i < run->data->threads; i++) {
        run->lows[(size_t)i * distance] = 0;
        run->highs[(size_t)i * distance] = 0;
    }
    cc_parallel(execution, look_at_row, run,
                run->input->batch * run->input->blocks * run->input->height);
    for (int i = 0; i < run->data->threads; i++) {
        range->low = fminf(range->low, run->lows[(size_t)i * distance]);
        range->high = fmaxf(range->high, run->highs[(size_t)i * distance]);
    }
    range->runs_left--;
    range->measured = true;
}

/* Bytes 0 .. 255 over the range; sums back to floats for each output. */
static void set_scales(matrix_run *run, float *scale, float *bias)
{
    const matrix_data *data = run->data;
    float low = fmaxf(data->range->low, -FLT_MAX);
    float width = fminf(data->range->high, FLT_MAX) / 255 - low / 255;
    float step = width > 0 ? width : 1;

    run->zero = (int)fminf(255, fmaxf(0, nearbyintf(-low / step)));
    run->input_scale = 1 / step;
    for (int i = 0; i < data->layout.groups * 2 * CC_BLOCK; i++) {
        scale[i] = data->packed.scale[i] * step;
        bias[i] =
            data->packed.bias[i] - scale[i] * (float)run->zero * (float)data->packed.byte_sum[i];
    }
    run->scale = scale;
    run->bias = bias;
}

static void prepare_bytes(matrix_run *run, cc_execution *execution, unsigned char *memory)
{
    size_t outputs = (size_t)run->data->layout.groups * 2 * CC_BLOCK;
    float *scale = (float *)(void *)memory;
    float *bias = scale + outputs;

    run->lows = bias + outputs;
    run->highs = run->lows + (size_t)run->data->threads * CC_ALIGNMENT / sizeof(float);
    if (run->data->range->runs_left > 0) {
        widen_range(run, execution);
    }
    set_scales(run, scale, bias);
}

/* ---- running ---- */

static void run(const void *memory, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution)
{
    const matrix_data *data = memory;
    unsigned char *scratch = execution->scratch;
    size_t copies = data->copies;
    matrix_run all = {.data = data,
                      .input = input,
                      .residual = residual,
                      .output = output,
                      .elementwise = &kernels->elementwise,
                      .copies = scratch + data->outputs_bytes,
                      .sums = scratch + data->outputs_bytes + copies * data->copy_bytes,
                      .bias = data->packed.bias,
                      .scale = data->packed.bias,
                      .ahead = execution->ahead,
                      .ahead_bytes = execution->ahead_bytes};

    if (data->layout.format == CC_MATRIX_INT8) {
        prepare_bytes(&all, execution, scratch);
    }
    if (!data->cut.shared) {
        cc_parallel(execution, run_strips, &all,
                    output->batch * cc_divide_up(data->cut.strips, data->cut.rolls));
        return;
    }
    cc_parallel(execution, run_copy, &all, output->batch * rows_below(data, output->height));
    cc_parallel(execution, run_group, &all, data->layout.groups * data->cut.splits);
}

/* ---- the algorithms: one for each format, and one for pictures in planes ---- */

static const char *level_split(const cc_kernels *kernels)
{
    return kernels->matrix[CC_MATRIX_SPLIT].level;
}

static const char *level_bf16(const cc_kernels *kernels)
{
    return kernels->matrix[CC_MATRIX_BF16].level;
}

static const char *level_int8(const cc_kernels *kernels)
{
    return kernels->matrix[CC_MATRIX_INT8].level;
}

static bool suits_split(const cc_convolution *c, const cc_kernels *kernels)
{
    return suits_blocks(c, kernels, CC_MATRIX_SPLIT);
}

static bool suits_bf16(const cc_convolution *c, const cc_kernels *kernels)
{
    return suits_blocks(c, kernels, CC_MATRIX_BF16);
}

static bool suits_int8(const cc_convolution *c, const cc_kernels *kernels)
{
    return suits_blocks(c, kernels, CC_MATRIX_INT8);
}

static double cost_split(const cc_convolution *c, const cc_kernels *kernels)
{
    return cost(c, kernels, CC_MATRIX_SPLIT);
}

static double cost_bf16(const cc_convolution *c, const cc_kernels *kernels)
{
    return cost(c, kernels, CC_MATRIX_BF16);
}

static double cost_int8(const cc_convolution *c, const cc_kernels *kernels)
{
    return cost(c, kernels, CC_MATRIX_INT8);
}

static cc_status prepare_split(const cc_convolution *c, const cc_kernels *kernels,
                               cc_thread_pool *pool, void **data, size_t *bytes, size_t *scratch,
                               cc_error *error)
{
    return prepare(c, kernels, CC_MATRIX_SPLIT, false, pool, data, bytes, scratch, error);
}

static cc_status prepare_to_planes(const cc_convolution *c, const cc_kernels *kernels,
                                   cc_thread_pool *pool, void **data, size_t *bytes,
                                   size_t *scratch, cc_error *error)
{
    return prepare(c, kernels, CC_MATRIX_SPLIT, true, pool, data, bytes, scratch, error);
}

static cc_status prepare_bf16(const cc_convolution *c, const cc_kernels *kernels,
                              cc_thread_pool *pool, void **data, size_t *bytes, size_t *scratch,
                              cc_error *error)
{
    return prepare(c, kernels, CC_MATRIX_BF16, false, pool, data, bytes, scratch, error);
}

static cc_status prepare_int8(const cc_convolution *c, const cc_kernels *kernels,
                              cc_thread_pool *pool, void **data, size_t *bytes, size_t *scratch,
                              cc_error *error)
{
    return prepare(c, kernels, CC_MATRIX_INT8, false, pool, data, bytes, scratch, error);
}

const cc_convolution_algorithm cc_convolution_split = {.name = "direct, split bf16",
                                                       .level = level_split,
                                                       .input_layout = CC_BLOCKED,
                                                       .output_layout = CC_BLOCKED,
                                                       .suits = suits_split,
                                                       .cost = cost_split,
                                                       .prepare = prepare_split,
                                                       .run = run,
                                                       .release = release,
                                                       .weights = weights};

const cc_convolution_algorithm cc_convolution_split_planes = {.name = "planes, split bf16",
                                                              .level = level_split,
                                                              .input_layout = CC_PLAIN,
                                                              .output_layout = CC_BLOCKED,
                                                              .suits = suits_planes,
                                                              .cost = cost_split,
                                                              .prepare = prepare_split,
                                                              .run = run,
                                                              .release = release,
                                                              .weights = weights};

const cc_convolution_algorithm cc_convolution_split_to_planes = {.name = "to planes, split bf16",
                                                                 .level = level_split,
                                                                 .input_layout = CC_BLOCKED,
                                                                 .output_layout = CC_PLAIN,
                                                                 .suits = suits_to_planes,
                                                                 .cost = cost_split,
                                                                 .prepare = prepare_to_planes,
                                                                 .run = run,
                                                                 .release = release,
                                                                 .weights = weights};

const cc_convolution_algorithm cc_convolution_bf16 = {.name = "direct, bf16",
                                                      .level = level_bf16,
                                                      .input_layout = CC_BLOCKED,
                                                      .output_layout = CC_BLOCKED,
                                                      .suits = suits_bf16,
                                                      .cost = cost_bf16,
                                                      .prepare = prepare_bf16,
                                                      .run = run,
                                                      .release = release,
                                                      .weights = weights};

const cc_convolution_algorithm cc_convolution_int8 = {.name = "direct, int8",
                                                      .level = level_int8,
                                                      .input_layout = CC_BLOCKED,
                                                      .output_layout = CC_BLOCKED,
                                                      .suits = suits_int8,
                                                      .cost = cost_int8,
                                                      .prepare = prepare_int8,
                                                      .run = run,
                                                      .release = release,
                                                      .weights = weights,
                                                      .range = range_of};
