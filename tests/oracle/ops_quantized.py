"""Operators of quantised networks."""

import numpy as np

BYTE = {np.uint8: (0, 256), np.int8: (-128, 128)}


def bytes_of(w, dtype, *shape):
    low, high = BYTE[dtype]
    return w.ints(*shape, low=low, high=high, dtype=dtype)


def linear(w):
    for dtype in BYTE:
        zero = np.array(100 if dtype == np.uint8 else -5, dtype)
        scale = np.array(0.03, np.float32)
        x = w.floats(3, 4, 5, low=-9, high=9)
        for opset in (10, 13):
            w.case("QuantizeLinear", [x, scale, zero], opset)
            w.case("DequantizeLinear", [bytes_of(w, dtype, 3, 4, 5), scale, zero], opset, 1e-6)
        for axis in (0, 1, 2, -1):
            count = x.shape[axis]
            scales = w.floats(count, low=0.01, high=0.2)
            zeros = bytes_of(w, dtype, count)
            w.case("QuantizeLinear", [x, scales, zeros], 13, axis=axis)
            w.case("DequantizeLinear", [bytes_of(w, dtype, 3, 4, 5), scales, zeros], 13, 1e-6,
                   axis=axis)
    halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 300, -300, 127.5, 126.5], np.float32)
    one = np.array(1, np.float32)
    w.case("QuantizeLinear", [halves, one], 13)
    w.case("QuantizeLinear", [halves, one, np.array(0, np.int8)], 13)
    w.case("DequantizeLinear", [w.ints(7, low=-10**6, high=10**6, dtype=np.int32), one], 13, 1e-6)
    w.case("DequantizeLinear", [bytes_of(w, np.uint8, 7), one], 13, 1e-6)
    for low, high in ((-1, 5), (0.5, 3), (-7, -2), (0, 0)):
        w.case("DynamicQuantizeLinear", [w.floats(3, 7, low=low, high=high)], 11, 1e-6,
               outputs=3)


def products(w):
    u, s = np.uint8, np.int8
    for a, b in ((u, u), (u, s)):
        zeros = [np.array(7, a), np.array(3, b)]
        for more in ([], zeros[:1], zeros):
            w.case("ConvInteger", [bytes_of(w, a, 1, 3, 6, 7), bytes_of(w, b, 4, 3, 3, 3)] + more,
                   10, pads=[1, 1, 1, 1])
            w.case("MatMulInteger", [bytes_of(w, a, 3, 9), bytes_of(w, b, 9, 4)] + more, 10)
        w.case("ConvInteger", [bytes_of(w, a, 2, 4, 8, 5), bytes_of(w, b, 6, 2, 3, 2)] + zeros,
               10, group=2, strides=[2, 1], dilations=[1, 2])
        w.case("ConvInteger", [bytes_of(w, a, 1, 3, 5, 5), bytes_of(w, b, 2, 3, 1, 1)] + zeros,
               10)
        w.case("MatMulInteger", [bytes_of(w, a, 2, 3, 9), bytes_of(w, b, 2, 9, 4)] + zeros, 10)
        w.case("MatMulInteger", [bytes_of(w, a, 3, 9), bytes_of(w, b, 9, 4), zeros[0],
                                 bytes_of(w, b, 4)], 10)


def write(w):
    linear(w)
    products(w)
