#!/bin/sh
# make bench: this machine against its peers, interleaved, results to bench/results/.
#
#   engine   every network against ONNX Runtime (PyPI, newest), one and two threads
#   rembg    whole processes, same weights, if CLEARCUT_REMBG names the program (else
#            it is installed from PyPI into build/peers)
#   pages    corners on ../shared/data/pages
#
# Wants a quiet machine. What cannot be measured here is left out and named.
set -eu
build=${1:-build}
shared=${CLEARCUT_SHARED:-$PWD/../shared}
peers=$build/peers
python=$peers/bin/python

say() { printf '\n== %s\n' "$*"; }

if [ ! -x "$python" ]; then
    say "installing the peers into $peers"
    python3 -m venv "$peers"
    "$peers/bin/pip" install -q numpy onnx onnxruntime "rembg[cpu,cli]==2.0.77"
fi
rembg=${CLEARCUT_REMBG:-$peers/bin/rembg}

say 'start-up'
"$python" bench/startup.py "$build/clearcut" --help

if [ ! -d "$shared/models" ]; then
    echo "left out: networks, rembg and pages ($shared is not there)"
    exit 0
fi
say 'engine against ONNX Runtime'
"$python" bench/cpu/compare_onnxruntime.py --library "$build/libclearcut.so"
say 'clearcut i against rembg, IS-Net'
"$python" bench/rembg/compare.py --mask --clearcut "$build/clearcut" --rembg "$rembg" \
    --model "$shared/models/isnet-general-use-fp16.onnx" --photo "$shared/data/pages/rb_animal3.jpg"
network=$build/u2net-half.onnx
[ -r "$network" ] ||
    "$python" "$shared/tools/make_models.py" --model u2net-half --out "$network"
say 'what surrounds the network, against rembg'
"$python" bench/rembg/around.py --clearcut "$build/clearcut" \
    --rembg-python "$(dirname "$rembg")/python" --model "$network" \
    --photo "$shared/data/pages/rb_animal3.jpg"
say 'a folder of photos: clearcut p, rembg p, clearcut i again and again'
"$python" bench/rembg/folder.py --clearcut "$build/clearcut" --rembg "$rembg" \
    --model "$network" --photos "$shared/data/pages"
say 'pages'
bench/page/score_shared.sh "$build/clearcut"
