/* Libraries that are opened when they are needed: the C library's own mathematics
 * stands for one that is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/library.h"

#define MATHEMATICS(ITEM) ITEM(hypot) ITEM(cbrt)

CC_LIBRARY_TABLE(mathematics, MATHEMATICS)

static const char *const present[] = {"no-such-library.so.1", "libm.so.6", "libm.so", "libm.dylib",
                                      NULL};
static const char *const absent[] = {"no-such-library.so.1", "nor-this-one.so", NULL};

static void test_functions_are_found(void **state)
{
    static const char *const names[] = {MATHEMATICS(CC_LIBRARY_NAME) NULL};
    cc_mathematics_table table = {0};
    cc_library library = {
        .files = present, .functions = names, .table = &table, .missing = "no mathematics"};
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_library_open(&library, &error), CC_OK);
    assert_true(fabs(table.hypot(3.0, 4.0) - 5.0) < 1e-12);
    assert_true(fabs(table.cbrt(27.0) - 3.0) < 1e-12);
    assert_int_equal(cc_library_open(&library, NULL), CC_OK);
}

static void test_missing_library_says_what_to_do(void **state)
{
    static const char *const names[] = {"hypot", NULL};
    void *table[1] = {NULL};
    cc_library library = {
        .files = absent, .functions = names, .table = table, .missing = "install libnothing"};
    cc_error error = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cc_library_open(&library, &error), CC_UNSUPPORTED);
        assert_non_null(strstr(error.message, "install libnothing (no-such-library.so.1"));
        assert_null(table[0]);
        cc_error_clear(&error);
    }
}

static void test_missing_function_is_named(void **state)
{
    static const char *const names[] = {"hypot", "no_such_function", NULL};
    void *table[2] = {NULL, NULL};
    cc_library library = {
        .files = present, .functions = names, .table = table, .missing = "too old"};
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_library_open(&library, &error), CC_UNSUPPORTED);
    assert_string_equal(error.message, "too old (it has no no_such_function)");
    assert_int_equal(cc_library_open(&library, NULL), CC_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found),
        cmocka_unit_test(test_missing_library_says_what_to_do),
        cmocka_unit_test(test_missing_function_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
