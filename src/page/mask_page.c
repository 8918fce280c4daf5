#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "page/finding.h"
#include "page/geometry.h"

/* The mask is traced at this size: four times finer than the page model's, since these
 * masks are as sharp as the picture. */
enum { TRACED_SIZE = 512 };

/* A mask that this much of is outside its four sides is no page. */
#define LEAST_OVERLAP 0.9

/* Share of the picture below which a quad is no page to flatten. */
#define LEAST_SHARE 0.01

/* How far from the mask's outline the edge may be: the masks come from 320 to 1024 pixels. */
#define REACH 0.006

static cc_status shrink_mask(const cc_image *mask, float *map, cc_error *error)
{
    cc_image small;
    cc_status status =
        cc_image_resize(mask, TRACED_SIZE, TRACED_SIZE, CC_FILTER_BILINEAR, NULL, &small, error);

    for (int y = 0; y < TRACED_SIZE && status == CC_OK; y++) {
        for (int x = 0; x < TRACED_SIZE; x++) {
            map[y * TRACED_SIZE + x] = (float)cc_image_row(&small, y)[x] / 255.0F;
        }
    }
    cc_image_free(&small);
    return status;
}

static cc_status fit_mask(const cc_image *mask, cc_page_pass *pass, cc_error *error)
{
    float *map = cc_alloc_array((size_t)TRACED_SIZE * TRACED_SIZE, sizeof *map);
    cc_outline outline = {0};
    cc_status status = map != NULL ? shrink_mask(mask, map, error)
                                   : cc_fail_memory(error, sizeof *map * TRACED_SIZE * TRACED_SIZE);

    if (status == CC_OK) {
        status = cc_outline_trace(map, TRACED_SIZE, 0.5, &outline, error);
    }
    if (status == CC_OK) {
        status = cc_quad_fit_outline(&outline, &pass->fit, error);
        pass->coverage = outline.coverage;
    }
    cc_outline_free(&outline);
    cc_free(map);
    return status;
}

static void refine(const cc_image *image, cc_page_evidence *evidence)
{
    const cc_page_pass *pass = &evidence->pass[0];
    cc_refine_options options = {.reach = REACH * hypot(image->width, image->height)};
    double unit = 0.5 * (image->width + image->height) / TRACED_SIZE;

    for (int i = 0; i < 4; i++) {
        options.fixed[i] = pass->fit.on_frame[i];
        options.bulge[i] = pass->fit.bulge[i] * unit;
    }
    cc_quad_refine(image, &pass->quad, &options, &evidence->refinement);
}

static void judge(const cc_image *image, const cc_page_evidence *evidence, cc_page_result *result)
{
    const cc_quad_fit *fit = &evidence->pass[0].fit;
    const char *reason = "four sides of the model's subject were found";
    double area = cc_polygon_area(evidence->refinement.quad.corner, 4);

    result->status = CC_PAGE_NONE;
    if (fit->outcome == CC_FIT_EMPTY) {
        reason = "the model sees no subject";
    } else if (fit->outcome == CC_FIT_FULL) {
        reason = "the model takes the whole picture for the subject";
    } else if (fit->outcome != CC_FIT_QUAD || fit->iou < LEAST_OVERLAP) {
        reason = "the model's subject is not four-sided";
    } else if (area < LEAST_SHARE * image->width * (double)image->height) {
        reason = "the model's subject is too small";
    } else {
        result->status = CC_PAGE_CORRECTED;
        result->quad = evidence->refinement.quad;
        result->confidence = fit->iou;
    }
    snprintf(result->reason, sizeof result->reason, "%s", reason);
}

cc_status cc_page_find_in_mask(const cc_image *image, const cc_image *mask,
                               cc_page_evidence *evidence, cc_page_result *result, cc_error *error)
{
    cc_page_pass *pass = &evidence->pass[0];
    cc_status status;

    memset(evidence, 0, sizeof *evidence);
    memset(result, 0, sizeof *result);
    result->status = CC_PAGE_NONE;
    if (mask->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a mask has one channel");
    }
    evidence->passes = 1;
    pass->view = (cc_page_view){0, 0, image->width, image->height};
    status = fit_mask(mask, pass, error);
    if (status != CC_OK) {
        return status;
    }
    if (pass->fit.outcome == CC_FIT_QUAD) {
        pass->quad = cc_quad_scale(&pass->fit.quad, (double)image->width / TRACED_SIZE,
                                   (double)image->height / TRACED_SIZE);
        refine(image, evidence);
    }
    judge(image, evidence, result);
    if (result->status == CC_PAGE_CORRECTED) {
        result->aspect =
            cc_quad_aspect(&result->quad, image->width, image->height, cc_page_focal_length(image));
    }
    return CC_OK;
}
