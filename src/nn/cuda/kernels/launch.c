/* Launch shapes of every kernel but the convolutions (launch_conv.c). */
#include "nn/cuda/kernels/launch.h"

#include <string.h>

#include "nn/cuda/kernels/launch_check.h"
#include "nn/graph.h"

_Static_assert((int)CC_CUDA_NONE == (int)CC_ACTIVATION_NONE &&
                   (int)CC_CUDA_RELU == (int)CC_ACTIVATION_RELU &&
                   (int)CC_CUDA_LEAKY_RELU == (int)CC_ACTIVATION_LEAKY_RELU &&
                   (int)CC_CUDA_CLIP == (int)CC_ACTIVATION_CLIP &&
                   (int)CC_CUDA_SIGMOID == (int)CC_ACTIVATION_SIGMOID &&
                   (int)CC_CUDA_HARD_SIGMOID == (int)CC_ACTIVATION_HARD_SIGMOID &&
                   (int)CC_CUDA_HARD_SWISH == (int)CC_ACTIVATION_HARD_SWISH &&
                   (int)CC_CUDA_TANH == (int)CC_ACTIVATION_TANH,
               "activations of kernels and graph have the same numbers");
_Static_assert((int)CC_CUDA_RESIDUAL_BEFORE == (int)CC_RESIDUAL_BEFORE &&
                   (int)CC_CUDA_RESIDUAL_AFTER == (int)CC_RESIDUAL_AFTER,
               "residual orders of kernels and graph have the same numbers");

#define KERNEL_FACTS(enumerator, name, structure, threads, shared)                                 \
    {#name, threads, shared, sizeof(structure)},
const cc_cuda_kernel_facts cc_cuda_kernels[CC_CUDA_KERNEL_COUNT] = {CC_CUDA_KERNELS(KERNEL_FACTS)};

/* ---- checks ---- */

int64_t cc_cuda_pixels(const cc_cuda_tensor *tensor)
{
    const int64_t too_many = (int64_t)INT32_MAX + 1;
    int64_t pixels;

    if (tensor->batch < 1 || tensor->height < 1 || tensor->width < 1) {
        return 0;
    }
    /* One factor after the other, so that the products cannot overflow. */
    pixels = (int64_t)tensor->height * tensor->width;
    pixels = pixels < too_many ? pixels * tensor->batch : too_many;
    return pixels < too_many ? pixels : too_many;
}

int64_t cc_cuda_groups(const cc_cuda_tensor *tensor)
{
    return cc_cuda_pixels(tensor) * ((tensor->channels + CC_CUDA_GROUP - 1) / CC_CUDA_GROUP);
}

bool cc_cuda_aligned(const void *data, int32_t stride)
{
    return (uintptr_t)data % 16 == 0 && stride % 8 == 0;
}

cc_status cc_cuda_check_pointer(const void *pointer, const char *what, cc_error *error)
{
    if (!pointer) {
        return cc_fail(error, CC_UNSUPPORTED, "CUDA launch: %s has no address", what);
    }
    return CC_OK;
}

cc_status cc_cuda_check_tensor(const cc_cuda_tensor *tensor, const char *what, cc_error *error)
{
    const int64_t limit = INT32_MAX;

    if (tensor->batch < 1 || tensor->height < 1 || tensor->width < 1 || tensor->channels < 1 ||
        tensor->stride < tensor->channels) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "CUDA launch: %s of %d x %d x %d x %d with stride %d is no tensor", what,
                       tensor->batch, tensor->height, tensor->width, tensor->channels,
                       tensor->stride);
    }
    if (cc_cuda_pixels(tensor) > limit || cc_cuda_groups(tensor) > limit) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "CUDA launch: %s of %d x %d x %d x %d has too many pixels; use a smaller "
                       "batch",
                       what, tensor->batch, tensor->height, tensor->width, tensor->channels);
    }
    return cc_cuda_check_pointer(tensor->data, what, error);
}

cc_status cc_cuda_check_same_pixels(const cc_cuda_tensor *a, const cc_cuda_tensor *b,
                                    const char *what, cc_error *error)
{
    if (a->batch != b->batch || a->height != b->height || a->width != b->width) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "CUDA launch: %s: %d x %d x %d pixels against %d x %d x %d", what, a->batch,
                       a->height, a->width, b->batch, b->height, b->width);
    }
    return CC_OK;
}

