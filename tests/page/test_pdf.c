/* PDF documents by their bytes (tests/cli/test_scan_documents.sh asks other programs), and
 * pictures of one bit a pixel. */
#include "synthetic.h"

#include <stdio.h>
#include <unistd.h>

#include "core/file.h"
#include "image/codec/bilevel.h"
#include "image/codec/codec.h"
#include "page/pdf.h"

static cc_image draw_page(int width, int height, int channels)
{
    cc_image page;

    assert_int_equal(cc_image_create(width, height, channels, &page, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width * channels; x++) {
            cc_image_row(&page, y)[x] = (x / channels / 9 + y / 5) % 3 == 0 ? 0 : 255;
        }
    }
    return page;
}

static const cc_pdf_word words[] = {
    {"Hello", 10, 10, 60, 24},
    {"w\303\266rld", 70, 10, 120, 24},            /* o with dots */
    {"\347\224\273\345\203\217", 10, 40, 50, 60}, /* two ideographs */
    {"\360\237\230\200", 60, 40, 80, 60},         /* beyond the first plane */
    {"bad\377byte", 10, 80, 90, 95},
    {"", 0, 0, 10, 10},
    {"flat", 10, 100, 50, 100}, /* no height: left out */
};

/* Two pages: colour, and black and white with words. */
static cc_buffer make_document(void)
{
    cc_image color = draw_page(120, 90, 3);
    cc_image black = draw_page(203, 150, 1);
    cc_pdf_page first = {.image = &color, .width_mm = 120, .height_mm = 90};
    cc_pdf_page second = {.image = &black,
                          .width_mm = 210,
                          .height_mm = 155.17,
                          .bilevel = true,
                          .words = words,
                          .word_count = sizeof words / sizeof words[0]};
    cc_buffer bytes;
    cc_pdf *pdf;

    assert_int_equal(cc_pdf_create(&pdf, NULL), CC_OK);
    assert_int_equal(cc_pdf_add_page(pdf, &first, NULL), CC_OK);
    assert_int_equal(cc_pdf_add_page(pdf, &second, NULL), CC_OK);
    assert_int_equal(cc_pdf_page_count(pdf), 2);
    assert_int_equal(cc_pdf_finish(pdf, &bytes, NULL), CC_OK);
    cc_pdf_free(pdf);
    cc_image_free(&color);
    cc_image_free(&black);
    return bytes;
}

/* memmem, which not every C library has. */
static const char *find(const cc_buffer *bytes, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + length <= bytes->size; i++) {
        if (memcmp(bytes->data + i, text, length) == 0) {
            return (const char *)bytes->data + i;
        }
    }
    return NULL;
}

static void every_offset_points_at_its_object(void **state)
{
    cc_buffer bytes = make_document();
    const char *start = find(&bytes, "startxref\n");
    long table;
    int count;
    const char *line;

    (void)state;
    assert_non_null(start);
    table = strtol(start + 10, NULL, 10);
    assert_true(table > 0 && (size_t)table < bytes.size);
    assert_memory_equal(bytes.data + table, "xref\n0 ", 7);
    count = (int)strtol((const char *)bytes.data + table + 7, NULL, 10);
    line = strchr((const char *)bytes.data + table + 5, '\n') + 1;
    for (int i = 1; i < count; i++) {
        char expected[24];
        long offset = strtol(line + i * 20, NULL, 10);
        assert_int_equal(line[i * 20 + 19], '\n');
        snprintf(expected, sizeof expected, "%d 0 obj\n", i);
        assert_memory_equal(bytes.data + offset, expected, strlen(expected));
    }
    assert_memory_equal(bytes.data + bytes.size - 6, "%%EOF\n", 6);
    cc_buffer_free(&bytes);
}

static void pages_have_their_size_and_filters(void **state)
{
    cc_buffer bytes = make_document();

    (void)state;
    assert_non_null(find(&bytes, "/MediaBox [0 0 340.157 255.118]")); /* 120 x 90 mm */
    assert_non_null(find(&bytes, "/Filter /DCTDecode"));
    assert_non_null(
        find(&bytes, cc_format_can_write(CC_FORMAT_TIFF) ? "/CCITTFaxDecode" : "/FlateDecode"));
    assert_non_null(find(&bytes, "/Count 2"));
    assert_non_null(find(&bytes, "3 Tr"));
    assert_non_null(find(&bytes, "<D83DDE00>")); /* UTF-16 of the smile */
    cc_buffer_free(&bytes);
}

static void the_same_pages_give_the_same_bytes(void **state)
{
    cc_buffer one = make_document();
    cc_buffer two = make_document();

    (void)state;
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    cc_buffer_free(&one);
    cc_buffer_free(&two);
}

static void strange_pages_are_refused(void **state)
{
    cc_image page = draw_page(20, 20, 3);
    cc_pdf_page wrong[] = {{.image = &page, .width_mm = 0, .height_mm = 10},
                           {.image = &page, .width_mm = NAN, .height_mm = 10},
                           {.image = &page, .width_mm = 10, .height_mm = 6000},
                           {.image = &page, .width_mm = 10, .height_mm = 10, .bilevel = true},
                           {.image = &page, .width_mm = 10, .height_mm = 10, .quality = 101}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cc_buffer bytes;
        cc_pdf *pdf;
        assert_int_equal(cc_pdf_create(&pdf, NULL), CC_OK);
        assert_int_equal(cc_pdf_add_page(pdf, &wrong[i], NULL), CC_INVALID_ARGUMENT);
        assert_int_equal(cc_pdf_finish(pdf, &bytes, NULL), CC_INVALID_ARGUMENT); /* no page */
        cc_pdf_free(pdf);
    }
    cc_image_free(&page);
}

