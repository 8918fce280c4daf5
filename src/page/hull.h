/* Convex hull, and its reduction to four sides. */
#ifndef CLEARCUT_PAGE_HULL_H
#define CLEARCUT_PAGE_HULL_H

#include "page/outline.h"

/* A first quad around an outline: its convex hull, from which one side after the
 * other is dropped (the neighbours prolonged until they meet) at the least area
 * added, until four remain. Sides that are only the picture's frame are dropped
 * more readily, because nobody sees the area added beyond it. The quad is convex,
 * clockwise, in map pixels, and contains the outline. *found is false if the
 * hull has fewer than four sides. Only CC_OUT_OF_MEMORY can fail. */
cc_status cc_hull_quad(const cc_outline *outline, cc_quad *quad, bool *found, cc_error *error);

#endif
