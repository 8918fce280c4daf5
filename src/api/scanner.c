/* Scanners: photo -> corners -> flat page. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "core/memory.h"
#include "page/page.h"
#include "zoo/store.h"

static_assert((int)CLEARCUT_PAGE_CORRECTED == (int)CC_PAGE_CORRECTED, "statuses must agree");
static_assert((int)CLEARCUT_PAGE_FLAT == (int)CC_PAGE_FLAT, "statuses must agree");
static_assert((int)CLEARCUT_PAGE_NONE == (int)CC_PAGE_NONE, "statuses must agree");

struct clearcut_scanner {
    cc_runtime runtime;
    cc_network *network;
    clearcut_progress_function progress;
    void *progress_context;
};

const char *clearcut_page_status_name(clearcut_page_status status)
{
    switch (status) {
    case CLEARCUT_PAGE_CORRECTED: return "corrected";
    case CLEARCUT_PAGE_FLAT: return "flat";
    case CLEARCUT_PAGE_NONE: return "no-page";
    }
    return "unknown";
}

void clearcut_scanner_options_init(clearcut_scanner_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->device = "auto";
}

/* ---- creation ---- */

static cc_status load_page_model(clearcut_scanner *scanner, cc_error *fault)
{
    cc_network_options options = cc_runtime_network_options(&scanner->runtime);
    size_t size;
    const void *data = cc_embedded_page_model(&size);
    cc_status status;

    if (size == 0) {
        return cc_fail(fault, CC_MODEL,
                       "this build has no embedded page model; build it with "
                       "assets/page-model.onnx in place");
    }
    status = cc_network_load_memory(data, size, true, &options, &scanner->network, fault);
    cc_error_context(fault, "the embedded page model");
    return status;
}

static cc_status create_scanner(const clearcut_scanner_options *theirs, clearcut_scanner **scanner,
                                cc_error *fault)
{
    clearcut_scanner_options wanted;
    cc_runtime_request request;
    cc_status status;

    clearcut_scanner_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status != CC_OK) {
        return status;
    }
    *scanner = cc_alloc_zeroed(1, sizeof **scanner);
    if (*scanner == NULL) {
        return cc_fail_memory(fault, sizeof **scanner);
    }
    (*scanner)->progress = wanted.progress;
    (*scanner)->progress_context = wanted.progress_context;
    request = (cc_runtime_request){wanted.device, wanted.threads, wanted.precision, wanted.cancel};
    status = cc_runtime_open(&request, &(*scanner)->runtime, fault);
    if (status == CC_OK) {
        status = load_page_model(*scanner, fault);
    }
    if (status != CC_OK) {
        clearcut_scanner_free(scanner);
    }
    return status;
}

clearcut_status clearcut_scanner_create(const clearcut_scanner_options *options,
                                        clearcut_scanner **scanner, clearcut_error *error)
{
    cc_error fault = {0};

    if (scanner == NULL) {
        return cc_api_return(cc_api_missing("scanner", &fault), &fault, error);
    }
    *scanner = NULL;
    return cc_api_return(create_scanner(options, scanner, &fault), &fault, error);
}

void clearcut_scanner_free(clearcut_scanner **scanner)
{
    if (scanner == NULL || *scanner == NULL) {
        return;
    }
    cc_network_free((*scanner)->network);
    cc_runtime_close(&(*scanner)->runtime);
    cc_free(*scanner);
    *scanner = NULL;
}

void clearcut_scanner_device(const clearcut_scanner *scanner, clearcut_device *device)
{
    cc_runtime_describe(&scanner->runtime, scanner->network, device);
}

static void tell_stage(const clearcut_scanner *scanner, clearcut_stage stage)
{
    if (scanner != NULL && scanner->progress != NULL) {
        scanner->progress(scanner->progress_context, stage);
    }
}

/* ---- finding ---- */

static void publish(const cc_page_result *found, clearcut_page *page)
{
    page->status = (clearcut_page_status)found->status;
    for (int i = 0; i < 4 && found->status != CC_PAGE_NONE; i++) {
        page->corners[i].x = found->quad.corner[i].x;
        page->corners[i].y = found->quad.corner[i].y;
    }
    page->confidence = found->confidence;
    page->aspect = found->aspect;
    snprintf(page->reason, sizeof page->reason, "%s", found->reason);
}

static cc_status find(clearcut_scanner *scanner, const cc_image *image, clearcut_timing *timing,
                      clearcut_page *page, cc_error *fault)
{
    cc_page_result found = {0};
    double begin = cc_clock_ms();
    cc_status status = cc_runtime_check(&scanner->runtime, fault);

    if (status == CC_OK) {
        tell_stage(scanner, CLEARCUT_STAGE_INFER);
        status = cc_page_find(image, scanner->network, scanner->runtime.pool, &found, fault);
    }
    if (status == CC_OK) {
        status = cc_runtime_check(&scanner->runtime, fault);
    }
    if (status == CC_OK) {
        publish(&found, page);
        cc_api_add_time(timing, CC_TIMED_INFER, begin);
    }
    return status;
}

