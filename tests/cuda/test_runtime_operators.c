/* Operators by the GPU engine against the processor's scalar reference, one or two at a
 * time, in tensors of all ranks. The driver is the fake one, which runs the kernels' own
 * sources. */
#include "runtime_fixture.h"

static const double fp32_tolerance = 2e-5;
static const double fp16_tolerance = 4e-3;

/* ---- a network of one operator between two activations ---- */

typedef struct maker {
    onnx_builder builder;
    uint64_t seed;
} maker;

/* The input goes through a Tanh, so that it is a tensor of the network's own. */
static maker begin(int opset, int rank, const int64_t *dims)
{
    maker made = {onnx_begin(opset), 17};

    onnx_input(&made.builder, "input", CC_FLOAT32, rank, dims);
    onnx_node(&made.builder, "Tanh", "input", "x");
    return made;
}

static void give_noise(maker *made, const char *name, int rank, const int64_t *dims)
{
    size_t count = 1;

    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    float *numbers = test_noises(&made->seed, count);
    onnx_floats(&made->builder, name, rank, dims, numbers);
    free(numbers);
}

static void check(maker *made, const char *what)
{
    onnx_output(&made->builder, "y");
    onnx_bytes file = onnx_finish(&made->builder);
    cc_network_options options = {0};

    compare_engines(what, &file, options, CC_PRECISION_FP32, fp32_tolerance);
    compare_engines(what, &file, options, CC_PRECISION_FP16, fp16_tolerance);
    free(file.data);
}

#define DIMS(...)                                                                                  \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])                         \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void begin_test(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
}

/* ---- order of elements ---- */

static void check_transpose(int rank, const int64_t *dims, const int64_t *order)
{
    maker made = begin(13, rank, dims);

    onnx_node(&made.builder, "Transpose", "x", "y");
    onnx_ints(&made.builder, "perm", rank, order);
    check(&made, "Transpose");
}

static void transposes(void **state)
{
    begin_test(state);
    check_transpose(DIMS(2, 5, 3, 4), (int64_t[]){0, 2, 3, 1});
    check_transpose(DIMS(2, 5, 3, 4), (int64_t[]){3, 1, 2, 0});
    check_transpose(DIMS(2, 9, 3, 4), (int64_t[]){0, 1, 3, 2});
    check_transpose(DIMS(3, 4, 5), (int64_t[]){2, 0, 1});
    check_transpose(DIMS(7, 4), (int64_t[]){1, 0});
    check_transpose(DIMS(2, 2, 3, 2, 3, 2), (int64_t[]){0, 2, 4, 1, 3, 5});
}

static void check_reshape(int rank, const int64_t *dims, int to_rank, const int64_t *to)
{
    maker made = begin(13, rank, dims);

    onnx_int64s(&made.builder, "shape", to_rank, to);
    onnx_node(&made.builder, "Reshape", "x shape", "r");
    onnx_node(&made.builder, "Tanh", "r", "y");
    check(&made, "Reshape");
}

static void reshapes(void **state)
{
    begin_test(state);
    check_reshape(DIMS(2, 6, 4, 5), DIMS(2, 6, 20));
    check_reshape(DIMS(2, 6, 4, 5), DIMS(2, 120));
    check_reshape(DIMS(2, 12, 10), DIMS(2, 3, 4, 10));
    check_reshape(DIMS(1, 6, 4, 4), DIMS(1, 3, 2, 2, 2, 4));
    check_reshape(DIMS(4, 9), DIMS(1, 4, 9));
    check_reshape(DIMS(1, 1, 1, 1), DIMS(1));
    maker made = begin(13, DIMS(2, 3, 4, 5));
    onnx_node(&made.builder, "Flatten", "x", "y");
    check(&made, "Flatten");
}

