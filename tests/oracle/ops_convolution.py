"""Conv, ConvTranspose, pools, MatMul and Gemm."""

import itertools

# Sums of n products of numbers up to 2, in another order than ours: float32 rounding
# grows with the length of the sum, 2e-5 of the largest value holds for all below.
SUM = 2e-5


def conv(w):
    def case(x, k, opset=13, bias=True, **attributes):
        inputs = [w.floats(*x), w.floats(*k)] + ([w.floats(k[0])] if bias else [])
        w.case("Conv", inputs, opset, SUM, **attributes)

    for opset in (9, 11, 13, 17):
        case((1, 3, 9, 7), (4, 3, 3, 3), opset, pads=[1, 1, 1, 1])
    case((2, 5, 6, 5), (7, 5, 1, 1))
    case((1, 1, 1, 1), (1, 1, 1, 1), bias=False)
    case((1, 8, 5, 5), (8, 1, 3, 3), group=8, pads=[1, 1, 1, 1])
    case((1, 6, 9, 8), (9, 2, 3, 3), group=3, kernel_shape=[3, 3])
    case((1, 4, 11, 13), (3, 4, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2])
    case((1, 4, 17, 19), (3, 4, 3, 3), dilations=[4, 3], pads=[4, 3, 4, 3], bias=False)
    case((1, 3, 13, 10), (4, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    case((1, 3, 13, 10), (4, 3, 7, 5), strides=[3, 2], pads=[3, 0, 1, 2])
    case((1, 3, 8, 8), (2, 3, 2, 4), pads=[5, 6, 7, 8])
    case((2, 3, 16), (4, 3, 5), strides=[2], pads=[2, 1], dilations=[2])
    case((1, 4, 9), (4, 1, 3), group=4, auto_pad="SAME_UPPER")
    case((1, 64, 6, 6), (16, 64, 3, 3), pads=[1, 1, 1, 1])
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"):
        for stride in (1, 2, 3):
            case((1, 2, 7, 10), (3, 2, 4, 3), strides=[stride, stride], auto_pad=mode)


def conv_fused(w):
    x, k, b = w.floats(1, 3, 6, 5), w.floats(4, 3, 3, 3), w.floats(4)
    pads = {"pads": [1, 1, 1, 1]}
    for name, alpha, beta in (("Relu", 0.0, 0.0), ("LeakyRelu", 0.25, 0.0),
                              ("Clip", 0.0, 6.0), ("Sigmoid", 0.0, 0.0),
                              ("HardSigmoid", 0.2, 0.5), ("HardSwish", 0.0, 0.0),
                              ("Tanh", 0.0, 0.0), (None, 0.0, 0.0)):
        for residual in (None, "before", "after"):
            if name or residual:
                w.fused("Conv", [x, k, b], name, alpha, beta, residual, **pads)
    w.fused("Conv", [x, k], "Relu", residual="before", constant=(1,), **pads)
    w.fused("Conv", [x, k], residual="after", constant=(1,), **pads)
    w.fused("ConvTranspose", [w.floats(1, 3, 4, 5), w.floats(3, 2, 2, 2), w.floats(2)], "Relu",
            residual="before", strides=[2, 2])
    w.fused("ConvTranspose", [w.floats(1, 3, 4, 5), w.floats(3, 2, 2, 2)], "Sigmoid",
            strides=[2, 2])
    w.fused("Gemm", [w.floats(3, 4), w.floats(4, 5), w.floats(5)], "Relu", residual="after")
    w.fused("Gemm", [w.floats(3, 4), w.floats(4, 5)], "HardSwish", residual="before",
            constant=(1,))
    w.fused("MatMul", [w.floats(2, 3, 4), w.floats(4, 5)], "Relu", residual="before")
    w.fused("MatMul", [w.floats(2, 3, 4), w.floats(4, 5)], "Clip", -1.0, 1.0)
    for op in ("Add", "Mul"):
        w.fused(op, [w.floats(2, 3, 4), w.floats(3, 1)], "Relu", constant=())
        w.fused(op, [w.floats(2, 3, 4), w.floats(2, 3, 4)], "Sigmoid", residual="after",
                constant=())


def conv_transpose(w):
    def case(x, k, bias=True, opset=13, **attributes):
        channels = k[1] * attributes.get("group", 1)
        inputs = [w.floats(*x), w.floats(*k)] + ([w.floats(channels)] if bias else [])
        w.case("ConvTranspose", inputs, opset, SUM, **attributes)

    for opset in (9, 11, 17):
        case((1, 3, 4, 5), (3, 2, 2, 2), opset=opset, strides=[2, 2])
    case((2, 4, 5, 4), (4, 3, 3, 3), bias=False)
    case((1, 4, 5, 4), (4, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    case((1, 4, 5, 4), (4, 3, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1])
    case((1, 4, 5, 4), (4, 3, 3, 2), strides=[3, 2], dilations=[2, 3], pads=[0, 1, 2, 1])
    case((1, 6, 4, 4), (6, 2, 3, 3), group=3, strides=[2, 1])
    case((1, 4, 4, 4), (4, 1, 3, 3), group=4, strides=[2, 2], output_shape=[9, 8])
    case((1, 2, 5, 5), (2, 2, 3, 3), strides=[2, 2], output_shape=[10, 10])
    case((1, 2, 5, 5), (2, 2, 3, 3), strides=[2, 2], output_shape=[9, 10],
         auto_pad="SAME_UPPER")
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        case((1, 2, 5, 4), (2, 3, 4, 3), strides=[2, 1], auto_pad=mode)
        case((1, 2, 5, 4), (2, 3, 5, 2), strides=[2, 3], auto_pad=mode)
    case((1, 3, 7), (3, 2, 4), strides=[2], pads=[1, 2])


def pools(w):
    for op, more in (("MaxPool", [{}]),
                     ("AveragePool", [{}, {"count_include_pad": 1}])):
        for extra, ceil in itertools.product(more, (0, 1)):
            def case(shape, opset=13, **attributes):
                w.case(op, [w.floats(*shape)], opset, ceil_mode=ceil, **extra, **attributes)

            case((1, 3, 8, 8), 11, kernel_shape=[2, 2], strides=[2, 2])
            case((1, 3, 9, 7), 13, kernel_shape=[2, 2], strides=[2, 2])
            case((2, 2, 9, 7), 17, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
            case((1, 1, 5, 6), 13, kernel_shape=[4, 3], strides=[3, 3], pads=[2, 0, 1, 2])
            case((1, 2, 10, 11), 19, kernel_shape=[3, 2], strides=[3, 3], pads=[0, 1, 1, 0])
            case((1, 2, 11), 13, kernel_shape=[3], strides=[2], pads=[1, 1])
            case((1, 1, 1, 1), 13, kernel_shape=[1, 1])
            case((1, 2, 5, 5), 13, kernel_shape=[5, 5], strides=[7, 1])
        for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
            for stride in (1, 2):
                w.case(op, [w.floats(1, 2, 7, 8)], kernel_shape=[3, 2],
                       strides=[stride, stride], auto_pad=mode)
        w.case(op, [w.floats(1, 2, 7, 8)], 9 if op == "AveragePool" else 8,
               kernel_shape=[3, 2])
    w.case("MaxPool", [w.floats(1, 2, 9, 9)], kernel_shape=[3, 3], dilations=[2, 3],
           pads=[1, 1, 1, 1])
    w.case("MaxPool", [w.floats(1, 2, 9, 9, low=-9, high=-1)], kernel_shape=[2, 2],
           dilations=[3, 1], strides=[2, 2], ceil_mode=1)
    w.case("AveragePool", [w.floats(1, 2, 9, 9)], 19, kernel_shape=[3, 3], dilations=[2, 2],
           pads=[1, 1, 1, 1])
    w.case("MaxPool", [w.ints(1, 2, 6, 7, low=-128, high=128, dtype="int8")],
           kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    w.case("MaxPool", [w.ints(1, 2, 6, 7, low=0, high=256, dtype="uint8")],
           kernel_shape=[2, 2], strides=[2, 2])
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        for shape in ((1, 3, 5, 7), (2, 4, 1, 1), (1, 2, 9), (1, 2, 61, 53)):
            w.case(op, [w.floats(*shape)])


def products(w):
    for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)),
                 ((2, 1, 3, 4), (5, 4, 6)), ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)),
                 ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((1, 1), (1, 1)), ((7, 129), (129, 3)),
                 ((1, 4, 2, 3), (3, 1, 3, 2))):
        w.case("MatMul", [w.floats(*a), w.floats(*b)], 13, SUM, constant=())
    w.case("MatMul", [w.floats(3, 4), w.floats(4, 5)], 9, SUM)
    for ta, tb in itertools.product((0, 1), (0, 1)):
        a = w.floats(*((4, 3) if ta else (3, 4)))
        b = w.floats(*((5, 4) if tb else (4, 5)))
        for c in (None, (5,), (3, 5), (3, 1), (1,), ()):
            w.case("Gemm", [a, b] + ([] if c is None else [w.floats(*c)]), 13, SUM, transA=ta,
                   transB=tb, alpha=0.5, beta=1.5)
    w.case("Gemm", [w.floats(2, 70), w.floats(70, 3), w.floats(3)], 9, SUM)
    w.case("Gemm", [w.floats(1, 1), w.floats(1, 1), w.floats(1)], 7, SUM)


def write(w):
    conv(w)
    conv_fused(w)
    conv_transpose(w)
    pools(w)
    products(w)
