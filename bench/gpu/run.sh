#!/bin/bash
# Every number of the GPU engine, in one call, on a machine with an NVIDIA GPU (the bars are
# for an H200):
#
#     bench/gpu/run.sh [build/clearcut] [FOLDER with u2net.onnx, u2netp.onnx, isnet.onnx]
#
# Needs python3; PyTorch beside it if that Python has torch. Without a folder the U2-Nets
# are made with random weights by ../shared/tools/make_models.py (needs onnx and numpy), and
# IS-Net is left out. Writes bench/results/gpu-NAME-DATE.json and prints the bars. Half an
# hour; nothing else should run on the GPU.
#
#     TRIAL=1 CLEARCUT_LIBCUDA=build/tests/libfake_cuda.so bench/gpu/run.sh
#
# tries the scripts themselves without a GPU and writes no result there.
set -eu
cd "$(dirname "$0")/../.."
CLEARCUT=${1:-build/clearcut}
MODELS=${2:-}
PYTHON=${PYTHON:-python3}
[ -x "$CLEARCUT" ] || { echo "$CLEARCUT: build it first (README.md), with nvcc installed" >&2; exit 1; }

options=(--clearcut "$CLEARCUT")
[ -n "$MODELS" ] && options+=(--models "$MODELS")
if [ "${TRIAL:-0}" = 1 ]; then
    output=$(mktemp /tmp/gpu-trial-XXXXXX)
    options+=(--trial --networks u2netp --batches 1 2)
else
    "$CLEARCUT" doctor --require cuda >/dev/null ||
        { "$CLEARCUT" doctor --require cuda || true; echo "no GPU is proven here" >&2; exit 3; }
    name=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1 |
        tr -cs 'A-Za-z0-9' '-' | sed 's/-$//')
    output=bench/results/gpu-${name:-unknown}-$(date +%Y%m%d).json
fi
exec "$PYTHON" bench/gpu/bars.py "${options[@]}" --output "$output"
