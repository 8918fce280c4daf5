#include "matte/alpha.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "matte/laplacian.h"
#include "matte/multilevel.h"
#include "matte/solver_rows.h"

/* Preconditioned conjugate gradients, J. R. Shewchuk, "An Introduction to the
 * Conjugate Gradient Method Without the Agonizing Pain" (1994), B3.
 *
 * Vectors that the matrix or its factor is applied to lie as the picture does
 * ("spread"), so that neighbours in x are neighbours in memory and whole runs are
 * worked on at once; the others have one element for each unknown. */
typedef struct solver {
    const cc_matting_system *system;
    const cc_alpha_limits *limits;
    cc_multilevel *preconditioner;
    cc_thread_pool *pool;
    const cc_solver_rows *rows;
    double *solution;  /* by unknown */
    double *residual;  /* by unknown */
    double *direction; /* spread */
    double *product;   /* spread: matrix * direction */
    float *corrected;  /* spread: residual after the preconditioner */
    double *partial;   /* sums by strip; added in order, whatever thread did them */
    double step;       /* along the direction, this iteration */
    double keep;       /* of the old direction */
    int parity;
} solver;

/* ---- the steps, one strip at a time ---- */

static void next_direction(void *context, int task, int worker)
{
    const solver *work = context;
    const cc_matting_system *system = work->system;

    (void)worker;
    for (int32_t r = system->strip_runs[task]; r < system->strip_runs[task + 1]; r++) {
        const cc_matting_run *run = &system->runs[r];
        for (int32_t i = 0; i < run->length; i++) {
            int32_t pixel = run->pixel + i;
            work->direction[pixel] = work->corrected[pixel] + work->keep * work->direction[pixel];
            work->product[pixel] = system->diagonal[run->first + i] * work->direction[pixel];
        }
    }
}

static void multiply_strip(void *context, int task, int worker)
{
    const solver *work = context;
    const cc_matting_system *system = work->system;
    int strip = 2 * task + work->parity;

    (void)worker;
    for (int32_t r = system->strip_runs[strip]; r < system->strip_runs[strip + 1]; r++) {
        work->rows->multiply(system, &system->runs[r], work->direction, work->product);
    }
}

static void curvature_strip(void *context, int task, int worker)
{
    const solver *work = context;
    const cc_matting_system *system = work->system;
    double sum = 0.0;

    (void)worker;
    for (int32_t r = system->strip_runs[task]; r < system->strip_runs[task + 1]; r++) {
        const cc_matting_run *run = &system->runs[r];
        for (int32_t pixel = run->pixel; pixel < run->pixel + run->length; pixel++) {
            sum += work->direction[pixel] * work->product[pixel];
        }
    }
    work->partial[task] = sum;
}

/* Go along the direction; leave the new residual ready for the preconditioner. */
static void step_strip(void *context, int task, int worker)
{
    const solver *work = context;
    const cc_matting_system *system = work->system;
    double sum = 0.0;

    (void)worker;
    for (int32_t r = system->strip_runs[task]; r < system->strip_runs[task + 1]; r++) {
        const cc_matting_run *run = &system->runs[r];
        for (int32_t i = 0; i < run->length; i++) {
            int32_t pixel = run->pixel + i;
            double *residual = &work->residual[run->first + i];
            work->solution[run->first + i] += work->step * work->direction[pixel];
            *residual -= work->step * work->product[pixel];
            work->corrected[pixel] = (float)*residual;
            sum += *residual * *residual;
        }
    }
    work->partial[task] = sum;
}

static void agreement_strip(void *context, int task, int worker)
{
    const solver *work = context;
    const cc_matting_system *system = work->system;
    double sum = 0.0;

    (void)worker;
    for (int32_t r = system->strip_runs[task]; r < system->strip_runs[task + 1]; r++) {
        const cc_matting_run *run = &system->runs[r];
        for (int32_t i = 0; i < run->length; i++) {
            sum += work->residual[run->first + i] * work->corrected[run->pixel + i];
        }
    }
    work->partial[task] = sum;
}

/* ---- the iteration ---- */

static void run_strips(solver *work, cc_task task)
{
    cc_thread_pool_run(work->pool, task, work, work->system->strip_count);
}

static double sum_strips(solver *work, cc_task task)
{
    double sum = 0.0;

    run_strips(work, task);
    for (int strip = 0; strip < work->system->strip_count; strip++) {
        sum += work->partial[strip];
    }
    return sum;
}

