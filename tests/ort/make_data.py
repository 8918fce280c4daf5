#!/usr/bin/env python3
"""Write tests/ort/data/half.onnx: a network whose input, weights and output are float16.

The file is committed, so that the tests need no Python. Needs numpy and onnx.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent


def half(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT16, shape)


weight = np.linspace(-0.5, 0.5, 2 * 3 * 3 * 3).reshape(2, 3, 3, 3).astype(np.float16)
graph = helper.make_graph(
    [helper.make_node("Conv", ["input", "weight"], ["sum"], pads=[1, 1, 1, 1]),
     helper.make_node("Sigmoid", ["sum"], ["output"])],
    "half", [half("input", [1, 3, 16, 16])], [half("output", [1, 2, 16, 16])],
    [numpy_helper.from_array(weight, "weight")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
model.producer_name = "clearcut tests"
(HERE / "data/half.onnx").write_bytes(model.SerializeToString())
