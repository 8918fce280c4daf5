#include "page/pdf.h"

#include <math.h>
#include <string.h>

#include <zlib.h>

#include "core/memory.h"
#include "image/codec/bilevel.h"
#include "image/codec/codec.h"
#include "image/profile.h"
#include "page/pdf_objects.h"

#define POINTS_PER_MM (72.0 / 25.4)

/* Text stays clean at this JPEG quality, and a page of A4 at 200 dpi takes about 400 kB. */
enum { DEFAULT_QUALITY = 85 };

/* Offsets in the table have ten digits. */
#define MOST_BYTES ((uint64_t)9999999999)

cc_status cc_pdf_create(cc_pdf **result, cc_error *error)
{
    /* A comment of high bytes tells programs that the file is binary (7.5.2). */
    static const char header[] = "%PDF-1.5\n%\xE2\xE3\xCF\xD3\n";
    cc_pdf *pdf = cc_alloc_zeroed(1, sizeof *pdf);
    cc_status status;

    *result = NULL;
    if (pdf == NULL) {
        return cc_fail_memory(error, sizeof *pdf);
    }
    status = cc_buffer_append(&pdf->file, header, sizeof header - 1, 0, error);
    for (int i = 1; i < CC_PDF_FIRST_FREE && status == CC_OK; i++) {
        status = cc_pdf_reserve(pdf) != 0 ? CC_OK : cc_fail_memory(error, sizeof *pdf->offsets);
    }
    if (status != CC_OK) {
        cc_pdf_free(pdf);
        return status;
    }
    *result = pdf;
    return CC_OK;
}

void cc_pdf_free(cc_pdf *pdf)
{
    if (pdf != NULL) {
        cc_buffer_free(&pdf->file);
        cc_free(pdf->offsets);
        cc_free(pdf->pages);
        cc_free(pdf->fonts.characters);
        cc_free(pdf);
    }
}

int cc_pdf_page_count(const cc_pdf *pdf)
{
    return pdf->page_count;
}

/* ---- the picture ---- */

/* The colour space: the picture's profile as an object of its own, or a device space. */
static cc_status write_color_space(cc_pdf *pdf, const cc_image *image, char *space, size_t size,
                                   cc_error *error)
{
    const cc_image_metadata *metadata = &image->metadata;
    bool grey = image->channels <= 2;
    char dictionary[96];
    int number;

    snprintf(space, size, grey ? "/DeviceGray" : "/DeviceRGB");
    if (!cc_profile_fits(metadata->icc_profile, metadata->icc_profile_size, image->channels)) {
        return CC_OK;
    }
    number = cc_pdf_reserve(pdf);
    if (number == 0) {
        return cc_fail_memory(error, sizeof *pdf->offsets);
    }
    snprintf(dictionary, sizeof dictionary, "/N %d /Alternate %s", grey ? 1 : 3, space);
    snprintf(space, size, "[/ICCBased %d 0 R]", number);
    return cc_pdf_write_stream(pdf, number, dictionary, metadata->icc_profile,
                               metadata->icc_profile_size, error);
}

static cc_status write_jpeg(cc_pdf *pdf, const cc_pdf_page *page, int number, cc_error *error)
{
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_JPEG);
    cc_buffer jpeg = {0};
    char space[48];
    char dictionary[256];
    cc_status status = write_color_space(pdf, page->image, space, sizeof space, error);

    if (status != CC_OK) {
        return status;
    }
    options.quality = page->quality > 0 ? page->quality : DEFAULT_QUALITY;
    options.drop_profile = true;
    status = cc_image_encode(page->image, &options, &jpeg, error);
    if (status == CC_OK) {
        snprintf(dictionary, sizeof dictionary,
                 "/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 "
                 "/ColorSpace %s /Filter /DCTDecode",
                 page->image->width, page->image->height, space);
        status = cc_pdf_write_stream(pdf, number, dictionary, jpeg.data, jpeg.size, error);
    }
    cc_buffer_free(&jpeg);
    return status;
}

