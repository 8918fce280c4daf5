/* Reads the cases that tests/oracle/ops_cases.py writes (the format is described
 * there) and calls operators by hand, without the ONNX reader or the planner. */
#ifndef CLEARCUT_TESTS_NN_OPS_CASE_H
#define CLEARCUT_TESTS_NN_OPS_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/ops/operator.h"

#define CASE_INPUTS 64
#define CASE_OUTPUTS 8
#define CASE_ATTRIBUTES 16

typedef struct op_case {
    char folder[4200];
    char op_type[64];
    int opset;
    double tolerance;
    char expect[24]; /* ok, refused-load, refused-run */
    char message[256];
    cc_node node;
    cc_attribute attributes[CASE_ATTRIBUTES];
    cc_tensor inputs[CASE_INPUTS];
    bool input_there[CASE_INPUTS];
    bool input_constant[CASE_INPUTS];
    int input_count;
    bool output_wanted[CASE_OUTPUTS];
    cc_tensor expected[CASE_OUTPUTS];
    cc_tensor results[CASE_OUTPUTS]; /* data owned by the case */
    int output_count;
} op_case;

/* Exactly as many bytes as the tensor needs, so that a sanitizer sees one too far. */
static inline void *tensor_memory(const cc_tensor *tensor)
{
    size_t count = (size_t)cc_shape_elements(&tensor->shape);
    void *memory = calloc(count > 0 ? count : 1, cc_dtype_size(tensor->dtype));
    assert_non_null(memory);
    return memory;
}

static inline void read_tensor(FILE *file, cc_tensor *tensor)
{
    int32_t head[2];
    assert_int_equal(fread(head, sizeof head[0], 2, file), 2);
    assert_in_range(head[1], 0, CC_MAX_RANK);
    tensor->dtype = (cc_dtype)head[0];
    tensor->shape = (cc_shape){.rank = head[1]};
    size_t rank = (size_t)head[1];
    assert_int_equal(fread(tensor->shape.dims, sizeof(int64_t), rank, file), rank);
    size_t count = (size_t)cc_shape_elements(&tensor->shape);
    tensor->data = tensor_memory(tensor);
    assert_int_equal(fread(tensor->data, cc_dtype_size(tensor->dtype), count, file), count);
}

/* "name count v v v" of an ints or floats attribute. */
static inline void read_list(FILE *text, cc_attribute *attribute)
{
    assert_int_equal(fscanf(text, "%zu", &attribute->count), 1);
    int64_t *ints = calloc(attribute->count + 1, sizeof *ints);
    float *floats = calloc(attribute->count + 1, sizeof *floats);
    for (size_t i = 0; i < attribute->count; i++) {
        if (attribute->kind == CC_ATTRIBUTE_INTS)
            assert_int_equal(fscanf(text, "%lld", (long long *)&ints[i]), 1);
        else
            assert_int_equal(fscanf(text, "%f", &floats[i]), 1);
    }
    attribute->ints = ints;
    attribute->floats = floats;
}

static inline char *read_word(FILE *text)
{
    char word[256];
    assert_int_equal(fscanf(text, "%255s", word), 1);
    return strdup(word);
}

/* What is left of the line, without the space before it; may be empty. */
static inline char *read_rest(FILE *text)
{
    char line[256] = "";
    assert_int_equal(fgetc(text), ' ');
    assert_non_null(fgets(line, sizeof line, text));
    line[strcspn(line, "\n")] = '\0';
    return strdup(line);
}

static inline void read_attribute(FILE *text, FILE *tensors, op_case *c)
{
    assert_true(c->node.attribute_count < CASE_ATTRIBUTES);
    cc_attribute *attribute = &c->attributes[c->node.attribute_count++];
    char *kind = read_word(text);
    attribute->name = read_word(text);
    if (strcmp(kind, "int") == 0) {
        attribute->kind = CC_ATTRIBUTE_INT;
        assert_int_equal(fscanf(text, "%lld", (long long *)&attribute->i), 1);
    } else if (strcmp(kind, "float") == 0) {
        attribute->kind = CC_ATTRIBUTE_FLOAT;
        assert_int_equal(fscanf(text, "%f", &attribute->f), 1);
    } else if (strcmp(kind, "string") == 0) {
        attribute->kind = CC_ATTRIBUTE_STRING;
        attribute->string = read_rest(text);
    } else if (strcmp(kind, "tensor") == 0) {
        attribute->kind = CC_ATTRIBUTE_TENSOR;
        read_tensor(tensors, &attribute->tensor);
    } else {
        attribute->kind = strcmp(kind, "ints") == 0 ? CC_ATTRIBUTE_INTS : CC_ATTRIBUTE_FLOATS;
        read_list(text, attribute);
    }
    free(kind);
}

