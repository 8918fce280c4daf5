/* DepthToSpace and SpaceToDepth: one copy in another order of six axes. */
#include <inttypes.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

static cc_status read_block(const cc_op_call *call, int64_t *block, cc_error *error)
{
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_op_require_rank(call, 0, 4, error);
    if (status != CC_OK)
        return status;
    *block = cc_node_int(call->node, "blocksize", 0);
    if (*block < 1 || *block > 1024)
        return cc_op_fail(call, error, CC_MODEL, "blocksize %" PRId64 " is not possible", *block);
    return CC_OK;
}

static cc_status infer_to_space(const cc_op_call *call, cc_error *error)
{
    int64_t block = 0;
    cc_status status = read_block(call, &block, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    if (shape.dims[1] % (block * block) != 0)
        return cc_op_fail(call, error, CC_MODEL,
                          "%" PRId64 " channels do not divide into blocks of %" PRId64,
                          shape.dims[1], block * block);
    shape.dims[1] /= block * block;
    shape.dims[2] *= block;
    shape.dims[3] *= block;
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

static cc_status infer_to_depth(const cc_op_call *call, cc_error *error)
{
    int64_t block = 0;
    cc_status status = read_block(call, &block, error);
    if (status != CC_OK)
        return status;
    cc_shape shape = cc_op_input(call, 0)->shape;
    if (shape.dims[2] % block != 0 || shape.dims[3] % block != 0)
        return cc_op_fail(call, error, CC_MODEL,
                          "the picture does not divide into blocks of %" PRId64, block);
    shape.dims[1] *= block * block;
    shape.dims[2] /= block;
    shape.dims[3] /= block;
    return cc_op_set_output(call, 0, cc_op_input(call, 0)->dtype, &shape, error);
}

/* Read the input as six axes and write those axes in `order`. */
static void permute(const cc_op_call *call, const cc_shape *axes, const int order[6])
{
    const cc_tensor *input = cc_op_input(call, 0);
    int64_t packed[CC_MAX_RANK];
    int64_t strides[CC_MAX_RANK];
    cc_shape shape = {.rank = 6};
    cc_shape_strides(axes, packed);
    for (int i = 0; i < 6; i++) {
        shape.dims[i] = axes->dims[order[i]];
        strides[i] = packed[order[i]];
    }
    cc_walker walker = cc_walker_make(&shape);
    cc_walker_add(&walker, 0, strides);
    cc_walker_copy(&walker, input->data, call->outputs[0]->data, cc_dtype_size(input->dtype));
}

static cc_status run_to_space(const cc_op_call *call, cc_error *error)
{
    /* To batch, channel, row, row in block, column, column in block. */
    static const int from_dcr[6] = {0, 3, 4, 1, 5, 2};
    static const int from_crd[6] = {0, 1, 4, 2, 5, 3};
    const int64_t *dims = cc_op_input(call, 0)->shape.dims;
    int64_t b = cc_node_int(call->node, "blocksize", 1);
    int64_t channels = dims[1] / (b * b);
    (void)error;
    if (cc_node_string(call->node, "mode", "DCR")[0] == 'C') {
        cc_shape axes = {6, {dims[0], channels, b, b, dims[2], dims[3]}};
        permute(call, &axes, from_crd);
    } else {
        cc_shape axes = {6, {dims[0], b, b, channels, dims[2], dims[3]}};
        permute(call, &axes, from_dcr);
    }
    return CC_OK;
}

static cc_status run_to_depth(const cc_op_call *call, cc_error *error)
{
    /* To batch, row in block, column in block, channel, row, column. */
    static const int order[6] = {0, 3, 5, 1, 2, 4};
    const int64_t *dims = cc_op_input(call, 0)->shape.dims;
    int64_t b = cc_node_int(call->node, "blocksize", 1);
    cc_shape axes = {6, {dims[0], dims[1], dims[2] / b, b, dims[3] / b, b}};
    (void)error;
    permute(call, &axes, order);
    return CC_OK;
}

const cc_operator cc_operator_depth_to_space = {"DepthToSpace", 1,    1, 1, infer_to_space,
                                                run_to_space,   false};
const cc_operator cc_operator_space_to_depth = {"SpaceToDepth", 1,    1, 1, infer_to_depth,
                                                run_to_depth,   false};
