#include "json_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 };

typedef struct reader {
    const char *text;
    const char *at;
    const char *fault; /* NULL as long as all is well */
    int depth;
} reader;

void cli_json_free(cli_json_value *value)
{
    while (value != NULL) {
        cli_json_value *next = value->next;
        cli_json_free(value->first);
        free(value->text);
        free(value->key);
        free(value);
        value = next;
    }
}

static void skip_space(reader *in)
{
    in->at += strspn(in->at, " \t\r\n");
}

static bool refuse(reader *in, const char *what)
{
    if (in->fault == NULL) {
        in->fault = what;
    }
    return false;
}

/* ---- texts ---- */

static bool hex4(const char *at, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        char lower = (char)(at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i]);
        const char *digit = lower != '\0' ? strchr(digits, lower) : NULL;
        if (digit == NULL) {
            return false;
        }
        *code = *code << 4 | (unsigned)(digit - digits);
    }
    return true;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* \uXXXX, or two of them that stand for one character. */
static char *read_code(reader *in, char *to)
{
    unsigned code;
    unsigned low;

    if (!hex4(in->at, &code)) {
        refuse(in, "\\u without four digits");
        return to;
    }
    in->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && in->at[0] == '\\' && in->at[1] == 'u' &&
        hex4(in->at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
        in->at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
        refuse(in, "\\u of what is no character");
        return to;
    }
    return put_utf8(to, code);
}

static char *read_escape(reader *in, char *to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    const char *found = *in->at != '\0' ? strchr(from, *in->at) : NULL;

    if (*in->at == 'u') {
        in->at++;
        return read_code(in, to);
    }
    if (found == NULL) {
        refuse(in, "an unknown \\ sequence");
        return to;
    }
    in->at++;
    *to++ = into[found - from];
    return to;
}

/* After the opening quote. Never longer than what it is written as. */
static char *read_text(reader *in)
{
    char *text = malloc(strlen(in->at) + 1);
    char *to = text;

    if (text == NULL) {
        refuse(in, "not enough memory");
        return NULL;
    }
    while (in->fault == NULL && *in->at != '"') {
        if ((unsigned char)*in->at < 0x20) {
            refuse(in, *in->at == '\0' ? "a text without end" : "a control character in a text");
        } else if (*in->at == '\\') {
            in->at++;
            to = read_escape(in, to);
        } else {
            *to++ = *in->at++;
        }
    }
    if (in->fault != NULL) {
        free(text);
        return NULL;
    }
    in->at++;
    *to = '\0';
    return text;
}

/* ---- values ---- */

static bool read_value(reader *in, cli_json_value **value);

static bool read_key(reader *in, char **key)
{
    if (*in->at != '"') {
        return refuse(in, "a member without a name in quotes");
    }
    in->at++;
    *key = read_text(in);
    if (*key == NULL) {
        return false;
    }
    skip_space(in);
    if (*in->at != ':') {
        return refuse(in, "a name without a colon");
    }
    in->at++;
    return true;
}

/* One value of an array or member of an object, put at *end. */
static bool read_item(reader *in, bool named, cli_json_value **end)
{
    char *key = NULL;

    skip_space(in);
    if ((named && !read_key(in, &key)) || !read_value(in, end)) {
        free(key);
        return false;
    }
    (*end)->key = key;
    skip_space(in);
    return true;
}

static bool read_items(reader *in, cli_json_value *parent, char closing)
{
    cli_json_value **end = &parent->first;

    in->at++;
    skip_space(in);
    if (*in->at == closing) {
        in->at++;
        return true;
    }
    for (;;) {
        if (!read_item(in, parent->kind == CLI_JSON_OBJECT, end)) {
            return false;
        }
        end = &(*end)->next;
        if (*in->at == closing) {
            in->at++;
            return true;
        }
        if (*in->at != ',') {
            return refuse(in, "neither a comma nor an end");
        }
        in->at++;
    }
}

static bool read_number(reader *in, cli_json_value *value)
{
    size_t length = strspn(in->at, "+-0123456789.eE");
    char *end = NULL;

    value->kind = CLI_JSON_NUMBER;
    value->number = strtod(in->at, &end);
    if (length == 0 || end != in->at + length || *in->at == '+' || !isfinite(value->number)) {
        return refuse(in, "no JSON value");
    }
    in->at = end;
    return true;
}

static bool read_word(reader *in, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(in->at, word, length) != 0) {
        return refuse(in, "no JSON value");
    }
    in->at += length;
    return true;
}

static bool read_kind(reader *in, cli_json_value *value)
{
    switch (*in->at) {
    case '{': value->kind = CLI_JSON_OBJECT; return read_items(in, value, '}');
    case '[': value->kind = CLI_JSON_ARRAY; return read_items(in, value, ']');
    case '"':
        value->kind = CLI_JSON_TEXT;
        in->at++;
        value->text = read_text(in);
        return value->text != NULL;
    case 't': value->boolean = true; /* fall through */
    case 'f': value->kind = CLI_JSON_BOOL; return read_word(in, value->boolean ? "true" : "false");
    case 'n': value->kind = CLI_JSON_NULL; return read_word(in, "null");
    default: return read_number(in, value);
    }
}

static bool read_value(reader *in, cli_json_value **value)
{
    bool good;

    skip_space(in);
    if (in->depth == DEEPEST) {
        return refuse(in, "nested too deep");
    }
    *value = calloc(1, sizeof **value);
    if (*value == NULL) {
        return refuse(in, "not enough memory");
    }
    in->depth++;
    good = read_kind(in, *value);
    in->depth--;
    if (!good) {
        cli_json_free(*value);
        *value = NULL;
    }
    return good;
}

cli_json_value *cli_json_read(const char *text, char *fault, size_t fault_size)
{
    reader in = {.text = text, .at = text};
    cli_json_value *value = NULL;

    if (read_value(&in, &value)) {
        skip_space(&in);
        if (*in.at == '\0') {
            return value;
        }
        refuse(&in, "more after the end");
    }
    cli_json_free(value);
    snprintf(fault, fault_size, "%s at byte %zu", in.fault, (size_t)(in.at - in.text));
    return NULL;
}
