/* Preparing a graph: order, dead ends, shapes, folding, half precision, and what
 * is refused. Fusion has a test of its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/graph_test.h"

static onnx_bytes file; /* of the graph being tested; freed by finish() */

static cc_status prepare(onnx_builder *b, const cc_prepare_options *options, cc_graph *graph,
                         cc_error *error)
{
    cc_status status;

    memset(error, 0, sizeof *error);
    file = onnx_finish(b);
    status = cc_onnx_read(file.data, file.size, NULL, graph, error);
    return status == CC_OK ? cc_graph_prepare(graph, options, error) : status;
}

static void finish(cc_graph *graph)
{
    cc_graph_release(graph);
    free(file.data);
}

static void expect_ready(onnx_builder *b, const cc_prepare_options *options, cc_graph *graph)
{
    cc_error error;

    if (prepare(b, options, graph, &error) != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
}

static void expect_refusal(onnx_builder *b, const cc_prepare_options *options, cc_status expected,
                           const char *named)
{
    cc_graph graph;
    cc_error error;
    cc_status status = prepare(b, options, &graph, &error);

    if (status != expected || strstr(error.message, named) == NULL) {
        print_error("expected %s naming '%s', got %s: %s\n", cc_status_name(expected), named,
                    cc_status_name(status), error.message);
    }
    assert_int_equal(status, expected);
    assert_non_null(strstr(error.message, named));
    finish(&graph);
}

static int find_value(const cc_graph *graph, const char *name)
{
    for (int i = 0; i < graph->value_count; i++) {
        if (strcmp(graph->values[i].name, name) == 0) {
            return i;
        }
    }
    fail();
    return -1;
}

static void assert_shape(const cc_graph *graph, const char *name, const char *expected)
{
    char text[128];
    assert_string_equal(
        cc_shape_text(&graph->values[find_value(graph, name)].tensor.shape, text, sizeof text),
        expected);
}

static const cc_prepare_options as_in_file = {0};

/* ---- order ---- */

static void nodes_are_put_in_order(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Add", "c d", "y");
    onnx_node(&b, "Exp", "x", "c");
    onnx_node(&b, "Sqrt", "e", "d");
    onnx_node(&b, "Relu", "x", "e");
    onnx_output(&b, "y");
    expect_ready(&b, &as_in_file, &graph);
    assert_int_equal(graph.node_count, 4);
    assert_string_equal(graph.nodes[0].name, "Exp_1");
    assert_string_equal(graph.nodes[1].name, "Relu_3");
    assert_string_equal(graph.nodes[2].name, "Sqrt_2");
    assert_string_equal(graph.nodes[3].name, "Add_0");
    for (int i = 0; i < graph.node_count; i++) {
        assert_int_equal(graph.values[graph.nodes[i].outputs[0]].producer, i);
    }
    finish(&graph);
}

static void an_order_that_works_is_kept(void **state)
{
    static const char *const expected[] = {"Relu_0", "Exp_1", "Sqrt_2", "Add_3"};
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Relu", "x", "a");
    onnx_node(&b, "Exp", "x", "c");
    onnx_node(&b, "Sqrt", "a", "d");
    onnx_node(&b, "Add", "c d", "y");
    onnx_output(&b, "y");
    expect_ready(&b, &as_in_file, &graph);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(graph.nodes[i].name, expected[i]);
    }
    finish(&graph);
}

static void a_long_chain_backwards_is_sorted(void **state)
{
    enum { LENGTH = 100000 };
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "v0", CC_FLOAT32, 1, (int64_t[]){1});
    for (int i = LENGTH; i > 0; i--) {
        char input[32];
        char output[32];
        snprintf(input, sizeof input, "v%d", i - 1);
        snprintf(output, sizeof output, "v%d", i);
        onnx_node(&b, i % 2 ? "Relu" : "Identity", input, output);
    }
    onnx_output(&b, "v100000");
    expect_ready(&b, NULL, &graph);
    assert_int_equal(graph.node_count, LENGTH / 2);
    assert_string_equal(graph.values[graph.outputs[0]].name, "v100000");
    finish(&graph);
}

