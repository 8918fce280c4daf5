#define _GNU_SOURCE /* sched_getaffinity, sched_getcpu */
#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"

#define MAX_THREADS 1024

/* How long a waiting thread spins before it sleeps: longer than the serial gaps
 * between two layers of a network, so that they do not cost a wake-up (some 50 us on
 * a virtual machine); shorter than anybody would notice on a processor meter. The
 * clock is asked once in so many pauses. */
#define SPIN_MS 0.1
#define PAUSES_PER_LOOK 64

#define CACHE_LINE 64

/* The tasks `next` .. `end` - 1 that are still to be taken from one worker's share,
 * in one word so that it changes at once: end in the upper half. */
typedef struct share {
    _Alignas(CACHE_LINE) atomic_uint_fast64_t span;
} share;

typedef struct worker {
    cc_thread_pool *pool;
    pthread_t thread;
    int number;
} worker;

/* Padded on purpose: waiting threads look at `completed` and `generation` all the time.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct cc_thread_pool {
    _Alignas(CACHE_LINE) atomic_int completed; /* tasks of the current run */

    /* The current run. Whoever takes tasks out of a share pins the run: it cannot
     * end, nor these fields change, before those tasks are counted in `completed`. A
     * worker that the operating system wakes late finds all shares empty and goes
     * back to sleep; nobody waits for it. */
    _Alignas(CACHE_LINE) atomic_uint generation;
    int task_count;
    cc_task task;
    void *context;
    atomic_int grain; /* read before tasks are taken, when it may be of another run */
    atomic_int sleepers;
    atomic_int caller_processor; /* when it woke sleepers; -1 = not known */
    atomic_bool stop;
    bool caller_sleeps; /* guarded by mutex */

    int threads; /* with the caller */
    int started;
    worker *workers;
    share *shares; /* of each worker */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_cond_t done;
};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ---- shares ---- */

static uint64_t make_span(int next, int end)
{
    return (uint64_t)(uint32_t)end << 32 | (uint32_t)next;
}

static int span_next(uint64_t span)
{
    return (int)(uint32_t)span;
}

static int span_end(uint64_t span)
{
    return (int)(uint32_t)(span >> 32);
}

/* Take up to `grain` tasks off the front (the owner) or the back (a thief) of a
 * share; false if it is empty. */
static bool take(cc_thread_pool *pool, share *from, bool front, int *first, int *end)
{
    uint64_t span = atomic_load_explicit(&from->span, memory_order_acquire);

    while (span_next(span) < span_end(span)) {
        int next = span_next(span);
        int last = span_end(span);
        int grain = atomic_load_explicit(&pool->grain, memory_order_relaxed);
        grain = grain < last - next ? grain : last - next;
        uint64_t rest = front ? make_span(next + grain, last) : make_span(next, last - grain);
        if (atomic_compare_exchange_weak_explicit(&from->span, &span, rest, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            *first = front ? next : last - grain;
            *end = *first + grain;
            return true;
        }
    }
    return false;
}

/* Count finished tasks; the last ones wake the caller. `task_count` is the run's. */
static void count_completed(cc_thread_pool *pool, int finished, int task_count)
{
    int before = atomic_fetch_add_explicit(&pool->completed, finished, memory_order_acq_rel);

    if (before + finished == task_count) {
        pthread_mutex_lock(&pool->mutex);
        if (pool->caller_sleeps) {
            pthread_cond_signal(&pool->done);
        }
        pthread_mutex_unlock(&pool->mutex);
    }
}

/* Take tasks of the open run until none is left: first of the own share, which lies
 * at the same place of every layer and so mostly in the own cache, then of others. */
static void work(cc_thread_pool *pool, int number)
{
    int finished = 0;
    int task_count = 0;

    for (int i = 0; i < pool->threads; i++) {
        int first;
        int end;
        int owner = (number + i) % pool->threads;
        while (take(pool, &pool->shares[owner], i == 0, &first, &end)) {
            task_count = pool->task_count;
            finished += end - first;
            for (int task = first; task < end; task++) {
                pool->task(pool->context, task, number);
            }
        }
    }
    if (finished > 0) {
        count_completed(pool, finished, task_count);
    }
}

/* ---- waiting ---- */

static bool run_is_open(const cc_thread_pool *pool, unsigned seen)
{
    return atomic_load_explicit(&pool->generation, memory_order_acquire) != seen;
}

static bool run_is_complete(const cc_thread_pool *pool, unsigned unused)
{
    (void)unused;
    return atomic_load_explicit(&pool->completed, memory_order_acquire) == pool->task_count;
}

/* False if the time is over before the condition is true. */
static bool spin_until(const cc_thread_pool *pool,
                       bool (*condition)(const cc_thread_pool *, unsigned), unsigned argument)
{
    double start = 0;

    for (int i = 0;; i++) {
        if (condition(pool, argument)) {
            return true;
        }
        if (i % PAUSES_PER_LOOK == PAUSES_PER_LOOK - 1) {
            double now = cc_clock_ms();
            if (start > 0 && now - start > SPIN_MS) {
                return false;
            }
            start = start > 0 ? start : now;
        }
        pause_briefly();
    }
}

#if defined(__linux__)

static int processor_now(void)
{
    return sched_getcpu();
}

/* After a sleep both threads may have been put on one processor while another idles; the
 * scheduler leaves them there for milliseconds, in which they take turns (measured: 5 ms
 * in place of 3.4 for the page model, after every pause). A worker that finds itself where
 * its caller is asks to be elsewhere, and then takes the wish back: nothing stays bound. */
static void leave_processor(int processor)
{
    cpu_set_t allowed;
    cpu_set_t others;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return; /* more processors than the set holds */
    }
    others = allowed;
    CPU_CLR(processor, &others);
    if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0) {
        (void)sched_setaffinity(0, sizeof allowed, &allowed);
    }
}

