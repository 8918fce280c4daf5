/* Shared by the tests of networks and plans: random small networks as ONNX files. */
#ifndef CLEARCUT_TESTS_NN_NETWORK_FIXTURE_H
#define CLEARCUT_TESTS_NN_NETWORK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "graph_test.h"
#include "nn/network.h"

/* A value while the network is written. */
typedef struct made_value {
    char name[16];
    int channels;
    int height;
    int width;
} made_value;

typedef struct network_maker {
    onnx_builder builder;
    uint64_t seed;
    made_value values[64];
    int count;
    int names;
    int batch;
} network_maker;

ONNX_HELPER int pick(network_maker *maker, int choices)
{
    return (int)(test_random(&maker->seed) % (uint64_t)choices);
}

ONNX_HELPER made_value *make_value(network_maker *maker, int channels, int height, int width)
{
    made_value *value = &maker->values[maker->count++];

    *value = (made_value){.channels = channels, .height = height, .width = width};
    snprintf(value->name, sizeof value->name, "v%d", maker->names++);
    return value;
}

/* Weights that keep the size of numbers about as it is. */
ONNX_HELPER void make_weights(network_maker *maker, const char *name, const int64_t dims[4])
{
    size_t count = (size_t)(dims[0] * dims[1] * dims[2] * dims[3]);
    float *weights = test_noises(&maker->seed, count);
    float scale = sqrtf(3.0F / (float)(dims[1] * dims[2] * dims[3]));

    for (size_t i = 0; i < count; i++) {
        weights[i] *= scale;
    }
    onnx_floats(&maker->builder, name, 4, dims, weights);
    free(weights);
}

