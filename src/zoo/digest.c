#include "zoo/digest.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK = 64 };

static inline uint32_t rotate_left(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static inline uint32_t rotate_right(uint32_t value, int bits)
{
    return value >> bits | value << (32 - bits);
}

/* Both digests end the message alike: a one bit, zeros, the length in bits. */
typedef void (*block_function)(uint32_t *state, const uint8_t *block);

static void digest_all(uint32_t *state, const uint8_t *data, size_t size, block_function block,
                       bool big_endian)
{
    uint8_t tail[2 * BLOCK] = {0};
    size_t rest = size % BLOCK;
    size_t tail_size = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    uint64_t bits = (uint64_t)size * 8;

    for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
        block(state, data + at);
    }
    if (rest > 0) {
        memcpy(tail, data + (size - rest), rest);
    }
    tail[rest] = 0x80;
    for (int i = 0; i < 8; i++) {
        int shift = big_endian ? 56 - 8 * i : 8 * i;
        tail[tail_size - 8 + (size_t)i] = (uint8_t)(bits >> shift);
    }
    for (size_t at = 0; at < tail_size; at += BLOCK) {
        block(state, tail + at);
    }
}

/* ---- MD5 ---- */

/* floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4. */
static const uint32_t md5_sine[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static const int md5_shift[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t md5_mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round) {
    case 0: return (b & c) | (~b & d);
    case 1: return (d & b) | (~d & c);
    case 2: return b ^ c ^ d;
    default: return c ^ (b | ~d);
    }
}

static void md5_block(uint32_t *state, const uint8_t *block)
{
    static const int factor[4] = {1, 5, 3, 7};
    static const int offset[4] = {0, 1, 5, 0};
    uint32_t words[16];
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];

    for (int i = 0; i < 16; i++) {
        const uint8_t *at = block + 4 * i;
        words[i] =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
    for (int i = 0; i < 64; i++) {
        int round = i / 16;
        uint32_t word = words[(factor[round] * i + offset[round]) % 16];
        uint32_t next = a + md5_mix(round, b, c, d) + md5_sine[i] + word;
        a = d;
        d = c;
        c = b;
        b += rotate_left(next, md5_shift[round][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void cc_md5(const void *data, size_t size, uint8_t digest[CC_MD5_SIZE])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

    digest_all(state, data, size, md5_block, false);
    for (int i = 0; i < CC_MD5_SIZE; i++) {
        digest[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
    }
}

/* ---- SHA-256 ---- */

/* Fraction bits of the cube roots of the first 64 primes, FIPS 180-4 section 4.2.2. */
static const uint32_t sha256_root[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256_schedule(const uint8_t *block, uint32_t words[64])
{
    for (int i = 0; i < 16; i++) {
        const uint8_t *at = block + 4 * i;
        words[i] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t x = words[i - 15];
        uint32_t y = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] +
                   (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) +
                   (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
    }
}

static void sha256_block(uint32_t *state, const uint8_t *block)
{
    uint32_t words[64];
    uint32_t v[8]; /* a .. h of the standard */

    sha256_schedule(block, words);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t upper = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t first = v[7] + upper + choice + sha256_root[i] + words[i];
        uint32_t lower = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += first;
        v[0] = first + lower + majority;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void cc_sha256(const void *data, size_t size, uint8_t digest[CC_SHA256_SIZE])
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    digest_all(state, data, size, sha256_block, true);
    for (int i = 0; i < CC_SHA256_SIZE; i++) {
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void cc_digest_text(const uint8_t *digest, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * size] = '\0';
}
