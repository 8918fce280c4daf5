/* Proportions of the sheet behind a quad: Z. Zhang and L.-W. He, "Whiteboard
 * scanning and image enhancement", 2003 (Microsoft Research MSR-TR-2003-39). */
#include <math.h>

#include "page/geometry.h"

/* Diagonal of the 36 x 24 mm frame that EXIF's equivalent focal length refers to. */
#define FRAME_DIAGONAL_MM 43.2666

/* Where the picture itself says little about the focal length: the main camera of a
 * phone (about 27 mm), and how far others stray from it (natural logarithm). */
#define USUAL_FOCAL_MM 27.0
#define USUAL_SPREAD 0.45

/* Assumed error of a corner, as a share of the picture's diagonal, when the
 * estimate of the focal length is weighed against the usual one. */
#define CORNER_ERROR 0.0002

/* Proportions beyond this are no sheet. */
#define MOST_EXTREME 100.0

/* The directions of the sheet's sides in homogeneous picture coordinates centred on
 * the principal point: n2 and n3 of the paper. */
typedef struct side_directions {
    double across[3];
    double down[3];
} side_directions;

static void cross(const double a[3], const double b[3], double result[3])
{
    result[0] = a[1] * b[2] - a[2] * b[1];
    result[1] = a[2] * b[0] - a[0] * b[2];
    result[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Coordinates in picture diagonals about the centre, for even numbers. */
static side_directions directions_of(const cc_quad *quad, int width, int height)
{
    double unit = hypot(width, height);
    double m[4][3]; /* top left, top right, bottom left, bottom right */
    static const int order[4] = {0, 1, 3, 2};
    double diagonal[3];
    double other[3];
    side_directions d;

    for (int i = 0; i < 4; i++) {
        m[i][0] = (quad->corner[order[i]].x - 0.5 * width) / unit;
        m[i][1] = (quad->corner[order[i]].y - 0.5 * height) / unit;
        m[i][2] = 1.0;
    }
    cross(m[0], m[3], diagonal);
    cross(m[1], m[3], other);
    double k2 = dot(diagonal, m[2]) / dot(other, m[2]);
    cross(m[2], m[3], other);
    double k3 = dot(diagonal, m[1]) / dot(other, m[1]);
    for (int i = 0; i < 3; i++) {
        d.across[i] = k2 * m[1][i] - m[0][i];
        d.down[i] = k3 * m[2][i] - m[0][i];
    }
    return d;
}

/* Logarithm of the focal length (in diagonals) for which the sides are at right
 * angles; false where there is none. */
static bool log_focal(const cc_quad *quad, int width, int height, double *log_f)
{
    side_directions d = directions_of(quad, width, height);
    double squared =
        -(d.across[0] * d.down[0] + d.across[1] * d.down[1]) / (d.across[2] * d.down[2]);

    if (!(squared > 1e-4 && squared < 1e6)) {
        return false;
    }
    *log_f = 0.5 * log(squared);
    return true;
}

/* How far the logarithm moves when corners are off by their usual error; infinity
 * where it ceases to exist. */
static double log_focal_error(const cc_quad *quad, int width, int height)
{
    double error = CORNER_ERROR * hypot(width, height);
    double sum = 0.0;

    for (int i = 0; i < 8; i++) {
        double low;
        double high;
        cc_quad minus = *quad;
        cc_quad plus = *quad;
        *(i % 2 ? &minus.corner[i / 2].y : &minus.corner[i / 2].x) -= error;
        *(i % 2 ? &plus.corner[i / 2].y : &plus.corner[i / 2].x) += error;
        if (!log_focal(&minus, width, height, &low) || !log_focal(&plus, width, height, &high)) {
            return INFINITY;
        }
        sum += 0.25 * (high - low) * (high - low);
    }
    return sqrt(sum);
}

/* Focal length in diagonals: what the quad says and what cameras usually have,
 * each weighted by its inverse variance. */
static double estimate_focal(const cc_quad *quad, int width, int height)
{
    double usual = log(USUAL_FOCAL_MM / FRAME_DIAGONAL_MM);
    double seen;
    double error;

    if (!log_focal(quad, width, height, &seen)) {
        return exp(usual);
    }
    error = log_focal_error(quad, width, height);
    if (!isfinite(error)) {
        return exp(usual);
    }
    double weight = USUAL_SPREAD * USUAL_SPREAD / (USUAL_SPREAD * USUAL_SPREAD + error * error);
    return exp(usual + weight * (seen - usual));
}

static double mean_side_ratio(const cc_quad *quad)
{
    const cc_point *c = quad->corner;
    double across = cc_point_distance(c[0], c[1]) + cc_point_distance(c[3], c[2]);
    double down = cc_point_distance(c[0], c[3]) + cc_point_distance(c[1], c[2]);

    return down > 0.0 && across > 0.0 ? across / down : 1.0;
}

static double scaled_length(const double d[3], double focal)
{
    return hypot(hypot(d[0], d[1]) / focal, d[2]);
}

double cc_quad_aspect(const cc_quad *quad, int image_width, int image_height,
                      double focal_length_pixels)
{
    double focal;
    double ratio;

    if (image_width < 1 || image_height < 1 || !cc_quad_is_convex(quad)) {
        return mean_side_ratio(quad);
    }
    focal = focal_length_pixels > 0.0 && isfinite(focal_length_pixels)
                ? focal_length_pixels / hypot(image_width, image_height)
                : estimate_focal(quad, image_width, image_height);
    side_directions d = directions_of(quad, image_width, image_height);
    ratio = scaled_length(d.across, focal) / scaled_length(d.down, focal);
    if (!(ratio > 1.0 / MOST_EXTREME && ratio < MOST_EXTREME)) {
        return mean_side_ratio(quad);
    }
    return ratio;
}

void cc_quad_output_size(const cc_quad *quad, double aspect, uint64_t max_pixels, int *width,
                         int *height)
{
    const cc_point *c = quad->corner;
    double limit = (double)(max_pixels != 0 ? max_pixels : CC_IMAGE_DEFAULT_MAX_PIXELS);
    double w = fmax(cc_point_distance(c[0], c[1]), cc_point_distance(c[3], c[2]));
    double h = fmax(cc_point_distance(c[0], c[3]), cc_point_distance(c[1], c[2]));

    w = isfinite(w) ? fmin(1e6, fmax(1.0, w)) : 1.0;
    h = isfinite(h) ? fmin(1e6, fmax(1.0, h)) : 1.0;
    if (aspect > 0.0 && isfinite(aspect)) {
        double wider = fmax(w, h * aspect);
        h = fmax(h, w / aspect);
        w = wider;
    }
    if (w * h > limit) {
        double shrink = sqrt(limit / (w * h));
        /* Rounded down, and what one side cannot give the other must. */
        w = fmin(floor(fmax(1.0, w * shrink)), limit);
        h = fmin(floor(fmax(1.0, h * shrink)), limit);
        w = fmin(w, floor(limit / h));
    }
    *width = (int)fmin(1e6, floor(w + 0.5));
    *height = (int)fmin(1e6, floor(h + 0.5));
}
