/* JSON text (RFC 8259) as a tree, for what people pass on a command line.
 */
#ifndef CLEARCUT_CLI_JSON_READ_H
#define CLEARCUT_CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

typedef enum cli_json_kind {
    CLI_JSON_NULL,
    CLI_JSON_BOOL,
    CLI_JSON_NUMBER,
    CLI_JSON_TEXT,
    CLI_JSON_ARRAY,
    CLI_JSON_OBJECT
} cli_json_kind;

typedef struct cli_json_value cli_json_value;
struct cli_json_value {
    cli_json_kind kind;
    bool boolean;
    double number;
    char *text;            /* of CLI_JSON_TEXT; UTF-8 */
    char *key;             /* of a member of an object, else NULL */
    cli_json_value *first; /* of an array's or object's values */
    cli_json_value *next;  /* beside this one */
};

/* The whole text as one value; at most 32 deep. NULL if it is not JSON (*fault then
 * says what is wrong and at which byte) or memory is out. The caller frees it with
 * cli_json_free. */
cli_json_value *cli_json_read(const char *text, char *fault, size_t fault_size);
void cli_json_free(cli_json_value *value); /* NULL is allowed */

#endif
