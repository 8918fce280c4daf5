/* Shape rules, references and refusals by hand, for a machine without Python: a
 * few of each kind, with results worked out on paper. */
#include "ops_case.h"

#include "nn/ops/activation.h"
#include "nn/ops/conv.h"
#include "nn/ops/resize.h"

/* A node with its inputs and outputs, built by the helpers below. */
typedef struct bench {
    cc_node node;
    cc_attribute attributes[8];
    cc_tensor inputs[8];
    const cc_tensor *input_pointers[8];
    cc_tensor output;
    cc_tensor *output_pointers[1];
    float result[64];
    cc_op_call call;
    cc_error error;
} bench;

static void begin(bench *b, const char *op_type, int opset)
{
    memset(b, 0, sizeof *b);
    b->node.op_type = op_type;
    b->node.name = "bench";
    b->node.attributes = b->attributes;
    b->output_pointers[0] = &b->output;
    b->call = (cc_op_call){&b->node, opset, b->input_pointers, 0, b->output_pointers, 1};
}

static void add_input(bench *b, cc_dtype dtype, cc_shape shape, const void *data)
{
    int index = b->call.input_count++;
    b->inputs[index] = (cc_tensor){dtype, shape, (void *)data};
    b->input_pointers[index] = &b->inputs[index];
}

static cc_attribute *add_attribute(bench *b, const char *name, cc_attribute_kind kind)
{
    cc_attribute *attribute = &b->attributes[b->node.attribute_count++];
    attribute->name = name;
    attribute->kind = kind;
    return attribute;
}

static void add_int(bench *b, const char *name, int64_t value)
{
    add_attribute(b, name, CC_ATTRIBUTE_INT)->i = value;
}

static void add_ints(bench *b, const char *name, const int64_t *values, size_t count)
{
    cc_attribute *attribute = add_attribute(b, name, CC_ATTRIBUTE_INTS);
    attribute->ints = values;
    attribute->count = count;
}

static void infer_ok(bench *b)
{
    if (cc_operator_infer(&b->call, &b->error) != CC_OK)
        fail_msg("%s", b->error.message);
}

static void run_ok(bench *b)
{
    infer_ok(b);
    size_t bytes = (size_t)cc_shape_elements(&b->output.shape) * cc_dtype_size(b->output.dtype);
    assert_true(bytes <= sizeof b->result);
    b->output.data = b->result;
    if (cc_operator_find(b->node.op_type)->run(&b->call, &b->error) != CC_OK)
        fail_msg("%s", b->error.message);
}

static void refuse(bench *b, cc_status status, const char *message)
{
    assert_int_equal(cc_operator_infer(&b->call, &b->error), status);
    assert_non_null(strstr(b->error.message, b->node.op_type));
    assert_non_null(strstr(b->error.message, "'bench'"));
    if (!strstr(b->error.message, message))
        fail_msg("\"%s\" does not say \"%s\"", b->error.message, message);
}

static void assert_shape(const bench *b, cc_shape shape)
{
    assert_true(cc_shape_equal(&b->output.shape, &shape));
}

static void assert_floats(const bench *b, const float *expected, size_t count)
{
    assert_int_equal(cc_shape_elements(&b->output.shape), count);
    for (size_t i = 0; i < count; i++)
        assert_float_equal(b->result[i], expected[i], 1e-6F);
}

static void test_list_is_sorted_and_found(void **state)
{
    size_t count;
    const cc_operator *const *list = cc_operator_list(&count);
    (void)state;
    assert_true(count >= 80);
    assert_null(list[count]);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(cc_operator_find(list[i]->op_type), list[i]);
        assert_true(i == 0 || strcmp(list[i - 1]->op_type, list[i]->op_type) < 0);
        assert_non_null(list[i]->infer);
        assert_non_null(list[i]->run);
    }
    assert_null(cc_operator_find("NoSuchOperator"));
    assert_null(cc_operator_find(""));
}

static void test_convolution(void **state)
{
    static const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const float k[] = {1, 0, 0, 1};
    static const float bias[] = {0.5F};
    static const float expected[] = {6.5F, 8.5F, 12.5F, 14.5F};
    bench b;
    (void)state;
    begin(&b, "Conv", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){4, {1, 1, 3, 3}}, x);
    add_input(&b, CC_FLOAT32, (cc_shape){4, {1, 1, 2, 2}}, k);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {1}}, bias);
    run_ok(&b);
    assert_shape(&b, (cc_shape){4, {1, 1, 2, 2}});
    assert_floats(&b, expected, 4);
}

