#include "page/page.h"

#include <math.h>
#include <string.h>

#include "page/confidence.h"
#include "page/finding.h"

/* Diagonal of the 36 x 24 mm frame that EXIF's equivalent focal length refers to. */
#define FRAME_DIAGONAL_MM 43.2666

double cc_page_focal_length(const cc_image *image)
{
    return image->metadata.focal_length_35mm > 0.0
               ? image->metadata.focal_length_35mm / FRAME_DIAGONAL_MM *
                     hypot(image->width, image->height)
               : 0.0;
}

cc_status cc_page_find(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                       cc_page_result *result, cc_error *error)
{
    cc_page_evidence evidence;

    return cc_page_find_examined(image, page_model, pool, &evidence, result, error);
}

cc_status cc_page_find_examined(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                                cc_page_evidence *evidence, cc_page_result *result, cc_error *error)
{
    cc_status status = cc_page_examine(image, page_model, pool, evidence, error);

    memset(result, 0, sizeof *result);
    result->status = CC_PAGE_NONE;
    if (status != CC_OK) {
        return status;
    }
    cc_page_judge(image, evidence, result);
    if (result->status == CC_PAGE_CORRECTED) {
        result->aspect =
            cc_quad_aspect(&result->quad, image->width, image->height, cc_page_focal_length(image));
    }
    return CC_OK;
}
