"""Operators that move elements or make them: any element type."""

import numpy as np

TYPES = (np.float32, np.int64, np.int32, np.uint8, np.int8, np.bool_, np.float16, np.float64)


def numbers(*values):
    return np.array(values, np.int64)


def concat_and_split(w):
    for axis in (0, 1, 2, -1):
        shapes = [[2, 3, 4], [2, 3, 4], [2, 3, 4]]
        shapes[1][axis] = 1
        shapes[2][axis] = 5
        for opset in (9, 13):
            w.case("Concat", [w.floats(*s) for s in shapes], opset, 0, constant=(), axis=axis)
    for dtype in (np.int64, np.int32, np.bool_):
        w.case("Concat", [w.ints(3, low=0).astype(dtype), w.ints(2, low=0).astype(dtype)],
               constant=(), axis=0)
    w.case("Concat", [w.floats(2, 3)], 13, 0, axis=1)
    w.case("Concat", [w.floats(2, 0), w.floats(2, 3)], 13, 0, constant=(), axis=1)
    w.case("Concat", [w.floats(1, 2) for _ in range(40)], 13, 0, constant=(), axis=1)
    for opset in (9, 11):
        w.case("Split", [w.floats(2, 6, 3)], opset, 0, outputs=3, axis=1)
        w.case("Split", [w.floats(2, 6, 3)], opset, 0, outputs=3, axis=-2, split=[1, 2, 3])
    w.case("Split", [w.floats(6, 3)], 13, 0, outputs=2)
    w.case("Split", [w.floats(2, 6), numbers(4, 2)], 13, 0, outputs=2, axis=1)
    w.case("Split", [w.floats(2, 6), numbers(4, 0, 2)], 13, 0, outputs=[True, False, True],
           axis=1)
    w.case("Split", [w.floats(2, 6), numbers(4, 2)], 13, 0, outputs=[False, True], axis=1)
    w.case("Split", [w.floats(7, 2)], 18, 0, outputs=3, num_outputs=3)
    w.case("Split", [w.floats(2, 8)], 18, 0, outputs=4, axis=1, num_outputs=4)
    w.case("Split", [w.floats(2, 6), numbers(4, 2)], 18, 0, outputs=2, axis=1)
    w.case("Split", [w.ints(6, dtype=np.int32)], 13, outputs=3)


def slices(w):
    w.case("Slice", [w.floats(5, 6, 7)], 9, 0, starts=[1, -4], ends=[4, 100], axes=[0, 2])
    w.case("Slice", [w.floats(5, 6)], 9, 0, starts=[1, 2], ends=[-1, -1])
    huge = 2**63 - 1
    for starts, ends, axes, steps in (
            ([1], [4], [0], [1]), ([0, 1], [5, 6], [0, 1], [2, 3]), ([-1], [-huge], [1], [-1]),
            ([4, 5], [0, -100], [0, 1], [-1, -2]), ([2], [2], [0], [1]), ([3], [1], [0], [1]),
            ([-100], [100], [2], [1]), ([10], [0], [2], [-3]), ([0], [huge], [-1], [huge]),
            ([huge], [-huge - 1], [-1], [-huge]), ([-3], [huge], [-2], [1]),
            ([5], [-7], [1], [-1]), ([0], [-1], [1], [1])):
        for opset in (10, 13):
            w.case("Slice", [w.floats(5, 6, 7), numbers(*starts), numbers(*ends),
                             numbers(*axes), numbers(*steps)], opset, 0)
    w.case("Slice", [w.floats(5, 6), numbers(1, 2), numbers(3, 4)], 11, 0)
    w.case("Slice", [w.floats(5, 6), numbers(1), numbers(3), None, numbers(2)], 11, 0)
    for dtype in (np.int64, np.int32, np.bool_, np.uint8):
        w.case("Slice", [w.ints(9, low=0).astype(dtype), np.array([1], np.int32),
                         np.array([7], np.int32), np.array([0], np.int32),
                         np.array([2], np.int32)], 13)


