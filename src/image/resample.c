#include "image/resample.h"

#include <math.h>
#include <string.h>

#include "core/cpu.h"
#include "core/memory.h"
#include "image/resample_kernel.h"

/* Rows that one task of the pool resamples. */
#define BAND_ROWS 16

/* ---- filters ---- */

static double box_weight(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double bilinear_weight(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Keys' cubic convolution kernel, with the parameter that Pillow uses. */
static double bicubic_weight(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    }
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static const double pi = 3.14159265358979323846;

static double sinc(double x)
{
    if (x == 0.0) {
        return 1.0;
    }
    x *= pi;
    return sin(x) / x;
}

static double lanczos_weight(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

typedef struct filter_shape {
    double (*weight)(double x);
    double support; /* half the width, in pixels of the input at scale 1 */
} filter_shape;

static const filter_shape filter_shapes[] = {
    [CC_FILTER_BOX] = {box_weight, 0.5},
    [CC_FILTER_BILINEAR] = {bilinear_weight, 1.0},
    [CC_FILTER_BICUBIC] = {bicubic_weight, 2.0},
    [CC_FILTER_LANCZOS] = {lanczos_weight, 3.0},
};

/* ---- weights of an axis ---- */

void cc_resample_axis_release(cc_resample_axis *axis)
{
    cc_free(axis->first);
    cc_free(axis->count);
    cc_free(axis->weights);
    cc_free(axis->low);
    cc_free(axis->high);
}

/* Codes are returned literally: static analysis cannot see into cc_fail. */
static cc_status create_axis(int input_size, int output_size, double support,
                             cc_resample_axis *axis, cc_error *error)
{
    size_t outputs = (size_t)output_size;
    double taps = ceil(support) * 2 + 1;
    size_t total;

    memset(axis, 0, sizeof *axis);
    axis->input_size = input_size;
    axis->output_size = output_size;
    axis->taps = taps < input_size ? (int)taps : input_size;
    axis->taps =
        (axis->taps + CC_RESAMPLE_TAP_GROUP - 1) / CC_RESAMPLE_TAP_GROUP * CC_RESAMPLE_TAP_GROUP;
    if (!cc_size_multiply(outputs, (size_t)axis->taps, &total)) {
        (void)cc_fail(error, CC_LIMIT, "resizing from %d to %d pixels does not fit into memory",
                      input_size, output_size);
        return CC_LIMIT;
    }
    axis->first = cc_alloc_array(outputs, sizeof *axis->first);
    axis->count = cc_alloc_array(outputs, sizeof *axis->count);
    axis->weights = cc_alloc_zeroed(total, sizeof *axis->weights);
    axis->low = cc_alloc_zeroed(total, sizeof *axis->low);
    axis->high = cc_alloc_zeroed(total, sizeof *axis->high);
    if (axis->first == NULL || axis->count == NULL || axis->weights == NULL || axis->low == NULL ||
        axis->high == NULL) {
        (void)cc_fail_memory(error, total * sizeof *axis->weights);
        return CC_OUT_OF_MEMORY;
    }
    return CC_OK;
}

static int32_t fixed_point(double weight)
{
    double scaled = weight * (1 << CC_RESAMPLE_PRECISION);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void store_weights(cc_resample_axis *axis, int output, const double *exact, int count,
                          double total)
{
    size_t offset = (size_t)output * (size_t)axis->taps;

    for (int t = 0; t < count; t++) {
        int32_t weight = fixed_point(total != 0.0 ? exact[t] / total : exact[t]);
        int16_t low = (int16_t)(weight & 0xFFFF);
        axis->weights[offset + (size_t)t] = weight;
        axis->low[offset + (size_t)t] = low;
        axis->high[offset + (size_t)t] = (int16_t)((weight - low) >> 16);
    }
}

/* lanczos_weight at x, x + step, x + 2 step, ...: two sines for all instead of two for
 * each, which took longer than resampling a small picture. sinc(x) sinc(x / 3) =
 * 3 sin(3 a) sin(a) / (pi x)^2 with a = pi x / 3; sin(3 a) = sin(a) (3 - 4 sin(a)^2),
 * and a is turned on by step after step. The errors, of 1e-14, vanish in the rounding to
 * 22 bits; around 0, where they would be divided by nearly nothing, sinc is taken. */
static void lanczos_weights(double x, double step, int count, double *weights)
{
    double sine = sin(pi / 3 * x);
    double cosine = cos(pi / 3 * x);
    double turn_sine = sin(pi / 3 * step);
    double turn_cosine = cos(pi / 3 * step);

    for (int t = 0; t < count; t++) {
        double at = x + t * step;
        double next = sine * turn_cosine + cosine * turn_sine;
        if (fabs(at) < 0.25 || at < -3.0 || at >= 3.0) {
            weights[t] = lanczos_weight(at);
        } else {
            weights[t] = 3 * sine * sine * (3 - 4 * sine * sine) / (pi * at * pi * at);
        }
        cosine = cosine * turn_cosine - sine * turn_sine;
        sine = next;
    }
}

static void filter_weights(filter_shape shape, double x, double step, int count, double *weights)
{
    if (shape.weight == lanczos_weight) {
        lanczos_weights(x, step, count, weights);
        return;
    }
    for (int t = 0; t < count; t++) {
        weights[t] = shape.weight(x + t * step);
    }
}

/* Pixel centres lie at integers + 0.5; the window's ends are rounded and cut at
 * the border, and what is left of the filter is made to sum to 1. */
static void fill_axis(cc_resample_axis *axis, filter_shape shape, double *exact)
{
    double scale = (double)axis->input_size / axis->output_size;
    double filter_scale = scale < 1.0 ? 1.0 : scale;
    double support = shape.support * filter_scale;
    double step = 1.0 / filter_scale;

    for (int i = 0; i < axis->output_size; i++) {
        double center = (i + 0.5) * scale;
        double total = 0;
        int first = (int)(center - support + 0.5);
        int end = (int)(center + support + 0.5);
        first = first < 0 ? 0 : first;
        end = end > axis->input_size ? axis->input_size : end;
        filter_weights(shape, (first - center + 0.5) * step, step, end - first, exact);
        for (int t = 0; t < end - first; t++) {
            total += exact[t];
        }
        axis->first[i] = first;
        axis->count[i] = end - first;
        store_weights(axis, i, exact, end - first, total);
    }
}

cc_status cc_resample_axis_create(int input_size, int output_size, cc_filter filter,
                                  cc_resample_axis *axis, cc_error *error)
{
    filter_shape shape = filter_shapes[filter];
    double scale = (double)input_size / output_size;
    cc_status status = create_axis(input_size, output_size,
                                   shape.support * (scale < 1.0 ? 1.0 : scale), axis, error);
    double *exact = NULL;

    if (status == CC_OK) {
        exact = cc_alloc_array((size_t)axis->taps, sizeof *exact);
        if (exact == NULL) {
            (void)cc_fail_memory(error, (size_t)axis->taps * sizeof *exact);
            status = CC_OUT_OF_MEMORY;
        }
    }
    if (exact != NULL) {
        fill_axis(axis, shape, exact);
    } else {
        cc_resample_axis_release(axis);
        memset(axis, 0, sizeof *axis);
    }
    cc_free(exact);
    return status;
}

/* ---- passes ---- */

typedef struct pass {
    const cc_resample_axis *axis;
    const cc_image *source;
    cc_image *result;
    int first_row; /* of the source, that the result's row 0 comes from */
    cc_resample_horizontal horizontal;
    cc_resample_vertical vertical;
} pass;

static pass choose_kernels(const cc_image *source, cc_image *result, const cc_resample_axis *axis)
{
    pass chosen = {
        axis, source, result, 0, cc_resample_horizontal_reference, cc_resample_vertical_reference};
#if defined(__x86_64__)
    if (cc_cpu_detect()->level >= CC_CPU_AVX2) {
        chosen.horizontal = cc_resample_horizontal_avx2;
        chosen.vertical = cc_resample_vertical_avx2;
    }
#endif
    return chosen;
}

static int band_end(const pass *work, int start)
{
    int height = work->result->height;
    return height - start < BAND_ROWS ? height : start + BAND_ROWS;
}

static void horizontal_band(void *context, int task, int worker)
{
    const pass *work = context;
    int start = task * BAND_ROWS;
    int rows = band_end(work, start) - start;

    (void)worker;
    work->horizontal(work->axis, work->source->channels,
                     cc_image_row(work->source, work->first_row + start), work->source->stride,
                     cc_image_row(work->result, start), work->result->stride, rows);
}

static void vertical_band(void *context, int task, int worker)
{
    const pass *work = context;
    int start = task * BAND_ROWS;

    (void)worker;
    for (int y = start; y < band_end(work, start); y++) {
        work->vertical(work->axis, y, work->source->pixels, work->source->stride,
                       cc_image_row(work->result, y),
                       (size_t)work->result->width * (size_t)work->result->channels);
    }
}

static int band_count(const cc_image *image)
{
    return (image->height + BAND_ROWS - 1) / BAND_ROWS;
}

/* Width only, for `rows` rows of the source from first_row on. */
static cc_status resize_width(const cc_image *source, int width, int first_row, int rows,
                              cc_filter filter, cc_thread_pool *pool, cc_image *result,
                              cc_error *error)
{
    cc_resample_axis axis;
    pass work;
    cc_status status = cc_resample_axis_create(source->width, width, filter, &axis, error);

    if (status != CC_OK) {
        return status;
    }
    status = cc_image_create(width, rows, source->channels, result, error);
    if (status == CC_OK) {
        work = choose_kernels(source, result, &axis);
        work.first_row = first_row;
        cc_thread_pool_run(pool, horizontal_band, &work, band_count(result));
    }
    cc_resample_axis_release(&axis);
    return status;
}

static cc_status resize_height(const cc_image *source, const cc_resample_axis *axis,
                               cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_status status =
        cc_image_create(source->width, axis->output_size, source->channels, result, error);

    if (status == CC_OK) {
        pass work = choose_kernels(source, result, axis);
        cc_thread_pool_run(pool, vertical_band, &work, band_count(result));
    }
    return status;
}

/* Only the rows that the vertical pass will look at go through the horizontal. */
static cc_status resize_width_first(const cc_image *source, int width, int height, cc_filter filter,
                                    cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_resample_axis axis;
    cc_image narrow = {0};
    cc_status status = cc_resample_axis_create(source->height, height, filter, &axis, error);
    int first;
    int end;

    if (status != CC_OK) {
        return status;
    }
    first = axis.first[0];
    end = axis.first[height - 1] + axis.count[height - 1];
    status = resize_width(source, width, first, end - first, filter, pool, &narrow, error);
    if (status == CC_OK) {
        for (int y = 0; y < height; y++) {
            axis.first[y] -= first;
        }
        status = resize_height(&narrow, &axis, pool, result, error);
    }
    cc_image_free(&narrow);
    cc_resample_axis_release(&axis);
    return status;
}

static cc_status resize_height_only(const cc_image *source, int height, cc_filter filter,
                                    cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_resample_axis axis;
    cc_status status = cc_resample_axis_create(source->height, height, filter, &axis, error);

    if (status == CC_OK) {
        status = resize_height(source, &axis, pool, result, error);
        cc_resample_axis_release(&axis);
    }
    return status;
}

static cc_status resize_height_first(const cc_image *source, int width, int height,
                                     cc_filter filter, cc_thread_pool *pool, cc_image *result,
                                     cc_error *error)
{
    cc_image flat;
    cc_status status = resize_height_only(source, height, filter, pool, &flat, error);

    if (status == CC_OK) {
        status = resize_width(&flat, width, 0, height, filter, pool, result, error);
        cc_image_free(&flat);
    }
    return status;
}

/* The order of the passes shows in the rounding between them. Pillow 13 shrinks
 * the height first where it loses more than twice the rows that the width loses
 * columns; earlier versions always began with the width. */
bool cc_resample_height_first(int source_width, int source_height, int width, int height)
{
    int64_t rows_lost = (int64_t)source_height - height;
    int64_t columns_lost = (int64_t)source_width - width;

    return rows_lost > 0 && rows_lost > columns_lost * 2;
}

static cc_status resize_channels(const cc_image *source, int width, int height, cc_filter filter,
                                 cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    if (height == source->height) {
        return resize_width(source, width, 0, height, filter, pool, result, error);
    }
    if (width == source->width) {
        return resize_height_only(source, height, filter, pool, result, error);
    }
    if (cc_resample_height_first(source->width, source->height, width, height)) {
        return resize_height_first(source, width, height, filter, pool, result, error);
    }
    return resize_width_first(source, width, height, filter, pool, result, error);
}

/* ---- alpha ---- */

/* value * alpha / 255, rounded. */
static inline uint8_t multiply(unsigned value, unsigned alpha)
{
    unsigned product = value * alpha + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

/* Opaque and invisible colours pass as they are; the quotient is cut, as in
 * Pillow. */
static inline uint8_t divide(unsigned value, unsigned alpha)
{
    unsigned quotient;

    if (alpha == 0 || alpha == 255) {
        return (uint8_t)value;
    }
    quotient = value * 255 / alpha;
    return (uint8_t)(quotient > 255 ? 255 : quotient);
}

static cc_status premultiplied_copy(const cc_image *source, cc_image *copy, cc_error *error)
{
    int channels = source->channels;
    cc_status status = cc_image_create(source->width, source->height, channels, copy, error);

    for (int y = 0; status == CC_OK && y < source->height; y++) {
        const uint8_t *from = cc_image_row(source, y);
        uint8_t *to = cc_image_row(copy, y);
        for (int x = 0; x < source->width; x++, from += channels, to += channels) {
            uint8_t alpha = from[channels - 1];
            for (int c = 0; c < channels - 1; c++) {
                to[c] = multiply(from[c], alpha);
            }
            to[channels - 1] = alpha;
        }
    }
    return status;
}

static void undo_premultiplication(cc_image *image)
{
    int channels = image->channels;

    for (int y = 0; y < image->height; y++) {
        uint8_t *pixel = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++, pixel += channels) {
            for (int c = 0; c < channels - 1; c++) {
                pixel[c] = divide(pixel[c], pixel[channels - 1]);
            }
        }
    }
}

static cc_status resize_with_alpha(const cc_image *source, int width, int height, cc_filter filter,
                                   cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    cc_image multiplied;
    cc_status status = premultiplied_copy(source, &multiplied, error);

    if (status == CC_OK) {
        status = resize_channels(&multiplied, width, height, filter, pool, result, error);
        cc_image_free(&multiplied);
    }
    if (status == CC_OK) {
        undo_premultiplication(result);
    }
    return status;
}

/* ---- the whole ---- */

static cc_status copy_pixels(const cc_image *source, cc_image *result, cc_error *error)
{
    cc_status status =
        cc_image_create(source->width, source->height, source->channels, result, error);

    for (int y = 0; status == CC_OK && y < source->height; y++) {
        memcpy(cc_image_row(result, y), cc_image_row(source, y), result->stride);
    }
    return status;
}

cc_status cc_image_resize(const cc_image *source, int width, int height, cc_filter filter,
                          cc_thread_pool *pool, cc_image *result, cc_error *error)
{
    memset(result, 0, sizeof *result);
    if (width < 1 || height < 1 || filter < CC_FILTER_BOX || filter > CC_FILTER_LANCZOS) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "cannot resize to %d x %d pixels with filter %d; sides start at 1", width,
                       height, (int)filter);
    }
    if (width == source->width && height == source->height) {
        return copy_pixels(source, result, error);
    }
    if (cc_image_has_alpha(source)) {
        return resize_with_alpha(source, width, height, filter, pool, result, error);
    }
    return resize_channels(source, width, height, filter, pool, result, error);
}
