/* Operators that do nothing: their readers read their input instead. */
#include <string.h>

#include "nn/passes/pass.h"

static bool all_ones(const cc_tensor *tensor)
{
    int64_t count = cc_shape_elements(&tensor->shape);
    bool ones = true;

    for (int64_t i = 0; i < count && ones; i++) {
        ones = tensor->dtype == CC_FLOAT32 && cc_tensor_float(tensor, i) == 1.0;
    }
    return ones && count > 0;
}

/* Scales of 1, or sizes that equal the input's: a scale that merely rounds to the
 * same size would still move the samples. */
static bool resize_keeps_pixels(cc_rewrite *rewrite, const cc_node *node)
{
    static const char *const exact[] = {"half_pixel", "asymmetric", "align_corners",
                                        "pytorch_half_pixel"};
    const char *mode = cc_node_string(node, "coordinate_transformation_mode", "half_pixel");
    int scales_at = node->input_count == 2 ? 1 : 2; /* before operator set 11 */
    const cc_tensor *scales = cc_rewrite_constant(rewrite, node, scales_at);
    bool known_mode = false;

    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        known_mode = known_mode || strcmp(mode, exact[i]) == 0;
    }
    return known_mode &&
           (cc_rewrite_input(rewrite, node, 3) >= 0 || (scales != NULL && all_ones(scales)));
}

/* Same shape with steps forward only: then nothing was left out or turned round. */
static bool slice_takes_all(cc_rewrite *rewrite, const cc_node *node)
{
    const cc_tensor *steps = cc_rewrite_constant(rewrite, node, 4);

    if (node->input_count <= 4 || node->inputs[4] < 0) {
        return true;
    }
    for (int64_t i = 0; steps != NULL && i < cc_shape_elements(&steps->shape); i++) {
        if (cc_tensor_int(steps, i) < 1) {
            return false;
        }
    }
    return steps != NULL;
}

/* Padding on one side and cutting on the other also keeps the shape. */
static bool pads_nothing(cc_rewrite *rewrite, const cc_node *node)
{
    const cc_tensor *pads = cc_rewrite_constant(rewrite, node, 1);
    size_t count;
    const int64_t *ints = cc_node_ints(node, "pads", &count);
    bool nothing = pads != NULL || ints != NULL;

    for (size_t i = 0; i < count && nothing; i++) {
        nothing = ints[i] == 0;
    }
    for (int64_t i = 0; pads != NULL && i < cc_shape_elements(&pads->shape) && nothing; i++) {
        nothing = cc_tensor_int(pads, i) == 0;
    }
    return nothing;
}

/* The order of the axes longer than 1 is what counts. */
static bool transpose_keeps_order(const cc_node *node, const cc_shape *shape)
{
    size_t count;
    const int64_t *perm = cc_node_ints(node, "perm", &count);
    int64_t last = -1;

    for (int i = 0; i < shape->rank; i++) {
        int64_t axis = perm != NULL && i < (int)count ? perm[i] : shape->rank - 1 - i;
        if (axis < 0 || axis >= shape->rank) {
            return false;
        }
        if (shape->dims[axis] != 1) {
            if (axis < last) {
                return false;
            }
            last = axis;
        }
    }
    return true;
}

/* Dropout does something only while training. */
static bool is_training(cc_rewrite *rewrite, const cc_node *node)
{
    const cc_tensor *mode = cc_rewrite_constant(rewrite, node, 2);

    if (cc_rewrite_input(rewrite, node, 2) < 0) {
        return false;
    }
    return mode == NULL || mode->dtype != CC_BOOL || *(const uint8_t *)mode->data != 0;
}

/* For an operator whose result has its input's shape and type. */
static bool does_nothing(cc_rewrite *rewrite, const cc_node *node, const cc_shape *shape)
{
    static const char *const always[] = {"Identity", "Cast",      "Reshape", "Flatten",
                                         "Squeeze",  "Unsqueeze", "Expand",  "Tile"};

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (cc_node_is(node, always[i])) {
            return true;
        }
    }
    if (cc_node_is(node, "Concat") || cc_node_is(node, "Split")) {
        return true; /* one input and one output, of the same shape */
    }
    if (cc_node_is(node, "Dropout")) {
        return !is_training(rewrite, node);
    }
    if (cc_node_is(node, "Slice")) {
        return slice_takes_all(rewrite, node);
    }
    if (cc_node_is(node, "Pad")) {
        return pads_nothing(rewrite, node);
    }
    if (cc_node_is(node, "Transpose")) {
        return transpose_keeps_order(node, shape);
    }
    return cc_node_is(node, "Resize") && resize_keeps_pixels(rewrite, node);
}

static int wanted_outputs(const cc_rewrite *rewrite, const cc_node *node)
{
    int wanted = 0;

    for (int i = 0; i < node->output_count; i++) {
        wanted += node->outputs[i] >= 0 && rewrite->uses[node->outputs[i]] > 0;
    }
    return wanted;
}

cc_status cc_pass_no_operation(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];
    int source = cc_rewrite_input(rewrite, node, 0);
    const cc_tensor *before;
    const cc_tensor *after;

    (void)error;
    if (source < 0 || node->output_count < 1 || node->outputs[0] < 0 ||
        rewrite->uses[node->outputs[0]] == 0 || wanted_outputs(rewrite, node) != 1 ||
        (cc_node_is(node, "Concat") && node->input_count != 1)) {
        return CC_OK;
    }
    before = &rewrite->graph->values[source].tensor;
    after = &rewrite->graph->values[node->outputs[0]].tensor;
    if (before->dtype == after->dtype && cc_shape_equal(&before->shape, &after->shape) &&
        does_nothing(rewrite, node, &before->shape)) {
        (void)cc_rewrite_bypass(rewrite, node, source); /* else it stays, harmlessly */
    }
    return CC_OK;
}
