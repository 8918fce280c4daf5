# A GPU, as far as the fake driver is one: pictures all the way, a GPU that is lost, one
# that is full, one that cannot take a model, energy.
. "$(dirname "$0")/common.sh"
FAKE=${CLEARCUT_FAKE_CUDA:-}
[ -n "$FAKE" ] || skip "no fake driver (CLEARCUT_FAKE_CUDA is not set)"
unset FAKE_CUDA
export CLEARCUT_LIBCUDA=$FAKE
MODEL=$DATA/mask.onnx
"$CLEARCUT" i --device cuda -m "$MODEL" "$DATA/photo.png" first.png 2>stderr ||
    ! grep -q "no CUDA kernels" stderr || skip "built without CUDA kernels"
mkdir in
for name in a b c d e f; do cp "$DATA/photo.png" "in/$name.png"; done

# ---- the whole way ----
run 0 i --device cuda --precision fp32 --json -om -m "$MODEL" in/a.png gpu.png
prints '"engine":"cuda/' '"whole_picture":true' '"precision":"fp32"'
run 0 i --device cpu --json -om -m "$MODEL" in/a.png cpu.png
prints '"whole_picture":false' '"bytes_to_device":0'
check "the same mask as the processor's" same gpu.png cpu.png

# ---- lost in the middle of a run: status 3, nothing half written, and once more ----
FAKE_CUDA=fault=719,at=4 run 3 i --device cuda -m "$MODEL" in/a.png lost.png
says "CUDA_ERROR_LAUNCH_FAILED (719)"
check "nothing was written" absent lost.png
FAKE_CUDA=fault=719,at=30 run 3 p --device cuda --jobs 1 -m "$MODEL" in out
says "719"
# What is there is whole; what was cut out behind it was not begun.
made=$(ls out | wc -l)
check "some were made, not all" test "$made" -gt 0 -a "$made" -lt 6
check "one error is enough" test "$(grep -c LAUNCH_FAILED stderr)" = 1
check "no temporary files" test -z "$(find out -name '*.part' -o -name '.*.tmp*' -o -name '*clearcut*')"
run 0 p --device cuda -m "$MODEL" in out
says "$made already there"
check "all six" test "$(ls out | wc -l)" = 6
run 0 p --device cuda -m "$MODEL" in whole
for name in a b c d e f; do
    check "$name is as from one run" same "out/$name.png" "whole/$name.png"
done

# ---- full, or not up to the model ----
FAKE_CUDA=memory=20000 run 3 i --device cuda -m "$MODEL" in/a.png full.png
says "free)" "smaller batch"
check "nothing was written" absent full.png
FAKE_CUDA=memory=20000 run 0 i --device auto --json -m "$MODEL" in/a.png full.png
prints '"engine":"cpu/' '"reason":"no GPU: '
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
if [ -n "$PYTHON" ]; then
    "$PYTHON" - <<'END'
import onnx
from onnx import TensorProto, helper, numpy_helper
import numpy
nodes = [helper.make_node("Less", ["x", "half"], ["below"], name="odd"),
         helper.make_node("Cast", ["below"], ["y"], to=1)]
graph = helper.make_graph(
    nodes, "refused", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 32, 32])],
    [numpy_helper.from_array(numpy.array([0.5], "float32"), "half")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
          "refused.onnx")
END
    run 3 i --device cuda -m ./refused.onnx in/a.png refused.png
    says "odd" "use --device cpu"
    run 0 i --device auto --json -m ./refused.onnx --force in/a.png refused.png
    prints '"engine":"cpu/' '"reason":"not on the GPU: '
    check "said once" test "$(grep -c 'not on the GPU' stderr)" = 1
    run 0 p --device auto -m ./refused.onnx --force in refused
    check "said once" test "$(grep -c 'not on the GPU' stderr)" = 1
else
    echo "not tested: a model that the GPU refuses (CLEARCUT_ORACLE_PYTHON is not set)"
fi

# ---- energy ----
BENCH="bench --models $MODEL --devices cuda --precisions fp16 --sizes 64 --runs 1 --modes single"
if [ -n "${CLEARCUT_STUB_NVML:-}" ]; then
    CLEARCUT_LIBNVML=$CLEARCUT_STUB_NVML run 0 $BENCH --json "$DATA/photo.jpg"
    check "joules a picture" grep -Eq '"gpu_joules":[0-9.]*[1-9]' stdout
fi
CLEARCUT_LIBNVML=/nonexistent run 0 $BENCH "$DATA/photo.jpg"
prints "joules of cuda" "no NVML"
finish
