/* Documents: pages in one PDF file. */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "core/memory.h"
#include "page/pdf.h"

struct clearcut_document {
    cc_pdf *pdf;
};

/* A sheet of unknown size goes into A4, either way up. */
#define SHORT_SIDE_MM 210.0
#define LONG_SIDE_MM 297.0
#define MM_PER_INCH 25.4

clearcut_status clearcut_document_create(clearcut_document **document, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (document == NULL) {
        return cc_api_return(cc_api_missing("document", &fault), &fault, error);
    }
    *document = cc_alloc_zeroed(1, sizeof **document);
    if (*document == NULL) {
        return cc_api_return(cc_fail_memory(&fault, sizeof **document), &fault, error);
    }
    status = cc_pdf_create(&(*document)->pdf, &fault);
    if (status != CC_OK) {
        clearcut_document_free(document);
    }
    return cc_api_return(status, &fault, error);
}

void clearcut_document_free(clearcut_document **document)
{
    if (document != NULL && *document != NULL) {
        cc_pdf_free((*document)->pdf);
        cc_free(*document);
        *document = NULL;
    }
}

void clearcut_document_page_init(clearcut_document_page *page)
{
    memset(page, 0, sizeof *page);
    page->size = sizeof *page;
}

static void choose_sheet(const cc_image *image, const clearcut_document_page *wanted,
                         cc_pdf_page *page)
{
    double aspect = (double)image->width / image->height;

    page->width_mm = wanted->width_mm;
    page->height_mm = wanted->height_mm;
    if (wanted->width_mm == 0 && wanted->height_mm == 0 && wanted->dots_per_inch > 0) {
        page->width_mm = image->width * MM_PER_INCH / wanted->dots_per_inch;
        page->height_mm = image->height * MM_PER_INCH / wanted->dots_per_inch;
    } else if (wanted->width_mm == 0 && wanted->height_mm == 0) {
        double width = aspect > 1.0 ? LONG_SIDE_MM : SHORT_SIDE_MM;
        double height = aspect > 1.0 ? SHORT_SIDE_MM : LONG_SIDE_MM;
        page->width_mm = fmin(width, height * aspect);
        page->height_mm = page->width_mm / aspect;
    }
}

static cc_status take_words(const clearcut_document_page *wanted, cc_pdf_word **words,
                            cc_error *fault)
{
    *words = NULL;
    if (wanted->word_count < 0 || (wanted->word_count > 0 && wanted->words == NULL)) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d words", wanted->word_count);
    }
    *words = cc_alloc_array((size_t)wanted->word_count + 1, sizeof **words);
    if (*words == NULL) {
        return cc_fail_memory(fault, (unsigned long long)wanted->word_count * sizeof **words);
    }
    for (int i = 0; i < wanted->word_count; i++) {
        const clearcut_word *word = &wanted->words[i];
        (*words)[i] = (cc_pdf_word){word->text != NULL ? word->text : "", word->left, word->top,
                                    word->right, word->bottom};
    }
    return CC_OK;
}

static cc_status add_page(clearcut_document *document, const cc_image *image,
                          const clearcut_document_page *theirs, cc_error *fault)
{
    clearcut_document_page wanted;
    cc_pdf_page page = {.image = image};
    cc_pdf_word *words = NULL;
    double begin = cc_clock_ms();
    cc_status status;

    clearcut_document_page_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status == CC_OK) {
        status = take_words(&wanted, &words, fault);
    }
    if (status == CC_OK) {
        choose_sheet(image, &wanted, &page);
        page.bilevel = wanted.bilevel;
        page.quality = wanted.quality;
        page.words = words;
        page.word_count = wanted.word_count;
        status = cc_pdf_add_page(document->pdf, &page, fault);
        cc_api_add_time(wanted.timing, CC_TIMED_ENCODE, begin);
    }
    cc_free(words);
    return status;
}

clearcut_status clearcut_document_add(clearcut_document *document, const clearcut_image *image,
                                      const clearcut_document_page *page, clearcut_error *error)
{
    cc_error fault = {0};
    cc_status status;

    if (document == NULL || image == NULL) {
        status = cc_api_missing(document == NULL ? "document" : "image", &fault);
    } else {
        status = add_page(document, &image->image, page, &fault);
    }
    return cc_api_return(status, &fault, error);
}

int clearcut_document_page_count(const clearcut_document *document)
{
    return cc_pdf_page_count(document->pdf);
}

clearcut_status clearcut_document_finish(clearcut_document *document, clearcut_bytes *bytes,
                                         clearcut_error *error)
{
    cc_error fault = {0};
    cc_buffer buffer = {0};
    cc_status status;

    if (document == NULL || bytes == NULL) {
        return cc_api_return(cc_api_missing(document == NULL ? "document" : "bytes", &fault),
                             &fault, error);
    }
    memset(bytes, 0, sizeof *bytes);
    status = cc_pdf_finish(document->pdf, &buffer, &fault);
    if (status == CC_OK) {
        bytes->data = buffer.data;
        bytes->size = buffer.size;
    }
    return cc_api_return(status, &fault, error);
}
