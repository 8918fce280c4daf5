#include "page/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "page/measure.h"
#include "page/rivals.h"

/* How far a side may be from where the map puts it, in map pixels; at least
 * LEAST_REACH picture pixels, at most 1.5 % of the diagonal. */
#define REACH_IN_MAP 2.0
#define LEAST_REACH 6.0
#define MOST_REACH 0.015

/* How much worse the second pass, which sees more of the page's pixels, may fit. */
#define QUALITY_SLACK 0.1

/* Overlap of two looks that settles where the page is; else a wider look is taken, with this
 * share of the quad's extent added on each side. */
#define SETTLED 0.97
#define WIDE_MARGIN 0.3

/* Unit of the shift feature, as a share of the diagonal. */
#define SHIFT_UNIT 0.03

/* Units of a corner's error and of a side's residual, as shares of the diagonal. */
#define CORNER_UNIT 0.005
#define RESIDUAL_UNIT 0.003

/* Grey levels that count as full contrast. */
#define CONTRAST_UNIT 64.0

static const char *const MEASURE_NAMES[CC_MEASURE_COUNT] = {
    "fit_iou", "weakest_edge", "mean_edge",   "weakest_corner", "mean_corner", "inside",
    "outside", "doubt",        "weakest_fit", "residual",       "bulge",       "snapped",
    "others",  "level",        "visible",     "none",           "flat"};

static const char *const OTHER_NAMES[CC_FEATURE_COUNT - CC_FEATURE_AGREEMENT] = {
    "agreement",
    "weakest_refine",
    "mean_refine",
    "contrast",
    "shift",
    "area",
    "angle",
    "traced",
    "other_agreement",
    "final_weakest_edge",
    "final_mean_edge",
    "final_weakest_corner",
    "final_mean_corner",
    "final_inside",
    "final_outside",
    "final_thinnest_inside",
    "final_thickest_outside",
    "final_furthest_peak",
    "final_mean_peak",
    "second_none",
    "second_flat",
    "corner_error",
    "side_residual",
    "unmoved",
    "shortest",
    "aspect",
    "perspective",
    "cut",
    "rival_edge_outside",
    "rival_edge_inside",
    "rival_corner_outside",
    "rival_corner_inside",
    "rival_mask_outside",
    "step_near",
    "step_deep",
    "step_mean",
    "odd_outside",
    "odd_inside",
    "outside_alike",
    "inside_unlike",
    "rival_outside",
    "rival_inside",
    "page_light",
    "ground_light",
    "page_texture",
    "ground_texture"};

const char *cc_feature_name(int feature, char name[40])
{
    if (feature < CC_FEATURE_SECOND) {
        snprintf(name, 40, "first_%s", MEASURE_NAMES[feature]);
    } else if (feature < CC_FEATURE_AGREEMENT) {
        snprintf(name, 40, "second_%s", MEASURE_NAMES[feature - CC_FEATURE_SECOND]);
    } else {
        snprintf(name, 40, "%s", OTHER_NAMES[feature - CC_FEATURE_AGREEMENT]);
    }
    return name;
}

/* A displacement across a side, from map pixels to picture pixels. The map is the
 * view squashed to a square, so that directions change as well. */
static double bulge_in_picture(const cc_quad *map_quad, int side, double bulge, double scale_x,
                               double scale_y)
{
    cc_point a = map_quad->corner[side];
    cc_point b = map_quad->corner[(side + 1) % 4];
    cc_point a_picture = {a.x * scale_x, a.y * scale_y};
    cc_point b_picture = {b.x * scale_x, b.y * scale_y};
    cc_line in_map = cc_line_through(a, b);
    cc_line in_picture = cc_line_through(a_picture, b_picture);

    return bulge * (in_map.nx * scale_x * in_picture.nx + in_map.ny * scale_y * in_picture.ny);
}

