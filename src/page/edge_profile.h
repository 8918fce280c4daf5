/* Colour profiles across a side of a quad, sampled from the full picture. */
#ifndef CLEARCUT_PAGE_EDGE_PROFILE_H
#define CLEARCUT_PAGE_EDGE_PROFILE_H

#include "page/geometry.h"
#include "page/side.h"

/* Stations along a side, and steps across it on either side of the guess. */
enum { CC_STATIONS = 160, CC_STEPS = 20, CC_PROFILE = 2 * CC_STEPS + 1 };

/* Profiles of one side at one scale. Step CC_STEPS is the guess; larger steps lie
 * further into the page. */
typedef struct cc_profiles {
    double step;                /* pixels from one step to the next */
    double t[CC_STATIONS];      /* where along the side, 0..1 */
    bool valid[CC_STATIONS];    /* the inner half of the profile lies in the picture */
    double offset[CC_STATIONS]; /* of the profile's middle from the side, pixels */
    int valid_count;
    float color[CC_STATIONS][CC_PROFILE][3];
    float edge[CC_STATIONS][CC_PROFILE]; /* gradient along the local colour step, >= 0,
                                            in grey levels per step */
} cc_profiles;

/* Sample the side a-b, displaced by `model` (straight part and bulge), reaching
 * CC_STEPS * step to either side; each sample averages over its cell. Beyond the
 * picture its border is repeated. */
void cc_profiles_sample(const cc_image *image, cc_point a, cc_point b, const cc_side_model *model,
                        double step, cc_profiles *profiles);

/* The same around a free curve: offset[m] pixels across the side at station m. */
void cc_profiles_sample_path(const cc_image *image, cc_point a, cc_point b,
                             const double offset[CC_STATIONS], double step, cc_profiles *profiles);

/* Where station m lies along a side, 0..1. */
double cc_station_at(int m);

/* Fill `edge` from `color`. */
void cc_profiles_edges(cc_profiles *profiles);

#endif
