#include "page/curl.h"

#include <math.h>

#include "page/edge_profile.h"

/* Share of a side by which its bend may differ from the first guess. */
#define REACH 0.04

/* Finest step, pixels: paper that bends is not worth less. */
#define FINEST_STEP 1.0

/* Votes that another bend must have against the guess. */
#define GAIN 1.1

/* Steps within which a station's strongest edge agrees, and the share that must. */
#define AGREEMENT 2.5
#define LEAST_SUPPORT 0.5

/* Shorter sides (pixels) and sides of which less is in the picture are left alone. */
#define LEAST_LENGTH 100.0
enum { LEAST_STATIONS = CC_STATIONS / 2 };

/* Bends are tried in parts of a step. */
enum { PARTS = 4, MOST = (CC_STEPS - 3) * PARTS };

static double parabola(double t)
{
    return 4.0 * t * (1.0 - t);
}

/* What one strong station may count for: twice the typical edge is half a vote. */
static float knee_of(const cc_profiles *p)
{
    double sum = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        for (int j = 0; j < CC_PROFILE && p->valid[m]; j++) {
            sum += (double)p->edge[m][j] * (double)p->edge[m][j];
        }
    }
    return (float)(2.0 * sqrt(sum / (p->valid_count * CC_PROFILE)) + 1e-6);
}

/* Votes for the parabola that lies `bend` steps off at the side's middle. */
static double votes_for(const cc_profiles *p, float knee, double bend)
{
    double sum = 0.0;

    for (int m = 0; m < CC_STATIONS; m++) {
        if (p->valid[m]) {
            float edge = p->edge[m][(int)(CC_STEPS + bend * parabola(p->t[m]) + 0.5)];
            sum += (double)(edge / (edge + knee));
        }
    }
    return sum;
}

/* Share of the stations whose strongest edge lies on that parabola. */
static double support_of(const cc_profiles *p, double bend)
{
    int agreeing = 0;

    for (int m = 0; m < CC_STATIONS; m++) {
        int strongest = 0;
        for (int j = 2; j < CC_PROFILE - 2 && p->valid[m]; j++) {
            strongest = p->edge[m][j] > p->edge[m][strongest] ? j : strongest;
        }
        agreeing +=
            strongest > 0 && fabs(strongest - CC_STEPS - bend * parabola(p->t[m])) <= AGREEMENT;
    }
    return (double)agreeing / p->valid_count;
}

/* The best bend about `guess` (pixels) in steps of `step`; *gain: its votes against the
 * guess's own, *support: of its stations. The guess itself if there is too little to see. */
static double best_bend(const cc_image *image, cc_point a, cc_point b, double guess, double step,
                        cc_profiles *p, double *gain, double *support)
{
    cc_side_model model = {.bulge = guess};
    double best = 0.0;
    double most;
    float knee;

    *gain = 0.0;
    *support = 0.0;
    cc_profiles_sample(image, a, b, &model, step, p);
    if (p->valid_count < LEAST_STATIONS) {
        return guess;
    }
    cc_profiles_edges(p);
    knee = knee_of(p);
    double own = votes_for(p, knee, 0.0);
    most = own;
    for (int k = -MOST; k <= MOST; k++) {
        double votes = votes_for(p, knee, (double)k / PARTS);
        if (votes > most) {
            most = votes;
            best = (double)k / PARTS;
        }
    }
    *gain = own > 0.0 ? most / own : 0.0;
    *support = support_of(p, best);
    return guess + best * step;
}

void cc_curl_measure(const cc_image *image, const cc_quad *quad, cc_curl *curl)
{
    cc_profiles profiles;

    for (int i = 0; i < 4; i++) {
        cc_point a = quad->corner[i];
        cc_point b = quad->corner[(i + 1) % 4];
        double length = cc_point_distance(a, b);
        double step = fmax(FINEST_STEP, REACH * length / CC_STEPS);
        double gain;
        double support;
        double coarse;
        double bend;

        if (length < LEAST_LENGTH) {
            continue;
        }
        coarse = best_bend(image, a, b, curl->bulge[i], step, &profiles, &gain, &support);
        if (gain < GAIN || support < LEAST_SUPPORT) {
            continue;
        }
        bend = best_bend(image, a, b, coarse, fmax(FINEST_STEP, step / 3.0), &profiles, &gain,
                         &support);
        curl->bulge[i] = support >= LEAST_SUPPORT ? bend : coarse;
    }
}
