#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void append(cli_json *json, const char *text, size_t length)
{
    if (json->failed) {
        return;
    }
    if (json->length + length + 1 > json->capacity) {
        size_t capacity = (json->length + length + 1) * 2;
        char *grown = realloc(json->text, capacity);
        if (grown == NULL) {
            json->failed = true;
            return;
        }
        json->text = grown;
        json->capacity = capacity;
    }
    memcpy(json->text + json->length, text, length);
    json->length += length;
    json->text[json->length] = '\0';
}

static void append_text(cli_json *json, const char *text)
{
    append(json, text, strlen(text));
}

/* Length of the well-formed UTF-8 sequence at `text` (RFC 3629, table 3-7 of the
 * Unicode standard), 0 if there is none. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char lead = text[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t length;

    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : low;
    high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : high;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (text[i] < 0x80 || text[i] > 0xbf) {
            return 0;
        }
    }
    return length;
}

static void append_quoted(cli_json *json, const char *value)
{
    const unsigned char *at = (const unsigned char *)value;

    append_text(json, "\"");
    while (*at != '\0') {
        size_t length = utf8_length(at);
        if (length == 0) {
            append_text(json, "\xef\xbf\xbd");
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            char escaped[2] = {'\\', (char)*at};
            append(json, escaped, 2);
        } else if (*at < 0x20 || *at == 0x7f) {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\u%04x", *at);
            append_text(json, escaped);
        } else {
            append(json, (const char *)at, length);
        }
        at += length;
    }
    append_text(json, "\"");
}

static void begin_member(cli_json *json, const char *key)
{
    if (json->comma) {
        append_text(json, ",");
    }
    if (key != NULL) {
        append_quoted(json, key);
        append_text(json, ":");
    }
    json->comma = true;
}

void cli_json_object(cli_json *json, const char *key)
{
    begin_member(json, key);
    append_text(json, "{");
    json->comma = false;
}

void cli_json_end_object(cli_json *json)
{
    append_text(json, "}");
    json->comma = true;
}

void cli_json_array(cli_json *json, const char *key)
{
    begin_member(json, key);
    append_text(json, "[");
    json->comma = false;
}

void cli_json_end_array(cli_json *json)
{
    append_text(json, "]");
    json->comma = true;
}

void cli_json_null(cli_json *json, const char *key)
{
    begin_member(json, key);
    append_text(json, "null");
}

void cli_json_text(cli_json *json, const char *key, const char *value)
{
    if (value == NULL) {
        cli_json_null(json, key);
        return;
    }
    begin_member(json, key);
    append_quoted(json, value);
}

void cli_json_integer(cli_json *json, const char *key, long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    begin_member(json, key);
    append_text(json, text);
}

void cli_json_real(cli_json *json, const char *key, double value, int decimals)
{
    char text[400]; /* DBL_MAX has 309 digits before the point */
    size_t length;

    if (!isfinite(value)) {
        cli_json_null(json, key);
        return;
    }
    snprintf(text, sizeof text, "%.*f", decimals, value);
    length = strlen(text);
    if (strchr(text, '.') != NULL) {
        while (text[length - 1] == '0') {
            text[--length] = '\0';
        }
        if (text[length - 1] == '.') {
            text[--length] = '\0';
        }
    }
    begin_member(json, key);
    append_text(json, strcmp(text, "-0") == 0 ? "0" : text);
}

void cli_json_bool(cli_json *json, const char *key, bool value)
{
    begin_member(json, key);
    append_text(json, value ? "true" : "false");
}

bool cli_json_print(cli_json *json)
{
    bool good;

    append_text(json, "\n");
    if (json->failed) {
        cli_error("not enough memory for the JSON line");
        good = false;
    } else {
        good = fwrite(json->text, 1, json->length, stdout) == json->length && fflush(stdout) == 0;
        if (!good) {
            cli_error("standard output: cannot write: %s", strerror(errno));
        }
    }
    free(json->text);
    memset(json, 0, sizeof *json);
    return good;
}
