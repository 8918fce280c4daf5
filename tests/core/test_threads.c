/* The pool runs every task exactly once, on any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/threads.h"

enum { MAX_TASKS = 5000, MAX_WORKERS = 16 };

typedef struct tally {
    atomic_int count[MAX_TASKS];
    atomic_int inside[MAX_WORKERS];
    atomic_int overlaps;
    int plain[MAX_TASKS]; /* written without atomics: ThreadSanitizer watches */
} tally;

static void tick(void *context, int task, int worker)
{
    tally *t = context;
    if (atomic_fetch_add(&t->inside[worker], 1) != 0) {
        atomic_fetch_add(&t->overlaps, 1);
    }
    atomic_fetch_add(&t->count[task], 1);
    t->plain[task] = task + 1;
    atomic_fetch_sub(&t->inside[worker], 1);
}

static void every_task_runs_once(void **state)
{
    static const int task_counts[] = {0, 1, 2, 3, 7, 100, MAX_TASKS};
    tally *t = calloc(1, sizeof *t);
    (void)state;
    assert_non_null(t);
    for (int threads = 1; threads <= 5; threads++) {
        cc_thread_pool *pool = NULL;
        assert_int_equal(cc_thread_pool_create(threads, &pool, NULL), CC_OK);
        assert_int_equal(cc_thread_pool_size(pool), threads);
        for (size_t i = 0; i < sizeof task_counts / sizeof task_counts[0]; i++) {
            memset(t, 0, sizeof *t);
            cc_thread_pool_run(pool, tick, t, task_counts[i]);
            for (int task = 0; task < MAX_TASKS; task++) {
                int wanted = task < task_counts[i];
                assert_int_equal(atomic_load(&t->count[task]), wanted);
                assert_int_equal(t->plain[task], wanted ? task + 1 : 0);
            }
            assert_int_equal(atomic_load(&t->overlaps), 0);
        }
        cc_thread_pool_destroy(pool);
    }
    free(t);
}

static void many_short_runs_do_not_hang(void **state)
{
    cc_thread_pool *pool = NULL;
    tally *t = calloc(1, sizeof *t);
    (void)state;
    assert_non_null(t);
    assert_int_equal(cc_thread_pool_create(3, &pool, NULL), CC_OK);
    for (int run = 0; run < 3000; run++) {
        cc_thread_pool_run(pool, tick, t, 4);
        if (run % 500 == 0) {
            usleep(3000); /* let the workers fall asleep now and then */
        }
    }
    for (int task = 0; task < 4; task++) {
        assert_int_equal(atomic_load(&t->count[task]), 3000);
    }
    cc_thread_pool_destroy(pool);
    free(t);
}

static void an_idle_pool_uses_no_processor(void **state)
{
    cc_thread_pool *pool = NULL;
    struct timespec before;
    struct timespec after;
    double used;
    (void)state;
    assert_int_equal(cc_thread_pool_create(4, &pool, NULL), CC_OK);
    usleep(50000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    usleep(200000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
    /* Spinning workers would use 0.6 s of processor time; sleeping ones none. */
    assert_true(used < 0.1);
    cc_thread_pool_destroy(pool);
}

static void absurd_thread_counts_are_refused(void **state)
{
    cc_thread_pool *pool = (cc_thread_pool *)state;
    cc_error error = {0};
    assert_int_equal(cc_thread_pool_create(-1, &pool, &error), CC_INVALID_ARGUMENT);
    assert_null(pool);
    assert_int_equal(cc_thread_pool_create(100000, &pool, &error), CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "100000"));
    cc_memory_fail_after(1);
    assert_int_equal(cc_thread_pool_create(2, &pool, &error), CC_OUT_OF_MEMORY);
    cc_memory_fail_after(-1);
    assert_null(pool);
    cc_thread_pool_destroy(NULL);
    assert_true(cc_default_threads() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(many_short_runs_do_not_hang),
        cmocka_unit_test(an_idle_pool_uses_no_processor),
        cmocka_unit_test(absurd_thread_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
