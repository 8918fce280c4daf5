/* Digests against the published test vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "zoo/digest.h"

static void check_md5(const char *text, const char *expected)
{
    uint8_t digest[CC_MD5_SIZE];
    char hex[2 * CC_MD5_SIZE + 1];

    cc_md5(text, strlen(text), digest);
    cc_digest_text(digest, CC_MD5_SIZE, hex);
    assert_string_equal(hex, expected);
}

static void check_sha256(const char *text, const char *expected)
{
    uint8_t digest[CC_SHA256_SIZE];
    char hex[2 * CC_SHA256_SIZE + 1];

    cc_sha256(text, strlen(text), digest);
    cc_digest_text(digest, CC_SHA256_SIZE, hex);
    assert_string_equal(hex, expected);
}

/* RFC 1321, appendix A.5. */
static void md5_of_the_rfc(void **state)
{
    (void)state;
    check_md5("", "d41d8cd98f00b204e9800998ecf8427e");
    check_md5("a", "0cc175b9c0f1b6a831c399e269772661");
    check_md5("abc", "900150983cd24fb0d6963f7d28e17f72");
    check_md5("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    check_md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
              "57edf4a22be3c955ac49da2e2107b67a");
}

/* FIPS 180-4 examples. */
static void sha256_of_the_standard(void **state)
{
    (void)state;
    check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* Lengths around the block and padding edges, against Python's hashlib: the MD5 and
 * SHA-256 of the concatenated hex digests of 0, 1, ... 130 letters "x". */
static void lengths_around_a_block(void **state)
{
    enum { LONGEST = 130 };
    char text[LONGEST + 1] = {0};
    char all_md5[(LONGEST + 1) * 2 * CC_MD5_SIZE + 1] = {0};
    char all_sha[(LONGEST + 1) * 2 * CC_SHA256_SIZE + 1] = {0};
    uint8_t digest[CC_SHA256_SIZE];

    (void)state;
    for (int n = 0; n <= LONGEST; n++) {
        memset(text, 'x', (size_t)n);
        cc_md5(text, (size_t)n, digest);
        cc_digest_text(digest, CC_MD5_SIZE, all_md5 + (size_t)n * 2 * CC_MD5_SIZE);
        cc_sha256(text, (size_t)n, digest);
        cc_digest_text(digest, CC_SHA256_SIZE, all_sha + (size_t)n * 2 * CC_SHA256_SIZE);
    }
    check_md5(all_md5, "861e4a9e76c88ae6267e22fd76384596");
    check_sha256(all_sha, "87aca1c44bc7ba8897768170211f0a02063de70801131ff86c7edb9ce32c6a50");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_of_the_rfc),
        cmocka_unit_test(sha256_of_the_standard),
        cmocka_unit_test(lengths_around_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
