/* Half precision to single.
 *
 * Networks stored in float16 run in float32 here: no processor of ours computes
 * faster in float16, and results are closer to the network as it was trained.
 * Everything that is float16 by declaration is widened before inference; what
 * follows from it by the shape rules is then float32 by itself.
 */
#include <string.h>

#include "nn/half.h"
#include "nn/passes/pass.h"

static void widen(const cc_tensor *from, cc_tensor *to)
{
    cc_halves_to_floats(from->data, cc_shape_elements(&from->shape), to->data);
}

static cc_status widen_attribute(cc_graph *graph, cc_attribute *attribute, cc_error *error)
{
    cc_tensor wide = attribute->tensor;
    int64_t count = cc_shape_elements(&wide.shape);

    wide.dtype = CC_FLOAT32;
    wide.data = cc_arena_alloc(&graph->arena, (size_t)count, sizeof(float));
    if (wide.data == NULL) {
        return cc_fail_memory(error, (size_t)count * sizeof(float));
    }
    widen(&attribute->tensor, &wide);
    attribute->tensor = wide;
    return CC_OK;
}

static cc_status widen_node(cc_graph *graph, cc_node *node, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < node->attribute_count && status == CC_OK; i++) {
        cc_attribute *attribute = &node->attributes[i];
        if (attribute->kind == CC_ATTRIBUTE_TENSOR && attribute->tensor.dtype == CC_FLOAT16) {
            status = widen_attribute(graph, attribute, error);
        } else if (cc_node_is(node, "Cast") && strcmp(attribute->name, "to") == 0 &&
                   attribute->i == CC_FLOAT16) {
            attribute->i = CC_FLOAT32;
        }
    }
    return status;
}

static cc_status widen_value(cc_graph *graph, int index, cc_error *error)
{
    cc_value *value = &graph->values[index];

    if (value->tensor.dtype != CC_FLOAT16) {
        return CC_OK;
    }
    if (value->is_constant && value->tensor.data != NULL) {
        const void *halves = value->owns_data ? NULL : value->tensor.data;
        cc_status status =
            cc_graph_convert_constant(graph, index, CC_FLOAT32, &value->tensor.shape, widen, error);
        value->halves = status == CC_OK ? halves : NULL;
        return status;
    }
    if (!value->is_constant) {
        value->tensor.dtype = CC_FLOAT32;
    }
    return CC_OK;
}

/* ---- casts of what is wide now ---- */

/* How often each value is read, as an output of the network too; NULL: out of memory. */
static int *count_reads(const cc_graph *graph, cc_error *error)
{
    int *reads = cc_alloc_zeroed((size_t)graph->value_count, sizeof *reads);

    if (reads == NULL) {
        (void)cc_fail_memory(error, (size_t)graph->value_count * sizeof *reads);
        return NULL;
    }
    for (int i = 0; i < graph->node_count; i++) {
        const cc_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count && !node->removed; k++) {
            if (node->inputs[k] >= 0) {
                reads[node->inputs[k]]++;
            }
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        reads[graph->outputs[i]]++;
    }
    return reads;
}

/* A Cast of a constant to the type that it has, the constant's only reader: files that
 * store halves have one for each constant. The result becomes the constant itself, which
 * saves every weight a copy. */
static bool casts_own_constant(const cc_graph *graph, const cc_node *node, const int *reads)
{
    const cc_value *value =
        node->input_count == 1 && node->inputs[0] >= 0 ? &graph->values[node->inputs[0]] : NULL;

    return !node->removed && cc_node_is(node, "Cast") && value != NULL && value->is_constant &&
           value->tensor.data != NULL && value->tensor.dtype == CC_FLOAT32 &&
           cc_node_int(node, "to", 0) == CC_FLOAT32 && reads[node->inputs[0]] == 1 &&
           node->output_count == 1 && node->outputs[0] >= 0;
}

static cc_status skip_casts(cc_graph *graph, cc_error *error)
{
    int *reads = count_reads(graph, error);

    if (reads == NULL) {
        return CC_OUT_OF_MEMORY;
    }
    for (int i = 0; i < graph->node_count; i++) {
        cc_node *node = &graph->nodes[i];
        if (casts_own_constant(graph, node, reads)) {
            cc_graph_move_constant(graph, node->inputs[0], node->outputs[0]);
            node->removed = true;
        }
    }
    cc_free(reads);
    return CC_OK;
}

cc_status cc_pass_widen_half(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < graph->value_count && status == CC_OK; i++) {
        status = widen_value(graph, i, error);
    }
    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        if (!graph->nodes[i].removed) {
            status = widen_node(graph, &graph->nodes[i], error);
        }
    }
    return status == CC_OK ? skip_casts(graph, error) : status;
}