static inline void read_input(FILE *text, FILE *tensors, op_case *c)
{
    char kind[16];
    assert_int_equal(fscanf(text, "%15s", kind), 1);
    assert_true(c->input_count < CASE_INPUTS);
    int index = c->input_count++;
    c->input_there[index] = strcmp(kind, "none") != 0;
    c->input_constant[index] = strcmp(kind, "constant") == 0;
    if (c->input_there[index])
        read_tensor(tensors, &c->inputs[index]);
}

static inline void read_fusion(FILE *text, cc_fusion *fusion)
{
    int activation;
    int residual;
    assert_int_equal(
        fscanf(text, "%d %f %f %d", &activation, &fusion->alpha, &fusion->beta, &residual), 4);
    fusion->activation = (cc_activation)activation;
    fusion->residual = (cc_residual)residual;
}

static inline void read_fact(const char *fact, FILE *text, FILE *tensors, op_case *c)
{
    char word[16];
    if (strcmp(fact, "op") == 0) {
        assert_int_equal(fscanf(text, "%63s", c->op_type), 1);
    } else if (strcmp(fact, "opset") == 0) {
        assert_int_equal(fscanf(text, "%d", &c->opset), 1);
    } else if (strcmp(fact, "tolerance") == 0) {
        assert_int_equal(fscanf(text, "%lf", &c->tolerance), 1);
    } else if (strcmp(fact, "fusion") == 0) {
        read_fusion(text, &c->node.fusion);
    } else if (strcmp(fact, "attribute") == 0) {
        read_attribute(text, tensors, c);
    } else if (strcmp(fact, "input") == 0) {
        read_input(text, tensors, c);
    } else if (strcmp(fact, "output") == 0) {
        assert_int_equal(fscanf(text, "%15s", word), 1);
        assert_true(c->output_count < CASE_OUTPUTS);
        c->output_wanted[c->output_count++] = strcmp(word, "wanted") == 0;
    } else {
        assert_string_equal(fact, "expect");
        assert_int_equal(fscanf(text, "%23s", c->expect), 1);
        assert_non_null(fgets(c->message, sizeof c->message, text));
        c->message[strcspn(c->message, "\n")] = '\0';
    }
}

static inline FILE *open_in(const char *folder, const char *name)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "rb");
}

/* False if there is no such case. `c` is large: keep it off the stack. */
static inline bool case_read(const char *folder, int number, op_case *c)
{
    char fact[32];
    memset(c, 0, sizeof *c);
    snprintf(c->folder, sizeof c->folder, "%s/%04d", folder, number);
    FILE *text = open_in(c->folder, "node.txt");
    if (!text)
        return false;
    FILE *tensors = open_in(c->folder, "tensors.bin");
    assert_non_null(tensors);
    while (fscanf(text, "%31s", fact) == 1)
        read_fact(fact, text, tensors, c);
    for (int i = 0; i < c->output_count && strcmp(c->expect, "ok") == 0; i++) {
        if (c->output_wanted[i])
            read_tensor(tensors, &c->expected[i]);
    }
    c->node.op_type = c->op_type;
    c->node.name = "case";
    c->node.attributes = c->attributes;
    fclose(text);
    fclose(tensors);
    return true;
}

static inline void case_free(op_case *c)
{
    for (int i = 0; i < c->node.attribute_count; i++) {
        free((void *)c->attributes[i].name);
        free((void *)c->attributes[i].string);
        free(c->attributes[i].tensor.data);
        free((void *)c->attributes[i].ints);
        free((void *)c->attributes[i].floats);
    }
    for (int i = 0; i < c->input_count; i++)
        free(c->inputs[i].data);
    for (int i = 0; i < c->output_count; i++) {
        free(c->expected[i].data);
        free(c->results[i].data);
    }
}

