#include "matte/subject.h"

#include <math.h>

static const double sure = 0.9;
static const double likely = 0.1;
static const double sure_share = 0.001; /* of all values */
static const double sharp_share = 0.1;  /* of the likely ones */
static const double slack = 0.001;      /* rounding of sigmoids */

typedef struct tally {
    double smallest;
    double largest;
    size_t finite;
    size_t sure;
    size_t likely;
} tally;

static tally count_values(const float *map, size_t count, bool logits)
{
    tally found = {INFINITY, -INFINITY, 0, 0, 0};

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
        found.sure += value > sure;
        found.likely += value > likely;
        found.finite++;
    }
    return found;
}

cc_subject_report cc_subject_judge(const float *map, size_t count, bool logits)
{
    tally found = count_values(map, count, logits);
    cc_subject_report report = {CC_SUBJECT_NONE, 0.0, 0.0};

    if (found.finite == 0 || !(found.largest > found.smallest)) {
        return report;
    }
    if (found.smallest < -slack || found.largest > 1.0 + slack) {
        report.subject = CC_SUBJECT_UNKNOWN;
        return report;
    }
    report.largest = fmin(1.0, fmax(0.0, found.largest));
    report.share = (double)found.sure / (double)count;
    if (report.share >= sure_share ||
        (found.sure > 0 && (double)found.sure >= sharp_share * (double)found.likely)) {
        report.subject = CC_SUBJECT_FOUND;
    }
    return report;
}
