/* The same cases as test_ops_oracle, but as ONNX files through the reader, the
 * passes, the plan and the run: first by the references, then by the kernels of
 * this processor, both against ONNX Runtime. */
#include "ops_case.h"

#include "nn/network.h"

/* Kernels may add in another order (Winograd: in another basis). */
#define KERNEL_TOLERANCE 1e-4

static const char *cases;

static int start(void **state)
{
    (void)state;
    cases = write_cases();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (cases)
        remove_cases(cases);
    return 0;
}

/* Values of the inputs that are not constants, in order. */
static int collect_inputs(const op_case *c, const void **inputs)
{
    int count = 0;
    for (int i = 0; i < c->input_count; i++) {
        if (c->input_there[i] && !c->input_constant[i])
            inputs[count++] = c->inputs[i].data;
    }
    return count;
}

static bool same_shape(const cc_tensor *a, const cc_tensor *b)
{
    return a->dtype == b->dtype && cc_shape_equal(&a->shape, &b->shape);
}

static bool compare_outputs(const op_case *c, const cc_network *network, void *const *outputs,
                            double tolerance)
{
    int at = 0;
    for (int i = 0; i < c->output_count; i++) {
        if (!c->output_wanted[i])
            continue;
        cc_tensor got = *cc_network_output(network, at);
        got.data = outputs[at++];
        if (!same_shape(&got, &c->expected[i]) ||
            !(tensor_difference(&got, &c->expected[i]) <= tolerance))
            return false;
    }
    return at == cc_network_output_count(network);
}

static bool run_network(const op_case *c, cc_network *network, double tolerance, cc_error *error)
{
    const void *inputs[CASE_INPUTS];
    void *outputs[CASE_OUTPUTS] = {NULL};
    bool equal = false;
    if (collect_inputs(c, inputs) == cc_network_input_count(network)) {
        for (int i = 0; i < cc_network_output_count(network); i++)
            outputs[i] = tensor_memory(cc_network_output(network, i));
        equal = cc_network_run(network, inputs, outputs, NULL, error) == CC_OK &&
                compare_outputs(c, network, outputs, tolerance);
    }
    for (int i = 0; i < CASE_OUTPUTS; i++)
        free(outputs[i]);
    return equal;
}

static bool is_wide_or_half(const cc_tensor *tensor)
{
    return tensor->dtype == CC_FLOAT16 || tensor->dtype == CC_FLOAT64;
}

/* Whole networks begin with opset 7; float16 is widened when they are loaded and
 * float64 refused, so these cases are for test_ops_oracle alone. */
static bool is_for_networks(const op_case *c)
{
    bool good = strcmp(c->expect, "ok") == 0 && c->opset >= 7;
    for (int i = 0; i < c->input_count; i++)
        good = good && !is_wide_or_half(&c->inputs[i]);
    for (int i = 0; i < c->output_count; i++)
        good = good && !is_wide_or_half(&c->expected[i]);
    return good;
}

static bool check_case(const op_case *c, bool reference_only)
{
    char path[4300];
    cc_error error = {0};
    cc_network *network = NULL;
    cc_network_options options = {.reference_only = reference_only};
    double tolerance = c->tolerance;
    if (!reference_only && tolerance > 0 && tolerance < KERNEL_TOLERANCE)
        tolerance = KERNEL_TOLERANCE;
    snprintf(path, sizeof path, "%s/model.onnx", c->folder);
    bool good = cc_network_load_file(path, &options, &network, &error) == CC_OK &&
                run_network(c, network, tolerance, &error);
    if (!good)
        print_error("%s: %s opset %d: %s\n", c->folder, c->op_type, c->opset,
                    error.message[0] ? error.message : "differs");
    cc_network_free(network);
    return good;
}

static void check_all(bool reference_only)
{
    static op_case c;
    int failures = 0;
    int checked = 0;
    if (!cases)
        skip();
    for (int number = 0; case_read(cases, number, &c); number++) {
        if (is_for_networks(&c)) {
            failures += !check_case(&c, reference_only);
            checked++;
        }
        case_free(&c);
    }
    print_message("%d networks\n", checked);
    assert_true(checked > 1000);
    assert_int_equal(failures, 0);
}

static void test_references(void **state)
{
    (void)state;
    check_all(true);
}

static void test_kernels(void **state)
{
    (void)state;
    check_all(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_kernels),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