static void refine(const cc_image *image, const cc_page_pass *pass, cc_refinement *refinement)
{
    double scale_x = (double)pass->view.width / CC_PAGE_MAP_SIZE;
    double scale_y = (double)pass->view.height / CC_PAGE_MAP_SIZE;
    cc_refine_options options = {0};

    options.reach = fmax(LEAST_REACH, fmin(REACH_IN_MAP * sqrt(scale_x * scale_y),
                                           MOST_REACH * hypot(image->width, image->height)));
    for (int i = 0; i < 4; i++) {
        options.fixed[i] = pass->fit.on_frame[i];
        options.bulge[i] =
            bulge_in_picture(&pass->fit.quad, i, pass->fit.bulge[i], scale_x, scale_y);
        options.course_count[i] = pass->fit.course_count[i];
        for (int k = 0; k < pass->fit.course_count[i]; k++) {
            options.course[i][k].x = pass->view.x + pass->fit.course[i][k].x * scale_x;
            options.course[i][k].y = pass->view.y + pass->fit.course[i][k].y * scale_y;
        }
    }
    options.course_error = sqrt(scale_x * scale_y);
    cc_quad_refine(image, &pass->quad, &options, refinement);
}

/* Does a side lie on an edge of the view that is not the picture's own? */
static bool runs_out_of_view(const cc_image *image, const cc_page_pass *pass)
{
    const cc_page_view *view = &pass->view;

    for (int i = 0; i < 4; i++) {
        cc_point a = pass->quad.corner[i];
        cc_point b = pass->quad.corner[(i + 1) % 4];
        double x = 0.5 * (a.x + b.x) - view->x;
        double y = 0.5 * (a.y + b.y) - view->y;
        bool horizontal = fabs(b.x - a.x) > fabs(b.y - a.y);
        bool at_frame =
            horizontal
                ? (y < 0.5 * view->height ? view->y == 0 : view->y + view->height == image->height)
                : (x < 0.5 * view->width ? view->x == 0 : view->x + view->width == image->width);
        if (pass->fit.on_frame[i] && !at_frame) {
            return true;
        }
    }
    return false;
}

static double agreement(const cc_image *image, const cc_page_evidence *evidence)
{
    if (evidence->passes < 2) {
        return 1.0;
    }
    if (evidence->pass[1].fit.outcome != CC_FIT_QUAD) {
        return 0.0;
    }
    return cc_quad_iou(&evidence->pass[0].quad, &evidence->pass[1].quad, image->width,
                       image->height);
}

/* How well a pass's own maps bear out its quad. */
static double quality(const cc_page_pass *pass)
{
    return pass->measure[CC_MEASURE_FIT_IOU] + pass->measure[CC_MEASURE_MEAN_EDGE];
}

static int choose_pass(const cc_image *image, const cc_page_evidence *evidence)
{
    const cc_page_pass *pass = evidence->pass;

    return evidence->passes == 2 && pass[1].fit.outcome == CC_FIT_QUAD &&
                   quality(&pass[1]) > quality(&pass[0]) - QUALITY_SLACK &&
                   !runs_out_of_view(image, &pass[1])
               ? 1
               : 0;
}

static void refinement_features(const cc_image *image, const cc_page_evidence *evidence,
                                double *feature)
{
    const cc_refinement *refinement = &evidence->refinement;
    double diagonal = hypot(image->width, image->height);
    double weakest = 1.0;
    double contrast = CONTRAST_UNIT;
    double sum = 0.0;
    double turn = 0.0;
    int count = 0;

    for (int i = 0; i < 4; i++) {
        turn = fmax(turn, fabs(cc_quad_angle(&refinement->quad, i) - 90.0));
        if (refinement->side[i].measured) {
            weakest = fmin(weakest, refinement->side[i].support);
            contrast = fmin(contrast, refinement->side[i].contrast);
            sum += refinement->side[i].support;
            count++;
        }
    }
    feature[CC_FEATURE_WEAKEST_REFINE] = count > 0 ? weakest : 0.5;
    feature[CC_FEATURE_MEAN_REFINE] = count > 0 ? sum / count : 0.5;
    feature[CC_FEATURE_CONTRAST] = count > 0 ? contrast / CONTRAST_UNIT : 0.5;
    feature[CC_FEATURE_SHIFT] =
        fmin(1.0, cc_quad_largest_move(&refinement->quad, &evidence->pass[evidence->chosen].quad) /
                      (SHIFT_UNIT * diagonal));
    feature[CC_FEATURE_ANGLE] = turn / 90.0;
}

