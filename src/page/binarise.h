/* Black and white: Sauvola's threshold, and specks taken away. */
#ifndef CLEARCUT_PAGE_BINARISE_H
#define CLEARCUT_PAGE_BINARISE_H

#include "core/threads.h"
#include "image/image.h"

typedef struct cc_binarise_options {
    int window;  /* side of the square the statistics are taken over, pixels; odd, 3..127 */
    double k;    /* how far below the mean the threshold lies on flat paper, 0..1 */
    int lowest;  /* the threshold is never below this: what is darker is black also in the
                    middle of a dark field; 0..255 */
    int highest; /* and never above this, lowest..255 */
} cc_binarise_options;

/* J. Sauvola and M. Pietikainen, "Adaptive document image binarization" (2000): a pixel
 * is black where it is at most m (1 + k (s / 128 - 1)), m and s being mean and standard
 * deviation in the window about it (cut at the border). grey: one channel; black: one
 * channel of the same size, gets 0 and 255; may not be the same picture. Running sums:
 * the time does not depend on the window. The result does not depend on the pool.
 * CC_INVALID_ARGUMENT for other options or pictures, CC_OUT_OF_MEMORY. Any thread. */
cc_status cc_binarise(const cc_image *grey, const cc_binarise_options *options,
                      cc_thread_pool *pool, cc_image *black, cc_error *error);

/* One pixel by the definition: the reference for tests. */
uint8_t cc_binarise_pixel(const cc_image *grey, const cc_binarise_options *options, int x, int y);

/* Make black specks white: 8-connected groups of at most `largest` pixels, and those that
 * touch the border and reach no deeper than 0.6 % of the side; in place.
 * image: one channel of 0 and 255. *removed (may be NULL) gets their number.
 * CC_INVALID_ARGUMENT, CC_OUT_OF_MEMORY (the picture is then unchanged). Any thread. */
cc_status cc_despeckle(cc_image *image, int largest, int *removed, cc_error *error);

#endif
