/* A prepared graph as a list of kernel launches over one block of device memory.
 *
 * Built at load, in this order, each in a file of its own:
 *   1. lower*.c           every node becomes steps; tensors become values, which are
 *                         channels-last and may be slices of one another (so that a
 *                         concatenation costs nothing); weights become constants;
 *   2. program_memory.c   every buffer gets an offset by its lifetime;
 *   3. program_place.c    addresses into parameters, shapes of the launches;
 *   4. program.c          constants packed by all threads, to be sent.
 * A run is then the launches in order.
 *
 * The block of device memory: constants, then the counters of split convolutions, then
 * the buffers that share the rest by lifetime.
 */
#ifndef CLEARCUT_NN_CUDA_PROGRAM_H
#define CLEARCUT_NN_CUDA_PROGRAM_H

#include <limits.h>

#include "core/memory.h"
#include "core/threads.h"
#include "nn/cuda/kernels/launch.h"
#include "nn/graph.h"

/* "Nothing" where an offset or an index would stand. */
#define CC_CUDA_NOWHERE SIZE_MAX
#define CC_CUDA_NOBODY (-1)

/* Every buffer and constant begins at a multiple of this many bytes. */
#define CC_CUDA_PLACE_ALIGNMENT 256

/* A channels-last tensor on the device. */
typedef struct cc_cuda_value {
    int32_t batch;
    int32_t height;
    int32_t width;
    int32_t channels;
    int parent;           /* the value of which this is a slice; NOBODY = bytes of its own */
    int32_t channel;      /* of the parent, where the slice begins */
    int buffer;           /* without parent: its buffer; NOBODY = a constant */
    size_t constant;      /* without parent and buffer: its offset among the constants */
    bool needs_alignment; /* read by a kernel that moves 16 bytes at a time only */
    bool fixed;           /* somebody counts on its stride: it cannot become a slice */
} cc_cuda_value;

/* Bytes that live from one step to another, both included. */
typedef struct cc_cuda_buffer {
    size_t bytes;
    size_t offset; /* behind the counters */
    int first_step;
    int last_step;
} cc_cuda_buffer;

/* Bytes that are sent once. */
typedef struct cc_cuda_constant {
    size_t offset;
    size_t bytes;
    const void *data; /* in the graph or in the program's arena */
    int step;         /* the convolution whose `pack` makes the bytes of `data`; else copied */
    void (*pack)(const cc_cuda_conv *conv, const float *weights, void *packed);
} cc_cuda_constant;

typedef enum cc_cuda_step_kind {
    CC_CUDA_STEP_CONV, /* tensor cores */
    CC_CUDA_STEP_CONV_FEW,
    CC_CUDA_STEP_CONV_PLAIN,
    CC_CUDA_STEP_POOL,
    CC_CUDA_STEP_RESIZE,
    CC_CUDA_STEP_UNARY,
    CC_CUDA_STEP_BINARY,
    CC_CUDA_STEP_GLOBAL_POOL,
    CC_CUDA_STEP_GEMM,
    CC_CUDA_STEP_SOFTMAX,
    CC_CUDA_STEP_INSTANCE_NORM,
    CC_CUDA_STEP_ROW_NORM,
    CC_CUDA_STEP_ROW_REDUCE,
    CC_CUDA_STEP_MOVE,
    CC_CUDA_STEP_MATMUL,
    CC_CUDA_STEP_FROM_PLANES,
    CC_CUDA_STEP_TO_PLANES,
    CC_CUDA_STEP_KIND_COUNT
} cc_cuda_step_kind;

typedef union cc_cuda_parameters {
    cc_cuda_conv conv;
    cc_cuda_pool pool;
    cc_cuda_resize resize;
    cc_cuda_unary unary;
    cc_cuda_binary binary;
    cc_cuda_global_pool global_pool;
    cc_cuda_gemm gemm;
    cc_cuda_softmax softmax;
    cc_cuda_norm norm;
    cc_cuda_row_reduce row_reduce;
    cc_cuda_move move;
    cc_cuda_matmul matmul;
    cc_cuda_planes planes;
} cc_cuda_parameters;

