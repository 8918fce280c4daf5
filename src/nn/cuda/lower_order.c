/* Operators that only put elements into another order. */
#include <string.h>

#include "nn/cuda/lower.h"
#include "nn/ops/support.h"

static const cc_shape *shape_of(const cc_cuda_program *program, int index)
{
    return &program->graph->values[index].tensor.shape;
}

static cc_status make_call(const cc_cuda_program *program, const cc_node *node, cc_node_call *call,
                           cc_error *error)
{
    return cc_node_call_make(program->graph, node, call)
               ? CC_OK
               : cc_cuda_refuse(node, error, "it has %d inputs", node->input_count);
}

/* Input 0, whose elements at `source` become all of a new output 0. */
static cc_status move_to_output(cc_cuda_program *program, const cc_node *node, int input,
                                const cc_cuda_axes *source, cc_error *error)
{
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_output(program, node, &output, error);

    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes target = cc_cuda_axes_of(program, output, shape_of(program, node->outputs[0]));
    return cc_cuda_add_move(program, node, input, source, output, &target, error);
}

static cc_status input_axes(cc_cuda_program *program, const cc_node *node, int *input,
                            cc_cuda_axes *axes, cc_error *error)
{
    cc_status status = cc_cuda_input(program, node, 0, input, error);

    if (status == CC_OK) {
        *axes = cc_cuda_axes_of(program, *input, shape_of(program, node->inputs[0]));
    }
    return status;
}

cc_status cc_cuda_lower_transpose(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cc_node_call call;
    cc_int_list order = {0};
    cc_cuda_axes axes = {0};
    cc_cuda_axes source;
    int input = CC_CUDA_NOBODY;
    cc_status status = make_call(program, node, &call, error);

    if (status == CC_OK) {
        status = cc_op_list_from_attribute(&call.call, "perm", &order, error);
    }
    if (status == CC_OK) {
        status = input_axes(program, node, &input, &axes, error);
    }
    if (status != CC_OK) {
        return status;
    }
    source = axes;
    for (int i = 0; i < axes.count; i++) {
        int64_t from = order.present ? order.values[i] : axes.count - 1 - i;
        from += from < 0 ? axes.count : 0;
        source.size[i] = axes.size[from];
        source.step[i] = axes.step[from];
    }
    return move_to_output(program, node, input, &source, error);
}

/* ---- parts of a tensor ---- */

static int channel_axis(const cc_shape *shape)
{
    return shape->rank == 4 ? 1 : shape->rank - 1;
}

/* Part of a tensor along one axis, as a value: a slice of the same bytes where those are
 * channels that begin at a multiple of 8, a copy elsewhere. */
static cc_status take_part(cc_cuda_program *program, const cc_node *node, int input, int axis,
                           int64_t start, int output_index, cc_error *error)
{
    const cc_shape *from = shape_of(program, node->inputs[0]);
    const cc_shape *to = shape_of(program, output_index);
    int part = CC_CUDA_NOBODY;
    cc_status status;

    if (axis == channel_axis(from) && start % 8 == 0) {
        part = cc_cuda_add_slice(program, input, (int32_t)start, (int32_t)to->dims[axis]);
        program->value_of[output_index] = part;
        return part == CC_CUDA_NOBODY ? cc_cuda_no_room(error) : CC_OK;
    }
    status = cc_cuda_new_value(program, node, to, &part, error);
    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes source = cc_cuda_axes_of(program, input, from);
    cc_cuda_axes target = cc_cuda_axes_of(program, part, to);
    source.base += start * source.step[axis];
    source.size[axis] = to->dims[axis];
    program->value_of[output_index] = part;
    return cc_cuda_add_move(program, node, input, &source, part, &target, error);
}

cc_status cc_cuda_lower_split(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *shape = shape_of(program, node->inputs[0]);
    int64_t axis = cc_node_int(node, "axis", 0);
    int64_t start = 0;
    int32_t nchw[4];
    int input = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    axis += axis < 0 ? shape->rank : 0;
    for (int i = 0; i < node->output_count && status == CC_OK; i++) {
        if (node->outputs[i] < 0) {
            return cc_cuda_refuse(node, error, "there is no GPU kernel that leaves out parts");
        }
        status = cc_cuda_dims(program, node, node->outputs[i], nchw, error);
        if (status == CC_OK) {
            status = take_part(program, node, input, (int)axis, start, node->outputs[i], error);
        }
        start += shape_of(program, node->outputs[i])->dims[axis];
    }
    return status;
}

