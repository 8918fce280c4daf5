/* Layout and division of work for convolution in short numbers.
 *
 * The estimate counts cycles of one core. Its constants were measured on a Xeon with
 * AMX (November 2026, 2 MB second-level cache): a step of the kernel in the table of
 * kernels; COPY_CYCLES to convert a pixel of a block, mostly waiting for memory;
 * FINISH_CYCLES to store one; and the bytes a core fetches in a cycle from beyond its
 * second-level cache.
 */
#include "nn/cpu/convolution_matrix.h"

#define COPY_CYCLES 11
#define PLANES_CYCLES 3 /* and to interleave one of a picture in planes */
#define FINISH_CYCLES 9
#define SUMS_CYCLES 350 /* to put aside the sums of one chunk and group, and to fetch them */
#define FAR_BYTES 6.0   /* a cycle, from beyond the second-level cache */
#define NEAR_BYTES 40.0 /* from within */
#define MOVE_BYTES 16.0 /* a cycle, to move rows within it */
#define BARRIER_CYCLES 6000

/* A strip's copy may fill this share of what cc_cache_share allows. */
#define COPY_SHARE 0.6

/* Whole-picture copies beyond this, of one picture and of a batch, are not considered:
 * they would only add memory. */
#define SHARED_BYTES ((double)(12 << 20))
#define SHARED_BATCH_BYTES ((double)(48 << 20))

int cc_matrix_input_rows(const cc_convolution *c, int rows)
{
    return (rows - 1) * c->stride[0] + (c->kernel[0] - 1) * c->dilation[0] + 1;
}

/* Zeros that taps reach beside a row. */
static int side_border(const cc_convolution *c)
{
    int after = (c->output[1] - 1) * c->stride[1] + (c->kernel[1] - 1) * c->dilation[1] -
                c->pad[1] - (c->input[1] - 1);
    return after > c->pad[1] ? after : c->pad[1];
}

/* Blocks to a slice: as many as fill a step, but no more than there are. */
static int slots_for(int blocks, int most)
{
    int slots = 1;

    while (slots < most && slots < blocks) {
        slots *= 2;
    }
    return slots;
}

cc_matrix_layout cc_matrix_layout_of(const cc_convolution *c, cc_matrix_format format)
{
    cc_matrix_layout l = {.format = format,
                          .planes = c->input_layout == CC_PLAIN,
                          .parts = format == CC_MATRIX_SPLIT ? 2 : 1,
                          .number_size = format == CC_MATRIX_INT8 ? 1 : 2,
                          .slots = 1,
                          .slice_numbers = CC_MATRIX_PLANES,
                          .slices = 1,
                          .border = side_border(c),
                          .output_blocks = cc_divide_up(c->output_channels, CC_BLOCK)};

    if (!l.planes) {
        l.slots = slots_for(cc_input_blocks(c), CC_MATRIX_ROW / l.number_size / CC_BLOCK);
        l.slice_numbers = l.slots * CC_BLOCK;
        l.slices = cc_divide_up(cc_input_blocks(c), l.slots);
    }
    l.pixel_bytes = l.slice_numbers * l.number_size;
    l.step_columns = c->dilation[1] == 1 ? CC_MATRIX_ROW / l.pixel_bytes : 1;
    l.step_columns = l.step_columns < c->kernel[1] ? l.step_columns : c->kernel[1];
    l.steps_across = cc_divide_up(c->kernel[1], l.step_columns);
    l.steps_per_slice = c->kernel[0] * l.steps_across;
    l.pitch = c->input[1] + l.border;
    l.groups = cc_divide_up(l.output_blocks, 2);
    return l;
}

int cc_matrix_group_blocks(const cc_matrix_layout *l, int group)
{
    return l->output_blocks - 2 * group < 2 ? 1 : 2;
}

size_t cc_matrix_group_offset(const cc_matrix_layout *l, int group)
{
    return (size_t)group * (size_t)l->slices * (size_t)l->steps_per_slice *
           cc_matrix_step_bytes(l, 2);
}

int cc_matrix_chunks(const cc_matrix_layout *l, const cc_matrix_cut *cut, int rows,
                     int output_width)
{
    return cut->row_chunks > 0
               ? rows * cut->row_chunks
               : cc_divide_up((rows - 1) * l->pitch + output_width, CC_MATRIX_PIXELS);
}

