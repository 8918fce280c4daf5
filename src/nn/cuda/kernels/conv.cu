/* Convolution on the tensor cores, as a matrix product whose left side is never
 * written down:
 *
 *   rows     output pixels of the whole batch    M to a block
 *   columns  output channels                     N to a block
 *   depth    (block of up to 32 input channels, tap, channel), 32 products to a step
 *
 * Taps turn faster than blocks of channels, so that the steps of one block read the
 * same pixels shifted, most of which are still in the L1 cache. A step is four chunks
 * of eight channels; when a block of channels has fewer than four, a step holds parts
 * of several taps. Where a chunk lies outside the picture, or past the last channel,
 * the copy fills zeros: padding costs no branches.
 *
 * docs/gpu.md draws the pipeline and the layouts.
 */
#include "nn/cuda/kernels/elements.h"

enum {
    CHUNK_BYTES = 16,
    CHUNK_CHANNELS = 8,
    ROW_CHUNKS = CC_CUDA_K_STEP / CHUNK_CHANNELS, /* of a tile's row: 64 bytes */
    ROW_BYTES = ROW_CHUNKS * CHUNK_BYTES
};

template <int M_, int N_, int WARPS_M_, int WARPS_N_, int STAGES_> struct Tile {
    static constexpr int M = M_, N = N_, WARPS_M = WARPS_M_, STAGES = STAGES_;
    static constexpr int THREADS = WARPS_M_ * WARPS_N_ * 32;
    static constexpr int A_BYTES = M * ROW_BYTES;
    static constexpr int STAGE_BYTES = (M + N) * ROW_BYTES;
    static constexpr int ROWS_A_TURN = THREADS / ROW_CHUNKS; /* rows that one copy each covers */
    static constexpr int A_COPIES = M / ROWS_A_TURN;
    static constexpr int B_COPIES = (N + ROWS_A_TURN - 1) / ROWS_A_TURN;
    static constexpr int WARP_M = M / WARPS_M_, WARP_N = N / WARPS_N_; /* part of a warp */
    static constexpr int FRAGMENTS_M = WARP_M / 16, PAIRS_N = WARP_N / 16;
    static constexpr int VALUES = FRAGMENTS_M * PAIRS_N * 8; /* sums of a thread */
    static constexpr int OUT_PITCH = N * 2 + CHUNK_BYTES; /* bytes; odd in chunks: no conflicts */

    static_assert(M % ROWS_A_TURN == 0, "every thread copies the same number of rows");
    static_assert(WARP_M % 16 == 0 && WARP_N % 16 == 0, "warps take whole fragments");
    static_assert(M * OUT_PITCH <= STAGES * STAGE_BYTES, "the result fits the pipeline's memory");
};

/* Byte of a chunk in a tile. Chunks change places with the row, so that the eight rows
 * that ldmatrix reads at once lie in different banks. */
DEVICE uint32_t chunk_at(int row, int chunk)
{
    return (uint32_t)(row * ROW_CHUNKS + (chunk ^ (row >> 1 & 3))) * CHUNK_BYTES;
}

/* ---- the depth axis ---- */

/* Which tap and channels this thread's chunk of the next step holds. */
struct Depth {
    int block;  /* first channel of the block of channels */
    int chunks; /* of that block */
    int part;   /* chunk in the block */
    int tap_y;
    int tap_x;
};

