#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

#define ADDRESS(name) &cc_operator_##name,
static const cc_operator *const operators[] = {CC_OPERATORS(ADDRESS) NULL};
#undef ADDRESS

#define NUMBER(name) NUMBER_##name,
enum { CC_OPERATORS(NUMBER) OPERATOR_COUNT };
#undef NUMBER

const cc_operator *cc_operator_find(const char *op_type)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (strcmp(operators[i]->op_type, op_type) == 0)
            return operators[i];
    }
    return NULL;
}

const cc_operator *const *cc_operator_list(size_t *count)
{
    if (count)
        *count = OPERATOR_COUNT;
    return operators;
}

static cc_status check_counts(const cc_op_call *call, const cc_operator *operator_, cc_error *error)
{
    int count = cc_op_input_count(call);
    if (call->opset < operator_->minimum_opset)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "opset %d is older than %d, the first whose meaning clearcut knows; "
                          "export the model with opset 11 to 17",
                          call->opset, operator_->minimum_opset);
    if (count < operator_->minimum_inputs || count > operator_->maximum_inputs)
        return cc_op_fail(call, error, CC_MODEL, "has %d inputs; ONNX defines %d to %d", count,
                          operator_->minimum_inputs, operator_->maximum_inputs);
    for (int i = 0; i < operator_->minimum_inputs; i++) {
        if (!call->inputs[i])
            return cc_op_fail(call, error, CC_MODEL, "required input %d is missing", i);
    }
    return CC_OK;
}

/* The epilogue works on float32 and reads the residual in step with output 0. */
static cc_status check_fusion(const cc_op_call *call, const cc_operator *operator_, cc_error *error)
{
    const cc_fusion *fusion = &call->node->fusion;
    bool fused = fusion->activation != CC_ACTIVATION_NONE || fusion->residual != CC_RESIDUAL_NONE;
    const cc_tensor *residual = cc_op_residual(call);
    if (!fused)
        return CC_OK;
    if (!operator_->can_fuse || call->outputs[0]->dtype != CC_FLOAT32)
        return cc_op_fail(call, error, CC_INTERNAL, "cannot carry a fused operator");
    if (fusion->residual != CC_RESIDUAL_NONE &&
        (!residual || residual->dtype != CC_FLOAT32 ||
         !cc_shape_equal(&residual->shape, &call->outputs[0]->shape)))
        return cc_op_fail(call, error, CC_INTERNAL,
                          "its fused residual does not have the shape of the result");
    return CC_OK;
}

cc_status cc_operator_infer(const cc_op_call *call, cc_error *error)
{
    const cc_operator *operator_ = call->node->operator_;
    if (!operator_)
        operator_ = cc_operator_find(call->node->op_type);
    if (!operator_)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "clearcut does not have this operator; docs/operators.md lists "
                          "those it has");
    cc_status status = check_counts(call, operator_, error);
    if (status == CC_OK)
        status = operator_->infer(call, error);
    if (status == CC_OK)
        status = check_fusion(call, operator_, error);
    return status;
}