static void check_slice(int rank, const int64_t *dims, int count, const int64_t *starts,
                        const int64_t *ends, const int64_t *axes, const int64_t *steps)
{
    maker made = begin(13, rank, dims);

    onnx_int64s(&made.builder, "starts", count, starts);
    onnx_int64s(&made.builder, "ends", count, ends);
    onnx_int64s(&made.builder, "axes", count, axes);
    onnx_int64s(&made.builder, "steps", count, steps);
    onnx_node(&made.builder, "Slice", "x starts ends axes steps", "s");
    onnx_node(&made.builder, "Tanh", "s", "y");
    check(&made, "Slice");
}

static void slices(void **state)
{
    begin_test(state);
    check_slice(DIMS(2, 20, 4, 5), DIMS(8), (int64_t[]){17}, (int64_t[]){1}, (int64_t[]){1});
    check_slice(DIMS(2, 20, 4, 5), DIMS(3), (int64_t[]){-2}, (int64_t[]){1}, (int64_t[]){1});
    check_slice(DIMS(2, 20, 6, 5), DIMS(1, -1), (int64_t[]){9, -9}, (int64_t[]){-2, 3},
                (int64_t[]){2, -1});
    check_slice(DIMS(2, 6, 7, 9), DIMS(100, -100), (int64_t[]){-100, 100}, (int64_t[]){2, 3},
                (int64_t[]){-3, 2});
    check_slice(DIMS(5, 4, 3), DIMS(1), (int64_t[]){3}, (int64_t[]){0}, (int64_t[]){1});
}

static void splits(void **state)
{
    begin_test(state);
    for (int first = 5; first <= 8; first += 3) { /* a copy, and a slice of the same bytes */
        maker made = begin(13, DIMS(2, 20, 3, 4));
        onnx_int64s(&made.builder, "sizes", 2, (int64_t[]){first, 20 - first});
        onnx_node(&made.builder, "Split", "x sizes", "a b");
        onnx_int(&made.builder, "axis", 1);
        onnx_node(&made.builder, "Relu", "a", "c");
        onnx_node(&made.builder, "Concat", "b c", "y");
        onnx_int(&made.builder, "axis", 1);
        check(&made, "Split of channels");
    }
    /* A part of the input joined as it is: its bytes lie in the whole already. */
    maker twice = begin(13, DIMS(1, 16, 3, 3));
    onnx_int64s(&twice.builder, "sizes", 2, (int64_t[]){8, 8});
    onnx_node(&twice.builder, "Split", "x sizes", "a b");
    onnx_int(&twice.builder, "axis", 1);
    onnx_node(&twice.builder, "Concat", "b x a", "y");
    onnx_int(&twice.builder, "axis", 1);
    check(&twice, "Split and joined with the whole");
    maker rows = begin(13, DIMS(2, 6, 5, 4));
    onnx_node(&rows.builder, "Split", "x", "a b c");
    onnx_int(&rows.builder, "axis", 1);
    onnx_node(&rows.builder, "Concat", "c a b", "y");
    onnx_int(&rows.builder, "axis", 2);
    check(&rows, "Split, joined along rows");
}

static void joins(void **state)
{
    begin_test(state);
    for (int axis = 0; axis < 4; axis++) {
        maker made = begin(13, DIMS(2, 3, 4, 5));
        onnx_node(&made.builder, "Relu", "x", "r");
        give_noise(&made, "constant", DIMS(2, 3, 4, 5));
        onnx_node(&made.builder, "Concat", "r x constant", "y");
        onnx_int(&made.builder, "axis", axis);
        check(&made, "Concat");
    }
    for (int axis = 0; axis < 3; axis++) {
        maker made = begin(13, DIMS(2, 3, 4));
        onnx_node(&made.builder, "Relu", "x", "r");
        onnx_node(&made.builder, "Concat", "r x", "y");
        onnx_int(&made.builder, "axis", axis);
        check(&made, "Concat of three dimensions");
    }
}

