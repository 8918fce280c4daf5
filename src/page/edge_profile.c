#include "page/edge_profile.h"

#include <math.h>
#include <string.h>

#include "page/pixel.h"

/* The ends of a side are left out: corners may be round, torn or dog-eared. */
#define END_MARGIN 0.03

/* Stations on either side that share one colour step, so that a background which
 * changes along the side is followed. */
enum { NEIGHBOURS = 16 };

/* At most this many samples are averaged along and across a cell. */
enum { CELL_SAMPLES = 3 };

/* Steps next to the guess that do not count for the colours of the two sides. */
enum { MIDDLE = 3 };

/* Add the bilinear sample at a point inside the picture. */
static void add_interpolated(const cc_image *image, double x, double y, float sum[3])
{
    double fx = fmin(fmax(x - 0.5, 0.0), image->width - 1.0);
    double fy = fmin(fmax(y - 0.5, 0.0), image->height - 1.0);
    int x0 = (int)fx;
    int y0 = (int)fy;
    int x1 = x0 + 1 < image->width ? x0 + 1 : x0;
    int y1 = y0 + 1 < image->height ? y0 + 1 : y0;
    float u = (float)(fx - x0);
    float v = (float)(fy - y0);
    float corner[4][3];

    cc_pixel_color(image, x0, y0, corner[0]);
    cc_pixel_color(image, x1, y0, corner[1]);
    cc_pixel_color(image, x0, y1, corner[2]);
    cc_pixel_color(image, x1, y1, corner[3]);
    for (int c = 0; c < 3; c++) {
        float top = corner[0][c] + u * (corner[1][c] - corner[0][c]);
        float bottom = corner[2][c] + u * (corner[3][c] - corner[2][c]);
        sum[c] += top + v * (bottom - top);
    }
}

/* Add the pixel that a point inside the picture lies in. */
static void add_nearest(const cc_image *image, double x, double y, float sum[3])
{
    int column = (int)fmin(fmax(x, 0.0), image->width - 1.0);
    int row = (int)fmin(fmax(y, 0.0), image->height - 1.0);
    float color[3];

    cc_pixel_color(image, column, row, color);
    for (int c = 0; c < 3; c++) {
        sum[c] += color[c];
    }
}

/* A side's frame in the picture. */
typedef struct side_frame {
    cc_point a;
    double along_x; /* the whole side as a vector */
    double along_y;
    double across_x; /* unit normal into the page */
    double across_y;
} side_frame;

static side_frame frame_of(cc_point a, cc_point b)
{
    cc_line line = cc_line_through(a, b);
    side_frame frame = {a, b.x - a.x, b.y - a.y, line.nx, line.ny};

    return frame;
}

static cc_point at_side(const side_frame *frame, double t, double s)
{
    cc_point p = {frame->a.x + t * frame->along_x + s * frame->across_x,
                  frame->a.y + t * frame->along_y + s * frame->across_y};
    return p;
}

static bool in_picture(const cc_image *image, cc_point p)
{
    return p.x >= 0.5 && p.y >= 0.5 && p.x <= image->width - 0.5 && p.y <= image->height - 0.5;
}

/* Average over a cell of the profile: cell_t along, one step across. Cells of several
 * samples need no interpolation between pixels. */
static void sample_cell(const cc_image *image, const side_frame *frame, double t, double s,
                        double cell_t, double step, int along, int across, float color[3])
{
    float scale = 1.0F / (float)(along * across);

    memset(color, 0, 3 * sizeof *color);
    for (int j = 0; j < along; j++) {
        double tj = t + cell_t * ((j + 0.5) / along - 0.5);
        for (int i = 0; i < across; i++) {
            double si = s + step * ((i + 0.5) / across - 0.5);
            cc_point p = at_side(frame, tj, si);
            if (across > 1) {
                add_nearest(image, p.x, p.y, color);
            } else {
                add_interpolated(image, p.x, p.y, color);
            }
        }
    }
    for (int c = 0; c < 3; c++) {
        color[c] *= scale;
    }
}

