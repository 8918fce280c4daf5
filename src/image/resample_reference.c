#include "image/resample_kernel.h"

void cc_resample_horizontal_reference(const cc_resample_axis *axis, int channels,
                                      const uint8_t *source, size_t source_stride, uint8_t *result,
                                      size_t result_stride, int rows)
{
    for (int y = 0; y < rows; y++) {
        const uint8_t *from = source + (size_t)y * source_stride;
        uint8_t *to = result + (size_t)y * result_stride;
        for (int x = 0; x < axis->output_size; x++) {
            cc_resample_pixel(axis, x, channels, from, to + (size_t)x * (size_t)channels);
        }
    }
}

void cc_resample_vertical_reference(const cc_resample_axis *axis, int index, const uint8_t *source,
                                    size_t source_stride, uint8_t *result, size_t size)
{
    const int32_t *weights = axis->weights + (size_t)index * (size_t)axis->taps;
    const uint8_t *top = source + (size_t)axis->first[index] * source_stride;
    int count = axis->count[index];

    for (size_t i = 0; i < size; i++) {
        int32_t sum = 1 << (CC_RESAMPLE_PRECISION - 1);
        for (int t = 0; t < count; t++) {
            sum += top[(size_t)t * source_stride + i] * weights[t];
        }
        sum >>= CC_RESAMPLE_PRECISION;
        result[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}
