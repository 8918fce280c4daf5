/* What the lines of text on a flat page tell about its orientation.
 *
 * All by projection: in lines of text, rows full of ink alternate with empty ones. The
 * page is seen small, in black and white, letters only: what is as long as a word or
 * as small as a speck (rules, pictures, dirt) is left out.
 */
#ifndef CLEARCUT_PAGE_TEXTLINES_H
#define CLEARCUT_PAGE_TEXTLINES_H

#include "core/threads.h"
#include "image/image.h"

typedef struct cc_textlines {
    int letters;      /* groups of pixels that may be letters or pieces of words */
    double sharpness; /* of the rows' profile against the columns', natural logarithm:
                         positive = lines run across, negative = they run down */
    int turn;         /* quarter turns clockwise (0..3) that bring the page upright */
    bool sure;        /* both the axis and the direction are beyond doubt; else turn is 0 */
    bool axis_sure;   /* at least whether lines run across or down is */
    double up;        /* evidence that the letters stand upright (after `turn`'s axis): in
                         standard deviations, positive = as they are */
    double excess;    /* the same as a share of the lines' own ink */
    double skew;      /* degrees that the lines rise to the right, -2..2; 0 if unknown */
    bool skew_sure;
} cc_textlines;

/* Measure a picture of any size and 1 to 4 channels. Only CC_OUT_OF_MEMORY; *lines is then
 * {0}. The result does not depend on the pool. Any thread. */
cc_status cc_textlines_measure(const cc_image *page, cc_thread_pool *pool, cc_textlines *lines,
                               cc_error *error);

#endif
