"""Operators of one, two or many inputs, element by element."""

import numpy as np

EXTREMES = np.array([0.0, -0.0, 1.0, -1.0, 1e-30, -1e-30, 88.0, -88.0, 1e4, -1e4, 3e38, -3e38,
                     np.inf, -np.inf, np.nan, 0.5, -0.5, 1.5, 2.5, -2.5], np.float32)

# ONNX Runtime's exponentials, logistic and tanh are polynomials with an error of some
# units in the last place; ours are the C library's.
TRANSCENDENTAL = 4e-6

BROADCASTS = [((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 1)), ((4,), (2, 3, 4)),
              ((1, 3, 1, 5), (2, 1, 4, 1)), ((), (3,)), ((1,), ()), ((), ()), ((0, 3), (3,))]


def unary(w):
    for op in ("Relu", "Neg", "Abs", "Floor", "Ceil"):
        w.case(op, [EXTREMES], 13, 0)
        w.case(op, [w.floats(2, 3, 5)], 9, 0)
    for op, opset in (("Sigmoid", 9), ("Tanh", 13), ("Exp", 13), ("Erf", 13), ("Softplus", 1),
                      ("HardSigmoid", 6), ("HardSwish", 14), ("LeakyRelu", 6), ("Erf", 9)):
        w.case(op, [w.floats(3, 4, 5, low=-8, high=8)], opset, TRANSCENDENTAL)
        w.case(op, [np.zeros((0, 4), np.float32)], opset)
        w.case(op, [w.floats()], opset, TRANSCENDENTAL)
    w.case("Sigmoid", [EXTREMES[:12]], 13, TRANSCENDENTAL)
    w.case("Tanh", [EXTREMES[:12]], 13, TRANSCENDENTAL)
    w.case("Erf", [EXTREMES[:12]], 13, TRANSCENDENTAL)
    w.case("HardSigmoid", [w.floats(40, low=-6, high=6)], 6, alpha=0.3, beta=0.4)
    w.case("LeakyRelu", [w.floats(40)], 16, alpha=0.3)
    w.case("Softplus", [EXTREMES[:10]], 1, TRANSCENDENTAL)
    for op in ("Sqrt", "Log", "Reciprocal"):
        w.case(op, [w.floats(4, 9, low=0.01, high=50)], 13, TRANSCENDENTAL)
    w.case("Sqrt", [np.array([-1.0, 0.0, np.inf, np.nan], np.float32)], 13, 0)
    w.case("Log", [np.array([0.0, 1.0, np.inf, np.nan], np.float32)], 13, 0)
    w.case("Round", [np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 1e10, -2.6], np.float32)], 11, 0)
    w.case("Round", [w.floats(30, low=-9, high=9)], 13, 0)
    w.case("Gelu", [w.floats(50, low=-5, high=5)], 20, TRANSCENDENTAL)
    w.case("Gelu", [w.floats(50, low=-5, high=5)], 20, TRANSCENDENTAL, approximate="tanh")
    for dtype in (np.int64, np.int32):
        w.case("Neg", [w.ints(3, 4, dtype=dtype)])
        w.case("Abs", [w.ints(3, 4, dtype=dtype)])
    w.case("Not", [w.bools(3, 5)])


def clip(w):
    x = w.floats(3, 9, low=-9, high=9)
    scalar = lambda v: np.array(v, np.float32)
    w.case("Clip", [x], 6, 0, min=0.0, max=6.0)
    w.case("Clip", [x], 9, 0, min=-1.5)
    w.case("Clip", [x], 10, 0)
    for opset in (11, 12, 13):
        w.case("Clip", [x, scalar(-1), scalar(2)], opset, 0)
        w.case("Clip", [x, None, scalar(2)], opset, 0)
        w.case("Clip", [x, scalar(-1)], opset, 0)
    w.case("Clip", [x], 13, 0)
    w.case("Clip", [x, scalar(-1), scalar(2)], 13, 0, constant=())
    w.case("Clip", [w.ints(20), np.array(-3), np.array(4)], 13)
    w.case("Clip", [w.ints(20, dtype=np.int32), np.array(-3, np.int32)], 13)


def prelu(w):
    for x, slope in (((2, 3, 4, 5), (3, 1, 1)), ((2, 3, 4, 5), (1,)), ((3, 4), (3, 4)),
                     ((2, 3, 4), (4,))):
        for opset in (7, 9, 16):
            w.case("PRelu", [w.floats(*x), w.floats(*slope)], opset, 0)


