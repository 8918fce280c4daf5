/* The ends of the network: shapes of its inputs, and outputs that are produced. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

static cc_status override_shape(cc_value *input, const cc_shape *wanted, cc_error *error)
{
    char have[128];
    char want[128];
    cc_shape *shape = &input->tensor.shape;

    if (wanted->rank > CC_MAX_RANK || (shape->rank >= 0 && shape->rank != wanted->rank)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "input '%s' has shape %s (-1 is open), which cannot become %s", input->name,
                       cc_shape_text(shape, have, sizeof have),
                       cc_shape_text(wanted, want, sizeof want));
    }
    for (int i = 0; i < wanted->rank; i++) {
        if (wanted->dims[i] < 1) {
            return cc_fail(error, CC_INVALID_ARGUMENT,
                           "input '%s' cannot have dimension %" PRId64 "; give whole numbers from "
                           "1 on",
                           input->name, wanted->dims[i]);
        }
    }
    *shape = *wanted;
    return CC_OK;
}

static cc_status close_shape(cc_value *input, cc_error *error)
{
    char text[128];
    cc_shape *shape = &input->tensor.shape;

    if (shape->rank < 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "input '%s' has no shape in the file; give one with --shape", input->name);
    }
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 0) {
            shape->dims[i] = 1;
        }
    }
    if (cc_shape_elements(shape) < 0) {
        return cc_fail(error, CC_LIMIT, "input '%s' of shape %s is too large", input->name,
                       cc_shape_text(shape, text, sizeof text));
    }
    input->shape_known = true;
    return CC_OK;
}

static int find_input(const cc_graph *graph, const char *name)
{
    for (int i = 0; i < graph->input_count; i++) {
        if (strcmp(graph->values[graph->inputs[i]].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* The input's value goes into the graph, and it is no input any more. */
static cc_status fix_input(cc_graph *graph, int input, const cc_known_input *known, cc_error *error)
{
    int value = graph->inputs[input];
    cc_status status = cc_graph_allocate_constant(graph, value, CC_FLOAT32, &known->shape, error);

    if (status != CC_OK) {
        return status;
    }
    memcpy(graph->values[value].tensor.data, known->values,
           (size_t)cc_shape_elements(&known->shape) * sizeof(float));
    graph->input_count--;
    memmove(graph->inputs + input, graph->inputs + input + 1,
            (size_t)(graph->input_count - input) * sizeof *graph->inputs);
    return CC_OK;
}

static cc_status apply_known(cc_graph *graph, const cc_known_input *known, cc_error *error)
{
    int input = find_input(graph, known->name);

    if (input < 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "the network has no input '%s'", known->name);
    }
    if (graph->values[graph->inputs[input]].tensor.dtype != CC_FLOAT32) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "input '%s' is not float32", known->name);
    }
    return known->values != NULL
               ? fix_input(graph, input, known, error)
               : override_shape(&graph->values[graph->inputs[input]], &known->shape, error);
}

cc_status cc_pass_input_shapes(cc_graph *graph, const cc_prepare_options *options, cc_error *error)
{
    cc_status status = CC_OK;

    if (options->input_shape.rank > 0 && graph->input_count == 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "the network has no input that a shape could be for");
    }
    if (options->input_shape.rank > 0) {
        status = override_shape(&graph->values[graph->inputs[0]], &options->input_shape, error);
    }
    for (int i = 0; i < options->known_input_count && status == CC_OK; i++) {
        status = apply_known(graph, &options->known_inputs[i], error);
    }
    for (int i = 0; i < graph->input_count && status == CC_OK; i++) {
        status = close_shape(&graph->values[graph->inputs[i]], error);
    }
    return status;
}

/* ---- outputs ---- */

static cc_status add_identity(cc_graph *graph, int output, cc_error *error)
{
    int source = graph->outputs[output];
    int value = cc_graph_add_value(graph, graph->values[source].name);
    int node = value >= 0 ? cc_graph_add_node(graph, "Identity", graph->values[value].name) : -1;
    int *ports = cc_arena_alloc(&graph->arena, 2, sizeof *ports);

    if (node < 0 || ports == NULL) {
        return cc_fail_memory(error, sizeof(cc_node));
    }
    ports[0] = source;
    ports[1] = value;
    graph->nodes[node].inputs = &ports[0];
    graph->nodes[node].input_count = 1;
    graph->nodes[node].outputs = &ports[1];
    graph->nodes[node].output_count = 1;
    graph->nodes[node].operator_ = cc_operator_find("Identity");
    graph->values[value].producer = node;
    graph->outputs[output] = value;
    return CC_OK;
}

static bool is_graph_input(const cc_graph *graph, int value)
{
    return graph->values[value].producer < 0 && !graph->values[value].is_constant;
}

cc_status cc_pass_separate_outputs(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < graph->output_count && status == CC_OK; i++) {
        if (is_graph_input(graph, graph->outputs[i])) {
            status = add_identity(graph, i, error);
        }
    }
    return status;
}
