/* A node as the operators' own reading functions want it. */
#ifndef CLEARCUT_NN_CPU_NODE_CALL_H
#define CLEARCUT_NN_CPU_NODE_CALL_H

#include "nn/ops/operator.h"

#define CC_NODE_CALL_INPUTS 8

/* Room for a call and what it points to. */
typedef struct cc_node_call {
    cc_op_call call;
    const cc_tensor *inputs[CC_NODE_CALL_INPUTS];
} cc_node_call;

/* Fill in the inputs (constants with their data); false if there are more than
 * CC_NODE_CALL_INPUTS. The call has no outputs: it is for reading only. */
bool cc_node_call_make(const cc_graph *graph, const cc_node *node, cc_node_call *result);

#endif
