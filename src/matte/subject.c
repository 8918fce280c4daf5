#include "matte/subject.h"

#include <math.h>

static const double sure_share = 0.001; /* of all values */
static const double sharp_share = 0.1;  /* of the likely ones */
static const double slack = 0.001;      /* rounding of sigmoids */

static cc_subject_tally count_values(const float *map, size_t count, bool logits)
{
    cc_subject_tally found = {INFINITY, -INFINITY, 0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        double value = map[i];
        if (!isfinite(value)) {
            continue;
        }
        if (logits) {
            value = 1.0 / (1.0 + exp(-value));
        }
        found.smallest = value < found.smallest ? value : found.smallest;
        found.largest = value > found.largest ? value : found.largest;
        found.sure += value > CC_SUBJECT_SURE;
        found.likely += value > CC_SUBJECT_LIKELY;
        found.finite++;
    }
    return found;
}

cc_subject_report cc_subject_judge(const float *map, size_t count, bool logits)
{
    cc_subject_tally found = count_values(map, count, logits);

    return cc_subject_judge_tally(&found, count);
}

cc_subject_report cc_subject_judge_tally(const cc_subject_tally *tally, size_t count)
{
    cc_subject_report report = {CC_SUBJECT_NONE, 0.0, 0.0};

    if (tally->finite == 0 || !(tally->largest > tally->smallest)) {
        return report;
    }
    if (tally->smallest < -slack || tally->largest > 1.0 + slack) {
        report.subject = CC_SUBJECT_UNKNOWN;
        return report;
    }
    report.largest = fmin(1.0, fmax(0.0, tally->largest));
    report.share = (double)tally->sure / (double)count;
    if (report.share >= sure_share ||
        (tally->sure > 0 && (double)tally->sure >= sharp_share * (double)tally->likely)) {
        report.subject = CC_SUBJECT_FOUND;
    }
    return report;
}
