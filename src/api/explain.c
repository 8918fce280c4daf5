/* Scanners: what spoke for and against an answer. */
#include <math.h>
#include <string.h>

#include "api/scanner.h"
#include "core/clock.h"
#include "core/memory.h"
#include "page/overlay.h"

enum { DEFAULT_LARGEST = 1200 };

static void copy_corners(const cc_quad *quad, clearcut_point corners[4])
{
    for (int i = 0; i < 4; i++) {
        corners[i].x = quad->corner[i].x;
        corners[i].y = quad->corner[i].y;
    }
}

static void collect_details(const clearcut_scanner *scanner, clearcut_page_details *details)
{
    const cc_page_evidence *evidence = &scanner->evidence;

    details->looks = evidence->passes;
    details->chosen = evidence->chosen;
    details->none = scanner->in_mask ? 0.0 : evidence->pass[0].measure[CC_MEASURE_NONE];
    for (int i = 0; i < evidence->passes; i++) {
        details->candidate[i] = evidence->pass[i].fit.outcome == CC_FIT_QUAD;
        if (details->candidate[i]) {
            copy_corners(&evidence->pass[i].quad, details->candidates[i]);
        }
    }
    for (int i = 0; i < 4; i++) {
        const cc_refined_side *side = &evidence->refinement.side[i];
        details->corner_error[i] = evidence->refinement.corner_error[i];
        details->side_support[i] = side->measured ? side->support : -1.0;
        details->side_contrast[i] = side->measured ? side->contrast : 0.0;
        details->curl[i] = side->moved ? side->bulge : 0.0;
    }
    details->refused = scanner->answer == CC_PAGE_NONE && details->candidate[0];
    if (details->refused) {
        copy_corners(&evidence->refinement.quad, details->refused_corners);
    }
}

clearcut_status clearcut_scanner_details(const clearcut_scanner *scanner,
                                         clearcut_page_details *details, clearcut_error *error)
{
    clearcut_page_details filled = {.size = sizeof filled};
    cc_error fault = {0};
    size_t size;

    if (scanner == NULL || details == NULL) {
        return cc_api_return(cc_api_missing(scanner == NULL ? "scanner" : "details", &fault),
                             &fault, error);
    }
    size = details->size;
    if (size < sizeof size) {
        return cc_api_return(cc_fail(&fault, CC_INVALID_ARGUMENT,
                                     "details->size must be sizeof(clearcut_page_details)"),
                             &fault, error);
    }
    if (!scanner->examined) {
        return cc_api_return(
            cc_fail(&fault, CC_INVALID_ARGUMENT, "this scanner has not looked at a picture yet"),
            &fault, error);
    }
    collect_details(scanner, &filled);
    memcpy(details, &filled, size < sizeof filled ? size : sizeof filled);
    details->size = size;
    return CLEARCUT_OK;
}

/* The maps of the whole picture, allocated; NULL and a status on failure. */
static cc_status compute_maps(clearcut_scanner *scanner, const cc_image *image, cc_page_maps **maps,
                              cc_error *fault)
{
    cc_status status = cc_runtime_check(&scanner->runtime, fault);

    *maps = NULL;
    if (status != CC_OK) {
        return status;
    }
    *maps = cc_alloc(sizeof **maps);
    if (*maps == NULL) {
        return cc_fail_memory(fault, sizeof **maps);
    }
    status = cc_page_maps_compute(image, scanner->network, scanner->runtime.pool, *maps, fault);
    if (status != CC_OK) {
        cc_free(*maps);
        *maps = NULL;
    }
    return status;
}

static cc_status make_mask(clearcut_scanner *scanner, const cc_image *image,
                           clearcut_timing *timing, clearcut_image **handle, cc_error *fault)
{
    double begin = cc_clock_ms();
    cc_page_maps *maps;
    cc_image mask = {0};
    cc_status status = compute_maps(scanner, image, &maps, fault);

    if (status == CC_OK) {
        status = cc_page_full_mask(image, maps, scanner->runtime.pool, &mask, fault);
    }
    cc_free(maps);
    cc_api_add_time(timing, CC_TIMED_INFER, begin);
    return status == CC_OK ? cc_api_wrap_image(&mask, handle, fault) : status;
}

clearcut_status clearcut_scanner_mask(clearcut_scanner *scanner, const clearcut_image *image,
                                      clearcut_timing *timing, clearcut_image **mask,
                                      clearcut_error *error)
{
    cc_error fault = {0};

    if (mask == NULL) {
        return cc_api_return(cc_api_missing("mask", &fault), &fault, error);
    }
    *mask = NULL;
    if (scanner == NULL || image == NULL) {
        return cc_api_return(cc_api_missing(scanner == NULL ? "scanner" : "image", &fault), &fault,
                             error);
    }
    return cc_api_return(make_mask(scanner, &image->image, timing, mask, &fault), &fault, error);
}

static cc_status explain(clearcut_scanner *scanner, const cc_image *image,
                         const clearcut_page *page, int largest, clearcut_image **handle,
                         cc_error *fault)
{
    cc_page_result result = {.status = (cc_page_status)page->status};
    cc_page_maps *maps = NULL;
    cc_image overlay = {0};
    cc_status status = CC_OK;

    if (!scanner->examined) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "this scanner has not looked at a picture yet");
    }
    if (largest < 0 || largest > 20000) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "an overlay of %d pixels; 0 to 20000", largest);
    }
    for (int i = 0; i < 4; i++) {
        result.quad.corner[i] = (cc_point){page->corners[i].x, page->corners[i].y};
    }
    if (!scanner->in_mask) {
        status = compute_maps(scanner, image, &maps, fault);
    }
    if (status == CC_OK) {
        status = cc_page_overlay(image, &scanner->evidence, maps, &result,
                                 largest > 0 ? largest : DEFAULT_LARGEST, scanner->runtime.pool,
                                 &overlay, fault);
    }
    cc_free(maps);
    return status == CC_OK ? cc_api_wrap_image(&overlay, handle, fault) : status;
}

clearcut_status clearcut_scanner_explain(clearcut_scanner *scanner, const clearcut_image *image,
                                         const clearcut_page *page, int largest,
                                         clearcut_image **overlay, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (overlay == NULL) {
        return cc_api_return(cc_api_missing("overlay", &fault), &fault, error);
    }
    *overlay = NULL;
    if (scanner == NULL || image == NULL || page == NULL) {
        status = cc_api_missing(scanner == NULL ? "scanner"
                                : image == NULL ? "image"
                                                : "page",
                                &fault);
    } else {
        status = explain(scanner, &image->image, page, largest, overlay, &fault);
    }
    return cc_api_return(status, &fault, error);
}
