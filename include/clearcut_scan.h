/* clearcut: pages in photos, and documents made of them. Part of clearcut.h, which
 * includes it and whose rules hold here; not to be included alone.
 */
#ifndef CLEARCUT_SCAN_H
#define CLEARCUT_SCAN_H

#include "clearcut.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- scanners: pages in photos ------------------------------------------------- */

/* The embedded page model made ready. One call at a time. */
typedef struct clearcut_scanner clearcut_scanner;

typedef struct clearcut_scanner_options {
    size_t size;
    const char *device; /* as for sessions */
    int threads;        /* 0 = clearcut_available_threads() */
    clearcut_precision precision;
    clearcut_cancel *cancel; /* borrowed for the scanner's life; may be NULL */
    clearcut_progress_function progress;
    void *progress_context;
} clearcut_scanner_options;

CLEARCUT_API void clearcut_scanner_options_init(clearcut_scanner_options *options);

/* Needs no file and no network. Errors: DEVICE, OUT_OF_MEMORY, UNSUPPORTED, MODEL
 * (a build without the embedded model). */
CLEARCUT_API clearcut_status clearcut_scanner_create(const clearcut_scanner_options *options,
                                                     clearcut_scanner **scanner,
                                                     clearcut_error *error);

CLEARCUT_API void clearcut_scanner_free(clearcut_scanner **scanner);

CLEARCUT_API void clearcut_scanner_device(const clearcut_scanner *scanner, clearcut_device *device);

/* Pixels of the upright picture, x to the right, y down; pixel centres lie at
 * integers + 0.5, so the picture spans 0..width by 0..height. */
typedef struct clearcut_point {
    double x;
    double y;
} clearcut_point;

typedef enum clearcut_page_status {
    CLEARCUT_PAGE_CORRECTED = 0, /* a page was found and can be flattened */
    CLEARCUT_PAGE_FLAT = 1,      /* the picture is the page already: leave it alone */
    CLEARCUT_PAGE_NONE = 2       /* no page, or none that may be trusted */
} clearcut_page_status;

/* "corrected", "flat", "no-page"; static; any thread. */
CLEARCUT_API const char *clearcut_page_status_name(clearcut_page_status status);

typedef struct clearcut_page {
    clearcut_page_status status;
    clearcut_point corners[4]; /* top-left, top-right, bottom-right, bottom-left of the page as
                                  photographed; may lie outside the picture; valid if corrected
                                  or flat */
    double confidence;         /* 0..1: estimated probability that the answer is right */
    double aspect;             /* true width / height of the page; 0 if there is none */
    char reason[160];          /* in plain words */
} clearcut_page;

/* Look for the page. `timing` (may be NULL) gets the whole under `infer`.
 * Errors: OUT_OF_MEMORY, CANCELLED, LIMIT. Not finding a page is no error. */
CLEARCUT_API clearcut_status clearcut_scanner_find(clearcut_scanner *scanner,
                                                   const clearcut_image *image,
                                                   clearcut_timing *timing, clearcut_page *page,
                                                   clearcut_error *error);

/* The same in a mask (1 channel, 255 = page) over the same picture, such as that of
 * clearcut_session_mask: for sheets that another model sees better. The confidence is the
 * overlap of mask and quad; nothing else is known. Errors: INVALID_ARGUMENT (channels),
 * OUT_OF_MEMORY, CANCELLED. */
CLEARCUT_API clearcut_status clearcut_scanner_find_in_mask(
    clearcut_scanner *scanner, const clearcut_image *image, const clearcut_image *mask,
    clearcut_timing *timing, clearcut_page *page, clearcut_error *error);

/* What spoke for and against the answer. */
typedef struct clearcut_page_details {
    size_t size;             /* set by the caller: sizeof(clearcut_page_details) */
    double corner_error[4];  /* standard error of each corner in pixels, from the fits of the
                                sides; 0 = not measured */
    double side_support[4];  /* share of each side (corner i to i + 1) along which its edge was
                                found in the full picture, 0..1; -1 = not measured */
    double side_contrast[4]; /* step across it there in grey levels; 0 = not measured */
    double curl[4];          /* bend of each side in pixels at its middle, positive into the
                                page; for clearcut_flatten_options */
    int looks;               /* of the network: 1, or 2 where the part around the page was shown
                                again */
    int chosen;              /* whose quad was taken, 0 or 1 */
    bool candidate[2];       /* did that look give a quad? */
    clearcut_point candidates[2][4]; /* before refinement */
    bool refused;                    /* a quad was found, and not dared to be used */
    clearcut_point refused_corners[4];
    double none; /* probability of "no page" by the network, 0..1; 0 in a mask */
} clearcut_page_details;

