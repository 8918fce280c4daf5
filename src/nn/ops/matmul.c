/* MatMul: each element summed in float, in order. */
#include "nn/ops/matmul.h"

#include <inttypes.h>

#include "nn/ops/activation.h"
#include "nn/ops/registry.h"
#include "nn/ops/support.h"

static cc_shape without_matrix(const cc_shape *shape)
{
    cc_shape batch = *shape;
    batch.rank = shape->rank > 2 ? shape->rank - 2 : 0;
    return batch;
}

cc_status cc_matmul_read(const cc_op_call *call, cc_matmul *m, cc_error *error)
{
    const cc_shape *a = &cc_op_input(call, 0)->shape;
    const cc_shape *b = &cc_op_input(call, 1)->shape;
    if (a->rank < 1 || b->rank < 1)
        return cc_op_fail(call, error, CC_MODEL, "a scalar has no rows");
    *m = (cc_matmul){
        .rows = a->rank > 1 ? a->dims[a->rank - 2] : 1,
        .columns = b->rank > 1 ? b->dims[b->rank - 1] : 1,
        .depth = a->dims[a->rank - 1],
        .a_batch = without_matrix(a),
        .b_batch = without_matrix(b),
    };
    if (b->dims[b->rank > 1 ? b->rank - 2 : 0] != m->depth)
        return cc_op_fail(call, error, CC_MODEL,
                          "the matrices do not match: %" PRId64 " columns, %" PRId64 " rows",
                          m->depth, b->dims[b->rank > 1 ? b->rank - 2 : 0]);
    cc_status status = cc_op_broadcast(call, &m->a_batch, &m->b_batch, &m->batch, error);
    if (status != CC_OK)
        return status;
    m->output = m->batch;
    if (a->rank > 1)
        m->output.dims[m->output.rank++] = m->rows;
    if (b->rank > 1)
        m->output.dims[m->output.rank++] = m->columns;
    return CC_OK;
}

cc_walker cc_matmul_walk(const cc_matmul *matmul)
{
    cc_walker walker = cc_walker_make(&matmul->batch);
    cc_walker_add_broadcast(&walker, &matmul->a_batch);
    cc_walker_add_broadcast(&walker, &matmul->b_batch);
    return walker;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_matmul m = {0};
    cc_status status = CC_OK;
    for (int i = 0; i < 2 && status == CC_OK; i++)
        status = cc_op_require(call, i, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_matmul_read(call, &m, error);
    if (status != CC_OK)
        return status;
    return cc_op_set_output(call, 0, CC_FLOAT32, &m.output, error);
}

static float dot(const float *row, const float *column, int64_t depth, int64_t step)
{
    float sum = 0.0F;
    for (int64_t k = 0; k < depth; k++)
        sum += row[k] * column[k * step];
    return sum;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    cc_matmul m = {0};
    cc_status status = cc_matmul_read(call, &m, error);
    if (status != CC_OK)
        return status;
    cc_epilogue epilogue = cc_epilogue_make(call);
    cc_walker walker = cc_matmul_walk(&m);
    float *output = call->outputs[0]->data;
    int64_t size = m.rows * m.columns;
    int64_t count = cc_shape_elements(&m.output);
    for (int64_t i = 0; i < count; i++) {
        const float *a = cc_op_input(call, 0)->data;
        const float *b = cc_op_input(call, 1)->data;
        a += (walker.offset[0] * m.rows + i % size / m.columns) * m.depth;
        b += walker.offset[1] * m.depth * m.columns + i % m.columns;
        output[i] = cc_epilogue_apply(&epilogue, i, dot(a, b, m.depth, m.columns));
        if (i % size == size - 1)
            cc_walker_next(&walker);
    }
    return CC_OK;
}

const cc_operator cc_operator_mat_mul = {"MatMul", 2, 2, 1, infer, run, true};
