/* One factor and one offset per channel, into the weights and bias before them.
 *
 * y = s_m * (W_m x + b_m) + t_m is the same layer with weights s_m W_m and bias
 * s_m b_m + t_m. Batch normalisation has s = gamma / sqrt(variance + epsilon) and
 * t = beta - s * mean (Ioffe and Szegedy, 2015). Computed in double and rounded
 * once, so that the merged layer is as close as float32 allows.
 */
#include <math.h>
#include <string.h>

#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

typedef struct affine {
    double *scale; /* per channel */
    double *shift;
    int64_t channels;
    bool scales; /* false: all factors are 1 */
} affine;

/* ---- what the second node does ---- */

static const float *channel_constant(cc_rewrite *rewrite, const cc_node *node, int input,
                                     int64_t channels)
{
    const cc_tensor *tensor = cc_rewrite_constant(rewrite, node, input);

    return tensor != NULL && tensor->dtype == CC_FLOAT32 &&
                   cc_shape_elements(&tensor->shape) == channels
               ? tensor->data
               : NULL;
}

static bool describe_normalisation(cc_rewrite *rewrite, const cc_node *node, affine *map)
{
    const float *gamma = channel_constant(rewrite, node, 1, map->channels);
    const float *beta = channel_constant(rewrite, node, 2, map->channels);
    const float *mean = channel_constant(rewrite, node, 3, map->channels);
    const float *variance = channel_constant(rewrite, node, 4, map->channels);
    double epsilon = (double)cc_node_float(node, "epsilon", 1e-5f);

    if (gamma == NULL || beta == NULL || mean == NULL || variance == NULL ||
        cc_node_int(node, "training_mode", 0) != 0 || cc_node_int(node, "spatial", 1) == 0) {
        return false;
    }
    for (int64_t i = 0; i < map->channels; i++) {
        map->scale[i] = (double)gamma[i] / sqrt((double)variance[i] + epsilon);
        map->shift[i] = (double)beta[i] - map->scale[i] * (double)mean[i];
    }
    map->scales = true;
    return true;
}

/* Which element of a broadcast constant belongs to channel 0, 1, ...: stride 1, or
 * 0 if one number serves all; -1 if it varies along other axes. */
static int channel_stride(const cc_tensor *constant, const cc_shape *result)
{
    int skipped = result->rank - constant->shape.rank;
    int stride = 0;

    if (skipped < 0) {
        return -1;
    }
    for (int i = 0; i < constant->shape.rank; i++) {
        if (constant->shape.dims[i] == 1) {
            continue;
        }
        if (i + skipped != 1 || constant->shape.dims[i] != result->dims[1]) {
            return -1;
        }
        stride = 1;
    }
    return stride;
}

static bool describe_arithmetic(const cc_node *node, const cc_tensor *constant, int side,
                                const cc_shape *result, affine *map)
{
    int stride = constant->dtype == CC_FLOAT32 ? channel_stride(constant, result) : -1;
    bool is_sum = cc_node_is(node, "Add") || cc_node_is(node, "Sub");

    if (stride < 0 || (cc_node_is(node, "Div") && side == 0)) {
        return false;
    }
    for (int64_t i = 0; i < map->channels; i++) {
        double c = cc_tensor_float(constant, i * stride);
        map->scale[i] = 1;
        map->shift[i] = 0;
        if (cc_node_is(node, "Mul")) {
            map->scale[i] = c;
        } else if (cc_node_is(node, "Div")) {
            map->scale[i] = 1 / c;
        } else if (cc_node_is(node, "Sub") && side == 0) {
            map->scale[i] = -1;
            map->shift[i] = c;
        } else {
            map->shift[i] = cc_node_is(node, "Sub") ? -c : c;
        }
    }
    map->scales = !is_sum || (cc_node_is(node, "Sub") && side == 0);
    return true;
}

/* Which input of the node is data rather than a constant; -1 if that is unclear
 * or the node is of no interest. */
static int data_side(cc_rewrite *rewrite, const cc_node *node)
{
    bool first;
    bool second;

    if (cc_node_is(node, "BatchNormalization")) {
        return 0;
    }
    if (!cc_node_is(node, "Add") && !cc_node_is(node, "Sub") && !cc_node_is(node, "Mul") &&
        !cc_node_is(node, "Div")) {
        return -1;
    }
    first = cc_rewrite_constant(rewrite, node, 0) != NULL;
    second = cc_rewrite_constant(rewrite, node, 1) != NULL;
    if (first == second) {
        return -1;
    }
    return first ? 1 : 0;
}

