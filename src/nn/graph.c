#include "nn/graph.h"

#include <limits.h>
#include <string.h>

#include "core/file.h"
#include "nn/half.h"

void cc_graph_release(cc_graph *graph)
{
    for (int i = 0; i < graph->value_count; i++) {
        cc_graph_drop_constant(graph, i);
    }
    cc_free(graph->nodes);
    cc_free(graph->values);
    cc_arena_release(&graph->arena);
    memset(graph, 0, sizeof *graph);
}

/* Room for one more element in a growing array of `size`-byte elements; returns
 * the array, moved if need be, or NULL with the old one still valid. */
static void *grow(void *array, int count, int *capacity, size_t size)
{
    int larger = *capacity > 0 ? *capacity : 64;
    void *moved;

    if (count < *capacity) {
        return array;
    }
    if (*capacity > INT_MAX / 2) {
        return NULL;
    }
    larger = *capacity > 0 ? *capacity * 2 : larger;
    moved = cc_realloc_array(array, (size_t)larger, size);
    if (moved != NULL) {
        *capacity = larger;
    }
    return moved;
}

int cc_graph_add_value(cc_graph *graph, const char *name)
{
    cc_value *values =
        grow(graph->values, graph->value_count, &graph->value_capacity, sizeof *values);
    cc_value value = {.producer = -1};

    if (values == NULL) {
        return -1;
    }
    graph->values = values;
    value.name = cc_arena_strndup(&graph->arena, name, strlen(name));
    if (value.name == NULL) {
        return -1;
    }
    values[graph->value_count] = value;
    return graph->value_count++;
}

int cc_graph_add_node(cc_graph *graph, const char *op_type, const char *name)
{
    cc_node *nodes = grow(graph->nodes, graph->node_count, &graph->node_capacity, sizeof *nodes);
    cc_node node = {0};

    if (nodes == NULL) {
        return -1;
    }
    graph->nodes = nodes;
    node.op_type = cc_arena_strndup(&graph->arena, op_type, strlen(op_type));
    node.name = cc_arena_strndup(&graph->arena, name, strlen(name));
    if (node.op_type == NULL || node.name == NULL) {
        return -1;
    }
    nodes[graph->node_count] = node;
    return graph->node_count++;
}

/* ---- constants ---- */

static cc_status constant_size(const cc_graph *graph, cc_dtype dtype, const cc_shape *shape,
                               size_t *bytes, cc_error *error)
{
    int64_t elements = cc_shape_elements(shape);
    size_t used;

    if (elements < 0 || cc_dtype_size(dtype) == 0 ||
        !cc_size_multiply((size_t)elements, cc_dtype_size(dtype), bytes)) {
        return cc_fail(error, CC_MODEL, "a constant has no valid size");
    }
    if (!cc_size_add(graph->arena.total, graph->owned_bytes, &used) ||
        !cc_size_add(used, *bytes, &used) ||
        (graph->maximum_bytes != 0 && used > graph->maximum_bytes)) {
        return cc_fail(error, CC_LIMIT, "the network needs more than the limit of %zu bytes",
                       graph->maximum_bytes);
    }
    return CC_OK;
}

static cc_status new_constant_data(cc_graph *graph, cc_tensor *tensor, cc_error *error)
{
    size_t bytes = 0;
    cc_status status = constant_size(graph, tensor->dtype, &tensor->shape, &bytes, error);

    if (status != CC_OK) {
        return status;
    }
    tensor->data = cc_alloc_aligned(bytes);
    if (tensor->data == NULL) {
        return cc_fail_memory(error, bytes);
    }
    graph->owned_bytes += bytes;
    return CC_OK;
}

/* The value becomes this constant, whose data the graph owns. */
static void adopt(cc_graph *graph, int value, const cc_tensor *tensor)
{
    cc_value *target = &graph->values[value];

    cc_graph_drop_constant(graph, value);
    target->tensor = *tensor;
    target->is_constant = true;
    target->owns_data = true;
    target->halves = NULL;
    target->shape_known = true;
    target->producer = -1;
}

cc_status cc_graph_allocate_constant(cc_graph *graph, int value, cc_dtype dtype,
                                     const cc_shape *shape, cc_error *error)
{
    cc_tensor tensor = {.dtype = dtype, .shape = *shape};
    cc_status status = new_constant_data(graph, &tensor, error);

    if (status == CC_OK) {
        adopt(graph, value, &tensor);
    }
    return status;
}

cc_status cc_graph_convert_constant(cc_graph *graph, int value, cc_dtype dtype,
                                    const cc_shape *shape, cc_constant_conversion convert,
                                    cc_error *error)
{
    cc_tensor tensor = {.dtype = dtype, .shape = *shape};
    cc_status status = new_constant_data(graph, &tensor, error);

    if (status == CC_OK) {
        convert(&graph->values[value].tensor, &tensor);
        adopt(graph, value, &tensor);
    }
    return status;
}

