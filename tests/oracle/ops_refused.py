"""Nodes that must be refused, with a message that says why."""

import numpy as np


def numbers(*values):
    return np.array(values, np.int64)


def windows(w):
    x, k = w.floats(1, 3, 8, 8), w.floats(4, 3, 3, 3)
    w.refused("Conv", [x, k], "strides holds 0", strides=[0, 1])
    w.refused("Conv", [x, k], "strides holds -2", strides=[-2, 1])
    w.refused("Conv", [x, k], "dilations holds 0", dilations=[0, 0])
    w.refused("Conv", [x, k], "pads holds -1", pads=[-1, 0, 0, 0])
    w.refused("Conv", [x, k], "pads holds 9223372036854775807", pads=[2**63 - 1, 0, 0, 0])
    w.refused("Conv", [x, k], "pads has 2 numbers", pads=[1, 1])
    w.refused("Conv", [x, k], "strides has 3 numbers", strides=[1, 1, 1])
    w.refused("Conv", [x, k], "groups", group=2)
    w.refused("Conv", [x, k], "groups", group=0)
    w.refused("Conv", [x, k], "groups", group=-3)
    w.refused("Conv", [x, w.floats(4, 2, 3, 3)], "groups")
    w.refused("Conv", [x, w.floats(4, 3, 3)], "dimensions")
    w.refused("Conv", [w.floats(3, 8), w.floats(4, 3)], "2 dimensions")
    w.refused("Conv", [w.floats(1, 3, 2, 2, 2), w.floats(4, 3, 1, 1, 1)], "5 dimensions")
    w.refused("Conv", [x, k], "does not fit", dilations=[4, 4])
    w.refused("Conv", [x, k, w.floats(5)], "bias")
    w.refused("Conv", [x, k], "contradicts", kernel_shape=[5, 3])
    w.refused("Conv", [x, k], "does not exist", auto_pad="SAME")
    w.refused("Conv", [x], "1 inputs")
    w.refused("Conv", [x, w.floats(0, 3, 3, 3)], "groups")
    w.refused("Conv", [x, k], "dilations holds", dilations=[2**62, 2**62])
    w.refused("ConvTranspose", [x, w.floats(4, 3, 3, 3)], "groups")
    w.refused("ConvTranspose", [x, w.floats(3, 3, 3, 3)], "output size", pads=[6, 6, 6, 6])
    w.refused("ConvTranspose", [x, w.floats(3, 3, 3, 3)], "output_padding",
              output_padding=[-1, 0])
    w.refused("ConvTranspose", [x, w.floats(3, 3, 3, 3)], "groups", group=2**40)
    for op in ("MaxPool", "AveragePool"):
        w.refused(op, [x], "kernel_shape is missing")
        w.refused(op, [x], "pad as large", kernel_shape=[2, 2], pads=[2, 0, 0, 0])
        w.refused(op, [x], "kernel_shape holds 0", kernel_shape=[0, 2])
        w.refused(op, [x], "does not fit", kernel_shape=[9, 2])
    w.refused("MaxPool", [x], "Indices", kernel_shape=[2, 2], outputs=2)
    w.refused("GlobalAveragePool", [w.floats(3, 4)], "fewer than 3")


def elements(w):
    w.refused("Add", [w.floats(3), w.floats(4)], "do not broadcast")
    w.refused("Add", [w.floats(3), w.ints(3)], "must agree")
    w.refused("Add", [w.floats(3), w.floats(3)], "opset 6 is older", opset=6)
    w.refused("Relu", [w.floats(3).astype(np.float16)], "float16")
    w.refused("Relu", [w.floats(3).astype(np.float64)], "float64")
    w.refused("Div", [w.ints(3), numbers(1, 0, 2)], "by zero", at="run")
    w.refused("Clip", [w.floats(3), w.floats(2)], "scalar")
    w.refused("Cast", [w.floats(3)], "element type 8", to=8)
    w.refused("Cast", [w.floats(3)], "element type 0")
    w.refused("Softmax", [w.floats(3)], "axis 1", axis=1)
    w.refused("PRelu", [w.floats(3), w.floats(2, 3)], "larger")
    w.refused("Where", [w.floats(3), w.floats(3), w.floats(3)], "float32")
    w.refused("NonMaxSuppression", [w.floats(3)], "does not have this operator")


