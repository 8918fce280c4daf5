# A picture without a clear subject: nothing is written, status 1, and said; --force and
# --compat rembg write it all the same. With the shared IS-Net on pictures of which it
# is known.
. "$(dirname "$0")/common.sh"

run 1 i -m "$DATA/flat.onnx" "$DATA/photo.png" none.png
says "no clear subject" "--force"
check "nothing written" absent none.png
echo old >kept.png
run 1 i -m "$DATA/flat.onnx" "$DATA/photo.png" kept.png
check "an older output stays" grep -q old kept.png
run 1 i --json -m "$DATA/flat.onnx" "$DATA/photo.png" none.png
prints '"status":"no-subject"' '"reason":"the model is sure of nothing' '"output":null'
run 1 i -om -m "$DATA/flat.onnx" "$DATA/photo.png" none.png
check "no mask either" absent none.png
for how in --force "--compat rembg"; do
    run 0 i $how -m "$DATA/flat.onnx" "$DATA/photo.png" written.png
    check "$how writes it" test -s written.png
    rm -f written.png
done
run 0 i --json -m "$DATA/mask.onnx" "$DATA/photo.png" found.png
prints '"status":"ok"'

MODEL=$SHARED/models/isnet-general-use-fp16.onnx
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
if [ -n "$PYTHON" ] && [ -r "$MODEL" ]; then
    "$PYTHON" -c 'import numpy, PIL.Image as Image
Image.new("RGB", (300, 200), (128, 128, 128)).save("grey.png")
noise = numpy.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=numpy.uint8)
Image.fromarray(noise).save("noise.png")'
    for blank in grey noise; do
        run 1 i -m "$MODEL" "$blank.png" none.png
        says "no clear subject"
    done
    run 0 i -m "$MODEL" "$SHARED/data/pages/rb_animal3.jpg" animal.png
else
    echo "IS-Net on blanks not tried: no CLEARCUT_ORACLE_PYTHON, or no model"
fi
finish
