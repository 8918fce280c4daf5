#include "page/hull.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

/* What area added over a side that lies on the frame costs, against others. */
#define FRAME_SIDE_COST 0.3

/* How near the frame, in map pixels, both ends of such a side are. */
#define FRAME_REACH 0.6

static int by_x_then_y(const void *a, const void *b)
{
    const cc_point *p = a;
    const cc_point *q = b;

    if (p->x != q->x) {
        return p->x < q->x ? -1 : 1;
    }
    return p->y < q->y ? -1 : p->y > q->y;
}

static double turn(cc_point a, cc_point b, cc_point c)
{
    return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
}

/* Andrew's monotone chain (1979): one chain of the hull over points in order. */
static int chain(const cc_point *points, int count, int step, int start, cc_point *hull)
{
    int used = start;

    for (int i = 0; i < count; i++) {
        cc_point p = points[step > 0 ? i : count - 1 - i];
        while (used >= start + 2 && turn(hull[used - 2], hull[used - 1], p) <= 0.0) {
            used--;
        }
        hull[used++] = p;
    }
    return used - 1; /* the last point begins the other chain */
}

/* Clockwise hull of sorted points; `hull` has room for count + 2. */
static int convex_hull(const cc_point *sorted, int count, cc_point *hull)
{
    int upper = chain(sorted, count, 1, 0, hull);

    return chain(sorted, count, -1, upper, hull);
}

static bool on_same_frame_side(cc_point a, cc_point b, double size)
{
    return (a.x < FRAME_REACH && b.x < FRAME_REACH) || (a.y < FRAME_REACH && b.y < FRAME_REACH) ||
           (a.x > size - FRAME_REACH && b.x > size - FRAME_REACH) ||
           (a.y > size - FRAME_REACH && b.y > size - FRAME_REACH);
}

/* What dropping the side b-c between the sides a-b and c-d costs: the area of the
 * triangle that its neighbours then enclose. Negative if they do not meet. */
static double drop_cost(cc_point a, cc_point b, cc_point c, cc_point d, double size,
                        cc_point *meeting)
{
    cc_line before = cc_line_through(a, b);
    cc_line after = cc_line_through(c, d);
    double cost;

    if (!cc_line_intersect(&before, &after, meeting)) {
        return -1.0;
    }
    if ((meeting->x - b.x) * (b.x - a.x) + (meeting->y - b.y) * (b.y - a.y) < 0.0 ||
        (meeting->x - c.x) * (c.x - d.x) + (meeting->y - c.y) * (c.y - d.y) < 0.0) {
        return -1.0;
    }
    cost = 0.5 * fabs(turn(b, *meeting, c));
    return on_same_frame_side(b, c, size) ? FRAME_SIDE_COST * cost : cost;
}

/* Drop the cheapest side of a convex polygon; false if none can be dropped. */
static bool drop_one_side(cc_point *points, int count, double size)
{
    double best_cost = -1.0;
    cc_point best_meeting = {0.0, 0.0};
    int best = 0;

    for (int i = 0; i < count; i++) {
        cc_point meeting;
        double cost = drop_cost(points[(i + count - 1) % count], points[i], points[(i + 1) % count],
                                points[(i + 2) % count], size, &meeting);
        if (cost >= 0.0 && (best_cost < 0.0 || cost < best_cost)) {
            best_cost = cost;
            best_meeting = meeting;
            best = i;
        }
    }
    if (best_cost < 0.0) {
        return false;
    }
    points[best] = best_meeting;
    for (int i = (best + 1) % count; i + 1 < count; i++) {
        points[i] = points[i + 1];
    }
    return true;
}

cc_status cc_hull_quad(const cc_outline *outline, cc_quad *quad, bool *found, cc_error *error)
{
    size_t room = (size_t)outline->count * 2 + 2;
    cc_point *sorted = cc_alloc_array(room, sizeof *sorted);

    *found = false;
    if (sorted == NULL) {
        return cc_fail_memory(error, room * sizeof *sorted);
    }
    for (int i = 0; i < outline->count; i++) {
        sorted[i] = outline->points[i].at;
    }
    qsort(sorted, (size_t)outline->count, sizeof *sorted, by_x_then_y);
    cc_point *hull = sorted + outline->count;
    int sides = convex_hull(sorted, outline->count, hull);
    while (sides > 4 && drop_one_side(hull, sides, outline->size)) {
        sides--;
    }
    if (sides == 4) {
        for (int i = 0; i < 4; i++) {
            quad->corner[i] = hull[i];
        }
        *found = cc_quad_is_convex(quad);
    }
    cc_free(sorted);
    return CC_OK;
}
