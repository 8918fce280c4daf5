/* Between the plain and the blocked layout. */
#include <string.h>

#include "nn/cpu/families.h"
#include "nn/cpu/view.h"

typedef struct layout_run {
    const cc_view *from;
    const cc_view *to;
} layout_run;

/* 16 channel planes into one row of pixels of 16 lanes. */
static void block_row(float *to, const float *from, ptrdiff_t channel_stride, int lanes, int width)
{
    for (int x = 0; x < width; x++) {
        for (int lane = 0; lane < lanes; lane++) {
            to[x * CC_BLOCK + lane] = from[lane * channel_stride + x];
        }
        for (int lane = lanes; lane < CC_BLOCK; lane++) {
            to[x * CC_BLOCK + lane] = 0;
        }
    }
}

static void unblock_row(float *to, const float *from, ptrdiff_t channel_stride, int lanes,
                        int width)
{
    for (int lane = 0; lane < lanes; lane++) {
        for (int x = 0; x < width; x++) {
            to[lane * channel_stride + x] = from[x * CC_BLOCK + lane];
        }
    }
}

/* Channels held by the blocks before this one. */
static int first_channel(const cc_view *blocked, int block)
{
    int channel = 0;

    for (int i = 0; i < block; i++) {
        channel += blocked->lanes[i];
    }
    return channel;
}

/* One task is one row of all blocks of one picture. */
static void convert_row(void *context, int task, int worker)
{
    const layout_run *run = context;
    bool blocking = run->to->layout == CC_BLOCKED;
    const cc_view *blocked = blocking ? run->to : run->from;
    const cc_view *plain = blocking ? run->from : run->to;
    int picture = task / blocked->height;
    int y = task % blocked->height;

    (void)worker;
    for (int block = 0; block < blocked->blocks; block++) {
        int channel = first_channel(blocked, block);
        float *row = cc_view_row(blocked, picture, block, y);
        float *plane = cc_view_row(plain, picture, channel, y);
        if (blocking) {
            block_row(row, plane, plain->block_stride, blocked->lanes[block], blocked->width);
        } else {
            unblock_row(plane, row, plain->block_stride, blocked->lanes[block], blocked->width);
        }
    }
}

static void copy_plain(void *context, int task, int worker)
{
    const layout_run *run = context;
    const cc_view *from = run->from;

    (void)worker;
    memcpy(run->to->data + task * run->to->batch_stride, from->data + task * from->batch_stride,
           (size_t)from->batch_stride * sizeof(float));
}

static void run_layout(const cc_step *step, cc_execution *execution)
{
    layout_run run = {step->inputs[0], step->outputs[0]};

    if (run.from->layout == run.to->layout) {
        cc_parallel(execution, copy_plain, &run, run.from->batch);
    } else {
        cc_parallel(execution, convert_row, &run, run.from->batch * run.from->height);
    }
}

const cc_family cc_cpu_layout = {.name = "layout", .run = run_layout};
