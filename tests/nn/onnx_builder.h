/* Small ONNX files, written byte by byte, for tests.
 *
 *     onnx_builder b = onnx_begin(13);
 *     onnx_input(&b, "x", CC_FLOAT32, 4, (int64_t[]){1, 3, 8, 8});
 *     onnx_floats(&b, "w", 4, (int64_t[]){4, 3, 3, 3}, weights);
 *     onnx_node(&b, "Conv", "x w", "c");          names are separated by blanks,
 *     onnx_ints(&b, "pads", 4, (int64_t[]){1, 1, 1, 1});   "-" leaves one out;
 *     onnx_node(&b, "Relu", "c", "y");            attributes follow their node
 *     onnx_output(&b, "y");
 *     onnx_bytes file = onnx_finish(&b);          free(file.data) afterwards
 *
 * Memory is malloc's, not core/memory.h's, so that tests that make allocations
 * fail can build their model first. Running out of it ends the test program.
 */
#ifndef CLEARCUT_TESTS_NN_ONNX_BUILDER_H
#define CLEARCUT_TESTS_NN_ONNX_BUILDER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/tensor.h"

#if defined(__GNUC__)
#define ONNX_HELPER static inline __attribute__((unused))
#else
#define ONNX_HELPER static inline
#endif

typedef struct onnx_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} onnx_bytes;

typedef struct onnx_builder {
    onnx_bytes graph; /* GraphProto so far */
    onnx_bytes node;  /* NodeProto still open for attributes */
    int opset;
    int node_count;
} onnx_builder;

/* ---- protobuf ---- */

ONNX_HELPER void onnx_put(onnx_bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = (bytes->size + size) * 2 + 64;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (bytes->data == NULL) {
            fprintf(stderr, "the test ran out of memory\n");
            exit(1);
        }
    }
    if (size > 0) {
        memcpy(bytes->data + bytes->size, data, size);
    }
    bytes->size += size;
}

