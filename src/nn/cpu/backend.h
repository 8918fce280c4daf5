/* The processor as a backend: its families of kernels, one file each. */
#ifndef CLEARCUT_NN_CPU_BACKEND_H
#define CLEARCUT_NN_CPU_BACKEND_H

#include "nn/backend.h"

/* The first family that supports the node; the placement then holds its answer.
 * NULL if none does. */
const cc_family *cc_cpu_find_family(cc_placement *placement);

/* Families of data movement that the plan itself puts in: any layout of a value
 * into the other one; and several values one after the other along channels,
 * where an input that already lies in its place is left alone. */
const cc_family *cc_cpu_layout_family(void);
const cc_family *cc_cpu_concat_family(void);

/* Has this processor kernels that are faster for this precision than for FP32? False for
 * FP32 itself. */
bool cc_cpu_has_precision(cc_precision precision);

/* What the kernels use of this processor: "avx512", or "avx512+amx" with the matrix
 * unit; static. */
const char *cc_cpu_kernels_name(void);

#endif
