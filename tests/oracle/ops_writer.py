"""Writes one operator case: a one-node ONNX model, the same node as plain text, and
tensors, with the outputs that ONNX Runtime computes. The format is described in
ops_cases.py."""

import os
import struct

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# Numbers of cc_activation and cc_residual in src/nn/graph.h.
ACTIVATIONS = {
    "Relu": 1, "LeakyRelu": 2, "Clip": 3, "Sigmoid": 4, "HardSigmoid": 5, "HardSwish": 6,
    "Tanh": 7,
}
RESIDUALS = {None: 0, "before": 1, "after": 2}


def dtype_number(array):
    return helper.np_dtype_to_tensor_dtype(array.dtype)


class Writer:
    """Numbers and writes the cases; `counts` tells how many each operator has."""

    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        self.counts = {}
        self.rng = np.random.default_rng(20261122)

    # Inputs ------------------------------------------------------------------

    def floats(self, *shape, low=-2.0, high=2.0):
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def ints(self, *shape, low=-9, high=10, dtype=np.int64):
        return self.rng.integers(low, high, shape).astype(dtype)

    def bools(self, *shape):
        return self.rng.integers(0, 2, shape).astype(np.bool_)

    # Cases -------------------------------------------------------------------

    def case(self, op, inputs, opset=13, tolerance=1e-5, constant=None, outputs=1, **attributes):
        """`constant`: positions whose values are known at load; all but the first
        input unless stated. `outputs`: a number, or True/False for each. """
        wanted = [True] * outputs if isinstance(outputs, int) else list(outputs)
        model = one_node_model(op, inputs, opset, attributes, wanted, constant)
        # ONNX Runtime crashes on a Split with an output left out: compute all, keep some.
        whole = one_node_model(op, inputs, opset, attributes, [True] * len(wanted), constant)
        results = run_model(whole, inputs, constant)
        expected = [result for result, yes in zip(results, wanted) if yes]
        self.write(op, inputs, opset, tolerance, constant, wanted, attributes, model, expected,
                   "ok")

    def fused(self, op, inputs, activation=None, alpha=0.0, beta=0.0, residual=None, opset=14,
              constant=None, tolerance=1e-5, **attributes):
        """The operator with what a pass folds into it; `inputs` without the
        residual, whose shape is that of the result."""
        plain = one_node_model(op, inputs, opset, attributes, [True], constant)
        shape = run_model(plain, inputs, constant)[0].shape
        if residual:
            inputs = inputs + [self.floats(*shape)]
            constant = constant or tuple(range(1, len(inputs) - 1))
        model = fused_model(op, inputs, opset, attributes, activation, alpha, beta, residual,
                            constant)
        expected = run_model(model, inputs, constant)
        fusion = (ACTIVATIONS.get(activation, 0), alpha, beta, RESIDUALS[residual])
        self.write(op, inputs, opset, tolerance, constant, [True], attributes, model, expected,
                   "ok", fusion)

    def refused(self, op, inputs, message, opset=13, constant=None, outputs=1, at="load",
                **attributes):
        """A node that must be refused with `message` in the error, by the shape
        rule (at="load") or by the reference (at="run")."""
        wanted = [True] * outputs if isinstance(outputs, int) else list(outputs)
        model = one_node_model(op, inputs, opset, attributes, wanted, constant)
        self.write(op, inputs, opset, 0, constant, wanted, attributes, model, [],
                   "refused-" + at + " " + message)

    # Files -------------------------------------------------------------------

    def write(self, op, inputs, opset, tolerance, constant, wanted, attributes, model, expected,
              expect, fusion=None):
        if expect == "ok":
            self.counts[op] = self.counts.get(op, 0) + 1
        folder = os.path.join(self.folder, f"{self.number:04d}")
        self.number += 1
        os.mkdir(folder)
        if model is not None:
            with open(os.path.join(folder, "model.onnx"), "wb") as file:
                file.write(model.SerializeToString())
        lines = [f"op {op}", f"opset {opset}", f"tolerance {tolerance!r}"]
        tensors = []
        if fusion:
            lines.append("fusion {} {!r} {!r} {}".format(*fusion))
        for name, value in attributes.items():
            lines.append("attribute " + attribute_text(name, value, tensors))
        for index, array in enumerate(inputs):
            lines.append("input " + input_kind(index, array, constant))
            if array is not None:
                tensors.append(np.asarray(array))
        lines += ["output " + ("wanted" if yes else "none") for yes in wanted]
        lines.append("expect " + expect)
        tensors += expected
        with open(os.path.join(folder, "node.txt"), "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(folder, "tensors.bin"), "wb") as file:
            for tensor in tensors:
                write_tensor(file, np.asarray(tensor))


def is_constant(index, constant):
    return index > 0 if constant is None else index in constant


def input_kind(index, array, constant):
    if array is None:
        return "none"
    return "constant" if is_constant(index, constant) else "runtime"


def attribute_text(name, value, tensors):
    if isinstance(value, np.ndarray):
        tensors.append(value)
        return f"tensor {name}"
    if isinstance(value, str):
        return f"string {name} {value}"
    if isinstance(value, float):
        return f"float {name} {value!r}"
    if isinstance(value, int):
        return f"int {name} {value}"
    kind = "floats" if any(isinstance(v, float) for v in value) else "ints"
    return f"{kind} {name} {len(value)} " + " ".join(repr(v) for v in value)


def write_tensor(file, array):
    file.write(struct.pack("<2i", dtype_number(array), array.ndim))
    file.write(struct.pack(f"<{array.ndim}q", *array.shape))
    file.write(np.ascontiguousarray(array).tobytes())


def as_attribute(value):
    return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value


def finish_model(nodes, inputs, opset, outputs, constant):
    graph_inputs = []
    initializers = []
    for index, array in enumerate(inputs):
        if array is None:
            continue
        array = np.asarray(array)
        if is_constant(index, constant):
            initializers.append(numpy_helper.from_array(array, f"i{index}"))
        else:
            graph_inputs.append(
                helper.make_tensor_value_info(f"i{index}", dtype_number(array), array.shape))
    graph_outputs = [helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph(nodes, "case", graph_inputs, graph_outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def one_node_model(op, inputs, opset, attributes, wanted, constant):
    names = [f"i{i}" if a is not None else "" for i, a in enumerate(inputs)]
    outputs = [f"o{i}" if yes else "" for i, yes in enumerate(wanted)]
    node = helper.make_node(op, names, outputs, name="case",
                            **{k: as_attribute(v) for k, v in attributes.items()})
    return finish_model([node], inputs, opset, [o for o in outputs if o], constant)


def fused_model(op, inputs, opset, attributes, activation, alpha, beta, residual, constant):
    names = [f"i{i}" if a is not None else "" for i, a in enumerate(inputs)]
    last = names.pop() if residual else None
    nodes = [helper.make_node(op, names, ["raw"], name="case", **attributes)]
    value = "raw"
    if residual == "before":
        nodes.append(helper.make_node("Add", [value, last], ["sum"]))
        value = "sum"
    if activation == "Clip":
        for name, limit in (("low", alpha), ("high", beta)):
            tensor = numpy_helper.from_array(np.float32(limit), name)
            nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        nodes.append(helper.make_node("Clip", [value, "low", "high"], ["active"]))
    elif activation:
        stated = {"LeakyRelu": ["alpha"], "HardSigmoid": ["alpha", "beta"]}.get(activation, [])
        numbers = {k: {"alpha": alpha, "beta": beta}[k] for k in stated}
        nodes.append(helper.make_node(activation, [value], ["active"], **numbers))
    value = "active" if activation else value
    if residual == "after":
        nodes.append(helper.make_node("Add", [value, last], ["sum"]))
        value = "sum"
    return finish_model(nodes, inputs, opset, [value], constant)


def run_model(model, inputs, constant):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    feeds = {f"i{i}": np.asarray(a) for i, a in enumerate(inputs)
             if a is not None and not is_constant(i, constant)}
    return session.run(None, feeds)
