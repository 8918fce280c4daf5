/* Measurements on the network's maps along and inside a quad. */
#ifndef CLEARCUT_PAGE_MEASURE_H
#define CLEARCUT_PAGE_MEASURE_H

#include "page/pass.h"

/* Fill pass->measure from the maps and the fit, which must be a quad. */
void cc_measure_maps(const cc_page_maps *maps, cc_page_pass *pass);

/* What the maps say of any quad, such as the refined one; all 0..1. */
typedef struct cc_quad_measure {
    double weakest_edge; /* as in cc_measure */
    double mean_edge;
    double weakest_corner;
    double mean_corner;
    double inside;
    double outside;
    double thinnest_inside;  /* mean mask just inside of the side where it is least */
    double thickest_outside; /* mean mask just outside of the side where it is most */
    double furthest_peak;    /* distance of a corner from its peak in the corner map, the worst;
                                8 map pixels, or no peak, = 1 */
    double mean_peak;
} cc_quad_measure;

/* `quad` in map pixels of the view that the maps belong to. */
void cc_measure_quad(const cc_page_maps *maps, const cc_quad *quad, cc_quad_measure *found);

#endif
