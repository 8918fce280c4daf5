/* The invisible text: Type 3 fonts (ISO 32000-1, 9.6.5) whose only glyph draws nothing,
 * with a map to Unicode, so that any script can be searched and copied without a font
 * file. Words are shown in rendering mode 3 and stretched to their boxes. */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "page/pdf_objects.h"

enum { USABLE_CODES = CC_PDF_FONT_CODES - 1 };

/* Every glyph is half as wide as the font is high; the baseline lies a fifth of the
 * height above the lower edge of a word's box. */
#define GLYPH_WIDTH 0.5
#define DESCENT 0.2

/* ---- characters ---- */

/* Next character of UTF-8; U+FFFD for bytes that are none (one at a time). */
static uint32_t next_character(const unsigned char **at)
{
    const unsigned char *p = *at;
    int more = p[0] < 0x80 ? 0 : p[0] >= 0xC2 && p[0] < 0xE0 ? 1 : (p[0] & 0xF0) == 0xE0 ? 2 : 3;
    uint32_t value = more == 0 ? p[0] : p[0] & (0x3FU >> more);

    if (p[0] >= 0xF5 || (p[0] >= 0x80 && p[0] < 0xC2)) {
        more = 0;
        value = 0xFFFD;
    }
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *at = p + 1;
            return 0xFFFD;
        }
        value = value << 6 | (p[i] & 0x3FU);
    }
    *at = p + 1 + more;
    return value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) ? 0xFFFD : value;
}

static cc_status add_character(cc_pdf_fonts *fonts, uint32_t character, cc_error *error)
{
    if (fonts->count == fonts->capacity) {
        int capacity = fonts->capacity > 0 ? 2 * fonts->capacity : 128;
        uint32_t *larger = cc_realloc_array(fonts->characters, (size_t)capacity, sizeof *larger);
        if (larger == NULL) {
            return cc_fail_memory(error, (unsigned long long)capacity * sizeof *larger);
        }
        fonts->characters = larger;
        fonts->capacity = capacity;
    }
    fonts->characters[fonts->count++] = character;
    return CC_OK;
}

/* The index of a character, a new one if it was not used before. */
static cc_status find_character(cc_pdf_fonts *fonts, uint32_t character, int *index,
                                cc_error *error)
{
    for (*index = 0; *index < fonts->count; (*index)++) {
        if (fonts->characters[*index] == character) {
            return CC_OK;
        }
    }
    return add_character(fonts, character, error);
}

int cc_pdf_font_count(const cc_pdf_fonts *fonts)
{
    return (fonts->count + USABLE_CODES - 1) / USABLE_CODES;
}

/* ---- words ---- */

/* The codes of a word and the space after it, changing the font where needed. */
static cc_status print_codes(cc_pdf_fonts *fonts, const char *text, double size, cc_buffer *content,
                             cc_error *error)
{
    const unsigned char *at = (const unsigned char *)text;
    int font = -1;
    bool more = true;
    cc_status status = CC_OK;

    while (more && status == CC_OK) {
        int index = 0;
        more = *at != '\0';
        status = find_character(fonts, more ? next_character(&at) : ' ', &index, error);
        if (status == CC_OK && index / USABLE_CODES != font) {
            status = cc_pdf_print(content, error, "%s/F%d %.3f Tf <", font >= 0 ? "> Tj " : "",
                                  index / USABLE_CODES, size);
            font = index / USABLE_CODES;
        }
        if (status == CC_OK) {
            status = cc_pdf_print(content, error, "%02X", index % USABLE_CODES + 1);
        }
    }
    return status == CC_OK ? cc_pdf_print(content, error, "> Tj\n") : status;
}

static int count_characters(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int count = 0;

    while (*at != '\0') {
        (void)next_character(&at);
        count++;
    }
    return count;
}

cc_status cc_pdf_print_words(cc_pdf_fonts *fonts, const cc_pdf_page *page, double scale_x,
                             double scale_y, double height, cc_buffer *content, cc_error *error)
{
    cc_status status = cc_pdf_print(content, error, "BT 3 Tr\n");

    for (int i = 0; i < page->word_count && status == CC_OK; i++) {
        const cc_pdf_word *word = &page->words[i];
        double size = (word->bottom - word->top) * scale_y;
        double width = (word->right - word->left) * scale_x;
        int count = count_characters(word->text);
        double base = height - word->bottom * scale_y + DESCENT * size;
        if (!(size > 0.01 && width > 0.01 && size < 1e5 && width < 1e5) || count == 0) {
            continue;
        }
        status =
            cc_pdf_print(content, error, "%.2f Tz 1 0 0 1 %.2f %.2f Tm ",
                         100.0 * width / (count * GLYPH_WIDTH * size), word->left * scale_x, base);
        if (status == CC_OK) {
            status = print_codes(fonts, word->text, size, content, error);
        }
    }
    return status == CC_OK ? cc_pdf_print(content, error, "ET\n") : status;
}

