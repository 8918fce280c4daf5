# Every exit status: 0, 1, 2, 3, 4 (130 is in test_signals.sh).
. "$(dirname "$0")/common.sh"
cp "$DATA/photo.png" .
printf 'just some words' >words.jpg

run 0 i -m "$DATA/mask.onnx" photo.png cutout.png
check "the cut-out is a PNG" test "$(head -c 4 cutout.png | tail -c 3)" = PNG

run 1 i -m "$DATA/mask.onnx" missing.png cutout2.png
says "missing.png"
run 1 scan --json words.jpg
says "words.jpg"
prints '"status":"error"' '"error":{"code":"'
run 0 scan --corners-only photo.png

# One bad photo does not stop the others.
mkdir out
run 1 scan --keep -o out photo.png words.jpg "$DATA/half.png"
says "words.jpg"
only photo.flat.png half.flat.png

run 2 i -m "$DATA/mask.onnx" photo.png photo.png
run 2 i -m sillueta photo.png x.png
says "did you mean silueta?"

# Whatever this machine has, no driver and no ONNX Runtime is found here.
export CLEARCUT_LIBCUDA=$WORK/absent.so CLEARCUT_ORT=$WORK/absent.so
for device in cuda cuda:1 ort ort:openvino; do
    run 3 i --device "$device" -m "$DATA/mask.onnx" photo.png x.png
    says "--device $device" "absent.so"
    run 3 scan --device "$device" photo.png
    run 3 infer --device "$device" "$DATA/mask.onnx" --in photo.png --out x.f32
done
run 0 i --device cpu -m "$DATA/mask.onnx" photo.png y.png

# A named model: absent, wrong, and wrong but not compared.
run 4 i photo.png x.png
says "u2net" "curl -fL -o" "https://" "$WORK/home/.local/share/clearcut"
run 4 i -m u2netp photo.png x.png
says "u2netp.onnx"
run 4 i -m ./missing.onnx photo.png x.png
says "missing.onnx"
run 4 i -m words.jpg/none.onnx photo.png x.png
mkdir -p home/.u2net
cp "$DATA/mask.onnx" home/.u2net/u2netp.onnx
run 4 i -m u2netp photo.png x.png
says "wrong checksum" "expected md5:8e83ca70e441ab06c318d82300c84806" "got md5:"
check "nothing was written" absent x.png
MODEL_CHECKSUM_DISABLED=1 run 0 i -m u2netp photo.png x.png
says "note:" "MODEL_CHECKSUM_DISABLED"
check "written" test -s x.png
run 0 i -m home/.u2net/u2netp.onnx photo.png z.png
CLEARCUT_HOME=$WORK/home/.u2net run 0 models
prints "$WORK/home/.u2net/u2netp.onnx"
run 4 i -m sam photo.png w.png
run 4 infer "$DATA/bad-operator.onnx" --in photo.png --out x.f32
says "bad-operator.onnx" "Frobnicate"
finish