DEVICE int chunks_of_block(const cc_cuda_conv &conv, int block)
{
    const int left = (conv.input.channels - block + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS;
    /* Past the end: any positive number, the channel is out of range anyhow. */
    return left > 0 && left < ROW_CHUNKS ? left : ROW_CHUNKS;
}

DEVICE Depth depth_at(const cc_cuda_conv &conv, int step, int chunk)
{
    const int taps = conv.kernel_height * conv.kernel_width;
    const int index = step * ROW_CHUNKS + chunk;
    const int whole = conv.input.channels / CC_CUDA_K_STEP;
    const int block = index / (taps * ROW_CHUNKS) < whole ? index / (taps * ROW_CHUNKS) : whole;
    const int inside = index - block * taps * ROW_CHUNKS;
    Depth at;

    at.block = block * CC_CUDA_K_STEP;
    at.chunks = chunks_of_block(conv, at.block);
    const int tap = inside / at.chunks;
    at.part = inside - tap * at.chunks;
    at.tap_y = tap / conv.kernel_width;
    at.tap_x = tap - at.tap_y * conv.kernel_width;
    if (at.tap_y >= conv.kernel_height) { /* past the last tap of the last block */
        at.block = conv.input.channels;
        at.tap_y = 0;
    }
    return at;
}

DEVICE void advance(const cc_cuda_conv &conv, Depth &at)
{
    at.part += ROW_CHUNKS;
    NO_UNROLL
    while (at.part >= at.chunks) {
        at.part -= at.chunks;
        if (++at.tap_x < conv.kernel_width) {
            continue;
        }
        at.tap_x = 0;
        if (++at.tap_y < conv.kernel_height) {
            continue;
        }
        at.tap_y = 0;
        at.block += CC_CUDA_K_STEP;
        at.chunks = chunks_of_block(conv, at.block);
    }
}

/* ---- loading ---- */

/* What a thread knows about the rows of A that it copies: always the same ones, and
 * always the same chunk of each. */
template <class T> struct Loader {
    int pixel[T::A_COPIES]; /* input pixel under tap (0, 0), counted through the batch */
    int row[T::A_COPIES];   /* its row and column in the picture; may lie outside */
    int column[T::A_COPIES];
    const uint16_t *weights; /* of this thread's chunk, next step */
    int channels_left;       /* output channels (as packed) from this thread's first row of B */
    Depth depth;
};

template <class T>
DEVICE void prepare_loader(const cc_cuda_conv &conv, int first_step, Loader<T> &loader)
{
    const int thread = thread_index();
    const int area = conv.output.height * conv.output.width;
    const int pixels = conv.output.batch * area;
    const int packed_channels =
        (conv.output.channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS * CHUNK_CHANNELS;
    const int first_channel = (int)block_y() * T::N + thread / ROW_CHUNKS;

    UNROLL
    for (int i = 0; i < T::A_COPIES; i++) {
        const int64_t m = (int64_t)block_x() * T::M + thread / ROW_CHUNKS + i * T::ROWS_A_TURN;
        const int output = m < pixels ? (int)m : 0;
        const int picture = output / area;
        const int inside = output - picture * area;
        const int y = inside / conv.output.width;
        loader.row[i] = y * conv.stride_y - conv.pad_top;
        loader.column[i] = (inside - y * conv.output.width) * conv.stride_x - conv.pad_left;
        loader.pixel[i] =
            (picture * conv.input.height + loader.row[i]) * conv.input.width + loader.column[i];
        if (m >= pixels) {
            loader.row[i] = -(1 << 30); /* outside under every tap */
        }
    }
    loader.depth = depth_at(conv, first_step, thread % ROW_CHUNKS);
    loader.weights = (const uint16_t *)conv.weights +
                     ((int64_t)first_step * packed_channels + first_channel) * CC_CUDA_K_STEP +
                     thread % ROW_CHUNKS * CHUNK_CHANNELS;
    loader.channels_left = packed_channels - first_channel;
}

/* Begin the copies of the next step into a stage of the pipeline. */
template <class T>
DEVICE void load_step(const cc_cuda_conv &conv, Loader<T> &loader, uint32_t stage)
{
    const int row = thread_index() / ROW_CHUNKS, chunk = thread_index() % ROW_CHUNKS;
    const int channel = loader.depth.block + loader.depth.part * CHUNK_CHANNELS;
    const int down = loader.depth.tap_y * conv.dilation_y;
    const int right = loader.depth.tap_x * conv.dilation_x;
    const int left_over = conv.input.channels - channel; /* of the tensor; < 1: past the end */
    const int bytes = left_over >= CHUNK_CHANNELS ? CHUNK_BYTES : left_over > 0 ? left_over * 2 : 0;
    const int64_t packed_channels =
        (conv.output.channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS * CHUNK_CHANNELS;

    UNROLL
    for (int i = 0; i < T::A_COPIES; i++) {
        const bool inside = (uint32_t)(loader.row[i] + down) < (uint32_t)conv.input.height &&
                            (uint32_t)(loader.column[i] + right) < (uint32_t)conv.input.width &&
                            bytes > 0;
        const int64_t from =
            (int64_t)(loader.pixel[i] + down * conv.input.width + right) * conv.input.stride +
            channel;
        copy_async<true>(stage + chunk_at(row + i * T::ROWS_A_TURN, chunk),
                         (const uint16_t *)conv.input.data + (inside ? from : 0),
                         inside ? bytes : 0);
    }
    UNROLL
    for (int i = 0; i < T::B_COPIES; i++) {
        if (T::N % T::ROWS_A_TURN == 0 || row + i * T::ROWS_A_TURN < T::N) {
            const bool inside = i * T::ROWS_A_TURN < loader.channels_left;
            copy_async<false>(stage + T::A_BYTES + chunk_at(row + i * T::ROWS_A_TURN, chunk),
                              inside ? loader.weights + i * T::ROWS_A_TURN * CC_CUDA_K_STEP
                                     : (const uint16_t *)conv.weights,
                              inside ? CHUNK_BYTES : 0);
        }
    }
    loader.weights += packed_channels * CC_CUDA_K_STEP;
    advance(conv, loader.depth);
}

/* ---- multiplying ---- */

/* Where the calling warp's part of the tile begins. */
template <class T> DEVICE int warp_row()
{
    return thread_index() / 32 % T::WARPS_M * T::WARP_M;
}
template <class T> DEVICE int warp_column()
{
    return thread_index() / 32 / T::WARPS_M * T::WARP_N;
}

template <class T>
DEVICE void multiply_stage(uint32_t stage, float (&sums)[T::FRAGMENTS_M][2 * T::PAIRS_N][4])
{
    const int lane = thread_index() % 32;

    UNROLL
    for (int depth = 0; depth < CC_CUDA_K_STEP / 16; depth++) {
        uint32_t a[T::FRAGMENTS_M][4], b[T::PAIRS_N][4];
        uint32_t a_rows[T::FRAGMENTS_M], b_rows[T::PAIRS_N];
        UNROLL
        for (int i = 0; i < T::FRAGMENTS_M; i++) {
            /* Matrices: rows 0-7 and 8-15 of the left half, then of the right. */
            a_rows[i] = stage + chunk_at(warp_row<T>() + i * 16 + lane % 16, depth * 2 + lane / 16);
        }
        UNROLL
        for (int j = 0; j < T::PAIRS_N; j++) {
            /* Matrices: left and right half of eight channels, then of the next eight. */
            b_rows[j] = stage + T::A_BYTES +
                        chunk_at(warp_column<T>() + j * 16 + lane / 16 * 8 + lane % 8,
                                 depth * 2 + lane / 8 % 2);
        }
        load_matrices<T::FRAGMENTS_M>(a, a_rows);
        load_matrices<T::PAIRS_N>(b, b_rows);
        multiply_matrices<T::FRAGMENTS_M, T::PAIRS_N>(sums, a, b);
    }
}

/* Sums over the steps first .. end - 1. */
template <class T>
DEVICE void multiply_steps(const cc_cuda_conv &conv, int first, int end,
                           float (&sums)[T::FRAGMENTS_M][2 * T::PAIRS_N][4])
{
    Loader<T> loader;
    int reading = 0, writing = T::STAGES - 1; /* stages of the pipeline */

    prepare_loader<T>(conv, first, loader);
    NO_UNROLL
    for (int i = 0; i < T::STAGES - 1; i++) {
        if (first + i < end) {
            load_step<T>(conv, loader, shared_address((uint32_t)(i * T::STAGE_BYTES)));
        }
        copy_async_commit(); /* also of nothing: groups are counted */
    }
    NO_UNROLL
    for (int step = first; step < end; step++) {
        copy_async_wait<T::STAGES - 2>();
        barrier(); /* everybody's copies are here, and nobody reads the stage written next */
        if (step + T::STAGES - 1 < end) {
            load_step<T>(conv, loader, shared_address((uint32_t)(writing * T::STAGE_BYTES)));
        }
        copy_async_commit();
        multiply_stage<T>(shared_address((uint32_t)(reading * T::STAGE_BYTES)), sums);
        reading = reading + 1 < T::STAGES ? reading + 1 : 0;
        writing = writing + 1 < T::STAGES ? writing + 1 : 0;
    }
    copy_async_wait<0>();
    barrier(); /* the pipeline's memory is free */
}

/* ---- split-K ---- */

/* Leave this block's sums, and if it is the last of its tile to arrive, gather them
 * all, in order. False: somebody else will go on. */
template <class T>
DEVICE bool gather_splits(const cc_cuda_conv &conv,
                          float (&sums)[T::FRAGMENTS_M][2 * T::PAIRS_N][4])
{
    const int64_t tile = (int64_t)block_y() * grid_x() + block_x();
    float *parts = conv.partial + tile * conv.splits * (T::M * T::N) + thread_index();
    float *mine = parts + (int64_t)block_z() * (T::M * T::N);
    float *flat = &sums[0][0][0];

    UNROLL
    for (int i = 0; i < T::VALUES; i++) {
        mine[i * T::THREADS] = flat[i];
    }
    fence_device();
    barrier();
    if (thread_index() == 0) {
        shared_write(shared_address(0), atomic_increment(conv.arrived + tile));
    }
    barrier();
    if (shared_read(shared_address(0)) != (uint32_t)conv.splits - 1) {
        return false;
    }
    fence_device();
    if (thread_index() == 0) {
        conv.arrived[tile] = 0; /* for the next launch */
    }
    UNROLL
    for (int i = 0; i < T::VALUES; i++) {
        flat[i] = 0;
    }
    NO_UNROLL
    for (int split = 0; split < conv.splits; split++) {
        UNROLL
        for (int i = 0; i < T::VALUES; i++) {
            flat[i] += load_from_others(parts + (int64_t)split * (T::M * T::N) + i * T::THREADS);
        }
    }
    barrier(); /* before the arrival's word becomes part of the result */
    return true;
}

/* ---- the exit ---- */

/* Chunk `index` of the block's output tile. */
struct OutputChunk {
    uint32_t address; /* in shared memory */
    int64_t pixel;
    int channel;
    int count; /* channels that exist, < 1 outside the tensor */
};

template <class T> DEVICE OutputChunk output_chunk(const cc_cuda_conv &conv, int index)
{
    const int row = index / (T::N / CHUNK_CHANNELS);
    const int column = index - row * (T::N / CHUNK_CHANNELS);
    const int64_t pixels = (int64_t)conv.output.batch * conv.output.height * conv.output.width;
    OutputChunk chunk;

    chunk.address = shared_address((uint32_t)(row * T::OUT_PITCH + column * CHUNK_BYTES));
    chunk.pixel = (int64_t)block_x() * T::M + row;
    chunk.channel = (int)block_y() * T::N + column * CHUNK_CHANNELS;
    chunk.count = chunk.pixel < pixels ? conv.output.channels - chunk.channel : 0;
    return chunk;
}

/* The residual's tile into shared memory, where the result will overwrite it. */
template <class T> DEVICE void load_residual(const cc_cuda_conv &conv)
{
    const bool aligned = is_aligned(conv.residual, conv.residual_stride);

    NO_UNROLL
    for (int i = thread_index(); i < T::M * T::N / CHUNK_CHANNELS; i += T::THREADS) {
        const OutputChunk chunk = output_chunk<T>(conv, i);
        float values[GROUP] = {0, 0, 0, 0, 0, 0, 0, 0};
        if (chunk.count > 0) {
            load_group((const Half *)conv.residual + chunk.pixel * conv.residual_stride +
                           chunk.channel,
                       chunk.count, aligned, values);
        }
        shared_write_vector(chunk.address, pack(values));
    }
    barrier();
}

/* Bias, simple activation and residual, in float32; halves into shared memory. */
template <class T>
DEVICE void finish_sums(const cc_cuda_conv &conv, float (&sums)[T::FRAGMENTS_M][2 * T::PAIRS_N][4])
{
    const int lane = thread_index() % 32;
    const bool before = conv.residual_order == CC_CUDA_RESIDUAL_BEFORE;
    const bool after = conv.residual_order == CC_CUDA_RESIDUAL_AFTER;
    const SimpleActivation simple = simple_activation(conv.activation);

    UNROLL
    for (int j = 0; j < 2 * T::PAIRS_N; j++) {
        const int column = warp_column<T>() + j * 8 + lane % 4 * 2;
        const int channel = (int)block_y() * T::N + column;
        const float bias0 = channel < conv.output.channels ? conv.bias[channel] : 0;
        const float bias1 = channel + 1 < conv.output.channels ? conv.bias[channel + 1] : 0;
        UNROLL
        for (int i = 0; i < 2 * T::FRAGMENTS_M; i++) {
            const int row = warp_row<T>() + i * 8 + lane / 4;
            const uint32_t address = shared_address((uint32_t)(row * T::OUT_PITCH + column * 2));
            const uint32_t residual = before || after ? shared_read(address) : 0;
            float value0 = sums[i / 2][j][i % 2 * 2] + bias0;
            float value1 = sums[i / 2][j][i % 2 * 2 + 1] + bias1;
            value0 = activate_simple(simple, value0 + (before ? low_half(residual) : 0.0f));
            value1 = activate_simple(simple, value1 + (before ? high_half(residual) : 0.0f));
            value0 += after ? low_half(residual) : 0.0f;
            value1 += after ? high_half(residual) : 0.0f;
            shared_write(address, pack_halves(value0, value1));
        }
    }
    barrier();
}

template <class T> DEVICE void store_tile(const cc_cuda_conv &conv)
{
    const bool aligned = is_aligned(conv.output.data, conv.output.stride);
    const bool simple = is_simple(conv.activation.kind);

    NO_UNROLL
    for (int i = thread_index(); i < T::M * T::N / CHUNK_CHANNELS; i += T::THREADS) {
        const OutputChunk chunk = output_chunk<T>(conv, i);
        if (chunk.count < 1) {
            continue;
        }
        Half *to = (Half *)conv.output.data + chunk.pixel * conv.output.stride + chunk.channel;
        const Vector16 packed = shared_read_vector(chunk.address);
        if (simple && aligned && chunk.count >= CHUNK_CHANNELS) {
            *(Vector16 *)to = packed;
            continue;
        }
        float values[GROUP];
        unpack(packed, values);
        if (!simple) {
            activate_group(conv.activation, values);
        }
        store_group(to, chunk.count, aligned, values);
    }
}

template <class T> DEVICE void convolve(const cc_cuda_conv &conv)
{
    const int chunks = (conv.input.channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS *
                       conv.kernel_height * conv.kernel_width;
    const int64_t steps = (chunks + ROW_CHUNKS - 1) / ROW_CHUNKS;
    const int first = (int)(steps * block_z() / conv.splits);
    const int end = (int)(steps * (block_z() + 1) / conv.splits);
    float sums[T::FRAGMENTS_M][2 * T::PAIRS_N][4];

    UNROLL
    for (int i = 0; i < T::VALUES; i++) {
        (&sums[0][0][0])[i] = 0;
    }
    multiply_steps<T>(conv, first, end, sums);
    if (conv.splits > 1 && !gather_splits<T>(conv, sums)) {
        return;
    }
    if (conv.residual_order != CC_CUDA_RESIDUAL_NONE) {
        load_residual<T>(conv);
    }
    finish_sums<T>(conv, sums);
    store_tile<T>(conv);
}

#define CONV_KERNEL(M, N, WARPS_M, WARPS_N, STAGES)                                                \
    KERNEL((WARPS_M) * (WARPS_N)*32) cc_conv_f16_##M##x##N(const cc_cuda_conv conv)                \
    {                                                                                              \
        convolve<Tile<M, N, WARPS_M, WARPS_N, STAGES>>(conv);                                      \
    }
CC_CUDA_CONV_TILES(CONV_KERNEL)
