/* What else the network's maps show besides a quad: other edges and other corners. */
#ifndef CLEARCUT_PAGE_RIVALS_H
#define CLEARCUT_PAGE_RIVALS_H

#include "page/maps.h"

/* All 0..1. A quad that stops short at a band printed on the page, or takes in another
 * paper, leaves edges and corners over. */
typedef struct cc_rivals {
    double edge_outside;   /* mean edge map along the strongest line parallel to a side, 3 to 28
                              map pixels outside it */
    double edge_inside;    /* and inside */
    double corner_outside; /* highest of the corner map outside the quad, 8 map pixels or more
                              from its corners */
    double corner_inside;  /* and inside */
    double mask_outside;   /* greatest share of the mask above one half in a band of 4 to 16 map
                              pixels outside a side */
} cc_rivals;

/* `quad`, convex and clockwise, in map pixels of the view that the maps belong to. Cannot
 * fail. Any thread. */
void cc_rivals_measure(const cc_page_maps *maps, const cc_quad *quad, cc_rivals *rivals);

#endif
