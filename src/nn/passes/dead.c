/* What no output needs. */
#include "nn/passes/pass.h"

/* Mark the node that produces `value`, if it is not marked yet, for a visit. */
static void need(const cc_graph *graph, int value, bool *needed, int *stack, int *depth)
{
    int producer = value >= 0 ? graph->values[value].producer : -1;

    if (producer >= 0 && !needed[producer]) {
        needed[producer] = true;
        stack[(*depth)++] = producer;
    }
}

static void mark_needed(const cc_graph *graph, bool *needed, int *stack)
{
    int depth = 0;

    for (int i = 0; i < graph->output_count; i++) {
        need(graph, graph->outputs[i], needed, stack, &depth);
    }
    while (depth > 0) {
        const cc_node *node = &graph->nodes[stack[--depth]];
        for (int i = 0; i < node->input_count; i++) {
            need(graph, node->inputs[i], needed, stack, &depth);
        }
    }
}

static cc_status drop_unread_constants(cc_graph *graph, cc_error *error)
{
    bool *read = cc_alloc_zeroed((size_t)graph->value_count, sizeof *read);

    if (read == NULL) {
        return cc_fail_memory(error, (size_t)graph->value_count);
    }
    for (int i = 0; i < graph->output_count; i++) {
        read[graph->outputs[i]] = true;
    }
    for (int i = 0; i < graph->node_count; i++) {
        const cc_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count && !node->removed; k++) {
            if (node->inputs[k] >= 0) {
                read[node->inputs[k]] = true;
            }
        }
    }
    for (int i = 0; i < graph->value_count; i++) {
        if (!read[i]) {
            cc_graph_drop_constant(graph, i);
        }
    }
    cc_free(read);
    return CC_OK;
}

cc_status cc_pass_remove_dead(cc_graph *graph, cc_error *error)
{
    size_t count = (size_t)graph->node_count;
    bool *needed = cc_alloc_zeroed(count, sizeof *needed);
    int *stack = cc_alloc_array(count, sizeof *stack);
    bool ready = needed != NULL && stack != NULL;

    if (ready) {
        mark_needed(graph, needed, stack);
        for (int i = 0; i < graph->node_count; i++) {
            graph->nodes[i].removed = graph->nodes[i].removed || !needed[i];
        }
    }
    cc_free(needed);
    cc_free(stack);
    return ready ? drop_unread_constants(graph, error)
                 : cc_fail_memory(error, count * sizeof *stack);
}
