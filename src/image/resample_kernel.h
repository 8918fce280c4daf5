/* Inside of resampling: the weights of an axis and the row kernels that use
 * them. The kernels of resample_reference.c are the specification; the others
 * must give the same bytes.
 */
#ifndef CLEARCUT_IMAGE_RESAMPLE_KERNEL_H
#define CLEARCUT_IMAGE_RESAMPLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/resample.h"

/* Fraction bits of a weight: 32 less 8 for the sample less 2 for overshoot, as
 * in Pillow, whose rounding every result shares. */
#define CC_RESAMPLE_PRECISION 22

/* Weights are padded with zeros to a multiple of this many taps. */
#define CC_RESAMPLE_TAP_GROUP 8

/* How one axis is resampled: output i is the sum over t < count[i] of
 * weights[i * taps + t] * input[first[i] + t], halves rounded up. */
typedef struct cc_resample_axis {
    int input_size;
    int output_size;
    int taps; /* room for each output, a multiple of CC_RESAMPLE_TAP_GROUP */
    int *first;
    int *count; /* >= 1 */
    int32_t *weights;
    /* The same weights in two 16-bit halves, low + 65536 * high, for kernels
     * whose multiplier is 16 bits wide. */
    int16_t *low;
    int16_t *high;
} cc_resample_axis;

/* The weights of an axis. On failure *axis is {0}; on success the caller ends it with
 * cc_resample_axis_release. Thread-safe. */
cc_status cc_resample_axis_create(int input_size, int output_size, cc_filter filter,
                                  cc_resample_axis *axis, cc_error *error);
void cc_resample_axis_release(cc_resample_axis *axis);

/* Does cc_image_resize shrink the height before the width? Only asked where both
 * change: an axis of equal size is left out. */
bool cc_resample_height_first(int source_width, int source_height, int width, int height);

/* Resample `rows` rows of input_size pixels of `channels` bytes to rows of
 * output_size pixels. Reads only those pixels. */
typedef void (*cc_resample_horizontal)(const cc_resample_axis *axis, int channels,
                                       const uint8_t *source, size_t source_stride, uint8_t *result,
                                       size_t result_stride, int rows);

/* One output row: output `index` of the axis over rows of `size` bytes. `source`
 * is input row 0 (rows that no weight touches need not exist). */
typedef void (*cc_resample_vertical)(const cc_resample_axis *axis, int index, const uint8_t *source,
                                     size_t source_stride, uint8_t *result, size_t size);

void cc_resample_horizontal_reference(const cc_resample_axis *axis, int channels,
                                      const uint8_t *source, size_t source_stride, uint8_t *result,
                                      size_t result_stride, int rows);
void cc_resample_vertical_reference(const cc_resample_axis *axis, int index, const uint8_t *source,
                                    size_t source_stride, uint8_t *result, size_t size);

#if defined(__x86_64__)
void cc_resample_horizontal_avx2(const cc_resample_axis *axis, int channels, const uint8_t *source,
                                 size_t source_stride, uint8_t *result, size_t result_stride,
                                 int rows);
void cc_resample_vertical_avx2(const cc_resample_axis *axis, int index, const uint8_t *source,
                               size_t source_stride, uint8_t *result, size_t size);
#endif

/* One output pixel, for the kernels' last columns. */
static inline void cc_resample_pixel(const cc_resample_axis *axis, int index, int channels,
                                     const uint8_t *row, uint8_t *result)
{
    const int32_t *weights = axis->weights + (size_t)index * (size_t)axis->taps;
    const uint8_t *from = row + (size_t)axis->first[index] * (size_t)channels;
    int count = axis->count[index];

    for (int c = 0; c < channels; c++) {
        int32_t sum = 1 << (CC_RESAMPLE_PRECISION - 1);
        for (int t = 0; t < count; t++) {
            sum += from[(size_t)t * (size_t)channels + (size_t)c] * weights[t];
        }
        sum >>= CC_RESAMPLE_PRECISION;
        result[c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

#endif
