/* Shared by the tests of the reader and the passes: a small model, seeded noise,
 * and a plain executor that runs every node by its reference. */
#ifndef CLEARCUT_TESTS_NN_GRAPH_TEST_H
#define CLEARCUT_TESTS_NN_GRAPH_TEST_H

#include "nn/onnx.h"
#include "nn/onnx_builder.h"
#include "nn/ops/operator.h"
#include "nn/passes/passes.h"

/* xorshift64*: the same numbers everywhere. */
ONNX_HELPER uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

/* Evenly in -1..1. */
ONNX_HELPER float test_noise(uint64_t *state)
{
    return (float)(int32_t)(uint32_t)(test_random(state) >> 32) * 0x1p-31f;
}

ONNX_HELPER float *test_noises(uint64_t *state, size_t count)
{
    float *values = malloc((count > 0 ? count : 1) * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = test_noise(state);
    }
    return values;
}

/* An initialiser of noise. */
ONNX_HELPER void test_noise_constant(onnx_builder *builder, const char *name, int rank,
                                     const int64_t *dims, uint64_t *state)
{
    size_t count = 1;
    float *values;

    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    values = test_noises(state, count);
    onnx_floats(builder, name, rank, dims, values);
    free(values);
}

/* Conv, batch normalisation, Relu, pooling, a Resize whose sizes come from a Shape
 * sub-graph, Concat and Sigmoid: what exports of U-Nets are made of, in 3 KB. */
ONNX_HELPER onnx_bytes test_small_model(void)
{
    uint64_t seed = 7;
    onnx_builder b = onnx_begin(13);
    float ones[4] = {1, 1, 1, 1};

    onnx_input(&b, "x", CC_FLOAT32, 4, (int64_t[]){-1, 3, 8, 8});
    test_noise_constant(&b, "w", 4, (int64_t[]){4, 3, 3, 3}, &seed);
    test_noise_constant(&b, "bias", 1, (int64_t[]){4}, &seed);
    test_noise_constant(&b, "gamma", 1, (int64_t[]){4}, &seed);
    test_noise_constant(&b, "mean", 1, (int64_t[]){4}, &seed);
    onnx_floats(&b, "variance", 1, (int64_t[]){4}, ones);
    test_noise_constant(&b, "w2", 4, (int64_t[]){2, 8, 1, 1}, &seed);
    onnx_int64s(&b, "zero", 1, (int64_t[]){0});
    onnx_int64s(&b, "two", 1, (int64_t[]){2});
    onnx_int64s(&b, "four", 1, (int64_t[]){4});
    onnx_node(&b, "Conv", "x w bias", "c");
    onnx_ints(&b, "pads", 4, (int64_t[]){1, 1, 1, 1});
    onnx_ints(&b, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_node(&b, "BatchNormalization", "c gamma bias mean variance", "n");
    onnx_float(&b, "epsilon", 1e-5f);
    onnx_node(&b, "Relu", "n", "r");
    onnx_node(&b, "MaxPool", "r", "p");
    onnx_ints(&b, "kernel_shape", 2, (int64_t[]){2, 2});
    onnx_ints(&b, "strides", 2, (int64_t[]){2, 2});
    onnx_node(&b, "Shape", "r", "s");
    onnx_node(&b, "Slice", "s two four zero", "hw");
    onnx_node(&b, "Shape", "p", "ps");
    onnx_node(&b, "Slice", "ps zero two zero", "nc");
    onnx_node(&b, "Concat", "nc hw", "sizes");
    onnx_int(&b, "axis", 0);
    onnx_node(&b, "Resize", "p - - sizes", "u");
    onnx_string(&b, "mode", "linear");
    onnx_string(&b, "coordinate_transformation_mode", "half_pixel");
    onnx_node(&b, "Concat", "u r", "cat");
    onnx_int(&b, "axis", 1);
    onnx_node(&b, "Conv", "cat w2", "d");
    onnx_node(&b, "Sigmoid", "d", "y");
    onnx_output(&b, "y");
    return onnx_finish(&b);
}

/* ---- running by references ---- */

ONNX_HELPER size_t test_tensor_bytes(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape) * cc_dtype_size(tensor->dtype);
}

/* Run node by node; each value gets memory of its own, freed by test_run_end. The
 * inputs' data must have been set. */
ONNX_HELPER cc_status test_run(cc_graph *graph, cc_error *error)
{
    cc_status status = CC_OK;

    for (int n = 0; n < graph->node_count && status == CC_OK; n++) {
        const cc_node *node = &graph->nodes[n];
        const cc_tensor *inputs[CC_MAX_INPUTS + 1];
        cc_tensor *outputs[CC_MAX_INPUTS];
        for (int i = 0; i < node->input_count; i++) {
            inputs[i] = node->inputs[i] >= 0 ? &graph->values[node->inputs[i]].tensor : NULL;
        }
        for (int i = 0; i < node->output_count; i++) {
            outputs[i] = node->outputs[i] >= 0 ? &graph->values[node->outputs[i]].tensor : NULL;
            if (outputs[i] != NULL) {
                outputs[i]->data = malloc(test_tensor_bytes(outputs[i]) + 1);
            }
        }
        cc_op_call call = {.node = node,
                           .opset = graph->opset,
                           .inputs = inputs,
                           .input_count = node->input_count,
                           .outputs = outputs,
                           .output_count = node->output_count};
        status = node->operator_->run(&call, error);
    }
    return status;
}

ONNX_HELPER void test_run_end(cc_graph *graph)
{
    for (int n = 0; n < graph->node_count; n++) {
        for (int i = 0; i < graph->nodes[n].output_count; i++) {
            int value = graph->nodes[n].outputs[i];
            if (value >= 0) {
                free(graph->values[value].tensor.data);
                graph->values[value].tensor.data = NULL;
            }
        }
    }
}

#endif
