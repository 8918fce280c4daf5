/* The part of cmocka's interface that the engine's tests use, for processors for which
 * no cmocka is installed. A failed assertion ends its test and is told on stderr. */
#ifndef CLEARCUT_TESTS_CROSS_CMOCKA_H
#define CLEARCUT_TESTS_CROSS_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CROSS_HELPER static inline __attribute__((unused))

typedef void (*cross_test)(void **state);
typedef int (*cross_fixture)(void **state);

struct CMUnitTest {
    const char *name;
    cross_test test;
};

typedef struct cross_context {
    jmp_buf leave;
    int skipped;
} cross_context;

/* One for each test program: every program includes this once. */
static cross_context cross_now;

CROSS_HELPER __attribute__((format(printf, 3, 4), noreturn)) void
cross_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    longjmp(cross_now.leave, 1);
}

CROSS_HELPER __attribute__((noreturn)) void cross_skip(void)
{
    cross_now.skipped = 1;
    longjmp(cross_now.leave, 1);
}

CROSS_HELPER void cross_equal(const char *file, int line, const char *what, long long a,
                              long long b)
{
    if (a != b) {
        cross_fail(file, line, "%s: %lld is not %lld", what, a, b);
    }
}

CROSS_HELPER void cross_true(const char *file, int line, const char *what, int holds)
{
    if (!holds) {
        cross_fail(file, line, "%s does not hold", what);
    }
}

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }
#define fail_msg(...) cross_fail(__FILE__, __LINE__, __VA_ARGS__)
#define print_message(...) printf(__VA_ARGS__)
#define skip() cross_skip()
#define assert_true(x) cross_true(__FILE__, __LINE__, #x, !!(x))
#define assert_false(x) cross_true(__FILE__, __LINE__, "not " #x, !(x))
#define assert_non_null(x) cross_true(__FILE__, __LINE__, #x " != NULL", (x) != NULL)
#define assert_null(x) cross_true(__FILE__, __LINE__, #x " == NULL", (x) == NULL)
#define assert_ptr_equal(a, b) cross_true(__FILE__, __LINE__, #a " == " #b, (a) == (b))
#define assert_int_equal(a, b) cross_equal(__FILE__, __LINE__, #a, (long long)(a), (long long)(b))
#define assert_int_not_equal(a, b)                                                                 \
    cross_true(__FILE__, __LINE__, #a " != " #b, (long long)(a) != (long long)(b))
#define assert_in_range(x, low, high)                                                              \
    cross_true(__FILE__, __LINE__, #x " in " #low " .. " #high, (x) >= (low) && (x) <= (high))
#define assert_string_equal(a, b)                                                                  \
    cross_true(__FILE__, __LINE__, #a " equals " #b, strcmp((a), (b)) == 0)
#define assert_string_not_equal(a, b)                                                              \
    cross_true(__FILE__, __LINE__, #a " differs from " #b, strcmp((a), (b)) != 0)
#define assert_memory_equal(a, b, size)                                                            \
    cross_true(__FILE__, __LINE__, #a " equals " #b, memcmp((a), (b), (size)) == 0)

/* True if the test passed or was skipped. */
CROSS_HELPER int cross_run(const struct CMUnitTest *test)
{
    void *state = NULL;

    cross_now.skipped = 0;
    if (setjmp(cross_now.leave) == 0) {
        test->test(&state);
        printf("passed   %s\n", test->name);
        return 1;
    }
    printf("%s %s\n", cross_now.skipped ? "skipped " : "FAILED  ", test->name);
    return cross_now.skipped;
}

CROSS_HELPER int cross_run_all(const struct CMUnitTest *tests, size_t count, cross_fixture setup,
                               cross_fixture teardown)
{
    int failed = 0;
    void *state = NULL;

    if (setup != NULL && setup(&state) != 0) {
        fprintf(stderr, "the fixture could not be set up\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        failed += !cross_run(&tests[i]);
    }
    if (teardown != NULL) {
        teardown(&state);
    }
    return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    cross_run_all(tests, sizeof(tests) / sizeof *(tests), setup, teardown)

#endif
