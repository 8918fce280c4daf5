#include "page/quad_fit.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "page/hull.h"

/* Coverage limits: 0.4 % of the picture is a page of 8 x 8 map pixels. */
#define LEAST_COVERAGE 0.004
#define FULL_COVERAGE 0.985

/* Width of the robust weights and of the capture zone around a side, map pixels
 * per map of 128 (the rehearsal's 1.5 and 3 % of a map of 512). */
#define FIT_SCALE 0.35
#define FIRST_REACH 4.0
#define LATER_REACH 3.0

/* Parts of a side next to its corners that are left out. */
#define CORNER_MARGIN 0.04

/* How much overlap with the outline a round may lose before it is refused, and
 * how much of the area taken off by a bulge is forgiven. */
#define IOU_SLACK 0.004

enum { ROUNDS = 4, LEAST_SAMPLES = 6 };

typedef struct fitter {
    const cc_outline *outline;
    cc_point *scratch;
    cc_side_sample *samples;
    double unit; /* map size / 128 */
} fitter;

double cc_outline_quad_iou(const cc_outline *outline, const cc_quad *quad, cc_point *scratch)
{
    cc_quad frame = cc_quad_of_frame(outline->size, outline->size);
    cc_point *polygon = scratch + 2 * (size_t)CC_CLIP_CAPACITY(outline->count);
    cc_point small[2 * CC_CLIP_CAPACITY(4)];
    double shared;
    double joint;

    for (int i = 0; i < outline->count; i++) {
        polygon[i] = outline->points[i].at;
    }
    shared = cc_polygon_area_inside(polygon, outline->count, quad, scratch);
    joint = outline->area + cc_polygon_area_inside(quad->corner, 4, &frame, small) - shared;
    return joint > 0.0 ? shared / joint : 0.0;
}

/* Half width of the zone along a side whose outline points make up its course, and how
 * many points of one part take part in the median. */
#define COURSE_REACH 7.0
enum { COURSE_POINTS = 24 };

static int nearest_side(const cc_quad *quad, cc_point p, double *distance)
{
    int best = 0;

    *distance = INFINITY;
    for (int side = 0; side < 4; side++) {
        double d = cc_segment_distance(quad->corner[side], quad->corner[(side + 1) % 4], p);
        if (d < *distance) {
            *distance = d;
            best = side;
        }
    }
    return best;
}

/* Turn a point into the frame of a side; false outside the middle part. */
static bool to_side(cc_point a, cc_point b, cc_point p, cc_side_sample *sample)
{
    cc_line line = cc_line_through(a, b);
    double length = cc_point_distance(a, b);
    double along = ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length;

    sample->t = along / length;
    sample->s = cc_line_distance(&line, p);
    sample->weight = 1.0;
    return sample->t > CORNER_MARGIN && sample->t < 1.0 - CORNER_MARGIN;
}

/* Samples of one side; *frame_share is the share of them on the picture's frame.
 * Those are kept only if they are the majority. */
static int collect_side(const fitter *f, const cc_quad *quad, int side, double reach,
                        double *frame_share)
{
    const cc_outline *outline = f->outline;
    cc_point a = quad->corner[side];
    cc_point b = quad->corner[(side + 1) % 4];
    int count = 0;
    int free_count = 0;

    for (int i = 0; i < outline->count; i++) {
        double distance;
        if (nearest_side(quad, outline->points[i].at, &distance) != side || distance > reach ||
            !to_side(a, b, outline->points[i].at, &f->samples[count])) {
            continue;
        }
        f->samples[count].weight = outline->points[i].on_frame ? 0.0 : 1.0;
        free_count += !outline->points[i].on_frame;
        count++;
    }
    *frame_share = count > 0 ? (double)(count - free_count) / count : 0.0;
    for (int i = 0; i<count && * frame_share> 0.5; i++) {
        f->samples[i].weight = 1.0;
    }
    return count;
}

/* One round: refit all sides of `from`; false if they do not form a quad. */
static bool fit_round(const fitter *f, const cc_quad *from, double reach, cc_quad_fit *fit)
{
    cc_line line[4];

    for (int side = 0; side < 4; side++) {
        cc_point a = from->corner[side];
        cc_point b = from->corner[(side + 1) % 4];
        cc_side_model model = {0};
        double frame_share;
        int count = collect_side(f, from, side, reach, &frame_share);

        fit->on_frame[side] = frame_share > 0.5;
        if (count < LEAST_SAMPLES ||
            !cc_side_fit_best(f->samples, count, FIT_SCALE * f->unit, &model)) {
            memset(&model, 0, sizeof model);
        }
        line[side] = cc_side_line(&model, a, b);
        fit->residual[side] = fit->on_frame[side] ? 0.0 : model.residual;
        fit->supporting[side] = model.supporting;
        fit->bulge[side] = model.bulge;
    }
    for (int corner = 0; corner < 4; corner++) {
        if (!cc_line_intersect(&line[(corner + 3) % 4], &line[corner], &fit->quad.corner[corner])) {
            return false;
        }
    }
    return cc_quad_is_convex(&fit->quad);
}

/* Corners may lie outside the frame, but not more than a whole picture away. */
static bool is_plausible(const cc_quad *quad, double size)
{
    for (int i = 0; i < 4; i++) {
        cc_point p = quad->corner[i];
        if (!(p.x > -size && p.y > -size && p.x < 2.0 * size && p.y < 2.0 * size)) {
            return false;
        }
    }
    return true;
}

/* Area between the curved sides and their chords, as a share of the outline:
 * two thirds of chord times bulge each. */
