#include "page/overlay.h"

#include <math.h>
#include <string.h>

#include "image/pixels.h"
#include "page/geometry.h"

typedef struct ink {
    uint8_t red;
    uint8_t green;
    uint8_t blue;
} ink;

static const ink mask_tint = {40, 110, 255};
static const ink outline_ink = {190, 215, 255};
static const ink look_ink[2] = {{255, 220, 0}, {0, 230, 230}}; /* first, second */
static const ink refused_ink = {255, 30, 30};
static const ink unmeasured = {170, 170, 170};

static void blend(cc_image *to, int x, int y, ink color, double share)
{
    if (x >= 0 && x < to->width && y >= 0 && y < to->height && share > 0.0) {
        uint8_t *p = cc_image_row(to, y) + (size_t)x * 3;
        double s = fmin(1.0, share);
        p[0] = (uint8_t)lrint(p[0] + s * (color.red - p[0]));
        p[1] = (uint8_t)lrint(p[1] + s * (color.green - p[1]));
        p[2] = (uint8_t)lrint(p[2] + s * (color.blue - p[2]));
    }
}

/* An antialiased segment: each pixel of its box by its distance. */
static void draw_segment(cc_image *to, cc_point a, cc_point b, double width, ink color)
{
    int left = (int)fmax(0.0, floor(fmin(a.x, b.x) - width));
    int top = (int)fmax(0.0, floor(fmin(a.y, b.y) - width));
    int right = (int)fmin(to->width - 1.0, ceil(fmax(a.x, b.x) + width));
    int bottom = (int)fmin(to->height - 1.0, ceil(fmax(a.y, b.y) + width));

    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            cc_point at = {x + 0.5, y + 0.5};
            double distance = cc_segment_distance(a, b, at);
            blend(to, x, y, color, 0.5 * width + 0.5 - distance);
        }
    }
}

static cc_point scaled(cc_point p, double scale)
{
    cc_point result = {p.x * scale, p.y * scale};
    return result;
}

static void draw_quad(cc_image *to, const cc_quad *quad, double scale, double width, ink color)
{
    for (int i = 0; i < 4; i++) {
        draw_segment(to, scaled(quad->corner[i], scale), scaled(quad->corner[(i + 1) % 4], scale),
                     width, color);
    }
}

/* Red where nothing agrees, green where everything does. */
static ink support_ink(const cc_refined_side *side)
{
    double share = fmax(0.0, fmin(1.0, (side->support - 0.3) / 0.6));
    ink color = {(uint8_t)lrint(235.0 * (1.0 - share)), (uint8_t)lrint(40.0 + 180.0 * share), 40};

    return side->measured ? color : unmeasured;
}

/* A bent side as a chain of straight pieces. */
static void draw_side(cc_image *to, cc_point a, cc_point b, double bulge, double scale, ink color)
{
    enum { PIECES = 24 };
    double length = fmax(1e-9, cc_point_distance(a, b));
    double nx = -(b.y - a.y) / length;
    double ny = (b.x - a.x) / length;
    cc_point last = a;

    for (int i = 1; i <= PIECES; i++) {
        double t = (double)i / PIECES;
        double height = 4.0 * t * (1.0 - t) * bulge;
        cc_point next = {a.x + t * (b.x - a.x) + height * nx, a.y + t * (b.y - a.y) + height * ny};
        draw_segment(to, scaled(last, scale), scaled(next, scale), 3.5, color);
        last = next;
    }
}

static void draw_final(cc_image *to, const cc_page_evidence *evidence, const cc_quad *quad,
                       double scale)
{
    for (int i = 0; i < 4; i++) {
        const cc_refined_side *side = &evidence->refinement.side[i];
        draw_side(to, quad->corner[i], quad->corner[(i + 1) % 4], side->bulge, scale,
                  support_ink(side));
    }
}

static double mask_at(const cc_page_maps *maps, double x, double y)
{
    int column = (int)fmax(0.0, fmin(CC_PAGE_MAP_SIZE - 1.0, x * CC_PAGE_MAP_SIZE));
    int row = (int)fmax(0.0, fmin(CC_PAGE_MAP_SIZE - 1.0, y * CC_PAGE_MAP_SIZE));

    return (double)maps->plane[CC_PLANE_MASK][row * CC_PAGE_MAP_SIZE + column];
}

