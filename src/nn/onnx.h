/* ONNX files into graphs.
 *
 * A reader of our own for the part of ONNX that picture networks use. It trusts
 * nothing: every length is checked against the bytes that are there, every
 * tensor's size against its shape before anything is allocated.
 *
 * bytes -> cc_onnx_read -> graph as in the file -> cc_graph_prepare (passes.h)
 */
#ifndef CLEARCUT_NN_ONNX_H
#define CLEARCUT_NN_ONNX_H

#include "nn/graph.h"

/* Operator sets that are accepted; 9 to 17 are what the tests cover. */
#define CC_ONNX_OLDEST_OPSET 7
#define CC_ONNX_NEWEST_OPSET 21

typedef struct cc_onnx_options {
    /* Folder that tensors with external data may be read from, usually the
     * model's own; NULL refuses such tensors. Borrowed until return. */
    const char *external_folder;
    size_t maximum_bytes; /* of memory for the graph, its constants included; 0 = 16 GiB */
    int maximum_nodes;    /* 0 = 1,000,000 */
    /* Leave large float32 constants in `data` wherever they lie, in place of copying
     * those that are not aligned. The caller then calls cc_graph_align_constant for
     * each that is not read byte by byte. */
    bool leave_unaligned;
} cc_onnx_options;

/* Read the ONNX model in data[0..size). options may be NULL.
 *
 * On success *graph holds the network as the file has it: nodes in the file's
 * order with operator_ NULL, no shapes but those of inputs and constants. In the
 * shape of an input, an open dimension is -1 and a missing shape is rank -1;
 * shape_known is false for both. Constants (initialisers) may point into `data`,
 * which must outlive every use of them, and float16 ones then need not be aligned (nor
 * float32 ones, with leave_unaligned); everything else belongs to the graph.
 * The caller ends it with cc_graph_release. On failure *graph is empty.
 *
 * CC_CORRUPT: not ONNX, cut short, or contradicting itself. CC_MODEL: readable
 * but malformed (a name defined twice, an input from nowhere, no output).
 * CC_UNSUPPORTED: foreign operator domain, opset, type, sub-graph, sparse
 * tensor, external data without a folder. CC_LIMIT: over the options' limits.
 * Thread-safe. */
cc_status cc_onnx_read(const void *data, size_t size, const cc_onnx_options *options,
                       cc_graph *graph, cc_error *error);

#endif
