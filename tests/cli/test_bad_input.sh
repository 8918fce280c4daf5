# Bad input: a clear message (file, cause, next step), the right status, no
# partial output, the input as it was.
. "$(dirname "$0")/common.sh"
MODEL=$DATA/mask.onnx
mkdir out in
cp "$DATA"/*.png "$DATA"/*.jpg "$DATA"/*.webp in

# refuse FILE TEXT...: both commands must refuse it and leave nothing.
refuse() {
    local file=$1 sum
    shift
    sum=$(cksum <"$file")
    for command in "i -m $MODEL" scan; do
        run 1 $command -o out/result.png "$file"
        says "$file" "$@"
        only
        run 1 $command --json -o out/result.png "$file"
        prints '"status":"error"' '"message":'
        only
    done
    check "$file untouched" test "$sum" = "$(cksum <"$file")"
}

# ---- pictures ----
: >in/empty.png
refuse in/empty.png "empty"
printf 'this is not a picture, whatever its name says\n' >in/text.jpg
refuse in/text.jpg
head -c 2000 /dev/urandom >in/random.png
refuse in/random.png
refuse in/bomb.png "60000" "limit"
for name in photo.jpg photo.png photo.webp; do
    size=$(($(wc -c <"in/$name") * 2 / 3))
    head -c "$size" "in/$name" >"in/cut-$name"
    refuse "in/cut-$name"
    head -c 20 "in/$name" >"in/stub-$name"
    refuse "in/stub-$name"
done
run 1 i -m "$MODEL" in out/result.png
says "in" "folder"
only
run 1 i -m "$MODEL" in/none.png out/result.png
says "in/none.png" "No such file"
only
ln -s loop in/loop
run 1 i -m "$MODEL" in/loop out/result.png
says "in/loop"
only
run 1 i -m "$MODEL" --max-pixels 100 in/photo.png out/result.png
says "limit"
only

# Good input that looks odd.
for name in cmyk.jpg one.png half.png; do
    run 0 i --force -m "$MODEL" "in/$name" out/result.png
    only result.png
    rm out/result.png
    run 0 scan --keep -o out/result.png "in/$name"
    only result.png
    rm out/result.png
done
cp in/photo.png in/wrong-name.jpg
run 0 i -m "$MODEL" in/wrong-name.jpg out/result.png
run 0 i -m "$MODEL" in/photo.png out/result2.png
check "content decides, not the name" same out/result.png out/result2.png
rm out/*
STDIN=in/photo.png run 0 i -m "$MODEL" - -
check "pipe to pipe" test "$(head -c 4 stdout | tail -c 3)" = PNG
STDIN=in/photo.png run 0 i -m "$MODEL"
check "pipe without operands" test "$(head -c 4 stdout | tail -c 3)" = PNG
STDIN=/dev/null run 1 i -m "$MODEL" - out/result.png
says "standard input" "empty"
only
new_line=$(printf 'in/a\nb.png')
cp in/photo.png "$new_line"
run 0 scan --keep --json -o out/result.png "$new_line"
prints 'in/a\u000ab.png'
rm out/*

# ---- networks ----
head -c 16 /dev/zero >in/four.f32
head -c 12288 /dev/zero >in/picture.f32
for name in cycle dangling operator huge negative external truncated; do
    run 4 infer "$DATA/bad-$name.onnx" --in in/four.f32 --out out/result.f32
    says "bad-$name.onnx"
    only
    run 4 i -m "$DATA/bad-$name.onnx" in/photo.png out/result.png
    says "bad-$name.onnx"
    only
done
# External data is read only if asked for, and then only from the model's folder.
head -c 16 /dev/zero >outside.bin
cp "$DATA/bad-external.onnx" in/external.onnx
for flag in "" --external-data; do
    run 4 infer in/external.onnx $flag --in in/four.f32 --out out/result.f32
    says "in/external.onnx"
    only
done
run 4 infer in/photo.png --in in/four.f32 --out out/result.f32
says "in/photo.png"
run 4 infer in/none.onnx --in in/four.f32 --out out/result.f32
says "in/none.onnx"
run 4 infer in/empty.png --in in/four.f32 --out out/result.f32
run 1 infer "$MODEL" --in in/four.f32 --out out/result.f32
says "in/four.f32" "16 bytes" "1x3x32x32" "--shape"
run 1 infer "$MODEL" --in in/none.f32 --out out/result.f32
says "in/none.f32"
run 4 infer "$DATA/two-inputs.onnx" --in in/four.f32 --out out/result.f32
says "2 inputs"
run 0 infer "$DATA/two-inputs.onnx" --explain
only
run 2 infer "$MODEL" --in in/picture.f32 --out in/picture.f32
says "overwritten"
check "still there" test "$(wc -c <in/picture.f32)" -eq 12288
run 0 infer "$MODEL" --in in/picture.f32 --out out/result.f32 --json
check "one float a pixel" test "$(wc -c <out/result.f32)" -eq 4096
rm out/*

# ---- corners ----
for corners in '[[0,0],[10,0],[0,10],[10,10]]' '[[0,0],[0,0],[0,0],[0,0]]' \
    '[[0,0],[9e99,0],[9e99,9e99],[0,9e99]]'; do
    run 1 scan --corners "$corners" -o out/result.png in/photo.png
    says "in/photo.png"
    only
done
for corners in '[[0,0],[inf,0],[10,10],[0,10]]' '[[0,0],[1,0],[1,1],[0,1]]x' '[]' '[[0,0],[1,0],[1,1]]' 'null'; do
    run 2 scan --corners "$corners" -o out/result.png in/photo.png
    only
done
run 0 scan --corners '[[10, 10], [80, 10], [80, 50], [10, 50]]' --json -o out/result.png in/photo.png
prints '"status":"corrected"' '"corners":[[10,10],[80,10],[80,50],[10,50]]' '"confidence":null'
cp stdout line
run 0 scan --corners "$(cat line)" -o out/again.png in/photo.png
check "a JSON line's corners are accepted back" same out/result.png out/again.png
finish
