/* Scanners: photo -> corners -> flat page. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/scanner.h"
#include "core/clock.h"
#include "core/memory.h"
#include "page/page.h"
#include "zoo/store.h"

static_assert((int)CLEARCUT_PAGE_CORRECTED == (int)CC_PAGE_CORRECTED, "statuses must agree");
static_assert((int)CLEARCUT_PAGE_FLAT == (int)CC_PAGE_FLAT, "statuses must agree");
static_assert((int)CLEARCUT_PAGE_NONE == (int)CC_PAGE_NONE, "statuses must agree");

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
    options->precision = CLEARCUT_PRECISION_AUTO;
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
    if (cc_runtime_retreat(&scanner->runtime, status, fault)) {
        options = cc_runtime_network_options(&scanner->runtime);
        status = cc_network_load_memory(data, size, true, &options, &scanner->network, fault);
    }
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
    /* The page model is small: exactness costs a GPU nothing there. */
    if (wanted.precision == CLEARCUT_PRECISION_AUTO) {
        wanted.precision = CLEARCUT_PRECISION_FP32;
    }
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

void cc_scanner_tell_stage(const clearcut_scanner *scanner, clearcut_stage stage)
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

/* mask NULL: by the page model. */
static cc_status find(clearcut_scanner *scanner, const cc_image *image, const cc_image *mask,
                      clearcut_timing *timing, clearcut_page *page, cc_error *fault)
{
    cc_page_result found = {0};
    double begin = cc_clock_ms();
    cc_status status = cc_runtime_check(&scanner->runtime, fault);

    scanner->examined = false;
    if (status == CC_OK) {
        cc_scanner_tell_stage(scanner, CLEARCUT_STAGE_INFER);
        status = mask != NULL
                     ? cc_page_find_in_mask(image, mask, &scanner->evidence, &found, fault)
                     : cc_page_find_examined(image, scanner->network, scanner->runtime.pool,
                                             &scanner->evidence, &found, fault);
    }
    if (status == CC_OK) {
        status = cc_runtime_check(&scanner->runtime, fault);
    }
    if (status == CC_OK) {
        scanner->examined = true;
        scanner->in_mask = mask != NULL;
        scanner->answer = found.status;
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
        status = find(scanner, &image->image, NULL, timing, page, &fault);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_scanner_find_in_mask(clearcut_scanner *scanner,
                                              const clearcut_image *image,
                                              const clearcut_image *mask, clearcut_timing *timing,
                                              clearcut_page *page, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (page == NULL) {
        return cc_api_return(cc_api_missing("page", &fault), &fault, error);
    }
    memset(page, 0, sizeof *page);
    if (scanner == NULL || image == NULL || mask == NULL) {
        status = cc_api_missing(scanner == NULL ? "scanner"
                                : image == NULL ? "image"
                                                : "mask",
                                &fault);
    } else {
        status = find(scanner, &image->image, &mask->image, timing, page, &fault);
    }
    return cc_api_return(status, &fault, error);
}
