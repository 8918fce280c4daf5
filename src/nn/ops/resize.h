/* Resize and Upsample resolved to numbers: for every axis and every output
 * position the input positions that it is made of. Shared with fast kernels. */
#ifndef CLEARCUT_NN_OPS_RESIZE_H
#define CLEARCUT_NN_OPS_RESIZE_H

#include "nn/ops/operator.h"

typedef enum cc_resize_mode { CC_RESIZE_NEAREST, CC_RESIZE_LINEAR, CC_RESIZE_CUBIC } cc_resize_mode;

/* How an output position becomes an input position; names of ONNX. */
typedef enum cc_resize_transform {
    CC_RESIZE_HALF_PIXEL,
    CC_RESIZE_PYTORCH_HALF_PIXEL,
    CC_RESIZE_ALIGN_CORNERS,
    CC_RESIZE_ASYMMETRIC,
    CC_RESIZE_TF_HALF_PIXEL_FOR_NN
} cc_resize_transform;

typedef enum cc_resize_rounding {
    CC_RESIZE_ROUND_PREFER_FLOOR,
    CC_RESIZE_ROUND_PREFER_CEIL,
    CC_RESIZE_FLOOR,
    CC_RESIZE_CEIL,
    CC_RESIZE_SIMPLE /* Upsample and Resize 10: floor to enlarge, ceil to shrink */
} cc_resize_rounding;

typedef struct cc_resize {
    cc_resize_mode mode;
    cc_resize_transform transform;
    cc_resize_rounding rounding;
    float cubic_a; /* cubic_coeff_a */
    bool exclude_outside;
    cc_shape input;
    cc_shape output;
    float scale[CC_MAX_RANK]; /* output positions for one input position */
} cc_resize;

/* Input positions (clamped into the axis) and their weights, which add up to 1. */
typedef struct cc_resize_taps {
    int count; /* 1, 2 or 4 */
    int64_t index[4];
    float weight[4];
} cc_resize_taps;

/* Read every form of Resize (opset 10: scales; 11 and 13: roi, scales, sizes; 18:
 * axes and keep_aspect_ratio_policy) and Upsample (7: attribute, 9: input).
 * CC_UNSUPPORTED for tf_crop_and_resize, antialias and scales that are not
 * constants; CC_MODEL for scales that are not positive numbers. */
cc_status cc_resize_read(const cc_op_call *call, cc_resize *resize, cc_error *error);

/* What output position `at` (0 .. output.dims[axis]-1) of an axis is made of. */
cc_resize_taps cc_resize_taps_at(const cc_resize *resize, int axis, int64_t at);

#endif
