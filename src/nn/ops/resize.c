/* Resize and Upsample: every axis on its own, one after the other, so that
 * linear is bilinear in two dimensions and cubic is bicubic. */
#include "nn/ops/resize.h"

#include <math.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"
#include "nn/ops/walker.h"

/* Input position of an output position; float arithmetic, as ONNX Runtime does
 * it, because roundings decide which neighbour "nearest" takes. */
static float input_position(const cc_resize *resize, int axis, int64_t at)
{
    float x = (float)at;
    float scale = resize->scale[axis];
    int64_t size = resize->output.dims[axis];
    switch (resize->transform) {
    case CC_RESIZE_ASYMMETRIC: return x / scale;
    case CC_RESIZE_TF_HALF_PIXEL_FOR_NN: return (x + 0.5F) / scale;
    case CC_RESIZE_ALIGN_CORNERS:
        return size == 1 ? 0.0F : x * (float)(resize->input.dims[axis] - 1) / (float)(size - 1);
    case CC_RESIZE_PYTORCH_HALF_PIXEL: return size > 1 ? (x + 0.5F) / scale - 0.5F : 0.0F;
    case CC_RESIZE_HALF_PIXEL: break;
    }
    return (x + 0.5F) / scale - 0.5F;
}

static int64_t clamp_index(float position, int64_t size)
{
    if (!(position > 0.0F))
        return 0;
    return position >= (float)size    ? size - 1
           : (int64_t)position < size ? (int64_t)position
                                      : size - 1;
}

/* Halfway within a millionth counts as halfway: what ONNX Runtime 1.31 does (found
 * by measuring it), since a division in float rarely lands on .5 itself. */
static float round_halfway(float x, bool up)
{
    float low = floorf(x);
    float part = x - low;
    if (fabsf(part - 0.5F) < 1e-6F)
        return up ? low + 1.0F : low;
    return part < 0.5F ? low : low + 1.0F;
}

static float round_position(const cc_resize *resize, int axis, float x)
{
    switch (resize->rounding) {
    case CC_RESIZE_ROUND_PREFER_FLOOR: return round_halfway(x, false);
    case CC_RESIZE_ROUND_PREFER_CEIL: return round_halfway(x, true);
    case CC_RESIZE_FLOOR: return floorf(x);
    case CC_RESIZE_CEIL: return ceilf(x);
    case CC_RESIZE_SIMPLE: break;
    }
    return resize->scale[axis] < 1.0F ? ceilf(x) : floorf(x);
}

static cc_resize_taps nearest_taps(const cc_resize *resize, int axis, float x)
{
    float rounded = round_position(resize, axis, x);
    return (cc_resize_taps){1, {clamp_index(rounded, resize->input.dims[axis])}, {1.0F}};
}

static cc_resize_taps linear_taps(int64_t size, float x)
{
    float last = (float)(size - 1);
    float inside = x < 0.0F ? 0.0F : x > last ? last : x;
    int64_t low = clamp_index(inside, size);
    if (low == size - 1)
        return (cc_resize_taps){1, {low}, {1.0F}};
    float part = inside - (float)low;
    return (cc_resize_taps){2, {low, low + 1}, {1.0F - part, part}};
}

/* Keys 1981, with free parameter a. */
static float cubic_weight(float distance, float a)
{
    float d = fabsf(distance);
    if (d <= 1.0F)
        return ((a + 2.0F) * d - (a + 3.0F)) * d * d + 1.0F;
    return d < 2.0F ? ((a * d - 5.0F * a) * d + 8.0F * a) * d - 4.0F * a : 0.0F;
}

static cc_resize_taps cubic_taps(const cc_resize *resize, int64_t size, float x)
{
    cc_resize_taps taps = {.count = 4};
    float base = floorf(x);
    float sum = 0.0F;
    for (int k = 0; k < 4; k++) {
        float position = base + (float)(k - 1);
        bool outside = position < 0.0F || position > (float)(size - 1);
        taps.index[k] = clamp_index(position, size);
        taps.weight[k] = cubic_weight(x - position, resize->cubic_a);
        if (outside && resize->exclude_outside)
            taps.weight[k] = 0.0F;
        sum += taps.weight[k];
    }
    for (int k = 0; k < 4 && resize->exclude_outside; k++)
        taps.weight[k] /= sum;
    return taps;
}