static void repetitions(void **state)
{
    begin_test(state);
    maker made = begin(13, DIMS(1, 3, 1, 5));
    onnx_int64s(&made.builder, "shape", 4, (int64_t[]){2, 3, 4, 5});
    onnx_node(&made.builder, "Expand", "x shape", "y");
    check(&made, "Expand");
    made = begin(13, DIMS(3, 1));
    onnx_int64s(&made.builder, "shape", 3, (int64_t[]){2, 3, 4});
    onnx_node(&made.builder, "Expand", "x shape", "y");
    check(&made, "Expand to more dimensions");
    made = begin(13, DIMS(1, 3, 2, 5));
    onnx_int64s(&made.builder, "repeats", 4, (int64_t[]){2, 1, 3, 2});
    onnx_node(&made.builder, "Tile", "x repeats", "y");
    check(&made, "Tile");
    made = begin(13, DIMS(3, 4, 5));
    onnx_int64s(&made.builder, "which", 2, (int64_t[]){2, -3});
    onnx_node(&made.builder, "Gather", "x which", "y");
    onnx_int(&made.builder, "axis", 1);
    check(&made, "Gather");
}

static void blocks_of_pixels(void **state)
{
    static const char *const modes[] = {"DCR", "CRD"};

    begin_test(state);
    for (int i = 0; i < 2; i++) {
        maker made = begin(13, DIMS(2, 12, 3, 4));
        onnx_node(&made.builder, "DepthToSpace", "x", "y");
        onnx_int(&made.builder, "blocksize", 2);
        onnx_string(&made.builder, "mode", modes[i]);
        check(&made, modes[i]);
    }
    maker made = begin(13, DIMS(2, 3, 6, 9));
    onnx_node(&made.builder, "SpaceToDepth", "x", "y");
    onnx_int(&made.builder, "blocksize", 3);
    check(&made, "SpaceToDepth");
}

static void pads(void **state)
{
    static const char *const modes[] = {"constant", "edge", "reflect"};

    begin_test(state);
    for (int i = 0; i < 3; i++) {
        maker made = begin(13, DIMS(2, 9, 5, 6));
        onnx_int64s(&made.builder, "pads", 8, (int64_t[]){0, 0, 1, 2, 0, 0, 3, 4});
        onnx_node(&made.builder, "Pad", "x pads", "y");
        onnx_string(&made.builder, "mode", modes[i]);
        check(&made, modes[i]);
    }
}

/* ---- convolutions the other way ---- */

static void check_transposed(const int64_t dims[4], int outputs, int kernel, int stride, int pad,
                             int groups, int dilation, int output_padding)
{
    maker made = begin(13, 4, dims);
    char what[96];

    give_noise(&made, "w", 4, (int64_t[]){dims[1], outputs / groups, kernel, kernel + 1});
    give_noise(&made, "b", 1, (int64_t[]){outputs});
    onnx_node(&made.builder, "ConvTranspose", "x w b", "c");
    onnx_ints(&made.builder, "strides", 2, (int64_t[]){stride, stride});
    onnx_ints(&made.builder, "pads", 4, (int64_t[]){pad, pad, pad, pad});
    onnx_ints(&made.builder, "dilations", 2, (int64_t[]){dilation, dilation});
    onnx_ints(&made.builder, "output_padding", 2, (int64_t[]){output_padding, output_padding});
    onnx_int(&made.builder, "group", groups);
    onnx_node(&made.builder, "Relu", "c", "r");
    onnx_node(&made.builder, "Tanh", "r", "y");
    snprintf(what, sizeof what, "ConvTranspose %dx%d, stride %d, pad %d, groups %d, dilation %d",
             kernel, kernel + 1, stride, pad, groups, dilation);
    check(&made, what);
}

