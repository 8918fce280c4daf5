# Whole networks agree with ONNX Runtime to 1e-4; see tests/oracle/models_parity.py.
. "$(dirname "$0")/common.sh"
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
[ -n "$PYTHON" ] || skip "CLEARCUT_ORACLE_PYTHON is not set (make test sets it)"
"$PYTHON" -c 'import numpy, onnx, onnxruntime' 2>/dev/null ||
    skip "$PYTHON lacks numpy, onnx or onnxruntime"
[ -r "$SHARED/tools/make_models.py" ] || skip "$SHARED/tools/make_models.py is not there"

for name in u2netp u2net-half u2net isnet; do
    check "$name, as ONNX Runtime" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/models_parity.py" \
        "$CLEARCUT" "$SHARED" "$name"
done
finish