def products_and_reductions(w):
    w.refused("MatMul", [w.floats(2, 3), w.floats(2, 3)], "do not match")
    w.refused("MatMul", [w.floats(2, 2, 3), w.floats(3, 3, 2)], "do not broadcast")
    w.refused("Gemm", [w.floats(2, 3), w.floats(2, 3)], "do not match")
    w.refused("Gemm", [w.floats(2, 3), w.floats(3, 2), w.floats(3, 2)], "do not broadcast")
    w.refused("Gemm", [w.floats(2, 3, 1), w.floats(3, 2)], "dimensions")
    w.refused("ReduceMean", [w.floats(2, 3)], "axis 2", axes=[2])
    w.refused("ReduceMean", [w.floats(2, 3)], "twice", axes=[1, -1])
    w.refused("ReduceMax", [w.floats(0, 3)], "empty", axes=[0])
    w.refused("ReduceSum", [w.floats(2, 3), numbers(0)], "constant", constant=())
    w.refused("ArgMax", [w.floats(2, 0)], "empty", axis=1)
    w.refused("BatchNormalization", [w.floats(1, 3, 2, 2)] + [w.floats(2)] * 4, "3 values")
    w.refused("BatchNormalization", [w.floats(1, 2, 2, 2)] + [w.floats(2)] * 4, "training",
              opset=14, training_mode=1)
    w.refused("LayerNormalization", [w.floats(2, 3), w.floats(2)], "3 values", opset=17)
    w.refused("InstanceNormalization", [w.floats(2, 3), w.floats(3), w.floats(3)], "fewer")
    w.refused("QuantizeLinear", [w.floats(2, 3), w.floats(2)], "scale", axis=1)
    w.refused("ConvInteger", [w.floats(1, 1, 2, 2), w.floats(1, 1, 1, 1)], "float32", opset=10)


