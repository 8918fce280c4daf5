#include "page/pass.h"

#include <math.h>
#include <string.h>

#include "page/corner_snap.h"
#include "page/measure.h"

/* What is shown around the quad in a second look, as a share of its extent. */
#define MARGIN 0.07

/* A second look at more than this share of the picture shows nothing new. */
#define NEARLY_ALL 0.92

/* Overlap of fit and outline, and edge map along the sides, that make an outline
 * four-sided. */
#define FOUR_SIDED 0.91
#define HAS_EDGES 0.35

enum { LEAST_EXTENT = 32 };

static double probability(float value)
{
    return value > 0.0F ? fmin(1.0, (double)value) : 0.0; /* NaN is 0 */
}

static cc_quad to_picture(const cc_quad *map_quad, const cc_page_view *view)
{
    cc_quad quad = cc_quad_scale(map_quad, (double)view->width / CC_PAGE_MAP_SIZE,
                                 (double)view->height / CC_PAGE_MAP_SIZE);

    for (int i = 0; i < 4; i++) {
        quad.corner[i].x += view->x;
        quad.corner[i].y += view->y;
    }
    return quad;
}

/* Everything at one level of the mask. */
static cc_status run_level(const cc_page_maps *maps, double level, cc_page_pass *pass,
                           cc_error *error)
{
    cc_outline outline;
    cc_status status =
        cc_outline_trace(maps->plane[CC_PLANE_MASK], CC_PAGE_MAP_SIZE, level, &outline, error);

    if (status != CC_OK) {
        return status;
    }
    status = cc_quad_fit_outline(&outline, &pass->fit, error);
    pass->coverage = outline.coverage;
    pass->measure[CC_MEASURE_OTHERS] = fmin(1.0, outline.others);
    pass->measure[CC_MEASURE_NONE] = probability(maps->none);
    pass->measure[CC_MEASURE_FLAT] = probability(maps->flat);
    if (status == CC_OK && pass->fit.outcome == CC_FIT_QUAD) {
        cc_corner_snap(maps->plane[CC_PLANE_CORNER], CC_PAGE_MAP_SIZE, &pass->fit);
        cc_quad_fit_course(&outline, &pass->fit);
        pass->quad = to_picture(&pass->fit.quad, &pass->view);
        cc_measure_maps(maps, pass);
    }
    cc_outline_free(&outline);
    return status;
}

static bool is_four_sided(const cc_page_pass *pass)
{
    return pass->fit.outcome == CC_FIT_QUAD && pass->fit.iou >= FOUR_SIDED &&
           pass->measure[CC_MEASURE_MEAN_EDGE] >= HAS_EDGES;
}

cc_status cc_page_pass_run(const cc_page_maps *maps, const cc_page_view *view, cc_page_pass *pass,
                           cc_error *error)
{
    static const double higher[] = {0.75, 0.9};
    cc_status status;

    memset(pass, 0, sizeof *pass);
    pass->view = *view;
    status = run_level(maps, 0.5, pass, error);
    for (int i = 0;
         i < 2 && status == CC_OK && pass->fit.outcome != CC_FIT_EMPTY && !is_four_sided(pass);
         i++) {
        cc_page_pass surer = {.view = *view};
        status = run_level(maps, higher[i], &surer, error);
        if (status == CC_OK && is_four_sided(&surer)) {
            *pass = surer;
            pass->measure[CC_MEASURE_LEVEL] = 0.5 * (i + 1);
        }
    }
    if (status != CC_OK) {
        memset(pass, 0, sizeof *pass);
    }
    return status;
}

/* Widen low..high by a share of it each way, cut it to 0..size, in whole pixels. */
static void widen(double low, double high, double share, int size, int *start, int *extent)
{
    double margin = share * (high - low);
    double from = fmin(fmax(0.0, floor(low - margin)), size);
    double to = fmax(fmin(size, ceil(high + margin)), from);

    *start = (int)from;
    *extent = (int)(to - from);
}

bool cc_page_view_around(const cc_image *image, const cc_page_pass *pass, double margin,
                         cc_page_view *view)
{
    const cc_point *c = pass->quad.corner;

    if (pass->fit.outcome != CC_FIT_QUAD) {
        return false;
    }
    widen(fmin(fmin(c[0].x, c[1].x), fmin(c[2].x, c[3].x)),
          fmax(fmax(c[0].x, c[1].x), fmax(c[2].x, c[3].x)), margin, image->width, &view->x,
          &view->width);
    widen(fmin(fmin(c[0].y, c[1].y), fmin(c[2].y, c[3].y)),
          fmax(fmax(c[0].y, c[1].y), fmax(c[2].y, c[3].y)), margin, image->height, &view->y,
          &view->height);
    return view->width >= LEAST_EXTENT && view->height >= LEAST_EXTENT &&
           (double)view->width * view->height < NEARLY_ALL * (double)image->width * image->height;
}

bool cc_page_second_view(const cc_image *image, const cc_page_pass *first, cc_page_view *view)
{
    return cc_page_view_around(image, first, MARGIN, view);
}
