/* Alpha in the unknown band of a trimap, by closed-form matting.
 */
#ifndef CLEARCUT_MATTE_ALPHA_H
#define CLEARCUT_MATTE_ALPHA_H

#include <stdatomic.h>

#include "core/threads.h"
#include "image/image.h"

typedef struct cc_alpha_report {
    int unknowns;    /* pixels solved for */
    int iterations;  /* of the conjugate gradients */
    double residual; /* relative to the right-hand side, at the end */
    bool converged;  /* to the limits' tolerance within their iterations */
} cc_alpha_report;

/* When to stop: what PyMatting's estimate_alpha_cf takes, or less. */
typedef struct cc_alpha_limits {
    double tolerance; /* residual relative to the right-hand side */
    int iterations;
} cc_alpha_limits;

#define CC_ALPHA_EXACT_LIMITS ((cc_alpha_limits){1e-7, 10000})

/* Solve for alpha: exactly 0 and 1 where the trimap knows, between (inclusive) where
 * it does not. image: 1..4 channels, its own alpha not looked at; trimap: the same
 * size, see trimap.h; both sides at least 3 pixels. alpha: width * height packed
 * floats of the caller. pool and cancel may be NULL. The same result for any number
 * of threads. If the limits' tolerance is not reached report->converged is false and alpha is the
 * last iterate. Errors: as cc_matting_system_make, and CC_INTERNAL as cc_cholesky_make. */
cc_status cc_alpha_solve(const cc_image *image, const cc_image *trimap,
                         const cc_alpha_limits *limits, cc_thread_pool *pool,
                         const atomic_bool *cancel, float *alpha, cc_alpha_report *report,
                         cc_error *error);

#endif
