/* Fusion: what merges, what must not, and that results stay the same. Every model
 * here is run as in the file and fused, both by the scalar references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "nn/graph_test.h"

static uint64_t seed = 42;

/* ---- running both ways ---- */

static void load(onnx_bytes file, bool fuse, cc_graph *graph)
{
    cc_prepare_options options = {.fuse = fuse};
    cc_error error = {0};
    cc_status status = cc_onnx_read(file.data, file.size, NULL, graph, &error);

    if (status == CC_OK) {
        status = cc_graph_prepare(graph, &options, &error);
    }
    if (status != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
}

/* Inputs get the same noise in every graph of one model. */
static void run(cc_graph *graph)
{
    uint64_t noise = 5;
    cc_error error = {0};

    for (int i = 0; i < graph->input_count; i++) {
        cc_tensor *input = &graph->values[graph->inputs[i]].tensor;
        assert_int_equal(input->dtype, CC_FLOAT32);
        input->data = test_noises(&noise, (size_t)cc_shape_elements(&input->shape));
    }
    if (test_run(graph, &error) != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
}

static void finish(cc_graph *graph)
{
    test_run_end(graph);
    for (int i = 0; i < graph->input_count; i++) {
        free(graph->values[graph->inputs[i]].tensor.data);
        graph->values[graph->inputs[i]].tensor.data = NULL;
    }
    cc_graph_release(graph);
}

static void compare(const cc_tensor *a, const cc_tensor *b, double tolerance)
{
    const float *first = a->data;
    const float *second = b->data;

    assert_int_equal(a->dtype, b->dtype);
    assert_true(cc_shape_equal(&a->shape, &b->shape));
    if (a->dtype != CC_FLOAT32) {
        assert_memory_equal(a->data, b->data, test_tensor_bytes(a));
        return;
    }
    for (int64_t i = 0; i < cc_shape_elements(&a->shape); i++) {
        double scale = 1 + fabs((double)first[i]);
        double difference = fabs((double)first[i] - (double)second[i]);
        if (!(difference <= tolerance * scale)) {
            print_error("element %lld: %g and %g\n", (long long)i, (double)first[i],
                        (double)second[i]);
            fail();
        }
    }
}

/* Check both runs against each other and leave the fused graph for a look at its
 * structure. */
static void run_both(onnx_builder *b, onnx_bytes *file, cc_graph *fused)
{
    cc_graph plain;

    *file = onnx_finish(b);
    load(*file, false, &plain);
    load(*file, true, fused);
    run(&plain);
    run(fused);
    assert_int_equal(plain.output_count, fused->output_count);
    for (int i = 0; i < plain.output_count; i++) {
        assert_string_equal(plain.values[plain.outputs[i]].name,
                            fused->values[fused->outputs[i]].name);
        compare(&plain.values[plain.outputs[i]].tensor, &fused->values[fused->outputs[i]].tensor,
                1e-5);
    }
    finish(&plain);
}

/* The model fuses into exactly these operators, in order; returns the fusion of
 * the first. */
static cc_fusion expect_nodes(onnx_builder *b, const char *expected)
{
    char text[512] = "";
    onnx_bytes file;
    cc_graph graph;
    cc_fusion fusion = {0};

    run_both(b, &file, &graph);
    for (int i = 0; i < graph.node_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", graph.nodes[i].op_type);
    }
    assert_string_equal(text, expected);
    if (graph.node_count > 0) {
        fusion = graph.nodes[0].fusion;
    }
    finish(&graph);
    free(file.data);
    return fusion;
}

/* ---- beginnings of models ---- */

static onnx_builder begin(int opset)
{
    onnx_builder b = onnx_begin(opset);
    onnx_input(&b, "x", CC_FLOAT32, 4, (int64_t[]){1, 4, 6, 5});
    return b;
}

/* c = Conv(x), 1x4x6x5 again. */
static onnx_builder begin_conv(int opset, bool bias)
{
    onnx_builder b = begin(opset);
    test_noise_constant(&b, "w", 4, (int64_t[]){4, 4, 3, 3}, &seed);
    test_noise_constant(&b, "bias", 1, (int64_t[]){4}, &seed);
    onnx_node(&b, "Conv", bias ? "x w bias" : "x w", "c");
    onnx_ints(&b, "pads", 4, (int64_t[]){1, 1, 1, 1});
    return b;
}

static void normalise(onnx_builder *b, const char *input, const char *output, int channels)
{
    float variance[16];
    char names[128];

    for (int i = 0; i < channels; i++) {
        variance[i] = 0.5f + fabsf(test_noise(&seed));
    }
    test_noise_constant(b, "gamma", 1, (int64_t[]){channels}, &seed);
    test_noise_constant(b, "beta", 1, (int64_t[]){channels}, &seed);
    test_noise_constant(b, "mean", 1, (int64_t[]){channels}, &seed);
    onnx_floats(b, "variance", 1, (int64_t[]){channels}, variance);
    snprintf(names, sizeof names, "%s gamma beta mean variance", input);
    onnx_node(b, "BatchNormalization", names, output);
    onnx_float(b, "epsilon", 1e-3f);
}

/* ---- operators that do nothing ---- */

static void identities_go(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    onnx_int64s(&b, "same", 4, (int64_t[]){1, 4, -1, 5});
    onnx_int64s(&b, "none", 8, (int64_t[]){0, 0, 0, 0, 0, 0, 0, 0});
    onnx_int64s(&b, "starts", 1, (int64_t[]){0});
    onnx_int64s(&b, "ends", 1, (int64_t[]){INT64_MAX});
    onnx_int64s(&b, "axes", 1, (int64_t[]){2});
    onnx_int64s(&b, "sizes", 4, (int64_t[]){1, 4, 6, 5});
    onnx_node(&b, "Identity", "x", "a");
    onnx_node(&b, "Dropout", "a", "b mask");
    onnx_node(&b, "Cast", "b", "c");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Reshape", "c same", "d");
    onnx_node(&b, "Pad", "d none", "e");
    onnx_node(&b, "Slice", "e starts ends axes", "f");
    onnx_node(&b, "Transpose", "f", "g");
    onnx_ints(&b, "perm", 4, (int64_t[]){0, 1, 2, 3});
    onnx_node(&b, "Resize", "g - - sizes", "h");
    onnx_string(&b, "mode", "linear");
    onnx_node(&b, "Concat", "h", "i");
    onnx_int(&b, "axis", 1);
    onnx_node(&b, "Relu", "i", "j");
    onnx_node(&b, "Identity", "j", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Relu");
}

static void what_only_looks_like_nothing_stays(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    onnx_int64s(&b, "shift", 8, (int64_t[]){0, 0, 1, 0, 0, 0, -1, 0});
    onnx_int64s(&b, "last", 1, (int64_t[]){-1});
    onnx_int64s(&b, "before", 1, (int64_t[]){INT64_MIN});
    onnx_int64s(&b, "axis", 1, (int64_t[]){2});
    onnx_node(&b, "Pad", "x shift", "a");
    onnx_node(&b, "Slice", "a last before axis last", "b"); /* turned round */
    onnx_node(&b, "Transpose", "b", "y");                   /* 1x4x6x5 -> 5x6x4x1 */
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Pad Slice Transpose");
    b = onnx_begin(13);
    onnx_input(&b, "x", CC_FLOAT32, 3, (int64_t[]){2, 5, 5});
    onnx_node(&b, "Transpose", "x", "t"); /* the same shape, and yet not the same */
    onnx_ints(&b, "perm", 3, (int64_t[]){0, 2, 1});
    onnx_node(&b, "Relu", "t", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Transpose Relu");
}

static void outputs_keep_their_names(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    onnx_node(&b, "Relu", "x", "a");
    onnx_node(&b, "Identity", "a", "y");
    onnx_node(&b, "Identity", "a", "z");
    onnx_node(&b, "Identity", "x", "copy");
    onnx_node(&b, "Exp", "a", "e");
    onnx_output(&b, "y");
    onnx_output(&b, "z");
    onnx_output(&b, "copy");
    onnx_output(&b, "e");
    (void)expect_nodes(&b, "Relu Identity Identity Exp");
}

static void pairs_undo_each_other(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    onnx_int64s(&b, "flat", 2, (int64_t[]){4, 30});
    onnx_int64s(&b, "back", 4, (int64_t[]){1, 4, 6, 5});
    onnx_int64s(&b, "zero", 1, (int64_t[]){0});
    onnx_node(&b, "Transpose", "x", "a");
    onnx_ints(&b, "perm", 4, (int64_t[]){0, 2, 3, 1});
    onnx_node(&b, "Transpose", "a", "b");
    onnx_ints(&b, "perm", 4, (int64_t[]){0, 3, 1, 2});
    onnx_node(&b, "Reshape", "b flat", "c");
    onnx_node(&b, "Reshape", "c back", "d");
    onnx_node(&b, "Unsqueeze", "d zero", "e");
    onnx_node(&b, "Squeeze", "e zero", "f");
    onnx_node(&b, "Cast", "f", "g");
    onnx_int(&b, "to", CC_FLOAT16);
    onnx_node(&b, "Cast", "g", "h");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_node(&b, "Relu", "h", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Relu");
}

static void transposes_join_and_lossy_casts_stay(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    onnx_node(&b, "Transpose", "x", "a");
    onnx_ints(&b, "perm", 4, (int64_t[]){0, 2, 3, 1});
    onnx_node(&b, "Transpose", "a", "b");
    onnx_ints(&b, "perm", 4, (int64_t[]){1, 0, 3, 2});
    onnx_node(&b, "Cast", "b", "c");
    onnx_int(&b, "to", CC_INT32);
    onnx_node(&b, "Cast", "c", "y");
    onnx_int(&b, "to", CC_FLOAT32);
    onnx_output(&b, "y");
    onnx_output(&b, "b");
    (void)expect_nodes(&b, "Transpose Cast Cast");
}

/* ---- affine ---- */

static void normalisation_merges_into_convolution(void **state)
{
    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        onnx_builder b = begin_conv(13, bias != 0);
        normalise(&b, "c", "n", 4);
        onnx_node(&b, "Relu", "n", "y");
        onnx_output(&b, "y");
        assert_int_equal(expect_nodes(&b, "Conv").activation, CC_ACTIVATION_RELU);
    }
}

static void normalisation_merges_into_grouped_transposed_convolution(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    test_noise_constant(&b, "w", 4, (int64_t[]){4, 3, 2, 2}, &seed);
    test_noise_constant(&b, "bias", 1, (int64_t[]){6}, &seed);
    onnx_node(&b, "ConvTranspose", "x w bias", "c");
    onnx_int(&b, "group", 2);
    onnx_ints(&b, "strides", 2, (int64_t[]){2, 2});
    normalise(&b, "c", "y", 6);
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "ConvTranspose");
}

static void normalisation_merges_into_gemm(void **state)
{
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        onnx_builder b = onnx_begin(13);
        onnx_input(&b, "x", CC_FLOAT32, 2, (int64_t[]){3, 5});
        test_noise_constant(&b, "w", 2, turned ? (int64_t[]){4, 5} : (int64_t[]){5, 4}, &seed);
        test_noise_constant(&b, "bias", 2, (int64_t[]){1, 4}, &seed);
        onnx_node(&b, "Gemm", "x w bias", "c");
        onnx_int(&b, "transB", turned);
        onnx_float(&b, "alpha", 0.5f);
        onnx_float(&b, "beta", 3.0f);
        normalise(&b, "c", "y", 4);
        onnx_output(&b, "y");
        (void)expect_nodes(&b, "Gemm");
    }
}

static void arithmetic_per_channel_merges(void **state)
{
    static const char *const operators[] = {"Add", "Sub", "Mul", "Div"};
    static const int64_t shapes[][4] = {{4, 1, 1, 3}, {1, 4, 1, 1}, {1, 0, 0, 0}};
    static const int ranks[] = {3, 4, 1};

    (void)state;
    for (int op = 0; op < 4; op++) {
        for (int shape = 0; shape < 3; shape++) {
            for (int side = 0; side < 2; side++) {
                onnx_builder b = begin_conv(13, shape == 1);
                test_noise_constant(&b, "k", ranks[shape], shapes[shape], &seed);
                onnx_node(&b, operators[op], side ? "k c" : "c k", "y");
                onnx_output(&b, "y");
                bool merges = !(op == 3 && side == 1); /* k / Conv(x) is not affine */
                (void)expect_nodes(&b, merges ? "Conv" : "Conv Div");
            }
        }
    }
}

static void constants_along_other_axes_stay(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    test_noise_constant(&b, "row", 1, (int64_t[]){5}, &seed);
    onnx_node(&b, "Mul", "c row", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv Mul");
}

static void shared_weights_are_not_changed(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    onnx_node(&b, "Conv", "x w bias", "d");
    onnx_ints(&b, "pads", 4, (int64_t[]){1, 1, 1, 1});
    normalise(&b, "c", "n", 4);
    onnx_node(&b, "Relu", "d", "r");
    onnx_node(&b, "Concat", "n r", "y");
    onnx_int(&b, "axis", 1);
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv Conv Concat");
}

static void results_with_other_readers_are_kept(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    normalise(&b, "c", "n", 4);
    onnx_node(&b, "Relu", "c", "r");
    onnx_output(&b, "n");
    onnx_output(&b, "r");
    (void)expect_nodes(&b, "Conv BatchNormalization Relu");
    b = begin_conv(13, true);
    onnx_node(&b, "Relu", "c", "y");
    onnx_output(&b, "c"); /* an output is a reader too */
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv Relu");
}

/* ---- activations ---- */

static void every_activation_merges(void **state)
{
    static const struct {
        const char *op_type;
        cc_activation activation;
    } cases[] = {
        {"Relu", CC_ACTIVATION_RELU},
        {"LeakyRelu", CC_ACTIVATION_LEAKY_RELU},
        {"Sigmoid", CC_ACTIVATION_SIGMOID},
        {"HardSigmoid", CC_ACTIVATION_HARD_SIGMOID},
        {"HardSwish", CC_ACTIVATION_HARD_SWISH},
        {"Tanh", CC_ACTIVATION_TANH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int parameters = 0; parameters < 2; parameters++) {
            onnx_builder b = begin_conv(14, true);
            onnx_node(&b, cases[i].op_type, "c", "y");
            if (parameters && (i == 1 || i == 3)) {
                onnx_float(&b, "alpha", 0.3f);
            }
            if (parameters && i == 3) {
                onnx_float(&b, "beta", 0.4f);
            }
            onnx_output(&b, "y");
            assert_int_equal(expect_nodes(&b, "Conv").activation, cases[i].activation);
        }
    }
}

static void clip_merges_with_either_kind_of_limits(void **state)
{
    static const char *const inputs[] = {"c low high", "c low", "c - high", "c"};
    cc_fusion fusion;
    onnx_builder b = begin_conv(9, true);

    (void)state;
    onnx_node(&b, "Clip", "c", "y");
    onnx_float(&b, "min", 0.0f);
    onnx_float(&b, "max", 0.5f);
    onnx_output(&b, "y");
    fusion = expect_nodes(&b, "Conv");
    assert_int_equal(fusion.activation, CC_ACTIVATION_CLIP);
    assert_true(fusion.alpha == 0.0f && fusion.beta == 0.5f);
    for (size_t i = 0; i < 4; i++) {
        b = begin_conv(13, true);
        onnx_floats(&b, "low", 0, NULL, (float[]){-0.25f});
        onnx_floats(&b, "high", 0, NULL, (float[]){0.5f});
        onnx_node(&b, "Clip", inputs[i], "y");
        onnx_output(&b, "y");
        assert_int_equal(expect_nodes(&b, "Conv").activation, CC_ACTIVATION_CLIP);
    }
}

static void spelled_out_activations_are_recognised(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    onnx_node(&b, "HardSigmoid", "c", "gate");
    onnx_float(&b, "alpha", 1.0f / 6);
    onnx_node(&b, "Mul", "c gate", "y");
    onnx_output(&b, "y");
    assert_int_equal(expect_nodes(&b, "Conv").activation, CC_ACTIVATION_HARD_SWISH);
    b = begin_conv(13, true);
    onnx_floats(&b, "slope", 1, (int64_t[]){1}, (float[]){0.125f});
    onnx_node(&b, "PRelu", "c slope", "y");
    onnx_output(&b, "y");
    assert_int_equal(expect_nodes(&b, "Conv").activation, CC_ACTIVATION_LEAKY_RELU);
    b = begin_conv(13, true);
    onnx_node(&b, "HardSigmoid", "c", "gate"); /* alpha 0.2: not a HardSwish */
    onnx_node(&b, "Mul", "c gate", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv HardSigmoid Mul");
}

/* ---- residual sums ---- */

static void sums_merge_before_and_after(void **state)
{
    cc_fusion fusion;
    onnx_builder b = begin_conv(13, false);

    (void)state;
    onnx_node(&b, "Add", "x c", "s");
    onnx_node(&b, "Relu", "s", "y");
    onnx_output(&b, "y");
    fusion = expect_nodes(&b, "Conv");
    assert_int_equal(fusion.residual, CC_RESIDUAL_BEFORE);
    assert_int_equal(fusion.activation, CC_ACTIVATION_RELU);
    b = begin_conv(13, true);
    onnx_node(&b, "Relu", "c", "r");
    onnx_node(&b, "Add", "r x", "y");
    onnx_output(&b, "y");
    fusion = expect_nodes(&b, "Conv");
    assert_int_equal(fusion.residual, CC_RESIDUAL_AFTER);
    assert_int_equal(fusion.activation, CC_ACTIVATION_RELU);
}

static void a_sum_between_two_activations_stays(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    onnx_node(&b, "Relu", "c", "r");
    onnx_node(&b, "Add", "r x", "s");
    onnx_node(&b, "Sigmoid", "s", "y");
    onnx_output(&b, "y");
    assert_int_equal(expect_nodes(&b, "Conv Add").residual, CC_RESIDUAL_NONE);
}

/* The residual is computed after the convolution that takes it: order changes. */
static void a_residual_that_comes_later_is_moved_up(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    onnx_node(&b, "Exp", "x", "e");
    onnx_node(&b, "Add", "c e", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Exp Conv");
}

static void sums_that_broadcast_stay(void **state)
{
    onnx_builder b = begin_conv(13, true);

    (void)state;
    onnx_input(&b, "z", CC_FLOAT32, 4, (int64_t[]){1, 4, 1, 1});
    onnx_node(&b, "Add", "c z", "s");
    onnx_node(&b, "Relu", "s", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv Add"); /* the Add takes the Relu */
    b = begin_conv(13, true);
    onnx_node(&b, "Add", "c c", "y");
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv Add");
}

/* ---- padding ---- */

static void padding_merges(void **state)
{
    onnx_builder b = begin(13);

    (void)state;
    test_noise_constant(&b, "w", 4, (int64_t[]){4, 4, 3, 3}, &seed);
    onnx_int64s(&b, "pads", 8, (int64_t[]){0, 0, 1, 0, 0, 0, 2, 1});
    onnx_node(&b, "Pad", "x pads", "p");
    onnx_node(&b, "Conv", "p w", "y");
    onnx_ints(&b, "pads", 4, (int64_t[]){0, 1, 0, 1});
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Conv");
    b = begin(10);
    onnx_node(&b, "Pad", "x", "p");
    onnx_ints(&b, "pads", 8, (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1});
    onnx_float(&b, "value", -INFINITY);
    onnx_node(&b, "MaxPool", "p", "y");
    onnx_ints(&b, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "MaxPool");
    b = begin(10);
    onnx_node(&b, "Pad", "x", "p");
    onnx_ints(&b, "pads", 8, (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1});
    onnx_node(&b, "AveragePool", "p", "y");
    onnx_ints(&b, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_int(&b, "count_include_pad", 1);
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "AveragePool");
}

static void padding_of_another_kind_stays(void **state)
{
    static const char *const modes[] = {"reflect", "edge", "constant"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        onnx_builder b = begin(13);
        test_noise_constant(&b, "w", 4, (int64_t[]){4, 4, 3, 3}, &seed);
        onnx_int64s(&b, "pads", 8, (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1});
        onnx_floats(&b, "fill", 0, NULL, (float[]){0.5f});
        onnx_node(&b, "Pad", i == 2 ? "x pads fill" : "x pads", "p");
        onnx_string(&b, "mode", modes[i]);
        onnx_node(&b, "Conv", "p w", "y");
        onnx_output(&b, "y");
        (void)expect_nodes(&b, "Pad Conv");
    }
    onnx_builder b = begin(10);
    onnx_node(&b, "Pad", "x", "p"); /* zeros: not what MaxPool pads with */
    onnx_ints(&b, "pads", 8, (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1});
    onnx_node(&b, "MaxPool", "p", "y");
    onnx_ints(&b, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_output(&b, "y");
    (void)expect_nodes(&b, "Pad MaxPool");
}

/* ---- random graphs ---- */

static void random_node(onnx_builder *b, int index, int *values)
{
    static const char *const unary[] = {"Relu",     "Sigmoid",   "Tanh",       "LeakyRelu",
                                        "Identity", "HardSwish", "HardSigmoid"};
    char inputs[64];
    char output[16];
    int kind = (int)(test_random(&seed) % 8);
    int first = (int)(test_random(&seed) % (uint64_t)*values);
    int second = (int)(test_random(&seed) % (uint64_t)*values);

    if (test_random(&seed) % 3 != 0) {
        first = *values - 1; /* chains are where fusion happens */
    }
    snprintf(output, sizeof output, "v%d", *values);
    if (kind < 3) {
        snprintf(inputs, sizeof inputs, "v%d w%d%s", first, index % 3, kind == 0 ? "" : " b0");
        onnx_node(b, "Conv", inputs, output);
        onnx_ints(b, "pads", 4, (int64_t[]){1, 1, 1, 1});
    } else if (kind == 3) {
        snprintf(inputs, sizeof inputs, "v%d b0 b1 b2 variance", first);
        onnx_node(b, "BatchNormalization", inputs, output);
    } else if (kind == 4) {
        snprintf(inputs, sizeof inputs, "v%d v%d", first, second);
        onnx_node(b, test_random(&seed) % 2 ? "Add" : "Mul", inputs, output);
    } else if (kind == 5) {
        snprintf(inputs, sizeof inputs, "v%d k%d", first, (int)(test_random(&seed) % 2));
        onnx_node(b, test_random(&seed) % 2 ? "Add" : "Sub", inputs, output);
    } else {
        snprintf(inputs, sizeof inputs, "v%d", first);
        onnx_node(b, unary[test_random(&seed) % 7], inputs, output);
    }
    ++*values;
}

static onnx_builder random_model(void)
{
    onnx_builder b = onnx_begin(14);
    int values = 1;
    char name[16];

    onnx_input(&b, "v0", CC_FLOAT32, 4, (int64_t[]){1, 3, 4, 5});
    for (int i = 0; i < 3; i++) {
        float *weights = test_noises(&seed, 81);
        for (int k = 0; k < 81; k++) {
            weights[k] *= 0.3f; /* keeps long chains of sums and products in range */
        }
        snprintf(name, sizeof name, "w%d", i);
        onnx_floats(&b, name, 4, (int64_t[]){3, 3, 3, 3}, weights);
        snprintf(name, sizeof name, "b%d", i);
        onnx_floats(&b, name, 1, (int64_t[]){3}, weights);
        free(weights);
    }
    onnx_floats(&b, "variance", 1, (int64_t[]){3}, (float[]){1, 0.5f, 2});
    onnx_floats(&b, "k0", 3, (int64_t[]){3, 1, 1}, (float[]){0.5f, -0.25f, 0.75f});
    onnx_floats(&b, "k1", 1, (int64_t[]){1}, (float[]){0.5f});
    for (int i = 0; i < 14; i++) {
        random_node(&b, i, &values);
    }
    snprintf(name, sizeof name, "v%d", values - 1);
    onnx_output(&b, name);
    snprintf(name, sizeof name, "v%d", 1 + (int)(test_random(&seed) % 12));
    onnx_output(&b, name);
    return b;
}

static void random_graphs_give_the_same_results(void **state)
{
    int before = 0;
    int after = 0;

    (void)state;
    for (int i = 0; i < 500; i++) {
        onnx_builder b = random_model();
        onnx_bytes file;
        cc_graph graph;
        cc_graph plain;
        run_both(&b, &file, &graph);
        load(file, false, &plain);
        before += plain.node_count;
        after += graph.node_count;
        cc_graph_release(&plain);
        finish(&graph);
        free(file.data);
    }
    print_message("%d nodes fused into %d\n", before, after);
    assert_true(after < before * 4 / 5); /* or there was nothing to compare */
}

/* A model on which every pass acts, and of which one node is left. */
static onnx_bytes model_for_every_pass(void)
{
    onnx_builder b = begin(13);

    test_noise_constant(&b, "w", 4, (int64_t[]){4, 4, 3, 3}, &seed);
    onnx_int64s(&b, "pads", 8, (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1});
    onnx_floats(&b, "slope", 1, (int64_t[]){1}, (float[]){0.125f});
    onnx_node(&b, "Pad", "x pads", "p");
    onnx_node(&b, "Conv", "p w", "c");
    normalise(&b, "c", "n", 4);
    onnx_node(&b, "PRelu", "n slope", "r");
    onnx_node(&b, "Add", "r x", "s");
    onnx_node(&b, "Transpose", "s", "t");
    onnx_node(&b, "Transpose", "t", "y");
    onnx_output(&b, "y");
    return onnx_finish(&b);
}

/* The arena allocates in large blocks; its limit makes every single request fail. */
static void a_full_arena_is_reported(void **state)
{
    onnx_bytes file = model_for_every_pass();
    cc_status status = CC_OUT_OF_MEMORY;

    (void)state;
    for (size_t room = 0; room < 100000 && status != CC_OK; room += 16) {
        cc_graph graph;
        cc_error error = {0};
        assert_int_equal(cc_onnx_read(file.data, file.size, NULL, &graph, &error), CC_OK);
        graph.arena.limit = graph.arena.total + room;
        status = cc_graph_prepare(&graph, NULL, &error);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        assert_true(room > 0 || status == CC_OUT_OF_MEMORY);
        assert_true(status != CC_OK || graph.node_count == 1);
        cc_graph_release(&graph);
    }
    assert_int_equal(status, CC_OK);
    free(file.data);
}

/* Every single allocation fails in turn. */
static void refused_memory_is_reported(void **state)
{
    onnx_bytes file = model_for_every_pass();
    cc_status status = CC_OUT_OF_MEMORY;

    (void)state;
    for (long n = 0; n < 100000 && status != CC_OK; n++) {
        cc_graph graph;
        cc_error error = {0};
        cc_memory_fail_after(n);
        status = cc_onnx_read(file.data, file.size, NULL, &graph, &error);
        if (status == CC_OK) {
            status = cc_graph_prepare(&graph, NULL, &error);
        }
        cc_memory_fail_after(-1);
        assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
        assert_true(status != CC_OK || graph.node_count == 1);
        cc_graph_release(&graph);
    }
    assert_int_equal(status, CC_OK);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_go),
        cmocka_unit_test(what_only_looks_like_nothing_stays),
        cmocka_unit_test(outputs_keep_their_names),
        cmocka_unit_test(pairs_undo_each_other),
        cmocka_unit_test(transposes_join_and_lossy_casts_stay),
        cmocka_unit_test(normalisation_merges_into_convolution),
        cmocka_unit_test(normalisation_merges_into_grouped_transposed_convolution),
        cmocka_unit_test(normalisation_merges_into_gemm),
        cmocka_unit_test(arithmetic_per_channel_merges),
        cmocka_unit_test(constants_along_other_axes_stay),
        cmocka_unit_test(shared_weights_are_not_changed),
        cmocka_unit_test(results_with_other_readers_are_kept),
        cmocka_unit_test(every_activation_merges),
        cmocka_unit_test(clip_merges_with_either_kind_of_limits),
        cmocka_unit_test(spelled_out_activations_are_recognised),
        cmocka_unit_test(sums_merge_before_and_after),
        cmocka_unit_test(a_sum_between_two_activations_stays),
        cmocka_unit_test(a_residual_that_comes_later_is_moved_up),
        cmocka_unit_test(sums_that_broadcast_stay),
        cmocka_unit_test(padding_merges),
        cmocka_unit_test(padding_of_another_kind_stays),
        cmocka_unit_test(random_graphs_give_the_same_results),
        cmocka_unit_test(a_full_arena_is_reported),
        cmocka_unit_test(refused_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