ONNX_HELPER made_value *make_conv(network_maker *maker, const made_value *from, int outputs,
                                  int kernel, int stride, int dilation, int groups)
{
    char inputs[64];
    char weights[20];
    char bias[20];
    int pad = dilation * (kernel / 2);
    made_value source = *from;
    int height = (source.height + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    int width = (source.width + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    made_value *to = make_value(maker, outputs, height, width);

    snprintf(weights, sizeof weights, "w%s", to->name);
    snprintf(bias, sizeof bias, "b%s", to->name);
    make_weights(maker, weights, (int64_t[]){outputs, source.channels / groups, kernel, kernel});
    test_noise_constant(&maker->builder, bias, 1, (int64_t[]){outputs}, &maker->seed);
    snprintf(inputs, sizeof inputs, "%s %s %s", source.name, weights, bias);
    onnx_node(&maker->builder, "Conv", inputs, to->name);
    onnx_ints(&maker->builder, "pads", 4, (int64_t[]){pad, pad, pad, pad});
    onnx_ints(&maker->builder, "strides", 2, (int64_t[]){stride, stride});
    onnx_ints(&maker->builder, "dilations", 2, (int64_t[]){dilation, dilation});
    onnx_int(&maker->builder, "group", groups);
    return to;
}

ONNX_HELPER made_value *make_unary(network_maker *maker, const made_value *from,
                                   const char *op_type)
{
    made_value source = *from;
    made_value *to = make_value(maker, source.channels, source.height, source.width);

    onnx_node(&maker->builder, op_type, source.name, to->name);
    return to;
}

ONNX_HELPER made_value *make_binary(network_maker *maker, const char *op_type, const made_value *a,
                                    const made_value *b)
{
    char inputs[64];
    made_value first = *a;
    made_value *to;

    snprintf(inputs, sizeof inputs, "%s %s", a->name, b->name);
    to = make_value(maker, first.channels, first.height, first.width);
    onnx_node(&maker->builder, op_type, inputs, to->name);
    return to;
}

ONNX_HELPER made_value *make_pool(network_maker *maker, const made_value *from)
{
    made_value source = *from;
    made_value *to =
        make_value(maker, source.channels, (source.height + 1) / 2, (source.width + 1) / 2);

    onnx_node(&maker->builder, "MaxPool", source.name, to->name);
    onnx_ints(&maker->builder, "kernel_shape", 2, (int64_t[]){2, 2});
    onnx_ints(&maker->builder, "strides", 2, (int64_t[]){2, 2});
    onnx_int(&maker->builder, "ceil_mode", 1);
    return to;
}

/* Linear, to the height and width of another value. */
ONNX_HELPER made_value *make_resize(network_maker *maker, const made_value *from,
                                    const made_value *like)
{
    char sizes[24];
    char inputs[64];
    made_value source = *from;
    made_value target = *like;
    made_value *to = make_value(maker, source.channels, target.height, target.width);

    snprintf(sizes, sizeof sizes, "s%s", to->name);
    onnx_int64s(&maker->builder, sizes, 4,
                (int64_t[]){maker->batch, source.channels, target.height, target.width});
    snprintf(inputs, sizeof inputs, "%s - - %s", source.name, sizes);
    onnx_node(&maker->builder, "Resize", inputs, to->name);
    onnx_string(&maker->builder, "mode", "linear");
    onnx_string(&maker->builder, "coordinate_transformation_mode", "half_pixel");
    return to;
}

ONNX_HELPER made_value *make_concat(network_maker *maker, const made_value *a, const made_value *b)
{
    char inputs[64];
    made_value first = *a;
    made_value *to;
    int channels = a->channels + b->channels;

    snprintf(inputs, sizeof inputs, "%s %s", a->name, b->name);
    to = make_value(maker, channels, first.height, first.width);
    onnx_node(&maker->builder, "Concat", inputs, to->name);
    onnx_int(&maker->builder, "axis", 1);
    return to;
}

/* One random operator on the newest value. */
ONNX_HELPER void make_random_step(network_maker *maker)
{
    static const char *const unary[] = {"Relu", "Sigmoid", "HardSwish", "Tanh"};
    made_value last = maker->values[maker->count - 1];
    made_value other = maker->values[pick(maker, maker->count)];
    bool same_size = other.height == last.height && other.width == last.width;

    switch (pick(maker, 9)) {
    case 0:
    case 1: {
        made_value *conv = make_conv(maker, &last, 1 + pick(maker, 40), 3, 1, 1, 1);
        make_unary(maker, conv, "Relu");
        break;
    }
    case 2: make_conv(maker, &last, 8 * (1 + pick(maker, 5)), 3, 1, 2, 1); break;
    case 3: make_conv(maker, &last, last.channels, 3, 1, 1, last.channels); break;
    case 4: make_conv(maker, &last, 1 + pick(maker, 24), 1 + 2 * pick(maker, 3), 1, 1, 1); break;
    case 5: make_unary(maker, &last, unary[pick(maker, 4)]); break;
    case 6:
        if (last.height > 4 && last.width > 4) {
            make_pool(maker, &last);
        } else {
            make_conv(maker, &last, 16, 1, 1, 1, 1);
        }
        break;
    case 7: {
        made_value *resized = same_size ? &other : make_resize(maker, &last, &other);
        make_concat(maker, resized, &other);
        break;
    }
    default: {
        made_value conv = *make_conv(maker, &last, last.channels, 3, 1, 1, 1);
        made_value relu = *make_unary(maker, &conv, "Relu");
        make_binary(maker, pick(maker, 2) ? "Add" : "Mul", &relu, &last);
        break;
    }
    }
}

/* A network of `steps` random operators with two outputs: one from the middle. */
ONNX_HELPER onnx_bytes make_random_network(uint64_t seed, int steps, int batch, int height,
                                           int width)
{
    network_maker maker = {
        .builder = onnx_begin(14), .seed = seed * 2654435761U + 1, .batch = batch};
    char middle[20];

    make_value(&maker, 3, height, width);
    onnx_input(&maker.builder, "v0", CC_FLOAT32, 4, (int64_t[]){batch, 3, height, width});
    make_conv(&maker, &maker.values[0], 8 + pick(&maker, 30), 3, 1 + pick(&maker, 2), 1, 1);
    for (int i = 0; i < steps; i++) {
        make_random_step(&maker);
    }
    snprintf(middle, sizeof middle, "v%d", maker.names / 2);
    onnx_output(&maker.builder, maker.values[maker.count - 1].name);
    onnx_output(&maker.builder, middle);
    return onnx_finish(&maker.builder);
}

/* ---- running ---- */

typedef struct loaded {
    cc_network *network;
    float *input;
    float *outputs[2];
    size_t sizes[2]; /* elements */
} loaded;

ONNX_HELPER loaded load_network(const onnx_bytes *file, cc_thread_pool *pool, bool reference)
{
    cc_network_options options = {.pool = pool, .reference_only = reference};
    cc_error error = {0};
    uint64_t seed = 5;
    loaded result = {0};

    if (cc_network_load_memory(file->data, file->size, false, &options, &result.network, &error) !=
        CC_OK) {
        fail_msg("%s", error.message);
    }
    result.input =
        test_noises(&seed, (size_t)cc_shape_elements(&cc_network_input(result.network, 0)->shape));
    for (int i = 0; i < cc_network_output_count(result.network) && i < 2; i++) {
        result.sizes[i] = (size_t)cc_shape_elements(&cc_network_output(result.network, i)->shape);
        result.outputs[i] = malloc((result.sizes[i] + 1) * sizeof(float));
    }
    return result;
}

ONNX_HELPER void run_network(loaded *network)
{
    const void *inputs[] = {network->input};
    void *outputs[] = {network->outputs[0], network->outputs[1]};
    cc_error error = {0};

    if (cc_network_run(network->network, inputs, outputs, NULL, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
}

ONNX_HELPER void free_network(loaded *network)
{
    cc_network_free(network->network);
    free(network->input);
    free(network->outputs[0]);
    free(network->outputs[1]);
}

#endif
