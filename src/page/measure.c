#include "page/measure.h"

#include <math.h>

#include "page/corner_snap.h"

enum { SIZE = CC_PAGE_MAP_SIZE, SAMPLES = 48 };

/* How far beside a side, and around a corner, the maps may answer (map pixels). */
#define SIDE_RADIUS 1.5
#define CORNER_RADIUS 2.5

/* The margin of the view (map pixels) in which the network sees too little. */
#define FRAME_MARGIN 1.5

/* Mask values between these are neither yes nor no. */
#define DOUBT_LOW 0.15
#define DOUBT_HIGH 0.85

/* Map pixels that count as one. */
#define RESIDUAL_UNIT 2.0
#define BULGE_UNIT 6.0

static bool in_sight(cc_point p)
{
    return p.x > FRAME_MARGIN && p.y > FRAME_MARGIN && p.x < SIZE - FRAME_MARGIN &&
           p.y < SIZE - FRAME_MARGIN;
}

/* Mean of the edge map along a side; negative if too little of it is visible.
 * *visible is the share of the side in the view. */
static double edge_along(const float *edge, cc_point a, cc_point b, double *visible)
{
    double sum = 0.0;
    int count = 0;

    for (int i = 0; i < SAMPLES; i++) {
        double t = 0.04 + 0.92 * (i + 0.5) / SAMPLES;
        cc_point p = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
        if (in_sight(p)) {
            sum += cc_map_peak(edge, SIZE, p, SIDE_RADIUS, NULL);
            count++;
        }
    }
    *visible = (double)count / SAMPLES;
    return count >= SAMPLES / 8 ? sum / count : -1.0;
}

static void measure_sides(const cc_page_maps *maps, const cc_quad *quad, double *measure)
{
    double weakest = 1.0;
    double sum = 0.0;
    double visible_sum = 0.0;
    int count = 0;

    for (int i = 0; i < 4; i++) {
        double visible;
        double mean = edge_along(maps->plane[CC_PLANE_EDGE], quad->corner[i],
                                 quad->corner[(i + 1) % 4], &visible);
        visible_sum += visible;
        if (mean >= 0.0) {
            weakest = fmin(weakest, mean);
            sum += mean;
            count++;
        }
    }
    measure[CC_MEASURE_WEAKEST_EDGE] = count > 0 ? weakest : 0.5;
    measure[CC_MEASURE_MEAN_EDGE] = count > 0 ? sum / count : 0.5;
    measure[CC_MEASURE_VISIBLE] = visible_sum / 4.0;
}

static void measure_corners(const cc_page_maps *maps, const cc_quad *quad, double *measure)
{
    double weakest = 1.0;
    double sum = 0.0;
    int count = 0;

    for (int i = 0; i < 4; i++) {
        if (in_sight(quad->corner[i])) {
            double peak = cc_map_peak(maps->plane[CC_PLANE_CORNER], SIZE, quad->corner[i],
                                      CORNER_RADIUS, NULL);
            weakest = fmin(weakest, peak);
            sum += peak;
            count++;
        }
    }
    measure[CC_MEASURE_WEAKEST_CORNER] = count > 0 ? weakest : 0.5;
    measure[CC_MEASURE_MEAN_CORNER] = count > 0 ? sum / count : 0.5;
}

static bool is_inside(const cc_line side[4], double x, double y)
{
    cc_point p = {x, y};

    for (int i = 0; i < 4; i++) {
        if (cc_line_distance(&side[i], p) < 0.0) {
            return false;
        }
    }
    return true;
}

static double clean(float value)
{
    return value > 0.0F ? fmin(1.0, (double)value) : 0.0; /* NaN is 0 */
}

static void measure_mask(const cc_page_maps *maps, const cc_quad *quad, double *measure)
{
    const float *mask = maps->plane[CC_PLANE_MASK];
    cc_line side[4];
    double sum[2] = {0.0, 0.0};
    int count[2] = {0, 0};
    int doubtful = 0;

    for (int i = 0; i < 4; i++) {
        side[i] = cc_line_through(quad->corner[i], quad->corner[(i + 1) % 4]);
    }
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        double v = clean(mask[i]);
        int inside = is_inside(side, i % SIZE + 0.5, i / SIZE + 0.5);
        sum[inside] += v;
        count[inside]++;
        doubtful += v > DOUBT_LOW && v < DOUBT_HIGH;
    }
    measure[CC_MEASURE_INSIDE] = count[1] > 0 ? sum[1] / count[1] : 0.0;
    measure[CC_MEASURE_OUTSIDE] = count[0] > 0 ? sum[0] / count[0] : 0.0;
    measure[CC_MEASURE_DOUBT] = count[1] > 0 ? fmin(1.0, (double)doubtful / count[1]) : 1.0;
}

static void measure_fit(const cc_quad_fit *fit, double *measure)
{
    double worst = 1.0;
    double residual = 0.0;
    double bulge = 0.0;
    int snapped = 0;

    for (int i = 0; i < 4; i++) {
        snapped += fit->snapped[i];
        if (!fit->on_frame[i]) {
            worst = fmin(worst, fit->supporting[i]);
            residual = fmax(residual, fit->residual[i]);
            bulge = fmax(bulge, fabs(fit->bulge[i]));
        }
    }
    measure[CC_MEASURE_FIT_IOU] = fit->iou;
    measure[CC_MEASURE_WEAKEST_FIT] = worst;
    measure[CC_MEASURE_RESIDUAL] = fmin(1.0, residual / RESIDUAL_UNIT);
    measure[CC_MEASURE_BULGE] = fmin(1.0, bulge / BULGE_UNIT);
    measure[CC_MEASURE_SNAPPED] = snapped / 4.0;
}

void cc_measure_maps(const cc_page_maps *maps, cc_page_pass *pass)
{
    measure_fit(&pass->fit, pass->measure);
    measure_sides(maps, &pass->fit.quad, pass->measure);
    measure_corners(maps, &pass->fit.quad, pass->measure);
    measure_mask(maps, &pass->fit.quad, pass->measure);
}