/* Where a slice begins along an axis of `size` elements: as ONNX clamps it. */
static int64_t clamp_start(int64_t start, int64_t size, int64_t step)
{
    int64_t most = step > 0 ? size : size - 1;

    start += start < 0 ? size : 0;
    start = start < 0 ? 0 : start;
    return start > most ? most : start;
}

typedef struct cut {
    int64_t start[CC_MAX_RANK];
    int64_t step[CC_MAX_RANK];
    int changed; /* axes that are cut */
    int axis;    /* the last of them */
} cut;

static cc_status read_cut(const cc_cuda_program *program, const cc_node *node, cut *read,
                          cc_error *error)
{
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    const cc_shape *shape = shape_of(program, node->inputs[0]);
    const cc_shape *to = shape_of(program, node->outputs[0]);
    cc_int_list lists[4] = {{0}};
    cc_node_call call;
    cc_status status = make_call(program, node, &call, error);

    for (int i = 0; i < 4 && status == CC_OK; i++) {
        status = cc_op_list(&call.call, names[i], i + 1, 10, &lists[i], error);
    }
    if (status == CC_OK) {
        status = cc_op_list_axes(&call.call, &lists[2], shape->rank, error);
    }
    for (int i = 0; i < CC_MAX_RANK; i++) {
        read->step[i] = 1;
    }
    for (int i = 0; i < lists[0].count && status == CC_OK; i++) {
        int64_t axis = lists[2].present ? lists[2].values[i] : i;
        read->step[axis] = lists[3].present ? lists[3].values[i] : 1;
        read->start[axis] = clamp_start(lists[0].values[i], shape->dims[axis], read->step[axis]);
    }
    for (int i = 0; i < shape->rank; i++) {
        if (to->dims[i] != shape->dims[i] || read->step[i] != 1) {
            read->changed++;
            read->axis = i;
        }
    }
    return status;
}

