#!/usr/bin/env python3
"""Whole networks through `clearcut infer` and through ONNX Runtime.

    models_parity.py CLEARCUT SHARED [NAME...]

CLEARCUT is the program, SHARED the folder with tools/make_models.py and models/.
Names: u2net, u2netp, u2net-half (seeded random weights) and isnet (real weights);
all by default. Prints a line for each and ends with 1 if any output differs by more
than 1e-4 on the sigmoid output. A float16 file is widened for ONNX Runtime first, which
would otherwise round after every layer.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

LIMIT = 1e-4
GENERATED = ("u2netp", "u2net-half", "u2net")


def picture(size):
    """Smooth noise of about unit variance, as normalised photographs are."""
    rng = np.random.default_rng(7)
    coarse = rng.standard_normal((1, 3, size // 8, size // 8))
    fine = rng.standard_normal((1, 3, size, size))
    return (coarse.repeat(8, axis=2).repeat(8, axis=3) * 0.9 + fine * 0.3).astype(np.float32)


def widen(path, target):
    """A copy of a float16 model that computes in float32 with the same weights."""
    model = onnx.load(path)
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT16:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    for value in list(graph.input) + list(graph.output) + list(graph.value_info):
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == onnx.TensorProto.FLOAT16:
                attribute.i = onnx.TensorProto.FLOAT
            if attribute.t.data_type == onnx.TensorProto.FLOAT16:
                values = onnx.numpy_helper.to_array(attribute.t).astype(np.float32)
                attribute.t.CopyFrom(onnx.numpy_helper.from_array(values, attribute.t.name))
    sort_nodes(graph)
    onnx.save(model, target)


def sort_nodes(graph):
    """Executable order: real exports of half precision list some casts too late."""
    known = {""} | {i.name for i in graph.input} | {t.name for t in graph.initializer}
    waiting = list(graph.node)
    ordered = []
    while waiting:
        ready = [node for node in waiting if all(name in known for name in node.input)]
        if not ready:
            sys.exit("the graph has a cycle")
        for node in ready:
            known.update(node.output)
        taken = {id(node) for node in ready}
        ordered += ready
        waiting = [node for node in waiting if id(node) not in taken]
    del graph.node[:]
    graph.node.extend(ordered)


def run_onnxruntime(path, values):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return session.run([session.get_outputs()[0].name], {name: values})[0].astype(np.float32)


def run_clearcut(program, model, values, folder):
    source = folder / "in.f32"
    target = folder / "out.f32"
    values.tofile(source)
    subprocess.run([program, "infer", str(model), "--in", str(source), "--out", str(target)],
                   check=True)
    return np.fromfile(target, np.float32)


def check(name, program, shared, folder):
    if name == "isnet":
        model = shared / "models" / "isnet-general-use-fp16.onnx"
        if not model.exists():
            print(f"isnet: skipped, there is no {model}")
            return True
        widened = folder / "isnet.onnx"
        widen(model, widened)
        size, reference = 1024, widened
    else:
        model = folder / f"{name}.onnx"
        subprocess.run([sys.executable, shared / "tools" / "make_models.py", "--model", name,
                        "--out", model], check=True, stdout=subprocess.DEVNULL)
        size, reference = 320, model
    values = picture(size)
    expected = run_onnxruntime(str(reference), values).ravel()
    got = run_clearcut(program, model, values, folder)
    if got.shape != expected.shape:
        print(f"{name}: {got.size} numbers, not {expected.size}")
        return False
    worst = float(np.abs(got - expected).max())
    print(f"{name}: largest difference {worst:.1e}, mean {np.abs(got - expected).mean():.1e}, "
          f"output {expected.min():.3f} .. {expected.max():.3f}, limit {LIMIT:.0e}")
    return bool(worst <= LIMIT)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, shared = sys.argv[1], pathlib.Path(sys.argv[2])
    names = sys.argv[3:] or GENERATED + ("isnet",)
    with tempfile.TemporaryDirectory() as folder:
        results = [check(name, program, shared, pathlib.Path(folder)) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
