#include "device_line.h"

#include <string.h>

#include "report.h"

void cli_device_line(const clearcut_device *device)
{
    cli_note("device %s, %s: %d of %d operators run there%s%s", device->engine, device->name,
             device->ops_on_device, device->ops_total, device->reason[0] != '\0' ? "; auto: " : "",
             device->reason);
}

void cli_retreat_note(const clearcut_device *device)
{
    if (strncmp(device->reason, "not on the GPU", strlen("not on the GPU")) == 0) {
        cli_note("%s", device->reason);
    }
}
