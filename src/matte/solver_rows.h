/* The solver's innermost loops, for the processor there is. */
#ifndef CLEARCUT_MATTE_SOLVER_ROWS_H
#define CLEARCUT_MATTE_SOLVER_ROWS_H

#include "matte/cholesky.h"
#include "matte/laplacian.h"

typedef struct cc_solver_rows {
    /* Add a run's part of matrix * direction to product; both spread. The diagonal is
     * not counted. Touches product in the run's row and in the two below. */
    void (*multiply)(const cc_matting_system *system, const cc_matting_run *run,
                     const double *direction, double *product);
    /* A run's part of solving with the factor, and with its transpose; vector is spread. */
    void (*forward)(const cc_cholesky *factor, const cc_matting_system *system,
                    const cc_matting_run *run, float *vector);
    void (*backward)(const cc_cholesky *factor, const cc_matting_system *system,
                     const cc_matting_run *run, float *vector);
} cc_solver_rows;

/* Static. Thread-safe. */
const cc_solver_rows *cc_solver_rows_choose(void);

extern const cc_solver_rows cc_solver_rows_portable;
#if defined(__x86_64__)
extern const cc_solver_rows cc_solver_rows_avx2;
#endif

#endif
