/* A pool of worker threads that share out numbered tasks.
 *
 * Every worker begins with a share of adjacent tasks, the same part of every run, so
 * that what it wrote in one run is in its cache in the next; whoever is done takes
 * from the ends of the others' shares, so a core that another process is using only
 * costs that core's share. Waiting workers spin for a tenth of a millisecond and then
 * sleep: an idle pool uses no processor time.
 */
#ifndef CLEARCUT_CORE_THREADS_H
#define CLEARCUT_CORE_THREADS_H

#include "core/status.h"

typedef struct cc_thread_pool cc_thread_pool;

/* task: 0 .. task_count-1. worker: 0 .. cc_thread_pool_size()-1, for scratch
 * memory; no two tasks run at once with the same worker number. */
typedef void (*cc_task)(void *context, int task, int worker);

/* threads counts the caller as well: 1 starts nothing. 0 = cc_default_threads().
 * On failure *pool is NULL. The pool belongs to the caller. */
cc_status cc_thread_pool_create(int threads, cc_thread_pool **pool, cc_error *error);
void cc_thread_pool_destroy(cc_thread_pool *pool);   /* NULL is allowed */
int cc_thread_pool_size(const cc_thread_pool *pool); /* 1 for NULL */

/* Run task(context, 0..task_count-1, worker) and return when all are done. The
 * calling thread works too, as worker 0. One run at a time per pool; a task
 * must not call this on its own pool. A NULL pool runs everything here. */
void cc_thread_pool_run(cc_thread_pool *pool, cc_task task, void *context, int task_count);

/* The same, `grain` (>= 1) adjacent tasks at a time: for tasks so short that handing
 * them out one by one would count. Up to `grain` tasks in all are done by the caller
 * alone. */
void cc_thread_pool_run_grained(cc_thread_pool *pool, cc_task task, void *context, int task_count,
                                int grain);

/* Processors this process may use: affinity mask and cgroup quota respected,
 * at least 1. */
int cc_default_threads(void);

#endif