static void a_cycle_is_named(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Add", "x c", "a");
    onnx_node(&b, "Relu", "a", "c");
    onnx_output(&b, "c");
    expect_refusal(&b, NULL, CC_MODEL, "'Add_0'");
    b = onnx_begin(13);
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Add", "x self", "self");
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y"); /* which does not even need it */
    expect_refusal(&b, NULL, CC_MODEL, "circle");
}

/* ---- what stays and what goes ---- */

static void dead_nodes_go(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_floats(&b, "k", 1, (int64_t[]){2}, (float[]){1, 2});
    onnx_node(&b, "Relu", "x", "y");
    onnx_node(&b, "NoSuchOperator", "x", "unused");
    onnx_node(&b, "Add", "x k", "second");
    onnx_output(&b, "y");
    onnx_output(&b, "second");
    expect_ready(&b, &(cc_prepare_options){.wanted_outputs = 1}, &graph);
    assert_int_equal(graph.node_count, 1);
    assert_int_equal(graph.output_count, 1);
    assert_null(graph.values[find_value(&graph, "k")].tensor.data);
    finish(&graph);
}

static void an_output_that_is_an_input_is_copied(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_output(&b, "x");
    expect_ready(&b, NULL, &graph);
    assert_int_equal(graph.node_count, 1);
    assert_string_equal(graph.nodes[0].op_type, "Identity");
    assert_string_equal(graph.values[graph.outputs[0]].name, "x");
    assert_int_not_equal(graph.outputs[0], graph.inputs[0]);
    finish(&graph);
}

static void an_output_may_fold_into_a_constant(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;
    const cc_value *y;

    (void)state;
    onnx_floats(&b, "k", 1, (int64_t[]){2}, (float[]){-1, 2});
    onnx_node(&b, "Relu", "k", "r");
    onnx_node(&b, "Identity", "r", "y");
    onnx_output(&b, "y");
    expect_ready(&b, NULL, &graph);
    y = &graph.values[graph.outputs[0]];
    assert_int_equal(graph.node_count, 0);
    assert_true(y->is_constant);
    assert_true(((const float *)y->tensor.data)[0] == 0 && ((const float *)y->tensor.data)[1] == 2);
    finish(&graph);
}

/* ---- shapes ---- */

static onnx_builder begin_open(int rank, const int64_t *dims)
{
    onnx_builder b = onnx_begin(13);

    onnx_input(&b, "x", CC_FLOAT32, rank, dims);
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y");
    return b;
}

static void open_dimensions_become_one_or_what_is_asked(void **state)
{
    onnx_builder b = begin_open(4, (int64_t[]){-1, 3, -1, 8});
    cc_graph graph;

    (void)state;
    expect_ready(&b, NULL, &graph);
    assert_shape(&graph, "y", "1x3x1x8");
    finish(&graph);
    b = begin_open(4, (int64_t[]){-1, 3, -1, 8});
    expect_ready(&b, &(cc_prepare_options){.input_shape = {4, {2, 3, 5, 7}}}, &graph);
    assert_shape(&graph, "y", "2x3x5x7");
    finish(&graph);
}

static void unfit_shapes_are_refused(void **state)
{
    onnx_builder b = begin_open(4, (int64_t[]){1, 3, 8, 8});

    (void)state;
    expect_refusal(&b, &(cc_prepare_options){.input_shape = {3, {3, 8, 8}}}, CC_INVALID_ARGUMENT,
                   "'x' has shape 1x3x8x8");
    b = begin_open(4, (int64_t[]){1, 3, 8, 8});
    expect_refusal(&b, &(cc_prepare_options){.input_shape = {4, {1, 3, 0, 8}}}, CC_INVALID_ARGUMENT,
                   "dimension 0");
    b = begin_open(4, (int64_t[]){1, 3, 8, 8});
    expect_refusal(&b, &(cc_prepare_options){.input_shape = {4, {1, 3, -2, 8}}},
                   CC_INVALID_ARGUMENT, "dimension -2");
    b = begin_open(2, (int64_t[]){1 << 20, 1 << 20});
    expect_refusal(&b, NULL, CC_LIMIT, "'x'");
}

