/* A checksum that tells files and weights apart and finds damage; no protection against
 * somebody who wants two to agree. */
#ifndef CLEARCUT_CORE_CHECKSUM_H
#define CLEARCUT_CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Go on with `checksum` (0 to begin) over some bytes, at any address. How bytes are put
 * into calls matters. The same on every machine. */
uint64_t cc_checksum(uint64_t checksum, const void *data, size_t size);

#endif
