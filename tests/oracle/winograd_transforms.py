#!/usr/bin/env python3
"""Derive the Winograd transforms of src/nn/cpu/winograd_body.h and check them.

    winograd_transforms.py [M]      M outputs of 3 taps: 4 and 6 by default

Prints A^T, G and B^T of F(M,3) as exact fractions, proves with them that
A^T((G g) * (B^T d)) is the convolution for symbols g and d (both are bilinear, so
unit vectors prove it for all), and reports the error in float32. Standard library
only. How it works is told in src/nn/cpu/winograd.md.
"""

import random
import struct
import sys
from fractions import Fraction

TAPS = 3

# Interpolation points besides infinity, in the order of the rows.
POINTS = {4: [0, 1, -1, 2, -2], 6: [0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2)]}

def multiply_polynomials(a, b):
    product = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def transforms(outputs):
    """Toom-Cook: multiply polynomials by their values at points; transposed, it
    convolves."""
    points = [Fraction(p) for p in POINTS[outputs]]
    size = outputs + TAPS - 1
    a_t = [[p ** row for p in points] + [Fraction(row == outputs - 1)] for row in range(outputs)]
    g, b_t = [], []
    for i, p in enumerate(points):
        others = [q for k, q in enumerate(points) if k != i]
        denominator = Fraction(1)
        row = [Fraction(1)]
        for q in others:
            denominator *= p - q
            row = multiply_polynomials(row, [-q, Fraction(1)])
        g.append([p ** k / denominator for k in range(TAPS)])
        b_t.append(row + [Fraction(0)] * (size - len(row)))
    everything = [Fraction(1)]
    for p in points:
        everything = multiply_polynomials(everything, [-p, Fraction(1)])
    g.append([Fraction(0)] * (TAPS - 1) + [Fraction(1)])
    b_t.append(everything)
    return a_t, g, b_t


def make_pleasant(g, b_t, outputs):
    """A row of G may be multiplied by anything if that of B^T is divided by it: give
    B^T the small, mostly exact numbers of the kernels."""
    for i, row in enumerate(b_t):
        lead = wanted_lead(outputs, i)
        factor = lead / next(x for x in row if x != 0)
        b_t[i] = [x * factor for x in row]
        g[i] = [x / factor for x in g[i]]
    return g, b_t


def wanted_lead(outputs, row):
    """First number of each row of B^T as the kernels have it."""
    return {4: [4, -4, 4, -2, 2, 4],
            6: [1, 1, -1, Fraction(1, 2), Fraction(-1, 2), 2, -2, -1]}[outputs][row]


def apply(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector)) for row in matrix]


def prove(a_t, g, b_t, outputs):
    size = outputs + TAPS - 1
    for tap in range(TAPS):
        weights = [Fraction(k == tap) for k in range(TAPS)]
        for at in range(size):
            data = [Fraction(k == at) for k in range(size)]
            products = [x * y for x, y in zip(apply(g, weights), apply(b_t, data))]
            result = apply(a_t, products)
            expected = [Fraction(at == y + tap) for y in range(outputs)]
            assert result == expected, (tap, at, result)


def single(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def apply_single(matrix, vector):
    result = []
    for row in matrix:
        total = 0.0
        for m, v in zip(row, vector):
            total = single(total + single(single(m) * v))
        result.append(total)
    return result


def error_in_single(a_t, g, b_t, outputs, channels=64, trials=200):
    """Root mean square error over that of the result, one dimension."""
    rng = random.Random(1)
    size = outputs + TAPS - 1
    wrong = right = 0.0
    for _ in range(trials):
        sums = [0.0] * size
        exact = [0.0] * outputs
        for _ in range(channels):
            weights = [single(rng.gauss(0, 1)) for _ in range(TAPS)]
            data = [single(max(0, rng.gauss(0, 1))) for _ in range(size)]
            products = zip(apply_single(g, weights), apply_single(b_t, data))
            sums = [single(s + single(x * y)) for s, (x, y) in zip(sums, products)]
            for y in range(outputs):
                exact[y] += sum(weights[k] * data[y + k] for k in range(TAPS))
        result = apply_single(a_t, sums)
        wrong += sum((a - b) ** 2 for a, b in zip(result, exact))
        right += sum(b * b for b in exact)
    return (wrong / right) ** 0.5


def show(name, matrix):
    print(f"{name}:")
    for row in matrix:
        print("   ", "  ".join(f"{str(x):>7}" for x in row))


def main():
    for outputs in [int(m) for m in sys.argv[1:]] or [4, 6]:
        a_t, g, b_t = transforms(outputs)
        g, b_t = make_pleasant(g, b_t, outputs)
        prove(a_t, g, b_t, outputs)
        print(f"F({outputs},{TAPS}), proven for all inputs")
        show("A^T", a_t)
        show("G", g)
        show("B^T", b_t)
        error = error_in_single(a_t, g, b_t, outputs)
        print(f"relative error in float32, one dimension, 64 channels: {error:.1e}\n")


if __name__ == "__main__":
    main()
