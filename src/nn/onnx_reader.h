/* Shared by the parts of the ONNX reader: onnx.c (model, graph, names),
 * onnx_node.c, onnx_value.c, onnx_tensor.c, onnx_external.c. Not for others.
 *
 * Field numbers are those of onnx.proto3 in github.com/onnx/onnx.
 */
#ifndef CLEARCUT_NN_ONNX_READER_H
#define CLEARCUT_NN_ONNX_READER_H

#include "nn/onnx.h"
#include "nn/protobuf.h"

/* A name and the value it stands for, sorted by name once all are known.
 * Sorting rather than hashing: no file can choose names that make it slow. */
typedef struct cc_name_entry {
    const char *name; /* of the value; owned by the graph's arena */
    int value;
    bool is_input; /* may be repeated by an initialiser, which then counts */
    bool is_constant;
} cc_name_entry;

typedef struct cc_onnx_reader {
    cc_onnx_options options; /* defaults filled in */
    cc_graph *graph;
    cc_name_entry *names;
    size_t name_count;
    size_t name_capacity;
} cc_onnx_reader;

/* Where a tensor's data goes when it cannot stay in the file. */
typedef struct cc_tensor_target {
    int value; /* value that owns it, or -1: the graph's arena */
} cc_tensor_target;

/* A name or other text as a string in the graph's arena. CC_CORRUPT if it holds
 * control characters, which would garble messages and end strings early. */
cc_status cc_onnx_text(cc_onnx_reader *reader, cc_span bytes, const char **text, cc_error *error);

/* Append to the list of names; the value's own name is used. */
cc_status cc_onnx_define(cc_onnx_reader *reader, cc_name_entry entry, cc_error *error);

/* TensorProto: data in the file, in typed fields, or in another file. With a
 * target value the value becomes this constant; its name is not read. Without
 * (target.value -1) data is in the file or the arena. `owner` names the tensor in
 * messages. */
cc_status cc_onnx_tensor(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                         const char *owner, cc_tensor *tensor, cc_error *error);

/* Room for a tensor's elements: at the target value, or in the arena aligned to
 * CC_ALIGNMENT. tensor->dtype and shape are set; fills in tensor->data. */
cc_status cc_onnx_allocate(cc_onnx_reader *reader, cc_tensor_target target, cc_tensor *tensor,
                           cc_error *error);

/* Data of a TensorProto with data_location EXTERNAL: read into fresh memory.
 * Paths are relative to options.external_folder and may not leave it, neither by
 * ".." nor by links. tensor->dtype and shape are set; fills in tensor->data. */
cc_status cc_onnx_external(cc_onnx_reader *reader, cc_span message, cc_tensor_target target,
                           const char *owner, cc_tensor *tensor, cc_error *error);

/* NodeProto: everything but the inputs, whose names are looked up later. */
cc_status cc_onnx_node(cc_onnx_reader *reader, cc_span message, cc_error *error);

/* ValueInfoProto of a graph input: a new value with type and shape. */
cc_status cc_onnx_input(cc_onnx_reader *reader, cc_span message, int *value, cc_error *error);

#endif
