/* Executable order.
 *
 * Depth-first from each node in the order of the file, with a stack of our own:
 * a network of a million nodes in a row must not end the process. A node whose
 * inputs are all before it stays where it is; one that is needed earlier than the
 * file lists it (casts appended by converters) is put right before its first
 * reader, which keeps the lives of values short.
 */
#include <string.h>

#include "nn/passes/pass.h"

typedef enum mark { UNSEEN, OPEN, DONE } mark;

typedef struct sorter {
    const cc_graph *graph;
    unsigned char *marks; /* per node */
    int *next_input;      /* per node: which input to look at next */
    int *stack;
    int depth;
    int *order; /* nodes as they are done */
    int count;
} sorter;

static void push(sorter *sort, int node)
{
    sort->marks[node] = OPEN;
    sort->stack[sort->depth++] = node;
}

static cc_status report_cycle(const sorter *sort, int node, cc_error *error)
{
    const cc_node *first = &sort->graph->nodes[node];
    const cc_node *last = &sort->graph->nodes[sort->stack[sort->depth - 1]];

    return cc_fail(error, CC_MODEL,
                   "the network runs in a circle: node '%s' (%s) needs its own result by way of "
                   "node '%s' (%s)",
                   first->name, first->op_type, last->name, last->op_type);
}

/* Go one step: down to an input that is not done yet, or finish the node. */
static cc_status step(sorter *sort, cc_error *error)
{
    int current = sort->stack[sort->depth - 1];
    const cc_node *node = &sort->graph->nodes[current];

    while (sort->next_input[current] < node->input_count) {
        int value = node->inputs[sort->next_input[current]++];
        int producer = value >= 0 ? sort->graph->values[value].producer : -1;
        if (producer < 0 || sort->marks[producer] == DONE) {
            continue;
        }
        if (sort->marks[producer] == OPEN) {
            return report_cycle(sort, producer, error);
        }
        push(sort, producer);
        return CC_OK;
    }
    sort->marks[current] = DONE;
    sort->depth--;
    sort->order[sort->count++] = current;
    return CC_OK;
}

static cc_status find_order(sorter *sort, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < sort->graph->node_count && status == CC_OK; i++) {
        if (sort->graph->nodes[i].removed || sort->marks[i] != UNSEEN) {
            continue;
        }
        push(sort, i);
        while (sort->depth > 0 && status == CC_OK) {
            status = step(sort, error);
        }
    }
    return status;
}

/* Put the nodes in order and tell the values where their producers went. */
static cc_status apply_order(cc_graph *graph, const sorter *sort, cc_error *error)
{
    cc_node *nodes = cc_alloc_array((size_t)sort->count + 1, sizeof *nodes);

    if (nodes == NULL) {
        return cc_fail_memory(error, (size_t)sort->count * sizeof *nodes);
    }
    for (int i = 0; i < graph->value_count; i++) {
        graph->values[i].producer = -1;
    }
    for (int i = 0; i < sort->count; i++) {
        nodes[i] = graph->nodes[sort->order[i]];
        for (int k = 0; k < nodes[i].output_count; k++) {
            if (nodes[i].outputs[k] >= 0) {
                graph->values[nodes[i].outputs[k]].producer = i;
            }
        }
    }
    cc_free(graph->nodes);
    graph->nodes = nodes;
    graph->node_count = sort->count;
    graph->node_capacity = sort->count + 1;
    return CC_OK;
}

cc_status cc_pass_sort(cc_graph *graph, cc_error *error)
{
    size_t count = (size_t)graph->node_count;
    sorter sort = {.graph = graph};
    cc_status status;

    sort.marks = cc_alloc_zeroed(count, 1);
    sort.next_input = cc_alloc_zeroed(count, sizeof(int));
    sort.stack = cc_alloc_array(count, sizeof(int));
    sort.order = cc_alloc_array(count, sizeof(int));
    if (sort.marks == NULL || sort.next_input == NULL || sort.stack == NULL || sort.order == NULL) {
        status = cc_fail_memory(error, count * sizeof(int));
    } else {
        status = find_order(&sort, error);
    }
    if (status == CC_OK) {
        status = apply_order(graph, &sort, error);
    }
    cc_free(sort.marks);
    cc_free(sort.next_input);
    cc_free(sort.stack);
    cc_free(sort.order);
    return status;
}
