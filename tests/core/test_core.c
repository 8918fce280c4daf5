/* Errors, allocation, buffers and the half-precision conversions of core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cpu.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/status.h"

static void errors_carry_code_and_message(void **state)
{
    cc_error error = {0};
    (void)state;
    assert_int_equal(cc_fail(&error, CC_IO, "cannot read %d", 7), CC_IO);
    assert_int_equal(error.code, CC_IO);
    assert_string_equal(error.message, "cannot read 7");
    cc_error_context(&error, "a%sc", "b");
    assert_string_equal(error.message, "abc: cannot read 7");
    assert_int_equal(cc_fail(NULL, CC_LIMIT, "nobody listens"), CC_LIMIT);
    cc_error_clear(&error);
    cc_error_context(&error, "nothing to explain");
    assert_string_equal(error.message, "");
}

static void overlong_messages_are_cut(void **state)
{
    cc_error error = {0};
    char text[3000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cc_fail(&error, CC_IO, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    cc_error_context(&error, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int i = CC_OK; i <= CC_INTERNAL; i++) {
        assert_string_not_equal(cc_status_name((cc_status)i), "unknown");
    }
    assert_string_equal(cc_status_name((cc_status)99), "unknown");
}

static void sizes_do_not_overflow(void **state)
{
    size_t result = 5;
    (void)state;
    assert_true(cc_size_multiply(1 << 16, 1 << 16, &result));
    assert_true(result == (size_t)1 << 32);
    assert_false(cc_size_multiply(SIZE_MAX / 2, 3, &result));
    assert_true(result == (size_t)1 << 32);
    assert_false(cc_size_add(SIZE_MAX, 1, &result));
    assert_null(cc_alloc_array(SIZE_MAX / 2, 3));
    assert_null(cc_alloc_aligned(SIZE_MAX - 3));
}

static void aligned_memory_is_aligned(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, (size_t)3 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *memory = cc_alloc_aligned(sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % CC_ALIGNMENT, 0);
        memset(memory, 1, sizes[i]);
        cc_free_aligned(memory);
    }
}

static void the_failure_hook_fails_on_time(void **state)
{
    void *first;
    (void)state;
    cc_memory_fail_after(1);
    first = cc_alloc(10);
    assert_non_null(first);
    assert_null(cc_alloc(10));
    assert_null(cc_alloc_zeroed(1, 10));
    cc_memory_fail_after(-1);
    cc_free(first);
    first = cc_alloc(10);
    assert_non_null(first);
    cc_free(first);
}

static void the_arena_gives_zeroed_memory_up_to_its_limit(void **state)
{
    cc_arena arena = {.limit = 1 << 20};
    (void)state;
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        unsigned char *memory = cc_arena_alloc(&arena, size, 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_int_equal(memory[0] | memory[size - 1], 0);
        memset(memory, 0xff, size);
    }
    assert_null(cc_arena_alloc(&arena, 1 << 20, 1));
    assert_null(cc_arena_alloc(&arena, SIZE_MAX / 2, 4));
    assert_string_equal(cc_arena_strndup(&arena, "hello world", 5), "hello");
    cc_arena_release(&arena);
    assert_null(arena.head);
}

static void buffers_grow_to_their_limit(void **state)
{
    cc_buffer buffer = {0};
    cc_error error = {0};
    uint8_t bytes[1000];
    (void)state;
    memset(bytes, 7, sizeof bytes);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(cc_buffer_append(&buffer, bytes, sizeof bytes, 10000, &error), CC_OK);
    }
    assert_int_equal(cc_buffer_append(&buffer, bytes, 1, 10000, &error), CC_LIMIT);
    assert_int_equal(buffer.size, 10000);
    cc_buffer_free(&buffer);
    assert_null(buffer.data);
}

static void the_processor_has_a_level_and_a_name(void **state)
{
    const cc_cpu *cpu = cc_cpu_detect();
    (void)state;
    assert_ptr_equal(cpu, cc_cpu_detect());
    assert_string_not_equal(cc_cpu_level_name(cpu->level), "unknown");
    assert_true(strlen(cc_cpu_model_name()) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_carry_code_and_message),
        cmocka_unit_test(overlong_messages_are_cut),
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(aligned_memory_is_aligned),
        cmocka_unit_test(the_failure_hook_fails_on_time),
        cmocka_unit_test(the_arena_gives_zeroed_memory_up_to_its_limit),
        cmocka_unit_test(buffers_grow_to_their_limit),
        cmocka_unit_test(the_processor_has_a_level_and_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