static cc_status deflate_bilevel(const cc_image *image, cc_buffer *bytes, cc_error *error)
{
    size_t row = cc_bilevel_row_size(image->width);
    size_t size = row * (size_t)image->height;
    uLongf bound = compressBound((uLong)size);
    uint8_t *packed = cc_alloc(size);
    uint8_t *compressed = cc_alloc(bound);
    cc_status status = packed != NULL && compressed != NULL ? CC_OK : cc_fail_memory(error, bound);

    for (int y = 0; y < image->height && status == CC_OK; y++) {
        cc_bilevel_pack(cc_image_row(image, y), image->width, false, packed + (size_t)y * row);
    }
    if (status == CC_OK) {
        status = compress2(compressed, &bound, packed, (uLong)size, 9) == Z_OK
                     ? cc_buffer_append(bytes, compressed, bound, 0, error)
                     : cc_fail_memory(error, bound);
    }
    cc_free(packed);
    cc_free(compressed);
    return status;
}

static cc_status write_bilevel(cc_pdf *pdf, const cc_pdf_page *page, int number, cc_error *error)
{
    const cc_image *image = page->image;
    cc_buffer data = {0};
    char filter[96];
    char dictionary[256];
    cc_status status;

    if (cc_format_can_write(CC_FORMAT_TIFF)) {
        snprintf(filter, sizeof filter,
                 "/CCITTFaxDecode /DecodeParms << /K -1 /Columns %d /Rows %d >>", image->width,
                 image->height);
        status = cc_bilevel_encode_group4(image, &data, error);
    } else {
        snprintf(filter, sizeof filter, "/FlateDecode");
        status = deflate_bilevel(image, &data, error);
    }
    if (status == CC_OK) {
        snprintf(dictionary, sizeof dictionary,
                 "/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 1 "
                 "/ColorSpace /DeviceGray /Filter %s",
                 image->width, image->height, filter);
        status = cc_pdf_write_stream(pdf, number, dictionary, data.data, data.size, error);
    }
    cc_buffer_free(&data);
    return status;
}

/* ---- a page ---- */

static cc_status check_page(const cc_pdf_page *page, cc_error *error)
{
    if (!(page->width_mm >= 1 && page->width_mm <= 5000 && page->height_mm >= 1 &&
          page->height_mm <= 5000)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a page of %g x %g mm; 1 to 5000",
                       page->width_mm, page->height_mm);
    }
    if (page->bilevel && page->image->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "one bit a pixel was asked for a picture of %d channels",
                       page->image->channels);
    }
    return CC_OK;
}

static cc_status remember_page(cc_pdf *pdf, int number, cc_error *error)
{
    if (pdf->page_count == pdf->page_capacity) {
        int capacity = pdf->page_capacity > 0 ? 2 * pdf->page_capacity : 16;
        int *larger = cc_realloc_array(pdf->pages, (size_t)capacity, sizeof *larger);
        if (larger == NULL) {
            return cc_fail_memory(error, (unsigned long long)capacity * sizeof *larger);
        }
        pdf->pages = larger;
        pdf->page_capacity = capacity;
    }
    pdf->pages[pdf->page_count++] = number;
    return CC_OK;
}

static cc_status write_content(cc_pdf *pdf, const cc_pdf_page *page, int number, cc_error *error)
{
    double width = page->width_mm * POINTS_PER_MM;
    double height = page->height_mm * POINTS_PER_MM;
    cc_buffer content = {0};
    cc_status status =
        cc_pdf_print(&content, error, "q %.3f 0 0 %.3f 0 0 cm /Page Do Q\n", width, height);

    if (status == CC_OK && page->word_count > 0) {
        status = cc_pdf_print_words(&pdf->fonts, page, width / page->image->width,
                                    height / page->image->height, height, &content, error);
    }
    if (status == CC_OK) {
        status = cc_pdf_write_stream(pdf, number, "", content.data, content.size, error);
    }
    cc_buffer_free(&content);
    return status;
}

static cc_status write_page(cc_pdf *pdf, const cc_pdf_page *page, int number, int content,
                            int picture, cc_error *error)
{
    cc_status status = cc_pdf_begin_object(pdf, number, error);

    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error,
                              "<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.3f %.3f]\n"
                              "/Resources << /XObject << /Page %d 0 R >> /Font %d 0 R >>\n"
                              "/Contents %d 0 R >>",
                              CC_PDF_PAGE_TREE, page->width_mm * POINTS_PER_MM,
                              page->height_mm * POINTS_PER_MM, picture, CC_PDF_FONTS, content);
    }
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}

