"""Operators that transformers, deformable convolutions and position encodings are made of:
indices for each element, sampling grids, named sums."""

import numpy as np


def numbers(*values):
    return np.array(values, np.int64)


def elements(w):
    for axis in (0, 1, 2, -1):
        shape = [3, 4, 5]
        shape[axis] = 2
        low, high = -[3, 4, 5][axis], [3, 4, 5][axis]
        for dtype in (np.int64, np.int32):
            indices = w.ints(*shape, low=low, high=high, dtype=dtype)
            w.case("GatherElements", [w.floats(3, 4, 5), indices], 13, 0, constant=(), axis=axis)
        once = np.argsort(w.floats(3, 4, 5), axis=axis)
        w.case("ScatterElements", [w.floats(3, 4, 5), once, w.floats(3, 4, 5)], 13, 0,
               constant=(), axis=axis)
    w.case("GatherElements", [w.floats(3, 4), w.ints(3, 2, low=0, high=4)], 11, 0, axis=1)
    w.case("GatherElements", [w.floats(4, 4), w.ints(2, 3, low=0, high=4)], 13, 0)
    w.case("GatherElements", [w.floats(4, 4), np.zeros((0, 3), np.int64)], 13, 0)
    for dtype in (np.int64, np.bool_, np.uint8):
        data = w.ints(5, 3, low=0).astype(dtype)
        w.case("GatherElements", [data, w.ints(2, 3, low=-5, high=5)], 13, 0)
        w.case("ScatterElements", [data, numbers(1, 3, -1).reshape(1, 3),
                                   w.ints(1, 3, low=0).astype(dtype)], 13, 0)
    w.case("ScatterElements", [w.floats(6), numbers(4, 0), w.floats(2)], 16, 0, constant=())


def tuples(w):
    data = w.floats(3, 4, 5)
    for depth in (1, 2, 3):
        indices = np.stack([w.ints(2, 6, low=-n, high=n) for n in (3, 4, 5)[:depth]], -1)
        w.case("GatherND", [data, indices], 13, 0, constant=())
        w.case("GatherND", [data, indices[0]], 11, 0)
    for batch in (1, 2):
        indices = w.ints(*((3, 4)[:batch]), 7, 1, low=0, high=(4, 5)[batch - 1])
        w.case("GatherND", [data, indices], 13, 0, constant=(), batch_dims=batch)
    w.case("GatherND", [w.floats(3, 4, 5), w.ints(3, 2, 2, low=0, high=4)], 13, 0, batch_dims=1)
    w.case("GatherND", [data, np.zeros((0, 2), np.int64)], 13, 0)
    w.case("GatherND", [w.ints(4, 4, low=0).astype(np.int32), w.ints(5, 2, low=0, high=4)], 13)
    for dtype in (np.float32, np.int64, np.bool_):
        data = w.ints(6, 4, 3, low=0).astype(dtype)
        w.case("ScatterND", [data, numbers(4, 0, -2).reshape(3, 1),
                             w.ints(3, 4, 3, low=0).astype(dtype)], 13, 0, constant=())
        w.case("ScatterND", [data, np.array([[0, 1], [5, -1]]),
                             w.ints(2, 3, low=0).astype(dtype)], 16, 0, constant=())
    places = np.array([[[1, 2, 0], [0, 0, 2]], [[5, 3, -1], [2, -4, 1]]])
    w.case("ScatterND", [w.floats(6, 4, 3), places, w.floats(2, 2)], 11, 0, constant=())


def grids(w):
    """Positions inside, on the edge and far outside."""
    for opset, modes in ((16, ("bilinear", "nearest", "bicubic")), (20, ("linear", "cubic"))):
        for mode in modes:
            for padding in ("zeros", "border", "reflection"):
                for corners in (0, 1):
                    w.case("GridSample",
                           [w.floats(2, 3, 5, 7), w.floats(2, 4, 6, 2, low=-1.9, high=1.9)], opset,
                           1e-5, constant=(), mode=mode, padding_mode=padding,
                           align_corners=corners)
    edges = np.array([-1, -0.999, 0, 0.5, 0.999, 1], np.float32)
    grid = np.stack(np.meshgrid(edges, edges), -1)[None].astype(np.float32)
    for corners in (0, 1):
        w.case("GridSample", [w.floats(1, 2, 4, 6), grid], 16, 1e-5, align_corners=corners)
        w.case("GridSample", [w.floats(1, 2, 1, 1), grid], 16, 1e-5, align_corners=corners)
    w.case("GridSample", [w.floats(1, 1, 3, 3), np.array(
        [[[[9, -9], [1e6, 0], [-3, 3]]]], np.float32)], 16, 1e-5, padding_mode="border")


def sums(w):
    for equation, shapes in (
            ("ij,jk->ik", ((3, 4), (4, 5))), ("bhwc,hkc->bhwk", ((2, 3, 4, 5), (3, 6, 5))),
            ("bhwc,wkc->bhwk", ((2, 3, 4, 5), (4, 6, 5))), ("ij->ji", ((3, 4),)),
            ("ii->i", ((4, 4),)), ("ii", ((4, 4),)), ("ij,jk", ((3, 4), (4, 5))),
            ("i,j->ij", ((3,), (4,))), ("ij,ij->", ((3, 4), (3, 4))), ("ijk->", ((2, 3, 4),)),
            ("b i d, b j d -> b i j", ((2, 3, 4), (2, 5, 4))),
            ("nchw,oc->nohw", ((2, 3, 4, 5), (6, 3))), ("ab,bc,cd->ad", ((2, 3), (3, 4), (4, 5))),
            ("abc,cde->badh".replace("h", "e"), ((2, 3, 4), (4, 5, 6)))):
        w.case("Einsum", [w.floats(*s) for s in shapes], 13, 2e-5, constant=(), equation=equation)
    w.case("Einsum", [w.floats(2, 3), w.floats(3, 4)], 12, 2e-5, equation="ij,jk->ki")


