/* Sides of a quad moved onto the edges of the full picture, sub-pixel. */
#ifndef CLEARCUT_PAGE_QUAD_REFINE_H
#define CLEARCUT_PAGE_QUAD_REFINE_H

#include "page/geometry.h"
#include "page/quad_fit.h"
#include "page/side.h"

typedef struct cc_refine_options {
    double reach;                  /* how far from the first guess an edge is looked for, pixels */
    bool fixed[4];                 /* sides that are not to be moved (the picture's frame) */
    double bulge[4];               /* first guess of each side's curl, pixels, positive inwards */
    cc_point course[4][CC_COURSE]; /* where each side runs, roughly, from corner to corner */
    int course_count[4];           /* points of the course; 0 if it is not known */
    double course_error;           /* pixels by which the course is typically off */
} cc_refine_options;

typedef struct cc_refined_side {
    bool measured;   /* there was enough of it in the picture to look at */
    bool moved;      /* the edge was consistent and the side now lies on it */
    double support;  /* share of the stations along it that agree on the edge, 0..1 */
    double contrast; /* typical step across it there, in grey levels of 0..255 */
    double residual; /* spread of the edge points about the fitted side, pixels */
    double shift;    /* largest move of an end of the side, pixels */
    double bulge;    /* curl, pixels, positive into the page */
} cc_refined_side;

typedef struct cc_refinement {
    cc_quad quad; /* refined where the evidence allowed, else as given */
    cc_refined_side side[4];
    int traced;             /* ends of sides (0 to 8) that were traced along a curve */
    double corner_error[4]; /* standard error from the fits, pixels; 0 = not measured */
} cc_refinement;

/* Refine a convex clockwise quad given in pixels of `image` (1 to 4 channels; where
 * transparent, mid grey is seen). Each side is examined by profiles across it, from
 * coarse (options->reach) to fine (a few pixels). At every level the colour step
 * between the two sides gives the direction in which the gradient is measured, each
 * profile gives one edge point, and the side is fitted to them (side.h) by weighted
 * least squares. A side whose edge is weak, inconsistent or further than `reach`
 * away stays as it was; so does everything if the result is no convex quad. Cannot
 * fail; nothing is allocated. Any thread. */
void cc_quad_refine(const cc_image *image, const cc_quad *quad, const cc_refine_options *options,
                    cc_refinement *refinement);

#endif