static void tint_mask(cc_image *to, const cc_page_maps *maps)
{
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            double value = mask_at(maps, (x + 0.5) / to->width, (y + 0.5) / to->height);
            blend(to, x, y, mask_tint, 0.35 * fmax(0.0, fmin(1.0, value)));
        }
    }
}

static cc_status draw_outline(cc_image *to, const cc_page_maps *maps, cc_error *error)
{
    cc_outline outline;
    cc_status status =
        cc_outline_trace(maps->plane[CC_PLANE_MASK], CC_PAGE_MAP_SIZE, 0.5, &outline, error);

    for (int i = 0; i < outline.count && status == CC_OK; i++) {
        cc_point a = outline.points[i].at;
        cc_point b = outline.points[(i + 1) % outline.count].at;
        cc_point from = {a.x * to->width / outline.size, a.y * to->height / outline.size};
        cc_point end = {b.x * to->width / outline.size, b.y * to->height / outline.size};
        draw_segment(to, from, end, 1.0, outline_ink);
    }
    cc_outline_free(&outline);
    return status;
}

/* The picture made small, opaque and coloured. */
static cc_status make_canvas(const cc_image *image, int largest, cc_thread_pool *pool,
                             cc_image *canvas, cc_error *error)
{
    double longer = fmax(image->width, image->height);
    double scale = longer > largest ? largest / longer : 1.0;
    cc_image small;
    cc_status status = cc_image_resize(image, (int)fmax(1.0, floor(image->width * scale + 0.5)),
                                       (int)fmax(1.0, floor(image->height * scale + 0.5)),
                                       CC_FILTER_BOX, pool, &small, error);

    memset(canvas, 0, sizeof *canvas);
    if (status == CC_OK) {
        status = cc_image_convert(&small, 3, canvas, error);
    }
    cc_image_free(&small);
    return status;
}

cc_status cc_page_overlay(const cc_image *image, const cc_page_evidence *evidence,
                          const cc_page_maps *maps, const cc_page_result *result, int largest,
                          cc_thread_pool *pool, cc_image *overlay, cc_error *error)
{
    cc_status status = make_canvas(image, largest, pool, overlay, error);
    double scale = (double)overlay->width / image->width;

    if (status == CC_OK && maps != NULL) {
        tint_mask(overlay, maps);
        status = draw_outline(overlay, maps, error);
    }
    if (status != CC_OK) {
        cc_image_free(overlay);
        return status;
    }
    for (int i = 0; i < evidence->passes; i++) {
        if (evidence->pass[i].fit.outcome == CC_FIT_QUAD) {
            draw_quad(overlay, &evidence->pass[i].quad, scale, 1.3, look_ink[i]);
        }
    }
    if (result->status == CC_PAGE_CORRECTED) {
        draw_final(overlay, evidence, &result->quad, scale);
    } else if (result->status == CC_PAGE_NONE && evidence->pass[0].fit.outcome == CC_FIT_QUAD) {
        draw_quad(overlay, &evidence->refinement.quad, scale, 3.5, refused_ink);
    }
    return CC_OK;
}

cc_status cc_page_full_mask(const cc_image *image, const cc_page_maps *maps, cc_thread_pool *pool,
                            cc_image *mask, cc_error *error)
{
    cc_image small;
    cc_status status = cc_image_create(CC_PAGE_MAP_SIZE, CC_PAGE_MAP_SIZE, 1, &small, error);

    memset(mask, 0, sizeof *mask);
    for (int y = 0; y < CC_PAGE_MAP_SIZE && status == CC_OK; y++) {
        for (int x = 0; x < CC_PAGE_MAP_SIZE; x++) {
            float value = maps->plane[CC_PLANE_MASK][y * CC_PAGE_MAP_SIZE + x];
            cc_image_row(&small, y)[x] =
                (uint8_t)(value > 0.0F ? fminf(255.0F, value * 255.0F + 0.5F) : 0.0F);
        }
    }
    if (status == CC_OK) {
        status = cc_image_resize(&small, image->width, image->height, CC_FILTER_BICUBIC, pool, mask,
                                 error);
    }
    cc_image_free(&small);
    return status;
}
