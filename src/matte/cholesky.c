#include "matte/cholesky.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "matte/solver_rows.h"

/* ---- factorizing ---- */

/* A column while it is being computed: the diagonal, then the later entries. */
enum { COLUMN = CC_MATTING_LATER + 1 };

/* Where the product of entries i and j of a column goes in the column of entry i:
 * 1 + the slot, or 0 if the pattern has no place for it (then it is dropped). */
static void fill_targets(int targets[CC_MATTING_LATER][CC_MATTING_LATER])
{
    for (int i = 0; i < CC_MATTING_LATER; i++) {
        for (int j = i + 1; j < CC_MATTING_LATER; j++) {
            int x = cc_matting_slot_x(j) - cc_matting_slot_x(i);
            int y = cc_matting_slot_y(j) - cc_matting_slot_y(i);
            targets[i][j] = x >= -2 && x <= 2 ? 1 + cc_matting_slot(x, y) : 0;
        }
    }
}

static void load_columns(const cc_matting_system *system, double shift, double (*columns)[COLUMN])
{
    size_t unknowns = (size_t)system->unknowns;

    for (size_t i = 0; i < unknowns; i++) {
        columns[i][0] = system->diagonal[i] + shift;
        for (size_t slot = 0; slot < CC_MATTING_LATER; slot++) {
            columns[i][1 + slot] = system->later[slot * unknowns + i];
        }
    }
}

/* Finish a column and take its products from the columns that follow. */
static bool eliminate(const cc_matting_system *system, int32_t pixel, double *column,
                      double (*columns)[COLUMN], int targets[CC_MATTING_LATER][CC_MATTING_LATER])
{
    /* far below any pivot of a window (epsilon / 9), far above rounding */
    static const double smallest_pivot = 1e-12;
    double pivot;

    if (!(column[0] > smallest_pivot)) {
        return false;
    }
    pivot = sqrt(column[0]);
    column[0] = pivot;
    for (int i = 0; i < CC_MATTING_LATER; i++) {
        column[1 + i] /= pivot;
    }
    for (int i = 0; i < CC_MATTING_LATER; i++) {
        double entry = column[1 + i];
        double *target;
        if (entry == 0.0) {
            continue;
        }
        target = columns[system->index[pixel + system->offset[i]]];
        target[0] -= entry * entry;
        for (int j = i + 1; j < CC_MATTING_LATER; j++) {
            if (targets[i][j] > 0) {
                target[targets[i][j]] -= entry * column[1 + j];
            }
        }
    }
    return true;
}

static bool factorize(const cc_matting_system *system, double (*columns)[COLUMN])
{
    int targets[CC_MATTING_LATER][CC_MATTING_LATER] = {{0}};

    fill_targets(targets);
    for (int32_t r = 0; r < system->run_count; r++) {
        const cc_matting_run *run = &system->runs[r];
        for (int32_t i = 0; i < run->length; i++) {
            if (!eliminate(system, run->pixel + i, columns[run->first + i], columns, targets)) {
                return false;
            }
        }
    }
    return true;
}

static void store(const cc_matting_system *system, double (*columns)[COLUMN], cc_cholesky *factor)
{
    size_t unknowns = (size_t)system->unknowns;

    for (size_t i = 0; i < unknowns; i++) {
        factor->inverse_diagonal[i] = (float)(1.0 / columns[i][0]);
        for (size_t slot = 0; slot < CC_MATTING_LATER; slot++) {
            factor->later[slot * unknowns + i] = (float)columns[i][1 + slot];
        }
    }
}

/* Without fill-in the elimination can run into a pivot below zero although the
 * matrix is positive definite; a larger diagonal prevents that. */
static cc_status factorize_shifted(const cc_matting_system *system, double (*columns)[COLUMN],
                                   cc_cholesky *factor, cc_error *error)
{
    static const double shifts[] = {0.0, 1e-3, 1e-2, 3e-2, 1e-1, 1.0, 10.0, 100.0};

    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        load_columns(system, shifts[i], columns);
        if (factorize(system, columns)) {
            factor->shift = shifts[i];
            store(system, columns, factor);
            return CC_OK;
        }
    }
    return cc_fail(error, CC_INTERNAL, "the matting system has no incomplete Cholesky factor");
}

cc_status cc_cholesky_make(const cc_matting_system *system, cc_cholesky *factor, cc_error *error)
{
    size_t unknowns = (size_t)system->unknowns;
    double(*columns)[COLUMN] = cc_alloc_array(unknowns, sizeof *columns);
    cc_status status;

    memset(factor, 0, sizeof *factor);
    factor->inverse_diagonal = cc_alloc_array(unknowns, sizeof(float));
    factor->later = cc_alloc_array(unknowns * CC_MATTING_LATER, sizeof(float));
    if (columns == NULL || factor->inverse_diagonal == NULL || factor->later == NULL) {
        status = cc_fail_memory(error, unknowns * COLUMN * (sizeof(double) + sizeof(float)));
    } else {
        status = factorize_shifted(system, columns, factor, error);
    }
    cc_free(columns);
    if (status != CC_OK) {
        cc_cholesky_free(factor);
    }
    return status;
}

void cc_cholesky_free(cc_cholesky *factor)
{
    cc_free(factor->inverse_diagonal);
    cc_free(factor->later);
    memset(factor, 0, sizeof *factor);
}

/* ---- solving ---- */

void cc_cholesky_solve(const cc_cholesky *factor, const cc_matting_system *system, float *vector)
{
    const cc_solver_rows *rows = cc_solver_rows_choose();

    for (int32_t r = 0; r < system->run_count; r++) {
        rows->forward(factor, system, &system->runs[r], vector);
    }
    for (int32_t r = system->run_count - 1; r >= 0; r--) {
        rows->backward(factor, system, &system->runs[r], vector);
    }
}