/* How the sides were found, worst of all: corners, spread, sides without an edge. */
static void side_features(const cc_refinement *refinement, double diagonal, double *feature)
{
    double error = 0.0;
    double residual = 0.0;
    int unmoved = 0;

    for (int i = 0; i < 4; i++) {
        error = fmax(error, refinement->corner_error[i]);
        residual = fmax(residual, refinement->side[i].residual);
        unmoved += !refinement->side[i].moved;
    }
    feature[CC_FEATURE_CORNER_ERROR] = fmin(1.0, error / (CORNER_UNIT * diagonal));
    feature[CC_FEATURE_SIDE_RESIDUAL] = fmin(1.0, residual / (RESIDUAL_UNIT * diagonal));
    feature[CC_FEATURE_UNMOVED] = unmoved / 4.0;
}

/* Size, shape and place of the refined quad. */
static void shape_features(const cc_image *image, const cc_quad *quad, double *feature)
{
    double length[4];
    double shortest = HUGE_VAL;
    double aspect = cc_quad_aspect(quad, image->width, image->height, cc_page_focal_length(image));
    int cut = 0;

    for (int i = 0; i < 4; i++) {
        const cc_point *c = &quad->corner[i];
        length[i] = cc_point_distance(*c, quad->corner[(i + 1) % 4]);
        shortest = fmin(shortest, length[i]);
        cut += !(c->x >= 0.0 && c->y >= 0.0 && c->x <= image->width && c->y <= image->height);
    }
    double first = fmin(length[0], length[2]) / fmax(1e-9, fmax(length[0], length[2]));
    double second = fmin(length[1], length[3]) / fmax(1e-9, fmax(length[1], length[3]));
    feature[CC_FEATURE_SHORTEST] = fmin(1.0, shortest / sqrt((double)image->width * image->height));
    feature[CC_FEATURE_ASPECT] = aspect > 0.0 ? fmin(aspect, 1.0 / aspect) : 0.0;
    feature[CC_FEATURE_PERSPECTIVE] = fmin(first, second);
    feature[CC_FEATURE_CUT] = cut / 4.0;
}

static void rival_features(const cc_page_maps *maps, const cc_quad *map_quad, double *feature)
{
    cc_rivals rivals;

    cc_rivals_measure(maps, map_quad, &rivals);
    const double value[] = {rivals.edge_outside, rivals.edge_inside, rivals.corner_outside,
                            rivals.corner_inside, rivals.mask_outside};
    memcpy(feature + CC_FEATURE_RIVALS, value, sizeof value);
}

/* What the maps of the chosen pass say of the refined quad. */
static void final_features(const cc_page_maps *maps, const cc_page_pass *pass,
                           const cc_quad *refined, double *feature)
{
    cc_quad_measure found;
    cc_quad quad = *refined;

    for (int i = 0; i < 4; i++) {
        quad.corner[i].x = (quad.corner[i].x - pass->view.x) * CC_PAGE_MAP_SIZE / pass->view.width;
        quad.corner[i].y = (quad.corner[i].y - pass->view.y) * CC_PAGE_MAP_SIZE / pass->view.height;
    }
    cc_measure_quad(maps, &quad, &found);
    const double value[] = {found.weakest_edge,    found.mean_edge,        found.weakest_corner,
                            found.mean_corner,     found.inside,           found.outside,
                            found.thinnest_inside, found.thickest_outside, found.furthest_peak,
                            found.mean_peak};
    memcpy(feature + CC_FEATURE_FINAL, value, sizeof value);
    rival_features(maps, &quad, feature);
}