cc_resize_taps cc_resize_taps_at(const cc_resize *resize, int axis, int64_t at)
{
    int64_t size = resize->input.dims[axis];
    if (size == resize->output.dims[axis] && resize->scale[axis] == 1.0F)
        return (cc_resize_taps){1, {at}, {1.0F}};
    float x = input_position(resize, axis, at);
    switch (resize->mode) {
    case CC_RESIZE_LINEAR: return linear_taps(size, x);
    case CC_RESIZE_CUBIC: return cubic_taps(resize, size, x);
    case CC_RESIZE_NEAREST: break;
    }
    return nearest_taps(resize, axis, x);
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    cc_resize resize = {0};
    cc_status status = cc_op_require(call, 0, CC_TYPES_ANY, error);
    if (status == CC_OK)
        status = cc_resize_read(call, &resize, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    if (resize.mode != CC_RESIZE_NEAREST && input->dtype != CC_FLOAT32)
        return cc_op_fail(call, error, CC_UNSUPPORTED, "only mode nearest works on %s",
                          cc_dtype_name(input->dtype));
    return cc_op_set_output(call, 0, input->dtype, &resize.output, error);
}

/* Taps of every axis and position, and the strides to apply them with. */
typedef struct tap_table {
    int rank;
    cc_resize_taps *taps[CC_MAX_RANK];
    int64_t strides[CC_MAX_RANK];
} tap_table;

/* The memory is one block that begins at taps[0]. */
static cc_status make_table(const cc_resize *resize, tap_table *table, cc_error *error)
{
    size_t total = 0;
    table->rank = resize->output.rank;
    for (int axis = 0; axis < table->rank; axis++)
        total += (size_t)resize->output.dims[axis];
    cc_resize_taps *next = cc_alloc_array(total, sizeof *next);
    if (!next)
        return cc_fail_memory(error, total * sizeof *next);
    for (int axis = 0; axis < table->rank; axis++) {
        table->taps[axis] = next;
        for (int64_t at = 0; at < resize->output.dims[axis]; at++)
            *next++ = cc_resize_taps_at(resize, axis, at);
    }
    cc_shape_strides(&resize->input, table->strides);
    return CC_OK;
}

/* The weighted sum over all axes from `axis` on; at most CC_MAX_RANK deep. */
static float sample(const tap_table *table, const float *data, const int64_t *index, int axis)
{
    if (axis == table->rank)
        return *data;
    const cc_resize_taps *taps = &table->taps[axis][index[axis]];
    float sum = 0.0F;
    for (int k = 0; k < taps->count; k++)
        sum += taps->weight[k] *
               sample(table, data + taps->index[k] * table->strides[axis], index, axis + 1);
    return sum;
}

static int64_t nearest_offset(const tap_table *table, const int64_t *index)
{
    int64_t offset = 0;
    for (int axis = 0; axis < table->rank; axis++)
        offset += table->taps[axis][index[axis]].index[0] * table->strides[axis];
    return offset;
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    cc_resize resize = {0};
    tap_table table = {0};
    cc_status status = cc_resize_read(call, &resize, error);
    if (status == CC_OK)
        status = make_table(&resize, &table, error);
    if (status != CC_OK)
        return status;
    const cc_tensor *input = cc_op_input(call, 0);
    size_t size = cc_dtype_size(input->dtype);
    char *output = call->outputs[0]->data;
    cc_walker walker = cc_walker_make(&resize.output);
    int64_t count = cc_shape_elements(&resize.output);
    for (int64_t i = 0; i < count; i++) {
        if (resize.mode == CC_RESIZE_NEAREST) {
            size_t at = (size_t)nearest_offset(&table, walker.index);
            memcpy(output + (size_t)i * size, (const char *)input->data + at * size, size);
        } else {
            ((float *)call->outputs[0]->data)[i] = sample(&table, input->data, walker.index, 0);
        }
        cc_walker_next(&walker);
    }
    cc_free(table.taps[0]);
    return CC_OK;
}

const cc_operator cc_operator_resize = {"Resize", 1, 4, 10, infer, run, false};
const cc_operator cc_operator_upsample = {"Upsample", 1, 2, 7, infer, run, false};
