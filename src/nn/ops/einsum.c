/* Einsum: sums of products, named by letters ("bhwc,hkc->bhwk"). Any number of letters that
 * fits, also repeated within an operand (the diagonal) and without "->" (then the letters
 * that stand once, in alphabetical order); "..." is refused. Sums in double, over the summed
 * letters in the order in which they first stand. */
#include <inttypes.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

enum { MOST_OPERANDS = 4, MOST_LETTERS = 16, UNSEEN = -1 };

typedef struct equation {
    int letters; /* those of the output first */
    int out;     /* how many of them the output has */
    char names[MOST_LETTERS];
    int64_t sizes[MOST_LETTERS];
    int64_t strides[MOST_OPERANDS][MOST_LETTERS]; /* elements */
} equation;

/* The next character that is no space, or 0. */
static char peek(const char **text)
{
    while (**text == ' ')
        (*text)++;
    return **text;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int find_letter(const equation *sum, char name)
{
    for (int i = 0; i < sum->letters; i++) {
        if (sum->names[i] == name)
            return i;
    }
    return -1;
}

static bool add_letter(equation *sum, char name)
{
    if (find_letter(sum, name) >= 0)
        return true;
    if (sum->letters == MOST_LETTERS)
        return false;
    sum->names[sum->letters++] = name;
    return true;
}

static int count_letter(const char *text, char name)
{
    int count = 0;
    for (; *text != '\0' && *text != '-'; text++)
        count += *text == name;
    return count;
}

/* The output's letters, as written or as implied. */
static bool read_output(const char *text, equation *sum)
{
    const char *arrow = strstr(text, "->");
    if (!arrow) {
        for (int c = 'A'; c <= 'z'; c++) {
            if (is_letter((char)c) && count_letter(text, (char)c) == 1 && !add_letter(sum, (char)c))
                return false;
        }
    }
    for (const char *at = arrow ? arrow + 2 : ""; peek(&at) != '\0'; at++) {
        if (!is_letter(*at) || find_letter(sum, *at) >= 0 || !add_letter(sum, *at))
            return false;
    }
    sum->out = sum->letters;
    return sum->out <= CC_MAX_RANK;
}

/* One letter of an operand: its size must agree (1 is repeated) and strides add up. */
static bool take_dimension(equation *sum, int operand, char name, int64_t size, int64_t stride)
{
    if (!add_letter(sum, name))
        return false;
    int at = find_letter(sum, name);
    if (sum->sizes[at] == UNSEEN || sum->sizes[at] == 1)
        sum->sizes[at] = size;
    if (size != 1 && size != sum->sizes[at])
        return false;
    sum->strides[operand][at] += size != 1 ? stride : 0;
    return true;
}

static bool read_operand(const cc_op_call *call, const char **text, int operand, equation *sum)
{
    const cc_shape *shape = &cc_op_input(call, operand)->shape;
    int axis = 0;
    for (; is_letter(peek(text)); (*text)++, axis++) {
        if (axis == shape->rank || !take_dimension(sum, operand, **text, shape->dims[axis],
                                                   cc_shape_product(shape, axis + 1, shape->rank)))
            return false;
    }
    return axis == shape->rank;
}

static bool read_equation(const cc_op_call *call, equation *sum)
{
    const char *text = cc_node_string(call->node, "equation", "");
    int operands = cc_op_input_count(call);
    *sum = (equation){0};
    for (int i = 0; i < MOST_LETTERS; i++)
        sum->sizes[i] = UNSEEN;
    if (operands > MOST_OPERANDS || !read_output(text, sum))
        return false;
    for (int i = 0; i < operands; i++) {
        if (!read_operand(call, &text, i, sum))
            return false;
        if (i + 1 < operands && *text++ != ',')
            return false;
    }
    if (*text != '\0' && strncmp(text, "->", 2) != 0)
        return false;
    for (int i = 0; i < sum->out; i++) {
        if (sum->sizes[i] == UNSEEN) /* a letter of the output that no operand has */
            return false;
    }
    return true;
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    equation sum;
    cc_status status = CC_OK;
    for (int i = 0; i < cc_op_input_count(call) && status == CC_OK; i++)
        status = cc_op_require(call, i, CC_TYPES_FLOAT, error);
    if (status != CC_OK)
        return status;
    if (!read_equation(call, &sum))
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "the equation \"%.80s\" does not fit its inputs, or has a form that is "
                          "not supported (\"...\", more than %d letters)",
                          cc_node_string(call->node, "equation", ""), MOST_LETTERS);
    cc_shape shape = {.rank = sum.out};
    memcpy(shape.dims, sum.sizes, (size_t)sum.out * sizeof shape.dims[0]);
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

/* Where the operands stand. */
typedef struct cursor {
    int64_t index[MOST_LETTERS];
    int64_t offset[MOST_OPERANDS];
} cursor;

/* One step on letters first .. last-1, the last of them fastest; false at the end, when all
 * are back at 0. */
static bool advance(const equation *sum, int operands, int first, int last, cursor *at)
{
    for (int i = last - 1; i >= first; i--) {
        bool wrap = ++at->index[i] == sum->sizes[i];
        for (int k = 0; k < operands; k++)
            at->offset[k] += wrap ? -(sum->sizes[i] - 1) * sum->strides[k][i] : sum->strides[k][i];
        if (!wrap)
            return true;
        at->index[i] = 0;
    }
    return false;
}

static float sum_products(const cc_op_call *call, const equation *sum, int operands, cursor *at)
{
    double total = 0.0;
    do {
        double product = 1.0;
        for (int k = 0; k < operands; k++)
            product *= (double)((const float *)cc_op_input(call, k)->data)[at->offset[k]];
        total += product;
    } while (advance(sum, operands, sum->out, sum->letters, at));
    return (float)total;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    equation sum;
    cursor at = {{0}, {0}};
    int operands = cc_op_input_count(call);
    int64_t count = cc_shape_elements(&call->outputs[0]->shape);
    float *to = call->outputs[0]->data;
    bool empty = false;
    if (!read_equation(call, &sum))
        return cc_op_fail(call, error, CC_INTERNAL, "lost its equation");
    for (int i = sum.out; i < sum.letters; i++)
        empty = empty || sum.sizes[i] == 0;
    for (int64_t i = 0; i < count; i++) {
        to[i] = empty ? 0.0F : sum_products(call, &sum, operands, &at);
        advance(&sum, operands, 0, sum.out, &at);
    }
    return CC_OK;
}

const cc_operator cc_operator_einsum = {"Einsum", 1, MOST_OPERANDS, 12, infer, run, false};