/* The call of a case: while `loading`, runtime inputs have no value. */
typedef struct op_frame {
    cc_op_call call;
    cc_tensor inputs[CASE_INPUTS];
    const cc_tensor *input_pointers[CASE_INPUTS];
    cc_tensor *output_pointers[CASE_OUTPUTS];
} op_frame;

static inline const cc_op_call *case_call(op_case *c, op_frame *frame, bool loading)
{
    for (int i = 0; i < c->input_count; i++) {
        frame->inputs[i] = c->inputs[i];
        if (loading && !c->input_constant[i])
            frame->inputs[i].data = NULL;
        frame->input_pointers[i] = c->input_there[i] ? &frame->inputs[i] : NULL;
    }
    for (int i = 0; i < c->output_count; i++)
        frame->output_pointers[i] = c->output_wanted[i] ? &c->results[i] : NULL;
    frame->call = (cc_op_call){
        &c->node,       c->opset, frame->input_pointers, c->input_count, frame->output_pointers,
        c->output_count};
    return &frame->call;
}

/* Shape rule, memory for the results, reference. */
static inline cc_status case_run(op_case *c, cc_error *error)
{
    op_frame frame;
    cc_status status = cc_operator_infer(case_call(c, &frame, true), error);
    if (status != CC_OK)
        return status;
    for (int i = 0; i < c->output_count; i++) {
        if (c->output_wanted[i])
            c->results[i].data = tensor_memory(&c->results[i]);
    }
    return cc_operator_find(c->op_type)->run(case_call(c, &frame, false), error);
}

static inline double element(const cc_tensor *tensor, int64_t i)
{
    switch (tensor->dtype) {
    case CC_FLOAT32: return (double)((const float *)tensor->data)[i];
    case CC_FLOAT64: return ((const double *)tensor->data)[i];
    case CC_FLOAT16: return (double)cc_half_to_float(((const uint16_t *)tensor->data)[i]);
    default: return 0.0;
    }
}

/* Largest difference, in units of the largest finite expected magnitude; infinite
 * if a NaN or an infinity does not match. Integers: 0 if equal, else infinite. */
static inline double tensor_difference(const cc_tensor *got, const cc_tensor *expected)
{
    int64_t count = cc_shape_elements(&expected->shape);
    size_t bytes = (size_t)count * cc_dtype_size(expected->dtype);
    double scale = 0.0;
    double worst = 0.0;
    if (memcmp(got->data, expected->data, bytes) == 0)
        return 0.0;
    if (expected->dtype != CC_FLOAT32 && expected->dtype != CC_FLOAT64 &&
        expected->dtype != CC_FLOAT16)
        return INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double b = element(expected, i);
        double a = element(got, i);
        if (isfinite(a) && isfinite(b)) {
            scale = fmax(scale, fabs(b));
            worst = fmax(worst, fabs(a - b));
        } else if (!(a == b) && !(isnan(a) && isnan(b))) {
            return INFINITY;
        }
    }
    return worst == 0.0 ? 0.0 : worst / scale;
}

/* Runs the script once for the program; the folder, or NULL (said why) without a
 * Python that has onnxruntime. A script that fails fails the test. */
static inline const char *write_cases(void)
{
    static char folder[4096];
    char command[9000];
    const char *python = getenv("CLEARCUT_ORACLE_PYTHON");
    const char *temporary = getenv("TMPDIR");
    if (!python || !python[0]) {
        print_message("SKIPPED: needs ONNX Runtime; set CLEARCUT_ORACLE_PYTHON to a Python that "
                      "has it (make test does)\n");
        return NULL;
    }
    snprintf(folder, sizeof folder, "%s/clearcut-ops-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        fail_msg("cannot make a folder like %s", folder);
    snprintf(command, sizeof command, "PYTHONDONTWRITEBYTECODE=1 '%s' '%s/tests/oracle/%s' '%s'",
             python, CLEARCUT_SOURCE_DIR, "ops_cases.py", folder);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
    return folder;
}

static inline void remove_cases(const char *folder)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        print_message("could not remove %s\n", folder);
}

#endif
