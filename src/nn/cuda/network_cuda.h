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
    bool pictures; /* it began with pictures, not with tensors */
} cc_cuda_work;

/* Numbers of one input or output for one part of a batch: behind each other in the
 * page-locked memory, packed as the caller's. */
typedef struct cc_cuda_slot {
    size_t bytes;            /* of a whole part */
    size_t offset;           /* in `staging` */
    cc_cuda_address address; /* of the planes on the device */
} cc_cuda_slot;

/* What the device holds of one resampling: which one, and where. */
typedef struct cc_cuda_table {
    cc_cuda_address address; /* first, then count, then weights; 0 = nothing */
    size_t room;
    int input_size;
    int output_size;
    int filter;
} cc_cuda_table;

/* For pictures (pictures*.c): made when the first one comes, larger when it must be. */
typedef struct cc_cuda_pictures {
    cc_cuda_graph_exec replay; /* the launches between the conversions of tensors */
    cc_cuda_address block;
    size_t block_bytes;
    unsigned char *lanes; /* page-locked, two of CC_CUDA_LANE_BYTES */
    int lane;             /* the one to be used next */
    bool in_flight;       /* the other one is being copied */
    cc_cuda_table tables[4];
} cc_cuda_pictures;

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
    cc_cuda_pictures pictures;
    cc_cuda_event begin;
    cc_cuda_event end;
    cc_cuda_work last; /* of the last run */
} cc_cuda_network;

/* Make everything ready; on failure the network must be released. */
cc_status cc_cuda_network_prepare(cc_cuda_network *network, const cc_network_source *source,
                                  const cc_network_options *options, cc_error *error);

/* Start every kernel of the program, in order, on the stream; without the conversions
 * between the caller's tensors and ours if not `conversions`. */
cc_status cc_cuda_network_launch(cc_cuda_network *network, bool conversions, cc_error *error);

/* The same, captured once, to be launched often. On failure *replay is NULL. */
cc_status cc_cuda_network_capture(cc_cuda_network *network, bool conversions,
                                  cc_cuda_graph_exec *replay, cc_error *error);

/* Is this step such a conversion? */
bool cc_cuda_is_conversion(const cc_cuda_step *step);

/* Between two events, with the context current; `finish` waits even after a failure, for
 * what was started still uses the memory, and adds the time between the events. */
cc_status cc_cuda_network_begin(cc_cuda_network *network, cc_error *error);
cc_status cc_cuda_network_end(cc_cuda_network *network, cc_error *error);
cc_status cc_cuda_network_finish(cc_cuda_network *network, cc_status status, cc_cuda_work *work,
                                 cc_error *error);

/* pictures.c: of cc_engine_cuda. */
bool cc_cuda_takes_pictures(const void *state);
cc_status cc_cuda_run_pictures(void *state, const cc_picture_feed *feed, cc_picture *pictures,
                               int count, const atomic_bool *cancel, cc_error *error);

/* Free what pictures needed; the context is current (cc_cuda_gpu_enter_to_free). */
void cc_cuda_pictures_release(cc_cuda_network *network);

/* ---- pictures_transfer.c: bytes in rows through page-locked memory ---- */

enum { CC_CUDA_LANE_BYTES = 4 << 20 };

/* `rows` rows of `row_bytes` of the caller's, `stride` apart. */
typedef struct cc_cuda_rows {
    unsigned char *first;
    size_t stride;
    size_t row_bytes;
    size_t rows;
} cc_cuda_rows;

/* Queue the rows, packed, to the device: filling one half of the page-locked memory while
 * the other travels. May wait for earlier work of the stream. */
cc_status cc_cuda_send_rows(cc_cuda_network *network, cc_cuda_address to, const cc_cuda_rows *from,
                            cc_cuda_work *work, cc_error *error);

/* Fetch packed rows; they are there when this returns. */
cc_status cc_cuda_fetch_rows(cc_cuda_network *network, const cc_cuda_rows *to, cc_cuda_address from,
                             cc_cuda_work *work, cc_error *error);

/* As cc_network_explain. */
cc_status cc_cuda_network_explain(cc_cuda_network *network, int runs, char **text, cc_error *error);

#endif
