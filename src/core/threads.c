#define _GNU_SOURCE /* sched_getaffinity */
#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

#define MAX_THREADS 1024

/* Pauses before a waiting worker sleeps: about 20-50 us, longer than the gaps
 * between two layers of a network, shorter than anybody would notice on a
 * processor meter. */
#define SPIN_PAUSES 2000

typedef struct worker {
    cc_thread_pool *pool;
    pthread_t thread;
    int number;
} worker;

struct cc_thread_pool {
    int threads; /* with the caller */
    int started;
    worker *workers;

    /* The current run. Whoever lowers `remaining` has taken a task and pins the
     * run: it cannot end, nor these fields change, before that task is counted
     * in `completed`. A worker that the operating system wakes late finds
     * nothing remaining and goes back to sleep; nobody waits for it. */
    cc_task task;
    void *context;
    int task_count;
    atomic_int remaining;
    atomic_int completed;
    atomic_uint generation;
    atomic_bool stop;

    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_cond_t done;
    int sleepers; /* guarded by mutex */
    bool caller_sleeps;
};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void count_completed(cc_thread_pool *pool, int task_count)
{
    int before = atomic_fetch_add_explicit(&pool->completed, 1, memory_order_acq_rel);

    if (before + 1 == task_count) {
        pthread_mutex_lock(&pool->mutex);
        if (pool->caller_sleeps) {
            pthread_cond_signal(&pool->done);
        }
        pthread_mutex_unlock(&pool->mutex);
    }
}

/* Take tasks of the open run until none is left. */
static void work(cc_thread_pool *pool, int number)
{
    int remaining = atomic_load_explicit(&pool->remaining, memory_order_acquire);

    while (remaining > 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->remaining, &remaining, remaining - 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            int task_count = pool->task_count;
            pool->task(pool->context, task_count - remaining, number);
            count_completed(pool, task_count);
            remaining = atomic_load_explicit(&pool->remaining, memory_order_acquire);
        }
    }
}

/* Wait for a generation other than `seen`; false when the pool ends. */
static bool wait_for_run(cc_thread_pool *pool, unsigned seen)
{
    for (int i = 0; i < SPIN_PAUSES; i++) {
        if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen) {
            return !atomic_load(&pool->stop);
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    pool->sleepers++;
    while (atomic_load_explicit(&pool->generation, memory_order_acquire) == seen) {
        pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    pool->sleepers--;
    pthread_mutex_unlock(&pool->mutex);
    return !atomic_load(&pool->stop);
}

static void *worker_main(void *argument)
{
    worker *self = argument;
    cc_thread_pool *pool = self->pool;
    unsigned seen = 0;

    while (wait_for_run(pool, seen)) {
        seen = atomic_load_explicit(&pool->generation, memory_order_acquire);
        work(pool, self->number);
    }
    return NULL;
}

static void start_run(cc_thread_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
    if (pool->sleepers > 0) {
        pthread_cond_broadcast(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static bool run_is_complete(cc_thread_pool *pool)
{
    return atomic_load_explicit(&pool->completed, memory_order_acquire) == pool->task_count;
}

static void wait_until_done(cc_thread_pool *pool)
{
    for (int i = 0; i < SPIN_PAUSES; i++) {
        if (run_is_complete(pool)) {
            return;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    pool->caller_sleeps = true;
    while (!run_is_complete(pool)) {
        pthread_cond_wait(&pool->done, &pool->mutex);
    }
    pool->caller_sleeps = false;
    pthread_mutex_unlock(&pool->mutex);
}

void cc_thread_pool_run(cc_thread_pool *pool, cc_task task, void *context, int task_count)
{
    if (pool == NULL || pool->started == 0 || task_count <= 1) {
        for (int i = 0; i < task_count; i++) {
            task(context, i, 0);
        }
        return;
    }
    pool->task = task;
    pool->context = context;
    pool->task_count = task_count;
    atomic_store_explicit(&pool->completed, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->remaining, task_count, memory_order_release);
    start_run(pool);
    work(pool, 0);
    wait_until_done(pool);
}

static cc_status start_workers(cc_thread_pool *pool, cc_error *error)
{
    for (int i = 1; i < pool->threads; i++) {
        worker *next = &pool->workers[i];
        next->pool = pool;
        next->number = i;
        int code = pthread_create(&next->thread, NULL, worker_main, next);
        if (code != 0) {
            return cc_fail(error, CC_OUT_OF_MEMORY,
                           "cannot start thread %d of %d (%s); use fewer with --threads", i + 1,
                           pool->threads, strerror(code));
        }
        pool->started++;
    }
    return CC_OK;
}

cc_status cc_thread_pool_create(int threads, cc_thread_pool **result, cc_error *error)
{
    cc_thread_pool *pool;
    cc_status status;

    *result = NULL;
    if (threads == 0) {
        threads = cc_default_threads();
    }
    if (threads < 1 || threads > MAX_THREADS) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "%d threads asked for; the number must lie between 1 and %d", threads,
                       MAX_THREADS);
    }
    pool = cc_alloc_zeroed(1, sizeof *pool);
    if (pool == NULL) {
        return cc_fail_memory(error, sizeof *pool);
    }
    pool->workers = cc_alloc_zeroed((size_t)threads, sizeof *pool->workers);
    if (pool->workers == NULL) {
        cc_free(pool);
        return cc_fail_memory(error, (size_t)threads * sizeof *pool->workers);
    }
    pool->threads = threads;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    status = start_workers(pool, error);
    if (status != CC_OK) {
        cc_thread_pool_destroy(pool);
        return status;
    }
    *result = pool;
    return CC_OK;
}

void cc_thread_pool_destroy(cc_thread_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    atomic_store(&pool->stop, true);
    start_run(pool);
    for (int i = 1; i <= pool->started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    cc_free(pool->workers);
    cc_free(pool);
}

int cc_thread_pool_size(const cc_thread_pool *pool)
{
    return pool != NULL ? pool->started + 1 : 1;
}

/* ---- how many processors may we use? ---- */

static int affinity_processors(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* cgroup v2 "quota period" or "max period"; 0 when there is no limit. */
static int quota_processors(void)
{
    char text[64] = "";
    long long quota = 0;
    long long period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");

    if (file == NULL) {
        return 0;
    }
    if (fgets(text, sizeof text, file) == NULL || sscanf(text, "%lld %lld", &quota, &period) != 2 ||
        quota <= 0 || period <= 0) {
        quota = 0;
    }
    fclose(file);
    return quota > 0 ? (int)((quota + period - 1) / period) : 0;
}

int cc_default_threads(void)
{
    int processors = affinity_processors();
    int quota = quota_processors();

    if (quota > 0 && quota < processors) {
        processors = quota;
    }
    if (processors < 1) {
        return 1;
    }
    return processors < MAX_THREADS ? processors : MAX_THREADS;
}
