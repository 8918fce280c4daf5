/* What this processor can do, as levels that kernels are written for.
 *
 * A level holds everything below it. CLEARCUT_CPU=scalar|sse4|avx2|avx512|neon
 * lowers the choice (never raises it): for tests, and for measuring. Naming the
 * machine's own level still switches off its extras (VNNI, BF16, AMX).
 */
#ifndef CLEARCUT_CORE_CPU_H
#define CLEARCUT_CORE_CPU_H

#include <stdbool.h>

typedef enum cc_cpu_level {
    CC_CPU_SCALAR = 0,
    CC_CPU_SSE4 = 1,   /* x86-64 with SSE4.2 */
    CC_CPU_AVX2 = 2,   /* AVX2, FMA, F16C */
    CC_CPU_AVX512 = 3, /* AVX-512 F, BW, CD, DQ, VL */
    CC_CPU_NEON = 16   /* every ARM64 */
} cc_cpu_level;

typedef struct cc_cpu {
    cc_cpu_level level;
    bool avx512_vnni; /* VPDPBUSD: int8 dot products */
    bool avx512_bf16; /* VDPBF16PS: bfloat16 dot products */
    bool amx_bf16;
    bool amx_int8;
} cc_cpu;

/* Detected once; later calls return the same. Thread-safe. */
const cc_cpu *cc_cpu_detect(void);

/* "avx512" and so on; static. */
const char *cc_cpu_level_name(cc_cpu_level level);

/* The processor's own name for itself ("Intel(R) Xeon(R) ..."), or "unknown
 * processor". Static storage after the first call. */
const char *cc_cpu_model_name(void);

#endif
