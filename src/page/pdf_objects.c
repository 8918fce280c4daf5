#include "page/pdf_objects.h"

#include <stdarg.h>
#include <string.h>

#include "core/memory.h"

int cc_pdf_reserve(cc_pdf *pdf)
{
    if (pdf->object_count == pdf->object_capacity) {
        int capacity = pdf->object_capacity > 0 ? 2 * pdf->object_capacity : 64;
        uint64_t *larger = cc_realloc_array(pdf->offsets, (size_t)capacity, sizeof *larger);
        if (larger == NULL) {
            return 0;
        }
        pdf->offsets = larger;
        pdf->object_capacity = capacity;
    }
    pdf->offsets[pdf->object_count] = 0;
    return ++pdf->object_count;
}

cc_status cc_pdf_print(cc_buffer *bytes, cc_error *error, const char *format, ...)
{
    char text[512];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        return cc_fail(error, CC_INTERNAL, "a PDF object is too long; please report this");
    }
    return cc_buffer_append(bytes, text, (size_t)length, 0, error);
}

cc_status cc_pdf_begin_object(cc_pdf *pdf, int number, cc_error *error)
{
    pdf->offsets[number - 1] = pdf->file.size;
    return cc_pdf_print(&pdf->file, error, "%d 0 obj\n", number);
}

cc_status cc_pdf_end_object(cc_pdf *pdf, cc_error *error)
{
    return cc_pdf_print(&pdf->file, error, "\nendobj\n");
}

cc_status cc_pdf_write_stream(cc_pdf *pdf, int number, const char *dictionary, const void *data,
                              size_t size, cc_error *error)
{
    cc_status status = cc_pdf_begin_object(pdf, number, error);

    if (status == CC_OK) {
        status =
            cc_pdf_print(&pdf->file, error, "<< %s /Length %zu >>\nstream\n", dictionary, size);
    }
    if (status == CC_OK) {
        status = cc_buffer_append(&pdf->file, data, size, 0, error);
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, "\nendstream");
    }
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}