def made(w):
    for axis in (0, 1, -1):
        w.case("OneHot", [w.ints(2, 3, low=-7, high=8), np.array(5), np.array([0.5, 2], np.float32)],
               11, 0, axis=axis)
    w.case("OneHot", [w.ints(4, low=0, high=3, dtype=np.int64), np.array([3]), numbers(0, 1)], 9, 0)
    w.case("OneHot", [w.ints(4, low=0, high=3).astype(np.float32), np.array(3, np.float32),
                      np.array([0, 1], np.float32)], 11, 0)
    for axis in (0, 1, -1):
        for exclusive in (0, 1):
            for reverse in (0, 1):
                w.case("CumSum", [w.floats(3, 4, 2), np.array(axis)], 14, 4e-6,
                       exclusive=exclusive, reverse=reverse)
    w.case("CumSum", [w.ints(3, 4), np.array([1], np.int32)], 11)
    w.case("CumSum", [w.ints(3, 4, dtype=np.int32), np.array(0)], 14)
    w.case("CumSum", [w.floats(0, 4), np.array(0)], 14)


def functions(w):
    x = w.floats(3, 50, low=-9, high=9)
    for op in ("Sin", "Cos", "Sign"):
        w.case(op, [x], 13, 4e-6)
        w.case(op, [np.array([0.0, -0.0, 1e-30, -1e30 if op == "Sign" else -3.0, 700.0],
                             np.float32)], 13, 4e-6)
    divisor = np.array([3, -3, 7, -1, 1])
    for dtype in (np.int64, np.int32):
        w.case("Mod", [w.ints(4, 5).astype(dtype), divisor.astype(dtype)], 13, constant=())
        w.case("Mod", [w.ints(4, 5).astype(dtype), divisor.astype(dtype)], 10, constant=(), fmod=1)
    w.case("Mod", [w.floats(4, 5, low=-9, high=9), w.floats(5, low=0.5, high=3)], 13, 1e-5,
           constant=(), fmod=1)


def refused(w):
    w.refused("GatherElements", [w.floats(3, 4), numbers(1)], "dimensions for data of")
    w.refused("GatherElements", [w.floats(3, 4), w.ints(4, 4, low=0, high=3)], "larger", axis=1)
    w.refused("GatherElements", [w.floats(3, 4), numbers(9, 0, 0, 0).reshape(1, 4)],
              "outside an axis", at="run")
    w.refused("ScatterElements", [w.floats(3), numbers(1), w.floats(2)], "differ in shape")
    w.refused("ScatterElements", [w.floats(3), numbers(1), w.floats(1)], "reduction=none",
              reduction="add", opset=16)
    w.refused("ScatterElements", [w.floats(3), numbers(-4), w.floats(1)], "outside an axis",
              at="run")
    w.refused("GatherND", [w.floats(3, 4), w.ints(2, 3, low=0, high=3)], "address 3 dimensions")
    w.refused("GatherND", [w.floats(3, 4), w.ints(2, 1, low=0, high=3)], "batch dimension",
              batch_dims=1)
    w.refused("GatherND", [w.floats(3, 4), numbers(0, 4).reshape(1, 2)], "outside an axis",
              at="run")
    w.refused("ScatterND", [w.floats(3, 4), numbers(0).reshape(1, 1), w.floats(1, 3)],
              "shape that is addressed")
    w.refused("ScatterND", [w.floats(3), numbers(1).reshape(1, 1), w.floats(1)], "reduction=none",
              reduction="mul", opset=16)
    w.refused("ScatterND", [w.floats(3), numbers(3).reshape(1, 1), w.floats(1)],
              "outside an axis", at="run")
    w.refused("GridSample", [w.floats(1, 1, 2, 2, 2), w.floats(1, 1, 1, 1, 3)], "5 dimensions",
              opset=20)
    w.refused("GridSample", [w.floats(1, 1, 2, 2), w.floats(1, 1, 1, 3)], "belong together",
              opset=16)
    w.refused("GridSample", [w.floats(1, 1, 2, 2), w.floats(1, 1, 1, 2)], "does not exist",
              opset=16, mode="cubist")
    for equation in ("...ij->...ji", "ij,jk->ik", "ij->iz", "ij->ii", "i", "ij->", ""):
        shapes = ((3, 4),) if equation != "ij->" else ((3, 4), (2,))
        w.refused("Einsum", [w.floats(*s) for s in shapes], "equation", equation=equation)
    w.refused("Einsum", [w.floats(3, 4), w.floats(5, 6)], "equation", equation="ij,jk->ik")
    w.refused("OneHot", [numbers(1), np.array(0), w.floats(2)], "depth is 0", opset=11)
    w.refused("OneHot", [numbers(1), np.array(3), w.floats(3)], "not two", opset=11)
    w.refused("OneHot", [numbers(1), np.array(3), w.floats(2)], "axis 3", opset=11, axis=3)
    w.refused("CumSum", [w.floats(3), np.array(1)], "axis 1", opset=14)
    w.refused("CumSum", [w.floats(3), numbers(0, 0)], "one number", opset=14)
    w.refused("Mod", [w.floats(3), w.floats(3)], "fmod=1")
    w.refused("Mod", [w.ints(3), numbers(1, 0, 2)], "by zero", at="run")


def write(w):
    elements(w)
    tuples(w)
    grids(w)
    sums(w)
    made(w)
    functions(w)
    refused(w)
