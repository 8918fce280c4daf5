/* Convolution to one to four channels: the side outputs and page maps. Tensor cores
 * would compute eight channels to keep one. A block of 16 x 8 pixels, one to a thread,
 * keeps the input with its rim in shared memory, 64 bytes of channels at a time. */
#include "nn/cuda/kernels/elements.h"

enum {
    FEW_THREADS = CC_CUDA_FEW_WIDTH * CC_CUDA_FEW_HEIGHT,
    FEW_RIM_PIXELS = (CC_CUDA_FEW_WIDTH + 2) * (CC_CUDA_FEW_HEIGHT + 2),
    FEW_PITCH = 80, /* bytes of a pixel: 64 and a gap, so that neighbours' banks differ */
    FEW_WEIGHTS = FEW_RIM_PIXELS * FEW_PITCH /* where the weights begin */
};

DEVICE void shared_write_group(uint32_t address, const float *values, const Half *)
{
    shared_write_vector(address, pack(values));
}
DEVICE void shared_write_group(uint32_t address, const float *values, const float *)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        Vector16 part;
        UNROLL
        for (int i = 0; i < 4; i++) {
            part.word[i] = float_bits(values[4 * half + i]);
        }
        shared_write_vector(address + (uint32_t)half * 16, part);
    }
}
DEVICE void shared_read_group(uint32_t address, float *values, const Half *)
{
    unpack(shared_read_vector(address), values);
}
DEVICE void shared_read_group(uint32_t address, float *values, const float *)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        const Vector16 part = shared_read_vector(address + (uint32_t)half * 16);
        UNROLL
        for (int i = 0; i < 4; i++) {
            values[4 * half + i] = bits_float(part.word[i]);
        }
    }
}

/* The channels first .. first + 64 bytes of the block's pixels and their rim. */
template <typename T> DEVICE void few_load_pixels(const cc_cuda_conv &conv, int first)
{
    const int groups = 64 / (int)sizeof(T) / GROUP;
    const int width = CC_CUDA_FEW_WIDTH + conv.kernel_width - 1;
    const int height = CC_CUDA_FEW_HEIGHT + conv.kernel_height - 1;
    const bool aligned = is_aligned(conv.input.data, conv.input.stride);

    NO_UNROLL
    for (int i = thread_index(); i < width * height * groups; i += FEW_THREADS) {
        const int pixel = i / groups, group = i - pixel * groups;
        const int y = pixel / width, x = pixel - y * width;
        const int row = (int)block_y() * CC_CUDA_FEW_HEIGHT + y - conv.pad_top;
        const int column = (int)block_x() * CC_CUDA_FEW_WIDTH + x - conv.pad_left;
        const int channel = first + group * GROUP;
        const bool inside = (uint32_t)row < (uint32_t)conv.input.height &&
                            (uint32_t)column < (uint32_t)conv.input.width;
        float values[GROUP] = {0, 0, 0, 0, 0, 0, 0, 0};
        if (inside) {
            load_group((const T *)conv.input.data +
                           offset_of(conv.input, (int)block_z(), row, column) + channel,
                       conv.input.channels - channel, aligned, values);
        }
        shared_write_group(
            shared_address((uint32_t)(pixel * FEW_PITCH + group * GROUP * (int)sizeof(T))), values,
            (const T *)nullptr);
    }
}

/* [tap][output channel][64 bytes' channels], zero past the last channel. */
template <typename T> DEVICE void few_load_weights(const cc_cuda_conv &conv, int first)
{
    const int channels = 64 / (int)sizeof(T);
    const int padded = (conv.input.channels + GROUP - 1) / GROUP * GROUP;
    const int rows = conv.kernel_height * conv.kernel_width * CC_CUDA_FEW_CHANNELS;

    NO_UNROLL
    for (int i = thread_index(); i < rows * channels; i += FEW_THREADS) {
        const int row = i / channels, channel = first + i - row * channels;
        const float weight =
            channel < padded ? ((const float *)conv.weights)[row * padded + channel] : 0.0f;
        shared_write(shared_address((uint32_t)(FEW_WEIGHTS + i * 4)), float_bits(weight));
    }
}

