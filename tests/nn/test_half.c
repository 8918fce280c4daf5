/* Half precision to single, all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/cpu.h"
#include "nn/half.h"
#include "nn/tensor.h"

enum { ALL = 65536 };

typedef void (*widening)(const void *halves, int64_t count, float *floats);

static void expect_same(float got, float expected, int half)
{
    if (isnan(expected)) {
        assert_true(isnan(got));
    } else if (memcmp(&got, &expected, sizeof got) != 0) {
        fail_msg("half %04x became %a, not %a", (unsigned)half, (double)got, (double)expected);
    }
}

/* Every half there is, from an odd address. */
static void check_all(widening widen)
{
    static unsigned char bytes[2 * ALL + 1];
    static float floats[ALL];

    for (int i = 0; i < ALL; i++) {
        uint16_t half = (uint16_t)i;
        memcpy(bytes + 1 + 2 * i, &half, sizeof half);
    }
    widen(bytes + 1, ALL, floats);
    for (int i = 0; i < ALL; i++) {
        expect_same(floats[i], cc_half_to_float((uint16_t)i), i);
    }
}

/* Ends that are no whole vector: nothing beyond the count is written. */
static void check_lengths(widening widen)
{
    uint16_t halves[40];
    float floats[41];

    for (int i = 0; i < 40; i++) {
        halves[i] = (uint16_t)(0x3c00 + 37 * i);
    }
    for (int count = 0; count <= 40; count++) {
        for (int i = 0; i < 41; i++) {
            floats[i] = -7.0F;
        }
        widen(halves, count, floats);
        for (int i = 0; i < 41; i++) {
            expect_same(floats[i], i < count ? cc_half_to_float(halves[i]) : -7.0F, i);
        }
    }
}

static void test_reference(void **state)
{
    (void)state;
    check_all(cc_halves_to_floats_scalar);
    check_lengths(cc_halves_to_floats_scalar);
}

static void test_what_this_processor_uses(void **state)
{
    (void)state;
    check_all(cc_halves_to_floats);
    check_lengths(cc_halves_to_floats);
}

static void test_f16c(void **state)
{
    (void)state;
#if defined(__x86_64__)
    cc_cpu_level level = cc_cpu_detect()->level;
    if (level == CC_CPU_AVX2 || level == CC_CPU_AVX512) {
        check_all(cc_halves_to_floats_avx2);
        check_lengths(cc_halves_to_floats_avx2);
        return;
    }
#endif
    print_message("SKIPPED: this processor has no F16C, or CLEARCUT_CPU forbids it\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_what_this_processor_uses),
        cmocka_unit_test(test_f16c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
