/* From corners to the finished page: proportions, size, curl, the way up, skew, finish. */
#ifndef CLEARCUT_PAGE_FLATTEN_H
#define CLEARCUT_PAGE_FLATTEN_H

#include "page/finish.h"
#include "page/page.h"
#include "page/papersize.h"
#include "page/textlines.h"

typedef enum cc_dewarp {
    CC_DEWARP_OFF,
    CC_DEWARP_AUTO, /* where a side bends by more than CC_DEWARP_LEAST of its length */
    CC_DEWARP_ON    /* whatever bend was measured */
} cc_dewarp;

/* docs/page.md has the measurement behind it. */
#define CC_DEWARP_LEAST 0.006

/* No side of a page that this is meant for bends by more. */
#define CC_DEWARP_MOST 0.12

/* Skew is taken out between these (degrees): less is not seen, more is not skew. */
#define CC_SKEW_LEAST 0.15
#define CC_SKEW_MOST 1.0

enum { CC_TURN_AUTO = -1 };

typedef struct cc_flatten_request {
    cc_quad quad;
    cc_curl curl;
    cc_dewarp dewarp;
    double focal_length_pixels; /* 0 = unknown */
    double aspect;              /* width / height as photographed; 0 = measured */
    bool keep_measured;         /* the measured proportions are not snapped to a format */
    double sheet_mm[2];         /* the two sides of the sheet, any order; 0 = not given */
    double dots_per_inch;       /* of the result; 0 = what the photo gives */
    int width;                  /* of the result, pixels; 0 = from the rest */
    int height;
    uint64_t max_pixels; /* of the result: it is made smaller; 0 = the default ceiling, over
                            which a demanded size is refused */
    int turn;            /* quarter turns clockwise, 0..3, or CC_TURN_AUTO: upright where
                            the text says so beyond doubt */
    cc_finish finish;
} cc_flatten_request;

typedef enum cc_aspect_source {
    CC_ASPECT_PERSPECTIVE, /* measured (cc_quad_aspect) */
    CC_ASPECT_FORMAT,      /* measured, and near enough to a known format to be it */
    CC_ASPECT_GIVEN,       /* by aspect, sheet_mm, or width and height */
} cc_aspect_source;

typedef struct cc_flattening {
    double measured_aspect; /* by perspective, as photographed */
    double aspect;          /* used, of the result: after turning */
    cc_aspect_source aspect_source;
    const char *paper;    /* "A4", "letter", "legal", "ID-1", "receipt", "given"; "" = unknown */
    double width_mm;      /* of the result's sheet; 0 = unknown */
    double height_mm;     /* A4 stands for the A series, 80 mm for a receipt's width */
    double dots_per_inch; /* 0 = unknown */
    int turn;             /* quarter turns clockwise that were made */
    bool turn_sure;       /* the text says so (automatic turning only) */
    double skew;          /* degrees that were taken out; 0 = none */
    bool dewarped;
} cc_flattening;

/* Make the page. *flat gets the picture, its metadata with the resolution if that is known;
 * *result what was done. Errors: CC_INVALID_ARGUMENT (corners, sizes), CC_LIMIT (a size
 * that was asked for is over max_pixels), CC_OUT_OF_MEMORY; both are then cleared. */
cc_status cc_page_flatten(const cc_image *image, const cc_flatten_request *request,
                          cc_thread_pool *pool, cc_image *flat, cc_flattening *result,
                          cc_error *error);

/* Proportions, format and size of the sheet alone, as photographed (before any turn);
 * what cc_page_flatten begins with. Cannot fail. */
void cc_flatten_proportions(const cc_image *image, const cc_flatten_request *request,
                            cc_flattening *result);

#endif
