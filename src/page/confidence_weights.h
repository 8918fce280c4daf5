#ifndef CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H
#define CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H

#include "page/evidence.h"

static const double EXACT_WEIGHTS[2 * CC_FEATURE_COUNT + 1] = {0};
static const double PAGE_WEIGHTS[2 * CC_FEATURE_COUNT + 1] = {0};

#endif
