#include "nn/cpu/peak.h"

#include "core/clock.h"
#include "nn/cpu/kernels.h"

#define ROUNDS 20000
#define TASKS_PER_THREAD 8

typedef struct peak_run {
    const cc_kernels *kernels;
    double operations; /* of one task; every task writes the same number */
} peak_run;

static void run_task(void *context, int task, int worker)
{
    peak_run *run = context;
    double operations = run->kernels->direct.peak(ROUNDS);

    (void)worker;
    if (task == 0) {
        run->operations = operations;
    }
}

double cc_cpu_peak_gflops(cc_thread_pool *pool)
{
    peak_run run = {.kernels = cc_kernels_best()};
    int tasks = TASKS_PER_THREAD * cc_thread_pool_size(pool);
    double best = 0;

    for (int attempt = 0; attempt < 5; attempt++) {
        double start = cc_clock_ms();
        cc_thread_pool_run(pool, run_task, &run, tasks);
        double ms = cc_clock_ms() - start;
        double rate = ms > 0 ? run.operations * tasks / ms / 1e6 : 0;
        best = rate > best ? rate : best;
    }
    return best;
}
