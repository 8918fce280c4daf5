/* Launch shapes of the convolutions, and the choice of tile and splits. */
#include <string.h>

#include "nn/cuda/kernels/launch.h"
#include "nn/cuda/kernels/launch_check.h"

#define TILE_FACTS(M, N, WARPS_M, WARPS_N, STAGES) {CC_CUDA_CONV_F16_##M##X##N, M, N},
const cc_cuda_conv_tile cc_cuda_conv_tiles[CC_CUDA_CONV_TILE_COUNT] = {
    CC_CUDA_CONV_TILES(TILE_FACTS)};

#define TILE_SHARED(M, N, WARPS_M, WARPS_N, STAGES)                                                \
    _Static_assert((STAGES) == 4, "CC_CUDA_CONV_SHARED counts four stages");
CC_CUDA_CONV_TILES(TILE_SHARED)

static int64_t divided_up(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

static cc_status refuse(cc_error *error, const char *why)
{
    return cc_fail(error, CC_UNSUPPORTED, "CUDA convolution: %s", why);
}

/* ---- which kernel can what ---- */

static bool simple_activation(int kind)
{
    return kind == CC_CUDA_NONE || kind == CC_CUDA_RELU || kind == CC_CUDA_LEAKY_RELU ||
           kind == CC_CUDA_CLIP;
}

int cc_cuda_conv_fits(const cc_cuda_conv *conv)
{
    return conv->groups == 1 && conv->input.stride % 8 == 0 &&
           (conv->residual_order != CC_CUDA_RESIDUAL_AFTER ||
            simple_activation(conv->activation.kind));
}

int cc_cuda_conv_few_fits(const cc_cuda_conv *conv)
{
    return conv->groups == 1 && conv->output.channels <= CC_CUDA_FEW_CHANNELS &&
           conv->kernel_height <= 3 && conv->kernel_width <= 3 && conv->stride_y == 1 &&
           conv->stride_x == 1 && conv->dilation_y == 1 && conv->dilation_x == 1;
}

/* ---- checks ---- */

static cc_status check_window(const cc_cuda_conv *conv, cc_error *error)
{
    if (conv->kernel_height < 1 || conv->kernel_width < 1 || conv->stride_y < 1 ||
        conv->stride_x < 1 || conv->dilation_y < 1 || conv->dilation_x < 1 || conv->pad_top < 0 ||
        conv->pad_left < 0) {
        return refuse(error, "a window with impossible sizes");
    }
    /* Positions are computed in 32 bits: the window's far corner must fit with room. */
    if ((int64_t)conv->output.height * conv->stride_y +
                (int64_t)conv->kernel_height * conv->dilation_y + conv->pad_top >
            INT32_MAX / 2 ||
        (int64_t)conv->output.width * conv->stride_x +
                (int64_t)conv->kernel_width * conv->dilation_x + conv->pad_left >
            INT32_MAX / 2) {
        return refuse(error, "a window that reaches too far");
    }
    if (conv->groups < 1 || conv->input.channels % conv->groups != 0 ||
        conv->output.channels % conv->groups != 0) {
        return refuse(error, "groups that do not divide the channels");
    }
    return CC_OK;
}

static cc_status check_residual(const cc_cuda_conv *conv, cc_error *error)
{
    bool wanted = conv->residual_order != CC_CUDA_RESIDUAL_NONE;

    if (wanted != (conv->residual != NULL) || conv->residual_order < 0 ||
        conv->residual_order > CC_CUDA_RESIDUAL_AFTER ||
        (wanted && conv->residual_stride < conv->output.channels)) {
        return refuse(error, "a residual that contradicts its order or stride");
    }
    return CC_OK;
}

/* What all three kernels ask for. */
static cc_status check_conv(const cc_cuda_conv *conv, cc_error *error)
{
    cc_status status = cc_cuda_check_tensor(&conv->input, "input", error);

    if (status == CC_OK) {
        status = cc_cuda_check_tensor(&conv->output, "output", error);
    }
    if (status == CC_OK && conv->input.batch != conv->output.batch) {
        status = refuse(error, "input and output differ in batch");
    }
    if (status == CC_OK) {
        status = check_window(conv, error);
    }
    if (status == CC_OK) {
        status = check_residual(conv, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_check_pointer(conv->bias, "bias", error);
    }
    if (status == CC_OK && (!conv->weights || (uintptr_t)conv->weights % 16 != 0)) {
        status = refuse(error, "weights without an address that is a multiple of 16");
    }
    if (status == CC_OK) {
        status = cc_cuda_check_activation(&conv->activation, CC_CUDA_TANH + 1, error);
    }
    return status;
}

static cc_status check_splits(const cc_cuda_conv *conv, cc_error *error)
{
    if (conv->splits < 1 || conv->splits > CC_CUDA_MAX_SPLITS ||
        conv->splits > cc_cuda_conv_steps(conv)) {
        return cc_fail(error, CC_UNSUPPORTED, "CUDA convolution: %d splits of %d steps",
                       conv->splits, cc_cuda_conv_steps(conv));
    }
    if (conv->splits > 1 && (!conv->partial || !conv->arrived)) {
        return refuse(error, "splits without memory for their parts");
    }
    return CC_OK;
}

/* ---- launches ---- */

cc_status cc_cuda_conv_launch(const cc_cuda_conv *conv, int tile, cc_cuda_launch *launch,
                              cc_error *error)
{
    cc_status status = check_conv(conv, error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK && (tile < 0 || tile >= CC_CUDA_CONV_TILE_COUNT)) {
        status = refuse(error, "no such tile");
    }
    if (status == CC_OK &&
        (!cc_cuda_conv_fits(conv) || !cc_cuda_aligned(conv->input.data, conv->input.stride))) {
        status = refuse(error, "groups, alignment or activation that tensor cores cannot take");
    }
    if (status == CC_OK) {
        status = check_splits(conv, error);
    }
    if (status != CC_OK) {
        return status;
    }
    const cc_cuda_conv_tile *shape = &cc_cuda_conv_tiles[tile];
    return cc_cuda_shape(shape->kernel, divided_up(cc_cuda_pixels(&conv->output), shape->pixels),
                         divided_up(conv->output.channels, shape->channels), conv->splits, launch,
                         error);
}

cc_status cc_cuda_conv_few_launch(const cc_cuda_conv *conv, cc_cuda_storage storage,
                                  cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_conv(conv, error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK && (!cc_cuda_conv_few_fits(conv) || conv->splits > 1)) {
        status = refuse(error, "not one of few channels");
    }
    if (status != CC_OK) {
        return status;
    }
    return cc_cuda_shape(storage == CC_CUDA_F32 ? CC_CUDA_CONV_FEW_F32 : CC_CUDA_CONV_FEW_F16,
                         divided_up(conv->output.width, CC_CUDA_FEW_WIDTH),
                         divided_up(conv->output.height, CC_CUDA_FEW_HEIGHT), conv->output.batch,
                         launch, error);
}

cc_status cc_cuda_conv_plain_launch(const cc_cuda_conv *conv, cc_cuda_storage storage,
                                    cc_cuda_launch *launch, cc_error *error)
{
    cc_status status = check_conv(conv, error);

    memset(launch, 0, sizeof *launch);
    if (status == CC_OK && conv->splits > 1) {
        status = refuse(error, "the plain kernel takes no splits");
    }
    if (status != CC_OK) {
        return status;
    }
    return cc_cuda_shape(storage == CC_CUDA_F32 ? CC_CUDA_CONV_PLAIN_F32 : CC_CUDA_CONV_PLAIN_F16,
                         divided_up(cc_cuda_pixels(&conv->output), CC_CUDA_PLAIN_M),
                         divided_up(conv->output.channels / conv->groups, CC_CUDA_PLAIN_N),
                         conv->groups, launch, error);
}

void cc_cuda_conv_workspace(const cc_cuda_conv *conv, int tile, size_t *partial_bytes,
                            size_t *arrived_bytes)
{
    const cc_cuda_conv_tile *shape = &cc_cuda_conv_tiles[tile];
    size_t tiles = (size_t)divided_up(cc_cuda_pixels(&conv->output), shape->pixels) *
                   (size_t)divided_up(conv->output.channels, shape->channels);

    *partial_bytes = 0;
    *arrived_bytes = 0;
    if (conv->splits > 1) {
        *partial_bytes = tiles * (size_t)conv->splits * (size_t)shape->pixels *
                         (size_t)shape->channels * sizeof(float);
        *arrived_bytes = tiles * sizeof(uint32_t);
    }
}

/* ---- the choice ----
 *
 * A model of one launch, in nanoseconds, from the numbers of docs/gpu.md. None of them
 * has been measured on these kernels: they only need to rank the choices. */
#define BYTES_PER_NS 41.7    /* what one multiprocessor draws from the L2 cache */
#define FLOP_PER_NS 3000.0   /* of one multiprocessor: mma.sync, four fifths of its best */
#define STEP_LATENCY_NS 90.0 /* a step of a block that has nobody to hide behind */
#define FILL_NS 1500.0       /* first loads and last stores of a launch */
#define SPLIT_NS 1200.0      /* fence, counter and barrier of the last block */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double modelled_time(const cc_cuda_conv *conv, const cc_cuda_conv_tile *tile, int32_t splits,
                            int multiprocessors)
{
    double area = (double)tile->pixels * tile->channels;
    double bytes = 2.0 * CC_CUDA_K_STEP * (tile->pixels + tile->channels);
    double step = larger(bytes / BYTES_PER_NS, 2.0 * CC_CUDA_K_STEP * area / FLOP_PER_NS);
    double steps = (double)divided_up(cc_cuda_conv_steps(conv), splits);
    int64_t blocks = divided_up(cc_cuda_pixels(&conv->output), tile->pixels) *
                     divided_up(conv->output.channels, tile->channels) * splits;
    double in_turn = (double)divided_up(blocks, multiprocessors);
    double time = FILL_NS + steps * larger(step * in_turn, STEP_LATENCY_NS);

    if (splits > 1) {
        /* Everybody writes its part; the last of each tile reads them all. */
        time += SPLIT_NS + 4 * area * (in_turn + splits) / BYTES_PER_NS;
    }
    return time;
}

cc_cuda_conv_choice cc_cuda_conv_choose(const cc_cuda_conv *conv, int multiprocessors)
{
    cc_cuda_conv_choice best = {0, 1};
    double best_time = 0;
    int32_t steps = cc_cuda_conv_steps(conv);

    for (int tile = 0; tile < CC_CUDA_CONV_TILE_COUNT; tile++) {
        for (int32_t splits = 1; splits <= CC_CUDA_MAX_SPLITS && splits * 2 <= steps + 1;
             splits *= 2) {
            double time = modelled_time(conv, &cc_cuda_conv_tiles[tile], splits,
                                        multiprocessors > 0 ? multiprocessors : 1);
            if (best_time == 0 || time < best_time) {
                best_time = time;
                best.tile = tile;
                best.splits = splits;
            }
        }
    }
    return best;
}
