/* Inside of solving: loops over a run of unknowns. Compiled once for every instruction
 * set (solver_rows.c, solver_rows_avx2.c): without fused operations, so that all give the
 * same numbers, to the last bit. */
#ifndef CLEARCUT_MATTE_SOLVER_ROWS_KERNEL_H
#define CLEARCUT_MATTE_SOLVER_ROWS_KERNEL_H

#include "matte/solver_rows.h"

/* A row of the upper triangle serves both ways: what a pixel takes from a later
 * one, and what it gives to it. */
static inline void multiply_run(const cc_matting_system *system, const cc_matting_run *run,
                                const double *direction, double *products)
{
    for (size_t slot = 0; slot < CC_MATTING_LATER; slot++) {
        const double *entry = system->later + slot * (size_t)system->unknowns + run->first;
        const double *here = direction + run->pixel;
        const double *there = here + system->offset[slot];
        double *product = products + run->pixel;
        double *later_product = product + system->offset[slot];
        for (int32_t i = 0; i < run->length; i++) {
            product[i] += entry[i] * there[i];
        }
        for (int32_t i = 0; i < run->length; i++) {
            later_product[i] += entry[i] * here[i];
        }
    }
}

enum { SAME_ROW = 2 }; /* the first slots */

/* Forward through one run: its own pixels one after another, then the rows below
 * in whole vectors. */
static inline void forward_run(const cc_cholesky *factor, const cc_matting_system *system,
                               const cc_matting_run *run, float *vector)
{
    size_t unknowns = (size_t)system->unknowns;
    float *here = vector + run->pixel;
    const float *inverse = factor->inverse_diagonal + run->first;
    const float *next = factor->later + run->first;
    const float *after_next = next + unknowns;

    for (int32_t i = 0; i < run->length; i++) {
        here[i] *= inverse[i];
        here[i + 1] -= next[i] * here[i];
        here[i + 2] -= after_next[i] * here[i];
    }
    for (size_t slot = SAME_ROW; slot < CC_MATTING_LATER; slot++) {
        const float *entry = factor->later + slot * unknowns + run->first;
        float *below = vector + run->pixel + system->offset[slot];
        for (int32_t i = 0; i < run->length; i++) {
            below[i] -= entry[i] * here[i];
        }
    }
}

static inline void backward_run(const cc_cholesky *factor, const cc_matting_system *system,
                                const cc_matting_run *run, float *vector)
{
    size_t unknowns = (size_t)system->unknowns;
    float *here = vector + run->pixel;
    const float *inverse = factor->inverse_diagonal + run->first;
    const float *next = factor->later + run->first;
    const float *after_next = next + unknowns;

    for (size_t slot = SAME_ROW; slot < CC_MATTING_LATER; slot++) {
        const float *entry = factor->later + slot * unknowns + run->first;
        const float *below = vector + run->pixel + system->offset[slot];
        for (int32_t i = 0; i < run->length; i++) {
            here[i] -= entry[i] * below[i];
        }
    }
    for (int32_t i = run->length - 1; i >= 0; i--) {
        here[i] = (here[i] - next[i] * here[i + 1] - after_next[i] * here[i + 2]) * inverse[i];
    }
}

#endif