/* Of the last successful find; INVALID_ARGUMENT if there was none. */
CLEARCUT_API clearcut_status clearcut_scanner_details(const clearcut_scanner *scanner,
                                                      clearcut_page_details *details,
                                                      clearcut_error *error);

/* The page as the network sees it: a mask of the picture's size (1 channel, 0..255,
 * soft), from its coarse one. Runs the network. Errors as for clearcut_scanner_find. */
CLEARCUT_API clearcut_status clearcut_scanner_mask(clearcut_scanner *scanner,
                                                   const clearcut_image *image,
                                                   clearcut_timing *timing, clearcut_image **mask,
                                                   clearcut_error *error);

/* A picture for people of how the answer of the last find on `image` came about: mask
 * (tinted), quads of the looks (thin), the refused one (red), the final one (thick; each
 * side green to red by its support). At most `largest` pixels on its longer side (0 =
 * 1200). Runs the network. Errors as for clearcut_scanner_find. */
CLEARCUT_API clearcut_status clearcut_scanner_explain(clearcut_scanner *scanner,
                                                      const clearcut_image *image,
                                                      const clearcut_page *page, int largest,
                                                      clearcut_image **overlay,
                                                      clearcut_error *error);

typedef enum clearcut_finish {
    CLEARCUT_FINISH_PHOTO = 0,  /* as photographed: no colour changes */
    CLEARCUT_FINISH_CLEAN = 1,  /* shadows gone, paper white, ink dark, colours kept */
    CLEARCUT_FINISH_GREY = 2,   /* the same in grey: 1 channel */
    CLEARCUT_FINISH_BILEVEL = 3 /* black and white: 1 channel of 0 and 255 */
} clearcut_finish;

/* By name: "photo", "clean", "grey", "bilevel"; false for anything else. Any thread. */
CLEARCUT_API bool clearcut_finish_from_name(const char *name, clearcut_finish *finish);

typedef enum clearcut_dewarp {
    CLEARCUT_DEWARP_OFF = 0,
    CLEARCUT_DEWARP_AUTO = 1, /* where a side is curled noticeably */
    CLEARCUT_DEWARP_ON = 2    /* whatever curl is given */
} clearcut_dewarp;

/* Turn so that text reads upright, where the text says beyond doubt how. */
#define CLEARCUT_TURN_AUTO (-1)

typedef enum clearcut_aspect_source {
    CLEARCUT_ASPECT_PERSPECTIVE = 0, /* measured */
    CLEARCUT_ASPECT_FORMAT = 1,      /* measured, within 2.5 % of a known format: that one's */
    CLEARCUT_ASPECT_GIVEN = 2
} clearcut_aspect_source;

/* "perspective", "format", "given"; static; any thread. */
CLEARCUT_API const char *clearcut_aspect_source_name(clearcut_aspect_source source);

/* What clearcut_scanner_flatten did. */
typedef struct clearcut_flattening {
    double measured_aspect; /* width / height by the perspective, as photographed */
    double aspect;          /* of the result */
    clearcut_aspect_source aspect_source;
    const char *paper;    /* "A4" (or another of the A series), "letter", "legal", "ID-1",
                             "receipt", "given", or "" if unknown; static */
    double width_mm;      /* of the result's sheet, 0 if unknown; a receipt is taken to be */
    double height_mm;     /* 80 mm wide */
    double dots_per_inch; /* 0 = unknown */
    int turn;             /* quarter turns clockwise that were made */
    bool turn_sure;       /* automatic turning: the text said so */
    double skew;          /* degrees of skew taken out */
    bool dewarped;
} clearcut_flattening;

