/* Every operator's shape rule and reference against ONNX Runtime, called by hand;
 * and every refusal. */
#include "ops_case.h"

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

/* Text of what is wrong with the results of a case; NULL if nothing. */
static const char *find_fault(const op_case *c, char *text, size_t size)
{
    char shape[2][160];
    for (int i = 0; i < c->output_count; i++) {
        const cc_tensor *got = &c->results[i];
        const cc_tensor *expected = &c->expected[i];
        if (!c->output_wanted[i])
            continue;
        if (got->dtype != expected->dtype || !cc_shape_equal(&got->shape, &expected->shape)) {
            snprintf(text, size, "output %d is %s %s, not %s %s", i, cc_dtype_name(got->dtype),
                     cc_shape_text(&got->shape, shape[0], sizeof shape[0]),
                     cc_dtype_name(expected->dtype),
                     cc_shape_text(&expected->shape, shape[1], sizeof shape[1]));
            return text;
        }
        double difference = tensor_difference(got, expected);
        if (!(difference <= c->tolerance)) {
            snprintf(text, size, "output %d differs by %g, more than %g", i, difference,
                     c->tolerance);
            return text;
        }
    }
    return NULL;
}

static bool check_case(op_case *c)
{
    cc_error error = {0};
    char text[512];
    const char *fault = NULL;
    cc_status status = case_run(c, &error);
    if (strcmp(c->expect, "ok") != 0) {
        if (status == CC_OK || !strstr(error.message, c->message + 1))
            fault = status == CC_OK ? "was accepted" : error.message;
        if (!fault && (c->results[0].data != NULL) != (strcmp(c->expect, "refused-run") == 0))
            fault = "was refused by the wrong part";
    } else {
        fault = status == CC_OK ? find_fault(c, text, sizeof text) : error.message;
    }
    if (fault)
        print_error("%s: %s opset %d: %s (expected %s%s)\n", c->folder, c->op_type, c->opset, fault,
                    c->expect, c->message);
    return fault == NULL;
}

static void count_operator(const op_case *c, int *counts)
{
    const cc_operator *const *list = cc_operator_list(NULL);
    for (int i = 0; list[i]; i++)
        counts[i] += strcmp(c->expect, "ok") == 0 && strcmp(list[i]->op_type, c->op_type) == 0;
}

static void test_every_case(void **state)
{
    static op_case c;
    static int counts[1024];
    int failures = 0;
    int number = 0;
    (void)state;
    if (!cases)
        skip();
    for (; case_read(cases, number, &c); number++) {
        failures += !check_case(&c);
        count_operator(&c, counts);
        case_free(&c);
    }
    print_message("%d cases\n", number);
    assert_true(number > 1000);
    assert_int_equal(failures, 0);
    const cc_operator *const *list = cc_operator_list(NULL);
    for (int i = 0; list[i]; i++) {
        if (counts[i] == 0)
            fail_msg("%s has no case; add one to tests/oracle/", list[i]->op_type);
    }
}

/* A refused allocation is reported, not survived by luck. */
static void test_without_memory(void **state)
{
    static op_case c;
    int refused = 0;
    (void)state;
    if (!cases)
        skip();
    for (int number = 0; case_read(cases, number, &c); number++) {
        if (strcmp(c.expect, "ok") == 0) {
            cc_memory_fail_after(0);
            cc_status status = case_run(&c, NULL);
            cc_memory_fail_after(-1);
            assert_true(status == CC_OK || status == CC_OUT_OF_MEMORY);
            refused += status == CC_OUT_OF_MEMORY;
        }
        case_free(&c);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
