/* ReduceMean, ReduceSum, ReduceMax, ReduceMin. Floats are summed in double, in
 * row-major order of the elements that fall together. */
#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

typedef struct reduction {
    int64_t kept[CC_MAX_RANK];    /* size of each axis that stays, 1 if reduced */
    int64_t reduced[CC_MAX_RANK]; /* size of each axis that goes, 1 if kept */
    int64_t count;                /* elements that fall into one */
} reduction;

/* axes became an input with opset 13 for ReduceSum and 18 for the others. */
static cc_status read_axes(const cc_op_call *call, int input_opset, bool *chosen, cc_error *error)
{
    int rank = cc_op_input(call, 0)->shape.rank;
    cc_int_list axes = {0};
    cc_status status = cc_op_list(call, "axes", 1, input_opset, &axes, error);
    if (status == CC_OK)
        status = cc_op_list_axes(call, &axes, rank, error);
    if (status != CC_OK)
        return status;
    bool nothing = cc_node_int(call->node, "noop_with_empty_axes", 0) != 0;
    for (int i = 0; i < rank; i++)
        chosen[i] = axes.count == 0 && !nothing;
    for (int i = 0; i < axes.count; i++)
        chosen[axes.values[i]] = true;
    return CC_OK;
}

static void divide_axes(const cc_shape *shape, const bool *chosen, reduction *r)
{
    r->count = 1;
    for (int i = 0; i < shape->rank; i++) {
        r->kept[i] = chosen[i] ? 1 : shape->dims[i];
        r->reduced[i] = chosen[i] ? shape->dims[i] : 1;
        r->count *= r->reduced[i];
    }
}

static cc_status infer(const cc_op_call *call, int input_opset, cc_error *error)
{
    bool chosen[CC_MAX_RANK] = {false};
    cc_status status = cc_op_require(call, 0, CC_TYPES_NUMBER, error);
    if (status == CC_OK)
        status = read_axes(call, input_opset, chosen, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    bool keep = cc_node_int(call->node, "keepdims", 1) != 0;
    cc_shape shape = {0};
    if (cc_shape_elements(&input->shape) == 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "reduces an empty tensor");
    for (int i = 0; i < input->shape.rank; i++) {
        if (!chosen[i] || keep)
            shape.dims[shape.rank++] = chosen[i] ? 1 : input->shape.dims[i];
    }
    return cc_op_set_output(call, 0, input->dtype, &shape, error);
}

static cc_status infer_sum(const cc_op_call *call, cc_error *error)
{
    return infer(call, 13, error);
}

static cc_status infer_other(const cc_op_call *call, cc_error *error)
{
    return infer(call, 18, error);
}

typedef enum kind { MEAN, SUM, MAXIMUM, MINIMUM } kind;

static double fold_float(kind what, double total, double value)
{
    switch (what) {
    case MAXIMUM: return value > total ? value : total;
    case MINIMUM: return value < total ? value : total;
    default: return total + value;
    }
}

static int64_t fold_int(kind what, int64_t total, int64_t value)
{
    switch (what) {
    case MAXIMUM: return value > total ? value : total;
    case MINIMUM: return value < total ? value : total;
    default: return (int64_t)((uint64_t)total + (uint64_t)value);
    }
}

/* One output element: the elements that the inner walk meets, the first of which
 * starts the fold. */
static void reduce_one(kind what, const cc_tensor *input, cc_walker inner, int64_t count,
                       const cc_tensor *output, int64_t at)
{
    bool is_float = input->dtype == CC_FLOAT32;
    double total = is_float ? (double)cc_get_float(input, inner.offset[0]) : 0.0;
    int64_t int_total = is_float ? 0 : cc_get_int(input, inner.offset[0]);
    for (int64_t i = 1; i < count; i++) {
        cc_walker_next(&inner);
        if (is_float)
            total = fold_float(what, total, (double)cc_get_float(input, inner.offset[0]));
        else
            int_total = fold_int(what, int_total, cc_get_int(input, inner.offset[0]));
    }
    if (is_float)
        ((float *)output->data)[at] = (float)(what == MEAN ? total / (double)count : total);
    else
        cc_set_int(output, at, what == MEAN ? int_total / count : int_total);
}

static cc_status run(const cc_op_call *call, kind what, int input_opset, cc_error *error)
{
    bool chosen[CC_MAX_RANK] = {false};
    reduction r = {0};
    cc_status status = read_axes(call, input_opset, chosen, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t strides[CC_MAX_RANK];
    divide_axes(&input->shape, chosen, &r);
    cc_shape_strides(&input->shape, strides);
    cc_shape kept = cc_shape_make(input->shape.rank, r.kept);
    cc_shape reduced = cc_shape_make(input->shape.rank, r.reduced);
    cc_walker outer = cc_walker_make(&kept);
    cc_walker_add(&outer, 0, strides);
    int64_t count = cc_shape_elements(&kept);
    for (int64_t i = 0; i < count; i++) {
        cc_walker inner = cc_walker_make(&reduced);
        cc_walker_add(&inner, outer.offset[0], strides);
        reduce_one(what, input, inner, r.count, call->outputs[0], i);
        cc_walker_next(&outer);
    }
    return CC_OK;
}

static cc_status run_mean(const cc_op_call *call, cc_error *error)
{
    return run(call, MEAN, 18, error);
}

static cc_status run_sum(const cc_op_call *call, cc_error *error)
{
    return run(call, SUM, 13, error);
}

static cc_status run_max(const cc_op_call *call, cc_error *error)
{
    return run(call, MAXIMUM, 18, error);
}

static cc_status run_min(const cc_op_call *call, cc_error *error)
{
    return run(call, MINIMUM, 18, error);
}

const cc_operator cc_operator_reduce_mean = {"ReduceMean", 1, 2, 1, infer_other, run_mean, false};
const cc_operator cc_operator_reduce_sum = {"ReduceSum", 1, 2, 1, infer_sum, run_sum, false};
const cc_operator cc_operator_reduce_max = {"ReduceMax", 1, 2, 1, infer_other, run_max, false};
const cc_operator cc_operator_reduce_min = {"ReduceMin", 1, 2, 1, infer_other, run_min, false};
