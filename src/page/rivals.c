#include "page/rivals.h"

#include <math.h>
#include <string.h>

#include "page/geometry.h"

enum { SIZE = CC_PAGE_MAP_SIZE, SAMPLES = 32 };

/* Where other edges are looked for, and how far an other corner is from the quad's (map
 * pixels). */
#define EDGE_FROM 3.0
#define EDGE_TO 28.0
#define BAND_FROM 4.0
#define BAND_TO 16.0
#define CORNER_DISTANCE 8.0

/* The margin of the view (map pixels) in which the network sees too little. */
#define FRAME_MARGIN 1.5

static bool in_sight(double x, double y)
{
    return x > FRAME_MARGIN && y > FRAME_MARGIN && x < SIZE - FRAME_MARGIN &&
           y < SIZE - FRAME_MARGIN;
}

static double clean(float value)
{
    return value > 0.0F ? fmin(1.0, (double)value) : 0.0; /* NaN is 0 */
}

/* Mean of a map along a side moved by s into the page, or with `above` the share of it over
 * one half; -1 if too little is in sight. */
static double along(const float *map, cc_point a, cc_point b, double s, bool above)
{
    cc_line line = cc_line_through(a, b);
    double sum = 0.0;
    int count = 0;

    for (int i = 0; i < SAMPLES; i++) {
        double t = 0.08 + 0.84 * (i + 0.5) / SAMPLES;
        double x = a.x + t * (b.x - a.x) + s * line.nx;
        double y = a.y + t * (b.y - a.y) + s * line.ny;
        if (in_sight(x, y)) {
            double v = clean(map[(int)y * SIZE + (int)x]);
            sum += above ? v > 0.5 : v;
            count++;
        }
    }
    return count >= SAMPLES / 4 ? sum / count : -1.0;
}

static double strongest(const float *map, const cc_quad *quad, double sign, double from, double to,
                        bool above)
{
    double most = 0.0;

    for (int i = 0; i < 4; i++) {
        for (double s = from; s <= to; s += 1.0) {
            most =
                fmax(most, along(map, quad->corner[i], quad->corner[(i + 1) % 4], sign * s, above));
        }
    }
    return most;
}

static bool near_a_corner(const cc_quad *quad, cc_point p)
{
    for (int i = 0; i < 4; i++) {
        if (cc_point_distance(quad->corner[i], p) < CORNER_DISTANCE) {
            return true;
        }
    }
    return false;
}

static bool is_inside(const cc_line side[4], cc_point p)
{
    for (int i = 0; i < 4; i++) {
        if (cc_line_distance(&side[i], p) < 0.0) {
            return false;
        }
    }
    return true;
}

static void other_corners(const float *corner, const cc_quad *quad, cc_rivals *rivals)
{
    cc_line side[4];

    for (int i = 0; i < 4; i++) {
        side[i] = cc_line_through(quad->corner[i], quad->corner[(i + 1) % 4]);
    }
    for (int i = 0; i < CC_MAP_PIXELS; i++) {
        cc_point p = {i % SIZE + 0.5, i / SIZE + 0.5};
        double v = clean(corner[i]);
        if (v > fmin(rivals->corner_outside, rivals->corner_inside) && in_sight(p.x, p.y) &&
            !near_a_corner(quad, p)) {
            double *place = is_inside(side, p) ? &rivals->corner_inside : &rivals->corner_outside;
            *place = fmax(*place, v);
        }
    }
}

void cc_rivals_measure(const cc_page_maps *maps, const cc_quad *quad, cc_rivals *rivals)
{
    memset(rivals, 0, sizeof *rivals);
    rivals->edge_outside =
        strongest(maps->plane[CC_PLANE_EDGE], quad, -1.0, EDGE_FROM, EDGE_TO, false);
    rivals->edge_inside =
        strongest(maps->plane[CC_PLANE_EDGE], quad, 1.0, EDGE_FROM, EDGE_TO, false);
    rivals->mask_outside =
        strongest(maps->plane[CC_PLANE_MASK], quad, -1.0, BAND_FROM, BAND_TO, true);
    other_corners(maps->plane[CC_PLANE_CORNER], quad, rivals);
}