static bool describe(cc_rewrite *rewrite, const cc_node *node, int side, affine *map)
{
    const cc_shape *result = &rewrite->graph->values[node->outputs[0]].tensor.shape;

    if (cc_node_is(node, "BatchNormalization")) {
        return describe_normalisation(rewrite, node, map);
    }
    return describe_arithmetic(node, cc_rewrite_constant(rewrite, node, 1 - side), 1 - side, result,
                               map);
}

/* ---- what the first node has ---- */

static bool is_gemm(const cc_node *node)
{
    return cc_node_is(node, "Gemm");
}

/* Output channel of weight element `index`. Layouts: Conv M x C/g x k...,
 * ConvTranspose C x M/g x k..., Gemm K x N or, transposed, N x K. */
typedef struct weight_layout {
    int64_t channels;   /* M or N */
    int64_t inner;      /* elements after the channel axis */
    int64_t per_group;  /* channels along the channel axis */
    int64_t group_span; /* elements of one group */
} weight_layout;

static weight_layout layout_of(const cc_node *node, const cc_shape *weight)
{
    int axis =
        cc_node_is(node, "Conv") || (is_gemm(node) && cc_node_int(node, "transB", 0) != 0) ? 0 : 1;
    int64_t groups = cc_node_is(node, "ConvTranspose") ? cc_node_int(node, "group", 1) : 1;
    weight_layout layout = {.inner = 1, .per_group = weight->dims[axis]};

    for (int i = axis + 1; i < weight->rank; i++) {
        layout.inner *= weight->dims[i];
    }
    layout.channels = layout.per_group * groups;
    layout.group_span = cc_shape_elements(weight) / groups;
    return layout;
}

static int64_t channel_of(const weight_layout *layout, int64_t index)
{
    return index / layout->group_span * layout->per_group +
           index / layout->inner % layout->per_group;
}

static bool has_constant_weights(cc_rewrite *rewrite, const cc_node *node)
{
    const cc_tensor *weight = cc_rewrite_constant(rewrite, node, 1);
    const cc_tensor *bias = cc_rewrite_constant(rewrite, node, 2);
    bool has_bias = cc_rewrite_input(rewrite, node, 2) >= 0;

    if (weight == NULL || weight->dtype != CC_FLOAT32 || cc_shape_elements(&weight->shape) < 1) {
        return false;
    }
    if (has_bias && is_gemm(node) && bias != NULL) {
        return channel_stride(bias, &rewrite->graph->values[node->outputs[0]].tensor.shape) >= 0;
    }
    return !has_bias || bias != NULL;
}

static bool can_take_affine(cc_rewrite *rewrite, const cc_node *node)
{
    return (cc_node_is(node, "Conv") || cc_node_is(node, "ConvTranspose") || is_gemm(node)) &&
           node->fusion.activation == CC_ACTIVATION_NONE &&
           node->fusion.residual == CC_RESIDUAL_NONE && has_constant_weights(rewrite, node);
}

/* ---- merging ---- */

/* A constant that may be written: the node's own, or a copy that takes its place. */
static float *writable_weights(cc_rewrite *rewrite, cc_node *node, cc_error *error)
{
    cc_graph *graph = rewrite->graph;
    int value = cc_rewrite_input(rewrite, node, 1);
    const cc_tensor old = graph->values[value].tensor;
    int copy;

    if (rewrite->uses[value] == 1 && graph->values[value].owns_data) {
        graph->values[value].halves = NULL;
        return old.data;
    }
    copy = cc_rewrite_add_value(rewrite, graph->values[value].name);
    if (copy < 0) {
        (void)cc_fail_memory(error, sizeof(cc_value));
        return NULL;
    }
    if (cc_graph_allocate_constant(graph, copy, CC_FLOAT32, &old.shape, error) != CC_OK) {
        return NULL;
    }
    memcpy(graph->values[copy].tensor.data, old.data,
           (size_t)cc_shape_elements(&old.shape) * sizeof(float));
    cc_rewrite_set_input(rewrite, node, 1, copy);
    return graph->values[copy].tensor.data;
}

