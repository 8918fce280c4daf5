#include "core/cpu.h"
#include "matte/solver_rows_kernel.h"

const cc_solver_rows cc_solver_rows_portable = {multiply_run, forward_run, backward_run};

const cc_solver_rows *cc_solver_rows_choose(void)
{
#if defined(__x86_64__)
    if (cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return &cc_solver_rows_avx2;
    }
#endif
    return &cc_solver_rows_portable;
}
