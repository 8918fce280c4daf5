/* From a probability map to the sub-pixel outline of the page in it. */
#ifndef CLEARCUT_PAGE_OUTLINE_H
#define CLEARCUT_PAGE_OUTLINE_H

#include <stdbool.h>

#include "page/geometry.h"

typedef struct cc_outline_point {
    cc_point at;
    bool on_frame; /* within half a map pixel of the picture's frame: this is where
                      the picture ends, not where the page does */
} cc_outline_point;

/* The outer boundary of one connected component, clockwise, closed, without its
 * holes. Coordinates are map pixels: 0..size by 0..size, centres at + 0.5. */
typedef struct cc_outline {
    cc_outline_point *points; /* owned; NULL if count is 0 */
    int count;
    double size;
    double area;     /* square map pixels, holes filled */
    double coverage; /* area / size^2, 0..1 */
    double others;   /* area of everything else above the level / area of this */
} cc_outline;

/* The outline at `level` (0.5: the likeliest; higher: what is surer) of the
 * component with the largest area, weighted by how central it is. map: size x size, row-major,
 * nominally 0..1; NaN counts as 0 and everything is clamped. The map is doubled by bicubic
 * interpolation first and crossings are placed by linear interpolation between samples. A map with
 * nothing above the level gives count 0 and CC_OK. Errors: CC_INVALID_ARGUMENT for size
 * outside 2..1024 or level outside 0..1, CC_OUT_OF_MEMORY; *outline is then {0}. */
cc_status cc_outline_trace(const float *map, int size, double level, cc_outline *outline,
                           cc_error *error);

void cc_outline_free(cc_outline *outline); /* {0} is allowed */

#endif
