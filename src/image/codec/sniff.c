#include <ctype.h>
#include <string.h>

#include "image/codec/format.h"

typedef struct signature {
    size_t offset;
    size_t length;
    const char *bytes;
    cc_format format;
    const char *other; /* name of a format that we do not read */
} signature;

static const signature signatures[] = {
    {0, 3, "\xFF\xD8\xFF", CC_FORMAT_JPEG, NULL},
    {0, 8, "\x89PNG\r\n\x1A\n", CC_FORMAT_PNG, NULL},
    {8, 4, "WEBP", CC_FORMAT_WEBP, NULL},
    {0, 4, "II*\0", CC_FORMAT_TIFF, NULL},
    {0, 4, "MM\0*", CC_FORMAT_TIFF, NULL},
    {0, 4, "II+\0", CC_FORMAT_TIFF, NULL}, /* BigTIFF */
    {0, 4, "MM\0+", CC_FORMAT_TIFF, NULL},
    {0, 6, "GIF87a", CC_FORMAT_GIF, NULL},
    {0, 6, "GIF89a", CC_FORMAT_GIF, NULL},
    {0, 2, "BM", CC_FORMAT_BMP, NULL},
    {0, 5, "%PDF-", CC_FORMAT_UNKNOWN, "PDF"},
    {0, 4, "%!PS", CC_FORMAT_UNKNOWN, "PostScript (EPS)"},
    {0, 4, "\xC5\xD0\xD3\xC6", CC_FORMAT_UNKNOWN, "PostScript (EPS)"},
    {0, 4, "8BPS", CC_FORMAT_UNKNOWN, "Photoshop (PSD)"},
    {0, 4, "\0\0\1\0", CC_FORMAT_UNKNOWN, "Windows icon (ICO)"},
    {0, 12, "\0\0\0\x0CjP  \r\n\x87\n", CC_FORMAT_UNKNOWN, "JPEG 2000"},
    {0, 4, "\xFF\x4F\xFF\x51", CC_FORMAT_UNKNOWN, "JPEG 2000"},
    {0, 2, "\xFF\x0A", CC_FORMAT_UNKNOWN, "JPEG XL"},
    {0, 12, "\0\0\0\x0CJXL \r\n\x87\n", CC_FORMAT_UNKNOWN, "JPEG XL"},
    {0, 4, "qoif", CC_FORMAT_UNKNOWN, "QOI"},
    {0, 4, "PK\3\4", CC_FORMAT_UNKNOWN, "ZIP archive"},
    {0, 2, "\x1F\x8B", CC_FORMAT_UNKNOWN, "gzip archive"},
    {0, 4, "\x1A\x45\xDF\xA3", CC_FORMAT_UNKNOWN, "Matroska video"},
};

static bool matches(const signature *candidate, const uint8_t *data, size_t size)
{
    return size >= candidate->offset + candidate->length &&
           memcmp(data + candidate->offset, candidate->bytes, candidate->length) == 0;
}

/* ISO base media files name their brand after "ftyp" (ISO/IEC 23008-12 lists
 * the brands of still pictures). */
static cc_format sniff_iso_media(const uint8_t *data, size_t size, const char **other)
{
    static const char brands[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx",
                                     "mif1", "msf1", "avif", "avis", "miaf"};

    if (size < 12 || memcmp(data + 4, "ftyp", 4) != 0) {
        return CC_FORMAT_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++) {
        if (memcmp(data + 8, brands[i], 4) == 0) {
            return CC_FORMAT_HEIF;
        }
    }
    *other = memcmp(data + 8, "crx ", 4) == 0 ? "camera raw (CR3)" : "MP4 or QuickTime video";
    return CC_FORMAT_UNKNOWN;
}

static bool starts_with_word(const uint8_t *data, size_t size, const char *word)
{
    size_t length = strlen(word);
    if (size < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (tolower(data[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

static bool contains(const uint8_t *data, size_t size, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= size; i++) {
        if (starts_with_word(data + i, size - i, word)) {
            return true;
        }
    }
    return false;
}

static bool looks_like_text(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool blank = data[i] == '\t' || data[i] == '\n' || data[i] == '\r';
        if (data[i] == 127 || (data[i] < 32 && !blank)) {
            return false;
        }
    }
    return size > 0;
}

static const char *sniff_text(const uint8_t *data, size_t size)
{
    size_t skip = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    size = size < 1024 ? size : 1024;
    if (!looks_like_text(data, size)) {
        return NULL;
    }
    while (skip < size && isspace(data[skip])) {
        skip++;
    }
    data += skip;
    size -= skip;
    if (starts_with_word(data, size, "<!doctype html") || starts_with_word(data, size, "<html")) {
        return "HTML page";
    }
    if (starts_with_word(data, size, "<svg") ||
        (starts_with_word(data, size, "<?xml") && contains(data, size, "<svg"))) {
        return "SVG";
    }
    return "text";
}

/* What the signatures of two formats leave open. */
static bool is_really(cc_format format, const uint8_t *data, size_t size)
{
    if (format == CC_FORMAT_WEBP) {
        return memcmp(data, "RIFF", 4) == 0;
    }
    /* "BM" begins words as well; the size of the file and four reserved zeros follow */
    return format != CC_FORMAT_BMP || (size >= 10 && memcmp(data + 6, "\0\0\0\0", 4) == 0);
}

cc_format cc_format_sniff(const uint8_t *data, size_t size, const char **other)
{
    *other = NULL;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const signature *candidate = &signatures[i];
        if (matches(candidate, data, size) && is_really(candidate->format, data, size)) {
            *other = candidate->other;
            return candidate->format;
        }
    }
    if (sniff_iso_media(data, size, other) == CC_FORMAT_HEIF) {
        return CC_FORMAT_HEIF;
    }
    if (*other == NULL) {
        *other = sniff_text(data, size);
    }
    return CC_FORMAT_UNKNOWN;
}
