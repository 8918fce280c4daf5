#include "page/side_trace.h"

#include <math.h>
#include <string.h>

/* A course may change by this many steps from one station to the next, and what each
 * step of change costs against a vote of at most 1. */
enum { MOST_CHANGE = 2 };
#define CHANGE_COST 0.12

/* What being at the rim of the profiles costs: of two equal edges the nearer counts. */
#define RIM_COST 0.15

/* Width of the window around the path in which a station's edge point is looked for. */
#define WINDOW 1.8

/* Stations at this distance from an end, as a share of the side, count exp(-1/2) for it. */
#define LOCALITY 0.22

/* A station supports the course if its point lies within this many steps of the fit. */
#define AGREEMENT 2.0
enum { LEAST_STATIONS = 24 };

/* Edges within this many steps of the course make up its contrast. */
#define CONTRAST_REACH 3.0

/* A course that changes by more than this (26 degrees), measured over some stations, is
 * no curl; at most this many stations of an end are left out for it; after a gap of this
 * share of the side the end is prolonged straight. */
#define STEEP 0.5
#define LONG_GAP 0.08
enum { SLOPE_SPAN = 5, MOST_TRIMMED = 36 };

typedef struct lattice {
    float score[CC_STATIONS][CC_PROFILE];
    signed char from[CC_STATIONS][CC_PROFILE]; /* step at the station before */
} lattice;

/* Root mean square of the edges of the stations in the picture. */
static float typical_edge(const cc_profiles *p)
{
    double sum = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        for (int j = 0; j < CC_PROFILE && p->valid[m]; j++) {
            sum += (double)p->edge[m][j] * (double)p->edge[m][j];
        }
    }
    return p->valid_count > 0 ? (float)sqrt(sum / (p->valid_count * CC_PROFILE)) : 0.0F;
}

static float vote(const cc_profiles *p, int m, int j, float knee)
{
    float off = (float)(j - CC_STEPS) / CC_STEPS;
    float edge = p->valid[m] ? p->edge[m][j] : 0.0F;

    return edge / (edge + knee) - (float)RIM_COST * off * off;
}

static void forward(const cc_profiles *p, float knee, lattice *l)
{
    for (int j = 0; j < CC_PROFILE; j++) {
        l->score[0][j] = vote(p, 0, j, knee);
        l->from[0][j] = (signed char)j;
    }
    for (int m = 1; m < CC_STATIONS; m++) {
        for (int j = 0; j < CC_PROFILE; j++) {
            float best = -1e30F;
            for (int d = -MOST_CHANGE; d <= MOST_CHANGE; d++) {
                int k = j + d;
                if (k < 0 || k >= CC_PROFILE) {
                    continue;
                }
                float score = l->score[m - 1][k] - (float)(CHANGE_COST * (d < 0 ? -d : d));
                if (score > best) {
                    best = score;
                    l->from[m][j] = (signed char)k;
                }
            }
            l->score[m][j] = best + vote(p, m, j, knee);
        }
    }
}

/* The cheapest course, as a step for each station, smoothed over five stations. */
static void best_path(const cc_profiles *p, float knee, double path[CC_STATIONS])
{
    lattice l;
    int raw[CC_STATIONS];
    int j = 0;

    forward(p, knee, &l);
    for (int k = 1; k < CC_PROFILE; k++) {
        j = l.score[CC_STATIONS - 1][k] > l.score[CC_STATIONS - 1][j] ? k : j;
    }
    for (int m = CC_STATIONS - 1; m >= 0; m--) {
        raw[m] = j;
        j = l.from[m][j];
    }
    for (int m = 0; m < CC_STATIONS; m++) {
        double sum = 0.0;
        int count = 0;
        for (int k = m - 2; k <= m + 2; k++) {
            if (k >= 0 && k < CC_STATIONS) {
                sum += raw[k] - CC_STEPS;
                count++;
            }
        }
        path[m] = sum / count;
    }
}

/* The edge point of a station near step `expected`: centre of gravity of the squared
 * edge in a Gaussian window. */
static cc_side_sample edge_point(const cc_profiles *p, int m, double expected)
{
    cc_side_sample sample = {p->t[m], expected, 0.0};
    double sum = 0.0;
    double moment = 0.0;

    for (int j = 2; j < CC_PROFILE - 2; j++) {
        double d = (j - CC_STEPS - expected) / WINDOW;
        double w = (double)p->edge[m][j] * (double)p->edge[m][j] * exp(-0.5 * d * d);
        sum += w;
        moment += w * (j - CC_STEPS);
    }
    if (sum > 0.0) {
        sample.s = moment / sum;
        sample.weight = sqrt(sum);
    }
    return sample;
}

/* Edge points of all stations around a path, in pixels across the side; returns how
 * many. Weights saturate, so that one strong station does not decide. */
