/* One zlib stream (RFC 1950) written piece by piece, over whichever deflate
 * library does the asked-for level best: ISA-L for the fast ones, libdeflate for
 * the thorough ones, zlib where those are not built in.
 */
#ifndef CLEARCUT_IMAGE_CODEC_DEFLATE_H
#define CLEARCUT_IMAGE_CODEC_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Takes compressed bytes as they come. */
typedef cc_status (*cc_deflate_sink)(void *context, const uint8_t *bytes, size_t size,
                                     cc_error *error);

typedef struct cc_deflate cc_deflate;

/* level: -1 the fastest worth having, 0 stored, 1 (as -1) .. 12 the smallest.
 * total_size: how many bytes will come, in all. The stream belongs to the caller.
 * On failure *stream is NULL. One thread at a time. */
cc_status cc_deflate_open(int level, size_t total_size, cc_deflate_sink sink, void *context,
                          cc_deflate **stream, cc_error *error);

/* Add bytes; `last` ends the stream. Errors of the sink are passed on. */
cc_status cc_deflate_write(cc_deflate *stream, const uint8_t *bytes, size_t size, bool last,
                           cc_error *error);

void cc_deflate_close(cc_deflate *stream); /* NULL is allowed */

/* "ISA-L", "libdeflate" or "zlib": which library serves a level; static. */
const char *cc_deflate_library(int level);

#endif