static void multiply(solver *work)
{
    run_strips(work, next_direction);
    work->parity = 0;
    cc_thread_pool_run(work->pool, multiply_strip, work, (work->system->strip_count + 1) / 2);
    work->parity = 1;
    cc_thread_pool_run(work->pool, multiply_strip, work, work->system->strip_count / 2);
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

static cc_status iterate(solver *work, const atomic_bool *cancel, cc_alpha_report *report,
                         cc_error *error)
{
    /* the residual begins as the right-hand side: the first guess is zero */
    double wanted = work->limits->tolerance * sqrt(sum_strips(work, step_strip));
    double right = wanted / work->limits->tolerance;
    double agreement;

    if (right == 0.0) { /* nothing in the band touches the subject: all of it is background */
        report->converged = true;
        return CC_OK;
    }
    cc_multilevel_apply(work->preconditioner, work->corrected);
    agreement = sum_strips(work, agreement_strip);
    while (report->iterations < work->limits->iterations) {
        double norm;
        double previous = agreement;
        if (is_cancelled(cancel)) {
            return cc_fail(error, CC_CANCELLED, "alpha matting was cancelled");
        }
        multiply(work);
        work->step = agreement / sum_strips(work, curvature_strip);
        norm = sqrt(sum_strips(work, step_strip));
        report->iterations++;
        report->residual = norm / right;
        if (norm < wanted) {
            report->converged = true;
            break;
        }
        cc_multilevel_apply(work->preconditioner, work->corrected);
        agreement = sum_strips(work, agreement_strip);
        work->keep = agreement / previous;
    }
    return CC_OK;
}

/* ---- around it ---- */

/* Known pixels exactly, the others clipped to 0..1. */
static void write_alpha(const cc_matting_system *system, const double *solution, float *alpha)
{
    int32_t pixels = system->width * system->height;

    for (int32_t i = 0; i < pixels; i++) {
        int32_t unknown = system->index[i];
        if (unknown < 0) {
            alpha[i] = unknown == CC_MATTING_FOREGROUND ? 1.0F : 0.0F;
        } else {
            alpha[i] = (float)fmin(1.0, fmax(0.0, solution[unknown]));
        }
    }
}

static cc_status allocate(solver *work, cc_error *error)
{
    const cc_matting_system *system = work->system;
    size_t unknowns = (size_t)system->unknowns;
    size_t cells = (size_t)system->width * ((size_t)system->height + 2) + 2;

    work->solution = cc_alloc_zeroed(unknowns, sizeof *work->solution);
    work->residual = cc_alloc_array(unknowns, sizeof *work->residual);
    work->direction = cc_alloc_zeroed(cells, sizeof *work->direction);
    work->product = cc_alloc_zeroed(cells, sizeof *work->product);
    work->corrected = cc_alloc_zeroed(cells, sizeof *work->corrected);
    work->partial = cc_alloc_zeroed((size_t)system->strip_count, sizeof *work->partial);
    if (work->solution == NULL || work->residual == NULL || work->direction == NULL ||
        work->product == NULL || work->corrected == NULL || work->partial == NULL) {
        return cc_fail_memory(error,
                              (cells + unknowns) * 2 * sizeof(double) + cells * sizeof(float));
    }
    memcpy(work->residual, system->right, unknowns * sizeof *work->residual);
    return CC_OK;
}

static void release(solver *work)
{
    cc_free(work->solution);
    cc_free(work->residual);
    cc_free(work->direction);
    cc_free(work->product);
    cc_free(work->corrected);
    cc_free(work->partial);
}

static cc_status solve(const cc_matting_system *system, const cc_alpha_limits *limits,
                       cc_thread_pool *pool, const atomic_bool *cancel, float *alpha,
                       cc_alpha_report *report, cc_error *error)
{
    /* below this waking the other threads takes longer than they save */
    enum { UNKNOWNS_FOR_THREADS = 20000 };
    cc_multilevel preconditioner = {0};
    solver work = {.system = system, .limits = limits, .preconditioner = &preconditioner};
    cc_status status = cc_multilevel_make(system, &preconditioner, error);

    work.rows = cc_solver_rows_choose();
    work.pool = system->unknowns < UNKNOWNS_FOR_THREADS ? NULL : pool;
    if (status == CC_OK) {
        status = allocate(&work, error);
    }
    if (status == CC_OK) {
        status = iterate(&work, cancel, report, error);
    }
    if (status == CC_OK) {
        write_alpha(system, work.solution, alpha);
    }
    release(&work);
    cc_multilevel_free(&preconditioner);
    return status;
}

cc_status cc_alpha_solve(const cc_image *image, const cc_image *trimap,
                         const cc_alpha_limits *limits, cc_thread_pool *pool,
                         const atomic_bool *cancel, float *alpha, cc_alpha_report *report,
                         cc_error *error)
{
    cc_matting_system system = {0};
    cc_status status = cc_matting_system_make(image, trimap, pool, cancel, &system, error);

    memset(report, 0, sizeof *report);
    if (status != CC_OK) {
        return status;
    }
    report->unknowns = system.unknowns;
    status = solve(&system, limits, pool, cancel, alpha, report, error);
    cc_matting_system_free(&system);
    return status;
}
