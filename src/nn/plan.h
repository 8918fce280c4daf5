/* The plan: in which order, by which kernel, and where in memory.
 *
 * Built once at load from a prepared graph:
 *   1. plan_place.c   asks the backend's families, makes steps and storages and
 *                     inserts conversions of layout where a step needs one;
 *   2. plan_concat.c  lets producers write into their slice of a concatenation;
 *   3. families' prepare: algorithms chosen, weights packed;
 *   4. plan_memory.c  gives every buffer an offset in one arena, by lifetime.
 */
#ifndef CLEARCUT_NN_PLAN_H
#define CLEARCUT_NN_PLAN_H

#include <stdatomic.h>

#include "nn/backend.h"
#include "nn/ops/operator.h"
#include "nn/tuning.h"

typedef enum cc_place {
    CC_PLACE_ARENA,
    CC_PLACE_CALLER_INPUT,
    CC_PLACE_CALLER_OUTPUT,
    CC_PLACE_CONSTANT
} cc_place;

/* A value in one layout. */
typedef struct cc_storage {
    int value; /* of the graph */
    cc_layout layout;
    int parent;            /* storage that this is a slice of; -1 = it has bytes of its own */
    int64_t parent_offset; /* blocks (BLOCKED) or elements (PLAIN) into the parent */
    cc_place place;        /* of a root (parent == -1) */
    int place_index;       /* which of the caller's inputs or outputs */
    size_t bytes;          /* of a root in the arena */
    size_t offset;         /* of a root in the arena */
    int first_step;        /* -1 = before the first step (caller's inputs, constants) */
    int last_step;         /* step count = after the last one (caller's outputs) */
    cc_view view;
    cc_tensor tensor; /* PLAIN: as the references see it */
} cc_storage;

typedef struct cc_plan {
    cc_graph *graph;      /* borrowed */
    cc_thread_pool *pool; /* borrowed */
    cc_arena arena;       /* small things of the plan itself */
    cc_storage *storages;
    int storage_count;
    int storage_capacity;
    cc_step *steps;
    int step_count;
    int step_capacity;
    int (*by_value)[2]; /* storage of a value by layout; -1 = none yet */
    int *natural;       /* the storage a value was produced in; -1 = not yet */
    unsigned char *memory;
    size_t memory_bytes;
    bool reference_only;
    cc_precision precision; /* what fast kernels may lose */
    bool low_memory;        /* see plan_repack.c */
    cc_tuning tuning;
} cc_plan;

/* Build everything: by options->pool, precision and reference_only. The graph and the
 * pool must outlive the plan; constants that
 * only lie in a model file must stay readable until cc_plan_own_constants; those
 * that are packed and read by nobody else are dropped from the graph. On failure
 * the plan is empty. */
cc_status cc_plan_build(cc_plan *plan, cc_graph *graph, const cc_network_options *options,
                        cc_error *error);
void cc_plan_release(cc_plan *plan);

/* Copy those constants that reference steps still read, so that the file can be
 * unmapped. */
cc_status cc_plan_own_constants(cc_plan *plan, cc_error *error);

/* Run all steps; see cc_network_run. step_ms, if not NULL, receives the time of
 * every step. */
cc_status cc_plan_run(cc_plan *plan, const void *const *inputs, void *const *outputs,
                      const atomic_bool *cancel, double *step_ms, cc_error *error);

/* As cc_network_explain. */
cc_status cc_plan_explain(cc_plan *plan, int runs, char **text, cc_error *error);

/* Of a plan for int8 only (CC_INVALID_ARGUMENT otherwise); plan_calibration.c. Look at
 * the ranges of activations in every run from now on; write those seen so far to a file;
 * read such a file and keep to it (CC_CORRUPT if it is damaged, CC_INVALID_ARGUMENT if it
 * is not of these layers and weights; then nothing changes). */
cc_status cc_plan_calibration_measure(cc_plan *plan, cc_error *error);
cc_status cc_plan_calibration_write(const cc_plan *plan, const char *path, cc_error *error);
cc_status cc_plan_calibration_read(cc_plan *plan, const char *path, cc_error *error);

/* ---- between the files of the plan ---- */

/* Append; index or -1 when memory is refused. */
int cc_plan_add_storage(cc_plan *plan, int value, cc_layout layout, const uint8_t *lanes);
int cc_plan_add_step(cc_plan *plan, const cc_family *family, const cc_node *node, int input_count,
                     int output_count);

cc_status cc_plan_place(cc_plan *plan, cc_error *error);
void cc_plan_join_concats(cc_plan *plan);
cc_status cc_plan_memory(cc_plan *plan, cc_error *error);

/* End the state of a step that can make it again, if the plan is to take little memory;
 * and make it again before a run. After a failure the step has no state. */
void cc_plan_set_aside(cc_plan *plan, cc_step *step);
cc_status cc_plan_repack(cc_plan *plan, cc_step *step, cc_error *error);

/* The constants that a step is prepared from, if an earlier step set them aside. */
cc_status cc_plan_bring_back(cc_plan *plan, const cc_step *step, cc_error *error);

/* No step will read the constant again, but for those that make their state again. */
void cc_plan_drop_constant(cc_plan *plan, int value);

/* The storage whose bytes these are: follows parents to the root. */
int cc_plan_root(const cc_plan *plan, int storage);

/* Write final addresses into views and tensors. Caller's arrays may be NULL for
 * addresses that a run will set. */
void cc_plan_resolve(cc_plan *plan, const void *const *inputs, void *const *outputs);

#endif
