#include <math.h>

#include "page/geometry.h"

cc_status cc_quad_check(const cc_quad *quad, cc_error *error)
{
    double area = cc_polygon_area(quad->corner, 4);

    for (int i = 0; i < 4; i++) {
        double x = quad->corner[i].x;
        double y = quad->corner[i].y;
        if (!isfinite(x) || !isfinite(y) || fabs(x) > 1e7 || fabs(y) > 1e7) {
            return cc_fail(error, CC_INVALID_ARGUMENT,
                           "corner %d is not a place in or near a picture; give four x,y in pixels",
                           i + 1);
        }
    }
    if (area < 0.0) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "the corners run anticlockwise; give top left, top right, bottom right, "
                       "bottom left");
    }
    if (!(area >= 1.0)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "the corners enclose no area; give four different corners in order");
    }
    if (!cc_quad_is_convex(quad)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "the corners do not form a convex quadrilateral; give them in order: top "
                       "left, top right, bottom right, bottom left");
    }
    return CC_OK;
}

/* The unit square to a quad (Heckbert 1989, "Fundamentals of texture mapping"). */
static void square_to_quad(const cc_quad *quad, double m[9])
{
    const cc_point *c = quad->corner;
    double sum_x = c[0].x - c[1].x + c[2].x - c[3].x;
    double sum_y = c[0].y - c[1].y + c[2].y - c[3].y;
    double dx1 = c[1].x - c[2].x;
    double dy1 = c[1].y - c[2].y;
    double dx2 = c[3].x - c[2].x;
    double dy2 = c[3].y - c[2].y;
    double determinant = dx1 * dy2 - dx2 * dy1; /* not 0: the quad is convex */

    m[6] = (sum_x * dy2 - dx2 * sum_y) / determinant;
    m[7] = (dx1 * sum_y - sum_x * dy1) / determinant;
    m[8] = 1.0;
    m[0] = c[1].x - c[0].x + m[6] * c[1].x;
    m[1] = c[3].x - c[0].x + m[7] * c[3].x;
    m[2] = c[0].x;
    m[3] = c[1].y - c[0].y + m[6] * c[1].y;
    m[4] = c[3].y - c[0].y + m[7] * c[3].y;
    m[5] = c[0].y;
}

cc_status cc_quad_homography(const cc_quad *quad, int width, int height, double matrix[9],
                             cc_error *error)
{
    cc_status status = cc_quad_check(quad, error);

    for (int i = 0; i < 9; i++) {
        matrix[i] = 0.0;
    }
    if (status != CC_OK) {
        return status;
    }
    if (width < 1 || height < 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a flat page of %d x %d pixels is not possible",
                       width, height);
    }
    square_to_quad(quad, matrix);
    for (int row = 0; row < 3; row++) {
        matrix[row * 3] /= width;
        matrix[row * 3 + 1] /= height;
    }
    return CC_OK;
}