/* Products of this thread's pixel with what is in shared memory. */
template <typename T>
DEVICE void few_multiply(const cc_cuda_conv &conv, float (&sums)[CC_CUDA_FEW_CHANNELS])
{
    const int channels = 64 / (int)sizeof(T);
    const int width = CC_CUDA_FEW_WIDTH + conv.kernel_width - 1;
    const int y = thread_index() / CC_CUDA_FEW_WIDTH, x = thread_index() % CC_CUDA_FEW_WIDTH;

    NO_UNROLL
    for (int tap = 0; tap < conv.kernel_height * conv.kernel_width; tap++) {
        const int tap_y = tap / conv.kernel_width, tap_x = tap - tap_y * conv.kernel_width;
        const int pixel = (y + tap_y) * width + x + tap_x;
        NO_UNROLL
        for (int group = 0; group < channels / GROUP; group++) {
            float values[GROUP], weights[GROUP];
            shared_read_group(
                shared_address((uint32_t)(pixel * FEW_PITCH + group * GROUP * (int)sizeof(T))),
                values, (const T *)nullptr);
            UNROLL
            for (int o = 0; o < CC_CUDA_FEW_CHANNELS; o++) {
                if (o >= conv.output.channels) {
                    break;
                }
                const int at = (tap * CC_CUDA_FEW_CHANNELS + o) * channels + group * GROUP;
                shared_read_group(shared_address((uint32_t)(FEW_WEIGHTS + at * 4)), weights,
                                  (const float *)nullptr);
                UNROLL
                for (int c = 0; c < GROUP; c++) {
                    sums[o] = multiply_add(values[c], weights[c], sums[o]);
                }
            }
        }
    }
}

template <typename T>
DEVICE void few_store(const cc_cuda_conv &conv, const float (&sums)[CC_CUDA_FEW_CHANNELS])
{
    const int row = (int)block_y() * CC_CUDA_FEW_HEIGHT + thread_index() / CC_CUDA_FEW_WIDTH;
    const int column = (int)block_x() * CC_CUDA_FEW_WIDTH + thread_index() % CC_CUDA_FEW_WIDTH;

    if (row >= conv.output.height || column >= conv.output.width) {
        return;
    }
    const int64_t pixel =
        ((int64_t)block_z() * conv.output.height + row) * conv.output.width + column;
    UNROLL
    for (int o = 0; o < CC_CUDA_FEW_CHANNELS; o++) {
        if (o < conv.output.channels) {
            const float residual =
                conv.residual
                    ? load_element((const T *)conv.residual + pixel * conv.residual_stride + o)
                    : 0.0f;
            const bool before = conv.residual_order == CC_CUDA_RESIDUAL_BEFORE;
            float value = sums[o] + conv.bias[o] + (before ? residual : 0.0f);
            value = activate(conv.activation, value) + (before ? 0.0f : residual);
            store_element((T *)conv.output.data + pixel * conv.output.stride + o, value);
        }
    }
}

template <typename T> DEVICE void convolve_few(const cc_cuda_conv &conv)
{
    float sums[CC_CUDA_FEW_CHANNELS] = {0, 0, 0, 0};

    NO_UNROLL
    for (int first = 0; first < conv.input.channels; first += 64 / (int)sizeof(T)) {
        barrier(); /* nobody reads what is about to be overwritten */
        few_load_pixels<T>(conv, first);
        few_load_weights<T>(conv, first);
        barrier();
        few_multiply<T>(conv, sums);
    }
    few_store<T>(conv, sums);
}

KERNEL(128) cc_conv_few_f16(const cc_cuda_conv conv)
{
    convolve_few<Half>(conv);
}
KERNEL(128) cc_conv_few_f32(const cc_cuda_conv conv)
{
    convolve_few<float>(conv);
}
