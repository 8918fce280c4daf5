/* Damaged files and refused memory: nothing may crash, hang, leak or overrun.
 * Worth most under AddressSanitizer and UndefinedBehaviorSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/graph_test.h"

/* Far above what the small model needs, far below what its bytes could claim. */
#define LIMIT ((size_t)64 << 20)

static const cc_onnx_options limits = {.maximum_bytes = LIMIT, .maximum_nodes = 1000};

/* Whatever the rules admit must run without harm; what is too large to try in a
 * test is left out. */
static void run_if_small(cc_graph *graph)
{
    double work = 0;

    for (int i = 0; i < graph->node_count; i++) {
        work += cc_node_multiply_adds(graph, &graph->nodes[i]);
        for (int k = 0; k < graph->nodes[i].output_count; k++) {
            int value = graph->nodes[i].outputs[k];
            work += value >= 0 ? (double)test_tensor_bytes(&graph->values[value].tensor) : 0;
        }
    }
    for (int i = 0; i < graph->input_count; i++) {
        work += (double)test_tensor_bytes(&graph->values[graph->inputs[i]].tensor);
    }
    if (work > 1e6) {
        return;
    }
    for (int i = 0; i < graph->input_count; i++) {
        cc_tensor *input = &graph->values[graph->inputs[i]].tensor;
        input->data = calloc(test_tensor_bytes(input) + 1, 1);
    }
    (void)test_run(graph, NULL);
    test_run_end(graph);
    for (int i = 0; i < graph->input_count; i++) {
        free(graph->values[graph->inputs[i]].tensor.data);
        graph->values[graph->inputs[i]].tensor.data = NULL;
    }
}

/* Read, prepare and run. What is said to be ready must be so. */
static cc_status load(const uint8_t *data, size_t size, bool fuse, cc_error *error)
{
    cc_prepare_options options = {.fuse = fuse};
    cc_graph graph;
    cc_status status = cc_onnx_read(data, size, &limits, &graph, error);

    if (status == CC_OK) {
        status = cc_graph_prepare(&graph, &options, error);
    }
    for (int i = 0; i < graph.node_count && status == CC_OK; i++) {
        const cc_node *node = &graph.nodes[i];
        assert_non_null(node->operator_);
        for (int k = 0; k < node->input_count; k++) {
            const cc_value *value = node->inputs[k] >= 0 ? &graph.values[node->inputs[k]] : NULL;
            assert_true(value == NULL || value->shape_known);
            assert_true(value == NULL || !value->is_constant || value->tensor.data != NULL);
            assert_true(value == NULL || value->producer < i);
        }
    }
    assert_true(graph.arena.total + graph.owned_bytes <= LIMIT);
    if (status == CC_OK) {
        run_if_small(&graph);
    }
    cc_graph_release(&graph);
    return status;
}

/* On a copy of exactly this size, so that reading on is noticed. */
static cc_status load_copy(const uint8_t *data, size_t size, bool fuse, cc_error *error)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    cc_status status;

    if (size > 0) {
        memcpy(copy, data, size);
    }
    status = load(copy, size, fuse, error);
    free(copy);
    return status;
}

static void the_model_itself_loads(void **state)
{
    onnx_bytes file = test_small_model();
    cc_error error = {0};

    (void)state;
    if (load_copy(file.data, file.size, true, &error) != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
    assert_int_equal(load_copy(file.data, file.size, false, &error), CC_OK);
    free(file.data);
}

static void every_truncation_is_refused(void **state)
{
    onnx_bytes file = test_small_model();

    (void)state;
    for (size_t size = 0; size < file.size; size++) {
        cc_error error = {0};
        assert_int_not_equal(load_copy(file.data, size, true, &error), CC_OK);
        assert_int_not_equal(error.message[0], '\0');
    }
    free(file.data);
}

static void bit_flips_do_no_harm(void **state)
{
    onnx_bytes file = test_small_model();
    int refused = 0;

    (void)state;
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        cc_error error = {0};
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused += load_copy(file.data, file.size, bit % 2 == 0, &error) != CC_OK;
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 100); /* those that hit structure rather than weights */
    free(file.data);
}

/* Several bytes at once: overwritten, copied from elsewhere, taken out. */
static void mutate(uint8_t *data, size_t *size, uint64_t *seed)
{
    int changes = 1 + (int)(test_random(seed) % 4);

    for (int i = 0; i < changes; i++) {
        size_t at = test_random(seed) % *size;
        size_t from = test_random(seed) % *size;
        size_t most = *size - (at > from ? at : from);
        size_t length = 1 + test_random(seed) % 16;
        length = length < most ? length : most;
        switch (test_random(seed) % 4) {
        case 0: data[at] = (uint8_t)test_random(seed); break;
        case 1: data[at] = (uint8_t)(0xff >> test_random(seed) % 8); break;
        case 2: memmove(data + at, data + from, length); break;
        default:
            if (*size > length + 64 && at + length < *size) {
                memmove(data + at, data + at + length, *size - at - length);
                *size -= length;
            }
            break;
        }
    }
}

static void mutations_do_no_harm(void **state)
{
    onnx_bytes file = test_small_model();
    uint8_t *copy = malloc(file.size);
    uint64_t seed = 20261122;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t size = file.size;
        cc_error error = {0};
        memcpy(copy, file.data, size);
        mutate(copy, &size, &seed);
        if (load_copy(copy, size, i % 2 == 0, &error) != CC_OK) {
            assert_int_not_equal(error.message[0], '\0');
        }
    }
    free(copy);
    free(file.data);
}

/* Fail the n-th allocation, for every n until all succeed. Leaks are found by the
 * sanitizer at the end of the program. */
static void refused_memory_is_reported(void **state)
{
    onnx_bytes file = test_small_model();
    cc_status status = CC_OUT_OF_MEMORY;
    long n;

    (void)state;
    for (n = 0; n < 100000 && status != CC_OK; n++) {
        cc_error error = {0};
        cc_memory_fail_after(n);
        status = load(file.data, file.size, true, &error);
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        assert_int_equal(error.code, status);
    }
    assert_int_equal(status, CC_OK);
    assert_true(n > 10);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_itself_loads),     cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(bit_flips_do_no_harm),       cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(refused_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
