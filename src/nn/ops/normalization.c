/* BatchNormalization (inference), InstanceNormalization, LayerNormalization.
 * Means and variances are summed in double, in two passes. */
#include <inttypes.h>
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* Inputs first .. last must be float32, with `count` values each. */
static cc_status require_vectors(const cc_op_call *call, int first, int last, int64_t count,
                                 cc_error *error)
{
    for (int i = first; i <= last; i++) {
        cc_status status = cc_op_require(call, i, CC_TYPES_FLOAT, error);
        if (status != CC_OK)
            return status;
        if (cc_shape_elements(&cc_op_input(call, i)->shape) != count)
            return cc_op_fail(call, error, CC_MODEL, "input %d does not have %" PRId64 " values", i,
                              count);
    }
    return CC_OK;
}

static cc_status refuse_outputs(const cc_op_call *call, cc_error *error)
{
    for (int i = 1; i < call->output_count; i++) {
        if (call->outputs[i])
            return cc_op_fail(call, error, CC_UNSUPPORTED,
                              "output %d exists in training only; export for inference", i);
    }
    return CC_OK;
}

static cc_status infer_batch(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = refuse_outputs(call, error);
    if (status != CC_OK)
        return status;
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    if (shape->rank < 2)
        return cc_op_fail(call, error, CC_MODEL, "the input has no channels");
    if (cc_node_int(call->node, "training_mode", 0) != 0 ||
        (call->opset < 9 && cc_node_int(call->node, "spatial", 1) != 1))
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "training mode and spatial=0 are not possible; export for inference");
    return require_vectors(call, 1, 4, shape->dims[1], error);
}

static cc_status run_batch(const cc_op_call *call, cc_error *error)
{
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    const float *parameter[5];
    float *output = call->outputs[0]->data;
    float epsilon = cc_node_float(call->node, "epsilon", 1e-5F);
    int64_t area = cc_shape_product(shape, 2, shape->rank);
    int64_t count = cc_shape_elements(shape);
    (void)error;
    for (int i = 0; i < 5; i++)
        parameter[i] = cc_op_input(call, i)->data;
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / area % shape->dims[1];
        float factor = parameter[1][c] / sqrtf(parameter[4][c] + epsilon);
        output[i] = (parameter[0][i] - parameter[3][c]) * factor + parameter[2][c];
    }
    return CC_OK;
}

typedef struct moments {
    double mean;
    double inverse_deviation; /* 1 / sqrt(variance + epsilon) */
} moments;

static moments measure(const float *values, int64_t count, float epsilon)
{
    double sum = 0.0;
    double squares = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)values[i];
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    return (moments){mean, 1.0 / sqrt(squares / (double)count + (double)epsilon)};
}

static float normalize(float value, const moments *m)
{
    return (float)(((double)value - m->mean) * m->inverse_deviation);
}

static cc_status infer_instance(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    if (status != CC_OK)
        return status;
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    if (shape->rank < 3 || cc_shape_elements(shape) < 1)
        return cc_op_fail(call, error, CC_MODEL,
                          "the input is empty or has fewer than 3 dimensions");
    return require_vectors(call, 1, 2, shape->dims[1], error);
}

static cc_status run_instance(const cc_op_call *call, cc_error *error)
{
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    const float *input = cc_op_input(call, 0)->data;
    const float *scale = cc_op_input(call, 1)->data;
    const float *bias = cc_op_input(call, 2)->data;
    float *output = call->outputs[0]->data;
    float epsilon = cc_node_float(call->node, "epsilon", 1e-5F);
    int64_t area = cc_shape_product(shape, 2, shape->rank);
    (void)error;
    for (int64_t p = 0; p < shape->dims[0] * shape->dims[1]; p++) {
        int64_t c = p % shape->dims[1];
        moments m = measure(input + p * area, area, epsilon);
        for (int64_t i = p * area; i < (p + 1) * area; i++)
            output[i] = normalize(input[i], &m) * scale[c] + bias[c];
    }
    return CC_OK;
}

static cc_status read_layer_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    return cc_op_axis(call, cc_node_int(call->node, "axis", -1), cc_op_input(call, 0)->shape.rank,
                      axis, error);
}

static cc_status infer_layer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_infer_like_input(call, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = read_layer_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    int64_t length = cc_shape_product(&shape, axis, shape.rank);
    if (cc_shape_elements(&shape) < 1)
        return cc_op_fail(call, error, CC_MODEL, "the input is empty");
    status = require_vectors(call, 1, cc_op_input(call, 2) ? 2 : 1, length, error);
    for (int i = axis; i < shape.rank; i++)
        shape.dims[i] = 1;
    for (int i = 1; i < 3 && status == CC_OK; i++)
        status = cc_op_set_output(call, i, CC_FLOAT32, &shape, error);
    return status;
}

static void store_moments(const cc_op_call *call, int64_t at, const moments *m)
{
    if (call->output_count > 1 && call->outputs[1])
        ((float *)call->outputs[1]->data)[at] = (float)m->mean;
    if (call->output_count > 2 && call->outputs[2])
        ((float *)call->outputs[2]->data)[at] = (float)m->inverse_deviation;
}

static cc_status run_layer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = read_layer_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    const float *input = cc_op_input(call, 0)->data;
    const float *scale = cc_op_input(call, 1)->data;
    const cc_tensor *bias = cc_op_input(call, 2);
    float *output = call->outputs[0]->data;
    float epsilon = cc_node_float(call->node, "epsilon", 1e-5F);
    int64_t rows = cc_shape_product(shape, 0, axis);
    int64_t length = cc_shape_product(shape, axis, shape->rank);
    for (int64_t row = 0; row < rows; row++, input += length, output += length) {
        moments m = measure(input, length, epsilon);
        store_moments(call, row, &m);
        for (int64_t i = 0; i < length; i++)
            output[i] =
                normalize(input[i], &m) * scale[i] + (bias ? ((const float *)bias->data)[i] : 0.0F);
    }
    return CC_OK;
}

const cc_operator cc_operator_batch_normalization = {"BatchNormalization", 5,         5,    7,
                                                     infer_batch,          run_batch, false};
const cc_operator cc_operator_instance_normalization = {
    "InstanceNormalization", 3, 3, 6, infer_instance, run_instance, false};
const cc_operator cc_operator_layer_normalization = {"LayerNormalization", 2,         3,    17,
                                                     infer_layer,          run_layer, false};
