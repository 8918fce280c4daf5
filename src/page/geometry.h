/* Points, lines, polygons and quads in the plane, y pointing down.
 *
 * "Clockwise" is as seen on the screen; clockwise areas are positive. Nothing
 * here allocates, fails or keeps state: every function may be called anywhere.
 */
#ifndef CLEARCUT_PAGE_GEOMETRY_H
#define CLEARCUT_PAGE_GEOMETRY_H

#include <stdbool.h>

#include "page/page.h"

/* The points with nx * x + ny * y = c; (nx, ny) has length 1. */
typedef struct cc_line {
    double nx;
    double ny;
    double c;
} cc_line;

double cc_point_distance(cc_point a, cc_point b);

/* The line through two points, its normal pointing to the right-hand side when
 * walking from a to b on the screen (into a clockwise polygon). The same point
 * twice gives a line with a zero normal, which meets nothing. */
cc_line cc_line_through(cc_point a, cc_point b);

/* Signed distance of a point, positive on the side of the normal. */
double cc_line_distance(const cc_line *line, cc_point point);

/* Where two lines meet; false if they are parallel to within about 0.06 degrees. */
bool cc_line_intersect(const cc_line *a, const cc_line *b, cc_point *meeting);

/* Distance from a point to the segment a-b. */
double cc_segment_distance(cc_point a, cc_point b, cc_point point);

/* Signed area of a closed polygon, clockwise positive. */
double cc_polygon_area(const cc_point *points, int count);

/* Area of the part of a simple polygon (any shape, either direction) inside a
 * convex clockwise quad; Sutherland & Hodgman's clipping (1974). `scratch` has
 * room for 2 * CC_CLIP_CAPACITY(count) points: each of the four cuts can make a
 * jagged outline longer by half (every second point cut off), and 1.5^4 < 6. */
#define CC_CLIP_CAPACITY(count) (6 * (count) + 8)
double cc_polygon_area_inside(const cc_point *points, int count, const cc_quad *quad,
                              cc_point *scratch);

/* The rectangle 0..width, 0..height as a quad. */
cc_quad cc_quad_of_frame(double width, double height);

/* Multiply x and y of all corners. */
cc_quad cc_quad_scale(const cc_quad *quad, double x, double y);

/* Make the corner nearest (0, 0) the first and the order clockwise. */
void cc_quad_order(cc_quad *quad);

/* Convex, clockwise and finite. */
bool cc_quad_is_convex(const cc_quad *quad);

/* Interior angle at a corner of a convex quad, in degrees. */
double cc_quad_angle(const cc_quad *quad, int corner);

/* Intersection over union of two convex clockwise quads, both first cut to the
 * frame 0..width, 0..height; 0 if nothing is left. */
double cc_quad_iou(const cc_quad *a, const cc_quad *b, double width, double height);

/* Largest distance between corresponding corners. */
double cc_quad_largest_move(const cc_quad *a, const cc_quad *b);

#endif
