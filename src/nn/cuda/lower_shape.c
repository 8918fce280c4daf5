/* Concatenation by writing into slices, and operators that only change a shape. */
#include <string.h>

#include "nn/cuda/lower.h"

static int count_readers(const cc_graph *graph, int value)
{
    int readers = 0;

    for (int i = 0; i < graph->node_count; i++) {
        const cc_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count && !node->removed; k++) {
            readers += node->inputs[k] == value;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        readers += graph->outputs[i] == value;
    }
    return readers;
}

/* May a part's producer write into the whole at this channel? It needs bytes of its
 * own until now. At a channel that is no multiple of 8 the tensor cores could not read
 * the part, so that nobody else may. */
static bool can_join(const cc_cuda_program *program, int part, int32_t channel, int readers)
{
    const cc_cuda_value *value = &program->values[part];

    return value->parent == CC_CUDA_NOBODY && value->constant == CC_CUDA_NOWHERE &&
           (channel % 8 == 0 || (!value->needs_alignment && readers == 1));
}

static cc_status copy_part(cc_cuda_program *program, const cc_node *node, int part, int whole,
                           int32_t channel, cc_error *error)
{
    int slice = cc_cuda_add_slice(program, whole, channel, program->values[part].channels);
    int step = cc_cuda_add_step(program, CC_CUDA_STEP_UNARY, node);

    if (slice == CC_CUDA_NOBODY || step == CC_CUDA_NOBODY) {
        return cc_cuda_no_room(error);
    }
    program->steps[step].input = part;
    program->steps[step].output = slice;
    return CC_OK;
}

cc_status cc_cuda_lower_concat(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    int rank = program->graph->values[node->outputs[0]].tensor.shape.rank;
    int64_t axis = cc_node_int(node, "axis", 1);
    int32_t channel = 0;
    int whole = CC_CUDA_NOBODY;
    cc_status status;

    if (axis != 1 && axis + rank != 1) {
        return cc_cuda_refuse(node, error, "there is only a GPU kernel for joining channels");
    }
    status = cc_cuda_output(program, node, &whole, error);
    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        int part = CC_CUDA_NOBODY;
        status = cc_cuda_operand(program, node, i, rank, &part, error);
        if (status != CC_OK) {
            break;
        }
        if (can_join(program, part, channel, count_readers(program->graph, node->inputs[i]))) {
            program->values[part].parent = whole;
            program->values[part].channel = channel;
        } else {
            status = copy_part(program, node, part, whole, channel, error);
        }
        channel += program->values[part].channels;
    }
    return status;
}

/* The same bytes under another shape. Channels-last is not ONNX's order, so that only
 * shapes of which each channel is one pixel, or which do not change, can stay. */
cc_status cc_cuda_lower_view(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    int32_t to[4];
    int input = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = cc_cuda_dims(program, node, node->outputs[0], to, error);
    }
    if (status != CC_OK) {
        return status;
    }
    const cc_cuda_value *from = &program->values[input];
    if (from->batch != to[0] || from->channels != to[1] || from->height != to[2] ||
        from->width != to[3]) {
        return cc_cuda_refuse(node, error,
                              "there is no GPU kernel that moves pixels into other dimensions");
    }
    program->value_of[node->outputs[0]] = input;
    return CC_OK;
}
