/* MD5 (RFC 1321) and SHA-256 (FIPS 180-4), to compare model files with published
 * checksums. MD5 guards against accidents only; it is what rembg publishes.
 */
#ifndef CLEARCUT_ZOO_DIGEST_H
#define CLEARCUT_ZOO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { CC_MD5_SIZE = 16, CC_SHA256_SIZE = 32 };

/* Digest of `size` bytes. Any thread; nothing can fail. */
void cc_md5(const void *data, size_t size, uint8_t digest[CC_MD5_SIZE]);
void cc_sha256(const void *data, size_t size, uint8_t digest[CC_SHA256_SIZE]);

/* Lower-case hexadecimal of `size` bytes; text has room for 2 * size + 1. */
void cc_digest_text(const uint8_t *digest, size_t size, char *text);

#endif
