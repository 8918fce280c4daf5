/* What speaks for and against a quad: one or two passes of the network, brought
 * together, refined on the full picture, and put into numbers. */
#ifndef CLEARCUT_PAGE_EVIDENCE_H
#define CLEARCUT_PAGE_EVIDENCE_H

#include "page/pass.h"
#include "page/quad_refine.h"
#include "page/surroundings.h"

/* Features of the confidence, in the order of its weights: the measures of the first
 * pass (cc_measure), those of the second pass without the classes (the first pass
 * again where there was none), then these. All lie in about 0..1. */
enum { CC_SECOND_MEASURES = CC_MEASURE_VISIBLE + 1 };
typedef enum cc_feature {
    CC_FEATURE_FIRST = 0,
    CC_FEATURE_SECOND = CC_MEASURE_COUNT,
    CC_FEATURE_AGREEMENT = CC_MEASURE_COUNT + CC_SECOND_MEASURES, /* IoU of the passes */
    CC_FEATURE_WEAKEST_REFINE, /* stations that agree in the full picture, worst side */
    CC_FEATURE_MEAN_REFINE,
    CC_FEATURE_CONTRAST,        /* weakest step across a measured side, 64 grey levels = 1 */
    CC_FEATURE_SHIFT,           /* largest move of a corner by refinement, in 3 % of the diagonal */
    CC_FEATURE_AREA,            /* square root of the quad's share of the picture */
    CC_FEATURE_ANGLE,           /* largest deviation of a corner from 90 degrees / 90 */
    CC_FEATURE_TRACED,          /* share of the sides' ends that were traced along a curve */
    CC_FEATURE_OTHER_AGREEMENT, /* IoU of the refined quad with the quad not chosen */
    CC_FEATURE_FINAL,           /* ten: cc_quad_measure of the refined quad in the chosen maps */
    CC_FEATURE_FINAL_END = CC_FEATURE_FINAL + 9,
    CC_FEATURE_SECOND_NONE, /* class probabilities of the last look */
    CC_FEATURE_SECOND_FLAT,
    CC_FEATURE_CORNER_ERROR,  /* largest standard error of a corner, in 0.5 % of the diagonal */
    CC_FEATURE_SIDE_RESIDUAL, /* largest spread of edge points about a side, in 0.3 % of it */
    CC_FEATURE_UNMOVED,       /* share of the sides that found no consistent edge */
    CC_FEATURE_SHORTEST,      /* shortest side against the square root of the picture's area */
    CC_FEATURE_ASPECT,        /* shorter over longer side of the sheet (cc_quad_aspect) */
    CC_FEATURE_PERSPECTIVE,   /* least ratio of two opposite sides */
    CC_FEATURE_CUT,           /* share of corners that lie outside the picture */
    CC_FEATURE_RIVALS,        /* five: cc_rivals of the refined quad in the chosen maps */
    CC_FEATURE_SURROUNDINGS = CC_FEATURE_RIVALS + 5, /* cc_surrounding, in the full picture */
    CC_FEATURE_COUNT = CC_FEATURE_SURROUNDINGS + CC_SURROUNDING_COUNT
} cc_feature;

typedef struct cc_page_evidence {
    cc_page_pass pass[2];             /* of the whole picture, and of the part around the quad */
    int passes;                       /* 1 or 2 */
    int chosen;                       /* whose quad was refined */
    cc_refinement refinement;         /* in picture pixels; valid if the first fit is a quad */
    double frame_iou;                 /* of the refined quad with the whole picture */
    double feature[CC_FEATURE_COUNT]; /* zero unless the first fit is a quad */
} cc_page_evidence;

/* Bring passes together: evidence->pass and ->passes and the maps of the passes are given,
 * the rest is filled.
 * The second pass is chosen if its maps bear out its quad about as well (overlap of
 * fit and outline plus mean edge) and it does not run out of its view where the
 * picture goes on. Cannot fail. */
void cc_page_evidence_weigh(const cc_image *image, const cc_page_maps maps[2],
                            cc_page_evidence *evidence);

/* The whole examination: run the network on the picture, again on the part around
 * what it found, and weigh. One call at a time per network. */
cc_status cc_page_examine(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                          cc_page_evidence *evidence, cc_error *error);

/* A feature's name for reports, at most 40 bytes into `name`; returns name. */
const char *cc_feature_name(int feature, char name[40]);

#endif
