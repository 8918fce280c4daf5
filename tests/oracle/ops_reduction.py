"""Reductions, Softmax, ArgMax and the normalisations."""

import numpy as np

# Ours sum in double where ONNX Runtime sums in float: its error, not ours.
MEAN = 1e-5


def reductions(w):
    for op in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"):
        moved = 13 if op == "ReduceSum" else 18
        for axes in ([0], [1], [-1], [2, 3], [0, 2], [-1, -2], [1, 2, 3], None):
            for keep in (0, 1):
                attributes = {} if axes is None else {"axes": axes}
                w.case(op, [w.floats(2, 3, 4, 5)], 11, MEAN, keepdims=keep, **attributes)
                inputs = [w.floats(2, 3, 4, 5)] + ([] if axes is None else [np.array(axes)])
                w.case(op, inputs, moved, MEAN, keepdims=keep)
        w.case(op, [w.floats(2, 3)], moved, MEAN, noop_with_empty_axes=1)
        w.case(op, [w.floats(2, 3), np.zeros(0, np.int64)], moved, MEAN)
        w.case(op, [w.floats()], 11, MEAN)
        w.case(op, [w.floats(1, 2, 37, 41)], 11, MEAN, axes=[2, 3])
        w.case(op, [w.ints(3, 4, dtype=np.int32)], 12, axes=[1])
    for op in ("ReduceSum", "ReduceMax", "ReduceMin"):
        w.case(op, [w.ints(3, 4)], 12, axes=[0])


def softmax(w):
    for opset in (9, 11, 12):
        for axis in (0, 1, 2, 3, -1, -2):
            w.case("Softmax", [w.floats(2, 3, 4, 5, low=-5, high=5)], opset, axis=axis)
        w.case("Softmax", [w.floats(2, 3, 4)], opset)
    for axis in (0, 1, 2, 3, -1, -2):
        w.case("Softmax", [w.floats(2, 3, 4, 5, low=-5, high=5)], 13, axis=axis)
    w.case("Softmax", [w.floats(2, 3, 4)], 13)
    w.case("Softmax", [np.array([[1e4, 1e4 - 1, -1e4], [-3e38, 3e38, 0]], np.float32)], 13)
    w.case("Softmax", [w.floats(1, 1000)], 13)
    w.case("Softmax", [w.floats(7)], 13, axis=0)


def arg_max(w):
    for opset in (9, 11, 12, 13):
        for axis in (0, 1, -1):
            for keep in (0, 1):
                w.case("ArgMax", [w.floats(3, 4, 5)], opset, axis=axis, keepdims=keep)
    ties = w.ints(3, 7, low=0, high=3, dtype=np.float32)
    for last in (0, 1):
        w.case("ArgMax", [ties], 13, axis=1, select_last_index=last)
        w.case("ArgMax", [ties.astype(np.int32)], 13, axis=1, select_last_index=last)
    w.case("ArgMax", [ties.astype(np.uint8)], 13, axis=0)
    w.case("ArgMax", [w.floats(6)], 13)


def batch_normalization(w):
    for opset in (7, 9, 14, 15):
        for shape in ((1, 3, 4, 5), (2, 4, 7), (3, 5), (1, 2, 2, 3, 2)):
            channels = shape[1]
            w.case("BatchNormalization",
                   [w.floats(*shape), w.floats(channels), w.floats(channels),
                    w.floats(channels), w.floats(channels, low=0.1, high=2)], opset)
    w.case("BatchNormalization", [w.floats(1, 2, 3, 3), w.floats(2), w.floats(2), w.floats(2),
                                  np.zeros(2, np.float32)], 15, epsilon=0.01)


def instance_normalization(w):
    for shape in ((1, 3, 4, 5), (2, 4, 7), (2, 2, 3, 4)):
        w.case("InstanceNormalization",
               [w.floats(*shape), w.floats(shape[1]), w.floats(shape[1])], 13, 2e-5)
    w.case("InstanceNormalization",
           [w.floats(1, 2, 9, 9, low=99, high=101), w.floats(2), w.floats(2)], 9, 1e-4,
           epsilon=0.001)


def layer_normalization(w):
    for axis in (-1, -2, 1, 2, 0):
        shape = (2, 3, 4)
        inner = shape[axis:]
        w.case("LayerNormalization", [w.floats(*shape), w.floats(*inner), w.floats(*inner)], 17,
               2e-5, axis=axis)
        w.case("LayerNormalization", [w.floats(*shape), w.floats(*inner)], 17, 2e-5, axis=axis)
    w.case("LayerNormalization", [w.floats(5, 64), w.floats(64), w.floats(64)], 17, 2e-5,
           epsilon=1e-6)
    w.case("LayerNormalization", [w.floats(5, 8), w.floats(8), w.floats(8)], 17, 2e-5,
           outputs=3)


def write(w):
    reductions(w)
    softmax(w)
    arg_max(w)
    batch_normalization(w)
    instance_normalization(w)
    layer_normalization(w)
