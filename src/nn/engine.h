/* What a network needs from whoever computes it: the processor's own kernels
 * (network_cpu.c), kernels of our own on a GPU (cuda/), ONNX Runtime (ort/).
 *
 * network.c is the front: it finds the bytes and forwards every call to one
 * engine, chosen at load and never changed. An engine that cannot load or run a
 * network fails; nobody goes on with another one behind the caller's back.
 */
#ifndef CLEARCUT_NN_ENGINE_H
#define CLEARCUT_NN_ENGINE_H

#include "nn/network.h"
#include "nn/pictures.h"

/* Where a network comes from. All pointers are borrowed until load returns,
 * `data` for the network's life if static_data. */
typedef struct cc_network_source {
    const void *data; /* the ONNX file's bytes */
    size_t size;
    bool static_data;
    bool mapped;        /* `data` is a mapped file: see cc_file_forget */
    const char *path;   /* of the file; NULL = it only exists in memory */
    const char *folder; /* where external data may lie; NULL = nowhere */
} cc_network_source;

/* One input or output. Lives with the engine's state. */
typedef struct cc_port {
    const char *name;
    cc_tensor tensor; /* dtype and shape; data is NULL */
} cc_port;

typedef struct cc_signature {
    const cc_port *inputs;
    const cc_port *outputs;
    int input_count;
    int output_count;
} cc_signature;

/* All functions: one call at a time per state; different states may be used by
 * different threads. */
struct cc_engine {
    const char *name; /* "cpu", "cuda", "ort" */

    /* Make a network ready; options is never NULL. On failure *state is NULL. */
    cc_status (*load)(const cc_network_source *source, const cc_network_options *options,
                      void **state, cc_error *error);
    void (*release)(void *state); /* NULL is allowed */
    const cc_signature *(*signature)(const void *state);
    /* As cc_network_run. */
    cc_status (*run)(void *state, const void *const *inputs, void *const *outputs,
                     const atomic_bool *cancel, cc_error *error);
    /* As cc_network_takes_pictures and cc_network_run_pictures; both NULL for an engine that
     * only takes tensors. */
    bool (*takes_pictures)(const void *state);
    cc_status (*run_pictures)(void *state, const cc_picture_feed *feed, cc_picture *pictures,
                              int count, const atomic_bool *cancel, cc_error *error);
    /* As cc_network_rest; NULL for an engine that holds nothing worth it. */
    void (*rest)(void *state);
    /* Fill in the whole report. */
    void (*report)(const void *state, cc_network_report *report);
    /* As cc_network_calibrate; NULL for an engine without int8. */
    cc_status (*calibrate)(void *state, cc_calibration calibration, const char *path,
                           cc_error *error);
    /* As cc_network_explain. */
    cc_status (*explain)(void *state, int runs, char **text, cc_error *error);
};

/* The kernels for this processor. */
extern const cc_engine cc_engine_cpu;
/* Kernels of our own on an NVIDIA GPU, through its driver alone; fp16 or fp32. */
extern const cc_engine cc_engine_cuda;
/* ONNX Runtime, opened at run time, with the provider of the options. */
extern const cc_engine cc_engine_ort;

#endif