static double bulge_share(const cc_quad_fit *fit, double area)
{
    double sum = 0.0;

    for (int side = 0; side < 4; side++) {
        sum += fabs(fit->bulge[side]) *
               cc_point_distance(fit->quad.corner[side], fit->quad.corner[(side + 1) % 4]);
    }
    return sum * (2.0 / 3.0) / area;
}

static void fit_rounds(const fitter *f, cc_quad_fit *fit)
{
    fit->iou = cc_outline_quad_iou(f->outline, &fit->quad, f->scratch);
    for (int round = 0; round < ROUNDS; round++) {
        cc_quad_fit next = {.outcome = CC_FIT_QUAD};
        double reach = (round == 0 ? FIRST_REACH : LATER_REACH) * f->unit;

        if (!fit_round(f, &fit->quad, reach, &next) ||
            !is_plausible(&next.quad, f->outline->size)) {
            return;
        }
        next.iou = cc_outline_quad_iou(f->outline, &next.quad, f->scratch);
        if (next.iou + bulge_share(&next, f->outline->area) < fit->iou - IOU_SLACK) {
            return;
        }
        *fit = next;
    }
}

/* Rotate the order of corners and what belongs to the sides together. */
static void order_fit(cc_quad_fit *fit)
{
    cc_quad_fit old = *fit;
    int first = 0;

    cc_quad_order(&fit->quad);
    while (first < 3 && (old.quad.corner[first].x != fit->quad.corner[0].x ||
                         old.quad.corner[first].y != fit->quad.corner[0].y)) {
        first++;
    }
    for (int i = 0; i < 4; i++) {
        int from = (first + i) % 4;
        fit->on_frame[i] = old.on_frame[from];
        fit->residual[i] = old.residual[from];
        fit->supporting[i] = old.supporting[from];
        fit->bulge[i] = old.bulge[from];
    }
}

static cc_status fit_with_scratch(const cc_outline *outline, cc_quad_fit *fit, cc_error *error)
{
    size_t points = 2 * (size_t)CC_CLIP_CAPACITY((size_t)outline->count) + (size_t)outline->count;
    fitter f = {.outline = outline, .unit = outline->size / 128.0};
    cc_status status = CC_OK;

    f.scratch = cc_alloc_array(points, sizeof *f.scratch);
    f.samples = cc_alloc_array((size_t)outline->count, sizeof *f.samples);
    if (f.scratch == NULL || f.samples == NULL) {
        status = cc_fail_memory(error, points * sizeof *f.scratch);
    } else {
        fit_rounds(&f, fit);
        order_fit(fit);
    }
    cc_free(f.scratch);
    cc_free(f.samples);
    return status;
}

static double median(double *value, int count)
{
    for (int i = 1; i < count; i++) {
        double v = value[i];
        int j = i;
        for (; j > 0 && value[j - 1] > v; j--) {
            value[j] = value[j - 1];
        }
        value[j] = v;
    }
    return value[count / 2];
}

/* The parts of one side, from the distances gathered for each. */
static void course_of_side(cc_quad_fit *fit, int side, double (*across)[COURSE_POINTS],
                           const int *gathered)
{
    cc_point a = fit->quad.corner[side];
    cc_point b = fit->quad.corner[(side + 1) % 4];
    cc_line line = cc_line_through(a, b);

    fit->course_count[side] = 0;
    for (int k = 0; k < CC_COURSE; k++) {
        if (gathered[k] > 0) {
            double t = (k + 0.5) / CC_COURSE;
            double s = median(across[k], gathered[k]);
            fit->course[side][fit->course_count[side]++] = (cc_point){
                a.x + t * (b.x - a.x) + s * line.nx, a.y + t * (b.y - a.y) + s * line.ny};
        }
    }
}

void cc_quad_fit_course(const cc_outline *outline, cc_quad_fit *fit)
{
    double across[4][CC_COURSE][COURSE_POINTS];
    int gathered[4][CC_COURSE];
    double reach = COURSE_REACH * outline->size / 128.0;

    memset(gathered, 0, sizeof gathered);
    for (int i = 0; i < outline->count; i++) {
        cc_point p = outline->points[i].at;
        double distance;
        int side = nearest_side(&fit->quad, p, &distance);
        cc_point a = fit->quad.corner[side];
        cc_point b = fit->quad.corner[(side + 1) % 4];
        double length = cc_point_distance(a, b);
        double t = ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / (length * length);
        int k = (int)(t * CC_COURSE);
        if (distance > reach || outline->points[i].on_frame || !(t >= 0.0) || k >= CC_COURSE ||
            gathered[side][k] >= COURSE_POINTS) {
            continue;
        }
        cc_line line = cc_line_through(a, b);
        across[side][k][gathered[side][k]++] = cc_line_distance(&line, p);
    }
    for (int side = 0; side < 4; side++) {
        course_of_side(fit, side, across[side], gathered[side]);
    }
}

cc_status cc_quad_fit_outline(const cc_outline *outline, cc_quad_fit *fit, cc_error *error)
{
    bool found = false;
    cc_status status;

    memset(fit, 0, sizeof *fit);
    fit->outcome = CC_FIT_EMPTY;
    if (outline->count == 0 || outline->coverage < LEAST_COVERAGE) {
        return CC_OK;
    }
    if (outline->coverage > FULL_COVERAGE) {
        fit->outcome = CC_FIT_FULL;
        return CC_OK;
    }
    status = cc_hull_quad(outline, &fit->quad, &found, error);
    if (status != CC_OK) {
        return status;
    }
    if (!found) {
        fit->outcome = CC_FIT_SHAPELESS;
        return CC_OK;
    }
    fit->outcome = CC_FIT_QUAD;
    return fit_with_scratch(outline, fit, error);
}
