# doctor: text, JSON, exit statuses, and that nobody who lies is believed.
. "$(dirname "$0")/common.sh"
unset VIRTUAL_ENV CONDA_PREFIX PYENV_ROOT CUDA_VISIBLE_DEVICES
export CLEARCUT_LIBCUDA=$WORK/absent.so CLEARCUT_LIBNVML=$WORK/absent.so CLEARCUT_ORT=$WORK/absent.so

# ends LINE...: the last lines of the last run's stdout begin so.
ends() {
    local line
    checks=$((checks + 1))
    tail -n $# "$WORK/stdout" >"$WORK/last"
    for line in "$@"; do
        read -r printed <&3
        [[ $printed == "$line"* ]] || fail "\"$printed\" stands where \"$line\" should"
    done 3<"$WORK/last"
}

run 0 doctor --runs 2
prints "Processor" "NVIDIA" "Engines" "Proof: device auto, model the embedded page model, 2 turns" \
    "cuda" "$WORK/absent.so" "to mend it:" "proved   operators" "CPU is the active provider"
ends "GPU (CUDA) is not the active provider: " "Session using GPU: False"

run 3 doctor --runs 2 --require cuda
says "--require cuda"
ends "GPU (CUDA) is not the active provider: " "Session using GPU: False"
run 0 doctor --runs 2 --device cuda
run 3 doctor --runs 2 --require ort
prints "$WORK/absent.so"
run 0 doctor --runs 2 --require cpu -m "$DATA/mask.onnx"
prints "CPU is the active provider" "another device was asked for" "model $DATA/mask.onnx"
run 0 doctor --runs 1 -m "$DATA/open.onnx"
run 4 doctor -m "$DATA/bad-operator.onnx"
says "Frobnicate"
run 4 doctor -m "$WORK/none.onnx"
run 2 doctor --runs 0
run 2 doctor --runs 1001
run 2 doctor --device gpu
says "none of auto"
run 2 doctor photo.jpg
run 2 doctor --require ort:frobnicate

run 0 doctor --json --runs 2
check "one line" test "$(wc -l <stdout)" -eq 1
prints '"requested":"auto"' '"using_gpu":false' '"active_provider":"CPU"' '"ops_total":' \
    '"looked_for":[{"path":"' '"speed_up":null' '"proven":true'
if command -v python3 >/dev/null; then
    check "it is JSON" python3 -c 'import json, sys
facts = json.load(open(sys.argv[1]))
assert facts["proof"]["ops_on_device"] == facts["proof"]["ops_total"] > 0
assert facts["proof"]["wall_ms"]["lowest"] <= facts["proof"]["wall_ms"]["highest"]' "$WORK/stdout"
fi

# ---- liars ----
stub=${CLEARCUT_STUB_ORT:-}
if [ -n "$stub" ]; then
    export CLEARCUT_ORT=$stub
    for mode in unwritten partly nothing wrong shared refuses constant broken old hollow; do
        STUB_ORT=$mode run 3 doctor --runs 1 --require ort:cuda -m "$DATA/mask.onnx"
        ends "GPU (CUDA) is not the active provider: " "Session using GPU: False"
        STUB_ORT=$mode run 0 doctor --runs 1 --json -m "$DATA/mask.onnx"
        prints '"active_provider":"CPU","using_gpu":false'
    done
    # It lists CUDA, and auto does not care.
    STUB_ORT=constant run 0 i --device auto -m "$DATA/mask.onnx" --json "$DATA/photo.png" cut.png
    prints '"engine":"cpu/'
    STUB_ORT=unwritten run 3 i --device ort:cuda -m "$DATA/mask.onnx" "$DATA/photo.png" lie.png
    says "unwritten"
    check "nothing was written" absent lie.png
    # Its answers have other shapes than the page model's.
    STUB_ORT=constant run 3 doctor --runs 1 --require ort:cuda
    prints "other inputs or outputs"
else
    echo "not tested: the lying ONNX Runtime (CLEARCUT_STUB_ORT is not set)"
fi

fake=${CLEARCUT_FAKE_CUDA:-}
if [ -n "$fake" ]; then
    export CLEARCUT_LIBCUDA=$fake CLEARCUT_ORT=$WORK/absent.so
    FAKE_CUDA=lie run 3 doctor --runs 1 --require cuda -m "$DATA/mask.onnx"
    ends "GPU (CUDA) is not the active provider: " "Session using GPU: False"
    FAKE_CUDA=lie run 0 i --device auto -m "$DATA/mask.onnx" --json "$DATA/photo.png" cut.png
    prints '"engine":"cpu/' '"reason":"no GPU: '
    FAKE_CUDA=lie run 3 i --device cuda -m "$DATA/mask.onnx" "$DATA/photo.png" lie.png
    FAKE_CUDA=init=803 run 3 doctor --runs 1 --require cuda -m "$DATA/mask.onnx"
    prints "restart the machine"
else
    echo "not tested: the fake driver (CLEARCUT_FAKE_CUDA is not set)"
fi
finish
