/* Reading the many forms of Resize and Upsample. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nn/ops/resize.h"
#include "nn/ops/support.h"

static bool is_upsample(const cc_op_call *call)
{
    return strcmp(call->node->op_type, "Upsample") == 0;
}

/* Position of the string attribute's value among `names` (ended by NULL). */
static cc_status read_choice(const cc_op_call *call, const char *attribute,
                             const char *const *names, int fallback, int *choice, cc_error *error)
{
    const char *value = cc_node_string(call->node, attribute, names[fallback]);
    for (int i = 0; names[i]; i++) {
        if (strcmp(value, names[i]) == 0) {
            *choice = i;
            return CC_OK;
        }
    }
    return cc_op_fail(call, error, CC_UNSUPPORTED, "%s '%s' is not supported", attribute, value);
}

static cc_status read_modes(const cc_op_call *call, cc_resize *resize, cc_error *error)
{
    /* In the order of the enumerations. */
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const transforms[] = {"half_pixel", "pytorch_half_pixel",   "align_corners",
                                             "asymmetric", "tf_half_pixel_for_nn", NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
    int mode = CC_RESIZE_NEAREST;
    int transform = CC_RESIZE_ASYMMETRIC;
    int rounding = CC_RESIZE_SIMPLE;
    cc_status status = read_choice(call, "mode", modes, mode, &mode, error);
    if (status == CC_OK && call->opset >= 11 && !is_upsample(call)) {
        status = read_choice(call, "coordinate_transformation_mode", transforms,
                             CC_RESIZE_HALF_PIXEL, &transform, error);
        if (status == CC_OK)
            status = read_choice(call, "nearest_mode", roundings, CC_RESIZE_ROUND_PREFER_FLOOR,
                                 &rounding, error);
    }
    if (status == CC_OK && mode == CC_RESIZE_CUBIC && transform == CC_RESIZE_ASYMMETRIC &&
        call->opset < 11)
        status = cc_op_fail(call, error, CC_MODEL, "mode cubic came with opset 11");
    resize->mode = (cc_resize_mode)mode;
    resize->transform = (cc_resize_transform)transform;
    resize->rounding = (cc_resize_rounding)rounding;
    resize->cubic_a = cc_node_float(call->node, "cubic_coeff_a", -0.75F);
    resize->exclude_outside = cc_node_int(call->node, "exclude_outside", 0) != 0;
    if (status == CC_OK && cc_node_int(call->node, "antialias", 0) != 0)
        return cc_op_fail(call, error, CC_UNSUPPORTED,
                          "antialias is not supported; export the model without it");
    return status;
}

/* The axes that scales or sizes speak of: all, unless opset 18 names some. */
static cc_status read_axes(const cc_op_call *call, cc_int_list *axes, cc_error *error)
{
    int rank = cc_op_input(call, 0)->shape.rank;
    cc_status status = cc_op_list_from_attribute(call, "axes", axes, error);
    if (status != CC_OK)
        return status;
    if (axes->present && call->opset >= 18)
        return cc_op_list_axes(call, axes, rank, error);
    axes->count = rank;
    for (int i = 0; i < rank; i++)
        axes->values[i] = i;
    return CC_OK;
}

static cc_status apply_scale(const cc_op_call *call, cc_resize *resize, int axis, float scale,
                             cc_error *error)
{
    /* In float, as ONNX Runtime has it: what is rounded down depends on it. */
    float size = floorf((float)resize->input.dims[axis] * scale);
    if (!(scale > 0.0F) || isinf(scale))
        return cc_op_fail(call, error, CC_MODEL, "the scale %g of axis %d is not a positive number",
                          (double)scale, axis);
    if (size < 1.0F || size > (float)CC_MAX_ELEMENTS)
        return cc_op_fail(call, error, CC_MODEL, "the scale %g leaves axis %d with %g elements",
                          (double)scale, axis, (double)size);
    resize->scale[axis] = scale;
    resize->output.dims[axis] = (int64_t)size;
    return CC_OK;
}

static cc_status use_scales(const cc_op_call *call, const cc_int_list *axes, const float *scales,
                            int64_t count, cc_resize *resize, cc_error *error)
{
    if (count != axes->count)
        return cc_op_fail(call, error, CC_MODEL, "%" PRId64 " scales for %d axes", count,
                          axes->count);
    cc_status status = CC_OK;
    for (int i = 0; i < axes->count && status == CC_OK; i++)
        status = apply_scale(call, resize, (int)axes->values[i], scales[i], error);
    return status;
}

/* keep_aspect_ratio_policy: one scale for all axes, the smallest (not_larger) or
 * largest (not_smaller) that the sizes ask for. */
static void keep_aspect_ratio(const cc_int_list *axes, bool smallest, cc_resize *resize)
{
    float scale = resize->scale[axes->values[0]];
    for (int i = 1; i < axes->count; i++) {
        float other = resize->scale[axes->values[i]];
        scale = (other < scale) == smallest ? other : scale;
    }
    for (int i = 0; i < axes->count; i++) {
        int axis = (int)axes->values[i];
        float size = roundf(scale * (float)resize->input.dims[axis]);
        resize->scale[axis] = scale;
        resize->output.dims[axis] = size < 1.0F ? 1 : (int64_t)size;
    }
}

static cc_status use_sizes(const cc_op_call *call, const cc_int_list *axes, const cc_tensor *sizes,
                           cc_resize *resize, cc_error *error)
{
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
    int policy = 0;
    if (cc_shape_elements(&sizes->shape) != axes->count)
        return cc_op_fail(call, error, CC_MODEL, "sizes do not have one number for each axis");
    for (int i = 0; i < axes->count; i++) {
        int axis = (int)axes->values[i];
        int64_t size = cc_get_int(sizes, i);
        if (size < 1 || size > CC_MAX_ELEMENTS)
            return cc_op_fail(call, error, CC_MODEL, "the size %" PRId64 " is not possible", size);
        resize->output.dims[axis] = size;
        resize->scale[axis] = (float)size / (float)resize->input.dims[axis];
    }
    cc_status status = read_choice(call, "keep_aspect_ratio_policy", policies, 0, &policy, error);
    if (status == CC_OK && policy != 0 && axes->count > 0)
        keep_aspect_ratio(axes, policy == 1, resize);
    return status;
}

/* Scales by attribute, by input 1 or by input 2, or sizes by input 3. */
static cc_status read_amounts(const cc_op_call *call, cc_resize *resize, cc_error *error)
{
    cc_int_list axes = {0};
    bool old = is_upsample(call) || call->opset < 11;
    int scales_at = old ? 1 : 2;
    const cc_tensor *scales = cc_op_input(call, scales_at);
    const cc_tensor *sizes = old ? NULL : cc_op_input(call, 3);
    const cc_attribute *attribute = cc_node_attribute(call->node, "scales");
    cc_status status = read_axes(call, &axes, error);
    if (status != CC_OK)
        return status;
    if (is_upsample(call) && call->opset < 9 && attribute && attribute->kind == CC_ATTRIBUTE_FLOATS)
        return use_scales(call, &axes, attribute->floats, (int64_t)attribute->count, resize, error);
    if (sizes && cc_shape_elements(&sizes->shape) != 0) {
        status = cc_op_require_constant(call, 3, CC_TYPES_INDEX, "sizes", error);
        return status != CC_OK ? status : use_sizes(call, &axes, sizes, resize, error);
    }
    if (!scales)
        return cc_op_fail(call, error, CC_MODEL, "has neither scales nor sizes");
    status = cc_op_require_constant(call, scales_at, CC_TYPES_FLOAT, "scales", error);
    if (status != CC_OK)
        return status;
    return use_scales(call, &axes, scales->data, cc_shape_elements(&scales->shape), resize, error);
}

cc_status cc_resize_read(const cc_op_call *call, cc_resize *resize, cc_error *error)
{
    *resize = (cc_resize){.input = cc_op_input(call, 0)->shape};
    resize->output = resize->input;
    if (cc_shape_elements(&resize->input) < 1 || resize->input.rank < 1)
        return cc_op_fail(call, error, CC_MODEL, "the input is empty");
    for (int i = 0; i < CC_MAX_RANK; i++)
        resize->scale[i] = 1.0F;
    cc_status status = read_modes(call, resize, error);
    if (status == CC_OK)
        status = read_amounts(call, resize, error);
    return status;
}
