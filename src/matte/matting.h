/* Cut-outs whose colours are free of the old background, with alpha as the model
 * gave it or solved anew along the edge.
 */
#ifndef CLEARCUT_MATTE_MATTING_H
#define CLEARCUT_MATTE_MATTING_H

#include <stdatomic.h>

#include "core/threads.h"
#include "matte/matte.h"
#include "matte/trimap.h"

typedef struct cc_matting_options {
    bool solve_alpha;         /* closed-form alpha in the trimap's unknown band; else the
                                 mask is the alpha */
    bool decontaminate;       /* foreground estimation where alpha is not solved for, too */
    bool exact;               /* solve for every unknown pixel, to PyMatting's precision; else a
                                 large band on a smaller picture (reduced.h) */
    cc_trimap_options trimap; /* for solve_alpha */
} cc_matting_options;

typedef enum cc_matting_outcome {
    CC_MATTING_DONE = 0,
    CC_MATTING_NO_FOREGROUND = 1, /* the trimap has no certain subject */
    CC_MATTING_NO_BACKGROUND = 2, /* the trimap has no certain background */
    CC_MATTING_TOO_SMALL = 3,     /* a side is below 3 pixels */
    CC_MATTING_NOT_CONVERGED = 4  /* after 10,000 iterations, or 2,000 if not exact */
} cc_matting_outcome;

/* What happened. If the outcome is not DONE, alpha was not solved for: the mask is
 * the alpha. */
typedef struct cc_matting_result {
    cc_matting_outcome outcome;
    cc_trimap_counts counts; /* zero without solve_alpha */
    int iterations;          /* of the solver */
    int reduction;           /* of both sides for the solution; 1 = none; 0 = not solved */
} cc_matting_result;

/* A sentence for the user about an outcome; "" for DONE. Static. */
const char *cc_matting_outcome_text(cc_matting_outcome outcome);

/* Cut a picture of any channel count out with a mask of the same size: RGBA with
 * packed rows, the picture's metadata carried over.
 *
 * style CC_MATTE_STRAIGHT: the picture's own alpha is multiplied in, samples are
 * rounded, colours are zero where alpha is. Colours are the subject's own along soft
 * edges: by cc_edge_colors, or by the multi-level method (foreground.h, slower) if
 * decontaminate is set. CC_MATTE_REMBG: the picture's own alpha is dropped, samples
 * are cut off towards zero, and colours go on where alpha is zero, as in rembg; with
 * neither solve_alpha nor decontaminate, or where alpha could not be solved for and
 * decontaminate is false, the same as cc_matte_cut.
 *
 * pool and cancel may be NULL. Memory at its peak: cc_matting_bytes (laplacian.h) or
 * 24 bytes for each pixel, whichever is more, besides the results. Errors:
 * CC_INVALID_ARGUMENT (sizes, options), CC_LIMIT, CC_CANCELLED, CC_OUT_OF_MEMORY,
 * CC_INTERNAL. On
 * failure *cutout is {0}. */
cc_status cc_matting_cut(const cc_image *image, const cc_image *mask,
                         const cc_matting_options *options, cc_matte_style style,
                         cc_thread_pool *pool, const atomic_bool *cancel, cc_image *cutout,
                         cc_matting_result *result, cc_error *error);

#endif
