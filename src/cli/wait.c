#define _GNU_SOURCE /* clock_gettime */
#include "wait.h"

#include <time.h>

void cli_wait_at_most(pthread_cond_t *condition, pthread_mutex_t *lock, int milliseconds)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += milliseconds * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(condition, lock, &deadline);
}
