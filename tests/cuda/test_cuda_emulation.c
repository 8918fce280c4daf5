/* The emulation itself: it must find faults, and go on working after them. */
#include "cases.h"

#include "faulty_kernels.h"

static int run_faulty(const faulty_kernel *kernel, uint32_t seed)
{
    static _Alignas(16) uint8_t bytes[1024];
    const uint32_t grid[3] = {2, 1, 2};

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    cuda_emulation_seed(seed);
    const int code = cuda_emulation_run(kernel->body, grid, 64, sizeof bytes, bytes);
    cuda_emulation_seed(0);
    return code;
}

static void test_faults_are_found(void **unused)
{
    (void)unused;
    for (uint32_t seed = 0; seed < 4; seed++) {
        for (const faulty_kernel *k = faulty_kernels; k->name; k++) {
            const int code = run_faulty(k, seed);
            const bool wrong = k->message[0] != '\0';
            if (code != (wrong ? 3 : 0) || !strstr(cuda_emulation_message(), k->message)) {
                print_error("%s: %d, \"%s\"\n", k->name, code, cuda_emulation_message());
                fail();
            }
            assert_int_equal(run_faulty(&faulty_kernels[0], seed), 0); /* nothing lingers */
        }
    }
}

static void test_launches_are_checked(void **unused)
{
    const uint32_t grid[3] = {1, 1, 1}, empty[3] = {1, 0, 1}, tall[3] = {1, 65536, 1};
    const uint32_t block[3] = {128, 1, 1}, large[3] = {256, 1, 1}, flat[3] = {128, 2, 1};
    uint64_t answers[4], clock[4];
    uint32_t where[4];
    const cc_cuda_probe p = {1, answers, where, clock, 4, 1};

    (void)unused;
    assert_int_equal(cuda_emulation_launch("cc_probe", grid, block, 0, &p), 0);
    assert_string_equal(cuda_emulation_message(), "");
    assert_int_equal(cuda_emulation_launch("cc_prob", grid, block, 0, &p), 1);
    assert_int_equal(cuda_emulation_launch("cc_probe", grid, large, 0, &p), 2);
    assert_int_equal(cuda_emulation_launch("cc_probe", grid, flat, 0, &p), 2);
    assert_int_equal(cuda_emulation_launch("cc_probe", empty, block, 0, &p), 2);
    assert_int_equal(cuda_emulation_launch("cc_probe", tall, block, 0, &p), 2);
    assert_int_equal(cuda_emulation_launch("cc_probe", grid, block, 1 << 20, &p), 2);
    assert_true(cuda_emulation_has_kernel("cc_probe"));
    assert_false(cuda_emulation_has_kernel(""));
}

/* A kernel given less shared memory than it uses is stopped. */
static void test_shared_memory_is_bounded(void **unused)
{
    guarded in = guarded_new(CC_CUDA_F32, 1, 4, 4, 8, 0, 0);
    guarded out = guarded_new(CC_CUDA_F32, 1, 1, 1, 8, 0, 0);
    const cc_cuda_global_pool p = {in.tensor, out.tensor, 0};
    const uint32_t grid[3] = {1, 1, 1}, block[3] = {256, 1, 1};

    (void)unused;
    assert_int_equal(cuda_emulation_launch("cc_global_pool_f32", grid, block, 8191, &p), 3);
    assert_non_null(strstr(cuda_emulation_message(), "beyond the end"));
    assert_int_equal(cuda_emulation_launch("cc_global_pool_f32", grid, block, 8192, &p), 0);
    guarded_free(&in);
    guarded_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_are_found),
        cmocka_unit_test(test_launches_are_checked),
        cmocka_unit_test(test_shared_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
