/* Waiting that goes on when nobody signals. */
#ifndef CLEARCUT_CLI_WAIT_H
#define CLEARCUT_CLI_WAIT_H

#include <pthread.h>

/* How soon the main thread of a pipeline sees that somebody pressed Ctrl-C: a signal
 * handler cannot signal a condition. */
enum { CLI_NOTICE_MS = 100 };

/* pthread_cond_wait, but at most so many milliseconds (below 1000). */
void cli_wait_at_most(pthread_cond_t *condition, pthread_mutex_t *lock, int milliseconds);

#endif
