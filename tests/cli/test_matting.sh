# -ppm, -a and -dc of `clearcut i`: what they say, and with a Python that has rembg
# (CLEARCUT_REMBG_PYTHON, else CLEARCUT_ORACLE_PYTHON) that rembg's functions agree.
. "$(dirname "$0")/common.sh"

run 0 i -m "$DATA/mask.onnx" "$DATA/photo.png" plain.png
for flag in -ppm -a -dc; do
    run 0 i $flag -m "$DATA/mask.onnx" "$DATA/photo.png" "with$flag.png"
    check "$flag changes the picture" test "$(cmp plain.png "with$flag.png" >/dev/null; echo $?)" -eq 1
done
run 0 i --post-process-mask -m "$DATA/mask.onnx" "$DATA/photo.png" long.png
check "-ppm is --post-process-mask" same long.png with-ppm.png
run 0 i --alpha-matting --alpha-matting-foreground-threshold=240 -ab 10 -ae 10 \
    -m "$DATA/mask.onnx" "$DATA/photo.png" long.png
check "rembg's thresholds are the defaults" same long.png with-a.png
run 0 i -a --json -m "$DATA/mask.onnx" "$DATA/photo.png" json.png
prints '"matting":{"status":"done"' '"unknown_pixels":'

# a mask with nothing in it: said, and the plain cut-out made
run 0 i --force -m "$DATA/flat.onnx" "$DATA/photo.png" empty.png
run 0 i --force -a --json -m "$DATA/flat.onnx" "$DATA/photo.png" fallback.png
says "alpha matting was not done: no pixel is certainly subject"
prints '"matting":{"status":"no-foreground"'
check "the plain cut-out instead" same empty.png fallback.png
run 0 i -om -a -m "$DATA/mask.onnx" "$DATA/photo.png" mask.png
says "with only-mask they do nothing"

# edges: guided by default where the photo is larger than the mask, and never in -om
for edges in plain guided auto; do
    run 0 i --edges $edges -m "$DATA/mask.onnx" "$DATA/photo.png" "edges-$edges.png"
    run 0 i -om --edges $edges -m "$DATA/mask.onnx" "$DATA/photo.png" "mask-$edges.png"
done
check "auto is guided" same edges-auto.png edges-guided.png
check "and the default" same edges-auto.png plain.png
check "plain is not" test "$(cmp edges-plain.png plain.png >/dev/null; echo $?)" -eq 1
check "a mask is plain" same mask-auto.png mask-plain.png
check "a guided mask is not" test "$(cmp mask-guided.png mask-plain.png >/dev/null; echo $?)" -eq 1
run 0 i --compat rembg -m "$DATA/mask.onnx" "$DATA/photo.png" compat.png
run 0 i --compat rembg --edges plain -m "$DATA/mask.onnx" "$DATA/photo.png" compat-plain.png
check "--compat rembg is plain" same compat.png compat-plain.png
run 2 i --edges sharp -m "$DATA/mask.onnx" "$DATA/photo.png" never.png
says "--edges"
run 0 i -a --exact-matting --json -m "$DATA/mask.onnx" "$DATA/photo.png" exact.png
prints '"reduction":1'

for wrong in "-af 256" "-ab -1" "-ae 1001" "-ae x"; do
    run 2 i -a $wrong -m "$DATA/mask.onnx" "$DATA/photo.png" never.png
    check "$wrong: nothing written" absent never.png
done

PYTHON=${CLEARCUT_REMBG_PYTHON:-${CLEARCUT_ORACLE_PYTHON:-}}
MODEL=$SHARED/models/isnet-general-use-fp16.onnx
if [ -n "$PYTHON" ] && [ -r "$MODEL" ] && "$PYTHON" -c 'import rembg, pymatting' 2>/dev/null; then
    "$PYTHON" -c 'import sys
from PIL import Image
photo = Image.open(sys.argv[1]).convert("RGB")
photo.resize((420, 315), Image.Resampling.LANCZOS).save(sys.argv[2])' \
        "$SHARED/data/pages/rb_animal3.jpg" small.png
    check "as rembg" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/matte_check.py" "$CLEARCUT" \
        "$MODEL" "$WORK/small.png"
else
    echo "not compared with rembg: no Python with rembg and PyMatting, or no model"
fi
finish
