"""Write a checkpoint as the ONNX file that is embedded in the program.

usage: python export_onnx.py CHECKPOINT.pt OUT.onnx [--check]

Needs torch only to read and fold the checkpoint and the onnx package to write. Every weight is a
FLOAT16 initialiser followed by a Cast to FLOAT, so the file is half the size and everything is
still computed in float32. The graph: input image [1,3,256,256], outputs maps [1,3,128,128]
(sigmoid applied) and classes [1,3] (softmax applied)."""

import argparse
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import network

SIZE, OPSET = 256, 13


class Graph:
    """Collects nodes and weights; methods return the name of their output."""

    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 0

    def add(self, kind, inputs, output=None, **attributes):
        self.count += 1
        output = output or '%s_%d' % (kind.lower(), self.count)
        self.nodes.append(
            helper.make_node(kind, inputs, [output], name='n%d' % self.count, **attributes)
        )
        return output

    def weight(self, values, name):
        """A float16 weight, as float32 for the computation."""
        half = np.asarray(values, np.float32).astype(np.float16)
        self.weights.append(numpy_helper.from_array(half, name + '_h'))
        return self.add('Cast', [name + '_h'], name, to=TensorProto.FLOAT)

    def constant(self, values, name):
        """A small float32 or integer constant."""
        if name not in {w.name for w in self.weights}:
            self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def conv(self, x, conv, name):
        inputs = [
            x,
            self.weight(conv.weight.detach().numpy(), name + '_w'),
            self.weight(conv.bias.detach().numpy(), name + '_b'),
        ]
        return self.add(
            'Conv',
            inputs,
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=list(conv.padding) * 2,
            dilations=list(conv.dilation),
            group=1,
        )

    def relu(self, x):
        return self.add('Relu', [x])

    def linear(self, x, layer, name, output=None):
        return self.add(
            'Gemm',
            [
                x,
                self.weight(layer.weight.detach().numpy(), name + '_w'),
                self.weight(layer.bias.detach().numpy(), name + '_b'),
            ],
            output,
            transB=1,
        )

    def double(self, x):
        scales = self.constant(np.float32([1, 1, 2, 2]), 'twice')
        return self.add(
            'Resize', [x, '', scales], mode='linear', coordinate_transformation_mode='half_pixel'
        )

    def residual(self, x, block, name):
        y = self.relu(self.conv(x, block.first.conv, name + '_1'))
        y = self.conv(y, block.second.conv, name + '_2')
        return self.relu(self.add('Add', [x, y]))

    def down(self, x, part, name):
        x = self.relu(self.conv(x, part.reduce.conv, name))
        for i, block in enumerate(part.blocks):
            x = self.residual(x, block, '%s_r%d' % (name, i))
        return x

    def up(self, x, skip, part, name):
        deep = self.double(self.conv(x, part.deep.conv, name + '_deep'))
        side = self.conv(skip, part.side.conv, name + '_side')
        return self.residual(self.relu(self.add('Add', [deep, side])), part.block, name + '_r')


def build(net):
    """ONNX model of a folded network."""
    g = Graph()
    x1 = g.relu(g.conv('image', net.stem.conv, 'stem'))
    x2 = g.down(x1, net.down2, 'down2')
    x3 = g.down(x2, net.down3, 'down3')
    x4 = g.down(x3, net.down4, 'down4')
    x5 = g.down(x4, net.down5, 'down5')
    mean = g.add('Flatten', [g.add('GlobalAveragePool', [x5])], axis=1)
    shape = g.constant(np.int64([1, net.whole.out_features, 1, 1]), 'column')
    whole = g.add('Reshape', [g.linear(mean, net.whole, 'whole'), shape])
    x5 = g.relu(g.add('Add', [x5, whole]))
    y = g.up(x5, x4, net.up4, 'up4')
    mean = g.add('Flatten', [g.add('GlobalAveragePool', [y])], axis=1)
    hidden = g.relu(g.linear(mean, net.judge, 'judge'))
    g.add('Softmax', [g.linear(hidden, net.classes, 'classify')], 'classes', axis=1)
    y = g.up(y, x3, net.up3, 'up3')
    y = g.up(y, x2, net.up2, 'up2')
    y = g.double(g.conv(y, net.up1.conv, 'up1'))
    y = g.relu(g.add('Add', [y, x1]))
    y = g.relu(g.conv(y, net.last.conv, 'last'))
    g.add('Sigmoid', [g.conv(y, net.maps, 'heads')], 'maps')
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes,
        'clearcut page model',
        [value('image', TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [
            value('maps', TensorProto.FLOAT, [1, 3, SIZE // 2, SIZE // 2]),
            value('classes', TensorProto.FLOAT, [1, 3]),
        ],
        g.weights,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', OPSET)], producer_name='clearcut training'
    )
    model.ir_version = 7
    onnx.checker.check_model(model)
    return model


def check(net, path):
    """Largest difference between the float32 network and the written file."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(path)
    worst = 0.0
    rng = np.random.default_rng(0)
    for _ in range(4):
        coarse = rng.random((1, 3, 8, 8), np.float32)
        x = torch.nn.functional.interpolate(
            torch.from_numpy(coarse), size=(SIZE, SIZE), mode='bilinear'
        )
        x = (x + torch.from_numpy(rng.normal(0, 0.05, x.shape).astype(np.float32))).clamp(0, 1)
        with torch.no_grad():
            maps, classes = net(x)
        got = session.run(None, {'image': x.numpy()})
        worst = max(
            worst,
            np.abs(got[0] - maps.sigmoid().numpy()).max(),
            np.abs(got[1] - classes.softmax(1).numpy()).max(),
        )
    print('largest difference from the float32 network: %.4f' % worst)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint')
    parser.add_argument('out')
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    net = network.fold_norms(network.load(args.checkpoint))
    part = args.out + '.part.onnx'
    onnx.save(build(net), part)
    if args.check and check(net, part) > 0.05:
        raise SystemExit('the exported file disagrees with the network')
    os.replace(part, args.out)
    print('%s: %d bytes' % (args.out, os.path.getsize(args.out)))


if __name__ == '__main__':
    main()
