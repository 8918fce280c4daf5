/* Questions about views. */
#ifndef CLEARCUT_NN_CPU_VIEW_H
#define CLEARCUT_NN_CPU_VIEW_H

#include "nn/backend.h"

/* First pixel of a row of a block of a picture of the batch. */
static inline float *cc_view_row(const cc_view *view, int picture, int block, int y)
{
    return view->data + picture * view->batch_stride + block * view->block_stride +
           y * view->row_stride;
}

/* Is a block other than the last one not full? Only concatenations without copies
 * make such values. Never for PLAIN. */
bool cc_view_has_gaps(const cc_view *view);

/* Do two BLOCKED values hold their channels in the same lanes? */
bool cc_view_same_lanes(const cc_view *a, const cc_view *b);

#endif
