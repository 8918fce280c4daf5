/* Fetching model files: HTTPS, resumed, checked, put in place whole.
 */
#ifndef CLEARCUT_ZOO_DOWNLOAD_H
#define CLEARCUT_ZOO_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "zoo/models.h"

typedef struct cc_download {
    const char *url;
    const char *checksum; /* "md5:...", "sha256:..."; "" = none is compared */
    const char *target;   /* the file to make; its folder exists */
    uint64_t limit;       /* most bytes accepted; 0 = no limit */
    int patience_seconds; /* of silence before it is given up; 0 = 30 */
    /* Called about ten times a second, and while waiting for another process
     * (then with total 0); total 0 = unknown. False asks to stop. May be NULL. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
} cc_download;

/* Fetch one file. Bytes gather in <target>.part, which is kept when the line
 * breaks and is continued by the next call; it takes the target's name only when
 * it is complete and its checksum right. An existing target is never replaced.
 * Of several processes that ask for one file, one fetches and the others wait for
 * it. Only https:// is taken, also where redirected to (five times at most), with
 * two exceptions: file://, and http:// to this very machine, for tests.
 * CC_MODEL for anything that the other side or the content is to blame for, CC_IO
 * for the disk, CC_UNSUPPORTED without libcurl, CC_INVALID_ARGUMENT for a strange
 * address, CC_CANCELLED. Any thread. */
cc_status cc_download_file(const cc_download *wanted, cc_error *error);

/* Can this build and machine download at all? CC_UNSUPPORTED says what is missing. */
cc_status cc_download_possible(cc_error *error);

/* The address of a model's file: its own, or with `from` the same file name below
 * that address. CC_LIMIT if it is too long; CC_UNSUPPORTED if the model has none. */
cc_status cc_model_address(const cc_model *model, const char *from, char *url, size_t size,
                           cc_error *error);

#endif