def binary(w):
    for op in ("Add", "Sub", "Mul", "Div", "Pow"):
        low = 0.5 if op in ("Div", "Pow") else -3
        tolerance = TRANSCENDENTAL if op == "Pow" else 0
        for a, b in BROADCASTS:
            w.case(op, [w.floats(*a, low=low, high=3), w.floats(*b, low=low, high=3)], 13,
                   tolerance, constant=())
        w.case(op, [w.floats(2, 3, low=low), w.floats(3, low=low)], 7, tolerance)
        w.case(op, [w.floats(2, 3, low=low), w.floats(3, low=low)], 14, tolerance)
    for dtype in (np.int64, np.int32):
        for op in ("Add", "Sub", "Mul"):
            w.case(op, [w.ints(2, 5, dtype=dtype), w.ints(5, dtype=dtype)], constant=())
        w.case("Div", [w.ints(4, 5, dtype=dtype), w.ints(5, low=1, dtype=dtype)])
        w.case("Div", [w.ints(4, 5, dtype=dtype), w.ints(5, low=-9, high=0, dtype=dtype)])
        w.case("Pow", [w.ints(4, 5, dtype=dtype), w.ints(5, low=0, high=5, dtype=dtype)])
        w.case("Pow", [w.floats(4, 5), w.ints(5, low=-3, high=5, dtype=dtype)], 13,
               TRANSCENDENTAL)
    w.case("Pow", [w.ints(4, 5, low=1), w.floats(5, low=0, high=2)], 13)
    w.case("Pow", [w.floats(4, 5), np.array(2, np.float32)], 13, TRANSCENDENTAL)
    big = np.array([2**62, -2**63, 2**63 - 1])
    w.case("Add", [big, big], constant=())
    w.case("Div", [w.floats(4), np.zeros(4, np.float32)], 13, 0)


def comparisons(w):
    for op, opset in (("Equal", 11), ("Less", 9), ("LessOrEqual", 12), ("Greater", 9),
                      ("GreaterOrEqual", 12)):
        for a, b in BROADCASTS:
            for dtype in (np.float32, np.int32, np.int64):
                w.case(op, [w.ints(*a, low=0, high=3, dtype=dtype),
                            w.ints(*b, low=0, high=3, dtype=dtype)], opset, constant=())
        w.case(op, [EXTREMES, np.roll(EXTREMES, 1)], 13, constant=())
        w.case(op, [EXTREMES, EXTREMES], 16, constant=())
    w.case("Equal", [w.bools(4, 5), w.bools(5)], 13)
    for op in ("And", "Or"):
        for a, b in BROADCASTS:
            w.case(op, [w.bools(*a), w.bools(*b)], 7, constant=())
    for dtype in (np.float32, np.int64, np.int32, np.uint8):
        w.case("Where", [w.bools(2, 3, 4), w.ints(3, 4, low=0, dtype=dtype),
                         w.ints(1, low=0, dtype=dtype)], 9, constant=())
    w.case("Where", [w.bools(3, 1), w.floats(1, 4), w.floats(2, 1, 1)], 16, 0, constant=())
    w.case("Where", [w.bools(), w.floats(2), w.floats(2)], 16, 0, constant=())


def variadic(w):
    for op in ("Min", "Max", "Sum", "Mean"):
        for opset in (8, 13):
            w.case(op, [w.floats(2, 3, 4), w.floats(3, 1), w.floats(4)], opset, 1e-6,
                   constant=())
            w.case(op, [w.floats(5)], opset, 0)
            w.case(op, [w.floats(1, 3), w.floats(2, 1)], opset, 1e-6, constant=())
    for op in ("Min", "Max"):
        w.case(op, [EXTREMES, np.roll(EXTREMES, 1)], 13, 0, constant=())
        for dtype in (np.int64, np.int32):
            w.case(op, [w.ints(2, 5, dtype=dtype), w.ints(5, dtype=dtype)], 13, constant=())


def cast(w):
    types = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_,
             10: np.float16, 11: np.float64}
    for source in types.values():
        if source == np.bool_:
            x = w.bools(2, 9)
        elif np.issubdtype(source, np.floating):
            x = w.floats(2, 9, low=-120, high=120).astype(source)
        else:
            x = w.ints(2, 9, low=0 if source == np.uint8 else -120, high=120, dtype=source)
        for number in types:
            safe = np.abs(x) if number == 2 and source != np.bool_ else x
            w.case("Cast", [safe], 13, 0, to=number)
    w.case("Cast", [np.array([300, -1, 2**40, -2**40, 2**31, 128])], 13, to=6)
    w.case("Cast", [np.array([300, -1, 2**40, 255, 256, 128])], 13, to=2)
    w.case("Cast", [np.array([300, -1, -129, 127, 128], np.int32)], 13, to=3)
    w.case("Cast", [np.array([2**53 + 1, 2**24 + 1, 2**63 - 1, -2**63])], 13, 0, to=1)
    w.case("Cast", [np.array([0.0, -0.0, 0.1, np.nan, np.inf], np.float32)], 13, to=9)
    w.case("Cast", [np.array([1e5, 65504, 65520, 1e-8, 6e-8, 2049, -1e9, np.inf], np.float32)],
           13, 0, to=10)
    w.case("Cast", [np.array([-1.9, -0.5, 0.5, 1.99, 2.5], np.float32)], 9, to=7)


def write(w):
    unary(w)
    clip(w)
    prelu(w)
    binary(w)
    comparisons(w)
    variadic(w)
    cast(w)
