#include "page/corner_snap.h"

#include <math.h>

/* A side below this support may be curled. */
#define BADLY_SUPPORTED 0.85

/* How far a corner may move, as a share of the map, and how clear the peak must be. */
#define REACH 0.18
#define CLEAR_PEAK 0.35

/* What distance costs a peak, at the end of the reach: of two, the nearer counts. */
#define NEARNESS 0.5

/* A shorter move, in map pixels, is not worth the peak's own error. */
#define LEAST_MOVE 1.2

/* The peak's centre of gravity is taken over this many pixels each way. */
enum { GRAVITY_RADIUS = 2 };

static double value_at(const float *map, int size, int x, int y)
{
    float v = x >= 0 && y >= 0 && x < size && y < size ? map[y * size + x] : 0.0F;

    return v > 0.0F ? fmin(1.0, (double)v) : 0.0; /* NaN is 0 */
}

static cc_point centre_of_gravity(const float *map, int size, int x, int y)
{
    double sum = 0.0;
    cc_point centre = {0.0, 0.0};

    for (int j = y - GRAVITY_RADIUS; j <= y + GRAVITY_RADIUS; j++) {
        for (int i = x - GRAVITY_RADIUS; i <= x + GRAVITY_RADIUS; i++) {
            double v = value_at(map, size, i, j);
            sum += v * v;
            centre.x += v * v * (i + 0.5);
            centre.y += v * v * (j + 0.5);
        }
    }
    centre.x /= sum;
    centre.y /= sum;
    return centre;
}

/* The value of the best pixel within the radius, where distance costs `slope` at the
 * rim; 0 if there is none. */
static double find_peak(const float *map, int size, cc_point at, double radius, double slope,
                        cc_point *peak)
{
    double best = 0.0;
    double best_value = 0.0;
    int best_x = 0;
    int best_y = 0;
    int x0 = (int)fmax(0.0, floor(at.x - radius));
    int y0 = (int)fmax(0.0, floor(at.y - radius));
    int x1 = (int)fmin(size - 1.0, ceil(at.x + radius));
    int y1 = (int)fmin(size - 1.0, ceil(at.y + radius));

    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            double v = value_at(map, size, x, y);
            double distance = hypot(x + 0.5 - at.x, y + 0.5 - at.y) / radius;
            double score = v - slope * distance;
            if (v > 0.0 && score > best && distance <= 1.0) {
                best = score;
                best_value = v;
                best_x = x;
                best_y = y;
            }
        }
    }
    if (peak != NULL && best > 0.0) {
        *peak = centre_of_gravity(map, size, best_x, best_y);
    }
    return best_value;
}

double cc_map_peak(const float *map, int size, cc_point at, double radius, cc_point *peak)
{
    return find_peak(map, size, at, radius, 0.0, peak);
}

int cc_corner_snap(const float *corner_map, int size, cc_quad_fit *fit)
{
    int moved = 0;

    for (int i = 0; i < 4; i++) {
        int before = (i + 3) % 4;
        cc_quad candidate = fit->quad;
        cc_point peak = {0.0, 0.0};

        fit->snapped[i] = false;
        if (fit->on_frame[before] || fit->on_frame[i] ||
            fmin(fit->supporting[before], fit->supporting[i]) >= BADLY_SUPPORTED ||
            find_peak(corner_map, size, fit->quad.corner[i], REACH * size, NEARNESS, &peak) <
                CLEAR_PEAK ||
            cc_point_distance(peak, fit->quad.corner[i]) < LEAST_MOVE) {
            continue;
        }
        candidate.corner[i] = peak;
        if (cc_quad_is_convex(&candidate)) {
            fit->quad = candidate;
            fit->snapped[i] = true;
            moved++;
        }
    }
    return moved;
}