/* Without a bias the residual sits where a bias would. */
static void test_residual_is_not_a_bias(void **state)
{
    static const float x[] = {1, -2};
    static const float k[] = {3};
    static const float residual[] = {10, 1};
    static const float before[] = {13, 0};
    static const float after[] = {13, 1};
    for (int way = CC_RESIDUAL_BEFORE; way <= CC_RESIDUAL_AFTER; way++) {
        bench b;
        begin(&b, "Conv", 13);
        add_input(&b, CC_FLOAT32, (cc_shape){3, {1, 1, 2}}, x);
        add_input(&b, CC_FLOAT32, (cc_shape){3, {1, 1, 1}}, k);
        add_input(&b, CC_FLOAT32, (cc_shape){3, {1, 1, 2}}, residual);
        b.node.fusion = (cc_fusion){CC_ACTIVATION_RELU, 0, 0, (cc_residual)way};
        assert_null(cc_op_input(&b.call, 2));
        assert_ptr_equal(cc_op_residual(&b.call), &b.inputs[2]);
        run_ok(&b);
        assert_floats(&b, way == CC_RESIDUAL_BEFORE ? before : after, 2);
    }
    (void)state;
}

static void test_fusion_is_checked(void **state)
{
    static const float x[] = {1, -2};
    bench b;
    (void)state;
    begin(&b, "Add", 13);
    for (int i = 0; i < 3; i++)
        add_input(&b, CC_FLOAT32, (cc_shape){1, {i == 2 ? 1 : 2}}, x);
    b.node.fusion.residual = CC_RESIDUAL_AFTER;
    refuse(&b, CC_INTERNAL, "residual does not have the shape");
    begin(&b, "Exp", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {2}}, x);
    b.node.fusion.activation = CC_ACTIVATION_RELU;
    refuse(&b, CC_INTERNAL, "cannot carry");
}

static void test_activations(void **state)
{
    static const struct {
        cc_fusion fusion;
        float x;
        float y;
    } rows[] = {
        {{CC_ACTIVATION_NONE, 0, 0, 0}, -3, -3},
        {{CC_ACTIVATION_RELU, 0, 0, 0}, -3, 0},
        {{CC_ACTIVATION_LEAKY_RELU, 0.5F, 0, 0}, -3, -1.5F},
        {{CC_ACTIVATION_CLIP, -1, 6, 0}, 9, 6},
        {{CC_ACTIVATION_SIGMOID, 0, 0, 0}, 0, 0.5F},
        {{CC_ACTIVATION_SIGMOID, 0, 0, 0}, -200, 0},
        {{CC_ACTIVATION_SIGMOID, 0, 0, 0}, 200, 1},
        {{CC_ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F, 0}, 1, 0.7F},
        {{CC_ACTIVATION_HARD_SWISH, 0, 0, 0}, 3, 3},
        {{CC_ACTIVATION_HARD_SWISH, 0, 0, 0}, -3, 0},
        {{CC_ACTIVATION_TANH, 0, 0, 0}, 100, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_float_equal(cc_activate(&rows[i].fusion, rows[i].x), rows[i].y, 1e-6F);
}

static void test_ceil_mode(void **state)
{
    static const float x[] = {1, 5, 2, 4, 3};
    static const int64_t kernel[] = {2};
    static const int64_t stride[] = {2};
    static const float expected[] = {5, 4, 3};
    bench b;
    (void)state;
    begin(&b, "MaxPool", 12);
    add_input(&b, CC_FLOAT32, (cc_shape){3, {1, 1, 5}}, x);
    add_ints(&b, "kernel_shape", kernel, 1);
    add_ints(&b, "strides", stride, 1);
    add_int(&b, "ceil_mode", 1);
    run_ok(&b);
    assert_floats(&b, expected, 3);
    b.attributes[2].i = 0;
    infer_ok(&b);
    assert_shape(&b, (cc_shape){3, {1, 1, 2}});
}

/* The geometry that fast kernels read. */
static void test_resize_taps(void **state)
{
    cc_resize resize = {.mode = CC_RESIZE_LINEAR,
                        .transform = CC_RESIZE_HALF_PIXEL,
                        .input = {1, {2}},
                        .output = {1, {4}},
                        .scale = {2.0F}};
    (void)state;
    cc_resize_taps taps = cc_resize_taps_at(&resize, 0, 1);
    assert_int_equal(taps.count, 2);
    assert_int_equal(taps.index[0], 0);
    assert_int_equal(taps.index[1], 1);
    assert_float_equal(taps.weight[0], 0.75F, 1e-6F);
    assert_float_equal(taps.weight[1], 0.25F, 1e-6F);
    taps = cc_resize_taps_at(&resize, 0, 0);
    assert_int_equal(taps.count, 2);
    assert_float_equal(taps.weight[0], 1.0F, 1e-6F);
    taps = cc_resize_taps_at(&resize, 0, 3);
    assert_int_equal(taps.count, 1);
    assert_int_equal(taps.index[0], 1);
}

static void test_shape_needs_no_data(void **state)
{
    bench b;
    (void)state;
    begin(&b, "Shape", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){4, {1, 3, 320, 240}}, NULL);
    run_ok(&b);
    assert_int_equal(b.output.dtype, CC_INT64);
    const int64_t *dims = (const int64_t *)(const void *)b.result;
    assert_int_equal(dims[2], 320);
    assert_int_equal(dims[3], 240);
}

static void test_refusals(void **state)
{
    static const float x[64] = {0};
    static const int64_t zero[] = {0, 1};
    bench b;
    (void)state;
    begin(&b, "Conv", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){4, {1, 1, 3, 3}}, x);
    refuse(&b, CC_MODEL, "has 1 inputs; ONNX defines 2 to 3");
    add_input(&b, CC_FLOAT32, (cc_shape){4, {1, 1, 2, 2}}, x);
    add_ints(&b, "strides", zero, 2);
    refuse(&b, CC_MODEL, "strides holds 0; it must be at least 1");
    b.inputs[0].dtype = CC_FLOAT16;
    refuse(&b, CC_UNSUPPORTED, "float16");
    b.input_pointers[0] = NULL;
    refuse(&b, CC_MODEL, "required input 0 is missing");

    begin(&b, "Reshape", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {4}}, x);
    add_input(&b, CC_INT64, (cc_shape){1, {2}}, NULL);
    refuse(&b, CC_UNSUPPORTED, "must be a constant");

    begin(&b, "Relu", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){2, {-1, 4}}, x);
    refuse(&b, CC_MODEL, "impossible shape");
    b.inputs[0].shape = (cc_shape){2, {1 << 20, 1 << 20}};
    refuse(&b, CC_MODEL, "impossible shape");
    b.inputs[0] = (cc_tensor){CC_FLOAT32, {1, {4}}, NULL};
    b.output_pointers[0] = NULL;
    refuse(&b, CC_MODEL, "output 0 is left out");

    begin(&b, "Mul", 6);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {4}}, x);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {4}}, x);
    refuse(&b, CC_UNSUPPORTED, "opset 6 is older than 7");

    begin(&b, "LSTM", 13);
    refuse(&b, CC_UNSUPPORTED, "does not have this operator");
}