void cc_page_evidence_weigh(const cc_image *image, const cc_page_maps maps[2],
                            cc_page_evidence *evidence)
{
    cc_quad frame = cc_quad_of_frame(image->width, image->height);
    cc_point scratch[2 * CC_CLIP_CAPACITY(4)];
    double *feature = evidence->feature;
    int second = evidence->passes == 2 && evidence->pass[1].fit.outcome == CC_FIT_QUAD;
    double same = agreement(image, evidence);

    evidence->chosen = 0;
    evidence->frame_iou = 0.0;
    memset(&evidence->refinement, 0, sizeof evidence->refinement);
    memset(feature, 0, sizeof evidence->feature);
    if (evidence->pass[0].fit.outcome != CC_FIT_QUAD) {
        return;
    }
    evidence->chosen = choose_pass(image, evidence);
    refine(image, &evidence->pass[evidence->chosen], &evidence->refinement);
    evidence->frame_iou =
        cc_quad_iou(&evidence->refinement.quad, &frame, image->width, image->height);
    memcpy(feature + CC_FEATURE_FIRST, evidence->pass[0].measure,
           CC_MEASURE_COUNT * sizeof *feature);
    memcpy(feature + CC_FEATURE_SECOND, evidence->pass[second].measure,
           CC_SECOND_MEASURES * sizeof *feature);
    feature[CC_FEATURE_AGREEMENT] = same;
    refinement_features(image, evidence, feature);
    final_features(&maps[evidence->chosen], &evidence->pass[evidence->chosen],
                   &evidence->refinement.quad, feature);
    feature[CC_FEATURE_SECOND_NONE] = evidence->pass[second].measure[CC_MEASURE_NONE];
    feature[CC_FEATURE_SECOND_FLAT] = evidence->pass[second].measure[CC_MEASURE_FLAT];
    side_features(&evidence->refinement, hypot(image->width, image->height), feature);
    shape_features(image, &evidence->refinement.quad, feature);
    cc_surroundings_measure(image, &evidence->refinement.quad, feature + CC_FEATURE_SURROUNDINGS);
    feature[CC_FEATURE_TRACED] = evidence->refinement.traced / 8.0;
    feature[CC_FEATURE_OTHER_AGREEMENT] =
        second ? cc_quad_iou(&evidence->refinement.quad, &evidence->pass[1 - evidence->chosen].quad,
                             image->width, image->height)
               : same;
    feature[CC_FEATURE_AREA] =
        sqrt(cc_polygon_area_inside(evidence->refinement.quad.corner, 4, &frame, scratch) /
             ((double)image->width * image->height));
}

/* A picture that borrows a part of another one's pixels. */
static cc_image crop(const cc_image *image, const cc_page_view *view)
{
    cc_image part = {.width = view->width,
                     .height = view->height,
                     .channels = image->channels,
                     .stride = image->stride,
                     .borrowed = true};

    part.pixels = cc_image_row(image, view->y) + (size_t)view->x * (size_t)image->channels;
    return part;
}

static cc_status run_pass(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                          const cc_page_view *view, cc_page_maps *maps, cc_page_pass *pass,
                          cc_error *error)
{
    cc_image part = crop(image, view);
    cc_status status = cc_page_maps_compute(&part, page_model, pool, maps, error);

    return status == CC_OK ? cc_page_pass_run(maps, view, pass, error) : status;
}

/* Where the second look does not settle it, a wider one replaces it if its maps bear out
 * its quad better: the page may go on beyond what was shown. */
static cc_status look_wider(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                            cc_page_maps *maps, cc_page_evidence *evidence, cc_error *error)
{
    cc_page_pass *second = &evidence->pass[1];
    bool found = second->fit.outcome == CC_FIT_QUAD;
    cc_page_pass wide;
    cc_page_view view;
    cc_status status;

    if ((found && !runs_out_of_view(image, second) && agreement(image, evidence) > SETTLED) ||
        !cc_page_view_around(image, &evidence->pass[0], WIDE_MARGIN, &view)) {
        return CC_OK;
    }
    status = run_pass(image, page_model, pool, &view, maps + 2, &wide, error);
    if (status == CC_OK && wide.fit.outcome == CC_FIT_QUAD && !runs_out_of_view(image, &wide) &&
        (!found || runs_out_of_view(image, second) || quality(&wide) > quality(second))) {
        *second = wide;
        maps[1] = maps[2];
    }
    return status;
}

cc_status cc_page_examine(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                          cc_page_evidence *evidence, cc_error *error)
{
    cc_page_view view = {0, 0, image->width, image->height};
    cc_page_maps *maps = cc_alloc_array(3, sizeof *maps);
    cc_status status;

    memset(evidence, 0, sizeof *evidence);
    if (maps == NULL) {
        return cc_fail_memory(error, 3 * sizeof *maps);
    }
    status = run_pass(image, page_model, pool, &view, maps, &evidence->pass[0], error);
    evidence->passes = 1;
    if (status == CC_OK && cc_page_second_view(image, &evidence->pass[0], &view)) {
        status = run_pass(image, page_model, pool, &view, maps + 1, &evidence->pass[1], error);
        evidence->passes = 2;
        if (status == CC_OK) {
            status = look_wider(image, page_model, pool, maps, evidence, error);
        }
    }
    if (status == CC_OK) {
        cc_page_evidence_weigh(image, maps, evidence);
    }
    cc_free(maps);
    return status;
}
