"""Resize and Upsample in all their forms."""

import itertools

import numpy as np

TRANSFORMS = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
FORMS = ([1, 1, 2.0, 2.0], [1, 1, 1.5, 2.6], [1, 1, 0.5, 0.7], [1, 1, 3.0, 0.3],
         [1, 1, 1.0, 2.0])
SIZES = ([1, 2, 10, 14], [1, 2, 3, 4], [1, 2, 5, 7], [1, 2, 11, 1], [1, 2, 1, 20])
# Weights are computed in float32 on both sides, in another order.
WEIGHTED = 1e-5


def floats(*values):
    return np.array(values, np.float32)


def old_forms(w):
    x = w.floats(1, 2, 5, 7)
    for mode in ("nearest", "linear"):
        w.case("Upsample", [x], 7, WEIGHTED, mode=mode, scales=[1.0, 1.0, 2.0, 3.0])
        for scales in ((1, 1, 2, 2), (1, 1, 2.5, 1.2), (1, 1, 1, 3)):
            w.case("Upsample", [x, floats(*scales)], 9, WEIGHTED, mode=mode)
        for scales in FORMS:
            w.case("Resize", [x, floats(*scales)], 10, WEIGHTED, mode=mode)
    w.case("Upsample", [w.ints(1, 1, 2, 3, dtype=np.int32), floats(1, 1, 2, 2)], 9,
           mode="nearest")


def new_forms(w, opset):
    roi = floats()
    for transform in TRANSFORMS:
        for scales, sizes in itertools.zip_longest(FORMS, SIZES):
            x = w.floats(1, 2, 5, 7)
            amounts = [[x, roi, floats(*scales)], [x, roi, floats(), np.array(sizes)]]
            for inputs in amounts:
                for mode in ("linear", "cubic"):
                    w.case("Resize", inputs, opset, WEIGHTED, mode=mode,
                           coordinate_transformation_mode=transform)
                for rounding in ROUNDINGS:
                    w.case("Resize", inputs, opset, 0, mode="nearest", nearest_mode=rounding,
                           coordinate_transformation_mode=transform)


def details(w):
    x = w.floats(1, 2, 5, 7)
    for exclude, a in ((0, -0.5), (1, -0.75), (1, -0.5)):
        for transform in TRANSFORMS:
            for scales in FORMS:
                w.case("Resize", [x, None, floats(*scales)], 13, WEIGHTED, mode="cubic",
                       cubic_coeff_a=a, exclude_outside=exclude,
                       coordinate_transformation_mode=transform)
    w.case("Resize", [x, None, floats(1, 1, 2, 2)], 13)
    w.case("Resize", [x, None, None, np.array([1, 2, 9, 9])], 13, 0, mode="nearest")
    w.case("Resize", [x, floats(), floats(1, 1, 2, 2)], 11, 0, mode="nearest",
           coordinate_transformation_mode="tf_half_pixel_for_nn")
    for dtype in (np.uint8, np.int8, np.int32):
        w.case("Resize", [w.ints(1, 2, 3, 4, low=0, dtype=dtype), None, floats(1, 1, 2, 1.7)],
               13, mode="nearest")
    w.case("Resize", [w.floats(3, 4), None, floats(2, 1.5)], 13, WEIGHTED, mode="linear")
    w.case("Resize", [w.floats(1, 2, 3, 4, 5), None, floats(1, 1, 2, 2, 2)], 13, WEIGHTED,
           mode="linear")
    w.case("Resize", [w.floats(6), None, floats(2.4)], 13, 0, mode="nearest")
    w.case("Resize", [w.floats(1, 1, 1, 1), None, None, np.array([1, 1, 4, 3])], 13, WEIGHTED,
           mode="linear")
    # Sizes of real networks: U2-Net's side outputs and a non-divisible one.
    w.case("Resize", [w.floats(1, 1, 10, 10), floats(), floats(), np.array([1, 1, 320, 320])], 11,
           WEIGHTED, mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    w.case("Resize", [w.floats(1, 1, 20, 15), floats(), floats(), np.array([1, 1, 39, 31])], 11,
           WEIGHTED, mode="linear", coordinate_transformation_mode="align_corners")


def opset_18(w):
    x = w.floats(1, 2, 5, 7)
    w.case("Resize", [x, None, floats(2, 3)], 18, WEIGHTED, mode="linear", axes=[2, 3])
    w.case("Resize", [x, None, floats(2, 3)], 18, WEIGHTED, mode="linear", axes=[3, 2])
    w.case("Resize", [x, None, None, np.array([9, 6])], 18, WEIGHTED, mode="cubic", axes=[2, 3])
    w.case("Resize", [x, None, None, np.array([9, 6])], 19, 0, mode="nearest", axes=[-2, -1])
    for policy in ("stretch", "not_larger", "not_smaller"):
        w.case("Resize", [x, None, None, np.array([9, 20])], 18, WEIGHTED, mode="linear",
               axes=[2, 3], keep_aspect_ratio_policy=policy)


def write(w):
    old_forms(w)
    for opset in (11, 13):
        new_forms(w, opset)
    details(w)
    opset_18(w)
