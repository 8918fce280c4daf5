/* The passes, each in the file of its name; passes.c runs them in order. */
#ifndef CLEARCUT_NN_PASSES_PASS_H
#define CLEARCUT_NN_PASSES_PASS_H

#include "nn/passes/passes.h"
#include "nn/passes/rewrite.h"

/* ---- on the whole graph ---- */

/* Indices in range, every value with at most one producer, every input from
 * somewhere, at least one output. For graphs that did not come from a file. */
cc_status cc_pass_check_structure(const cc_graph *graph, cc_error *error);

/* Every operator is one we have, in this operator set, with attributes of the
 * kinds that ONNX gives them. Sets operator_. */
cc_status cc_pass_check_operators(cc_graph *graph, cc_error *error);

/* Executable order: each node in the place the file gives it, preceded by what it
 * needs. Removed nodes are dropped from the array. CC_MODEL on a cycle. */
cc_status cc_pass_sort(cc_graph *graph, cc_error *error);

/* Mark nodes that no output needs as removed, and drop constants nobody reads. */
cc_status cc_pass_remove_dead(cc_graph *graph, cc_error *error);

/* Constant nodes become constant values. */
cc_status cc_pass_constants(cc_graph *graph, cc_error *error);

/* Half-precision constants, inputs and casts become float32 ones. */
cc_status cc_pass_widen_half(cc_graph *graph, cc_error *error);

/* Give every input its final shape. */
cc_status cc_pass_input_shapes(cc_graph *graph, const cc_prepare_options *options, cc_error *error);

/* An Identity node between every output that is also an input, so that outputs
 * are always produced. */
cc_status cc_pass_separate_outputs(cc_graph *graph, cc_error *error);

/* Shapes and types of all values, node by node, running by its reference every
 * node whose inputs are all constants (infer.c). */
cc_status cc_graph_infer(cc_graph *graph, cc_error *error);

/* ---- on one node; see cc_pass in rewrite.h ---- */

/* Identity, Dropout, Cast to the same type, Reshape to the same shape, ... */
cc_status cc_pass_no_operation(cc_rewrite *rewrite, int node, cc_error *error);

/* A Cast of a Cast that lost nothing; a Transpose of a Transpose; views of views
 * that end where they began. */
cc_status cc_pass_undone(cc_rewrite *rewrite, int node, cc_error *error);

/* x * HardSigmoid(x) as HardSwish; PRelu with one slope as LeakyRelu. */
cc_status cc_pass_compose_activation(cc_rewrite *rewrite, int node, cc_error *error);

/* Pad before a convolution or pooling into its own padding. */
cc_status cc_pass_padding(cc_rewrite *rewrite, int node, cc_error *error);

/* BatchNormalization, and arithmetic with one constant per channel, into the
 * weights and bias of the Conv, ConvTranspose or Gemm before it. */
cc_status cc_pass_affine(cc_rewrite *rewrite, int node, cc_error *error);

/* An activation into the node before it. */
cc_status cc_pass_activation(cc_rewrite *rewrite, int node, cc_error *error);

/* The sum with another value into the node that computes one of the two. */
cc_status cc_pass_residual(cc_rewrite *rewrite, int node, cc_error *error);

#endif
