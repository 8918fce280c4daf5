#include "page/measure.h"

#include <math.h>

#include "page/corner_snap.h"

enum { SIZE = CC_PAGE_MAP_SIZE, SAMPLES = 48, BAND_SAMPLES = 3 };

/* The bands beside a side in which the mask is looked at (map pixels). */
#define BAND_NEAR 0.8
#define BAND_FAR 3.2

/* Where a corner's peak is looked for (map pixels), and what is one. */
#define PEAK_RADIUS 8.0
#define LEAST_PEAK 0.1

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

/* Mean of the mask in a band along one side, `from` to `to` map pixels into the page
 * (negative: outside); -1 if too little of it is in sight. */
static double mask_band(const float *mask, cc_point a, cc_point b, double from, double to)
{
    cc_line line = cc_line_through(a, b);
    double sum = 0.0;
    int count = 0;

    for (int i = 0; i < SAMPLES; i++) {
        double t = 0.08 + 0.84 * (i + 0.5) / SAMPLES;
        for (int k = 0; k < BAND_SAMPLES; k++) {
            double s = from + (to - from) * (k + 0.5) / BAND_SAMPLES;
            cc_point p = {a.x + t * (b.x - a.x) + s * line.nx, a.y + t * (b.y - a.y) + s * line.ny};
            if (in_sight(p)) {
                sum += clean(mask[(int)p.y * SIZE + (int)p.x]);
                count++;
            }
        }
    }
    return count >= SAMPLES / 4 ? sum / count : -1.0;
}

static void measure_bands(const cc_page_maps *maps, const cc_quad *quad, cc_quad_measure *found)
{
    const float *mask = maps->plane[CC_PLANE_MASK];

    found->thinnest_inside = 1.0;
    found->thickest_outside = 0.0;
    for (int i = 0; i < 4; i++) {
        cc_point a = quad->corner[i];
        cc_point b = quad->corner[(i + 1) % 4];
        double inside = mask_band(mask, a, b, BAND_NEAR, BAND_FAR);
        double outside = mask_band(mask, a, b, -BAND_FAR, -BAND_NEAR);
        found->thinnest_inside =
            inside >= 0.0 ? fmin(found->thinnest_inside, inside) : found->thinnest_inside;
        found->thickest_outside = fmax(found->thickest_outside, outside);
    }
}

/* How far the corner map's peaks lie from the corners. */
static void measure_peaks(const cc_page_maps *maps, const cc_quad *quad, cc_quad_measure *found)
{
    double sum = 0.0;
    int count = 0;

    found->furthest_peak = 0.0;
    for (int i = 0; i < 4; i++) {
        cc_point peak = {0.0, 0.0};
        double distance = 1.0;
        if (!in_sight(quad->corner[i])) {
            continue;
        }
        if (cc_map_peak(maps->plane[CC_PLANE_CORNER], SIZE, quad->corner[i], PEAK_RADIUS, &peak) >
            LEAST_PEAK) {
            distance = fmin(1.0, cc_point_distance(peak, quad->corner[i]) / PEAK_RADIUS);
        }
        found->furthest_peak = fmax(found->furthest_peak, distance);
        sum += distance;
        count++;
    }
    found->mean_peak = count > 0 ? sum / count : 0.5;
}

void cc_measure_quad(const cc_page_maps *maps, const cc_quad *quad, cc_quad_measure *found)
{
    double measure[CC_MEASURE_COUNT] = {0.0};

    measure_sides(maps, quad, measure);
    measure_corners(maps, quad, measure);
    measure_mask(maps, quad, measure);
    measure_bands(maps, quad, found);
    measure_peaks(maps, quad, found);
    found->weakest_edge = measure[CC_MEASURE_WEAKEST_EDGE];
    found->mean_edge = measure[CC_MEASURE_MEAN_EDGE];
    found->weakest_corner = measure[CC_MEASURE_WEAKEST_CORNER];
    found->mean_corner = measure[CC_MEASURE_MEAN_CORNER];
    found->inside = measure[CC_MEASURE_INSIDE];
    found->outside = measure[CC_MEASURE_OUTSIDE];
}

void cc_measure_maps(const cc_page_maps *maps, cc_page_pass *pass)
{
    measure_fit(&pass->fit, pass->measure);
    measure_sides(maps, &pass->fit.quad, pass->measure);
    measure_corners(maps, &pass->fit.quad, pass->measure);
    measure_mask(maps, &pass->fit.quad, pass->measure);
}
