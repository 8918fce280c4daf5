/* How fast this machine could multiply and add at best, by trying. */
#ifndef CLEARCUT_NN_CPU_PEAK_H
#define CLEARCUT_NN_CPU_PEAK_H

#include "core/threads.h"

/* float32 GFLOP/s of all threads of the pool together (NULL = one thread), with
 * the multiply-add of this processor's level. Takes some milliseconds. */
double cc_cpu_peak_gflops(cc_thread_pool *pool);

#endif
