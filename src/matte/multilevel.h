/* A preconditioner for matting systems on several scales.
 *
 * An incomplete factor moves information a few pixels at a time. Here every scale,
 * each half the size of the one before, adds its own incomplete factor's answer
 * (additive multilevel: J. Bramble, J. Pasciak, J. Xu, "Parallel Multilevel
 * Preconditioners", 1990): interpolation is bilinear, the coarse matrices are the
 * Galerkin products, which keep the 5x5 pattern.
 */
#ifndef CLEARCUT_MATTE_MULTILEVEL_H
#define CLEARCUT_MATTE_MULTILEVEL_H

#include "matte/cholesky.h"
#include "matte/laplacian.h"

enum { CC_MULTILEVEL_MOST = 12 };

typedef struct cc_multilevel {
    int levels;
    const cc_matting_system *system[CC_MULTILEVEL_MOST]; /* the first is the caller's */
    cc_matting_system coarse[CC_MULTILEVEL_MOST];        /* what the others point to */
    cc_cholesky factor[CC_MULTILEVEL_MOST];
    float *vector[CC_MULTILEVEL_MOST]; /* spread; the first is not used */
} cc_multilevel;

/* Prepare it; the system is borrowed until cc_multilevel_free. Errors:
 * CC_OUT_OF_MEMORY, CC_INTERNAL as cc_cholesky_make; *multilevel is {0} then. */
cc_status cc_multilevel_make(const cc_matting_system *system, cc_multilevel *multilevel,
                             cc_error *error);
void cc_multilevel_free(cc_multilevel *multilevel);

/* Apply it in place; vector as for cc_cholesky_solve. Changes the scales' vectors:
 * one call at a time. */
void cc_multilevel_apply(cc_multilevel *multilevel, float *vector);

#endif
