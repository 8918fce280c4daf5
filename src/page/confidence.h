/* From evidence to probabilities, and from those to a decision. */
#ifndef CLEARCUT_PAGE_CONFIDENCE_H
#define CLEARCUT_PAGE_CONFIDENCE_H

#include "page/evidence.h"

/* Probability that the quad is right (IoU with the truth >= 0.95): a logistic function of
 * the sum of boosted trees over the features. They were fitted on generated scenes only:
 * bench/page/fit_confidence.py writes confidence_weights.h, docs/page.md says how. */
double cc_confidence_exact(const double feature[CC_FEATURE_COUNT]);

/* Probability that there is a page and the quad is about it (IoU >= 0.80). */
double cc_confidence_page(const double feature[CC_FEATURE_COUNT]);

/* Decide: fill status, quad, confidence and reason of *result (aspect stays 0). */
void cc_page_judge(const cc_image *image, const cc_page_evidence *evidence, cc_page_result *result);

#endif
