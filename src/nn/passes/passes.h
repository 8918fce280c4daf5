/* From the graph of the file to the graph that is planned and run.
 *
 * cc_graph_prepare is the one entry point; the passes behind it are listed in
 * passes.c and each lives in a file of its own.
 */
#ifndef CLEARCUT_NN_PASSES_PASSES_H
#define CLEARCUT_NN_PASSES_PASSES_H

#include "nn/graph.h"

typedef struct cc_prepare_options {
    /* Shape of the first input, overriding the file's; rank 0 = as the file says.
     * Dimensions that are still open (all other inputs' too) become 1. */
    cc_shape input_shape;
    const cc_known_input *known_inputs; /* borrowed; by name */
    int known_input_count;
    int wanted_outputs; /* keep only the first n outputs; 0 = all */
    /* Merge operators (batch normalisation, bias, activation, residual sum, padding)
     * and drop those that do nothing. Off: every operator of the file that does not
     * fold into a constant stays, for tests. */
    bool fuse;
} cc_prepare_options;

/* Check, simplify and complete a graph from cc_onnx_read. options may be NULL:
 * file's shapes, all outputs, fusion on.
 *
 * On success:
 * - graph->nodes holds only live nodes (`removed` is false), in executable order,
 *   each with operator_ set; values[].producer is up to date;
 * - every value that a node or an output mentions has shape_known, dtype and
 *   shape; none is float16 or, constants aside, float64: half-precision networks
 *   are widened to float32, their inputs and outputs included;
 * - constants are values with is_constant and tensor.data, aligned to CC_ALIGNMENT
 *   or, where they lie in the file as they are, for their type; values that nobody
 *   mentions any more have no data. Whoever has packed a constant may end it with
 *   cc_graph_drop_constant;
 * - fused nodes have operator_->can_fuse. A residual is the last input. The
 *   operator's own inputs before it are complete up to maximum_inputs: those left
 *   out are -1, so Conv has inputs {x, w, bias or -1, residual} and Add {a, b,
 *   residual};
 * - outputs are distinct values; one may be a constant (everything folded), but
 *   never a graph input (an Identity node then stays).
 *
 * On failure the graph is in no useful state and only fit for cc_graph_release;
 * messages name the node. CC_MODEL: cycle, input from nowhere, shapes that do not
 * fit. CC_UNSUPPORTED: an operator, opset or type we do not have.
 * CC_INVALID_ARGUMENT: input_shape or a known input does not suit the network. */
cc_status cc_graph_prepare(cc_graph *graph, const cc_prepare_options *options, cc_error *error);

/* Multiply-adds of one run of this node, after cc_graph_prepare: products for
 * Conv, ConvTranspose, Gemm, MatMul and their integer forms; 0 for all others,
 * which move or touch memory rather than multiply. */
double cc_node_multiply_adds(const cc_graph *graph, const cc_node *node);

/* One line per node as text, for --explain and for debugging:
 * "12 Conv name (x 1x64x320x320, w 64x64x3x3) -> y 1x64x320x320 +relu".
 * On success the caller frees *text with cc_free; on failure it is NULL. */
cc_status cc_graph_dump(const cc_graph *graph, char **text, cc_error *error);

#endif
