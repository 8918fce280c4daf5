/* Corners taken from the network's corner map where straight sides do not hold. */
#ifndef CLEARCUT_PAGE_CORNER_SNAP_H
#define CLEARCUT_PAGE_CORNER_SNAP_H

#include "page/quad_fit.h"

/* On curled paper the intersection of two fitted sides misses the corner of the
 * sheet. A corner with a badly supported side moves to the nearest clear peak of
 * the corner map (size x size, nominally 0..1, NaN allowed) within a tenth of the
 * map, if the quad stays convex. fit->quad and fit->snapped are updated; its
 * iou is left as it was. Returns how many corners moved. */
int cc_corner_snap(const float *corner_map, int size, cc_quad_fit *fit);

/* The largest value of a map within `radius` map pixels of a point, 0 if that is
 * outside; *peak (may be NULL) is its centre of gravity, sub-pixel. */
double cc_map_peak(const float *map, int size, cc_point at, double radius, cc_point *peak);

#endif
