/* Corners as text: [[x,y],[x,y],[x,y],[x,y]]. */
#ifndef CLEARCUT_CLI_CORNERS_H
#define CLEARCUT_CLI_CORNERS_H

#include "clearcut.h"
#include "json.h"

/* Read the four points of a JSON array; false if the text is anything else. A whole
 * JSON line of `scan --json` is accepted too: its "corners" are taken. */
bool cli_parse_corners(const char *text, clearcut_point corners[4]);

/* The member "corners", or null. */
void cli_json_corners(cli_json *json, const clearcut_point *corners);

#endif
