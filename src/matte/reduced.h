/* Alpha for large bands: solved on a smaller picture, carried up by its colours
 * (color_model.h).
 */
#ifndef CLEARCUT_MATTE_REDUCED_H
#define CLEARCUT_MATTE_REDUCED_H

#include "matte/alpha.h"

/* Most pixels solved for: with the limits below about a second of one core. */
enum { CC_REDUCED_UNKNOWNS = 100000 };

/* When to stop where the solution is not kept to the last digit. */
#define CC_ALPHA_QUICK_LIMITS ((cc_alpha_limits){1e-5, 2000})

/* The least factor by which both sides must shrink for a band of that many pixels to
 * come below CC_REDUCED_UNKNOWNS: 1 (nothing to reduce), 2, 3, ... */
int cc_reduced_factor(uint64_t unknowns);

/* As cc_alpha_solve, on a picture whose sides are `factor` (2 or more) times smaller:
 * squares of pixels averaged, unknown wherever not all of a square's pixels are known
 * and alike. Known pixels of the trimap keep their value exactly. The report is that
 * of the small solution. CC_INVALID_ARGUMENT if the small sides fall below 3 pixels.
 * Memory: cc_matting_bytes of the small picture, and 24 bytes for each of its
 * pixels. */
cc_status cc_alpha_solve_reduced(const cc_image *image, const cc_image *trimap, int factor,
                                 const cc_alpha_limits *limits, cc_thread_pool *pool,
                                 const atomic_bool *cancel, float *alpha, cc_alpha_report *report,
                                 cc_error *error);

#endif
