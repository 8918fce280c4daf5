/* The kernel families, each defined in the file of its name. */
#ifndef CLEARCUT_NN_CPU_FAMILIES_H
#define CLEARCUT_NN_CPU_FAMILIES_H

#include "nn/backend.h"

extern const cc_family cc_cpu_concat;
extern const cc_family cc_cpu_convolution;
extern const cc_family cc_cpu_elementwise;
extern const cc_family cc_cpu_layout;
extern const cc_family cc_cpu_pooling;
extern const cc_family cc_cpu_resize;
extern const cc_family cc_cpu_transposed;

#endif
