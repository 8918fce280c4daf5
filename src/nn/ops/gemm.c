/* Gemm: alpha * A' B' + beta * C. The product is summed in float, in order. */
#include <inttypes.h>

#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

typedef struct gemm {
    int64_t rows;          /* M */
    int64_t columns;       /* N */
    int64_t depth;         /* K */
    int64_t a_row, a_step; /* elements from one row, and one depth, to the next */
    int64_t b_step, b_column;
} gemm;

static cc_status read_gemm(const cc_op_call *call, gemm *g, cc_error *error)
{
    const cc_shape *a = &cc_op_input(call, 0)->shape;
    const cc_shape *b = &cc_op_input(call, 1)->shape;
    bool ta = cc_node_int(call->node, "transA", 0) != 0;
    bool tb = cc_node_int(call->node, "transB", 0) != 0;
    *g = (gemm){
        .rows = a->dims[ta],
        .columns = b->dims[!tb],
        .depth = a->dims[!ta],
        .a_row = ta ? 1 : a->dims[1],
        .a_step = ta ? a->dims[1] : 1,
        .b_step = tb ? 1 : b->dims[1],
        .b_column = tb ? b->dims[1] : 1,
    };
    if (b->dims[tb] != g->depth)
        return cc_op_fail(call, error, CC_MODEL,
                          "the matrices do not match: %" PRId64 " columns, %" PRId64 " rows",
                          g->depth, b->dims[tb]);
    return CC_OK;
}

static cc_status check_addend(const cc_op_call *call, const cc_shape *output, cc_error *error)
{
    cc_shape shape;
    const cc_tensor *c = cc_op_input(call, 2);
    if (!c)
        return CC_OK;
    cc_status status = cc_op_broadcast(call, &c->shape, output, &shape, error);
    if (status == CC_OK && !cc_shape_equal(&shape, output))
        return cc_op_fail(call, error, CC_MODEL, "C is larger than the product");
    return status;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    gemm g = {0};
    cc_status status = CC_OK;
    for (int i = 0; i < 2 && status == CC_OK; i++) {
        status = cc_op_require(call, i, CC_TYPES_FLOAT, error);
        if (status == CC_OK)
            status = cc_op_require_rank(call, i, 2, error);
    }
    if (status == CC_OK)
        status = cc_op_accept(call, 2, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = read_gemm(call, &g, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = {2, {g.rows, g.columns}};
    status = check_addend(call, &shape, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

static float dot(const gemm *g, const float *a, const float *b)
{
    float sum = 0.0F;
    for (int64_t k = 0; k < g->depth; k++)
        sum += a[k * g->a_step] * b[k * g->b_step];
    return sum;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    gemm g = {0};
    cc_status status = read_gemm(call, &g, error);
    if (status != CC_OK)
        return status;
    float alpha = cc_node_float(call->node, "alpha", 1.0F);
    float beta = cc_node_float(call->node, "beta", 1.0F);
    const float *a = cc_op_input(call, 0)->data;
    const float *b = cc_op_input(call, 1)->data;
    const cc_tensor *c = cc_op_input(call, 2);
    cc_shape scalar = {0};
    cc_walker walker = cc_walker_make(&call->outputs[0]->shape);
    cc_walker_add_broadcast(&walker, c ? &c->shape : &scalar);
    cc_epilogue epilogue = cc_epilogue_make(call);
    float *output = call->outputs[0]->data;
    for (int64_t i = 0; i < g.rows * g.columns; i++) {
        const float *row = a + i / g.columns * g.a_row;
        float value = alpha * dot(&g, row, b + i % g.columns * g.b_column);
        if (c)
            value += beta * ((const float *)c->data)[walker.offset[0]];
        output[i] = cc_epilogue_apply(&epilogue, i, value);
        cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_gemm = {"Gemm", 2, 3, 7, infer, run, true};