cc_status cc_cuda_check_activation(const cc_cuda_activation *activation, int end, cc_error *error)
{
    if (activation->kind < 0 || activation->kind >= end) {
        return cc_fail(error, CC_UNSUPPORTED, "CUDA launch: activation %d is not known here",
                       activation->kind);
    }
    return CC_OK;
}

static cc_status refuse(cc_error *error, const char *why)
{
    return cc_fail(error, CC_UNSUPPORTED, "CUDA launch: %s", why);
}

/* Input and output of one kernel. */
static cc_status check_pair(const cc_cuda_tensor *input, const cc_cuda_tensor *output,
                            cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(input, "input", error);

    if (status == CC_OK) {
        status = cc_cuda_check_tensor(output, "output", error);
    }
    if (status == CC_OK && input->batch != output->batch) {
        status = refuse(error, "input and output differ in batch");
    }
    return status;
}

/* ---- shapes ---- */

cc_status cc_cuda_shape(cc_cuda_kernel kernel, int64_t x, int64_t y, int64_t z,
                        cc_cuda_launch *launch, cc_error *error)
{
    memset(launch, 0, sizeof *launch);
    if (x < 1 || y < 1 || z < 1 || x > INT32_MAX || y > 65535 || z > 65535) {
        return cc_fail(error, CC_UNSUPPORTED, "CUDA launch: %s on %lld x %lld x %lld blocks",
                       cc_cuda_kernels[kernel].name, (long long)x, (long long)y, (long long)z);
    }
    launch->kernel = kernel;
    launch->grid[0] = (uint32_t)x;
    launch->grid[1] = (uint32_t)y;
    launch->grid[2] = (uint32_t)z;
    launch->threads = cc_cuda_kernels[kernel].threads;
    launch->shared_bytes = cc_cuda_kernels[kernel].shared_bytes;
    return CC_OK;
}

cc_status cc_cuda_shape_items(cc_cuda_kernel kernel, int64_t items, cc_cuda_launch *launch,
                              cc_error *error)
{
    int64_t threads = cc_cuda_kernels[kernel].threads;

    return cc_cuda_shape(kernel, (items + threads - 1) / threads, 1, 1, launch, error);
}

static cc_cuda_kernel with_storage(cc_cuda_kernel float16, cc_cuda_storage storage)
{
    return (cc_cuda_kernel)((int)float16 + (storage == CC_CUDA_F32 ? 1 : 0));
}

/* The end of most launch functions: one thread for eight channels of a pixel. */
static cc_status finish(cc_status status, cc_cuda_kernel float16, cc_cuda_storage storage,
                        int64_t items, cc_cuda_launch *launch, cc_error *error)
{
    if (status != CC_OK) {
        memset(launch, 0, sizeof *launch);
        return status;
    }
    return cc_cuda_shape_items(with_storage(float16, storage), items, launch, error);
}

cc_status cc_cuda_pool_launch(const cc_cuda_pool *pool, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&pool->input, &pool->output, error);

    if (status == CC_OK &&
        (pool->input.channels != pool->output.channels || pool->kernel_height < 1 ||
         pool->kernel_width < 1 || pool->stride_y < 1 || pool->stride_x < 1 ||
         pool->dilation_y < 1 || pool->dilation_x < 1 || pool->pad_top < 0 || pool->pad_left < 0 ||
         pool->pad_bottom < 0 || pool->pad_right < 0)) {
        status = refuse(error, "a pool with impossible sizes");
    }
    return finish(status, CC_CUDA_POOL_F16, storage, cc_cuda_groups(&pool->output), launch, error);
}

cc_status cc_cuda_resize_launch(const cc_cuda_resize *resize, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&resize->input, &resize->output, error);

    if (status == CC_OK && (resize->input.channels != resize->output.channels ||
                            resize->taps_y < 1 || resize->taps_x < 1)) {
        status = refuse(error, "a resize with impossible sizes");
    }
    if (status == CC_OK &&
        (!resize->rows || !resize->row_weights || !resize->columns || !resize->column_weights)) {
        status = refuse(error, "a resize without tables");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&resize->activation, CC_CUDA_ROUND, error);
    }
    return finish(status, CC_CUDA_RESIZE_F16, storage, cc_cuda_groups(&resize->output), launch,
                  error);
}

