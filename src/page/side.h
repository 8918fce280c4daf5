/* One side of a page as a robust fit to measured points.
 *
 * In the frame of the side's two corners (t along it, 0 at the first and 1 at
 * the second; s across it, positive into the page) a side is
 *
 *     s(t) = offset + slope * t + bulge * 4 t (1 - t)
 *
 * The bulge takes up the curl of paper: it vanishes at both corners, so that the
 * straight part goes on running through them.
 */
#ifndef CLEARCUT_PAGE_SIDE_H
#define CLEARCUT_PAGE_SIDE_H

#include <stdbool.h>

#include "page/geometry.h"

typedef struct cc_side_sample {
    double t;
    double s;
    double weight; /* how far to believe it, >= 0 */
} cc_side_sample;

typedef struct cc_side_model {
    double offset;
    double slope;
    double bulge;
    double residual;     /* root of the weighted mean square, in the unit of s */
    double supporting;   /* share of the weight that lies within twice the scale, 0..1 */
    double end_error[2]; /* standard error of s at t = 0 and t = 1 (no bulge) */
} cc_side_model;

/* Fit by iteratively reweighted least squares with Cauchy weights
 * 1 / (1 + (r / scale)^2), beginning wide and ending at `scale` (unit of s).
 * with_bulge adds the third term. False if fewer than three samples (five with a
 * bulge) have weight, or they do not determine the fit; *model is then zero. */
bool cc_side_fit(const cc_side_sample *samples, int count, double scale, bool with_bulge,
                 cc_side_model *model);

/* The straight fit, unless less than 85 % of the samples support it, the curved one
 * has at least 12 % more support, and every third of the side takes part. */
bool cc_side_fit_best(const cc_side_sample *samples, int count, double scale, cc_side_model *model);

/* s at t. */
double cc_side_at(const cc_side_model *model, double t);

/* Straight part of the model as a line, for a side from a to b. */
cc_line cc_side_line(const cc_side_model *model, cc_point a, cc_point b);

#endif
