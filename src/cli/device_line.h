/* One line about who works, at the start of a long run. */
#ifndef CLEARCUT_CLI_DEVICE_LINE_H
#define CLEARCUT_CLI_DEVICE_LINE_H

#include "clearcut.h"

/* On stderr: engine, device, operators placed there, and why `auto` chose it. */
void cli_device_line(const clearcut_device *device);

#endif
