/* CumSum: running sums along one axis. Floats are summed in float32 in the order of the
 * axis, integers wrap. The axis must be known at load. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_status read_axis(const cc_op_call *call, int *axis, cc_error *error)
{
    cc_status status = cc_op_require_constant(call, 1, CC_TYPES_INDEX, "axis", error);
    if (status != CC_OK)
        return status;
    if (cc_shape_elements(&cc_op_input(call, 1)->shape) != 1)
        return cc_op_fail(call, error, CC_MODEL, "axis is not one number");
    return cc_op_axis(call, cc_get_int(cc_op_input(call, 1), 0), cc_op_input(call, 0)->shape.rank,
                      axis, error);
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = cc_op_require(call, 0, CC_TYPES_NUMBER, error);
    if (status == CC_OK)
        status = read_axis(call, &axis, error);
    return status != CC_OK ? status
                           : cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype,
                                              &cc_op_input(call, 0)->shape, error);
}

/* Sums of `length` elements from `base` on, `step` apart (negative: from the end). */
static void sum_line(const cc_op_call *call, int64_t base, int64_t length, int64_t step,
                     bool exclusive)
{
    const cc_tensor *input = cc_op_input(call, 0);
    float sum = 0.0F;
    uint64_t whole = 0;
    for (int64_t i = 0; i < length; i++) {
        int64_t at = base + i * step;
        float before = sum;
        uint64_t whole_before = whole;
        if (input->dtype == CC_FLOAT32) {
            sum += ((const float *)input->data)[at];
            ((float *)call->outputs[0]->data)[at] = exclusive ? before : sum;
        } else {
            whole += (uint64_t)cc_get_int(input, at);
            cc_set_int(call->outputs[0], at, (int64_t)(exclusive ? whole_before : whole));
        }
    }
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    int axis = 0;
    cc_status status = read_axis(call, &axis, error);
    if (status != CC_OK)
        return status;
    const cc_shape *shape = &cc_op_input(call, 0)->shape;
    bool exclusive = cc_node_int(call->node, "exclusive", 0) != 0;
    bool reverse = cc_node_int(call->node, "reverse", 0) != 0;
    int64_t length = shape->dims[axis];
    int64_t inner = cc_shape_product(shape, axis + 1, shape->rank);
    int64_t lines = length > 0 ? cc_shape_elements(shape) / length : 0;
    for (int64_t i = 0; i < lines; i++) {
        int64_t base = i / inner * length * inner + i % inner;
        sum_line(call, reverse ? base + (length - 1) * inner : base, length,
                 reverse ? -inner : inner, exclusive);
    }
    return CC_OK;
}

const cc_operator cc_operator_cum_sum = {"CumSum", 2, 2, 11, infer, run, false};
