/* One JSON object, built in memory and printed as one line. */
#ifndef CLEARCUT_CLI_JSON_H
#define CLEARCUT_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}. If memory runs out `failed` is set and printing says so. */
typedef struct cli_json {
    char *text;
    size_t length;
    size_t capacity;
    bool comma; /* the next member needs one in front */
    bool failed;
} cli_json;

/* key is NULL inside arrays and for the outermost object. */
void cli_json_object(cli_json *json, const char *key);
void cli_json_end_object(cli_json *json);
void cli_json_array(cli_json *json, const char *key);
void cli_json_end_array(cli_json *json);
/* NULL gives null; bytes that are not UTF-8 become U+FFFD. */
void cli_json_text(cli_json *json, const char *key, const char *value);
void cli_json_integer(cli_json *json, const char *key, long long value);
/* At most `decimals` places; what is not finite gives null. */
void cli_json_real(cli_json *json, const char *key, double value, int decimals);
void cli_json_bool(cli_json *json, const char *key, bool value);
void cli_json_null(cli_json *json, const char *key);

/* Print the line on stdout, flush, and release the memory. False if it could
 * not be printed whole; said on stderr. */
bool cli_json_print(cli_json *json);

#endif
