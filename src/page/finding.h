/* Finding a page with all that spoke for and against it, and finding one in a mask that
 * somebody else made. */
#ifndef CLEARCUT_PAGE_FINDING_H
#define CLEARCUT_PAGE_FINDING_H

#include "page/evidence.h"

/* cc_page_find, keeping the evidence (cleared on failure). */
cc_status cc_page_find_examined(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                                cc_page_evidence *evidence, cc_page_result *result,
                                cc_error *error);

/* A page from a mask of any size (1 channel, 255 = page) over the same picture, as a
 * background removal model gives it: outline at half, four sides, refined on the picture.
 * CC_PAGE_NONE if the mask is empty, full or not four-sided (overlap of quad and outline
 * under 0.9), or under 1 % of the picture. The confidence is that overlap, which says how
 * well four sides describe the mask, not how likely they are a page. evidence gets fit,
 * quad and refinement as from one look without measures. CC_INVALID_ARGUMENT for a mask of
 * more channels, CC_OUT_OF_MEMORY. */
cc_status cc_page_find_in_mask(const cc_image *image, const cc_image *mask,
                               cc_page_evidence *evidence, cc_page_result *result, cc_error *error);

#endif
