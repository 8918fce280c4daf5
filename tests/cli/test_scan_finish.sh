# scan: finishes, sizes, turns, judgement, cutting out.
. "$(dirname "$0")/common.sh"
PAGE=$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg
cp "$DATA/photo.png" "$DATA/half.png" .
mkdir out

# value KEY: a number or text of the last run's JSON line.
value() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" stdout
}
# size FILE: width x height of a PNG, by its header.
size() {
    od -An -j16 -N8 -tu1 "$1" | awk '{print $1*16777216+$2*65536+$3*256+$4 "x" $5*16777216+$6*65536+$7*256+$8}'
}
# depth FILE: bits and colour type of a PNG.
depth() {
    od -An -j24 -N2 -tu1 "$1" | tr -s ' ' | sed 's/^ //;s/ $//'
}

# ---- finishes ----
for finish in photo clean grey bilevel; do
    run 0 scan --json --finish "$finish" -o "out/$finish.png" "$PAGE"
    prints '"status":"corrected"'
done
check "photo: RGB" test "$(depth out/photo.png)" = "8 2"
check "clean: RGB" test "$(depth out/clean.png)" = "8 2"
check "grey: grey" test "$(depth out/grey.png)" = "8 0"
check "bilevel: one bit" test "$(depth out/bilevel.png)" = "1 0"
check "pHYs" grep -q pHYs out/bilevel.png
check "bilevel is small" test "$(wc -c <out/bilevel.png)" -lt 40000
run 0 scan --finish photo -o out/plain.png "$PAGE"
check "photo is the default" same out/photo.png out/plain.png
run 0 scan --threads 1 --finish clean -o out/one.png "$PAGE"
check "threads change nothing" same out/clean.png out/one.png
run 0 scan --finish bilevel -o out/page.tif "$PAGE"
run 0 scan --finish bilevel -o out/page.jpg "$PAGE"
if command -v tiffinfo >/dev/null; then
    check "Group 4" grep -q 'CCITT Group 4' <<<"$(tiffinfo out/page.tif 2>/dev/null)"
fi
run 2 scan --finish nice "$PAGE"
says "photo, clean, grey or bilevel"
rm out/*

# ---- proportions and size ----
run 0 scan --json -o out/a.png "$PAGE"
check "A4 by its proportions" test "$(value paper)" = A4
check "said how" test "$(value aspect_source)" = format
run 0 scan --json --measured -o out/a.png "$PAGE"
check "or as measured" test "$(value aspect_source)" = perspective
prints '"paper":null' '"dpi":null'
run 0 scan --json --size letter --dpi 100 -o out/a.png "$PAGE"
check "Letter at 100 dpi" test "$(size out/a.png)" = 850x1100
run 0 scan --json --size 100x200mm --dpi 254 -o out/a.png "$PAGE"
check "100 x 200 mm" test "$(size out/a.png)" = 1000x2000
check "given" test "$(value aspect_source)" = given
run 0 scan --size 300x400px -o out/a.png "$PAGE"
check "300 x 400 pixels" test "$(size out/a.png)" = 300x400
run 0 scan --max-pixels 100000 --json -o out/a.png "$PAGE"
check "made smaller" test $(($(value output_width) * $(value output_height))) -le 100000
run 0 scan --width 200 --aspect 0.5 -o out/a.png "$PAGE"
check "width and proportions" test "$(size out/a.png)" = 200x400
for wrong in '--size A44' '--size 10x' '--size 0x5mm' '--size A4 --width 9' '--measured --aspect 1' \
    '--rotate 45' '--dewarp maybe' '--on blue' '--dpi 0' '--review out --corners-only'; do
    # shellcheck disable=SC2086 # two words are meant
    run 2 scan $wrong "$PAGE"
done

# ---- turning ----
run 0 scan --rotate 0 -o out/0.png "$PAGE"
for turn in 90 180 270; do
    run 0 scan --json --rotate $turn -o out/$turn.png "$PAGE"
    check "turned by $turn" test "$(value rotated)" = $turn
done
check "on its side" test "$(size out/90.png)" = "$(size out/0.png | awk -Fx '{print $2 "x" $1}')"
check "once is not twice" test "$(cksum <out/90.png)" != "$(cksum <out/270.png)"
rm out/*

# ---- judgement ----
run 0 scan --json --corners-only "$PAGE"
prints '"corner_error":[' '"sides":[{"support":' '"refused":['
run 0 scan --json --min-confidence 1 -o out/a.png "$PAGE"
prints '"status":"no-page"' 'is demanded' '"what":"page"'
only
run 0 scan --json --review aside --min-confidence 1 -o out/a.png "$PAGE"
prints '"review":"aside/demo-page.jpg"' '"output":null'
check "the photo itself" same "$PAGE" aside/demo-page.jpg
check "what was seen" test "$(head -c 2 aside/demo-page.review.jpg | od -An -tx1 | tr -d ' ')" = ffd8
only
run 0 scan --review aside --min-confidence 1 -o out/a.png "$PAGE"
check "nothing is overwritten" same "$PAGE" aside/demo-page.2.jpg
run 0 scan --review aside --min-confidence 0.01 -o out/a.png "$PAGE"
only a.png
run 0 scan --explain why -o out/ --keep "$PAGE" photo.png
check "a picture each" test -s why/demo-page.001.explain.jpg -a -s why/photo.002.explain.jpg
check "a report" grep -q 'demo-page.jpg' why/report.html
check "in one file" test "$(grep -o 'data:image/jpeg;base64' why/report.html | wc -l)" -eq 2
check "ended" grep -q '</html>' why/report.html
: >file
run 1 scan --explain file/x "$PAGE"
says "file/x"
run 1 scan --review file -o out/a.png "$PAGE"
says "file"
rm -f out/*

# ---- a model first; cutting out ----
run 0 scan --json -m "$DATA/mask.onnx" -o out/a.png "$PAGE"
prints '"status":' '"confidence":'
run 4 scan -m ./none.onnx "$PAGE"
run 0 scan --json -m "$DATA/mask.onnx" --on transparent -o out/b.png "$PAGE"
if grep -q '"status":"cut-out"' stdout; then
    check "with transparency" test "$(depth out/b.png)" = "8 6"
fi
run 0 scan --json --on white -o out/c.png photo.png
checks=$((checks + 1))
grep -qE '"status":"(cut-out|no-page|corrected|flat)"' stdout || fail "an answer"
finish
