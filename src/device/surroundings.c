#include "device/surroundings.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Does the file's first part hold one of the words? */
static bool holds(const char *path, const char *const *words, size_t count)
{
    char text[4096];
    FILE *file = fopen(path, "rb");
    size_t length;
    bool found = false;

    if (file == NULL) {
        return false;
    }
    length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    for (size_t i = 0; i < count && !found; i++) {
        found = strstr(text, words[i]) != NULL;
    }
    return found;
}

static bool in_container(void)
{
    static const char *const words[] = {"docker", "kubepods", "containerd", "lxc", "libpod"};

    return exists("/.dockerenv") || exists("/run/.containerenv") || getenv("container") != NULL ||
           getenv("KUBERNETES_SERVICE_HOST") != NULL ||
           holds("/proc/1/cgroup", words, sizeof words / sizeof words[0]);
}

/* PCI class 03xxxx (display) of vendor 10de. */
static int count_cards(void)
{
    glob_t devices;
    int count = 0;

    if (glob("/sys/bus/pci/devices/*", GLOB_NOSORT, NULL, &devices) != 0) {
        return -1;
    }
    for (size_t i = 0; i < devices.gl_pathc; i++) {
        static const char *const nvidia[] = {"0x10de"};
        static const char *const display[] = {"0x03"};
        char path[512];
        snprintf(path, sizeof path, "%s/vendor", devices.gl_pathv[i]);
        if (holds(path, nvidia, 1)) {
            snprintf(path, sizeof path, "%s/class", devices.gl_pathv[i]);
            count += holds(path, display, 1);
        }
    }
    globfree(&devices);
    return count;
}

static void hint(cc_surroundings *here, const char *format, ...) CC_PRINTF(2, 3);

static void hint(cc_surroundings *here, const char *format, ...)
{
    va_list arguments;

    if (here->hint_count < CC_MOST_HINTS) {
        va_start(arguments, format);
        vsnprintf(here->hints[here->hint_count++], sizeof here->hints[0], format, arguments);
        va_end(arguments);
    }
}

static void hint_about_variables(cc_surroundings *here)
{
    if (here->cuda_visible_set) {
        hint(here,
             "CUDA_VISIBLE_DEVICES is \"%s\": only these GPUs are shown to this process; "
             "unset it to see all",
             here->cuda_visible);
    }
    if (strcmp(here->visible, "none") == 0 || strcmp(here->visible, "void") == 0) {
        hint(here,
             "NVIDIA_VISIBLE_DEVICES is \"%s\", which hides every GPU from this container: "
             "start it with -e NVIDIA_VISIBLE_DEVICES=all",
             here->visible);
    }
}

static void hint_about_place(cc_surroundings *here)
{
    if (here->wsl && !here->wsl_stub) {
        hint(here, "WSL2 without /usr/lib/wsl/lib/libcuda.so.1: install NVIDIA's driver in Windows "
                   "(none in Linux), then wsl --shutdown");
    } else if (here->container && !here->device_files) {
        hint(here, "this is a container without GPU: install nvidia-container-toolkit on the host "
                   "and start it with `docker run --gpus all ...`");
    } else if (here->device_files && !here->device_files_usable) {
        hint(here, "this user may not open /dev/nvidia*: sudo chmod a+rw /dev/nvidia*, or join the "
                   "group they belong to (ls -l /dev/nvidia*)");
    } else if (here->nvidia_cards > 0 && !here->device_files) {
        hint(here, "an NVIDIA card is there, but its driver is not loaded: sudo apt install "
                   "nvidia-driver (or your system's package), then restart");
    } else if (here->nvidia_cards == 0 && !here->wsl) {
        hint(here, "no NVIDIA card is on this machine's PCI bus: nothing to mend%s",
             here->container ? " inside this container" : "");
    }
}

static void read_variable(const char *name, char *value, size_t size, bool *set)
{
    const char *found = getenv(name);

    *set = found != NULL;
    snprintf(value, size, "%.120s", found != NULL ? found : "");
}

void cc_surroundings_look(bool gpu_works, cc_surroundings *here)
{
    static const char *const windows[] = {"microsoft", "Microsoft"};
    bool unused;

    memset(here, 0, sizeof *here);
    here->container = in_container();
    here->wsl = exists("/dev/dxg") || holds("/proc/sys/kernel/osrelease", windows, 2);
    here->wsl_stub = exists("/usr/lib/wsl/lib/libcuda.so.1");
    here->nvidia_cards = count_cards();
    here->device_files = exists("/dev/nvidiactl") || exists("/dev/dxg");
    here->device_files_usable =
        access("/dev/nvidiactl", R_OK | W_OK) == 0 || access("/dev/dxg", R_OK | W_OK) == 0;
    read_variable("NVIDIA_VISIBLE_DEVICES", here->visible, sizeof here->visible, &unused);
    read_variable("CUDA_VISIBLE_DEVICES", here->cuda_visible, sizeof here->cuda_visible,
                  &here->cuda_visible_set);
    if (!gpu_works) {
        hint_about_place(here);
        hint_about_variables(here);
    }
}
