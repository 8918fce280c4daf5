/* Convolution of any window, stride, dilation and number of groups in float32: the
 * exact mode, and what tensor cores cannot take. The same matrix product as conv.cu
 * (pixels x channels x (tap, channel)), 64 x 64 to a block, 16 deep to a step, 4 x 4
 * sums to a thread, two buffers in shared memory. */
#include "nn/cuda/kernels/elements.h"

enum {
    PLAIN_DEPTH = 16,
    PLAIN_CHUNK = 4, /* channels that a thread loads of one pixel */
    PLAIN_CHUNKS = PLAIN_DEPTH / PLAIN_CHUNK,
    PLAIN_A_BYTES = PLAIN_DEPTH * CC_CUDA_PLAIN_M * 4, /* [depth][pixel] */
    PLAIN_BUFFER_BYTES = PLAIN_A_BYTES + PLAIN_DEPTH * CC_CUDA_PLAIN_N * 4
};

/* What a thread loads: one chunk of one pixel, four channels of one row of weights. */
struct PlainLoader {
    int64_t picture; /* elements to this pixel's picture */
    int row;         /* of the input under tap (0, 0) */
    int column;
    bool exists;
    int channels; /* of a group */
    int chunks;   /* of a group's channels */
    int part;     /* chunk, row and column of the tap this thread loads next */
    int tap_y;
    int tap_x;
    const float *weights; /* of the next step, this thread's row and channels */
    int weight_stride;    /* channels of a row */
    int rows_left;        /* rows of weights from this thread's row to the last */
};

DEVICE PlainLoader plain_loader(const cc_cuda_conv &conv)
{
    const int thread = thread_index(), group = (int)block_z();
    const int area = conv.output.height * conv.output.width;
    const int64_t m = (int64_t)block_x() * CC_CUDA_PLAIN_M + thread % CC_CUDA_PLAIN_M;
    const int weight_row = thread / (CC_CUDA_PLAIN_N / PLAIN_CHUNK);
    const int first_channel =
        (int)block_y() * CC_CUDA_PLAIN_N + thread % (CC_CUDA_PLAIN_N / PLAIN_CHUNK) * PLAIN_CHUNK;
    PlainLoader loader;

    loader.exists = m < (int64_t)conv.output.batch * area;
    const int output = loader.exists ? (int)m : 0;
    const int picture = output / area, inside = output - picture * area;
    const int y = inside / conv.output.width;
    loader.picture = (int64_t)picture * conv.input.height * conv.input.width * conv.input.stride;
    loader.row = y * conv.stride_y - conv.pad_top;
    loader.column = (inside - y * conv.output.width) * conv.stride_x - conv.pad_left;
    loader.channels = conv.input.channels / conv.groups;
    loader.chunks = (loader.channels + PLAIN_CHUNK - 1) / PLAIN_CHUNK;
    const int chunk = thread / CC_CUDA_PLAIN_M;
    const int tap = chunk / loader.chunks;
    loader.part = chunk - tap * loader.chunks;
    loader.tap_y = tap / conv.kernel_width;
    loader.tap_x = tap - loader.tap_y * conv.kernel_width;
    const int rows = conv.kernel_height * conv.kernel_width * loader.chunks * PLAIN_CHUNK;
    loader.weight_stride =
        (conv.output.channels / conv.groups + PLAIN_CHUNK - 1) / PLAIN_CHUNK * PLAIN_CHUNK;
    loader.weights = (const float *)conv.weights +
                     ((int64_t)group * rows + weight_row) * loader.weight_stride + first_channel;
    loader.rows_left = first_channel < loader.weight_stride ? rows - weight_row : 0;
    return loader;
}

/* Load what this thread owes to the next step, and move on. */
template <typename T>
DEVICE void plain_load(const cc_cuda_conv &conv, PlainLoader &loader, float (&pixel)[PLAIN_CHUNK],
                       Vector16 &weights)
{
    const int row = loader.row + loader.tap_y * conv.dilation_y;
    const int column = loader.column + loader.tap_x * conv.dilation_x;
    const int channel = loader.part * PLAIN_CHUNK;
    const bool inside = loader.exists && loader.tap_y < conv.kernel_height &&
                        (uint32_t)row < (uint32_t)conv.input.height &&
                        (uint32_t)column < (uint32_t)conv.input.width;
    const T *from = (const T *)conv.input.data + loader.picture +
                    ((int64_t)row * conv.input.width + column) * conv.input.stride +
                    (int)block_z() * loader.channels + channel;

    UNROLL
    for (int i = 0; i < PLAIN_CHUNK; i++) {
        pixel[i] = inside && channel + i < loader.channels ? load_element(from + i) : 0.0f;
    }
    weights = {{0, 0, 0, 0}};
    if (loader.rows_left > 0) {
        weights = *(const Vector16 *)loader.weights;
    }
    loader.rows_left -= PLAIN_DEPTH;
    loader.weights += (int64_t)PLAIN_DEPTH * loader.weight_stride;
    loader.part += PLAIN_CHUNKS;
    NO_UNROLL
    while (loader.part >= loader.chunks) {
        loader.part -= loader.chunks;
        if (++loader.tap_x == conv.kernel_width) {
            loader.tap_x = 0;
            loader.tap_y++;
        }
    }
}

