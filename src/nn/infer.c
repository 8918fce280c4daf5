/* Shapes and types of all values, with constants folded on the way.
 *
 * Exports compute the sizes of Resize and Reshape from Shape nodes. With every
 * input shape fixed these are constants, but only once the shapes before them are
 * known, and the shapes after them need their values: so both are done together.
 */
#include "nn/ops/operator.h"
#include "nn/passes/pass.h"

/* Limits of folding: a result larger than this and than FOLD_GROWTH times its
 * inputs is left for the run, where the memory plan sees it, and so is everything
 * once this much work is done (bytes touched and products taken; some seconds), so
 * that no file can make loading it long. */
#define FOLD_BYTES 1e6
#define FOLD_GROWTH 8
#define FOLD_WORK 4e9

typedef struct call_frame {
    cc_op_call call;
    const cc_tensor *inputs[CC_MAX_INPUTS];
    cc_tensor *outputs[CC_MAX_INPUTS];
} call_frame;

static void fill_frame(cc_graph *graph, const cc_node *node, call_frame *frame)
{
    for (int i = 0; i < node->input_count; i++) {
        int value = node->inputs[i];
        frame->inputs[i] = value >= 0 ? &graph->values[value].tensor : NULL;
    }
    for (int i = 0; i < node->output_count; i++) {
        int value = node->outputs[i];
        frame->outputs[i] = value >= 0 ? &graph->values[value].tensor : NULL;
    }
    frame->call = (cc_op_call){.node = node,
                               .opset = graph->opset,
                               .inputs = frame->inputs,
                               .input_count = node->input_count,
                               .outputs = frame->outputs,
                               .output_count = node->output_count};
}

static cc_status check_result(const cc_node *node, cc_value *value, cc_error *error)
{
    char text[128];
    const cc_tensor *tensor = &value->tensor;

    if (tensor->shape.rank < 0 || tensor->shape.rank > CC_MAX_RANK ||
        cc_shape_elements(&tensor->shape) < 0) {
        return cc_fail(error, CC_MODEL, "node '%s' (%s): the result of shape %s is not possible",
                       node->name, node->op_type, cc_shape_text(&tensor->shape, text, sizeof text));
    }
    if (cc_dtype_size(tensor->dtype) == 0 || tensor->dtype == CC_FLOAT16) {
        return cc_fail(error, CC_UNSUPPORTED, "node '%s' (%s): results in %s are not supported",
                       node->name, node->op_type, cc_dtype_name(tensor->dtype));
    }
    value->shape_known = true;
    return CC_OK;
}

static cc_status infer_node(cc_graph *graph, const cc_node *node, const call_frame *frame,
                            cc_error *error)
{
    cc_status status = cc_operator_infer(&frame->call, error);

    for (int i = 0; i < node->output_count && status == CC_OK; i++) {
        if (node->outputs[i] >= 0) {
            status = check_result(node, &graph->values[node->outputs[i]], error);
        }
    }
    return status;
}

/* ---- folding ---- */

static double bytes_of(const cc_graph *graph, const int *values, int count)
{
    double bytes = 0;

    for (int i = 0; i < count; i++) {
        if (values[i] >= 0) {
            const cc_tensor *tensor = &graph->values[values[i]].tensor;
            bytes +=
                (double)cc_shape_elements(&tensor->shape) * (double)cc_dtype_size(tensor->dtype);
        }
    }
    return bytes;
}

/* Looks at the shape of its input only, which is always known. */
static bool reads_no_data(const cc_node *node)
{
    return cc_node_is(node, "Shape") || cc_node_is(node, "Size");
}

static bool inputs_are_known(const cc_graph *graph, const cc_node *node)
{
    for (int i = 0; i < node->input_count && !reads_no_data(node); i++) {
        if (node->inputs[i] >= 0 && !graph->values[node->inputs[i]].is_constant) {
            return false;
        }
    }
    return true;
}

/* Takes the work off the budget if it says yes. */
static bool is_worth_folding(const cc_graph *graph, const cc_node *node, double *budget)
{
    double before = reads_no_data(node) ? 0 : bytes_of(graph, node->inputs, node->input_count);
    double after = bytes_of(graph, node->outputs, node->output_count);
    double work = before + after + cc_node_multiply_adds(graph, node);

    if ((after > FOLD_BYTES && after > FOLD_GROWTH * before) || work > *budget) {
        return false;
    }
    *budget -= work;
    return true;
}

static cc_status fold(cc_graph *graph, cc_node *node, call_frame *frame, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        if (node->inputs[i] >= 0) {
            status = cc_graph_align_constant(graph, node->inputs[i], error);
        }
    }
    for (int i = 0; i < node->output_count && status == CC_OK; i++) {
        int value = node->outputs[i];
        if (value >= 0) {
            cc_tensor tensor = graph->values[value].tensor;
            status = cc_graph_allocate_constant(graph, value, tensor.dtype, &tensor.shape, error);
        }
    }
    if (status == CC_OK) {
        status = node->operator_->run(&frame->call, error);
    }
    if (status != CC_OK) {
        cc_error_context(error, "node '%s' (%s)", node->name, node->op_type);
    }
    node->removed = true;
    return status;
}

/* Networks in double precision are refused; constants may be, until a Cast. */
static cc_status refuse_doubles(const cc_graph *graph, const cc_node *node, cc_error *error)
{
    for (int i = 0; i < node->output_count; i++) {
        int value = node->outputs[i];
        if (value >= 0 && graph->values[value].tensor.dtype == CC_FLOAT64) {
            return cc_fail(error, CC_UNSUPPORTED,
                           "node '%s' (%s) computes in float64; export the model in float32",
                           node->name, node->op_type);
        }
    }
    return CC_OK;
}

cc_status cc_graph_infer(cc_graph *graph, cc_error *error)
{
    call_frame frame;
    double budget = FOLD_WORK;
    cc_status status = CC_OK;

    for (int i = 0; i < graph->node_count && status == CC_OK; i++) {
        cc_node *node = &graph->nodes[i];
        if (node->removed) {
            continue;
        }
        fill_frame(graph, node, &frame);
        status = infer_node(graph, node, &frame, error);
        if (status != CC_OK) {
            break;
        }
        if (inputs_are_known(graph, node) && is_worth_folding(graph, node, &budget)) {
            status = fold(graph, node, &frame, error);
        } else {
            status = refuse_doubles(graph, node, error);
        }
    }
    return status;
}