cc_status cc_pdf_add_page(cc_pdf *pdf, const cc_pdf_page *page, cc_error *error)
{
    int picture = cc_pdf_reserve(pdf);
    int content = cc_pdf_reserve(pdf);
    int number = cc_pdf_reserve(pdf);
    cc_status status = check_page(page, error);

    if (status == CC_OK && (picture == 0 || content == 0 || number == 0)) {
        status = cc_fail_memory(error, sizeof *pdf->offsets);
    }
    if (status == CC_OK) {
        status = page->bilevel ? write_bilevel(pdf, page, picture, error)
                               : write_jpeg(pdf, page, picture, error);
    }
    if (status == CC_OK) {
        status = write_content(pdf, page, content, error);
    }
    if (status == CC_OK) {
        status = write_page(pdf, page, number, content, picture, error);
    }
    if (status == CC_OK && pdf->file.size > MOST_BYTES) {
        status = cc_fail(error, CC_LIMIT, "the document is over 10 GB; make several of it");
    }
    return status == CC_OK ? remember_page(pdf, number, error) : status;
}

/* ---- the end of the file ---- */

static cc_status write_font_list(cc_pdf *pdf, cc_error *error)
{
    int count = cc_pdf_font_count(&pdf->fonts);
    int *numbers = cc_alloc_zeroed((size_t)count + 1, sizeof *numbers);
    cc_status status = numbers != NULL ? CC_OK : cc_fail_memory(error, sizeof *numbers);

    if (status == CC_OK) {
        status = cc_pdf_write_fonts(pdf, numbers, error);
    }
    if (status == CC_OK) {
        status = cc_pdf_begin_object(pdf, CC_PDF_FONTS, error);
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, "<<");
    }
    for (int i = 0; i < count && status == CC_OK; i++) {
        status = cc_pdf_print(&pdf->file, error, " /F%d %d 0 R", i, numbers[i]);
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, " >>");
    }
    cc_free(numbers);
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}

static cc_status write_page_tree(cc_pdf *pdf, cc_error *error)
{
    cc_status status = cc_pdf_begin_object(pdf, CC_PDF_PAGE_TREE, error);

    if (status == CC_OK) {
        status =
            cc_pdf_print(&pdf->file, error, "<< /Type /Pages /Count %d /Kids [", pdf->page_count);
    }
    for (int i = 0; i < pdf->page_count && status == CC_OK; i++) {
        status = cc_pdf_print(&pdf->file, error, "%s%d 0 R", i > 0 ? "\n" : "", pdf->pages[i]);
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, "] >>");
    }
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}

static cc_status write_simple(cc_pdf *pdf, int number, const char *text, cc_error *error)
{
    cc_status status = cc_pdf_begin_object(pdf, number, error);

    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, "%s", text);
    }
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}

/* The table of offsets: lines of exactly 20 bytes (7.5.4). A number that was reserved
 * in vain is free. */
static cc_status write_table(cc_pdf *pdf, cc_error *error)
{
    size_t begin = pdf->file.size;
    cc_status status =
        cc_pdf_print(&pdf->file, error, "xref\n0 %d\n0000000000 65535 f \n", pdf->object_count + 1);

    for (int i = 0; i < pdf->object_count && status == CC_OK; i++) {
        bool used = pdf->offsets[i] != 0;
        status = cc_pdf_print(&pdf->file, error, "%010llu %05d %c \n",
                              (unsigned long long)pdf->offsets[i], 0, used ? 'n' : 'f');
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error,
                              "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%zu\n"
                              "%%%%EOF\n",
                              pdf->object_count + 1, CC_PDF_CATALOG, CC_PDF_INFO, begin);
    }
    return status;
}

cc_status cc_pdf_finish(cc_pdf *pdf, cc_buffer *bytes, cc_error *error)
{
    cc_status status = CC_OK;

    memset(bytes, 0, sizeof *bytes);
    if (pdf->page_count == 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a document needs at least one page");
    }
    status = write_font_list(pdf, error);
    if (status == CC_OK) {
        status = write_page_tree(pdf, error);
    }
    if (status == CC_OK) {
        status = write_simple(pdf, CC_PDF_CATALOG, "<< /Type /Catalog /Pages 2 0 R >>", error);
    }
    if (status == CC_OK) {
        status = write_simple(pdf, CC_PDF_INFO, "<< /Producer (clearcut) >>", error);
    }
    if (status == CC_OK) {
        status = write_table(pdf, error);
    }
    if (status == CC_OK) {
        *bytes = pdf->file;
        memset(&pdf->file, 0, sizeof pdf->file);
    }
    return status;
}
