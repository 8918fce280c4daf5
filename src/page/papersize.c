#include "page/papersize.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

/* ISO 216; ANSI/ASME Y14.1; ISO/IEC 7810 (cards). The first ones are those that
 * proportions can tell apart. */
static const cc_paper papers[] = {
    {"A4", 210.0, 297.0},      {"letter", 215.9, 279.4}, {"legal", 215.9, 355.6},
    {"ID-1", 53.98, 85.60},    {"A3", 297.0, 420.0},     {"A5", 148.0, 210.0},
    {"A6", 105.0, 148.0},      {"B5", 176.0, 250.0},     {"executive", 184.15, 266.7},
    {"tabloid", 279.4, 431.8}, {"card", 53.98, 85.60},
};

enum { PAPERS = sizeof papers / sizeof papers[0], DISTINCT = 4 };

const cc_paper *cc_paper_by_name(const char *name)
{
    for (int i = 0; i < PAPERS; i++) {
        if (strcasecmp(name, papers[i].name) == 0) {
            return &papers[i];
        }
    }
    return NULL;
}

const char *const *cc_paper_names(void)
{
    static const char *const names[] = {"A3",    "A4",   "A5",        "A6",      "B5",   "letter",
                                        "legal", "ID-1", "executive", "tabloid", "card", NULL};
    return names;
}

const cc_paper *cc_paper_by_aspect(double aspect, double *deviation)
{
    const cc_paper *best = NULL;
    double least = INFINITY;

    if (!(aspect > 0.0) || !isfinite(aspect)) {
        return NULL;
    }
    for (int i = 0; i < DISTINCT; i++) {
        double off = fabs(fabs(log(aspect)) - log(papers[i].height_mm / papers[i].width_mm));
        if (off < least) {
            least = off;
            best = &papers[i];
        }
    }
    if (deviation != NULL) {
        *deviation = least;
    }
    return least <= log(1.0 + CC_PAPER_TOLERANCE) ? best : NULL;
}