def gather(w):
    for axis in (0, 1, 2, -1):
        w.case("Gather", [w.floats(3, 4, 5), w.ints(2, 3, low=-3, high=3)], 11, 0, constant=(),
               axis=axis)
        w.case("Gather", [w.floats(3, 4, 5), np.array(1)], 13, 0, axis=axis)
    w.case("Gather", [numbers(1, 3, 320, 240), np.array(2)], 9)
    for dtype in (np.int64, np.int32, np.bool_, np.uint8, np.int8):
        w.case("Gather", [w.ints(4, low=0).astype(dtype), np.array([3, -4, 0], np.int32)], 13)
    w.case("Gather", [w.floats(3, 4), np.zeros((0,), np.int64)], 13, 0)


def rearrange(w):
    for perm in ([0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 3, 1], [0, 3, 1, 2], [1, 0, 3, 2]):
        w.case("Transpose", [w.floats(2, 3, 4, 5)], 13, 0, perm=perm)
    w.case("Transpose", [w.floats(2, 3, 4)], 9, 0)
    w.case("Transpose", [w.floats()], 13, 0)
    w.case("Transpose", [w.floats(1, 2, 3, 2, 2, 3)], 13, 0, perm=[0, 3, 4, 1, 5, 2])
    for dtype in (np.int64, np.int32, np.bool_, np.uint8):
        w.case("Transpose", [w.ints(3, 5, low=0).astype(dtype)], 13)
    for mode in ("DCR", "CRD"):
        for block in (1, 2, 3):
            w.case("DepthToSpace", [w.floats(2, 2 * block * block, 3, 4)], 13, 0,
                   blocksize=block, mode=mode)
    w.case("DepthToSpace", [w.floats(1, 8, 2, 3)], 9, 0, blocksize=2)
    for block in (1, 2, 3):
        w.case("SpaceToDepth", [w.floats(2, 3, 2 * block, 3 * block)], 13, 0, blocksize=block)


def reshapes(w):
    x = w.floats(2, 3, 4)
    for shape in ((6, 4), (-1,), (0, -1), (0, 0, 4), (2, -1, 2, 1), (24, 1, 1), (3, 0, -1)):
        if shape != (3, 0, -1) or x.size % 9 == 0:
            for opset in (9, 14):
                w.case("Reshape", [x, numbers(*shape)], opset, 0)
    w.case("Reshape", [w.floats(1), numbers()], 13, 0)
    w.case("Reshape", [w.floats(0, 3), numbers(3, 0)], 14, 0, allowzero=1)
    w.case("Reshape", [w.floats(0, 3), numbers(0, 3)], 14, 0)
    for axis in (0, 1, 2, 3, -1, -2):
        w.case("Flatten", [x], 11, 0, axis=axis)
    w.case("Flatten", [x], 9, 0)
    w.case("Flatten", [w.floats()], 13, 0, axis=0)
    y = w.floats(1, 3, 1, 5, 1)
    for axes in ([0], [2, -1], [0, 2, 4]):
        w.case("Squeeze", [y], 11, 0, axes=axes)
        w.case("Squeeze", [y, numbers(*axes)], 13, 0)
    w.case("Squeeze", [y], 11, 0)
    w.case("Squeeze", [y], 13, 0)
    for axes in ([0], [1, 3], [-1], [0, -1, 2]):
        w.case("Unsqueeze", [x], 11, 0, axes=axes)
        w.case("Unsqueeze", [x, numbers(*axes)], 13, 0)
    w.case("Unsqueeze", [np.array(7), numbers(0)], 13)
    for dtype in TYPES:
        w.case("Identity", [w.ints(3, 2, low=0).astype(dtype)], 13)
        w.case("Reshape", [w.ints(3, 2, low=0).astype(dtype), numbers(6)], 13)
    for opset in (7, 10, 12, 13):
        w.case("Dropout", [x], opset, 0)
    w.case("Dropout", [x], 12, 0, outputs=2)
    w.case("Dropout", [x], 10, 0, outputs=2)
    w.case("Dropout", [x], 7, 0, outputs=2)
    w.case("Dropout", [x, np.array(0.7, np.float32), np.array(False)], 12, 0)


