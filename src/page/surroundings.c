#include "page/surroundings.h"

#include <math.h>
#include <string.h>

#include "page/geometry.h"
#include "page/pixel.h"

/* Points along a side, and depths on either side of it, one depth to a share of DEPTH_STEP
 * of the quad's size. Depth DEPTHS is the side itself. */
enum { POINTS = 40, DEPTHS = 16, PROFILE = 2 * DEPTHS + 1 };
#define DEPTH_STEP 0.01

/* Depths of the two strips that are compared, and from where on a step is another edge. */
enum { NEAR_FROM = 1, NEAR_TO = 2, DEEP_FROM = 3, DEEP_TO = 6, RIVAL_FROM = 3 };

/* The ends of a side are left out: corners may be round, torn or turned down. */
#define END_MARGIN 0.08

/* The middle of the page is looked at on a grid of so many points each way. */
enum { MIDDLE_POINTS = 12 };

/* Grey levels added to both steps of a ratio, so that noise is no rival of noise. */
#define STEP_FLOOR 6.0

/* Mean colours parallel to one side. */
typedef struct side_colors {
    bool seen;
    bool valid[PROFILE]; /* enough points of that depth are in the picture */
    double color[PROFILE][3];
    double spread[2]; /* of the brightness along the side, near: inside, outside */
} side_colors;

static double brightness(const float color[3])
{
    return ((double)color[0] + (double)color[1] + (double)color[2]) / 3.0;
}

