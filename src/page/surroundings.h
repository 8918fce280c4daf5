/* How the picture itself looks on both sides of a quad's sides: evidence that does not
 * come from the network. */
#ifndef CLEARCUT_PAGE_SURROUNDINGS_H
#define CLEARCUT_PAGE_SURROUNDINGS_H

#include "page/page.h"

/* All 0..1. "Near" is 0.5 to 2 %, "deep" 3 to 6 % of the quad's size (square root of its
 * area) away from a side; colours are means along a side. */
typedef enum cc_surrounding {
    CC_SURROUNDING_STEP_NEAR,      /* least colour step across a side, near; 64 grey levels = 1 */
    CC_SURROUNDING_STEP_DEEP,      /* the same, deep */
    CC_SURROUNDING_STEP_MEAN,      /* mean of the near steps; 128 = 1 */
    CC_SURROUNDING_ODD_OUTSIDE,    /* how far the ground beside one side differs from that
                                      beside the other three, the most; 128 = 1 */
    CC_SURROUNDING_ODD_INSIDE,     /* the same just inside the sides */
    CC_SURROUNDING_OUTSIDE_ALIKE,  /* least difference between the ground beside a side and
                                      the middle of the page; 128 = 1 */
    CC_SURROUNDING_INSIDE_UNLIKE,  /* largest difference between just inside a side and the
                                      middle of the page; 128 = 1 */
    CC_SURROUNDING_RIVAL_OUTSIDE,  /* strongest other step parallel to a side within 16 % of
                                      the size outside, against the side's own: r / (r + own) */
    CC_SURROUNDING_RIVAL_INSIDE,   /* the same inside */
    CC_SURROUNDING_PAGE_LIGHT,     /* brightness of the page, 255 = 1 */
    CC_SURROUNDING_GROUND_LIGHT,   /* and of what is around it */
    CC_SURROUNDING_PAGE_TEXTURE,   /* mean spread of the brightness along the sides, near,
                                      inside; 64 = 1 */
    CC_SURROUNDING_GROUND_TEXTURE, /* and outside */
    CC_SURROUNDING_COUNT
} cc_surrounding;

/* Look at `image` along the sides of a convex clockwise quad in its pixels. Sides of which
 * less than a fifth is in the picture are left out; where nothing can be said the value is
 * one half. Cannot fail; nothing is allocated. Any thread. */
void cc_surroundings_measure(const cc_image *image, const cc_quad *quad,
                             double value[CC_SURROUNDING_COUNT]);

#endif