/* ---- fonts ---- */

static cc_status print_character(cc_buffer *map, int code, uint32_t character, cc_error *error)
{
    if (character < 0x10000) {
        return cc_pdf_print(map, error, "<%02X> <%04X>\n", (unsigned)code, (unsigned)character);
    }
    character -= 0x10000;
    return cc_pdf_print(map, error, "<%02X> <%04X%04X>\n", (unsigned)code,
                        (unsigned)(0xD800 + (character >> 10)),
                        (unsigned)(0xDC00 + (character & 0x3FF)));
}

/* At most 100 lines between bfchar operators (ISO 32000-1, 9.10.3, after Adobe's 5411). */
static cc_status print_map(const uint32_t *characters, int count, cc_buffer *map, cc_error *error)
{
    enum { LINES = 100 };
    cc_status status = cc_pdf_print(map, error,
                                    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
                                    "/CMapName /Text def /CMapType 2 def\n"
                                    "1 begincodespacerange <01> <FF> endcodespacerange\n");

    for (int i = 0; i < count && status == CC_OK; i++) {
        if (i % LINES == 0) {
            status = cc_pdf_print(map, error, "%s%d beginbfchar\n", i > 0 ? "endbfchar\n" : "",
                                  count - i < LINES ? count - i : LINES);
        }
        if (status == CC_OK) {
            status = print_character(map, i + 1, characters[i], error);
        }
    }
    return status == CC_OK
               ? cc_pdf_print(map, error,
                              "endbfchar endcmap CMapName currentdict /CMap defineresource pop "
                              "end end\n")
               : status;
}

static cc_status print_font(cc_pdf *pdf, int count, int glyph, int map, cc_error *error)
{
    cc_status status = cc_pdf_print(
        &pdf->file, error,
        "<< /Type /Font /Subtype /Type3 /Name /Text /FontBBox [0 -200 500 800]\n"
        "/FontMatrix [0.001 0 0 0.001 0 0] /Resources << >> /FirstChar 1 /LastChar %d\n"
        "/CharProcs << /g %d 0 R >> /ToUnicode %d 0 R\n/Encoding << /Type /Encoding "
        "/Differences [1",
        count, glyph, map);

    for (int i = 0; i < count && status == CC_OK; i++) {
        status = cc_pdf_print(&pdf->file, error, " /g");
    }
    if (status == CC_OK) {
        status = cc_pdf_print(&pdf->file, error, "] >>\n/Widths [");
    }
    for (int i = 0; i < count && status == CC_OK; i++) {
        status = cc_pdf_print(&pdf->file, error, " %d", (int)(1000 * GLYPH_WIDTH));
    }
    return status == CC_OK ? cc_pdf_print(&pdf->file, error, "] >>") : status;
}

static cc_status write_font(cc_pdf *pdf, const uint32_t *characters, int count, int glyph,
                            int *number, cc_error *error)
{
    cc_buffer map = {0};
    int map_number = cc_pdf_reserve(pdf);
    cc_status status;

    *number = cc_pdf_reserve(pdf);
    if (map_number == 0 || *number == 0) {
        return cc_fail_memory(error, sizeof *pdf->offsets);
    }
    status = print_map(characters, count, &map, error);
    if (status == CC_OK) {
        status = cc_pdf_write_stream(pdf, map_number, "", map.data, map.size, error);
    }
    cc_buffer_free(&map);
    if (status == CC_OK) {
        status = cc_pdf_begin_object(pdf, *number, error);
    }
    if (status == CC_OK) {
        status = print_font(pdf, count, glyph, map_number, error);
    }
    return status == CC_OK ? cc_pdf_end_object(pdf, error) : status;
}

cc_status cc_pdf_write_fonts(cc_pdf *pdf, int *numbers, cc_error *error)
{
    static const char empty_glyph[] = "500 0 0 -200 500 800 d1";
    const cc_pdf_fonts *fonts = &pdf->fonts;
    int count = cc_pdf_font_count(fonts);
    int glyph;
    cc_status status;

    if (count == 0) {
        return CC_OK;
    }
    glyph = cc_pdf_reserve(pdf);
    if (glyph == 0) {
        return cc_fail_memory(error, sizeof *pdf->offsets);
    }
    status = cc_pdf_write_stream(pdf, glyph, "", empty_glyph, sizeof empty_glyph - 1, error);
    for (int i = 0; i < count && status == CC_OK; i++) {
        int left = fonts->count - i * USABLE_CODES;
        status = write_font(pdf, fonts->characters + i * USABLE_CODES,
                            left < USABLE_CODES ? left : USABLE_CODES, glyph, &numbers[i], error);
    }
    return status;
}