/* The same for a picture of 3 channels whose pixels around the whole profile are in it:
 * no borders to mind, positions stepped along. Nearly every station of nearly every
 * photo, and most of the time of refinement. */
static void sample_inside(const cc_image *image, const side_frame *frame, double t, double s,
                          double cell_t, double step, int along, int across, float (*color)[3])
{
    const float scale = 1.0F / (float)(along * across);
    const bool nearest = across > 1;
    const double shift = nearest ? 0.0 : 0.5;
    const ptrdiff_t stride = (ptrdiff_t)image->stride;
    const float step_x = (float)(frame->across_x * step / across);
    const float step_y = (float)(frame->across_y * step / across);

    memset(color, 0, CC_PROFILE * sizeof *color);
    for (int j = 0; j < along; j++) {
        double first = s - CC_STEPS * step + step * (0.5 / across - 0.5);
        cc_point p = at_side(frame, t + cell_t * ((j + 0.5) / along - 0.5), first);
        float x = (float)(p.x - shift);
        float y = (float)(p.y - shift);
        for (int k = 0; k < CC_PROFILE; k++) {
            float sum[3] = {0.0F, 0.0F, 0.0F};
            for (int i = 0; i < across; i++, x += step_x, y += step_y) {
                int column = (int)x;
                int row = (int)y;
                const uint8_t *pixel = image->pixels + row * stride + (ptrdiff_t)column * 3;
                if (nearest) {
                    sum[0] += (float)pixel[0];
                    sum[1] += (float)pixel[1];
                    sum[2] += (float)pixel[2];
                    continue;
                }
                float u = x - (float)column;
                float v = y - (float)row;
                for (int c = 0; c < 3; c++) {
                    float top = (float)pixel[c] + u * (float)(pixel[c + 3] - pixel[c]);
                    float bottom = (float)pixel[stride + c] +
                                   u * (float)(pixel[stride + c + 3] - pixel[stride + c]);
                    sum[c] += top + v * (bottom - top);
                }
            }
            for (int c = 0; c < 3; c++) {
                color[k][c] += sum[c] * scale;
            }
        }
    }
}

/* Does a profile, with a pixel to spare, lie in the picture? */
static bool well_inside(const cc_image *image, const side_frame *frame, double t, double s,
                        double cell_t, double step)
{
    for (int corner = 0; corner < 4; corner++) {
        cc_point p = at_side(frame, t + (corner % 2 == 0 ? -0.5 : 0.5) * cell_t,
                             s + (corner < 2 ? -1.0 : 1.0) * (CC_STEPS + 1) * step);
        if (!(p.x >= 2.0 && p.y >= 2.0 && p.x <= image->width - 3.0 &&
              p.y <= image->height - 3.0)) {
            return false;
        }
    }
    return true;
}

static int cell_samples(double pixels)
{
    return pixels <= 1.5 ? 1 : pixels <= 2.5 ? 2 : CELL_SAMPLES;
}

double cc_station_at(int m)
{
    return END_MARGIN + (m + 0.5) * (1.0 - 2.0 * END_MARGIN) / CC_STATIONS;
}

