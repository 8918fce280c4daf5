/* Incomplete Cholesky factor of a matting system: a preconditioner.
 *
 * The factor keeps the matrix's own pattern (no fill-in), in single precision: it
 * steers the iteration but does not decide the solution.
 */
#ifndef CLEARCUT_MATTE_CHOLESKY_H
#define CLEARCUT_MATTE_CHOLESKY_H

#include "matte/laplacian.h"

typedef struct cc_cholesky {
    float *inverse_diagonal; /* unknowns */
    float *later;            /* CC_MATTING_LATER x unknowns: the columns below the diagonal */
    double shift;            /* what had to be added to the diagonal to succeed; usually 0 */
} cc_cholesky;

/* Factorize. Errors: CC_OUT_OF_MEMORY; *factor is {0} then. CC_INTERNAL if no shift
 * makes the matrix positive definite, which needs entries that are no numbers. */
cc_status cc_cholesky_make(const cc_matting_system *system, cc_cholesky *factor, cc_error *error);
void cc_cholesky_free(cc_cholesky *factor);

/* Solve factor * transpose(factor) * x = b in place. vector: laid out as the picture
 * with 2 * width + 2 more elements at the end, b at the unknown pixels and zero
 * elsewhere, which stays so. */
void cc_cholesky_solve(const cc_cholesky *factor, const cc_matting_system *system, float *vector);

#endif
