#include "nn/cpu/node_call.h"

bool cc_node_call_make(const cc_graph *graph, const cc_node *node, cc_node_call *result)
{
    if (node->input_count > CC_NODE_CALL_INPUTS) {
        return false;
    }
    for (int i = 0; i < node->input_count; i++) {
        result->inputs[i] = node->inputs[i] >= 0 ? &graph->values[node->inputs[i]].tensor : NULL;
    }
    result->call = (cc_op_call){.node = node,
                                .opset = graph->opset,
                                .inputs = result->inputs,
                                .input_count = node->input_count};
    return true;
}