static void transposed_convolutions(void **state)
{
    begin_test(state);
    check_transposed((int64_t[]){1, 8, 5, 6}, 16, 2, 2, 0, 1, 1, 0);
    check_transposed((int64_t[]){2, 16, 4, 5}, 3, 4, 2, 1, 1, 1, 0);
    check_transposed((int64_t[]){1, 8, 4, 5}, 8, 3, 2, 1, 1, 1, 1);
    check_transposed((int64_t[]){1, 8, 4, 3}, 8, 3, 1, 1, 1, 1, 0);
    check_transposed((int64_t[]){1, 6, 4, 3}, 4, 3, 3, 0, 2, 1, 0);
    check_transposed((int64_t[]){1, 8, 4, 3}, 8, 2, 2, 1, 1, 3, 0);
    check_transposed((int64_t[]){1, 8, 3, 3}, 8, 1, 3, 0, 1, 1, 2); /* holes between */
    check_transposed((int64_t[]){1, 8, 5, 5}, 8, 3, 2, 3, 1, 1, 0); /* cropped */
}

/* ---- normalisation ---- */

static void batch_normalisation(void **state)
{
    begin_test(state);
    for (int rank = 2; rank <= 4; rank += 2) {
        maker made = begin(13, rank, (int64_t[]){2, 11, 4, 5});
        const float variances[11] = {1, 2, 3, 0.5F, 0.1F, 1, 1, 1, 7, 8, 9};
        give_noise(&made, "scale", 1, (int64_t[]){11});
        give_noise(&made, "shift", 1, (int64_t[]){11});
        give_noise(&made, "mean", 1, (int64_t[]){11});
        onnx_floats(&made.builder, "variance", 1, (int64_t[]){11}, variances);
        onnx_node(&made.builder, "BatchNormalization", "x scale shift mean variance", "y");
        check(&made, "BatchNormalization");
    }
}

static void measured_normalisation(void **state)
{
    begin_test(state);
    maker made = begin(13, DIMS(2, 11, 19, 23));
    give_noise(&made, "scale", 1, (int64_t[]){11});
    give_noise(&made, "shift", 1, (int64_t[]){11});
    onnx_node(&made.builder, "InstanceNormalization", "x scale shift", "y");
    check(&made, "InstanceNormalization");
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        made = begin(17, DIMS(2, 5, 77));
        give_noise(&made, "scale", 1, (int64_t[]){77});
        give_noise(&made, "shift", 1, (int64_t[]){77});
        onnx_node(&made.builder, "LayerNormalization", with_bias ? "x scale shift" : "x scale",
                  "y");
        check(&made, "LayerNormalization");
    }
}

static void reductions(void **state)
{
    static const char *const operators[] = {"ReduceMean", "ReduceMax", "ReduceMin"};

    begin_test(state);
    for (int i = 0; i < 3; i++) {
        for (int keep = 0; keep < 2; keep++) {
            maker made = begin(13, DIMS(2, 5, 3, 4));
            onnx_node(&made.builder, operators[i], "x", "y");
            onnx_ints(&made.builder, "axes", 2, (int64_t[]){2, 3});
            onnx_int(&made.builder, "keepdims", keep);
            check(&made, operators[i]);
            made = begin(13, DIMS(3, 4, 35));
            onnx_node(&made.builder, operators[i], "x", "y");
            onnx_ints(&made.builder, "axes", 1, (int64_t[]){i - 1});
            onnx_int(&made.builder, "keepdims", keep);
            check(&made, operators[i]);
        }
    }
    maker made = begin(13, DIMS(2, 5, 3, 4));
    onnx_int64s(&made.builder, "axes", 1, (int64_t[]){1});
    onnx_node(&made.builder, "ReduceSum", "x axes", "y");
    check(&made, "ReduceSum");
    made = begin(13, DIMS(2, 5, 3));
    onnx_node(&made.builder, "ReduceMean", "x", "y");
    onnx_int(&made.builder, "keepdims", 0);
    check(&made, "ReduceMean of everything");
}

/* ---- arithmetic ---- */

