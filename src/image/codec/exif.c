#include "image/codec/exif.h"

#include <stdbool.h>
#include <string.h>

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_X_RESOLUTION = 0x011A,
    TAG_RESOLUTION_UNIT = 0x0128,
    TAG_EXIF_DIRECTORY = 0x8769,
    TAG_FOCAL_LENGTH_35MM = 0xA405
};

enum { TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5 };

#define ENTRY_SIZE 12
#define UNIT_INCH 2
#define UNIT_CENTIMETRE 3

typedef struct exif_reader {
    const uint8_t *data;
    size_t size;
    bool little_endian;
} exif_reader;

typedef struct exif_values {
    unsigned orientation;
    unsigned focal_length;
    unsigned unit;
    double resolution;
    size_t exif_directory; /* offset; 0 = none */
} exif_values;

/* Reads beyond the end give 0, which no tag treats as a value. */
static unsigned read_u16(const exif_reader *reader, size_t offset)
{
    const uint8_t *b;

    if (reader->size < 2 || offset > reader->size - 2) {
        return 0;
    }
    b = reader->data + offset;
    return reader->little_endian ? (unsigned)(b[0] | b[1] << 8) : (unsigned)(b[0] << 8 | b[1]);
}

static uint32_t read_u32(const exif_reader *reader, size_t offset)
{
    uint32_t first;
    uint32_t second;

    if (reader->size < 4 || offset > reader->size - 4) {
        return 0;
    }
    first = read_u16(reader, offset);
    second = read_u16(reader, offset + 2);
    return reader->little_endian ? first | second << 16 : first << 16 | second;
}

/* A SHORT or LONG with one value; 0 if it is anything else. */
static uint32_t entry_integer(const exif_reader *reader, size_t entry)
{
    unsigned type = read_u16(reader, entry + 2);

    if (read_u32(reader, entry + 4) != 1) {
        return 0;
    }
    if (type == TYPE_SHORT) {
        return read_u16(reader, entry + 8);
    }
    return type == TYPE_LONG ? read_u32(reader, entry + 8) : 0;
}

static double entry_rational(const exif_reader *reader, size_t entry)
{
    size_t offset = read_u32(reader, entry + 8);
    uint32_t numerator;
    uint32_t denominator;

    if (read_u16(reader, entry + 2) != TYPE_RATIONAL || read_u32(reader, entry + 4) != 1) {
        return 0;
    }
    numerator = read_u32(reader, offset);
    denominator = read_u32(reader, offset + 4);
    return denominator != 0 ? (double)numerator / denominator : 0;
}

static void read_entry(const exif_reader *reader, size_t entry, exif_values *values)
{
    switch (read_u16(reader, entry)) {
    case TAG_ORIENTATION: values->orientation = entry_integer(reader, entry); break;
    case TAG_X_RESOLUTION: values->resolution = entry_rational(reader, entry); break;
    case TAG_RESOLUTION_UNIT: values->unit = entry_integer(reader, entry); break;
    case TAG_EXIF_DIRECTORY: values->exif_directory = entry_integer(reader, entry); break;
    case TAG_FOCAL_LENGTH_35MM: values->focal_length = entry_integer(reader, entry); break;
    default: break;
    }
}

/* A directory never follows the link to the next one, so that a circle of them
 * costs nothing. */
static void read_directory(const exif_reader *reader, size_t offset, exif_values *values)
{
    size_t count = read_u16(reader, offset);

    for (size_t i = 0; i < count; i++) {
        size_t entry = offset + 2 + i * ENTRY_SIZE;
        if (reader->size < ENTRY_SIZE || entry > reader->size - ENTRY_SIZE) {
            return;
        }
        read_entry(reader, entry, values);
    }
}

/* Values that no camera writes are treated as absent. */
static cc_exif checked_values(const exif_values *values)
{
    cc_exif exif = {.orientation = 1};

    if (values->orientation >= 1 && values->orientation <= 8) {
        exif.orientation = (int)values->orientation;
    }
    if (values->focal_length >= 1 && values->focal_length <= 10000) {
        exif.focal_length_35mm = values->focal_length;
    }
    if (values->resolution >= 1 && values->resolution <= 100000) {
        if (values->unit == UNIT_INCH || values->unit == 0) {
            exif.dots_per_inch = values->resolution;
        } else if (values->unit == UNIT_CENTIMETRE) {
            exif.dots_per_inch = values->resolution * 2.54;
        }
    }
    return exif;
}

cc_exif cc_exif_read(const uint8_t *data, size_t size)
{
    static const uint8_t prefix[6] = {'E', 'x', 'i', 'f', 0, 0};
    exif_reader reader = {data, size, false};
    exif_values values = {0};

    if (size >= sizeof prefix && memcmp(data, prefix, sizeof prefix) == 0) {
        reader.data += sizeof prefix;
        reader.size -= sizeof prefix;
    }
    if (reader.size < 8 ||
        (memcmp(reader.data, "II", 2) != 0 && memcmp(reader.data, "MM", 2) != 0)) {
        return checked_values(&values);
    }
    reader.little_endian = reader.data[0] == 'I';
    if (read_u16(&reader, 2) == 42) {
        read_directory(&reader, read_u32(&reader, 4), &values);
        if (values.exif_directory != 0) {
            read_directory(&reader, values.exif_directory, &values);
        }
    }
    return checked_values(&values);
}