static double difference(const double a[3], const double b[3])
{
    double sum = 0.0;

    for (int c = 0; c < 3; c++) {
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    return sqrt(sum / 3.0);
}

static double limited(double value)
{
    return fmin(1.0, fmax(0.0, value));
}

/* Mean colour of a depth; *spread is the standard deviation of its brightness. */
static bool mean_at_depth(const cc_image *image, cc_point a, cc_point b, double depth,
                          double color[3], double *spread)
{
    cc_line line = cc_line_through(a, b);
    double sum[3] = {0.0, 0.0, 0.0};
    double first = 0.0;
    double second = 0.0;
    int count = 0;

    for (int i = 0; i < POINTS; i++) {
        double t = END_MARGIN + (1.0 - 2.0 * END_MARGIN) * (i + 0.5) / POINTS;
        double x = a.x + t * (b.x - a.x) + depth * line.nx;
        double y = a.y + t * (b.y - a.y) + depth * line.ny;
        float pixel[3];
        if (!(x >= 0.0 && y >= 0.0 && x < image->width && y < image->height)) {
            continue;
        }
        cc_pixel_color(image, (int)x, (int)y, pixel);
        double light = brightness(pixel);
        for (int c = 0; c < 3; c++) {
            sum[c] += (double)pixel[c];
        }
        first += light;
        second += light * light;
        count++;
    }
    if (count < POINTS / 5) {
        return false;
    }
    for (int c = 0; c < 3; c++) {
        color[c] = sum[c] / count;
    }
    first /= count;
    *spread = sqrt(fmax(0.0, second / count - first * first));
    return true;
}

static void look_along(const cc_image *image, cc_point a, cc_point b, double size,
                       side_colors *side)
{
    double spread[PROFILE] = {0.0};

    memset(side, 0, sizeof *side);
    for (int d = 0; d < PROFILE; d++) {
        side->valid[d] = mean_at_depth(image, a, b, (d - DEPTHS) * DEPTH_STEP * size,
                                       side->color[d], &spread[d]);
    }
    side->seen = side->valid[DEPTHS + NEAR_FROM] && side->valid[DEPTHS - NEAR_FROM];
    side->spread[0] = spread[DEPTHS + NEAR_FROM];
    side->spread[1] = spread[DEPTHS - NEAR_FROM];
}

/* Mean colour of a strip, depths from..to inside (sign 1) or outside (-1). */
static bool strip(const side_colors *side, int sign, int from, int to, double color[3])
{
    int count = 0;

    color[0] = color[1] = color[2] = 0.0;
    for (int d = from; d <= to; d++) {
        int k = DEPTHS + sign * d;
        if (side->valid[k]) {
            for (int c = 0; c < 3; c++) {
                color[c] += side->color[k][c];
            }
            count++;
        }
    }
    for (int c = 0; c < 3 && count > 0; c++) {
        color[c] /= count;
    }
    return count > 0;
}

/* Strongest step between neighbouring depths beyond RIVAL_FROM on one side, against the
 * step at the side itself. */
static double rival(const side_colors *side, int sign)
{
    double own = difference(side->color[DEPTHS + NEAR_FROM], side->color[DEPTHS - NEAR_FROM]);
    double strongest = 0.0;

    for (int d = RIVAL_FROM; d + 1 < DEPTHS; d++) {
        int low = DEPTHS + sign * (d - 1);
        int high = DEPTHS + sign * (d + 1);
        if (side->valid[low] && side->valid[high]) {
            strongest = fmax(strongest, difference(side->color[low], side->color[high]));
        }
    }
    return (strongest + STEP_FLOOR) / (strongest + own + 2.0 * STEP_FLOOR);
}

/* Mean colour of the quad's middle half, by bilinear coordinates. */
static bool middle_color(const cc_image *image, const cc_quad *quad, double color[3])
{
    const cc_point *q = quad->corner;
    int count = 0;

    color[0] = color[1] = color[2] = 0.0;
    for (int i = 0; i < MIDDLE_POINTS * MIDDLE_POINTS; i++) {
        double u = 0.2 + 0.6 * (i % MIDDLE_POINTS + 0.5) / MIDDLE_POINTS;
        double v = 0.2 + 0.6 * (i / MIDDLE_POINTS + 0.5) / MIDDLE_POINTS;
        double x = (1 - v) * ((1 - u) * q[0].x + u * q[1].x) + v * ((1 - u) * q[3].x + u * q[2].x);
        double y = (1 - v) * ((1 - u) * q[0].y + u * q[1].y) + v * ((1 - u) * q[3].y + u * q[2].y);
        float pixel[3];
        if (x >= 0.0 && y >= 0.0 && x < image->width && y < image->height) {
            cc_pixel_color(image, (int)x, (int)y, pixel);
            for (int c = 0; c < 3; c++) {
                color[c] += (double)pixel[c];
            }
            count++;
        }
    }
    for (int c = 0; c < 3 && count > 0; c++) {
        color[c] /= count;
    }
    return count > 0;
}

/* The largest distance of one colour from the mean of the others. */
static double oddest(double color[4][3], int count)
{
    double most = 0.0;

    for (int k = 0; k < count && count > 1; k++) {
        double others[3] = {0.0, 0.0, 0.0};
        for (int j = 0; j < count; j++) {
            for (int c = 0; c < 3 && j != k; c++) {
                others[c] += color[j][c] / (count - 1);
            }
        }
        most = fmax(most, difference(color[k], others));
    }
    return most;
}

static double mean_light(double color[4][3], int count)
{
    double sum = 0.0;

    for (int k = 0; k < count; k++) {
        sum += (color[k][0] + color[k][1] + color[k][2]) / 3.0;
    }
    return sum / count;
}

/* What is gathered over the sides that can be seen. */
typedef struct gathered {
    int count;
    double inside[4][3];
    double outside[4][3];
    double least_near;
    double least_deep;
    double near_sum;
    double rival[2]; /* outside, inside */
    double spread[2];
} gathered;

static void gather(const side_colors *side, gathered *all)
{
    double deep[2][3];
    double *inside = all->inside[all->count];
    double *outside = all->outside[all->count];

    if (!side->seen || !strip(side, 1, NEAR_FROM, NEAR_TO, inside) ||
        !strip(side, -1, NEAR_FROM, NEAR_TO, outside)) {
        return;
    }
    double near_step = difference(inside, outside);
    all->least_near = fmin(all->least_near, near_step);
    all->near_sum += near_step;
    if (strip(side, 1, DEEP_FROM, DEEP_TO, deep[0]) &&
        strip(side, -1, DEEP_FROM, DEEP_TO, deep[1])) {
        all->least_deep = fmin(all->least_deep, difference(deep[0], deep[1]));
    }
    all->rival[0] = fmax(all->rival[0], rival(side, -1));
    all->rival[1] = fmax(all->rival[1], rival(side, 1));
    all->spread[0] += side->spread[0];
    all->spread[1] += side->spread[1];
    all->count++;
}

static void put(const cc_image *image, const cc_quad *quad, gathered *all, double *value)
{
    double middle[3];
    double alike = 255.0;
    double unlike = 0.0;

    value[CC_SURROUNDING_STEP_NEAR] = limited(all->least_near / 64.0);
    value[CC_SURROUNDING_STEP_DEEP] = limited(all->least_deep / 64.0);
    value[CC_SURROUNDING_STEP_MEAN] = limited(all->near_sum / all->count / 128.0);
    value[CC_SURROUNDING_ODD_OUTSIDE] = limited(oddest(all->outside, all->count) / 128.0);
    value[CC_SURROUNDING_ODD_INSIDE] = limited(oddest(all->inside, all->count) / 128.0);
    value[CC_SURROUNDING_RIVAL_OUTSIDE] = limited(all->rival[0]);
    value[CC_SURROUNDING_RIVAL_INSIDE] = limited(all->rival[1]);
    value[CC_SURROUNDING_PAGE_LIGHT] = mean_light(all->inside, all->count) / 255.0;
    value[CC_SURROUNDING_GROUND_LIGHT] = mean_light(all->outside, all->count) / 255.0;
    value[CC_SURROUNDING_PAGE_TEXTURE] = limited(all->spread[0] / all->count / 64.0);
    value[CC_SURROUNDING_GROUND_TEXTURE] = limited(all->spread[1] / all->count / 64.0);
    if (middle_color(image, quad, middle)) {
        for (int k = 0; k < all->count; k++) {
            alike = fmin(alike, difference(all->outside[k], middle));
            unlike = fmax(unlike, difference(all->inside[k], middle));
        }
        value[CC_SURROUNDING_OUTSIDE_ALIKE] = limited(alike / 128.0);
        value[CC_SURROUNDING_INSIDE_UNLIKE] = limited(unlike / 128.0);
    }
}

void cc_surroundings_measure(const cc_image *image, const cc_quad *quad,
                             double value[CC_SURROUNDING_COUNT])
{
    double size = sqrt(fmax(1.0, cc_polygon_area(quad->corner, 4)));
    gathered all = {.least_near = 255.0, .least_deep = 255.0};

    for (int i = 0; i < CC_SURROUNDING_COUNT; i++) {
        value[i] = 0.5;
    }
    for (int i = 0; i < 4; i++) {
        side_colors side;
        look_along(image, quad->corner[i], quad->corner[(i + 1) % 4], size, &side);
        gather(&side, &all);
    }
    if (all.count > 0) {
        put(image, quad, &all, value);
    }
}
