/* Damaged nodes: the oracle's cases with random changes to shapes, attributes and
 * values. Whatever the shape rule admits, the reference must survive, and the
 * sanitizers watch; what it refuses must carry a message. Seeded. */
#include "ops_case.h"

#define ROUNDS 12
#define LARGEST_WORK 20000 /* elements of any tensor that is really run */

static uint64_t state_of_random = 20261122;

static uint32_t next_random(void)
{
    state_of_random = state_of_random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state_of_random >> 33);
}

static int64_t strange_number(void)
{
    static const int64_t numbers[] = {0,  1,  2,   3,   4,         5,           -1,        -2,
                                      -5, 7,  8,   255, INT64_MAX, INT64_MIN,   INT32_MAX, 1 << 20,
                                      -9, 16, 100, 31,  1LL << 40, -(1LL << 40)};
    return numbers[next_random() % (sizeof numbers / sizeof numbers[0])];
}

static float strange_float(void)
{
    static const float numbers[] = {0.0F, -1.0F, 0.5F, 1e30F, -1e30F, NAN, INFINITY, 2.5F, 1e-30F};
    return numbers[next_random() % (sizeof numbers / sizeof numbers[0])];
}

static void damage_attribute(op_case *c)
{
    if (c->node.attribute_count == 0)
        return;
    cc_attribute *attribute = &c->attributes[next_random() % (uint32_t)c->node.attribute_count];
    attribute->i = strange_number();
    attribute->f = strange_float();
    if (attribute->kind == CC_ATTRIBUTE_INTS && attribute->count > 0)
        ((int64_t *)attribute->ints)[next_random() % attribute->count] = strange_number();
    if (attribute->kind == CC_ATTRIBUTE_FLOATS && attribute->count > 0)
        ((float *)attribute->floats)[next_random() % attribute->count] = strange_float();
}

/* One dimension, the rank, or one value of one input. */
static void damage_input(op_case *c)
{
    if (c->input_count == 0)
        return;
    int index = (int)(next_random() % (uint32_t)c->input_count);
    cc_tensor *input = &c->inputs[index];
    if (!c->input_there[index])
        return;
    cc_shape shape = input->shape;
    uint32_t choice = next_random() % 4;
    int64_t count = cc_shape_elements(&shape);
    if (choice == 0 && count > 0 && input->dtype == CC_INT64) {
        ((int64_t *)input->data)[next_random() % (uint32_t)count] = strange_number();
        return;
    }
    if (choice == 1 && count > 0 && input->dtype == CC_FLOAT32) {
        ((float *)input->data)[next_random() % (uint32_t)count] = strange_float();
        return;
    }
    if (choice == 2)
        shape.rank = (int)(next_random() % CC_MAX_RANK);
    else if (shape.rank > 0)
        shape.dims[next_random() % (uint32_t)shape.rank] = next_random() % 9;
    if (cc_shape_elements(&shape) < 0 || cc_shape_elements(&shape) > LARGEST_WORK)
        return;
    input->shape = shape;
    free(input->data);
    input->data = tensor_memory(input);
    size_t bytes = (size_t)cc_shape_elements(&shape) * cc_dtype_size(input->dtype);
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)input->data)[i] = (uint8_t)next_random();
}

static void damage_form(op_case *c)
{
    if (next_random() % 3 == 0)
        c->opset = 1 + (int)(next_random() % 20);
    if (next_random() % 3 == 0 && c->input_count > 0)
        c->input_there[next_random() % (uint32_t)c->input_count] = false;
    if (next_random() % 5 == 0 && c->input_count > 0)
        c->input_constant[next_random() % (uint32_t)c->input_count] ^= true;
    if (next_random() % 8 == 0)
        c->node.fusion = (cc_fusion){CC_ACTIVATION_RELU, 0, 0, CC_RESIDUAL_BEFORE};
}

static bool small_enough(const op_case *c)
{
    for (int i = 0; i < c->output_count; i++) {
        if (c->output_wanted[i] && cc_shape_elements(&c->results[i].shape) > LARGEST_WORK)
            return false;
    }
    return true;
}

/* 1 if the damaged node was admitted and run. */
static int survive(op_case *c)
{
    op_frame frame;
    cc_error error = {0};
    cc_status status = cc_operator_infer(case_call(c, &frame, true), &error);
    if (status != CC_OK) {
        assert_true(error.message[0] != '\0');
        return 0;
    }
    for (int i = 0; i < c->output_count; i++) {
        if (c->output_wanted[i])
            assert_true(cc_shape_elements(&c->results[i].shape) >= 0);
    }
    if (!small_enough(c))
        return 0;
    for (int i = 0; i < c->output_count; i++) {
        if (c->output_wanted[i])
            c->results[i].data = tensor_memory(&c->results[i]);
    }
    status = cc_operator_find(c->op_type)->run(case_call(c, &frame, false), &error);
    assert_true(status == CC_OK || error.message[0] != '\0');
    return 1;
}

static void test_damage(void **state)
{
    static op_case c;
    const char *cases = write_cases();
    int admitted = 0;
    int tried = 0;
    (void)state;
    if (!cases)
        skip();
    for (int number = 0; case_read(cases, number, &c); number++) {
        case_free(&c);
        for (int round = 0; round < ROUNDS; round++, tried++) {
            assert_true(case_read(cases, number, &c));
            for (uint32_t i = next_random() % 3; i > 0; i--)
                damage_attribute(&c);
            for (uint32_t i = next_random() % 3; i > 0; i--)
                damage_input(&c);
            if (round % 2)
                damage_form(&c);
            admitted += survive(&c);
            case_free(&c);
        }
    }
    remove_cases(cases);
    print_message("%d damaged nodes, %d admitted and run\n", tried, admitted);
    assert_true(admitted > 1000 && admitted < tried - 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
