/* Weights in the order in which the kernels read them, and the float16 format. */
#include <math.h>
#include <string.h>

#include "nn/cuda/kernels/launch.h"

#define CHUNK 8 /* channels of one 16-byte copy */
#define BLOCK_CHUNKS (CC_CUDA_K_STEP / CHUNK)

uint16_t cc_cuda_half(float value)
{
    uint32_t bits;
    uint32_t sign;
    uint32_t kept;

    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000u;
    bits &= 0x7FFFFFFFu;
    if (bits > 0x7F800000u) {
        return (uint16_t)(sign | 0x7E00u); /* not a number */
    }
    if (bits >= 0x477FF000u) { /* 65520, half way past the largest finite value */
        return (uint16_t)(sign | 0x7C00u);
    }
    if (bits < 0x38800000u) { /* below 2^-14: steps of 2^-24, which adding 0.5 leaves
                                 in the last bits, rounded by the processor itself */
        float magnitude;
        memcpy(&magnitude, &bits, sizeof magnitude);
        magnitude += 0.5f;
        memcpy(&kept, &magnitude, sizeof kept);
        return (uint16_t)(sign | (kept - 0x3F000000u));
    }
    kept = bits + 0xFFFu + (bits >> 13 & 1u); /* ties to even */
    return (uint16_t)(sign | ((kept - 0x38000000u) >> 13));
}

float cc_cuda_half_value(uint16_t half)
{
    uint32_t exponent = half >> 10 & 31u;
    uint32_t fraction = half & 0x3FFu;
    uint32_t bits;
    float value;

    if (exponent == 0) {
        value = (float)fraction * 0x1p-24f;
        return half & 0x8000u ? -value : value;
    }
    bits = (uint32_t)(half & 0x8000u) << 16 | fraction << 13 |
           (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static size_t rounded_up(int32_t value, int32_t multiple)
{
    return (size_t)(value + multiple - 1) / (size_t)multiple * (size_t)multiple;
}

static int32_t taps_of(const cc_cuda_conv *conv)
{
    return conv->kernel_height * conv->kernel_width;
}

/* ---- tensor cores ---- */

int32_t cc_cuda_conv_steps(const cc_cuda_conv *conv)
{
    int64_t chunks = ((int64_t)conv->input.channels + CHUNK - 1) / CHUNK * taps_of(conv);

    return (int32_t)((chunks + BLOCK_CHUNKS - 1) / BLOCK_CHUNKS);
}

size_t cc_cuda_conv_pack_bytes(const cc_cuda_conv *conv)
{
    return (size_t)cc_cuda_conv_steps(conv) * rounded_up(conv->output.channels, CHUNK) *
           CC_CUDA_K_STEP * sizeof(uint16_t);
}

/* A weight as float16: too large ones become the largest, so that one broken weight
 * does not make a whole picture NaN. */
static uint16_t half_weight(float weight)
{
    uint16_t half = cc_cuda_half(weight);

    return (half & 0x7FFFu) == 0x7C00u ? (uint16_t)(half - 1) : half;
}

/* The weights of one output channel and one block of input channels: next to each
 * other in the file, and u2net has 44 million of them. */
static void pack_block(const cc_cuda_conv *conv, const float *weights, int32_t block,
                       int32_t channels, size_t step_size, uint16_t *packed)
{
    int32_t taps = taps_of(conv);
    int32_t chunks = (channels + CHUNK - 1) / CHUNK;
    /* Blocks before this one are whole. */
    size_t first = (size_t)(block / CHUNK) * (size_t)taps;

    for (int32_t tap = 0; tap < taps; tap++) {
        for (int32_t chunk = 0; chunk < chunks; chunk++) {
            size_t k = first + (size_t)(tap * chunks + chunk); /* chunk along the k axis */
            uint16_t *to = packed + k / BLOCK_CHUNKS * step_size + k % BLOCK_CHUNKS * CHUNK;
            const float *from = weights + (size_t)(chunk * CHUNK * taps + tap);
            int32_t count = channels - chunk * CHUNK < CHUNK ? channels - chunk * CHUNK : CHUNK;
            for (int32_t c = 0; c < count; c++) {
                to[c] = half_weight(from[(size_t)c * (size_t)taps]);
            }
        }
    }
}

void cc_cuda_conv_pack(const cc_cuda_conv *conv, const float *weights, void *packed)
{
    size_t step_size = rounded_up(conv->output.channels, CHUNK) * CC_CUDA_K_STEP;
    size_t taps = (size_t)taps_of(conv);
    int32_t inputs = conv->input.channels;
    uint16_t *target = packed;

    memset(packed, 0, cc_cuda_conv_pack_bytes(conv));
    for (int32_t o = 0; o < conv->output.channels; o++) {
        for (int32_t block = 0; block < inputs; block += CC_CUDA_K_STEP) {
            int32_t channels = inputs - block < CC_CUDA_K_STEP ? inputs - block : CC_CUDA_K_STEP;
            pack_block(conv, weights + ((size_t)o * (size_t)inputs + (size_t)block) * taps, block,
                       channels, step_size, target + (size_t)o * CC_CUDA_K_STEP);
        }
    }
}

/* ---- few output channels ---- */

size_t cc_cuda_conv_few_pack_bytes(const cc_cuda_conv *conv)
{
    return (size_t)taps_of(conv) * CC_CUDA_FEW_CHANNELS * rounded_up(conv->input.channels, CHUNK) *
           sizeof(float);
}

void cc_cuda_conv_few_pack(const cc_cuda_conv *conv, const float *weights, void *packed)
{
    size_t channels = (size_t)conv->input.channels;
    size_t padded = rounded_up(conv->input.channels, CHUNK);
    size_t taps = (size_t)taps_of(conv);
    float *target = packed;

    memset(packed, 0, cc_cuda_conv_few_pack_bytes(conv));
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t o = 0; o < (size_t)conv->output.channels; o++) {
            for (size_t c = 0; c < channels; c++) {
                target[(tap * CC_CUDA_FEW_CHANNELS + o) * padded + c] =
                    weights[(o * channels + c) * taps + tap];
            }
        }
    }
}

