#include "page/quad_refine.h"

#include <math.h>
#include <string.h>

#include "page/edge_profile.h"
#include "page/side_trace.h"

/* The finest profiles have this step, and each level is this much finer than the
 * one before. */
#define FINEST_STEP 0.5
#define LEVEL_RATIO 2.5

/* An edge point counts for the side if it lies this many steps from it at most:
 * by chance, 5 of the 37 usable steps would. */
#define AGREEMENT 2.5

/* Support below which a level is not believed, and a contrast (grey levels) below
 * which nothing is. */
#define LEAST_SUPPORT 0.5
#define LEAST_CONTRAST 3.0

/* A straight side that fewer stations than this support at the finest level is taken
 * for a curved one, and traced. */
#define STRAIGHT_SUPPORT 0.8

/* Finest step in which a curved side is traced: paper that is not straight is not
 * worth less than a pixel. */
#define TRACE_STEP 1.0

/* What a traced course must have in contrast, against the straight side. */
#define CURVE_GAIN 1.15

/* Share of the stations of a half that must agree on a traced course. */
#define TRACE_SUPPORT 0.7

/* Points that make a course. */
enum { LEAST_COURSE = 12 };

/* A level needs this many stations in the picture. */
enum { LEAST_STATIONS = 24 };

/* Strength of the belief in the first guess when the side is first looked for:
 * standard deviation of its ends as a share of the reach. */
#define GUESS_SPREAD 0.4

enum { FIT_ROUNDS = 4 };

/* Typical edge of the profiles: the root mean square over valid stations. */
static double typical_edge(const cc_profiles *p)
{
    double sum = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        for (int j = 0; j < CC_PROFILE && p->valid[m]; j++) {
            sum += (double)p->edge[m][j] * (double)p->edge[m][j];
        }
    }
    return p->valid_count > 0 ? sqrt(sum / (p->valid_count * CC_PROFILE)) : 0.0;
}

/* What the stations vote, edge by edge. Each vote is limited, so that agreement
 * along the side counts for more than strength in one place. */
typedef struct ballot {
    int stations;
    double t[CC_STATIONS];
    float vote[CC_STATIONS][CC_PROFILE];
} ballot;

/* The side is first looked for with every second station. */
static void collect_votes(const cc_profiles *p, float knee, ballot *votes)
{
    votes->stations = 0;
    for (int m = 0; m < CC_STATIONS; m += 2) {
        if (!p->valid[m]) {
            continue;
        }
        for (int j = 0; j < CC_PROFILE; j++) {
            votes->vote[votes->stations][j] = p->edge[m][j] / (p->edge[m][j] + knee);
        }
        votes->t[votes->stations++] = p->t[m];
    }
}

/* Votes for the straight line from step `first` at the side's start to step `last`
 * at its end. */
static double line_votes(const ballot *votes, int first, int last)
{
    float sum = 0.0F;

    for (int m = 0; m < votes->stations; m++) {
        sum += votes->vote[m][(int)(first + votes->t[m] * (last - first) + 0.5)];
    }
    return (double)sum;
}

/* Where the side roughly runs: the Hough (1962) vote over its two ends, weighted
 * by nearness to the guess. */
static cc_side_model vote_for_side(const cc_profiles *p)
{
    float knee = (float)(2.0 * typical_edge(p));
    double spread = 2.0 * GUESS_SPREAD * CC_STEPS * GUESS_SPREAD * CC_STEPS;
    double best = 0.0;
    double reached;
    cc_side_model model = {0};
    ballot votes;

    if (!(knee > 0.0F)) {
        return model;
    }
    collect_votes(p, knee, &votes);
    reached = line_votes(&votes, CC_STEPS, CC_STEPS);
    for (int first = 2; first < CC_PROFILE - 2; first++) {
        for (int last = 2; last < CC_PROFILE - 2; last++) {
            double from = first - CC_STEPS;
            double to = last - CC_STEPS;
            double weight = exp(-(from * from + to * to) / spread);
            /* A vote is under 1: most ends are too far away to win, whatever they get. */
            if (weight * (votes.stations + 1) < fmax(reached, best)) {
                continue;
            }
            double sum = line_votes(&votes, first, last) * weight;
            if (sum > best) {
                best = sum;
                model.offset = from;
                model.slope = to - from;
            }
        }
    }
    return model;
}

