#include "nn/passes/rewrite.h"

#include <limits.h>
#include <string.h>

/* ---- begin and end ---- */

static bool reserve_values(cc_rewrite *rewrite, int count)
{
    int capacity = rewrite->capacity > 0 ? rewrite->capacity : 64;
    int *alias;
    int *uses;
    bool *is_output;

    if (count <= rewrite->capacity) {
        return true;
    }
    while (capacity < count) {
        capacity = capacity <= INT_MAX / 2 ? capacity * 2 : INT_MAX;
    }
    alias = cc_realloc_array(rewrite->alias, (size_t)capacity, sizeof *alias);
    rewrite->alias = alias != NULL ? alias : rewrite->alias;
    uses = cc_realloc_array(rewrite->uses, (size_t)capacity, sizeof *uses);
    rewrite->uses = uses != NULL ? uses : rewrite->uses;
    is_output = cc_realloc_array(rewrite->is_output, (size_t)capacity, sizeof *is_output);
    rewrite->is_output = is_output != NULL ? is_output : rewrite->is_output;
    if (alias == NULL || uses == NULL || is_output == NULL) {
        return false;
    }
    for (int i = rewrite->capacity; i < capacity; i++) {
        alias[i] = i;
        uses[i] = 0;
        is_output[i] = false;
    }
    rewrite->capacity = capacity;
    return true;
}

static void count_uses(cc_rewrite *rewrite)
{
    const cc_graph *graph = rewrite->graph;

    for (int i = 0; i < graph->node_count; i++) {
        const cc_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count && !node->removed; k++) {
            if (node->inputs[k] >= 0) {
                rewrite->uses[node->inputs[k]]++;
            }
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        rewrite->uses[graph->outputs[i]]++;
        rewrite->is_output[graph->outputs[i]] = true;
    }
}

cc_status cc_rewrite_begin(cc_rewrite *rewrite, cc_graph *graph, cc_error *error)
{
    memset(rewrite, 0, sizeof *rewrite);
    rewrite->graph = graph;
    rewrite->stack = cc_alloc_array((size_t)graph->node_count + 1, sizeof(int));
    if (rewrite->stack == NULL || !reserve_values(rewrite, graph->value_count + 1)) {
        cc_rewrite_end(rewrite);
        return cc_fail_memory(error, (size_t)graph->value_count * sizeof(int));
    }
    count_uses(rewrite);
    return CC_OK;
}

static int resolve(cc_rewrite *rewrite, int value)
{
    int end = value;

    while (rewrite->alias[end] != end) {
        end = rewrite->alias[end];
    }
    while (rewrite->alias[value] != end) { /* shorten the way for the next caller */
        int next = rewrite->alias[value];
        rewrite->alias[value] = end;
        value = next;
    }
    return end;
}

void cc_rewrite_end(cc_rewrite *rewrite)
{
    cc_graph *graph = rewrite->graph;

    for (int i = 0; graph != NULL && rewrite->capacity > 0 && i < graph->node_count; i++) {
        cc_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            node->inputs[k] = cc_rewrite_input(rewrite, node, k);
        }
    }
    cc_free(rewrite->alias);
    cc_free(rewrite->uses);
    cc_free(rewrite->is_output);
    cc_free(rewrite->stack);
    memset(rewrite, 0, sizeof *rewrite);
}

/* ---- looking ---- */

bool cc_node_is(const cc_node *node, const char *op_type)
{
    return strcmp(node->op_type, op_type) == 0;
}

int cc_rewrite_input(cc_rewrite *rewrite, const cc_node *node, int index)
{
    if (index >= node->input_count || node->inputs[index] < 0) {
        return -1;
    }
    return resolve(rewrite, node->inputs[index]);
}

const cc_tensor *cc_rewrite_constant(cc_rewrite *rewrite, const cc_node *node, int index)
{
    int value = cc_rewrite_input(rewrite, node, index);
    const cc_value *found = value >= 0 ? &rewrite->graph->values[value] : NULL;

    return found != NULL && found->is_constant && found->tensor.data != NULL ? &found->tensor
                                                                             : NULL;
}

cc_node *cc_rewrite_sole_producer(cc_rewrite *rewrite, const cc_node *node, int index)
{
    int value = cc_rewrite_input(rewrite, node, index);
    int producer = value >= 0 ? rewrite->graph->values[value].producer : -1;

    return producer >= 0 && rewrite->uses[value] == 1 ? &rewrite->graph->nodes[producer] : NULL;
}

/* ---- changing ---- */

int cc_rewrite_add_value(cc_rewrite *rewrite, const char *name)
{
    return reserve_values(rewrite, rewrite->graph->value_count + 1)
               ? cc_graph_add_value(rewrite->graph, name)
               : -1;
}

static bool is_unused(const cc_rewrite *rewrite, const cc_node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] >= 0 && rewrite->uses[node->outputs[i]] > 0) {
            return false;
        }
    }
    return !node->removed;
}

/* One mention less. A constant that nobody needs any more gives back its memory;
 * a producer that nobody needs is pushed, to be removed by the caller. */
static void forget_use(cc_rewrite *rewrite, int value, int *depth)
{
    cc_value *target = &rewrite->graph->values[value];

    if (--rewrite->uses[value] > 0) {
        return;
    }
    if (target->is_constant) {
        cc_graph_drop_constant(rewrite->graph, value);
    } else if (target->producer >= 0 &&
               is_unused(rewrite, &rewrite->graph->nodes[target->producer])) {
        rewrite->graph->nodes[target->producer].removed = true;
        rewrite->stack[(*depth)++] = target->producer;
    }
}

