/* Is there a subject at all?
 *
 * A network's answer is stretched so that its largest value becomes 255: of a picture
 * without a subject that makes a mask out of noise. Whether there is one has to be
 * judged before, on the probabilities themselves.
 */
#ifndef CLEARCUT_MATTE_SUBJECT_H
#define CLEARCUT_MATTE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum cc_subject {
    CC_SUBJECT_FOUND = 0,
    CC_SUBJECT_NONE = 1,
    CC_SUBJECT_UNKNOWN = 2 /* the values are no probabilities: nothing can be said */
} cc_subject;

typedef struct cc_subject_report {
    cc_subject subject;
    double largest; /* probability, 0..1; 0 if unknown */
    double share;   /* of the values that are above 0.9, 0..1; 0 if unknown */
} cc_subject_report;

/* What is counted in a map: finite values only, as probabilities. */
#define CC_SUBJECT_SURE 0.9
#define CC_SUBJECT_LIKELY 0.1

typedef struct cc_subject_tally {
    double smallest;
    double largest;
    size_t finite;
    size_t sure; /* values above CC_SUBJECT_SURE */
    size_t likely;
} cc_subject_tally;

/* Judge a map of `count` values, logits (true) or probabilities (false). There is a
 * subject if a thousandth of the values is above 0.9, or some are and they are a tenth
 * of those above 0.1: a small subject is sharp, noise is not. If all values are the
 * same, or none is finite, there is none. Values outside 0..1 by more than a
 * thousandth are no probabilities. docs/matte.md has the measurements behind the
 * numbers. */
cc_subject_report cc_subject_judge(const float *map, size_t count, bool logits);

/* The same for a map of `count` values that somebody else has counted. */
cc_subject_report cc_subject_judge_tally(const cc_subject_tally *tally, size_t count);

#endif
