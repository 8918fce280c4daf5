/* GridSample (opset 16 and 20): a picture looked up at positions from -1 (left, top) to 1
 * (right, bottom). Two spatial dimensions; sums in float32, as ONNX Runtime has them.
 * Positions are values: whatever they are, no sample outside the picture is read. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nn/ops/registry.h"
#include "nn/ops/support.h"

typedef enum sample_mode { SAMPLE_NEAREST, SAMPLE_LINEAR, SAMPLE_CUBIC } sample_mode;
typedef enum sample_padding { PAD_ZEROS, PAD_BORDER, PAD_REFLECTION } sample_padding;

typedef struct sampling {
    sample_mode mode;
    sample_padding padding;
    bool align_corners;
} sampling;

/* One plane of the input. */
typedef struct plane {
    const float *samples;
    int64_t width;
    int64_t height;
} plane;

static bool read_sampling(const cc_op_call *call, sampling *wanted)
{
    const char *mode =
        cc_node_string(call->node, "mode", call->opset >= 20 ? "linear" : "bilinear");
    const char *padding = cc_node_string(call->node, "padding_mode", "zeros");
    wanted->align_corners = cc_node_int(call->node, "align_corners", 0) != 0;
    wanted->mode = strcmp(mode, "nearest") == 0                                 ? SAMPLE_NEAREST
                   : strcmp(mode, "bicubic") == 0 || strcmp(mode, "cubic") == 0 ? SAMPLE_CUBIC
                                                                                : SAMPLE_LINEAR;
    wanted->padding = strcmp(padding, "border") == 0       ? PAD_BORDER
                      : strcmp(padding, "reflection") == 0 ? PAD_REFLECTION
                                                           : PAD_ZEROS;
    return (wanted->mode != SAMPLE_LINEAR || strcmp(mode, "bilinear") == 0 ||
            strcmp(mode, "linear") == 0) &&
           (wanted->padding != PAD_ZEROS || strcmp(padding, "zeros") == 0);
}

static cc_status infer(const cc_op_call *call, cc_error *error)
{
    sampling wanted;
    cc_status status = cc_op_require(call, 0, CC_TYPES_FLOAT, error);
    if (status == CC_OK)
        status = cc_op_require(call, 1, CC_TYPES_FLOAT, error);
    if (status != CC_OK)
        return status;
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    const cc_shape *grid = &cc_op_input(call, 1)->shape;
    if (input->rank != 4 || grid->rank != 4)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "an input of %d dimensions and a grid of %d; 4 each are supported",
                          input->rank, grid->rank);
    if (grid->dims[3] != 2 || grid->dims[0] != input->dims[0] || input->dims[2] < 1 ||
        input->dims[3] < 1)
        return cc_op_fail(call, error, CC_MODEL, "input and grid do not belong together");
    if (!read_sampling(call, &wanted))
        return cc_op_fail(call, error, CC_MODEL, "its mode or padding_mode does not exist");
    cc_shape shape = {4, {input->dims[0], input->dims[1], grid->dims[1], grid->dims[2]}};
    return cc_op_set_output(call, 0, CC_FLOAT32, &shape, error);
}

/* From -1..1 to samples. */
static float to_samples(float position, int64_t size, bool align_corners)
{
    float length = (float)size;
    return align_corners ? (position + 1.0F) / 2.0F * (length - 1.0F)
                         : ((position + 1.0F) * length - 1.0F) / 2.0F;
}

/* Mirrored into low..high as often as it takes. */
static float reflect(float x, float low, float high)
{
    float range = high - low;
    if (!(range > 0.0F) || !isfinite(x))
        return low;
    float distance = x < low ? low - x : x > high ? x - high : -1.0F;
    if (distance < 0.0F)
        return x;
    float times = floorf(distance / range);
    float rest = distance - times * range;
    bool even = fmodf(times, 2.0F) < 1.0F;
    return (x < low) == even ? low + rest : high - rest;
}

/* The padding applied to a position. Cubic has it for its sixteen samples only. */
static float keep_inside(const sampling *wanted, float x, int64_t size)
{
    float last = (float)(size - 1);
    float low = wanted->align_corners ? 0.0F : -0.5F;
    float high = wanted->align_corners ? last : last + 0.5F;
    if ((x >= low && x <= high) || wanted->mode == SAMPLE_CUBIC)
        return x;
    if (wanted->padding == PAD_BORDER)
        return x > 0.0F ? (x < last ? x : last) : 0.0F;
    return wanted->padding == PAD_REFLECTION ? reflect(x, low, high) : x;
}

