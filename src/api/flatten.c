/* Scanners: corners -> finished page. */
#include <assert.h>
#include <string.h>

#include "api/scanner.h"
#include "core/clock.h"
#include "page/finish.h"
#include "page/flatten.h"

static_assert((int)CLEARCUT_FINISH_CLEAN == (int)CC_FINISH_CLEAN, "finishes must agree");
static_assert((int)CLEARCUT_FINISH_GREY == (int)CC_FINISH_GREY, "finishes must agree");
static_assert((int)CLEARCUT_FINISH_BILEVEL == (int)CC_FINISH_BILEVEL, "finishes must agree");
static_assert((int)CLEARCUT_DEWARP_AUTO == (int)CC_DEWARP_AUTO, "dewarping must agree");
static_assert((int)CLEARCUT_DEWARP_ON == (int)CC_DEWARP_ON, "dewarping must agree");
static_assert((int)CLEARCUT_TURN_AUTO == (int)CC_TURN_AUTO, "turns must agree");
static_assert((int)CLEARCUT_ASPECT_FORMAT == (int)CC_ASPECT_FORMAT, "sources must agree");
static_assert((int)CLEARCUT_ASPECT_GIVEN == (int)CC_ASPECT_GIVEN, "sources must agree");

bool clearcut_finish_from_name(const char *name, clearcut_finish *finish)
{
    static const char *const names[] = {"photo", "clean", "grey", "bilevel"};

    for (int i = 0; i < 4; i++) {
        if (name != NULL && strcmp(name, names[i]) == 0) {
            *finish = (clearcut_finish)i;
            return true;
        }
    }
    return false;
}

const char *clearcut_aspect_source_name(clearcut_aspect_source source)
{
    switch (source) {
    case CLEARCUT_ASPECT_PERSPECTIVE: return "perspective";
    case CLEARCUT_ASPECT_FORMAT: return "format";
    case CLEARCUT_ASPECT_GIVEN: return "given";
    }
    return "unknown";
}

bool clearcut_paper_from_name(const char *name, double sheet_mm[2])
{
    const cc_paper *paper = name != NULL ? cc_paper_by_name(name) : NULL;

    if (paper != NULL) {
        sheet_mm[0] = paper->width_mm;
        sheet_mm[1] = paper->height_mm;
    }
    return paper != NULL;
}

void clearcut_flatten_options_init(clearcut_flatten_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

static cc_status check_finish(clearcut_finish finish, cc_error *fault)
{
    if (finish < CLEARCUT_FINISH_PHOTO || finish > CLEARCUT_FINISH_BILEVEL) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "finish %d; 0 to 3", (int)finish);
    }
    return CC_OK;
}

static cc_status check_choices(const clearcut_flatten_options *wanted, cc_error *fault)
{
    if (wanted->dewarp < CLEARCUT_DEWARP_OFF || wanted->dewarp > CLEARCUT_DEWARP_ON) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "dewarp %d; 0 to 2", (int)wanted->dewarp);
    }
    return check_finish(wanted->finish, fault);
}

static void take_request(const cc_image *image, const clearcut_point corners[4],
                         const clearcut_flatten_options *wanted, cc_flatten_request *request)
{
    memset(request, 0, sizeof *request);
    for (int i = 0; i < 4; i++) {
        request->quad.corner[i].x = corners[i].x;
        request->quad.corner[i].y = corners[i].y;
        request->curl.bulge[i] = wanted->curl[i];
    }
    request->dewarp = (cc_dewarp)wanted->dewarp;
    request->focal_length_pixels = cc_page_focal_length(image);
    request->aspect = wanted->aspect;
    request->keep_measured = wanted->keep_measured;
    request->sheet_mm[0] = wanted->sheet_mm[0];
    request->sheet_mm[1] = wanted->sheet_mm[1];
    request->dots_per_inch = wanted->dots_per_inch;
    request->width = wanted->width;
    request->height = wanted->height;
    request->max_pixels = wanted->max_pixels;
    request->turn = wanted->turn;
    request->finish = (cc_finish)wanted->finish;
}

static void publish(const cc_flattening *done, clearcut_flattening *result)
{
    if (result != NULL) {
        *result =
            (clearcut_flattening){.measured_aspect = done->measured_aspect,
                                  .aspect = done->aspect,
                                  .aspect_source = (clearcut_aspect_source)done->aspect_source,
                                  .paper = done->paper != NULL ? done->paper : "",
                                  .width_mm = done->width_mm,
                                  .height_mm = done->height_mm,
                                  .dots_per_inch = done->dots_per_inch,
                                  .turn = done->turn,
                                  .turn_sure = done->turn_sure,
                                  .skew = done->skew,
                                  .dewarped = done->dewarped};
    }
}

static cc_status flatten(clearcut_scanner *scanner, const cc_image *image,
                         const clearcut_point corners[4], const clearcut_flatten_options *theirs,
                         clearcut_image **handle, cc_error *fault)
{
    clearcut_flatten_options wanted;
    cc_flatten_request request;
    cc_flattening done = {0};
    cc_image flat = {0};
    double begin = cc_clock_ms();
    cc_status status;

    clearcut_flatten_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    publish(&done, wanted.flattening);
    if (status == CC_OK) {
        status = check_choices(&wanted, fault);
    }
    if (status == CC_OK && scanner != NULL) {
        status = cc_runtime_check(&scanner->runtime, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    take_request(image, corners, &wanted, &request);
    cc_scanner_tell_stage(scanner, CLEARCUT_STAGE_POSTPROCESS);
    status = cc_page_flatten(image, &request, scanner != NULL ? scanner->runtime.pool : NULL, &flat,
                             &done, fault);
    if (status == CC_OK) {
        status = cc_api_wrap_image(&flat, handle, fault);
    }
    if (status == CC_OK) {
        publish(&done, wanted.flattening);
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

    if (flat == NULL) {
        return cc_api_return(cc_api_missing("flat", &fault), &fault, error);
    }
    *flat = NULL;
    if (image == NULL || corners == NULL) {
        return cc_api_return(cc_api_missing(image == NULL ? "image" : "corners", &fault), &fault,
                             error);
    }
    return cc_api_return(flatten(scanner, &image->image, corners, options, flat, &fault), &fault,
                         error);
}

static cc_status finish_copy(clearcut_scanner *scanner, const clearcut_image *page,
                             clearcut_finish finish, clearcut_image **finished, cc_error *fault)
{
    cc_image copy = {0};
    cc_status status = check_finish(finish, fault);

    if (status == CC_OK && scanner != NULL) {
        status = cc_runtime_check(&scanner->runtime, fault);
    }
    if (status == CC_OK) {
        status = cc_image_copy(&page->image, &copy, fault);
    }
    if (status == CC_OK) {
        status = cc_page_finish(&copy, (cc_finish)finish,
                                scanner != NULL ? scanner->runtime.pool : NULL, fault);
    }
    if (status != CC_OK) {
        cc_image_free(&copy);
        return status;
    }
    return cc_api_wrap_image(&copy, finished, fault);
}

clearcut_status clearcut_scanner_finish(clearcut_scanner *scanner, const clearcut_image *page,
                                        clearcut_finish finish, clearcut_image **finished,
                                        clearcut_error *error)
{
    cc_error fault = {0};

    if (finished == NULL) {
        return cc_api_return(cc_api_missing("finished", &fault), &fault, error);
    }
    *finished = NULL;
    if (page == NULL) {
        return cc_api_return(cc_api_missing("page", &fault), &fault, error);
    }
    return cc_api_return(finish_copy(scanner, page, finish, finished, &fault), &fault, error);
}
