/* Raw video frames. */
#include <string.h>

#include "api/api.h"
#include "image/yuv.h"

static cc_frame_format internal_format(const clearcut_frame_format *format)
{
    return (cc_frame_format){.pixels = (cc_frame_pixels)format->pixels,
                             .width = format->width,
                             .height = format->height,
                             .matrix = format->bt709 ? CC_YUV_BT709 : CC_YUV_BT601,
                             .full_range = format->full_range};
}

/* The caller's format, checked. */
static cc_status take_format(const clearcut_frame_format *theirs, cc_frame_format *format,
                             cc_error *fault)
{
    clearcut_frame_format wanted = {.size = sizeof wanted};
    cc_status status = theirs == NULL ? cc_api_missing("format", fault)
                                      : cc_api_take_options(&wanted, theirs, fault);

    if (status == CC_OK) {
        *format = internal_format(&wanted);
        if (cc_frame_bytes(format) == 0) {
            status = cc_fail(fault, CC_INVALID_ARGUMENT, "a frame of %d x %d in layout %d is none",
                             wanted.width, wanted.height, (int)wanted.pixels);
        }
    }
    return status;
}

size_t clearcut_frame_bytes(const clearcut_frame_format *format)
{
    cc_frame_format wanted;
    cc_error fault = {0};

    return take_format(format, &wanted, &fault) == CC_OK ? cc_frame_bytes(&wanted) : 0;
}

clearcut_status clearcut_image_from_frame(const clearcut_frame_format *format, const void *frame,
                                          clearcut_image **image, clearcut_error *error)
{
    cc_frame_format wanted;
    cc_image result = {0};
    cc_error fault = {0};
    cc_status status;

    if (image == NULL) {
        return cc_api_return(cc_api_missing("image", &fault), &fault, error);
    }
    *image = NULL;
    status = take_format(format, &wanted, &fault);
    if (status == CC_OK && frame == NULL) {
        status = cc_api_missing("frame", &fault);
    }
    if (status == CC_OK) {
        status = cc_frame_to_image(&wanted, frame, &result, &fault);
    }
    if (status == CC_OK) {
        status = cc_api_wrap_image(&result, image, &fault);
    }
    return cc_api_return(status, &fault, error);
}

clearcut_status clearcut_image_to_frame(const clearcut_image *image,
                                        const clearcut_frame_format *format, void *frame,
                                        clearcut_error *error)
{
    cc_frame_format wanted;
    cc_error fault = {0};
    cc_status status = take_format(format, &wanted, &fault);

    if (status == CC_OK && (image == NULL || frame == NULL)) {
        status = cc_api_missing(image == NULL ? "image" : "frame", &fault);
    }
    if (status == CC_OK) {
        status = cc_frame_from_image(&wanted, &image->image, frame, &fault);
    }
    return cc_api_return(status, &fault, error);
}
