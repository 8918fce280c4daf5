/* A network ready to run: load once, run often.
 *
 * One engine computes it, chosen at load and never changed. Everything is decided
 * and allocated at load; a run on the processor allocates nothing and gives the
 * same bytes for any number of threads.
 */
#ifndef CLEARCUT_NN_NETWORK_H
#define CLEARCUT_NN_NETWORK_H

#include <stdatomic.h>

#include "core/threads.h"
#include "nn/tensor.h"

typedef struct cc_network cc_network;
typedef struct cc_engine cc_engine; /* nn/engine.h */

typedef enum cc_precision {
    CC_PRECISION_FP32,
    CC_PRECISION_BF16,
    CC_PRECISION_INT8,
    CC_PRECISION_FP16, /* operands and activations; sums are float32 */
    CC_PRECISION_AUTO  /* the device's own; settled before a network is loaded */
} cc_precision;

typedef struct cc_network_options {
    cc_thread_pool *pool;   /* borrowed for the network's life; NULL = one thread */
    cc_precision precision; /* CC_UNSUPPORTED if this build cannot */
    /* Shape for the first input where the file leaves dimensions open, or to
     * override them; rank 0 = as the file says, open dimensions being 1. */
    cc_shape input_shape;
    int wanted_outputs;       /* keep only the first n outputs; 0 = all */
    bool reference_only;      /* run every operator by its scalar reference (tests) */
    bool allow_external_data; /* weights in files beside the model */
    const cc_engine *engine;  /* who computes; NULL = cc_engine_cpu */
    int device_index;         /* which GPU, of those its engine sees */
    const char *provider;     /* ONNX Runtime's provider, as in --device ort:PROVIDER; NULL or
                                 "" = its processor */
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
    int operators_total;     /* left to run after folding and fusion */
    int operators_on_device; /* of these, placed on the device that was asked for */
    int operators_fast;      /* of these, by a kernel of this device's level, not a reference */
    const char *level;       /* "avx512", "avx512+amx", "sm_90", ...; static */
    char engine[48];         /* "cpu/avx512", "cuda/sm_90", "ort/CPUExecutionProvider" */
    char device_name[128];   /* of the processor or GPU, as it names itself */
    size_t peak_bytes;       /* weights as packed + activations + scratch, on the device */
    double multiply_adds;    /* of one run; 0 = the engine does not know */
    /* Of the last run, by the device's own measure; 0 = not measured or not apart. */
    double device_ms;
    uint64_t bytes_to_device;
    uint64_t bytes_from_device;
    uint64_t launches; /* kernels started */
} cc_network_report;

void cc_network_report_get(const cc_network *network, cc_network_report *report);

/* One line per operator of the plan, with the time of each layer over `runs`
 * runs on zero input (0 = no timing), as plain text; the caller frees it with
 * cc_free. */
cc_status cc_network_explain(cc_network *network, int runs, char **text, cc_error *error);

#endif