clearcut_status clearcut_scanner_find(clearcut_scanner *scanner, const clearcut_image *image,
                                      clearcut_timing *timing, clearcut_page *page,
                                      clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (page == NULL) {
        return cc_api_return(cc_api_missing("page", &fault), &fault, error);
    }
    memset(page, 0, sizeof *page);
    if (scanner == NULL || image == NULL) {
        status = cc_api_missing(scanner == NULL ? "scanner" : "image", &fault);
    } else {
        status = find(scanner, &image->image, timing, page, &fault);
    }
    return cc_api_return(status, &fault, error);
}

/* ---- flattening ---- */

void clearcut_flatten_options_init(clearcut_flatten_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Focal length in pixels from its 35 mm equivalent, which CIPA DCG-001 defines by
 * the diagonal (43.27 mm); 0 if unknown. */
static double focal_length_pixels(const cc_image *image)
{
    const double film_diagonal = 43.2666;
    return image->metadata.focal_length_35mm * hypot(image->width, image->height) / film_diagonal;
}

static cc_status check_flatten_options(const clearcut_flatten_options *wanted, cc_error *fault)
{
    if (wanted->width < 0 || wanted->height < 0) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "a flat page of %d x %d pixels", wanted->width,
                       wanted->height);
    }
    if (wanted->aspect != 0 && !(wanted->aspect >= 0.01 && wanted->aspect <= 100)) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "an aspect of %g; 0.01 to 100", wanted->aspect);
    }
    return CC_OK;
}

/* Width and height of the result; one of them given fixes the other. */
static cc_status flat_size(const cc_image *image, const cc_quad *quad,
                           const clearcut_flatten_options *wanted, int *width, int *height,
                           cc_error *fault)
{
    double aspect = wanted->aspect;

    if (aspect == 0) {
        aspect = cc_quad_aspect(quad, image->width, image->height, focal_length_pixels(image));
    }
    *width = wanted->width;
    *height = wanted->height;
    if (*width == 0 && *height == 0) {
        cc_quad_output_size(quad, aspect, wanted->max_pixels, width, height);
    } else if (*height == 0) {
        *height = (int)fmax(1, fmin(1e6, round(*width / aspect)));
    } else if (*width == 0) {
        *width = (int)fmax(1, fmin(1e6, round(*height * aspect)));
    }
    return cc_image_check_size((uint64_t)*width, (uint64_t)*height, wanted->max_pixels, fault);
}

static cc_status flatten(clearcut_scanner *scanner, const cc_image *image, const cc_quad *quad,
                         const clearcut_flatten_options *theirs, clearcut_image **handle,
                         cc_error *fault)
{
    clearcut_flatten_options wanted;
    cc_image flat = {0};
    double begin = cc_clock_ms();
    int width = 0;
    int height = 0;
    cc_status status;

    clearcut_flatten_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status == CC_OK) {
        status = check_flatten_options(&wanted, fault);
    }
    if (status == CC_OK) {
        status = cc_quad_check(quad, fault);
    }
    if (status == CC_OK) {
        status = flat_size(image, quad, &wanted, &width, &height, fault);
    }
    if (status == CC_OK && scanner != NULL) {
        status = cc_runtime_check(&scanner->runtime, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    tell_stage(scanner, CLEARCUT_STAGE_POSTPROCESS);
    status = cc_page_warp(image, quad, width, height,
                          scanner != NULL ? scanner->runtime.pool : NULL, &flat, fault);
    if (status == CC_OK) {
        status = cc_api_wrap_image(&flat, handle, fault);
    }
    cc_api_add_time(wanted.timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

clearcut_status clearcut_scanner_flatten(clearcut_scanner *scanner, const clearcut_image *image,
                                         const clearcut_point corners[4],
                                         const clearcut_flatten_options *options,
                                         clearcut_image **flat, clearcut_error *error)
{
    cc_error fault = {0};
    cc_quad quad;

    if (flat == NULL) {
        return cc_api_return(cc_api_missing("flat", &fault), &fault, error);
    }
    *flat = NULL;
    if (image == NULL || corners == NULL) {
        return cc_api_return(cc_api_missing(image == NULL ? "image" : "corners", &fault), &fault,
                             error);
    }
    for (int i = 0; i < 4; i++) {
        quad.corner[i].x = corners[i].x;
        quad.corner[i].y = corners[i].y;
    }
    return cc_api_return(flatten(scanner, &image->image, &quad, options, flat, &fault), &fault,
                         error);
}
