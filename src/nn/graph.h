/* A network as data.
 *
 * Nodes and values live in growing arrays and refer to each other by index, so
 * passes can rewrite freely. Strings and attributes live in the graph's arena and
 * die with it; constants point into the file or are allocated one by one.
 */
#ifndef CLEARCUT_NN_GRAPH_H
#define CLEARCUT_NN_GRAPH_H

#include "core/memory.h"
#include "nn/tensor.h"

typedef enum cc_attribute_kind {
    CC_ATTRIBUTE_FLOAT,
    CC_ATTRIBUTE_INT,
    CC_ATTRIBUTE_STRING,
    CC_ATTRIBUTE_TENSOR,
    CC_ATTRIBUTE_FLOATS,
    CC_ATTRIBUTE_INTS,
    CC_ATTRIBUTE_STRINGS
} cc_attribute_kind;

typedef struct cc_attribute {
    const char *name;
    cc_attribute_kind kind;
    float f;
    int64_t i;
    const char *string;
    cc_tensor tensor;
    const float *floats;
    const int64_t *ints;
    const char *const *strings;
    size_t count; /* of floats, ints or strings */
} cc_attribute;

/* What a fusion pass moved into a node: result = activation(operator(...)),
 * then plus the residual input, if it has one that is added after; or
 * activation(operator(...) + residual) if added before. */
typedef enum cc_activation {
    CC_ACTIVATION_NONE,
    CC_ACTIVATION_RELU,
    CC_ACTIVATION_LEAKY_RELU, /* alpha = slope below zero */
    CC_ACTIVATION_CLIP,       /* alpha = low, beta = high */
    CC_ACTIVATION_SIGMOID,
    CC_ACTIVATION_HARD_SIGMOID, /* max(0, min(1, alpha x + beta)) */
    CC_ACTIVATION_HARD_SWISH,
    CC_ACTIVATION_TANH
} cc_activation;

typedef enum cc_residual { CC_RESIDUAL_NONE, CC_RESIDUAL_BEFORE, CC_RESIDUAL_AFTER } cc_residual;

typedef struct cc_fusion {
    cc_activation activation;
    float alpha;
    float beta;
    cc_residual residual; /* if not NONE: the node's last input is the residual,
                             of the same shape as the output */
} cc_fusion;

typedef struct cc_node {
    const struct cc_operator *operator_; /* shape rule and reference; see nn/ops/operator.h */
    const char *op_type;                 /* ONNX name */
    const char *name;                    /* from the file, or made up; never NULL */
    int *inputs;                         /* value indices; -1 = optional input left out */
    int input_count;
    int *outputs; /* value indices; -1 = unwanted output */
    int output_count;
    cc_attribute *attributes;
    int attribute_count;
    cc_fusion fusion;
    bool removed; /* by a pass; skip it */
} cc_node;

typedef struct cc_value {
    const char *name;
    cc_tensor tensor;   /* dtype and shape as inferred; data if it is a constant */
    bool is_constant;   /* tensor.data holds the value before any run */
    bool owns_data;     /* tensor.data is from cc_graph_allocate_constant */
    const void *halves; /* the float16 numbers in the file that owned float32 data were
                           widened from, and still equal; NULL = none */
    bool shape_known;
    int producer; /* node index; -1 for graph inputs and constants */
} cc_value;

typedef struct cc_graph {
    cc_arena arena;
    cc_node *nodes; /* in executable order after cc_graph_sort */
    int node_count;
    int node_capacity;
    cc_value *values;
    int value_count;
    int value_capacity;
    int *inputs; /* value indices of the graph's inputs that are not constants */
    int input_count;
    int *outputs;
    int output_count;
    int opset;            /* of the default domain */
    bool data_is_mapped;  /* constants that the graph does not own lie in a mapped file */
    size_t owned_bytes;   /* of constants from cc_graph_allocate_constant */
    size_t maximum_bytes; /* for the arena and the owned constants; 0 = no limit */
} cc_graph;

/* Free everything the graph owns and clear it; harmless on {0}. */
void cc_graph_release(cc_graph *graph);

/* Append and return the index, or -1 when memory is refused. The name is copied. */
int cc_graph_add_value(cc_graph *graph, const char *name);
int cc_graph_add_node(cc_graph *graph, const char *op_type, const char *name);

/* Make `value` a constant of this type and shape, with uninitialised data aligned
 * to CC_ALIGNMENT that lives until cc_graph_drop_constant or the graph's end.
 * A value that is a constant already keeps it on failure, and loses it on success.
 * CC_LIMIT over graph->maximum_bytes; CC_MODEL if the shape has no valid size. */
cc_status cc_graph_allocate_constant(cc_graph *graph, int value, cc_dtype dtype,
                                     const cc_shape *shape, cc_error *error);

/* Give the constant `value` another type and shape: allocate as above, let
 * `convert` fill the new tensor from the old one, then free the old data. */
typedef void (*cc_constant_conversion)(const cc_tensor *from, cc_tensor *to);
cc_status cc_graph_convert_constant(cc_graph *graph, int value, cc_dtype dtype,
                                    const cc_shape *shape, cc_constant_conversion convert,
                                    cc_error *error);

/* Copy a constant that lies in a file at an address that its type does not allow; one
 * that is aligned stays. */
cc_status cc_graph_align_constant(cc_graph *graph, int value, cc_error *error);

/* `to`, which nothing produces any more, becomes the constant that `from` is; `from` is
 * left without data. */
void cc_graph_move_constant(cc_graph *graph, int from, int to);

/* The constant is not needed any more (its weights are packed, nobody reads it):
 * free its data, if the graph owns it, and forget the pointer. Type and shape stay. */
void cc_graph_drop_constant(cc_graph *graph, int value);

/* Nobody reads the constant for a while: what can be made again from the file leaves
 * memory. Only for constants that the graph does not own, or that have halves. The file's
 * bytes must stay readable. bring_back makes tensor.data valid again; it does nothing for
 * constants that are not set aside. CC_OUT_OF_MEMORY. */
void cc_graph_set_aside(cc_graph *graph, int value);
cc_status cc_graph_bring_back(cc_graph *graph, int value, cc_error *error);

/* Bytes of all constants, wherever they lie, that still have data. */
size_t cc_graph_constant_bytes(const cc_graph *graph);

const cc_attribute *cc_node_attribute(const cc_node *node, const char *name);
int64_t cc_node_int(const cc_node *node, const char *name, int64_t fallback);
float cc_node_float(const cc_node *node, const char *name, float fallback);
const char *cc_node_string(const cc_node *node, const char *name, const char *fallback);
/* NULL and *count = 0 if absent. */
const int64_t *cc_node_ints(const cc_node *node, const char *name, size_t *count);

#endif
