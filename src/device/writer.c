#include "device/writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

static void append(cc_writer *writer, const char *text, size_t size)
{
    if (!writer->failed && cc_buffer_append(&writer->bytes, text, size, 0, NULL) != CC_OK) {
        writer->failed = true;
    }
}

void cc_write(cc_writer *writer, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0) {
        append(writer, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    }
}

/* Length of the UTF-8 sequence at `text` (RFC 3629; over-long forms are let pass by
 * readers, so only the structure is checked), 0 if there is none. */
static size_t sequence_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc2 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf5 ? 4
                                     : 0;

    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

static void write_quoted(cc_writer *writer, const char *value)
{
    const unsigned char *at = (const unsigned char *)value;

    append(writer, "\"", 1);
    while (*at != '\0') {
        size_t length = sequence_length(at);
        if (length == 0) {
            append(writer, "\xef\xbf\xbd", 3);
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            cc_write(writer, "\\%c", *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            cc_write(writer, "\\u%04x", (unsigned)*at);
        } else {
            append(writer, (const char *)at, length);
        }
        at += length;
    }
    append(writer, "\"", 1);
}

static void begin_member(cc_writer *writer, const char *key)
{
    if (writer->comma) {
        append(writer, ",", 1);
    }
    if (key != NULL) {
        write_quoted(writer, key);
        append(writer, ":", 1);
    }
    writer->comma = true;
}

void cc_json_open(cc_writer *writer, const char *key, char bracket)
{
    begin_member(writer, key);
    append(writer, &bracket, 1);
    writer->comma = false;
}

void cc_json_close(cc_writer *writer, char bracket)
{
    append(writer, &bracket, 1);
    writer->comma = true;
}

void cc_json_text(cc_writer *writer, const char *key, const char *value)
{
    begin_member(writer, key);
    if (value == NULL || value[0] == '\0') {
        append(writer, "null", 4);
    } else {
        write_quoted(writer, value);
    }
}

void cc_json_integer(cc_writer *writer, const char *key, int64_t value)
{
    begin_member(writer, key);
    cc_write(writer, "%" PRId64, value);
}

void cc_json_real(cc_writer *writer, const char *key, double value)
{
    begin_member(writer, key);
    if (isfinite(value)) {
        cc_write(writer, "%.9g", value);
    } else {
        append(writer, "null", 4);
    }
}

void cc_json_bool(cc_writer *writer, const char *key, bool value)
{
    begin_member(writer, key);
    cc_write(writer, "%s", value ? "true" : "false");
}
