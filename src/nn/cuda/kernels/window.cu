/* Pooling and resizing: an output position made of several input positions. A thread
 * takes eight channels of an output pixel. */
#include "nn/cuda/kernels/elements.h"

template <typename T> DEVICE void pool(const cc_cuda_pool &p)
{
    const Position at = position_of(p.output, item_index(256));
    const bool aligned = is_aligned(p.input.data, p.input.stride);
    const int top = at.row * p.stride_y - p.pad_top, left = at.column * p.stride_x - p.pad_left;
    float result[GROUP], values[GROUP];
    int counted = 0;

    if (!at.inside) {
        return;
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        result[i] = p.average ? 0.0f : -INFINITY;
    }
    NO_UNROLL
    for (int y = 0; y < p.kernel_height; y++) {
        const int row = top + y * p.dilation_y;
        NO_UNROLL
        for (int x = 0; x < p.kernel_width; x++) {
            const int column = left + x * p.dilation_x;
            counted += row < p.input.height + p.pad_bottom &&
                       column < p.input.width + p.pad_right && p.include_pad;
            if ((uint32_t)row >= (uint32_t)p.input.height ||
                (uint32_t)column >= (uint32_t)p.input.width) {
                continue;
            }
            counted += !p.include_pad;
            load_group((const T *)p.input.data + offset_of(p.input, at.batch, row, column) +
                           at.channel,
                       at.count, aligned, values);
            UNROLL
            for (int i = 0; i < GROUP; i++) {
                const float larger = values[i] > result[i] ? values[i] : result[i];
                result[i] = p.average ? result[i] + values[i] : larger;
            }
        }
    }
    UNROLL
    for (int i = 0; i < GROUP; i++) {
        result[i] = p.average && counted > 0 ? result[i] / (float)counted : result[i];
    }
    store_group((T *)p.output.data + offset_of(p.output, at.batch, at.row, at.column) + at.channel,
                at.count, is_aligned(p.output.data, p.output.stride), result);
}

KERNEL(256) cc_pool_f16(const cc_cuda_pool p)
{
    pool<Half>(p);
}
KERNEL(256) cc_pool_f32(const cc_cuda_pool p)
{
    pool<float>(p);
}

/* taps_y x taps_x input positions, weighted. TAPS > 0: both are this number, and all
 * loads are under way together; 0: as the parameters say. */
template <typename T, int TAPS>
DEVICE void resize_sum(const cc_cuda_resize &p, const Position &at, float *result)
{
    const bool aligned = is_aligned(p.input.data, p.input.stride);
    const int taps_y = TAPS > 0 ? TAPS : p.taps_y, taps_x = TAPS > 0 ? TAPS : p.taps_x;
    float across[GROUP], values[GROUP];

    UNROLL
    for (int i = 0; i < GROUP; i++) {
        result[i] = 0;
    }
#pragma unroll(TAPS > 0 ? TAPS : 1)
    for (int y = 0; y < taps_y; y++) {
        const int row = p.rows[at.row * taps_y + y];
        const float row_weight = p.row_weights[at.row * taps_y + y];
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            across[i] = 0;
        }
#pragma unroll(TAPS > 0 ? TAPS : 1)
        for (int x = 0; x < taps_x; x++) {
            const int column = p.columns[at.column * taps_x + x];
            const float column_weight = p.column_weights[at.column * taps_x + x];
            load_group((const T *)p.input.data + offset_of(p.input, at.batch, row, column) +
                           at.channel,
                       at.count, aligned, values);
            UNROLL
            for (int i = 0; i < GROUP; i++) {
                across[i] += column_weight * values[i];
            }
        }
        UNROLL
        for (int i = 0; i < GROUP; i++) {
            result[i] += row_weight * across[i];
        }
    }
}

template <typename T> DEVICE void resize(const cc_cuda_resize &p)
{
    const Position at = position_of(p.output, item_index(256));
    float result[GROUP];

    if (!at.inside) {
        return;
    }
    if (p.taps_y == 2 && p.taps_x == 2) {
        resize_sum<T, 2>(p, at, result);
    } else {
        resize_sum<T, 0>(p, at, result);
    }
    activate_group(p.activation, result);
    store_group((T *)p.output.data + offset_of(p.output, at.batch, at.row, at.column) + at.channel,
                at.count, is_aligned(p.output.data, p.output.stride), result);
}

KERNEL(256) cc_resize_f16(const cc_cuda_resize p)
{
    resize<Half>(p);
}
KERNEL(256) cc_resize_f32(const cc_cuda_resize p)
{
    resize<float>(p);
}
