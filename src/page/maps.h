/* What the page network says about a picture. */
#ifndef CLEARCUT_PAGE_MAPS_H
#define CLEARCUT_PAGE_MAPS_H

#include "page/page.h"

enum { CC_MAP_PIXELS = CC_PAGE_MAP_SIZE * CC_PAGE_MAP_SIZE };

typedef enum cc_page_plane {
    CC_PLANE_MASK,  /* the page, and what lies under fingers on it */
    CC_PLANE_EDGE,  /* its border */
    CC_PLANE_CORNER /* a blob at each corner */
} cc_page_plane;

/* Maps are row-major, 0..1; classes are probabilities. Large: allocate it. */
typedef struct cc_page_maps {
    float plane[3][CC_MAP_PIXELS];
    float none; /* no page in the picture */
    float page;
    float flat; /* the picture is the page */
} cc_page_maps;

/* Shrink a picture to the network's square (area averages; transparency over mid
 * grey) as planar RGB 0..1: CC_PAGE_INPUT_SIZE^2 * 3 floats. */
cc_status cc_page_input(const cc_image *image, cc_thread_pool *pool, float *input, cc_error *error);

/* Run the network on a picture. CC_MODEL if the network's inputs or outputs are not
 * those of a page model. On failure the maps are undefined. One call at a time per
 * network. */
cc_status cc_page_maps_compute(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                               cc_page_maps *maps, cc_error *error);

#endif