static void test_values_are_checked_in_the_run(void **state)
{
    static const float x[] = {1, 2, 3};
    static const int64_t indices[] = {0, 3};
    bench b;
    (void)state;
    begin(&b, "Gather", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {3}}, x);
    add_input(&b, CC_INT64, (cc_shape){1, {2}}, indices);
    infer_ok(&b);
    b.output.data = b.result;
    assert_int_equal(cc_operator_find("Gather")->run(&b.call, &b.error), CC_MODEL);
    assert_non_null(strstr(b.error.message, "index 3 is outside an axis of 3"));
}

/* Pure copies and element-wise operators may work where their input lies. */
static void test_in_place(void **state)
{
    float values[] = {-1, 2, -3, 4};
    static const float expected[] = {0, 2, 0, 4};
    bench b;
    (void)state;
    begin(&b, "Relu", 13);
    add_input(&b, CC_FLOAT32, (cc_shape){1, {4}}, values);
    infer_ok(&b);
    b.output.data = values;
    assert_int_equal(cc_operator_find("Relu")->run(&b.call, NULL), CC_OK);
    assert_memory_equal(values, expected, sizeof values);
    begin(&b, "Add", 13);
    for (int i = 0; i < 2; i++)
        add_input(&b, CC_FLOAT32, (cc_shape){1, {4}}, values);
    infer_ok(&b);
    b.output.data = values;
    assert_int_equal(cc_operator_find("Add")->run(&b.call, NULL), CC_OK);
    assert_float_equal(values[3], 8.0F, 0.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_is_sorted_and_found),
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_residual_is_not_a_bias),
        cmocka_unit_test(test_fusion_is_checked),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_ceil_mode),
        cmocka_unit_test(test_resize_taps),
        cmocka_unit_test(test_shape_needs_no_data),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_values_are_checked_in_the_run),
        cmocka_unit_test(test_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
