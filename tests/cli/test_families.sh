# Networks of the kinds that rembg's larger models are, against ONNX Runtime.
. "$(dirname "$0")/common.sh"
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
[ -n "$PYTHON" ] || skip "CLEARCUT_ORACLE_PYTHON is not set (make test sets it)"
"$PYTHON" -c 'import numpy, onnx, onnxruntime' 2>/dev/null || skip "$PYTHON lacks onnx or onnxruntime"

check "BiRefNet, BRIA, BEN" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/model_families.py" "$CLEARCUT"
finish
