/* A graph as text, one line per node. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "nn/passes/passes.h"

static cc_status add(cc_buffer *text, cc_error *error, const char *format, ...) CC_PRINTF(3, 4);

static cc_status add(cc_buffer *text, cc_error *error, const char *format, ...)
{
    char line[512]; /* longer names are cut: this is for reading */
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return cc_fail(error, CC_INTERNAL, "cannot format a line");
    }
    length = length < (int)sizeof line ? length : (int)sizeof line - 1;
    return cc_buffer_append(text, line, (size_t)length, 0, error);
}

static cc_status add_value(cc_buffer *text, const cc_graph *graph, int index, const char *before,
                           cc_error *error)
{
    char shape[128];
    const cc_value *value;

    if (index < 0) {
        return add(text, error, "%s-", before);
    }
    value = &graph->values[index];
    return add(text, error, "%s%s%s %s%s%s", before, value->is_constant ? "=" : "", value->name,
               value->tensor.dtype == CC_FLOAT32 ? "" : cc_dtype_name(value->tensor.dtype),
               value->tensor.dtype == CC_FLOAT32 ? "" : " ",
               cc_shape_text(&value->tensor.shape, shape, sizeof shape));
}

static const char *activation_name(cc_activation activation)
{
    static const char *const names[] = {"",          " +relu",         " +leaky-relu", " +clip",
                                        " +sigmoid", " +hard-sigmoid", " +hard-swish", " +tanh"};
    return names[activation];
}

static const char *residual_name(cc_residual residual)
{
    static const char *const names[] = {"", " +residual-before", " +residual-after"};
    return names[residual];
}

static cc_status add_node(cc_buffer *text, const cc_graph *graph, int index, cc_error *error)
{
    const cc_node *node = &graph->nodes[index];
    cc_status status = add(text, error, "%d %s %s (", index, node->op_type, node->name);

    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        status = add_value(text, graph, node->inputs[i], i > 0 ? ", " : "", error);
    }
    for (int i = 0; i < node->output_count && status == CC_OK; i++) {
        status = add_value(text, graph, node->outputs[i], i > 0 ? ", " : ") -> ", error);
    }
    if (status == CC_OK) {
        status = add(text, error, "%s%s\n", activation_name(node->fusion.activation),
                     residual_name(node->fusion.residual));
    }
    return status;
}

cc_status cc_graph_dump(const cc_graph *graph, char **text, cc_error *error)
{
    cc_buffer buffer = {0};
    cc_status status = CC_OK;

    *text = NULL;
    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        if (!graph->nodes[i].removed) {
            status = add_node(&buffer, graph, i, error);
        }
    }
    if (status == CC_OK) {
        status = cc_buffer_append(&buffer, "", 1, 0, error);
    }
    if (status != CC_OK) {
        cc_buffer_free(&buffer);
        return status;
    }
    *text = (char *)buffer.data;
    return CC_OK;
}