static cc_status scale_weights(cc_rewrite *rewrite, cc_node *node, const affine *map,
                               cc_error *error)
{
    const cc_shape shape = cc_rewrite_constant(rewrite, node, 1)->shape;
    weight_layout layout = layout_of(node, &shape);
    int64_t count = cc_shape_elements(&shape);
    float *weights;

    if (!map->scales) {
        return CC_OK;
    }
    weights = writable_weights(rewrite, node, error);
    if (weights == NULL) {
        return error != NULL ? error->code : CC_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < count; i += layout.inner) {
        double scale = map->scale[channel_of(&layout, i)];
        for (int64_t k = i; k < i + layout.inner; k++) {
            weights[k] = (float)((double)weights[k] * scale);
        }
    }
    return CC_OK;
}

/* Gemm multiplies its bias by beta and its product by alpha; the new bias holds
 * beta already, and beta becomes 1. */
static double bias_factor(cc_node *node)
{
    double factor = is_gemm(node) ? (double)cc_node_float(node, "beta", 1.0f) : 1.0;

    for (int i = 0; i < node->attribute_count; i++) {
        if (is_gemm(node) && strcmp(node->attributes[i].name, "beta") == 0) {
            node->attributes[i].f = 1.0f;
        }
    }
    return factor;
}

static cc_status new_bias(cc_rewrite *rewrite, cc_node *node, const affine *map, cc_error *error)
{
    cc_graph *graph = rewrite->graph;
    const cc_shape shape = {.rank = 1, .dims = {map->channels}};
    int inputs[3] = {cc_rewrite_input(rewrite, node, 0), cc_rewrite_input(rewrite, node, 1),
                     cc_rewrite_add_value(rewrite, node->name)};
    const cc_tensor *old = cc_rewrite_constant(rewrite, node, 2);
    int64_t stride = old != NULL && cc_shape_elements(&old->shape) > 1 ? 1 : 0;
    double factor = bias_factor(node);
    float *bias;
    cc_status status;

    if (inputs[2] < 0) {
        return cc_fail_memory(error, sizeof(cc_value));
    }
    status = cc_graph_allocate_constant(graph, inputs[2], CC_FLOAT32, &shape, error);
    if (status != CC_OK) {
        return status;
    }
    bias = graph->values[inputs[2]].tensor.data;
    for (int64_t i = 0; i < map->channels; i++) {
        double before = old != NULL ? factor * cc_tensor_float(old, i * stride) : 0.0;
        bias[i] = (float)(before * map->scale[i] + map->shift[i]);
    }
    return cc_rewrite_set_inputs(rewrite, node, inputs, 3, error);
}

static cc_status merge(cc_rewrite *rewrite, cc_node *before, cc_node *node, const affine *map,
                       cc_error *error)
{
    cc_status status = scale_weights(rewrite, before, map, error);

    if (status == CC_OK) {
        status = new_bias(rewrite, before, map, error);
    }
    if (status == CC_OK) {
        cc_rewrite_absorb(rewrite, before, node);
    }
    return status;
}

static bool only_first_output(const cc_node *node)
{
    for (int i = 1; i < node->output_count; i++) {
        if (node->outputs[i] >= 0) {
            return false;
        }
    }
    return true;
}

static bool matches(cc_rewrite *rewrite, const cc_node *before, const cc_node *node)
{
    const cc_value *values = rewrite->graph->values;

    return before != NULL && can_take_affine(rewrite, before) && only_first_output(node) &&
           values[node->outputs[0]].tensor.shape.rank >= 2 &&
           cc_shape_equal(&values[before->outputs[0]].tensor.shape,
                          &values[node->outputs[0]].tensor.shape);
}

cc_status cc_pass_affine(cc_rewrite *rewrite, int index, cc_error *error)
{
    cc_node *node = &rewrite->graph->nodes[index];
    int side = data_side(rewrite, node);
    cc_node *before = side >= 0 ? cc_rewrite_sole_producer(rewrite, node, side) : NULL;
    affine map = {0};
    cc_status status = CC_OK;

    if (!matches(rewrite, before, node)) {
        return CC_OK;
    }
    map.channels = layout_of(before, &cc_rewrite_constant(rewrite, before, 1)->shape).channels;
    map.scale = cc_alloc_array((size_t)map.channels, 2 * sizeof(double));
    if (map.scale == NULL) {
        return cc_fail_memory(error, (size_t)map.channels * 2 * sizeof(double));
    }
    map.shift = map.scale + map.channels;
    if (describe(rewrite, node, side, &map)) {
        status = merge(rewrite, before, node, &map, error);
    }
    cc_free(map.scale);
    return status;
}