static int collect(const cc_profiles *p, const double base[CC_STATIONS], cc_side_sample *samples)
{
    double mean = 0.0;
    int count = 0;

    for (int m = 0; m < CC_STATIONS; m++) {
        if (p->valid[m]) {
            samples[count] = edge_point(p, m, (base[m] - p->offset[m]) / p->step);
            samples[count].s = p->offset[m] + samples[count].s * p->step;
            mean += samples[count].weight;
            count++;
        }
    }
    mean = count > 0 ? mean / count : 0.0;
    for (int i = 0; i < count && mean > 0.0; i++) {
        samples[i].weight /= samples[i].weight + mean;
    }
    return count;
}

/* Stations at one end whose course turns away from the side by more than a sheet's
 * curl does; returns the first (or last) that counts. */
static int trim(const double course[CC_STATIONS], double spacing, int end)
{
    int step = end == 0 ? 1 : -1;
    int m = end == 0 ? 0 : CC_STATIONS - 1;
    int kept = m;

    for (int k = 0; k < MOST_TRIMMED; k++, m += step) {
        double slope = (course[m + step * SLOPE_SPAN] - course[m]) / (SLOPE_SPAN * spacing);
        if (fabs(slope) > STEEP) {
            kept = m + step * SLOPE_SPAN;
        }
    }
    return kept;
}

/* Fit the stations near one end (0 or 1), from `limit` on; adds to the squared spread. */
static bool fit_end(const cc_side_sample *samples, int count, int end, double limit, double scale,
                    cc_side_trace *trace, double *square_sum)
{
    int supporting = 0;
    int half = 0;
    cc_side_sample local[CC_STATIONS];
    cc_side_model model;
    bool trimmed = fabs(limit - end) > LONG_GAP;

    for (int i = 0; i < count; i++) {
        double d = (samples[i].t - limit) / LOCALITY;
        bool beyond = end == 0 ? samples[i].t < limit : samples[i].t > limit;
        local[i] = samples[i];
        local[i].weight *= beyond ? 0.0 : exp(-0.5 * d * d);
    }
    if (!cc_side_fit(local, count, scale, !trimmed, &model)) {
        return false;
    }
    trace->s[end] = model.offset + (end == 1 ? model.slope : 0.0);
    trace->slope[end] = model.slope + (end == 0 ? 4.0 : -4.0) * model.bulge;
    for (int i = 0; i < count; i++) {
        if ((samples[i].t < 0.5) == (end == 0)) {
            double r = fabs(samples[i].s - cc_side_at(&model, samples[i].t));
            half++;
            supporting += r <= AGREEMENT * scale && samples[i].weight > 0.2;
            *square_sum += fmin(r * r, 16.0 * scale * scale);
        }
    }
    trace->support[end] = half > 0 ? (double)supporting / half : 0.0;
    return true;
}

/* Sample around base, find the path there, and add it to base. */
static bool follow(const cc_image *image, cc_point a, cc_point b, double step,
                   double base[CC_STATIONS], cc_profiles *p)
{
    double path[CC_STATIONS];

    cc_profiles_sample_path(image, a, b, base, step, p);
    if (p->valid_count < LEAST_STATIONS) {
        return false;
    }
    cc_profiles_edges(p);
    best_path(p, fmaxf(2.0F * typical_edge(p), 1e-6F), path);
    for (int m = 0; m < CC_STATIONS; m++) {
        base[m] += path[m] * step;
    }
    return true;
}

/* Mean over the stations of the edges within two steps of a finest profile's worth. */
static double contrast_along(const cc_profiles *p, const double base[CC_STATIONS])
{
    double sum = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        double at = CC_STEPS + (base[m] - p->offset[m]) / p->step;
        for (int j = 2; j < CC_PROFILE - 2 && p->valid[m]; j++) {
            sum += fabs(j - at) <= CONTRAST_REACH ? (double)p->edge[m][j] : 0.0;
        }
    }
    return p->valid_count > 0 ? sum / p->valid_count : 0.0;
}

bool cc_side_trace_run(const cc_image *image, cc_point a, cc_point b,
                       const double course[CC_STATIONS], double reach, double fine_step,
                       cc_profiles *profiles, cc_side_trace *trace)
{
    cc_side_sample samples[CC_STATIONS];
    double base[CC_STATIONS];
    double spacing = cc_point_distance(a, b) * (cc_station_at(1) - cc_station_at(0));
    double step = fmax(fine_step, reach / CC_STEPS);
    double square_sum = 0.0;
    int count;

    memset(trace, 0, sizeof *trace);
    memcpy(base, course, sizeof base);
    if (!follow(image, a, b, step, base, profiles)) {
        return false;
    }
    if (step > 1.25 * fine_step && !follow(image, a, b, fine_step, base, profiles)) {
        return false;
    }
    count = collect(profiles, base, samples);
    for (int end = 0; end < 2; end++) {
        double limit = cc_station_at(trim(base, spacing, end));
        if (count == 0 ||
            !fit_end(samples, count, end, limit, profiles->step, trace, &square_sum)) {
            memset(trace, 0, sizeof *trace);
            return false;
        }
    }
    trace->contrast = contrast_along(profiles, base);
    trace->spread = sqrt(square_sum / count);
    return true;
}