static void shapes_that_contradict_name_the_node(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 2, (int64_t[]){2, 3});
    onnx_floats(&b, "k", 2, (int64_t[]){2, 2}, (float[]){1, 2, 3, 4});
    onnx_node(&b, "MatMul", "x k", "y");
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_MODEL, "MatMul_0");
}

static void results_of_impossible_size_are_refused(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){1 << 16});
    onnx_int64s(&b, "shape", 3, (int64_t[]){1 << 20, 1 << 20, 1 << 16});
    onnx_node(&b, "Expand", "x shape", "y");
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_MODEL, "Expand_0");
}

/* ---- folding ---- */

static void size_computations_fold(void **state)
{
    onnx_bytes model = test_small_model();
    cc_graph graph;
    cc_error error = {0};

    (void)state;
    assert_int_equal(cc_onnx_read(model.data, model.size, NULL, &graph, &error), CC_OK);
    assert_int_equal(cc_graph_prepare(&graph, &as_in_file, &error), CC_OK);
    assert_shape(&graph, "u", "1x4x8x8");
    assert_shape(&graph, "y", "1x2x8x8");
    assert_int_equal(graph.node_count, 8); /* of 13; Shape, Slice and one Concat are gone */
    for (int i = 0; i < graph.node_count; i++) {
        assert_string_not_equal(graph.nodes[i].op_type, "Shape");
        assert_string_not_equal(graph.nodes[i].op_type, "Slice");
    }
    cc_graph_release(&graph);
    free(model.data);
}

static void large_results_are_not_folded(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_int64s(&b, "shape", 2, (int64_t[]){1 << 14, 1 << 14});
    onnx_node(&b, "ConstantOfShape", "shape", "big"); /* 1 GiB */
    onnx_node(&b, "Relu", "big", "y");
    onnx_output(&b, "y");
    expect_ready(&b, NULL, &graph);
    assert_int_equal(graph.node_count, 2);
    assert_true(graph.owned_bytes < 1000);
    finish(&graph);
}

static void constant_nodes_become_constants(void **state)
{
    onnx_builder b = onnx_begin(13);
    cc_graph graph;
    const float *y;

    (void)state;
    onnx_node(&b, "Constant", "", "a");
    onnx_tensor_attribute(&b, "value",
                          onnx_tensor("", CC_FLOAT32, 1, (int64_t[]){2}, (float[]){1, 2}));
    onnx_node(&b, "Constant", "", "b");
    onnx_float(&b, "value_float", 10);
    onnx_node(&b, "Constant", "", "c");
    onnx_float_list(&b, "value_floats", 2, (float[]){100, 200});
    onnx_node(&b, "Add", "a b", "ab");
    onnx_node(&b, "Add", "ab c", "y");
    onnx_output(&b, "y");
    expect_ready(&b, NULL, &graph);
    y = graph.values[graph.outputs[0]].tensor.data;
    assert_true(y[0] == 111 && y[1] == 212);
    finish(&graph);
    b = onnx_begin(13);
    onnx_node(&b, "Constant", "", "y");
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_MODEL, "Constant_0");
}

/* ---- half precision ---- */

static void half_precision_becomes_single(void **state)
{
    /* 1, -2, the smallest subnormal, the largest, infinity, minus zero */
    const uint16_t halves[6] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000};
    onnx_builder b = onnx_begin(13);
    cc_graph graph;
    const cc_value *k;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT16, 1, (int64_t[]){6});
    onnx_input(&b, "z", CC_FLOAT32, 1, (int64_t[]){6});
    onnx_constant(&b, "k", CC_FLOAT16, 1, (int64_t[]){6}, halves);
    onnx_node(&b, "Cast", "z", "zh");
    onnx_int(&b, "to", CC_FLOAT16);
    onnx_node(&b, "Add", "x k", "s");
    onnx_node(&b, "Add", "s zh", "y");
    onnx_output(&b, "y");
    expect_ready(&b, NULL, &graph);
    assert_int_equal(graph.node_count, 2); /* the Cast is gone */
    for (int i = 0; i < graph.input_count; i++) {
        assert_int_equal(graph.values[graph.inputs[i]].tensor.dtype, CC_FLOAT32);
    }
    assert_int_equal(graph.values[graph.outputs[0]].tensor.dtype, CC_FLOAT32);
    k = &graph.values[find_value(&graph, "k")];
    assert_int_equal(k->tensor.dtype, CC_FLOAT32);
    for (int i = 0; i < 6; i++) {
        float expected = cc_half_to_float(halves[i]);
        assert_memory_equal((const float *)k->tensor.data + i, &expected, sizeof expected);
    }
    finish(&graph);
}

