/* Pictures through a network whose engine does the whole way: 8-bit pixels go to the
 * device, an 8-bit mask comes back. What lies between (resampling, normalisation, the
 * network, stretching, resampling to the picture's size) has the numbers of
 * image/resample.h and zoo/recipe.h; this header only carries them, for networks know
 * neither.
 */
#ifndef CLEARCUT_NN_PICTURES_H
#define CLEARCUT_NN_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Resampling along one axis: output i is (2^21 + sum over t < count[i] of
 * weights[i * taps + t] * input[first[i] + t]) >> 22, clamped to 0..255: the tables of
 * image/resample_kernel.h. All borrowed. Two passes with equal sizes and filter have equal
 * tables: an engine may keep what it has sent. */
typedef struct cc_picture_pass {
    bool vertical; /* along columns; else along rows */
    int input_size;
    int output_size;
    int filter; /* any number that stands for the shape of the weights */
    int taps;
    const int *first;       /* [output_size] */
    const int *count;       /* [output_size] */
    const int32_t *weights; /* [output_size][taps] */
} cc_picture_pass;

/* How every picture of a run is fed, and what its map becomes. */
typedef struct cc_picture_feed {
    bool divide_by_maximum; /* by the largest resampled sample (1e-6 if that is 0); else 255 */
    double mean[3];         /* red, green, blue, after the division */
    double deviation[3];    /* none is 0 */
    bool classes;           /* the number of the channel with the largest value, for each
                               position; the three below are then not looked at */
    bool sigmoid;           /* over channel 0, before all else */
    bool stretch;           /* smallest to largest finite value become 0 to 255; else 0..1 do */
    float sure;             /* what the tally counts above; see cc_picture_tally */
    float likely;
} cc_picture_feed;

/* Of one map, after the sigmoid: cc_subject_judge's numbers. */
typedef struct cc_picture_tally {
    float lowest; /* finite values; both NaN if there is none */
    float highest;
    uint32_t finite;
    uint32_t sure;
    uint32_t likely;
} cc_picture_tally;

typedef struct cc_picture {
    const uint8_t *pixels; /* upright; red, green, blue and perhaps a fourth sample that is
                              ignored */
    size_t stride;         /* bytes from row to row */
    int width;
    int height;
    int pixel_bytes;        /* 3 or 4 */
    cc_picture_pass in[2];  /* to the network's input size, in this order */
    int in_count;           /* 1 or 2: an axis that keeps its size needs none, but the other
                               then does, if only with weights that change nothing */
    cc_picture_pass out[2]; /* from the map's size to width x height */
    int out_count;          /* 0 if the large mask is not wanted */
    uint8_t *small;         /* receives the map in 8 bits, rows packed; NULL = not wanted */
    uint8_t *mask;          /* receives width x height bytes, packed; NULL if and only if
                               out_count is 0 */
    cc_picture_tally tally; /* receives; zero for classes */
} cc_picture;

#endif
