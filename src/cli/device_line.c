#include "device_line.h"

#include "report.h"

void cli_device_line(const clearcut_device *device)
{
    cli_note("device %s, %s: %d of %d operators run there%s%s", device->engine, device->name,
             device->ops_on_device, device->ops_total, device->reason[0] != '\0' ? "; auto: " : "",
             device->reason);
}
