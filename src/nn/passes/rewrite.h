/* What the passes share: a graph being rewritten, with use counts.
 *
 * Passes visit the nodes in executable order and match backwards, from a node to
 * the producers of its inputs. Replacing a value everywhere would cost a walk over
 * the graph, so the replacement is noted as an alias and carried out at the end.
 */
#ifndef CLEARCUT_NN_PASSES_REWRITE_H
#define CLEARCUT_NN_PASSES_REWRITE_H

#include "nn/graph.h"

typedef struct cc_rewrite {
    cc_graph *graph;
    int *alias;      /* per value: what takes its place; itself if nothing does */
    int *uses;       /* per value: mentions by live nodes and by graph outputs */
    bool *is_output; /* per value */
    int *stack;      /* room for one entry per node */
    int capacity;    /* values that the arrays hold */
} cc_rewrite;

/* One pass: look at one live node and simplify around it, or leave it. Only
 * lack of memory is an error. */
typedef cc_status (*cc_pass)(cc_rewrite *rewrite, int node, cc_error *error);

/* The graph must be sorted and inferred; nodes may not be added meanwhile. */
cc_status cc_rewrite_begin(cc_rewrite *rewrite, cc_graph *graph, cc_error *error);
/* Carry out the aliases and free the bookkeeping; harmless on {0}. */
void cc_rewrite_end(cc_rewrite *rewrite);

/* Input `index` of a node after all replacements; -1 if left out or not there. */
int cc_rewrite_input(cc_rewrite *rewrite, const cc_node *node, int index);

/* Tensor of input `index` if it is a constant with data, else NULL. */
const cc_tensor *cc_rewrite_constant(cc_rewrite *rewrite, const cc_node *node, int index);

/* The node that produces input `index`, if nothing else uses that value; else
 * NULL. */
cc_node *cc_rewrite_sole_producer(cc_rewrite *rewrite, const cc_node *node, int index);

/* Is the node of this type? */
bool cc_node_is(const cc_node *node, const char *op_type);

/* A new value, known to the bookkeeping; -1 when memory is refused. */
int cc_rewrite_add_value(cc_rewrite *rewrite, const char *name);

/* Make input `index` of the node another value (or -1). */
void cc_rewrite_set_input(cc_rewrite *rewrite, cc_node *node, int index, int value);

/* Replace all inputs; the array is copied. */
cc_status cc_rewrite_set_inputs(cc_rewrite *rewrite, cc_node *node, const int *values, int count,
                                cc_error *error);

/* Take the node out; producers that only served it go too. */
void cc_rewrite_remove(cc_rewrite *rewrite, cc_node *node);

/* The node's only wanted output equals `source`: take the node out and let its
 * readers read `source`. False, and nothing is done, if that would lose the name of
 * a graph output (source is itself an output, an input or a constant). */
bool cc_rewrite_bypass(cc_rewrite *rewrite, cc_node *node, int source);

/* `producer` now computes what `consumer` did from its only output: it takes over
 * the consumer's output, and the consumer is removed. */
void cc_rewrite_absorb(cc_rewrite *rewrite, cc_node *producer, cc_node *consumer);

/* Set or add an INTS attribute; the numbers are copied. */
cc_status cc_node_set_ints(cc_graph *graph, cc_node *node, const char *name, const int64_t *ints,
                           size_t count, cc_error *error);

/* Element `index` of an int64 or int32 tensor. */
int64_t cc_tensor_int(const cc_tensor *tensor, int64_t index);

/* Element `index` of a float32 or float64 tensor. */
double cc_tensor_float(const cc_tensor *tensor, int64_t index);

#endif
