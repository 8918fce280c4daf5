/* One line about who works, at the start of a long run. */
#ifndef CLEARCUT_CLI_DEVICE_LINE_H
#define CLEARCUT_CLI_DEVICE_LINE_H

#include "clearcut.h"

/* On stderr: engine, device, operators placed there, and why `auto` chose it. */
void cli_device_line(const clearcut_device *device);

/* On stderr, for a short run that prints no such line: why `auto` left a GPU that works,
 * if it did. A machine without one needs no such note every time. */
void cli_retreat_note(const clearcut_device *device);

#endif
