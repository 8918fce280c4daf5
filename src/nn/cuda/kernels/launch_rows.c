/* Launches of rows.cu and move.cu. */
#include <string.h>

#include "nn/cuda/kernels/launch_check.h"

static cc_status refuse(cc_error *error, const char *why)
{
    return cc_fail(error, CC_UNSUPPORTED, "no GPU kernel for %s", why);
}

static cc_cuda_kernel with_storage(cc_cuda_kernel kernel, cc_cuda_storage storage)
{
    return (cc_cuda_kernel)((int)kernel + (storage == CC_CUDA_F32));
}

static cc_status check_norm(const cc_cuda_norm *norm, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&norm->input, "input", error);

    if (status == CC_OK) {
        status = cc_cuda_check_tensor(&norm->output, "output", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_same_pixels(&norm->input, &norm->output, "normalisation", error);
    }
    if (status == CC_OK && norm->input.channels != norm->output.channels) {
        status = refuse(error, "a normalisation that changes the channels");
    }
    return status == CC_OK ? cc_cuda_check_pointer(norm->scale, "scale", error) : status;
}

cc_status cc_cuda_instance_norm_launch(const cc_cuda_norm *norm, cc_cuda_storage storage,
                                       cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_norm(norm, error);

    memset(launch, 0, sizeof *launch);
    if (status != CC_OK) {
        return status;
    }
    /* A block takes eight channels of one picture. */
    int64_t groups = (norm->output.channels + CC_CUDA_GROUP - 1) / CC_CUDA_GROUP;
    return cc_cuda_shape(with_storage(CC_CUDA_INSTANCE_NORM_F16, storage),
                         norm->output.batch * groups, 1, 1, launch, error);
}

/* A warp takes one pixel. */
static cc_status row_launch(const cc_cuda_tensor *output, cc_cuda_kernel kernel,
                            cc_cuda_storage storage, cc_cuda_launch *launch, cc_error *error)
{
    enum { WARPS_PER_BLOCK = 8 };
    int64_t blocks = (cc_cuda_pixels(output) + WARPS_PER_BLOCK - 1) / WARPS_PER_BLOCK;

    return cc_cuda_shape(with_storage(kernel, storage), blocks, 1, 1, launch, error);
}

cc_status cc_cuda_row_norm_launch(const cc_cuda_norm *norm, cc_cuda_storage storage,
                                  cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_norm(norm, error);

    memset(launch, 0, sizeof *launch);
    return status == CC_OK ? row_launch(&norm->output, CC_CUDA_ROW_NORM_F16, storage, launch, error)
                           : status;
}

cc_status cc_cuda_row_reduce_launch(const cc_cuda_row_reduce *reduce, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&reduce->input, "input", error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK) {
        status = cc_cuda_check_tensor(&reduce->output, "output", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_same_pixels(&reduce->input, &reduce->output, "reduction", error);
    }
    if (status == CC_OK && (reduce->output.channels != 1 || reduce->operation < 0 ||
                            reduce->operation > CC_CUDA_REDUCE_MINIMUM)) {
        status = refuse(error, "a reduction to more than one channel, or an unknown one");
    }
    return status == CC_OK
               ? row_launch(&reduce->output, CC_CUDA_ROW_REDUCE_F16, storage, launch, error)
               : status;
}

/* The product of sizes, each at least 1; 0 if one is not, or at 2^31 and beyond. */
static int64_t product(const int32_t *sizes, int count, int64_t start)
{
    int64_t all = start;

    for (int i = 0; i < count; i++) {
        if (sizes[i] < 1 || all > INT32_MAX / sizes[i]) {
            return 0;
        }
        all *= sizes[i];
    }
    return all;
}

cc_status cc_cuda_move_launch(const cc_cuda_move *move, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error)
{
    bool counted = move->digits >= 1 && move->digits <= CC_CUDA_MOST_DIGITS;
    int64_t items = counted ? product(move->size, move->digits, 1) : 0;

    memset(launch, 0, sizeof *launch);
    if (!move->input || !move->output || items == 0) {
        return refuse(error, "moving nothing, or 2^31 elements and more");
    }
    return cc_cuda_shape_items(with_storage(CC_CUDA_MOVE_F16, storage), items, launch, error);
}

cc_status cc_cuda_matmul_launch(const cc_cuda_matmul *matmul, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error)
{
    const int32_t matrix[2] = {matmul->rows, matmul->columns};
    int64_t items = product(matmul->batch, 3, product(matrix, 2, 1));

    memset(launch, 0, sizeof *launch);
    if (!matmul->a || !matmul->b || !matmul->output || items == 0 || matmul->depth < 1) {
        return refuse(error, "matrix products without elements, or with 2^31 and more");
    }
    return cc_cuda_shape_items(with_storage(CC_CUDA_MATMUL_F16, storage), items, launch, error);
}