void cc_profiles_sample_path(const cc_image *image, cc_point a, cc_point b,
                             const double offset[CC_STATIONS], double step, cc_profiles *profiles)
{
    side_frame frame = frame_of(a, b);
    double cell_t = (1.0 - 2.0 * END_MARGIN) / CC_STATIONS;
    int along = cell_samples(cell_t * cc_point_distance(a, b));
    int across = cell_samples(step);

    profiles->step = step;
    profiles->valid_count = 0;
    for (int m = 0; m < CC_STATIONS; m++) {
        double t = cc_station_at(m);
        double reach = 0.5 * CC_STEPS * step;

        profiles->t[m] = t;
        profiles->offset[m] = offset[m];
        profiles->valid[m] = in_picture(image, at_side(&frame, t, offset[m] - reach)) &&
                             in_picture(image, at_side(&frame, t, offset[m] + reach));
        if (!profiles->valid[m]) {
            continue;
        }
        profiles->valid_count++;
        if (image->channels == 3 && well_inside(image, &frame, t, offset[m], cell_t, step)) {
            sample_inside(image, &frame, t, offset[m], cell_t, step, along, across,
                          profiles->color[m]);
            continue;
        }
        for (int j = 0; j < CC_PROFILE; j++) {
            sample_cell(image, &frame, t, offset[m] + (j - CC_STEPS) * step, cell_t, step, along,
                        across, profiles->color[m][j]);
        }
    }
}

void cc_profiles_sample(const cc_image *image, cc_point a, cc_point b, const cc_side_model *model,
                        double step, cc_profiles *profiles)
{
    double offset[CC_STATIONS];

    for (int m = 0; m < CC_STATIONS; m++) {
        offset[m] = cc_side_at(model, cc_station_at(m));
    }
    cc_profiles_sample_path(image, a, b, offset, step, profiles);
}

/* Mean colour inside minus mean colour outside for one profile. */
static void color_step(float (*color)[3], float difference[3])
{
    const float scale = 1.0F / (float)(CC_STEPS - MIDDLE);

    memset(difference, 0, 3 * sizeof *difference);
    for (int j = 0; j < CC_STEPS - MIDDLE; j++) {
        for (int c = 0; c < 3; c++) {
            difference[c] += (color[CC_PROFILE - 1 - j][c] - color[j][c]) * scale;
        }
    }
}

/* Unit direction of the colour step around station m. */
static void local_direction(const cc_profiles *profiles, float (*difference)[3], int m,
                            float direction[3])
{
    float length;
    int first = m > NEIGHBOURS ? m - NEIGHBOURS : 0;
    int last = m + NEIGHBOURS < CC_STATIONS ? m + NEIGHBOURS : CC_STATIONS - 1;

    memset(direction, 0, 3 * sizeof *direction);
    for (int k = first; k <= last; k++) {
        for (int c = 0; c < 3 && profiles->valid[k]; c++) {
            direction[c] += difference[k][c];
        }
    }
    length = sqrtf(direction[0] * direction[0] + direction[1] * direction[1] +
                   direction[2] * direction[2]);
    for (int c = 0; c < 3; c++) {
        direction[c] = length > 0.0F ? direction[c] / length : 0.0F;
    }
}

/* Central difference over two steps each way, along the colour direction; divided by
 * the length of (1, 1, 1), so that grey steps are in grey levels. */
static float edge_at(float (*color)[3], int j, const float direction[3])
{
    float sum = 0.0F;

    for (int c = 0; c < 3; c++) {
        float wide = color[j + 2][c] - color[j - 2][c];
        float near = color[j + 1][c] - color[j - 1][c];
        sum += direction[c] * (wide + 2.0F * near);
    }
    return sum > 0.0F ? sum * (0.125F / 1.7320508F) : 0.0F;
}

void cc_profiles_edges(cc_profiles *profiles)
{
    float difference[CC_STATIONS][3];

    memset(profiles->edge, 0, sizeof profiles->edge);
    for (int m = 0; m < CC_STATIONS; m++) {
        if (profiles->valid[m]) {
            color_step(profiles->color[m], difference[m]);
        }
    }
    for (int m = 0; m < CC_STATIONS; m++) {
        float direction[3];
        if (!profiles->valid[m]) {
            continue;
        }
        local_direction(profiles, difference, m, direction);
        for (int j = 2; j < CC_PROFILE - 2; j++) {
            profiles->edge[m][j] = edge_at(profiles->color[m], j, direction);
        }
    }
}
