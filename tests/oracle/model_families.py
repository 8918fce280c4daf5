#!/usr/bin/env python3
"""Networks built like BiRefNet, BRIA RMBG 2.0 and BEN (family_graphs.py) by `clearcut infer`
and by ONNX Runtime.

    model_families.py CLEARCUT

Passes if every result agrees to 1e-4 of the largest value.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

from family_graphs import dichotomous

FAMILIES = {
    "BiRefNet (deformable by GatherND, opset 17)": lambda: dichotomous(1, 17, "GatherND"),
    "BiRefNet (deformable by GatherElements, opset 13)":
        lambda: dichotomous(2, 13, "GatherElements"),
    "BRIA RMBG 2.0 (deformable by GridSample, opset 18)":
        lambda: dichotomous(3, 18, "GridSample"),
    "BEN (no deformable convolution, opset 17)": lambda: dichotomous(4, 17, None),
    "one operator for Gelu (opset 20)": lambda: dichotomous(5, 20, "GatherND"),
}


def agrees(program, name, model, folder):
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    x = np.random.default_rng(9).normal(size=entry.shape).astype(np.float32)
    expected = session.run(None, {entry.name: x})[0]
    source, target = os.path.join(folder, "in.f32"), os.path.join(folder, "out.f32")
    x.tofile(source)
    subprocess.run([program, "infer", path, "--in", source, "--out", target], check=True,
                   stdout=subprocess.DEVNULL)
    found = np.fromfile(target, np.float32).reshape(expected.shape)
    worst = np.abs(found - expected).max() / np.abs(expected).max()
    operators = len({node.op_type for node in model.graph.node})
    print(f"{name}: {operators} kinds of operators, differs by {worst:.1e}", flush=True)
    return worst < 1e-4


def main():
    with tempfile.TemporaryDirectory() as folder:
        results = [agrees(sys.argv[1], name, build(), folder) for name, build in FAMILIES.items()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
