/* Pages in photographs: where one is, and how it looks flat.
 *
 * photo -> 256x256 -> network -> mask, edge and corner maps -> outline -> four
 * lines -> quad -> refined on the full picture -> judged -> warped.
 *
 * Coordinates are pixels of the upright picture, x right, y down, pixel centres
 * at integer + 0.5: the picture spans 0..width by 0..height.
 */
#ifndef CLEARCUT_PAGE_PAGE_H
#define CLEARCUT_PAGE_PAGE_H

#include "core/threads.h"
#include "image/image.h"
#include "image/resample.h"
#include "nn/network.h"

typedef struct cc_point {
    double x;
    double y;
} cc_point;

/* Top-left, top-right, bottom-right, bottom-left of the page as photographed
 * (the corner nearest the picture's top left comes first; clockwise). Corners
 * may lie outside the picture. */
typedef struct cc_quad {
    cc_point corner[4];
} cc_quad;

typedef enum cc_page_status {
    CC_PAGE_CORRECTED, /* a page was found: correct it */
    CC_PAGE_FLAT,      /* the picture is the page already: leave it alone */
    CC_PAGE_NONE       /* no page, or none we dare to touch */
} cc_page_status;

typedef struct cc_page_result {
    cc_page_status status;
    cc_quad quad;      /* valid if CORRECTED (for FLAT: the whole frame) */
    double confidence; /* 0..1: estimated probability that the quad is right
                          (IoU >= 0.95), or that FLAT / NONE is */
    double aspect;     /* true width / height of the page, from the projective
                          geometry; 0 if no quad */
    char reason[160];  /* in plain words, always filled */
} cc_page_result;

/* The size of the network's input and of its maps. */
enum { CC_PAGE_INPUT_SIZE = 256, CC_PAGE_MAP_SIZE = 128 };

/* Find the page in an upright picture of any size and channel count.
 * page_model: the embedded network (input 1x3x256x256 RGB 0..1; outputs maps
 * 1x3x128x128 = mask, edge, corner in 0..1, and classes 1x3 = none, page, flat).
 * The model runs on the whole picture shrunk to the square; geometry is then
 * refined on `image` itself. Thread rule: one call at a time per network. */
cc_status cc_page_find(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                       cc_page_result *result, cc_error *error);

/* Focal length in pixels from its EXIF 35 mm equivalent, which CIPA DCG-001 defines by the
 * diagonal; 0 if the picture does not say. */
double cc_page_focal_length(const cc_image *image);

/* True proportions of the flat sheet behind a quad (width / height), by the
 * whiteboard method of Zhang & He (2003); focal_length_pixels 0 = estimate it.
 * Never fails: degenerate quads give the ratio of mean side lengths. */
double cc_quad_aspect(const cc_quad *quad, int image_width, int image_height,
                      double focal_length_pixels);

/* Output size in pixels for a quad and aspect: the longest opposite sides decide,
 * so that nothing is lost. max_pixels 0 = CC_IMAGE_DEFAULT_MAX_PIXELS. */
void cc_quad_output_size(const cc_quad *quad, double aspect, uint64_t max_pixels, int *width,
                         int *height);

/* The 3x3 homography (row-major) that maps the output rectangle 0..width,
 * 0..height to the quad. CC_INVALID_ARGUMENT if the quad is not convex, has no
 * area or is not finite. */
cc_status cc_quad_homography(const cc_quad *quad, int width, int height, double matrix[9],
                             cc_error *error);

/* How far the four sides (from corner i to i + 1) bend from straight, as a parabola:
 * pixels of the picture at their middles, positive into the page. */
typedef struct cc_curl {
    double bulge[4];
} cc_curl;

/* Flatten: one resampling from the full picture (Lanczos where it enlarges,
 * antialiased where it shrinks). Parts of the quad outside the picture repeat the
 * border. Metadata is carried over. On failure *flat is {0}. */
cc_status cc_page_warp(const cc_image *image, const cc_quad *quad, int width, int height,
                       cc_thread_pool *pool, cc_image *flat, cc_error *error);

/* The same for a sheet that is slightly curled: the surface between the four bent sides
 * (warp_row.h: cc_warp_curl) is flattened. Without a bulge equal to cc_page_warp. */
cc_status cc_page_warp_curled(const cc_image *image, const cc_quad *quad, const cc_curl *curl,
                              int width, int height, cc_thread_pool *pool, cc_image *flat,
                              cc_error *error);

/* Convex, finite, positive area, clockwise; else CC_INVALID_ARGUMENT with the
 * reason. For corners that come from outside. */
cc_status cc_quad_check(const cc_quad *quad, cc_error *error);

#endif
