/* What was measured of the ways to run a layer, and remembered in a file.
 *
 * The file belongs to one graph in its shapes, one precision, one processor and its kernels;
 * threads do not matter, so that the same file gives the same bytes for any number of them.
 * It is text:
 *
 *   clearcut tuning 1
 *   LAYER AFTER ALGORITHM   hexadecimal key of the layer; 1 if the activation is a pass of
 *   ...                     its own; the name of the algorithm
 *   end CHECKSUM            of all bytes before this line
 *
 * A file that is damaged or of another version counts as none, and --explain says so.
 */
#ifndef CLEARCUT_NN_TUNING_H
#define CLEARCUT_NN_TUNING_H

#include "core/status.h"
#include "core/threads.h"
#include "nn/graph.h"
#include "nn/network.h"

#define CC_TUNING_NAME_SIZE 40

typedef struct cc_tuning_entry {
    uint64_t layer;
    bool activates_after;
    char algorithm[CC_TUNING_NAME_SIZE];
} cc_tuning_entry;

typedef struct cc_tuning {
    cc_tuning_entry *entries;
    int count;
    int capacity;
    bool measuring;       /* layers without an entry are measured and added */
    cc_thread_pool *pool; /* borrowed: to measure with */
    char *path;           /* NULL = nothing is remembered */
    const char *state;    /* for people; static */
} cc_tuning;

/* Make ready: find the file of this graph in `folder` (NULL = do not look) and read it,
 * or, if `measure`, begin an empty one. On failure *tuning is {0}. */
cc_status cc_tuning_open(cc_tuning *tuning, const cc_graph *graph, const char *folder,
                         cc_precision precision, bool measure, cc_thread_pool *pool,
                         cc_error *error);

/* What is known of a layer; NULL if nothing is. */
const cc_tuning_entry *cc_tuning_find(const cc_tuning *tuning, uint64_t layer);

/* Add what was measured; without memory it is forgotten. */
void cc_tuning_add(cc_tuning *tuning, uint64_t layer, const char *algorithm, bool activates_after);

/* Write the file, if measuring. Errors: CC_IO. */
cc_status cc_tuning_save(const cc_tuning *tuning, cc_error *error);

void cc_tuning_release(cc_tuning *tuning); /* {0} is allowed */

#endif
