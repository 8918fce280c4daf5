# The masks of `clearcut i` against rembg's recipe on real photos and real weights.
. "$(dirname "$0")/common.sh"
MODEL=$SHARED/models/isnet-general-use-fp16.onnx
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
[ -n "$PYTHON" ] || skip "CLEARCUT_ORACLE_PYTHON is not set (make test sets it)"
"$PYTHON" -c 'import numpy, onnxruntime, PIL' 2>/dev/null ||
    skip "$PYTHON lacks numpy, onnxruntime or Pillow"
[ -r "$MODEL" ] || skip "$MODEL is not there"
PHOTOS=$SHARED/data/pages

check "IS-Net, as rembg" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/rembg_mask.py" "$CLEARCUT" \
    "$MODEL" isnet "$PHOTOS/rb_animal3.jpg" "$PHOTOS/da_card.jpg" "$PHOTOS/ca_c1.png"
if [ -r "$SHARED/tools/make_models.py" ]; then
    check "writing u2netp" "$PYTHON" "$SHARED/tools/make_models.py" --model u2netp --out u2netp.onnx
    check "u2netp, as rembg" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/rembg_mask.py" \
        "$CLEARCUT" u2netp.onnx u2net "$PHOTOS/rb_animal3.jpg" "$PHOTOS/js_test.jpg" "$PHOTOS/fe_02.jpg"
fi
finish
