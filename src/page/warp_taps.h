/* Where a pixel comes from, and with what weights: shared by the kernels of the
 * warp, so that they agree on every tap. */
#ifndef CLEARCUT_PAGE_WARP_TAPS_H
#define CLEARCUT_PAGE_WARP_TAPS_H

#include <math.h>

#include "page/warp_row.h"

/* A scale this near to one is one: identity stays exact under rounding. */
#define CC_WARP_ALMOST_ONE 1.001

/* Taps of one pixel along one axis. */
typedef struct cc_warp_taps {
    int count;
    int first;
    float weight[CC_WARP_MAX_TAPS];
} cc_warp_taps;

/* A point in the source with the footprint of the output pixel there. */
typedef struct cc_warp_point {
    double x;
    double y;
    double scale_x;
    double scale_y;
} cc_warp_point;

static inline double cc_warp_footprint(double du, double dv)
{
    double scale = sqrt(du * du + dv * dv);

    return scale < CC_WARP_ALMOST_ONE ? 1.0 : fmin(scale, CC_WARP_MAX_SCALE);
}

static inline cc_warp_point cc_warp_map(const double m[9], double u, double v)
{
    double w = 1.0 / (m[6] * u + m[7] * v + m[8]);
    double x = (m[0] * u + m[1] * v + m[2]) * w;
    double y = (m[3] * u + m[4] * v + m[5]) * w;
    cc_warp_point p = {
        .x = x - 0.5,
        .y = y - 0.5,
        .scale_x = cc_warp_footprint((m[0] - x * m[6]) * w, (m[1] - x * m[7]) * w),
        .scale_y = cc_warp_footprint((m[3] - y * m[6]) * w, (m[4] - y * m[7]) * w),
    };
    return p;
}

static inline void cc_warp_choose(const float *lanczos, double at, double scale, cc_warp_taps *t)
{
    double support = CC_LANCZOS_LOBES * scale;
    double step = CC_LANCZOS_STEPS / scale;
    float sum = 0.0F;

    t->first = (int)floor(at - support) + 1;
    t->count = (int)ceil(at + support) - t->first;
    for (int i = 0; i < t->count; i++) {
        double distance = fabs(t->first + i - at) * step;
        t->weight[i] = lanczos[(int)(distance + 0.5)];
        sum += t->weight[i];
    }
    for (int i = 0; i < t->count; i++) {
        t->weight[i] /= sum;
    }
}

#endif
