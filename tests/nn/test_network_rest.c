/* A network that gave the memory of its activations back answers as before. */
#include "network_fixture.h"

static void test_answers_as_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        onnx_bytes file = make_random_network(seed, 10, 1, 300, 400); /* some megabytes */
        loaded network = load_network(&file, NULL, false);
        float *first[2];
        for (int i = 0; i < 2; i++) {
            first[i] = malloc((network.sizes[i] + 1) * sizeof(float));
            assert_non_null(first[i]);
        }
        cc_network_rest(network.network); /* before there is anything to give */
        run_network(&network);
        for (int i = 0; i < 2; i++) {
            memcpy(first[i], network.outputs[i], network.sizes[i] * sizeof(float));
        }
        cc_network_rest(network.network);
        cc_network_rest(network.network);
        run_network(&network);
        for (int i = 0; i < 2; i++) {
            assert_memory_equal(first[i], network.outputs[i], network.sizes[i] * sizeof(float));
            free(first[i]);
        }
        free_network(&network);
        free(file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers_as_before)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
