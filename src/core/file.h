/* Whole files in, whole files out.
 *
 * Reading is bounded. Writing goes to a temporary file in the same folder that
 * replaces the target only when it is complete: an interrupted or failed run
 * leaves the old target as it was and nothing beside it.
 */
#ifndef CLEARCUT_CORE_FILE_H
#define CLEARCUT_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

/* Bytes that somebody owns. cc_buffer_free clears it; an empty one is {0}. */
typedef struct cc_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
} cc_buffer;

void cc_buffer_free(cc_buffer *buffer);

/* Append; the buffer grows as needed but never beyond limit bytes (0 = none). */
cc_status cc_buffer_append(cc_buffer *buffer, const void *data, size_t size, size_t limit,
                           cc_error *error);

/* Read a regular file, pipe or device to its end, at most `limit` bytes (more is
 * CC_LIMIT). "-" is standard input. A folder, an empty file and a missing file
 * are errors that say so. On failure the buffer is empty. */
cc_status cc_file_read(const char *path, size_t limit, cc_buffer *buffer, cc_error *error);

/* A file mapped read-only (or read, where it cannot be mapped). */
typedef struct cc_file_view {
    const uint8_t *data;
    size_t size;
    void *mapping; /* NULL if `data` was allocated */
} cc_file_view;

cc_status cc_file_map(const char *path, cc_file_view *view, cc_error *error);
void cc_file_unmap(cc_file_view *view);

/* Bytes of a view with a mapping that are not needed for now: whole pages of them
 * leave the process's memory, and are fetched again should somebody read them. */
void cc_file_forget(const void *data, size_t size);

/* An output on its way. Open checks at once that the folder can be written, so
 * that nobody computes for nothing. "-" is standard output, written directly. */
typedef struct cc_output {
    FILE *stream;
    char *path;           /* the target; NULL for standard output */
    char *temporary_path; /* NULL for standard output */
} cc_output;

cc_status cc_output_open(cc_output *output, const char *path, cc_error *error);
cc_status cc_output_write(cc_output *output, const void *data, size_t size, cc_error *error);
/* Flush, check, rename onto the target. On failure the temporary is removed. */
cc_status cc_output_commit(cc_output *output, cc_error *error);
/* Remove the temporary; harmless after commit, and on {0}. */
void cc_output_abort(cc_output *output);

/* True if both names lead to the same existing file (links resolved). */
bool cc_file_same(const char *a, const char *b);

#endif
