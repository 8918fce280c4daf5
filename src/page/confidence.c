#include "page/confidence.h"

#include <math.h>
#include <stdio.h>

#include "page/confidence_weights.h"

/* Below this probability of a page the picture is left alone: cutting a photo wrongly
 * counts one and a half times as much as passing a page through as it is. */
#define PAGE_THRESHOLD 0.6

/* A quad that is the picture but for this much changes nothing worth changing. */
#define FLAT_IOU 0.965

/* Where the network says "flat", a quad this large is the picture already. */
#define FLAT_CLASS 0.5
#define LARGE_IOU 0.80

_Static_assert((int)CONFIDENCE_FEATURES == (int)CC_FEATURE_COUNT,
               "the features have changed: fit src/page/confidence_weights.h again "
               "(bench/page/fit_confidence.py)");

/* Sum of the leaves that the features fall into. */
static double tree_sum(const confidence_tree *trees, const double feature[CC_FEATURE_COUNT])
{
    int level[CC_FEATURE_COUNT];
    long sum = 0;

    for (int i = 0; i < CC_FEATURE_COUNT; i++) {
        level[i] = (int)(fmin(1.0, fmax(0.0, feature[i])) * CONFIDENCE_LEVELS + 0.5);
    }
    for (int i = 0; i < CONFIDENCE_TREES; i++) {
        int node = 0;
        while (node < 7) {
            bool above = level[trees[i].feature[node]] > trees[i].threshold[node];
            node = 2 * node + 1 + above;
        }
        sum += trees[i].leaf[node - 7];
    }
    return (double)sum * CONFIDENCE_LEAF;
}

double cc_confidence_exact(const double feature[CC_FEATURE_COUNT])
{
    return 1.0 / (1.0 + exp(-(EXACT_SCALE * tree_sum(EXACT_TREES, feature) + EXACT_OFFSET)));
}

double cc_confidence_page(const double feature[CC_FEATURE_COUNT])
{
    return 1.0 / (1.0 + exp(-(PAGE_SCALE * tree_sum(PAGE_TREES, feature) + PAGE_OFFSET)));
}

static void set(cc_page_result *result, cc_page_status status, double confidence,
                const char *reason)
{
    result->status = status;
    result->confidence = fmin(1.0, fmax(0.0, confidence));
    snprintf(result->reason, sizeof result->reason, "%s", reason);
}

/* What spoke most against a page. */
static const char *refusal_reason(const double feature[CC_FEATURE_COUNT])
{
    if (feature[CC_MEASURE_NONE] > 0.5) {
        return "nothing in the picture looks like a sheet of paper or a card";
    }
    if (feature[CC_MEASURE_FIT_IOU] < 0.85) {
        return "the brightest candidate is not four-sided";
    }
    if (feature[CC_MEASURE_WEAKEST_EDGE] < 0.3) {
        return "at least one side of the candidate has no visible edge";
    }
    if (feature[CC_MEASURE_WEAKEST_CORNER] < 0.2) {
        return "at least one corner of the candidate cannot be made out";
    }
    return "the candidate is too uncertain to cut the picture by it";
}

static void judge_quad(const cc_page_evidence *evidence, cc_page_result *result)
{
    double page = cc_confidence_page(evidence->feature);
    double flat = evidence->pass[0].measure[CC_MEASURE_FLAT];

    if (evidence->frame_iou > FLAT_IOU || (flat > FLAT_CLASS && evidence->frame_iou > LARGE_IOU)) {
        set(result, CC_PAGE_FLAT, fmax(flat, evidence->frame_iou > FLAT_IOU ? page : 0.0),
            "the page fills the picture already");
        return;
    }
    if (page < PAGE_THRESHOLD) {
        set(result, CC_PAGE_NONE, 1.0 - page, refusal_reason(evidence->feature));
        return;
    }
    result->quad = evidence->refinement.quad;
    set(result, CC_PAGE_CORRECTED, cc_confidence_exact(evidence->feature),
        "four sides of a page were found");
}

void cc_page_judge(const cc_image *image, const cc_page_evidence *evidence, cc_page_result *result)
{
    const cc_page_pass *first = &evidence->pass[0];
    double none = first->measure[CC_MEASURE_NONE];
    double flat = first->measure[CC_MEASURE_FLAT];

    switch (first->fit.outcome) {
    case CC_FIT_QUAD: judge_quad(evidence, result); break;
    case CC_FIT_FULL:
        set(result, CC_PAGE_FLAT, fmax(flat, 1.0 - none), "the page fills the picture already");
        break;
    case CC_FIT_EMPTY:
        set(result, CC_PAGE_NONE, none + flat, "no part of the picture looks like a page");
        break;
    case CC_FIT_SHAPELESS:
        set(result, CC_PAGE_NONE, 0.5, "what looks like a page has fewer than four sides");
        break;
    }
    if (result->status == CC_PAGE_FLAT) {
        result->quad = cc_quad_of_frame(image->width, image->height);
    }
}
