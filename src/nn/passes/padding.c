/* Zeros put around a picture by Pad, into the padding of the operator behind it. */
#include <float.h>
#include <string.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

typedef struct padding {
    int spatial;                   /* axes after batch and channel */
    int64_t pads[2 * CC_MAX_RANK]; /* begin of each axis, then end of each */
    float value;
} padding;

/* ---- the Pad ---- */

static bool read_amounts(cc_rewrite *rewrite, const cc_node *pad, int rank, int64_t *amounts)
{
    const cc_tensor *tensor = cc_rewrite_constant(rewrite, pad, 1);
    size_t count;
    const int64_t *ints = cc_node_ints(pad, "pads", &count);

    if (tensor != NULL && cc_shape_elements(&tensor->shape) == 2 * (int64_t)rank) {
        for (int i = 0; i < 2 * rank; i++) {
            amounts[i] = cc_tensor_int(tensor, i);
        }
        return true;
    }
    if (pad->input_count == 1 && ints != NULL && count == 2 * (size_t)rank) {
        memcpy(amounts, ints, count * sizeof *ints);
        return true;
    }
    return false;
}

static bool read_fill(cc_rewrite *rewrite, const cc_node *pad, float *fill)
{
    const cc_tensor *tensor = cc_rewrite_constant(rewrite, pad, 2);

    if (cc_rewrite_input(rewrite, pad, 2) < 0) {
        *fill = cc_node_float(pad, "value", 0.0f);
        return true;
    }
    if (tensor == NULL || tensor->dtype != CC_FLOAT32 || cc_shape_elements(&tensor->shape) != 1) {
        return false;
    }
    *fill = (float)cc_tensor_float(tensor, 0);
    return true;
}

static bool describe(cc_rewrite *rewrite, const cc_node *pad, padding *found)
{
    int rank = rewrite->graph->values[pad->outputs[0]].tensor.shape.rank;
    int64_t amounts[2 * CC_MAX_RANK] = {0};

    if (rank < 3 || strcmp(cc_node_string(pad, "mode", "constant"), "constant") != 0 ||
        cc_rewrite_input(rewrite, pad, 3) >= 0 || !read_amounts(rewrite, pad, rank, amounts) ||
        !read_fill(rewrite, pad, &found->value)) {
        return false;
    }
    found->spatial = rank - 2;
    for (int i = 0; i < rank; i++) {
        int64_t begin = amounts[i];
        int64_t end = amounts[rank + i];
        if (begin < 0 || end < 0 || (i < 2 && (begin > 0 || end > 0))) {
            return false;
        }
        if (i >= 2) {
            found->pads[i - 2] = begin;
            found->pads[found->spatial + i - 2] = end;
        }
    }
    return true;
}

/* ---- the operator behind it ---- */

/* Its own padding must mean the same as more of the Pad's: convolutions pad with
 * zeros, the maximum ignores padding, the average counts it if it is told to.
 * With ceil_mode a window may start in padding, where these rules differ. */
static bool pads_alike(const cc_node *node, float fill)
{
    if (cc_node_is(node, "Conv")) {
        return fill == 0.0f;
    }
    if (cc_node_int(node, "ceil_mode", 0) != 0) {
        return false;
    }
    if (cc_node_is(node, "MaxPool")) {
        return fill <= -FLT_MAX && node->output_count == 1;
    }
    return cc_node_is(node, "AveragePool") && fill == 0.0f &&
           cc_node_int(node, "count_include_pad", 0) != 0;
}

static bool adds_up(const cc_node *node, padding *sum)
{
    size_t count;
    const int64_t *own = cc_node_ints(node, "pads", &count);

    if (strcmp(cc_node_string(node, "auto_pad", "NOTSET"), "NOTSET") != 0 ||
        (own != NULL && count != 2 * (size_t)sum->spatial)) {
        return false;
    }
    for (int i = 0; own != NULL && i < 2 * sum->spatial; i++) {
        if (own[i] < 0 || own[i] > INT32_MAX || sum->pads[i] > INT32_MAX) {
            return false;
        }
        sum->pads[i] += own[i];
    }
    return true;
}

/* Ask the operator's own rule whether it takes this much padding, on a copy. */
static bool is_admitted(cc_rewrite *rewrite, const cc_node *node, int source)
{
    cc_graph *graph = rewrite->graph;
    const cc_tensor *inputs[4] = {&graph->values[source].tensor};
    cc_tensor result = {0};
    cc_tensor *outputs[1] = {&result};
    cc_op_call call = {.node = node,
                       .opset = graph->opset,
                       .inputs = inputs,
                       .input_count = node->input_count,
                       .outputs = outputs,
                       .output_count = 1};

    if (node->input_count > 4) {
        return false;
    }
    for (int i = 1; i < node->input_count; i++) {
        int value = cc_rewrite_input(rewrite, node, i);
        inputs[i] = value >= 0 ? &graph->values[value].tensor : NULL;
    }
    return cc_operator_infer(&call, NULL) == CC_OK &&
           cc_shape_equal(&result.shape, &graph->values[node->outputs[0]].tensor.shape);
}

cc_status cc_pass_padding(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];
    cc_node *pad = cc_rewrite_sole_producer(rewrite, node, 0);
    cc_node padded = *node;
    padding sum = {0};
    int source;
    cc_status status;

    if (pad == NULL || !cc_node_is(pad, "Pad") || !describe(rewrite, pad, &sum) ||
        !pads_alike(node, sum.value) || !adds_up(node, &sum)) {
        return CC_OK;
    }
    source = cc_rewrite_input(rewrite, pad, 0);
    if (node->attribute_count > 0) { /* the copy must not share what is changed */
        padded.attributes = cc_arena_alloc(&rewrite->graph->arena, (size_t)node->attribute_count,
                                           sizeof(cc_attribute));
        if (padded.attributes == NULL) {
            return cc_fail_memory(error, sizeof(cc_attribute));
        }
        memcpy(padded.attributes, node->attributes,
               (size_t)node->attribute_count * sizeof(cc_attribute));
    }
    status =
        cc_node_set_ints(rewrite->graph, &padded, "pads", sum.pads, 2 * (size_t)sum.spatial, error);
    if (status == CC_OK && is_admitted(rewrite, &padded, source)) {
        *node = padded;
        cc_rewrite_set_input(rewrite, node, 0, source);
    }
    return status;
}