static void every_half_widens_exactly(void **state)
{
    uint16_t *halves = malloc(65536 * sizeof *halves);
    onnx_builder b = onnx_begin(13);
    cc_graph graph;
    const float *wide;

    (void)state;
    for (int i = 0; i < 65536; i++) {
        halves[i] = (uint16_t)i;
    }
    onnx_constant(&b, "k", CC_FLOAT16, 1, (int64_t[]){65536}, halves);
    onnx_output(&b, "k");
    expect_ready(&b, NULL, &graph);
    wide = graph.values[graph.outputs[0]].tensor.data;
    for (int i = 0; i < 65536; i++) {
        float expected = cc_half_to_float(halves[i]);
        if (isnan(expected)) {
            assert_true(isnan(wide[i])); /* which one is not promised */
        } else {
            assert_memory_equal(&wide[i], &expected, sizeof expected);
        }
    }
    finish(&graph);
    free(halves);
}

/* Files that store halves cast each constant: with one reader the Cast's result takes the
 * constant over, with several, or as an output of the network, both stay. */
static void casts_of_constants_disappear(void **state)
{
    const uint16_t halves[2] = {0x3c00, 0xc000};
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_constant(&b, "one", CC_FLOAT16, 1, (int64_t[]){2}, halves);
    onnx_constant(&b, "two", CC_FLOAT16, 1, (int64_t[]){2}, halves);
    onnx_constant(&b, "out", CC_FLOAT16, 1, (int64_t[]){2}, halves);
    onnx_node(&b, "Cast", "one", "a");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Cast", "two", "b");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Cast", "two", "c");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Cast", "out", "d");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Max", "x a b c d", "y");
    onnx_output(&b, "y");
    onnx_output(&b, "out");
    expect_ready(&b, NULL, &graph);
    assert_int_equal(graph.node_count, 1);
    for (const char *name = "abcd"; *name != '\0'; name++) {
        const cc_value *value = &graph.values[find_value(&graph, (char[]){*name, '\0'})];
        assert_true(value->is_constant);
        assert_int_equal(value->tensor.dtype, CC_FLOAT32);
        assert_true(((const float *)value->tensor.data)[0] == 1.0F);
        assert_true(((const float *)value->tensor.data)[1] == -2.0F);
    }
    assert_true(((const float *)graph.values[graph.outputs[1]].tensor.data)[1] == -2.0F);
    finish(&graph);
}

/* ---- what is refused ---- */

static void unknown_operators_are_named(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Quux", "x", "y");
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_UNSUPPORTED, "'Quux_0' needs operator Quux");
}

static void attributes_of_the_wrong_kind_are_refused(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 2, (int64_t[]){2, 2});
    onnx_node(&b, "Softmax", "x", "y");
    onnx_float(&b, "axis", 1);
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_MODEL, "'axis' has the wrong kind");
}

static void double_precision_is_refused(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Cast", "x", "y");
    onnx_int(&b, "to", CC_FLOAT64);
    onnx_output(&b, "y");
    expect_refusal(&b, NULL, CC_UNSUPPORTED, "Cast_0");
}