/* ---- the estimate ---- */

typedef struct estimate {
    const cc_convolution *c;
    const cc_matrix_layout *l;
    int threads;
    double slice_step_cycles; /* all groups, all steps of a slice, one chunk */
    double weight_bytes;
    double cache;
} estimate;

static double row_bytes(const estimate *e)
{
    return (double)e->l->pitch * e->l->pixel_bytes * e->l->parts;
}

static double copy_cycles(const estimate *e, int rows)
{
    double pixels = (double)cc_matrix_input_rows(e->c, rows) * e->c->input[1];

    return pixels * (e->l->planes ? PLANES_CYCLES : cc_input_blocks(e->c) * COPY_CYCLES);
}

static double finish_cycles(const estimate *e, int rows)
{
    return (double)rows * e->c->output[1] * e->l->output_blocks * FINISH_CYCLES;
}

static double fetch_cycles(double bytes, bool near)
{
    return bytes / (near ? NEAR_BYTES : FAR_BYTES);
}

/* Strips of so many rows, each taken through all outputs by one thread. */
static cc_matrix_cut cut_in_strips(const estimate *e, cc_matrix_cut cut, int rows)
{
    const cc_matrix_layout *l = e->l;
    double slice_bytes = cc_matrix_input_rows(e->c, rows) * row_bytes(e);
    int fit = (int)(e->cache * COPY_SHARE / slice_bytes);

    cut.strip_rows = rows;
    cut.strips = cc_divide_up(e->c->output[0], rows);
    cut.rolls = 1;
    cut.resident_slices = fit < 1 ? 1 : fit < l->slices ? fit : l->slices;
    double passes = cc_divide_up(l->slices, cut.resident_slices);
    double chunks = cc_matrix_chunks(l, &cut, rows, e->c->output[1]);
    double sums = chunks * l->groups * 2 * CC_MATRIX_SUMS;
    /* Sums put aside, and a copy of one slice that is too large, leave the cache. */
    double moves = (passes - 1) * chunks * l->groups * SUMS_CYCLES * (sums > e->cache / 2 ? 3 : 1);
    double leaks = fit < 1 ? l->slices * l->groups * fetch_cycles(slice_bytes, false) : 0;
    bool near = e->weight_bytes < e->cache / 2;
    double strip = copy_cycles(e, rows) + finish_cycles(e, rows) + moves + leaks +
                   chunks * l->slices * e->slice_step_cycles + fetch_cycles(e->weight_bytes, near);
    /* The last round of strips may leave threads idle. */
    int all = cut.strips * e->c->batch;
    cut.cycles = strip * cc_divide_up(all, e->threads) * e->threads;
    return cut;
}

/* Tasks that a thread gets at least, if there are rows enough: what it loses by waiting at
 * the end is below half a task. */
#define ROLLED_TASKS 4

/* Strips that follow each other in a task, each only copying what the one before did not:
 * they are small enough for the copy of all channels, and the weights, to stay near. */
static cc_matrix_cut cut_in_rolls(const estimate *e, cc_matrix_cut cut, int rows)
{
    const cc_matrix_layout *l = e->l;
    int height = e->c->output[0];
    int tasks = e->threads == 1 ? 1 : ROLLED_TASKS * e->threads;
    int read = cc_matrix_input_rows(e->c, rows);
    int kept = read - rows * e->c->stride[0];

    cut.strip_rows = rows;
    cut.strips = cc_divide_up(height, rows);
    cut.rolls = cc_divide_up(cut.strips, tasks < cut.strips ? tasks : cut.strips);
    cut.resident_slices = l->slices;
    kept = kept > 0 ? kept : 0;
    tasks = cc_divide_up(cut.strips, cut.rolls);
    double each = (double)read / cc_matrix_input_rows(e->c, 1) * copy_cycles(e, 1);
    double copies = each * (cut.strips * (double)(read - kept) + tasks * (double)kept) / read;
    double moves = (double)(cut.strips - tasks) * kept * row_bytes(e) * l->slices / MOVE_BYTES;
    double chunks = cc_matrix_chunks(l, &cut, rows, e->c->output[1]);
    bool near = e->weight_bytes < e->cache / 2;
    double strip = finish_cycles(e, rows) + chunks * l->slices * e->slice_step_cycles +
                   fetch_cycles(e->weight_bytes, near);
    double share = (double)cc_divide_up(tasks * e->c->batch, e->threads) * e->threads / tasks;
    cut.cycles = (copies + moves + strip * cut.strips) * share;
    return cut;
}