DEVICE void plain_put(uint32_t buffer, const float (&pixel)[PLAIN_CHUNK], const Vector16 &weights)
{
    const int thread = thread_index();
    const int depth = thread / CC_CUDA_PLAIN_M * PLAIN_CHUNK;

    UNROLL
    for (int i = 0; i < PLAIN_CHUNK; i++) {
        const int word = (depth + i) * CC_CUDA_PLAIN_M + thread % CC_CUDA_PLAIN_M;
        shared_write(buffer + (uint32_t)word * 4, float_bits(pixel[i]));
    }
    shared_write_vector(buffer + PLAIN_A_BYTES + (uint32_t)thread * 16, weights);
}

/* A thread's pixels and channels: four from here on. */
DEVICE int plain_pixel()
{
    return thread_index() / (CC_CUDA_PLAIN_N / 4) * 4;
}
DEVICE int plain_channel()
{
    return thread_index() % (CC_CUDA_PLAIN_N / 4) * 4;
}

DEVICE void plain_multiply(uint32_t buffer, float (&sums)[4][4])
{
    UNROLL
    for (int depth = 0; depth < PLAIN_DEPTH; depth++) {
        const Vector16 a =
            shared_read_vector(buffer + (uint32_t)(depth * CC_CUDA_PLAIN_M + plain_pixel()) * 4);
        const Vector16 b = shared_read_vector(
            buffer + PLAIN_A_BYTES + (uint32_t)(depth * CC_CUDA_PLAIN_N + plain_channel()) * 4);
        UNROLL
        for (int i = 0; i < 4; i++) {
            UNROLL
            for (int j = 0; j < 4; j++) {
                sums[i][j] = multiply_add(bits_float(a.word[i]), bits_float(b.word[j]), sums[i][j]);
            }
        }
    }
}

/* The block's sums by way of shared memory, so that neighbouring threads store
 * neighbouring channels. */
template <typename T> DEVICE void plain_store(const cc_cuda_conv &conv, const float (&sums)[4][4])
{
    const int64_t pixels = (int64_t)conv.output.batch * conv.output.height * conv.output.width;
    const int group_channels = conv.output.channels / conv.groups;
    const bool before = conv.residual_order == CC_CUDA_RESIDUAL_BEFORE;

    barrier(); /* the buffers are no longer read */
    UNROLL
    for (int i = 0; i < 4; i++) {
        const Vector16 row = {{float_bits(sums[i][0]), float_bits(sums[i][1]),
                               float_bits(sums[i][2]), float_bits(sums[i][3])}};
        const int word = (plain_pixel() + i) * CC_CUDA_PLAIN_N + plain_channel();
        shared_write_vector(shared_address((uint32_t)word * 4), row);
    }
    barrier();
    NO_UNROLL
    for (int i = thread_index(); i < CC_CUDA_PLAIN_M * CC_CUDA_PLAIN_N; i += 256) {
        const int64_t pixel = (int64_t)block_x() * CC_CUDA_PLAIN_M + i / CC_CUDA_PLAIN_N;
        const int inside = (int)block_y() * CC_CUDA_PLAIN_N + i % CC_CUDA_PLAIN_N;
        if (pixel >= pixels || inside >= group_channels) {
            continue;
        }
        const int channel = (int)block_z() * group_channels + inside;
        const float residual =
            conv.residual
                ? load_element((const T *)conv.residual + pixel * conv.residual_stride + channel)
                : 0.0f;
        float value = bits_float(shared_read(shared_address((uint32_t)i * 4)));
        value += conv.bias[channel] + (before ? residual : 0.0f);
        value = activate(conv.activation, value) + (before ? 0.0f : residual);
        store_element((T *)conv.output.data + pixel * conv.output.stride + channel, value);
    }
}

template <typename T> DEVICE void convolve_plain(const cc_cuda_conv &conv)
{
    PlainLoader loader = plain_loader(conv);
    const int depth = conv.kernel_height * conv.kernel_width * loader.chunks * PLAIN_CHUNK;
    float sums[4][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}};
    float pixel[PLAIN_CHUNK];
    Vector16 weights;
    uint32_t buffer = 0;

    plain_load<T>(conv, loader, pixel, weights);
    plain_put(shared_address(buffer), pixel, weights);
    barrier();
    NO_UNROLL
    for (int done = PLAIN_DEPTH; done < depth; done += PLAIN_DEPTH) {
        plain_load<T>(conv, loader, pixel, weights); /* under way while the last is used */
        plain_multiply(shared_address(buffer), sums);
        buffer ^= PLAIN_BUFFER_BYTES;
        plain_put(shared_address(buffer), pixel, weights);
        barrier();
    }
    plain_multiply(shared_address(buffer), sums);
    plain_store<T>(conv, sums);
}

KERNEL(256) cc_conv_plain_f16(const cc_cuda_conv conv)
{
    convolve_plain<Half>(conv);
}
KERNEL(256) cc_conv_plain_f32(const cc_cuda_conv conv)
{
    convolve_plain<float>(conv);
}
