#include <math.h>

#include "page/warp_taps.h"

void cc_warp_lanczos(float *table)
{
    const double pi = 3.14159265358979323846;

    table[0] = 1.0F;
    for (int i = 1; i < CC_LANCZOS_SIZE; i++) {
        double x = pi * i / CC_LANCZOS_STEPS;
        double third = x / CC_LANCZOS_LOBES;
        /* Exact zeros at whole pixels, which rounding of sin() would miss. */
        bool zero = i % CC_LANCZOS_STEPS == 0 || i > CC_LANCZOS_LOBES * CC_LANCZOS_STEPS;
        table[i] = zero ? 0.0F : (float)(sin(x) / x * sin(third) / third);
    }
}

void cc_warp_bend(const cc_warp_curl *curl, double across, double down, double *x, double *y)
{
    const double along[4] = {across, down, across, down};
    const double share[4] = {1.0 - down, across, down, 1.0 - across};

    *x = 0.0;
    *y = 0.0;
    for (int i = 0; i < 4; i++) {
        double from = (1.0 - along[i]) * curl->start[i];
        double to = along[i] * curl->end[i];
        double t = to / (from + to); /* along the side in the picture */
        double height = 4.0 * t * (1.0 - t) * share[i];
        *x += height * curl->x[i];
        *y += height * curl->y[i];
    }
}

static int clamp_index(int i, int size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* Weighted sum of the pixels under the taps; `channels` is a constant at each call,
 * so that the loops unroll. With alpha, sum[] holds premultiplied colours. */
static inline void gather(const cc_image *image, const cc_warp_taps *tx, const cc_warp_taps *ty,
                          int channels, bool alpha, float sum[4])
{
    int last = channels - 1;
    bool inside = tx->first >= 0 && tx->first + tx->count <= image->width;

    for (int j = 0; j < ty->count; j++) {
        const uint8_t *row = cc_image_row(image, clamp_index(ty->first + j, image->height));
        float line[4] = {0.0F, 0.0F, 0.0F, 0.0F};

        for (int i = 0; i < tx->count; i++) {
            int x = inside ? tx->first + i : clamp_index(tx->first + i, image->width);
            const uint8_t *p = row + (size_t)x * (size_t)channels;
            float w = alpha ? tx->weight[i] * (float)p[last] : tx->weight[i];
            for (int c = 0; c < channels; c++) {
                line[c] += alpha && c == last ? w : w * (float)p[c];
            }
        }
        for (int c = 0; c < channels; c++) {
            sum[c] += ty->weight[j] * line[c];
        }
    }
}

static uint8_t to_byte(float value)
{
    return value <= 0.0F ? 0 : value >= 255.0F ? 255 : (uint8_t)lrintf(value);
}

static inline void resample(const cc_warp_job *job, const cc_warp_taps *tx, const cc_warp_taps *ty,
                            int channels, uint8_t *out)
{
    bool alpha = channels == 2 || channels == 4;
    float sum[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    float divisor = 1.0F;

    gather(job->source, tx, ty, channels, alpha, sum);
    if (alpha) {
        float opacity = sum[channels - 1];
        divisor = opacity > 0.0F ? 1.0F / opacity : 0.0F;
        out[channels - 1] = to_byte(opacity);
    }
    for (int c = 0; c < channels - (alpha ? 1 : 0); c++) {
        out[c] = to_byte(sum[c] * divisor);
    }
}

void cc_warp_pixel(const cc_warp_job *job, int x, int y)
{
    int channels = job->source->channels;
    uint8_t *out = cc_image_row(job->flat, y) + (size_t)x * (size_t)channels;
    cc_warp_point p = cc_warp_map(job->matrix, x + 0.5, y + 0.5);
    cc_warp_taps tx;
    cc_warp_taps ty;

    if (job->curl != NULL) {
        double dx;
        double dy;
        cc_warp_bend(job->curl, (x + 0.5) / job->flat->width, (y + 0.5) / job->flat->height, &dx,
                     &dy);
        p.x += dx;
        p.y += dy;
    }

    cc_warp_choose(job->lanczos, p.x, p.scale_x, &tx);
    cc_warp_choose(job->lanczos, p.y, p.scale_y, &ty);
    switch (channels) {
    case 1: resample(job, &tx, &ty, 1, out); break;
    case 2: resample(job, &tx, &ty, 2, out); break;
    case 3: resample(job, &tx, &ty, 3, out); break;
    default: resample(job, &tx, &ty, 4, out); break;
    }
}

void cc_warp_row(const cc_warp_job *job, int y)
{
    for (int x = 0; x < job->flat->width; x++) {
        cc_warp_pixel(job, x, y);
    }
}