/* ---- plain ---- */

size_t cc_cuda_conv_plain_pack_bytes(const cc_cuda_conv *conv)
{
    return (size_t)conv->groups * (size_t)taps_of(conv) *
           rounded_up(conv->input.channels / conv->groups, 4) *
           rounded_up(conv->output.channels / conv->groups, 4) * sizeof(float);
}

void cc_cuda_conv_plain_pack(const cc_cuda_conv *conv, const float *weights, void *packed)
{
    size_t inputs = (size_t)(conv->input.channels / conv->groups);
    size_t outputs = (size_t)(conv->output.channels / conv->groups);
    size_t inputs_padded = rounded_up((int32_t)inputs, 4);
    size_t outputs_padded = rounded_up((int32_t)outputs, 4);
    size_t taps = (size_t)taps_of(conv);
    float *target = packed;

    memset(packed, 0, cc_cuda_conv_plain_pack_bytes(conv));
    for (size_t o = 0; o < (size_t)conv->output.channels; o++) {
        for (size_t c = 0; c < inputs; c++) {
            for (size_t tap = 0; tap < taps; tap++) {
                size_t row = (o / outputs * taps + tap) * inputs_padded + c;
                target[row * outputs_padded + o % outputs] = weights[(o * inputs + c) * taps + tap];
            }
        }
    }
}

/* ---- small things that host and device must agree on ---- */

float cc_cuda_range_value(uint32_t key, int index)
{
    /* Keys order floats as unsigned integers, 0 meaning "none"; the smallest value is
     * kept as the largest complement, so that both start from zero bytes. */
    uint32_t ordered = index == 0 ? ~key : key;
    uint32_t bits = ordered & 0x80000000u ? ordered & 0x7FFFFFFFu : ~ordered;
    float value;

    if (key == 0) {
        return NAN;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t cc_cuda_probe_answer(uint64_t nonce, uint32_t thread, uint32_t rounds)
{
    uint64_t value = nonce + thread;

    /* The mixing function of SplitMix64 (Steele, Lea, Flood 2014). */
    for (uint32_t i = 0; i < rounds; i++) {
        value += 0x9E3779B97F4A7C15u;
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
        value = (value ^ value >> 27) * 0x94D049BB133111EBu;
        value ^= value >> 31;
    }
    return value;
}
