# Models: the list, import, files of one's own, the three mattes of u2net_cloth_seg,
# the default.
. "$(dirname "$0")/common.sh"
export CLEARCUT_HOME=$WORK/models
mkdir in
cp "$DATA/photo.png" in/

# ---- the list: rembg's nineteen and our own, with licences ----
run 0 models
for name in u2net u2netp u2net_human_seg u2net_cloth_seg silueta isnet-general-use isnet-anime \
    birefnet-general birefnet-general-lite birefnet-portrait birefnet-dis birefnet-hrsod \
    birefnet-cod birefnet-massive bria-rmbg sam u2net_custom dis_custom ben_custom page; do
    check "$name is listed" grep -q "^$name " stdout
done
run 0 models --json
check "twenty" test "$(wc -l <stdout)" -eq 20
check "a licence each" test "$(grep -c '"licence":"[^"]' stdout)" -eq 20
check "a checksum for all that is fetched" test "$(grep -c '"url":"https://.*"checksum":"\(md5\|sha256\):[0-9a-f]*"' stdout)" -eq 15
run 0 models --commercial-only
check "BRIA is left out" test "$(grep -c '^bria' stdout)" -eq 0

# ---- the default: announced, refused offline; rembg's under its name ----
run 4 i in/photo.png out.png
says "model silueta is not on this machine" "silueta.onnx"
run 4 i --compat rembg in/photo.png out.png
says "model u2net is not on this machine"
run 4 i -m sam in/photo.png out.png
says "sam needs sam_vit_b_01ec64.encoder.onnx" "rembg"

# ---- import ----
cp "$DATA/mask.onnx" mine.onnx
run 4 models import mine.onnx
says "mine.onnx" "none of the models known by name" "md5:"
run 4 models import --as u2netp mine.onnx
says "wrong checksum for u2netp" "expected md5:8e83ca70e441ab06c318d82300c84806"
check "nothing was put there" test -z "$(ls -A models 2>/dev/null)"
run 2 models import --as nosuch mine.onnx
run 4 models import --as sam mine.onnx
run 1 models import none.onnx
says "none.onnx"
run 2 models import
run 2 models import --as u2netp mine.onnx mine.onnx
run 2 models export
run 2 models --as u2netp
MODEL_CHECKSUM_DISABLED=1 run 0 models import --as u2netp mine.onnx
prints "u2netp: $WORK/models/u2netp.onnx"
check "the very bytes" same models/u2netp.onnx mine.onnx
MODEL_CHECKSUM_DISABLED=1 run 0 models import --json --as u2netp mine.onnx
prints '"name":"u2netp","status":"present"'
MODEL_CHECKSUM_DISABLED=1 run 4 models import --as u2netp "$DATA/flat.onnx"
says "is there already" "never replaced"
check "and still there" same models/u2netp.onnx mine.onnx
MODEL_CHECKSUM_DISABLED=1 run 0 i -m u2netp in/photo.png out.png

# ---- files of one's own ----
run 0 i -om --force -m "$DATA/mask.onnx" in/photo.png guessed.png
run 0 i -om --force -m "$DATA/mask.onnx" --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 in/photo.png same.png
check "what was guessed, said" same guessed.png same.png
run 0 i -om --force --json -m "$DATA/mask.onnx" --mean 0.5,0.5,0.5 --std 1,1,1 in/photo.png other.png
prints '"recipe":"32x32, mean 0.5 0.5 0.5, deviation 1 1 1, min-max"'
check "said otherwise" test "$(cmp guessed.png other.png | wc -l)" -eq 1
run 0 i -om --force -m "$DATA/last.onnx" --layout nhwc in/photo.png last.png
check "channels last" same guessed.png last.png
run 4 i -m "$DATA/last.onnx" in/photo.png out.png
says "--layout nhwc"
run 4 i -m "$DATA/mask.onnx" --layout nhwc in/photo.png out.png
run 0 i -om --force --json -m "$DATA/open.onnx" --size 64x48 in/photo.png open.png
prints '"recipe":"64x48, '
run 0 i -om --force --json -m "$DATA/open.onnx" --size 48 in/photo.png open.png
prints '"recipe":"48x48, '
run 4 i -m "$DATA/mask.onnx" --size 64 in/photo.png out.png
says "takes 32x32 and not 64x64"
run 0 p -om --force --layout nhwc -m "$DATA/last.onnx" in folder
check "p feeds it as well" same folder/photo.png last.png
run 0 i -om --force -m u2net_custom -x "{\"model_path\": \"$DATA/mask.onnx\"}" in/photo.png path.png
check "rembg's way to name it" same guessed.png path.png
for wrong in "--mean 1,2" "--mean 1,2,x" "--std 1,0,1" "--size 0" "--size 3x" "--layout hwc"; do
    run 2 i -m "$DATA/mask.onnx" $wrong in/photo.png out.png
done
run 2 i -m silueta --size 320 in/photo.png out.png
says "has its recipe"

# ---- extras ----
for wrong in "{bad" "[]" "" '{"cc": "hat"}' '{"alpha_matting": 1}' '{"bgcolor": [1, 2]}' \
    '{"alpha_matting_erode_size": -1}' '{"only_mask": true} x' '{"a": "\ud800"}'; do
    run 2 i -m "$DATA/mask.onnx" -x "$wrong" in/photo.png out.png
done
run 0 i -om --force -m "$DATA/mask.onnx" -x '{"post_process_mask": true}' in/photo.png a.png
run 0 i -om --force -m "$DATA/mask.onnx" -ppm in/photo.png b.png
check "as the option" same a.png b.png
run 0 i -m "$DATA/mask.onnx" -x ' { "bgcolor" : [10,20,30,255], "only_mask": false } ' in/photo.png a.png
run 0 i -m "$DATA/mask.onnx" -bgc 10 20 30 255 in/photo.png b.png
check "a colour" same a.png b.png
run 0 i -m "$DATA/mask.onnx" -x '{"providers": ["CPUExecutionProvider"], "unheard-of": {"x": [null]}}' in/photo.png a.png
says "--device" '"unheard-of" has no effect'

# ---- three mattes ----
cp "$DATA/cloth.onnx" models/u2net_cloth_seg.onnx
export MODEL_CHECKSUM_DISABLED=1
run 0 i -om -m u2net_cloth_seg in/photo.png all.png
run 0 infer "$DATA/mask.onnx" --explain
for part in upper lower full; do
    run 0 i -om -m u2net_cloth_seg -x "{\"cc\": \"$part\"}" in/photo.png $part.png
done
run 0 i -m u2net_cloth_seg -x '{"cloth_category": "lower"}' -a in/photo.png matted.png
run 0 p -m u2net_cloth_seg in clothes
run 2 i --max-size 20 -m u2net_cloth_seg in/photo.png out.png
says "cc"
run 0 i --max-size 20 --keep-small -m u2net_cloth_seg in/photo.png out.png
STDIN=$DATA/photo.rgb24 run 2 b -m u2net_cloth_seg 96 64
says "cc"
STDIN=$DATA/photo.rgb24 run 0 b -m u2net_cloth_seg -x '{"cc": "full"}' 96 64
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
if [ -n "$PYTHON" ] && "$PYTHON" -c 'import numpy, PIL' 2>/dev/null; then
    check "rembg's three, one below the other" "$PYTHON" - <<'END'
import numpy
from PIL import Image
photo = Image.open("in/photo.png").convert("RGB")
x = numpy.asarray(photo.resize((768, 768), Image.Resampling.LANCZOS)).astype(float)
x = (x / x.max() - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
weights = numpy.array([[0, 0, 0], [2, -1, -1], [-1, 2, -1], [-1, -1, 2]])
index = Image.fromarray((x @ weights.T).argmax(2).astype("uint8"))
index = numpy.asarray(index.resize(photo.size, Image.Resampling.LANCZOS))
stack = Image.open("all.png")
assert stack.mode == "RGBA" and stack.size == (96, 192), stack
for number, name in enumerate(("upper", "lower", "full"), 1):
    wanted = numpy.where(index == number, 255, 0)
    one = Image.open(name + ".png")
    assert one.mode == "L" and one.size == (96, 64), one
    # A pixel may fall to the other side where two classes are equal to the last bit.
    assert (numpy.asarray(one) != wanted).mean() < 0.002, name
    assert (numpy.asarray(stack)[64 * (number - 1) : 64 * number, :, 0] == one).all(), name
END
else
    echo "not compared with Pillow: CLEARCUT_ORACLE_PYTHON is not set"
fi
finish