def expand_and_tile(w):
    for x, shape in (((3, 1), (2, 3, 4)), ((3, 4), (1, 1)), ((1,), (5,)), ((), (2, 2)),
                     ((2, 1, 4), (3, 1)), ((2, 3), ())):
        w.case("Expand", [w.floats(*x), numbers(*shape)], 8, 0)
    w.case("Expand", [w.ints(3, 1), numbers(3, 2)], 13)
    w.case("Expand", [w.floats(3, 1), numbers(3, 0)], 13, 0)
    for x, repeats in (((2, 3), (2, 1)), ((2, 3), (1, 1)), ((2, 3, 4), (3, 2, 2)), ((5,), (0,)),
                       ((1, 1, 1), (2, 3, 4))):
        w.case("Tile", [w.floats(*x), numbers(*repeats)], 9, 0)
    w.case("Tile", [w.ints(2, 3), numbers(2, 2)], 13)


def pads(w):
    x = w.floats(1, 2, 5, 4)
    for pads in ([0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 3, 0, 0, 0, 1, 2], [0, 1, 0, 0, 0, 1, 0, 0]):
        for mode in ("constant", "edge", "reflect"):
            if mode == "reflect" and pads[1]:
                pads = [0, 1, 2, 3, 0, 0, 4, 3]
            w.case("Pad", [x], 9, 0, mode=mode, pads=pads)
            w.case("Pad", [x, numbers(*pads)], 11, 0, mode=mode)
            w.case("Pad", [x, numbers(*pads)], 13, 0, mode=mode)
    w.case("Pad", [x], 9, 0, pads=[0, 0, 1, 2, 0, 0, 2, 1], value=0.5)
    w.case("Pad", [x, numbers(0, 0, 1, 2, 0, 0, 2, 1), np.array(0.5, np.float32)], 11, 0)
    w.case("Pad", [x, numbers(0, 0, -1, 2, 0, 0, 2, -1)], 13, 0)
    w.case("Pad", [x, numbers(0, 0, -1, -1, 0, 0, -2, -1), np.array(9, np.float32)], 13, 0)
    w.case("Pad", [x, numbers(1, 2, 2, 1), None, numbers(2, -1)], 18, 0)
    w.case("Pad", [x, numbers(1, 2, 2, 1), np.array(7, np.float32), numbers(3, 2)], 18, 0)
    for dtype in (np.int64, np.int32, np.uint8, np.int8):
        w.case("Pad", [w.ints(3, 4, low=0, dtype=dtype), numbers(1, 0, 0, 2),
                       np.array(5, dtype)], 13)


def made(w):
    for value in (w.floats(2, 3), w.ints(4), np.array(3.5, np.float32), w.bools(3),
                  w.ints(2, dtype=np.int32), np.zeros((0,), np.int64)):
        w.case("Constant", [], 11, 0, value=value)
    w.case("Constant", [], 13, 0, value_float=2.5)
    w.case("Constant", [], 13, 0, value_int=-7)
    w.case("Constant", [], 13, 0, value_floats=[1.0, 2.5])
    w.case("Constant", [], 13, 0, value_ints=[3, 4, 5])
    for opset in (9, 13, 15):
        w.case("Shape", [w.floats(2, 3, 4)], opset)
    w.case("Shape", [w.floats()], 13)
    w.case("Shape", [w.ints(0, 2)], 13)
    for bounds in ({"start": 1}, {"end": -1}, {"start": -2, "end": 100}, {"start": 2, "end": 1},
                   {"start": -9, "end": 2}):
        w.case("Shape", [w.floats(2, 3, 4)], 15, **bounds)
    for shape in ((2, 3), (), (0, 2), (4,)):
        w.case("ConstantOfShape", [numbers(*shape)], 9, 0, constant=(0,))
        w.case("ConstantOfShape", [numbers(*shape)], 9, 0, constant=(0,), value=np.array([7]))
    w.case("ConstantOfShape", [numbers(3)], 13, 0, constant=(0,),
           value=np.array([-1.5], np.float32))
    for start, limit, delta in ((0, 5, 1), (10, 0, -3), (3, 3, 1), (5, 0, 1), (-4, 9, 4)):
        for dtype in (np.int64, np.int32, np.float32):
            w.case("Range", [np.array(v, dtype) for v in (start, limit, delta)], 11,
                   constant=(0, 1, 2))
    w.case("Range", [np.array(v, np.float32) for v in (0.5, 3.1, 0.3)], 11, constant=(0, 1, 2))


def write(w):
    concat_and_split(w)
    slices(w)
    gather(w)
    rearrange(w)
    reshapes(w)
    expand_and_tile(w)
    pads(w)
    made(w)
