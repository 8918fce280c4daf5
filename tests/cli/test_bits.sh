# --bits: 16-bit photos stay 16-bit photos where the output can hold them.
. "$(dirname "$0")/common.sh"
MODEL=$DATA/mask.onnx
mkdir out
cp "$DATA/deep.png" "$DATA/photo.png" .

# depth FILE: bits a sample and colour type of a PNG (2 RGB, 6 RGBA, 0 grey).
depth() { head -c 26 "$1" | tail -c 2 | od -An -tu1 | tr -s ' '; }
has_profile() { head -c 200 "$1" | grep -qa iCCP; }
# big_tiff FILE: is BitsPerSample 16? By way of PNG, whose depth is easily seen.
is_deep_tiff() { run 0 i --force -m "$MODEL" "$1" out/from-tiff.png && [ "$(depth out/from-tiff.png)" = " 16 6" ]; }

# ---- auto ----
run 0 i -m "$MODEL" deep.png out/a.png
check "16 bits, RGBA" test "$(depth out/a.png)" = " 16 6"
check "and its profile" has_profile out/a.png
run 0 i -m "$MODEL" photo.png out/b.png
check "8 bits stay 8" test "$(depth out/b.png)" = " 8 6"
run 0 i -m "$MODEL" deep.png out/a.tif
check "TIFF too" is_deep_tiff out/a.tif
run 0 i -m "$MODEL" deep.png out/a.jpg
run 0 i -m "$MODEL" --on white deep.png out/c.png
check "on a ground" test "$(depth out/c.png)" = " 16 2"
run 0 i -m "$MODEL" --max-size 48 deep.png out/d.png
check "enlarged again" test "$(depth out/d.png)" = " 16 6"
run 0 i -m "$MODEL" -bgc 255 0 0 255 deep.png out/e.png
check "-bgc" test "$(depth out/e.png)" = " 16 6"
run 0 i -m "$MODEL" -a -ae 2 deep.png out/f.png
check "-a" test "$(depth out/f.png)" = " 16 6"

# ---- what has 8 bits by nature ----
run 0 i -m "$MODEL" -om deep.png out/g.png
check "a mask" test "$(depth out/g.png)" = " 8 0"
run 0 i -m "$MODEL" --compat rembg deep.png out/h.png
check "rembg" test "$(depth out/h.png)" = " 8 6"

# ---- demanded ----
run 0 i -m "$MODEL" --bits 8 deep.png out/i.png
check "--bits 8" test "$(depth out/i.png)" = " 8 6"
run 0 i -m "$MODEL" --bits 16 photo.png out/j.png
check "--bits 16" test "$(depth out/j.png)" = " 16 6"
run 0 i -m "$MODEL" --bits auto deep.png out/k.png
check "auto is the default" same out/a.png out/k.png
run 2 i -m "$MODEL" --bits 16 deep.png out/l.jpg
says "--bits 16" "PNG or TIFF"
check "nothing written" absent out/l.jpg
run 2 i -m "$MODEL" --bits 12 deep.png out/l.png
says "none of 8, 16, auto"

# ---- folders ----
mkdir in
cp deep.png photo.png in
run 0 p -m "$MODEL" in out/p
check "16 bits in a folder" test "$(depth out/p/deep.png)" = " 16 6"
check "the same as alone" same out/p/deep.png out/a.png
check "8 bits beside it" test "$(depth out/p/photo.png)" = " 8 6"
run 0 p -m "$MODEL" --accept-usage-cost --bits 8 in out/q
check "--bits 8 for a folder" test "$(depth out/q/deep.png)" = " 8 6"
run 2 p -m "$MODEL" --bits 16 --format webp in out/r
finish
