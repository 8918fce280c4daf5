/* Checksums that were compared before. Hashing a model of 176 MB takes some 0.4 s;
 * a file that is provably the one that was hashed need not be hashed again.
 */
#ifndef CLEARCUT_ZOO_VERIFIED_H
#define CLEARCUT_ZOO_VERIFIED_H

#include <stdbool.h>
#include <time.h>

/* Is it on record that this very file (same device, inode, size, modification and
 * change time to the nanosecond) had this checksum? Any thread. */
bool cc_verified_before(const char *path, const char *checksum);

/* Put it on record. `began`: time(NULL) from before the file was hashed. Nothing happens if the
 * cache folder
 * ($XDG_CACHE_HOME/clearcut, else ~/.cache/clearcut) cannot be written, or if the
 * file changed so shortly before that (or after) that a change could hide in the
 * clock's grain. Any thread. */
void cc_verified_record(const char *path, const char *checksum, time_t began);

#endif