def moves(w):
    x = w.floats(2, 3, 4)
    w.refused("Concat", [x, w.floats(2, 3, 5)], "does not fit", axis=1)
    w.refused("Concat", [x, w.floats(2, 3)], "does not fit", axis=1)
    w.refused("Concat", [x], "axis is missing")
    w.refused("Concat", [x], "axis 3", axis=3)
    w.refused("Split", [x], "equal parts", outputs=2, axis=1)
    w.refused("Split", [x, numbers(1, 1)], "add up", outputs=2, axis=1)
    w.refused("Split", [x, numbers(4, -1)], "does not fit", outputs=2, axis=1)
    w.refused("Split", [x, numbers(1, 1, 1)], "number of parts", outputs=2, axis=1)
    w.refused("Slice", [x, numbers(0), numbers(1), numbers(0), numbers(0)], "step of 0")
    w.refused("Slice", [x, numbers(0), numbers(1), numbers(5)], "axis 5")
    w.refused("Slice", [x, numbers(0, 0), numbers(1)], "one number for each")
    w.refused("Slice", [x, numbers(0), numbers(1)], "constant", constant=(2,))
    w.refused("Gather", [x, numbers(2)], "outside", at="run")
    w.refused("Gather", [x, numbers(-3)], "outside", at="run")
    w.refused("Gather", [x, numbers(0)], "axis 3", axis=3)
    w.refused("Transpose", [x], "perm", perm=[0, 1])
    w.refused("Transpose", [x], "twice", perm=[0, 1, 1])
    w.refused("Reshape", [x, numbers(5, 5)], "cannot become")
    w.refused("Reshape", [x, numbers(-1, -1)], "not possible")
    w.refused("Reshape", [x, numbers(-2, 12)], "not possible")
    w.refused("Reshape", [x, numbers(1, 1, 1, 0)], "nothing to copy")
    w.refused("Reshape", [x, numbers(*[1] * 9)], "too long")
    w.refused("Reshape", [x, numbers(2**40, 2**40)], "cannot become")
    w.refused("Reshape", [x, numbers(24)], "constant", constant=())
    w.refused("Squeeze", [x, numbers(0)], "cannot be dropped")
    w.refused("Unsqueeze", [x, numbers(7)], "axis 7")
    w.refused("Unsqueeze", [x, numbers(0, 0)], "twice")
    w.refused("Unsqueeze", [x, numbers(*range(9))], "more than 8")
    w.refused("Expand", [x, numbers(5)], "do not broadcast")
    w.refused("Expand", [w.floats(1), numbers(2**20, 2**20)], "more than clearcut handles")
    w.refused("Tile", [x, numbers(1, -1, 1)], "-1")
    w.refused("Tile", [x, numbers(2**30, 2**30, 1)], "more than clearcut handles")
    w.refused("Pad", [x, numbers(0, 0, 4, 0, 0, 0)], "cannot be padded", mode="reflect")
    w.refused("Pad", [x, numbers(0, 0, -5, 0, 0, 0)], "cannot be padded")
    w.refused("Pad", [x, numbers(1, 1)], "pads has 2")
    w.refused("Pad", [x, numbers(0, 0, 1, 0, 0, 0)], "wrap", mode="wrap", opset=19)
    w.refused("ConstantOfShape", [numbers(-1)], "more than clearcut", constant=(0,))
    w.refused("ConstantOfShape", [numbers(2**40)], "more than clearcut", constant=(0,))
    w.refused("Range", [np.array(v) for v in (0, 5, 0)], "does not end", opset=11,
              constant=(0, 1, 2))
    w.refused("Range", [np.array(v) for v in (0, 2**62, 1)], "does not end", opset=11,
              constant=(0, 1, 2))
    w.refused("DepthToSpace", [w.floats(1, 6, 2, 2)], "do not divide", blocksize=2)
    w.refused("DepthToSpace", [w.floats(1, 4, 2, 2)], "blocksize 0", blocksize=0)
    w.refused("SpaceToDepth", [w.floats(1, 4, 3, 2)], "does not divide", blocksize=2)
    w.refused("Dropout", [x, np.array(0.5, np.float32), np.array(True)], "training", opset=12)


def resizes(w):
    x = w.floats(1, 2, 4, 4)

    def scales(message, *values, **attributes):
        w.refused("Resize", [x, None, np.array(values, np.float32)], message, **attributes)

    scales("not a positive number", 1, 1, -2, 2)
    scales("not a positive number", 1, 1, 0, 2)
    scales("not a positive number", 1, 1, np.nan, 2)
    scales("not a positive number", 1, 1, np.inf, 2)
    scales("elements", 1, 1, 0.1, 2)
    scales("elements", 1, 1, 1e30, 2)
    scales("more than clearcut", 1, 1, 1e6, 1e6)
    scales("3 scales", 1, 1, 2)
    scales("antialias", 1, 1, 2, 2, antialias=1, opset=18, mode="linear")
    scales("tf_crop_and_resize", 1, 1, 2, 2, coordinate_transformation_mode="tf_crop_and_resize")
    scales("area", 1, 1, 2, 2, mode="area")
    w.refused("Resize", [x], "neither scales nor sizes")
    w.refused("Resize", [x, None, None, numbers(1, 2, 0, 4)], "size 0")
    w.refused("Resize", [x, None, None, numbers(1, 2, -4, 4)], "size -4")
    w.refused("Resize", [x, None, None, numbers(1, 2, 8, 8)], "constant", constant=())
    w.refused("Resize", [w.ints(1, 1, 2, 2), None, np.array([1, 1, 2, 2], np.float32)],
              "nearest", mode="linear")
    w.refused("Upsample", [x, np.array([1, 1, -1, 2], np.float32)], "not a positive", opset=9)
    w.refused("Upsample", [x], "neither scales nor sizes", opset=9)


def write(w):
    windows(w)
    elements(w)
    products_and_reductions(w)
    moves(w)
    resizes(w)
