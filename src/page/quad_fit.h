/* Four sides fitted to an outline. */
#ifndef CLEARCUT_PAGE_QUAD_FIT_H
#define CLEARCUT_PAGE_QUAD_FIT_H

#include "page/outline.h"
#include "page/side.h"

typedef enum cc_fit_outcome {
    CC_FIT_QUAD,     /* four sides were fitted */
    CC_FIT_EMPTY,    /* nothing above the level, or under 0.4 % of the picture */
    CC_FIT_FULL,     /* the mask fills more than 98.5 % of the picture */
    CC_FIT_SHAPELESS /* no quadrilateral in it */
} cc_fit_outcome;

/* Points of the outline along each side that are kept for the refinement. */
enum { CC_COURSE = 32 };

typedef struct cc_quad_fit {
    cc_fit_outcome outcome;
    cc_quad quad;                  /* map pixels, ordered, convex; may leave the frame */
    double iou;                    /* with the outline, inside the frame */
    bool on_frame[4];              /* side i (corner i to i + 1) is the picture's frame */
    double residual[4];            /* of each side's fit, map pixels; 0 on the frame */
    double supporting[4];          /* share of each side's outline near the fit, 0..1 */
    double bulge[4];               /* curl of each side, map pixels, positive inwards */
    bool snapped[4];               /* corner i was taken from the corner map (corner_snap.h) */
    cc_point course[4][CC_COURSE]; /* the outline along each side, from corner to corner */
    int course_count[4];           /* how many of them there are */
} cc_quad_fit;

/* Reduce the hull to four sides, then fit each side robustly to the middle 92 % of
 * the outline points nearest to it (points on the frame left out, unless most of
 * the side is the frame), intersect, and repeat; a round that lowers the overlap
 * with the outline is not kept. Only CC_OUT_OF_MEMORY can fail. */
cc_status cc_quad_fit_outline(const cc_outline *outline, cc_quad_fit *fit, cc_error *error);

/* Intersection over union of the outline and a convex clockwise quad cut to the
 * frame. `scratch` has room for 2 * CC_CLIP_CAPACITY(count) + count points. */
double cc_outline_quad_iou(const cc_outline *outline, const cc_quad *quad, cc_point *scratch);

/* Fill course and course_count of a fit whose outcome is a quad: for each of CC_COURSE
 * parts of a side the median of the outline points that lie off it by at most 7 map
 * pixels of a map of 128, none on the frame. Parts without points are left out. */
void cc_quad_fit_course(const cc_outline *outline, cc_quad_fit *fit);

#endif