cc_status cc_cuda_lower_slice(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    cut read = {0};
    cc_cuda_axes axes = {0};
    int32_t nchw[4];
    int input = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = cc_cuda_dims(program, node, node->outputs[0], nchw, error);
    }
    if (status == CC_OK) {
        status = read_cut(program, node, &read, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (read.changed == 1 && read.step[read.axis] == 1) {
        return take_part(program, node, input, read.axis, read.start[read.axis], node->outputs[0],
                         error);
    }
    axes = cc_cuda_axes_of(program, input, shape_of(program, node->inputs[0]));
    for (int i = 0; i < axes.count; i++) {
        axes.base += read.start[i] * axes.step[i];
        axes.step[i] *= read.step[i];
        axes.size[i] = shape_of(program, node->outputs[0])->dims[i];
    }
    return move_to_output(program, node, input, &axes, error);
}

/* ---- by index ---- */

static int64_t index_at(const cc_tensor *indices, int64_t at)
{
    return indices->dtype == CC_INT64 ? ((const int64_t *)indices->data)[at]
                                      : ((const int32_t *)indices->data)[at];
}

/* One index: the other axes of both sides, from there to its place. */
static cc_status gather_one(cc_cuda_program *program, const cc_node *node, int input, int output,
                            int axis, int64_t index, int64_t place, cc_error *error)
{
    const cc_tensor *indices = &program->graph->values[node->inputs[1]].tensor;
    cc_cuda_axes data = cc_cuda_axes_of(program, input, shape_of(program, node->inputs[0]));
    cc_cuda_axes all = cc_cuda_axes_of(program, output, shape_of(program, node->outputs[0]));
    cc_cuda_axes source = {.base = data.base + index * data.step[axis]};
    cc_cuda_axes target = {.base = all.base};

    for (int i = indices->shape.rank - 1; i >= 0; i--) {
        target.base += place % indices->shape.dims[i] * all.step[axis + i];
        place /= indices->shape.dims[i];
    }
    for (int i = 0; i < data.count; i++) {
        if (i != axis) {
            source.size[source.count] = data.size[i];
            source.step[source.count++] = data.step[i];
        }
    }
    for (int i = 0; i < all.count; i++) {
        if (i < axis || i >= axis + indices->shape.rank) {
            target.size[target.count] = all.size[i];
            target.step[target.count++] = all.step[i];
        }
    }
    return cc_cuda_add_move(program, node, input, &source, output, &target, error);
}

cc_status cc_cuda_lower_gather(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    enum { MOST_INDICES = 64 }; /* each is a launch */
    const cc_shape *shape = shape_of(program, node->inputs[0]);
    const cc_value *indices = &program->graph->values[node->inputs[1]];
    int64_t axis = cc_node_int(node, "axis", 0);
    int64_t count = cc_shape_elements(&indices->tensor.shape);
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    axis += axis < 0 ? shape->rank : 0;
    if (!indices->is_constant || indices->tensor.data == NULL || count < 1 ||
        count > MOST_INDICES) {
        return cc_cuda_refuse(node, error,
                              "there is only a GPU kernel for up to %d constant "
                              "indices",
                              MOST_INDICES);
    }
    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    for (int64_t i = 0; i < count && status == CC_OK; i++) {
        int64_t index = index_at(&indices->tensor, i);
        index += index < 0 ? shape->dims[axis] : 0;
        if (index < 0 || index >= shape->dims[axis]) {
            return cc_cuda_refuse(node, error, "index %d of %d is out of range", (int)index,
                                  (int)shape->dims[axis]);
        }
        status = gather_one(program, node, input, output, (int)axis, index, i, error);
    }
    return status;
}

/* ---- repetitions ---- */

/* Expand: axes of one element are repeated. Tile: whole axes are, so that each becomes
 * two, repetition and element. */
cc_status cc_cuda_lower_repeat(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    const cc_shape *from = shape_of(program, node->inputs[0]);
    const cc_shape *to = shape_of(program, node->outputs[0]);
    int missing = to->rank - from->rank;
    cc_cuda_axes own = {0};
    cc_cuda_axes source = {0};
    cc_cuda_axes target = {0};
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = input_axes(program, node, &input, &own, error);

    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes all = cc_cuda_axes_of(program, output, to);
    for (int i = 0; i < to->rank; i++) {
        int64_t size = i < missing ? 1 : own.size[i - missing];
        int64_t step = i < missing ? 0 : own.step[i - missing];
        const int k = source.count;
        source.size[k] = to->dims[i] / size;
        target.size[k] = source.size[k];
        source.step[k] = 0;
        target.step[k] = all.step[i] * size;
        source.size[k + 1] = size;
        target.size[k + 1] = size;
        source.step[k + 1] = step;
        target.step[k + 1] = all.step[i];
        source.count = k + 2;
        target.count = k + 2;
    }
    return cc_cuda_add_move(program, node, input, &source, output, &target, error);
}

/* ---- blocks of pixels ---- */

/* DepthToSpace and SpaceToDepth: channels are (block row, block column, channel), or
 * (channel, block row, block column) in mode CRD. */
cc_status cc_cuda_lower_blocks(cc_cuda_program *program, const cc_node *node, cc_error *error)
{
    bool to_space = strcmp(node->op_type, "DepthToSpace") == 0;
    const cc_shape *deep = shape_of(program, to_space ? node->inputs[0] : node->outputs[0]);
    const cc_shape *wide = shape_of(program, to_space ? node->outputs[0] : node->inputs[0]);
    const cc_attribute *mode = cc_node_attribute(node, "mode");
    bool crd = mode != NULL && mode->string != NULL && strcmp(mode->string, "CRD") == 0;
    int64_t block = cc_node_int(node, "blocksize", 1);
    int64_t channels = wide->dims[1];
    int input = CC_CUDA_NOBODY;
    int output = CC_CUDA_NOBODY;
    cc_status status = cc_cuda_input(program, node, 0, &input, error);

    if (status == CC_OK) {
        status = cc_cuda_output(program, node, &output, error);
    }
    if (status != CC_OK) {
        return status;
    }
    cc_cuda_axes d = cc_cuda_axes_of(program, to_space ? input : output, deep);
    cc_cuda_axes w = cc_cuda_axes_of(program, to_space ? output : input, wide);
    const int64_t row = crd ? block : block * channels;
    const int64_t column = crd ? 1 : channels;
    const int64_t channel = crd ? block * block : 1;
    /* picture, channel, row, row in block, column, column in block */
    const cc_cuda_axes sizes = {
        .count = 6, .size = {deep->dims[0], channels, deep->dims[2], block, deep->dims[3], block}};
    cc_cuda_axes depth = sizes;
    cc_cuda_axes space = sizes;
    const int64_t depth_steps[6] = {d.step[0],       channel * d.step[1], d.step[2],
                                    row * d.step[1], d.step[3],           column * d.step[1]};
    const int64_t space_steps[6] = {w.step[0], w.step[1],         block * w.step[2],
                                    w.step[2], block * w.step[3], w.step[3]};
    memcpy(depth.step, depth_steps, sizeof depth_steps);
    memcpy(space.step, space_steps, sizeof space_steps);
    return to_space ? cc_cuda_add_move(program, node, input, &depth, output, &space, error)
                    : cc_cuda_add_move(program, node, input, &space, output, &depth, error);
}
