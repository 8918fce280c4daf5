/* How far the sides of a page bend between its corners. */
#ifndef CLEARCUT_PAGE_CURL_H
#define CLEARCUT_PAGE_CURL_H

#include "page/page.h"

/* Measure the bend of every side again, between the corners that the page really has.
 *
 * The finder measures a side's bulge while it looks for the corners, and gives none where
 * it had to follow the side freely; a surface between four sides of which one is missing
 * is flattened half. Here the corners are fixed, so that one number is left: the parabola
 * 4 t (1 - t) through both corners that the stations of edge_profile.h vote for, looked for
 * around *curl within 4 % of the side, then finer. A side keeps its value where no parabola
 * is clearly better, or fewer than half the stations agree.
 *
 * image: the photo; quad: convex, clockwise, its pixels. *curl: first guess, replaced.
 * Cannot fail; nothing is allocated. Any thread. */
void cc_curl_measure(const cc_image *image, const cc_quad *quad, cc_curl *curl);

#endif
