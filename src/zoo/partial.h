/* A file that is being fetched: <target>.part, held by one process at a time.
 */
#ifndef CLEARCUT_ZOO_PARTIAL_H
#define CLEARCUT_ZOO_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct cc_partial {
    const char *target; /* borrowed */
    char *path;
    int descriptor;   /* locked; -1 = none */
    uint64_t size;    /* bytes there */
    int write_error;  /* errno of a write that failed; 0 = none */
    uint64_t limit;   /* most bytes; 0 = no limit */
    bool above_limit; /* more were offered */
} cc_partial;

/* Open or make the file and take its lock. While another process has it,
 * `patient` is asked about ten times a second whether to go on waiting (NULL: for
 * ever). If the target exists then, `*finished` is true and nothing is open.
 * CC_IO, CC_CANCELLED, CC_OUT_OF_MEMORY. */
cc_status cc_partial_open(cc_partial *partial, const char *target, bool (*patient)(void *context),
                          void *context, bool *finished, cc_error *error);

/* Append; false and write_error or above_limit if it does not fit. */
bool cc_partial_append(cc_partial *partial, const void *data, size_t size);

/* Begin again with nothing. */
cc_status cc_partial_truncate(cc_partial *partial, cc_error *error);

/* Write through to the disk and give it the target's name, unless that has come
 * to exist. Ends with cc_partial_close. */
cc_status cc_partial_commit(cc_partial *partial, cc_error *error);

/* Let go; the bytes stay for the next time. An empty file is removed. */
void cc_partial_close(cc_partial *partial);

/* Remove the bytes and let go. */
void cc_partial_remove(cc_partial *partial);

#endif
