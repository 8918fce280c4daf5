# p: folders. Names, resuming, what is no picture, failures, deleting, shards.
. "$(dirname "$0")/common.sh"
MODEL=$DATA/mask.onnx

# fresh: the folder `in` with two pictures at the top, one below, and other files.
fresh() {
    rm -rf in out
    mkdir -p in/sub/deep
    cp "$DATA/photo.png" in/one.png
    cp "$DATA/photo.jpg" in/two.jpg
    cp "$DATA/half.png" in/sub/deep/one.png
    echo "a word" >in/notes.txt
    : >in/empty
}
tree() { (cd "$1" && find . -type f | sort | sed 's/^\.\///' | tr '\n' ' '); }
holds() { check "$1 holds $(tree "$1"), wanted $2" test "$(tree "$1")" = "$2 "; }

# ---- names, folders, content ----
fresh
cp "$DATA/photo.jpg" in/nameless
run 0 p -m "$MODEL" in out
says "4 done" "2 not pictures"
holds out "nameless.png one.png sub/deep/one.png two.png"
run 0 i -m "$MODEL" in/one.png single.png
check "the same as i makes" same single.png out/one.png
check "the inputs are as they were" same in/one.png "$DATA/photo.png"

# ---- resuming ----
cp out/one.png before.png
touch -d '2001-01-01' out/one.png
rm out/two.png
run 0 batch --json -m "$MODEL" in/ out/
says "1 done" "3 already there"
check "a line for each" test "$(wc -l <stdout)" -eq 4
check "three were present" test "$(grep -c '"status":"present"' stdout)" -eq 3
prints '"file":"in/two.jpg","status":"ok"'
check "what was there is untouched" test out/one.png -ot before.png
: >out/two.png
run 0 p -m "$MODEL" in out
says "1 done"
check "an empty file is no finished output" test -s out/two.png
run 0 p --overwrite -m "$MODEL" in out
says "4 done"
check "made again" test out/one.png -nt before.png

# ---- two inputs, one output: both, with their endings ----
fresh
cp "$DATA/photo.jpg" in/one.jpg
cp "$DATA/photo.jpg" in/sub/deep/one.jpg.png
run 0 p -m "$MODEL" in out
holds out "one.jpg.png one.png.png sub/deep/one.jpg.png sub/deep/one.png two.png"
cp "$DATA/photo.png" in/one.jpg.webp
run 0 p -m "$MODEL" in again
holds again "one.jpg.png one.jpg.webp.png one.png.png sub/deep/one.jpg.png sub/deep/one.png two.png"

# ---- flags of i ----
fresh
run 0 p -om --format webp -m "$MODEL" in out
[ "$(tree out)" = "one.webp sub/deep/one.webp two.webp " ] || fail "webp: $(tree out)"
rm -rf out
run 0 p -bgc 10 20 30 255 -x '{}' -m "$MODEL" in out
run 0 i -bgc 10 20 30 255 -m "$MODEL" in/one.png single.png
check "on a colour" same single.png out/one.png

# ---- permissions: those of any new file, also from several threads ----
fresh
for n in $(seq 60); do cp "$DATA/photo.png" "in/$n.png"; done
umask 027
run 0 p --jobs 8 -m "$MODEL" in out
umask 022
check "the umask is respected" test "$(find out -type f ! -perm 640 | wc -l)" -eq 0
check "of folders too" test "$(find out -type d ! -perm 750 | wc -l)" -eq 0

# ---- failures: named, and the others done ----
fresh
echo "no picture" >in/broken.jpg
: >in/hollow.png
head -c 100 "$DATA/photo.jpg" >in/short.jpg
run 1 p --json --report report.jsonl -m "$MODEL" in out
says "in/broken.jpg" "in/hollow.png" "in/short.jpg" "3 done" "3 failed"
holds out "one.png sub/deep/one.png two.png"
check "the report is what was printed" same report.jsonl stdout
check "three errors" test "$(grep -c '"status":"error"' stdout)" -eq 3
run 1 p --report report.jsonl -m "$MODEL" in out
check "the report grows" test "$(wc -l <report.jsonl)" -eq 12
rm -rf out
run 1 p --fail-fast --jobs 1 -m "$MODEL" in out
says "in/broken.jpg" "not begun"
run 1 p --quiet -m "$MODEL" in out
check "quiet: the failures and nothing else" test "$(grep -vc 'in/' stderr)" -eq 0
mkdir in/locked.png
run 1 p -m "$MODEL" in out
check "a folder is no picture, whatever its name" test "$(grep -c locked stderr)" -eq 0

# ---- an output inside the input is not an input ----
fresh
run 0 p -m "$MODEL" in in/results
run 0 p -m "$MODEL" in in/results
says "0 done" "3 already there"
holds in/results "one.png sub/deep/one.png two.png"

