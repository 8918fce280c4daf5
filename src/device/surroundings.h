/* Where this process lives: what explains a missing GPU. */
#ifndef CLEARCUT_DEVICE_SURROUNDINGS_H
#define CLEARCUT_DEVICE_SURROUNDINGS_H

#include <stdbool.h>

enum { CC_MOST_HINTS = 8 };

typedef struct cc_surroundings {
    bool container;    /* Docker, Podman, Kubernetes, LXC */
    bool wsl;          /* Windows Subsystem for Linux */
    bool wsl_stub;     /* its libcuda.so.1 in /usr/lib/wsl/lib is there */
    int nvidia_cards;  /* on the PCI bus; -1 = cannot be seen */
    bool device_files; /* /dev/nvidiactl or /dev/dxg */
    bool device_files_usable;
    char visible[128];      /* $NVIDIA_VISIBLE_DEVICES; "" = not set */
    char cuda_visible[128]; /* $CUDA_VISIBLE_DEVICES; "" = not set or empty */
    bool cuda_visible_set;
    int hint_count;
    char hints[CC_MOST_HINTS][256]; /* what to do about it, the likeliest first */
} cc_surroundings;

/* Look. gpu_works: then nothing has to be mended and there are no hints. Reads files
 * below /dev, /proc and /sys only. Any thread. */
void cc_surroundings_look(bool gpu_works, cc_surroundings *here);

#endif
