/* Pairs and chains of operators that undo each other. */
#include "nn/passes/pass.h"

/* ---- casts ---- */

/* Can `to` hold every value of `from`? Float32 holds integers up to 2^24 only. */
static bool is_lossless(cc_dtype from, cc_dtype to)
{
    switch (from) {
    case CC_BOOL: return true;
    case CC_UINT8:
    case CC_INT8: return to == CC_INT32 || to == CC_INT64 || to == CC_FLOAT32 || to == CC_FLOAT64;
    case CC_INT32: return to == CC_INT64 || to == CC_FLOAT64;
    case CC_FLOAT32: return to == CC_FLOAT64;
    default: return false;
    }
}

/* A cast to bool asks "is it zero?", so what matters is kept by lossless casts. */
static void skip_inner_cast(cc_rewrite *rewrite, cc_node *node)
{
    const cc_value *values = rewrite->graph->values;
    int middle = cc_rewrite_input(rewrite, node, 0);
    int producer = middle >= 0 ? values[middle].producer : -1;
    cc_node *inner = producer >= 0 ? &rewrite->graph->nodes[producer] : NULL;
    int source =
        inner != NULL && cc_node_is(inner, "Cast") ? cc_rewrite_input(rewrite, inner, 0) : -1;

    if (source < 0 || !is_lossless(values[source].tensor.dtype, values[middle].tensor.dtype)) {
        return;
    }
    cc_rewrite_set_input(rewrite, node, 0, source);
    if (values[source].tensor.dtype == values[node->outputs[0]].tensor.dtype) {
        (void)cc_rewrite_bypass(rewrite, node, source);
    }
}

/* ---- transposes ---- */

static void permutation(const cc_node *node, int rank, int64_t *perm)
{
    size_t count;
    const int64_t *given = cc_node_ints(node, "perm", &count);

    for (int i = 0; i < rank; i++) {
        perm[i] = given != NULL ? given[i] : rank - 1 - i; /* the rule admitted rank entries */
    }
}

static cc_status join_transposes(cc_rewrite *rewrite, cc_node *node, cc_error *error)
{
    cc_node *inner = cc_rewrite_sole_producer(rewrite, node, 0);
    int64_t first[CC_MAX_RANK];
    int64_t second[CC_MAX_RANK];
    int64_t joined[CC_MAX_RANK];
    int rank = rewrite->graph->values[node->outputs[0]].tensor.shape.rank;
    bool identity = true;
    int source;
    cc_status status;

    if (inner == NULL || !cc_node_is(inner, "Transpose")) {
        return CC_OK;
    }
    permutation(inner, rank, first);
    permutation(node, rank, second);
    for (int i = 0; i < rank; i++) {
        joined[i] = first[second[i]];
        identity = identity && joined[i] == i;
    }
    source = cc_rewrite_input(rewrite, inner, 0);
    if (identity && cc_rewrite_bypass(rewrite, node, source)) {
        return CC_OK;
    }
    status = cc_node_set_ints(rewrite->graph, node, "perm", joined, (size_t)rank, error);
    if (status == CC_OK) {
        cc_rewrite_set_input(rewrite, node, 0, source);
    }
    return status;
}

/* ---- views ---- */

/* Longer chains are taken apart from their ends, one pass after another. */
#define MAXIMUM_CHAIN 8

static bool is_view(const cc_node *node)
{
    return cc_node_is(node, "Reshape") || cc_node_is(node, "Flatten") ||
           cc_node_is(node, "Squeeze") || cc_node_is(node, "Unsqueeze");
}

/* Views keep the elements in order: back at an earlier shape, all is as before. */
static void end_where_begun(cc_rewrite *rewrite, cc_node *node)
{
    const cc_value *values = rewrite->graph->values;
    const cc_shape *shape = &values[node->outputs[0]].tensor.shape;
    const cc_node *view = node;

    for (int i = 0; i < MAXIMUM_CHAIN && is_view(view); i++) {
        int source = cc_rewrite_input(rewrite, view, 0);
        if (cc_shape_equal(&values[source].tensor.shape, shape)) {
            (void)cc_rewrite_bypass(rewrite, node, source);
            return;
        }
        if (values[source].producer < 0) {
            return;
        }
        view = &rewrite->graph->nodes[values[source].producer];
    }
}

cc_status cc_pass_undone(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];

    if (cc_node_is(node, "Cast")) {
        skip_inner_cast(rewrite, node);
    } else if (cc_node_is(node, "Transpose")) {
        return join_transposes(rewrite, node, error);
    } else if (is_view(node)) {
        end_where_begun(rewrite, node);
    }
    return CC_OK;
}
