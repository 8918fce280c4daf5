/* Operands: constants as tensors on the device, and broadcasting that kernels cannot do
 * by themselves. */
#include <string.h>

#include "nn/cuda/lower.h"

/* Packed numbers in the layout and storage of the device, in the arena. */
static void *rearrange(cc_cuda_program *program, const float *numbers, const int32_t nchw[4])
{
    size_t stride = (size_t)(nchw[1] + 7) / 8 * 8;
    size_t plane = (size_t)nchw[2] * (size_t)nchw[3];
    size_t pixels = (size_t)nchw[0] * plane;
    size_t size = cc_cuda_element_bytes(program->storage);
    void *elements = cc_arena_alloc(&program->arena, pixels * stride, size);

    for (size_t pixel = 0; elements != NULL && pixel < pixels; pixel++) {
        for (size_t channel = 0; channel < (size_t)nchw[1]; channel++) {
            size_t from = (pixel / plane * (size_t)nchw[1] + channel) * plane + pixel % plane;
            if (program->storage == CC_CUDA_F32) {
                ((float *)elements)[pixel * stride + channel] = numbers[from];
            } else {
                ((uint16_t *)elements)[pixel * stride + channel] = cc_cuda_half(numbers[from]);
            }
        }
    }
    return elements;
}

cc_status cc_cuda_constant_value(cc_cuda_program *program, const float *numbers,
                                 const cc_shape *shape, int *value, cc_error *error)
{
    int32_t nchw[4] = {0};

    if (!cc_cuda_layout(shape, nchw)) {
        return cc_fail(error, CC_DEVICE,
                       "a constant has an empty dimension, which no kernel takes");
    }
    *value = cc_cuda_add_value(program, nchw);
    void *elements = rearrange(program, numbers, nchw);
    if (*value == CC_CUDA_NOBODY || elements == NULL) {
        return cc_cuda_no_room(error);
    }
    cc_cuda_value *made = &program->values[*value];
    size_t bytes = (size_t)made->batch * (size_t)made->height * (size_t)made->width *
                   (size_t)cc_cuda_value_stride(made) * cc_cuda_element_bytes(program->storage);
    made->constant = cc_cuda_add_constant(program, elements, bytes);
    return made->constant == CC_CUDA_NOWHERE ? cc_cuda_no_room(error) : CC_OK;
}

/* ---- broadcasting ---- */

/* A shape with ones before it, so that it has as many dimensions as `to`; false if it has
 * more, or one of them neither is 1 nor fits. */
static bool widen(const cc_shape *shape, const cc_shape *to, cc_shape *wide)
{
    int missing = to->rank - shape->rank;

    *wide = (cc_shape){.rank = to->rank};
    for (int i = 0; i < to->rank && missing >= 0; i++) {
        wide->dims[i] = i < missing ? 1 : shape->dims[i - missing];
        if (wide->dims[i] != 1 && wide->dims[i] != to->dims[i]) {
            return false;
        }
    }
    return missing >= 0;
}

/* Can the kernels repeat `wide` over `to`? They know four axes, or rows and channels. */
static bool kernels_repeat(const cc_shape *wide, const cc_shape *to)
{
    bool all_ones = true;
    bool all_equal = true;

    if (to->rank == 4) {
        return true;
    }
    for (int i = 0; i < to->rank - 1; i++) {
        all_ones = all_ones && wide->dims[i] == 1;
        all_equal = all_equal && wide->dims[i] == to->dims[i];
    }
    return all_ones || all_equal;
}

/* The numbers of a constant of shape `wide`, repeated over `to`, in the arena. */
static const float *repeat_numbers(cc_cuda_program *program, const float *numbers,
                                   const cc_shape *wide, const cc_shape *to)
{
    int64_t count = cc_shape_elements(to);
    float *repeated =
        cc_arena_alloc(&program->arena, (size_t)(count > 0 ? count : 1), sizeof *repeated);

    for (int64_t i = 0; repeated != NULL && i < count; i++) {
        int64_t rest = i;
        int64_t from = 0;
        int64_t step = 1;
        for (int axis = to->rank - 1; axis >= 0; axis--) {
            int64_t digit = rest % to->dims[axis];
            rest /= to->dims[axis];
            from += wide->dims[axis] == 1 ? 0 : digit * step;
            step *= wide->dims[axis];
        }
        repeated[i] = numbers[from];
    }
    return repeated;
}

static cc_status constant_operand(cc_cuda_program *program, const cc_node *node,
                                  const cc_tensor *tensor, const cc_shape *to, int *value,
                                  cc_error *error)
{
    cc_shape wide = {0};
    const float *numbers = tensor->data;
    char text[96];

    if (tensor->dtype != CC_FLOAT32 || numbers == NULL || !widen(&tensor->shape, to, &wide)) {
        return cc_cuda_refuse(node, error, "there is no GPU kernel for a constant %s %s here",
                              cc_dtype_name(tensor->dtype),
                              cc_shape_text(&tensor->shape, text, sizeof text));
    }
    if (!kernels_repeat(&wide, to)) {
        numbers = repeat_numbers(program, numbers, &wide, to);
        wide = *to;
    }
    return numbers != NULL ? cc_cuda_constant_value(program, numbers, &wide, value, error)
                           : cc_cuda_no_room(error);
}

/* A tensor of shape `wide` (of fewer dimensions than `to` before) repeated over `to`. */
static cc_status repeat_value(cc_cuda_program *program, const cc_node *node, int from,
                              const cc_shape *shape, const cc_shape *to, int *value,
                              cc_error *error)
{
    int missing = to->rank - shape->rank;
    cc_cuda_axes own = cc_cuda_axes_of(program, from, shape);
    cc_cuda_axes source = {.count = to->rank, .base = own.base};
    cc_status status = cc_cuda_new_value(program, node, to, value, error);

    if (status != CC_OK) {
        return status;
    }
    for (int i = 0; i < to->rank; i++) {
        source.size[i] = to->dims[i];
        source.step[i] = i >= missing && shape->dims[i - missing] != 1 ? own.step[i - missing] : 0;
    }
    cc_cuda_axes target = cc_cuda_axes_of(program, *value, to);
    return cc_cuda_add_move(program, node, from, &source, *value, &target, error);
}

cc_status cc_cuda_operand(cc_cuda_program *program, const cc_node *node, int at, const cc_shape *to,
                          int *value, cc_error *error)
{
    int index = at < node->input_count ? node->inputs[at] : -1;
    const cc_value *wanted = index >= 0 ? &program->graph->values[index] : NULL;
    cc_shape wide = {0};
    int32_t nchw[4];
    int from = CC_CUDA_NOBODY;
    cc_status status;

    if (wanted != NULL && wanted->is_constant) {
        return constant_operand(program, node, &wanted->tensor, to, value, error);
    }
    status = cc_cuda_input(program, node, at, &from, error);
    if (status == CC_OK) {
        status = cc_cuda_dims(program, node, index, nchw, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (!widen(&wanted->tensor.shape, to, &wide)) {
        return cc_cuda_refuse(node, error, "input %d does not fit the output's shape", at);
    }
    *value = from;
    if (wanted->tensor.shape.rank == to->rank && kernels_repeat(&wide, to)) {
        return CC_OK;
    }
    return repeat_value(program, node, from, &wanted->tensor.shape, to, value, error);
}