# ---- deleting ----
fresh
cp "$DATA/photo.jpg" in/one.jpg
echo "no picture" >in/broken.jpg
run 1 p -d -m "$MODEL" in out
says "4 of the inputs deleted" "in/broken.jpg"
holds in "broken.jpg empty notes.txt"
holds out "one.jpg.png one.png.png sub/deep/one.png two.png"
# The camera counts from the start again: another picture under a name that was used.
cp -p "$DATA/photo.png" in/two.jpg
run 1 p --delete_input -m "$MODEL" in out
says "in/two.jpg" "the input was kept" "1 already there"
check "not deleted on a name alone" test -e in/two.jpg
# Killed between writing and deleting: proved to be its own, the input may go.
fresh
run 0 p -m "$MODEL" in out
run 0 p --delete-input --json -m "$MODEL" in out
check "deleted later" test "$(grep -c '"input_deleted":true' stdout)" -eq 3
holds in "empty notes.txt"
# An output that is a link to an input must not be written through.
fresh
mkdir out
ln -s ../in/two.jpg out/one.png
run 1 p --overwrite -m "$MODEL" in out
says "is not overwritten"
check "the other input lives" same in/two.jpg "$DATA/photo.jpg"

# ---- what a killed run left behind is cleared, other files are not ----
fresh
mkdir out
: >out/one.png.clearcut-Ab12Cd
: >out/mine.png.clearcut-Ab12Cd
run 0 p -m "$MODEL" in out
check "cleared" absent out/one.png.clearcut-Ab12Cd
check "kept: no output of this run" test -e out/mine.png.clearcut-Ab12Cd

# ---- shards: every input in exactly one ----
fresh
for n in $(seq 20); do cp "$DATA/photo.png" "in/sub/$n.png"; done
total=0
for part in 1 2 3; do
    run 0 p --json --shard $part/3 -m "$MODEL" in "part$part"
    total=$((total + $(wc -l <stdout)))
    cp -rn "part$part/." out/ 2>/dev/null || cp -r "part$part" out
done
check "shards do all and nothing twice" test "$total" -eq 23
check "every output is there" test "$(find part1 part2 part3 -name '*.png' | wc -l)" -eq 23
run 2 p --shard 4/3 -m "$MODEL" in out
says "I/N"
run 2 p --shard 0/3 -m "$MODEL" in out
run 2 p --shard x -m "$MODEL" in out

# ---- doubtful ones are set aside ----
fresh
run 0 p --json --review look -m "$MODEL" in out
cp stdout first
check "every line says" test "$(grep -c '"in_review":' stdout)" -eq 3
rm -rf out look
run 1 p --json --review look --bgcolor 255 255 255 255 -m "$DATA/flat.onnx" in out
says "no clear subject" "3 without a clear subject" "3 to be reviewed"
check "status" test "$(grep -c '"status":"no-subject"' stdout)" -eq 3
holds look "one.png sub/deep/one.png two.jpg"
check "nothing was written" test -z "$(find out -type f)"
rm -rf out
run 0 p --json --force --review look -m "$DATA/flat.onnx" in out
holds look "one.png one.png.result.png sub/deep/one.png sub/deep/one.png.result.png two.jpg two.jpg.result.png"
check "the input itself" same look/two.jpg in/two.jpg
check "and the result" same look/two.jpg.result.png out/two.png
run 1 p -d --review in/look -m "$DATA/flat.onnx" in in/out
check "an input without a result is not deleted" test -e in/one.png
run 0 p -d --force --review in/look -m "$DATA/flat.onnx" in in/out
check "what is set aside outlives its input" same in/look/two.jpg "$DATA/photo.jpg"
check "deleted" absent in/two.jpg
check "and is no input itself" test "$(find in/out -name '*.png' | wc -l)" -eq 3

# ---- alpha matting in the JSON, a ground, a smaller copy ----
fresh
run 0 p --json -a -m "$MODEL" in out
check "matting of each" test "$(grep -c '"matting":{"status":' stdout)" -eq 3
rm -rf out
run 0 p --on "#102030" --max-size 40 -m "$MODEL" in out
run 0 i --on "#102030" --max-size 40 -m "$MODEL" in/one.png single.png
check "on a ground, by a smaller copy, as i" same single.png out/one.png

# ---- several runs, one report: whole lines ----
fresh
for n in $(seq 60); do cp "$DATA/photo.png" "in/$n.png"; done
rm -f report.jsonl
for part in 1 2 3 4; do
    "$CLEARCUT" p --quiet --shard $part/4 --report report.jsonl -m "$MODEL" in shards &
done
wait
check "63 lines" test "$(wc -l <report.jsonl)" -eq 63
check "all whole" test "$(grep -c '^{"file":"in/[^"]*","status":"ok".*}$' report.jsonl)" -eq 63

# ---- wrong usage ----
run 2 p in
run 2 p missing out
says "missing"
run 2 p in/one.png out
says "no folder"
run 2 p in in
says "same folder"
run 2 p -d --overwrite in out
run 2 p --keep-going --fail-fast in out
run 4 p -m ./none.onnx in elsewhere
says "none.onnx"
run 1 p --report nowhere/r.jsonl -m "$MODEL" in elsewhere
mkdir nothing
run 0 p -m "$MODEL" nothing none
says "0 done"
check "the folder appears all the same" test -d none
finish
