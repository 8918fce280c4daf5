# Segment Anything: prompts, files, refusals; and its masks beside rembg's recipe.
. "$(dirname "$0")/common.sh"
PHOTO=$DATA/photo.png

# ---- nothing there ----
run 4 i -m sam "$PHOTO" out.png
says "sam_vit_b_01ec64.encoder.onnx" "no model folder" "no checksum is published" "curl -fL"
run 4 i -m sam -x '{"sam_model": "sam_vit_l_0b3195", "sam_quant": true}' "$PHOTO" out.png
says "sam_vit_l_0b3195.encoder.quant.onnx"
run 0 models
prints "sam"

# ---- prompts ----
for wrong in '5' '[]' '[{"type": "point", "data": [1, 2]}]' \
    '[{"type": "point", "data": [1], "label": 1}]' '[{"type": "point", "data": [1, 2], "label": 7}]' \
    '[{"type": "rectangle", "data": [1, 2, 3]}]' '[{"type": "star"}]' '[{"data": [1, 2], "label": 1}]'; do
    run 2 i -m sam -x "{\"sam_prompt\": $wrong}" "$PHOTO" out.png
    says "sam_prompt"
done
run 2 i -m sam -x '{"sam_model": 5}' "$PHOTO" out.png
PROMPT='{"sam_prompt": [{"type": "rectangle", "data": [1, 2, 30, 40]}, {"type": "point", "data": [9, 9], "label": 0}]}'
run 4 i -m sam -x "$PROMPT" "$PHOTO" out.png
run 0 i -m "$DATA/mask.onnx" -x "$PROMPT" "$PHOTO" out.png
says "no effect"

# ---- files that are no Segment Anything ----
mkdir models
cp "$DATA/mask.onnx" models/wrong.encoder.onnx
run 4 i -m models/wrong.encoder.onnx "$PHOTO" out.png
says "is no encoder"
cp "$DATA/mask.onnx" models/sam_vit_b_01ec64.encoder.onnx
CLEARCUT_HOME=models run 4 i -m sam "$PHOTO" out.png
says "sam_vit_b_01ec64.decoder.onnx"

# ---- masks ----
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
if [ -n "$PYTHON" ] && "$PYTHON" -c 'import onnx, onnxruntime, PIL' 2>/dev/null; then
    check "as rembg" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/sam_check.py" "$CLEARCUT"
else
    echo "not compared with ONNX Runtime: CLEARCUT_ORACLE_PYTHON is not set"
fi
finish