static void functions(void **state)
{
    static const char *const names[] = {"Erf", "Softplus", "Round"};

    begin_test(state);
    for (int i = 0; i < 3; i++) {
        maker made = begin(13, DIMS(2, 3, 5));
        onnx_node(&made.builder, names[i], "x", "y");
        check(&made, names[i]);
    }
    for (int i = 0; i < 2; i++) {
        maker made = begin(20, DIMS(2, 3, 4, 5));
        onnx_node(&made.builder, "Gelu", "x", "y");
        onnx_string(&made.builder, "approximate", i == 0 ? "none" : "tanh");
        check(&made, "Gelu");
    }
    maker made = begin(13, DIMS(2, 3, 4, 5));
    give_noise(&made, "slope", DIMS(3, 1, 1));
    onnx_node(&made.builder, "PRelu", "x slope", "y");
    check(&made, "PRelu");
}

/* Operands of all kinds of shapes against one of three and of four dimensions. */
static void broadcasts(void **state)
{
    static const struct {
        int rank;
        int64_t dims[4];
    } operands[] = {{1, {5}}, {1, {1}}, {2, {3, 1}}, {2, {3, 5}}, {3, {2, 1, 5}}, {3, {2, 3, 5}}};

    begin_test(state);
    for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++) {
        maker made = begin(13, DIMS(2, 3, 5));
        give_noise(&made, "c", operands[i].rank, operands[i].dims);
        onnx_node(&made.builder, "Mul", "x c", "y");
        check(&made, "a constant");
        made = begin(13, DIMS(4, 2, 3, 5));
        give_noise(&made, "c", operands[i].rank, operands[i].dims);
        onnx_node(&made.builder, "Sub", "c x", "y");
        check(&made, "a constant before");
        made = begin(13, operands[i].rank, operands[i].dims);
        give_noise(&made, "c", DIMS(2, 3, 5));
        onnx_node(&made.builder, "Sub", "c x", "y");
        check(&made, "a tensor that is repeated");
    }
    maker made = begin(13, DIMS(3, 1, 5)); /* neither side has the output's shape */
    onnx_node(&made.builder, "Transpose", "x", "t");
    onnx_ints(&made.builder, "perm", 3, (int64_t[]){1, 0, 2});
    onnx_node(&made.builder, "Mul", "x t", "y");
    check(&made, "two that repeat each other");
}

static void matrices(void **state)
{
    begin_test(state);
    maker made = begin(13, DIMS(2, 7, 12)); /* a dense layer */
    give_noise(&made, "w", DIMS(12, 9));
    give_noise(&made, "b", DIMS(9));
    onnx_node(&made.builder, "MatMul", "x w", "m");
    onnx_node(&made.builder, "Add", "m b", "a");
    onnx_node(&made.builder, "Relu", "a", "y");
    check(&made, "MatMul by a constant");
    made = begin(13, DIMS(2, 3, 7, 5)); /* four dimensions, a matrix for all */
    give_noise(&made, "w", DIMS(5, 4));
    onnx_node(&made.builder, "MatMul", "x w", "y");
    check(&made, "MatMul of four dimensions");
    made = begin(13, DIMS(3, 7, 5)); /* batches that repeat */
    give_noise(&made, "w", DIMS(2, 1, 5, 4));
    onnx_node(&made.builder, "MatMul", "x w", "y");
    check(&made, "MatMul of different ranks");
}

