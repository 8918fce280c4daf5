/* How much a node multiplies. */
#include "nn/passes/passes.h"
#include "nn/passes/rewrite.h"

static const cc_shape *shape_of(const cc_graph *graph, const int *values, int count, int index)
{
    return index < count && values[index] >= 0 ? &graph->values[values[index]].tensor.shape : NULL;
}

/* Products of one step along `axis`-many things: all elements but that axis. */
static double elements_per(const cc_shape *shape, int axis)
{
    double product = 1;

    for (int i = 0; i < shape->rank; i++) {
        product *= i == axis ? 1 : (double)shape->dims[i];
    }
    return product;
}

static double elements(const cc_shape *shape)
{
    return elements_per(shape, -1);
}

static bool is_convolution(const cc_node *node)
{
    return cc_node_is(node, "Conv") || cc_node_is(node, "ConvInteger");
}

double cc_node_multiply_adds(const cc_graph *graph, const cc_node *node)
{
    const cc_shape *first = shape_of(graph, node->inputs, node->input_count, 0);
    const cc_shape *second = shape_of(graph, node->inputs, node->input_count, 1);
    const cc_shape *result = shape_of(graph, node->outputs, node->output_count, 0);

    if (first == NULL || second == NULL || result == NULL) {
        return 0;
    }
    /* Weights are MxC/gxk..., so each output element takes C/g*k... products ... */
    if (is_convolution(node)) {
        return elements(result) * elements_per(second, 0);
    }
    /* ... and CxM/gxk... here, so each input element gives M/g*k... */
    if (cc_node_is(node, "ConvTranspose")) {
        return elements(first) * elements_per(second, 0);
    }
    if (cc_node_is(node, "Gemm") && first->rank == 2) {
        return elements(result) * (double)first->dims[cc_node_int(node, "transA", 0) != 0 ? 0 : 1];
    }
    if ((cc_node_is(node, "MatMul") || cc_node_is(node, "MatMulInteger")) && first->rank > 0) {
        return elements(result) * (double)first->dims[first->rank - 1];
    }
    return 0;
}