static void many_characters_need_many_fonts(void **state)
{
    cc_image page = draw_page(50, 50, 1);
    char text[4 * 600 + 1];
    cc_pdf_word word = {text, 0, 10, 50, 20};
    cc_pdf_page one = {
        .image = &page, .width_mm = 50, .height_mm = 50, .words = &word, .word_count = 1};
    cc_buffer bytes;
    cc_pdf *pdf;
    size_t at = 0;

    (void)state;
    for (int i = 0; i < 600; i++) { /* U+4E00 and on */
        int c = 0x4E00 + i;
        text[at++] = (char)(0xE0 | c >> 12);
        text[at++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[at++] = (char)(0x80 | (c & 0x3F));
    }
    text[at] = '\0';
    assert_int_equal(cc_pdf_create(&pdf, NULL), CC_OK);
    assert_int_equal(cc_pdf_add_page(pdf, &one, NULL), CC_OK);
    assert_int_equal(cc_pdf_finish(pdf, &bytes, NULL), CC_OK);
    assert_non_null(find(&bytes, "/F2 ")); /* 601 characters, 255 to a font */
    assert_null(find(&bytes, "/F3 "));
    assert_non_null(find(&bytes, "<5057>")); /* the last one */
    cc_buffer_free(&bytes);
    cc_pdf_free(pdf);
    cc_image_free(&page);
}

static void refused_memory_is_survived(void **state)
{
    cc_image black = draw_page(60, 40, 1);
    cc_pdf_page page = {.image = &black,
                        .width_mm = 60,
                        .height_mm = 40,
                        .words = words,
                        .word_count = sizeof words / sizeof words[0]};
    int failures = 0;

    (void)state;
    for (long n = 0; n < 400; n++) {
        cc_buffer bytes = {0};
        cc_pdf *pdf;
        cc_status status;
        cc_memory_fail_after(n);
        status = cc_pdf_create(&pdf, NULL);
        status = status == CC_OK ? cc_pdf_add_page(pdf, &page, NULL) : status;
        status = status == CC_OK ? cc_pdf_finish(pdf, &bytes, NULL) : status;
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        cc_buffer_free(&bytes);
        cc_pdf_free(pdf);
        if (status == CC_OK) {
            break;
        }
        failures++;
    }
    assert_true(failures > 5 && failures < 400);
    cc_image_free(&black);
}

/* ---- one bit a pixel ---- */

static void bits_are_packed_from_the_left(void **state)
{
    static const uint8_t row[11] = {0, 255, 127, 128, 0, 0, 255, 255, 255, 0, 200};
    uint8_t packed[2];

    (void)state;
    assert_int_equal(cc_bilevel_row_size(11), 2);
    cc_bilevel_pack(row, 11, false, packed);
    assert_int_equal(packed[0], 0x53);
    assert_int_equal(packed[1], 0xA0);
    cc_bilevel_pack(row, 11, true, packed);
    assert_int_equal(packed[0], 0xAC);
    assert_int_equal(packed[1], 0x40);
}

/* PNG and TIFF of one bit come back as they were. */
static void bilevel_files_are_read_back(void **state)
{
    static const cc_format formats[] = {CC_FORMAT_PNG, CC_FORMAT_TIFF};
    cc_image page = draw_page(203, 77, 1);

    (void)state;
    for (int i = 0; i < 2; i++) {
        cc_encode_options options = cc_encode_options_default(formats[i]);
        cc_buffer bytes = {0};
        cc_image back;
        if (!cc_format_can_write(formats[i])) {
            print_message("not tested: %s (not in this build)\n", cc_format_name(formats[i]));
            continue;
        }
        options.bilevel = true;
        options.dots_per_inch = 300;
        assert_int_equal(cc_image_encode(&page, &options, &bytes, NULL), CC_OK);
        assert_true(bytes.size < 3000);
        assert_int_equal(cc_image_decode(bytes.data, bytes.size, NULL, &back, NULL, NULL), CC_OK);
        assert_int_equal(back.width, 203);
        assert_near(back.metadata.dots_per_inch, 300, 0.1);
        for (int y = 0; y < 77; y++) {
            for (int x = 0; x < 203; x++) {
                assert_int_equal(cc_image_row(&back, y)[x * back.channels],
                                 cc_image_row(&page, y)[x]);
            }
        }
        cc_image_free(&back);
        cc_buffer_free(&bytes);
    }
    cc_image_free(&page);
}

static void colour_is_not_packed(void **state)
{
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_PNG);
    cc_image page = draw_page(20, 20, 3);
    cc_buffer bytes;

    (void)state;
    options.bilevel = true;
    assert_int_equal(cc_image_encode(&page, &options, &bytes, NULL), CC_INVALID_ARGUMENT);
    cc_image_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_points_at_its_object),
        cmocka_unit_test(pages_have_their_size_and_filters),
        cmocka_unit_test(the_same_pages_give_the_same_bytes),
        cmocka_unit_test(strange_pages_are_refused),
        cmocka_unit_test(many_characters_need_many_fonts),
        cmocka_unit_test(refused_memory_is_survived),
        cmocka_unit_test(bits_are_packed_from_the_left),
        cmocka_unit_test(bilevel_files_are_read_back),
        cmocka_unit_test(colour_is_not_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
