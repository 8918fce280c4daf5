"""Small networks with random weights that are built of what BiRefNet, BRIA RMBG 2.0, BEN and
Segment Anything are built of, the way PyTorch writes them to ONNX: shapes computed in the
graph, windows by Reshape and Transpose, shifts by Slice and Concat, deformable convolutions
by GatherND, GatherElements or GridSample."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Collects nodes: g.op("Add", a, b) gives the name of the result; arrays become constants."""

    def __init__(self, seed, opset):
        self.rng = np.random.default_rng(seed)
        self.opset = opset
        self.nodes = []
        self.constants = []

    def value(self, x):
        if isinstance(x, str):
            return x
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(x), name))
        return name

    def op(self, kind, *inputs, outputs=1, name=None, **attributes):
        names = [name] if name else [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        inputs = [self.value(x) if x is not None else "" for x in inputs]
        self.nodes.append(helper.make_node(kind, inputs, names, f"{kind}_{len(self.nodes)}",
                                           **attributes))
        return names[0] if outputs == 1 else names

    def weights(self, *shape, scale=None):
        scale = scale or 1 / np.sqrt(np.prod(shape[1:]) or 1)
        return self.rng.normal(0, scale, shape).astype(np.float32)

    def ints(self, *values):
        return np.array(values, np.int64)

    def axes(self, kind, x, *axes):
        """Squeeze or Unsqueeze, whose axes moved to an input in opset 13."""
        if self.opset >= 13:
            return self.op(kind, x, self.ints(*axes))
        return self.op(kind, x, axes=list(axes))

    def size(self, x, axis):
        """A dimension, computed from the shape."""
        return self.op("Gather", self.op("Shape", x), np.array(axis), axis=0)

    def shape_of(self, *parts):
        """A shape of numbers and computed dimensions."""
        return self.op("Concat", *[self.axes("Unsqueeze", p, 0) if isinstance(p, str)
                                   else self.ints(p) for p in parts], axis=0)

    def conv(self, x, inputs, outputs, size, **attributes):
        return self.op("Conv", x, self.weights(outputs, inputs, size, size),
                       self.weights(outputs, scale=0.1), **attributes)

    def linear(self, x, inputs, outputs):
        return self.op("Add", self.weights(outputs, scale=0.1),
                       self.op("MatMul", x, self.weights(inputs, outputs, scale=inputs**-0.5)))

    def gelu(self, x):
        if self.opset >= 20:
            return self.op("Gelu", x)
        inner = self.op("Erf", self.op("Div", x, np.float32(np.sqrt(2))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", inner, np.float32(1))),
                       np.float32(0.5))

    def layer_norm(self, x, channels, axis=-1):
        """As one operator, or (older opsets, and over channels of planes) as its parts."""
        scale, shift = self.weights(channels, scale=1.0), self.weights(channels, scale=0.1)
        if self.opset >= 17 and axis == -1:
            return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)
        if axis == 1:
            scale, shift = scale[:, None, None], shift[:, None, None]
        axes = {"axes": [axis]} if self.opset < 18 else {}
        more = [] if self.opset < 18 else [self.ints(axis)]
        centred = self.op("Sub", x, self.op("ReduceMean", x, *more, **axes))
        square = self.op("Pow", centred, np.float32(2))
        variance = self.op("ReduceMean", square, *more, **axes)
        deviation = self.op("Sqrt", self.op("Add", variance, np.float32(1e-6)))
        return self.op("Add", self.op("Mul", self.op("Div", centred, deviation), scale), shift)

    def model(self, inputs, outputs):
        def info(entries):
            return [helper.make_tensor_value_info(n, t, s) for n, t, s in entries]
        graph = helper.make_graph(self.nodes, "family", info(inputs), info(outputs),
                                  self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                  ir_version=8)
        onnx.checker.check_model(model)
        return model


# ---- Swin: windows, shifts, relative positions -------------------------------------

WINDOW, HEADS = 4, 2


def attention(g, x, channels, tokens, mask=None):
    """x: windows x tokens x channels."""
    qkv = g.op("Reshape", g.linear(x, channels, 3 * channels),
               g.shape_of(g.size(x, 0), tokens, 3, HEADS, channels // HEADS))
    qkv = g.op("Transpose", qkv, perm=[2, 0, 3, 1, 4])
    q, k, v = (g.op("Gather", qkv, np.array(i), axis=0) for i in range(3))
    q = g.op("Mul", q, np.float32((channels // HEADS) ** -0.5))
    scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
    place = np.stack(np.meshgrid(np.arange(WINDOW), np.arange(WINDOW), indexing="ij")).reshape(2, -1)
    near = place[:, :, None] - place[:, None] + WINDOW - 1
    table = g.weights((2 * WINDOW - 1) ** 2, HEADS, scale=1.0)
    bias = g.op("Gather", table, (near[0] * (2 * WINDOW - 1) + near[1]).reshape(-1), axis=0)
    bias = g.op("Transpose", g.op("Reshape", bias, g.ints(tokens, tokens, HEADS)), perm=[2, 0, 1])
    scores = g.op("Add", scores, g.axes("Unsqueeze", bias, 0))
    if mask:
        scores = g.op("Add", scores, mask)
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
    mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]),
                 g.shape_of(g.size(x, 0), tokens, channels))
    return g.linear(mixed, channels, channels)


def roll(g, x, axis, by):
    """torch.roll: the end in front."""
    end = np.iinfo(np.int64).max
    first = g.op("Slice", x, g.ints(-by), g.ints(end), g.ints(axis))
    rest = g.op("Slice", x, g.ints(0), g.ints(-by), g.ints(axis))
    return g.op("Concat", first, rest, axis=axis)


def shift_mask(g, side):
    """What may not see what after a shift: numbers written into a plane by ScatterND,
    compared within each window."""
    plane = g.op("ConstantOfShape", g.ints(1, side, side, 1),
                 value=numpy_helper.from_array(np.zeros(1, np.float32)))
    number = 0
    cuts = (0, side - WINDOW, side - WINDOW // 2, side)
    for top, bottom in zip(cuts, cuts[1:]):
        for left, right in zip(cuts, cuts[1:]):
            rows, columns = np.mgrid[top:bottom, left:right]
            places = np.stack([0 * rows, rows, columns, 0 * rows], -1).astype(np.int64)
            plane = g.op("ScatterND", plane, places,
                         np.full(rows.shape, number, np.float32))
            number += 1
    flat = windows(g, plane, side, 1)
    flat = g.op("Reshape", flat, g.ints(-1, WINDOW * WINDOW))
    differ = g.op("Sub", g.axes("Unsqueeze", flat, 1), g.axes("Unsqueeze", flat, 2))
    same = g.op("Equal", differ, np.float32(0))
    mask = g.op("Where", same, np.float32(0), np.float32(-100))
    return g.axes("Unsqueeze", mask, 1)


def windows(g, x, side, channels):
    count = side // WINDOW
    x = g.op("Reshape", x, g.shape_of(g.size(x, 0), count, WINDOW, count, WINDOW, channels))
    x = g.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
    return g.op("Reshape", x, g.ints(-1, WINDOW * WINDOW, channels))


def swin_block(g, x, side, channels, shifted):
    """x: 1 x side x side x channels."""
    y = g.layer_norm(x, channels)
    if shifted:
        y = roll(g, roll(g, y, 1, -(WINDOW // 2)), 2, -(WINDOW // 2))
    y = windows(g, y, side, channels)
    y = attention(g, y, channels, WINDOW * WINDOW, shift_mask(g, side) if shifted else None)
    count = side // WINDOW
    y = g.op("Reshape", y, g.ints(1, count, count, WINDOW, WINDOW, channels))
    y = g.op("Reshape", g.op("Transpose", y, perm=[0, 1, 3, 2, 4, 5]),
             g.ints(1, side, side, channels))
    if shifted:
        y = roll(g, roll(g, y, 1, WINDOW // 2), 2, WINDOW // 2)
    x = g.op("Add", x, y)
    y = g.linear(g.gelu(g.linear(g.layer_norm(x, channels), channels, 2 * channels)),
                 2 * channels, channels)
    return g.op("Add", x, y)


# ---- deformable convolution, as exporters write it ---------------------------------

def sampling_positions(g, x, channels, side):
    """Rows and columns (1 x 9 x side x side) at which a 3x3 kernel looks, in the padded
    picture, and how much each counts."""
    offsets = g.conv(x, channels, 18, 3, pads=[1] * 4)
    modulation = g.op("Mul", np.float32(2),
                      g.op("Sigmoid", g.conv(x, channels, 9, 3, pads=[1] * 4)))
    offsets = g.op("Reshape", offsets, g.ints(1, 9, 2, side, side))
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    kernel = np.mgrid[0:3, 0:3].reshape(2, 9, 1, 1).astype(np.float32)
    row = g.op("Add", g.op("Gather", offsets, np.array(0), axis=2), (rows + kernel[0])[None])
    column = g.op("Add", g.op("Gather", offsets, np.array(1), axis=2), (columns + kernel[1])[None])
    last = np.float32(side + 1)
    return (g.op("Clip", row, np.float32(0), last), g.op("Clip", column, np.float32(0), last),
            modulation)


def corner(g, padded, row, column, channels, side, how):
    """Samples at whole rows and columns: 1 x channels x 9 x side x side."""
    row, column = (g.op("Cast", v, to=TensorProto.INT64) for v in (row, column))
    if how == "GatherND":
        there = g.op("Concat", g.axes("Unsqueeze", row, -1), g.axes("Unsqueeze", column, -1),
                     axis=-1)
        planes = g.op("Transpose", padded, perm=[0, 2, 3, 1])
        found = g.op("GatherND", planes, there, batch_dims=1)
        return g.op("Transpose", found, perm=[0, 4, 1, 2, 3])
    at = g.op("Add", g.op("Mul", row, np.int64(side + 2)), column)
    at = g.op("Expand", g.op("Reshape", at, g.ints(1, 1, -1)),
              g.ints(1, channels, 9 * side * side))
    flat = g.op("Reshape", padded, g.ints(1, channels, -1))
    return g.op("Reshape", g.op("GatherElements", flat, at, axis=2),
                g.ints(1, channels, 9, side, side))


def deformable(g, x, channels, side, how):
    row, column, modulation = sampling_positions(g, x, channels, side)
    if how == "GridSample":
        scale = np.float32(2 / (side + 1))
        grid = g.op("Concat", *[g.axes("Unsqueeze", g.op("Reshape", g.op("Sub", g.op(
            "Mul", v, scale), np.float32(1)), g.ints(1, 9 * side, side)), -1)
            for v in (column, row)], axis=-1)
        padded = g.op("Pad", x, g.ints(0, 0, 1, 1, 0, 0, 1, 1))
        found = g.op("Reshape", g.op("GridSample", padded, grid, align_corners=1),
                     g.ints(1, channels, 9, side, side))
    else:
        padded = g.op("Pad", x, g.ints(0, 0, 1, 1, 0, 0, 2, 2))
        padded = g.op("Slice", padded, g.ints(0, 0), g.ints(side + 2, side + 2), g.ints(2, 3))
        found = None
        for down in (0, 1):
            for right in (0, 1):
                r = g.op("Min", g.op("Add", g.op("Floor", row), np.float32(down)),
                         np.float32(side + 1))
                c = g.op("Min", g.op("Add", g.op("Floor", column), np.float32(right)),
                         np.float32(side + 1))
                part = [g.op("Sub", v, g.op("Floor", v)) for v in (row, column)]
                part = [p if on else g.op("Sub", np.float32(1), p)
                        for p, on in zip(part, (down, right))]
                weight = g.axes("Unsqueeze", g.op("Mul", *part), 1)
                here = g.op("Mul", corner(g, padded, r, c, channels, side, how), weight)
                found = here if found is None else g.op("Add", found, here)
    found = g.op("Mul", found, g.axes("Unsqueeze", modulation, 1))
    flat = g.op("Reshape", found, g.ints(1, channels * 9, side * side))
    mixed = g.op("MatMul", g.weights(channels, channels * 9), flat)
    return g.op("Reshape", mixed, g.ints(1, channels, side, side))


# ---- the families ------------------------------------------------------------------

def dichotomous(seed, opset, how, name="input_image"):
    """BiRefNet and what descends from it (BRIA RMBG 2.0); BEN has Swin without deformable
    convolutions (how = None). 1x3x64x64 -> logits 1x1x64x64."""
    g = Graph(seed, opset)
    side, channels = 16, 8
    x = g.conv(name, 3, channels, 4, strides=[4, 4])
    x = g.op("Transpose", g.op("Reshape", x, g.shape_of(1, channels, -1)), perm=[0, 2, 1])
    x = g.op("Reshape", g.layer_norm(x, channels), g.ints(1, side, side, channels))
    x = swin_block(g, swin_block(g, x, side, channels, False), side, channels, True)
    x = g.op("Transpose", x, perm=[0, 3, 1, 2])
    deep = deformable(g, x, channels, side, how) if how else g.conv(x, channels, channels, 1)
    pool = g.conv(g.op("GlobalAveragePool", x), channels, channels, 1)
    target = g.op("Slice", g.op("Shape", x), g.ints(2), g.ints(4), g.ints(0))
    pool = g.op("Resize", pool, None, None,
                g.op("Concat", g.ints(1, channels), target, axis=0), mode="linear",
                coordinate_transformation_mode="align_corners")
    x = g.op("Relu", g.conv(g.op("Concat", deep, pool, axis=1), 2 * channels, channels, 3,
                            pads=[1] * 4))
    target = g.op("Slice", g.op("Shape", name), g.ints(2), g.ints(4), g.ints(0))
    x = g.op("Resize", x, None, None, g.op("Concat", g.ints(1, channels), target, axis=0),
             mode="linear", coordinate_transformation_mode="align_corners")
    g.op("Conv", x, g.weights(1, channels, 1, 1), g.weights(1), name="output_image")
    shape = [1, 3, 64, 64]
    return g.model([(name, TensorProto.FLOAT, shape)],
                   [("output_image", TensorProto.FLOAT, [1, 1, 64, 64])])


# ---- Segment Anything --------------------------------------------------------------

SAM_SIDE, SAM_PATCH, SAM_CHANNELS, SAM_HEADS = 1024, 64, 16, 2


def sam_attention(g, x, side, channels, heads):
    """Attention over side x side places with the relative positions that are looked up along
    rows and columns. x: windows x side x side x channels."""
    size = channels // heads
    count = g.size(x, 0)
    qkv = g.op("Reshape", g.linear(x, channels, 3 * channels),
               g.shape_of(count, side * side, 3, heads, -1))
    qkv = g.op("Transpose", qkv, perm=[2, 0, 3, 1, 4])
    qkv = g.op("Reshape", qkv, g.shape_of(3, -1, side * side, size))
    q, k, v = (g.axes("Squeeze", part, 0)
               for part in g.op("Split", qkv, g.ints(1, 1, 1), outputs=3, axis=0))
    scores = g.op("MatMul", g.op("Mul", q, np.float32(size**-0.5)),
                  g.op("Transpose", k, perm=[0, 2, 1]))
    near = np.arange(side)[:, None] - np.arange(side)[None] + side - 1
    rows, columns = (g.op("Gather", g.weights(2 * side - 1, size, scale=0.5), near)
                     for _ in range(2))
    square = g.op("Reshape", q, g.ints(-1, side, side, size))
    up = g.op("Einsum", square, rows, equation="bhwc,hkc->bhwk")
    along = g.op("Einsum", square, columns, equation="bhwc,wkc->bhwk")
    scores = g.op("Reshape", scores, g.ints(-1, side, side, side, side))
    scores = g.op("Add", g.op("Add", scores, g.axes("Unsqueeze", up, 4)),
                  g.axes("Unsqueeze", along, 3))
    scores = g.op("Softmax", g.op("Reshape", scores, g.ints(-1, side * side, side * side)), axis=-1)
    mixed = g.op("Reshape", g.op("MatMul", scores, v), g.shape_of(count, heads, side, side, -1))
    mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 3, 1, 4]),
                 g.shape_of(count, side, side, -1))
    return g.linear(mixed, channels, channels)


def sam_block(g, x, side, window):
    """With a window that does not divide the side: padded, as Segment Anything has it."""
    y = g.layer_norm(x, SAM_CHANNELS)
    if window:
        more = (window - side % window) % window
        wide = side + more
        y = g.op("Pad", y, g.ints(0, 0, 0, 0, 0, more, more, 0))
        n = wide // window
        y = g.op("Reshape", y, g.ints(1, n, window, n, window, SAM_CHANNELS))
        y = g.op("Reshape", g.op("Transpose", y, perm=[0, 1, 3, 2, 4, 5]),
                 g.ints(-1, window, window, SAM_CHANNELS))
        y = sam_attention(g, y, window, SAM_CHANNELS, SAM_HEADS)
        y = g.op("Reshape", y, g.ints(1, n, n, window, window, -1))
        y = g.op("Reshape", g.op("Transpose", y, perm=[0, 1, 3, 2, 4, 5]),
                 g.ints(1, wide, wide, -1))
        y = g.op("Slice", y, g.ints(0, 0), g.ints(side, side), g.ints(1, 2))
    else:
        y = sam_attention(g, y, side, SAM_CHANNELS, SAM_HEADS)
    x = g.op("Add", x, y)
    y = g.linear(g.gelu(g.linear(g.layer_norm(x, SAM_CHANNELS), SAM_CHANNELS, 32)), 32,
                 SAM_CHANNELS)
    return g.op("Add", x, y)


def sam_encoder(seed, opset=17):
    """HEIGHTxWIDTHx3 samples 0..255 -> image_embeddings 1x16x16x16."""
    g = Graph(seed, opset)
    x = g.axes("Unsqueeze", g.op("Transpose", "input_image", perm=[2, 0, 1]), 0)
    mean = np.array([123.675, 116.28, 103.53], np.float32).reshape(3, 1, 1)
    deviation = np.array([58.395, 57.12, 57.375], np.float32).reshape(3, 1, 1)
    x = g.op("Div", g.op("Sub", x, mean), deviation)
    missing = [g.op("Sub", np.int64(SAM_SIDE), g.size(x, axis)) for axis in (2, 3)]
    x = g.op("Pad", x, g.shape_of(0, 0, 0, 0, 0, 0, *missing))
    side = SAM_SIDE // SAM_PATCH
    x = g.conv(x, 3, SAM_CHANNELS, SAM_PATCH, strides=[SAM_PATCH] * 2)
    x = g.op("Transpose", x, perm=[0, 2, 3, 1])
    x = g.op("Add", x, g.weights(1, side, side, SAM_CHANNELS, scale=0.5))
    x = sam_block(g, sam_block(g, x, side, 6), side, 0)
    x = g.op("Transpose", x, perm=[0, 3, 1, 2])
    x = g.layer_norm(g.conv(x, SAM_CHANNELS, SAM_CHANNELS, 1), SAM_CHANNELS, axis=1)
    x = g.conv(x, SAM_CHANNELS, SAM_CHANNELS, 3, pads=[1] * 4)
    g.op("Identity", g.layer_norm(x, SAM_CHANNELS, axis=1), name="image_embeddings")
    return g.model([("input_image", TensorProto.FLOAT, ["image_height", "image_width", 3])],
                   [("image_embeddings", TensorProto.FLOAT, [1, SAM_CHANNELS, side, side])])


def embed_points(g, count):
    """Sines and cosines of places, and what their labels mean."""
    half = SAM_CHANNELS // 2
    at = g.op("Div", g.op("Add", "point_coords", np.float32(0.5)), np.float32(SAM_SIDE))
    at = g.op("Sub", g.op("Mul", at, np.float32(2)), np.float32(1))
    at = g.op("Mul", g.op("MatMul", at, g.weights(2, half, scale=1.0)), np.float32(2 * np.pi))
    at = g.op("Concat", g.op("Sin", at), g.op("Cos", at), axis=-1)
    labels = g.op("Expand", g.axes("Unsqueeze", "point_labels", -1), g.op("Shape", at))
    def is_label(number):
        return g.op("Cast", g.op("Equal", labels, np.float32(number)), to=TensorProto.FLOAT)
    known = g.op("Cast", g.op("Not", g.op("Equal", labels, np.float32(-1))), to=TensorProto.FLOAT)
    at = g.op("Mul", at, known)
    for number in (-1, 0, 1, 2, 3):
        at = g.op("Add", at, g.op("Mul", g.weights(1, SAM_CHANNELS, scale=1.0), is_label(number)))
    return at


def embed_mask(g, side):
    """A drawn mask, if there is one, else the same embedding everywhere."""
    x = g.conv("mask_input", 1, 4, 4, strides=[4, 4])
    x = g.gelu(g.layer_norm(x, 4, axis=1))
    x = g.conv(x, 4, SAM_CHANNELS, 4, strides=[4, 4])
    x = g.op("Mul", "has_mask_input", x)
    none = g.op("Reshape", g.weights(SAM_CHANNELS, scale=1.0), g.ints(1, SAM_CHANNELS, 1, 1))
    return g.op("Add", x, g.op("Mul", g.op("Sub", np.float32(1), "has_mask_input"), none))


def cross(g, queries, keys, values):
    """Attention of one set of tokens to another."""
    q, k, v = (g.linear(x, SAM_CHANNELS, SAM_CHANNELS) for x in (queries, keys, values))
    scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 2, 1]))
    scores = g.op("Div", scores, np.float32(SAM_CHANNELS**0.5))
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
    return g.linear(mixed, SAM_CHANNELS, SAM_CHANNELS)


def repeat_first(g, x, times):
    """torch.repeat_interleave(x, times, dim=0) with a computed number, as it is exported."""
    places = g.op("OneHot", np.array([1]), np.array(5), g.op(
        "Concat", g.ints(1), g.axes("Unsqueeze", times, 0), axis=0), axis=0)
    tiled = g.op("Tile", g.axes("Unsqueeze", x, 1), g.op("Reshape", places, g.ints(-1)))
    side = SAM_SIDE // SAM_PATCH
    return g.op("Reshape", tiled, g.ints(-1, SAM_CHANNELS, side, side))


def to_photo(g, low):
    """Low masks to the size of the input, by sizes that are computed from it."""
    wide = g.op("Resize", low, None, None, g.op("Concat", g.op(
        "Slice", g.op("Shape", low), g.ints(0), g.ints(2)), g.ints(SAM_SIDE, SAM_SIDE), axis=0),
        mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    longest = g.op("ReduceMax", "orig_im_size", keepdims=0)
    inside = g.op("Mul", g.op("Div", np.float32(SAM_SIDE), longest), "orig_im_size")
    inside = g.op("Cast", g.op("Floor", g.op("Add", inside, np.float32(0.5))),
                  to=TensorProto.INT64)
    wide = g.op("Slice", wide, g.ints(0, 0), inside, g.ints(2, 3))
    wanted = g.op("Cast", "orig_im_size", to=TensorProto.INT64)
    return g.op("Resize", wide, None, None, g.op("Concat", g.op(
        "Slice", g.op("Shape", wide), g.ints(0), g.ints(2)), wanted, axis=0), name="masks",
        mode="linear", coordinate_transformation_mode="pytorch_half_pixel")


def sam_decoder(seed, masks=4, opset=17):
    g = Graph(seed, opset)
    side = SAM_SIDE // SAM_PATCH
    tokens = g.op("Concat", g.axes("Unsqueeze", g.weights(masks, SAM_CHANNELS, scale=1.0), 0),
                  embed_points(g, masks), axis=1)
    x = repeat_first(g, "image_embeddings", g.size(tokens, 0))
    x = g.op("Add", x, embed_mask(g, side))
    x = g.op("Transpose", g.op("Reshape", x, g.ints(1, SAM_CHANNELS, -1)), perm=[0, 2, 1])
    places = g.weights(1, side * side, SAM_CHANNELS, scale=1.0)
    tokens = g.layer_norm(g.op("Add", tokens, cross(g, tokens, g.op("Add", x, places), x)),
                          SAM_CHANNELS)
    told = cross(g, g.op("Add", x, places), tokens, tokens)  # loud, so that prompts matter
    x = g.layer_norm(g.op("Add", x, g.op("Mul", told, np.float32(4))), SAM_CHANNELS)
    x = g.op("Reshape", g.op("Transpose", x, perm=[0, 2, 1]), g.ints(1, SAM_CHANNELS, side, side))
    x = g.op("ConvTranspose", x, g.weights(SAM_CHANNELS, 8, 2, 2, scale=0.3), g.weights(8),
             strides=[2, 2])
    x = g.gelu(g.layer_norm(x, 8, axis=1))
    x = g.gelu(g.op("ConvTranspose", x, g.weights(8, 4, 2, 2, scale=0.3), g.weights(4),
                    strides=[2, 2]))
    planes = []
    for i in range(masks):
        token = g.op("Gather", tokens, np.array(i), axis=1)
        planes.append(g.axes("Unsqueeze", g.linear(g.op("Relu", g.linear(
            token, SAM_CHANNELS, SAM_CHANNELS)), SAM_CHANNELS, 4), 1))
    low = g.op("MatMul", g.op("Concat", *planes, axis=1),
               g.op("Reshape", x, g.ints(1, 4, -1)))
    low = g.op("Reshape", low, g.ints(1, masks, 4 * side, 4 * side), name="low_res_masks")
    low = g.op("Sub", low, np.float32(0.9))  # so that masks do not fill the picture
    g.op("ReduceMean", tokens, axes=[2], keepdims=0, name="iou_predictions")
    to_photo(g, low)
    f = TensorProto.FLOAT
    return g.model([("image_embeddings", f, [1, SAM_CHANNELS, side, side]),
                    ("point_coords", f, [1, "num_points", 2]),
                    ("point_labels", f, [1, "num_points"]),
                    ("mask_input", f, [1, 1, 256, 256]), ("has_mask_input", f, [1]),
                    ("orig_im_size", f, [2])],
                   [("masks", f, [1, "masks", "height", "width"]),
                    ("iou_predictions", f, ["one", "tokens"]),
                    ("low_res_masks", f, [1, masks, 4 * side, 4 * side])])
