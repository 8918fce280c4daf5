/* What a flat page looks like in the end. */
#ifndef CLEARCUT_PAGE_FINISH_H
#define CLEARCUT_PAGE_FINISH_H

#include "core/threads.h"
#include "image/image.h"

typedef enum cc_finish {
    CC_FINISH_PHOTO,  /* as photographed */
    CC_FINISH_CLEAN,  /* shading away, paper white, ink dark; colours stay */
    CC_FINISH_GREY,   /* the same in grey: 1 channel */
    CC_FINISH_BILEVEL /* black and white: 1 channel of 0 and 255 */
} cc_finish;

/* Finish a page in place. PHOTO changes nothing. Else: transparency is put on white;
 * the paper's brightness and colour are measured everywhere (shading.h) and divided
 * out; CLEAN and GREY then stretch from the ink's to the paper's level, BILEVEL applies
 * Sauvola's threshold (binarise.h; window 2.5 % of the longer side, k = 0.2) and takes
 * specks away that are smaller than a full stop. The colour profile is kept for CLEAN,
 * dropped otherwise. The result does not depend on the pool. On failure
 * (CC_OUT_OF_MEMORY) the page may be changed but is a valid picture. */
cc_status cc_page_finish(cc_image *page, cc_finish finish, cc_thread_pool *pool, cc_error *error);

#endif