static size_t tensor_bytes(const cc_tensor *tensor)
{
    int64_t elements = cc_shape_elements(&tensor->shape);
    return elements > 0 ? (size_t)elements * cc_dtype_size(tensor->dtype) : 0;
}

static void copy_bytes(const cc_tensor *from, cc_tensor *to)
{
    memcpy(to->data, from->data, tensor_bytes(to));
}

cc_status cc_graph_align_constant(cc_graph *graph, int value, cc_error *error)
{
    const cc_value *found = &graph->values[value];

    if (!found->is_constant || found->tensor.data == NULL || tensor_bytes(&found->tensor) == 0 ||
        (uintptr_t)found->tensor.data % cc_dtype_size(found->tensor.dtype) == 0) {
        return CC_OK;
    }
    return cc_graph_convert_constant(graph, value, found->tensor.dtype, &found->tensor.shape,
                                     copy_bytes, error);
}

void cc_graph_move_constant(cc_graph *graph, int from, int to)
{
    cc_value *source = &graph->values[from];
    cc_value *target = &graph->values[to];

    cc_graph_drop_constant(graph, to);
    target->tensor = source->tensor;
    target->is_constant = true;
    target->owns_data = source->owns_data;
    target->halves = source->halves;
    target->shape_known = true;
    target->producer = -1;
    source->owns_data = false;
    source->halves = NULL;
    source->tensor.data = NULL;
}

void cc_graph_drop_constant(cc_graph *graph, int value)
{
    cc_value *target = &graph->values[value];

    if (target->owns_data) {
        cc_free_aligned(target->tensor.data);
        graph->owned_bytes -= tensor_bytes(&target->tensor);
        target->owns_data = false;
    } else if (graph->data_is_mapped && target->is_constant && target->tensor.data != NULL) {
        cc_file_forget(target->tensor.data, tensor_bytes(&target->tensor));
    }
    target->tensor.data = NULL;
}

static size_t half_bytes(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape) * cc_dtype_size(CC_FLOAT16);
}

void cc_graph_set_aside(cc_graph *graph, int value)
{
    cc_value *target = &graph->values[value];
    void *data = target->tensor.data;

    cc_graph_drop_constant(graph, value);
    if (target->halves != NULL) {
        if (graph->data_is_mapped) {
            cc_file_forget(target->halves, half_bytes(&target->tensor));
        }
    } else {
        target->tensor.data = data;
    }
}

cc_status cc_graph_bring_back(cc_graph *graph, int value, cc_error *error)
{
    cc_value *target = &graph->values[value];

    if (target->tensor.data != NULL || target->halves == NULL) {
        return CC_OK;
    }
    cc_status status = new_constant_data(graph, &target->tensor, error);
    if (status == CC_OK) {
        target->owns_data = true;
        cc_halves_to_floats(target->halves, cc_shape_elements(&target->tensor.shape),
                            target->tensor.data);
    }
    return status;
}

size_t cc_graph_constant_bytes(const cc_graph *graph)
{
    size_t bytes = 0;

    for (int i = 0; i < graph->value_count; i++) {
        if (graph->values[i].is_constant && graph->values[i].tensor.data != NULL) {
            bytes += tensor_bytes(&graph->values[i].tensor);
        }
    }
    return bytes;
}

/* ---- attributes ---- */

const cc_attribute *cc_node_attribute(const cc_node *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, name) == 0) {
            return &node->attributes[i];
        }
    }
    return NULL;
}

static const cc_attribute *attribute_of_kind(const cc_node *node, const char *name,
                                             cc_attribute_kind kind)
{
    const cc_attribute *attribute = cc_node_attribute(node, name);
    return attribute != NULL && attribute->kind == kind ? attribute : NULL;
}

int64_t cc_node_int(const cc_node *node, const char *name, int64_t fallback)
{
    const cc_attribute *attribute = attribute_of_kind(node, name, CC_ATTRIBUTE_INT);
    return attribute != NULL ? attribute->i : fallback;
}

float cc_node_float(const cc_node *node, const char *name, float fallback)
{
    const cc_attribute *attribute = attribute_of_kind(node, name, CC_ATTRIBUTE_FLOAT);
    return attribute != NULL ? attribute->f : fallback;
}

const char *cc_node_string(const cc_node *node, const char *name, const char *fallback)
{
    const cc_attribute *attribute = attribute_of_kind(node, name, CC_ATTRIBUTE_STRING);
    return attribute != NULL ? attribute->string : fallback;
}

const int64_t *cc_node_ints(const cc_node *node, const char *name, size_t *count)
{
    const cc_attribute *attribute = attribute_of_kind(node, name, CC_ATTRIBUTE_INTS);
    *count = attribute != NULL ? attribute->count : 0;
    return attribute != NULL ? attribute->ints : NULL;
}