cc_status cc_cuda_unary_launch(const cc_cuda_unary *unary, cc_cuda_storage storage,
                               cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&unary->input, &unary->output, error);

    if (status == CC_OK) {
        status = cc_cuda_check_same_pixels(&unary->input, &unary->output, "copy", error);
    }
    if (status == CC_OK && unary->input.channels != unary->output.channels) {
        status = refuse(error, "input and output differ in channels");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&unary->activation, CC_CUDA_ACTIVATION_COUNT, error);
    }
    return finish(status, CC_CUDA_UNARY_F16, storage, cc_cuda_groups(&unary->output), launch,
                  error);
}

static bool can_broadcast(const cc_cuda_tensor *from, const cc_cuda_tensor *to)
{
    return (from->batch == 1 || from->batch == to->batch) &&
           (from->height == 1 || from->height == to->height) &&
           (from->width == 1 || from->width == to->width) &&
           (from->channels == 1 || from->channels == to->channels);
}

cc_status cc_cuda_binary_launch(const cc_cuda_binary *binary, cc_cuda_storage storage,
                                cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&binary->a, "first operand", error);

    if (status == CC_OK) {
        status = cc_cuda_check_tensor(&binary->b, "second operand", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_tensor(&binary->output, "output", error);
    }
    if (status == CC_OK && (!can_broadcast(&binary->a, &binary->output) ||
                            !can_broadcast(&binary->b, &binary->output) || binary->operation < 0 ||
                            binary->operation > CC_CUDA_SLOPE)) {
        status = refuse(error, "operands that do not fit the output, or an unknown operation");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&binary->activation, CC_CUDA_ROUND, error);
    }
    return finish(status, CC_CUDA_BINARY_F16, storage, cc_cuda_groups(&binary->output), launch,
                  error);
}

cc_status cc_cuda_global_pool_launch(const cc_cuda_global_pool *pool, cc_cuda_storage storage,
                                     cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&pool->input, &pool->output, error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK && (pool->input.channels != pool->output.channels ||
                            pool->output.height != 1 || pool->output.width != 1)) {
        status = refuse(error, "a global pool with an output larger than one pixel");
    }
    if (status != CC_OK) {
        return status;
    }
    /* A block takes eight channels of one picture. */
    return cc_cuda_shape(with_storage(CC_CUDA_GLOBAL_POOL_F16, storage),
                         cc_cuda_groups(&pool->output), 1, 1, launch, error);
}

cc_status cc_cuda_gemm_launch(const cc_cuda_gemm *gemm, cc_cuda_storage storage,
                              cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&gemm->input, &gemm->output, error);
    int64_t results = 0;

    if (status == CC_OK) {
        status = cc_cuda_check_same_pixels(&gemm->input, &gemm->output, "matrix product", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_pointer(gemm->weights, "weights", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&gemm->activation, CC_CUDA_ROUND, error);
    }
    if (status == CC_OK) {
        results = cc_cuda_pixels(&gemm->output) * gemm->output.channels;
    }
    /* A warp takes one result. */
    return finish(status, CC_CUDA_GEMM_F16, storage, results * 32, launch, error);
}

cc_status cc_cuda_softmax_launch(const cc_cuda_softmax *softmax, cc_cuda_storage storage,
                                 cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_pair(&softmax->input, &softmax->output, error);
    int64_t pixels = 0;

    if (status == CC_OK) {
        status = cc_cuda_check_same_pixels(&softmax->input, &softmax->output, "softmax", error);
    }
    if (status == CC_OK && softmax->input.channels != softmax->output.channels) {
        status = refuse(error, "input and output differ in channels");
    }
    if (status == CC_OK) {
        pixels = cc_cuda_pixels(&softmax->output);
    }
    /* A warp takes one pixel. */
    return finish(status, CC_CUDA_SOFTMAX_F16, storage, pixels * 32, launch, error);
}

cc_status cc_cuda_normalise_launch(const cc_cuda_normalise *normalise, cc_cuda_storage storage,
                                   cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&normalise->output, "output", error);

    if (status == CC_OK && (normalise->output.batch != 1 || normalise->output.channels != 3)) {
        status = refuse(error, "the network's input must be one picture of 3 channels");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_pointer(normalise->source, "the picture", error);
    }
    return finish(status, CC_CUDA_NORMALISE_F16, storage,
                  status == CC_OK ? cc_cuda_pixels(&normalise->output) : 0, launch, error);
}

