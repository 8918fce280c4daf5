/* Half precision to single.
 *
 * Networks stored in float16 run in float32 here: no processor of ours computes
 * faster in float16, and results are closer to the network as it was trained.
 * Everything that is float16 by declaration is widened before inference; what
 * follows from it by the shape rules is then float32 by itself.
 */
#include <string.h>

#include "nn/passes/pass.h"

/* Exponents of half start at 2^-15, those of float at 2^-127: shifted into place
 * the bits lack a factor of 2^112. Multiplying also turns subnormal halves into
 * normal floats; infinity and NaN need their exponent back. Branch-free, so that
 * the compiler uses whole vectors: real networks hold tens of millions. */
static void widen(const cc_tensor *from, cc_tensor *to)
{
    const unsigned char *halves = from->data; /* not always aligned */
    float *floats = to->data;
    int64_t count = cc_shape_elements(&from->shape);

    for (int64_t i = 0; i < count; i++) {
        union {
            uint32_t bits;
            float value;
        } number;
        uint16_t half;
        uint32_t special;
        memcpy(&half, halves + 2 * i, sizeof half);
        number.bits = (uint32_t)(half & 0x7fff) << 13;
        special = number.bits >= 0x0f800000u ? 0x7f800000u : 0;
        number.value *= 0x1p112f;
        number.bits |= special | (uint32_t)(half & 0x8000) << 16;
        floats[i] = number.value;
    }
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
        return cc_graph_convert_constant(graph, index, CC_FLOAT32, &value->tensor.shape, widen,
                                         error);
    }
    if (!value->is_constant) {
        value->tensor.dtype = CC_FLOAT32;
    }
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
    return status;
}
