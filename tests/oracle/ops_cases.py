"""Cases for tests/nn/test_ops_oracle.c: every operator against ONNX Runtime.

Usage: ops_cases.py FOLDER

FOLDER receives one folder for each case, 0000, 0001, ...:
  model.onnx   the case as a model (opset and attributes included)
  node.txt     the same for a reader without ONNX, one fact a line:
                 op NAME | opset N | tolerance T
                 fusion ACTIVATION ALPHA BETA RESIDUAL   (numbers of graph.h)
                 attribute int|float|string NAME VALUE
                 attribute ints|floats NAME COUNT VALUE...
                 attribute tensor NAME
                 input constant|runtime|none
                 output wanted|none
                 expect ok | refused-load MESSAGE | refused-run MESSAGE
  tensors.bin  little endian, one after the other: tensor attributes, inputs that are
               not "none", and (expect ok) wanted outputs; each is int32 type (number
               of ONNX), int32 rank, int64 dimensions, packed values

The tolerance is relative to the largest finite expected value of the output; integers
must be equal. All values are seeded: the same versions write the same bytes.
"""

import sys

import ops_convolution
import ops_elementwise
import ops_indexed
import ops_quantized
import ops_reduction
import ops_refused
import ops_resize
import ops_shape
from ops_writer import Writer


def main(folder):
    writer = Writer(folder)
    for family in (ops_convolution, ops_elementwise, ops_reduction, ops_shape, ops_resize,
                   ops_quantized, ops_indexed, ops_refused):
        family.write(writer)
    print(f"{writer.number} cases of {len(writer.counts)} operators")


if __name__ == "__main__":
    main(sys.argv[1])