/* Graphs that did not come from a file get the same checks. */
static void hand_made_graphs_are_checked(void **state)
{
    cc_graph graph = {.opset = 13};
    int inputs[1];
    int outputs[1];
    cc_error error = {0};

    (void)state;
    inputs[0] = cc_graph_add_value(&graph, "nowhere");
    outputs[0] = cc_graph_add_value(&graph, "y");
    assert_int_equal(cc_graph_add_node(&graph, "Relu", "relu"), 0);
    graph.nodes[0].inputs = inputs;
    graph.nodes[0].input_count = 1;
    graph.nodes[0].outputs = outputs;
    graph.nodes[0].output_count = 1;
    graph.values[outputs[0]].producer = 0;
    assert_int_equal(cc_graph_prepare(&graph, NULL, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "no output"));
    graph.outputs = outputs;
    graph.output_count = 1;
    assert_int_equal(cc_graph_prepare(&graph, NULL, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "'relu' (Relu) reads 'nowhere'"));
    inputs[0] = 55;
    assert_int_equal(cc_graph_prepare(&graph, NULL, &error), CC_MODEL);
    cc_graph_release(&graph);
}

/* ---- evidence ---- */

static void multiply_adds_are_counted(void **state)
{
    uint64_t seed = 1;
    onnx_builder b = onnx_begin(13);
    cc_graph graph;

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 4, (int64_t[]){1, 4, 10, 10});
    test_noise_constant(&b, "w", 4, (int64_t[]){6, 2, 3, 3}, &seed);
    test_noise_constant(&b, "t", 4, (int64_t[]){6, 5, 2, 2}, &seed);
    onnx_node(&b, "Conv", "x w", "c");
    onnx_int(&b, "group", 2);
    onnx_node(&b, "ConvTranspose", "c t", "d");
    onnx_ints(&b, "strides", 2, (int64_t[]){2, 2});
    onnx_node(&b, "Relu", "d", "y");
    onnx_output(&b, "y");
    expect_ready(&b, &as_in_file, &graph);
    assert_true(cc_node_multiply_adds(&graph, &graph.nodes[0]) == 6.0 * 64 * 2 * 9);
    assert_true(cc_node_multiply_adds(&graph, &graph.nodes[1]) == 6.0 * 64 * 5 * 4);
    assert_true(cc_node_multiply_adds(&graph, &graph.nodes[2]) == 0);
    finish(&graph);
}

static void a_graph_can_be_shown(void **state)
{
    onnx_builder b = begin_open(2, (int64_t[]){2, 3});
    cc_graph graph;
    cc_error error;
    char *text;

    (void)state;
    expect_ready(&b, NULL, &graph);
    assert_int_equal(cc_graph_dump(&graph, &text, &error), CC_OK);
    assert_string_equal(text, "0 Relu Relu_0 (x 2x3) -> y 2x3\n");
    cc_free(text);
    finish(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_put_in_order),
        cmocka_unit_test(an_order_that_works_is_kept),
        cmocka_unit_test(a_long_chain_backwards_is_sorted),
        cmocka_unit_test(a_cycle_is_named),
        cmocka_unit_test(dead_nodes_go),
        cmocka_unit_test(an_output_that_is_an_input_is_copied),
        cmocka_unit_test(an_output_may_fold_into_a_constant),
        cmocka_unit_test(open_dimensions_become_one_or_what_is_asked),
        cmocka_unit_test(unfit_shapes_are_refused),
        cmocka_unit_test(shapes_that_contradict_name_the_node),
        cmocka_unit_test(results_of_impossible_size_are_refused),
        cmocka_unit_test(size_computations_fold),
        cmocka_unit_test(large_results_are_not_folded),
        cmocka_unit_test(constant_nodes_become_constants),
        cmocka_unit_test(half_precision_becomes_single),
        cmocka_unit_test(every_half_widens_exactly),
        cmocka_unit_test(casts_of_constants_disappear),
        cmocka_unit_test(unknown_operators_are_named),
        cmocka_unit_test(attributes_of_the_wrong_kind_are_refused),
        cmocka_unit_test(double_precision_is_refused),
        cmocka_unit_test(hand_made_graphs_are_checked),
        cmocka_unit_test(multiply_adds_are_counted),
        cmocka_unit_test(a_graph_can_be_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
