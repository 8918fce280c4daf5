#!/usr/bin/env python3
"""Shapes and types of every value of an ONNX model, for comparison with ours.

    graph_shapes.py MODEL.onnx [SIZE]

prints a line "name<TAB>type<TAB>dims" for every output of every node, dims being
"1x3x8x8" or "scalar" and type the number of TensorProto.DataType. SIZE replaces the
height and width of the first input. Shapes come from onnx.shape_inference with
data propagation: nothing is run, and weights are not even loaded into it.
"""

import sys

import onnx
from onnx import shape_inference


def sort_nodes(graph):
    """onnx wants nodes in executable order; real files do not always have them so."""
    known = {""} | {i.name for i in graph.input} | {t.name for t in graph.initializer}
    waiting = list(graph.node)
    ordered = []
    while waiting:
        later = []
        for node in waiting:
            if all(name in known for name in node.input):
                ordered.append(node)
                known.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            sys.exit("the graph has a cycle")
        waiting = later
    del graph.node[:]
    graph.node.extend(ordered)


def strip_large_constants(graph):
    """Replace weights by inputs of the same shape: only small constants can matter."""
    kept = []
    for tensor in graph.initializer:
        if len(tensor.raw_data) > 1024:
            graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
        else:
            kept.append(tensor)
    del graph.initializer[:]
    graph.initializer.extend(kept)


def set_size(graph, size):
    dims = graph.input[0].type.tensor_type.shape.dim
    for dim in dims[-2:]:
        dim.dim_value = size


def forget_declared_shapes(graph):
    del graph.value_info[:]
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")


def drop_empty_resize_inputs(graph):
    """Before operator set 13 Resize had to be given roi and scales, and exports gave
    empty constants. onnx.shape_inference then gives up; without them it does not."""
    empty = {t.name for t in graph.initializer if list(t.dims) == [0]}
    for node in graph.node:
        if node.op_type == "Constant" and list(node.attribute[0].t.dims) == [0]:
            empty.add(node.output[0])
    for node in graph.node:
        for i, name in enumerate(node.input):
            if node.op_type == "Resize" and name in empty:
                node.input[i] = ""


def main():
    model = onnx.load(sys.argv[1])
    sort_nodes(model.graph)
    strip_large_constants(model.graph)
    if len(sys.argv) > 2:
        set_size(model.graph, int(sys.argv[2]))
    forget_declared_shapes(model.graph)
    if any(n.op_type == "Resize" for n in model.graph.node):
        drop_empty_resize_inputs(model.graph)
        opset = model.opset_import[0]
        opset.version = max(opset.version, 13)
    model = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    for value in list(model.graph.value_info) + list(model.graph.output):
        tensor = value.type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else "?" for d in tensor.shape.dim]
        print("%s\t%d\t%s" % (value.name, tensor.elem_type, "x".join(map(str, dims)) or "scalar"))


if __name__ == "__main__":
    main()