static cc_status planes_launch(const cc_cuda_planes *planes, cc_cuda_kernel kernel,
                               cc_cuda_storage storage, cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&planes->tensor, "tensor", error);

    if (status == CC_OK) {
        status = cc_cuda_check_pointer(planes->planes, "planes", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&planes->activation, CC_CUDA_ROUND, error);
    }
    return finish(status, kernel, storage, cc_cuda_groups(&planes->tensor), launch, error);
}

cc_status cc_cuda_from_planes_launch(const cc_cuda_planes *planes, cc_cuda_storage storage,
                                     cc_cuda_launch *launch, cc_error *error)
{
    return planes_launch(planes, CC_CUDA_FROM_PLANES_F16, storage, launch, error);
}

cc_status cc_cuda_to_planes_launch(const cc_cuda_planes *planes, cc_cuda_storage storage,
                                   cc_cuda_launch *launch, cc_error *error)
{
    return planes_launch(planes, CC_CUDA_TO_PLANES_F16, storage, launch, error);
}

/* A one-channel map and its activation. */
static cc_status check_map(const cc_cuda_tensor *map, const cc_cuda_activation *activation,
                           cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(map, "map", error);

    if (status == CC_OK && map->channels != 1) {
        status = refuse(error, "a mask is made of one channel");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(activation, CC_CUDA_ROUND, error);
    }
    return status;
}

cc_status cc_cuda_mask_range_launch(const cc_cuda_mask_range *range, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_map(&range->map, &range->activation, error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK) {
        status = cc_cuda_check_pointer(range->range, "range", error);
    }
    if (status != CC_OK) {
        return status;
    }
    /* Each thread looks at up to CC_CUDA_MASK_ITEMS positions of one map. */
    int64_t items = ((int64_t)range->map.height * range->map.width + CC_CUDA_MASK_ITEMS - 1) /
                    CC_CUDA_MASK_ITEMS;
    int64_t threads = cc_cuda_kernels[CC_CUDA_MASK_RANGE_F16].threads;
    return cc_cuda_shape(with_storage(CC_CUDA_MASK_RANGE_F16, storage),
                         (items + threads - 1) / threads, range->map.batch, 1, launch, error);
}

cc_status cc_cuda_mask_stretch_launch(const cc_cuda_mask_stretch *stretch, cc_cuda_storage storage,
                                      cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_map(&stretch->map, &stretch->activation, error);

    if (status == CC_OK) {
        status = cc_cuda_check_pointer(stretch->output, "mask", error);
    }
    return finish(status, CC_CUDA_MASK_STRETCH_F16, storage,
                  status == CC_OK ? cc_cuda_pixels(&stretch->map) : 0, launch, error);
}

cc_status cc_cuda_classes_launch(const cc_cuda_classes *classes, cc_cuda_storage storage,
                                 cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&classes->maps, "maps", error);

    if (status == CC_OK && classes->maps.channels > 256) {
        status = refuse(error, "more classes than a byte can number");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_pointer(classes->output, "classes", error);
    }
    return finish(status, CC_CUDA_CLASSES_F16, storage,
                  status == CC_OK ? cc_cuda_pixels(&classes->maps) : 0, launch, error);
}

cc_status cc_cuda_resample_launch(const cc_cuda_resample *resample, cc_cuda_launch *launch,
                                  cc_error *error)
{
    cc_status status = CC_OK;

    if (!resample->source || !resample->output || !resample->first || !resample->count ||
        !resample->weights) {
        status = refuse(error, "a resampling without picture or weights");
    } else if (resample->channels < 1 || resample->channels > 4 ||
               resample->pixel_bytes < resample->channels || resample->height < 1 ||
               resample->width < 1 || resample->taps < 1) {
        status = refuse(error, "a resampling with impossible sizes");
    }
    memset(launch, 0, sizeof *launch);
    if (status != CC_OK) {
        return status;
    }
    return cc_cuda_shape_items(CC_CUDA_RESAMPLE, (int64_t)resample->height * resample->width,
                               launch, error);
}

cc_status cc_cuda_probe_launch(const cc_cuda_probe *probe, cc_cuda_launch *launch, cc_error *error)
{
    memset(launch, 0, sizeof *launch);
    if (!probe->answers || !probe->multiprocessor || !probe->clock || probe->threads < 1) {
        return refuse(error, "a probe without room for its answers");
    }
    return cc_cuda_shape_items(CC_CUDA_PROBE, probe->threads, launch, error);
}