/* A whole number as an index inside 0..size-1, or -1 for nothing there. */
static int64_t index_of(const sampling *wanted, float x, int64_t size)
{
    float last = (float)(size - 1);
    if (wanted->padding == PAD_REFLECTION)
        x = reflect(x, wanted->align_corners ? 0.0F : -0.5F,
                    wanted->align_corners ? last : last + 0.5F);
    if (wanted->padding != PAD_ZEROS)
        x = x > 0.0F ? (x < last ? x : last) : 0.0F;
    return x >= 0.0F && x <= last ? (int64_t)x : -1;
}

static float sample_at(const sampling *wanted, const plane *from, float x, float y)
{
    int64_t column = index_of(wanted, x, from->width);
    int64_t row = index_of(wanted, y, from->height);
    return column < 0 || row < 0 ? 0.0F : from->samples[row * from->width + column];
}

/* Keys 1981 with a = -0.75, for the four neighbours of a position `part` after the second. */
static void cubic_weights(float part, float weights[4])
{
    const float a = -0.75F;
    float far = part + 1.0F;
    float back = 1.0F - part;
    float end = 2.0F - part;
    weights[0] = ((a * far - 5.0F * a) * far + 8.0F * a) * far - 4.0F * a;
    weights[1] = ((a + 2.0F) * part - (a + 3.0F)) * part * part + 1.0F;
    weights[2] = ((a + 2.0F) * back - (a + 3.0F)) * back * back + 1.0F;
    weights[3] = ((a * end - 5.0F * a) * end + 8.0F * a) * end - 4.0F * a;
}

static float sample_cubic(const sampling *wanted, const plane *from, float x, float y)
{
    float columns[4];
    float rows[4];
    float sum = 0.0F;
    cubic_weights(x - floorf(x), columns);
    cubic_weights(y - floorf(y), rows);
    for (int i = 0; i < 4; i++) {
        float line = 0.0F;
        for (int k = 0; k < 4; k++)
            line += columns[k] *
                    sample_at(wanted, from, floorf(x) + (float)(k - 1), floorf(y) + (float)(i - 1));
        sum += rows[i] * line;
    }
    return sum;
}

static float sample_linear(const sampling *wanted, const plane *from, float x, float y)
{
    float left = floorf(x);
    float top = floorf(y);
    float right_part = x - left;
    float bottom_part = y - top;
    float upper = (1.0F - right_part) * sample_at(wanted, from, left, top) +
                  right_part * sample_at(wanted, from, left + 1.0F, top);
    float lower = (1.0F - right_part) * sample_at(wanted, from, left, top + 1.0F) +
                  right_part * sample_at(wanted, from, left + 1.0F, top + 1.0F);
    return (1.0F - bottom_part) * upper + bottom_part * lower;
}

static float sample(const sampling *wanted, const plane *from, const float *position)
{
    float x = keep_inside(wanted, to_samples(position[0], from->width, wanted->align_corners),
                          from->width);
    float y = keep_inside(wanted, to_samples(position[1], from->height, wanted->align_corners),
                          from->height);
    switch (wanted->mode) {
    case SAMPLE_NEAREST: return sample_at(wanted, from, rintf(x), rintf(y));
    case SAMPLE_CUBIC: return sample_cubic(wanted, from, x, y);
    case SAMPLE_LINEAR: break;
    }
    return sample_linear(wanted, from, x, y);
}

static cc_status run(const cc_op_call *call, cc_error *error)
{
    sampling wanted;
    if (!read_sampling(call, &wanted))
        return cc_op_fail(call, error, CC_INTERNAL, "lost its attributes");
    const cc_shape *input = &cc_op_input(call, 0)->shape;
    const cc_shape *output = &call->outputs[0]->shape;
    int64_t area = output->dims[2] * output->dims[3];
    int64_t planes = output->dims[0] * output->dims[1];
    const float *grid = cc_op_input(call, 1)->data;
    float *to = call->outputs[0]->data;
    for (int64_t p = 0; p < planes && area > 0; p++) {
        plane from = {(const float *)cc_op_input(call, 0)->data +
                          p * input->dims[2] * input->dims[3],
                      input->dims[3], input->dims[2]};
        const float *positions = grid + p / output->dims[1] * area * 2;
        for (int64_t i = 0; i < area; i++)
            to[p * area + i] = sample(&wanted, &from, positions + 2 * i);
    }
    return CC_OK;
}

const cc_operator cc_operator_grid_sample = {"GridSample", 2, 2, 16, infer, run, false};
