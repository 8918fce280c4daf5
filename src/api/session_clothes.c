/* u2net_cloth_seg: one mask for each kind of clothing. */
#include <string.h>

#include "api/session.h"
#include "core/clock.h"
#include "image/pixels.h"

enum { CLOTHES = 3 };

/* Which of the classes 1..3 are wanted: bits 1, 2, 3. */
static cc_status choose_clothes(const char *cloth, unsigned *wanted, cc_error *fault)
{
    static const char *const names[] = {"upper", "lower", "full"}; /* classes 1, 2, 3 */

    *wanted = 0;
    for (unsigned i = 0; i < CLOTHES; i++) {
        if (cloth == NULL || strcmp(cloth, names[i]) == 0) {
            *wanted |= 2u << i;
        }
    }
    return *wanted != 0
               ? CC_OK
               : cc_fail(fault, CC_INVALID_ARGUMENT, "\"%s\" is none of upper, lower, full", cloth);
}

/* The class of every pixel of the picture. rembg enlarges the numbers of the classes by
 * Lanczos like any picture, so that between 1 and 3 there is a seam of 2; so does this. */
static cc_status find_classes(clearcut_session *session, const cc_image *image,
                              clearcut_timing *timing, cc_image *classes, cc_error *fault)
{
    cc_image small = {0};
    bool flat = false;
    cc_status status = cc_session_run(session, image, timing, &small, classes, &flat, fault);

    cc_image_free(&small);
    return status;
}

/* The cut-out or mask of one class. */
static cc_status cut_class(clearcut_session *session, const cc_image *image,
                           const cc_image *classes, uint8_t number,
                           const clearcut_cut_options *wanted, cc_image *result, cc_error *fault)
{
    cc_image mask = {0};
    cc_status status = cc_image_create(classes->width, classes->height, 1, &mask, fault);

    for (size_t i = 0; status == CC_OK && i < mask.stride * (size_t)mask.height; i++) {
        mask.pixels[i] = classes->pixels[i] == number ? 255 : 0;
    }
    if (status == CC_OK && wanted->post_process_mask) {
        status = cc_session_post_process(session, wanted->timing, &mask, fault);
    }
    if (status == CC_OK && wanted->only_mask) {
        *result = mask;
        return CC_OK;
    }
    if (status == CC_OK) {
        double begin = cc_clock_ms();
        status = cc_session_compose(session, image, &mask, wanted, result, fault);
        cc_api_add_time(wanted->timing, CC_TIMED_POSTPROCESS, begin);
    }
    cc_image_free(&mask);
    return status;
}

/* Put `part` below what `stack` has; RGBA even for masks, as rembg does. */
static cc_status stack_below(cc_image *stack, cc_image *part, cc_error *fault)
{
    cc_image colored = {0};
    cc_image taller = {0};
    cc_status status = cc_image_convert(part, 4, &colored, fault);

    if (status == CC_OK) {
        status = cc_image_create(colored.width, stack->height + colored.height, 4, &taller, fault);
    }
    if (status == CC_OK) {
        size_t row = (size_t)colored.width * 4;
        if (stack->pixels != NULL) {
            memcpy(taller.pixels, stack->pixels, row * (size_t)stack->height);
        }
        memcpy(cc_image_row(&taller, stack->height), colored.pixels, row * (size_t)colored.height);
        cc_image_free(stack);
        *stack = taller;
    }
    cc_image_free(&colored);
    cc_image_free(part);
    return status;
}

cc_status cc_session_cut_clothes(clearcut_session *session, const cc_image *image,
                                 const clearcut_cut_options *wanted, clearcut_image **result,
                                 cc_error *fault)
{
    unsigned chosen = 0;
    cc_image classes = {0};
    cc_image stack = {0};
    cc_status status = choose_clothes(wanted->cloth, &chosen, fault);

    if (status == CC_OK) {
        status = find_classes(session, image, wanted->timing, &classes, fault);
    }
    for (uint8_t number = 1; number <= CLOTHES && status == CC_OK; number++) {
        cc_image part = {0};
        if ((chosen >> number & 1) == 0) {
            continue;
        }
        status = cut_class(session, image, &classes, number, wanted, &part, fault);
        if (status == CC_OK && wanted->cloth != NULL) {
            stack = part;
        } else if (status == CC_OK) {
            status = stack_below(&stack, &part, fault);
        }
    }
    cc_image_free(&classes);
    if (wanted->subject != NULL) {
        wanted->subject->status = CLEARCUT_SUBJECT_UNKNOWN;
    }
    if (status != CC_OK) {
        cc_image_free(&stack);
        return status;
    }
    return cc_api_wrap_image(&stack, result, fault);
}
