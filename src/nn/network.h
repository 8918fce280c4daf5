/* A network ready to run: load once, run often.
 *
 * bytes -> onnx.c -> graph -> passes/ -> plan.c -> run. Everything is decided
 * and allocated at load; a run allocates nothing and gives the same bytes for
 * any number of threads.
 */
#ifndef CLEARCUT_NN_NETWORK_H
#define CLEARCUT_NN_NETWORK_H

#include <stdatomic.h>

#include "core/threads.h"
#include "nn/tensor.h"

typedef struct cc_network cc_network;

typedef enum cc_precision { CC_PRECISION_FP32, CC_PRECISION_BF16, CC_PRECISION_INT8 } cc_precision;

typedef struct cc_network_options {
    cc_thread_pool *pool;   /* borrowed for the network's life; NULL = one thread */
    cc_precision precision; /* CC_UNSUPPORTED if this build cannot */
    /* Shape for the first input where the file leaves dimensions open, or to
     * override them; rank 0 = as the file says, open dimensions being 1. */
    cc_shape input_shape;
    int wanted_outputs;       /* keep only the first n outputs; 0 = all */
    bool reference_only;      /* run every operator by its scalar reference (tests) */
    bool allow_external_data; /* weights in files beside the model */
} cc_network_options;

/* From a file (memory-mapped while loading) or from memory (borrowed until
 * return unless `static_data`, then for the network's life). options may be
 * NULL. On failure *network is NULL. */
cc_status cc_network_load_file(const char *path, const cc_network_options *options,
                               cc_network **network, cc_error *error);
cc_status cc_network_load_memory(const void *data, size_t size, bool static_data,
                                 const cc_network_options *options, cc_network **network,
                                 cc_error *error);
void cc_network_free(cc_network *network); /* NULL is allowed */

int cc_network_input_count(const cc_network *network);
int cc_network_output_count(const cc_network *network);
/* dtype and shape; data is NULL. */
const cc_tensor *cc_network_input(const cc_network *network, int index);
const cc_tensor *cc_network_output(const cc_network *network, int index);
const char *cc_network_input_name(const cc_network *network, int index);
const char *cc_network_output_name(const cc_network *network, int index);

/* Run once. inputs[i] and outputs[i] are caller's arrays of the declared type
 * and shape, packed row-major. cancel may be NULL; when it becomes true the run
 * stops at the next layer with CC_CANCELLED. One run at a time per network. */
cc_status cc_network_run(cc_network *network, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error);

/* The evidence: what was placed where. */
typedef struct cc_network_report {
    int operators_total;  /* left to run after folding and fusion */
    int operators_fast;   /* of these, by a kernel of this processor's level */
    const char *level;    /* "avx512", "avx512+amx", ...; static */
    size_t peak_bytes;    /* weights as packed + activations + scratch */
    double multiply_adds; /* of one run */
} cc_network_report;

void cc_network_report_get(const cc_network *network, cc_network_report *report);

/* One line per operator of the plan, with the time of each layer over `runs`
 * runs on zero input (0 = no timing), as plain text; the caller frees it with
 * cc_free. */
cc_status cc_network_explain(cc_network *network, int runs, char **text, cc_error *error);

#endif
