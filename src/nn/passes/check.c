/* Is this a graph that the passes may rely on, made of operators we have? */
#include <string.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

/* ---- structure ---- */

static bool is_index(int index, int count)
{
    return index >= 0 && index < count;
}

static cc_status check_input(const cc_graph *graph, const cc_node *node, int value,
                             const bool *is_input, cc_error *error)
{
    const cc_value *found;

    if (value == -1) {
        return CC_OK;
    }
    if (!is_index(value, graph->value_count)) {
        return cc_fail(error, CC_MODEL, "node '%s' (%s) reads a value that does not exist",
                       node->name, node->op_type);
    }
    found = &graph->values[value];
    if (found->producer < 0 && !found->is_constant && !is_input[value]) {
        return cc_fail(error, CC_MODEL, "node '%s' (%s) reads '%s', which nothing produces",
                       node->name, node->op_type, found->name);
    }
    return CC_OK;
}

static cc_status check_output(const cc_graph *graph, int index, int value, const bool *is_input,
                              cc_error *error)
{
    const cc_node *node = &graph->nodes[index];

    if (value == -1) {
        return CC_OK;
    }
    if (!is_index(value, graph->value_count) || graph->values[value].is_constant ||
        is_input[value] || graph->values[value].producer != index) {
        return cc_fail(error, CC_MODEL,
                       "node '%s' (%s) produces '%s', which is defined elsewhere as well",
                       node->name, node->op_type,
                       is_index(value, graph->value_count) ? graph->values[value].name : "?");
    }
    return CC_OK;
}

static cc_status check_node(const cc_graph *graph, int index, const bool *is_input, cc_error *error)
{
    const cc_node *node = &graph->nodes[index];
    cc_status status = CC_OK;

    if (node->input_count > CC_MAX_INPUTS || node->output_count > CC_MAX_INPUTS) {
        return cc_fail(error, CC_LIMIT, "node '%s' (%s) has more than %d inputs or outputs",
                       node->name, node->op_type, CC_MAX_INPUTS);
    }
    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        status = check_input(graph, node, node->inputs[i], is_input, error);
    }
    for (int i = 0; i < node->output_count && status == CC_OK; i++) {
        status = check_output(graph, index, node->outputs[i], is_input, error);
    }
    return status;
}

static cc_status check_ends(const cc_graph *graph, bool *is_input, cc_error *error)
{
    for (int i = 0; i < graph->input_count; i++) {
        if (!is_index(graph->inputs[i], graph->value_count)) {
            return cc_fail(error, CC_MODEL, "input %d does not exist", i);
        }
        is_input[graph->inputs[i]] = true;
    }
    if (graph->output_count <= 0) {
        return cc_fail(error, CC_MODEL, "the network has no output");
    }
    for (int i = 0; i < graph->output_count; i++) {
        int value = graph->outputs[i];
        if (!is_index(value, graph->value_count)) {
            return cc_fail(error, CC_MODEL, "output %d does not exist", i);
        }
        if (graph->values[value].producer < 0 && !graph->values[value].is_constant &&
            !is_input[value]) {
            return cc_fail(error, CC_MODEL, "output '%s' is not produced by any node",
                           graph->values[value].name);
        }
    }
    return CC_OK;
}

cc_status cc_pass_check_structure(const cc_graph *graph, cc_error *error)
{
    bool *is_input = cc_alloc_zeroed((size_t)graph->value_count, sizeof *is_input);
    cc_status status;

    if (is_input == NULL) {
        return cc_fail_memory(error, (size_t)graph->value_count);
    }
    status = check_ends(graph, is_input, error);
    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        status = check_node(graph, i, is_input, error);
    }
    cc_free(is_input);
    return status;
}

/* ---- operators ---- */

/* The kinds of attributes by name, where all operators of ONNX agree. Shape rules
 * read an attribute with a fallback; without this check one of the wrong kind
 * would silently count as left out. */
