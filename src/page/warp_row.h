/* One row of the flattened page: the kernel of the warp. */
#ifndef CLEARCUT_PAGE_WARP_ROW_H
#define CLEARCUT_PAGE_WARP_ROW_H

#include "image/image.h"

/* Lanczos with three lobes, sampled: value k is at distance k / CC_LANCZOS_STEPS. The
 * one after the end is zero. */
enum { CC_LANCZOS_LOBES = 3, CC_LANCZOS_STEPS = 2048 };
enum { CC_LANCZOS_SIZE = CC_LANCZOS_LOBES * CC_LANCZOS_STEPS + 2 };

/* Where perspective squeezes more than this many source pixels into one, no more
 * than this many are averaged: work per pixel stays bounded. */
#define CC_WARP_MAX_SCALE 24.0

/* Most taps in one direction: 2 * lobes * largest scale, and one. */
enum { CC_WARP_MAX_TAPS = 2 * CC_LANCZOS_LOBES * 24 + 2 };

/* How the sides of a sheet bend away from the straight lines between its corners: the
 * picture of the sheet is a Coons patch (Coons 1967) between four parabolas. Added to
 * the point that the homography gives, across = x / width and down = y / height:
 *   (1 - down) side[0](across) + down side[2](across) +
 *   (1 - across) side[3](down) + across side[1](down)
 * The terms for the corners vanish with the parabolas there. */
typedef struct cc_warp_curl {
    /* Of the side from corner i to i + 1 (the last two run against the output's axes):
     * its greatest displacement, as a vector in source pixels, and the homography's
     * denominators at its ends, by which a place along the output's edge becomes a
     * place along the side. */
    double x[4];
    double y[4];
    double start[4]; /* at across or down = 0 */
    double end[4];   /* at 1 */
} cc_warp_curl;

typedef struct cc_warp_job {
    const cc_image *source;
    const cc_image *flat;
    double matrix[9];         /* output to source, row-major, as cc_quad_homography */
    const float *lanczos;     /* CC_LANCZOS_SIZE values */
    const cc_warp_curl *curl; /* NULL = the sheet is flat */
} cc_warp_job;

/* The displacement at a point of the output, 0..1 each way. */
void cc_warp_bend(const cc_warp_curl *curl, double across, double down, double *x, double *y);

/* Fill CC_LANCZOS_SIZE values of sinc(x) sinc(x / 3). */
void cc_warp_lanczos(float *table);

/* Compute one row of job->flat. For each pixel the source is weighted by a separable
 * Lanczos kernel about the mapped point; along each source axis the kernel is
 * widened to the footprint of the output pixel, max(1, |gradient of that source
 * coordinate|), so that shrinking is antialiased (as in Pillow's resize) and
 * enlarging interpolates. Indices beyond the border are clamped to it. Colours are
 * weighted by alpha where there is one. Scalar reference. */
void cc_warp_row(const cc_warp_job *job, int y);

/* One pixel of that. */
void cc_warp_pixel(const cc_warp_job *job, int x, int y);

#if defined(__x86_64__)
/* The same for RGB with AVX2 and FMA; within one level of the reference, from which
 * it takes pixels whose taps are many or leave the picture. */
void cc_warp_row_avx2(const cc_warp_job *job, int y);
#endif

#endif
