/* The course of a curved side, followed from station to station. */
#ifndef CLEARCUT_PAGE_SIDE_TRACE_H
#define CLEARCUT_PAGE_SIDE_TRACE_H

#include "page/edge_profile.h"
#include "page/side.h"

/* How a traced side runs at its two ends: s across the side (pixels, in the frame of
 * the corners it was traced between) and its slope per side length, at t = 0 and 1. */
typedef struct cc_side_trace {
    double s[2];
    double slope[2];
    double support[2]; /* share of the stations of each half with an edge on the course */
    double contrast;   /* mean step across the course, grey levels */
    double spread; /* root mean square distance of the edge points from the local fits, pixels */
} cc_side_trace;

/* Follow the edge along a side that no straight line (nor a bulge) explains, around a
 * course that is roughly known: dynamic programming over the stations, whose votes are
 * limited edges and whose price is change of course, then edge points to sub-pixel
 * around that path. Each end is a quadratic fitted to the stations near it, so that a
 * corner is where two curves meet, whatever the paper does in between. Stations at an
 * end where the course turns away steeply (a folded or missing corner) are left out.
 *
 * image: the full picture; a, b: corners; course: pixels across the side at each station,
 * positive into the page; reach: how far from the course the edge may be, fine_step: how
 * finely it is looked at, pixels; profiles: room for the profiles. False, with *trace
 * zero, if there is too little of the side in the picture or nothing to fit. */
bool cc_side_trace_run(const cc_image *image, cc_point a, cc_point b,
                       const double course[CC_STATIONS], double reach, double fine_step,
                       cc_profiles *profiles, cc_side_trace *trace);

#endif
