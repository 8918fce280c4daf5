/* Constant nodes: their value is known, so no node is needed. */
#include <string.h>

#include "nn/passes/pass.h"

static cc_status set_data(cc_graph *graph, int value, cc_dtype dtype, const cc_shape *shape,
                          const void *data, cc_error *error)
{
    cc_status status = cc_graph_allocate_constant(graph, value, dtype, shape, error);

    if (status == CC_OK) {
        memcpy(graph->values[value].tensor.data, data,
               (size_t)cc_shape_elements(shape) * cc_dtype_size(dtype));
    }
    return status;
}

static cc_status set_tensor(cc_graph *graph, int value, const cc_tensor *tensor)
{
    cc_value *target = &graph->values[value];

    target->tensor = *tensor; /* lies in the file or in the arena */
    target->is_constant = true;
    target->shape_known = true;
    target->producer = -1;
    return CC_OK;
}

static cc_status convert(cc_graph *graph, const cc_node *node, const cc_attribute *attribute,
                         cc_error *error)
{
    static const cc_shape scalar = {0};
    const cc_shape list = {.rank = 1, .dims = {(int64_t)attribute->count}};
    int value = node->outputs[0];

    if (strcmp(attribute->name, "value") == 0 && attribute->kind == CC_ATTRIBUTE_TENSOR) {
        return set_tensor(graph, value, &attribute->tensor);
    }
    if (strcmp(attribute->name, "value_float") == 0 && attribute->kind == CC_ATTRIBUTE_FLOAT) {
        return set_data(graph, value, CC_FLOAT32, &scalar, &attribute->f, error);
    }
    if (strcmp(attribute->name, "value_int") == 0 && attribute->kind == CC_ATTRIBUTE_INT) {
        return set_data(graph, value, CC_INT64, &scalar, &attribute->i, error);
    }
    if (strcmp(attribute->name, "value_floats") == 0 && attribute->kind == CC_ATTRIBUTE_FLOATS) {
        return set_data(graph, value, CC_FLOAT32, &list, attribute->floats, error);
    }
    if (strcmp(attribute->name, "value_ints") == 0 && attribute->kind == CC_ATTRIBUTE_INTS) {
        return set_data(graph, value, CC_INT64, &list, attribute->ints, error);
    }
    return cc_fail(error, CC_UNSUPPORTED, "node '%s' (Constant): cannot use attribute '%s'",
                   node->name, attribute->name);
}

cc_status cc_pass_constants(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        cc_node *node = &graph->nodes[i];
        if (!cc_node_is(node, "Constant")) {
            continue;
        }
        if (node->input_count != 0 || node->output_count != 1 || node->attribute_count != 1) {
            return cc_fail(error, CC_MODEL, "node '%s' (Constant) does not hold just one value",
                           node->name);
        }
        if (node->outputs[0] >= 0) {
            status = convert(graph, node, &node->attributes[0], error);
        }
        node->removed = true;
    }
    return status;
}