static void forget_inputs(cc_rewrite *rewrite, const cc_node *node)
{
    int depth = 0;

    for (;;) {
        for (int i = 0; i < node->input_count; i++) {
            int value = cc_rewrite_input(rewrite, node, i);
            if (value >= 0) {
                forget_use(rewrite, value, &depth);
            }
        }
        if (depth == 0) {
            return;
        }
        node = &rewrite->graph->nodes[rewrite->stack[--depth]];
    }
}

void cc_rewrite_remove(cc_rewrite *rewrite, cc_node *node)
{
    node->removed = true;
    forget_inputs(rewrite, node);
}

void cc_rewrite_set_input(cc_rewrite *rewrite, cc_node *node, int index, int value)
{
    int old = cc_rewrite_input(rewrite, node, index);
    int one[1] = {old};
    cc_node released = {.inputs = one, .input_count = 1};

    if (value >= 0) {
        rewrite->uses[value]++;
    }
    node->inputs[index] = value;
    forget_inputs(rewrite, &released);
}

cc_status cc_rewrite_set_inputs(cc_rewrite *rewrite, cc_node *node, const int *values, int count,
                                cc_error *error)
{
    int *inputs = cc_arena_alloc(&rewrite->graph->arena, (size_t)count, sizeof *inputs);
    cc_node released = {.inputs = node->inputs, .input_count = node->input_count};

    if (inputs == NULL) {
        return cc_fail_memory(error, (size_t)count * sizeof *inputs);
    }
    for (int i = 0; i < count; i++) {
        inputs[i] = values[i];
        if (values[i] >= 0) {
            rewrite->uses[values[i]]++;
        }
    }
    node->inputs = inputs;
    node->input_count = count;
    forget_inputs(rewrite, &released);
    return CC_OK;
}

/* The output keeps its name: the producer of `source` writes it directly. */
static bool rename_source(cc_rewrite *rewrite, cc_node *node, int source)
{
    cc_graph *graph = rewrite->graph;
    int output = node->outputs[0];
    int producer = graph->values[source].producer;
    cc_node *maker;

    if (producer < 0 || rewrite->is_output[source]) {
        return false;
    }
    maker = &graph->nodes[producer];
    for (int i = 0; i < maker->output_count; i++) {
        if (maker->outputs[i] == source) {
            maker->outputs[i] = output;
        }
    }
    graph->values[output].producer = producer;
    graph->values[source].producer = -1;
    rewrite->alias[source] = output;
    rewrite->uses[output] += rewrite->uses[source];
    rewrite->uses[source] = 0;
    cc_rewrite_remove(rewrite, node); /* its input now resolves to its own output */
    return true;
}

bool cc_rewrite_bypass(cc_rewrite *rewrite, cc_node *node, int source)
{
    int output = node->outputs[0];

    if (rewrite->is_output[output]) {
        return rename_source(rewrite, node, source);
    }
    rewrite->alias[output] = source;
    rewrite->uses[source] += rewrite->uses[output];
    rewrite->uses[output] = 0;
    rewrite->graph->values[output].producer = -1;
    cc_rewrite_remove(rewrite, node);
    return true;
}

void cc_rewrite_absorb(cc_rewrite *rewrite, cc_node *producer, cc_node *consumer)
{
    cc_graph *graph = rewrite->graph;
    int between = producer->outputs[0];
    int output = consumer->outputs[0];

    producer->outputs[0] = output;
    graph->values[output].producer = (int)(producer - graph->nodes);
    graph->values[between].producer = -1;
    cc_rewrite_remove(rewrite, consumer);
}

/* ---- attributes and constants ---- */

static cc_attribute *attribute_slot(cc_graph *graph, cc_node *node, const char *name)
{
    size_t count = (size_t)node->attribute_count;
    cc_attribute *attributes;

    for (int i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, name) == 0) {
            return &node->attributes[i];
        }
    }
    attributes = cc_arena_alloc(&graph->arena, count + 1, sizeof *attributes);
    if (attributes == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(attributes, node->attributes, count * sizeof *attributes);
    }
    node->attributes = attributes;
    node->attribute_count++;
    return &attributes[count];
}

cc_status cc_node_set_ints(cc_graph *graph, cc_node *node, const char *name, const int64_t *ints,
                           size_t count, cc_error *error)
{
    int64_t *copy = cc_arena_alloc(&graph->arena, count, sizeof *copy);
    char *copied_name = cc_arena_strndup(&graph->arena, name, strlen(name));
    cc_attribute *slot =
        copy != NULL && copied_name != NULL ? attribute_slot(graph, node, name) : NULL;

    if (slot == NULL) {
        return cc_fail_memory(error, count * sizeof *copy);
    }
    if (count > 0) {
        memcpy(copy, ints, count * sizeof *copy);
    }
    *slot = (cc_attribute){
        .name = copied_name, .kind = CC_ATTRIBUTE_INTS, .ints = copy, .count = count};
    return CC_OK;
}

int64_t cc_tensor_int(const cc_tensor *tensor, int64_t index)
{
    return tensor->dtype == CC_INT32 ? ((const int32_t *)tensor->data)[index]
                                     : ((const int64_t *)tensor->data)[index];
}

double cc_tensor_float(const cc_tensor *tensor, int64_t index)
{
    return tensor->dtype == CC_FLOAT64 ? ((const double *)tensor->data)[index]
                                       : (double)((const float *)tensor->data)[index];
}