/* One head-split attention, as vision transformers have it. */
static void attention(void **state)
{
    begin_test(state);
    maker made = begin(17, DIMS(1, 6, 8)); /* 6 tokens of 8 channels, 2 heads of 4 */
    give_noise(&made, "scale", DIMS(8));
    give_noise(&made, "shift", DIMS(8));
    give_noise(&made, "w", DIMS(8, 24));
    give_noise(&made, "out", DIMS(8, 8));
    onnx_int64s(&made.builder, "heads", 5, (int64_t[]){1, 6, 3, 2, 4});
    onnx_int64s(&made.builder, "flat", 3, (int64_t[]){1, 6, 8});
    onnx_node(&made.builder, "LayerNormalization", "x scale shift", "n");
    onnx_node(&made.builder, "MatMul", "n w", "qkv");
    onnx_node(&made.builder, "Reshape", "qkv heads", "split");
    onnx_node(&made.builder, "Transpose", "split", "turned");
    onnx_ints(&made.builder, "perm", 5, (int64_t[]){2, 0, 3, 1, 4});
    for (int i = 0; i < 3; i++) {
        const char *const names[] = {"i0", "i1", "i2"};
        const char *const parts[] = {"q", "k", "v"};
        char inputs[32];
        onnx_constant(&made.builder, names[i], CC_INT64, 0, NULL, &(int64_t){i});
        snprintf(inputs, sizeof inputs, "turned %s", names[i]);
        onnx_node(&made.builder, "Gather", inputs, parts[i]);
        onnx_int(&made.builder, "axis", 0);
    }
    onnx_node(&made.builder, "Transpose", "k", "kt");
    onnx_ints(&made.builder, "perm", 4, (int64_t[]){0, 1, 3, 2});
    onnx_node(&made.builder, "MatMul", "q kt", "scores");
    onnx_node(&made.builder, "Softmax", "scores", "weights");
    onnx_int(&made.builder, "axis", -1);
    onnx_node(&made.builder, "MatMul", "weights v", "mixed");
    onnx_node(&made.builder, "Transpose", "mixed", "back");
    onnx_ints(&made.builder, "perm", 4, (int64_t[]){0, 2, 1, 3});
    onnx_node(&made.builder, "Reshape", "back flat", "joined");
    onnx_node(&made.builder, "MatMul", "joined out", "projected");
    onnx_node(&made.builder, "Add", "projected x", "y");
    check(&made, "attention");
}

static void softmaxes(void **state)
{
    begin_test(state);
    for (int axis = 0; axis < 4; axis++) {
        maker made = begin(13, DIMS(2, 5, 3, 4));
        onnx_node(&made.builder, "Softmax", "x", "y");
        onnx_int(&made.builder, "axis", axis);
        check(&made, "Softmax");
    }
    maker made = begin(13, DIMS(2, 5, 33));
    onnx_node(&made.builder, "Softmax", "x", "y");
    check(&made, "Softmax of three dimensions");
}

/* ---- what stays refused ---- */

static void refusals(void **state)
{
    cc_network_options options = {.engine = &cc_engine_cuda, .precision = CC_PRECISION_FP16};
    cc_network *network = NULL;
    cc_error error = {0};
    maker made;

    begin_test(state);
    made = begin(13, DIMS(1, 4, 6)); /* one-dimensional convolution */
    give_noise(&made, "w", DIMS(4, 4, 3));
    onnx_node(&made.builder, "Conv", "x w", "y");
    onnx_output(&made.builder, "y");
    onnx_bytes file = onnx_finish(&made.builder);
    assert_int_equal(
        cc_network_load_memory(file.data, file.size, false, &options, &network, &error), CC_DEVICE);
    print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, "1x4x6"));
    assert_nothing_held();
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transposes),
        cmocka_unit_test(reshapes),
        cmocka_unit_test(slices),
        cmocka_unit_test(splits),
        cmocka_unit_test(joins),
        cmocka_unit_test(repetitions),
        cmocka_unit_test(blocks_of_pixels),
        cmocka_unit_test(pads),
        cmocka_unit_test(transposed_convolutions),
        cmocka_unit_test(batch_normalisation),
        cmocka_unit_test(measured_normalisation),
        cmocka_unit_test(reductions),
        cmocka_unit_test(functions),
        cmocka_unit_test(broadcasts),
        cmocka_unit_test(matrices),
        cmocka_unit_test(attention),
        cmocka_unit_test(softmaxes),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