static bool can_roll(const estimate *e, int rows)
{
    return cc_matrix_input_rows(e->c, rows) * row_bytes(e) * e->l->slices < e->cache * COPY_SHARE;
}

/* Pictures copied as a whole; then each thread takes its groups of outputs, of all of
 * them, so that weights are fetched once for the batch. */
static cc_matrix_cut cut_in_groups(const estimate *e, cc_matrix_cut cut)
{
    const cc_matrix_layout *l = e->l;
    int rows = e->c->output[0];
    double slice_bytes = cc_matrix_input_rows(e->c, rows) * row_bytes(e);
    double copy = slice_bytes * l->slices;
    double group_weights = e->weight_bytes / l->groups;
    bool near = copy + group_weights < 1.5 * e->cache;
    double chunks = cc_matrix_chunks(l, &cut, rows, e->c->output[1]);

    cut.shared = true;
    cut.strip_rows = rows;
    cut.strips = 1;
    cut.splits = e->threads == 1 ? 1 : cc_divide_up(2 * e->threads, l->groups);
    cut.resident_slices = l->slices;
    if (!near) {
        int fit = (int)(e->cache * COPY_SHARE / slice_bytes);
        cut.resident_slices = fit < 1 ? 1 : fit < l->slices ? fit : l->slices;
    }
    double passes = cc_divide_up(l->slices, cut.resident_slices);
    cut.cycles = copy_cycles(e, rows) + finish_cycles(e, rows) +
                 (passes - 1) * chunks * l->groups * SUMS_CYCLES +
                 chunks * l->slices * e->slice_step_cycles;
    /* What another thread copied comes from afar once, and again for each group where
     * it does not stay. */
    cut.cycles += fetch_cycles(copy, false) * (near ? e->threads - 1 : l->groups * cut.splits);
    cut.cycles *= e->c->batch;
    cut.cycles +=
        e->threads * BARRIER_CYCLES + fetch_cycles(e->weight_bytes, e->weight_bytes < e->cache / 2);
    return cut;
}

cc_matrix_cut cc_matrix_cut_of(const cc_convolution *c, const cc_matrix_layout *l,
                               const cc_matrix_kernels *kernels, int threads)
{
    int height = c->output[0];
    bool odd = l->output_blocks % 2 != 0;
    double wide = l->output_blocks / 2 * kernels->step_cycles[1];
    estimate e = {.c = c,
                  .l = l,
                  .threads = threads,
                  .slice_step_cycles =
                      l->steps_per_slice * (wide + (odd ? kernels->step_cycles[0] : 0)),
                  .cache = (double)cc_cache_share()};
    cc_matrix_cut start = {.row_chunks = cc_divide_up(c->output[1], CC_MATRIX_PIXELS)};
    cc_matrix_cut runs_on = {0};

    e.weight_bytes = (double)l->slices * l->steps_per_slice * l->output_blocks *
                     (double)cc_matrix_step_bytes(l, 1);
    /* Rows can only run on into each other where an output row has no more pixels than
     * a row of the copy; with padding beyond the taps it may. */
    if (c->output[1] <= l->pitch && cc_matrix_chunks(l, &start, height, c->output[1]) >
                                        cc_matrix_chunks(l, &runs_on, height, c->output[1])) {
        start.row_chunks = 0;
    }
    cc_matrix_cut best = cut_in_groups(&e, start);
    double copy = cc_matrix_input_rows(c, height) * row_bytes(&e) * l->slices;
    bool too_large = copy > SHARED_BYTES || copy * c->batch > SHARED_BATCH_BYTES;
    for (int strips = 1, last = 0; strips <= height; strips++) {
        int rows = cc_divide_up(height, strips);
        if (rows == last) {
            continue;
        }
        last = rows;
        cc_matrix_cut next = cut_in_strips(&e, start, rows);
        if (next.cycles < best.cycles || (too_large && best.shared)) {
            best = next;
        }
        if (can_roll(&e, rows)) {
            next = cut_in_rolls(&e, start, rows);
            best = next.cycles < best.cycles ? next : best;
        }
    }
    return best;
}
