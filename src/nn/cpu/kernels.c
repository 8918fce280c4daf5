#include "nn/cpu/kernels.h"

#include <pthread.h>

/* One table per level: [cc_cpu_level]. */
static cc_kernels tables[CC_CPU_NEON + 1];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill_portable(cc_kernels *kernels)
{
    kernels->level = CC_CPU_SCALAR;
    cc_direct_portable(&kernels->direct);
    cc_lane_portable(&kernels->lane);
    cc_winograd_portable(&kernels->winograd);
    cc_elementwise_portable(&kernels->elementwise);
    cc_pooling_portable(&kernels->pooling);
    cc_resize_portable(&kernels->resize);
}

#if defined(__x86_64__)

static void fill_sse4(cc_kernels *kernels)
{
    kernels->level = CC_CPU_SSE4;
    cc_direct_sse4(&kernels->direct);
    cc_lane_sse4(&kernels->lane);
    cc_winograd_sse4(&kernels->winograd);
    cc_elementwise_sse4(&kernels->elementwise);
    cc_pooling_sse4(&kernels->pooling);
    cc_resize_sse4(&kernels->resize);
}

static void fill_avx2(cc_kernels *kernels)
{
    kernels->level = CC_CPU_AVX2;
    cc_direct_avx2(&kernels->direct);
    cc_lane_avx2(&kernels->lane);
    cc_winograd_avx2(&kernels->winograd);
    cc_elementwise_avx2(&kernels->elementwise);
    cc_pooling_avx2(&kernels->pooling);
    cc_resize_avx2(&kernels->resize);
}

static void fill_avx512(cc_kernels *kernels)
{
    kernels->level = CC_CPU_AVX512;
    cc_direct_avx512(&kernels->direct);
    cc_lane_avx512(&kernels->lane);
    cc_winograd_avx512(&kernels->winograd);
    cc_matrix_avx512bf16(kernels->matrix);
    cc_matrix_avx512vnni(kernels->matrix);
    cc_matrix_avx512amx(kernels->matrix);
    cc_elementwise_avx512(&kernels->elementwise);
    cc_pooling_avx512(&kernels->pooling);
    cc_resize_avx512(&kernels->resize);
}

#elif defined(__aarch64__)

static void fill_neon(cc_kernels *kernels)
{
    kernels->level = CC_CPU_NEON;
    cc_direct_neon(&kernels->direct);
    cc_lane_neon(&kernels->lane);
    cc_winograd_neon(&kernels->winograd);
    cc_elementwise_neon(&kernels->elementwise);
    cc_pooling_neon(&kernels->pooling);
    cc_resize_neon(&kernels->resize);
}

#endif

static void fill_tables(void)
{
    fill_portable(&tables[CC_CPU_SCALAR]);
#if defined(__x86_64__)
    tables[CC_CPU_SSE4] = tables[CC_CPU_SCALAR];
    fill_sse4(&tables[CC_CPU_SSE4]);
    tables[CC_CPU_AVX2] = tables[CC_CPU_SSE4];
    fill_avx2(&tables[CC_CPU_AVX2]);
    tables[CC_CPU_AVX512] = tables[CC_CPU_AVX2];
    fill_avx512(&tables[CC_CPU_AVX512]);
#elif defined(__aarch64__)
    tables[CC_CPU_NEON] = tables[CC_CPU_SCALAR];
    fill_neon(&tables[CC_CPU_NEON]);
#endif
}

const cc_kernels *cc_kernels_at(cc_cpu_level level)
{
    pthread_once(&tables_once, fill_tables);
    return &tables[level];
}

const cc_kernels *cc_kernels_best(void)
{
    return cc_kernels_at(cc_cpu_detect()->level);
}
