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

    return value->parent == CC_CUDA_NOBODY && value->constant == CC_CUDA_NOWHERE && !value->fixed &&
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

/* Along an axis that is not the channels: every part is moved to its place. */
static cc_status join_by_moves(cc_cuda_program *program, const cc_node *node, int axis,
                               cc_error *error)
{
    const cc_graph *graph = program->graph;
    const cc_shape *shape = &graph->values[node->outputs[0]].tensor.shape;
    int64_t start = 0;
    int whole = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_output(program, node, &whole, error);

    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        const cc_shape *part_shape = &graph->values[node->inputs[i]].tensor.shape;
        int part = CC_CUDA_NOBODY;
        status = cc_cuda_operand(program, node, i, part_shape, &part, error);
        if (status != CC_OK) {
            break;
        }
        cc_cuda_axes from = cc_cuda_axes_of(program, part, part_shape);
        cc_cuda_axes to = cc_cuda_axes_of(program, whole, shape);
        to.base += start * to.step[axis];
        to.size[axis] = part_shape->dims[axis];
        status = cc_cuda_add_move(program, node, part, &from, whole, &to, error);
        start += part_shape->dims[axis];
    }
    return status;
}

cc_status cc_cuda_lower_concat(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    int rank = program->graph->values[node->outputs[0]].tensor.shape.rank;
    int64_t axis = cc_node_int(node, "axis", 1);
    int32_t channel = 0;
    int whole = CC_CUDA_NOBODY;
    cc_status status;

    axis += axis < 0 ? rank : 0;
    if (axis != (rank == 4 ? 1 : rank - 1)) {
        return join_by_moves(program, node, (int)axis, error);
    }
    status = cc_cuda_output(program, node, &whole, error);
    for (int i = 0; i < node->input_count && status == CC_OK; i++) {
        int part = CC_CUDA_NOBODY;
        status = cc_cuda_operand(
            program, node, i, &program->graph->values[node->inputs[i]].tensor.shape, &part, error);
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

/* The same elements under another shape, as axes that both shapes are made of; false if
 * the shapes have no such axes. Counts from the last dimension on. */
static bool refine(const cc_cuda_axes *from, const cc_cuda_axes *to, cc_cuda_axes *source,
                   cc_cuda_axes *target)
{
    int a = from->count - 1;
    int b = to->count - 1;
    int64_t in_a = 1; /* what is used up of either dimension */
    int64_t in_b = 1;

    source->base = from->base;
    target->base = to->base;
    while (a >= 0 && b >= 0) {
        int64_t left_a = from->size[a] / in_a;
        int64_t left_b = to->size[b] / in_b;
        int64_t size = left_a < left_b ? left_a : left_b;
        if (left_a % size != 0 || left_b % size != 0 || source->count == 2 * CC_MAX_RANK) {
            return false;
        }
        source->size[source->count] = size;
        target->size[source->count] = size;
        source->step[source->count] = from->step[a] * in_a;
        target->step[source->count++] = to->step[b] * in_b;
        in_a *= size;
        in_b *= size;
        if (in_a == from->size[a]) {
            a--;
            in_a = 1;
        }
        if (in_b == to->size[b]) {
            b--;
            in_b = 1;
        }
    }
    target->count = source->count; /* what is left has one element */
    return true;
}

static cc_status reshape_by_move(cc_cuda_program *program, const cc_node *node, int input,
                                 cc_error *error)
{
    const cc_graph *graph = program->graph;
    cc_cuda_axes source = {0};
    cc_cuda_axes target = {0};
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_output(program, node, &output, error);

    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes from =
        cc_cuda_axes_of(program, input, &graph->values[node->inputs[0]].tensor.shape);
    cc_cuda_axes to =
        cc_cuda_axes_of(program, output, &graph->values[node->outputs[0]].tensor.shape);
    if (!refine(&from, &to, &source, &target)) {
        return cc_cuda_refuse(node, error,
                              "there is no GPU kernel that moves pixels into these dimensions");
    }
    return cc_cuda_add_move(program, node, input, &source, output, &target, error);
}

/* The same bytes under another shape where the layouts agree; else a copy, for
 * channels-last is not ONNX's order. */
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
        return reshape_by_move(program, node, input, error);
    }
    program->value_of[node->outputs[0]] = input;
    return CC_OK;
}
