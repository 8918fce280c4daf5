#include "page/geometry.h"

#include <math.h>

/* Smallest |sine| of the angle between two lines that counts as a meeting. */
#define PARALLEL_SINE 1e-3

/* Coordinates of pictures: nothing for hypot, ten times as slow, to save from overflow. */
static double length_of(double x, double y)
{
    return sqrt(x * x + y * y);
}

double cc_point_distance(cc_point a, cc_point b)
{
    return length_of(a.x - b.x, a.y - b.y);
}

cc_line cc_line_through(cc_point a, cc_point b)
{
    double dx = b.x - a.x;
    double dy = b.y - a.y;
    double length = length_of(dx, dy);
    cc_line line = {0.0, 0.0, 0.0};

    if (length > 0.0) {
        line.nx = -dy / length;
        line.ny = dx / length;
        line.c = line.nx * a.x + line.ny * a.y;
    }
    return line;
}

double cc_line_distance(const cc_line *line, cc_point point)
{
    return line->nx * point.x + line->ny * point.y - line->c;
}

bool cc_line_intersect(const cc_line *a, const cc_line *b, cc_point *meeting)
{
    double determinant = a->nx * b->ny - a->ny * b->nx;

    if (!(fabs(determinant) > PARALLEL_SINE)) {
        return false;
    }
    meeting->x = (a->c * b->ny - a->ny * b->c) / determinant;
    meeting->y = (a->nx * b->c - a->c * b->nx) / determinant;
    return true;
}

double cc_segment_distance(cc_point a, cc_point b, cc_point point)
{
    double dx = b.x - a.x;
    double dy = b.y - a.y;
    double squared = dx * dx + dy * dy;
    double t = 0.0;

    if (squared > 0.0) {
        t = ((point.x - a.x) * dx + (point.y - a.y) * dy) / squared;
        t = t > 0.0 ? t : 0.0;
        t = t < 1.0 ? t : 1.0;
    }
    return length_of(point.x - a.x - t * dx, point.y - a.y - t * dy);
}

double cc_polygon_area(const cc_point *points, int count)
{
    double sum = 0.0;

    for (int i = 0; i < count; i++) {
        const cc_point *a = &points[i];
        const cc_point *b = &points[(i + 1) % count];
        sum += a->x * b->y - b->x * a->y;
    }
    return 0.5 * sum;
}

/* Cut a polygon by one half-plane: the side of the line its normal points to. */
static int clip_by_line(const cc_point *in, int count, const cc_line *line, cc_point *out)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        cc_point p = in[i];
        cc_point q = in[(i + 1) % count];
        double dp = cc_line_distance(line, p);
        double dq = cc_line_distance(line, q);

        if (dp >= 0.0) {
            out[kept++] = p;
        }
        if ((dp >= 0.0) != (dq >= 0.0)) {
            double t = dp / (dp - dq);
            out[kept].x = p.x + t * (q.x - p.x);
            out[kept].y = p.y + t * (q.y - p.y);
            kept++;
        }
    }
    return kept;
}

/* Clip by the four sides of a quad; *result points into scratch. */
static int clip_by_quad(const cc_point *points, int count, const cc_quad *quad, cc_point *scratch,
                        const cc_point **result)
{
    int capacity = CC_CLIP_CAPACITY(count);
    const cc_point *in = points;

    for (int i = 0; i < 4; i++) {
        cc_line side = cc_line_through(quad->corner[i], quad->corner[(i + 1) % 4]);
        cc_point *out = scratch + (i % 2 == 0 ? 0 : capacity);
        count = clip_by_line(in, count, &side, out);
        in = out;
    }
    *result = in;
    return count;
}

double cc_polygon_area_inside(const cc_point *points, int count, const cc_quad *quad,
                              cc_point *scratch)
{
    const cc_point *inside;
    int left = clip_by_quad(points, count, quad, scratch, &inside);

    return fabs(cc_polygon_area(inside, left));
}

cc_quad cc_quad_of_frame(double width, double height)
{
    cc_quad frame = {{{0.0, 0.0}, {width, 0.0}, {width, height}, {0.0, height}}};
    return frame;
}

cc_quad cc_quad_scale(const cc_quad *quad, double x, double y)
{
    cc_quad scaled;

    for (int i = 0; i < 4; i++) {
        scaled.corner[i].x = quad->corner[i].x * x;
        scaled.corner[i].y = quad->corner[i].y * y;
    }
    return scaled;
}

void cc_quad_order(cc_quad *quad)
{
    cc_quad old = *quad;
    int step = cc_polygon_area(old.corner, 4) < 0.0 ? 3 : 1;
    int first = 0;

    for (int i = 1; i < 4; i++) {
        if (hypot(old.corner[i].x, old.corner[i].y) <
            hypot(old.corner[first].x, old.corner[first].y)) {
            first = i;
        }
    }
    for (int i = 0; i < 4; i++) {
        quad->corner[i] = old.corner[(first + i * step) % 4];
    }
}

/* Twice the signed area of the triangle at a corner. */
static double corner_turn(const cc_quad *quad, int corner)
{
    cc_point a = quad->corner[(corner + 3) % 4];
    cc_point b = quad->corner[corner];
    cc_point c = quad->corner[(corner + 1) % 4];

    return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
}

bool cc_quad_is_convex(const cc_quad *quad)
{
    for (int i = 0; i < 4; i++) {
        if (!isfinite(quad->corner[i].x) || !isfinite(quad->corner[i].y) ||
            !(corner_turn(quad, i) > 0.0)) {
            return false;
        }
    }
    return true;
}

double cc_quad_angle(const cc_quad *quad, int corner)
{
    cc_point a = quad->corner[(corner + 3) % 4];
    cc_point b = quad->corner[corner];
    cc_point c = quad->corner[(corner + 1) % 4];
    double dot = (a.x - b.x) * (c.x - b.x) + (a.y - b.y) * (c.y - b.y);

    return atan2(fabs(corner_turn(quad, corner)), dot) * (180.0 / 3.14159265358979323846);
}

double cc_quad_iou(const cc_quad *a, const cc_quad *b, double width, double height)
{
    cc_quad frame = cc_quad_of_frame(width, height);
    cc_point of_a[2 * CC_CLIP_CAPACITY(4)];
    cc_point of_b[2 * CC_CLIP_CAPACITY(4)];
    cc_point both[2 * CC_CLIP_CAPACITY(8)];
    const cc_point *visible;
    int count = clip_by_quad(a->corner, 4, &frame, of_a, &visible);
    double area_a = fabs(cc_polygon_area(visible, count));
    double area_b = cc_polygon_area_inside(b->corner, 4, &frame, of_b);
    double shared = cc_polygon_area_inside(visible, count, b, both);
    double joint = area_a + area_b - shared;

    return joint > 0.0 ? shared / joint : 0.0;
}

double cc_quad_largest_move(const cc_quad *a, const cc_quad *b)
{
    double largest = 0.0;

    for (int i = 0; i < 4; i++) {
        largest = fmax(largest, cc_point_distance(a->corner[i], b->corner[i]));
    }
    return largest;
}
