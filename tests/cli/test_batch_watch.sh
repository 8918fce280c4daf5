# p -w: pictures that come while it watches, in every way in which files come.
. "$(dirname "$0")/common.sh"
set -m # so that background jobs do not ignore SIGINT
MODEL=$DATA/mask.onnx
[ "$(uname)" = Linux ] || skip "inotify is Linux's"
mkdir -p in/old aside
cp "$DATA/photo.png" in/old/first.png
run 0 i -m "$MODEL" "$DATA/photo.png" single.png
run 0 i -m "$MODEL" "$DATA/half.png" half.png

# begin ARGUMENTS...: watch in the background.
begin() {
    "$CLEARCUT" p -w -m "$MODEL" "$@" in out >stdout 2>stderr &
    process=$!
}
# comes NAME [LIKE]: the output appears, whole, within ten seconds.
comes() {
    local n
    for n in $(seq 200); do
        [ -e "out/$1" ] && cmp -s "out/$1" "${2:-single.png}" && break
        sleep 0.05
    done
    check "$1 came and is whole" same "out/$1" "${2:-single.png}"
}
# ends STATUS: it ends by itself.
ends() {
    local status
    wait $process
    status=$?
    check "status $status, wanted $1" test $status -eq "$1"
}

begin --report report.jsonl
comes old/first.png
cp "$DATA/photo.png" in/copied.png
comes copied.png
cp "$DATA/photo.png" aside/moved.png
mv aside/moved.png in/
comes moved.png
mkdir -p in/new/deep
cp "$DATA/photo.png" in/new/deep/below.png
comes new/deep/below.png
mkdir aside/whole
cp "$DATA/photo.png" aside/whole/inside.png
mv aside/whole in/
comes whole/inside.png
mv in/whole in/renamed
comes renamed/inside.png
cp "$DATA/photo.png" aside/linked.png
ln aside/linked.png in/linked.png
comes linked.png
# Still being written: left alone until it is closed, however long that takes.
exec 5>in/slow.png
head -c 1000 "$DATA/photo.png" >&5
mkdir in/more # an event, so that the folder is gone through meanwhile
sleep 1.6
check "not taken half" absent out/slow.png
check "and no failure of it" test "$(grep -c slow stderr)" -eq 0
tail -c +1001 "$DATA/photo.png" >&5
exec 5>&-
comes slow.png
# Written anew: made anew.
cp "$DATA/half.png" in/copied.png
comes copied.png half.png
# One that is none does not end it.
echo "no picture" >in/broken.jpg
cp "$DATA/photo.png" in/after.png
comes after.png
check "rembg's line" grep -q "^processed: .*/in/after.png -> .*/out/after.png$" stdout
# Twice the same stem.
cp "$DATA/half.png" in/after.webp
comes after.webp.png half.png
touch in/stop.txt
ends 1 # broken.jpg
says "in/broken.jpg" "failed"
check "stop.txt is gone, as with rembg" absent in/stop.txt
check "the report has whole lines" test "$(grep -c '^{.*}$' report.jsonl)" -eq "$(wc -l <report.jsonl)"
check "one for each" test "$(grep -c '"file":"in/new/deep/below.png"' report.jsonl)" -eq 1

# ---- the output inside the input, -d, a signal ----
rm -rf in out
mkdir -p in/out
ln -s in/out out
"$CLEARCUT" p -w -d --json -m "$MODEL" in in/out >stdout 2>stderr &
process=$!
sleep 0.3
for n in $(seq 30); do cp "$DATA/photo.png" "in/$n.png"; done
for n in $(seq 30); do comes "$n.png"; done
sleep 0.3
kill -s INT $process
ends 0
check "inputs deleted, outputs no inputs" test "$(find in -name '*.png' | wc -l)" -eq 30
check "a line for each" test "$(grep -c '"status":"ok"' stdout)" -eq 30
kill -0 $process 2>/dev/null && fail "it lives on"
finish
