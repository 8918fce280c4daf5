/* Text that grows: for people (lines) and for machines (JSON). */
#ifndef CLEARCUT_DEVICE_WRITER_H
#define CLEARCUT_DEVICE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/file.h"

/* Starts as {0}; the owner ends `bytes` with cc_buffer_free. When memory runs out
 * `failed` is set and the rest is dropped. */
typedef struct cc_writer {
    cc_buffer bytes;
    bool failed;
    bool comma; /* JSON: the next member needs one in front */
} cc_writer;

/* Append as printf does. */
void cc_write(cc_writer *writer, const char *format, ...) CC_PRINTF(2, 3);

/* JSON. key is NULL in arrays and for the outermost object. */
void cc_json_open(cc_writer *writer, const char *key, char bracket); /* '{' or '[' */
void cc_json_close(cc_writer *writer, char bracket);                 /* '}' or ']' */
/* NULL and "" give null; bytes that are not ASCII and not UTF-8 become U+FFFD. */
void cc_json_text(cc_writer *writer, const char *key, const char *value);
void cc_json_integer(cc_writer *writer, const char *key, int64_t value);
/* null for what is not finite. */
void cc_json_real(cc_writer *writer, const char *key, double value);
void cc_json_bool(cc_writer *writer, const char *key, bool value);

#endif
