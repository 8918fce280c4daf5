/* A network on a GPU, from inside: shared by the files of the engine. */
#ifndef CLEARCUT_NN_CUDA_NETWORK_CUDA_H
#define CLEARCUT_NN_CUDA_NETWORK_CUDA_H

#include "nn/cuda/gpu.h"
#include "nn/cuda/program.h"
#include "nn/engine.h"

/* What one run, or one part of a batch, took. */
typedef struct cc_cuda_work {
    double device_ms;
    uint64_t bytes_to_device;
    uint64_t bytes_from_device;
    uint64_t launches;
} cc_cuda_work;

/* Numbers of one input or output for one part of a batch: behind each other in the
 * page-locked memory, packed as the caller's. */
typedef struct cc_cuda_slot {
    size_t bytes;            /* of a whole part */
    size_t offset;           /* in `staging` */
    cc_cuda_address address; /* of the planes on the device */
} cc_cuda_slot;

typedef struct cc_cuda_network {
    cc_cuda_gpu gpu;
    cc_cuda_program program;
    cc_arena arena; /* names, ports, slots */
    cc_signature signature;
    cc_port *ports;      /* inputs, then outputs: of the whole batch */
    cc_cuda_slot *slots; /* likewise, of one part */
    int batch;           /* pictures of a run */
    int part;            /* of these computed at once: fewer if memory is short */
    cc_cuda_address block;
    unsigned char *staging; /* page-locked */
    size_t staging_bytes;
    cc_cuda_graph_exec replay; /* all launches of a part, captured once */
    cc_cuda_event begin;
    cc_cuda_event end;
    cc_cuda_work last; /* of the last run */
} cc_cuda_network;

/* Make everything ready; on failure the network must be released. */
cc_status cc_cuda_network_prepare(cc_cuda_network *network, const cc_network_source *source,
                                  const cc_network_options *options, cc_error *error);

/* Start every kernel of the program, in order, on the stream. */
cc_status cc_cuda_network_launch(cc_cuda_network *network, cc_error *error);

/* As cc_network_explain. */
cc_status cc_cuda_network_explain(cc_cuda_network *network, int runs, char **text, cc_error *error);

#endif