/* One station's edge point near `expected` (steps from the guess): the centre of
 * gravity of the squared gradient in a Gaussian window. */
static cc_side_sample edge_point(const cc_profiles *p, int m, double expected, double window)
{
    cc_side_sample sample = {p->t[m], 0.0, 0.0};
    double sum = 0.0;
    double moment = 0.0;

    for (int j = 2; j < CC_PROFILE - 2; j++) {
        double d = (j - CC_STEPS - expected) / window;
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

/* Limit what one strong station can do: weights relative to the mean, saturating. */
static void balance_weights(cc_side_sample *samples, int count)
{
    double mean = 0.0;

    for (int i = 0; i < count; i++) {
        mean += samples[i].weight / count;
    }
    for (int i = 0; i < count && mean > 0.0; i++) {
        samples[i].weight = samples[i].weight / (samples[i].weight + mean);
    }
}

/* Fit the side to edge points, the window closing in on it round by round. All in
 * steps, relative to the profiles' own middle. */
static bool fit_side(const cc_profiles *p, cc_side_model *model)
{
    static const double windows[FIT_ROUNDS] = {5.0, 4.0, 3.0, 2.5};
    cc_side_sample samples[CC_STATIONS];

    for (int round = 0; round < FIT_ROUNDS; round++) {
        int count = 0;
        for (int m = 0; m < CC_STATIONS; m++) {
            if (p->valid[m]) {
                double expected = cc_side_at(model, p->t[m]);
                samples[count++] = edge_point(p, m, expected, windows[round]);
            }
        }
        balance_weights(samples, count);
        if (!cc_side_fit_best(samples, count, 1.0, model)) {
            return false;
        }
    }
    return true;
}

/* Share of the stations whose strongest edge lies on the side, and the mean step
 * in grey levels there. */
static void judge_side(const cc_profiles *p, const cc_side_model *model, cc_refined_side *side)
{
    int agreeing = 0;
    double contrast = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        double expected = CC_STEPS + cc_side_at(model, p->t[m]);
        int strongest = 0;
        for (int j = 2; j < CC_PROFILE - 2 && p->valid[m]; j++) {
            strongest = p->edge[m][j] > p->edge[m][strongest] ? j : strongest;
            contrast += fabs(j - expected) <= 4.0 ? (double)p->edge[m][j] : 0.0;
        }
        agreeing += strongest > 0 && fabs(strongest - expected) <= AGREEMENT;
    }
    side->support = p->valid_count > 0 ? (double)agreeing / p->valid_count : 0.0;
    side->contrast = p->valid_count > 0 ? contrast / p->valid_count : 0.0;
}

/* Add a fit in steps to the model in pixels. */
static cc_side_model combine(const cc_side_model *model, const cc_side_model *found, double step)
{
    cc_side_model sum = *found;

    sum.offset = model->offset + found->offset * step;
    sum.slope = model->slope + found->slope * step;
    sum.bulge = model->bulge + found->bulge * step;
    sum.residual = found->residual * step;
    sum.end_error[0] = found->end_error[0] * step;
    sum.end_error[1] = found->end_error[1] * step;
    return sum;
}

static double end_shift(const cc_side_model *model)
{
    return fmax(fabs(model->offset), fabs(model->offset + model->slope));
}

/* One level; true if the edge was consistent and *model was updated. */
static bool refine_level(const cc_image *image, cc_point a, cc_point b, double step, bool first,
                         cc_profiles *profiles, cc_side_model *model, cc_refined_side *side)
{
    cc_side_model found = {0};
    cc_refined_side judged = *side;

    cc_profiles_sample(image, a, b, model, step, profiles);
    if (profiles->valid_count < LEAST_STATIONS) {
        return false;
    }
    side->measured = true;
    cc_profiles_edges(profiles);
    if (first) {
        found = vote_for_side(profiles);
    }
    if (!fit_side(profiles, &found)) {
        return false;
    }
    judge_side(profiles, &found, &judged);
    if (first) {
        side->support = judged.support;
        side->contrast = judged.contrast;
    }
    if (judged.support < LEAST_SUPPORT || judged.contrast < LEAST_CONTRAST) {
        return false;
    }
    judged.measured = true;
    judged.moved = true;
    *side = judged;
    *model = combine(model, &found, step);
    return true;
}

/* Where a side runs at its two ends, as the lines that meet others there. */
typedef struct side_ends {
    cc_line line[2];
    bool traced[2];
} side_ends;

static cc_line line_at_end(const cc_side_trace *trace, int end, cc_point a, cc_point b)
{
    cc_side_model local = {.slope = trace->slope[end]};

    local.offset = trace->s[end] - (end == 1 ? trace->slope[1] : 0.0);
    return cc_side_line(&local, a, b);
}

/* The course of a side at the stations, pixels across it; it has two points at least. */
static void course_at_stations(const cc_refine_options *options, int side, cc_point a, cc_point b,
                               double course[CC_STATIONS])
{
    double length = cc_point_distance(a, b);
    cc_line line = cc_line_through(a, b);
    int count = options->course_count[side];
    int k = 0;

    for (int m = 0; m < CC_STATIONS; m++) {
        double t = cc_station_at(m);
        double t0 = 0.0;
        double t1 = 0.0;
        for (;; k++) {
            cc_point p = options->course[side][k];
            cc_point q = options->course[side][k + 1];
            t0 = ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / (length * length);
            t1 = ((q.x - a.x) * (b.x - a.x) + (q.y - a.y) * (b.y - a.y)) / (length * length);
            if (t <= t1 || k + 2 >= count) {
                break;
            }
        }
        double s0 = cc_line_distance(&line, options->course[side][k]);
        double s1 = cc_line_distance(&line, options->course[side][k + 1]);
        double u = t1 > t0 ? fmin(1.0, fmax(0.0, (t - t0) / (t1 - t0))) : 0.0;
        course[m] = s0 + u * (s1 - s0);
    }
}

/* Follow a side that is not straight. */
static void trace_side(const cc_image *image, cc_point a, cc_point b,
                       const double course[CC_STATIONS], double reach, const cc_side_model *model,
                       cc_profiles *profiles, side_ends *ends, cc_refined_side *side)
{
    cc_side_trace trace;

    if (!cc_side_trace_run(image, a, b, course, reach, TRACE_STEP, profiles, &trace) ||
        trace.contrast < (side->moved ? CURVE_GAIN : 1.0) * side->contrast) {
        return;
    }
    for (int end = 0; end < 2; end++) {
        /* A difference within the spread of the edge points is noise: straight is simpler. */
        double change = fabs(trace.s[end] - cc_side_at(model, end));
        if (trace.support[end] >= TRACE_SUPPORT && (!side->moved || change > trace.spread)) {
            ends->line[end] = line_at_end(&trace, end, a, b);
            ends->traced[end] = true;
        }
    }
    side->support = fmax(side->support, 0.5 * (trace.support[0] + trace.support[1]));
}

/* All levels of side i; *model ends as the refined side in pixels. */
static void refine_side(const cc_image *image, cc_point a, cc_point b,
                        const cc_refine_options *options, int i, cc_side_model *model,
                        side_ends *ends, cc_refined_side *side)
{
    cc_profiles profiles;
    cc_side_model guess = *model;
    double course[CC_STATIONS];
    double reach = options->reach;
    double step = fmax(FINEST_STEP, reach / CC_STEPS);
    bool first = true;
    bool consistent;

    while ((consistent = refine_level(image, a, b, step, first, &profiles, model, side)) &&
           step > FINEST_STEP) {
        step = fmax(FINEST_STEP, step / LEVEL_RATIO);
        first = false;
    }
    if (end_shift(model) > reach) {
        *model = guess;
        side->moved = false;
        consistent = false;
    }
    if (side->measured && options->course_count[i] >= LEAST_COURSE &&
        (!consistent || side->support < STRAIGHT_SUPPORT || model->bulge != 0.0)) {
        course_at_stations(options, i, a, b, course);
        trace_side(image, a, b, course, reach, model, &profiles, ends, side);
    }
    side->shift = end_shift(model);
    side->residual = model->residual;
    side->bulge = model->bulge;
}

/* Put the refined sides together; false if they form no plausible quad. */
static bool intersect_sides(const cc_line line[4], const cc_quad *old, double reach, cc_quad *quad)
{
    for (int i = 0; i < 4; i++) {
        double sine = sin(cc_quad_angle(old, i) * (3.14159265358979323846 / 180.0));
        if (!cc_line_intersect(&line[(i + 3) % 4], &line[i], &quad->corner[i]) ||
            cc_point_distance(quad->corner[i], old->corner[i]) > 2.0 * reach / fmax(0.1, sine)) {
            return false;
        }
    }
    return cc_quad_is_convex(quad);
}

/* Corners where a traced side ends: where it meets its neighbour, if that is near. */
static void intersect_traces(const side_ends ends[4], double reach, cc_quad *quad)
{
    for (int i = 0; i < 4; i++) {
        const side_ends *before = &ends[(i + 3) % 4];
        cc_quad changed = *quad;
        double sine = sin(cc_quad_angle(quad, i) * (3.14159265358979323846 / 180.0));

        if ((before->traced[1] || ends[i].traced[0]) &&
            cc_line_intersect(&before->line[1], &ends[i].line[0], &changed.corner[i]) &&
            cc_point_distance(changed.corner[i], quad->corner[i]) <=
                2.5 * reach / fmax(0.1, sine) &&
            cc_quad_is_convex(&changed)) {
            *quad = changed;
        }
    }
}

static void corner_errors(const cc_side_model model[4], cc_refinement *refinement)
{
    for (int i = 0; i < 4; i++) {
        int before = (i + 3) % 4;
        double sine = sin(cc_quad_angle(&refinement->quad, i) * (3.14159265358979323846 / 180.0));
        if (refinement->side[before].moved && refinement->side[i].moved) {
            refinement->corner_error[i] =
                hypot(model[before].end_error[1], model[i].end_error[0]) / fmax(0.1, sine);
        }
    }
}

void cc_quad_refine(const cc_image *image, const cc_quad *quad, const cc_refine_options *options,
                    cc_refinement *refinement)
{
    cc_side_model model[4];
    cc_line line[4];
    side_ends ends[4];

    memset(refinement, 0, sizeof *refinement);
    memset(model, 0, sizeof model);
    memset(ends, 0, sizeof ends);
    refinement->quad = *quad;
    for (int i = 0; i < 4; i++) {
        cc_point a = quad->corner[i];
        cc_point b = quad->corner[(i + 1) % 4];

        model[i].bulge = options->bulge[i];
        if (!options->fixed[i] && cc_point_distance(a, b) >= 8.0) {
            refine_side(image, a, b, options, i, &model[i], &ends[i], &refinement->side[i]);
        }
        line[i] = cc_side_line(&model[i], a, b);
        for (int end = 0; end < 2; end++) {
            ends[i].line[end] = ends[i].traced[end] ? ends[i].line[end] : line[i];
            refinement->traced += ends[i].traced[end];
        }
    }
    if (!intersect_sides(line, quad, options->reach, &refinement->quad)) {
        refinement->quad = *quad;
        for (int i = 0; i < 4; i++) {
            refinement->side[i].moved = false;
            refinement->side[i].shift = 0.0;
        }
    }
    intersect_traces(ends, options->reach, &refinement->quad);
    corner_errors(model, refinement);
}