typedef struct clearcut_flatten_options {
    size_t size;
    int width;               /* pixels of the result; 0 = from corners and aspect */
    int height;              /* as width */
    double aspect;           /* width / height of the sheet; 0 = recovered from the perspective */
    uint64_t max_pixels;     /* of the result, made smaller; 0 = CLEARCUT_DEFAULT_MAX_PIXELS */
    clearcut_timing *timing; /* adds `postprocess`; may be NULL */
    clearcut_finish finish;
    int turn; /* quarter turns clockwise, 0..3, or CLEARCUT_TURN_AUTO */
    clearcut_dewarp dewarp;
    double curl[4];       /* of the sides, as clearcut_page_details has it; 0 = straight */
    bool keep_measured;   /* proportions are not rounded to a known format's */
    double sheet_mm[2];   /* the sheet's two sides, any order; 0 = not known */
    double dots_per_inch; /* 1..9600; 0 = what the photo gives */
    clearcut_flattening *flattening; /* gets what was done; may be NULL */
} clearcut_flatten_options;

/* The two sides in millimetres of a format: "A3".."A6", "B5", "letter", "legal",
 * "executive", "tabloid", "ID-1" or "card", any case; false for anything else. Any thread. */
CLEARCUT_API bool clearcut_paper_from_name(const char *name, double sheet_mm[2]);

CLEARCUT_API void clearcut_flatten_options_init(clearcut_flatten_options *options);

/* Make the sheet between four corners flat and upright, with one resampling.
 * corners: in the order above, convex; where from does not matter. Outside the
 * picture its border repeats. The scanner may be NULL (then one thread works).
 * Errors: INVALID_ARGUMENT (corners), LIMIT, OUT_OF_MEMORY, CANCELLED. */
CLEARCUT_API clearcut_status clearcut_scanner_flatten(clearcut_scanner *scanner,
                                                      const clearcut_image *image,
                                                      const clearcut_point corners[4],
                                                      const clearcut_flatten_options *options,
                                                      clearcut_image **flat, clearcut_error *error);

/* A copy of a page, or of a photo that none was found in, with a finish: same size, every
 * thing where it was. For reading text GREY is best, whatever the page shall look like
 * (docs/page.md). The scanner may be NULL (then one thread works).
 * Errors: INVALID_ARGUMENT (finish), OUT_OF_MEMORY, CANCELLED. */
CLEARCUT_API clearcut_status clearcut_scanner_finish(clearcut_scanner *scanner,
                                                     const clearcut_image *page,
                                                     clearcut_finish finish,
                                                     clearcut_image **finished,
                                                     clearcut_error *error);

/* ---- documents: pages in one PDF file -------------------------------------------- */

/* A PDF document on its way. One call at a time. */
typedef struct clearcut_document clearcut_document;

CLEARCUT_API clearcut_status clearcut_document_create(clearcut_document **document,
                                                      clearcut_error *error);
CLEARCUT_API void clearcut_document_free(clearcut_document **document);

/* A word that was read on a page: UTF-8, and the box about it in pixels of the page's
 * picture, y down. */
typedef struct clearcut_word {
    const char *text;
    double left;
    double top;
    double right;
    double bottom;
} clearcut_word;

typedef struct clearcut_document_page {
    size_t size;
    double width_mm; /* of the sheet, 1..5000; 0 = by dots_per_inch, else inside A4 */
    double height_mm;
    double dots_per_inch; /* of the picture; 0 = unknown; not used if the sheet is known */
    bool bilevel;         /* 1 bit a pixel (CCITT Group 4), 128 and more is white; else JPEG */
    int quality;          /* of the JPEG: 1..100; 0 = 85 */
    const clearcut_word *words; /* an invisible layer of text, in reading order; may be NULL */
    int word_count;
    clearcut_timing *timing; /* adds `encode`; may be NULL */
} clearcut_document_page;

CLEARCUT_API void clearcut_document_page_init(clearcut_document_page *page);

/* Compress a picture and append it as a page. After a failure the document is only good
 * for freeing. page may be NULL. Errors: INVALID_ARGUMENT, LIMIT, OUT_OF_MEMORY. */
CLEARCUT_API clearcut_status clearcut_document_add(clearcut_document *document,
                                                   const clearcut_image *image,
                                                   const clearcut_document_page *page,
                                                   clearcut_error *error);

/* Pages so far. */
CLEARCUT_API int clearcut_document_page_count(const clearcut_document *document);

/* Complete the file in memory; the caller frees *bytes. The same pages give the same
 * bytes. Afterwards the document is only good for freeing. INVALID_ARGUMENT without pages. */
CLEARCUT_API clearcut_status clearcut_document_finish(clearcut_document *document,
                                                      clearcut_bytes *bytes, clearcut_error *error);

#ifdef __cplusplus
}
#endif

#endif