#else

static int processor_now(void)
{
    return -1;
}

static void leave_processor(int processor)
{
    (void)processor;
}

#endif

static void part_from_caller(const cc_thread_pool *pool)
{
    int caller = atomic_load_explicit(&pool->caller_processor, memory_order_relaxed);

    if (caller >= 0 && processor_now() == caller) {
        leave_processor(caller);
    }
}

/* Wait for a generation other than `seen`; false when the pool ends. */
static bool wait_for_run(cc_thread_pool *pool, unsigned seen)
{
    if (!spin_until(pool, run_is_open, seen)) {
        pthread_mutex_lock(&pool->mutex);
        /* Either start_run sees this sleeper, or this sees its generation: both are
         * sequentially consistent. */
        atomic_fetch_add(&pool->sleepers, 1);
        while (atomic_load(&pool->generation) == seen) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
        }
        atomic_fetch_sub(&pool->sleepers, 1);
        pthread_mutex_unlock(&pool->mutex);
        part_from_caller(pool);
    }
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
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        atomic_store_explicit(&pool->caller_processor, processor_now(), memory_order_relaxed);
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void wait_until_done(cc_thread_pool *pool)
{
    if (spin_until(pool, run_is_complete, 0)) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->caller_sleeps = true;
    while (!run_is_complete(pool, 0)) {
        pthread_cond_wait(&pool->done, &pool->mutex);
    }
    pool->caller_sleeps = false;
    pthread_mutex_unlock(&pool->mutex);
}

void cc_thread_pool_run_grained(cc_thread_pool *pool, cc_task task, void *context, int task_count,
                                int grain)
{
    if (pool == NULL || pool->started == 0 || task_count <= grain) {
        for (int i = 0; i < task_count; i++) {
            task(context, i, 0);
        }
        return;
    }
    int sharers = pool->started + 1;
    pool->task = task;
    pool->context = context;
    pool->task_count = task_count;
    atomic_store_explicit(&pool->grain, grain, memory_order_relaxed);
    atomic_store_explicit(&pool->completed, 0, memory_order_relaxed);
    for (int i = 0; i < sharers; i++) {
        int first = (int)((int64_t)task_count * i / sharers);
        int end = (int)((int64_t)task_count * (i + 1) / sharers);
        atomic_store_explicit(&pool->shares[i].span, make_span(first, end), memory_order_release);
    }
    start_run(pool);
    work(pool, 0);
    wait_until_done(pool);
}

void cc_thread_pool_run(cc_thread_pool *pool, cc_task task, void *context, int task_count)
{
    cc_thread_pool_run_grained(pool, task, context, task_count, 1);
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

static void free_memory(cc_thread_pool *pool)
{
    cc_free(pool->workers);
    cc_free_aligned(pool->shares);
    cc_free_aligned(pool);
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
    pool = cc_alloc_aligned(sizeof *pool);
    if (pool == NULL) {
        return cc_fail_memory(error, sizeof *pool);
    }
    memset(pool, 0, sizeof *pool);
    pool->workers = cc_alloc_zeroed((size_t)threads, sizeof *pool->workers);
    pool->shares = cc_alloc_aligned((size_t)threads * sizeof *pool->shares);
    if (pool->workers == NULL || pool->shares == NULL) {
        free_memory(pool);
        return cc_fail_memory(error, (size_t)threads * sizeof *pool->shares);
    }
    memset(pool->shares, 0, (size_t)threads * sizeof *pool->shares);
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
    free_memory(pool);
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
