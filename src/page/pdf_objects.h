/* The objects of a PDF file on its way, and the fonts of its text layer. */
#ifndef CLEARCUT_PAGE_PDF_OBJECTS_H
#define CLEARCUT_PAGE_PDF_OBJECTS_H

#include "page/pdf.h"

/* Objects are numbered from 1; these are always there. */
enum {
    CC_PDF_CATALOG = 1,
    CC_PDF_PAGE_TREE = 2,
    CC_PDF_INFO = 3,
    CC_PDF_FONTS = 4, /* the dictionary of all fonts, which every page refers to */
    CC_PDF_FIRST_FREE = 5
};

/* Codes of one font: 0 is left out. */
enum { CC_PDF_FONT_CODES = 256 };

/* Glyphs that show nothing, under as many one-byte fonts as the text has characters
 * for: any script, no font file. */
typedef struct cc_pdf_fonts {
    uint32_t *characters; /* owned; character i has code i % 255 + 1 in font i / 255 */
    int count;
    int capacity;
} cc_pdf_fonts;

struct cc_pdf {
    cc_buffer file;
    uint64_t *offsets; /* owned; of object i + 1, 0 = reserved but not written */
    int object_count;
    int object_capacity;
    int *pages; /* owned; object numbers */
    int page_count;
    int page_capacity;
    cc_pdf_fonts fonts;
};

/* Reserve a number; 0 if memory is out. */
int cc_pdf_reserve(cc_pdf *pdf);

/* Write text into the file (or another buffer). */
cc_status cc_pdf_print(cc_buffer *bytes, cc_error *error, const char *format, ...) CC_PRINTF(3, 4);

/* "N 0 obj" and so on for a reserved number; the body is printed in between. */
cc_status cc_pdf_begin_object(cc_pdf *pdf, int number, cc_error *error);
cc_status cc_pdf_end_object(cc_pdf *pdf, cc_error *error);

/* A whole stream object; `dictionary` holds what stands in it beside the length. */
cc_status cc_pdf_write_stream(cc_pdf *pdf, int number, const char *dictionary, const void *data,
                              size_t size, cc_error *error);

/* Append the drawing operators of a page's words to `content`; new characters get
 * their codes. scale: points per pixel; height: of the page in points. */
cc_status cc_pdf_print_words(cc_pdf_fonts *fonts, const cc_pdf_page *page, double scale_x,
                             double scale_y, double height, cc_buffer *content, cc_error *error);

/* The number of fonts so far. */
int cc_pdf_font_count(const cc_pdf_fonts *fonts);

/* Write all fonts; object numbers into `numbers` (cc_pdf_font_count of them). */
cc_status cc_pdf_write_fonts(cc_pdf *pdf, int *numbers, cc_error *error);

#endif