ONNX_HELPER void onnx_put_varint(onnx_bytes *bytes, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        onnx_put(bytes, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

ONNX_HELPER void onnx_put_int(onnx_bytes *bytes, unsigned field, int64_t value)
{
    onnx_put_varint(bytes, (uint64_t)field << 3);
    onnx_put_varint(bytes, (uint64_t)value);
}

ONNX_HELPER void onnx_put_float(onnx_bytes *bytes, unsigned field, float value)
{
    onnx_put_varint(bytes, (uint64_t)field << 3 | 5);
    onnx_put(bytes, &value, sizeof value);
}

ONNX_HELPER void onnx_put_bytes(onnx_bytes *bytes, unsigned field, const void *data, size_t size)
{
    onnx_put_varint(bytes, (uint64_t)field << 3 | 2);
    onnx_put_varint(bytes, size);
    onnx_put(bytes, data, size);
}

ONNX_HELPER void onnx_put_text(onnx_bytes *bytes, unsigned field, const char *text)
{
    onnx_put_bytes(bytes, field, text, strlen(text));
}

/* Embed a message and free it. */
ONNX_HELPER void onnx_put_message(onnx_bytes *bytes, unsigned field, onnx_bytes *message)
{
    onnx_put_bytes(bytes, field, message->data, message->size);
    free(message->data);
    memset(message, 0, sizeof *message);
}

/* ---- parts of a model ---- */

ONNX_HELPER onnx_builder onnx_begin(int opset)
{
    onnx_builder builder = {.opset = opset};
    return builder;
}

ONNX_HELPER void onnx_close_node(onnx_builder *builder)
{
    if (builder->node.size > 0) {
        onnx_put_message(&builder->graph, 1, &builder->node);
    }
}

/* TensorProto with raw_data; the caller embeds it. */
ONNX_HELPER onnx_bytes onnx_tensor(const char *name, cc_dtype dtype, int rank, const int64_t *dims,
                                   const void *data)
{
    onnx_bytes tensor = {0};
    size_t size = cc_dtype_size(dtype);

    for (int i = 0; i < rank; i++) {
        onnx_put_int(&tensor, 1, dims[i]);
        size *= (size_t)dims[i];
    }
    onnx_put_int(&tensor, 2, dtype);
    onnx_put_text(&tensor, 8, name);
    onnx_put_bytes(&tensor, 9, data, size);
    return tensor;
}

/* An initialiser from a ready TensorProto, which is freed. */
ONNX_HELPER void onnx_initializer(onnx_builder *builder, onnx_bytes tensor)
{
    onnx_put_message(&builder->graph, 5, &tensor);
}

ONNX_HELPER void onnx_constant(onnx_builder *builder, const char *name, cc_dtype dtype, int rank,
                               const int64_t *dims, const void *data)
{
    onnx_initializer(builder, onnx_tensor(name, dtype, rank, dims, data));
}

ONNX_HELPER void onnx_floats(onnx_builder *builder, const char *name, int rank, const int64_t *dims,
                             const float *values)
{
    onnx_constant(builder, name, CC_FLOAT32, rank, dims, values);
}

/* A list of `count` int64; count -1 makes a scalar. */
ONNX_HELPER void onnx_int64s(onnx_builder *builder, const char *name, int count,
                             const int64_t *values)
{
    int64_t dims[1] = {count};
    onnx_constant(builder, name, CC_INT64, count < 0 ? 0 : 1, dims, values);
}

/* ValueInfoProto in field 11 (input) or 12 (output); a dimension below 0 is left
 * open, under the name "N". */
ONNX_HELPER void onnx_value_info(onnx_builder *builder, unsigned field, const char *name,
                                 cc_dtype dtype, int rank, const int64_t *dims)
{
    onnx_bytes shape = {0};
    onnx_bytes tensor_type = {0};
    onnx_bytes type = {0};
    onnx_bytes info = {0};

    for (int i = 0; i < rank; i++) {
        onnx_bytes dim = {0};
        if (dims[i] >= 0) {
            onnx_put_int(&dim, 1, dims[i]);
        } else {
            onnx_put_text(&dim, 2, "N");
        }
        onnx_put_message(&shape, 1, &dim);
    }
    onnx_put_int(&tensor_type, 1, dtype);
    onnx_put_message(&tensor_type, 2, &shape);
    onnx_put_message(&type, 1, &tensor_type);
    onnx_put_text(&info, 1, name);
    onnx_put_message(&info, 2, &type);
    onnx_put_message(&builder->graph, field, &info);
}

ONNX_HELPER void onnx_input(onnx_builder *builder, const char *name, cc_dtype dtype, int rank,
                            const int64_t *dims)
{
    onnx_value_info(builder, 11, name, dtype, rank, dims);
}

/* With neither type nor shape: readers infer them. */
ONNX_HELPER void onnx_output(onnx_builder *builder, const char *name)
{
    onnx_bytes info = {0};

    onnx_put_text(&info, 1, name);
    onnx_put_message(&builder->graph, 12, &info);
}

ONNX_HELPER void onnx_put_names(onnx_bytes *node, unsigned field, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        bool left_out = length == 1 && names[0] == '-';
        onnx_put_bytes(node, field, names, left_out ? 0 : length);
        names += length;
        names += strspn(names, " ");
    }
}

/* A node named after its operator and its place: "Conv_0". */
ONNX_HELPER void onnx_node(onnx_builder *builder, const char *op_type, const char *inputs,
                           const char *outputs)
{
    char name[64];

    onnx_close_node(builder);
    snprintf(name, sizeof name, "%s_%d", op_type, builder->node_count++);
    onnx_put_names(&builder->node, 1, inputs);
    onnx_put_names(&builder->node, 2, outputs);
    onnx_put_text(&builder->node, 3, name);
    onnx_put_text(&builder->node, 4, op_type);
}

/* ---- attributes of the last node ---- */

ONNX_HELPER onnx_bytes onnx_attribute(const char *name, int type)
{
    onnx_bytes attribute = {0};
    onnx_put_text(&attribute, 1, name);
    onnx_put_int(&attribute, 20, type);
    return attribute;
}

ONNX_HELPER void onnx_int(onnx_builder *builder, const char *name, int64_t value)
{
    onnx_bytes attribute = onnx_attribute(name, 2);
    onnx_put_int(&attribute, 3, value);
    onnx_put_message(&builder->node, 5, &attribute);
}

ONNX_HELPER void onnx_float(onnx_builder *builder, const char *name, float value)
{
    onnx_bytes attribute = onnx_attribute(name, 1);
    onnx_put_float(&attribute, 2, value);
    onnx_put_message(&builder->node, 5, &attribute);
}

ONNX_HELPER void onnx_string(onnx_builder *builder, const char *name, const char *value)
{
    onnx_bytes attribute = onnx_attribute(name, 3);
    onnx_put_text(&attribute, 4, value);
    onnx_put_message(&builder->node, 5, &attribute);
}

ONNX_HELPER void onnx_ints(onnx_builder *builder, const char *name, int count,
                           const int64_t *values)
{
    onnx_bytes attribute = onnx_attribute(name, 7);
    for (int i = 0; i < count; i++) {
        onnx_put_int(&attribute, 8, values[i]);
    }
    onnx_put_message(&builder->node, 5, &attribute);
}

ONNX_HELPER void onnx_float_list(onnx_builder *builder, const char *name, int count,
                                 const float *values)
{
    onnx_bytes attribute = onnx_attribute(name, 6);
    for (int i = 0; i < count; i++) {
        onnx_put_float(&attribute, 7, values[i]);
    }
    onnx_put_message(&builder->node, 5, &attribute);
}

/* An attribute that is a TensorProto, which is freed. */
ONNX_HELPER void onnx_tensor_attribute(onnx_builder *builder, const char *name, onnx_bytes tensor)
{
    onnx_bytes attribute = onnx_attribute(name, 4);
    onnx_put_message(&attribute, 5, &tensor);
    onnx_put_message(&builder->node, 5, &attribute);
}

/* ---- the whole file ---- */

/* ModelProto around the graph. The builder is empty afterwards. */
ONNX_HELPER onnx_bytes onnx_finish(onnx_builder *builder)
{
    onnx_bytes model = {0};
    onnx_bytes opset = {0};

    onnx_close_node(builder);
    onnx_put_int(&model, 1, 8); /* IR version */
    onnx_put_int(&opset, 2, builder->opset);
    onnx_put_message(&model, 8, &opset);
    onnx_put_message(&model, 7, &builder->graph);
    return model;
}

#endif
