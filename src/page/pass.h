/* One look of the network at a picture, or at a part of it. */
#ifndef CLEARCUT_PAGE_PASS_H
#define CLEARCUT_PAGE_PASS_H

#include "page/maps.h"
#include "page/quad_fit.h"

/* The part of the picture that was shown, in whole pixels. */
typedef struct cc_page_view {
    int x;
    int y;
    int width;
    int height;
} cc_page_view;

/* What the maps say along and inside the fitted quad; all 0..1. */
typedef enum cc_measure {
    CC_MEASURE_FIT_IOU,        /* overlap of fitted quad and mask outline */
    CC_MEASURE_WEAKEST_EDGE,   /* edge map along the weakest side */
    CC_MEASURE_MEAN_EDGE,      /* and along all sides */
    CC_MEASURE_WEAKEST_CORNER, /* corner map at the weakest visible corner */
    CC_MEASURE_MEAN_CORNER,
    CC_MEASURE_INSIDE,      /* mean mask inside the quad */
    CC_MEASURE_OUTSIDE,     /* mean mask outside the quad */
    CC_MEASURE_DOUBT,       /* mask pixels neither yes nor no, against those inside */
    CC_MEASURE_WEAKEST_FIT, /* outline points that agree with the worst side */
    CC_MEASURE_RESIDUAL,    /* spread of the outline about the worst side, 2 map pixels = 1 */
    CC_MEASURE_BULGE,       /* largest curl of a side, 6 map pixels = 1 */
    CC_MEASURE_SNAPPED,     /* share of corners taken from the corner map */
    CC_MEASURE_OTHERS,      /* area of other components of the mask, against this one */
    CC_MEASURE_LEVEL,       /* 0 if the outline is that at 0.5, more if only higher
                               ones are four-sided */
    CC_MEASURE_VISIBLE,     /* share of the sides' length inside the view */
    CC_MEASURE_NONE,        /* class probabilities of the view */
    CC_MEASURE_FLAT,
    CC_MEASURE_COUNT
} cc_measure;

typedef struct cc_page_pass {
    cc_page_view view;
    cc_quad_fit fit;                  /* in map pixels of the view */
    cc_quad quad;                     /* in picture pixels; valid if the fit's outcome is a quad */
    double coverage;                  /* share of the view inside the mask outline */
    double measure[CC_MEASURE_COUNT]; /* all but the classes only if there is a quad */
} cc_page_pass;

/* Outline, fit, corners from the corner map where sides do not hold, measures. Where
 * the outline at level 0.5 is not four-sided or has no edges (the mask leaks into
 * something less sure beside the page), higher levels are tried in turn. Only
 * CC_OUT_OF_MEMORY can fail; *pass is then cleared. */
cc_status cc_page_pass_run(const cc_page_maps *maps, const cc_page_view *view, cc_page_pass *pass,
                           cc_error *error);

/* The part of the picture around a pass's quad, `margin` of the quad's extent added on
 * each side. False if there is no quad, or the part is nearly the whole picture or tiny. */
bool cc_page_view_around(const cc_image *image, const cc_page_pass *pass, double margin,
                         cc_page_view *view);

/* The part of the picture around the quad of a first pass that is worth a second
 * look: 7 % of the quad's extent added on each side. False if there is no quad, or
 * the part is nearly the whole picture or tiny. */
bool cc_page_second_view(const cc_image *image, const cc_page_pass *first, cc_page_view *view);

#endif
