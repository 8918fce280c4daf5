/* PDF documents of page pictures, with an invisible layer of text if there is one.
 *
 * ISO 32000-1: one image a page that fills it, JPEG (DCTDecode) or black and white by
 * CCITT Group 4 (CCITTFaxDecode; FlateDecode in a build without libtiff). Nothing in the
 * file depends on the time or the machine: the same pages give the same bytes.
 */
#ifndef CLEARCUT_PAGE_PDF_H
#define CLEARCUT_PAGE_PDF_H

#include "core/file.h"
#include "image/image.h"

/* A word that was read on a page: UTF-8, and the box about it in pixels of the page's
 * picture, y down. */
typedef struct cc_pdf_word {
    const char *text;
    double left;
    double top;
    double right;
    double bottom;
} cc_pdf_word;

typedef struct cc_pdf_page {
    const cc_image *image;
    double width_mm; /* of the sheet, 1..5000 */
    double height_mm;
    bool bilevel;             /* 1 channel: 1 bit a pixel, 128 and more is white */
    int quality;              /* of the JPEG, 1..100; 0 = 85 */
    const cc_pdf_word *words; /* in reading order; may be NULL */
    int word_count;
} cc_pdf_page;

typedef struct cc_pdf cc_pdf;

/* The document belongs to the caller; one thread at a time. On failure *pdf is NULL. */
cc_status cc_pdf_create(cc_pdf **pdf, cc_error *error);
void cc_pdf_free(cc_pdf *pdf); /* NULL is allowed */

/* Compress a page and append it. The page is borrowed for the call. Transparency is put
 * on white; an ICC profile that fits is embedded. After a failure
 * (CC_INVALID_ARGUMENT, CC_OUT_OF_MEMORY, CC_LIMIT) only cc_pdf_free is useful. */
cc_status cc_pdf_add_page(cc_pdf *pdf, const cc_pdf_page *page, cc_error *error);

/* Pages so far. */
int cc_pdf_page_count(const cc_pdf *pdf);

/* Complete the file and hand its bytes over (the caller frees them); at least one page
 * is needed. Afterwards only cc_pdf_free is useful. */
cc_status cc_pdf_finish(cc_pdf *pdf, cc_buffer *bytes, cc_error *error);

#endif
