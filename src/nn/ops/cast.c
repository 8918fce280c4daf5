/* Cast between all our element types. Floats go to integers towards zero; what
 * does not fit follows ONNX Runtime on x86: into int32 and int64 the smallest
 * value, into the 8-bit types the low byte of the int32. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status != CC_OK)
        return status;
    int64_t to = cc_node_int(call->node, "to", 0);
    if (to < 1 || to > CC_FLOAT64 || cc_dtype_size((cc_dtype)to) == 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "cannot cast to ONNX element type %lld; only float32, float16, "
                          "float64, int64, int32, int8, uint8 and bool are known",
                          (long long)to);
    return cc_op_set_output(call, 0, (cc_dtype)to, &cc_op_input(call, 0)->shape, error);
}

static bool is_float(cc_dtype dtype)
{
    return dtype == CC_FLOAT32 || dtype == CC_FLOAT16 || dtype == CC_FLOAT64;
}

static double get_double(const cc_tensor *tensor, int64_t index)
{
    if (tensor->dtype == CC_FLOAT64)
        return ((const double *)tensor->data)[index];
    return (double)cc_get_float(tensor, index);
}

static void store_double(const cc_tensor *output, int64_t index, double value)
{
    switch (output->dtype) {
    case CC_FLOAT64: ((double *)output->data)[index] = value; break;
    case CC_FLOAT32: ((float *)output->data)[index] = (float)value; break;
    default: ((uint16_t *)output->data)[index] = cc_float_to_half((float)value); break;
    }
}

static int64_t float_to_int(double value, cc_dtype dtype)
{
    int64_t result = cc_float_to_int64(value);
    if (dtype == CC_BOOL)
        return value != 0.0;
    if (dtype != CC_INT64 && (result < INT32_MIN || result > INT32_MAX))
        return INT32_MIN;
    return result;
}

static void cast_int(const cc_tensor *output, int64_t index, int64_t value)
{
    if (output->dtype == CC_FLOAT32)
        ((float *)output->data)[index] = (float)value; /* rounded once, not twice */
    else if (is_float(output->dtype))
        store_double(output, index, (double)value);
    else
        cc_set_int(output, index, output->dtype == CC_BOOL ? value != 0 : value);
}

static void cast_float(const cc_tensor *output, int64_t index, double value)
{
    if (is_float(output->dtype))
        store_double(output, index, value);
    else
        cc_set_int(output, index, float_to_int(value, output->dtype));
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t count = cc_shape_elements(&input->shape);
    if (input->dtype == call->outputs[0]->dtype && input->dtype != CC_BOOL)
        return cc_op_copy(call, error);
    for (int64_t i = 0; i < count; i++) {
        if (is_float(input->dtype))
            cast_float(call->outputs[0], i, get_double(input, i));
        else
            cast_int(call->outputs[0], i, cc_get_int(input, i));
    }
    return CC_OK;
}

const cc_operator cc_operator_cast = {"Cast", 1, 1, 6, infer, run, false};