static const struct {
    const char *name;
    cc_attribute_kind kind;
} attribute_kinds[] = {
    {"allowzero", CC_ATTRIBUTE_INT},
    {"alpha", CC_ATTRIBUTE_FLOAT},
    {"antialias", CC_ATTRIBUTE_INT},
    {"auto_pad", CC_ATTRIBUTE_STRING},
    {"axes", CC_ATTRIBUTE_INTS},
    {"axis", CC_ATTRIBUTE_INT},
    {"batch_dims", CC_ATTRIBUTE_INT},
    {"beta", CC_ATTRIBUTE_FLOAT},
    {"ceil_mode", CC_ATTRIBUTE_INT},
    {"coordinate_transformation_mode", CC_ATTRIBUTE_STRING},
    {"count_include_pad", CC_ATTRIBUTE_INT},
    {"cubic_coeff_a", CC_ATTRIBUTE_FLOAT},
    {"dilations", CC_ATTRIBUTE_INTS},
    {"end", CC_ATTRIBUTE_INT},
    {"ends", CC_ATTRIBUTE_INTS},
    {"epsilon", CC_ATTRIBUTE_FLOAT},
    {"exclude_outside", CC_ATTRIBUTE_INT},
    {"extrapolation_value", CC_ATTRIBUTE_FLOAT},
    {"group", CC_ATTRIBUTE_INT},
    {"keep_aspect_ratio_policy", CC_ATTRIBUTE_STRING},
    {"keepdims", CC_ATTRIBUTE_INT},
    {"kernel_shape", CC_ATTRIBUTE_INTS},
    {"max", CC_ATTRIBUTE_FLOAT},
    {"min", CC_ATTRIBUTE_FLOAT},
    {"mode", CC_ATTRIBUTE_STRING},
    {"momentum", CC_ATTRIBUTE_FLOAT},
    {"nearest_mode", CC_ATTRIBUTE_STRING},
    {"noop_with_empty_axes", CC_ATTRIBUTE_INT},
    {"num_outputs", CC_ATTRIBUTE_INT},
    {"output_padding", CC_ATTRIBUTE_INTS},
    {"output_shape", CC_ATTRIBUTE_INTS},
    {"pads", CC_ATTRIBUTE_INTS},
    {"perm", CC_ATTRIBUTE_INTS},
    {"scales", CC_ATTRIBUTE_FLOATS},
    {"select_last_index", CC_ATTRIBUTE_INT},
    {"spatial", CC_ATTRIBUTE_INT},
    {"split", CC_ATTRIBUTE_INTS},
    {"start", CC_ATTRIBUTE_INT},
    {"starts", CC_ATTRIBUTE_INTS},
    {"stash_type", CC_ATTRIBUTE_INT},
    {"storage_order", CC_ATTRIBUTE_INT},
    {"strides", CC_ATTRIBUTE_INTS},
    {"to", CC_ATTRIBUTE_INT},
    {"training_mode", CC_ATTRIBUTE_INT},
    {"transA", CC_ATTRIBUTE_INT},
    {"transB", CC_ATTRIBUTE_INT},
};

static bool has_known_kind(const cc_attribute *attribute)
{
    for (size_t i = 0; i < sizeof attribute_kinds / sizeof attribute_kinds[0]; i++) {
        if (strcmp(attribute->name, attribute_kinds[i].name) == 0) {
            return attribute->kind == attribute_kinds[i].kind;
        }
    }
    return true;
}

static cc_status check_operator(const cc_graph *graph, cc_node *node, cc_error *error)
{
    const cc_operator *found = cc_operator_find(node->op_type);

    if (found == NULL) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "node '%s' needs operator %s, which clearcut does not have; try "
                       "--device ort, or export the model without it",
                       node->name, node->op_type);
    }
    if (graph->opset < found->minimum_opset) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "node '%s' (%s) follows operator set %d; clearcut knows this operator from "
                       "%d on; export the model with a newer one",
                       node->name, node->op_type, graph->opset, found->minimum_opset);
    }
    for (int i = 0; i < node->attribute_count; i++) {
        if (!has_known_kind(&node->attributes[i])) {
            return cc_fail(error, CC_MODEL, "node '%s' (%s): attribute '%s' has the wrong kind",
                           node->name, node->op_type, node->attributes[i].name);
        }
    }
    node->operator_ = found;
    return CC_OK;
}

cc_status cc_pass_check_operators(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        if (!graph->nodes[i].removed) {
            status = check_operator(graph, &graph->nodes[i], error);
        }
    }
    return status;
}