/* One launch. */
typedef struct cc_cuda_step {
    cc_cuda_step_kind kind;
    const char *op_type; /* ONNX name of the operator, or what else this is */
    const char *name;    /* of the node; "" = none */
    int input;           /* values; NOBODY = none */
    int second;          /* residual of a convolution, b of a binary operator */
    int output;
    size_t constants[4]; /* offsets: weights, bias; rows, row weights, columns, column weights */
    int planes;          /* buffer of a conversion */
    int partial;         /* buffer of a split convolution */
    int tile;            /* of CC_CUDA_STEP_CONV */
    bool slow;           /* a convolution that tensor cores could not take, in float16 */
    double multiply_adds;
    cc_cuda_parameters parameters; /* without addresses until cc_cuda_program_place */
    cc_cuda_launch launch;
} cc_cuda_step;

typedef struct cc_cuda_program {
    cc_arena arena;
    const cc_graph *graph; /* borrowed until the constants are packed */
    cc_cuda_storage storage;
    int multiprocessors;
    cc_cuda_value *values;
    int value_count;
    int value_capacity;
    cc_cuda_buffer *buffers;
    int buffer_count;
    int buffer_capacity;
    cc_cuda_constant *constants;
    int constant_count;
    int constant_capacity;
    cc_cuda_step *steps;
    int step_count;
    int step_capacity;
    int *value_of;         /* by graph value */
    int *input_planes;     /* buffers, by graph input */
    int *output_planes;    /* buffers, by graph output */
    size_t constant_bytes; /* these three make up the block */
    size_t counter_bytes;
    size_t buffer_bytes;
    int operators; /* nodes of the graph that are work: not those that became a slice or a view */
    int slow_operators;
} cc_cuda_program;

/* Bytes of the whole block. */
size_t cc_cuda_program_bytes(const cc_cuda_program *program);

/* Make the program of a graph from cc_graph_prepare for a device with so many
 * multiprocessors: steps 1 and 2 above. The graph must outlive cc_cuda_program_pack.
 * CC_DEVICE, with the node's name, for an operator or a shape that no kernel of ours
 * covers. On failure *program is {0}. */
cc_status cc_cuda_program_build(const cc_graph *graph, cc_cuda_storage storage, int multiprocessors,
                                cc_cuda_program *program, cc_error *error);
void cc_cuda_program_release(cc_cuda_program *program); /* {0} is allowed */

/* Step 3: the block begins at device address `base`. Errors as above. */
cc_status cc_cuda_program_place(cc_cuda_program *program, uint64_t base, cc_error *error);

/* After that: a value with its address in the block. */
cc_cuda_tensor cc_cuda_program_tensor(const cc_cuda_program *program, uint64_t base, int value);

/* Step 4: the constants as they shall lie in the block, packed by the
 * pool's threads (NULL = one) into `bytes` (program->constant_bytes). */
void cc_cuda_program_pack(const cc_cuda_program *program, cc_thread_pool *pool, void *bytes);

/* ---- between the files ---- */

/* Append; the index, or NOBODY when memory is refused. */
int cc_cuda_add_value(cc_cuda_program *program, const int32_t nchw[4]);
int cc_cuda_add_slice(cc_cuda_program *program, int parent, int32_t channel, int32_t channels);
int cc_cuda_add_buffer(cc_cuda_program *program, size_t bytes);
int cc_cuda_add_step(cc_cuda_program *program, cc_cuda_step_kind kind, const cc_node *node);

/* Append a constant; its offset, or CC_CUDA_NOWHERE when memory is refused. `data` must
 * live until the constants are packed. */
size_t cc_cuda_add_constant(cc_cuda_program *program, const void *data, size_t bytes);
size_t cc_cuda_add_packed(cc_cuda_program *program, int step, const float *weights, size_t bytes,
                          void (*pack)(const cc_cuda_conv *, const float *, void *));

/* The value whose bytes these are; *channel (may be NULL) = where in it. */
int cc_cuda_root(const cc_cuda_program *program, int value, int32_t *channel);

/* Elements from pixel to pixel of a root. */
static inline int32_t cc_cuda_value_stride(const cc_cuda_value *root)
{
    return (root->channels + 7) / 8 * 8;
}

static inline size_t cc_cuda_element_bytes(cc_cuda_storage storage)
{
    return storage == CC_CUDA_F16 ? 2 : 4;
}

/* The tensor without its address: sizes, and the stride of its root. */
cc_cuda_tensor cc_cuda_value_tensor(const cc_cuda_program *program, int value);

cc_status cc_cuda_program_memory(cc_cuda_program *program, cc_error *error);

#endif
