/* Pictures of how an answer came about. */
#ifndef CLEARCUT_PAGE_OVERLAY_H
#define CLEARCUT_PAGE_OVERLAY_H

#include "page/finding.h"
#include "page/maps.h"

/* The picture, at most `largest` pixels long and wide, in 3 channels, with: the mask tinted
 * blue, its outline thin and light, the looks' quads thin (first yellow, second cyan), and
 * the quad of `result` thick: each side green to red by its support in the full picture
 * (grey: not measured); a quad that was not dared to be used red and thick. maps: of the
 * first look, NULL if there was no network. Only CC_OUT_OF_MEMORY; *overlay is then {0}. */
cc_status cc_page_overlay(const cc_image *image, const cc_page_evidence *evidence,
                          const cc_page_maps *maps, const cc_page_result *result, int largest,
                          cc_thread_pool *pool, cc_image *overlay, cc_error *error);

/* The mask plane of the maps over the whole picture, bicubic, 1 channel. */
cc_status cc_page_full_mask(const cc_image *image, const cc_page_maps *maps, cc_thread_pool *pool,
                            cc_image *mask, cc_error *error);

#endif
