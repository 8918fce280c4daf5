/* Which photo goes to which file: settled, and refused if two would collide,
 * before any work begins.
 */
#ifndef CLEARCUT_CLI_SCAN_PLAN_H
#define CLEARCUT_CLI_SCAN_PLAN_H

#include "clearcut.h"
#include "pictures.h"

typedef struct cli_scan_item {
    const char *input;
    char *output;           /* owned; NULL if nothing is to be written */
    clearcut_format format; /* of a picture */
    bool is_document;       /* a PDF, of its own or the common one */
} cli_scan_item;

typedef struct cli_scan_plan {
    cli_scan_item *items;
    int count;
    const char *document; /* the PDF that all photos go into; NULL = each has its own output.
                             Borrowed from the wish */
} cli_scan_plan;

typedef struct cli_scan_wish {
    const char *output; /* -o: a file for one photo, a .pdf for all, a folder, "-", or
                           NULL */
    bool no_output;     /* corners only */
    bool json;
    bool in_place;
    const cli_pictures *pictures;
} cli_scan_wish;

/* Settle all outputs, make the folder of -o if it is missing, and ask whether
 * every output can be written. CLI_EXIT_OK, or the exit status after an
 * explanation on stderr. The plan is released with cli_scan_plan_free either way. */
int cli_scan_plan_make(const cli_scan_wish *wish, int photo_count, char **photos,
                       cli_scan_plan *plan);
void cli_scan_plan_free(cli_scan_plan *plan);

#endif
