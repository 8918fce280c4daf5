/* QuantizeLinear, DequantizeLinear (for the tensor or for each index of an axis)
 * and DynamicQuantizeLinear. */
#include <math.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

/* Scale and zero point for runs of `inner` elements, `channels` of them in turn;
 * one channel if they hold for the whole tensor. */
typedef struct quantization {
    const cc_tensor *scale;
    const cc_tensor *zero; /* NULL = 0 */
    int64_t channels;
    int64_t inner;
} quantization;

static cc_status read_quantization(const cc_op_call *call, quantization *q, cc_error *error)
{
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    *q = (quantization){cc_op_input(call, 1), cc_op_input(call, 2), 1, 1};
    if (cc_node_int(call->node, "block_size", 0) != 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "block_size is not supported");
    int64_t count = cc_shape_elements(&q->scale->shape);
    if (count != 1) {
        int axis = 0;
        cc_status status =
            cc_op_axis(call, cc_node_int(call->node, "axis", 1), shape->rank, &axis, error);
        if (status != CC_OK)
            return status;
        q->channels = shape->dims[axis];
        q->inner = cc_shape_product(shape, axis + 1, shape->rank);
        if (call->opset < 13 || q->scale->shape.rank != 1 || count != q->channels)
            return cc_op_fail(call, error, CC_MODEL,
                              "the scale is neither one number nor one for each index of "
                              "the axis");
    }
    if (q->zero && cc_shape_elements(&q->zero->shape) != count)
        return cc_op_fail(call, error, CC_MODEL, "scale and zero point differ in size");
    return CC_OK;
}

static int64_t channel(const quantization *q, int64_t index)
{
    return q->channels == 1 ? 0 : index / q->inner % q->channels;
}

static int64_t zero_at(const quantization *q, int64_t index)
{
    return q->zero ? cc_get_int(q->zero, channel(q, index)) : 0;
}

/* Round half to even, add the zero point, saturate; a NaN becomes the zero point's
 * side that ONNX leaves open: the lowest value. */
static int64_t quantize(float value, int64_t zero, int64_t low, int64_t high)
{
    float shifted = rintf(value) + (float)zero;
    if (!(shifted > (float)low))
        return low;
    return shifted >= (float)high ? high : (int64_t)shifted;
}

static cc_status infer_quantize(const cc_op_call *call, cc_error *error)
{
    quantization q = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_accept(call, 2, CC_TYPES_BYTE, error);
    if (status == CC_OK)
        status = read_quantization(call, &q, error);
    if (status != CC_OK)
        return status;
    int64_t stated = cc_node_int(call->node, "output_dtype", 0);
    cc_dtype dtype = q.zero ? q.zero->dtype : CC_UINT8;
    if (stated != 0 && stated != (int64_t)dtype)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "output_dtype differs from the zero point's type");
    return cc_op_set_output(call, 0, dtype, &cc_op_input(call, 0)->shape, error);
}

static cc_status run_quantize(const cc_op_call *call, cc_error *error)
{
    quantization q = {0};
    cc_status status = read_quantization(call, &q, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    bool is_signed = call->outputs[0]->dtype == CC_INT8;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++) {
        float value = cc_get_float(input, i) / cc_get_float(q.scale, channel(&q, i));
        cc_set_int(call->outputs[0], i,
                   quantize(value, zero_at(&q, i), is_signed ? -128 : 0, is_signed ? 127 : 255));
    }
    return CC_OK;
}

static cc_status infer_dequantize(const cc_op_call *call, cc_error *error)
{
    quantization q = {0};
    unsigned types = CC_TYPES_BYTE | CC_TYPE(CC_INT32);
    cc_status status = cc_op_require(call, 0, types, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_accept(call, 2, types, error);
    if (status == CC_OK)
        status = read_quantization(call, &q, error);
    if (status != CC_OK)
        return status;
    if (q.zero && q.zero->dtype != cc_op_input(call, 0)->dtype)
        return cc_op_fail(call, error, CC_MODEL, "the zero point has another type than x");
    return cc_op_set_output(call, 0, CC_FLOAT32, &cc_op_input(call, 0)->shape, error);
}

static cc_status run_dequantize(const cc_op_call *call, cc_error *error)
{
    quantization q = {0};
    cc_status status = read_quantization(call, &q, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    float *output = call->outputs[0]->data;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        output[i] =
            (float)(cc_get_int(input, i) - zero_at(&q, i)) * cc_get_float(q.scale, channel(&q, i));
    return CC_OK;
}

static cc_status infer_dynamic(const cc_op_call *call, cc_error *error)
{
    cc_shape scalar = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_set_output(call, 0, CC_UINT8, &cc_op_input(call, 0)->shape, error);
    if (status == CC_OK)
        status = cc_op_set_output(call, 1, CC_FLOAT32, &scalar, error);
    if (status == CC_OK)
        status = cc_op_set_output(call, 2, CC_UINT8, &scalar, error);
    return status;
}

/* The range always holds 0, so that padding stays exact. */
static void dynamic_range(const cc_tensor *input, float *scale, int64_t *zero)
{
    const float *values = input->data;
    float low = 0.0F;
    float high = 0.0F;
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    *scale = high == low ? 1.0F : (high - low) / 255.0F;
    *zero = quantize(0.0F - low / *scale, 0, 0, 255);
}

static cc_status run_dynamic(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, 0);
    float scale;
    int64_t zero = 0;
    (void)error;
    dynamic_range(input, &scale, &zero);
    int64_t count = cc_shape_elements(&input->shape);
    for (int64_t i = 0; i < count; i++)
        cc_set_int(call->outputs[0], i, quantize(cc_get_float(input, i) / scale, zero, 0, 255));
    if (call->output_count > 1 && call->outputs[1])
        ((float *)call->outputs[1]->data)[0] = scale;
    if (call->output_count > 2 && call->outputs[2])
        cc_set_int(call->outputs[2], 0, zero);
    return CC_OK;
}

const cc_operator cc_operator_quantize_linear = {"QuantizeLinear", 2,    3, 10, infer_quantize,
                                                 run_quantize,     false};
const cc_operator cc_operator_dequantize_linear = {
    "DequantizeLinear", 2, 3, 10, infer_dequantize, run_dequantize, false};
const cc_operator cc_operator_dynamic_quantize_linear = {
    "DynamicQuantizeLinear", 1, 1, 11, infer_dynamic, run_dynamic, false};
